from datetime import datetime, timedelta
from pathlib import Path

from chatops.engine.work import Open
from chatops.events.conversation import CommandOverdue
from chatops.rounds.notice_overdue import NoticeOverdue
from tests.scene import COMMAND, NOW, StandingClock, received, scene


class HourAgo(StandingClock):
    """The clock when it was asked."""

    def now(self) -> datetime:
        return NOW - timedelta(hours=1)


def test_who_has_waited_is_noticed_in_their_own_story_and_once(tmp_path: Path) -> None:
    undecided = Open("decide", "1", 1, 3, timedelta(), parked=False, problem="Away.")
    with scene(tmp_path, clock=HourAgo()) as world:
        (asked,) = world.add([received()], correlation_id=COMMAND)
        (found,) = world.find(NoticeOverdue(), backlog=[undecided])
        world.record([found])

        assert world.find(NoticeOverdue(), backlog=[undecided]) == []

    assert isinstance(found.event, CommandOverdue)
    assert (found.event.command, found.event.steps) == (COMMAND, ("decide",))
    assert (found.correlation_id, found.causation_id) == (COMMAND, asked.id)
