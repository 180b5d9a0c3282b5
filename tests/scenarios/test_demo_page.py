"""The demo, as a visitor finds it: started by its command, opened in a real browser.

With PICTURES set, what the browser sees becomes the pictures of the documents: `PICTURES=1 make test T=…`.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe, faults
from tests.needs import REPOSITORY
from tests.scenarios.process import free_port

START_SECONDS = 60
NIGHTS = 45
OWNER = "heron"
"""Who looks after jobs of the demo."""
PATIENCE = 30_000


@dataclass(frozen=True, slots=True)
class Demo:
    """The addresses that the demo printed."""

    dashboard: str
    github: str
    slack: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    said = tmp_path_factory.mktemp("demo") / "said"
    words = ["demo", "--port", str(free_port()), "--nights", str(NIGHTS), "--speed", "600"]
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "chatops", *words], stdout=log, stderr=log
        )
    try:
        yield addresses(process, said)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def addresses(process: subprocess.Popen[bytes], said: Path) -> Demo:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = re.findall(r"(http://127\.0\.0\.1:\S+)", said.read_text())
        if "Ctrl-C" in said.read_text():
            return Demo(*found[:3])
        time.sleep(0.1)
    raise AssertionError(said.read_text())


def test_the_page_filters_expands_and_has_no_fault(demo: Demo, page: Page) -> None:
    page.goto(demo.dashboard)
    # A long grid comes up part by part.
    page.locator("html:not([data-first])").wait_for(state="attached")
    before = page.locator("tbody tr:visible").count()

    page.get_by_label("Filter").fill("qemu")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=qemu**")
    page.locator("tbody tr:visible a").first.click()

    page.wait_for_url("**sel=**")
    assert 0 < page.locator("tbody tr:visible").count() < before + 5
    expect(page.locator("body")).to_contain_text("Attempt")
    assert axe(page) == []


def test_a_visitor_says_retest_and_watches_it_end(demo: Demo, page: Page) -> None:
    page.goto(demo.github)
    page.get_by_label("Speak as").select_option("mona")
    page.get_by_label("Comment", exact=True).fill("/retest")
    page.get_by_role("button", name="Comment").click()

    conversation = page.locator("body")
    expect(conversation).to_contain_text("Asked for by mona", timeout=PATIENCE)
    expect(conversation).to_contain_text("attempt 2", timeout=PATIENCE)
    expect(conversation).to_contain_text("Gatekeeper passed", timeout=3 * PATIENCE)


def test_a_visitor_asks_in_slack(demo: Demo, page: Page) -> None:
    page.goto(demo.slack)
    page.get_by_label(re.compile("Message #ci")).fill("/kata status nightly")
    page.get_by_role("button", name="Send").click()

    expect(page.locator("body")).to_contain_text("Last heard from GitHub", timeout=PATIENCE)


def test_a_visitor_presses_what_an_answer_offers(demo: Demo, page: Page) -> None:
    page.goto(demo.slack)
    page.get_by_label(re.compile("Message #ci")).fill("@kata status nightly")
    page.get_by_role("button", name="Send").click()

    page.get_by_role("button", name="What is flaky").last.click(timeout=PATIENCE)

    expect(page.locator("body")).to_contain_text("passed on the same commit", timeout=PATIENCE)


def test_a_visitor_says_in_slack_who_they_are(demo: Demo, page: Page) -> None:
    page.goto(demo.slack)
    page.get_by_label(re.compile("Message #ci")).fill("/kata link")
    page.get_by_role("button", name="Send").click()
    address = page.get_by_role("link", name="Sign in with GitHub").last
    page.goto(address.get_attribute("href", timeout=PATIENCE) or "")
    problems = axe(page)
    page.get_by_role("link", name="Sign in with GitHub").click()
    page.get_by_label("You are").select_option("mona")
    page.get_by_role("button", name="Authorize").click()
    problems += axe(page)
    page.get_by_role("button", name="Yes, link them").click()

    expect(page.locator("body")).to_contain_text("is mona on GitHub from now on")
    assert problems == []
    page.goto(demo.slack)
    expect(page.locator("body")).to_contain_text("You are mona on GitHub", timeout=PATIENCE)


def pictured(page: Page, name: str, folder: Path) -> None:
    """Take a picture of what the page shows; with PICTURES it is the one in the documents."""
    pictures = REPOSITORY / "docs" / "pictures"
    page.screenshot(path=(pictures if os.environ.get("PICTURES") else folder) / name)
    assert (pictures / name).is_file()


def test_a_visitor_finds_their_own_in_slacks_home_mutes_a_job_there_and_shows_a_page(
    demo: Demo, page: Page, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 1000, "height": 720})
    page.goto(demo.slack)
    page.get_by_label("You are").select_option(label=OWNER)
    page.get_by_role("link", name="kata Home").click()
    home = page.get_by_role("log", name="Home tab")
    expect(home).to_contain_text("My jobs:", timeout=PATIENCE)
    pictured(page, "slack-home.png", tmp_path)
    problems = axe(page)

    page.get_by_role("button", name="Mute a job").click(timeout=PATIENCE)
    form = page.get_by_role("form", name="Mute a job")
    form.get_by_label("Why").fill("the runner is being moved", timeout=PATIENCE)
    problems += axe(page)
    form.scroll_into_view_if_needed()
    pictured(page, "slack-form.png", tmp_path)
    form.get_by_role("button", name="Mute").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a job", timeout=PATIENCE)
    form.get_by_role("button", name="Never mind").click()

    page.goto(demo.slack)
    page.get_by_label(re.compile("Message #ci")).fill(f"Look: {demo.dashboard}")
    page.get_by_role("button", name="Send").click()
    shown = page.locator(".unfurl").last
    expect(shown).to_contain_text("14 nights", timeout=PATIENCE)
    pictured(page, "slack-preview.png", tmp_path)
    assert problems == []


def test_a_visitor_asks_what_is_missing_and_finds_the_question_on_the_audit(
    demo: Demo, page: Page
) -> None:
    page.goto(demo.github)
    page.get_by_label("Speak as").select_option("mona")
    page.get_by_label("Comment", exact=True).fill("/gatekeeper")
    page.get_by_role("button", name="Comment").click()
    expect(page.locator("body")).to_contain_text("Why these checks", timeout=PATIENCE)

    page.goto(demo.dashboard)
    page.get_by_role("link", name="Audit").click()
    page.get_by_role("link", name="/gatekeeper").first.click()

    expect(page.get_by_role("listitem").filter(has_text="reply posted")).to_be_visible()
    assert axe(page) == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_a_visitor_signs_in_and_presses_buttons(
    demo: Demo, chromium: Browser, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, locale="en-GB"
    )
    page = context.new_page()
    page.goto(demo.dashboard)
    page.get_by_role("link", name="Sign in").click()
    sign_in(page)
    problems = faults(page)
    page.locator("tbody tr:visible th a").first.click()
    page.get_by_role("link", name="Why it fails").click(timeout=PATIENCE)
    expect(page.get_by_role("button", name="Say it")).to_be_visible()
    problems += faults(page)
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("#answer .verdict")).to_be_visible(timeout=PATIENCE)
    problems += faults(page)

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()
    context.close()
    assert problems == []


def sign_in(page: Page, login: str = "mona") -> None:
    """Say on the pretend GitHub's page who one is."""
    page.get_by_label("You are").select_option(login)
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_visitor_without_scripts_has_it_run_again(demo: Demo, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(demo.dashboard)
    page.get_by_role("link", name="Sign in").click()
    sign_in(page)
    page.get_by_role("link", name="Commands", exact=True).click()
    page.get_by_label("Command", exact=True).fill("/test all")
    page.get_by_label("Pull request").fill(demo.github.rpartition("/")[2])
    page.get_by_role("button", name="What would happen").click()
    told(page, "Nothing was done")

    page.get_by_role("link", name="Commands", exact=True).click()
    page.get_by_label("Command", exact=True).fill("/test all now")
    page.get_by_label("Pull request").fill(demo.github.rpartition("/")[2])
    page.get_by_role("button", name="Say it").click()
    expect(page.locator("body")).to_contain_text("It spends runner hours")
    page.get_by_role("button", name="Yes, do it").click()
    told(page, "Asked for by mona")
    context.close()


def told(page: Page, words: str) -> None:
    """Reload a page until it tells something, as people do without scripts."""
    deadline = time.monotonic() + PATIENCE / 1000
    while words not in page.locator("#answer").inner_text():
        assert time.monotonic() < deadline, page.locator("body").inner_text()
        page.reload()


def test_a_visitor_with_only_a_keyboard_says_a_command(demo: Demo, page: Page) -> None:
    page.goto(demo.dashboard)
    press_on(page, "Sign in")
    sign_in(page)
    page.goto(demo.dashboard.replace("nightly", "commands"))
    tab_to(page, "say")
    page.keyboard.type("/status nightly")
    page.keyboard.press("Enter")

    expect(page.locator("#answer .verdict")).to_be_visible(timeout=PATIENCE)


def press_on(page: Page, words: str) -> None:
    """Go from one thing to the next until it is this one, and press Enter."""
    for _ in range(50):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == words:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"the keyboard does not lead to {words}")


def tab_to(page: Page, field: str) -> None:
    """Go from one thing to the next until it is this field."""
    for _ in range(50):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == field:
            return
    raise AssertionError(f"the keyboard does not lead to {field}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_readmes_pictures_show_this_page(
    demo: Demo, chromium: Browser, tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    folder = REPOSITORY / "docs" / "pictures" if os.environ.get("PICTURES") else tmp_path
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800},
        color_scheme=scheme,
        locale="en-GB",
        timezone_id="UTC",
    )
    page = context.new_page()
    page.goto(demo.dashboard)

    picture = page.screenshot(path=folder / f"nightly-{scheme}.png")
    context.close()

    assert picture.startswith(b"\x89PNG")
    assert (REPOSITORY / "docs" / "pictures" / f"nightly-{scheme}.png").is_file()
