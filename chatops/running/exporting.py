"""`chatops export`: the dashboard as files, for a place that only serves files.

One snapshot is copied: the pages of a community, and every page they lead to, newest first, up to a limit of each
kind. The copies are written beside the folder and take its place when all are there, so that nobody sees half of them
and none is left from the time before.
"""

import gc
import json
import os
import re
import shutil
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import product
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import Connection

from chatops.answers.closed import closed_repositories
from chatops.app import Service
from chatops.config import Community
from chatops.errors import BadInput, ChatopsError
from chatops.running.helping import Helpers, Piece
from chatops.running.making import (
    MADE_OF,
    ROWS,
    Made,
    Maker,
    Still,
    Written,
    asked_of,
    page_at,
    safe,
    tidy_seldom,
    write,
    write_copies,
)
from chatops.showing import VIEWS
from chatops.views.addresses import Place, slug
from chatops.views.choices import Told, choices, heads_of, told
from chatops.views.dashboard_files import check_stats, job_stats
from chatops.views.exported import BEGINS, Site, exported, no_copy_page
from chatops.views.feed import moment
from chatops.views.formats import EMBED, FORMS
from chatops.views.page import ASSETS, asset_url, at, render
from chatops.views.view import NAMED, View

MARK = "chatops-export.json"
"""By this file a folder is known as one of ours."""
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
PAGES_AT_ONCE = 8
"""So many pages are one piece of work: few, so that in the end nobody waits long for another one."""
COPIES_AT_ONCE = 40
Step = Callable[[int, int], None]
Terms = Mapping[tuple[str, str], frozenset[str]]
"""Which rows a term leaves, such as `status:failed` in the box `q`, by what they are about."""


class Copies(Struct):
    """What is copied, by its address in the service, and which pages wait for it."""

    most: Mapping[str, int]
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
        found = page_at(address) if is_page else None
        if found is None:
            return
        view, names = found
        if view.address in NOT_COPIED:
            return
        count = self.counts.get(view.address, 0)
        if count >= self.most.get(view.address, USUALLY_MOST):
            self.left_out.add(address)
            return
        self.counts[view.address] = count + 1
        self.pages[address] = (view, names)
        self.waiting.append(address)


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
        self,
        seen: Still,
        community: Community,
        folder: Path,
        step: Step,
        helpers: Helpers,
        most: Mapping[str, int],
    ) -> None:
        self._seen = seen
        self._community = community
        self._folder = folder
        self._step = step
        self._helpers = helpers
        self._maker = Maker(seen, folder)
        self._copies = Copies(most)
        self._made: dict[str, str] = {}
        """The pages that are made, each with the folder of its copy."""
        self._steps = 0
        self._written = Written()
        self._as_of = at(seen.knowledge.now)

    def write(self) -> tuple[int, Written, int]:
        """Write everything; return how many pages, what was written, and how many pages were left out."""
        for name, asset in ASSETS.items():
            self._write(asset_url(name).lstrip("/"), asset.body)
        self._make()
        named = [one for one in self._made.items() if self._is_named(one[0])]
        copied = [
            self._hand_over_copies(named[number : number + COPIES_AT_ONCE])
            for number in range(0, len(named), COPIES_AT_ONCE)
        ]
        for address in self._made:
            if not self._is_named(address):
                self._copy(address)
        self._write_beside()
        for some in copied:
            self._written += self._helpers.result(some)
        self._advance(len(named))
        return len(self._made), self._written, len(self._copies.left_out)

    # --- what there is -------------------------------------------------------

    @cached_property
    def _site(self) -> Site:
        """Return where links lead: known once every page is made."""
        return Site(
            key=self._community.key,
            base_url=self._seen.knowledge.base_url,
            files=dict(self._files()),
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
        (door,) = (door for door in MADE_OF[view] if door.address == view.address)
        return [form for form in door.makes if form != "html"]

    # --- making --------------------------------------------------------------

    def _make(self) -> None:
        """Make every page, whoever does; what they lead to is noted in the order in which they were handed over."""
        for address in sorted(VIEWS, key=lambda address: address != BEGINS):
            if not NAMED.search(address):
                self._copies.want(address)
        handed_over: deque[tuple[Sequence[str], Piece[list[Made | None]]]] = deque()
        while self._copies.waiting or handed_over:
            while self._copies.waiting:
                handed_over.append(self._hand_over())
            addresses, piece = handed_over.popleft()
            pages = self._helpers.result(piece)
            for address, made in zip(addresses, pages, strict=True):
                if made is not None:
                    self._note(address, made)
                self._advance()

    def _hand_over(self) -> tuple[Sequence[str], Piece[list[Made | None]]]:
        """Hand over what waits first: some pages with names, or one without, which takes long and is made here."""
        waiting = self._copies.waiting
        some = [waiting.popleft()]
        if not self._is_named(some[0]):
            return some, self._helpers.do(partial(self._maker.make, some))
        while waiting and len(some) < PAGES_AT_ONCE and self._is_named(waiting[0]):
            some.append(waiting.popleft())
        return some, self._helpers.make(self._maker, some)

    def _note(self, address: str, made: Made) -> None:
        """Note that a page is made, and what it leads to."""
        self._made[address] = safe(address)
        self._written += made.written
        for lead in made.leads:
            self._copies.want(self._selected.get(lead.selects, lead.address))

    def _hand_over_copies(self, pages: Sequence[tuple[str, str]]) -> Piece[Written]:
        copy = partial(write_copies, self._folder, self._site, self._as_of, pages)
        return self._helpers.do(copy, copy)

    def _advance(self, steps: int = 1) -> None:
        self._steps += steps
        self._step(self._steps, 2 * len(self._copies.pages))

    def _copy(self, address: str) -> None:
        """Write the copies of a page that no name is needed for, one for each choice, and one for frames."""
        view, names = self._copies.pages[address]
        query = asked_of(names)
        self._lists(address, view, query)
        for door in MADE_OF[view]:
            framed = door.makes["html"](self._seen, query) if door.is_framed else None
            if framed is not None:
                self._page(f"{EMBED}/{address}", framed)
        self._advance()

    def _page_of(self, address: str) -> str:
        return (self._folder / self._made[address] / "index.html").read_bytes().decode()

    def _page(self, address: str, page: str, *, folder: str = "") -> None:
        folder = folder or safe(address)
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
        variants = {"": safe(address)}
        for one in combined:
            variants[urlencode(sorted(one.items()))] = f"{safe(address)}/{_named_after(one)}"
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
                self._page(address, made[name, "1"], folder=f"{safe(address)}/{name}")

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
    most: Mapping[str, int] = MOST,
) -> Exported:
    """Write the pages of a community into a folder, in place of what an earlier export left there.

    So many other processes help; of each kind of page there are so many at most. Files ask nobody who they are: what
    not everybody may see is written only where `private` says so.
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
    tidied = tidy_seldom()
    try:
        beside.mkdir(parents=True)
        with Helpers(helpers) as helping:
            with service.pages.look(of) as before:
                _check_openness(before.knowledge.db, of, private=private)
                helping.begin(service)
                if helpers:
                    # Until they are there: of what takes long, only news is looked for afterwards.
                    before.results()
            now = service.clock.now()
            with helping.look(service, of.key, now, beside) as db:
                _check_openness(db, of, private=private)
                seen = Still(service.pages.sight(db, of, now))
                pages, written, left_out = Export(seen, of, beside, step, helping, most).write()
            as_of = moment(now)
        told = {"made_by": "chatops export", "community": of.key, "as_of": as_of, "pages": pages}
        (beside / MARK).write_text(f"{json.dumps(told, indent=2)}\n", encoding="utf-8")
        _take_place(beside, target)
    except OSError as problem:
        raise ChatopsError(f"{target} cannot be written: {problem.strerror}.") from problem
    finally:
        gc.set_threshold(*tidied)
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


def _check_openness(db: Connection, of: Community, *, private: bool) -> None:
    """Refuse to write what not everybody may see, unless that is said."""
    closed = closed_repositories(db, of)
    if closed and not private:
        problem = (
            f"--private: not given, and not everybody may see {', '.join(closed)}; "
            f"with it the pages are written, and whoever can read the files can read them"
        )
        raise BadInput([problem])


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
    return safe(re.sub(r"[^A-Za-z0-9,_-]", "_", said))
