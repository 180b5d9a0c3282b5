"""Changes the message that a night has in a channel from running to its verdict.

Whenever:  a night's results are complete, or its message has just been posted
Asks for:  `night_message.outdated` with how the night went for the channel's tests
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.answers.night_thread import (
    Place,
    board_of_nights,
    concerned,
    day_of,
    in_short,
    message_of,
    night_with,
)
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.night_threads import NightMessageSent
from chatops.events.notices import NightSettled
from chatops.projections.night_threads import night_messages
from chatops.projections.notices import settled_attempts
from chatops.views.job_filters import jobs_of_channel


class TellNightThreads(Policy):
    """Let a night's message say how it went."""

    name: ClassVar[str] = "tell_night_threads"
    reads: ClassVar[tuple[type[Event], ...]] = (NightSettled, NightMessageSent)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, NightSettled | NightMessageSent)
        found = concerned(event, scene.configuration, scene.knowledge)
        if found is None:
            return []
        knowledge, channels = found
        community = knowledge.community
        board = board_of_nights(knowledge, fact.recorded_at)
        if isinstance(event, NightSettled):
            place, because = night_with(board, event.run_id), f"{event.run_id}/{event.attempt}"
        else:
            days = [message_of(community.key, event.channel, day_of(one)) for one in board.nights]
            place = days.index(event.message) if event.message in days else None
            because = "sent"
            # Of a night that is still running the message says so already.
            if place is not None and not settled_attempts(
                scene.db, [run.run_id for run in board.nights[place].runs]
            ):
                return []
        if place is None:
            return []
        day = day_of(board.nights[place])
        named = {one.key: message_of(community.key, one.key, day) for one in channels}
        known = night_messages(scene.db, list(named.values()))
        return [
            Wanted(
                in_short(
                    board,
                    place,
                    Place(
                        channel=channel,
                        message=named[channel.key],
                        name=name,
                        wants=jobs_of_channel(community, channel),
                    ),
                    knowledge,
                    because,
                )
            )
            for channel in channels
            if (name := known.get(named[channel.key]))
        ]
