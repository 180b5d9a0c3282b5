"""The ledger of flaky tests and the trends in a real browser: both themes, three widths, with and without scripts."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs
from playwright.sync_api import Browser, Page, expect

from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.events.runs import JobCompleted, RunCompleted
from tests.browser import faults_for_anybody
from tests.commands.nights import CALLER, night
from tests.pulls import HOSTILE, RULES, opened, ran
from tests.scene import NOW
from tests.surfaces.doors import Doors, open_doors

FAILED, PASSED = "failure:Run tests", "success"
LONG = "caller / run-on-a-platform (that, goes, on) / test (with, a, very, long, name, of, its)"
HOSTILE_NAMES = [name[:900] for name in HOSTILE]
PAGES = (
    "flaky",
    "flaky?w=13w&s=times&sel=CI+/+test+(a)",
    "flaky?q=nothing&where=odd",
    "health",
    "health?w=4w&q=nobody",
)


def today(events: list[Event]) -> list[Event]:
    """Return the same as it would be if the tests' day were today: the pages look at weeks up to now."""
    later = datetime.now(UTC) - timedelta(hours=1) - NOW
    moved: list[Event] = []
    for one in events:
        changes: dict[str, Any] = {
            name: moment + later
            for name in ("created_at", "started_at", "completed_at")
            if (moment := getattr(one, name, None)) is not None
        }
        if isinstance(one, JobCompleted):
            changes["labels"] = ("self-hosted", "arm64")
        is_moved = isinstance(one, JobCompleted | RunCompleted)
        moved.append(structs.replace(one, **changes) if is_moved else one)
    return moved


EVENTS = today([
    structs.replace(RULES, names=(*RULES.names, f"Nightly / {CALLER}nozzle")),
    *night(9, nozzle=["failure", "success"], tank="success"),
    *night(2, nozzle=["failure", "success"], tank=["failure", "failure"]),
    opened(1),
    *ran(1, {"test (a)": FAILED, LONG: FAILED, "build": PASSED}),
    *ran(1, {"test (a)": PASSED, LONG: PASSED}, attempt=2),
    opened(2),
    *ran(2, dict.fromkeys(HOSTILE_NAMES, FAILED)),
    *ran(2, dict.fromkeys(HOSTILE_NAMES, PASSED), attempt=2),
])  # fmt: skip


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("pages")
    with open_doors(f"sqlite:///{folder / 'doors.db'}") as opened_doors:
        facts = [
            Fact(event=event, source="github", correlation_id="delivery/1") for event in EVENTS
        ]
        opened_doors.service.writer.append(Batch(facts=facts))
        while opened_doors.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)
        yield opened_doors


def address(doors: Doors, path: str) -> str:
    return f"http://127.0.0.1:{doors.port}/{path}"


@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_read_it_at_every_width(doors: Doors, page: Page, path: str) -> None:
    page.goto(address(doors, path))

    assert faults_for_anybody(page) == []
    assert page.title().startswith("Acme: ")


def test_somebody_finds_out_what_proves_that_a_test_is_flaky(doors: Doors, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(address(doors, "nightly"))
    page.get_by_role("link", name="Flakes").click()

    row = page.get_by_role("row").filter(has_text="test (a)")
    expect(row).to_contain_text("required")
    expect(row).to_contain_text("1 of 1")
    row.get_by_role("link", name="what proves it").click()
    proof = page.get_by_role("region", name="Commits on which it failed and passed")
    expect(proof.get_by_role("link", name="attempt 1: failed")).to_be_visible()
    proof.get_by_role("link", name="attempt 2: passed").click()
    expect(page).to_have_url(address(doors, "runs/1002/2"))

    page.go_back()
    page.get_by_role("link", name="The test’s own page").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("test (a)")


def test_the_chrome_stays_one_line(doors: Doors, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(address(doors, "flaky"))

    assert page.evaluate("document.querySelector('.top').offsetHeight") < 60


def test_everything_is_there_without_scripts(doors: Doors, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address(doors, "flaky"))

    page.get_by_label("Where").select_option("nights")
    page.get_by_role("button", name="Apply").click()
    assert "where=nights" in page.url
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)

    page.get_by_role("link", name="Health over the weeks").click()
    page.locator("summary").first.click()
    expect(page.get_by_role("columnheader", name="Red in the end")).to_be_visible()
    page.get_by_label("Runner", exact=True).fill("arm64")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("row").filter(has_text="self-hosted, arm64")).to_be_visible()
    context.close()


def test_nothing_is_refused_and_nothing_runs_that_should_not(doors: Doors, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in PAGES:
        page.goto(address(doors, path))
        page.wait_for_load_state("networkidle")

    assert complaints == []
