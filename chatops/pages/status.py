"""The bot itself: does it work, what did it hear, how far is it, and what has it not done yet?

Whoever wonders why nothing happens opens it, and so does who runs the bot. It names no machine and no words that
somebody said: the exact reason of what failed is for the operator, and the page says where it is.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

import msgspec
from msgspec import Struct

from chatops.answers.ages import ago
from chatops.answers.nights import counted
from chatops.answers.own_state import DELIVERIES_LOOKED_AT, Open, OwnState
from chatops.engine.command import Knowledge
from chatops.engine.projection import Progress
from chatops.engine.work import MOST_TRIES
from chatops.views.page import Viewer, render, sign_in_address
from chatops.views.table import rows_under
from chatops.views.view import View

RUNBOOK = "docs/operations.md"
SECTIONS: Mapping[str, str] = {
    "well": "Is it well?",
    "away": "When something is away",
    "stopped": "A projection has stopped",
    "parked": "Parked effects",
    "todo": "What to do when",
}
"""Where the runbook goes on; a test looks whether it does."""


GAPS_SHOWN = 20
NO_PAST = ("deliveries", "read_models", "work", "github_calls", "digests_missing")
"""What programs are told nothing of when they look back: no event tells how it was."""


class Reader(Struct, frozen=True, kw_only=True):
    """A read model as the page shows it."""

    name: str
    position: int
    lag: int
    mark: str
    word: str


class DeliveriesOfOne(TypedDict):
    """What came of the deliveries of one event."""

    event: str
    received: int
    became_events: int
    nothing_new: int
    last_at: datetime | None


class DeliveriesTold(TypedDict):
    """What GitHub delivered lately."""

    since: datetime | None
    is_cut: bool
    events: Sequence[DeliveriesOfOne]


class GapTold(TypedDict):
    """A delivery that has not come."""

    guid: str
    event: str
    github_says: str
    delivered_at: datetime
    asked_again: int


class GapsTold(TypedDict):
    """What came of comparing GitHub's own list of deliveries with what was received."""

    audited_at: datetime
    since: datetime
    listed: int
    came_after_all: int
    missing: Sequence[GapTold]


class ReadModelTold(TypedDict):
    """How far a read model is."""

    name: str
    position: int
    lag: int
    state: str


class WorkerTold(TypedDict):
    """What one worker has not done yet."""

    name: str
    waiting: int
    parked: int
    parked_because: str
    oldest_at: datetime | None


class WorkTold(TypedDict):
    """What has not been done yet."""

    waiting: int
    parked: int
    by_worker: Sequence[WorkerTold]


class HeardTold(TypedDict):
    """When something was heard last of a repository."""

    repository: str
    source: str
    at: datetime | None


class CallsTold(TypedDict):
    """How many calls GitHub still takes."""

    remaining: int
    limit: int
    resets_at: datetime | None


class StatusDocument(TypedDict):
    """How the bot itself is; looking back, what no event tells is not known."""

    verdict: str
    ready: bool | None
    heard_at: datetime | None
    head: int
    last_event_at: datetime | None
    deliveries: DeliveriesTold | None
    gaps: GapsTold | None
    read_models: Sequence[ReadModelTold] | None
    work: WorkTold | None
    heard: Sequence[HeardTold]
    never_heard_of: Sequence[str]
    schema: str | None
    newest_schema: str | None
    swept_at: datetime | None
    canary_sent_at: datetime | None
    canary_returned_at: datetime | None
    digest_at: datetime | None
    digests_missing: int | None
    github_calls: Sequence[CallsTold] | None


def verdict(state: OwnState) -> str:
    """Return whether it works, in a sentence or two; of the past that is not known."""
    if state.is_past:
        return "What was heard by then is known; how the bot itself was, nobody wrote down."
    if state.stopped:
        names = ", ".join(one.name for one in state.stopped)
        one = len(state.stopped) == 1
        return (
            f"It does not work as it should: {'a read model has' if one else 'read models have'} stopped, {names}. "
            "What is heard is still recorded, and nothing is lost."
        )
    if not state.is_ready:
        return (
            f"It is catching up: its read models are {counted(state.lag, 'event')} behind, "
            "so pages and answers are old. Nothing is lost."
        )
    if state.is_canary_out:
        return (
            "It does not do what it should: its last canary has not come back, so something between the log and the "
            "effects has stopped. What is heard is still recorded, and nothing is lost."
        )
    if state.heard_at is None:
        return "It works, but has heard nothing of this community's repositories yet."
    if state.is_stale:
        silent = ago(state.now - state.heard_at)
        return f"It works, but has heard nothing of this community's repositories for {silent}."
    if state.gaps:
        one = len(state.gaps) == 1
        return (
            f"It works, but {counted(len(state.gaps), 'webhook')} of GitHub's {'has' if one else 'have'} "
            f"not come; {'it is' if one else 'they are'} asked for again."
        )
    if state.digests_missing:
        one = state.digests_missing == 1
        return (
            f"It works, but {counted(state.digests_missing, 'channel')} {'has' if one else 'have'} not got "
            f"{'its' if one else 'their'} digest, and nothing says why."
        )
    if state.parked:
        effects = (
            "thing it wanted to do waits" if state.parked == 1 else "things it wanted to do wait"
        )
        return f"It works, but {state.parked} {effects} for whoever runs it."
    return "It works: what GitHub tells is recorded, and its read models are up to date."


def tone(state: OwnState) -> str:
    """Return how good that is: `good`, `doubtful` or `bad`."""
    if state.is_past:
        return "doubtful"
    if not state.is_ready or state.is_canary_out:
        return "bad"
    wrong = (
        state.heard_at is None,
        state.is_stale,
        state.gaps,
        state.digests_missing,
        state.parked,
    )
    return "doubtful" if any(wrong) else "good"


def render_status(knowledge: Knowledge, state: OwnState, *, viewer: Viewer = Viewer.ANYBODY) -> str:
    """Return the page."""
    readers = [_reader(one) for one in state.projections]
    return render(
        "status.html",
        name=knowledge.community.title,
        here="status",
        up="",
        viewer=viewer,
        sign_in=sign_in_address(knowledge.base_url, f"/{knowledge.community.key}/status"),
        state=state,
        verdict=verdict(state),
        tone=tone(state),
        troubled=[one for one in readers if one.mark != "p"],
        well=[one for one in readers if one.mark == "p"],
        reasons=[(one, _reasons(one)) for one in state.open],
        looked_at=DELIVERIES_LOOKED_AT,
        gaps_shown=GAPS_SHOWN,
        schema=_schema(state),
        runbook=RUNBOOK,
        sections=SECTIONS,
    )


def status_json(state: OwnState) -> str:
    """Return the same for programs."""
    process = state.process
    told: StatusDocument = {
        "verdict": verdict(state),
        "ready": None if state.is_past else state.is_ready,
        "heard_at": state.heard_at,
        "head": state.head,
        "last_event_at": state.last_event_at,
        "deliveries": {
            "since": state.ledger.since,
            "is_cut": state.ledger.is_cut,
            "events": [
                {
                    "event": one.event,
                    "received": one.deliveries,
                    "became_events": one.with_news,
                    "nothing_new": one.deliveries - one.with_news,
                    "last_at": one.last_at,
                }
                for one in state.ledger.received
            ],
        },
        "gaps": _gaps_told(state),
        "read_models": [
            {"name": one.name, "position": one.position, "lag": one.lag, "state": one.word}
            for one in map(_reader, state.projections)
        ],
        "work": {
            "waiting": state.waiting,
            "parked": state.parked,
            "by_worker": [
                {
                    "name": one.backlog.name,
                    "waiting": one.backlog.waiting,
                    "parked": one.backlog.parked,
                    "parked_because": _reasons(one),
                    "oldest_at": one.since,
                }
                for one in state.open
            ],
        },
        "heard": [
            {"repository": repo, "source": source, "at": at} for repo, source, at in state.heard
        ],
        "never_heard_of": state.silent,
        "schema": process.schema or None,
        "newest_schema": process.newest_schema or None,
        "swept_at": process.swept_at,
        "canary_sent_at": state.canary.sent_at,
        "canary_returned_at": state.canary.returned_at,
        "digest_at": state.digest_at,
        "digests_missing": state.digests_missing,
        "github_calls": [
            {"remaining": one.remaining, "limit": one.limit, "resets_at": one.resets_at}
            for one in process.github
        ],
    }
    unknown = dict.fromkeys(NO_PAST) if state.is_past else {}
    return msgspec.json.encode({**told, **unknown}).decode()


def _gaps_told(state: OwnState) -> GapsTold | None:
    if state.audit is None:
        return None
    return {
        "audited_at": state.audit.until,
        "since": state.audit.since,
        "listed": state.audit.listed,
        "came_after_all": state.mended,
        "missing": [
            {
                "guid": one.guid,
                "event": one.event,
                "github_says": one.said,
                "delivered_at": one.delivered_at,
                "asked_again": one.times,
            }
            for one in state.gaps
        ],
    }


def _reader(one: Progress) -> Reader:
    if one.error:
        mark, word = "f", "stopped"
    elif one.lag:
        mark, word = "w", "behind"
    else:
        mark, word = "p", "up to date"
    return Reader(name=one.name, position=one.position, lag=one.lag, mark=mark, word=word)


def _reasons(one: Open) -> str:
    """Return why some of it is parked; the words of whoever refused it are the operator's."""
    refused, in_vain = one.backlog.parked - one.backlog.in_vain, one.backlog.in_vain
    said = [
        f"{refused} refused outright" if refused else "",
        f"{in_vain} tried {MOST_TRIES} times in vain" if in_vain else "",
    ]
    return ", ".join(part for part in said if part)


def _schema(state: OwnState) -> str:
    process = state.process
    if not process.schema:
        return "not known"
    if process.schema == process.newest_schema:
        return f"{process.schema}, the newest"
    return f"{process.schema}; this program wants {process.newest_schema}"


VIEW = View(
    address="status",
    document=StatusDocument,
    html=lambda seen, _: render_status(seen.knowledge, seen.own_state(), viewer=seen.viewer),
    json=lambda seen, _: status_json(seen.own_state()),
    rows=rows_under("read_models"),
)
