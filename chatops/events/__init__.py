"""What has happened: the base shapes of a fact and of a fact that the log has recorded.

An event is past tense, immutable, small and typed. It names itself: `key()` is its natural identity,
so that the same fact heard by webhook, redelivery, backfill or import is one event.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact.

    `kind` is the stored name of the type, written by hand and never derived from a module path.
    `version` counts the shapes a kind has had; `upcast` lifts an older one.
    """

    kind: ClassVar[str] = ""
    version: ClassVar[int] = 1

    @abstractmethod
    def key(self) -> str:
        """Return the deduplication key: the natural identity of this fact."""

    @abstractmethod
    def stream(self) -> str:
        """Return the thing this fact is about, such as `run/123` or `pull/acme/rocket/7`."""

    def happened_at(self) -> datetime | None:
        """Return when it happened at its source, or nothing if the source does not say."""
        return None

    def would(self) -> str:
        """Return one sentence about what it would mean, for a dry run; empty where its kind says enough."""
        return ""

    @classmethod
    def upcast(cls, version: int, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Lift the data of an older `version` to today's shape."""
        message = f"{cls.kind} has no version {version}; this program knows {cls.version}."
        raise ValueError(message)


def in_code(names: Sequence[str], most: int = 10) -> str:
    """Return names as code, for `would`; of many the first ones, and how many more there are."""
    said = ", ".join(f"`{name.replace('`', '')}`" for name in names[:most])
    more = len(names) - most
    return f"{said} and {more} more" if more > 0 else said


def event_id(key: str) -> str:
    """Return the id of the event with this deduplication key: the same on every road and machine."""
    return blake2b(key.encode(), digest_size=16).hexdigest()


class Fact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event on its way into the log, with where it came from and because of what.

    `source` is one of DESIGN's sources (`github`, `backfill`, `import`, `slack`, `cli`, `web`, `schedule`,
    `chatops`); `actor` who did it at the source; `correlation_id` the delivery or command it belongs to;
    `causation_id` the id of the event that led to it.
    """

    event: Event
    source: str
    correlation_id: str
    actor: str | None = None
    causation_id: str | None = None
    occurred_at: datetime | None = None

    @property
    def id(self) -> str:
        """Return the id the event has, or will have, in the log."""
        return event_id(self.event.key())


class Recorded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event as the log holds it.

    `position` counts 1, 2, 3 … without gaps. `occurred_us` and `recorded_us` are microseconds since 1970, when it
    happened at its source and when we wrote it down.
    """

    position: int
    key: str
    event: Event
    source: str
    actor: str | None
    occurred_us: int
    recorded_us: int
    correlation_id: str
    causation_id: str | None

    @property
    def id(self) -> str:
        """Return the id other events name as their cause."""
        return event_id(self.key)

    @property
    def occurred_at(self) -> datetime:
        """Return when it happened at its source, UTC."""
        return datetime.fromtimestamp(self.occurred_us / 1_000_000, UTC)

    @property
    def recorded_at(self) -> datetime:
        """Return when we wrote it down, UTC."""
        return datetime.fromtimestamp(self.recorded_us / 1_000_000, UTC)
