"""What people who come from Prow say, under the example for them: one issue or pull request for each case."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from chatops.standins.github import PlannedJob
from chatops.standins.github.things import Pull
from tests.needs import REPOSITORY
from tests.scenarios.world import AUTHOR, MEMBER, STRANGER, Town, town

pytestmark = pytest.mark.anyio

ADMIN = "rada"
MARK = "+1"
FAILED = (("unit", True), ("e2e", False))
PASSED = (("unit", True),)
OWNERS = {"src": MEMBER, "docs": "alice", "own": AUTHOR}
RED = (("ci/a", "failure"), ("ci/b", "pending"))
LABELS = (
    "approved", "area/api", "area/infra", "do-not-merge/hold", "good first issue", "help wanted", "kind/bug",
    "lgtm", "lifecycle/active", "lifecycle/frozen", "lifecycle/rotten", "lifecycle/stale", "needs-ok-to-test",
    "ok-to-test", "stage/alpha", "team/fins",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is said where by whom, and how it is afterwards; `said` is part of the reply, none means a mark.

    `earlier` was said by a member before; of the jobs of a pull request with `jobs`, those passed that are true.
    `again` are the workflows that ran a second time.
    """

    text: str
    by: str = STRANGER
    is_pull: bool = False
    state: str = "open"
    before: tuple[str, ...] = ()
    earlier: str = ""
    files: tuple[str, ...] = ("README.md",)
    jobs: tuple[tuple[str, bool], ...] = ()
    statuses: tuple[tuple[str, str], ...] = ()
    passed: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    labels: tuple[str, ...] | None = None
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    title: str = "It leaks"
    after: str | None = None
    milestone: str = ""
    said: str = ""
    unheard: bool = False


CASES = {
    "labels by their prefix, several at once": Case(
        text="/area api infra", labels=("area/api", "area/infra")
    ),
    "labels on closed issues": Case(
        text="/kind bug", state="closed", after="closed", labels=("kind/bug",)
    ),
    "a label that is not there, beside one that is": Case(
        text="/area api moon", labels=("area/api",), said="has no label `area/moon`"
    ),
    "a label that is not there": Case(text="/priority high", said="has no label `priority/high`"),
    "a label taken off": Case(text="/remove-area infra", before=("area/infra", "kind/bug"), labels=("kind/bug",)),
    "a label that is not on it": Case(text="/remove-area infra", said="does not have `area/infra` already"),
    "a whole label": Case(text="/label team/fins \r\n", labels=("team/fins",)),
    "what is hidden": Case(text="<!--\n/kind bug\n-->\n/area infra", labels=("area/infra",)),
    "held, with the reason": Case(text="/hold until it flies", is_pull=True, labels=("do-not-merge/hold",)),
    "held no more": Case(text="/unhold all is well", is_pull=True, before=("do-not-merge/hold",), labels=()),
    "an issue is not held": Case(text="/hold", said="Only a pull request is kept from merging"),
    "assigned, without the sign": Case(text="/assign hubot", assignees=(AUTHOR,)),
    "assigned, oneself": Case(text="/assign\n@mona", assignees=(STRANGER,)),
    "assigned, by commas and blanks": Case(text="/assign  @mona,  @hubot", assignees=(MEMBER, AUTHOR)),
    "assigned, but for one": Case(
        text="/assign @evil @mona", assignees=(MEMBER,), said="could not assign `evil`"
    ),
    "a team is not assigned": Case(text="/assign @acme/pilots", said="`acme/pilots` is a team"),
    "more words than names": Case(text="/assign me please", said="whether `please` is a login"),
    "no login": Case(text="/assign Bad$User", said="`Bad$User` is no login"),
    "asked for a review": Case(text="/cc @mona @acme/pilots", is_pull=True, reviewers=(MEMBER, "pilots")),
    "an issue has no reviews": Case(text="/cc @mona", said="is about a pull request"),
    "one state for another": Case(text="/LIFECYCLE  Frozen", before=("lifecycle/stale",), labels=("lifecycle/frozen",)),
    "a pull request is not frozen": Case(text="/lifecycle frozen", is_pull=True, said="Only issues are frozen"),
    "closed by its author": Case(text="/close", by=AUTHOR, after="closed"),
    "closed by a stranger": Case(text="/close", said="for its author, and for people with the role triage"),
    "closed as not planned": Case(text="/close not-planned", by=AUTHOR, after="closed"),
    "a pull request is not planned": Case(text="/close not-planned", by=AUTHOR, is_pull=True, said="Only issues"),
    "closed for a reason of one's own": Case(text="/close as duplicate", by=AUTHOR, said="takes no words but"),
    "opened again": Case(text="/reopen \r", by=MEMBER, state="closed", after="open"),
    "opened again by a stranger": Case(text="/reopen", state="closed", after="closed", said="for its author"),
    "another title": Case(text="/RETITLE It flies", by=MEMBER, title="It flies"),
    "no title": Case(text="/retitle    ", by=MEMBER, said="Which title?"),
    "a title that closes": Case(text="/retitle Fixes #9999", by=MEMBER, said="would close an issue"),
    "a milestone": Case(text="Well\r\n/milestone v1.0\r\n/kind bug", by=MEMBER, milestone="v1.0", labels=("kind/bug",)),
    "a milestone that is not there": Case(text="/milestone v2.0", by=MEMBER, said="Open are: `v1.0`"),
    "help": Case(text="/help", labels=("help wanted",)),
    "help no more": Case(text="/remove-help", before=("good first issue", "help wanted"), labels=()),
    "a good first issue": Case(text="/good-first-issue", labels=("good first issue", "help wanted")),
    "no longer the first": Case(
        text="/remove-good-first-issue", before=("good first issue", "help wanted"), labels=("help wanted",)
    ),
    "a stage": Case(text="/stage alpha", labels=("stage/alpha",)),
    "held, whatever the reason says": Case(
        text="/hold until we cancel it", is_pull=True, labels=("do-not-merge/hold",)
    ),
    "held no more, by another word": Case(
        text="/hold cancel it is fixed", is_pull=True, before=("do-not-merge/hold",), labels=()
    ),
    "held no more, by a third": Case(text="/remove-hold", is_pull=True, before=("do-not-merge/hold",), labels=()),
    "a state taken off": Case(text="/remove-lifecycle stale", before=("lifecycle/stale",), labels=()),
    "no such state": Case(text="/lifecycle sleepy", said="`frozen`"),
    "a label in other letters": Case(text="/kind BuG", labels=("kind/bug",)),
    "assigned no more": Case(text="/unassign @mona", earlier="/assign @mona"),
    "asked no more": Case(text="/uncc @mona", is_pull=True, earlier="/cc @mona"),
    "found good": Case(text="/LGTM \r\n", by=MEMBER, is_pull=True, labels=("lgtm",)),
    "found good, as it is said where there are issues": Case(
        text="/lgtm no-issue", by=MEMBER, is_pull=True, labels=("lgtm",)
    ),
    "found good no more": Case(text="/lgtm cancel", by=MEMBER, is_pull=True, earlier="/lgtm", labels=()),
    "found good no more, by another word": Case(
        text="/remove-lgtm", by=MEMBER, is_pull=True, earlier="/lgtm", labels=()
    ),
    "found good by a stranger": Case(text="/lgtm", is_pull=True, said="members and collaborators"),
    "found good by its author": Case(text="/lgtm", by=AUTHOR, is_pull=True, said="your own pull request"),
    "approved by an owner": Case(
        text="Well\n/approve", by=MEMBER, is_pull=True, files=("src/fins.py",), labels=("approved",)
    ),
    "approved by a stranger": Case(
        text="/approve", is_pull=True, files=("src/fins.py",), said="You own none of the files"
    ),
    "approved in part": Case(
        text="/approve", by=MEMBER, is_pull=True, files=("src/fins.py", "docs/fins.md"), said="still needs an owner"
    ),
    "approved by who changed one's own": Case(
        text="/shrug", is_pull=True, files=("own/fins.py",), labels=("approved",), said="ツ"
    ),
    "approved no more": Case(
        text="/approve cancel", by=MEMBER, is_pull=True, files=("src/fins.py",), earlier="/approve", labels=()
    ),
    "found good is not approved": Case(
        text="/lgtm", by=MEMBER, is_pull=True, files=("src/fins.py",), labels=("lgtm",)
    ),
    "what failed, again": Case(
        text="/retest", by=MEMBER, is_pull=True, jobs=FAILED, again=("e2e",), said="1 failed job again"
    ),
    "nothing failed": Case(text="/retest", by=MEMBER, is_pull=True, jobs=PASSED, said="Nothing failed"),
    "again, by a stranger": Case(text="/retest", is_pull=True, jobs=FAILED, said="members and collaborators"),
    "again, by the author who was let in": Case(
        text="/retest", by=AUTHOR, is_pull=True, before=("ok-to-test",), jobs=FAILED, again=("e2e",),
        said="1 failed job again",
    ),
    "again, by the author who was not": Case(
        text="/retest", by=AUTHOR, is_pull=True, before=("lgtm",), jobs=FAILED, said="has added the label `ok-to-test`"
    ),
    "again, in code": Case(text="```\n/retest\n```", by=MEMBER, is_pull=True, jobs=FAILED, unheard=True),
    "jobs by name, passed or not": Case(
        text="/test unit e2e", by=MEMBER, is_pull=True, jobs=FAILED, again=("e2e", "unit"), said="2 jobs again"
    ),
    "all jobs": Case(
        text="/test all, please", by=MEMBER, is_pull=True, jobs=FAILED, again=("e2e", "unit"), said="everything"
    ),
    "no job": Case(text="/test", by=MEMBER, is_pull=True, jobs=FAILED, said="2 jobs can run again"),
    "a job that is not there": Case(text="/test moon", by=MEMBER, is_pull=True, jobs=FAILED, said="moon"),
    "which jobs there are": Case(text="/test ?", by=MEMBER, is_pull=True, jobs=FAILED, said="e2e"),
    "let in": Case(
        text="/ok-to-test", by=MEMBER, is_pull=True, before=("needs-ok-to-test",), labels=("ok-to-test",),
        said="The tests may run on",
    ),
    "let in by a stranger": Case(
        text="/ok-to-test", is_pull=True, before=("needs-ok-to-test",), said="people with write access"
    ),
    "let in no more": Case(
        text="/ok-to-test cancel", by=MEMBER, is_pull=True, before=("ok-to-test",), labels=("needs-ok-to-test",),
        said="not let in any more",
    ),
    "overridden": Case(
        text="/override ci/b", by=ADMIN, is_pull=True, statuses=RED, passed=("ci/b",), said="Overrode `ci/b`"
    ),
    "overridden, several": Case(
        text="/override ci/a ci/b", by=ADMIN, is_pull=True, statuses=RED, passed=("ci/a", "ci/b"), said="Overrode"
    ),
    "overridden, but for a name that is wrong": Case(
        text="/override ci/a moon", by=ADMIN, is_pull=True, statuses=RED, said="has no status `moon`"
    ),
    "overridden no more": Case(
        text="/override-cancel ci/b", by=ADMIN, is_pull=True, statuses=RED, said="`ci/b` is not overridden"
    ),
    "overridden by a member": Case(
        text="/override ci/a", by=MEMBER, is_pull=True, statuses=RED, said="people with the role admin"
    ),
    "skipped": Case(text="/skip", by=MEMBER, is_pull=True, statuses=RED, passed=("ci/a", "ci/b")),
    "nothing to skip": Case(text="/skip", by=MEMBER, is_pull=True, said="can be skipped"),
    "picked once it is merged": Case(
        text="/cherrypick release-1", by=MEMBER, is_pull=True, said="I open a pull request with it for `release-1`"
    ),
    "picked where it is already": Case(
        text="/cherry-pick main", by=MEMBER, is_pull=True, said="goes to `main` itself"
    ),
    "picked by a stranger": Case(text="/cherry-pick release-1", is_pull=True, said="people with write access"),
    "a cat": Case(text="/meow", said="🐈"),
    "a dog": Case(text="/woof", is_pull=True, said="🐕"),
    "what can be said": Case(text="/commands", said="What you can ask for"),
    "a slip of a word": Case(text="/areas infra", said="Did you mean `area`?"),
    "chatter": Case(text="whatever else", unheard=True),
    "prose that looks like it": Case(text="/signed-off by me\n> /kind bug", unheard=True),
}  # fmt: skip


def habits() -> str:
    """Return what the example has that sets habits, to be put under another community."""
    example = yaml.safe_load((REPOSITORY / "examples/prow.yaml").read_text(encoding="utf-8"))
    (community,) = example["communities"].values()
    kept = {key: community[key] for key in ("labels", "who_may", "trust", "approvals")}
    return "".join(f"    {line}\n" for line in yaml.safe_dump(kept).splitlines())


async def test_what_hands_remember_from_prow_works(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, extra=habits()) as here:
        for label in LABELS:
            here.repository.label(label)
        here.repository.milestone("v1.0")
        here.repository.teams.add("pilots")
        here.repository.user(ADMIN, permission="admin")
        for folder, owner in OWNERS.items():
            here.repository.write_file(f"{folder}/OWNERS", f"approvers: [{owner}]\n")
        for number, case in enumerate(CASES.values(), start=100):
            open_it(here, case, number)
        await here.let_ci_end()
        here.pass_time(10)
        for number, case in enumerate(CASES.values(), start=100):
            if case.earlier:
                here.say(case.earlier, on=number)
        await here.settle()
        comments = {
            name: (number, here.say(case.text, by=case.by, on=number))
            for number, (name, case) in enumerate(CASES.items(), start=100)
        }
        await here.settle()

        for name, (number, comment) in comments.items():
            case = CASES[name]
            assert found(here, number) == expected(case), name
            replies = here.replies_on(number)
            if case.unheard:
                assert (replies, here.reactions(comment)) == ([], []), name
            elif case.said:
                assert len(replies) == 1, name
                assert case.said in replies[0], name
            else:
                assert (replies, MARK in here.reactions(comment)) == ([], True), name


def open_it(here: Town, case: Case, number: int) -> None:
    """Open what a case is about, as it is before."""
    if case.is_pull:
        pull = here.repository.pull(
            number=number, author=AUTHOR, title=case.title, labels=case.before, files=case.files
        )
        for name, passes in case.jobs:
            outcomes = ("success",) if passes else ("failure", "success")
            here.repository.run(
                workflow=name, pull=pull, jobs=[PlannedJob(name, outcomes=outcomes)]
            )
        for context, state in case.statuses:
            here.repository.status(pull.head_sha, context, state)
    else:
        here.repository.issue(number=number, author=AUTHOR, title="It leaks", labels=case.before)
    if case.state == "closed":
        here.repository.close(number, actor=MEMBER)


def found(here: Town, number: int) -> dict[str, object]:
    """Return how it is now."""
    about = here.repository.tracked(number)
    goal = here.repository.milestones.get(about.milestone or 0)
    return {
        "labels": sorted(about.labels),
        "assignees": sorted(about.assignees),
        "reviewers": sorted([*about.reviewers, *about.review_teams]) if isinstance(about, Pull) else [],
        "title": about.title,
        "state": about.state,
        "milestone": goal.title if goal else "",
        "reason": about.state_reason == "not_planned",
        "passed": _passed(here, about) if isinstance(about, Pull) else [],
        "again": _again(here, about) if isinstance(about, Pull) else [],
    }  # fmt: skip


def expected(case: Case) -> dict[str, object]:
    """Return how it shall be."""
    return {
        "labels": sorted(case.before if case.labels is None else case.labels),
        "assignees": sorted(case.assignees),
        "reviewers": sorted(case.reviewers),
        "title": case.title,
        "state": case.after or case.state,
        "milestone": case.milestone,
        "reason": case.text == "/close not-planned" and case.after == "closed",
        "passed": sorted(case.passed),
        "again": sorted(case.again),
    }


def _passed(here: Town, pull: Pull) -> list[str]:
    """Return the statuses of other systems that pass on a head now."""
    newest = {one.context: one.state for one in here.repository.statuses[pull.head_sha]}
    return sorted(
        context
        for context, state in newest.items()
        if state == "success" and context.startswith("ci/")
    )


def _again(here: Town, pull: Pull) -> list[str]:
    """Return the workflows that ran more than once on a head."""
    runs = here.repository.runs_of(pull.head_sha)
    return sorted(run.workflow.name for run in runs if len(run.attempts) > 1)
