"""Looking back in a real browser: with and without scripts, by keyboard, at three widths and in both themes."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chatops.engine.log import Batch
from chatops.events import Event, Fact
from tests.browser import axe
from tests.builders import FAIL, PASS, night
from tests.surfaces.doors import Doors, open_doors

WIDTHS = (1440, 768, 320)
EVIL = "dock <img src=x onerror=document.title='owned'> \u202eback"


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("past")
    with open_doors(f"sqlite:///{folder / 'doors.db'}") as opened:
        tell(opened, night(1, {"land": PASS, "dock": PASS}))
        tell(opened, night(0, {"land": FAIL, "dock": PASS, EVIL: FAIL}))
        yield opened


def tell(doors: Doors, events: list[Event]) -> None:
    """Record events, and wait until pages show them."""
    facts = [Fact(event=one, source="github", correlation_id="delivery/1") for one in events]
    doors.service.writer.append(Batch(facts=facts))
    while doors.service.readiness().facts["projection_lag"]:
        time.sleep(0.01)


def banner(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Moment").get_by_role("status")


def at(doors: Doors, path: str) -> str:
    return f"http://127.0.0.1:{doors.port}/{path}"


def test_everybody_can_read_it_wherever_they_look(doors: Doors, chromium: Browser) -> None:
    """The states of a page: of now, of the past, compared, and of no such moment."""
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    for path in ("nightly?at=now", "nightly?at=e3", "nightly?at=e6&compare=e3", "prs?at=soon"):
        page.goto(at(doors, path))
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert axe(page) == [], (path, scheme)
    context.close()


def test_one_goes_back_and_on_without_scripts(doors: Doors, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(at(doors, "acme/nightly?q=d"))
    page.get_by_role("link", name="Look back").click()
    expect(banner(page)).to_contain_text("This is now, event 7.")

    page.get_by_role("link", name="‹ event").click()
    page.get_by_role("link", name="‹ event").click()
    expect(banner(page)).to_contain_text("(event 5), by what was known then")
    assert re.search(r"/acme/nightly\?q=d&at=e5$", page.url)
    expect(page).to_have_title(re.compile(r"^\d+ \w{3} \d{4}, [\d:]+ UTC: Acme"))
    expect(page.locator("input[type=search][name=q], input[type=text][name=q]")).to_have_value("d")

    page.get_by_role("link", name="Audit", exact=True).click()
    expect(banner(page)).to_contain_text("(event 5)")
    page.get_by_role("link", name="event ›").click()
    expect(banner(page)).to_contain_text("(event 6)")
    page.get_by_role("link", name="by event time").click()
    expect(banner(page)).to_contain_text("with all that had happened by then")
    page.get_by_role("link", name="Back to now").click()
    expect(page.locator(".past")).to_have_count(0)
    context.close()


def test_what_changed_stands_above_the_page(doors: Doors, page: Page) -> None:
    page.goto(at(doors, "nightly?at=e7&compare=e3"))

    changes = page.get_by_role("region", name="What changed between")
    expect(changes).to_contain_text("tests: 2 changed, 1 new")
    expect(changes).to_contain_text(EVIL)
    assert page.title() != "owned"


def test_a_slider_goes_over_the_time_of_the_log(doors: Doors, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(at(doors, "nightly?at=now"))
    slider = page.get_by_role("slider")
    expect(slider).to_have_value("1000")

    slider.focus()
    page.keyboard.press("Home")

    expect(page).to_have_url(re.compile(r"at=\d{4}-\d\d-\d\dT\d\d%3A\d\d"))
    assert [one for one in complaints if "400" not in one] == []


def test_the_past_is_kept_by_browsers_and_says_when_it_is_not_ready(doors: Doors) -> None:
    first = doors.client.get("/nightly", params={"at": "e3"})
    again = doors.client.get(
        "/nightly", params={"at": "e3"}, headers={"if-none-match": first.headers["etag"]}
    )
    wrong = doors.client.get("/nightly.json", params={"at": "soon"})

    assert first.status_code == 200
    assert again.status_code == 304
    assert wrong.status_code == 400
    assert wrong.json()["detail"].startswith("“soon” names no moment.")
    assert first.headers["content-security-policy"].startswith("default-src 'none'")


def test_nothing_can_be_asked_for_in_the_past(doors: Doors) -> None:
    page = doors.client.get("/commands", params={"at": "e3"}).text

    assert "Nothing can be asked for in the past." in page
    assert 'method="post"' not in page
    assert "Sign in" not in page


def test_before_the_first_event_there_is_only_what_was_heard_later(doors: Doors) -> None:
    recorded = doors.service.log.recorded_at
    with doors.service.database.read() as db:
        at_first = recorded(db, [1])[1]
    moment = (at_first - timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")

    known = doors.client.get("/nightly", params={"at": moment})
    happened = doors.client.get("/nightly", params={"at": moment, "by": "event"})

    assert known.status_code == 400
    assert "Try by event time" in known.text
    assert happened.status_code == 200
