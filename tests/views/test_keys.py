"""The keys of every page, in a real browser: rows, filter, places, help, and that they can be switched off."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from chatops.engine.log import Batch
from chatops.events import Fact
from tests.browser import axe
from tests.builders import FAIL, PASS, night
from tests.pulls import town
from tests.surfaces.doors import Doors, open_doors


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("pages")
    events = [*town(), *night(0, {"suite / a": FAIL, "suite / b": PASS, "suite / c": FAIL})]
    with open_doors(f"sqlite:///{folder / 'doors.db'}") as opened:
        facts = [Fact(event=one, source="github", correlation_id="delivery/1") for one in events]
        opened.service.writer.append(Batch(facts=facts))
        while opened.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)
        yield opened


def at(doors: Doors, path: str) -> str:
    return f"http://127.0.0.1:{doors.port}/{path}"


def test_keys_walk_a_list_open_its_rows_and_lead_elsewhere(doors: Doors, page: Page) -> None:
    page.goto(at(doors, "prs"))
    rows = page.locator("tbody th a")

    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    aim = rows.nth(0).get_attribute("href")
    assert aim is not None
    page.keyboard.press("Enter")
    expect(page).to_have_url(at(doors, aim))

    for key, place in (
        ("f", "flaky"), ("r", "required"), ("h", "health"), ("o", "people"), ("s", "status"), ("a", "audit"),
        ("p", "prs"),
    ):  # fmt: skip
        page.go_back()
        page.wait_for_load_state()
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page).to_have_url(at(doors, place))


@pytest.mark.parametrize("path", ["nightly", "prs", "flaky", "pr-tests", "audit"])
def test_the_slash_leads_to_the_filter_and_escape_out_of_it(
    doors: Doors, page: Page, path: str
) -> None:
    page.goto(at(doors, path))
    field = page.locator("main form[role=search] input:not([type=checkbox])").first

    page.keyboard.press("/")
    expect(field).to_be_focused()
    # In a field, letters are letters.
    page.keyboard.type("jk?gp")
    expect(field).to_have_value("jk?gp")
    page.keyboard.press("Escape")
    expect(field).not_to_be_focused()


def test_links_are_copied(doors: Doors, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(at(doors, "prs?s=reruns"))
    copied = "navigator.clipboard.readText()"

    page.keyboard.press("y")
    expect(page.locator(".news .said")).to_have_text("The link of the page is copied.")
    assert page.evaluate(copied) == page.url
    page.keyboard.press("j")
    page.keyboard.press("y")
    expect(page.locator(".news .said")).to_have_text("The link of the row is copied.")
    link = page.locator("tbody th a").first
    assert page.evaluate(copied) == link.evaluate("link => link.href")


@pytest.mark.parametrize("width", [1280, 320])
def test_the_keys_are_named_and_can_be_switched_off(
    doors: Doors, chromium: Browser, width: int
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 700}, color_scheme="dark" if width < 400 else "light"
    )
    page = context.new_page()
    page.goto(at(doors, "nightly"))
    page.keyboard.press("j")
    dialog = page.get_by_role("dialog", name="Keys")

    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    assert axe(page) == []
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".grid th a").first).to_be_focused()

    page.get_by_role("button", name="Keys").click()
    dialog.get_by_label("Single letters are keys").uncheck()
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Keys")).to_be_focused()
    page.reload()
    page.keyboard.press("j")
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    expect(page.locator("body")).to_be_focused()
    page.get_by_role("button", name="Keys").click()
    expect(dialog.get_by_label("Single letters are keys")).not_to_be_checked()
    context.close()


def test_keys_with_a_modifier_are_the_browsers(doors: Doors, page: Page) -> None:
    page.goto(at(doors, "nightly"))

    for key in ("Control+j", "Alt+j", "Meta+j", "Control+y"):
        page.keyboard.press(key)

    expect(page.locator("body")).to_be_focused()
