"""`/take`: somebody looks after an alert.

Asks for:  the role triage; what the alert is about, and who, if it is somebody else
Decides:   `alerts.assigned`; with `nobody` it is free again
Tells:     who looks after what; the message that told of it says so, too
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.meant_alerts import meant_alerts
from chatops.answers.nights import counted
from chatops.engine.answer import Answer, Code, Section
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.alerts import AlertsAssigned
from chatops.projections.alerts import alerts_named

LINES_SHOWN = 10
NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Take(Command):
    """Look after it. `to` is who does, empty for who asks."""

    words: tuple[str, ...] = ()
    to: str = ""

    name: ClassVar[str] = "take"
    usage: ClassVar[str] = "[ALERT…] [@LOGIN|nobody]"
    help: ClassVar[str] = "Say that you look after an alert, or who does."
    example: ClassVar[str] = "/take *s390x*"
    role: ClassVar[Role] = Role.TRIAGER
    on_issues: ClassVar[bool] = True

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if words and (words[-1].startswith("@") or words[-1].lower() == NOBODY):
            *rest, last = words
            return cls(tuple(rest), NOBODY if last.lower() == NOBODY else last.removeprefix("@"))
        return cls(tuple(words))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        found = meant_alerts(self.words, knowledge)
        to = "" if self.to == NOBODY else self.to or asked.by
        changing = [one for one in found if one.looked_after_by != to]
        if not changing:
            who = to or "nobody"
            raise Refused(f"{who} looks after that already.", reason="as_it_is")
        return [
            AlertsAssigned(
                command=asked.received.command,
                community=knowledge.community.key,
                alerts=tuple(one.alert.alert for one in changing),
                subjects=tuple(one.alert.subject for one in changing),
                to=to,
                by=asked.by,
                at=knowledge.now,
            )
        ]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        said = story.first(AlertsAssigned)
        if said is None:
            raise Refused(CHANGED_NOTHING, reason="irreversible")
        known = alerts_named(knowledge.db, said.community, said.alerts)
        if any(one.looked_after_by != said.to for one in known.values()):
            raise Refused(
                "Somebody else has said who looks after it since. I left it as it is.",
                reason="changed_since",
            )
        if not said.to:
            raise Refused(
                "Nobody looks after it, and I do not know any more who did. Say `/take` again.",
                reason="irreversible",
            )
        return [
            AlertsAssigned(
                command=asked.received.command,
                community=said.community,
                alerts=said.alerts,
                subjects=said.subjects,
                by=asked.by,
                at=knowledge.now,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        said = story.first(AlertsAssigned)
        assert said is not None
        number = counted(len(said.subjects), "alert")
        verdict = f"{said.to} looks after {number}." if said.to else f"{number}: free again."
        return Answer(
            verdict=(verdict,),
            sections=(
                Section(
                    title="Looked after" if said.to else "Free again",
                    lines=tuple((subject,) for subject in said.subjects[:LINES_SHOWN]),
                    more=max(0, len(said.subjects) - LINES_SHOWN),
                ),
            ),
            footer=(Code("/take … nobody"), " makes it free again."),
        )
