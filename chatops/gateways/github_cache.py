"""What GitHub answered before, so that asking again costs nothing when nothing has changed."""

import json
import zlib
from collections import OrderedDict
from collections.abc import Iterator, MutableMapping
from typing import Any

Remembered = tuple[str | None, str | None, Any, str | None]
"""ETag, Last-Modified, the decoded answer, and the address of the next page."""

MOST_BYTES = 32_000_000


class BoundedCache(MutableMapping[str, Remembered]):
    """Answers by address, compressed; what was not asked for longest goes first when the space is used up."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._entries: OrderedDict[str, bytes] = OrderedDict()

    @property
    def size(self) -> int:
        """Return how many bytes the answers take."""
        return self._bytes

    def __getitem__(self, url: str) -> Remembered:
        packed = self._entries[url]
        self._entries.move_to_end(url)
        etag, last_modified, content, following = json.loads(zlib.decompress(packed))
        return etag, last_modified, content, following

    def __setitem__(self, url: str, remembered: Remembered) -> None:
        self._drop(url)
        packed = zlib.compress(json.dumps(remembered).encode(), 1)
        if len(packed) > self._most_bytes:
            return
        self._entries[url] = packed
        self._bytes += len(packed)
        while self._bytes > self._most_bytes:
            self._drop(next(iter(self._entries)))

    def __delitem__(self, url: str) -> None:
        if url not in self._entries:
            raise KeyError(url)
        self._drop(url)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def _drop(self, url: str) -> None:
        self._bytes -= len(self._entries.pop(url, b""))
