"""`/ok-to-test`: let the tests of a pull request run, on the commit that was looked at and no later one.

Asks for:  write access; an open pull request; the commit, where it is not the one that was the head when it was said
Decides:   `trust.given` and a commit status; the label follows once the status is there; where the community wants it,
           `run_approval.requested` for each run that waits for it. `cancel`: `trust.withdrawn`, the status back, the
           label off; what was approved goes on
Tells:     for which commit the tests may run, and what a later push means
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.confirmed import confirmed
from chatops.answers.nights import counted
from chatops.answers.open_pull import open_pull
from chatops.answers.reruns import newest_runs
from chatops.answers.trust_labels import keeping_out, letting_in
from chatops.config import Trust
from chatops.engine.answer import Answer, Code, Line, Section, Tone
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived, EffectFailed
from chatops.events.held_runs import RunApprovalRefused, RunApprovalRequested, RunApproved
from chatops.events.statuses import StatusRequested, StatusWritten
from chatops.events.trust import TrustGiven, TrustWithdrawn
from chatops.projections.heads import head_before
from chatops.projections.jobs import jobs_of_runs
from chatops.projections.pulls import Pull, pull
from chatops.projections.runs import attempts_of_commit
from chatops.projections.trust import Decision, trust_of

SHA_SHOWN = 9
UNAPPROVED = "action_required"
CANCEL = "cancel"
COMMIT = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, slots=True)
class OkToTest(Command):
    """Let the tests of a commit run, or take that back."""

    sha: str = ""
    cancels: bool = False
    now: bool = False

    name: ClassVar[str] = "ok-to-test"
    usage: ClassVar[str] = "[COMMIT] [now] | cancel"
    help: ClassVar[str] = (
        "Let the tests of this pull request run, on the commit you have looked at."
    )
    example: ClassVar[str] = "/ok-to-test"
    role: ClassVar[Role] = Role.WRITER
    looks_at_head: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True
    costs: ClassVar[str] = "It spends runner hours: the tests of this pull request begin to run."

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        said = [word.lower() for word in words]
        if said == [CANCEL]:
            return cls(cancels=True)
        said, now = confirmed(said)
        sha = said[0] if said else ""
        if len(said) > 1 or (sha and not COMMIT.fullmatch(sha)):
            raise Refused(
                f"I found `{' '.join(words).replace('`', '')}`. Say `/ok-to-test`, `/ok-to-test` with the commit "
                f"you have looked at, or `/ok-to-test cancel`.",
                reason="usage",
            )
        return cls(sha=sha, now=now)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        known = open_pull(asked, knowledge, self.name)
        decisions = trust_of(knowledge.db, known.repo, known.number)
        here = next((one for one in decisions if one.sha == known.sha), None)
        if self.cancels:
            return _withdrawn(asked, knowledge, known, here)
        _refuse_unless_looked_at(self.sha, asked, knowledge, known)
        trust = knowledge.community.trust
        labels = letting_in(asked.received.command, known, trust)
        adds_label = labels is not None and bool(labels.add)
        approvals = _approvals(asked, knowledge, known)
        if here is not None and here.is_given and labels is None:
            if approvals:
                return approvals
            raise Refused(
                f"{here.by} has let in the tests of `{known.sha[:SHA_SHOWN]}` already.",
                reason="as_it_is",
            )
        if (
            adds_label
            and here is not None
            and knowledge.community.labels.restart_ci
            and not self.now
        ):
            raise Refused(_warning(knowledge, known), reason="would_restart")
        by = asked.by
        return [
            TrustGiven(
                command=asked.received.command, repo=known.repo, number=known.number, sha=known.sha,
                by=by, decided_at=knowledge.now,
            ),
            _status(asked, known, trust, "success", f"{by} has let in the tests of this commit"),
            *approvals,
        ]  # fmt: skip

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        given = story.first(TrustGiven)
        failed = story.all(EffectFailed)
        assert received is not None
        if failed:
            return Answer(verdict=(f"Not done: {failed[-1].text}",), tone=Tone.BAD)
        approved = approvals_told(story)
        tone = Tone.NEUTRAL if story.first(StatusWritten) or given is None else Tone.BUSY
        if given is None and approved:
            return Answer(
                verdict=("The tests of this commit were let in before.",),
                tone=tone,
                sections=approved,
            )
        if given is None:
            return Answer(
                verdict=(
                    "The tests of this pull request are not let in any more. ",
                    Code("/cancel"),
                    " stops what runs.",
                ),
                tone=tone,
            )
        return Answer(
            verdict=("The tests may run on ", Code(given.sha[:SHA_SHOWN]), "."),
            tone=tone,
            counts=_about_later_pushes(knowledge.community.trust),
            sections=approved,
        )

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        given = story.first(TrustGiven)
        if given is None and story.first(RunApprovalRequested):
            raise Refused(
                "What was approved has begun, and GitHub takes no approval back. Say `/cancel` to stop it.",
                reason="irreversible",
            )
        if given is None:
            raise Refused(
                "Letting the tests in again is a decision of its own: say `/ok-to-test`.",
                reason="irreversible",
            )
        known = pull(knowledge.db, given.repo, given.number)
        decisions = trust_of(knowledge.db, given.repo, given.number)
        newest = next((one for one in decisions if one.sha == given.sha), None)
        if known is None or known.sha != given.sha:
            raise Refused(
                f"`{given.sha[:SHA_SHOWN]}` is not the head any more. Say `/ok-to-test cancel`.",
                reason="changed_since",
            )
        if newest is not None and newest.command != given.command:
            raise Refused(f"{newest.by} has decided anew since then.", reason="changed_since")
        return _withdrawn(asked, knowledge, known, newest)


def _approvals(asked: Asked, knowledge: Knowledge, known: Pull) -> list[Event]:
    """Return what lets the runs of a head begin that GitHub holds back."""
    if not knowledge.community.trust.approves_runs:
        return []
    return [
        RunApprovalRequested(
            command=asked.received.command,
            repo=known.repo,
            sha=known.sha,
            run_id=run.run_id,
            attempt=run.attempt,
            workflow=run.workflow,
        )
        for run in newest_runs(knowledge.db, known.repo, known.sha)
        if run.conclusion == UNAPPROVED
    ]


def approvals_told(story: Story) -> tuple[Section, ...]:
    """Return what became of the runs that waited for an approval, and that it stays."""
    requested = story.all(RunApprovalRequested)
    if not requested:
        return ()
    given = {event.run_id: event for event in story.all(RunApproved)}
    refused = {event.run_id: event for event in story.all(RunApprovalRefused)}
    lines: list[Line] = []
    for run in requested:
        if run.run_id in refused:
            lines.append((run.workflow, f": not approved. {refused[run.run_id].text}"))
        elif run.run_id not in given:
            lines.append((run.workflow, ": asked GitHub to let it begin"))
        else:
            found = given[run.run_id].found
            lines.append((run.workflow, ": had begun already" if found else ": approved"))
    stays: Line = (
        "An approval is not taken back by GitHub. ",
        Code("/cancel"),
        " stops what runs.",
    )
    return (Section(title="Workflows that waited for an approval", lines=(*lines, stays)),)


def _about_later_pushes(trust: Trust) -> Line:
    """Say what a later push means."""
    if trust.again_after_push:
        return (
            "It holds for this commit. A later push from outside needs ",
            Code("/ok-to-test"),
            " again; I stop then what it started, seconds after it began.",
        )
    if trust.adds_label:
        return (
            "The label lets later pushes in as well, as far as the workflows look at it and not at the status ",
            Code(trust.status),
            ". ",
            Code("/ok-to-test cancel"),
            " takes it off.",
        )
    return ("It holds for this commit only; a later push needs it again.",)


def _refuse_unless_looked_at(sha: str, asked: Asked, knowledge: Knowledge, known: Pull) -> None:
    """Refuse where the head is not the commit that somebody can have looked at."""
    head = known.sha[:SHA_SHOWN]
    if sha:
        if not known.sha.startswith(sha):
            raise Refused(
                f"The head is `{head}`, not `{sha[:SHA_SHOWN]}`. Look at it, and say `/ok-to-test {head}`.",
                reason="head_moved",
            )
        return
    said_at = asked.received.said_at
    before = head_before(knowledge.db, known.repo, known.number, said_at) if said_at else None
    if before is not None and before != known.sha:
        raise Refused(
            f"The head moved from `{before[:SHA_SHOWN]}` to `{head}` while you said it. "
            f"Look at it, and say `/ok-to-test {head}`.",
            reason="head_moved",
        )


def _warning(knowledge: Knowledge, known: Pull) -> str:
    """Say what the label would cost once the tests of this very commit have run."""
    newest = {run.run_id: run for run in attempts_of_commit(knowledge.db, known.repo, known.sha)}
    jobs = {(job.run_id, job.name) for job in jobs_of_runs(knowledge.db, list(newest))}
    return (
        f"The tests of `{known.sha[:SHA_SHOWN]}` were let in before. The label starts its CI again from the "
        f"beginning: {counted(len(jobs), 'job')} so far. I changed nothing; "
        f"say `/ok-to-test now` if that is meant."
    )


def _withdrawn(
    asked: Asked, knowledge: Knowledge, known: Pull, here: Decision | None
) -> list[Event]:
    """Return what takes back that the tests may run."""
    trust = knowledge.community.trust
    command, by = asked.received.command, asked.by
    labels = keeping_out(command, known, trust)
    is_given = here is not None and here.is_given
    if not is_given and labels is None:
        raise Refused(
            f"The tests of `{known.sha[:SHA_SHOWN]}` were not let in, so there is nothing to take back.",
            reason="as_it_is",
        )
    events: list[Event] = [
        TrustWithdrawn(
            command=command, repo=known.repo, number=known.number, sha=known.sha, by=by,
            decided_at=knowledge.now,
        ),
        _status(asked, known, trust, "failure", f"{by} has taken back that the tests may run"),
    ]  # fmt: skip
    return [*events, *([labels] if labels is not None else [])]


def _status(
    asked: Asked, known: Pull, trust: Trust, state: str, description: str
) -> StatusRequested:
    return StatusRequested(
        command=asked.received.command,
        repo=known.repo,
        sha=known.sha,
        context=trust.status,
        state=state,
        description=description,
    )
