"""What can be chosen on a page with a list, and what each choice does to it: for a copy of the page without a server.

A choice that leaves rows out is told as the rows that stay, one that puts them into another order as that order. What
changes the rows themselves, or groups them otherwise, needs a page of its own. All of it is read from the pages that
the choices make, so that a page with a new filter needs nothing else for it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qsl, unquote_plus

from msgspec import Struct, field

ROW = re.compile(r"<tr(?P<what>[^>]*)>(?P<cells>.*?)</tr>", re.DOTALL)
TAG = re.compile(r"<[^>]*>")
GROUPS = '<div class="grid'
GROUPED = re.compile(r'<table(?! class="names").*?<tbody>(.*?)</tbody>', re.DOTALL)
LIST = re.compile(r'<table class="rows.*?<tbody>(.*?)</tbody>', re.DOTALL)
FILTER, FORM_ENDS = '<form class="filter"', "</form>"
SELECTS = re.compile(r'href="\?(?:[^"]*&amp;)?sel=([^"&]+)')
AGAIN = re.compile(r'href="\?([^"]*)"')
NOT_CHOSEN = frozenset({"at", "compare", "p", "part", "rows", "sel"})
"""What an address asks for besides: of a copy, nobody can ask it."""
MOST_OFFERED = 60


class Choices(Struct):
    """What a page's form offers: the values of each name, and which are usual."""

    values: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    usual: dict[str, str] = field(default_factory=dict)
    terms: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What links ask for in a box that is typed into, such as `status:failed`."""

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield each choice that is not the usual one."""
        for name, values in self.values.items():
            for value in dict.fromkeys(values):
                if value != self.usual.get(name, ""):
                    yield name, value


def choices(page: str) -> Choices:
    """Return what can be chosen on a page: in its form, and by links that ask the page for one thing else."""
    reader = _Reader()
    reader.feed(page[: page.find(FORM_ENDS, page.find(FILTER)) + len(FORM_ENDS)])
    found = reader.choices
    if not reader.has_form:
        return Choices()
    for name, (listed, values) in reader.offers.items():
        found.values[name] += reader.listed.get(listed, [])[:MOST_OFFERED] if listed else values
    for query in AGAIN.findall(page):
        asked = parse_qsl(unescape(query))
        if len(asked) != 1:
            continue
        [(name, value)] = asked
        if name in reader.typed and ":" in value and value not in found.terms[name]:
            found.terms[name].append(value)
        elif name not in {*NOT_CHOSEN, *reader.typed, *found.usual}:
            found.values[name].append(value)
    return found


class _Reader(HTMLParser):
    """Reads the form that filters a page."""

    def __init__(self) -> None:
        super().__init__()
        self.choices = Choices()
        self.offers: dict[str, tuple[str, list[str]]] = {}
        self.listed: dict[str, list[str]] = defaultdict(list)
        self.typed: set[str] = set()
        self.has_form = False
        self._is_in_form = False
        self._select = self._list = ""
        self._option: str | None = None
        self._is_chosen = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_in_form = said.get("class") == "filter" and said.get("method") == "get"
            self.has_form = self.has_form or self._is_in_form
        elif tag == "datalist":
            self._list = said.get("id", "")
        elif tag == "option":
            self._begin(said)
        elif self._is_in_form and tag == "select":
            self._select = said.get("name", "")
            self.choices.usual[self._select] = ""
        elif self._is_in_form and tag == "input" and (name := said.get("name")):
            self._typed(name, said)

    def _typed(self, name: str, said: Mapping[str, str]) -> None:
        if said.get("type") == "checkbox":
            self.choices.usual[name] = ""
            self.choices.values[name].append(said.get("value", "on"))
        elif said.get("type") != "hidden":
            self.typed.add(name)
            if "list" in said:
                self.offers[name] = (said["list"], [])

    def _begin(self, said: Mapping[str, str]) -> None:
        if self._list:
            self.listed[self._list].append(said.get("value", ""))
        elif self._select:
            self._option, self._is_chosen = said.get("value"), "selected" in said
            if self._option is not None:
                self._take(self._option)

    def handle_data(self, data: str) -> None:
        # An option without a value is worth its words.
        if self._select and self._option is None and data.strip():
            self._take(data.strip())

    def _take(self, value: str) -> None:
        self.choices.values[self._select].append(value)
        if self._is_chosen:
            self.choices.usual[self._select] = value
            self._is_chosen = False
        self._option = value

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_in_form = False
        elif tag == "select":
            self._select, self._option = "", None
        elif tag == "datalist":
            self._list = ""


class Told(Struct, frozen=True, kw_only=True):
    """What the choices do. `variants` are the names whose values have a page of their own each."""

    sets: Mapping[str, Mapping[str, Sequence[int]]]
    orders: Mapping[str, Mapping[str, Sequence[int]]]
    variants: Mapping[str, Sequence[str]]


def told(page: str, chosen: Mapping[tuple[str, str], str], *, is_cut: bool) -> Told:
    """Return what each choice does to a page, from the pages they make; `is_cut` if it does not show all there is."""
    base = rows_of(page)
    is_grouped = GROUPS in page
    sets: dict[str, dict[str, list[int]]] = defaultdict(dict)
    orders: dict[str, dict[str, list[int]]] = defaultdict(dict)
    variants: dict[str, list[str]] = defaultdict(list)
    for (name, value), made in chosen.items():
        found = _places(base, rows_of(made), is_cut=is_cut)
        if found is None or (is_grouped and len(found) == len(base) and found != sorted(found)):
            variants[name].append(value)
        elif found == sorted(found):
            sets[name][value] = found
        elif len(found) == len(base):
            orders[name][value] = found
        else:
            variants[name].append(value)
    # A name is one or the other: what has a page for one of its values has one for all.
    for name in variants:
        variants[name] += [*sets.pop(name, {}), *orders.pop(name, {})]
    return Told(sets=sets, orders=orders, variants=variants)


def _places(base: Sequence[str], rows: Sequence[str], *, is_cut: bool) -> list[int] | None:
    """Return where in a list the rows of another one are, nothing if they are not all there."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(base):
        places[row].append(place)
    found = []
    for row in rows:
        if places[row]:
            found.append(places[row].pop(0))
        elif not is_cut:
            return None
    return found


def rows_of(page: str) -> list[str]:
    """Return the rows of a page's list that are shown, as the text that is in them."""
    return [
        " ".join(TAG.sub(" ", row["cells"]).split())
        for start, end in _bodies(page)
        for row in ROW.finditer(page, start, end)
        if " hidden" not in row["what"] and "detail" not in row["what"]
    ]


def heads_of(page: str) -> list[str]:
    """Return what each of these rows is about: what its link selects, or else the words of its head."""
    found = []
    for start, end in _bodies(page):
        for row in ROW.finditer(page, start, end):
            if " hidden" in row["what"] or "detail" in row["what"]:
                continue
            selects = SELECTS.search(row["cells"])
            words = " ".join(TAG.sub(" ", row["cells"].partition("</th>")[0]).split())
            found.append(unquote_plus(unescape(selects[1])) if selects else words)
    return found


def numbered(page: str) -> str:
    """Return a page whose rows have their numbers, so that a script finds them again."""
    pieces, last, number = [], 0, 0
    for start, end in _bodies(page):
        for row in ROW.finditer(page, start, end):
            if " hidden" in row["what"] or "detail" in row["what"]:
                continue
            place = row.start("what")
            pieces += [page[last:place], f' data-row="{number}"']
            last, number = place, number + 1
    return "".join([*pieces, page[last:]])


def _bodies(page: str) -> list[tuple[int, int]]:
    """Return where the rows of a page's list are: in its groups, or in the first table after its form."""
    form = page.find(FORM_ENDS, page.find(FILTER))
    if GROUPS in page:
        return [found.span(1) for found in GROUPED.finditer(page, page.index(GROUPS))]
    found = LIST.search(page, max(form, 0))
    return [found.span(1)] if found and form >= 0 else []
