"""The nightly page over HTTP, never from the cache, on a short log and on a long one; and what it does to intake.

Each request has a query of its own, which changes nothing on the page but keeps it out of the cache. Both logs end with
the same nights of 300 jobs, so the same page is asked of both, in turn. The first page of a process is not among them:
what it cost is told beside those of all nights.
"""

import socket
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from bench.beside import load_beside
from bench.deliveries import request
from bench.history import NIGHT_JOBS, nights_in
from bench.load import percentile
from bench.logs import long_log, short_log
from bench.processes import get
from bench.product import caught_up, product
from bench.rows import Row, at_most, beside_limit, beside_peer
from bench.scene import SQLITE, Scene

LIMIT = at_most(100, "ms")
FLAT = at_most(1.2)
CROWDED = at_most(3)
PAGES_PER_SECOND = 5
MOST = 64
ALL_NIGHTS = "n=400&"
HEADERS = {"Accept-Encoding": "gzip"}


def pages(scene: Scene) -> Iterator[Row]:
    """Yield the rows of the page, at two lengths of the log."""
    short, long = short_log(scene), long_log(scene, SQLITE)
    assert long is not None
    took: dict[str, list[float]] = {"short": [], "long": [], "all nights": []}
    with product(scene.folder, short) as few, product(scene.folder, long) as many:
        for port in (few.port, many.port):
            _page(port, "first")
        first = _page(many.port, f"{ALL_NIGHTS}first")
        for number in range(scene.scale.pages):
            took["short"].append(_page(few.port, f"x={number}"))
            took["long"].append(_page(many.port, f"x={number}"))
        for number in range(scene.scale.pages):
            took["all nights"].append(_page(many.port, f"{ALL_NIGHTS}x={number}"))
    lengths = {"short": scene.scale.few_events, "long": scene.scale.events}
    for name, events in lengths.items():
        what = (
            f"/nightly, 30 nights × {NIGHT_JOBS} jobs, {events:,} events, p99{_median(took[name])}"
        )
        yield beside_limit(what, percentile(took[name], 0.99), LIMIT)
    few_ms, many_ms = (statistics.median(took[name]) for name in lengths)
    yield beside_peer(
        f"the same page, median, {lengths['long']:,} events", f"{lengths['short']:,} events",
        many_ms, few_ms, FLAT, unit=" ms",
    )  # fmt: skip
    nights = nights_in(scene.scale.events)
    what = (
        f"/nightly?n=400, {nights} nights × {NIGHT_JOBS}, p99{_median(took['all nights'], first)}"
    )
    yield beside_limit(what, percentile(took["all nights"], 0.99), LIMIT)


def crowded(scene: Scene) -> Iterator[Row]:
    """Yield the row of intake's p99 with five pages a second beside it, none of them from the cache.

    Every second a job of the newest night ends, so that its board has to be made anew; in a real night it is one in
    twenty.
    """
    alone: list[float] = []
    beside: list[float] = []
    with product(scene.folder, short_log(scene)) as served:
        for _ in range(scene.scale.rounds):
            for met, per_second in ((alone, 0), (beside, PAGES_PER_SECOND)):
                met.append(_p99(scene, served.port, per_second))
                caught_up(served.port)
    yield beside_peer(
        f"intake p99, {MOST} connections, {PAGES_PER_SECOND} pages a second", "no pages",
        statistics.median(beside), statistics.median(alone), CROWDED, unit=" ms",
    )  # fmt: skip


def _p99(scene: Scene, port: int, per_second: int) -> float:
    lasting = 2 * scene.scale.seconds
    with (
        ThreadPoolExecutor(PAGES_PER_SECOND) as readers,
        load_beside(scene, port, connections=MOST, seconds=lasting) as load,
    ):
        asked = []
        for number in range(round(lasting * per_second)):
            if number % per_second == 0:
                asked.append(readers.submit(_job_of_the_night, scene, port))
            asked.append(readers.submit(_page, port, f"beside={number}-{time.monotonic_ns()}"))
            time.sleep(1 / per_second)
        for one in asked:
            one.result()
    assert load.measured is not None
    return load.measured.p99


def _page(port: int, query: str) -> float:
    """Return how many milliseconds a page took."""
    began = time.perf_counter()
    status, _ = get(port, f"/nightly?{query}", HEADERS)
    assert status == 200, status
    return (time.perf_counter() - began) * 1_000


def _job_of_the_night(scene: Scene, port: int) -> float:
    """Send that a job of the newest night has ended; return how many milliseconds that took."""
    _, nights = get(port, "/nightly.json")
    run_id = msgspec.json.decode(nights)["nights"][0]["runs"][0]["run_id"]
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request(scene.numbers(1), of_run=run_id))
        said = connection.recv(64)
    assert said.startswith(b"HTTP/1.1 202 "), said
    return (time.perf_counter() - began) * 1_000


def _median(took: Sequence[float], first: float | None = None) -> str:
    cold = "" if first is None else f"; first {first:.0f}"
    return f" (p50 {statistics.median(took):.0f}{cold} ms)"
