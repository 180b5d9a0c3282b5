"""The pages about commands in a real browser: both themes, three widths, with and without scripts."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from chatops.engine.log import Batch
from chatops.events import Event, Fact, event_id
from chatops.events.conversation import CommandAccepted, CommandRefused
from chatops.events.reruns import RerunRequested, RerunStarted
from chatops.names import CommandId, RunId
from tests.browser import faults_for_anybody
from tests.scene import COMMAND, HEAD, REPO, received
from tests.surfaces.doors import Doors, open_doors

REFUSED = CommandId("command/github/comment/2")
LONG = "a-job / with-a-name (that, goes, on, and, on) / " * 3
STORY: list[Event] = [
    received(),
    CommandAccepted(command=COMMAND, role="permission write"),
    RerunRequested(
        command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(1), attempt=1, workflow="CI",
        scope="failed", jobs=(LONG, "b"),
    ),
    RerunStarted(command=COMMAND, repo=REPO, run_id=RunId(1), attempt=2, workflow="CI"),
    received(command=REFUSED, verb="label", words=(LONG,), by="alice"),
    CommandRefused(command=REFUSED, reason="not_permitted", text="No."),
]  # fmt: skip
PAGES = ("commands", "audit", "audit?who=nobody&outcome=odd", f"audit/{event_id(COMMAND)}")


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("pages")
    with open_doors(f"sqlite:///{folder / 'doors.db'}") as opened:
        facts = [
            Fact(event=event, source="github", correlation_id=getattr(event, "command", ""))
            for event in STORY
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


def test_it_works_without_scripts(doors: Doors, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address(doors, "audit"))

    page.get_by_label("Outcome").select_option("refused")
    page.get_by_role("button", name="Apply").click()

    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("not permitted")
    context.close()


def test_a_person_leads_to_their_commands_and_a_command_to_its_story(
    doors: Doors, page: Page
) -> None:
    page.goto(address(doors, "acme/audit"))

    page.get_by_role("link", name="mona").click()
    page.get_by_role("link", name="/retest").click()

    expect(page.get_by_role("listitem").filter(has_text="rerun started")).to_be_visible()
    page.get_by_role("link", name="Commands", exact=True).click()
    expect(page.get_by_role("heading", name="Commands")).to_be_visible()
