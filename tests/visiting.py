"""Somebody who visits every page: follows what leads on, and reads what stands there as a browser would."""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from starlette.routing import compile_path

from chatops.showing import VIEWS
from tests.hostile import BIDI, TAG
from tests.surfaces.doors import Doors

OF_EACH = 18
"""So many addresses of a page are opened: enough for each name, and for what each of them leads to."""


@dataclass(slots=True)
class Judge(HTMLParser):
    """Reads a page: notes markup that came from outside, text whose direction is loose, and where links lead."""

    links: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _open: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == TAG or any(name.startswith(("on", TAG)) or name == "style" for name in names):
            self.wrong.append(f"markup of others: {self.get_starttag_text()}"[:300])
        for name in ("href", "src", "action"):
            address = names.get(name) or ""
            is_our_icon = tag == "link" and address.startswith("data:image/png;base64,")
            if urlsplit(address).scheme not in {"", "http", "https"} and not is_our_icon:
                self.wrong.append(f"an address that does something: {address[:200]}")
        if tag == "a" and names.get("href"):
            self.links.append(str(names["href"]))
        if tag not in VOID:
            self._open.append((tag, tag in ISOLATING or names.get("dir") == "auto"))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if any(sign in data for sign in BIDI) and not any(held for _, held in self._open):
            where = " > ".join(tag for tag, _ in self._open[-4:])
            self.wrong.append(f"a loose direction in {where}: {data[:100]!a}")


VOID = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "path", "source", "track",
    "wbr",
}  # fmt: skip
ISOLATING = {"bdi", "option", "output", "textarea", "title"}
"""What browsers isolate by themselves, or show alone."""


def judged(page: str) -> Judge:
    judge = Judge()
    judge.feed(page)
    judge.close()
    return judge


def _last(view: str) -> tuple[int, str]:
    """Return where to look for a page's pattern: what takes any address comes last."""
    return view.count("{"), view


def visit(doors: Doors) -> dict[str, dict[str, str]]:
    """Return every page with all that leads on from it, as far as there is something new: by view, and by address."""
    views = {view: compile_path(f"/acme/{view}")[0] for view in sorted(VIEWS, key=_last)}
    waiting = [f"/acme/{view}" for view in VIEWS if "{" not in view]
    seen, found = set(waiting), defaultdict[str, dict[str, str]](dict)
    while waiting:
        address = waiting.pop(0)
        place = urlsplit(address).path
        view = next((one for one, path in views.items() if path.match(place)), None)
        if view is None or len(found[view]) >= OF_EACH:
            continue
        answer = doors.client.get(address)
        while answer.status_code == HTTPStatus.ACCEPTED:
            # A moment of the past is still being put together.
            time.sleep(0.05)
            answer = doors.client.get(address)
        assert answer.status_code == HTTPStatus.OK, f"{address[:300]} leads nowhere"
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        found[view][address] = answer.text
        for link in judged(answer.text).links:
            there = urljoin(address, link).partition("#")[0]
            if there.startswith("/acme/") and there not in seen:
                seen.add(there)
                waiting.append(there)
    return found
