"""Every page of the dashboard over HTTP, on a short log and on a long one, with fifty pull requests open; and as files.

Pages with names in their addresses are asked for a test, a run and a pull request of the newest. The first request of
each is not among the measured ones: a process makes what pages are made of when it starts.
"""

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import msgspec
from sqlalchemy import make_url

from bench.history import FEWEST_NIGHTS, NIGHT_JOBS, OPEN_PULL, busy_day, nights_in
from bench.load import percentile
from bench.logs import caught_up, long_log, short_log
from bench.processes import get
from bench.product import opened, product, settings_of
from bench.rows import Row, at_most, beside_limit, beside_peer
from bench.scene import SQLITE, Scene, say
from chatops.engine.log import Batch
from chatops.events import Fact
from chatops.showing import VIEWS

LIMIT = at_most(50, "ms")
EXPORTED = at_most(60, "s")
FLAT = at_most(1.2)
HEADERS = {"Accept-Encoding": "gzip"}
TIMES = 3
"""As often as another page each of these is asked: one in a hundred needs more than a hundred."""
LONGER = "tests/{slug}"
"""Shows as many nights as there are, up to ninety: of thirty on the short log and ninety on the long one it would say
nothing that it takes longer. So it is asked for thirty nights as well."""
AS_LONG = f"{LONGER}?n={FEWEST_NIGHTS}"
Took = Mapping[str, list[float]]


def views(scene: Scene) -> Iterator[Row]:
    """Yield the slowest page of each log, and the page that the length of the log changes most."""
    long = long_log(scene, SQLITE)
    assert long is not None
    busy = _busy(scene, long, "busy_long")
    took = {
        scene.scale.few_events: _asked(scene, _busy(scene, short_log(scene), "busy_short")),
        scene.scale.events: _asked(scene, busy),
    }
    for events, pages in took.items():
        p99, page = max((percentile(times, 0.99), page) for page, times in pages.items())
        yield beside_limit(
            f"slowest of {len(pages)} pages, {NIGHT_JOBS} jobs × {nights_in(events)} nights, {events:,} events: "
            f"/{page}, p99 (p50 {statistics.median(pages[page]):.0f} ms)",
            p99,
            LIMIT,
        )
    few, many = (
        {page: statistics.median(times) for page, times in pages.items() if page != LONGER}
        for pages in took.values()
    )
    page = max(few, key=lambda name: many[name] / few[name])
    yield beside_peer(
        f"/{page}, which the log's length changes most, median, {scene.scale.events:,} events",
        f"{scene.scale.few_events:,} events",
        many[page],
        few[page],
        FLAT,
        unit=" ms",
    )
    yield _exported(scene, busy)


def _exported(scene: Scene, database: str) -> Row:
    """Return how long it takes to write all pages as files, as an operator does."""
    site = scene.folder / "site"
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "chatops", "export", str(site)],
        env=settings_of(scene.folder, database), check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    took = time.perf_counter() - began
    pages = sum(1 for _ in site.rglob("index.html"))
    shutil.rmtree(site)
    what = f"all pages as files, {pages:,} of them, {scene.scale.events:,} events"
    return beside_limit(what, took, EXPORTED)


def _busy(scene: Scene, address: str, name: str) -> str:
    """Return the address of a copy of a log, with a day of many pull requests after it."""
    database = scene.database(SQLITE, name)
    assert database is not None
    shutil.copyfile(_file(address), _file(database))
    service = opened(scene.folder, database)
    facts = [Fact(event=one, source="github", correlation_id="bench") for one in busy_day()]
    service.log.append([Batch(facts=facts)])
    caught_up(service)
    service.database.close()
    return database


def _file(address: str) -> Path:
    return Path(str(make_url(address).database))


def _asked(scene: Scene, database: str) -> Took:
    """Return how many milliseconds each page took, again and again, each time with a query of its own."""
    with product(scene.folder, database) as served:
        pages = dict(_pages(served.port))
        took: dict[str, list[float]] = {page: [] for page in pages}
        for number in range(-1, TIMES * scene.scale.pages):
            for page, address in pages.items():
                began = time.perf_counter()
                asked = f"/{address}{'&' if '?' in address else '?'}x={number}"
                status, _ = get(served.port, asked, HEADERS)
                assert status == 200, (page, status)
                if number >= 0:
                    took[page].append((time.perf_counter() - began) * 1_000)
    for page, times in took.items():
        say(f"/{page}: p50 {statistics.median(times):.1f}, p99 {percentile(times, 0.99):.1f} ms")
    return took


def _pages(port: int) -> Iterator[tuple[str, str]]:
    """Yield each page with its address; where that has a name, it is that of one of the newest things."""
    night = msgspec.json.decode(get(port, "/nightly.json")[1])
    test = msgspec.json.decode(get(port, "/flaky.json")[1])["rows"][0]["page"]
    run = night["nights"][0]["runs"][0]["run_id"]
    named = {
        LONGER: quote(test),
        "runs/{id}": f"runs/{run}",
        "runs/{id}/{attempt}": f"runs/{run}/1",
        "prs/{id:path}": f"prs/{OPEN_PULL}",
    }
    for address in VIEWS:
        if address != "audit/{id}":
            yield address, named.get(address, address)
    yield AS_LONG, f"{quote(test)}?n={FEWEST_NIGHTS}"
