"""What the address of the nightly page asks for: which tests, in which groups and order, and what is open."""

import re
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import quote, urlencode

from msgspec import Struct

from chatops.answers.nights import NIGHTS
from chatops.views.filters import Filter, Qualifier, read_filter
from chatops.views.night_traits import Traits

SORTS = {"worst": "worst first", "name": "by name"}
HIDES = {"": "nothing", "pass": "clean passes", "pass,skip": "clean passes and skips"}
SUITE, TREE, OWNER, ALL = "suite", "tree", "owner", "none"
GROUPS = {SUITE: "suite", TREE: "tree", OWNER: "maintainers", ALL: "nothing"}
SAFE = "/(),:"
KEY = re.compile(r"[0-9a-f]{6}")
MOST_KEYS = 200


class Asked(Struct, frozen=True, kw_only=True):
    """What the address asks for; whatever it cannot mean is left out and said in `notes`."""

    filter: Filter[Traits]
    is_required: bool
    sort: str
    hide: str
    group: str
    opened: frozenset[str]
    shut: frozenset[str]
    selected: str
    part: str
    nights: int
    notes: tuple[str, ...]

    @property
    def text(self) -> str:
        """Return what stands in the box."""
        return self.filter.text

    @property
    def is_filtered(self) -> bool:
        """Return whether anything may be left out."""
        return self.filter.is_narrowing or self.is_required or bool(self.hide)

    def shows(self, traits: Traits) -> bool:
        """Return whether the filter lets a test through."""
        return (
            self.filter.lets(traits.test.name, traits)
            and (traits.test.is_required or not self.is_required)
            and not self.hides(traits)
        )

    def hides(self, traits: Traits) -> bool:
        """Return whether a test is uneventful, and so not to be shown."""
        test = traits.test
        return bool(self.hide and test.is_all_clean) or (
            self.hide == "pass,skip" and test.is_always_skipped
        )

    def leaves_to_script(self, traits: Traits) -> bool:
        """Return whether only what the page's script can see decides about a test: words, and what is required."""
        return not self.hides(traits) and self.filter.qualified(traits.test.name, traits)

    def is_open(self, key: str, *, usually: bool) -> bool:
        """Return whether a group is open: as the address says, or as it usually would be."""
        return key in self.opened or (usually and key not in self.shut)

    def link(self, **changes: str) -> str:
        """Return the address of this page with something changed; what is usual is left out."""
        state = {
            "q": self.text,
            "required": "1" if self.is_required else "",
            "s": "" if self.sort == "worst" else self.sort,
            "g": "" if self.group == SUITE else self.group,
            "n": "" if self.nights == NIGHTS else str(self.nights),
            "hide": self.hide,
            "open": ",".join(sorted(self.opened)),
            "shut": ",".join(sorted(self.shut)),
            **changes,
        }
        kept = {key: value for key, value in state.items() if value}
        return f"?{urlencode(kept, quote_via=quote, safe=SAFE)}"


def selecting(rest: str, name: str) -> str:
    """Return an address of the page with a test opened; `rest` is what else it asks for."""
    return f"{rest}{'&' if len(rest) > 1 else ''}sel={quote(name, safe=SAFE)}"


def groups_of(facets: Collection[str]) -> Mapping[str, str]:
    """Return what tests can be put together by, with its words."""
    return GROUPS | {facet: facet for facet in facets}


def read_asked(
    query: Mapping[str, str],
    nights: int,
    qualifiers: Sequence[Qualifier[Traits]] = (),
    facets: Collection[str] = (),
) -> Asked:
    """Return what a query asks for."""
    sort, hide, group = query.get("s", "worst"), query.get("hide", ""), query.get("g", SUITE)
    notes = []
    if sort not in SORTS:
        notes.append(f"“{sort[:40]}” is no order; the worst come first.")
    if hide not in HIDES:
        notes.append(f"“{hide[:40]}” cannot be hidden; everything is shown.")
    if group not in groups_of(facets):
        notes.append(f"“{group[:40]}” is nothing to put tests together by; they stand by suite.")
    asked = read_filter(query.get("q", ""), qualifiers)
    return Asked(
        filter=asked,
        is_required=query.get("required", "") not in {"", "0"},
        sort=sort if sort in SORTS else "worst",
        hide=hide if hide in HIDES else "",
        group=group if group in groups_of(facets) else SUITE,
        opened=_keys(query.get("open", "")),
        shut=_keys(query.get("shut", "")),
        selected=query.get("sel", ""),
        part=query.get("part", ""),
        nights=nights,
        notes=(*asked.notes, *notes),
    )


def _keys(text: str) -> frozenset[str]:
    found = [key for key in text.split(",", MOST_KEYS)[:MOST_KEYS] if KEY.fullmatch(key)]
    return frozenset(found)
