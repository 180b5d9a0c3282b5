import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from jinja2 import UndefinedError
from markupsafe import escape

from chatops.surfaces.pages import CONTENT_SECURITY_POLICY
from chatops.views.page import (
    ASSETS,
    HEAD_SCRIPT,
    TEMPLATES,
    TOKEN,
    WHO,
    asset,
    asset_url,
    at,
    not_found_page,
    page_etag,
    personal,
    render,
    sign_in_address,
    took,
    unavailable_page,
)


def test_an_asset_is_found_under_the_address_pages_use() -> None:
    for name in ASSETS:
        _, static, version, file = asset_url(name).split("/")
        found = asset(file)

        assert static == "static"
        assert found is not None
        assert found[2] == f'"{version}"'


def test_the_only_script_within_a_page_is_the_one_that_the_policy_names() -> None:
    [inline] = re.findall(r"<script>(.*?)</script>", not_found_page("/nowhere"), re.DOTALL)
    [scripts] = re.findall(r"script-src ([^;]*);", CONTENT_SECURITY_POLICY)
    digest = b64encode(sha256(inline.encode()).digest()).decode()

    assert inline == HEAD_SCRIPT
    assert scripts == f"'self' 'sha256-{digest}'"


def test_an_unknown_asset_is_nothing() -> None:
    assert asset("../page.py") is None
    assert asset("") is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [("page.css", "text/css"), ("nightly.js", "text/javascript"), ("icon.png", "image/png")],
)
def test_an_asset_has_its_kind(name: str, kind: str) -> None:
    found = asset(name)

    assert found is not None
    assert found[1].startswith(kind)


ON_PAPER, OF_CODE_IN_A_VERDICT = "9px", "0.82em"


def test_letters_have_two_weights_and_few_sizes() -> None:
    """Each pair is a font that a browser looks up before it paints: some milliseconds each on a phone."""
    style = ASSETS["page.css"].body.decode()
    sizes = set(re.findall(r"font-size: (\d[\d.]*(?:px|r?em))", style))
    weights = set(re.findall(r"font-weight: (\w+)", style))

    assert sizes == {"11px", "12px", "13px", "14px", "16px", "22px", ON_PAPER, OF_CODE_IN_A_VERDICT}
    assert weights == {"400", "600", "inherit"}


def test_an_etag_changes_with_whatever_the_page_is_made_of() -> None:
    assert page_etag(7, "q=a") == page_etag(7, "q=a")
    assert (
        len({page_etag(7, "q=a"), page_etag(8, "q=a"), page_etag(7, "q=b"), page_etag("7q=a")}) == 4
    )


def test_a_template_that_asks_for_an_unknown_name_fails() -> None:
    with pytest.raises(UndefinedError):
        TEMPLATES.from_string("{{ nobody_gave_this }}").render()


def test_templates_escape_what_they_are_given() -> None:
    assert TEMPLATES.from_string("{{ text }}").render(text="<b>&\"'") == "&lt;b&gt;&amp;&#34;&#39;"


def test_a_missing_page_says_which_and_never_as_markup() -> None:
    page = not_found_page("/<script>alert(1)</script>")

    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("page", [not_found_page("/x"), unavailable_page()])
def test_no_page_needs_anything_from_elsewhere_and_only_one_script_inline(page: str) -> None:
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", page)
    assert re.findall(r"<script(?! src=\"/static/)", page) == ["<script"]
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", page) == []


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (None, ""),
        (timedelta(seconds=48), "48 s"),
        (timedelta(minutes=19, seconds=59), "19 min"),
        (timedelta(hours=1, minutes=4), "1 h 04 min"),
    ],
)
def test_a_duration_is_said_the_way_people_do(duration: timedelta | None, words: str) -> None:
    assert took(duration) == words


def test_a_moment_can_be_read_by_people_and_programs() -> None:
    shown = at(datetime(2026, 8, 2, 5, 12, tzinfo=UTC))

    assert shown == '<time datetime="2026-08-02T05:12:00+00:00">2 Aug, 05:12 UTC</time>'


def test_a_page_becomes_somebodys_only_where_it_says_so() -> None:
    page = f"<header>{WHO}</header><form>{TOKEN}</form><p>{escape(str(WHO))}</p>"

    made = personal(page.encode(), login="<b>mona", csrf='a"b', nonce="n").decode()

    assert "<bdi>&lt;b&gt;mona</bdi>" in made
    assert made.count('name="csrf" value="a&#34;b"') == 2
    assert made.count('name="nonce" value="n"') == 1
    assert str(WHO) not in made
    assert str(TOKEN) not in made
    assert made.endswith(f"<p>{escape(str(WHO))}</p>")


def test_who_signs_in_is_led_back_to_the_page_with_all_that_was_asked() -> None:
    address = sign_in_address("https://ci.example/", "/acme/nightly?q=a b&n=10#x")

    assert address == "https://ci.example/sign-in?to=/acme/nightly%3Fq%3Da%20b%26n%3D10%23x"


def test_a_page_cannot_hide_what_every_page_has() -> None:
    with pytest.raises(ValueError, match=r"story\.html hides what every page has: who\."):
        render("story.html", who="mona")
