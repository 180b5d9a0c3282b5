"""What somebody is told who follows a link to what is not known here."""

import html
import re
from collections.abc import Iterator

import pytest

from chatops.views.missing import MOST_NEAR, nearest, quoted
from tests.builders import PASS, NightOf, night
from tests.showroom import Showroom, showroom

NAMES = ["suite / boot (qemu, normal)", "suite / boot (clh, small)", "lint"]
RUN = NightOf(ago=0).run_id


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Showroom]:
    folder = tmp_path_factory.mktemp("missing")
    with showroom(folder, night(0, dict.fromkeys(NAMES, PASS))) as opened:
        yield opened


def words(page: str) -> str:
    main = page.partition("<main")[2].partition(">")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("clh boot", ["suite / boot (clh, small)"]),
        ("BOOT", ["suite / boot (clh, small)", "suite / boot (qemu, normal)"]),
        (
            "suite / boot (qemu, large)",
            ["suite / boot (qemu, normal)", "suite / boot (clh, small)"],
        ),
        ("", []),
        ("0" * 4_000, []),
    ],
)
def test_names_with_all_words_are_near_or_else_those_that_look_alike(
    asked: str, near: list[str]
) -> None:
    assert nearest(asked, NAMES) == near


def test_no_more_names_are_near_than_somebody_reads() -> None:
    assert len(nearest("test", [f"test {number}" for number in range(99)])) == MOST_NEAR


def test_what_was_asked_for_is_said_as_text_and_not_at_length() -> None:
    assert quoted("a`b") == "“a'b”"
    assert len(quoted("x" * 4_000)) < 250


@pytest.mark.parametrize(
    ("address", "query", "said", "links"),
    [
        (
            "tests/{slug}", {"slug": "Nightly~~boot"},
            "No test is known that is called “boot”.",
            [
                "../tests/Nightly~~suite--boot_(clh,_small)", "../tests/Nightly~~suite--boot_(qemu,_normal)",
                "../nightly",
            ],
        ),
        ("tests/{slug}", {"slug": "zzz"}, "No test is known that is called “zzz”.", ["../nightly"]),
        (
            "runs/{id}", {"id": "12"}, "Nothing was heard of run 12.",
            ["../nightly", "https://github.com/acme/rocket/actions/runs/12"],
        ),
        ("runs/{id}", {"id": "<b>"}, "“<b>” is no run: after runs/ stands its number on GitHub.", ["../nightly"]),
        (
            "runs/{id}/{attempt}", {"id": str(RUN), "attempt": "9"},
            f"Run {RUN} has no attempt “9” that was heard of.", [f"../../runs/{RUN}", "../../nightly"],
        ),
        (
            "prs/{id:path}", {"id": "9"}, "Nothing was heard of pull request #9.",
            ["../prs", "https://github.com/acme/rocket/pull/9"],
        ),
        (
            "prs/{id:path}", {"id": "acme/else/9"},
            "“acme/else/9” is no pull request here: after prs/ stands its number.", ["../../../prs"],
        ),
        (
            "audit/{id}", {"id": "x"}, "No command and no event of this community is called “x”.",
            ["../audit"],
        ),
    ],
)  # fmt: skip
def test_a_page_without_its_thing_says_so_and_leads_on(
    room: Showroom, address: str, query: dict[str, str], said: str, links: list[str]
) -> None:
    page = room.seen(address, **query)
    main = page.partition("<main")[2]

    assert f"Nothing is here. {said}" in words(page)
    assert [html.unescape(link) for link in re.findall(r'href="([^"]*)"', main)] == links
    assert 'aria-label="Pages"' in page
    assert "<!--" not in page.replace("<!--who-->", "")


def test_programs_get_no_such_page(room: Showroom) -> None:
    assert room.shown("tests/{slug}", "json", slug="zzz") is None


def test_it_is_not_found_for_whoever_asks_by_its_number(room: Showroom) -> None:
    found = room.pages.shows()["runs/{id}"](None, "html", {"id": "12"}, compress=False)

    assert found is not None
    assert (found.status, found.keeping) == (404, "no-store")


def test_what_is_known_is_no_missing_page(room: Showroom) -> None:
    assert "Nothing is here." not in room.seen("runs/{id}", id=str(RUN))
