"""The making of an export's pages: each is rendered, and written as it is with all that is made of it.

Whichever process makes a page, its files are the same. Where links lead is known once every page is made; then
each is written again, as a copy.
"""

import gc
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs

from msgspec import Struct

from chatops.answers.nights import NightBoard
from chatops.answers.open_queue import Queue
from chatops.answers.own_state import OwnState
from chatops.answers.pull_results import PullResults
from chatops.answers.run_history import RunHistory
from chatops.engine.command import Knowledge
from chatops.showing import DOORS, VIEWS
from chatops.views.exported import LINK, Site, address_of, exported
from chatops.views.formats import Door
from chatops.views.page import Viewer
from chatops.views.table import table
from chatops.views.view import USUAL_NIGHTS, Seen, View

ROWS = 500
"""So many rows a list has: more make a page slow without a server that cuts it."""
GOES_ON = re.compile(r'"older": ?"')
"""By this a document says that its list goes on behind the page."""
LONGEST_NAME = 150
"""Of a folder; a file system takes 255 bytes."""
SELDOM = (20_000, 20, 1_000)
"""So many new things, and so many looks at what is new, before Python looks for garbage among what is older."""
Kept = TypeVar("Kept")


class Still:
    """A snapshot of which everything costly is made once."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._boards: dict[int, NightBoard] = {}
        self.viewer = Viewer.ANYBODY

    @property
    def knowledge(self) -> Knowledge:
        """The read models, and the configuration of the community."""
        return self._seen.knowledge

    def board(self, nights: int = USUAL_NIGHTS) -> NightBoard:
        """Return so many nights."""
        if nights not in self._boards:
            self._boards[nights] = self._seen.board(nights)
        return self._boards[nights]

    def queue(self) -> Queue:
        """Return the open pull requests."""
        return self._queue

    def results(self) -> PullResults:
        """Return what came of the runs on pull requests."""
        return self._results

    def history(self) -> RunHistory:
        """Return the runs of the last weeks."""
        return self._history

    @cached_property
    def _queue(self) -> Queue:
        return self._seen.queue()

    @cached_property
    def _results(self) -> PullResults:
        return self._seen.results()

    @cached_property
    def _history(self) -> RunHistory:
        return self._seen.history()

    def own_state(self) -> OwnState:
        """Return how this process and its database are."""
        return self._seen.own_state()

    def kept(self, of: object, make: Callable[[], Kept]) -> Kept:
        """Return what was made of the very same object before, or make it."""
        return self._seen.kept(of, make)

    def once(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Return what was made under a key, or make it."""
        return self._seen.once(key, make)


class Written(Struct, frozen=True):
    """How many files were written, and of how many bytes."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: "Written") -> "Written":
        return Written(self.files + other.files, self.bytes + other.bytes)


class Lead(Struct, frozen=True):
    """What a page leads to: an address in the service, and which test its query selects there, if it selects one."""

    address: str
    selects: str = ""


class Made(Struct, frozen=True, kw_only=True):
    """A page that was made: what it leads to in the order in which it stands there, and what was written of it."""

    leads: Sequence[Lead]
    written: Written


def _pattern(view: View) -> re.Pattern[str]:
    pieces = re.split(r"(\{\w+(?::path)?\})", view.address)
    return re.compile(
        "".join(
            f"(?P<{piece[1:-1].partition(':')[0]}>{'.+' if ':path' in piece else '[^/]+'})"
            if piece.startswith("{")
            else re.escape(piece)
            for piece in pieces
        )
    )


PATTERNS: Sequence[tuple[re.Pattern[str], View]] = tuple(
    (_pattern(view), view) for view in VIEWS.values()
)


def page_at(address: str) -> tuple[View, Mapping[str, str]] | None:
    """Return which page has an address, and what stands for the braces in its own."""
    for pattern, view in PATTERNS:
        if found := pattern.fullmatch(address):
            return view, found.groupdict()
    return None


def _doors_by_view() -> Mapping[View, Sequence[Door]]:
    found: dict[View, list[Door]] = defaultdict(list)
    for door in DOORS:
        found[door.view].append(door)
    return found


MADE_OF: Mapping[View, Sequence[Door]] = _doors_by_view()
"""What is made of each page, its own address included."""


def asked_of(names: Mapping[str, str]) -> dict[str, str]:
    """Return what a page is asked for its copy."""
    return {**names, "rows": str(ROWS)}


def tidy_seldom() -> tuple[int, int, int]:
    """Let Python seldom look for garbage among all there is, for what pages are made of stays; return how it did."""
    before = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    return before


class Maker:
    """Makes pages of one snapshot into a folder."""

    def __init__(self, seen: Still, folder: Path) -> None:
        self._seen = seen
        self._folder = folder
        knowledge = seen.knowledge
        self._nowhere = Site(
            key=knowledge.community.key, base_url=knowledge.base_url, files={}, selected={}
        )

    def make(self, addresses: Iterable[str]) -> list[Made | None]:
        """Make some pages, each by its address in the service; nothing of one where there is no such page."""
        return [self._make(address) for address in addresses]

    def _make(self, address: str) -> Made | None:
        found = page_at(address)
        assert found is not None
        view, names = found
        query = asked_of(names)
        page = view.html(self._seen, query)
        if page is None:
            return None
        # It waits there as it is, until its links are made to lead to copies; it counts as written then.
        write(self._folder, f"{safe(address)}/index.html", page.encode())
        written = Written()
        for door in MADE_OF[view]:
            if not door.is_framed:
                written += self._write_others(door, address, query)
        return Made(leads=self._leads(page, address), written=written)

    def _leads(self, page: str, address: str) -> Sequence[Lead]:
        found = (
            address_of(unescape(link), address, self._nowhere)
            for link in dict.fromkeys(link for _, link in LINK.findall(page))
        )
        return list(
            dict.fromkeys(Lead(one, _selecting(query)) for one, query, _ in filter(None, found))
        )

    def _write_others(self, door: Door, address: str, query: Mapping[str, str]) -> Written:
        """Write what is made of a page for programs, and its pictures."""
        under = door.address.removesuffix(door.view.address)
        written, document = Written(), ""
        for form, make in door.makes.items():
            if form == "html":
                continue
            # Where the list goes on behind the page, its table is made of all of it.
            if form == "csv" and door.view.rows and not GOES_ON.search(document):
                made: str | None = table(door.view.rows, document)
            else:
                made = make(self._seen, query)
            if form == "json":
                document = made or ""
            if made is not None:
                written += write(self._folder, f"{under}{safe(address)}.{form}", made.encode())
        return written


def write(folder: Path, path: str, body: bytes) -> Written:
    """Write a file."""
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(body)
    return Written(1, len(body))


def write_copies(folder: Path, site: Site, as_of: str, pages: Iterable[tuple[str, str]]) -> Written:
    """Put copies in the place of pages: of each page its address in the service, and where it was written as it is."""
    written = Written()
    for address, place in pages:
        page = (folder / place / "index.html").read_bytes().decode()
        copy = exported(page, address, site, folder=place, as_of=as_of)
        written += write(folder, f"{place}/index.html", copy.encode())
    return written


def safe(address: str) -> str:
    """Return an address as a path that every file system takes."""
    return "/".join(
        part
        if len(part.encode()) <= LONGEST_NAME
        else f"{part[: LONGEST_NAME // 2]}-{sha256(part.encode()).hexdigest()[:16]}"
        for part in address.split("/")
    )


def _selecting(query: str) -> str:
    return parse_qs(query).get("sel", [""])[0] if "sel=" in query else ""
