"""Each page and its JSON are twins: what a program reads is what a person sees, names, words and numbers."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from chatops.showing import VIEWS
from tests.hostile import hostile_doors
from tests.surfaces.doors import Doors
from tests.visiting import visit

WORDS = frozenset(
    {
        "verdict", "name", "title", "author", "workflow", "branch", "group", "outcome", "state", "verb", "by",
        "failed_step", "usage", "help", "who_may", "kind", "labels", "origin", "to_do",
    }
)  # fmt: skip
"""Of these fields every text is on the page, in what is read or in what is asked for by pointing at it."""
NUMBERS = frozenset(
    {
        "fails", "runs", "reruns", "passed", "failed", "running", "flakes", "blocked", "passes", "jobs", "received",
        "became_events", "position", "lag", "nights_passed", "pulls_passed",
    }
)  # fmt: skip
"""Of these fields every number stands in the row of what it is about."""
OTHERWISE = {
    ("prs/{id:path}", "group"),  # the heading under which a check stands
    ("prs/{id:path}", "passed"),  # a part of the sentence about the gate
    ("required", "runs"),  # a part of the sentence about a check that no run produces
    ("tests/{slug}", "workflow"),  # of a run on a pull request, its own page tells
}
"""What a page tells in other words than its twin."""
NAMING = ("name", "title", "event")
COMPARED = 60
UNSEEN = re.compile(r"[\W_]+")


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with hostile_doors(tmp_path_factory.mktemp("twins")) as opened:
        yield opened


@pytest.fixture(scope="module")
def visited(doors: Doors) -> dict[str, dict[str, str]]:
    return visit(doors)


def bare(text: str) -> str:
    """Return the letters and digits of a text, whatever stands between them and wherever it is cut."""
    return UNSEEN.sub("", text).lower()


def read(page: str) -> str:
    """Return what can be read on a page, and what it says when one points at something."""
    said = re.findall(r'(?:title|value|aria-label)="([^"]*)"', page)
    return bare(unescape(" ".join([re.sub(r"<[^>]*>", "", page), *said])))


def rows(page: str) -> list[tuple[str, set[str]]]:
    """Return the rows of a page's tables: what can be read in them, and their numbers."""
    found = []
    for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL):
        text = unescape(re.sub(r"<[^>]*>", " ", row))
        found.append((read(row), set(re.findall(r"\d+", text.replace(",", "")))))
    return found


def fields(document: object) -> Iterator[tuple[str, Any]]:
    """Yield every field of a document, with its name."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield name, value
            yield from fields(value)
    elif isinstance(document, list):
        for value in document:
            yield from fields(value)


def texts(document: object) -> Iterator[tuple[str, str]]:
    """Yield the texts that have to be on the page."""
    for name, value in fields(document):
        if name in WORDS:
            many = value if isinstance(value, list) else [value]
            yield from ((name, one) for one in many if isinstance(one, str))


def things(document: object) -> Iterator[dict[str, Any]]:
    """Yield the things of a document that have a name and numbers."""
    if isinstance(document, dict):
        if NUMBERS & document.keys() and any(name in document for name in NAMING):
            yield document
        for value in document.values():
            yield from things(value)
    elif isinstance(document, list):
        for value in document:
            yield from things(value)


TRIES = 5
"""How often a page and its JSON are fetched, one after the other, until nothing happens in between."""


def twin(doors: Doors, address: str) -> tuple[str, Any]:
    """Return a page and its JSON, of one moment."""
    place, mark, query = address.partition("?")
    for_programs = f"{place}.json{mark}{query}"
    page, document = "", doors.client.get(for_programs).json()
    for _ in range(TRIES):
        page, before = doors.client.get(address).text, document
        document = doors.client.get(for_programs).json()
        if document == before:
            break
    return page, document


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_what_a_program_reads_is_on_the_page(
    view: str, visited: dict[str, dict[str, str]], doors: Doors
) -> None:
    compared = 0
    for address in visited[view]:
        page, document = twin(doors, address)
        shown = read(page)
        missing = []
        for name, text in texts(document):
            if (view, name) in OTHERWISE:
                continue
            compared += 1
            if bare(text)[:COMPARED] not in shown:
                missing.append((name, text[:100]))

        assert missing == [], address[:200]
    assert compared


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_its_numbers_stand_beside_their_names(
    view: str, visited: dict[str, dict[str, str]], doors: Doors
) -> None:
    for address in visited[view]:
        page, document = twin(doors, address)
        table = rows(page)
        wrong = []
        for thing in things(document):
            name = bare(str(next(thing[name] for name in NAMING if name in thing)))[:COMPARED]
            beside = set[str]().union(*(numbers for text, numbers in table if name in text))
            wrong += [
                (name, field, thing[field])
                for field in NUMBERS & thing.keys()
                if (view, field) not in OTHERWISE
                and beside
                and isinstance(thing[field], int)
                and str(thing[field]) not in beside
            ]

        assert wrong == [], address[:200]
