"""`/label`: put labels on an issue or pull request, or take them off.

Asks for:  the role triage; `now` where a label would start the CI again; after `hold`, where what
           follows is a reason, `--now`
Decides:   `labels.requested` for those that are not so already, or refuses when all are; of what there is one of at a
           time, the one before goes
Tells:     nothing but a mark on the comment; a sentence where there are no marks, or something did not work
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from msgspec.structs import replace

from chatops.answers.changes import told
from chatops.answers.confirmed import NOW, NOW_IN_PROSE, confirmed
from chatops.answers.restarts import refuse_restart
from chatops.config import Community, Labels
from chatops.engine.answer import Action, Answer
from chatops.engine.authority import Role, Standing, unsure_of
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import LabelsChanged, LabelsRequested
from chatops.events.conversation import EffectFailed
from chatops.names import PullNumber

REMOVE, PREFIX, HOLD = "--remove", "--prefix", "--hold"
CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Label(Command):
    """Change the labels of an issue or pull request."""

    labels: tuple[str, ...]
    removes: bool = False
    now: bool = False
    holds: bool = False
    is_whole: bool = False

    name: ClassVar[str] = "label"
    usage: ClassVar[str] = "LABEL… [now]"
    help: ClassVar[str] = (
        "Put labels on this issue or pull request; `remove-label` takes them off, `hold` keeps it from merging."
    )
    example: ClassVar[str] = '/label "good first issue"'
    role: ClassVar[Role] = Role.TRIAGER
    looks_at_head: ClassVar[bool] = True
    on_issues: ClassVar[bool] = True
    looks_at_issue: ClassVar[bool] = True

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
            said, now = confirmed(left[2:], in_prose=True)
            removes = [word.lower() for word in said[:1]] == [CANCEL]
            return cls((left[1],), removes=removes, now=now, holds=True)
        removes = bool(left) and left[0] == REMOVE
        left = left[removes:]
        prefix = ""
        if left[:1] == [PREFIX]:
            prefix, left = f"{left[1].lower()}/", left[2:]
        left, now = confirmed(left)
        if not left:
            raise Refused(
                "Which label? Say its name after the command; one with blanks in quotation marks.",
                reason="usage",
            )
        labels = tuple(dict.fromkeys(prefix + word for word in left))
        return cls(labels, removes=removes, now=now, is_whole=not prefix)

    @classmethod
    def names(cls, community: Community) -> Sequence[str]:
        return [name for rule in community.labels.restricted for name in rule.people]

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        issue, received = asked.issue, asked.received
        if self.holds and not issue.is_pull:
            raise Refused(
                f"Only a pull request is kept from merging, and #{issue.number} is an issue.",
                reason="not_a_pull",
            )
        _refuse_unless_named(self, knowledge.community.labels)
        changing = self._changing(issue.labels)
        replaced = self._replaced(issue.labels, knowledge.community.labels)
        touched = (*self.labels, *replaced)
        _refuse_unless_among(touched, knowledge.community.labels, asked.standing)
        if not (changing or replaced):
            raise _as_it_is(issue.number, self)
        if changing and not self.removes and not self.now:
            refuse_restart(knowledge, asked, confirmed_by=NOW_IN_PROSE if self.holds else NOW)
        return [
            LabelsRequested(
                command=received.command,
                repo=received.repo,
                number=issue.number,
                add=() if self.removes else changing,
                remove=changing if self.removes else replaced,
                before=issue.labels,
                replaces=bool(replaced),
            )
        ]

    def _replaced(self, there: Sequence[str], labels: Labels) -> tuple[str, ...]:
        """Return the labels whose place others take, of those prefixes that have one at a time."""
        found: list[str] = []
        for prefix in () if self.removes else labels.one_at_a_time:
            start = f"{prefix}/".lower()
            wanted = {name.lower() for name in self.labels if name.lower().startswith(start)}
            if len(wanted) > 1:
                raise Refused(
                    f"There is one `{prefix}` at a time, and that names {len(wanted)}. Say one of them.",
                    reason="usage",
                )
            has = [name for name in there if name.lower().startswith(start)]
            found += [name for name in has if wanted and name.lower() not in wanted]
        return tuple(found)

    def _changing(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return the labels that are not as they shall be."""
        there = {label.lower() for label in labels}
        return tuple(label for label in self.labels if (label.lower() in there) == self.removes)

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        changed = story.first(LabelsChanged)
        if changed is None and story.first(EffectFailed) is not None:
            raise Refused(
                "The labels could not be changed, so there is nothing to take back.",
                reason="nothing_to_undo",
            )
        if changed is None:
            raise Refused(
                "The labels have not been changed yet, so there is nothing to take back. Look again in a minute.",
                reason="not_done",
            )
        labels = asked.issue.labels
        _same_since(changed.number, labels, changed)
        _, is_meant = confirmed(asked.received.words)
        if changed.removed and not is_meant:
            refuse_restart(knowledge, asked)
        return [
            LabelsRequested(
                command=asked.received.command,
                repo=changed.repo,
                number=changed.number,
                add=changed.removed,
                remove=changed.added,
                before=labels,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        answer = told(story)
        if story.first(LabelsChanged) is None:
            return answer
        return replace(answer, actions=knowledge.offers(Action(text="Undo", verb="undo")))


def _refuse_unless_named(wanted: Label, labels: Labels) -> None:
    """Refuse what `/label` may not name here."""
    known = [*labels.whole, *(rule.label for rule in labels.restricted)]
    if not (wanted.is_whole and labels.whole):
        return
    wrong = next((one for one in wanted.labels if one.lower() not in map(str.lower, known)), None)
    if wrong is not None:
        shown = ", ".join(f"`{label}`" for label in known)
        raise Refused(
            f"`{wrong.replace('`', '')}` is not among the labels that `/label` knows here: {shown}.",
            reason="no_such_label",
        )


def _refuse_unless_among(wanted: Sequence[str], labels: Labels, standing: Standing) -> None:
    """Refuse who is not among the people of a label that is for some only; of several labels, none is changed."""
    names = {label.lower() for label in wanted}
    for rule in labels.restricted:
        if rule.label.lower() not in names:
            continue
        people = {name.lower() for name in rule.people}
        if people & standing.listed:
            continue
        for name in rule.people:
            if name in standing.unlisted:
                raise unsure_of(name)
        shown = ", ".join(f"`{name}`" for name in rule.people)
        raise Refused(
            f"The label `{rule.label}` is for {shown} only. Ask one of them to say it.",
            reason="not_permitted",
        )


def _same_since(number: PullNumber, labels: Sequence[str], changed: LabelsChanged) -> None:
    """Refuse where somebody has changed the same labels since, or there is nothing that was changed."""
    if not changed.added and not changed.removed:
        raise Refused("The labels were so already; nothing was changed.", reason="as_it_is")
    there = {label.lower() for label in labels}
    gone = [label for label in changed.added if label.lower() not in there]
    back = [label for label in changed.removed if label.lower() in there]
    if gone or back:
        what = [f"{_listed(gone)} gone"] if gone else []
        what += [f"{_listed(back)} back"] if back else []
        raise Refused(
            f"Somebody has changed the labels of #{number} since: {' and '.join(what)}. I left them as they are.",
            reason="changed_since",
        )


def _listed(labels: Sequence[str]) -> str:
    verb = "is" if len(labels) == 1 else "are"
    return ", ".join(f"`{label.replace('`', '')}`" for label in labels) + f" {verb}"


def _as_it_is(number: PullNumber, wanted: Label) -> Refused:
    names = ", ".join(f"`{label.replace('`', '')}`" for label in wanted.labels)
    state = "does not have" if wanted.removes else "has"
    return Refused(f"#{number} {state} {names} already.", reason="as_it_is")
