"""Where the page of one test is: an address that holds all of its names, and is read back into them.

Whoever keeps such an address finds the same test there as long as anything is known of it. Letters, digits, commas and
parentheses stay as they are, blanks become `_`, the ` / ` between two levels becomes `--`, and any other sign becomes
`~` with its bytes. Between the names stands `~~`.
"""

import re
from functools import lru_cache

from msgspec import Struct

from chatops.names import Repo

LEVEL, LEVEL_IN_ADDRESS = " / ", "--"
BETWEEN = "~~"
ODD = re.compile(r"[^A-Za-z0-9(),-]|(?<![^-])-|-(?![^-])")
"""What does not stay as it is; a hyphen does, between two other signs."""
NAMES_KEPT = 2_000
ESCAPED = re.compile(r"~([0-9A-F]{2})|(_)|(.)", re.DOTALL)


class Place(Struct, frozen=True, kw_only=True):
    """A test, by its names."""

    repo: Repo
    workflow: str
    name: str


def slug(place: Place, usual: Repo) -> str:
    """Return the last part of a test's address; `usual` is the repository that need not be said."""
    names = [place.workflow, place.name]
    if place.repo != usual:
        names.insert(0, place.repo)
    return BETWEEN.join(_encoded(name) for name in names)


def read_slug(text: str, usual: Repo) -> Place | None:
    """Return which test an address is about; nothing where it cannot have been made by `slug`."""
    try:
        names = [_decoded(part) for part in text.split(BETWEEN)]
    except ValueError:
        return None
    match names:
        case [workflow, name]:
            place = Place(repo=usual, workflow=workflow, name=name)
        case [repo, workflow, name]:
            place = Place(repo=Repo(repo), workflow=workflow, name=name)
        case _:
            return None
    return place if slug(place, usual) == text else None


@lru_cache(maxsize=NAMES_KEPT)
def _encoded(name: str) -> str:
    return LEVEL_IN_ADDRESS.join(ODD.sub(_escaped, piece) for piece in name.split(LEVEL))


def _escaped(sign: re.Match[str]) -> str:
    text = sign.group()
    return "_" if text == " " else "".join(f"~{byte:02X}" for byte in text.encode())


def _decoded(text: str) -> str:
    return LEVEL.join(_read(piece) for piece in text.split(LEVEL_IN_ADDRESS))


def _read(piece: str) -> str:
    found = bytearray()
    for match in ESCAPED.finditer(piece):
        byte, blank, plain = match.groups()
        found += bytes.fromhex(byte) if byte else b" " if blank else plain.encode()
    return found.decode()
