import struct
import zlib

import pytest

from chatops.answers.nights import State
from chatops.views.drawn import (
    BY_STATE,
    CELL,
    MOST,
    PLACE,
    SCALE,
    SIGNATURE,
    STEP,
    TALL,
    is_public,
    picture_address,
    strip_png,
)


def chunks(picture: bytes) -> dict[bytes, bytes]:
    """Take a PNG apart; each part has to have the sum that it says."""
    assert picture.startswith(SIGNATURE)
    found, at = {}, len(SIGNATURE)
    while at < len(picture):
        (length,) = struct.unpack_from(">I", picture, at)
        name, data = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", picture, at + 8 + length) == (zlib.crc32(name + data),)
        found[name] = data
        at += 12 + length
    return found


def rows(picture: bytes) -> tuple[int, list[bytes]]:
    """Return how wide a picture is, and its rows of colours."""
    parts = chunks(picture)
    width, height = struct.unpack_from(">II", parts[b"IHDR"])
    pixels = zlib.decompress(parts[b"IDAT"])
    assert len(pixels) == height * (width + 1)
    return width, [pixels[y * (width + 1) + 1 : (y + 1) * (width + 1)] for y in range(height)]


def test_a_failure_is_tall_and_a_pass_low_and_the_newest_is_on_the_right() -> None:
    drawn = strip_png("fp")
    assert drawn is not None

    width, lines = rows(drawn)

    passed, failed = (
        sum(bool(line[column]) for line in lines) for column in (CELL // 2, STEP + CELL // 2)
    )
    assert (width, len(lines)) == (STEP + CELL, TALL)
    assert (passed, failed) == (8 * SCALE, TALL)
    assert lines[-1][0] != lines[-1][-1]


@pytest.mark.parametrize("marks", ["", "p" * (MOST + 1), "P", "p.", "../x", "ü"])
def test_what_is_no_strip_is_not_drawn(marks: str) -> None:
    assert strip_png(marks) is None


def test_every_state_can_be_drawn() -> None:
    assert set(BY_STATE) == {state.value for state in State}
    assert strip_png("".join(BY_STATE.values())) is not None


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://ci.example.org", True),
        ("https://ci.example.org/ops/", True),
        ("https://8.8.8.8", True),
        ("http://ci.example.org", False),
        ("https://localhost", False),
        ("https://127.0.0.1:8080", False),
        ("https://10.1.2.3", False),
        ("https://ci.corp.internal", False),
        ("https://ci", False),
        ("https://[", False),
        ("", False),
    ],
)
def test_a_picture_has_an_address_only_where_slack_can_fetch_it(address: str, public: bool) -> None:  # noqa: FBT001 - a row of the table
    assert is_public(address) == public
    assert bool(picture_address(address, ["passed"])) == public


def test_the_address_says_what_is_drawn() -> None:
    address = picture_address("https://ci.example.org/ops/", ["failed", "passed", "strange"])

    assert address == f"https://ci.example.org/ops/{PLACE}/fpu.png"
    assert picture_address("https://ci.example.org", []) == ""
