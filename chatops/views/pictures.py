"""Small pictures for READMEs and other people's pages: a badge that says how something is, a strip of its nights.

They are text in SVG, light or dark as the reader's system is. A strip says by height what it says by colour: a
failure is tall, a pass low, and what has no verdict is hardly there.
"""

from collections.abc import Sequence
from unicodedata import east_asian_width

from msgspec import Struct

from chatops.views.page import render

LABEL_SHOWN = 30
SAYS_SHOWN = 40
GAP = 6
WIDTHS = (("ijlI.,:;'|!", 3.5), ("frt()[] -", 4.6), ("mwMW%@", 10.5))
WIDE, USUAL = 11.0, 7.0
"""How many pixels a sign takes in the badge's font, about; the browser stretches the text to just that."""
STEP, CELL, TALL = 10, 8, 24
HEIGHTS = {"p": 8, "r": 14, "f": 24, "i": 18}
OTHERS = 4


class Badge(Struct, frozen=True, kw_only=True):
    """What something is, and how it is. `tone` is one of `good`, `bad`, `again`, `running` and `unknown`."""

    label: str
    says: str
    tone: str


class Strip(Struct, frozen=True, kw_only=True):
    """Nights, the newest first, each as its mark; `says` is all of it in words."""

    title: str
    says: str
    marks: tuple[str, ...]


UNKNOWN = Badge(label="ci", says="unknown", tone="unknown")


def badge_svg(badge: Badge) -> str:
    """Return a badge."""
    label, says = _cut(badge.label, LABEL_SHOWN), _cut(badge.says, SAYS_SHOWN)
    first, second = _width(label), _width(says)
    return render(
        "badge.svg", label=label, says=says, tone=badge.tone, first=first, second=second, gap=GAP
    )


def strip_svg(strip: Strip) -> str:
    """Return a strip."""
    shapes: dict[str, list[str]] = {}
    for place, mark in enumerate(strip.marks):
        high = HEIGHTS.get(mark, OTHERS)
        top = TALL - high
        look = mark if mark in HEIGHTS else "o"
        shapes.setdefault(look, []).append(f"M{place * STEP} {top}h{CELL}v{high}h-{CELL}z")
    return render(
        "strip.svg",
        title=_cut(strip.title, 120),
        says=strip.says,
        shapes={look: "".join(paths) for look, paths in shapes.items()},
        width=max(1, len(strip.marks)) * STEP - (STEP - CELL),
        tall=TALL,
    )


def counted_states(states: Sequence[str]) -> str:
    """Return how often each word is among some: `25 passed, 5 failed`."""
    counts = {state: states.count(state) for state in dict.fromkeys(states)}
    return ", ".join(f"{number} {state}" for state, number in counts.items())


def _cut(text: str, shown: int) -> str:
    line = "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))
    return line if len(line) <= shown else f"{line[: shown - 1]}…"


def _width(text: str) -> int:
    return round(sum(map(_wide, text)))


def _wide(sign: str) -> float:
    if east_asian_width(sign) in "WF":
        return WIDE
    return next((width for signs, width in WIDTHS if sign in signs), USUAL)
