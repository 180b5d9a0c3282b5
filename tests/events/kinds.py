"""Instances of every kind of event, made from its annotations; and what must hold for each of them."""

import types
from datetime import UTC, datetime
from functools import cache
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

import chatops.events
from chatops.engine.catalogue import catalogue
from chatops.engine.codec import Codec
from chatops.events import Event

KINDS = catalogue(chatops.events, Event)
CODEC = Codec(KINDS)
MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def of_module(name: str) -> list[type[Event]]:
    """Return the kinds of one subject."""
    return [kind for kind in KINDS if kind.__module__ == f"chatops.events.{name}"]


@cache
def instances(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Return a strategy for instances of a kind."""
    built: st.SearchStrategy[Event] = _struct(kind)
    return built


def survives(event: Event) -> None:
    """Check that an event comes back from the log as it went in, and names itself the same."""
    again = CODEC.decode(event.kind, event.version, CODEC.encode(event))

    assert again == event
    assert again.key() == event.key()
    assert again.stream() == event.stream()
    assert event.key()
    assert event.stream()


def _struct(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    return st.builds(kind, **{name: _of(hints[name]) for name in kind.__struct_fields__})


def _of(hint: object) -> st.SearchStrategy[Any]:
    if isinstance(hint, NewType):
        return _of(hint.__supertype__)
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of(*(_of(part) for part in get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(_of(get_args(hint)[0]), max_size=3).map(tuple)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _struct(hint)
    known: dict[object, st.SearchStrategy[Any]] = {
        int: st.integers(0, 2**62),
        str: st.text(min_size=1, max_size=20),
        bool: st.booleans(),
        datetime: MOMENTS,
        type(None): st.none(),
    }
    return known[hint]
