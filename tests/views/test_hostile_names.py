"""Hostile names on every page: markup, directions, line breaks, formulas and 4 kB in all that others may name."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import pytest
from playwright.sync_api import Browser
from starlette.routing import compile_path

from chatops.showing import VIEWS
from tests.hostile import BIDI, NAMES, TAG, hostile_doors
from tests.surfaces.doors import Doors

OF_EACH = 18
"""So many addresses of a page are opened: enough for each name, and for what each of them leads to."""
WORDS = (
    "q", "sel", "s", "w", "p", "n", "hide", "part", "who", "command", "outcome", "surface", "pr", "before",
    "after", "author", "label", "blocked", "set", "say", "repo", "number", "required", "where", "at",
)  # fmt: skip
TURNS = 4
BACKWARDS = "a\u202egpj.exe"
NARROW = 320


@dataclass(slots=True)
class Judge(HTMLParser):
    """Reads a page: notes markup that came from outside, text whose direction is loose, and where links lead."""

    links: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _open: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == TAG or any(name.startswith(("on", TAG)) or name == "style" for name in names):
            self.wrong.append(f"markup of others: {self.get_starttag_text()}"[:300])
        for name in ("href", "src", "action"):
            address = names.get(name) or ""
            if urlsplit(address).scheme not in {"", "http", "https"}:
                self.wrong.append(f"an address that does something: {address[:200]}")
        if tag == "a" and names.get("href"):
            self.links.append(str(names["href"]))
        if tag not in VOID:
            self._open.append((tag, tag in ISOLATING or names.get("dir") == "auto"))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if any(sign in data for sign in BIDI) and not any(held for _, held in self._open):
            where = " > ".join(tag for tag, _ in self._open[-4:])
            self.wrong.append(f"a loose direction in {where}: {data[:100]!a}")


VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "path", "source", "track",
    "wbr",
}  # fmt: skip
ISOLATING = {"bdi", "option", "output", "textarea", "title"}
"""What browsers isolate by themselves, or show alone."""


def judged(page: str) -> Judge:
    judge = Judge()
    judge.feed(page)
    judge.close()
    return judge


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with hostile_doors(tmp_path_factory.mktemp("hostile")) as opened:
        yield opened


def _last(view: str) -> tuple[int, str]:
    """Return where to look for a page's pattern: what takes any address comes last."""
    return view.count("{"), view


@pytest.fixture(scope="module")
def visited(doors: Doors) -> dict[str, dict[str, str]]:
    """Every page with all that leads on from it, as far as there is something new: by view, and by address."""
    views = {view: compile_path(f"/acme/{view}")[0] for view in sorted(VIEWS, key=_last)}
    waiting = [f"/acme/{view}" for view in VIEWS if "{" not in view]
    seen, found = set(waiting), defaultdict[str, dict[str, str]](dict)
    while waiting:
        address = waiting.pop(0)
        place = urlsplit(address).path
        view = next((one for one, path in views.items() if path.match(place)), None)
        if view is None or len(found[view]) >= OF_EACH:
            continue
        answer = doors.client.get(address)
        assert answer.status_code == HTTPStatus.OK, f"{address[:300]} leads nowhere"
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        found[view][address] = answer.text
        for link in judged(answer.text).links:
            there = urljoin(address, link).partition("#")[0]
            if there.startswith("/acme/") and there not in seen:
                seen.add(there)
                waiting.append(there)
    return found


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
