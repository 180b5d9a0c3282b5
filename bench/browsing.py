"""The nightly page in a real browser: a month of real nights, cold and gzipped, on a desk and on the road.

With `--against` another page is measured in the same run and the same browser, in turn with ours.
"""

import statistics
from collections.abc import Iterator, Mapping

from playwright.sync_api import Browser, Page, sync_playwright

from bench.nights import CONFIGURATION, NIGHTS, fill
from bench.product import caught_up, opened, product
from bench.rows import Row, Target, at_most, beside_limit, beside_peer, not_measured
from bench.scene import SQLITE, Scene
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
ACTS: Mapping[str, str] = {
    "filter to paint": """() => {
        const field = document.getElementById("q");
        field.value = "qemu";
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }""",
    "clearing it to paint": """() => {
        const field = document.getElementById("q");
        field.value = "";
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }""",
    "expanding a group to paint": """() => {
        document.querySelector("details.group:not([open]) > summary").click();
    }""",
}
AT_ONCE, LATER = at_most(50, "ms"), at_most(250, "ms")
"""What is felt as one with the touch, and what may take longer on a processor of a fourth."""
THIRD = at_most(1 / 3)
ALL_OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true })"


def browser(scene: Scene) -> Iterator[Row]:
    """Yield the rows of the page, and of another beside it where one is named."""
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


def _measured(chromium: Browser, ours: str, theirs: str, count: int) -> Iterator[Row]:
    for profile in WIDTHS:
        visits: dict[str, list[Visit]] = {ours: [], theirs: []}
        acts: dict[str, list[float]] = {name: [] for name in ACTS}
        for number in range(count + 1):
            for address in filter(None, (ours, theirs)):
                with visited(chromium, address, profile=profile) as (page, visit):
                    # The first visit of a process waits for what is made once, and is not counted.
                    if number:
                        visits[address].append(visit)
                    if number and address == ours:
                        for name, act in ACTS.items():
                            acts[name].append(painted(page, act))
        yield from _rows(profile, medians(visits[ours]), acts, visits[theirs])
    yield from _readable(chromium, ours)


def _rows(
    profile: str, mine: Visit, acts: Mapping[str, list[float]], theirs: list[Visit]
) -> Iterator[Row]:
    for name, (word, limit) in LIMITS.items():
        if profile == "desktop" or name == "blocked":
            yield beside_limit(f"{WHAT}, {profile}: {word}", getattr(mine, name), limit)
    for name, took in acts.items():
        what = f"/nightly, {profile}: {name}"
        yield beside_limit(
            what, statistics.median(took), AT_ONCE if profile == "desktop" else LATER
        )
    what = f"{WHAT}, {profile}: last row painted"
    if theirs:
        other = medians(theirs)
        yield beside_peer(what, "the other page", mine.last_row, other.last_row, THIRD, unit=" ms")
        yield beside_peer(
            f"{WHAT}, {profile}: bytes", "the other page", mine.bytes, other.bytes, None, unit=""
        )
    else:
        yield Row(
            what=what, peer="–", ours=f"{mine.last_row:,.0f} ms", theirs="–", ratio=None, target="",
            is_met=None,
        )  # fmt: skip


def _readable(chromium: Browser, address: str) -> Iterator[Row]:
    if not (NODE_MODULES / "axe-core").exists():
        yield not_measured("/nightly: what axe finds", "limit", at_most(0), "no axe-core")
        return
    with visited(chromium, address) as (page, _):
        yield beside_limit("/nightly: what axe finds, at load", _nodes(page), at_most(0))
        page.evaluate(ALL_OPEN)
        yield beside_limit("/nightly: what axe finds, all open", _nodes(page), at_most(0))


def _nodes(page: Page) -> int:
    return sum(len(violation.where) for violation in axe(page))
