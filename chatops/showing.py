"""The dashboard's pages, put together: what is read, how it is rendered, and what is kept because nothing changed."""

import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import NamedTuple, Protocol

from sqlalchemy import Connection

from chatops.answers.meant_jobs import NIGHTS as NIGHTS_COMPARED
from chatops.answers.nights import NightBoard, Sources, board_later, board_sources, night_board
from chatops.answers.open_queue import Queue, open_queue
from chatops.answers.pull_checks import pull_checks
from chatops.answers.pull_results import PullResults, pull_results
from chatops.answers.pull_story import failures, pull_story
from chatops.answers.run_history import RunHistory, run_history
from chatops.config import Community, Configuration
from chatops.engine.command import Knowledge
from chatops.engine.database import Database
from chatops.ports import Clock
from chatops.projections.freshness import last_change
from chatops.projections.mutes import muted_jobs
from chatops.projections.pulls import pull
from chatops.surfaces.pages import Page, Show, packed
from chatops.views.audit import audit_json, render_audit
from chatops.views.commands import commands_json, render_commands
from chatops.views.flaky import flaky_json, render_flaky
from chatops.views.nightly import Strips, nightly_json, render_nightly
from chatops.views.nightly_detail import NOTHING, Sayable
from chatops.views.one_run import (
    one_attempt_json,
    one_run_json,
    render_one_attempt,
    render_one_run,
)
from chatops.views.one_test import one_test_json, render_one_test
from chatops.views.page import Viewer
from chatops.views.people import people_json, render_people
from chatops.views.pr_tests import pr_tests_json, render_pr_tests
from chatops.views.prs import prs_json, render_prs
from chatops.views.pull import pull_json, pull_place, render_pull
from chatops.views.required import render_required, required_json
from chatops.views.story import render_story, story_json

PAGES_KEPT = 64
BOARDS_KEPT = 4
USUAL_NIGHTS, MOST_NIGHTS = 30, 400
NUMBER = re.compile(r"[1-9][0-9]{0,2}")
MEDIA_TYPES = {"html": "text/html; charset=utf-8", "json": "application/json"}


class Html(Protocol):
    """Renders a page."""

    def __call__(
        self, knowledge: Knowledge, query: Mapping[str, str], *, viewer: Viewer
    ) -> str | None:
        """Return the page for whoever looks, nothing if there is none."""
        ...


class QueueHtml(Protocol):
    """Renders a page about the open pull requests."""

    def __call__(
        self, knowledge: Knowledge, queue: Queue, query: Mapping[str, str], *, viewer: Viewer
    ) -> str:
        """Return the page for whoever looks."""
        ...


class ResultsHtml(Protocol):
    """Renders a page about the results of pull requests."""

    def __call__(
        self,
        knowledge: Knowledge,
        results: PullResults,
        queue: Queue,
        query: Mapping[str, str],
        *,
        viewer: Viewer,
    ) -> str:
        """Return the page for whoever looks."""
        ...


class HistoryHtml(Protocol):
    """Renders a page about the runs of the last weeks."""

    def __call__(
        self, knowledge: Knowledge, history: RunHistory, query: Mapping[str, str], *, viewer: Viewer
    ) -> str:
        """Return the page for whoever looks."""
        ...


class RulesHtml(Protocol):
    """Renders a page about what is required, or who looks after what: of the nights, and of pull requests."""

    def __call__(
        self,
        knowledge: Knowledge,
        board: NightBoard,
        results: PullResults,
        query: Mapping[str, str],
        /,
        *,
        viewer: Viewer,
    ) -> str:
        """Return the page for whoever looks."""
        ...


Json = Callable[[Knowledge, Mapping[str, str]], str | None]
QueueJson = Callable[[Knowledge, Queue, Mapping[str, str]], str]
HistoryJson = Callable[[Knowledge, RunHistory, Mapping[str, str]], str]
ResultsJson = Callable[[Knowledge, PullResults, Queue, Mapping[str, str]], str]
RulesJson = Callable[[Knowledge, NightBoard, PullResults, Mapping[str, str]], str]


class _Kept(NamedTuple):
    """A board, and the day and the sources it is of."""

    day: date
    sources: Sources
    board: NightBoard
    strips: Strips


class Pages:
    """Every page of every community: a read-only snapshot, rendered."""

    def __init__(
        self,
        database: Database,
        configuration: Configuration,
        clock: Clock,
        *,
        knowledge: Callable[[Connection, Community], Knowledge],
        base_url: str,
        github_url: str,
        can_sign_in: bool,
    ) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock
        self._knowledge = knowledge
        self._base_url = base_url
        self._github_url = github_url
        self._can_sign_in = can_sign_in
        self._pages: dict[tuple[object, ...], Page] = {}
        self._boards: dict[tuple[str, int], _Kept] = {}
        self._queues: dict[str, Queue] = {}
        self._results: dict[str, PullResults] = {}
        self._histories: dict[str, RunHistory] = {}
        self._lock = threading.Lock()

    def shows(self) -> Mapping[str, Show]:
        """Return the pages that have an address of their own, by name; what is in braces is part of what is asked."""
        return {
            "nightly": self.nightly,
            "commands": partial(self._shown, render_commands, commands_json),
            "audit": partial(self._shown, render_audit, audit_json),
            "tests/{slug}": partial(self._shown, render_one_test, one_test_json),
            "runs/{id}": partial(self._shown, render_one_run, one_run_json),
            "runs/{id}/{attempt}": partial(self._shown, render_one_attempt, one_attempt_json),
            "prs": partial(self._queued, render_prs, prs_json),
            "prs/{id:path}": self.pull,
            "pr-tests": partial(self._counted, render_pr_tests, pr_tests_json),
            "flaky": partial(self._remembered, render_flaky, flaky_json),
            "required": partial(self._ruled, render_required, required_json),
            "people": partial(self._ruled, render_people, people_json),
        }

    @property
    def story(self) -> Show:
        """Return the page of one command."""
        return partial(self._shown, render_story, story_json)

    def pull(
        self,
        key: str | None,
        form: str,
        query: Mapping[str, str],
        *,
        compress: bool,
        is_signed_in: bool = False,
    ) -> Page | None:
        """Return the page of one pull request; its failures are compared with nights and with what else is open."""
        community = self._community(key)
        place = pull_place(community, query.get("id", "")) if community is not None else None
        if community is None or place is None or form not in MEDIA_TYPES:
            return None
        with self._database.read() as db:
            knowledge = self._knowledge(db, community)
            if pull(db, *place) is None:
                return None
            checks = pull_checks(knowledge, *place)
            board, queue = None, None
            if failures(checks):
                queue = self._queue(knowledge)
                if community.nightly:
                    board = self._board(db, community, NIGHTS_COMPARED, knowledge.now)[0]
            story = pull_story(knowledge, checks, board, queue)
            if form == "json":
                body = pull_json(knowledge, story)
            else:
                viewer = self._viewer(form, is_signed_in=is_signed_in)
                body = render_pull(knowledge, story, query["id"], viewer=viewer)
        return packed(body.encode(), MEDIA_TYPES[form], compress=compress)

    def nightly(
        self,
        key: str | None,
        form: str,
        query: Mapping[str, str],
        *,
        compress: bool,
        is_signed_in: bool = False,
    ) -> Page | None:
        """Return the nightly page of a community, from the cache while nothing it shows has changed."""
        community = self._community(key)
        if community is None or form not in MEDIA_TYPES:
            return None
        now, viewer = self._clock.now(), self._viewer(form, is_signed_in=is_signed_in)
        with self._database.read() as db:
            changed = last_change(db, community.repositories)
            minute = int(now.timestamp() // 60)
            sayable = self._sayable(db, community, viewer)
            asked = (community.key, form, viewer, sayable, tuple(sorted(query.items())), compress)
            cached = (*asked, changed, minute)
            with self._lock:
                page = self._pages.get(cached)
            if page is not None:
                return page
            board, strips = self._board(db, community, _nights(query), now)
        if form == "json":
            body = nightly_json(board, query, github_url=self._github_url)
        else:
            body = render_nightly(
                board,
                query,
                community,
                base_url=self._base_url,
                github_url=self._github_url,
                strips=strips,
                viewer=viewer,
                sayable=sayable,
            )
        page = packed(body.encode(), MEDIA_TYPES[form], compress=compress)
        with self._lock:
            if len(self._pages) >= PAGES_KEPT:
                self._pages.clear()
            self._pages[cached] = page
        return page

    def _shown(
        self,
        html: Html,
        json: Json,
        key: str | None,
        form: str,
        query: Mapping[str, str],
        *,
        compress: bool,
        is_signed_in: bool = False,
    ) -> Page | None:
        """Return a page that is a few rows of the read models: no cache is faster than these."""
        community = self._community(key)
        if community is None or form not in MEDIA_TYPES:
            return None
        viewer = self._viewer(form, is_signed_in=is_signed_in)
        with self._database.read() as db:
            knowledge = self._knowledge(db, community)
            body = (
                json(knowledge, query) if form == "json" else html(knowledge, query, viewer=viewer)
            )
        return None if body is None else packed(body.encode(), MEDIA_TYPES[form], compress=compress)

    def _sayable(self, db: Connection, community: Community, viewer: Viewer) -> Sayable:
        """Return what whoever looks can say about the jobs of the nights: those who are not signed in, nothing."""
        if viewer is not Viewer.SIGNED_IN:
            return NOTHING
        knowledge = self._knowledge(db, community)
        muted = muted_jobs(db, community.key, knowledge.now)
        return Sayable(verbs=frozenset(knowledge.commands), muted=frozenset(muted))

    def _viewer(self, form: str, *, is_signed_in: bool) -> Viewer:
        """Return all that a page is told of who looks at it; what programs read is the same for everybody."""
        if form == "json" or not self._can_sign_in:
            return Viewer.ANYBODY
        return Viewer.SIGNED_IN if is_signed_in else Viewer.STRANGER

    def _queued(
        self,
        html: QueueHtml,
        json: QueueJson,
        key: str | None,
        form: str,
        query: Mapping[str, str],
        *,
        compress: bool,
        is_signed_in: bool = False,
    ) -> Page | None:
        """Return a page about the open pull requests."""
        community = self._community(key)
        if community is None or form not in MEDIA_TYPES:
            return None
        viewer = self._viewer(form, is_signed_in=is_signed_in)
        with self._database.read() as db:
            knowledge = self._knowledge(db, community)
            queue = self._queue(knowledge)
            body = (
                json(knowledge, queue, query)
                if form == "json"
                else html(knowledge, queue, query, viewer=viewer)
            )
        return packed(body.encode(), MEDIA_TYPES[form], compress=compress)

    def _counted(
        self,
        html: ResultsHtml,
        json: ResultsJson,
        key: str | None,
        form: str,
        query: Mapping[str, str],
        *,
        compress: bool,
        is_signed_in: bool = False,
    ) -> Page | None:
        """Return a page about the results of pull requests, made from the results before."""
        community = self._community(key)
        if community is None or form not in MEDIA_TYPES:
            return None
        viewer = self._viewer(form, is_signed_in=is_signed_in)
        with self._database.read() as db:
            knowledge = self._knowledge(db, community)
            results = self._pull_results(knowledge)
            queue = self._queue(knowledge)
            if form == "json":
                body = json(knowledge, results, queue, query)
            else:
                body = html(knowledge, results, queue, query, viewer=viewer)
        return packed(body.encode(), MEDIA_TYPES[form], compress=compress)

    def _remembered(
        self,
        html: HistoryHtml,
        json: HistoryJson,
        key: str | None,
        form: str,
        query: Mapping[str, str],
        *,
        compress: bool,
        is_signed_in: bool = False,
    ) -> Page | None:
        """Return a page about the runs of the last weeks, made from what was known of them before."""
        community = self._community(key)
        if community is None or form not in MEDIA_TYPES:
            return None
        viewer = self._viewer(form, is_signed_in=is_signed_in)
        with self._database.read() as db:
            knowledge = self._knowledge(db, community)
            with self._lock:
                before = self._histories.get(community.key)
            history = run_history(knowledge, before)
            with self._lock:
                self._histories[community.key] = history
            body = (
                json(knowledge, history, query)
                if form == "json"
                else html(knowledge, history, query, viewer=viewer)
            )
        return packed(body.encode(), MEDIA_TYPES[form], compress=compress)

    def _ruled(
        self,
        html: RulesHtml,
        json: RulesJson,
        key: str | None,
        form: str,
        query: Mapping[str, str],
        *,
        compress: bool,
        is_signed_in: bool = False,
    ) -> Page | None:
        """Return a page about what is required, or who looks after what."""
        community = self._community(key)
        if community is None or form not in MEDIA_TYPES:
            return None
        viewer = self._viewer(form, is_signed_in=is_signed_in)
        with self._database.read() as db:
            knowledge = self._knowledge(db, community)
            board, _ = self._board(db, community, USUAL_NIGHTS, knowledge.now)
            results = self._pull_results(knowledge)
            if form == "json":
                body = json(knowledge, board, results, query)
            else:
                body = html(knowledge, board, results, query, viewer=viewer)
        return packed(body.encode(), MEDIA_TYPES[form], compress=compress)

    def _pull_results(self, knowledge: Knowledge) -> PullResults:
        """Return the results of pull requests, made from those before: only runs with news are read again."""
        key = knowledge.community.key
        with self._lock:
            before = self._results.get(key)
        results = pull_results(knowledge, before)
        with self._lock:
            self._results[key] = results
        return results

    def _queue(self, knowledge: Knowledge) -> Queue:
        """Return the open pull requests, made from the queue before: only what has news is looked at again."""
        key = knowledge.community.key
        with self._lock:
            before = self._queues.get(key)
        queue = open_queue(knowledge, before)
        with self._lock:
            self._queues[key] = queue
        return queue

    def _board(
        self, db: Connection, community: Community, nights: int, now: datetime
    ) -> tuple[NightBoard, Strips]:
        """Return what the nightly page is made of: the same for every filter of it, while nothing on it has changed.

        A new minute changes only the ages on it; a new day, which nights are still to come. What is heard of pull
        requests changes nothing.
        """
        place = (community.key, nights)
        of, runs = community.repositories, community.nightly
        sources = board_sources(db, of, runs, nights=nights)
        day = now.astimezone(UTC).date()
        with self._lock:
            known = self._boards.get(place)
        if known is not None and (known.day, known.sources) == (day, sources):
            return board_later(db, known.board, of, runs, now=now), known.strips
        board = night_board(db, of, runs, nights=nights, now=now, sources=sources)
        strips = Strips(board, self._github_url)
        with self._lock:
            if len(self._boards) >= BOARDS_KEPT:
                self._boards.clear()
            self._boards[place] = _Kept(day, sources, board, strips)
        return board, strips

    def _community(self, key: str | None) -> Community | None:
        if key is None:
            return self._configuration.default_community
        return self._configuration.communities.get(key)


def _nights(query: Mapping[str, str]) -> int:
    """Return how many nights a query asks for; what it cannot be is the usual number."""
    asked = query.get("n", "")
    return min(int(asked), MOST_NIGHTS) if NUMBER.fullmatch(asked) else USUAL_NIGHTS
