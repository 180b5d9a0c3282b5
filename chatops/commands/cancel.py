"""`/cancel`: stop what runs on the head of a pull request.

Asks for:  write access, or being the author after the tests were let in; a pull request
Decides:   one `cancel.requested` per workflow under way whose name fits, or refuses when none is
Tells:     which workflows stop, and which had ended by themselves
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.job_words import Named, meant
from chatops.answers.nights import counted
from chatops.answers.reruns import newest_runs
from chatops.engine.answer import Action, Answer, Line, Piece, Section, Strong, Tone
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.cancels import CancelAccepted, CancelRefused, CancelRequested
from chatops.events.conversation import EffectFailed
from chatops.names import RunId
from chatops.projections.pulls import pull
from chatops.projections.runs import Run

SHA_SHOWN = 9
SPENDS = "This spends runner hours: each job that failed or was stopped runs once more."


@dataclass(frozen=True, slots=True)
class Cancel(Command):
    """Stop what runs."""

    pattern: str = ""

    name: ClassVar[str] = "cancel"
    usage: ClassVar[str] = "[WORKFLOW]"
    help: ClassVar[str] = "Stop the workflows that run on this pull request's head."
    example: ClassVar[str] = '/cancel "Static checks"'
    role: ClassVar[Role] = Role.TESTER
    looks_at_head: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True
    costs: ClassVar[str] = (
        "Whatever runs on the head of this pull request is stopped, whoever started it."
    )
    irreversible: ClassVar[str] = (
        "A workflow that was stopped cannot go on where it was. Say `/retest` to run its jobs again."
    )

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        return cls(" ".join(words))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        received = asked.received
        known = pull(knowledge.db, received.repo, received.number)
        if known is None:
            raise Refused(
                "`/cancel` works on a pull request, and I know none here.", reason="no_pull"
            )
        running = [
            run for run in newest_runs(knowledge.db, known.repo, known.sha) if not run.is_over
        ]
        if not running:
            raise Refused(
                f"Nothing runs on `{known.sha[:SHA_SHOWN]}`, so there is nothing to stop.",
                reason="nothing_runs",
            )
        return [
            CancelRequested(
                command=received.command,
                repo=known.repo,
                run_id=run.run_id,
                attempt=run.attempt,
                workflow=run.workflow,
            )
            for run in self._meant(running)
        ]

    def _meant(self, running: Sequence[Run]) -> list[Run]:
        if not self.pattern:
            return list(running)
        named = {Named(name=run.workflow): run for run in running}
        return [named[one] for one in meant(self.pattern, list(named))]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        requested = story.all(CancelRequested)
        accepted = {event.run_id: event for event in story.all(CancelAccepted)}
        refused = {event.run_id: event for event in story.all(CancelRefused)}
        failed = story.all(EffectFailed)
        done = len(accepted) + len(refused) == len(requested)
        return Answer(
            verdict=(_verdict(requested, accepted, done=done),),
            tone=_tone(refused, failed, done=done),
            counts=(f"Not done: {failed[-1].text}",) if failed else (),
            sections=(
                Section(
                    title="Workflows",
                    lines=tuple(_line(request, accepted, refused) for request in requested),
                ),
            ),
            actions=knowledge.offers(Action(text="Run them again", verb="retest", costs=SPENDS))
            if done
            else (),
            footer=("Asked for by ", Strong(story.asker), "."),
        )


def _verdict(
    requested: Sequence[CancelRequested], accepted: Mapping[RunId, CancelAccepted], *, done: bool
) -> str:
    stopped = sum(not event.found for event in accepted.values())
    if not done:
        return f"Stopping {counted(len(requested), 'workflow')}."
    return f"Stopped {stopped} of {counted(len(requested), 'workflow')}."


def _tone(
    refused: Mapping[RunId, CancelRefused], failed: Sequence[EffectFailed], *, done: bool
) -> Tone:
    if refused or failed:
        return Tone.BAD
    return Tone.GOOD if done else Tone.BUSY


def _line(
    request: CancelRequested,
    accepted: Mapping[RunId, CancelAccepted],
    refused: Mapping[RunId, CancelRefused],
) -> Line:
    name: Piece = request.workflow
    if request.run_id in refused:
        return (name, f": not stopped. {refused[request.run_id].text}")
    if request.run_id not in accepted:
        return (name, ": asked GitHub to stop it")
    return (name, ": had ended already" if accepted[request.run_id].found else ": stopped")
