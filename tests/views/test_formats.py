"""Every page in each of its formats, made of the same facts; and what is made of pages for elsewhere."""

import csv
import json
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from chatops.events import Event
from chatops.showing import DOORS, VIEWS
from chatops.views.addresses import Place, slug
from chatops.views.formats import FORMS, doors
from chatops.views.table import rows_under
from chatops.views.view import MOST_ROWS, Query, Seen, View, page_size
from tests.builders import CANCELLED, FAIL, PASS, REPO, RUNNING, NightOf, night, required
from tests.pulls import HOSTILE
from tests.showroom import COMMUNITY, Showroom, showroom

BOOT = slug(Place(repo=REPO, workflow="Nightly", name="suite / boot"), REPO)
ATOM = "{http://www.w3.org/2005/Atom}"
NAMES = {"slug": BOOT, "id": str(NightOf(ago=0).run_id), "attempt": "1"}
RED = [
    *night(0, {"suite / boot": FAIL, "land": PASS}),
    *night(1, {"suite / boot": PASS, "land": PASS}),
]
LARGEST_EMBED = 10_000


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


def picture(room: Showroom, address: str, **query: str) -> str:
    root = ET.fromstring(room.seen(address, "svg", **query))  # noqa: S314 - it is our own
    return root.findtext("{http://www.w3.org/2000/svg}title") or ""


def titles(feed: str) -> list[str | None]:
    root = ET.fromstring(feed.encode())  # noqa: S314 - it is our own
    return [one.text for one in root.findall(f"{ATOM}entry/{ATOM}title")]


def test_an_address_has_only_formats_that_are_known() -> None:
    assert {form for door in DOORS for form in door.makes} <= set(FORMS)


def test_every_page_has_a_frame_and_none_is_hidden_by_what_is_made_of_others() -> None:
    addresses = [door.address for door in DOORS]

    assert all(f"embed/{address}" in addresses for address in VIEWS)
    assert len(set(addresses)) == len(addresses)


def test_the_table_of_the_nights_has_a_column_for_each(tmp_path: Path) -> None:
    with showroom(tmp_path, RED) as room:
        rows = table(room.seen("nightly", "csv"))
        told = json.loads(room.seen("nightly", "json"))

    assert [row["name"] for row in rows] == [test["name"] for test in told["tests"]]
    boot = next(row for row in rows if row["name"] == "suite / boot")
    assert (boot["2026-08-22"], boot["2026-08-21"]) == ("failed", "passed")
    assert boot["fails"] == "1"


def test_the_filter_of_an_address_is_the_tables_too(tmp_path: Path) -> None:
    with showroom(tmp_path, RED) as room:
        assert [row["name"] for row in table(room.seen("nightly", "csv", q="land"))] == ["land"]
        assert len(table(room.seen("tests/{slug}", "csv", slug=BOOT))) == len(RED) // 3


def test_a_job_that_looks_like_a_formula_is_text_in_the_table(tmp_path: Path) -> None:
    with showroom(tmp_path, night(0, {"=HYPERLINK(1)": PASS})) as room:
        assert table(room.seen("nightly", "csv"))[0]["name"] == "'=HYPERLINK(1)"


def test_each_night_that_is_over_is_news(tmp_path: Path) -> None:
    facts = [*night(2, {"suite / boot": PASS, "land": FAIL}), *RED]
    with showroom(tmp_path, facts) as room:
        feed, alias = room.seen("nightly", "atom"), room.seen("feeds/nightly", "atom")

    assert titles(feed) == [
        "Sat 22 Aug: 1 failed, 1 newly, 0 fixed",
        "Fri 21 Aug: 0 failed, 0 newly, 1 fixed",
    ]
    assert "1 of 2 tests with a result failed." in feed
    assert "<li>suite / boot</li>" in feed
    assert alias == feed


def test_a_test_is_news_where_it_broke_or_was_fixed(tmp_path: Path) -> None:
    with showroom(tmp_path, RED) as room:
        feed = room.seen("tests/{slug}", "atom", slug=BOOT)

        assert room.shown("tests/{slug}", "atom", slug="Nightly~~no_such") is None
    assert titles(feed) == ["Broke, Sat 22 Aug: suite / boot"]
    assert "It failed in the night of Sat 22 Aug in “Run tests”." in feed


def test_a_change_of_what_is_required_is_news(tmp_path: Path) -> None:
    with showroom(tmp_path, [*RED, *required("Nightly / land")]) as room:
        feed = room.seen("required", "atom")

    assert titles(feed) == ["acme/rocket: the first list that is known"]
    assert "The list has 1 name." in feed


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (RED, "1 of 2 failed"),
        (night(0, {"a": PASS, "b": CANCELLED}), "1 of 2 passed"),
        (night(0, {"a": CANCELLED}), "no result"),
        (night(0, {"a": RUNNING, "b": PASS}, is_over=False), "running, none failed so far"),
        (night(0, {"a": RUNNING, "b": FAIL}, is_over=False), "running, 1 failed so far"),
        (night(9, {"a": PASS}), "none since 13 Aug"),
        ([], "no night yet"),
    ],
)
def test_the_badge_of_the_nights_never_looks_better_than_they_are(
    tmp_path: Path, facts: Iterable[Event], said: str
) -> None:
    with showroom(tmp_path, facts) as room:
        assert picture(room, "badge/nightly") == f"nightly: {said}"


def test_the_badge_of_a_test_says_since_when(tmp_path: Path) -> None:
    with showroom(tmp_path, RED) as room:
        assert picture(room, "badge/tests/{slug}", slug=BOOT) == "boot: failing since 22 Aug"
        land = slug(Place(repo=REPO, workflow="Nightly", name="land"), REPO)
        assert picture(room, "badge/tests/{slug}", slug=land) == "land: passed"


def test_what_is_not_known_still_has_a_picture(tmp_path: Path) -> None:
    with showroom(tmp_path, RED) as room:
        assert picture(room, "badge/tests/{slug}", slug="Nightly~~no_such") == "ci: unknown"
        assert picture(room, "strip/tests/{slug}", slug="Nightly~~no_such") == "No such test"


def test_a_strip_says_its_nights(tmp_path: Path) -> None:
    with showroom(tmp_path, RED) as room:
        strip = room.seen("strip/tests/{slug}", "svg", slug=BOOT)
        nights = room.seen("strip/nightly", "svg")

    assert "The last 2 nights, the newest first: 1 passed, 1 failed." in strip
    assert "The last 2 nights, the newest first: 1 failed, 1 passed." in nights


@pytest.mark.parametrize("address", [address for address in VIEWS if "{id" not in address])
def test_a_page_in_a_frame_has_its_facts_and_no_chrome(tmp_path: Path, address: str) -> None:
    facts = [*RED, *night(3, dict.fromkeys(HOSTILE, FAIL)), *required("Nightly / land")]
    with showroom(tmp_path, facts) as room:
        whole, bare = room.seen(address, **NAMES), room.seen(f"embed/{address}", **NAMES)

    for chrome in (
        'class="skip"',
        'class="top"',
        "<form",
        "nightly.js",
        "head.js",
        'rel="canonical"',
    ):
        assert chrome not in bare
    verdict = 'class="verdict'
    assert bare.count(verdict) == whole.count(verdict)
    assert '<base href="/acme/' in bare
    assert "Open in <bdi>Acme</bdi>" in bare
    assert "data 1 h old" in bare
    assert bare.count("<footer") == 1


def test_a_frame_shows_what_the_filter_lets_through_and_nothing_else(tmp_path: Path) -> None:
    many = {f"caller / suite {number} / test (amd64)": PASS for number in range(300)}
    facts = [fact for ago in range(30) for fact in night(ago, many)]
    with showroom(tmp_path, facts) as room:
        bare = room.seen("embed/nightly", q="suite 29", theme="dark")

    assert bare.count('<th scope="row">') == len({29, 129, 229, *range(290, 300)})
    assert '<html lang="en" data-theme="dark">' in bare
    assert len(bare.encode()) <= LARGEST_EMBED
    assert '<base href="/acme/nightly?q=suite' not in bare


def test_a_test_tells_how_to_show_it_elsewhere(tmp_path: Path) -> None:
    with showroom(tmp_path, RED) as room:
        page = room.seen("tests/{slug}", slug=BOOT)

    there = f"https://ci.example/acme/badge/tests/{BOOT}.svg"
    assert f"[![How the test is]({there})](&lt;https://ci.example/acme/tests/{BOOT}&gt;)" in page


def test_the_nights_are_judged_by_what_must_pass(tmp_path: Path) -> None:
    with showroom(tmp_path, [*RED, *required("Nightly / land")]) as room:
        assert picture(room, "strip/nightly") == "Acme nightly, required tests"
        assert "newest first: 2 passed." in room.seen("strip/nightly", "svg")


def test_a_table_has_the_rows_of_all_pages_of_a_list(tmp_path: Path) -> None:
    many = range(2 * MOST_ROWS + 1)

    def told(_seen: Seen, query: Query) -> str:
        size, start = page_size(query, 50), int(query.get("from", "0"))
        rows = [{"id": query["id"], "number": number} for number in many[start : start + size]]
        is_last = start + size > many[-1]
        older = None if is_last else f"list.json?kind={query.get('kind', '')}&from={start + size}"
        return json.dumps({"rows": rows, "older": older})

    view = View(address="list/{id}", html=told, json=told, rows=rows_under("rows"))
    [door] = [door for door in doors(view) if "csv" in door.makes]
    with showroom(tmp_path, []) as room, room.pages.look(COMMUNITY) as seen:
        made = door.makes["csv"](seen, {"id": "a", "kind": "b"})

    lines = list(csv.reader(StringIO(made)))
    assert lines == [["id", "number"], *(["a", str(number)] for number in many)]
