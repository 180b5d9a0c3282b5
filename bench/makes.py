"""The makes of page that are measured beside each other: what their rows are, and how somebody filters and unfolds.

A page says by an element of its own which make it is; of another page only what loading it costs is measured.
Selectors are those of the browser's driver, acts are functions in the page's own language.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Page

WORD = "qemu"
"""Which a quarter of all names have."""
FILTER, CLEAR, EXPAND = "filter to paint", "clearing it to paint", "expanding a group to paint"


def _nothing(_page: Page) -> None:
    """Make nothing ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody does to a page. What makes it ready is not measured; it lasts until `done` holds and is painted."""

    does: str
    ready: Callable[[Page], None] = _nothing
    done: str = "() => true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """A page of one make. `way` are the clicks to a failing test where none can be seen at first.

    With `unfold` it shows what it has; with `is_folded` some of its rows can be seen only then.
    """

    name: str
    sign: str = "html"
    rows: str = "tr"
    acts: Mapping[str, Act] = field(default_factory=dict)
    unfold: str = ""
    is_folded: bool = False
    failing: str = ""
    way: tuple[str, ...] = ()


def _typed(field_id: str, text: str) -> str:
    return f"""() => {{
        const field = document.getElementById("{field_id}");
        field.value = "{text}";
        field.dispatchEvent(new Event("input", {{ bubbles: true }}));
    }}"""


def _click(selector: str) -> str:
    return f"""() => {{ document.querySelector("{selector}").click(); }}"""


OURS = Make(
    name="ours",
    sign="details.group",
    rows=".grid th[scope=row]",
    acts={
        FILTER: Act(does=_typed("q", WORD)),
        CLEAR: Act(does=_typed("q", "")),
        EXPAND: Act(does=_click("details.group:not([open]) > summary")),
    },
    unfold="() => { for (const one of document.querySelectorAll('details')) one.open = true; }",
    is_folded=True,
    failing=".grid tbody tr > td.f:nth-child(2)",
)

_SECTION = ".section:not(.expanded) > .section-header"
_FOLDED = ".test-group:not(.expanded) > .test-group-header"
LISTED = Make(
    name="ci-dashboard",
    sign="#sections-container",
    # They are in the document as soon as its data is, all of them folded away.
    rows=".test-row",
    acts={
        FILTER: Act(does=_typed("search-tests", WORD)),
        CLEAR: Act(does=_typed("search-tests", "")),
        EXPAND: Act(ready=lambda page: page.click(_SECTION), does=_click(_FOLDED)),
    },
    unfold=f"""() => {{
        // Each click draws all of them again.
        for (const folded of ["{_SECTION}", "{_FOLDED}"]) {{
            for (let left = 20, one; left && (one = document.querySelector(folded)); left -= 1) one.click();
        }}
    }}""",
    is_folded=True,
    failing=".test-row.failed",
    way=(_SECTION, _FOLDED),
)

_TABLE_ROWS = ".p-datatable-tbody > tr"
_MENU = ".p-column-filter-menu-button"
_BUTTON = ".p-column-filter-buttonbar button"
_COME = ".p-connected-overlay-enter-done"
"""A menu that has come in, and so hears what is clicked."""


def _opened(page: Page) -> None:
    """Open the menu of its filter."""
    page.click(_MENU)
    page.locator(f".p-column-filter-overlay{_COME}").wait_for()


def _asked(page: Page) -> None:
    """Open it and fill it in, for names that contain the word: they all start with the same."""
    _opened(page)
    page.click(".p-column-filter-matchmode-dropdown")
    panel = page.locator(".p-dropdown-panel")
    page.locator(f".p-dropdown-panel{_COME}").wait_for()
    panel.get_by_text("Contains", exact=True).click()
    panel.wait_for(state="detached")
    page.fill(".p-column-filter-overlay input.p-inputtext", WORD)


TABLED = Make(
    name="Next.js page",
    sign="#__next .p-datatable",
    rows=_TABLE_ROWS,
    acts={
        FILTER: Act(
            ready=_asked,
            does=_click(f"{_BUTTON}:last-child"),
            done=f"() => document.querySelectorAll('{_TABLE_ROWS}').length < 100",
        ),
        CLEAR: Act(
            ready=_opened,
            does=_click(f"{_BUTTON}:first-child"),
            done=f"() => document.querySelectorAll('{_TABLE_ROWS}').length > 100",
        ),
        EXPAND: Act(
            does=_click(".p-row-toggler"),
            done="() => document.querySelector('.p-datatable-row-expansion') !== null",
        ),
    },
    # One row: the others unfold alike, and each draws the whole table again.
    unfold=_click(".p-row-toggler"),
    failing=f"{_TABLE_ROWS}:not(:has(> td:nth-child(5):text-is('0')))",
)
UNKNOWN = Make(name="another page")
EMPTY = Make(name="a page of ours with nothing on it", rows="h1")
"""What opening any page costs in this browser, before there is anything on it."""
LINE = Make(name="a line of plain text", rows="pre")
"""What this browser takes to begin with any document, whoever wrote it."""
MAKES = (OURS, LISTED, TABLED, UNKNOWN)


def make_of(page: Page) -> Make:
    """Return which make a page is that stands before somebody."""
    return next(one for one in MAKES if page.locator(one.sign).count())


def clicks_to_failing(page: Page, make: Make) -> int | None:
    """Return how many clicks it takes until somebody sees a failing test; nothing if there is no way."""
    for clicks, step in enumerate((*make.way, "")):
        if page.locator(make.failing).locator("visible=true").count():
            return clicks
        if step:
            page.locator(step).first.click()
    return None
