"""A real browser for the tests of what people see, and axe to judge who can read it.

Playwright's plain interface keeps an event loop running in the test's thread for as long as the
browser is open, so `asyncio.run` does not work there. Hence the browser belongs to one module of
tests, and the server it visits runs in another thread or process.
"""

import sys
from collections.abc import Iterator, Sequence
from ctypes.util import find_library
from dataclasses import dataclass
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import needs

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

# Root has no sandbox to enter, and a test has nothing to tell the browser's maker.
FLAGS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)

PATIENCE_MILLISECONDS = 10_000

SIGHTS: Sequence[tuple[int, Literal["light", "dark"]]] = (
    (1440, "light"),
    (768, "dark"),
    (320, "light"),
)
"""Pixels across, and the theme: each width and each theme is seen, which is where axe finds different things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule of accessibility that a page breaks, and where."""

    rule: str
    impact: str
    help: str
    where: tuple[str, ...]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser this machine has, without a window."""
    path = needs.program("Chromium", called=NAMES, remedy="Install the package chromium.")
    if sys.platform == "linux" and find_library("atomic") is None:
        needs.lacking("the library that Playwright is linked to", "Install the package libatomic1.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab of its own: no cookies, no storage, nothing that another test left."""
    context = chromium.new_context(locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    yield context.new_page()
    context.close()


def axe(page: Page) -> list[Violation]:
    """Return what axe finds wrong with the page as it stands, once all of it is there."""
    page.locator("html:not([data-first])").wait_for(state="attached")
    # Evaluated by the debugger, so that the page's own content security policy stays in force.
    page.evaluate(needs.node_module("axe-core/axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return [
        Violation(
            rule=violation["id"],
            impact=violation["impact"] or "unknown",
            help=violation["help"],
            where=tuple(str(target) for node in violation["nodes"] for target in node["target"]),
        )
        for violation in found["violations"]
    ]


def faults(page: Page) -> list[object]:
    """Return what somebody cannot read on the page as it stands: for axe, or because it is wider than its window."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [*axe(page), *([f"{page.url} is {wide} too wide"] if wide > 0 else [])]


def faults_for_anybody(page: Page) -> list[object]:
    """Return what is wrong with the page, everything on it unfolded, at each width and in each theme."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    found: list[object] = []
    for width, scheme in SIGHTS:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        found += [(width, scheme, fault) for fault in faults(page)]
    return found
