"""What people who come from Prow say, under the example for them: one issue or pull request for each case."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from chatops.standins.github import PlannedJob
from chatops.standins.github.things import Pull
from tests.needs import REPOSITORY
from tests.scenarios.world import AUTHOR, MEMBER, PULL, REPO, STRANGER, Town, town

pytestmark = pytest.mark.anyio

ADMIN, TOP_OWNER, RELEASER = "rada", "tess", "rick"
MARK = "+1"
FAILED = (("unit", True), ("e2e", False))
PASSED = (("unit", True),)
OWNERS = {"src": MEMBER, "docs": "alice", "own": AUTHOR}
HABITS = ("gate", "job_aliases", "labels", "who_may", "also_may", "trust", "approvals", "merging")
REQUIRED = ("ci/never", "needed")
RED = (("ci/a", "failure"), ("ci/b", "pending"))
LABELS = (
    "approved", "area/api", "area/infra", "do-not-merge/hold", "good first issue", "help wanted", "kind/bug",
    "lgtm", "lifecycle/active", "lifecycle/frozen", "lifecycle/rotten", "lifecycle/stale", "needs-ok-to-test",
    "ok-to-test", "release-blocker", "stage/alpha", "stage/stable", "team/engines", "team/fins", "team/moon",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is said where by whom, and how it is afterwards; `said` is part of the reply, none means a mark.

    `earlier` was said before by a member, or by the `earlier_by`; `found` in their review. `pushed` are the files of
    the heads that came after that; one that `amends` has the same in them. Of the jobs of a pull request with `jobs`,
    those passed that are true; `again` are the workflows that ran a second time; of those that are `held` until
    somebody approves them, those have `begun`.
    """

    text: str = ""
    by: str = STRANGER
    author: str = AUTHOR
    is_pull: bool = False
    state: str = "open"
    before: tuple[str, ...] = ()
    earlier: str = ""
    earlier_by: str = MEMBER
    found: str = ""
    pushed: tuple[tuple[str, ...], ...] = ()
    amends: bool = False
    files: tuple[str, ...] = ("README.md",)
    jobs: tuple[tuple[str, bool], ...] = ()
    statuses: tuple[tuple[str, str], ...] = ()
    passed: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    begun: tuple[str, ...] = ()
    labels: tuple[str, ...] | None = None
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    title: str = "It leaks"
    after: str | None = None
    milestone: str = ""
    said: str = ""
    replies: int = 1
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
    "found good": Case(text="/LGTM \r\n", by=MEMBER, is_pull=True, labels=("lgtm",), assignees=(MEMBER,)),
    "found good, as it is said where there are issues": Case(
        text="/lgtm no-issue", by=MEMBER, is_pull=True, labels=("lgtm",), assignees=(MEMBER,)
    ),
    "found good no more": Case(
        text="/lgtm cancel", by=MEMBER, is_pull=True, earlier="/lgtm", labels=(), assignees=(MEMBER,),
        reviewers=(MEMBER,),
    ),
    "found good no more, by another": Case(
        text="/lgtm cancel", by=ADMIN, is_pull=True, earlier="/lgtm", labels=(), assignees=(ADMIN, MEMBER),
        reviewers=(MEMBER,),
    ),
    "found good, and pushed to by somebody of a team": Case(
        author=RELEASER, is_pull=True, earlier="/lgtm", pushed=(("src/fins.py",),), labels=("lgtm",),
        assignees=(MEMBER,),
    ),
    "found good, and pushed to without a change": Case(
        is_pull=True, earlier="/lgtm", pushed=(("README.md",),), amends=True, labels=("lgtm",), assignees=(MEMBER,)
    ),
    "found good, and pushed to": Case(
        is_pull=True, earlier="/lgtm", pushed=(("README.md",),), labels=(), assignees=(MEMBER,),
        said="a push put an end to it",
    ),
    "found good no more, by another word": Case(
        text="/remove-lgtm", by=MEMBER, is_pull=True, earlier="/lgtm", labels=(), assignees=(MEMBER,),
        reviewers=(MEMBER,),
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
        text="/lgtm", by=MEMBER, is_pull=True, files=("src/fins.py",), labels=("lgtm",), assignees=(MEMBER,)
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
    "let in, with a run that waits for an approval": Case(
        text="/ok-to-test", by=MEMBER, is_pull=True, before=("needs-ok-to-test",), labels=("ok-to-test",),
        held=("outside",), begun=("outside",), said="outside: approved",
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
    "overridden by an owner of the top folder": Case(
        text="/override ci/a", by=TOP_OWNER, is_pull=True, statuses=RED, passed=("ci/a",), said="Overrode `ci/a`"
    ),
    "overridden by somebody of a team": Case(
        text="/override ci/a", by=RELEASER, is_pull=True, statuses=RED, passed=("ci/a",), said="Overrode `ci/a`"
    ),
    "a whole label that is not among those": Case(
        text="/label team/moon", said="`team/fins`, `team/engines`, `release-blocker`"
    ),
    "a label for a team, by a member of another": Case(
        text="/label release-blocker", by=MEMBER, said="is for `acme/release-team` only"
    ),
    "a label for a team, by one of it": Case(
        text="/label release-blocker", by=RELEASER, labels=("release-blocker",)
    ),
    "a label for a team taken off by a stranger": Case(
        text="/remove-label release-blocker", before=("release-blocker",), said="is for `acme/release-team` only"
    ),
    "a label for a team taken off by one of it": Case(
        text="/remove-label release-blocker", by=RELEASER, before=("release-blocker",), labels=()
    ),
    "skipped": Case(text="/skip", by=MEMBER, is_pull=True, statuses=RED, passed=("ci/a", "ci/b")),
    "skipped by a stranger": Case(text="/skip", is_pull=True, statuses=RED, passed=("ci/a", "ci/b")),
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
    "a slip of a word": Case(text="/areas infra", said="Did you mean `/area`?"),
    "a comment with everything": Case(
        text="/remove-area infra\n/remove-kind bug\n/area api\n/stage alpha\n/lifecycle frozen",
        before=("area/infra", "kind/bug", "lifecycle/stale"),
        labels=("area/api", "lifecycle/frozen", "stage/alpha"),
    ),
    "one label off and another on, of one prefix": Case(
        text="/remove-area infra\n/area api", before=("area/infra",), labels=("area/api",)
    ),
    "one label for two": Case(
        text="/remove-lifecycle stale\n/remove-lifecycle rotten\n/lifecycle frozen",
        before=("lifecycle/stale", "lifecycle/rotten"), labels=("lifecycle/frozen",),
    ),
    "one state for two others": Case(
        text="/lifecycle frozen", before=("lifecycle/stale", "lifecycle/rotten"), labels=("lifecycle/frozen",)
    ),
    "a pull request thaws": Case(
        text="/remove-lifecycle frozen", is_pull=True, before=("lifecycle/frozen",), labels=()
    ),
    "a label on a pull request": Case(text="/kind bug", is_pull=True, labels=("kind/bug",)),
    "a whole label taken off": Case(text="/remove-label team/fins ", before=("team/fins",), labels=()),
    "a label through another prefix": Case(text="/area lgtm", said="has no label `area/lgtm`"),
    "a label for those who sort": Case(text="/triage accepted", said="people with the role triage"),
    "held already": Case(
        text="/hold for further review", is_pull=True, before=("do-not-merge/hold",),
        said="has `do-not-merge/hold` already",
    ),
    "held, for now": Case(text="/HOLD for now", is_pull=True, labels=("do-not-merge/hold",)),
    "held, by another word": Case(text="/hold-off", is_pull=True, unheard=True),
    "one assigned, another no more": Case(
        text="/assign @mona\n/unassign @hubot", earlier="/assign @hubot", assignees=(MEMBER,)
    ),
    "two assigned no more": Case(text="/unassign @mona @hubot \r", earlier="/assign @mona @hubot"),
    "assigned on what is closed": Case(
        text="/assign @mona", state="closed", after="closed", assignees=(MEMBER,)
    ),
    "assigned by whom nobody can assign": Case(text="/assign @mona", by="evil", assignees=(MEMBER,)),
    "everybody in one comment": Case(
        text="/assign @mona\n/unassign @hubot\n/uncc @mona \n/cc @newcomer",
        is_pull=True, earlier="/assign @hubot\n/cc @mona", assignees=(MEMBER,), reviewers=(STRANGER,),
    ),
    "asked for a review, a team": Case(text="/cc @acme/pilots", is_pull=True, reviewers=("pilots",)),
    "asked no more, a team": Case(text="/uncc @acme/pilots", is_pull=True, earlier="/cc @acme/pilots"),
    "asked no more, oneself": Case(text="/uncc", is_pull=True, earlier="/cc @newcomer"),
    "asked for a review, whoever owns the files": Case(
        text="/auto-cc", is_pull=True, files=("src/fins.py",), reviewers=(MEMBER,)
    ),
    "asked for a review, whoever owns the files, where one of them is": Case(
        text="/auto-cc", by=AUTHOR, is_pull=True, files=("src/fins.py",), earlier="/cc @mona", reviewers=(MEMBER,),
        said="is asked already",
    ),
    "asked for a review, whoever owns the files, on what is closed": Case(
        text="/auto-cc", by=AUTHOR, is_pull=True, state="closed", after="closed", files=("src/fins.py",),
        said="is closed",
    ),
    "asked for a review, whoever owns the files, on an issue": Case(
        text="/auto-cc", by=AUTHOR, said="is about a pull request"
    ),
    "another title on what is closed": Case(
        text="/retitle It flew", by=MEMBER, state="closed", after="closed", title="It flew"
    ),
    "another title by a stranger": Case(text="/retitle It flies", said="for its author"),
    "no milestone any more": Case(text="/milestone clear", by=MEMBER, earlier="/milestone v1.0"),
    "no milestone any more, by a stranger": Case(
        text="/milestone clear", earlier="/milestone v1.0", milestone="v1.0", said="people with the role triage"
    ),
    "help on what is closed": Case(text="/help", state="closed", after="closed", said="is closed"),
    "two stages": Case(text="/stage alpha beta", said="There is one `stage` at a time"),
    "one stage for another": Case(text="/stage stable", before=("stage/alpha",), labels=("stage/stable",)),
    "a stage for one that is not there": Case(
        text="/stage beta", before=("stage/alpha",), said="has no label `stage/beta`"
    ),
    "help on a pull request": Case(text="/help", is_pull=True, said="People are invited to issues"),
    "a good first issue that wants help already": Case(
        text="/good-first-issue", before=("help wanted",), labels=("good first issue", "help wanted")
    ),
    "found good by a stranger no more": Case(
        text="/remove-lgtm", is_pull=True, earlier="/lgtm", labels=("lgtm",), assignees=(MEMBER,),
        said="members and collaborators"
    ),
    "found good on what is closed": Case(
        text="/lgtm", by=MEMBER, is_pull=True, state="closed", after="closed", said="is closed"
    ),
    "approved, as it was opened": Case(is_pull=True, files=("own/fins.py",), labels=("approved",)),
    "approved by who changed one's own no more": Case(
        text="/approve cancel", by=AUTHOR, is_pull=True, files=("own/fins.py",), labels=()
    ),
    "approved, and pushed to within that": Case(
        is_pull=True, files=("src/fins.py",), earlier="/approve", pushed=(("src/fins.py", "src/tail.py"),),
        labels=("approved",),
    ),
    "approved, and pushed to beyond that": Case(
        is_pull=True, files=("src/fins.py",), earlier="/approve", pushed=(("src/fins.py", "docs/fins.md"),), labels=()
    ),
    "approved, pushed to beyond that, and back": Case(
        is_pull=True, files=("src/fins.py",), earlier="/approve",
        pushed=(("src/fins.py", "docs/fins.md"), ("src/fins.py",)), labels=("approved",),
    ),
    "approved in a review, and no more in words": Case(
        text="/approve cancel", by=MEMBER, is_pull=True, files=("src/fins.py",), found="approved", labels=()
    ),
    "approved in words, though a review asks for changes": Case(
        is_pull=True, files=("src/fins.py",), earlier="Well, then.\n/approve", found="changes_requested",
        labels=("approved",), said="Every file is approved",
    ),
    "a review that only says something": Case(is_pull=True, files=("src/fins.py",), found="commented"),
    "not a word that approves": Case(text="/approved", by=MEMBER, is_pull=True, said="Did you mean `/approve`?"),
    "what is required, again": Case(
        text="/retest-required", by=MEMBER, is_pull=True, jobs=(("needed", False), ("e2e", False)), again=("needed",),
        said="1 failed job again",
    ),
    "nothing required failed": Case(
        text="/retest-required", by=MEMBER, is_pull=True, jobs=(("needed", True), ("e2e", False)),
        said="No required job failed",
    ),
    "again, with labels that do not let in": Case(
        text="/retest", is_pull=True, before=("lgtm", "approved"), files=("own/fins.py",), jobs=FAILED,
        said="members and collaborators",
    ),
    "again, on what is closed": Case(
        text="/retest", by=MEMBER, is_pull=True, state="closed", after="closed", jobs=FAILED, said="is closed"
    ),
    "again, and a word of another bot": Case(
        text="/retest \r\n/other-command", by=MEMBER, is_pull=True, jobs=FAILED, again=("e2e",),
        said="1 failed job again",
    ),
    "jobs by name, in several lines": Case(
        text="/test unit\n/test e2e", by=MEMBER, is_pull=True, jobs=FAILED, again=("e2e", "unit"), replies=2,
        said="1 job again",
    ),
    "a job that runs for other branches": Case(
        text="/test elsewhere", by=MEMBER, is_pull=True, jobs=FAILED, said="elsewhere"
    ),
    "a job after a fence that ended": Case(
        text="```\n/test unit\n```\n/test moon", by=MEMBER, is_pull=True, jobs=FAILED, said="moon"
    ),
    "all jobs, by a stranger": Case(
        text="/test all", is_pull=True, jobs=FAILED, said="members and collaborators"
    ),
    "let in no more, though nobody was": Case(
        text="/ok-to-test cancel", by=MEMBER, is_pull=True, labels=("needs-ok-to-test",), said="not let in any more"
    ),
    "let in no more, by a stranger": Case(
        text="/ok-to-test cancel", is_pull=True, before=("ok-to-test",), said="people with write access"
    ),
    "let in on what is closed": Case(
        text="/ok-to-test", by=MEMBER, is_pull=True, state="closed", after="closed", said="is closed"
    ),
    "overridden, though it never came": Case(
        text="/override ci/never", by=ADMIN, is_pull=True, passed=("ci/never",), said="Overrode `ci/never`"
    ),
    "overridden, by the name of its job": Case(
        text="/override ci/build\n/override build-job", by=ADMIN, is_pull=True, statuses=(("ci/build", "failure"),),
        passed=("ci/build",), replies=2, said="`ci/build`",
    ),
    "overridden, with a check beside it": Case(
        text='/override ci/a "test / Unit Tests" ci/b', by=ADMIN, is_pull=True, statuses=RED,
        jobs=(("test / Unit Tests", False),), said="is a job of GitHub Actions",
    ),
    "overridden, though nothing reports or is asked for": Case(
        text="/override ci/moon", by=ADMIN, is_pull=True, said="has no status `ci/moon`"
    ),
    "overridden, and then not": Case(
        text="/override-cancel ci/a", by=ADMIN, is_pull=True, statuses=RED, earlier="/override ci/a ci/b",
        earlier_by=ADMIN, passed=("ci/b",), replies=2, said="Cancelled the override of `ci/a`",
    ),
    "not overridden, but run again": Case(
        text="/test ci/a", by=ADMIN, is_pull=True, statuses=RED, jobs=FAILED, said="ci/a"
    ),
    "skipped, but for what runs again": Case(
        text="/skip\n/test e2e", by=MEMBER, is_pull=True, statuses=(("ci/a", "success"),), jobs=FAILED,
        passed=("ci/a",), again=("e2e",), replies=2, said="1 job again",
    ),
    "skipped where all is green": Case(
        text="/skip", by=MEMBER, is_pull=True, statuses=(("ci/a", "success"),), passed=("ci/a",), said="can be skipped"
    ),
    "skipped on what is closed": Case(
        text="/skip", by=MEMBER, is_pull=True, state="closed", after="closed", statuses=RED, said="is closed"
    ),
    "chatter": Case(text="whatever else", unheard=True),
    "prose that looks like it": Case(text="/signed-off by me\n> /kind bug", unheard=True),
}  # fmt: skip


def habits() -> str:
    """Return what the example has that sets habits, to be put under another community."""
    example = yaml.safe_load((REPOSITORY / "examples/prow.yaml").read_text(encoding="utf-8"))
    (community,) = example["communities"].values()
    kept = {key: community[key] for key in HABITS}
    said = yaml.safe_dump(kept).replace("octo-org/", "acme/")
    return "".join(f"    {line}\n" for line in said.splitlines())


@pytest.mark.timeout(600)
async def test_what_hands_remember_from_prow_works(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, extra=habits(), gate="", required=REQUIRED) as here:
        furnish(here)
        for number, case in enumerate(CASES.values(), start=100):
            open_it(here, case, number)
        await here.let_ci_end()
        here.pass_time(10)
        for number, case in enumerate(CASES.values(), start=100):
            if case.found:
                here.repository.review(number, author=MEMBER, state=case.found, body=case.earlier)
            elif case.earlier:
                here.say(case.earlier, by=case.earlier_by, on=number)
        await here.settle()
        for place in range(max(len(case.pushed) for case in CASES.values())):
            here.pass_time(10)
            push(here, place)
            await here.settle()
        comments = {
            name: (number, here.say(case.text, by=case.by, on=number) if case.text else None)
            for number, (name, case) in enumerate(CASES.items(), start=100)
        }
        await here.settle()

        for name, (number, comment) in comments.items():
            case = CASES[name]
            assert found(here, number) == expected(case), name
            replies = here.replies_on(number)
            if case.said:
                assert len(replies) == case.replies, name
                assert case.said in replies[-1], name
            else:
                reactions = here.reactions(comment) if comment is not None else []
                is_marked = comment is not None and not case.unheard
                assert (replies, MARK in reactions) == ([], is_marked), name
                assert reactions == [] or is_marked, name


async def test_letting_the_tests_in_starts_what_waits_for_the_label(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, extra=habits(), gate="") as here:
        here.repository.workflow(
            "cond",
            triggers={"opened", "labeled"},
            gate_label="ok-to-test",
            jobs=[PlannedJob("cond")],
        )
        here.repository.label("ok-to-test")
        pull = here.open_pull(labels=("needs-ok-to-test",))
        await here.let_ci_end()
        before = [run.attempts[-1].conclusion for run in here.repository.runs_of(pull.head_sha)]

        here.say("/ok-to-test")
        await here.let_ci_end()

        started = [run.attempts[-1].conclusion for run in here.repository.runs_of(pull.head_sha)]
        assert pull.labels == ["ok-to-test"]
        assert (before, started) == (["skipped"], ["success", "skipped"])


async def test_where_nobody_is_let_in_the_word_for_it_means_nothing(
    database_url: str, tmp_path: Path
) -> None:
    switched_off = habits() + "    commands_off: [ok-to-test]\n"
    async with town(database_url, tmp_path, extra=switched_off, gate="") as here:
        here.repository.label("ok-to-test")
        pull = here.open_pull(labels=())
        here.repository.run(workflow="outside", pull=pull, jobs=[PlannedJob("outside")], held=True)
        await here.settle()

        comment = here.say("/ok-to-test", by=MEMBER)
        here.say("/test all", by=STRANGER)
        await here.settle()

        assert (pull.labels, here.repository.statuses[pull.head_sha]) == ([], [])
        assert here.reactions(comment) == []
        assert [run.latest.conclusion for run in here.repository.runs_of(pull.head_sha)] == [
            "action_required"
        ]
        assert "members and collaborators" in here.reply


async def test_a_label_picks_at_the_merge_for_whoever_put_it_on(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, extra=habits(), gate="") as here:
        here.repository.commit_to("main", {"fins": "none"})
        for branch in ("stable", "old"):
            here.repository.branches[branch] = here.repository.branches["main"]
        here.repository.git.changes[PULL] = {"fins": "four"}
        here.open_pull(labels=())
        here.repository.add_label(PULL, "cherrypick/stable", actor=MEMBER)
        here.repository.add_label(PULL, "cherrypick/old", actor=MEMBER)
        await here.settle()
        here.repository.add_label(PULL, "cherrypick/none-of-yours", actor=STRANGER)
        await here.settle()
        promised = here.replies_on(PULL)
        here.pass_time(10)
        here.repository.remove_label(PULL, "cherrypick/old", actor=MEMBER)
        here.repository.close_pull(PULL, actor=MEMBER, merge=True)
        await here.settle()

        assert sum("I open a pull request with it for" in reply for reply in promised) == 2
        assert sum("people with write access" in reply for reply in promised) == 1
        picks = [pull.base_branch for pull in here.repository.pulls.values() if pull.number != PULL]
        assert picks == ["stable"]


async def test_a_repository_with_a_rule_of_its_own_does_not_take_the_community_s(
    database_url: str, tmp_path: Path
) -> None:
    own = f"    exceptions: {{{REPO}: {{who_may: {{milestone: maintain}}}}}}\n"
    async with town(database_url, tmp_path, extra=habits() + own, gate="") as here:
        here.repository.milestone("v1.0")
        here.repository.issue(number=PULL, author=AUTHOR, title="It leaks")

        here.say("/milestone v1.0", by=MEMBER)
        await here.settle()

        assert here.repository.issues[PULL].milestone is None
        [reply] = here.replies_on(PULL)
        assert "people with the role maintain" in reply


async def test_a_title_stays_while_nobody_can_tell_who_asks(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, extra=habits(), gate="") as here:
        here.repository.issue(number=PULL, author=AUTHOR, title="It leaks")
        here.hub.fail("502", path=".*/collaborators/.*", times=100)

        here.say("/retitle It flies", by=MEMBER)
        await here.settle()

        assert here.repository.issues[PULL].title == "It leaks"
        assert not any(call.method == "PATCH" for call in here.calls)


def furnish(here: Town) -> None:
    """Put into the repository what the cases speak of."""
    for label in LABELS:
        here.repository.label(label)
    here.repository.milestone("v1.0")
    here.repository.teams.add("pilots")
    here.repository.user(ADMIN, permission="admin")
    here.repository.merging.teams["acme/release-team"] = {RELEASER}
    for folder, owner in OWNERS.items():
        here.repository.write_file(
            f"{folder}/OWNERS", f"options: {{no_parent_owners: true}}\napprovers: [{owner}]\n"
        )
    here.repository.write_file("OWNERS", f"approvers: [{TOP_OWNER.title()}]\n")
    elsewhere = here.repository.pull(number=99, author=AUTHOR, base_branch="release-1")
    here.repository.run(workflow="elsewhere", pull=elsewhere, jobs=[PlannedJob("elsewhere")])


def push(here: Town, place: int) -> None:
    """Let each pull request have the head that is its next."""
    for number, case in enumerate(CASES.values(), start=100):
        if place < len(case.pushed):
            here.repository.pulls[number].files.clear()
            here.repository.push_to_pull(number, files=case.pushed[place], amends=case.amends)


def open_it(here: Town, case: Case, number: int) -> None:
    """Open what a case is about, as it is before."""
    if case.is_pull:
        pull = here.repository.pull(
            number=number,
            author=case.author,
            title=case.title,
            labels=case.before,
            files=case.files,
        )
        for name, passes in case.jobs:
            outcomes = ("success",) if passes else ("failure", "success")
            here.repository.run(
                workflow=name, pull=pull, jobs=[PlannedJob(name, outcomes=outcomes)]
            )
        for name in case.held:
            here.repository.run(workflow=name, pull=pull, jobs=[PlannedJob(name)], held=True)
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
        "begun": _begun(here, about) if isinstance(about, Pull) else [],
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
        "begun": sorted((*(name for name, _ in case.jobs), *case.begun)),
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


def _begun(here: Town, pull: Pull) -> list[str]:
    """Return the workflows that did not stay as GitHub held them back."""
    runs = here.repository.runs_of(pull.head_sha)
    return sorted(run.workflow.name for run in runs if run.latest.conclusion != "action_required")
