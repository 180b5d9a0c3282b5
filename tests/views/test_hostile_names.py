"""Hostile names on every page: markup, directions, line breaks, formulas and 4 kB in all that others may name."""

import csv
import json
from collections.abc import Iterator
from http import HTTPStatus
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser

from chatops.showing import DOORS, VIEWS
from chatops.views.formats import Door
from tests.hostile import NAMES, TAG, hostile_doors
from tests.surfaces.doors import Doors
from tests.visiting import judged, visit

WORDS = (
    "q", "sel", "s", "w", "p", "n", "hide", "part", "who", "command", "outcome", "surface", "pr", "before",
    "after", "author", "label", "blocked", "set", "say", "repo", "number", "required", "where", "at",
)  # fmt: skip
TURNS = 4
BACKWARDS = "a\u202egpj.exe"
NARROW = 320


def not_judged(text: str) -> list[str]:
    return judged(text).wrong


def formulas(text: str) -> list[str]:
    """Return the cells that a spreadsheet would work out."""
    cells = [
        cell
        for row in csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""))
        for cell in row
    ]
    return [cell[:100] for cell in cells if cell.lstrip().startswith(("=", "+", "@", "\t", "\r"))]


def not_xml(text: str) -> list[str]:
    """Return the elements that came from outside; what is no XML raises."""
    root = ET.fromstring(text.encode())  # noqa: S314 - it is our own
    return [one.tag for one in root.iter() if TAG in one.tag]


WRONG = {"html": not_judged, "csv": formulas, "atom": not_xml, "svg": not_xml}
MADE_OF_PAGES = [door for door in DOORS if door.makes.keys() - {"html", "json"} or door.is_framed]
MADE_OF_EACH = 4


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with hostile_doors(tmp_path_factory.mktemp("hostile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def visited(doors: Doors) -> dict[str, dict[str, str]]:
    return visit(doors)


def test_every_page_was_seen(visited: dict[str, dict[str, str]]) -> None:
    assert {view for view in VIEWS if not visited.get(view)} == set()


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_names_stay_text_on_a_page(view: str, visited: dict[str, dict[str, str]]) -> None:
    wrong = {
        address[:200]: problems
        for address, page in visited[view].items()
        if (problems := judged(page).wrong)
    }

    assert wrong == {}


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_names_stay_text_for_programs(
    view: str, visited: dict[str, dict[str, str]], doors: Doors
) -> None:
    for address in visited[view]:
        place, mark, query = address.partition("?")
        answer = doors.client.get(f"{place}.json{mark}{query}")

        assert answer.status_code == HTTPStatus.OK, address[:300]
        assert answer.headers["content-type"] == "application/json"
        assert json.loads(answer.text)


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_what_is_asked_of_a_page_stays_text(
    view: str, visited: dict[str, dict[str, str]], doors: Doors
) -> None:
    address = next(iter(visited[view])).partition("?")[0]
    turned = [
        {word: NAMES[(place + turn * 4) % len(NAMES)] for place, word in enumerate(WORDS)}
        for turn in range(TURNS)
    ]
    for asked in (*turned, dict.fromkeys(WORDS, BACKWARDS)):
        for form in ("", ".json"):
            answer = doors.client.get(f"{address}{form}", params=asked)

            assert not answer.is_server_error, asked
            if not form:
                assert judged(answer.text).wrong == []


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_what_is_sent_with_a_form_stays_text(name: str, doors: Doors) -> None:
    fields = ("say", "offer", "repo", "number", "community", "nonce", "how")
    for form in (dict.fromkeys(fields, name), dict.fromkeys(fields[:1] + fields[2:], name)):
        answer = doors.client.post("/commands", data=form)

        assert answer.is_client_error
        assert judged(answer.text).wrong == []


def test_no_page_becomes_wider_than_its_window(
    visited: dict[str, dict[str, str]], doors: Doors, chromium: Browser
) -> None:
    context = chromium.new_context(viewport={"width": NARROW, "height": 800}, locale="en-GB")
    page, wrong = context.new_page(), []
    for address in [list(pages)[-1] for pages in visited.values()]:
        page.goto(f"http://127.0.0.1:{doors.port}{address}")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0 or page.title() == "owned":
            wrong.append((address[:200], wide, page.title()[:100]))
    context.close()

    assert wrong == []


@pytest.mark.parametrize("door", MADE_OF_PAGES, ids=lambda door: door.address)
def test_names_stay_text_in_other_formats(
    door: Door, visited: dict[str, dict[str, str]], doors: Doors
) -> None:
    for address in list(visited[door.view.address])[:MADE_OF_EACH]:
        place, mark, query = address.partition("?")
        before = door.address.removesuffix(door.view.address)
        there = place.replace("/acme/", f"/acme/{before}", 1)
        for form in door.makes.keys() - {"json"}:
            ending = "" if form == "html" else f".{form}"
            answer = doors.client.get(f"{there}{ending}{mark}{query}")

            assert answer.status_code == HTTPStatus.OK, (form, address[:200])
            assert WRONG[form](answer.text) == []
