"""`chatops events`: the log, one event a line."""

import time
from collections.abc import Iterator
from typing import Any

import msgspec

from chatops.engine.log import PAGE, Log
from chatops.errors import Broken
from chatops.events import Recorded

PAUSE = 0.5
KEYS_TO_SLACK = ("response_url",)
"""Whoever has such an address can speak in a channel for half an hour; it is in the log only to be answered."""


def lines(
    log: Log,
    after: int,
    *,
    kind: str = "",
    stream: str = "",
    follow: bool = False,
    as_json: bool = False,
) -> Iterator[str]:
    """Yield a line for each event after a position, of one kind or stream if asked; go on for ever if asked."""
    while True:
        page = _page(log, after)
        for recorded in page:
            if (kind and recorded.event.kind != kind) or (
                stream and recorded.event.stream() != stream
            ):
                continue
            yield as_line(recorded) if as_json else as_sentence(recorded)
        if page:
            after = page[-1].position
        if len(page) < PAGE:
            if not follow:
                return
            time.sleep(PAUSE)


def _page(log: Log, after: int) -> list[Recorded]:
    try:
        return log.read(after)
    except (ValueError, msgspec.MsgspecError) as problem:
        raise Broken(
            f"After {after} is an event that this version cannot read: {problem}"
        ) from problem


def as_object(recorded: Recorded) -> dict[str, Any]:
    """Return an event as the object that programs read."""
    return {
        "position": recorded.position,
        "id": recorded.id,
        "type": recorded.event.kind,
        "version": recorded.event.version,
        "stream": recorded.event.stream(),
        "source": recorded.source,
        "actor": recorded.actor,
        "occurred_at": recorded.occurred_at,
        "recorded_at": recorded.recorded_at,
        "correlation_id": recorded.correlation_id,
        "causation_id": recorded.causation_id,
        "key": recorded.key,
        "data": _shown(msgspec.to_builtins(recorded.event)),
    }


def _shown(data: dict[str, Any]) -> dict[str, Any]:
    return {key: "***" if key in KEYS_TO_SLACK and value else value for key, value in data.items()}


def as_line(recorded: Recorded) -> str:
    """Return an event as one line of JSON."""
    return msgspec.json.encode(as_object(recorded)).decode()


def as_sentence(recorded: Recorded) -> str:
    """Return an event as one line for a person; control characters from outside are made visible."""
    actor = f" by {recorded.actor}" if recorded.actor else ""
    line = (
        f"{recorded.position:>9}  {recorded.occurred_at:%Y-%m-%d %H:%M:%S}  "
        f"{recorded.event.kind:<20} {recorded.event.stream()}{actor}  ({recorded.source})"
    )
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in line
    )
