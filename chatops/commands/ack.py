"""`/ack`: somebody has seen an alert.

Asks for:  the role triage; what the alert is about, or `all`
Decides:   `alerts.acknowledged` for those that nobody has acknowledged
Tells:     which; the message that told of them says so, too
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.meant_alerts import meant_alerts
from chatops.answers.nights import counted
from chatops.engine.answer import Answer, Code, Section
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.alerts import AlertsAcknowledged

LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Ack(Command):
    """Say that one has seen it."""

    words: tuple[str, ...] = ()

    name: ClassVar[str] = "ack"
    usage: ClassVar[str] = "[ALERT…|all]"
    help: ClassVar[str] = "Say that you have seen an alert, so that others know it."
    example: ClassVar[str] = "/ack *s390x*"
    role: ClassVar[Role] = Role.TRIAGER
    on_issues: ClassVar[bool] = True
    irreversible: ClassVar[str] = "It says only that somebody has seen it, and that stays true."

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        return cls(tuple(words))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        found = meant_alerts(self.words, knowledge)
        unseen = [one for one in found if not one.seen_by]
        if not unseen:
            who = ", ".join(sorted({one.seen_by for one in found}))
            raise Refused(f"That was acknowledged already, by {who}.", reason="as_it_is")
        return [
            AlertsAcknowledged(
                command=asked.received.command,
                community=knowledge.community.key,
                alerts=tuple(one.alert.alert for one in unseen),
                subjects=tuple(one.alert.subject for one in unseen),
                by=asked.by,
                at=knowledge.now,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        said = story.first(AlertsAcknowledged)
        assert said is not None
        return Answer(
            verdict=(f"{said.by} has seen {counted(len(said.subjects), 'alert')}.",),
            sections=(
                Section(
                    title="Seen",
                    lines=tuple((subject,) for subject in said.subjects[:LINES_SHOWN]),
                    more=max(0, len(said.subjects) - LINES_SHOWN),
                ),
            ),
            footer=("It stays open until it is over. ", Code("/take"), " says who looks after it."),
        )
