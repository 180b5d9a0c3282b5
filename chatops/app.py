"""The composition root: the only place that knows every room, and how a process of the product is put together."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, MetaData, inspect, text

import chatops.commands
import chatops.effects
import chatops.events
import chatops.policies
import chatops.projections
import chatops.rounds
from chatops.answers.awaited import Awaited, awaited_runs
from chatops.answers.closed import closed_repositories
from chatops.answers.missing_digests import missing_digests
from chatops.answers.own_state import Allowance, Process, is_ready
from chatops.config import Community, Configuration, misplaced
from chatops.engine.bus import Bus
from chatops.engine.catalogue import catalogue
from chatops.engine.clock import SystemClock
from chatops.engine.codec import Codec
from chatops.engine.command import Command, Knowledge, Story
from chatops.engine.database import METADATA, Database, open_database
from chatops.engine.effect import Effect, Effector, describer
from chatops.engine.fetched import FETCHED
from chatops.engine.log import Appended, Batch, Log, index_stories
from chatops.engine.policy import Policy, PolicyRunner
from chatops.engine.projection import Projection, Projector
from chatops.engine.reply import Replier, Surface
from chatops.engine.round import Outlook, Round, Rounds
from chatops.engine.sessions import SESSIONS, Sessions
from chatops.engine.trace import Tracer
from chatops.engine.turns import Turns
from chatops.engine.vocabulary import misnamed, vocabularies
from chatops.engine.work import Crew, Worker, WorkList
from chatops.engine.writer import Done, Writer
from chatops.errors import BadInput, Transient, Unavailable
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.gateways.github import GitHubGateway
from chatops.gateways.github_sign_in import GitHubSignIn
from chatops.intake.sweep import sweep
from chatops.looking import Looker
from chatops.looking_back import Pasts
from chatops.metrics import Metrics
from chatops.names import CommandId, Login, Repo
from chatops.news import News
from chatops.ports import GitHub, Permission, Ports, Workspaces
from chatops.projections.canaries import canary
from chatops.projections.commands import commands_lately
from chatops.projections.gaps import open_gaps
from chatops.settings import Settings
from chatops.showing import Pages
from chatops.surfaces import dashboard
from chatops.surfaces import github as github_surface
from chatops.surfaces.drawing import Drawing
from chatops.surfaces.linking import Linking
from chatops.surfaces.pages import Readiness, pages
from chatops.surfaces.seeing import Seeing
from chatops.surfaces.signing_in import SigningIn
from chatops.surfaces.stream import Stream
from chatops.surfaces.web import App, Front

logger = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).parent.parent / "migrations"
SWEEP_SECONDS = 60
GAPS_SECONDS = 600
FORGET_SECONDS = 3600
REQUIRED_SECONDS = 3600
OWNERS_SECONDS = 3600
CATCH_UP_SECONDS = 20.0
SHOWN_SECONDS = 5.0
"""For which somebody waits who has said a command on the dashboard."""
CATCH_UP_PAUSE = 0.01
Entry = type[Any]


@dataclass(frozen=True, slots=True)
class Catalogues:
    """What there is: found by being there."""

    events: Sequence[type[Event]]
    commands: Mapping[str, type[Command]]
    projections: Sequence[type[Projection]]
    effects: Sequence[type[Effect[Any]]]
    policies: Sequence[type[Policy]]
    rounds: Sequence[type[Round]]


def catalogues() -> Catalogues:
    """Return every entry of every catalogue."""
    return Catalogues(
        events=catalogue(chatops.events, Event),
        commands={entry.name: entry for entry in catalogue(chatops.commands, Command)},
        projections=catalogue(chatops.projections, Projection),
        effects=catalogue(chatops.effects, Effect),
        policies=catalogue(chatops.policies, Policy),
        rounds=catalogue(chatops.rounds, Round),
    )


def schema() -> list[MetaData]:
    """Return every table there should be: the engine's, and each projection's."""
    assert all(table.metadata is METADATA for table in (FETCHED, SESSIONS))
    index_stories()
    return [METADATA, *(projection().metadata for projection in catalogues().projections)]


def upgrade_database(database: Database) -> None:
    """Bring a database to the newest schema, if it is not there."""
    if revision(database) == newest_revision():
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


@cache
def newest_revision() -> str:
    """Return the schema's revision that this program wants."""
    return max(MIGRATIONS.glob("versions/[0-9]*.py")).name.partition("_")[0]


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
        problems = [*misnamed(found.commands, self.configuration), *self._misplaced()]
        if problems:
            raise BadInput(problems)
        self.vocabularies = vocabularies(found.commands, self.configuration)
        self.database = open_database(self.settings.database_url)
        self.log = Log(self.database, Codec(found.events), self.clock)
        self.writer = Writer(self.log, on_append=self._appended)
        self.projector = Projector(
            self.log, [projection() for projection in found.projections], on_advance=self._projected
        )
        lease = timedelta(seconds=self.settings.lease_seconds)
        self.work = WorkList(self.log, self.clock, lease=lease)
        self.policies = PolicyRunner(
            self.log,
            [policy() for policy in found.policies],
            self.configuration,
            append=self.writer.append,
            knowledge=self._knowledge_of,
            projected=self._seen_by_all,
        )
        self.rounds = Rounds(
            self.database,
            [one() for one in found.rounds],
            outlook=self._outlook,
            append=self.writer.append_soon,
            clock=self.clock,
        )
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)
        self.crew: Crew | None = None
        self.sessions = Sessions(self.database, self.clock)
        self._sign_in = self._signs_in()
        self.linking = self._linking()
        self.signing_in = self._signing_in()
        self.pasts = self._pasts()
        self.pages = Pages(
            self.database,
            self.configuration,
            self.clock,
            knowledge=self.knowledge,
            can_sign_in=self._sign_in is not None,
            process=self._process,
            pasts=self.pasts,
        )
        self.seeing = self._seeing()
        news = News(
            self.log,
            self.configuration,
            tuple(self.projector.projections),
            knowledge=self.knowledge,
        )
        self.stream = Stream(news.look, self.configuration.communities, seeing=self.seeing)
        self._swept_at: datetime | None = None
        self._stack = AsyncExitStack()
        self._scheduler: AsyncIOScheduler | None = None
        self._crew_task: asyncio.Task[None] | None = None
        self.github: GitHub | None = None
        self._looker: Looker | None = None
        self.slack: Workspaces | None = None
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
        if self.pasts is not None:
            self.pasts.open()
        await asyncio.to_thread(self.stream.begin)
        self.writer.start()
        self.github = await self._stack.enter_async_context(
            GitHubGateway.from_settings(self.settings)
        )
        if (rooms := self.slack_rooms()) is not None:
            self.slack = await self._stack.enter_async_context(
                rooms.SlackWorkspaces.from_settings(self.settings)
            )
        if self._sign_in is not None:
            await self._stack.enter_async_context(self._sign_in)
        self._looker = Looker(
            self.github,
            self.log,
            self.configuration,
            self.vocabularies,
            self.clock,
            append=self.writer.append_soon,
        )
        ports = Ports(clock=self.clock, github=self.github, slack=self.slack)
        self.crew = Crew(self.work, self._workers(ports))
        if self.role in ("all", "worker"):
            self.projector.start()
            self.policies.start()
        if self.role in ("all", "worker") and run_crew:
            self._crew_task = asyncio.create_task(self.crew.run(), name="crew")
            self._scheduler = self._chores()
            self._scheduler.start()

    def _chores(self) -> AsyncIOScheduler:
        """Return what is done again and again, beside what the log asks for."""
        scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1}
        )
        kept = timedelta(days=self.settings.delivery_retention_days)
        # What ended, or was changed, while this process was away is not waited for any longer.
        at_once = {"next_run_time": self.clock.now()}
        soon = {"next_run_time": self.clock.now() + timedelta(seconds=SWEEP_SECONDS)}
        for chore, seconds, how in (
            (self._forget, FORGET_SECONDS, {}),
            (self.sweep, SWEEP_SECONDS, at_once),
            (self.looker.learn_required, REQUIRED_SECONDS, at_once),
            (self.looker.learn_owners, OWNERS_SECONDS, at_once),
            (partial(self.looker.learn_gaps, kept), GAPS_SECONDS, soon),
            *(
                (partial(self.rounds.make, name), int(one.every.total_seconds()), {})
                for name, one in self.rounds.all.items()
            ),
        ):
            scheduler.add_job(
                chore, "interval", seconds=seconds, misfire_grace_time=min(seconds, 600), **how
            )
        return scheduler

    async def stop(self) -> None:
        """Close everything, after what was accepted is written."""
        self.stream.close()
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
        if self._crew_task is not None:
            self._crew_task.cancel()
            await asyncio.gather(self._crew_task, return_exceptions=True)
        await asyncio.to_thread(self.policies.stop)
        await asyncio.to_thread(self.projector.stop)
        await asyncio.to_thread(self.writer.stop)
        await self._stack.aclose()
        if self.pasts is not None:
            await asyncio.to_thread(self.pasts.close)
        await asyncio.to_thread(self.database.close)

    def _forget(self) -> None:
        gone = self.log.deliveries.forget(timedelta(days=self.settings.delivery_retention_days))
        if gone:
            logger.info("forgot deliveries", count=gone)
        if gone := self.sessions.forget():
            logger.info("forgot sessions", count=gone)

    @property
    def looker(self) -> Looker:
        """Return what asks GitHub; there is one between `start` and `stop`."""
        assert self._looker is not None
        return self._looker

    # --- how the rooms are joined -------------------------------------------

    def _workers(self, ports: Ports) -> list[Worker]:
        """Return the crew: the bus, every effect, and the replier."""
        self.surfaces[github_surface.SURFACE] = github_surface.Comments(ports.github)
        self.surfaces[dashboard.SURFACE] = dashboard.StoryPages(self.log, self.writer.append_soon)
        if ports.slack is not None and (rooms := self.slack_rooms()) is not None:
            self.surfaces[rooms.SURFACE] = rooms.Messages(
                ports.slack,
                {
                    key: community.title
                    for key, community in self.configuration.communities.items()
                    if community.slash_command
                },
            )
        effects = [effect() for effect in self.catalogues.effects]
        bus = Bus(
            self.log,
            self.catalogues.commands,
            self.configuration,
            append=self.writer.append_soon,
            look=self.looker.person,
            refresh=self.looker.refresh,
            issue=self.looker.issue,
            knowledge=self.knowledge,
            caught_up=self._caught_up,
            bring_up=self._is_shown,
            describe=describer(effects),
            is_closed=self._is_closed,
            take_turn=Turns(self.log, self.work, self.clock, noticed=self._noticed).take,
        )
        effectors = [
            Effector(effect, self.log, ports, self.writer.append_soon) for effect in effects
        ]
        replier = Replier(
            self.log,
            self.catalogues.commands,
            self.configuration,
            self.surfaces,
            append=self.writer.append_soon,
            knowledge=self.knowledge,
        )
        tracer = Tracer(
            self.log,
            self.catalogues.commands,
            self.configuration,
            append=self.writer.append_soon,
            knowledge=self.knowledge,
            pull=self.surfaces[github_surface.SURFACE],
            asking=[effect.on for effect in self.catalogues.effects],
        )
        return [bus, *effectors, replier, tracer]

    def knowledge(self, db: Connection, community: Community) -> Knowledge:
        """Return what a command or reply of a community may look at."""
        off = {name.lower() for name in community.commands_off}
        return Knowledge(
            db=db,
            community=community,
            now=self.clock.now(),
            base_url=self.settings.base_url,
            github_url=self.settings.github_web_url,
            link_address=None if self.linking is None else self.linking.address,
            log=self.log,
            commands={
                name: command
                for name, command in self.vocabularies[community.key].commands.items()
                if name not in off
            },
            story=lambda command: Story(
                tuple(recorded.event for recorded in self.log.story(command, db))
            ),
        )

    def _is_closed(self, community: Community) -> bool:
        with self.database.read() as db:
            return bool(closed_repositories(db, community))

    def _seeing(self) -> Seeing:
        """Return what knows who may see which pages."""

        async def ask(repo: Repo, login: Login, *, account: int = 0) -> Permission:
            if self.github is None:
                return Permission.UNKNOWN
            return await self.github.permission(repo, login, account=account)

        def closed(key: str | None) -> Sequence[Repo]:
            community = (
                self.configuration.default_community
                if key is None
                else self.configuration.communities.get(key)
            )
            if community is None:
                return ()
            with self.database.read() as db:
                return closed_repositories(db, community)

        token = self.settings.api_token
        return Seeing(
            closed=closed,
            ask=ask,
            session=lambda cookies: self.signing_in.session(cookies) if self.signing_in else None,
            token=token.reveal() if token else "",
        )

    def _pasts(self) -> Pasts | None:
        """Return what puts the past together, if there is room for it."""
        megabytes = self.settings.past_megabytes
        if not megabytes:
            return None
        return Pasts(
            self.log, self.clock, database_url=self.settings.database_url, megabytes=megabytes
        )

    def _knowledge_of(self, db: Connection, key: str) -> Knowledge | None:
        community = self.configuration.communities.get(key)
        return None if community is None else self.knowledge(db, community)

    def _signs_in(self) -> GitHubSignIn | None:
        """Return GitHub's sign-in, if it is set up."""
        settings = self.settings
        if settings.session_secret is None or settings.github_client_secret is None:
            return None
        return GitHubSignIn(
            web_url=settings.github_web_url,
            api_url=settings.github_api_url,
            client_id=settings.github_client_id,
            client_secret=settings.github_client_secret.reveal(),
        )

    def _linking(self) -> Linking | None:
        """Return the pages on which people say who they are on GitHub, if signing in is set up."""
        secret = self.settings.session_secret
        if self._sign_in is None or secret is None:
            return None
        return Linking(
            secret=secret.reveal(),
            base_url=self.settings.base_url,
            sign_in=self._sign_in,
            clock=self.clock,
            story=self._story,
            append=self.record,
        )

    def _signing_in(self) -> SigningIn | None:
        """Return where people sign in on the dashboard, if that is set up."""
        secret = self.settings.session_secret
        if self._sign_in is None or secret is None:
            return None
        return SigningIn(
            secret=secret.reveal(),
            base_url=self.settings.base_url,
            sign_in=self._sign_in,
            clock=self.clock,
            sessions=self.sessions,
        )

    def _dashboard(self) -> dashboard.Door | None:
        """Return where commands are taken that somebody says on the dashboard, if people can sign in there."""
        if self.signing_in is None:
            return None
        return dashboard.Door(
            self.configuration,
            self.vocabularies,
            self.signing_in,
            append=self.record,
            is_shown=self._is_shown,
            said_lately=self._said_lately,
        )

    def _said_lately(self, received: CommandReceived) -> int:
        """Return how many commands the same person has said in the same place lately."""
        after = self.clock.now() - dashboard.LATELY
        with self.database.read() as db:
            return commands_lately(db, received.community, received.by, received.surface, after)

    async def _is_shown(self, position: int) -> bool:
        """Wait a little until the read models that go on show what is recorded; return whether they do."""
        try:
            await self._wait_for(self._seen_by_running, position, SHOWN_SECONDS)
        except Transient:
            return False
        return True

    def _story(self, command: CommandId) -> Story:
        return Story(tuple(recorded.event for recorded in self.log.story(command)))

    async def _caught_up(self, position: int) -> None:
        """Wait until all of the read models have seen a position."""
        await self._wait_for(self._seen_by_all, position, CATCH_UP_SECONDS)

    async def _wait_for(self, seen: Callable[[], int], position: int, seconds: float) -> None:
        deadline = self.clock.monotonic() + seconds
        while await asyncio.to_thread(seen) < position:
            if self.clock.monotonic() > deadline:
                raise Transient("My read models are behind the log.")
            self.projector.wake()
            await asyncio.sleep(CATCH_UP_PAUSE)

    def _seen_by_all(self) -> int:
        return min((progress.position for progress in self.projector.progress()), default=0)

    def _seen_by_running(self) -> int:
        """Return what all have seen but those that stopped, which nobody waits for in vain."""
        running = [one.position for one in self.projector.progress() if one.error is None]
        return min(running, default=0)

    def _noticed(self, db: Connection) -> int:
        """Return up to where it is known what the log's facts ask for, of the crew and of the policies."""
        return min(self.work.position(db), self.policies.position(db))

    def _appended(self) -> None:
        self.projector.wake()
        if self.crew is not None:
            self.crew.wake()

    def _projected(self) -> None:
        self.policies.wake()

    async def sweep(self) -> int:
        """Ask GitHub about reruns whose end we have not heard of, in case a webhook was lost."""
        try:
            awaited = await asyncio.to_thread(self._awaited)
            assert self.github is not None
            swept = await sweep(self.github, self.writer.append_soon, awaited)
        except Transient as problem:
            logger.warning("sweep put off", problem=str(problem))
            return 0
        self._swept_at = self.clock.now()
        return swept

    def _awaited(self) -> list[Awaited]:
        with self.database.read() as db:
            return awaited_runs(db, lambda command: self.log.story(command, db), self.clock.now())

    def _outlook(self, db: Connection) -> Outlook:
        """Return what is looked at on the rounds."""
        return Outlook(
            db=db,
            now=self.clock.now(),
            communities=[
                self.knowledge(db, community)
                for community in self.configuration.communities.values()
            ],
            operators=self.configuration.operators,
            story=lambda command: self.log.story(command, db),
            backlog=self.work.backlog,
            has_slack=self.slack is not None,
        )

    # --- what is served -----------------------------------------------------

    def asgi(self) -> App:
        """Return the HTTP surface of this process."""
        inner = pages(
            shows=self.pages.shows(),
            readiness=self.readiness,
            registry=self.registry,
            before_metrics=self._measure,
            more=[
                route
                for part in (
                    self.stream,
                    self.linking,
                    self.signing_in,
                    self._dashboard(),
                    Drawing(),
                )
                if part is not None
                for route in part.routes()
            ],
            visitors=self.signing_in,
            seeing=self.seeing,
            redirects=self.configuration.redirects,
            programs=self.pages.programs(),
            position=lambda: max(self.projector.position, self.stream.position),
        )
        rooms = self.slack_rooms()
        return Front(
            github=github_surface.Door(
                [secret.reveal().encode() for secret in self.settings.github_webhook_secrets],
                self.configuration,
                self.vocabularies,
            ),
            slack=rooms.door(self.settings, self.slack_listener(rooms)) if rooms else None,
            append=self.record_then,
            inner=inner,
            body_limit=self.settings.max_body_mb * 1_000_000,
            observe=self.metrics.answered,
            at_end=self.stream.close,
        )

    def _misplaced(self) -> Iterator[str]:
        """Yield a problem for whatever is said in Slack and is in no workspace that is known."""
        return misplaced(
            self.configuration,
            self.settings.slack_workspaces,
            has_plain=self.settings.slack_bot_token is not None,
        )

    def slack_rooms(self) -> ModuleType | None:
        """Return Slack's part of the product, where Slack is configured."""
        settings = self.settings
        if not (
            settings.slack_bot_token or settings.slack_signing_secret or settings.slack_workspaces
        ):
            return None
        return import_module("chatops.with_slack")

    def slack_listener(self, rooms: ModuleType) -> object:
        """Return what hears Slack, whichever way it speaks to us."""
        return rooms.listener(
            self.settings,
            self.configuration,
            self.vocabularies,
            self.record,
            self.slack,
            rooms.Forms(self._look, self._is_closed),
        )

    @contextmanager
    def _look(self, community: Community) -> Iterator[Knowledge]:
        """Look at the read models, for one community."""
        with self.database.read() as db:
            yield self.knowledge(db, community)

    async def record(self, batch: Batch) -> Appended:
        """Append what came in at a door, and wait for it."""
        appended = await self.writer.append_soon(batch)
        self.metrics.appended(appended)
        return appended

    def record_then(self, batch: Batch, done: Done) -> None:
        """Append what came in at a door; `done` is told when it is durable, or why it is not."""

        def counted(result: Appended | Exception) -> None:
            if isinstance(result, Appended):
                self.metrics.appended(result)
            done(result)

        self.writer.append_then(batch, counted)

    def readiness(self) -> Readiness:
        """Return whether this process can do its work, and the figures behind it."""
        try:
            progress = self.projector.progress()
            waiting, parked = self.work.count()
        except Unavailable as problem:
            return Readiness(is_ready=False, facts={"database": str(problem)})
        return Readiness(
            is_ready=is_ready(progress),
            facts={
                "database": "answers",
                "projection_lag": max((one.lag for one in progress), default=0),
                "projections_stopped": {one.name: one.error for one in progress if one.error},
                "work_waiting": waiting,
                "work_parked": parked,
            },
        )

    def _process(self) -> Process:
        """Return what this process knows of itself and no table says."""
        limits = self.github.limits.values() if isinstance(self.github, GitHubGateway) else ()
        return Process(
            projections=tuple(self.projector.projections),
            schema=revision(self.database),
            newest_schema=newest_revision(),
            swept_at=self._swept_at,
            github=tuple(Allowance(one.remaining, one.limit, one.resets_at) for one in limits),
        )

    def _measure(self) -> None:
        """Take the figures that are read, not counted."""
        self.metrics.listeners.set(self.stream.listeners)
        if self._scheduler is not None:
            for name, age in self.rounds.ages().items():
                self.metrics.rounds.labels(name).set(age)
        try:
            for one in self.projector.progress():
                self.metrics.lag.labels(one.name).set(one.lag)
                self.metrics.stopped.labels(one.name).set(bool(one.error))
            waiting, parked = self.work.count()
        except Unavailable:
            self.metrics.database.set(0)
            return
        with self.database.read() as db:
            known, now = canary(db), self.clock.now()
            communities = self.configuration.communities.values()
            self.metrics.digests.set(
                sum(len(list(missing_digests(self.knowledge(db, one)))) for one in communities)
            )
            self.metrics.gaps.set(len(open_gaps(db)))
        self.metrics.canary.set(
            (now - known.returned_at).total_seconds() if known.returned_at else -1
        )
        self.metrics.database.set(1)
        self.metrics.work.labels("waiting").set(waiting)
        self.metrics.work.labels("parked").set(parked)
