"""What people who come from Prow say, under the example for them: one issue or pull request for each case."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from chatops.standins.github.things import Pull
from tests.needs import REPOSITORY
from tests.scenarios.world import AUTHOR, MEMBER, STRANGER, Town, town

pytestmark = pytest.mark.anyio

MARK = "+1"
LABELS = (
    "area/api", "area/infra", "do-not-merge/hold", "good first issue", "help wanted", "kind/bug",
    "lifecycle/active", "lifecycle/frozen", "lifecycle/rotten", "lifecycle/stale", "team/fins",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is said where by whom, and how it is afterwards; `said` is part of the reply, none means a mark."""

    text: str
    by: str = STRANGER
    is_pull: bool = False
    state: str = "open"
    before: tuple[str, ...] = ()
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
    "what can be said": Case(text="/commands", said="What you can ask for"),
    "a slip of a word": Case(text="/areas infra", said="Did you mean `area`?"),
    "chatter": Case(text="whatever else", unheard=True),
    "prose that looks like it": Case(text="/signed-off by me\n> /kind bug", unheard=True),
}  # fmt: skip


def habits() -> str:
    """Return what the example has of labels and of who may what, to be put under another community."""
    example = yaml.safe_load((REPOSITORY / "examples/prow.yaml").read_text(encoding="utf-8"))
    (community,) = example["communities"].values()
    kept = {key: community[key] for key in ("labels", "who_may")}
    return "".join(f"    {line}\n" for line in yaml.safe_dump(kept).splitlines())


async def test_what_hands_remember_from_prow_works(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, extra=habits()) as here:
        for label in LABELS:
            here.repository.label(label)
        here.repository.milestone("v1.0")
        here.repository.teams.add("pilots")
        comments = {}
        for number, (name, case) in enumerate(CASES.items(), start=100):
            open_it(here, case, number)
            comments[name] = number, here.say(case.text, by=case.by, on=number)
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
        here.repository.pull(number=number, author=AUTHOR, title=case.title, labels=case.before)
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
    }
