import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import uvicorn
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from chatops.answers.nights import NightBoard, night_board
from chatops.config import Community, Owner, OwnerGroup
from chatops.pages.nightly import render_nightly
from chatops.surfaces.pages import CONTENT_SECURITY_POLICY
from chatops.views.page import asset
from tests.browser import faults, faults_for_anybody
from tests.builders import (
    CANCELLED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    SCHEDULE,
    SETUP,
    SKIPPED,
    many_nights,
    night,
    nights_database,
    required,
)

WIDTHS = (1440, 768, 320)
FIRST = "suite / launch / test (engine, cold)"
SECOND = "suite / launch / test (engine, warm)"
EVIL = "suite / <img src=x onerror=document.title='owned'>"


@dataclass
class Site:
    """The nightly page as a browser finds it; `board` is what it shows."""

    board: NightBoard
    empty: NightBoard
    address: str = ""
    asked: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        community = Community(
            key="acme",
            title="Acme Rockets",
            repositories=(REPO,),
            maintainers=(
                OwnerGroup(
                    regex="launch",
                    group="Launch crew",
                    owners=(Owner(github="mona", fullname="Mona"),),
                ),
            ),
        )

        async def nightly(request: Request) -> Response:
            self.asked.append(str(request.url.query))
            board = {"/empty": self.empty, "/old": self.old}.get(request.url.path, self.board)
            page = render_nightly(board, dict(request.query_params), community)
            return Response(
                page,
                media_type="text/html",
                headers={"content-security-policy": CONTENT_SECURITY_POLICY},
            )

        async def static(request: Request) -> Response:
            found = asset(request.path_params["name"])
            assert found is not None
            return Response(found[0], media_type=found[1])

        return Starlette(
            routes=[
                Route("/nightly", nightly),
                Route("/empty", nightly),
                Route("/old", nightly),
                Route("/static/{version}/{name}", static),
            ]
        )

    @property
    def old(self) -> NightBoard:
        return replace(self.board, now=MORNING + timedelta(hours=40))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("site")
    facts = [
        *many_nights(60, 30),
        *required(f"CI / {FIRST}"),
        *night(-1, {FIRST: FAIL, SECOND: PASS, EVIL: FAIL, "suite / power / a": SETUP,
                    "suite / power / b": CANCELLED, "suite / power / c": SKIPPED}),
    ]  # fmt: skip
    (folder / "empty").mkdir()
    with nights_database(folder, facts) as db:
        board = night_board(db, [REPO], [SCHEDULE], now=MORNING)
    with nights_database(folder / "empty", []) as db:
        empty = night_board(db, [REPO], [SCHEDULE], now=MORNING)
    site = Site(board=board, empty=empty)
    server = uvicorn.Server(uvicorn.Config(site.app(), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    site.address = f"http://127.0.0.1:{port}"
    yield site
    server.should_exit = True
    thread.join()


def test_the_failed_tests_are_seen_at_once(site: Site, page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{site.address}/nightly")

    expect(page.get_by_role("link", name=FIRST.rpartition(" / ")[2])).to_be_in_viewport()
    expect(page.get_by_text("tests failed in the night of")).to_be_in_viewport()
    expect(page.locator("td.f").first).to_be_in_viewport()


def test_typing_filters_and_enter_keeps_it(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/nightly")

    page.keyboard.press("/")
    page.keyboard.type("warm LAUNCH")
    expect(page.locator("#shown")).to_have_text("1 of 66 tests")
    expect(page.locator(".grid tbody tr:visible")).to_have_count(1)
    assert "q=warm+LAUNCH" in page.url

    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.address}/nightly?q=warm+LAUNCH")
    expect(page.locator("#shown")).to_have_text("1 of 66 tests")
    expect(page.locator("#q")).to_have_value("warm LAUNCH")


def test_clearing_the_filter_brings_everything_back(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/nightly?q=warm")

    page.locator("#q").fill("")
    expect(page.locator("#shown")).to_have_text("66 of 66 tests")
    page.locator("#q").fill("nothing is called so")
    expect(page.locator("#none")).to_be_visible()


def test_keys_walk_the_tests_and_open_one(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/nightly")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("tbody th a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("tr.detail")).to_contain_text("It failed the only time it ran")
    assert "sel=" in page.url
    page.keyboard.press("Escape")
    expect(page.locator("tr.detail")).to_have_count(0)
    expect(page.locator("tbody th a").first).to_be_focused()
    assert "sel=" not in page.url


def test_an_opened_test_is_the_same_after_a_reload(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/nightly")
    page.get_by_role("link", name=FIRST.rpartition(" / ")[2]).click()
    fetched = page.locator("tr.detail").inner_text()

    page.reload()

    assert page.locator("tr.detail").inner_text() == fetched
    assert "Launch crew" in fetched


def test_letters_typed_into_the_filter_are_no_commands(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/nightly")

    page.locator("#q").press_sequentially("jk/")
    expect(page.locator("#q")).to_have_value("jk/")
    expect(page.locator("#q")).to_be_focused()


def test_the_theme_is_kept(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/nightly")
    page.get_by_role("button", name="Theme: auto").click()
    page.get_by_role("button", name="Theme: light").click()

    page.reload()

    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


def test_everything_is_there_without_scripts(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.address}/nightly")

    page.locator("#q").fill("launch engine")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".grid tbody tr:visible")).to_have_count(2)
    page.get_by_role("link", name=FIRST.rpartition(" / ")[2]).click()
    expect(page.locator("tr.detail")).to_contain_text("Launch crew")
    expect(page.locator("#q")).to_have_value("launch engine")
    expect(page.locator("#theme")).to_be_hidden()
    context.close()


def test_nothing_is_refused_and_nothing_runs_that_should_not(site: Site, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))

    page.goto(f"{site.address}/nightly")
    page.wait_for_load_state("networkidle")
    assert len(requests) <= 5
    page.locator("a[title*='onerror']").click()
    expect(page.locator("tr.detail")).to_be_visible()

    assert complaints == []
    assert page.title() != "owned"
    assert all(address.startswith(site.address) for address in requests)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways(site: Site, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path in (
        "nightly",
        "nightly?sel=" + FIRST,
        "nightly?q=zzz",
        "nightly?n=90",
        "empty",
        "old",
    ):
        page.goto(f"{site.address}/{path}")

        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 1366, 1440])
def test_a_month_of_nights_and_its_numbers_fit_a_laptop(site: Site, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{site.address}/nightly")

    hidden = page.locator(".scroller").evaluate("one => one.scrollWidth - one.clientWidth")
    assert page.locator(".grid thead tr:last-child").first.locator("th").count() == 1 + 30 + 5
    assert hidden == 0
    assert faults(page) == []


@pytest.mark.parametrize(
    "path",
    [
        "nightly",
        f"nightly?sel={FIRST}",
        "nightly?q=zzz",
        "nightly?g=tree&s=name",
        "nightly?q=status:failed+stauts:x",
        "empty",
        "old",
    ],
)
def test_everybody_can_read_it_at_every_width(site: Site, page: Page, path: str) -> None:
    page.goto(f"{site.address}/{path}")

    assert faults_for_anybody(page) == []


def test_the_script_finds_what_the_server_finds(site: Site, page: Page) -> None:
    """What is typed, and what is asked of the server: both let the same tests through."""
    for text in (
        "launch", "ENGINE cold", "/ launch", "(engine,", "-", "case-1", "suite-2 -platform", "a,b", "zzz",
        "status:failed case-1",
    ):  # fmt: skip
        page.goto(f"{site.address}/nightly?{urlencode({'q': text})}")
        by_server = page.locator("#shown").inner_text()
        words = [word for word in text.split() if ":" in word]
        page.goto(f"{site.address}/nightly?{urlencode({'q': ' '.join(words)})}")
        page.locator("#q").fill(text)
        expect(page.locator("#shown")).to_have_text(
            "Enter applies it" if "," in text or " -" in text else by_server
        )
        page.keyboard.press("Enter")
        expect(page.locator("#shown")).to_have_text(by_server)


def test_groups_that_somebody_shut_are_shut_after_a_reload(site: Site, page: Page) -> None:
    page.goto(f"{site.address}/nightly?g=tree")
    group = page.locator("details.group").first
    group.locator("> summary").click()
    expect(group).not_to_have_attribute("open", "")
    assert "shut=" in page.url

    page.reload()
    expect(group).not_to_have_attribute("open", "")
    group.locator("> summary").click()

    expect(group).to_have_attribute("open", "")
    assert "shut=" not in page.url
    page.reload()
    expect(group).to_have_attribute("open", "")


def test_a_chip_is_a_link_that_needs_no_script(site: Site, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.address}/nightly")

    page.locator(".counts").get_by_role("link", name="2 failed", exact=True).click()

    expect(page.locator("#q")).to_have_value("status:failed")
    expect(page.locator(".grid tbody tr:visible")).to_have_count(2)
    context.close()


SHOWN_BY_PARTS = """
() => {
  window.steps = [];
  new MutationObserver(() => {
    const seen = document.querySelectorAll(".grid > [data-seen]").length;
    window.steps.push("first" in document.documentElement.dataset ? seen : "all");
  }).observe(document, { attributes: true, attributeFilter: ["data-first", "data-seen"], subtree: true });
}
"""


def test_a_long_grid_comes_part_by_part_and_then_is_whole(site: Site, page: Page) -> None:
    page.add_init_script(f"({SHOWN_BY_PARTS})()")
    page.goto(f"{site.address}/nightly")

    page.locator("html:not([data-first])").wait_for(state="attached")
    *parts, last = page.evaluate("window.steps")
    assert last == "all"
    assert parts[0] == 0
    assert parts == sorted(set(parts))
    assert page.locator("[data-first], [data-seen]").count() == 0
    expect(page.locator(".grid > [open]").nth(1).locator("th a").first).to_be_visible()


def test_who_comes_for_one_test_has_the_grid_at_once(site: Site, page: Page) -> None:
    page.add_init_script(f"({SHOWN_BY_PARTS})()")
    page.goto(f"{site.address}/nightly?sel={quote(FIRST)}")
    page.reload()

    assert page.evaluate("window.steps") == []
