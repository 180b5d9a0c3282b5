"""Building read models again from a long log, beside a bare scan of the same rows and beside another package's replay.

The scan is the driver's alone, by ranges of positions, and decodes each row as a rebuild does. The rebuild is that of
`chatops rebuild`: beside the live tables, which are up to date, with the comparison of both and the switch.
"""

import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import make_url

from bench.logs import driver_connection, long_log
from bench.peers.eventsourced_needs import lacking_for
from bench.peers.eventsourced_view import replayed
from bench.postgres import MISSING
from bench.product import opened
from bench.rows import Row, at_least, beside_peer, not_measured
from bench.scene import POSTGRESQL, SQLITE, Scene, say
from chatops.app import Service
from chatops.engine.projection import Projection
from chatops.engine.rebuild import rebuild_all

PAGE = 10_000
AGAINST_SCAN = at_least(0.10)
AGAINST_EVENTSOURCED = at_least(20)
SCAN = "bare scan and decode"
ONE = "jobs"
"""The projection that reads nearly every event of the log: the one that is compared with another package's."""
QUERY = "SELECT kind, version, data FROM events WHERE position > {} AND position <= {}"

Stored = tuple[str, int, bytes]


def replay(scene: Scene) -> Iterator[Row]:
    """Yield the rows of a rebuild, on both databases."""
    for kind in (SQLITE, POSTGRESQL):
        address = long_log(scene, kind)
        what = f"rebuild of all projections, {scene.scale.events:,} events, {kind}"
        other = f"rebuild of `{ONE}`, {scene.scale.events:,} events, {kind}"
        beside = f"eventsourcing projection, {scene.scale.peer_events:,} events"
        if address is None:
            yield not_measured(what, SCAN, AGAINST_SCAN, MISSING)
            yield not_measured(other, beside, AGAINST_EVENTSOURCED, MISSING)
            continue
        service = opened(scene.folder, address)
        events = service.log.head()
        what, other = (
            text.replace(f"{scene.scale.events:,}", f"{events:,}") for text in (what, other)
        )
        scans = [_scan(service, address, events)]
        whole = _rebuild(service, service.catalogues.projections)
        scans.append(_scan(service, address, events))
        alone = _rebuild(
            service, [one for one in service.catalogues.projections if one.name == ONE]
        )
        service.database.close()
        yield beside_peer(what, SCAN, events / whole, statistics.median(scans), AGAINST_SCAN)
        theirs = scene.database(kind, "replayed")
        assert theirs is not None
        if lacking := lacking_for(theirs):
            yield not_measured(other, beside, AGAINST_EVENTSOURCED, lacking)
            continue
        package = replayed(theirs, scene.scale.peer_events)
        yield beside_peer(other, beside, events / alone, package.rate, AGAINST_EVENTSOURCED)


def _rebuild(service: Service, kinds: Sequence[type[Projection]]) -> float:
    """Rebuild these projections together, as `chatops rebuild` does; return the seconds it took."""
    began = time.perf_counter()
    rebuilt = rebuild_all(service.log, kinds)
    took = time.perf_counter() - began
    for one in rebuilt:
        assert one.is_equal, f"the rebuilt {one.name} differs from the live one"
    say(f"rebuilt {', '.join(one.name for one in rebuilt)} in {took:.1f} s")
    return took


def _scan(service: Service, address: str, events: int) -> float:
    """Read and decode every event with nothing in between; return the events a second."""
    decode = service.log.codec.decode
    fetch, close = _reader(address)
    began = time.perf_counter()
    for after in range(0, events, PAGE):
        for kind, version, stored in fetch(after, after + PAGE):
            decode(kind, version, stored)
    took = time.perf_counter() - began
    close()
    return events / took


def _reader(address: str) -> tuple[Callable[[int, int], Sequence[Stored]], Callable[[], None]]:
    """Return the driver's own way to read a range of positions, and how to end it."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        known = sqlite3.connect(str(url.database))
        query = QUERY.format("?", "?")
        return lambda after, upto: known.execute(query, (after, upto)).fetchall(), known.close
    server = driver_connection(address)
    cursor = server.cursor(binary=True)
    query = QUERY.format("%s", "%s")

    def fetch(after: int, upto: int) -> Sequence[Stored]:
        return cursor.execute(query, (after, upto)).fetchall()

    return fetch, server.close
