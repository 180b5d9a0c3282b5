"""Pages that change while they are open, in a real browser and over the real stream."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.events.runs import JobCompleted, JobStarted
from chatops.names import PullNumber
from tests.browser import axe
from tests.builders import FAIL, PASS, RUNNING, NightOf
from tests.scene import pull
from tests.surfaces.doors import Doors, open_doors

JOBS = tuple(f"suite / {letter}" for letter in "abcdefgh")
TONIGHT = NightOf(ago=0, attempts=[dict.fromkeys(JOBS, RUNNING)], is_over=False)
NIGHT = list(TONIGHT.facts())
BEGUN = {one.name: one for one in NIGHT if isinstance(one, JobStarted)}


def ended(name: str, conclusion: str) -> JobCompleted:
    """Return that a job of the night has ended."""
    begun = BEGUN[name]
    assert begun.started_at is not None
    return JobCompleted(
        repo=begun.repo, run_id=begun.run_id, attempt=1, job_id=begun.job_id, name=name,
        workflow=begun.workflow, created_at=begun.created_at, started_at=begun.started_at,
        completed_at=begun.started_at + timedelta(minutes=20), conclusion=conclusion,
        failed_step="Run tests" if conclusion == "failure" else "",
    )  # fmt: skip


def tell(doors: Doors, *events: Event) -> None:
    facts = [Fact(event=one, source="github", correlation_id="delivery/1") for one in events]
    doors.service.writer.append(Batch(facts=facts))
    while doors.service.readiness().facts["projection_lag"]:
        time.sleep(0.01)


@contextmanager
def opened(folder: Path, port: int = 0) -> Iterator[Doors]:
    with open_doors(f"sqlite:///{folder / 'doors.db'}", port=port) as found:
        found.service.stream.every = 0.05
        found.service.stream.retry = (50, 100)
        yield found


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    with opened(tmp_path) as found:
        begin(found)
        yield found


def begin(doors: Doors) -> None:
    for ago in range(9, 0, -1):
        last = FAIL if ago == 5 else PASS
        jobs = {**dict.fromkeys(JOBS, PASS), JOBS[-1]: last}
        tell(doors, *NightOf(ago=ago, attempts=[jobs]).facts())
    tell(doors, *NIGHT)


def visit(page: Page, doors: Doors, path: str = "nightly") -> None:
    """Open a page, and wait until it is told of news."""
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"http://127.0.0.1:{doors.port}/{path}")
    page.evaluate("window.isTheSame = true")
    until(lambda: doors.service.stream.listeners)


def until(is_so: object) -> None:
    deadline = time.monotonic() + 20
    while not is_so():  # type: ignore[operator]  # a function
        assert time.monotonic() < deadline
        time.sleep(0.02)


def row(page: Page, name: str) -> Locator:
    return page.locator(".grid tr", has=page.locator(f"a[title='{name}']"))


def first_cell(page: Page, name: str) -> Locator:
    return row(page, name).locator("td").first


def names(page: Page) -> list[str]:
    shown: list[str] = page.eval_on_selector_all(
        ".grid th a", "links => links.map(link => link.title)"
    )
    return shown


def pill(page: Page) -> Locator:
    return page.locator(".news button")


def test_a_job_that_ends_changes_its_cell_and_moves_nothing(doors: Doors, page: Page) -> None:
    visit(page, doors)
    expect(first_cell(page, JOBS[1])).to_have_class("w")
    page.locator(f"a[title='{JOBS[3]}']").focus()
    row(page, JOBS[2]).locator("a").first.hover()
    before = row(page, JOBS[2]).bounding_box()

    tell(doors, ended(JOBS[1], "success"))

    expect(first_cell(page, JOBS[1])).to_have_class("p")
    expect(page.locator(".counts .w")).to_contain_text(str(len(JOBS) - 1))
    assert row(page, JOBS[2]).bounding_box() == before
    expect(page.locator(f"a[title='{JOBS[3]}']")).to_be_focused()
    expect(pill(page)).to_be_hidden()
    expect(page.locator(".news .said")).to_contain_text("row changed")
    assert page.evaluate("window.isTheSame")
    assert axe(page) == []


def test_what_would_move_rows_waits_until_somebody_asks(doors: Doors, page: Page) -> None:
    visit(page, doors)
    order = names(page)
    page.locator(f"a[title='{JOBS[5]}']").focus()

    tell(doors, ended(JOBS[5], "failure"))
    expect(pill(page)).to_have_text("1 update")

    # It says so where it stands; only its place is not yet the new one.
    expect(first_cell(page, JOBS[5])).to_have_class("f")
    assert names(page) == order
    assert axe(page) == []
    page.keyboard.press("u")
    expect(page.locator(".group.bad th a")).to_have_attribute("title", JOBS[5])
    expect(page.locator(".group.bad th a")).to_be_focused()
    expect(pill(page)).to_be_hidden()
    assert names(page)[0] == JOBS[5]

    page.locator("#q").fill("f")
    expect(page.locator("#shown")).to_have_text(f"1 of {len(JOBS)} tests")
    assert page.evaluate("window.isTheSame")


def test_what_somebody_is_at_waits(doors: Doors, page: Page) -> None:
    tell(doors, ended(JOBS[0], "failure"))
    visit(page, doors)
    link = first_cell(page, JOBS[0]).locator("a")
    link.focus()

    page.evaluate("getSelection().selectAllChildren(document.querySelector('.verdict'))")
    said = page.locator(".verdict").inner_text()
    tell(doors, ended(JOBS[1], "success"))
    expect(first_cell(page, JOBS[1])).to_have_class("p")

    expect(link).to_be_focused()
    assert page.locator(".verdict").inner_text() == said
    page.evaluate("getSelection().removeAllRanges()")
    expect(page.locator(".verdict")).not_to_have_text(said)


def test_the_page_says_when_it_hears_nothing_and_catches_up(tmp_path: Path, page: Page) -> None:
    with opened(tmp_path) as doors:
        begin(doors)
        visit(page, doors)
        port = doors.port
    expect(page.get_by_text("Live updates paused, retrying")).to_be_visible()
    expect(first_cell(page, JOBS[1])).to_have_class("w")
    assert axe(page) == []

    with opened(tmp_path, port) as doors:
        tell(doors, ended(JOBS[1], "success"))

        expect(first_cell(page, JOBS[1])).to_have_class("p", timeout=30_000)
        expect(page.get_by_text("Live updates paused, retrying")).to_be_hidden()
        assert page.evaluate("window.isTheSame")


def test_all_pages_of_a_browser_listen_once(doors: Doors, page: Page) -> None:
    other = page.context.new_page()
    visit(page, doors)
    visit(other, doors, f"runs/{TONIGHT.run_id}")
    expect(other.locator(".counts .w")).to_contain_text(str(len(JOBS)))

    tell(doors, ended(JOBS[1], "success"))

    expect(first_cell(page, JOBS[1])).to_have_class("p")
    expect(other.locator(".counts .w")).to_contain_text(str(len(JOBS) - 1))
    assert doors.service.stream.listeners == 1
    # Whoever listened leaves, and the other goes on.
    page.close()
    until(lambda: doors.service.stream.listeners == 1)
    tell(doors, ended(JOBS[2], "success"))
    expect(other.locator(".counts .w")).to_contain_text(str(len(JOBS) - 2), timeout=20_000)


@pytest.mark.parametrize("query", ["at=5", "compare=3"])
def test_what_was_is_not_live(doors: Doors, page: Page, query: str) -> None:
    page.goto(f"http://127.0.0.1:{doors.port}/nightly?{query}")
    page.wait_for_load_state("networkidle")

    assert doors.service.stream.listeners == 0


def test_without_scripts_nothing_of_it_is_there(doors: Doors, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{doors.port}/nightly")

    expect(page.locator(".verdict")).to_be_visible()
    expect(page.get_by_role("button", name="Keys")).to_be_hidden()
    expect(page.locator(".news")).to_have_count(0)
    assert doors.service.stream.listeners == 0
    context.close()


def test_a_row_that_the_filter_lets_in_waits_too(doors: Doors, page: Page) -> None:
    visit(page, doors, "nightly?hide=pass&s=name")
    visible = page.locator(".grid tbody tr:visible")
    expect(visible).to_have_count(1)

    tell(doors, ended(JOBS[1], "failure"))

    expect(pill(page)).to_have_text("1 update")
    expect(visible).to_have_count(1)
    page.keyboard.press("u")
    expect(visible).to_have_count(2)
    page.locator("#q").fill("suite")
    expect(page.locator("#shown")).to_have_text(f"2 of {len(JOBS)} tests")


def test_a_list_grows_only_when_somebody_asks(doors: Doors, page: Page) -> None:
    tell(doors, pull(number=PullNumber(1)), pull(number=PullNumber(2)))
    visit(page, doors, "prs")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)

    tell(doors, pull(number=PullNumber(3), title="Give it <b>wings</b>"))

    expect(pill(page)).to_have_text("1 update")
    expect(page.locator(".verdict")).to_contain_text("3 pull requests")
    expect(rows).to_have_count(2)
    pill(page).click()
    expect(rows).to_have_count(3)
    expect(page.get_by_role("link", name="Give it <b>wings</b>")).to_be_visible()
    expect(page.locator("#main")).to_be_focused()
