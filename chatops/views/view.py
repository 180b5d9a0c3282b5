"""What a page is: its address, and how it is made of what is known. Modules of `pages/` have one each, or more."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from msgspec import Struct

from chatops.answers.nights import NightBoard
from chatops.answers.open_queue import Queue
from chatops.answers.own_state import OwnState
from chatops.answers.pull_results import PullResults
from chatops.answers.run_history import RunHistory
from chatops.engine.command import Knowledge
from chatops.events import Recorded
from chatops.views.feed import Feed
from chatops.views.missing import Missing
from chatops.views.page import Viewer
from chatops.views.pictures import Badge, Strip
from chatops.views.table import Rows

Made = TypeVar("Made")
Query = Mapping[str, str]
"""What is asked: the words of the address's query, and what the braces in a page's address stand for."""
USUAL_NIGHTS = 30
MOST_ROWS = 5_000
NUMBER = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
NAMED = re.compile(r"\{(\w+)(?::\w+)?\}")


def page_size(query: Query, usual: int) -> int:
    """Return how many rows of a list are on one page: as many as `rows` says, with `all` what a page can hold."""
    asked = query.get("rows", "")
    if asked == "all":
        return MOST_ROWS
    return min(int(asked), MOST_ROWS) if NUMBER.fullmatch(asked) else usual


class Seen(Protocol):
    """All that a page can be made of, as it was at one moment; what is costly is made only when it is asked for."""

    @property
    def knowledge(self) -> Knowledge:
        """The read models, and the configuration of the page's community."""
        ...

    @property
    def viewer(self) -> Viewer:
        """Who looks, as far as a page may know."""
        ...

    def board(self, nights: int = USUAL_NIGHTS) -> NightBoard:
        """Return so many nights with their tests."""
        ...

    def queue(self) -> Queue:
        """Return the open pull requests."""
        ...

    def results(self) -> PullResults:
        """Return what came of the runs on pull requests."""
        ...

    def history(self) -> RunHistory:
        """Return the runs of the last weeks."""
        ...

    def own_state(self) -> OwnState:
        """Return how this process and its database are."""
        ...

    def kept(self, of: object, make: Callable[[], Made]) -> Made:
        """Return what was made of the very same object before, or make it."""
        ...

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made under a key in this very look, or make it: for a page in several formats."""
        ...


class Word(Struct, frozen=True, kw_only=True):
    """A word that an address can say: in its query, or in the place of what is in braces.

    `values` are all that it can mean, `pattern` is how it is written; what it cannot mean is left out, and said.
    """

    name: str
    meaning: str
    values: tuple[str, ...] = ()
    pattern: str = ""


class View(Struct, frozen=True, kw_only=True):
    """A page of every community, and the same facts for programs.

    Both return nothing where what the address names is not known. A page with a `stamp` is kept, and shown again for
    the same question until the stamp is another one; the stamp must be cheap.
    """

    address: str
    """Under the community's own; what is in braces is a name, and becomes a word of the query."""
    html: Callable[[Seen, Query], str | None]
    json: Callable[[Seen, Query], str | None]
    stamp: Callable[[Seen, Query], Hashable] | None = None
    moved: Callable[[Seen, Query], str | None] | None = None
    """Where what the address names is found now, as an address from there; nothing if it is there still."""
    missing: Callable[[Seen, Query], Missing] | None = None
    """What is said to people where what the address names is not known."""
    rows: Rows | None = None
    """Which list of its JSON is its table for spreadsheets."""
    feed: Callable[[Seen, Query], Feed | None] | None = None
    badge: Callable[[Seen, Query], Badge] | None = None
    """How the thing is, in a word; what is not known has a badge that says so, for a picture has to be one."""
    strip: Callable[[Seen, Query], Strip] | None = None
    words: tuple[Word, ...] = ()
    """All that it can be asked; a test looks that it reads nothing else."""
    document: object = dict[str, Any]
    """The type of what its JSON tells."""
    news: Callable[[Knowledge, Recorded], Iterable[str]] | None = None
    """Which addresses of it an event changes, what is in braces filled in; without it, any event changes them all."""

    def place(self, query: Query) -> str:
        """Return the page's address within its community, with the names that a query has for its braces."""
        return NAMED.sub(
            lambda brace: quote(query.get(brace.group(1), ""), safe="/~(),"), self.address
        )
