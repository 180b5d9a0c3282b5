"""What lists in pages share: how their addresses are read and written, and which rows are on which page."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Generic, TypeVar
from urllib.parse import quote, urlencode

from msgspec import Struct

from chatops.views.view import NUMBER, Query, Word

Row = TypeVar("Row")
LONGEST_CHOICE = 40
SAFE = "/(),"
"""Signs of tests' names that an address can hold as they are."""
PAGE = Word(name="p", meaning="Which page of the list.", pattern=f"^{NUMBER.pattern}$")


class Cut(Struct, Generic[Row], frozen=True, kw_only=True):
    """The rows of one page of a list, and the addresses of the pages beside it, as far as there are any."""

    rows: Sequence[Row]
    pages: int
    newer: str
    older: str


def cut(rows: Sequence[Row], page: int, size: int, link: Callable[..., str]) -> Cut[Row]:
    """Return a page of a list; of one that is shorter than that, its last."""
    pages = max(1, -(-len(rows) // size))
    page = min(page, pages)
    before = "" if page == 2 else str(page - 1)  # noqa: PLR2004  # The first has no number.
    return Cut(
        rows=rows[(page - 1) * size : page * size],
        pages=pages,
        newer=link(p=before) if page > 1 else "",
        older=link(p=str(page + 1)) if page < pages else "",
    )


def question(state: Mapping[str, str]) -> str:
    """Return the part of an address that asks for all this; what is usual is empty, and left out."""
    kept = {key: value for key, value in state.items() if value}
    return f"?{urlencode(kept, quote_via=quote, safe=SAFE)}"


class Choices:
    """Reads what an address chooses of what there is; what it cannot mean is the usual, and said in `notes`."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self.notes: list[str] = []

    def of(self, name: str, known: Collection[str], usual: str, else_said: str) -> str:
        """Return one of what is known."""
        asked = self._query.get(name, "")[:LONGEST_CHOICE]
        if asked and asked not in known:
            self.notes.append(f"“{asked}” {else_said}")
        return asked if asked in known else usual

    def page(self) -> int:
        """Return which page of the list is meant."""
        asked = self._query.get(PAGE.name, "")[:LONGEST_CHOICE]
        if NUMBER.fullmatch(asked):
            return int(asked)
        if asked:
            self.notes.append(f"“{asked}” is no page; the first is shown.")
        return 1

    def has(self, name: str) -> bool:
        """Return whether a box is ticked."""
        return self._query.get(name, "") not in {"", "0"}
