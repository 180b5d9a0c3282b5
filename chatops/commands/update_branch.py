"""`/update-branch`: merge the base branch into a pull request's branch.

Asks for:  being the author, or write access; a pull request that is open
Decides:   `branch_update.requested` on top of the head commit
Tells:     nothing but a mark on the comment; a sentence where GitHub would not
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.engine.answer import Answer, Code, Tone, pieces
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import EffectFailed
from chatops.events.merges import BranchUpdated, BranchUpdateRequested
from chatops.projections.pulls import pull


@dataclass(frozen=True, slots=True)
class UpdateBranch(Command):
    """Bring a pull request up to date with its base branch."""

    name: ClassVar[str] = "update-branch"
    help: ClassVar[str] = "Merge the base branch into the branch of this pull request."
    example: ClassVar[str] = "/update-branch"
    role: ClassVar[Role] = Role.PUSHER
    looks_at_pull: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True
    costs: ClassVar[str] = "It pushes to the branch of the pull request, and its tests run again."
    irreversible: ClassVar[str] = (
        "The merge commit is on the branch of the pull request, which is its author's: "
        "they can take it off with a forced push."
    )

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if words:
            raise Refused(
                "Say `/update-branch` alone; the base branch is the one this pull request goes to.",
                reason="usage",
            )
        return cls()

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        received = asked.received
        known = pull(knowledge.db, received.repo, received.number)
        if known is None:
            raise Refused(
                "`/update-branch` is about a pull request, and I know none here.", reason="no_pull"
            )
        if known.state != "open":
            raise Refused(
                f"#{known.number} is closed, so its branch stays as it is.", reason="closed"
            )
        return [
            BranchUpdateRequested(
                command=received.command,
                repo=known.repo,
                number=known.number,
                sha=known.sha,
                base=known.base,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        failed, updated = story.first(EffectFailed), story.first(BranchUpdated)
        if failed is not None:
            return Answer(verdict=pieces(failed.text), tone=Tone.BAD)
        if updated is None:
            return Answer(verdict=("Asking GitHub.",), tone=Tone.BUSY, quiet=True)
        if updated.found:
            return Answer(
                verdict=("Somebody has pushed to the branch meanwhile, so I left it as it is.",)
            )
        return Answer(verdict=("Merged ", Code(updated.base), " into the branch."), quiet=True)
