"""The nightly page in a real browser: a month of real nights, cold and gzipped, on a desk and on the road.

With `--against`, which may be given more than once, other pages are measured in the same run and the same browser,
in turn with ours.
"""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, sync_playwright

from bench.makes import EMPTY, LINE, OURS, Act, Make, clicks_to_failing, make_of
from bench.nights import CONFIGURATION, NIGHTS, fill
from bench.product import caught_up, opened, product
from bench.rows import Row, Target, at_most, beside_limit, beside_peer, not_measured
from bench.scene import SQLITE, Scene, say
from bench.visits import WIDTHS, Visit, medians, painted, visited
from tests.browser import FLAGS, NAMES, axe
from tests.needs import NODE_MODULES, found_program

VISITS = 2
"""Of each page in a round, and one more at the end: seven in a full run."""
WHAT = f"/nightly, some 240 tests × {NIGHTS} nights, cold"
LIMITS: Mapping[str, tuple[str, Target]] = {
    "requests": ("requests", at_most(5)),
    "bytes": ("bytes over the wire", at_most(40_000, "bytes")),
    "script_bytes": ("of them scripts", at_most(12_000, "bytes")),
    "style_bytes": ("of them styles", at_most(12_000, "bytes")),
    "elements": ("elements", at_most(8_000)),
    "blocked": ("total blocking time", at_most(0, "ms")),
}
AT_ONCE, LATER = at_most(50, "ms"), at_most(250, "ms")
"""What is felt as one with the touch, and what may take longer on a processor of a fourth."""
THIRD = at_most(1 / 3)
BESIDE: Mapping[str, tuple[str, str]] = {
    "rows": ("tests", ""),
    "in_sight": ("tests in sight at once", ""),
    "requests": ("requests", ""),
    "bytes": ("bytes over the wire", " bytes"),
    "elements": ("elements", ""),
    "blocked": ("total blocking time", " ms"),
}
"""What is told of another page too, with its unit."""
CLICKS = "/nightly: clicks to the first failing test"
AT_LOAD, ALL_OPEN = "/nightly: what axe finds, at load", "/nightly: what axe finds, all open"


@dataclass(slots=True)
class Seen:
    """A page, and what was measured of it in one profile."""

    address: str
    make: Make
    visits: list[Visit] = field(default_factory=list)
    acts: dict[str, list[float]] = field(default_factory=dict)
    unfolding: list[float] = field(default_factory=list)

    def visit(self) -> Visit:
        """Return the middle of its visits."""
        return medians(self.visits)

    def unfolded(self) -> float:
        """Return after how long its last row could really be seen by somebody who unfolds it at once."""
        return self.visit().last_row + statistics.median(self.unfolding or [0.0])


def browser(scene: Scene) -> Iterator[Row]:
    """Yield the rows of the page, and of others beside it where some are named."""
    path = found_program(NAMES)
    if path is None:
        yield not_measured(WHAT, "limit", None, "no Chromium")
        return
    file = scene.folder / "nights.yaml"
    file.write_text(CONFIGURATION)
    settings = {"CHATOPS_CONFIG": str(file)}
    address = scene.database(SQLITE, "nights")
    assert address is not None
    service = opened(scene.folder, address, settings)
    fill(service)
    service.database.close()
    with (
        product(scene.folder, address, settings) as served,
        sync_playwright() as playwright,
    ):
        caught_up(served.port)
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            ours = f"http://127.0.0.1:{served.port}/nightly"
            count = scene.scale.rounds * VISITS + 1
            yield from _measured(chromium, ours, scene.against, count)
        finally:
            chromium.close()


def _measured(chromium: Browser, ours: str, others: tuple[str, ...], count: int) -> Iterator[Row]:
    makes = {ours: OURS, **{one: _make(chromium, one) for one in others}}
    for profile in WIDTHS:
        mine, *theirs = pages = [Seen(address, make) for address, make in makes.items()]
        empty, line = Seen(f"{ours}-nowhere", EMPTY), Seen(urljoin(ours, "/healthz"), LINE)
        for number in range(count + 1):
            say(f"{profile}, visit {number} of {count}")
            for seen in (*pages, empty, line):
                # The first visit of a process waits for what is made once, and is not counted.
                _visit(chromium, seen, profile, is_counted=bool(number))
        yield from _rows(profile, mine)
        yield from _beside_nothing(profile, mine, empty, line)
        for other in theirs:
            yield from _beside(profile, mine, other)
    first, *rest = [_judged(chromium, address, make) for address, make in makes.items()]
    yield from _judgements(first)
    for one in rest:
        yield from _judgements_beside(first, one)


def _make(chromium: Browser, address: str) -> Make:
    with visited(chromium, address) as (page, _):
        return make_of(page)


def _visit(chromium: Browser, seen: Seen, profile: str, *, is_counted: bool) -> None:
    with visited(chromium, seen.address, profile=profile, rows=seen.make.rows) as (page, visit):
        if is_counted:
            seen.visits.append(visit)
            for name, act in seen.make.acts.items():
                seen.acts.setdefault(name, []).append(painted(page, act))
            if seen.make.is_folded:
                seen.unfolding.append(painted(page, Act(does=seen.make.unfold)))


def _rows(profile: str, mine: Seen) -> Iterator[Row]:
    visit = mine.visit()
    for name, (word, limit) in LIMITS.items():
        if profile == "desktop":
            yield beside_limit(f"{WHAT}, {profile}: {word}", getattr(visit, name), limit)
    for name in mine.acts:
        limit = AT_ONCE if profile == "desktop" else LATER
        yield beside_limit(
            f"/nightly, {profile}: {name}", statistics.median(mine.acts[name]), limit
        )


def _beside_nothing(profile: str, mine: Seen, empty: Seen, line: Seen) -> Iterator[Row]:
    """Yield what of a page's cost is its own: any document blocks a slow processor for a while, and takes a frame."""
    what = f"{WHAT}, {profile}: last row painted"
    of = mine.visit().last_row, empty.visit().last_row
    yield beside_peer(what, empty.make.name, *of, None, unit=" ms")
    for other in (empty, line):
        what = f"{WHAT}, {profile}: total blocking time"
        of = mine.visit().blocked, other.visit().blocked
        yield beside_peer(what, other.make.name, *of, None, unit=" ms")
    if profile != "desktop":
        word, limit = LIMITS["blocked"]
        own = max(0.0, mine.visit().blocked - line.visit().blocked)
        yield beside_limit(
            f"{WHAT}, {profile}: {word}, beyond that of {line.make.name}", own, limit
        )


def _beside(profile: str, mine: Seen, other: Seen) -> Iterator[Row]:
    here, there, name = mine.visit(), other.visit(), other.make.name
    what = f"{WHAT}, {profile}: last row painted"
    yield beside_peer(what, name, here.last_row, there.last_row, THIRD, unit=" ms")
    if other.make.unfold:
        what = f"{what}, all unfolded"
        yield beside_peer(what, name, mine.unfolded(), other.unfolded(), THIRD, unit=" ms")
    for figure, (word, unit) in BESIDE.items():
        if profile == "desktop" or figure == "blocked":
            what = f"/nightly, {profile}: {word}"
            of = getattr(here, figure), getattr(there, figure)
            yield beside_peer(what, name, *of, None, unit=unit)
    for act, took in other.acts.items():
        of = statistics.median(mine.acts[act]), statistics.median(took)
        yield beside_peer(f"/nightly, {profile}: {act}", name, *of, None, unit=" ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What axe finds wrong with a page, as it loads and with all of it open, and how far away a failing test is."""

    make: Make
    at_load: int | None
    all_open: int | None
    clicks: int | None


def _judged(chromium: Browser, address: str, make: Make) -> Judged:
    at_load = all_open = clicks = None
    has_axe = (NODE_MODULES / "axe-core").exists()
    with visited(chromium, address) as (page, _):
        if has_axe:
            at_load = _nodes(page)
        if make.failing:
            clicks = clicks_to_failing(page, make)
        if has_axe and make.unfold:
            page.evaluate(make.unfold)
            all_open = _nodes(page)
    return Judged(make=make, at_load=at_load, all_open=all_open, clicks=clicks)


def _judgements(mine: Judged) -> Iterator[Row]:
    for what, found in ((AT_LOAD, mine.at_load), (ALL_OPEN, mine.all_open)):
        if found is None:
            yield not_measured(what, "limit", at_most(0), "no axe-core")
        else:
            yield beside_limit(what, found, at_most(0))
    if mine.clicks is None:
        yield not_measured(CLICKS, "limit", at_most(0), "no failing test")
    else:
        yield beside_limit(CLICKS, mine.clicks, at_most(0))


def _judgements_beside(mine: Judged, other: Judged) -> Iterator[Row]:
    for what, here, there in (
        (AT_LOAD, mine.at_load, other.at_load),
        (ALL_OPEN, mine.all_open, other.all_open),
        (CLICKS, mine.clicks, other.clicks),
    ):
        if here is not None and there is not None:
            yield beside_peer(what, other.make.name, here, there, None, unit="")


def _nodes(page: Page) -> int:
    return sum(len(violation.where) for violation in axe(page))
