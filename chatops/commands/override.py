"""`/override`: let a commit status pass that failed, or never came, and say why.

Asks for:  write access; a pull request; the names of statuses, or aliases that stand for one, and after them the reason
Decides:   one `status.requested` per status, or refuses: what passes, what is no status, what nobody explains;
           for `override-cancel` one per status that was overridden, which fails then
Tells:     which statuses were overridden, and why
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import ClassVar, Self

from chatops.answers.open_pull import open_pull
from chatops.answers.own_statuses import (
    Contexts,
    contexts_of,
    is_ours,
    status_wanted,
    statuses_answer,
    statuses_taken_back,
)
from chatops.config import Community
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.statuses import StatusRequested
from chatops.projections.pulls import Pull
from chatops.projections.statuses import Status

NAMES_SHOWN = 10
SHA_SHOWN = 9
CANCEL = "--cancel"
OVERRIDDEN = "Overridden by "
CANCELLED = "Override cancelled by "


@dataclass(frozen=True, slots=True)
class Override(Command):
    """Set a commit status to success, with a name and a reason."""

    words: tuple[str, ...]
    cancels: bool = False

    name: ClassVar[str] = "override"
    usage: ClassVar[str] = "CONTEXT… REASON"
    help: ClassVar[str] = (
        "Let a commit status of this pull request pass that failed or never came; "
        "`override-cancel` lets it fail again, all of them if you name none."
    )
    example: ClassVar[str] = "/override ci/external the service is down, see the channel"
    role: ClassVar[Role] = Role.WRITER
    looks_at_head: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True
    looks_at_statuses: ClassVar[bool] = True

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return the word for it, and the one that ends it."""
        del community
        return {cls.name: (), f"{cls.name}-cancel": (CANCEL,)}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if list(words[:1]) == [CANCEL]:
            return cls(tuple(words[1:]), cancels=True)
        if not words:
            raise Refused(
                "Which status, and why? Say its name and then the reason, "
                "as in `/override ci/external the service is down`.",
                reason="usage",
            )
        return cls(tuple(words))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        known = open_pull(asked, knowledge, self.name)
        contexts = contexts_of(knowledge, known)
        if self.cancels:
            return self._cancelled(asked, contexts, known)
        found = [contexts.named(word.strip(",")) for word in self.words]
        named = list(takewhile(lambda status: status is not None, found))
        if not named:
            raise _unknown(self.words[0], contexts, knowledge, known)
        reason = " ".join(self.words[len(named) :])
        chosen = {status.context: status for status in named if status is not None}
        for status in chosen.values():
            _refuse_unless_open(status, knowledge, known)
        needs_reason = knowledge.community.trust.override_needs_reason
        if reason and not needs_reason:
            raise _unknown(self.words[len(named)], contexts, knowledge, known)
        if needs_reason and not reason:
            raise Refused(
                "Why? Say the reason after the names; it is shown with the status.", reason="usage"
            )
        said = f"{OVERRIDDEN}{asked.by}{f': {reason}' if reason else ''}"
        return [
            status_wanted(asked, known, status, state="success", description=said)
            for status in chosen.values()
        ]

    def _cancelled(self, asked: Asked, contexts: Contexts, known: Pull) -> Sequence[Event]:
        """Return that what was overridden fails, or refuse where a name means no such status."""
        overridden = {
            status.context.lower(): status
            for status in contexts.statuses
            if status.state == "success" and status.description.startswith(OVERRIDDEN)
        }
        names = [contexts.called(word.strip(",")) for word in self.words] or list(overridden)
        wrong = next((name for name in names if name.lower() not in overridden), None)
        if wrong is not None:
            name = wrong.replace("`", "")
            raise Refused(
                f"`{name}` is not overridden on `{known.sha[:SHA_SHOWN]}`.", reason="as_it_is"
            )
        if not names:
            raise Refused(f"Nothing is overridden on `{known.sha[:SHA_SHOWN]}`.", reason="as_it_is")
        chosen = {name.lower(): overridden[name.lower()] for name in names}
        return [
            status_wanted(
                asked, known, status, state="failure", description=f"{CANCELLED}{asked.by}"
            )
            for status in chosen.values()
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        said = story.all(StatusRequested)[0].description
        if said.startswith(CANCELLED):
            return statuses_answer(
                story, "Cancelled the override of", "Cancelling the override of", quiet=False
            )
        return statuses_answer(
            story, "Overrode", "Overriding", said.partition(": ")[2], quiet=False
        )

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        return statuses_taken_back(story, asked, knowledge)


def _refuse_unless_open(status: Status, knowledge: Knowledge, known: Pull) -> None:
    name = status.context.replace("`", "")
    if status.is_check:
        raise Refused(
            f"`{name}` is a check of another app, and a commit status cannot replace that. "
            f"Ask whoever looks after the app, or run the check again on GitHub.",
            reason="not_a_status",
        )
    if is_ours(status.context, knowledge.community):
        raise Refused(
            f"`{name}` is what I say myself; it has a command of its own. `/help` lists them.",
            reason="not_a_status",
        )
    if status.state == "success":
        raise Refused(f"`{name}` passes already on `{known.sha[:SHA_SHOWN]}`.", reason="as_it_is")


def _unknown(word: str, contexts: Contexts, knowledge: Knowledge, known: Pull) -> Refused:
    """Say why a word is no status that can be overridden."""
    word = contexts.called(word)
    name = word.replace("`", "")
    if word.lower() in {job.lower() for job in contexts.jobs} or contexts.is_required(word):
        return Refused(
            f"`{name}` is a job of GitHub Actions. A commit status of its name would stand beside it and not "
            f"replace it, so nothing would be overridden. Run it again with `/test`, take it off the list of "
            f"required checks, or ask somebody with admin rights to merge past it.",
            reason="not_a_status",
        )
    names = [one.context for one in contexts.open if not is_ours(one.context, knowledge.community)]
    there = ", ".join(f"`{one.replace('`', '')}`" for one in names[:NAMES_SHOWN])
    hint = f"What can be overridden: {there}." if there else "Nothing here can be overridden."
    return Refused(
        f"`{known.sha[:SHA_SHOWN]}` has no status `{name}`. {hint}", reason="no_such_status"
    )
