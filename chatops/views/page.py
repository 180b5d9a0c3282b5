"""What every page shares: its chrome, its styles and scripts, and how a browser may keep it.

Everybody who opens the dashboard sees this. Templates escape whatever they are given and fail on a name they do not
know; styles and scripts are files with a hash in their address. Inline stands only what has to be known before
anything is painted, a short script that the policy of our pages names by its hash.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b, sha256
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from msgspec import Struct

from chatops.answers.ages import HOUR, MINUTE, ago

HERE = Path(__file__).parent
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
}
MODULE = "page.js"
"""What every page loads of scripts once it is there."""
PARTS = ("live.js", "keys.js", "copy.js", "nightly.js")
"""Of which scripts it is made: one request for all of them."""
HEAD_PARTS = ("theme.js", "first.js")
"""What has to be known before anything is painted, of the same kind."""
WHO = Markup("<!--who-->")
"""Stands in a page where it names who is signed in; what comes from outside is escaped, so it never looks like this."""
TOKEN = Markup("<!--token-->")
"""Stands in a form where it carries what only our own forms know."""
LIVE = Markup("<!--live-->")
"""Stands in a page where it says what tells it of news."""
BACK = Markup("<!--back-->")
"""Stands in a page where a link leads into its past."""
TITLE_SHOWN = 200


class Viewer(StrEnum):
    """Who looks at a page, as far as what makes it is told: never who somebody is, so that no page can say it."""

    ANYBODY = "anybody"
    """Nobody can sign in here."""
    STRANGER = "stranger"
    SIGNED_IN = "signed in"
    LOOKING_BACK = "looking back"
    """Whoever it is, in the past nothing can be asked for."""


class Asset(Struct, frozen=True, kw_only=True):
    """A file that pages load: style, script or icon."""

    body: bytes
    media_type: str
    version: str


def _hash(*parts: bytes) -> str:
    state = blake2b(digest_size=6)
    for part in parts:
        state.update(len(part).to_bytes(8))
        state.update(part)
    return state.hexdigest()


def _assets() -> Mapping[str, Asset]:
    bodies = {path.name: path.read_bytes() for path in sorted((HERE / "static").iterdir())}
    bodies[MODULE] = _joined(PARTS)
    return {
        name: Asset(body=body, media_type=KINDS[Path(name).suffix], version=_hash(body))
        for name, body in bodies.items()
        if name not in HEAD_PARTS
    }


def _joined(parts: tuple[str, ...]) -> bytes:
    return b"".join(_part((HERE / "static" / name).read_bytes()) for name in parts)


def _part(body: bytes) -> bytes:
    """Return a script as a part of a larger one: in a block of its own, where its names stay, and without comments."""
    lines = (line for line in body.splitlines(keepends=True) if not line.lstrip().startswith(b"//"))
    return b"{\n" + b"".join(lines) + b"}\n"


ASSETS = _assets()
HEAD_SCRIPT = Markup(_joined(HEAD_PARTS).decode())  # noqa: S704 - ours, and nothing from outside in it
"""Stands in every page: as a file of its own the rest of the page would wait for it, and it for the styles."""
HEAD_SOURCE = f"'sha256-{b64encode(sha256(HEAD_SCRIPT.encode()).digest()).decode()}'"
"""How a content security policy names it."""
VERSION = _hash(
    *(path.read_bytes() for path in sorted((HERE / "templates").iterdir())),
    *(asset.version.encode() for asset in ASSETS.values()),
    HEAD_SCRIPT.encode(),
)
"""Changes with any template, style or script."""


ICON = f"data:image/png;base64,{b64encode(ASSETS['icon.png'].body).decode()}"
"""The icon, small enough to be part of every page: a request less. Of an SVG a browser would make a document first."""


def asset_url(name: str) -> str:
    """Return the address of a style, script or icon; it changes with its content."""
    return f"/static/{ASSETS[name].version}/{name}"


def asset(name: str) -> tuple[bytes, str, str] | None:
    """Return a file that pages load: its bytes, its kind and its ETag."""
    found = ASSETS.get(name)
    return None if found is None else (found.body, found.media_type, f'"{found.version}"')


def page_etag(*parts: object) -> str:
    """Return the ETag of a page made from these things, such as a position and a query."""
    return f'W/"{_hash(VERSION.encode(), *(str(part).encode() for part in parts))}"'


def shortened(text: str) -> str:
    """Return a title in one line, as much of it as a page has room for."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_SHOWN else f"{line[: TITLE_SHOWN - 1]}…"


def took(duration: timedelta | None) -> str:
    """Return a duration the way people say it: `48 s`, `19 min`, `1 h 40 min`."""
    if duration is None:
        return ""
    if duration < MINUTE:
        return f"{duration.seconds} s"
    hours, rest = divmod(duration, HOUR)
    minutes = rest // MINUTE
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def at(moment: datetime) -> Markup:
    """Return a moment as an element that programs can read too."""
    utc = moment.astimezone(UTC)
    shown = f"{utc.day} {utc:%b, %H:%M} UTC"
    return Markup('<time datetime="{}">{}</time>').format(utc.isoformat(timespec="seconds"), shown)


def stamp(moment: datetime) -> Markup:
    """Return a moment to the second, as lists of what happened show it; that it is UTC stands beside them."""
    utc = moment.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), f"{utc:%Y-%m-%d %H:%M:%S}"
    )


def ticked(sentence: str) -> Markup:
    """Return one of our sentences: what stands between backticks becomes code."""
    parts = sentence.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


SHARED: Mapping[str, object] = {
    "asset_url": asset_url, "back": BACK, "first_script": HEAD_SCRIPT, "icon_url": ICON, "live": LIVE,
    "token": TOKEN, "who": WHO,
}  # fmt: skip
"""What every template can name."""


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("chatops.views"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(SHARED)
    environment.filters.update(ago=ago, took=took, at=at, stamp=stamp, ticked=ticked)
    return environment


TEMPLATES = _environment()


def render(template: str, **names: object) -> str:
    """Return a page from its template, which must not call anything of its own as every page calls something."""
    if taken := names.keys() & SHARED.keys():
        message = f"{template} hides what every page has: {', '.join(sorted(taken))}."
        raise ValueError(message)
    return TEMPLATES.get_template(template).render(**names)


def fragment(template: str, macro: str, *what: object) -> Markup:
    """Return a piece of a page, made by one macro of a template; it can be put into a page as it is."""
    made: Markup = getattr(TEMPLATES.get_template(template).module, macro)(*what)
    return made


def sign_in_address(base_url: str, place: str) -> str:
    """Return where somebody signs in who wants to come back to a page of ours."""
    return f"{base_url.rstrip('/')}/sign-in?to={quote(place, safe='/')}"


def personal(body: bytes, *, login: str, csrf: str, nonce: str) -> bytes:
    """Return a page for the one who is signed in: their name in it, and in its forms what only ours know."""
    hidden = fragment("_visitor.html", "hidden", csrf, nonce)
    visitor = fragment("_visitor.html", "visitor", login, csrf)
    return body.replace(WHO.encode(), visitor.encode()).replace(TOKEN.encode(), hidden.encode())


def not_found_page(path: str, sign_in: str = "") -> str:
    """Return the page for an address that leads nowhere, or nowhere for whoever does not sign in."""
    page = render(
        "not_found.html", name="ChatOps", here="", up="/", viewer=Viewer.ANYBODY, path=path, sign_in=sign_in
    )  # fmt: skip
    return page.replace(BACK, "")


def lively(body: str, *, community: str, address: str, place: str) -> str:
    """Return a page that says by what it is told of news: `address` as the catalogue has it, `place` as asked for."""
    link = fragment("_live.html", "live", community, address, place)
    return body.replace(LIVE, link, 1)


def unavailable_page() -> str:
    """Return the page for when the database does not answer."""
    return render("unavailable.html")
