"""Says below the message of a night which of the channel's jobs turned red or green, and in the channel if it did.

Whenever:  a night's results are complete, or its message has just been posted
Asks for:  `night_news.wanted` for each settled attempt of a run that changed something
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.answers.night_thread import (
    Place,
    board_of_nights,
    concerned,
    day_of,
    message_of,
    news,
    night_with,
)
from chatops.answers.nights import NightBoard
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.night_threads import NightMessageSent
from chatops.events.notices import NightSettled
from chatops.names import RunId
from chatops.projections.night_threads import night_messages
from chatops.projections.notices import settled_attempts
from chatops.views.job_filters import jobs_of_channel

Attempt = tuple[RunId, int, str]


class TellNightNews(Policy):
    """Say what single jobs did where it disturbs nobody."""

    name: ClassVar[str] = "tell_night_news"
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
        attempts = _attempts(event, board, scene)
        wanted = []
        for channel in channels:
            wants = jobs_of_channel(community, channel)
            for attempt in attempts:
                place = night_with(board, attempt[0])
                day = day_of(board.nights[place]) if place is not None else ""
                message = message_of(community.key, channel.key, day)
                name = night_messages(scene.db, [message]).get(message)
                if not name:
                    continue
                where = Place(channel=channel, message=message, name=name, wants=wants)
                said = news(board, where, knowledge, attempt, fact.recorded_at)
                if said is not None:
                    wanted.append(Wanted(said))
        return wanted


def _attempts(
    event: NightSettled | NightMessageSent, board: NightBoard, scene: Scene
) -> list[Attempt]:
    """Return the settled attempts that are news: one, or those of the night whose message came late."""
    if isinstance(event, NightSettled):
        return [(event.run_id, event.attempt, event.workflow)]
    runs = {
        run.run_id: run
        for night in board.nights
        if message_of(event.community, event.channel, day_of(night)) == event.message
        for run in night.runs
    }
    settled = sorted(settled_attempts(scene.db, runs))
    return [(run_id, attempt, runs[run_id].workflow) for run_id, attempt in settled]
