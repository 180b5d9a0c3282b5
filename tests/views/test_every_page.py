"""What holds for every page there is, in a real browser: the narrowest and the widest screen, few colours, paper."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from chatops.engine.log import Batch
from chatops.events import Fact
from chatops.showing import VIEWS
from tests.browser import axe
from tests.builders import many_nights, required
from tests.pulls import town
from tests.surfaces.doors import Doors, open_doors

PAGES = sorted(address for address in VIEWS if "{" not in address)
NARROW, WIDE = 320, 3840
FARTHEST = 900
"""Pixels between a test's name and its newest night, on however wide a screen."""


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("pages")
    with open_doors(f"sqlite:///{folder / 'doors.db'}") as opened:
        events = [*town(), *many_nights(40, 12), *required("CI / test (a)")]
        facts = [Fact(event=one, source="github", correlation_id="delivery/1") for one in events]
        opened.service.writer.append(Batch(facts=facts))
        while opened.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)
        yield opened


def visit(page: Page, doors: Doors, path: str) -> None:
    page.goto(f"http://127.0.0.1:{doors.port}/{path}")


def test_the_menu_has_each_page_or_the_one_it_belongs_to(doors: Doors, page: Page) -> None:
    for path in PAGES:
        visit(page, doors, path)
        here = page.locator(".top nav a[aria-current]")

        expect(here).to_have_count(1)
        if path == "pr-tests":
            assert (here.inner_text(), here.get_attribute("aria-current")) == (
                "Pull requests",
                "true",
            )
        else:
            assert (here.get_attribute("href"), here.get_attribute("aria-current")) == (
                path,
                "page",
            )


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_no_page_scrolls_sideways(doors: Doors, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for path in PAGES:
        visit(page, doors, path)

        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.get_by_role("button", name="Keys").is_visible(), path


def test_nights_stay_beside_the_names_on_a_wide_screen(doors: Doors, page: Page) -> None:
    page.set_viewport_size({"width": WIDE, "height": 900})
    visit(page, doors, "nightly?s=name")

    name = page.locator(".grid tbody th").first.bounding_box()
    night = page.locator(".grid tbody td").first.bounding_box()
    assert name is not None
    assert night is not None
    assert night["x"] - name["x"] <= FARTHEST


def test_what_is_chosen_is_seen_where_colours_are_forced(doors: Doors, chromium: Browser) -> None:
    context = chromium.new_context(forced_colors="active", reduced_motion="reduce")
    page = context.new_page()
    for path in PAGES:
        visit(page, doors, path)
        here = page.locator(".top nav a[aria-current]")
        if here.count():
            style = here.evaluate("link => getComputedStyle(link).borderBottomStyle")
            assert style == "solid", path
        assert axe(page) == [], path
    context.close()


def test_paper_has_the_results_and_no_controls(doors: Doors, page: Page) -> None:
    page.emulate_media(media="print")
    for path in PAGES:
        visit(page, doors, path)

        expect(page.locator(".verdict").first).to_be_visible()
        for control in (".filter", ".theme", ".keys", ".news", ".top nav"):
            for found in page.locator(control).all():
                assert not found.is_visible(), (path, control)
    marks = page.evaluate("getComputedStyle(document.body).colorScheme")
    assert marks == "light"
