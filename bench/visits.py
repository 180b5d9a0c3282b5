"""A visit to a page in a real browser: cold, with nothing kept, and what it cost until nothing more came.

The same is measured of any page, so that ours can stand beside another in one run.
"""

import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

from bench.makes import Act

QUIET_SECONDS = 1.0
"""For which nothing must arrive until a page counts as loaded; what listens for news never ends."""
PATIENCE_SECONDS = 60.0
REST_MILLISECONDS = 150
WIDTHS = {"desktop": (1440, 900), "4G": (390, 844)}
SLOW = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
"""A phone on the road, as Lighthouse has it: 150 ms, 1.6 Mbit/s, and a fourth of the processor."""
SLOWER = 4

WATCH = """
(rows) => {
  const seen = { last: 0, rows: 0, long: 0 };
  window.__seen = seen;
  const isOfRows = ({ type, target }) =>
    type === "attributes" && (target.matches(rows) || target.querySelector(rows) !== null);
  const look = (changes) => {
    const number = document.querySelectorAll(rows).length;
    if (number !== seen.rows || changes.some(isOfRows)) {
      seen.rows = number;
      requestAnimationFrame(() => requestAnimationFrame(() => { seen.last = performance.now(); }));
    }
  };
  // Rows that are there and shown later count when they are shown.
  const shown = ["hidden", "style", "data-first", "data-seen"];
  new MutationObserver(look).observe(document, {
    childList: true, subtree: true, attributes: true, attributeFilter: shown,
  });
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) {
      seen.long += Math.max(0, task.duration - 50);
    }
  }).observe({ type: "longtask", buffered: true });
}
"""
UNTIL_PAINTED = """
([act, done, patience]) => new Promise((tell, fail) => {
  // Read at once: later the page's own policy forbids it.
  const [perform, isDone] = [(0, eval)(act), (0, eval)(done)];
  const began = performance.now();
  const since = () => performance.now() - began;
  const look = () => requestAnimationFrame(() => {
    if (isDone()) setTimeout(() => tell(since()), 0);
    else if (since() < patience) look();
    else fail(new Error(`Never so: ${done}`));
  });
  perform();
  look();
})
"""


IN_SIGHT = """
(rows) => [...document.querySelectorAll(rows)].filter((row) => {
  const { top, bottom } = row.getBoundingClientRect();
  return row.checkVisibility() && top >= 0 && bottom <= window.innerHeight;
}).length
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What one visit cost. Times are milliseconds; bytes are those that came over the wire, with their headers."""

    requests: float
    bytes: float
    script_bytes: float
    style_bytes: float
    rows: float
    in_sight: float
    last_row: float
    blocked: float
    elements: float


class Wire:
    """Counts what comes over the wire, as the browser's debugger tells of it."""

    def __init__(self, session: CDPSession) -> None:
        self.sizes: dict[str, float] = {}
        self.kinds: dict[str, str] = {}
        self.heard_at = time.monotonic()
        session.on("Network.requestWillBeSent", self._asked)
        session.on("Network.responseReceived", self._answered)
        session.on("Network.dataReceived", self._more)
        session.on("Network.loadingFinished", self._ended)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def bytes(self, kind: str = "") -> float:
        """Return how many bytes came, of one kind if it is said."""
        return sum(size for one, size in self.sizes.items() if kind in {"", self.kinds.get(one)})

    def _asked(self, event: Mapping[str, Any]) -> None:
        self.heard_at = time.monotonic()
        self.kinds[event["requestId"]] = event["type"]
        self.sizes.setdefault(event["requestId"], 0)

    def _answered(self, event: Mapping[str, Any]) -> None:
        self.heard_at = time.monotonic()
        self.sizes[event["requestId"]] = event["response"]["encodedDataLength"]

    def _more(self, event: Mapping[str, Any]) -> None:
        one = event["requestId"]
        self.sizes[one] = self.sizes.get(one, 0) + event["encodedDataLength"]
        if self.kinds.get(one) != "EventSource":
            self.heard_at = time.monotonic()

    def _ended(self, event: Mapping[str, Any]) -> None:
        self.heard_at = time.monotonic()
        self.sizes[event["requestId"]] = event["encodedDataLength"]


@contextmanager
def visited(
    browser: Browser, address: str, *, profile: str = "desktop", rows: str = "tr"
) -> Iterator[tuple[Page, Visit]]:
    """Open a page in a browser that knows nothing of it; yield it with what that cost."""
    width, height = WIDTHS[profile]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB")
    try:
        page = context.new_page()
        session = context.new_cdp_session(page)
        wire = Wire(session)
        if profile == "4G":
            session.send("Network.emulateNetworkConditions", SLOW)
            session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.add_init_script(f"({WATCH})({rows!r})")
        page.goto(address, wait_until="load", timeout=PATIENCE_SECONDS * 1_000)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() - wire.heard_at < QUIET_SECONDS and time.monotonic() < deadline:
            page.wait_for_timeout(50)
        seen = page.evaluate("window.__seen")
        yield (
            page,
            Visit(
                requests=len(wire.kinds),
                bytes=wire.bytes(),
                script_bytes=wire.bytes("Script"),
                style_bytes=wire.bytes("Stylesheet"),
                rows=seen["rows"],
                in_sight=page.evaluate(IN_SIGHT, rows),
                last_row=seen["last"],
                blocked=seen["long"],
                elements=page.evaluate("document.querySelectorAll('*').length"),
            ),
        )
    finally:
        context.close()


def painted(page: Page, act: Act) -> float:
    """Return how many milliseconds it took from an act until what it does was painted.

    It begins when the page is at rest: nobody types again before what they have typed is there.
    """
    act.ready(page)
    page.wait_for_timeout(REST_MILLISECONDS)
    return float(page.evaluate(UNTIL_PAINTED, [act.does, act.done, PATIENCE_SECONDS * 1_000]))


def medians(visits: list[Visit]) -> Visit:
    """Return the middle of each figure."""
    return Visit(
        **{
            one.name: statistics.median(getattr(visit, one.name) for visit in visits)
            for one in fields(Visit)
        }
    )
