"""The pages of what is required, of people and of the bot in a real browser: both themes, three widths, no scripts."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from msgspec import structs
from playwright.sync_api import Browser, Page, expect

from chatops.config import Owner, OwnerGroup
from chatops.engine.log import Batch
from chatops.events import Fact
from tests.browser import faults_for_anybody
from tests.builders import FAIL, PASS, night
from tests.pulls import HOSTILE
from tests.rules import BROKEN, COMMUNITY, FLAKY, GOOD, GROUPS, LISTS, in_pulls, nights, version
from tests.surfaces.doors import Doors, open_doors

EVIL = tuple(
    OwnerGroup(regex="one|bold|xxx", group=text, owners=(Owner(fullname=text, slack=text),))
    for text in HOSTILE
)
TOWN = structs.replace(COMMUNITY, maintainers=(*GROUPS, *EVIL))
PAGES = (
    "required",
    "required?q=nothing+of+this&set=odd",
    "required?set=test&unowned=1&s=reruns",
    "people",
    "status",
)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("pages")
    evil = [
        version(4, 2, (FLAKY, BROKEN, *HOSTILE[:2]), always=HOSTILE[2:]),
        *(fact for ago in range(2) for fact in night(ago, dict.fromkeys(HOSTILE, PASS))),
        *night(2, {**dict.fromkeys(HOSTILE, FAIL)}),
    ]
    events = [*LISTS, *nights(), *in_pulls(before=datetime.now(UTC)), *evil]
    with open_doors(f"sqlite:///{folder / 'doors.db'}", community=TOWN) as opened:
        facts = [
            Fact(event=event, source="github", correlation_id="delivery/1") for event in events
        ]
        opened.service.writer.append(Batch(facts=facts))
        while opened.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)
        yield opened


def address(doors: Doors, path: str) -> str:
    return f"http://127.0.0.1:{doors.port}/{path}"


@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_read_it_at_every_width(doors: Doors, page: Page, path: str) -> None:
    page.goto(address(doors, path))

    assert faults_for_anybody(page) == []
    assert page.title() != "owned"


def test_the_navigation_is_one_line(doors: Doors, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(address(doors, "required"))

    tops = page.locator("nav[aria-label=Pages] a").evaluate_all(
        "links => links.map(link => link.getBoundingClientRect().top)"
    )
    assert len(set(tops)) == 1


def test_a_maintainer_takes_the_evidence_along(doors: Doors, chromium: Browser) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address(doors, "required"))

    page.locator("summary").filter(has_text=GOOD).click()
    page.get_by_role("button", name=f"Copy the evidence about {GOOD}").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    context.close()

    assert copied.startswith(f"**Require `{GOOD}`**\n\n- Nights: passed at the first attempt in")


def test_everything_is_there_without_scripts(doors: Doors, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address(doors, "required"))

    page.get_by_label("Nobody’s").check()
    page.get_by_label("Sort").select_option("name")
    page.get_by_role("button", name="Apply").click()
    assert "unowned=1" in page.url
    expect(page.get_by_role("link", name="test (gyro)")).to_be_visible()
    page.get_by_role("link", name="Who looks after what").click()
    row = page.get_by_role("row").filter(has_text="Propulsion")
    expect(row).to_contain_text(BROKEN)
    page.get_by_role("link", name="Status of the bot").click()
    expect(page.get_by_role("heading", name="The bot itself")).to_be_visible()
    context.close()


def test_a_failing_test_of_a_group_leads_to_its_page(doors: Doors, page: Page) -> None:
    page.goto(address(doors, "acme/people"))
    page.get_by_role("row").filter(has_text="Ground").get_by_role("link", name=BROKEN).click()

    expect(page.get_by_text("It has been failing for 4 nights in a row")).to_be_visible()


def test_nothing_is_refused_and_nothing_runs_that_should_not(doors: Doors, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in PAGES:
        page.goto(address(doors, path))
        page.wait_for_load_state("networkidle")

    assert complaints == []
