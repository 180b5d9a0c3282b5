"""`/ping`: call the people who look after a group of jobs, or after a job.

Asks for:  the role triage; a group of the community's mapping, or jobs by name, pattern or a part of it
Decides:   `groups.called`, for groups that were not called in the same place for a while; or refuses
Tells:     who is called, and why: in this message alone they are really mentioned
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Self

from chatops.answers.changes import quoted
from chatops.answers.meant_tests import board_of, meant_tests
from chatops.config import Community, OwnerGroup
from chatops.engine.answer import Answer, Code, Line, Person, Piece, Section
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.events.pings import GroupsCalled
from chatops.projections.pings import last_called

MOST_GROUPS = 3
"""What means more groups than these is too wide to be meant."""

LONGEST_REASON = 300
UNREACHED = "The command line reaches nobody: write to them, or say it on an issue or in Slack."


@dataclass(frozen=True, slots=True)
class Ping(Command):
    """Call people."""

    about: str
    reason: str = ""

    name: ClassVar[str] = "ping"
    usage: ClassVar[str] = "GROUP|JOB [REASON]"
    help: ClassVar[str] = (
        "Call the people who look after a group of jobs or after a job, once a day in the same place at most."
    )
    example: ClassVar[str] = "/ping *s390x* the machine is full again"
    role: ClassVar[Role] = Role.TRIAGER
    on_issues: ClassVar[bool] = True
    irreversible: ClassVar[str] = (
        "They have been called already; write to them here if it is settled."
    )

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if not words:
            raise Refused(
                "Whom? Say a group or a job after the command; one with blanks in quotation marks.",
                reason="usage",
            )
        return cls(words[0], " ".join(words[1:])[:LONGEST_REASON])

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        groups = _meant(self.about, knowledge)
        if not any(group.owners for group in groups):
            raise Refused(
                f"Nobody is named for {quoted(group.group for group in groups)} in the mapping of "
                f"{knowledge.community.title}, so there is nobody to call.",
                reason="nobody",
            )
        place = _place(asked.received)
        names = [group.group for group in groups if group.owners]
        return [
            GroupsCalled(
                command=asked.received.command,
                place=place,
                groups=_rested(names, place, knowledge),
                about=self.about,
                reason=self.reason,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        called, received = story.first(GroupsCalled), story.first(CommandReceived)
        assert called is not None
        assert received is not None
        groups = [
            group for group in knowledge.community.maintainers if group.group in called.groups
        ]
        by = Code(story.asker)
        verdict: Line = (by, " asks for a look at ", Code(called.about), ".")
        return Answer(
            verdict=verdict,
            counts=(f"Why: {called.reason}",) if called.reason else (),
            sections=(
                Section(
                    title="Who looks after it",
                    lines=tuple(_line(group, knowledge.community, received) for group in groups),
                ),
            ),
            footer=(UNREACHED,) if received.surface == "cli" else (),
        )


def _meant(about: str, knowledge: Knowledge) -> list[OwnerGroup]:
    """Return the groups of that name, or those that look after the jobs that are meant."""
    community = knowledge.community
    named = [group for group in community.maintainers if group.group.lower() == about.lower()]
    groups = named or _looking_after(about, community, knowledge)
    if not groups:
        raise Refused(
            f"Nobody looks after {quoted([about])} in the mapping of {community.title}. "
            f"There are: {quoted(group.group for group in community.maintainers) or 'no groups'}.",
            reason="nobody",
        )
    if len({group.group for group in groups}) > MOST_GROUPS:
        raise Refused(
            f"{quoted([about])} means jobs of {quoted(group.group for group in groups)}. "
            "Name one group, or fewer jobs.",
            reason="too_wide",
        )
    return groups


def _looking_after(about: str, community: Community, knowledge: Knowledge) -> list[OwnerGroup]:
    names = [about]
    if community.nightly:
        names = [test.name for test in meant_tests(board_of(knowledge), about)]
    found = {group.group: group for name in names for group in community.owners_of(name)}
    return list(found.values())


def _rested(names: Iterable[str], place: str, knowledge: Knowledge) -> tuple[str, ...]:
    """Return the groups that may be called again here, or refuse with when they were called."""
    wanted = tuple(dict.fromkeys(names))
    pause = timedelta(hours=knowledge.community.ping_hours)
    called = last_called(knowledge.db, place, wanted)
    resting = {
        name: at for name, at in called.items() if at is not None and knowledge.now - at < pause
    }
    rested = tuple(name for name in wanted if name not in resting)
    if not rested:
        newest = max(resting.values())
        raise Refused(
            f"{quoted(wanted)} was called here on {newest:%Y-%m-%d at %H:%M} UTC, and can be again on "
            f"{newest + pause:%Y-%m-%d at %H:%M} UTC.",
            reason="called_already",
        )
    return rested


def _place(received: CommandReceived) -> str:
    if received.number:
        return f"{received.repo}#{received.number}"
    return f"{received.surface}/{received.channel or received.command}"


def _line(group: OwnerGroup, community: Community, received: CommandReceived) -> Line:
    """Return whom a group has; in a workspace that is not the community's, its people are named, and not called."""
    is_at_home = community.is_at_home(received.team)
    line: list[Piece] = [f"{group.group}: "]
    for place, owner in enumerate(group.owners):
        name = owner.github or owner.fullname or owner.slack or "somebody without a name"
        member = community.member_of(owner) if is_at_home else ""
        person = Person(name=name, github=owner.github, slack=member)
        line += [", ", person] if place else [person]
    return tuple(line)
