from xml.etree import ElementTree as ET

import pytest

from chatops.views.pictures import UNKNOWN, Badge, Strip, badge_svg, strip_svg

SVG = "{http://www.w3.org/2000/svg}"
HARD = (
    '<script>alert("1")</script>', '"' * 200, "&" * 200, "\u202egnp.exe\x00\x1b", "漢字" * 90,
    "\U0001f680" * 90, "",
)  # fmt: skip
LARGEST_BADGE = 1_000


def read(drawn: str) -> ET.Element:
    return ET.fromstring(drawn)  # noqa: S314 - it is our own


@pytest.mark.parametrize("text", HARD)
def test_a_badge_of_whatever_name_is_small_and_well_formed(text: str) -> None:
    drawn = badge_svg(Badge(label=text, says=text, tone="bad"))

    root = read(drawn)
    assert root.tag == f"{SVG}svg"
    assert len(root.findall(f".//{SVG}script")) == 0
    assert len(badge_svg(Badge(label="a" * 99, says="b" * 99, tone="bad"))) <= LARGEST_BADGE


def test_a_badge_says_in_words_what_it_shows_in_colour() -> None:
    root = read(badge_svg(Badge(label="nightly", says="6 of 242 failed", tone="bad")))

    assert root.findtext(f"{SVG}title") == "nightly: 6 of 242 failed"
    assert [one.text for one in root.findall(f"{SVG}text")] == ["nightly", "6 of 242 failed"]


@pytest.mark.parametrize("tone", ["good", "bad", "again", "running", "unknown"])
def test_a_tone_has_its_colour_and_fits_both_themes(tone: str) -> None:
    drawn = badge_svg(Badge(label="nightly", says="so", tone=tone))

    assert (badge_svg(UNKNOWN).count("#57606a") == drawn.count("#57606a")) == (tone == "unknown")
    assert "prefers-color-scheme:dark" in drawn


def test_a_strip_is_as_long_as_its_nights_and_says_them() -> None:
    strip = Strip(title="boot", says="The last 4 nights: 3 passed, 1 failed.", marks=tuple("pfps"))

    root = read(strip_svg(strip))

    assert root.get("width") == "38"
    assert root.findtext(f"{SVG}title") == "boot"
    assert root.findtext(f"{SVG}desc") == strip.says
    paths = {path.get("class"): path.get("d", "") for path in root.findall(f"{SVG}path")}
    assert {look: path.count("M") for look, path in paths.items()} == {"p": 2, "f": 1, "o": 1}
    assert paths["f"].startswith("M10 0h8v24")


def test_a_strip_of_nothing_is_still_a_picture() -> None:
    assert read(strip_svg(Strip(title="No such test", says="", marks=()))).get("width") == "8"
