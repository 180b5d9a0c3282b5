"""What of all this concerns one person: the jobs they look after, their pull requests, and what they are told of."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from chatops.answers.chains import is_private
from chatops.answers.nights import Test, night_board
from chatops.answers.open_queue import Queued, queue_of_author
from chatops.answers.owner_groups import is_failing
from chatops.answers.subscribing import person
from chatops.config import Community, Owner
from chatops.engine.command import Knowledge
from chatops.engine.work import backlog_by_worker
from chatops.events.conversation import CommandReceived
from chatops.projections.freshness import last_heard
from chatops.projections.identities import identity
from chatops.projections.subscriptions import Subscription, subscriptions_of

NIGHTS = 14
SLACK = "slack"
OPEN_PLACE = "github"
"""Where others read along; what was said in Slack is not listed there."""


class Person(Struct, frozen=True, kw_only=True):
    """Who somebody is: on GitHub, as far as that is known, and in Slack where they ask from there."""

    login: str = ""
    member: str = ""

    def is_owner(self, owner: Owner, community: Community) -> bool:
        """Return whether an entry of the community's mapping means this person."""
        if self.login and owner.github.lower() == self.login.lower():
            return True
        return bool(self.member) and community.member_of(owner) == self.member


class Mine(Struct, frozen=True, kw_only=True):
    """What concerns a person. `groups` are those of the mapping that they are in, `tests` what those look after."""

    who: Person
    groups: tuple[str, ...]
    tests: tuple[Test, ...]
    pulls: tuple[Queued, ...]
    subscriptions: tuple[Subscription, ...]
    heard_at: datetime | None
    parked: int

    @property
    def failing(self) -> tuple[Test, ...]:
        """Return the tests whose newest night that counts failed, those that have failed longest first."""
        found = [test for test in self.tests if is_failing(test)]
        return tuple(sorted(found, key=lambda test: (-test.streak, test.workflow, test.name)))


def who_asks(knowledge: Knowledge, received: CommandReceived) -> Person:
    """Return who asks; in Slack, they are on GitHub whom they have proved to be."""
    if received.surface != SLACK:
        return Person(login=received.by)
    known = identity(knowledge.db, received.team, received.by)
    is_at_home = knowledge.community.is_at_home(received.team)
    return Person(login=known.login if known else "", member=received.by if is_at_home else "")


def mine(knowledge: Knowledge, received: CommandReceived) -> Mine:
    """Return what concerns whoever asks, as far as it may be shown where they ask."""
    db, community = knowledge.db, knowledge.community
    who = who_asks(knowledge, received)
    told = subscriptions_of(db, community.key, person(who.login)) if who.login else []
    shown = [one for one in told if not (received.surface == OPEN_PLACE and _is_from_slack(one))]
    groups = [
        group
        for group in community.maintainers
        if any(who.is_owner(owner, community) for owner in group.owners)
    ]
    return Mine(
        who=who,
        groups=tuple(dict.fromkeys(group.group for group in groups)),
        tests=tuple(
            test for test in _tests(knowledge) if any(group.owns(test.name) for group in groups)
        )
        if groups
        else (),
        pulls=queue_of_author(knowledge, who.login) if who.login else (),
        subscriptions=tuple(shown),
        heard_at=last_heard(db, community.repositories),
        parked=sum(one.parked for one in backlog_by_worker(db)),
    )


def _tests(knowledge: Knowledge) -> Sequence[Test]:
    community = knowledge.community
    if not community.nightly:
        return ()
    board = night_board(
        knowledge.db, community.repositories, community.nightly, nights=NIGHTS, now=knowledge.now
    )
    return board.tests


def _is_from_slack(one: Subscription) -> bool:
    return is_private(one.command.split("/")[1])
