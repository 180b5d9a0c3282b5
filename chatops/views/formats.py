"""In which formats a page is there, and what is made of a page beside it: news, pictures, a frame's content.

A page says what of it is a list and what is news; the rest is the same for all of them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from chatops.views.embed import embedded
from chatops.views.feed import atom
from chatops.views.pictures import badge_svg, strip_svg
from chatops.views.table import Rows, table
from chatops.views.view import MOST_ROWS, NAMED, Query, Seen, View

Make = Callable[[Seen, Query], str | None]
EMBED, BADGE, STRIP, FEEDS = "embed", "badge", "strip", "feeds"


class Form(Struct, frozen=True, kw_only=True):
    """A format: what browsers call it, and how it may be kept."""

    media_type: str
    keeping: str = "no-cache"


FORMS: Mapping[str, Form] = {
    "html": Form(media_type="text/html; charset=utf-8"),
    "json": Form(media_type="application/json"),
    "csv": Form(media_type="text/csv; charset=utf-8; header=present"),
    "atom": Form(media_type="application/atom+xml; charset=utf-8"),
    # Who shows pictures of others keeps them; a badge must not be wrong for long.
    "svg": Form(media_type="image/svg+xml", keeping="public, max-age=120"),
}


class Door(Struct, frozen=True, kw_only=True):
    """An address under a community's own, and what is made there by format. `view` is the page it is about."""

    address: str
    view: View
    makes: Mapping[str, Make]
    is_framed: bool = False


def doors(view: View) -> Iterator[Door]:
    """Return the page's own address, and those of what is made of it."""
    makes: dict[str, Make] = {"html": view.html, "json": view.json}
    if view.rows is not None:
        makes["csv"] = _csv(view)
    if view.feed is not None:
        makes["atom"] = _atom(view)
        yield Door(address=f"{FEEDS}/{view.address}", view=view, makes={"atom": _atom(view)})
    if view.badge is not None:
        yield Door(address=f"{BADGE}/{view.address}", view=view, makes={"svg": _badge(view)})
    if view.strip is not None:
        yield Door(address=f"{STRIP}/{view.address}", view=view, makes={"svg": _strip(view)})
    yield Door(
        address=f"{EMBED}/{view.address}",
        view=view,
        makes={"html": _embedded(view)},
        is_framed=True,
    )
    yield Door(address=view.address, view=view, makes=makes)


def _csv(view: View) -> Make:
    def make(seen: Seen, query: Query) -> str | None:
        if view.rows is None:
            return None
        documents = list(_documents(view, view.rows, seen, query))
        return table(view.rows, *documents) if documents else None

    return make


def _documents(view: View, rows: Rows, seen: Seen, query: Query) -> Iterator[str]:
    """Yield what a page tells programs of its list, in as many documents as that takes: a table leaves no row out."""
    names = {name: query[name] for name in NAMED.findall(view.address) if name in query}
    asked = query
    while (document := view.json(seen, {**asked, "rows": "all"})) is not None:
        yield document
        told = json.loads(document)
        older = told.get("older")
        if not older or len(list(rows(told))) < MOST_ROWS:
            return
        asked = {**names, **dict(parse_qsl(urlsplit(older).query))}


def _atom(view: View) -> Make:
    def make(seen: Seen, query: Query) -> str | None:
        feed = None if view.feed is None else view.feed(seen, query)
        return None if feed is None else atom(feed, seen.knowledge)

    return make


def _badge(view: View) -> Make:
    return lambda seen, query: None if view.badge is None else badge_svg(view.badge(seen, query))


def _strip(view: View) -> Make:
    return lambda seen, query: None if view.strip is None else strip_svg(view.strip(seen, query))


def _embedded(view: View) -> Make:
    def make(seen: Seen, query: Query) -> str | None:
        page = view.html(seen, query)
        return None if page is None else embedded(page, view.place(query), query, seen.knowledge)

    return make
