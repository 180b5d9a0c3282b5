"""The pages about pull requests in a real browser: both themes, three widths, with and without scripts."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from chatops.engine.log import Batch
from chatops.events import Fact
from chatops.events.conversation import CommandAccepted
from chatops.names import PullNumber
from tests.browser import faults_for_anybody
from tests.pulls import FAILING, HOSTILE, opened, ran, town
from tests.scene import COMMAND, received
from tests.surfaces.doors import Doors, open_doors

LONG = (
    "caller / run-on-a-platform (that, goes, on) / test (with, a, very, long, name, of, its, own)"
)
EVIL = 8
EVENTS = [
    *town(),
    *ran(1, {LONG: "failure:Run tests"}, run=2),
    *ran(1, {**FAILING, LONG: "cancelled"}, run=3),
    received(number=PullNumber(1), words=("required",)),
    CommandAccepted(command=COMMAND, role="permission write"),
    opened(EVIL, title=HOSTILE[0] + HOSTILE[1] + HOSTILE[3], author=HOSTILE[4][:39]),
    *ran(EVIL, {name[:900]: "failure:Run tests" for name in HOSTILE}),
]
PAGES = (
    "prs",
    "prs?author=nobody&blocked=odd",
    "prs/1",
    "prs/4",
    f"prs/{EVIL}",
    "pr-tests?w=30d&all=1",
    "pr-tests?w=30d&sel=CI+/+test+(a)",
    "pr-tests?q=nothing",
)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("pages")
    with open_doors(f"sqlite:///{folder / 'doors.db'}") as opened_doors:
        facts = [
            Fact(event=event, source="github", correlation_id=getattr(event, "command", ""))
            for event in EVENTS
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
    assert page.title() != "owned"


def test_the_author_of_a_red_pull_request_finds_what_to_say(doors: Doors, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(address(doors, "acme/prs"))
    page.get_by_role("link", name="failed", exact=False).first.click()
    page.get_by_role("link", name="#1 Change 1").click()

    expect(page.get_by_text("cannot be merged yet: 1 required check failed")).to_be_in_viewport()
    row = page.get_by_role("row").filter(has_text="test (a)").first
    expect(row).to_contain_text('/retest "CI / test (a)"')
    row.get_by_text("cannot tell").click()
    expect(row).to_contain_text("The nightly does not have this job")
    page.get_by_role("link", name="/retest required").click()
    expect(page.get_by_role("listitem").filter(has_text="command accepted")).to_be_visible()


def test_a_command_is_copied_as_it_stands(doors: Doors, chromium: Browser) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address(doors, "prs/1"))

    page.get_by_role("button", name='Copy /retest "CI / test (a)"').click()
    expect(page.get_by_text("Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    context.close()

    assert copied == '/retest "CI / test (a)"'


def test_everything_is_there_without_scripts(doors: Doors, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address(doors, "prs"))

    page.get_by_label("Blocked by").select_option("waiting")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="#4 Change 4").click()
    page.locator("summary").filter(has_text="never reported").click()
    expect(page.get_by_text("is missing")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)

    page.goto(address(doors, "pr-tests?w=30d"))
    page.get_by_label("Also what never failed").check()
    page.get_by_role("button", name="Apply").click()
    assert "all=1" in page.url
    context.close()


def test_nothing_is_refused_and_nothing_runs_that_should_not(doors: Doors, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in PAGES:
        page.goto(address(doors, path))
        page.wait_for_load_state("networkidle")

    assert complaints == []
