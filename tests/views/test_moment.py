"""How an address names a moment, and what a page of the past has that the present one has not."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from chatops.errors import Refused
from chatops.views.moment import (
    Asked,
    Bar,
    Place,
    json_of,
    keeping,
    read_moment,
    what_is_asked,
    with_bar,
    written,
)
from chatops.views.page import BACK

NOW = datetime(2026, 8, 22, 10, 51, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("e918224", 918_224),
        ("E1", 1),
        ("918224", 918_224),
        ("2026-08-21", datetime(2026, 8, 21, 23, 59, 59, tzinfo=UTC)),
        ("2026-08-22", NOW),
        ("2026-08-22T10:51", datetime(2026, 8, 22, 10, 51, tzinfo=UTC)),
        ("2026-08-22 10:51:07.5Z", datetime(2026, 8, 22, 10, 51, 7, 500_000, tzinfo=UTC)),
        ("2026-08-22t10:51:07z", datetime(2026, 8, 22, 10, 51, 7, tzinfo=UTC)),
        ("2026-08-22T10:51:07+02:00", datetime(2026, 8, 22, 8, 51, 7, tzinfo=UTC)),
        ("2026-08-22T10:51:07 02:00", datetime(2026, 8, 22, 8, 51, 7, tzinfo=UTC)),
        ("2026-08-22T10:51-05:30", datetime(2026, 8, 22, 16, 21, tzinfo=UTC)),
    ],
)
def test_a_moment_is_a_time_a_day_or_an_event(word: str, meant: object) -> None:
    assert read_moment(word, NOW) == meant


@pytest.mark.parametrize(
    "word",
    [
        "", "e", "-1", "e٣", "1" * 19, "tomorrow", "2026-02-30", "2026-08-22T25:00Z", "2026-W34-6",
        "0001-01-01T00:00:00+14:00", "2026-08-22T10:51:07+99:00", "<script>", "2026-08-22T10:51\n",
    ],
)  # fmt: skip
def test_whatever_is_no_moment_is_refused_with_examples(word: str) -> None:
    with pytest.raises(Refused, match="names no moment"):
        read_moment(word, NOW)


@pytest.mark.parametrize("at", [NOW, NOW + timedelta(microseconds=5)])
def test_a_time_that_is_written_is_read_as_the_same(at: datetime) -> None:
    assert read_moment(written(at), NOW) == at


def test_by_what_to_look_back_is_one_of_two() -> None:
    with pytest.raises(Refused, match="“feeling” is no way to look back"):
        what_is_asked({"at": "e5", "by": "feeling"}, {})


def test_without_a_moment_every_other_word_is_the_page_s_own() -> None:
    assert what_is_asked({"by": "group", "q": "x"}, {}).rest == {"by": "group", "q": "x"}


def test_what_stands_in_the_address_is_not_repeated_in_its_links() -> None:
    asked = what_is_asked({"id": "7", "q": "dock", "at": "e5", "by": "event"}, {"id": "7"})

    assert asked.link("e4") == "?q=dock&at=e4&by=event"
    assert asked.link("") == "?q=dock"


PAGE = (
    '<title>Acme</title><link rel="stylesheet" href="/static/1/page.css"></header>'
    '<a href="prs">a</a><a href="?q=x&amp;s=name#top">b</a><a href="?">c</a><a href="#main">d</a>'
    '<a href="https://github.com/acme/rocket">e</a><a href="/nightly">f</a><a href="mailto:x">g</a>'
    '<form class="filter" method="get" role="search"><form method="post" action="/commands">'
    "<code>href=&#34;prs&#34;</code>"
)


def test_our_own_links_and_forms_go_on_with_the_moment_and_no_others() -> None:
    kept = keeping(PAGE, {"at": "2026-08-22T10:51:00Z", "by": "event"})
    more = "at=2026-08-22T10%3A51%3A00Z&amp;by=event"

    assert f'<a href="prs?{more}">a' in kept
    assert f'<a href="?q=x&amp;s=name&amp;{more}#top">b' in kept
    assert f'<a href="?{more}">c' in kept
    assert f'<a href="/nightly?{more}">f' in kept
    assert (
        'method="get" role="search"><input type="hidden" name="at" value="2026-08-22T10:51:00Z">'
        '<input type="hidden" name="by" value="event"><form method="post" action="/commands"><code>'
    ) in kept
    for other in ("/static/1/page.css", "#main", "https://github.com/acme/rocket", "mailto:x"):
        assert f'href="{other}"' in kept
    assert "<code>href=&#34;prs&#34;</code>" in kept


def bar(at: str, *, by: str = "known", before: int | None = 4, after: int | None = 6) -> Bar:
    return Bar(
        asked=Asked(at=at, by=by, compare="", rest={"q": '"><script>'}),
        place=Place(
            position=918_224, at=NOW, before=before, after=after, first=NOW - timedelta(hours=3),
            now=NOW + timedelta(days=2),
        ),
    )  # fmt: skip


def test_the_banner_says_the_moment_and_leads_on() -> None:
    page = with_bar(PAGE + str(BACK), bar("e918224"))

    assert "<title>22 Aug 2026, 10:51:07 UTC: Acme</title>" in page
    assert (
        "You are looking at <b>22 Aug 2026, 10:51:07 UTC</b> (event 918,224), by what was" in page
    )
    assert 'title="An event earlier">‹ event</a>' in page
    assert "at=2026-08-22T09%3A51%3A07Z" in page
    assert "at=2026-08-23T10%3A51%3A07Z" in page
    assert 'title="A day earlier: there is none"' in page
    assert "<script>" not in page
    assert BACK not in page


def test_a_page_of_now_has_ways_into_the_past_and_keeps_its_links() -> None:
    page = with_bar(PAGE, bar("now", after=None))

    assert "<title>Acme</title>" in page
    assert "This is now, event 918,224." in page
    assert '<a href="prs">a' in page
    assert " later" not in page


def test_programs_are_told_the_moment_and_led_on_in_it() -> None:
    told = msgspec.json.decode(json_of('{"rows":[],"older":"?p=2"}', bar("e918224")))

    assert told == {
        "at": {"position": 918_224, "time": "2026-08-22T10:51:07Z", "by": "known"},
        "rows": [],
        "older": "?p=2&at=e918224",
    }
