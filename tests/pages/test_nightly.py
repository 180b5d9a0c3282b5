import gzip
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from msgspec import structs

from chatops.answers.nights import NightBoard, night_board
from chatops.config import Community, Owner, OwnerGroup
from chatops.events import Event
from chatops.pages.nightly import nightly_json, render_nightly
from chatops.views.nightly_detail import Sayable
from chatops.views.page import ASSETS, asset_url
from tests.builders import (
    CANCELLED,
    CARRIED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    RUNNING,
    SCHEDULE,
    SETUP,
    SKIPPED,
    many_nights,
    night,
    nights_database,
    reported,
    required,
)

MONA = Owner(
    github="mona", fullname="Mona", slack="mona.o", slackurl="https://acme.example/team/U1"
)
ACME = Community(
    key="acme",
    title="Acme Rockets",
    repositories=(REPO,),
    maintainers=(OwnerGroup(regex="launch", group="Launch crew", owners=(MONA,)),),
)
LAUNCH, FUEL, LAND = (
    "caller / launch / test (big)",
    "caller / launch / test (small)",
    "caller / land / test",
)


def board_of(
    folder: Path, *facts: Iterable[Event], nights: int = 30, now: datetime = MORNING
) -> NightBoard:
    with nights_database(folder, [fact for some in facts for fact in some]) as db:
        return night_board(db, [REPO], [SCHEDULE], nights=nights, now=now)


@pytest.fixture
def usual(tmp_path: Path) -> NightBoard:
    return board_of(
        tmp_path,
        required(f"CI / {LAUNCH}"),
        night(2, {LAUNCH: PASS, FUEL: PASS, LAND: PASS}),
        night(
            1, {LAUNCH: PASS, FUEL: FAIL, LAND: PASS}, {LAUNCH: CARRIED, FUEL: PASS, LAND: CARRIED}
        ),
        night(0, {LAUNCH: FAIL, FUEL: PASS, LAND: SETUP}),
    )


ROCKETS = structs.replace(
    ACME,
    facets={
        "size": {"large": "big", "little": "small tiny"},
        "phase": {"up": "launch", "down": "land"},
    },
)


def links_of(page: str) -> dict[str, str]:
    """Return where the chips of a page lead to, by their words."""
    found = re.findall(r'<li[^>]*><a href="([^"]*)"[^>]*>(.*?)</a></li>', page)
    return {text_of(words): html.unescape(address) for address, words in found}


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


class Outline(HTMLParser):
    """What a page is made of: its elements, and its rows by the test they are about."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: dict[str, bool] = {}
        self._row_is_hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag == "tr":
            self._row_is_hidden = "hidden" in attributes
        if tag == "a" and "title" in attributes and (attributes["href"] or "").startswith("?"):
            self.rows[attributes["title"] or ""] = not self._row_is_hidden

    def shown(self) -> set[str]:
        return {name for name, is_shown in self.rows.items() if is_shown}

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.elements if name == tag)


def page_of(board: NightBoard, **query: str) -> str:
    return render_nightly(board, query, ACME, base_url="https://ci.example")


def text_of(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def test_the_page_begins_with_the_verdict(usual: NightBoard) -> None:
    text = text_of(page_of(usual).partition("<main")[2])

    assert usual.verdict in text
    assert text.index(usual.verdict) < text.index("Heard last")
    assert "1 failed" in text


def test_a_failed_test_stands_before_the_grid_and_is_open(usual: NightBoard) -> None:
    page = page_of(usual)

    first = page.partition('<details class="group')[2].partition("</details>")[0]
    assert first.partition(">")[0].startswith(' bad"')
    assert first.partition(">")[0].endswith(" open")
    assert "Newly failing" in first
    assert LAUNCH in html.unescape(first)
    assert FUEL not in html.unescape(first)


def test_every_test_has_one_row(usual: NightBoard) -> None:
    assert Outline(page_of(usual)).shown() == {LAUNCH, FUEL, LAND}
    assert Outline(page_of(usual, s="name")).shown() == {LAUNCH, FUEL, LAND}


def test_equal_nights_are_one_element(tmp_path: Path) -> None:
    facts = [
        fact
        for ago in range(20)
        for fact in night(ago, {LAUNCH: PASS, LAND: FAIL if ago == 5 else PASS})
    ]

    page = page_of(board_of(tmp_path, facts))

    assert page.count('<td class="p"') == 3
    assert '<td class="p" colspan="20">20<i> passed 20 nights</i></td>' in page
    assert '<td class="p" colspan="14">14<i> passed 14 nights</i></td>' in page


def test_every_result_has_a_word(tmp_path: Path) -> None:
    outcomes = {
        "a": PASS,
        "b": FAIL,
        "c": SETUP,
        "d": CANCELLED,
        "e": SKIPPED,
        "f": FAIL,
        "g": RUNNING,
    }
    page = page_of(board_of(tmp_path, night(0, outcomes, {"f": PASS, "g": RUNNING}, is_over=False)))

    words = set(re.findall(r"<i> ?([^<]+)</i></(?:a|td)>", page))
    assert words >= {
        "passed", "failed", "failed, infrastructure", "cancelled", "skipped",
        "passed on attempt 2", "running",
    }  # fmt: skip
    assert not any("undefined" in word or "None" in word for word in words)


def test_a_failure_leads_to_its_job_on_github(usual: NightBoard) -> None:
    test = next(test for test in usual.tests if test.name == LAUNCH)
    [execution] = test.cells[0].executions

    page = page_of(usual)

    job = f"https://github.com/{REPO}/actions/runs/{execution.run_id}/job/{execution.job_id}"
    assert f'<a href="{job}" title="Sat 22 Aug: failed in “Run tests”, 20 min">' in page


def test_required_is_a_word(usual: NightBoard) -> None:
    assert page_of(usual).count('<b class="req">required</b>') == 1


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"q": "launch"}, {LAUNCH, FUEL}),
        ({"q": "SMALL launch"}, {FUEL}),
        ({"q": "test"}, {LAUNCH, FUEL, LAND}),
        ({"required": "1"}, {LAUNCH}),
        ({"required": "0"}, {LAUNCH, FUEL, LAND}),
        ({"q": "small", "required": "1"}, set()),
        ({"q": "big", "sel": LAND}, {LAUNCH, LAND}),
    ],
)
def test_the_filter_is_in_the_address(
    usual: NightBoard, query: Mapping[str, str], shown: set[str]
) -> None:
    assert Outline(page_of(usual, **query)).shown() == shown


def test_the_form_shows_the_state_of_the_address(usual: NightBoard) -> None:
    page = Outline(page_of(usual, q="launch", required="1", s="name", hide="pass"))

    fields = {field.get("name"): field for field in page.all("input")}
    chosen = {option.get("value") for option in page.all("option") if "selected" in option}
    assert fields["q"]["value"] == "launch"
    assert "checked" in fields["required"]
    assert {"name", "pass"} <= chosen


def test_a_filter_that_matches_nothing_says_what_to_leave_out(usual: NightBoard) -> None:
    text = text_of(page_of(usual, q="small rocket"))

    assert "0 of 3 tests" in text
    assert "No test matches this filter" in text
    assert "Without “rocket” : 1" in text
    assert "Without “small” : 0" in text


def test_clean_passes_can_be_hidden(tmp_path: Path) -> None:
    board = board_of(
        tmp_path,
        night(1, {"clean": PASS, "flaky": FAIL, "skipped": SKIPPED}, {"flaky": PASS}),
        night(0, {"clean": PASS, "flaky": PASS, "skipped": SKIPPED}),
    )

    assert Outline(page_of(board, hide="pass")).shown() == {"flaky", "skipped"}
    assert Outline(page_of(board, hide="pass,skip")).shown() == {"flaky"}


def test_what_cannot_be_meant_is_said_and_left_out(usual: NightBoard) -> None:
    text = text_of(page_of(usual, s="luck", hide="everything", sel="nobody"))

    assert "“luck” is no order" in text
    assert "“everything” cannot be hidden" in text
    assert "No test of these nights is called nobody" in text


def test_a_selected_test_is_told_in_full(usual: NightBoard) -> None:
    text = text_of(page_of(usual, sel=FUEL))

    assert "It is passing; it failed in 0 of 3 nights and was run again 1 time." in text
    assert "Launch crew Mona ( mona.o )" in text
    assert re.search(
        r"Fri 21 Aug 2 passed 20 min job Fri 21 Aug 1 failed Run tests 20 min job", text
    )


def test_a_selected_test_can_be_had_alone(usual: NightBoard) -> None:
    part = render_nightly(usual, {"sel": LAUNCH, "part": "detail"}, ACME)

    assert "<html" not in part
    assert "It has been failing for 1 night, since Sat 22 Aug" in text_of(part)
    assert 'href="https://github.com/mona"' in part


def test_a_test_nobody_looks_after_says_so(usual: NightBoard) -> None:
    assert "nobody is named for it" in text_of(page_of(usual, sel=LAND))


def test_an_odd_chat_address_is_no_link(usual: NightBoard) -> None:
    odd = Owner(github="mona", slack="mona", slackurl="javascript:alert(1)")
    community = Community(
        title="Acme",
        repositories=(REPO,),
        maintainers=(OwnerGroup(regex=".", group="All", owners=(odd,)),),
    )

    assert "javascript:" not in render_nightly(usual, {"sel": LAUNCH}, community)


def test_before_the_first_night_the_page_says_what_to_expect(tmp_path: Path) -> None:
    page = page_of(board_of(tmp_path))

    assert "No night has been recorded yet." in page
    assert "<table" not in page
    assert "0 failed" not in page


def test_old_knowledge_is_marked(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {"a": PASS}), now=MORNING + timedelta(hours=30))

    assert "Nothing has been heard from GitHub for 30 h" in page_of(board)
    assert "should have begun at 00:00 UTC on Sun 23 Aug" in page_of(board)


def test_a_running_night_says_so_in_its_column(tmp_path: Path) -> None:
    page = page_of(
        board_of(tmp_path, night(1, {"a": PASS}), night(0, {"a": RUNNING}, is_over=False))
    )

    assert '<th scope="col" class="w" title="Sat 22 Aug 2026, running">22</th>' in page
    assert "is in progress" in text_of(page)


def test_days_without_a_night_are_marked(tmp_path: Path) -> None:
    page = page_of(board_of(tmp_path, night(3, {"a": PASS}), night(0, {"a": PASS})))

    assert "no night on 2 days before it" in page


def test_imported_nights_are_columns_by_number(tmp_path: Path) -> None:
    page = page_of(board_of(tmp_path, reported(842, {"a": "Pass"}), reported(841, {"a": "Fail"})))

    assert '<th scope="col" title="run #842">842</th>' in page
    assert "All 1 test that ran passed in run #842." in page


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</title><script>alert(1)</script>",
    "a \u202e gnirts desrever \u2066",
    "first line\n  second line",
    "x" * 4_096,
    "\"' onmouseover='alert(1)",
    "{{ 7 * 7 }}",
]


@pytest.mark.parametrize(
    "name", HOSTILE, ids=["markup", "script", "bidi", "lines", "long", "quotes", "template"]
)
def test_a_hostile_name_is_only_text(tmp_path: Path, name: str) -> None:
    board = board_of(tmp_path, night(0, {name: FAIL, f"suite / {name}": PASS, "calm": PASS}))

    for query in ({}, {"sel": name}, {"q": name}, {"s": name, "hide": name}):
        page = Outline(page_of(board, **query))

        assert {tag for tag, _ in page.elements} <= HARMLESS
        assert all(not key.startswith("on") for _, found in page.elements for key in found)
        assert {name, f"suite / {name}", "calm"} == set(page.rows)
    assert "<bdi>" in page_of(board)


HARMLESS = {
    "a", "b", "bdi", "body", "button", "caption", "code", "col", "colgroup", "dd", "details", "div",
    "dl", "dt", "footer", "form", "h1", "h2", "head", "header", "html", "i", "input", "kbd", "label",
    "li", "link", "main", "meta", "nav", "option", "output", "p", "script", "section", "select",
    "span", "summary", "table", "tbody", "td", "th", "thead", "time", "title", "tr", "ul",
}  # fmt: skip


def test_one_script_is_inline_and_nothing_comes_from_elsewhere(usual: NightBoard) -> None:
    page = Outline(page_of(usual, sel=LAUNCH))

    assert not [found for _, found in page.elements if "style" in found]
    scripts = list(page.all("script"))
    assert len([found for found in scripts if not found]) == 1
    loaded = [*(found["src"] for found in scripts if found), *(
        found["href"] for found in page.all("link") if found["rel"] not in {"canonical", "alternate"})]  # fmt: skip
    assert len(loaded) == 3
    ours = ("/static/", "data:image/png;base64,")
    assert all(address is not None and address.startswith(ours) for address in loaded)


def test_tables_are_tables(usual: NightBoard) -> None:
    page = Outline(page_of(usual))

    assert len(list(page.all("caption"))) == len(list(page.all("table")))
    assert all("scope" in head for head in page.all("th"))
    assert not [found for _, found in page.elements if found.get("role") == "grid"]


def test_a_year_of_tests_stays_within_the_budget(tmp_path: Path) -> None:
    page = page_of(board_of(tmp_path, many_nights(242, 30)))

    compressed = [
        gzip.compress(page.encode(), 6),
        *(
            gzip.compress(asset.body, 6)
            for name, asset in ASSETS.items()
            if asset_url(name) in page
        ),
    ]
    assert len(compressed) > 1
    assert sum(map(len, compressed)) <= 40_000
    assert len(compressed) <= 5
    assert len(Outline(page).elements) <= 8_000


def test_the_json_tells_the_same(usual: NightBoard) -> None:
    told = json.loads(nightly_json(usual, {}))

    assert told["verdict"] == usual.verdict
    assert told["newest"]["failed"] == [LAUNCH]
    assert [one["key"] for one in told["nights"]] == ["2026-08-22", "2026-08-21", "2026-08-20"]
    fuel = next(test for test in told["tests"] if test["name"] == FUEL)
    assert (fuel["fails"], fuel["runs"], fuel["reruns"]) == (0, 3, 1)
    assert [cell if isinstance(cell, str) else cell["state"] for cell in fuel["cells"]] == [
        "passed", "passed on rerun", "passed",
    ]  # fmt: skip
    assert [one["attempt"] for one in fuel["cells"][1]["executions"]] == [1, 2]


def test_the_json_obeys_the_filter(usual: NightBoard) -> None:
    told = json.loads(nightly_json(usual, {"required": "1"}))

    assert [test["name"] for test in told["tests"]] == [LAUNCH]


def test_a_name_that_is_no_test_is_shown_with_its_nights(tmp_path: Path) -> None:
    board = board_of(
        tmp_path, night(1, {"run (<b>)": PASS}), night(0, {"run": SKIPPED, "other": PASS})
    )

    page = render_nightly(board, {}, ACME)
    [told] = json.loads(nightly_json(board, {}))["not_made"]

    assert "1 name without a test" in page
    assert (told["name"], told["how"]) == ("run", "skipped")
    assert told["nights"] == [board.nights[0].key]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("status:failed", {LAUNCH}),
        ("status:infra,failed", {LAUNCH, LAND}),
        ("-status:failed", {FUEL, LAND}),
        ("required:no", {FUEL, LAND}),
        ('owner:"launch crew"', {LAUNCH, FUEL}),
        ("owner:@mona", {LAUNCH, FUEL}),
        ("owner:none", {LAND}),
        ("group:launch", {LAUNCH, FUEL}),
        ("flaky:yes", {FUEL}),
        ("flaky:>40%", set()),
        ("changed:yes", {LAUNCH}),
        ("is:muted", {FUEL}),
        ("size:large", {LAUNCH}),
        ("size:none phase:down", {LAND}),
        ("/big|land/", {LAUNCH, LAND}),
        ("caller -launch", {LAND}),
    ],
)
def test_more_than_a_name_can_be_asked_for(usual: NightBoard, text: str, names: set[str]) -> None:
    muted = frozenset({f"{SCHEDULE.name} / {FUEL}"})

    page = render_nightly(usual, {"q": text}, ROCKETS, sayable=Sayable(muted=muted))
    told = json.loads(nightly_json(usual, {"q": text}, ROCKETS, muted=muted))

    assert Outline(page).shown() == names
    assert {test["name"] for test in told["tests"]} == names


def test_what_cannot_be_asked_for_is_named_and_leaves_nothing_out(usual: NightBoard) -> None:
    page = render_nightly(usual, {"q": "szie:large"}, ROCKETS)

    assert "did you mean “size:”?" in page
    assert Outline(page).shown() == {LAUNCH, FUEL, LAND}


def test_each_count_leads_to_as_many_tests_as_it_says(usual: NightBoard) -> None:
    links = links_of(render_nightly(usual, {}, ROCKETS))

    assert {"1 failed", "1 failed, infrastructure", "required 1", "large 1", "up 2"} <= links.keys()
    for words, address in links.items():
        [number] = re.findall(r"\d+", words)
        page = render_nightly(usual, query_of(address), ROCKETS)
        assert len(Outline(page).shown()) == int(number), words


def test_a_chip_that_is_chosen_leads_back(usual: NightBoard) -> None:
    first = links_of(render_nightly(usual, {"q": "test", "n": "10"}, ROCKETS))["up 2"]
    page = render_nightly(usual, query_of(first), ROCKETS)

    assert query_of(first)["q"] == "test phase:up"
    assert query_of(links_of(page)["up 2"])["q"] == "test"
    assert query_of(links_of(page)["down 1"])["q"] == "test phase:up,down"
    assert page.count('aria-current="true"') == page.count('aria-current="true"><bdi>up')


@pytest.mark.parametrize("group", ["suite", "tree", "owner", "none", "size", "phase"])
def test_every_test_stands_in_one_group(usual: NightBoard, group: str) -> None:
    outline = Outline(render_nightly(usual, {"g": group}, ROCKETS))

    assert outline.shown() == {LAUNCH, FUEL, LAND}
    assert sum("title" in one and "sel=" in (one["href"] or "") for one in outline.all("a")) == 3


def test_a_tree_has_what_names_tell_then_suites_then_leaves_then_parameters(
    tmp_path: Path,
) -> None:
    named = {
        f"caller / {suite} / run ({size}, {number})": PASS
        for suite in ("launch", "land")
        for size in ("big", "small")
        for number in range(2)
    }
    bad = "caller / land / run (small, 1)"
    board = board_of(tmp_path, night(1, named), night(0, named | {bad: FAIL}))

    page = render_nightly(board, {"g": "tree"}, ROCKETS)
    text = text_of(page.partition('<div class="grid')[2])

    order = ["little 1 of 4 tests failing", "land 1 of 2 tests failing", "run: 1 of 2 tests failing",
             "small, 1", "small, 0", "large 4 tests, all passed in every night"]  # fmt: skip
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    branches = re.findall(r'<details class="branch" id="[^"]*"( open)?>', page)
    assert branches == [" open", ""]


def test_which_groups_are_open_is_in_the_address(tmp_path: Path) -> None:
    named = {f"caller / {suite} / run ({n})": PASS for suite in ("launch", "land") for n in "ab"}
    board = board_of(tmp_path, night(0, named))
    [first, second] = re.findall(r'<details class="group " id="g-([0-9a-f]+)"', page_of(board))

    page = page_of(board, open=first, q="")
    both = page_of(board, open=f"{first},{second}", s="name", shut=f"{second},odd")

    assert re.findall(r'id="g-([0-9a-f]+)" open', page) == [first]
    assert f"open={first}" in html.unescape(page)
    assert "odd" not in both.partition("canonical")[2].partition(">")[0]


def test_the_tree_of_many_stays_within_the_budget(tmp_path: Path) -> None:
    board = board_of(tmp_path, many_nights(242, 30))
    everything = structs.replace(
        ACME, facets={"where": {f"d{n}": f"distribution-{n}" for n in range(2)}}
    )

    page = render_nightly(board, {"g": "tree"}, everything)

    assert len(Outline(page).elements) <= 8_000
    assert len(gzip.compress(page.encode(), 6)) <= 40_000


def test_what_has_changed_since_the_night_before_is_said(usual: NightBoard) -> None:
    assert "Since the night before: 1 newly failing." in page_of(usual)


def test_what_was_run_again_is_said(tmp_path: Path) -> None:
    board = board_of(tmp_path, night(0, {LAUNCH: FAIL, FUEL: FAIL}, {LAUNCH: PASS, FUEL: FAIL}))

    assert "2 tests run again, 1 passed then" in page_of(board)


def test_a_rate_says_how_many_nights_it_rests_on_and_a_row_whose_it_is(usual: NightBoard) -> None:
    row = page_of(usual).partition(html.escape(LAUNCH))[2].partition("</tr>")[0]

    assert "partly sunny, 2/3" in row
    assert "Launch crew" in row
