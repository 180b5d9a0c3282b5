"""A strip of nights as a picture for those who take no SVG: an address that holds what is drawn, and its PNG.

As everywhere, a failure is tall and a pass low, so that it can be read without its colours. The address alone says what
the picture shows: whoever keeps it sees the same for good, and it tells nothing that is not in it.
"""

import re
import struct
import zlib
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from chatops.views.nightly_detail import MARKS
from chatops.views.pictures import HEIGHTS, OTHERS

PLACE = "strip/drawn"
MOST = 60
WRITTEN = re.compile(rf"[a-z]{{1,{MOST}}}")
SCALE = 3
CELL, STEP, TALL = 8 * SCALE, 10 * SCALE, 24 * SCALE
COLOURS = {"p": 0x2DA44E, "r": 0xD4A72C, "f": 0xCF222E, "i": 0xE16F24, "w": 0x0969DA}
OTHER, NOTHING = 0x8C959F, 0xFFFFFF
SIGNATURE = b"\x89PNG\r\n\x1a\n"
PALETTE_BITS, PALETTE = 8, 3
LOCAL = (".local", ".internal", ".lan", ".test", ".localhost")
BY_STATE = {state.value: mark for state, mark in MARKS.items()}


def picture_address(base_url: str, states: Sequence[str]) -> str:
    """Return where the picture of some nights is, the newest first; nothing where Slack could not fetch it."""
    marks = "".join(BY_STATE.get(state, "u") for state in states[:MOST])
    return f"{base_url.rstrip('/')}/{PLACE}/{marks}.png" if marks and is_public(base_url) else ""


def is_public(base_url: str) -> bool:
    """Return whether an address can be one that everybody reaches."""
    try:
        parts = urlsplit(base_url)
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or "." not in host or host.endswith(LOCAL):
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return True


def strip_png(marks: str) -> bytes | None:
    """Return the picture of some nights, the newest on the right as one reads; nothing for what is no strip."""
    if not WRITTEN.fullmatch(marks):
        return None
    colours = [NOTHING, OTHER, *COLOURS.values()]
    index = {mark: place + 2 for place, mark in enumerate(COLOURS)}
    width = len(marks) * STEP - (STEP - CELL)
    rows = bytearray()
    for y in range(TALL):
        row = bytearray(width)
        for place, mark in enumerate(reversed(marks)):
            if y >= TALL - HEIGHTS.get(mark, OTHERS) * SCALE:
                row[place * STEP : place * STEP + CELL] = bytes([index.get(mark, 1)]) * CELL
        rows += b"\0" + row
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, TALL, PALETTE_BITS, PALETTE, 0, 0, 0)),
            _chunk(b"PLTE", b"".join(colour.to_bytes(3, "big") for colour in colours)),
            # What is drawn on shines through.
            _chunk(b"tRNS", b"\0"),
            _chunk(b"IDAT", zlib.compress(bytes(rows), 9)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    checked = name + data
    return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))
