"""Small, consistent histories for properties of read models: what GitHub could have told, in any order."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.approvals import ApprovalGiven, ApprovalWithdrawn
from chatops.events.conversation import CommandAccepted, CommandReceived, CommandRefused
from chatops.events.gate import RequiredChecksChanged, RequiredReported
from chatops.events.owners import OwnersChanged
from chatops.events.picks import PickPromised
from chatops.events.pulls import PullChanged
from chatops.events.reruns import RerunRequested, RetestFinished
from chatops.events.runs import (
    JobCompleted,
    JobQueued,
    JobReported,
    JobStarted,
    RunCompleted,
    RunReported,
    RunRequested,
    RunStarted,
)
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
            title=draw(st.sampled_from(["x", "y"])), state="open", fingerprint=f"{place}",
            updated_at=NOW + timedelta(seconds=draw(st.integers(0, 2))),
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
        return [*events, CommandRefused(command=command, reason="r", text="t")]
    request = RerunRequested(
        command=command, repo=REPO, sha=draw(SHAS), run_id=RunId(number), attempt=1, workflow="CI",
        scope="failed",
    )  # fmt: skip
    end = RetestFinished(command=command, repo=REPO, number=PullNumber(1), passed=1, failed=0)
    return [*events, CommandAccepted(command=command), request, end]


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
                    ApprovalGiven(**about, command=command, by=Login(who), given_at=said_at)
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
def histories(draw: st.DrawFn) -> list[Event]:
    """Return everything that was heard of a repository, each fact once."""
    events: list[Event] = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        events += draw(runs(number)) + draw(pulls(number)) + draw(commands(number))
        events += draw(approvals(number))
    events.append(RequiredReported(repo=REPO, names=("a",), fingerprint="r"))
    events += [
        RequiredChecksChanged(
            repo=REPO, branch="main", origin="x", fingerprint=f"{n}", follows=f"{n - 1}",
            seen_at=NOW + timedelta(days=n),
        )
        for n in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
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
