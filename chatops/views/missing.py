"""What stands at an address whose thing is not known here: what that can be, what is near, and where to go on."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from msgspec import Struct

from chatops.views.page import BACK, LIVE, Viewer, render

MOST_NEAR = 8
LONGEST_ASKED = 200
ALIKE = 0.4
WORD = re.compile(r"[^\W_]+")


class Missing(Struct, frozen=True, kw_only=True):
    """A sentence about what is not known, and links as address and words: what can be meant, and where to look.

    Addresses are within the community, or whole where they lead to GitHub.
    """

    said: str
    near: Sequence[tuple[str, str]] = ()
    ways: Sequence[tuple[str, str]] = ()


def quoted(asked: str) -> str:
    """Return what an address names between quotation marks, as much of it as somebody reads; it is nothing but text."""
    text = asked.replace("`", "'")
    return f"“{text}”" if len(text) <= LONGEST_ASKED else f"“{text[:LONGEST_ASKED]}…”"


def nearest(asked: str, names: Iterable[str]) -> list[str]:
    """Return the names that can be meant: those with every word that is asked for, or else those that look alike."""
    asked = asked[:LONGEST_ASKED].casefold()
    known = {name.casefold(): name for name in sorted(set(names), reverse=True)}
    words = set(WORD.findall(asked))
    with_all = [name for name in known if words and words <= set(WORD.findall(name))]
    found = sorted(with_all, key=lambda name: (len(name), name))[:MOST_NEAR]
    found = found or get_close_matches(asked, known, n=MOST_NEAR, cutoff=ALIKE)
    return [known[name] for name in found]


def missing_page(missing: Missing, *, name: str, up: str, viewer: Viewer, sign_in: str) -> str:
    """Return the page: it has the community's menu, for its address is one of the community's."""
    page = render(
        "missing.html", name=name, here="", up=up, viewer=viewer, sign_in=sign_in, missing=missing
    )
    return page.replace(LIVE, "").replace(BACK, "")
