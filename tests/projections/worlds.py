"""Small, consistent histories for properties of read models: what GitHub could have told, in any order."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.alerts import (
    Alert,
    AlertMessageSent,
    AlertMessageWanted,
    AlertMessageWithheld,
    AlertNews,
    AlertsAcknowledged,
    AlertsAssigned,
    AlertsTurned,
)
from chatops.events.approvals import ApprovalGiven, ApprovalWithdrawn
from chatops.events.canaries import CanaryReturned, CanarySent
from chatops.events.checks import CheckSeen, StatusSet
from chatops.events.conversation import (
    CommandAccepted,
    CommandOverdue,
    CommandReceived,
    CommandRefused,
    CommandTakenBack,
    EffectFailed,
    ReactionAdded,
)
from chatops.events.digests import (
    DigestContents,
    DigestPosted,
    DigestRefused,
    DigestWanted,
    DigestWithheld,
)
from chatops.events.gate import RequiredChecksChanged, RequiredReported
from chatops.events.mutes import JobsMuted, JobsOutlivedMute, JobsUnmuted
from chatops.events.night_threads import NightMessageSent, NightMessageWanted, NightNewsWanted
from chatops.events.notices import NightSettled, NoticeWanted, NoticeWithheld
from chatops.events.owners import OwnersChanged
from chatops.events.picks import PickPromised
from chatops.events.pings import GroupsCalled
from chatops.events.pulls import PullChanged, PullFilesSeen
from chatops.events.renames import JobRenamed, JobRenameWithdrawn
from chatops.events.reruns import RerunDeferred, RerunDropped, RerunRequested, RetestFinished
from chatops.events.runs import (
    JobCompleted,
    JobQueued,
    JobReported,
    JobStarted,
    RunCompleted,
    RunHeld,
    RunReported,
    RunRequested,
    RunStarted,
)
from chatops.events.subscriptions import SubscriptionBegun, SubscriptionEnded, Topic
from chatops.events.tables import RowsShown
from chatops.events.trees import TreeSeen
from chatops.events.trust import TrustGiven, TrustWithdrawn
from chatops.names import CommandId, JobId, Login, PullNumber, RunId, Sha
from tests.scene import NOW, REPO

CONCLUSIONS = st.sampled_from(["success", "failure", "cancelled", "skipped", "timed_out", "odd"])
SHAS = st.sampled_from([Sha("a" * 40), Sha("b" * 40), Sha("c" * 40)])


@st.composite
def runs(draw: st.DrawFn, run_id: int) -> list[Event]:
    """Return what was heard of a run: attempts, jobs in their states, carried-over copies, reports."""
    events: list[Event] = []
    sha = draw(SHAS)
    names = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True))
    for attempt in range(1, draw(st.integers(1, 3)) + 1):
        began = NOW + timedelta(hours=attempt)
        whole: dict[str, Any] = {
            "repo": REPO,
            "run_id": RunId(run_id),
            "attempt": attempt,
            "workflow": "Nightly",
        }
        seen: dict[str, Any] = {
            **whole,
            "sha": sha,
            "trigger": "schedule",
            "number": run_id,
            "created_at": NOW,
        }
        events += [RunRequested(**seen), RunStarted(**seen)]
        if draw(st.booleans()):
            events.append(RunHeld(**seen, conclusion="action_required", completed_at=NOW))
        events.append(RunCompleted(**seen, conclusion=draw(CONCLUSIONS), completed_at=began))
        events.append(RunReported(**whole, number=run_id))
        for place, name in enumerate(names):
            job: dict[str, Any] = {
                "repo": REPO, "run_id": RunId(run_id), "attempt": attempt, "name": name, "sha": sha,
                "job_id": JobId(run_id * 100 + attempt * 10 + place), "created_at": began,
                "started_at": NOW if draw(st.booleans()) else began,
            }  # fmt: skip
            events += [JobQueued(**job), JobStarted(**job)]
            events.append(JobCompleted(**job, conclusion=draw(CONCLUSIONS), completed_at=began))
            reported = draw(st.sampled_from(["Pass", "Fail", "Skip"]))
            events.append(
                JobReported(
                    repo=REPO, run_id=RunId(run_id), attempt=attempt, name=name, result=reported,
                    job_id=JobId(draw(st.sampled_from([0, job["job_id"]]))),
                )
            )  # fmt: skip
    return events


@st.composite
def pulls(draw: st.DrawFn, number: int) -> list[Event]:
    """Return states of a pull request, some of the same second."""
    return [
        PullChanged(
            repo=REPO, number=PullNumber(number), sha=draw(SHAS), base="main", author=Login("mona"),
            title=draw(st.sampled_from(["x", "y"])), state=draw(st.sampled_from(["open", "closed"])),
            merged=draw(st.booleans()), names_issue=draw(st.booleans()), fingerprint=f"{place}",
            updated_at=NOW + timedelta(seconds=draw(st.integers(0, 2))),
            confirmed_at=draw(st.sampled_from([None, NOW + timedelta(minutes=1)])),
        )
        for place in range(draw(st.integers(1, 4)))
    ]  # fmt: skip


@st.composite
def commands(draw: st.DrawFn, number: int) -> list[Event]:
    """Return the story of a command."""
    command = CommandId(f"command/github/comment/{number}")
    events: list[Event] = [
        CommandReceived(
            command=command, community="acme", surface="github", verb="retest", by="mona"
        )
    ]
    if draw(st.booleans()):
        events.append(
            ReactionAdded(command=command, reaction=draw(st.sampled_from(["eyes", "+1"])))
        )
    if draw(st.booleans()):
        events.append(CommandOverdue(command=command, minutes=5))
    if draw(st.booleans()):
        undone = CommandId(f"command/github/comment/{draw(st.integers(1, 3))}")
        events.append(CommandTakenBack(command=command, undone=undone, said="retest"))
    if draw(st.booleans()):
        return [*events, CommandRefused(command=command, reason="r", text="t")]
    request = RerunRequested(
        command=command, repo=REPO, sha=draw(SHAS), run_id=RunId(number), attempt=1, workflow="CI",
        scope="failed",
    )  # fmt: skip
    end = RetestFinished(command=command, repo=REPO, number=PullNumber(1), passed=1, failed=0)
    trouble = [
        EffectFailed(effect="rerun", request="r", stream_of=command, text="No.", tries=number)
        for number in range(draw(st.integers(0, 2)))
    ]
    return [*events, CommandAccepted(command=command), request, *trouble, end]


@st.composite
def checks(draw: st.DrawFn, number: int) -> list[Event]:
    """Return what others than GitHub Actions said of commits, and which files a pull request changes."""
    sha = draw(SHAS)
    check = CheckSeen(
        repo=REPO, check_id=number, name="DCO", app="sign-off", sha=sha, status="queued"
    )
    ended = msgspec.structs.replace(check, status="completed", conclusion=draw(CONCLUSIONS))
    states = draw(st.lists(st.sampled_from(["pending", "success", "error"]), max_size=3))
    statuses = [
        StatusSet(repo=REPO, status_id=number * 10 + place, context="docs", sha=sha, state=state)
        for place, state in enumerate(states)
    ]
    files = PullFilesSeen(
        repo=REPO, number=PullNumber(number), sha=sha, base="main", files=("a.md", "b.rs")
    )
    return [check, ended, *statuses, files]


@st.composite
def mutes(draw: st.DrawFn) -> list[Event]:
    """Return what was said of jobs that are known to fail, some of it in the same moment."""
    events: list[Event] = []
    for number in range(draw(st.integers(0, 4))):
        said: dict[str, Any] = {
            "command": CommandId(f"command/github/comment/{number}/mute"), "community": "acme",
            "jobs": tuple(draw(st.lists(st.sampled_from("abc"), min_size=1, unique=True))),
            "by": "mona", "at": NOW + timedelta(seconds=draw(st.integers(0, 2))),
        }  # fmt: skip
        until = NOW + timedelta(days=number)
        events.append(
            JobsMuted(**said, reason="known", until=until)
            if draw(st.booleans())
            else JobsUnmuted(**said)
        )
    return events


@st.composite
def renames(draw: st.DrawFn) -> list[Event]:
    """Return what people said of the names of two tests, and took back."""
    return [
        draw(st.sampled_from((JobRenamed, JobRenameWithdrawn)))(
            command=CommandId(f"command/{number}"), repo=REPO, by="mona",
            old=draw(st.sampled_from("abc")), new=draw(st.sampled_from("abc")),
            at=NOW + timedelta(seconds=draw(st.integers(0, 2))),
        )
        for number in range(draw(st.integers(0, 4)))
    ]  # fmt: skip


@st.composite
def decisions(draw: st.DrawFn) -> list[Event]:
    """Return statuses, lists that were shown, and what was decided about whose tests may run."""
    one, other = CommandId("command/1"), CommandId("command/2")
    at = st.integers(0, 2).map(lambda hours: NOW + timedelta(hours=hours))
    events: list[Event] = [
        StatusSet(
            repo=REPO, status_id=number, context=draw(st.sampled_from("xy")), sha=draw(SHAS),
            state=draw(st.sampled_from(["success", "failure"])),
        )
        for number in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    for status in ("queued", "in_progress"):
        app = draw(st.sampled_from(["other", "github-actions"]))
        events.append(
            CheckSeen(repo=REPO, check_id=1, name="x", app=app, sha=Sha("a" * 40), status=status)
        )
    for command in (one, other):
        kind = draw(st.sampled_from([TrustGiven, TrustWithdrawn]))
        events.append(
            kind(
                command=command, repo=REPO, number=PullNumber(1), sha=draw(SHAS),
                by=Login("mona"), decided_at=draw(at),
            )
        )  # fmt: skip
        events.append(
            RowsShown(
                command=command, repo=REPO, number=PullNumber(1), rows=(command,), shown_at=draw(at)
            )
        )  # fmt: skip
        events.append(
            RerunDeferred(
                command=command, repo=REPO, sha=Sha("a" * 40), run_id=RunId(1), attempt=1,
                workflow="CI", scope="failed",
            )
        )  # fmt: skip
        events.append(
            RerunDropped(
                command=other, repo=REPO, run_id=RunId(1), workflow="CI", text="x",
                of=draw(st.sampled_from([one, CommandId("")])),
            )
        )  # fmt: skip
    return events


@st.composite
def approvals(draw: st.DrawFn, number: int) -> list[Event]:
    """Return what people said of a pull request, took back, and what a push put an end to."""
    events: list[Event] = []
    for place in range(draw(st.integers(0, 3))):
        about: dict[str, Any] = {
            "repo": REPO, "number": PullNumber(number), "sha": draw(SHAS),
            "grade": draw(st.sampled_from(["lgtm", "approve"])),
        }  # fmt: skip
        who, at = draw(st.sampled_from(["mona", "Mona", "alice"])), draw(st.integers(0, 2))
        said_at = NOW + timedelta(seconds=at)
        command = CommandId(f"command/github/comment/{number}/approval/{place}")
        match draw(st.sampled_from(["given", "withdrawn", "ended"])):
            case "given":
                events.append(
                    ApprovalGiven(
                        **about,
                        command=command,
                        by=Login(who),
                        given_at=said_at,
                        keeps=draw(st.booleans()),
                        no_issue=draw(st.booleans()),
                    )
                )
            case "withdrawn":
                events.append(
                    ApprovalWithdrawn(
                        **about, command=command, whose=Login(who), withdrawn_at=said_at
                    )
                )
            case _:
                given = ApprovalGiven(**about, command=command, by=Login(who), given_at=said_at)
                ended = ApprovalWithdrawn(**about, command=command, whose=Login(who), reason="push")
                events += [given, ended]
    return events


@st.composite
def notices(draw: st.DrawFn) -> list[Event]:
    """Return who wanted to be told of what, some of it in the same moment, and what they were told or not."""
    events: list[Event] = []
    people = st.sampled_from(["person/mona", "channel/T1/C1"])
    for number in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from([SubscriptionBegun, SubscriptionEnded]))
        topics = draw(st.lists(st.sampled_from("ab"), min_size=1, unique=True))
        events.append(
            kind(
                command=CommandId(f"command/github/comment/{number}/subscribe"), community="acme",
                subscriber=draw(people), topics=tuple(Topic(what="job", name=one) for one in topics),
                by="mona", at=NOW + timedelta(seconds=draw(st.integers(0, 2))),
            )
        )  # fmt: skip
        run_id, attempt = RunId(draw(st.integers(1, 2))), draw(st.integers(1, 2))
        who, at = draw(people), NOW + timedelta(seconds=draw(st.integers(0, 2)))
        events.append(NightSettled(repo=REPO, run_id=run_id, attempt=attempt, workflow="Nightly"))
        night: dict[str, Any] = {
            "notice": f"notice/acme/{who}/{run_id}/{attempt}", "community": "acme", "subscriber": who,
            "repo": REPO, "run_id": run_id, "attempt": attempt,
        }  # fmt: skip
        pull: dict[str, Any] = {
            **night, "notice": f"notice/acme/{who}/7/{number}", "run_id": RunId(0), "attempt": 0,
            "number": PullNumber(7), "sha": Sha("a" * 40), "verdict": draw(st.sampled_from(["red", "green"])),
        }  # fmt: skip
        events.append(NoticeWanted(**night, to="U1", failing=("a",), fixed=("b",), wanted_at=at))
        events.append(NoticeWanted(**pull, to="U1", wanted_at=at))
        events += [
            NoticeWithheld(**about, reason="muted", text="x", jobs=("c",), withheld_at=at)
            for about in (night, pull)
        ]
    return events


@st.composite
def digests(draw: st.DrawFn) -> list[Event]:
    """Return the digests of two channels, some of them made in the same moment, and what Slack said to them."""
    events: list[Event] = []
    for number in range(draw(st.integers(0, 3))):
        channel = draw(st.sampled_from(["C0000000001", "C0000000002"]))
        about: dict[str, Any] = {
            "digest": f"digest/acme/{channel}/{number}", "community": "acme", "channel": channel,
            "day": f"2026-01-1{number}",
        }  # fmt: skip
        made: dict[str, Any] = {
            "position": draw(st.integers(1, 2)),
            "at": NOW + timedelta(seconds=draw(st.integers(0, 1))),
            "failing": tuple(draw(st.lists(st.sampled_from("ab"), unique=True))),
        }
        if draw(st.booleans()):
            events.append(DigestWithheld(**about, **made, reason="unchanged", text="x"))
            continue
        contents = DigestContents(title="Acme", about="all jobs")
        events.append(DigestWanted(**about, **made, contents=contents))
        if draw(st.booleans()):
            events.append(DigestRefused(**about, reason="is_archived", text="x"))
        if draw(st.booleans()):
            events.append(DigestPosted(**about, message="1.2"))
    return events


@st.composite
def alerts(draw: st.DrawFn) -> list[Event]:
    """Return what was wrong and was over, what people said of it, and who was told, some of it in the same moment."""
    events: list[Event] = []
    moments = st.integers(0, 2).map(lambda seconds: NOW + timedelta(seconds=seconds))
    some = st.lists(st.sampled_from("ab"), unique=True).map(
        lambda names: tuple(Alert(alert=name, what="test", subject=name) for name in names)
    )
    for number in range(draw(st.integers(0, 4))):
        events += [
            AlertsTurned(
                look=f"look {number}", community="acme", opened=draw(some), changed=draw(some),
                closed=draw(some), over=f"{number}", at=draw(moments),
            ),
            AlertsAcknowledged(
                command=CommandId(f"command/{number}"), community="acme", alerts=("a",),
                by=f"{number}", at=draw(moments),
            ),
            AlertsAssigned(
                command=CommandId(f"command/{number}"), community="acme", alerts=("b",),
                to=f"{number}", by="mona", at=draw(moments),
            ),
            AlertMessageWanted(
                message=f"{number}", community="acme", channel="C1",
                news=AlertNews(opened=draw(some)), wanted_at=draw(moments),
            ),
            AlertMessageWithheld(
                message=f"{number}", community="acme", channel="C1", opened=draw(some),
                reason="quiet", text="x", until=draw(moments), withheld_at=draw(moments),
            ),
            JobsOutlivedMute(
                community="acme", repo=REPO, run_id=RunId(number), attempt=1, jobs=("a",),
                at=draw(moments),
            ),
        ]  # fmt: skip
        if draw(st.booleans()):
            events += [
                AlertMessageSent(message=f"{number}", community="acme", channel="C1", name="1"),
                NightMessageSent(message=f"{number}", community="acme", channel="C1", name="1"),
                CanaryReturned(canary=f"{number}", at=draw(moments)),
            ]
        events += [
            NightMessageWanted(
                message=f"{number}", community="acme", channel="C1", wanted_at=NOW
            ),
            NightNewsWanted(
                message=f"{number}", community="acme", channel="C1", thread="1", run_id=RunId(number),
                attempt=1, workflow="Nightly", failing=("a",), withheld=draw(st.sampled_from(["", "x"])),
                wanted_at=draw(moments),
            ),
            CanarySent(canary=f"{number}", at=draw(moments)),
        ]  # fmt: skip
    return events


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Return everything that was heard of a repository, each fact once."""
    events: list[Event] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        events += draw(runs(number)) + draw(pulls(number)) + draw(commands(number))
        events += draw(approvals(number))
        events.append(TreeSeen(repo=REPO, sha=draw(SHAS), tree="t"))
        events += draw(checks(number))
    events += draw(mutes())
    events += draw(renames())
    events += draw(decisions())
    events += draw(notices())
    events += draw(digests())
    events += draw(alerts())
    events.append(RequiredReported(repo=REPO, names=("a",), fingerprint="r"))
    events.append(RequiredReported(repo=REPO, names=("b",), fingerprint="s", first_run=RunId(20)))
    events += [
        RequiredChecksChanged(
            repo=REPO, branch="main", origin="x", fingerprint=f"{n}", follows=f"{n - 1}",
            seen_at=NOW + timedelta(days=n),
        )
        for n in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    events += [
        GroupsCalled(
            command=CommandId(f"command/github/comment/{n}"), place=place, groups=("a", "b")[:n]
        )
        for n, place in enumerate(draw(st.lists(st.sampled_from(["x#1", "x#2"]), max_size=3)))
    ]
    events += [
        PickPromised(
            command=CommandId(f"command/github/comment/1/pick/{n}"), repo=REPO,
            number=PullNumber(1), branches=("stable",), by="mona",
        )
        for n in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    events += [
        OwnersChanged(
            repo=REPO, branch="main", origin="OWNERS", fingerprint=f"{n}", follows=f"{n - 1}",
            seen_at=NOW + timedelta(days=n),
        )
        for n in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    return list({event.key(): event for event in events}.values())
