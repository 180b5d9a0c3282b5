"""`chatops export`: the dashboard as files, for a place that only serves files.

One snapshot is copied: the pages of a community, and every page they lead to, newest first, up to a limit of each
kind. The copies are written beside the folder and take its place when all are there, so that nobody sees half of them
and none is left from the time before.
"""

import json
import os
import re
import shutil
import time
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from html import unescape
from itertools import product
from pathlib import Path
from typing import TypeVar
from urllib.parse import parse_qs, parse_qsl, urlencode

from msgspec import Struct, field
from msgspec.structs import replace

from chatops.answers.closed import closed_repositories
from chatops.answers.nights import NightBoard
from chatops.answers.open_queue import Queue
from chatops.answers.own_state import OwnState
from chatops.answers.pull_results import PullResults
from chatops.answers.run_history import RunHistory
from chatops.app import Service
from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.errors import BadInput, ChatopsError
from chatops.running.helping import Helpers, Written, write, write_copies, write_table
from chatops.showing import DOORS, VIEWS
from chatops.views.addresses import Place, slug
from chatops.views.choices import Told, choices, heads_of, told
from chatops.views.dashboard_files import check_stats, job_stats
from chatops.views.exported import LINK, Site, address_of, exported, no_copy_page
from chatops.views.feed import moment
from chatops.views.formats import EMBED, FORMS, Door
from chatops.views.page import ASSETS, Viewer, asset_url, at, render
from chatops.views.view import NAMED, USUAL_NIGHTS, Seen, View

MARK = "chatops-export.json"
GOES_ON = re.compile(r'"older": ?"')
"""By this file a folder is known as one of ours."""
ROWS = 500
"""So many rows a list has: more make a page slow without a server that cuts it."""
MOST: Mapping[str, int] = {
    "tests/{slug}": 1_500,
    "runs/{id}": 400,
    "runs/{id}/{attempt}": 100,
    "prs/{id:path}": 300,
    "audit/{id}": 300,
}
"""How many pages of a kind are copied; the newest come first, since pages name the newest first."""
USUALLY_MOST = 300
NOT_COPIED = frozenset({"status"})
"""Pages about the process that serves, which nobody asks a copy about."""
MOST_VARIANTS = 30
AT_ONCE = 40
"""So many copies are one piece of work."""
LONGEST_NAME = 150
"""Of a folder; a file system takes 255 bytes."""
Made = TypeVar("Made")
Step = Callable[[int, int], None]
Terms = Mapping[tuple[str, str], frozenset[str]]
"""Which rows a term leaves, such as `status:failed` in the box `q`, by what they are about."""


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

    def kept(self, of: object, make: Callable[[], Made]) -> Made:
        """Return what was made of the very same object before, or make it."""
        return self._seen.kept(of, make)

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what was made under a key, or make it."""
        return self._seen.once(key, make)


class Copies(Struct):
    """What is copied, by its address in the service, and which pages wait for it."""

    pages: dict[str, tuple[View, Mapping[str, str]]] = field(default_factory=dict)
    waiting: deque[str] = field(default_factory=deque)
    counts: dict[str, int] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)

    def want(self, address: str) -> None:
        """Note that a page leads to another one."""
        if address in self.pages or address in self.left_out:
            return
        # What is made of a page comes with it.
        is_page = address.rpartition(".")[2] not in FORMS
        found = _named(address) if is_page else None
        if found is None:
            return
        view, names = found
        if view.address in NOT_COPIED:
            return
        count = self.counts.get(view.address, 0)
        if count >= MOST.get(view.address, USUALLY_MOST):
            self.left_out.add(address)
            return
        self.counts[view.address] = count + 1
        self.pages[address] = (view, names)
        self.waiting.append(address)


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


def _named(address: str) -> tuple[View, Mapping[str, str]] | None:
    """Return which page has an address, and what stands for the braces in its own."""
    for pattern, view in PATTERNS:
        if found := pattern.fullmatch(address):
            return view, found.groupdict()
    return None


class Exported(Struct, frozen=True, kw_only=True):
    """What was copied."""

    community: str
    as_of: str
    pages: int
    files: int
    bytes: int
    seconds: float
    left_out: int


class Export:
    """One export: a snapshot, the folder that its copies are written into, and who helps."""

    def __init__(
        self, seen: Still, community: Community, folder: Path, step: Step, helpers: Helpers
    ) -> None:
        self._seen = seen
        self._community = community
        self._folder = folder
        self._step = step
        self._helpers = helpers
        self._copies = Copies()
        self._made: dict[str, str] = {}
        """The pages that are made, each with the folder of its copy."""
        self._made_of: dict[View, list[Door]] = defaultdict(list)
        for door in DOORS:
            self._made_of[door.view].append(door)
        self._steps = 0
        self._written = Written()
        self._as_of = at(seen.knowledge.now)
        self._site = self._site_of({})

    def write(self) -> tuple[int, Written, int]:
        """Write everything; return how many pages, what was written, and how many pages were left out."""
        for name, asset in ASSETS.items():
            self._write(asset_url(name).lstrip("/"), asset.body)
        for address in VIEWS:
            if not NAMED.search(address):
                self._copies.want(address)
        while self._copies.waiting:
            self._make(self._copies.waiting.popleft())
        # Where links lead is known now that every page is made.
        self._site = self._site_of(dict(self._files()))
        named = [one for one in self._made.items() if self._is_named(one[0])]
        for number in range(0, len(named), AT_ONCE):
            some = named[number : number + AT_ONCE]
            self._helpers.do(write_copies, self._folder, self._site, self._as_of, some)
        for address in self._made:
            if not self._is_named(address):
                self._copy(address)
        self._write_beside()
        written = self._written + self._helpers.finish()
        self._advance(len(named))
        return len(self._made), written, len(self._copies.left_out)

    # --- what there is -------------------------------------------------------

    def _site_of(self, files: Mapping[str, str]) -> Site:
        return Site(
            key=self._community.key,
            base_url=self._seen.knowledge.base_url,
            files=files,
            selected=self._selected,
        )

    @cached_property
    def _selected(self) -> Mapping[str, str]:
        """Return the page of the test that a name in an address selects: its name alone, or after its workflow."""
        usual = self._community.repositories[0]
        found: dict[str, str] = {}
        tests = [(test.repo, test.workflow, test.name) for test in self._seen.board().tests]
        tests += [key for day in self._seen.results().days.values() for key in day.tallies]
        for repo, workflow, name in tests:
            address = f"tests/{slug(Place(repo=repo, workflow=workflow, name=name), usual)}"
            found.setdefault(name, address)
            found.setdefault(f"{workflow} / {name}", address)
        return found

    def _files(self) -> Iterator[tuple[str, str]]:
        """Yield what is there by its address in the service, and its file."""
        for address, folder in self._made.items():
            yield address, f"{folder}/index.html"
            for form in self._forms(self._copies.pages[address][0]):
                yield f"{address}.{form}", f"{folder}.{form}"

    def _is_named(self, address: str) -> bool:
        return bool(self._copies.pages[address][1])

    def _forms(self, view: View) -> Sequence[str]:
        (door,) = (door for door in self._made_of[view] if door.address == view.address)
        return [form for form in door.makes if form != "html"]

    # --- making --------------------------------------------------------------

    def _query(self, names: Mapping[str, str]) -> dict[str, str]:
        return {**names, "rows": str(ROWS)}

    def _make(self, address: str) -> None:
        """Make a page, write what is made of it, and note what it leads to."""
        view, names = self._copies.pages[address]
        query = self._query(names)
        page = view.html(self._seen, query)
        if page is not None:
            folder = self._made[address] = _safe(address)
            # It waits there as it is, until its links are made to lead to copies.
            write(self._folder, f"{folder}/index.html", page.encode())
            for link in dict.fromkeys(link for _, link in LINK.findall(page)):
                found = address_of(unescape(link), address, self._site)
                if found is not None:
                    self._copies.want(self._site.selected.get(_selecting(found[1]), found[0]))
            for door in self._made_of[view]:
                if not door.is_framed:
                    self._write_others(door, address, query)
        self._advance()

    def _write_others(self, door: Door, address: str, query: Mapping[str, str]) -> None:
        """Write what is made of a page for programs, and its pictures."""
        under = door.address.removesuffix(door.view.address)
        document = ""
        for form, make in door.makes.items():
            if form == "html":
                continue
            # Where the list goes on behind the page, its table is made of all of it.
            path = f"{under}{_safe(address)}.{form}"
            if form == "csv" and door.view.rows and not GOES_ON.search(document):
                view = door.view.address
                self._helpers.do(write_table, self._folder, path, view, document)
                continue
            made = make(self._seen, query)
            if form == "json":
                document = made or ""
            if made is not None:
                self._write(path, made.encode())

    def _advance(self, steps: int = 1) -> None:
        self._steps += steps
        self._step(self._steps, 2 * len(self._copies.pages))

    def _copy(self, address: str) -> None:
        """Write the copies of a page that no name is needed for, one for each choice, and one for frames."""
        view, names = self._copies.pages[address]
        query = self._query(names)
        self._lists(address, view, query)
        for door in self._made_of[view]:
            framed = door.makes["html"](self._seen, query) if door.is_framed else None
            if framed is not None:
                self._page(f"{EMBED}/{address}", framed)
        self._advance()

    def _page_of(self, address: str) -> str:
        return (self._folder / self._made[address] / "index.html").read_bytes().decode()

    def _page(self, address: str, page: str, *, folder: str = "") -> None:
        folder = folder or _safe(address)
        copy = exported(page, address, self._site, folder=folder, as_of=self._as_of)
        self._write(f"{folder}/index.html", copy.encode())

    def _lists(self, address: str, view: View, query: Mapping[str, str]) -> None:
        """Write a page with what can be chosen on it, and a copy for each choice that changes more than its rows."""
        page = self._page_of(address)
        offered = choices(page)
        made = {
            (name, value): chosen
            for name, value in offered
            if (chosen := view.html(self._seen, {**query, name: value})) is not None
        }
        if not offered.values:
            self._page(address, page)
            return
        does = told(page, made, is_cut=page.count("<tr") > ROWS)
        combined = list(_combined(does.variants))
        variants = {"": _safe(address)}
        for one in combined:
            variants[urlencode(sorted(one.items()))] = f"{_safe(address)}/{_named_after(one)}"
        terms = {
            (name, term): frozenset(heads_of(view.html(self._seen, {**query, name: term}) or ""))
            for name, values in offered.terms.items()
            for term in values
        }
        for one in ({}, *combined):
            self._variant(address, view, query, one, variants, offered.usual, terms)
        for name, values in does.sets.items():
            # What most people ask for has an address that works without scripts.
            if values.keys() == {"1"}:
                self._page(address, made[name, "1"], folder=f"{_safe(address)}/{name}")

    def _variant(
        self,
        address: str,
        view: View,
        query: Mapping[str, str],
        one: Mapping[str, str],
        variants: Mapping[str, str],
        usual: Mapping[str, str],
        terms: Terms,
    ) -> None:
        page = view.html(self._seen, {**query, **one})
        if page is None:
            return
        does = self._does(page, view, {**query, **one}, one, variants, terms)
        folder = variants[urlencode(sorted(one.items()))]
        copy = exported(
            page, address, self._site, folder=folder, as_of=self._as_of, variants=variants,
            told=does, chosen=one, usual=usual,
        )  # fmt: skip
        self._write(f"{folder}/index.html", copy.encode())

    def _does(
        self,
        page: str,
        view: View,
        query: Mapping[str, str],
        one: Mapping[str, str],
        variants: Mapping[str, str],
        terms: Terms,
    ) -> Told:
        """Return what the choices do on this copy, but for those that lead to another one."""
        lead = {name for known in variants for name in _names(known)} | set(one)
        made = {
            (name, value): chosen
            for name, value in choices(page)
            if name not in lead
            and (chosen := view.html(self._seen, {**query, name: value})) is not None
        }
        does = told(page, made, is_cut=page.count("<tr") > ROWS)
        typed: dict[str, dict[str, list[int]]] = defaultdict(dict)
        heads = heads_of(page)
        for (name, term), kept in terms.items():
            typed[name][term] = [place for place, head in enumerate(heads) if head in kept]
        return replace(does, sets={**does.sets, **typed})

    # --- writing -------------------------------------------------------------

    def _write(self, path: str, body: bytes) -> None:
        self._written += write(self._folder, path, body)

    def _write_beside(self) -> None:
        """Write what is there besides pages: where to begin, what is nowhere, and the first dashboards' files."""
        begin = render("begin.html", name=self._community.title)
        self._write("index.html", begin.encode())
        nowhere = no_copy_page(self._site, name=self._community.title, as_of=self._as_of)
        self._write("404.html", nowhere.encode())
        # A place that builds sites from files is told to leave these as they are.
        self._write(".nojekyll", b"")
        seen, community = self._seen, self._community
        github_url = seen.knowledge.github_url
        for number, workflow in enumerate(community.nightly):
            name = "job_stats" if number == 0 else f"job_stats.{Path(workflow.file).stem}"
            stats = job_stats(seen.board(), workflow.name, github_url)
            self._write(f"data/{name}.json", stats.encode())
        self._write("data/check_stats.json", check_stats(seen.knowledge, seen.results()).encode())


def export(
    service: Service,
    directory: Path,
    *,
    community: str,
    step: Step,
    private: bool = False,
    helpers: int = 0,
) -> Exported:
    """Write the pages of a community into a folder, in place of what an earlier export left there.

    So many other processes help. Files ask nobody who they are: what not everybody may see is written only where
    `private` says so.
    """
    communities = service.configuration.communities
    if community and community not in communities:
        raise BadInput(
            [f"--community: found {community!r}, expected one of {', '.join(communities)}"]
        )
    of = communities[community] if community else service.configuration.default_community
    target = directory.resolve()
    _check(target)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    began = time.monotonic()
    try:
        beside.mkdir(parents=True)
        with service.pages.look(of) as sight, Helpers(helpers) as helping:
            seen = Still(sight)
            closed = closed_repositories(seen.knowledge.db, of)
            if closed and not private:
                problem = (
                    f"--private: not given, and not everybody may see {', '.join(closed)}; "
                    f"with it the pages are written, and whoever can read the files can read them"
                )
                raise BadInput([problem])
            pages, written, left_out = Export(seen, of, beside, step, helping).write()
            as_of = moment(seen.knowledge.now)
        told = {"made_by": "chatops export", "community": of.key, "as_of": as_of, "pages": pages}
        (beside / MARK).write_text(f"{json.dumps(told, indent=2)}\n", encoding="utf-8")
        _take_place(beside, target)
    except OSError as problem:
        raise ChatopsError(f"{target} cannot be written: {problem.strerror}.") from problem
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return Exported(
        community=of.key,
        as_of=as_of,
        pages=pages,
        files=written.files + 1,
        bytes=written.bytes,
        seconds=round(time.monotonic() - began, 1),
        left_out=left_out,
    )


def _check(target: Path) -> None:
    """Refuse a folder with something in it that is not ours to remove."""
    if target.exists() and not target.is_dir():
        raise BadInput([f"export: found the file {target}, expected a folder"])
    if target.is_dir() and any(target.iterdir()) and not (target / MARK).is_file():
        raise BadInput(
            [
                f"export: found other files in {target}, expected an empty folder, or one of an earlier export"
            ]
        )


def _take_place(beside: Path, target: Path) -> None:
    """Put a folder in the place of another one."""
    before = target.with_name(f"{beside.name}.before")
    if target.exists():
        target.rename(before)
    beside.rename(target)
    shutil.rmtree(before, ignore_errors=True)


def _safe(address: str) -> str:
    """Return an address as a path that every file system takes."""
    return "/".join(
        part
        if len(part.encode()) <= LONGEST_NAME
        else f"{part[: LONGEST_NAME // 2]}-{sha256(part.encode()).hexdigest()[:16]}"
        for part in address.split("/")
    )


def _selecting(query: str) -> str:
    return parse_qs(query).get("sel", [""])[0]


def _names(query: str) -> Iterator[str]:
    return (name for name, _ in parse_qsl(query))


def _combined(variants: Mapping[str, Sequence[str]]) -> Iterator[Mapping[str, str]]:
    """Yield each combination of choices that needs a copy, the single ones first, up to what is sensible."""
    names = sorted(variants)
    every = [
        {name: value for name, value in zip(names, values, strict=True) if value is not None}
        for values in product(*([None, *variants[name]] for name in names))
    ]
    every.sort(key=len)
    yield from every[1 : MOST_VARIANTS + 1]


def _named_after(choice: Mapping[str, str]) -> str:
    """Return the folder of a copy: what was chosen, in words that an address takes."""
    said = ",".join(f"{name}-{value}" for name, value in sorted(choice.items()))
    return _safe(re.sub(r"[^A-Za-z0-9,_-]", "_", said))
