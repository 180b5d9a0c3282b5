"""What goes wrong on the dashboards that people in this trade have had, asked of ours over HTTP.

docs/lessons.md lists them all; what a browser has to see is proved beside the other tests in a browser.
"""

import html
import re
import time
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from urllib.parse import urlencode

import httpx
import pytest

from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.views.page import ASSETS
from tests.builders import (
    CANCELLED,
    CARRIED,
    FAIL,
    PASS,
    RUNNING,
    SETUP,
    SKIPPED,
    night,
    required,
)
from tests.surfaces.doors import Doors, open_doors

CALLER = "ci-on-push / "
RED, RERUN, STOPPED, BROKEN, AWAY, GREEN, LEFT_OUT = (
    f"{CALLER}suite / {name} (big, cold)"
    for name in ("red", "rerun", "stopped", "broken", "away", "green", "left-out")
)
EVIL = f"{CALLER}suite / <img src=x onerror=alert(1)>"
NIGHT = "Sat 22 Aug"


def facts() -> list[Event]:
    """Return nights with every kind of result, the newest of them months before anybody looks."""
    usual = dict.fromkeys((RED, RERUN, STOPPED, BROKEN, AWAY, GREEN, EVIL), PASS) | {
        LEFT_OUT: SKIPPED
    }
    tonight = usual | {RED: FAIL, RERUN: FAIL, STOPPED: CANCELLED, BROKEN: SETUP}
    del tonight[AWAY]
    again = {name: CARRIED for name in tonight if name not in {RERUN, RED}} | {
        RERUN: PASS,
        RED: FAIL,
    }
    nights = [fact for ago in range(1, 40) for fact in night(ago, usual)]
    return [*nights, *night(0, tonight, again), *required(f"CI / {GREEN}")]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """The product with these nights in it."""
    folder = tmp_path_factory.mktemp("defects")
    with open_doors(f"sqlite:///{folder / 'doors.db'}") as opened:
        known = [Fact(event=one, source="github", correlation_id="") for one in facts()]
        opened.service.writer.append(Batch(facts=known))
        while opened.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)
        yield opened


class Grid(HTMLParser):
    """The rows of a page by the tests they are about, with the words of their cells, and everything one can press."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: dict[str, list[str]] = {}
        self.hidden: set[str] = set()
        self.pressed: list[tuple[str, Mapping[str, str | None]]] = []
        self.handlers: list[str] = []
        self._row: list[str] | None = None
        self._is_in_row = self._is_hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.handlers += [name for name in attributes if name.startswith("on")]
        if attributes.get("tabindex") == "0" or tag in {
            "a",
            "button",
            "summary",
            "input",
            "select",
        }:
            self.pressed.append((tag, attributes))
        if tag == "tr":
            self._is_in_row, self._is_hidden, self._row = True, "hidden" in attributes, None
        is_name = self._is_in_row and tag == "a" and "title" in attributes
        if is_name and (attributes["href"] or "").startswith("?"):
            name = attributes["title"] or ""
            self._row = self.rows[name] = []
            if self._is_hidden:
                self.hidden.add(name)
        if tag in {"td", "th"} and self._row is not None:
            self._row.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tr":
            self._is_in_row, self._row = False, None

    def handle_data(self, data: str) -> None:
        if self._row:
            self._row[-1] += data

    def newest(self, name: str) -> str:
        """Return what the newest night says of a test."""
        return self.rows[name][0].strip()


def page(doors: Doors, **query: str) -> str:
    answer = httpx.get(f"http://127.0.0.1:{doors.port}/acme/nightly?{urlencode(query)}")
    assert answer.status_code == 200
    return answer.text


def words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def shown(doors: Doors, **query: str) -> set[str]:
    grid = Grid(page(doors, **query))
    return grid.rows.keys() - grid.hidden


def test_a_word_from_the_middle_of_a_name_finds_it_and_is_counted(doors: Doors) -> None:
    assert shown(doors, q="RED cold") == {RED}
    assert "1 of 8 tests" in words(page(doors, q="RED cold"))


def test_every_control_has_a_name_that_says_what_it_is(doors: Doors) -> None:
    grid = Grid(page(doors))
    labels = [one["aria-label"] or "" for _, one in grid.pressed if "aria-label" in one]
    titles = [one["title"] or "" for _, one in grid.pressed if "title" in one]

    assert not re.search(r"undefined|null|None", " ".join(labels + titles))
    assert len({title for title in titles if title in grid.rows}) == len(grid.rows) == 8


def test_without_data_nothing_looks_as_if_there_were_no_tests(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("empty")
    with open_doors(f"sqlite:///{folder / 'doors.db'}") as opened:
        text = words(page(opened))

    assert "No night has been recorded yet." in text
    assert "Nothing at all has been heard from GitHub so far" in text
    assert not re.search(r"\b[0-9]+ (failed|passed|tests)\b", text)


def test_the_age_of_the_data_is_on_the_page(doors: Doors) -> None:
    assert re.search(r"Heard last .+ ago", words(page(doors)))


def test_whatever_was_chosen_is_in_the_address(doors: Doors) -> None:
    chosen = {"q": "status:failed", "s": "name", "n": "10", "g": "none", "sel": RED, "required": ""}
    text = page(doors, **chosen)

    assert 'value="status:failed"' in text
    assert re.findall(r'<option value="(?:name|none)" selected>', text)
    assert "<option selected>10</option>" in text
    assert "Nights of this test" in text
    assert page(doors, **chosen) == text


def test_a_result_has_its_attempt_its_date_and_its_cause(doors: Doors) -> None:
    text = words(page(doors, sel=RED))

    assert f"{NIGHT} 2 failed Run tests" in text
    assert f"{NIGHT} 1 failed Run tests" in text


def test_what_failed_stands_open_at_the_top_with_its_name(doors: Doors) -> None:
    first = page(doors).partition('<details class="group')[2].partition("</details>")[0]

    assert first.partition(">")[0].endswith(" open")
    assert "Newly failing" in first
    assert html.escape(RED) in first


def test_whatever_can_be_pressed_is_what_a_keyboard_reaches(doors: Doors) -> None:
    grid = Grid(page(doors))

    assert grid.handlers == []
    regions = [
        one for tag, one in grid.pressed if tag not in {"a", "button", "summary", "input", "select"}
    ]
    assert all(one.get("role") == "region" and one.get("aria-label") for one in regions)
    assert all(one.get("href") for tag, one in grid.pressed if tag == "a")


def test_every_result_is_a_word_and_not_a_colour_alone(doors: Doors) -> None:
    grid = Grid(page(doors))

    assert {name: grid.newest(name).lstrip("0123456789 ") for name in grid.rows} == {
        RED: "failed", RERUN: "passed on attempt 2", STOPPED: "cancelled", BROKEN: "failed, infrastructure",
        AWAY: "not run", GREEN: "passed 30 nights", EVIL: "passed 30 nights", LEFT_OUT: "skipped 30 nights",
    }  # fmt: skip


def test_a_night_has_its_own_date_whenever_it_is_looked_at(doors: Doors) -> None:
    head = page(doors).partition("<h1")[2].partition("</section>")[0]

    assert f"<span>{NIGHT}</span>" in head
    assert f"in the night of {NIGHT}" in head


def test_both_themes_print_and_visible_focus_are_provided_for() -> None:
    style = ASSETS["page.css"].body.decode()

    assert "light-dark(" in style
    assert "@media print" in style
    assert "prefers-reduced-motion" in style
    assert re.findall(r"([^{}\n]+) \{ outline: none", style) == ["main:focus"]


def test_a_pass_that_needed_a_rerun_is_not_a_clean_pass(doors: Doors) -> None:
    assert shown(doors, q="status:rerun") == {RERUN}
    assert RERUN not in shown(doors, q="status:passed")
    assert "2 tests run again, 1 passed then" in words(page(doors))


def test_each_row_says_whose_it_is_or_that_it_is_nobodys(doors: Doors) -> None:
    assert all(row[-1].strip() == "nobody" for row in Grid(page(doors)).rows.values())


def test_names_from_elsewhere_are_only_text(doors: Doors) -> None:
    text = page(doors, sel=EVIL, q="<b>")

    assert "<img src=x" not in text
    assert html.escape(EVIL) in text
    assert '<b>"' not in text


def test_history_is_as_long_as_is_asked_for(doors: Doors) -> None:
    [cells] = [Grid(page(doors, n="90")).rows[GREEN]]

    assert cells[0].lstrip("0123456789 ") == "passed 40 nights"


def test_what_was_cancelled_or_left_out_did_not_fail_and_what_is_missing_says_why(
    doors: Doors,
) -> None:
    assert shown(doors, q="status:failed") == {RED}
    assert shown(doors, q="status:cancelled") == {STOPPED}
    assert shown(doors, q="status:infra") == {BROKEN}
    assert shown(doors, q="status:skipped") == {LEFT_OUT}
    assert "not run: the run has no such job" in words(page(doors, sel=AWAY))


def test_a_night_under_way_fails_nothing_that_has_not_ended(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("running")
    with open_doors(f"sqlite:///{folder / 'doors.db'}") as opened:
        known = [*night(1, {RED: PASS}), *night(0, {RED: RUNNING}, is_over=False)]
        batch = [Fact(event=one, source="github", correlation_id="") for one in known]
        opened.service.writer.append(Batch(facts=batch))
        while opened.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)

        assert "is running: 0 of about 1 test are done, none failed so far." in words(page(opened))
        assert shown(opened, q="status:failed") == set()
