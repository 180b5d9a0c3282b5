"""`/merge`: let GitHub merge a pull request once what it requires is there.

Asks for:  write access; a pull request that is open, no draft and not held
Decides:   `merge.requested` for the head commit, by auto-merge or the merge queue; with `cancel`
           `merge_cancel.requested`
Tells:     what GitHub will do, and how to stop it
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.engine.answer import Answer, Code, Strong, Tone, pieces
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import EffectFailed
from chatops.events.merges import (
    MergeArranged,
    MergeCancelled,
    MergeCancelRequested,
    MergeRequested,
)
from chatops.projections.pulls import Pull, pull

CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Merge(Command):
    """Let GitHub merge a pull request."""

    cancels: bool = False

    name: ClassVar[str] = "merge"
    usage: ClassVar[str] = "[cancel]"
    help: ClassVar[str] = "Let GitHub merge this pull request once what it requires is there."
    example: ClassVar[str] = "/merge"
    role: ClassVar[Role] = Role.WRITER
    looks_at_pull: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True
    costs: ClassVar[str] = "GitHub merges the pull request as soon as what it requires is there."

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        said = [word.lower() for word in words]
        if said not in ([], [CANCEL]):
            raise Refused(
                "Say `/merge` alone, or `/merge cancel`. How it is merged is set for the repository.",
                reason="usage",
            )
        return cls(cancels=bool(said))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        known = _open_pull(asked, knowledge)
        if self.cancels:
            return [_cancel(known, asked)]
        if known.is_draft:
            raise Refused(
                f"#{known.number} is a draft; mark it as ready for review first.", reason="draft"
            )
        hold = knowledge.community.labels.hold
        if hold.lower() in {label.lower() for label in known.labels}:
            raise Refused(
                f"#{known.number} is held by the label `{hold}`. Say `/hold cancel` first.",
                reason="held",
            )
        return [_request(known, asked, knowledge)]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        """Return what cancels the merge while it has not taken place, or arranges again what was cancelled."""
        known = _open_pull(asked, knowledge)
        arranged, cancelled = story.first(MergeArranged), story.first(MergeCancelled)
        if arranged is not None and not arranged.found:
            return [_cancel(known, asked)]
        if cancelled is not None and not cancelled.found:
            return [_request(known, asked, knowledge)]
        is_over = arranged or cancelled or story.first(EffectFailed)
        if is_over is None:
            raise Refused(
                "GitHub has not been asked yet, so there is nothing to take back. Look again in a minute.",
                reason="not_done",
            )
        raise Refused("It had changed nothing, so there is nothing to undo.", reason="as_it_is")

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        failed = story.first(EffectFailed)
        if failed is not None:
            return Answer(verdict=pieces(failed.text), tone=Tone.BAD)
        cancelled = story.first(MergeCancelled)
        if cancelled is not None:
            said = "It was not going to be." if cancelled.found else "It stays open."
            return Answer(
                verdict=(f"GitHub merges #{cancelled.number} no longer by itself. {said}",),
                quiet=not cancelled.found,
            )
        arranged = story.first(MergeArranged)
        if arranged is None:
            return Answer(verdict=("Asking GitHub.",), tone=Tone.BUSY, quiet=True)
        if arranged.how == "merged":
            return Answer(
                verdict=(f"#{arranged.number} is merged.",),
                tone=Tone.GOOD,
                quiet=not arranged.found,
            )
        already = " already" if arranged.found else ""
        return Answer(
            verdict=(f"{ARRANGED[arranged.how].format(number=arranged.number, already=already)}",),
            tone=Tone.BUSY,
            footer=(
                "Asked for by ",
                Strong(story.asker),
                ". ",
                Code("/merge cancel"),
                " stops it.",
            ),
        )


ARRANGED = {
    "auto-merge": "GitHub merges #{number}{already} by itself once everything it requires is there.",
    "merge-queue": "#{number} is{already} in the merge queue.",
}


def _open_pull(asked: Asked, knowledge: Knowledge) -> Pull:
    known = pull(knowledge.db, asked.received.repo, asked.received.number)
    if known is None:
        raise Refused("`/merge` is about a pull request, and I know none here.", reason="no_pull")
    if known.is_merged:
        raise Refused(f"#{known.number} is merged already.", reason="merged")
    if known.state != "open":
        raise Refused(f"#{known.number} is closed. Say `/reopen` first.", reason="closed")
    return known


def _request(known: Pull, asked: Asked, knowledge: Knowledge) -> MergeRequested:
    merging = knowledge.community.merging
    return MergeRequested(
        command=asked.received.command,
        repo=known.repo,
        number=known.number,
        sha=known.sha,
        by=merging.by,
        method=merging.method,
    )


def _cancel(known: Pull, asked: Asked) -> MergeCancelRequested:
    return MergeCancelRequested(
        command=asked.received.command, repo=known.repo, number=known.number
    )
