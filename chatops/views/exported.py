"""The copy of a page that needs no server: its links lead to copies, and it says of when it is.

Links are relative, so that the copies work under any address. What was not copied leads to the service where its
address is known, and else nowhere. What a form would do, a script does in the browser.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape, unescape
from posixpath import dirname, join, normpath, relpath
from urllib.parse import parse_qs, quote, unquote

from msgspec import Struct

from chatops.views.choices import Told, numbered
from chatops.views.page import BACK, HEAD_SOURCE, LIVE, asset_url, fragment, render

LINK = re.compile(r' (href|src|action|data-detail)="([^"]*)"')
BASE = re.compile(r'<base href="([^"]*)"')
FORM = re.compile(r'<form class="filter" method="get"')
OTHER_FORM = re.compile(r'<form (?!class="filter" method="get").*?</form>\n?', re.DOTALL)
MODULE = re.compile(r'<script type="module"')
DATA_FORM = re.compile(r' data-form="\w+"')
POLICY = (
    f"default-src 'none'; script-src 'self' {HEAD_SOURCE}; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; "
    "form-action 'self'"
)
PLAIN = "/~(),"
ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
BEGINS = "nightly"
STATIC = "static/"
PLACES_KEPT = 4_000
"""Which the links of one page lead to, and of the next ones, too."""


class Site(Struct, frozen=True, kw_only=True):
    """What links can lead to. `files` are the copies by their addresses in the service, such as `tests/a` or `a.json`.

    `selected` says which test a name in an address means, and `base_url` where the service is.
    """

    key: str
    base_url: str
    files: Mapping[str, str]
    selected: Mapping[str, str]

    def file(self, address: str) -> str | None:
        """Return where the copy of what is at an address is, nothing if there is none."""
        return address if address.startswith(STATIC) else self.files.get(address)


def address_of(link: str, here: str, site: Site) -> tuple[str, str, str] | None:
    """Return what a link on a page leads to within its community: address, query, fragment; nothing if elsewhere."""
    base = site.base_url.rstrip("/")
    if base and link.startswith(f"{base}/"):
        link = link.removeprefix(base)
    elif ELSEWHERE.match(link):
        return None
    whole, _, anchor = link.partition("#")
    path, _, query = whole.partition("?")
    led = _led(dirname(f"/{site.key}/{here}"), path) if path else here
    address = led.lstrip("/").removeprefix(f"{site.key}/")
    return address or BEGINS, query, anchor


@lru_cache(maxsize=PLACES_KEPT)
def _led(folder: str, path: str) -> str:
    """Return what a path on a page leads to. Many links, and all of them ours: the general way costs ten times this."""
    return normpath(join(folder, unquote(path)))


def exported(
    page: str,
    here: str,
    site: Site,
    *,
    folder: str,
    as_of: str,
    variants: Mapping[str, str] | None = None,
    told: Told | None = None,
    chosen: Mapping[str, str] | None = None,
    usual: Mapping[str, str] | None = None,
) -> str:
    """Return the copy of a page. `here` is its address in the service, `folder` where the copy is.

    `variants` are its copies for other choices, by query; `told` what its other choices do.
    """
    based = BASE.search(page)
    if based is not None:
        here = unquote(based.group(1)).removeprefix(f"/{site.key}/")
        page = page.replace(f' href="{based.group(1)}"', "", 1)
    if told is not None:
        page = numbered(page)

    def rewritten(link: re.Match[str]) -> str:
        return _rewritten(link, here, site, folder, None if told is None else variants or {})

    page = FORM.sub('<form class="filter" method="get" hidden', LINK.sub(rewritten, page))
    page = DATA_FORM.sub("", OTHER_FORM.sub("", page)).replace(LIVE, "").replace(BACK, "")
    script = relative(asset_url("exported.js").lstrip("/"), folder)
    head = fragment("_exported.html", "head", POLICY, script if told is not None else "")
    place = MODULE.search(page)
    at = place.start() if place else page.index("</head>")
    page = f"{page[:at]}{head}{page[at:]}"
    live = f"{site.base_url.rstrip('/')}/{site.key}/{here}" if site.base_url else ""
    note = fragment("_exported.html", "note", as_of, live)
    page = page.replace("</header>\n", f"</header>\n{note}", 1)
    if told is None:
        return page
    data = json.dumps(
        {
            "usual": dict(usual or {}),
            "here": dict(chosen or {}),
            "variants": {
                query: relative(place, folder) + "/" for query, place in (variants or {}).items()
            },
            "sets": told.sets,
            "orders": told.orders,
        },
        separators=(",", ":"),
    )
    # What ends a script must not stand in one; a name may be whatever it likes.
    harmless = data.replace("<", "\\u003c")
    block = f'<script type="application/json" id="choices">{harmless}</script>\n'
    return page.replace("</body>", f"{block}</body>", 1)


def no_copy_page(site: Site, *, name: str, as_of: str) -> str:
    """Return what a place that serves files shows for an address without a copy.

    It is shown at that very address, however deep, and the site may lie in a folder that nobody knows here: so it loads
    nothing, and no link of it is relative.
    """
    nights = f"{site.base_url.rstrip('/')}/{site.key}/{BEGINS}" if site.base_url else ""
    return render("no_copy.html", name=name, as_of=as_of, nights=nights)


@lru_cache(maxsize=PLACES_KEPT)
def relative(path: str, folder: str) -> str:
    """Return how a page in a folder of the site leads to something else of it."""
    return quote(relpath(path, folder or "."), safe=PLAIN)


def _rewritten(
    link: re.Match[str], here: str, site: Site, folder: str, variants: Mapping[str, str] | None
) -> str:
    """Return where a link of a copy leads. Without `variants`, a copy knows no other question than its own."""
    name, said = link.group(1), unescape(link.group(2))
    if name == "data-detail":
        return ""
    if said.startswith("#"):
        return link.group()
    found = address_of(said, here, site)
    if found is None:
        return link.group()
    address, query, anchor = found
    if "sel=" in query and (selected := site.selected.get(parse_qs(query).get("sel", [""])[0])):
        address, query = selected, ""
    file = site.file(address)
    if file is None or (address == here and query and variants is None):
        is_ours = not said.startswith("/") or said.startswith(f"/{site.key}/")
        whole = f"{site.key}/{address}" if is_ours else address
        live = f"{site.base_url.rstrip('/')}/{quote(whole, safe=PLAIN)}"
        if not site.base_url:
            return ""
        led = f"{live}{f'?{query}' if query else ''}"
    elif file.endswith("/index.html") or file == "index.html":
        place = file.removesuffix("index.html").rstrip("/")
        if address == here and variants is not None and query in variants:
            place, query = variants[query], ""
        led = f"{relative(place or '.', folder)}/{f'?{query}' if query else ''}"
    else:
        led = relative(file, folder)
    tail = f"#{anchor}" if anchor else ""
    return f' {name}="{escape(led)}{escape(tail)}"'
