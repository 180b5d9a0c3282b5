"""`/label`: put labels on a pull request, or take them off.

Asks for:  the role triage; a pull request; `now` where a label would start the CI again
Decides:   `labels.requested` for those that are not so already, or refuses when all are
Tells:     nothing but a mark on the comment; a sentence where there are no marks, or something did not work
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.restarts import restart_warning
from chatops.config import Community
from chatops.engine.answer import Action, Answer, Code, Line, Piece, Tone, pieces
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import LabelsChanged, LabelsRequested
from chatops.events.conversation import EffectFailed
from chatops.projections.pulls import Pull, pull

REMOVE, PREFIX, HOLD = "--remove", "--prefix", "--hold"
NOW, CANCEL = "now", "cancel"


@dataclass(frozen=True, slots=True)
class Label(Command):
    """Change the labels of a pull request."""

    labels: tuple[str, ...]
    removes: bool = False
    now: bool = False

    name: ClassVar[str] = "label"
    usage: ClassVar[str] = "LABEL… [now]"
    help: ClassVar[str] = (
        "Put labels on this pull request; `remove-label` takes them off, `hold` keeps it from merging."
    )
    example: ClassVar[str] = '/label "good first issue"'
    role: ClassVar[Role] = Role.TRIAGER
    looks_at_head: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `label` and `hold`, and for each prefix of the community, say `kind`, that and `remove-kind`."""
        hold = community.labels.hold
        found: dict[str, tuple[str, ...]] = {
            cls.name: (),
            f"remove-{cls.name}": (REMOVE,),
            "hold": (HOLD, hold),
            "unhold": (HOLD, hold, CANCEL),
            "remove-hold": (HOLD, hold, CANCEL),
        }
        for prefix in community.labels.prefixes:
            found[prefix] = (PREFIX, prefix)
            found[f"remove-{prefix}"] = (REMOVE, PREFIX, prefix)
        return found

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        left = [word.strip(",") for word in words if word.strip(",")]
        if left[:1] == [HOLD]:
            # Whatever else is said is why, for those who read it.
            said = {word.lower() for word in left[2:]}
            return cls((left[1],), removes=CANCEL in said, now=NOW in said)
        removes = bool(left) and left[0] == REMOVE
        left = left[removes:]
        prefix = ""
        if left[:1] == [PREFIX]:
            prefix, left = f"{left[1].lower()}/", left[2:]
        now = bool(left) and left[-1].lower() == NOW
        left = left[: len(left) - now]
        if not left:
            raise Refused(
                "Which label? Say its name after the command; one with blanks in quotation marks.",
                reason="usage",
            )
        return cls(tuple(dict.fromkeys(prefix + word for word in left)), removes=removes, now=now)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        received = asked.received
        known = pull(knowledge.db, received.repo, received.number)
        if known is None:
            raise Refused(
                "Labels belong to a pull request, and I know none here.", reason="no_pull"
            )
        changing = self._changing(known)
        if not changing:
            raise _as_it_is(known, self)
        if not self.removes and not self.now:
            warning = restart_warning(knowledge, known)
            if warning:
                raise Refused(warning, reason="would_restart")
        return [
            LabelsRequested(
                command=received.command,
                repo=received.repo,
                number=known.number,
                add=() if self.removes else changing,
                remove=changing if self.removes else (),
                before=known.labels,
            )
        ]

    def _changing(self, known: Pull) -> tuple[str, ...]:
        """Return the labels that are not as they shall be."""
        there = {label.lower() for label in known.labels}
        return tuple(label for label in self.labels if (label.lower() in there) == self.removes)

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        changed = story.first(LabelsChanged)
        if changed is None:
            raise Refused(
                "The labels have not been changed yet, so there is nothing to take back. Look again in a minute.",
                reason="not_done",
            )
        known = pull(knowledge.db, changed.repo, changed.number)
        if known is None:
            raise Refused("I know no pull request here any more.", reason="no_pull")
        _same_since(known, changed)
        is_meant = NOW in (word.lower() for word in asked.received.words)
        if changed.removed and not is_meant:
            warning = restart_warning(knowledge, known)
            if warning:
                raise Refused(warning, reason="would_restart")
        return [
            LabelsRequested(
                command=asked.received.command,
                repo=changed.repo,
                number=changed.number,
                add=changed.removed,
                remove=changed.added,
                before=known.labels,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        failed, changed = story.first(EffectFailed), story.first(LabelsChanged)
        if failed is not None:
            return Answer(verdict=pieces(failed.text), tone=Tone.BAD)
        if changed is None:
            return Answer(verdict=("Changing the labels.",), tone=Tone.BUSY, quiet=True)
        both = [" and "] if changed.added and changed.removed else []
        line = [*_names("added ", changed.added), *both, *_names("took off ", changed.removed)]
        return Answer(
            verdict=("I ", *line, ".") if line else ("The labels are so already.",),
            actions=knowledge.offers(Action(text="Undo", verb="undo")) if line else (),
            quiet=True,
        )


def _same_since(known: Pull, changed: LabelsChanged) -> None:
    """Refuse where somebody has changed the same labels since, or there is nothing that was changed."""
    if not changed.added and not changed.removed:
        raise Refused("The labels were so already; nothing was changed.", reason="as_it_is")
    there = {label.lower() for label in known.labels}
    gone = [label for label in changed.added if label.lower() not in there]
    back = [label for label in changed.removed if label.lower() in there]
    if gone or back:
        what = [f"{_listed(gone)} gone"] if gone else []
        what += [f"{_listed(back)} back"] if back else []
        raise Refused(
            f"Somebody has changed the labels of #{known.number} since: {' and '.join(what)}. I left them as they are.",
            reason="changed_since",
        )


def _listed(labels: Sequence[str]) -> str:
    verb = "is" if len(labels) == 1 else "are"
    return ", ".join(f"`{label.replace('`', '')}`" for label in labels) + f" {verb}"


def _names(verb: str, labels: Sequence[str]) -> Line:
    pieces: list[Piece] = [verb] if labels else []
    for place, label in enumerate(labels):
        pieces += [", ", Code(label)] if place else [Code(label)]
    return tuple(pieces)


def _as_it_is(known: Pull, wanted: Label) -> Refused:
    names = ", ".join(f"`{label.replace('`', '')}`" for label in wanted.labels)
    state = "does not have" if wanted.removes else "has"
    return Refused(f"#{known.number} {state} {names} already.", reason="as_it_is")
