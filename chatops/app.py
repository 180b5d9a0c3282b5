"""The composition root: the only place that knows every room, and how a process of the product is put together."""

import asyncio
import gzip
import re
import threading
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy import Connection, MetaData, inspect, text

import chatops.commands
import chatops.effects
import chatops.events
import chatops.policies
import chatops.projections
from chatops.answers.approvals import names_of, picture, teams_of
from chatops.answers.nights import NightBoard, night_board
from chatops.answers.owners import Area
from chatops.config import Community, Configuration
from chatops.engine.authority import Standing
from chatops.engine.bus import Bus
from chatops.engine.catalogue import catalogue
from chatops.engine.clock import SystemClock
from chatops.engine.codec import Codec
from chatops.engine.command import Command, Knowledge
from chatops.engine.database import Database, open_database
from chatops.engine.effect import Effect, Effector
from chatops.engine.fetched import FETCHED
from chatops.engine.log import METADATA, Appended, Batch, Log
from chatops.engine.policy import Policy, PolicyRunner
from chatops.engine.projection import Projection, Projector
from chatops.engine.reply import Replier, Surface
from chatops.engine.vocabulary import vocabularies
from chatops.engine.work import Crew, Worker, WorkList
from chatops.engine.writer import Writer
from chatops.errors import BadInput, Refused, Transient, Unavailable
from chatops.events import Event, Fact
from chatops.events.conversation import CommandReceived
from chatops.events.gate import RequiredChecksChanged
from chatops.events.owners import OwnersChanged
from chatops.events.pulls import PullChanged
from chatops.gateways.github import GitHubGateway
from chatops.intake.objects import files_event, job_events, pull_event, run_events
from chatops.intake.owners import owners_version
from chatops.intake.required import required_version
from chatops.intake.sweep import Awaited, sweep
from chatops.names import Login, Repo, RunId, Sha
from chatops.ports import GitHub, Permission, Ports
from chatops.projections.commands import unfinished_reruns
from chatops.projections.freshness import last_change
from chatops.projections.owners import owners_now
from chatops.projections.pulls import pull
from chatops.projections.required import required_now
from chatops.settings import Settings
from chatops.surfaces import github as github_surface
from chatops.surfaces.pages import Page, Readiness, pages
from chatops.surfaces.web import App, Front
from chatops.views.nightly import nightly_json, render_nightly

logger = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).parent.parent / "migrations"
SWEEP_SECONDS = 60
SWEEP_REACH = timedelta(days=2)
REQUIRED_SECONDS = 3600
OWNERS_SECONDS = 3600
CATCH_UP_SECONDS = 20.0
CATCH_UP_PAUSE = 0.01
PAGES_KEPT = 64
BOARDS_KEPT = 4
USUAL_NIGHTS, MOST_NIGHTS = 30, 400
NUMBER = re.compile(r"[1-9][0-9]{0,2}")
LAG_LIMIT = 50_000
"""Events behind which a read model makes the process unready: its answers would be old."""

Entry = type[Any]


@dataclass(frozen=True, slots=True)
class Catalogues:
    """What there is: found by being there."""

    events: Sequence[type[Event]]
    commands: Mapping[str, type[Command]]
    projections: Sequence[type[Projection]]
    effects: Sequence[type[Effect[Any]]]
    policies: Sequence[type[Policy]]


def catalogues() -> Catalogues:
    """Return every entry of every catalogue."""
    return Catalogues(
        events=catalogue(chatops.events, Event),
        commands={entry.name: entry for entry in catalogue(chatops.commands, Command)},
        projections=catalogue(chatops.projections, Projection),
        effects=catalogue(chatops.effects, Effect),
        policies=catalogue(chatops.policies, Policy),
    )


def schema() -> list[MetaData]:
    """Return every table there should be: the engine's, and each projection's."""
    assert FETCHED.metadata is METADATA
    return [METADATA, *(projection().metadata for projection in catalogues().projections)]


def upgrade_database(database: Database) -> None:
    """Bring a database to the newest schema, if it is not there."""
    newest = max(MIGRATIONS.glob("versions/[0-9]*.py")).name.partition("_")[0]
    if revision(database) == newest:
        return
    # A start at the newest schema does without alembic: a quarter of a second, and ten megabytes.
    from alembic import command as alembic  # noqa: PLC0415
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415

    configuration = AlembicConfig()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    configuration.set_main_option("path_separator", "os")
    with database.write(durable=True) as connection:
        configuration.attributes["connection"] = connection
        alembic.upgrade(configuration, "head")


def revision(database: Database) -> str:
    """Return the schema's revision, empty for an empty database."""
    with database.read() as db:
        if not inspect(db).has_table("alembic_version"):
            return ""
        return db.scalar(text("SELECT version_num FROM alembic_version")) or ""


@dataclass
class Service:
    """One process of the product: its log, its threads and its doors.

    `start` and `stop` run the threads; `asgi` is what a server serves. Roles: `web` takes requests and shows pages,
    `worker` projects, decides and acts, `all` is both.
    """

    settings: Settings
    configuration: Configuration
    role: str = "all"
    clock: SystemClock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        found = catalogues()
        self.catalogues = found
        self.vocabularies = vocabularies(found.commands, self.configuration)
        self.database = open_database(self.settings.database_url)
        self.log = Log(self.database, Codec(found.events), self.clock)
        self.writer = Writer(self.log, on_append=self._appended)
        self.projector = Projector(
            self.log, [projection() for projection in found.projections], on_advance=self._projected
        )
        self.work = WorkList(self.log, self.clock)
        self.policies = PolicyRunner(
            self.log,
            [policy() for policy in found.policies],
            self.configuration,
            append=self.writer.append,
            knowledge=self._knowledge_of,
            projected=self._seen_by_all,
        )
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)
        self.crew: Crew | None = None
        self._pages: dict[tuple[object, ...], Page] = {}
        self._boards: dict[tuple[str, int], tuple[object, NightBoard]] = {}
        self._pages_lock = threading.Lock()
        self._stack = AsyncExitStack()
        self._scheduler: AsyncIOScheduler | None = None
        self._crew_task: asyncio.Task[None] | None = None
        self.github: GitHub | None = None
        self.surfaces: dict[str, Surface] = {}

    # --- life ---------------------------------------------------------------

    def open_database(self) -> None:
        """Bring the database to the newest schema, and let work and policies begin where they were born."""
        upgrade_database(self.database)
        self.work.be_born()
        self.policies.be_born()

    async def start(self, *, run_crew: bool = True) -> None:
        """Open everything; when this returns, the doors may be opened. Without a crew, work waits to be asked for."""
        await asyncio.to_thread(self.open_database)
        self.writer.start()
        self.github = await self._stack.enter_async_context(
            GitHubGateway.from_settings(self.settings)
        )
        slack = None
        if (rooms := self.slack_rooms()) is not None:
            slack = await self._stack.enter_async_context(
                rooms.SlackGateway.from_settings(self.settings)
            )
        ports = Ports(clock=self.clock, github=self.github, slack=slack)
        self.crew = Crew(self.work, self._workers(ports))
        if self.role in ("all", "worker"):
            self.projector.start()
            self.policies.start()
        if self.role in ("all", "worker") and run_crew:
            self._crew_task = asyncio.create_task(self.crew.run(), name="crew")
            self._scheduler = AsyncIOScheduler(timezone="UTC")
            self._scheduler.add_job(
                self._forget,
                "interval",
                hours=1,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=600,
            )
            self._scheduler.add_job(
                self.sweep,
                "interval",
                seconds=SWEEP_SECONDS,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=60,
            )
            self._scheduler.add_job(
                self.learn_required,
                "interval",
                seconds=REQUIRED_SECONDS,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=600,
                next_run_time=self.clock.now(),
            )
            self._scheduler.add_job(
                self.learn_owners,
                "interval",
                seconds=OWNERS_SECONDS,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=600,
                next_run_time=self.clock.now(),
            )
            self._scheduler.start()

    async def stop(self) -> None:
        """Close everything, after what was accepted is written."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
        if self._crew_task is not None:
            self._crew_task.cancel()
            await asyncio.gather(self._crew_task, return_exceptions=True)
        await asyncio.to_thread(self.policies.stop)
        await asyncio.to_thread(self.projector.stop)
        await asyncio.to_thread(self.writer.stop)
        await self._stack.aclose()
        await asyncio.to_thread(self.database.close)

    def _forget(self) -> None:
        gone = self.log.forget_deliveries(timedelta(days=self.settings.delivery_retention_days))
        if gone:
            logger.info("forgot deliveries", count=gone)

    # --- how the rooms are joined -------------------------------------------

    def _workers(self, ports: Ports) -> list[Worker]:
        """Return the crew: the bus, every effect, and the replier."""
        self.surfaces[github_surface.SURFACE] = github_surface.Comments(ports.github)
        if ports.slack is not None and (rooms := self.slack_rooms()) is not None:
            self.surfaces[rooms.SURFACE] = rooms.Messages(ports.slack)
        bus = Bus(
            self.log,
            self.catalogues.commands,
            self.configuration,
            append=self.writer.append_soon,
            look=self._look,
            refresh=self._refresh,
            knowledge=self.knowledge,
            caught_up=self._caught_up,
        )
        effectors = [
            Effector(effect(), self.log, ports, self.writer.append_soon)
            for effect in self.catalogues.effects
        ]
        replier = Replier(
            self.log,
            self.catalogues.commands,
            self.configuration,
            self.surfaces,
            append=self.writer.append_soon,
            knowledge=self.knowledge,
        )
        return [bus, *effectors, replier]

    def knowledge(self, db: Connection, community: Community) -> Knowledge:
        """Return what a command or reply of a community may look at."""
        return Knowledge(
            db=db,
            community=community,
            now=self.clock.now(),
            base_url=self.settings.base_url,
            github_url=self.settings.github_web_url,
            commands=self.vocabularies[community.key].commands,
        )

    def _knowledge_of(self, db: Connection, key: str) -> Knowledge | None:
        community = self.configuration.communities.get(key)
        return None if community is None else self.knowledge(db, community)

    async def _look(self, received: CommandReceived) -> Standing:
        """Ask who somebody is: GitHub's role for them, and what the pull request says of them."""
        if received.surface not in ("github", "cli"):
            return Standing()
        assert self.github is not None
        permission = await self.github.permission(received.repo, Login(received.by))
        command = self._meant(received)
        standing = await asyncio.to_thread(self._standing, received, permission)
        if command is None or not command.looks_at_owners:
            return standing
        return await self._as_owner(received, standing)

    def _meant(self, received: CommandReceived) -> type[Command] | None:
        vocabulary = self.vocabularies.get(received.community)
        meaning = vocabulary.meaning(received.verb) if vocabulary else None
        return meaning.command if meaning else None

    async def _as_owner(self, received: CommandReceived, standing: Standing) -> Standing:
        """Add under which names somebody owns or reviews what a pull request changes: their own, their teams'."""
        assert self.github is not None
        areas = await asyncio.to_thread(self._areas, received)
        teams, unsure = [], []
        for team in teams_of(areas):
            try:
                if await self.github.is_member(received.repo, team, standing.login):
                    teams.append(team)
            except Refused:
                unsure.append(team)
        names = names_of(areas, standing.login, teams)
        return replace(standing, names=names, unsure=tuple(unsure))

    def _areas(self, received: CommandReceived) -> Sequence[Area]:
        """Return who owns what a pull request changes, as far as it is known."""
        community = self.configuration.communities[received.community]
        with self.database.read() as db:
            about = pull(db, received.repo, received.number)
            return (picture(db, community.approvals, about).areas or ()) if about else ()

    def _standing(self, received: CommandReceived, permission: Permission) -> Standing:
        with self.database.read() as db:
            about = pull(db, received.repo, received.number)
        return Standing(
            login=Login(received.by),
            permission=permission,
            association=received.association,
            author=about.author if about else Login(""),
            labels=frozenset(about.labels if about else ()),
        )

    async def _refresh(self, received: CommandReceived) -> int:
        """Fetch what a command looks at before it decides; return the position that holds it."""
        assert self.github is not None
        repo, correlation_id = received.repo, f"refresh/{received.command}"
        described = pull_event(await self.github.pull(repo, received.number), repo)
        events: list[Event] = [described]
        command = self._meant(received)
        if command is None or command.looks_at_head:
            events.extend(await self._ci(repo, described.sha))
        if command is not None and command.looks_at_owners:
            events.extend(await self._owners(received, described))
        facts = [
            Fact(event=event, source="backfill", correlation_id=correlation_id) for event in events
        ]
        await self.writer.append_soon(Batch(facts=facts))
        return await asyncio.to_thread(self.log.head)

    async def _ci(self, repo: Repo, sha: Sha) -> list[Event]:
        """Fetch the runs of a commit and their failed jobs."""
        assert self.github is not None
        events: list[Event] = []
        async for run in self.github.runs_of_commit(repo, sha):
            events.extend(run_events(run))
            if run.get("conclusion") in ("success", "skipped", None):
                continue
            async for job in self.github.jobs(repo, RunId(run["id"]), run.get("run_attempt") or 1):
                events.extend(job_events(job, repo))
        return events

    async def _owners(self, received: CommandReceived, about: PullChanged) -> list[Event]:
        """Fetch the files of a pull request, and who owns files where that is new; where owners count at all."""
        community = self.configuration.communities[received.community]
        if community.approvals.owners == "none":
            return []
        assert self.github is not None
        paths = await self.github.pull_files(about.repo, about.number)
        seen = files_event(about, paths)
        try:
            version = await self._owners_version(community, about.repo)
        except Refused as problem:
            # What was known before goes on to count.
            logger.warning("owners not read", repo=about.repo, problem=problem.text)
            return [seen]
        return [seen, version] if version is not None else [seen]

    async def _owners_version(self, community: Community, repo: Repo) -> OwnersChanged | None:
        assert self.github is not None
        known = await asyncio.to_thread(self._known_owners, community, repo)
        return await owners_version(self.github, community, repo, known, self.clock.now())

    def _known_owners(self, community: Community, repo: Repo) -> OwnersChanged | None:
        with self.database.read() as db:
            return owners_now(db, repo, community.approvals.branch)

    async def _caught_up(self, position: int) -> None:
        """Wait until the read models have seen a position."""
        deadline = self.clock.monotonic() + CATCH_UP_SECONDS
        while await asyncio.to_thread(self._seen_by_all) < position:
            if self.clock.monotonic() > deadline:
                raise Transient("My read models are behind the log.")
            self.projector.wake()
            await asyncio.sleep(CATCH_UP_PAUSE)

    def _seen_by_all(self) -> int:
        return min((progress.position for progress in self.projector.progress()), default=0)

    def _appended(self) -> None:
        self.projector.wake()
        if self.crew is not None:
            self.crew.wake()

    def _projected(self) -> None:
        self.policies.wake()

    async def sweep(self) -> int:
        """Ask GitHub about reruns whose end we have not heard of, in case a webhook was lost."""
        after = int((self.clock.now() - SWEEP_REACH).timestamp())
        try:
            awaited = await asyncio.to_thread(self._awaited, after)
            assert self.github is not None
            return await sweep(self.github, self.writer.append_soon, awaited)
        except Transient as problem:
            logger.warning("sweep put off", problem=str(problem))
            return 0

    def _awaited(self, after: int) -> list[Awaited]:
        with self.database.read() as db:
            return [
                Awaited(repo=one.repo, run_id=one.run_id, attempt=one.attempt)
                for one in unfinished_reruns(db, after)
            ]

    async def learn_required(self) -> int:
        """Fetch each repository's list of required checks; record it where it has changed."""
        assert self.github is not None
        learnt = 0
        for community in self.configuration.communities.values():
            for repo in community.repositories:
                try:
                    event = await required_version(
                        self.github,
                        community,
                        repo,
                        await asyncio.to_thread(self._required, repo),
                        self.clock.now(),
                    )
                except (Transient, Refused, BadInput) as problem:
                    logger.warning("required checks not read", repo=repo, problem=str(problem))
                    continue
                if event is not None:
                    fact = Fact(event=event, source="backfill", correlation_id=f"required/{repo}")
                    await self.writer.append_soon(Batch(facts=[fact]))
                    learnt += 1
        return learnt

    async def learn_owners(self) -> int:
        """Fetch who owns the files of each repository; record it where it has changed."""
        learnt = 0
        for community in self.configuration.communities.values():
            for repo in community.repositories:
                try:
                    event = await self._owners_version(community, repo)
                except (Transient, Refused) as problem:
                    logger.warning("owners not read", repo=repo, problem=str(problem))
                    continue
                if event is not None:
                    fact = Fact(event=event, source="backfill", correlation_id=f"owners/{repo}")
                    await self.writer.append_soon(Batch(facts=[fact]))
                    learnt += 1
        return learnt

    def _required(self, repo: Repo) -> RequiredChecksChanged | None:
        with self.database.read() as db:
            return required_now(db, repo)

    # --- what is served -----------------------------------------------------

    def asgi(self) -> App:
        """Return the HTTP surface of this process."""
        inner = pages(
            nightly=self.nightly,
            readiness=self.readiness,
            registry=self.registry,
            before_metrics=self._measure,
        )
        rooms = self.slack_rooms()
        return Front(
            github=github_surface.Door(
                [secret.reveal().encode() for secret in self.settings.github_webhook_secrets],
                self.configuration,
                self.vocabularies,
            ),
            slack=rooms.door(self.settings, self.configuration, self.record) if rooms else None,
            append=self.record,
            inner=inner,
            body_limit=self.settings.max_body_mb * 1_000_000,
            observe=self.metrics.answered,
        )

    def slack_rooms(self) -> ModuleType | None:
        """Return Slack's part of the product, where Slack is configured."""
        if not (self.settings.slack_bot_token or self.settings.slack_signing_secret):
            return None
        return import_module("chatops.with_slack")

    async def record(self, batch: Batch) -> Appended:
        """Append what came in at a door."""
        appended = await self.writer.append_soon(batch)
        if appended.positions:
            self.metrics.recorded.inc(len(appended.positions))
        if appended.duplicates:
            self.metrics.duplicates.inc(appended.duplicates)
        return appended

    def nightly(
        self, key: str | None, form: str, query: Mapping[str, str], *, compress: bool
    ) -> Page | None:
        """Return the nightly page of a community, from the cache while nothing it shows has changed."""
        community = self._community(key)
        if community is None or form not in ("html", "json"):
            return None
        now = self.clock.now()
        with self.database.read() as db:
            changed = last_change(db, community.repositories)
            minute = int(now.timestamp() // 60)
            cached = (community.key, form, tuple(sorted(query.items())), compress, changed, minute)
            with self._pages_lock:
                page = self._pages.get(cached)
            if page is not None:
                return page
            board = self._board(db, community, _nights(query), now, (changed, minute))
        if form == "json":
            body, media_type = (
                nightly_json(board, query, github_url=self.settings.github_web_url),
                "application/json",
            )
        else:
            body = render_nightly(
                board,
                query,
                community,
                base_url=self.settings.base_url,
                github_url=self.settings.github_web_url,
            )
            media_type = "text/html; charset=utf-8"
        page = _page(body, media_type, compress=compress)
        with self._pages_lock:
            if len(self._pages) >= PAGES_KEPT:
                self._pages.clear()
            self._pages[cached] = page
        return page

    def _board(
        self, db: Connection, community: Community, nights: int, now: datetime, state: object
    ) -> NightBoard:
        """Return what the nightly page is made of: the same for every filter of it, while nothing has changed."""
        place = (community.key, nights)
        with self._pages_lock:
            known = self._boards.get(place)
        if known is not None and known[0] == state:
            return known[1]
        board = night_board(db, community.repositories, community.nightly, nights=nights, now=now)
        with self._pages_lock:
            if len(self._boards) >= BOARDS_KEPT:
                self._boards.clear()
            self._boards[place] = (state, board)
        return board

    def _community(self, key: str | None) -> Community | None:
        if key is None:
            return self.configuration.default_community
        return self.configuration.communities.get(key)

    def readiness(self) -> Readiness:
        """Return whether this process can do its work, and the figures behind it."""
        try:
            progress = self.projector.progress()
            waiting, parked = self.work.count()
        except Unavailable as problem:
            return Readiness(is_ready=False, facts={"database": str(problem)})
        stopped = {one.name: one.error for one in progress if one.error}
        lag = max((one.lag for one in progress), default=0)
        return Readiness(
            is_ready=not stopped and lag < LAG_LIMIT,
            facts={
                "database": "answers",
                "projection_lag": lag,
                "projections_stopped": stopped,
                "work_waiting": waiting,
                "work_parked": parked,
            },
        )

    def _measure(self) -> None:
        """Take the figures that are read, not counted."""
        try:
            for one in self.projector.progress():
                self.metrics.lag.labels(one.name).set(one.lag)
                self.metrics.stopped.labels(one.name).set(bool(one.error))
            waiting, parked = self.work.count()
        except Unavailable:
            self.metrics.database.set(0)
            return
        self.metrics.database.set(1)
        self.metrics.work.labels("waiting").set(waiting)
        self.metrics.work.labels("parked").set(parked)


class Metrics:
    """What Prometheus reads."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.answers = Counter(
            "chatops_requests",
            "Requests at the two doors, by status.",
            ["door", "status"],
            registry=registry,
        )
        self._counters: dict[tuple[str, int], Counter] = {}
        self.recorded = Counter("chatops_events_recorded", "Events recorded.", registry=registry)
        self.duplicates = Counter(
            "chatops_events_known", "Facts the log had already.", registry=registry
        )
        self.lag = Gauge(
            "chatops_projection_lag",
            "Events a read model is behind.",
            ["projection"],
            registry=registry,
        )
        self.stopped = Gauge(
            "chatops_projection_stopped",
            "1 if it stopped with an error.",
            ["projection"],
            registry=registry,
        )
        self.work = Gauge("chatops_work", "Items to be done.", ["state"], registry=registry)
        self.database = Gauge(
            "chatops_database_up", "1 if the database answers.", registry=registry
        )

    def answered(self, door: str, status: int) -> None:
        """Count an answer of one of the doors."""
        counter = self._counters.get((door, status))
        if counter is None:
            counter = self._counters[door, status] = self.answers.labels(door, str(int(status)))
        counter.inc()


def _nights(query: Mapping[str, str]) -> int:
    """Return how many nights a query asks for; what it cannot be is the usual number."""
    asked = query.get("n", "")
    return min(int(asked), MOST_NIGHTS) if NUMBER.fullmatch(asked) else USUAL_NIGHTS


def _page(body: str, media_type: str, *, compress: bool) -> Page:
    raw = body.encode()
    etag = blake2b(raw, digest_size=12).hexdigest()
    if not compress:
        return Page(raw, media_type, f'"{etag}"')
    return Page(gzip.compress(raw, 6, mtime=0), media_type, f'"{etag}-gzip"', "gzip")
