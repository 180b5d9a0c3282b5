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
from chatops.answers.own_state import Process, own_state
from chatops.answers.pull_checks import pull_checks
from chatops.answers.pull_results import PullResults, pull_results
from chatops.answers.pull_story import PullStory, failures, pull_story
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
from chatops.views.health import health_json, render_health
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
from chatops.views.status import render_status, status_json
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


Json = Callable[[Knowledge, Mapping[str, str]], str | None]


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
        process: Callable[[], Process] = Process,
    ) -> None:
        self._database = database
        self._configuration = configuration
        self._clock = clock
        self._knowledge = knowledge
        self._base_url = base_url
        self._github_url = github_url
        self._can_sign_in = can_sign_in
        self._process = process
        self._pages: dict[tuple[object, ...], Page] = {}
        self._boards: dict[tuple[str, int], _Kept] = {}
        self._queues: dict[str, Queue] = {}
        self._results: dict[str, PullResults] = {}
        self._histories: dict[str, RunHistory] = {}
        self._lock = threading.Lock()

    def shows(self) -> Mapping[str, Show]:
        """Return the pages that have an address of their own, by name; what is in braces is part of what is asked."""
        shown = self._shown_with
        return {
            "nightly": self.nightly,
            "commands": shown(render_commands, commands_json),
            "audit": shown(render_audit, audit_json),
            "tests/{slug}": shown(render_one_test, one_test_json),
            "runs/{id}": shown(render_one_run, one_run_json),
            "runs/{id}/{attempt}": shown(render_one_attempt, one_attempt_json),
            "prs": shown(
                lambda known, query, *, viewer: render_prs(
                    known, self._queue(known), query, viewer=viewer
                ),
                lambda known, query: prs_json(known, self._queue(known), query),
            ),
            "prs/{id:path}": shown(self._pull, self._pull_json),
            "pr-tests": shown(
                lambda known, query, *, viewer: render_pr_tests(
                    known, self._pull_results(known), self._queue(known), query, viewer=viewer
                ),
                lambda known, query: pr_tests_json(
                    known, self._pull_results(known), self._queue(known), query
                ),
            ),
            "flaky": shown(
                lambda known, query, *, viewer: render_flaky(
                    known, self._history(known), query, viewer=viewer
                ),
                lambda known, query: flaky_json(known, self._history(known), query),
            ),
            "health": shown(
                lambda known, query, *, viewer: render_health(
                    known, self._history(known), query, viewer=viewer
                ),
                lambda known, query: health_json(known, self._history(known), query),
            ),
            "required": shown(
                lambda known, query, *, viewer: render_required(
                    known, self._usual_board(known), self._pull_results(known), query, viewer=viewer
                ),
                lambda known, query: required_json(
                    known, self._usual_board(known), self._pull_results(known), query
                ),
            ),
            "people": shown(
                lambda known, query, *, viewer: render_people(
                    known, self._usual_board(known), self._pull_results(known), query, viewer=viewer
                ),
                lambda known, query: people_json(
                    known, self._usual_board(known), self._pull_results(known), query
                ),
            ),
            "status": shown(
                lambda known, _, *, viewer: render_status(
                    known, own_state(known, self._process()), viewer=viewer
                ),
                lambda known, _: status_json(own_state(known, self._process())),
            ),
        }

    @property
    def story(self) -> Show:
        """Return the page of one command."""
        return self._shown_with(render_story, story_json)

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

    def _shown_with(self, html: Html, json: Json) -> Show:
        """Return what shows a page that is rendered so."""
        return partial(self._shown, html, json)

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

    def _pull(
        self, knowledge: Knowledge, query: Mapping[str, str], *, viewer: Viewer
    ) -> str | None:
        """Return the page of one pull request."""
        told = self._pull_story(knowledge, query)
        return None if told is None else render_pull(knowledge, told, query["id"], viewer=viewer)

    def _pull_json(self, knowledge: Knowledge, query: Mapping[str, str]) -> str | None:
        """Return one pull request for programs."""
        told = self._pull_story(knowledge, query)
        return None if told is None else pull_json(knowledge, told)

    def _pull_story(self, knowledge: Knowledge, query: Mapping[str, str]) -> PullStory | None:
        """Return all about one pull request; its failures are compared with nights and with what else is open."""
        community, db = knowledge.community, knowledge.db
        place = pull_place(community, query.get("id", ""))
        if place is None or pull(db, *place) is None:
            return None
        checks = pull_checks(knowledge, *place)
        if not failures(checks):
            return pull_story(knowledge, checks, None, None)
        board = None
        if community.nightly:
            board = self._board(db, community, NIGHTS_COMPARED, knowledge.now)[0]
        return pull_story(knowledge, checks, board, self._queue(knowledge))

    def _usual_board(self, knowledge: Knowledge) -> NightBoard:
        """Return the nights that the nightly page shows."""
        return self._board(knowledge.db, knowledge.community, USUAL_NIGHTS, knowledge.now)[0]

    def _history(self, knowledge: Knowledge) -> RunHistory:
        """Return the runs of the last weeks, made from what was known of them before."""
        key = knowledge.community.key
        with self._lock:
            before = self._histories.get(key)
        history = run_history(knowledge, before)
        with self._lock:
            self._histories[key] = history
        return history

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
