"""A real browser for the tests of what people see, and axe to judge who can read it.

Playwright's plain interface keeps an event loop running in the test's thread for as long as the
browser is open, so `asyncio.run` does not work there. Hence the browser belongs to one module of
tests, and the server it visits runs in another thread or process.
"""

import sys
from collections.abc import Iterator
from ctypes.util import find_library
from dataclasses import dataclass

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
    """Return what axe finds wrong with the page as it stands."""
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
