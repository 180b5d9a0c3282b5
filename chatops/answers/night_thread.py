"""What is to be said of a night in a channel: that it runs, how it went for the channel's tests, and what has changed.

A night has one message in each channel, which is changed; what single jobs did stands below it, and in the channel
only when the night has turned red or green.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from chatops.answers.alert_looks import full_name
from chatops.answers.night_cells import COUNTED, GREEN, UNSETTLED, State
from chatops.answers.night_edges import Edge, night_changes
from chatops.answers.night_news import before
from chatops.answers.nights import NIGHTS, Night, NightBoard, Test, board_sources, night_board
from chatops.answers.short_names import usual_path
from chatops.config import Channel, Configuration
from chatops.engine.command import Knowledge
from chatops.events.night_threads import (
    NightMessageOutdated,
    NightMessageSent,
    NightMessageWanted,
    NightNewsWanted,
)
from chatops.events.notices import NightSettled
from chatops.names import RunId
from chatops.projections.night_threads import night_messages

Wants = Callable[[str, bool], bool]
NEWS = timedelta(hours=24)
"""A night that began longer ago than this gets no message any more."""
NAMES_KEPT = 20
RESTS = "The channel has its rest, so it is said in the thread alone."


class Place(Struct, frozen=True, kw_only=True):
    """A night in a channel: its message, what that is called in Slack, and which tests the channel is about."""

    channel: Channel
    message: str
    name: str
    wants: Wants


def message_of(community: str, channel: str, night: str) -> str:
    """Return what we call the message of a night in a channel; a night is called by its day."""
    return f"night/{community}/{channel}/{night}"


def night_of(began_at: datetime) -> tuple[str, str]:
    """Return the day by which a night is called, and how a sentence calls it."""
    day = began_at.astimezone(UTC).date()
    return day.isoformat(), f"{day:%a} {day.day} {day:%b}"


def with_threads(knowledge: Knowledge) -> list[Channel]:
    """Return the channels in which each night has a message."""
    return [
        channel
        for channel in knowledge.community.channels.values()
        if channel.alerts is not None and channel.alerts.on and channel.alerts.thread
    ]


def concerned(
    event: NightSettled | NightMessageSent,
    configuration: Configuration,
    knowledge_of: Callable[[str], Knowledge | None],
) -> tuple[Knowledge, list[Channel]] | None:
    """Return what is known of the community that a settled night is of, and its channels with a message for each night.

    After a message was posted only its own channel counts. Nothing is returned where there is no such channel.
    """
    if isinstance(event, NightSettled):
        community = configuration.community_of(event.repo)
    else:
        community = configuration.communities.get(event.community)
    knowledge = knowledge_of(community.key) if community is not None else None
    if knowledge is None:
        return None
    channels = with_threads(knowledge)
    if isinstance(event, NightMessageSent):
        channels = [one for one in channels if one.key == event.channel]
    return (knowledge, channels) if channels else None


def rests(channel: Channel, now: datetime) -> bool:
    """Return whether a channel is to be left alone now."""
    return channel.alerts is not None and channel.alerts.rests_until(now, channel.clock) is not None


def begun(
    knowledge: Knowledge, workflow: str, began_at: datetime, at: datetime
) -> Iterator[NightMessageWanted]:
    """Yield the message of a night that has begun, for each channel that does not rest and has none."""
    channels = [one for one in with_threads(knowledge) if not rests(one, at)]
    if not channels or at - began_at > NEWS:
        return
    community = knowledge.community.key
    day, name = night_of(began_at)
    known = night_messages(knowledge.db, [message_of(community, one.key, day) for one in channels])
    for channel in channels:
        message = message_of(community, channel.key, day)
        if message not in known:
            yield NightMessageWanted(
                message=message,
                community=community,
                channel=channel.key,
                night=name,
                workflow=workflow,
                url=_url(knowledge),
                wanted_at=at,
                team=knowledge.community.slack_team,
            )


def begun_meanwhile(knowledge: Knowledge) -> Iterator[NightMessageWanted]:
    """Yield the messages of the newest night that were not posted when it began, as while a channel had its rest."""
    community = knowledge.community
    if not community.nightly or not with_threads(knowledge):
        return
    nights = board_sources(knowledge.db, community.repositories, community.nightly, nights=1).nights
    for night in nights[:1]:
        if night.began_at is not None:
            yield from begun(knowledge, night.runs[0].workflow, night.began_at, knowledge.now)


def board_of_nights(knowledge: Knowledge, at: datetime) -> NightBoard:
    """Return the nights that a message is made of."""
    community = knowledge.community
    return night_board(
        knowledge.db, community.repositories, community.nightly, nights=NIGHTS, now=at
    )


def night_with(board: NightBoard, run_id: RunId) -> int | None:
    """Return the place of the night that has a run."""
    return next(
        (
            place
            for place, night in enumerate(board.nights)
            if any(run.run_id == run_id for run in night.runs)
        ),
        None,
    )


def in_short(
    board: NightBoard, place: int, where: Place, knowledge: Knowledge, because: str
) -> NightMessageOutdated:
    """Return what the message of a night is to say by now."""
    night = board.nights[place]
    tests = list(_tests(board, where.wants))
    states = [(test, test.cells[place].state) for test in tests]
    failed = [test for test, state in states if state is State.FAILED]
    newly = [test for test in failed if before(test, place) is not State.FAILED]
    fixed = [
        test for test, state in states if state in GREEN and before(test, place) is State.FAILED
    ]
    return NightMessageOutdated(
        message=where.message,
        community=knowledge.community.key,
        channel=where.channel.key,
        night=night.name,
        name=where.name,
        because=because,
        tests=sum(bool(test.cells[place].executions) for test in tests),
        ran=sum(state in COUNTED for _, state in states),
        failed=len(failed),
        required_failed=sum(test.was_required(place) for test in failed),
        waiting=sum(state in UNSETTLED for test, state in states if test.cells[place].executions),
        newly_failing=tuple(full_name(test) for test in newly[:NAMES_KEPT]),
        fixed=tuple(full_name(test) for test in fixed[:NAMES_KEPT]),
        more_newly_failing=len(newly[NAMES_KEPT:]),
        more_fixed=len(fixed[NAMES_KEPT:]),
        path=usual_path(map(full_name, tests)),
        is_over=night.is_over,
        url=_url(knowledge),
        team=knowledge.community.slack_team,
    )


def news(
    board: NightBoard,
    where: Place,
    knowledge: Knowledge,
    run: tuple[RunId, int, str],
    at: datetime,
) -> NightNewsWanted | None:
    """Return what is to be said below the message of an attempt of a run: nothing if it changed nothing there."""
    run_id, attempt, workflow = run
    place, changes = night_with(board, run_id), night_changes(board, run_id, attempt)
    if changes is None or place is None:
        return None
    edges = [edge for edge in changes.edges if where.wants(edge.test.name, edge.test.is_required)]
    if not edges:
        return None
    tests = list(_tests(board, where.wants))
    counting = [test for test in tests if test.was_required(place) or not board.knows_required]
    was_red, is_red = _turned(counting, place, edges)
    has_turned, is_resting = was_red != is_red, rests(where.channel, at)
    return NightNewsWanted(
        message=where.message,
        community=knowledge.community.key,
        channel=where.channel.key,
        night=board.nights[place].name,
        thread=where.name,
        run_id=run_id,
        attempt=attempt,
        workflow=workflow,
        failing=_named(edge for edge in edges if edge.fails),
        fixed=_named(edge for edge in edges if not edge.fails),
        is_shown=has_turned and not is_resting,
        is_red=is_red,
        withheld=RESTS if has_turned and is_resting else "",
        path=usual_path(map(full_name, tests)),
        url=_url(knowledge),
        wanted_at=at,
        team=knowledge.community.slack_team,
    )


def day_of(night: Night) -> str:
    """Return the day by which a night's messages are called; nothing where it is not known."""
    return night.day.isoformat() if night.day is not None else ""


def _tests(board: NightBoard, wants: Wants) -> Iterator[Test]:
    return (test for test in board.tests if wants(test.name, test.is_required))


def _turned(tests: Iterable[Test], place: int, edges: Iterable[Edge]) -> tuple[bool, bool]:
    """Return whether the night was red before these edges, and whether it is now.

    A test without a result tonight is as it was.
    """
    fails = {id(edge.test): edge.fails for edge in edges}
    now = then = False
    for test in tests:
        state = test.cells[place].state
        is_red = (state if state in COUNTED else before(test, place)) is State.FAILED
        now = now or fails.get(id(test), is_red)
        then = then or (not fails[id(test)] if id(test) in fails else is_red)
    return then, now


def _named(edges: Iterable[Edge]) -> tuple[str, ...]:
    return tuple(edge.job.full for edge in edges)


def _url(knowledge: Knowledge) -> str:
    return f"{knowledge.base_url}/{knowledge.community.key}/nightly" if knowledge.base_url else ""
