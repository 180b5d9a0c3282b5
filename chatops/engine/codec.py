"""Events to JSON and back, from their annotations; older shapes are lifted on the way."""

from collections.abc import Iterable, Mapping

import msgspec

from chatops.errors import Broken
from chatops.events import Event


class Codec:
    """Knows every kind of event there is. Built once, from the catalogue of events."""

    def __init__(self, kinds: Iterable[type[Event]]) -> None:
        self._types: dict[str, type[Event]] = {}
        for event_type in kinds:
            if event_type.kind in self._types:
                message = f"Two event types are called {event_type.kind!r}."
                raise Broken(message)
            self._types[event_type.kind] = event_type
        self._encoder = msgspec.json.Encoder()
        self._decoders = {
            (kind, event_type.version): msgspec.json.Decoder(event_type)
            for kind, event_type in self._types.items()
        }

    @property
    def types(self) -> Mapping[str, type[Event]]:
        """Return every event type by its kind."""
        return self._types

    def encode(self, event: Event) -> bytes:
        """Return the event's data as compact JSON."""
        return self._encoder.encode(event)

    def decode(self, kind: str, version: int, data: bytes) -> Event:
        """Return the event of this stored kind and version."""
        decoder = self._decoders.get((kind, version))
        if decoder is not None:
            return decoder.decode(data)
        event_type = self._types.get(kind)
        if event_type is None:
            message = f"The log holds an event of kind {kind!r}, which this program does not know."
            raise Broken(message)
        lifted = event_type.upcast(version, msgspec.json.decode(data))
        return msgspec.convert(lifted, event_type)
