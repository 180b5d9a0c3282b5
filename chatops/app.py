"""The composition root: the only place that knows every room, and how a process of the product is put together."""

import asyncio
import gzip
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
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
from chatops.answers.approvals import names_of, picture, teams_of
from chatops.answers.nights import NightBoard, night_board
from chatops.answers.overdue import overdue, overdue_commands
from chatops.answers.owners import Area
from chatops.config import Community, Configuration
from chatops.engine.authority import Standing
from chatops.engine.bus import Bus, caused_by
from chatops.engine.catalogue import catalogue
from chatops.engine.clock import SystemClock
from chatops.engine.codec import Codec
from chatops.engine.command import Command, Knowledge, Story
from chatops.engine.database import Database, open_database
from chatops.engine.effect import Effect, Effector, describer
from chatops.engine.fetched import FETCHED, Fetched
from chatops.engine.log import METADATA, Appended, Batch, Log
from chatops.engine.policy import Policy, PolicyRunner
from chatops.engine.projection import Projection, Projector
from chatops.engine.reply import Replier, Surface
from chatops.engine.trace import Tracer
from chatops.engine.vocabulary import misnamed, vocabularies
from chatops.engine.work import Crew, Worker, WorkList
from chatops.engine.writer import Done, Writer
from chatops.errors import BadInput, Refused, Transient, Unavailable
from chatops.events import Event, Fact
from chatops.events.conversation import CommandReceived
from chatops.events.gate import RequiredChecksChanged
from chatops.events.owners import OwnersChanged
from chatops.events.pulls import PullChanged
from chatops.gateways.github import GitHubGateway
from chatops.gateways.github_sign_in import GitHubSignIn
from chatops.intake.objects import (
    files_event,
    job_events,
    pull_event,
    run_events,
    status_event,
)
from chatops.intake.owners import owners_version
from chatops.intake.required import required_version
from chatops.intake.sweep import Awaited, sweep
from chatops.metrics import Metrics
from chatops.names import CommandId, Login, Repo, RunId
from chatops.ports import GitHub, IssueState, Permission, Ports, Slack
from chatops.projections.commands import unfinished_reruns
from chatops.projections.freshness import last_change
from chatops.projections.identities import Identity, identity
from chatops.projections.jobs import jobs_of_runs
from chatops.projections.owners import owners_now
from chatops.projections.pulls import pull
from chatops.projections.required import required_now
from chatops.projections.trust import is_let_in
from chatops.settings import Settings
from chatops.surfaces import github as github_surface
from chatops.surfaces.linking import Linking
from chatops.surfaces.pages import Page, Readiness, pages
from chatops.surfaces.web import App, Front
from chatops.views.audit import audit_json, render_audit
from chatops.views.commands import commands_json, render_commands
from chatops.views.nightly import Strips, nightly_json, render_nightly
from chatops.views.story import render_story, story_json

logger = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).parent.parent / "migrations"
SWEEP_SECONDS = 60
OVERDUE_SECONDS = 30
SWEEP_REACH = timedelta(days=2)
REQUIRED_SECONDS = 3600
OWNERS_SECONDS = 3600
CATCH_UP_SECONDS = 20.0
CATCH_UP_PAUSE = 0.01
PAGES_KEPT = 64
BOARDS_KEPT = 4
USUAL_NIGHTS, MOST_NIGHTS = 30, 400
NUMBER = re.compile(r"[1-9][0-9]{0,2}")
CALLS_KEPT = 1_000
"""Calls to GitHub of each hour that questions leave to what people want done."""
LAG_LIMIT = 50_000
"""Events behind which a read model makes the process unready: its answers would be old."""

Entry = type[Any]
Render = Callable[[Knowledge, Mapping[str, str]], str | None]
MEDIA_TYPES = {"html": "text/html; charset=utf-8", "json": "application/json"}


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
        if problems := misnamed(found.commands, self.configuration):
            raise BadInput(problems)
        self.vocabularies = vocabularies(found.commands, self.configuration)
        self.database = open_database(self.settings.database_url)
        self.log = Log(self.database, Codec(found.events), self.clock)
        self.writer = Writer(self.log, on_append=self._appended)
        self.projector = Projector(
            self.log, [projection() for projection in found.projections], on_advance=self._projected
        )
        self.work = WorkList(self.log, self.clock)
        self._fetched = Fetched(self.database)
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
        self._boards: dict[tuple[str, int], tuple[object, NightBoard, Strips]] = {}
        self._pages_lock = threading.Lock()
        self._stack = AsyncExitStack()
        self._scheduler: AsyncIOScheduler | None = None
        self._crew_task: asyncio.Task[None] | None = None
        self.github: GitHub | None = None
        self.slack: Slack | None = None
        self._sign_in: GitHubSignIn | None = None
        self.linking = self._linking()
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
        if (rooms := self.slack_rooms()) is not None:
            self.slack = await self._stack.enter_async_context(
                rooms.SlackGateway.from_settings(self.settings)
            )
        if self._sign_in is not None:
            await self._stack.enter_async_context(self._sign_in)
        ports = Ports(clock=self.clock, github=self.github, slack=self.slack)
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
                self.notice_overdue,
                "interval",
                seconds=OVERDUE_SECONDS,
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
        effects = [effect() for effect in self.catalogues.effects]
        bus = Bus(
            self.log,
            self.catalogues.commands,
            self.configuration,
            append=self.writer.append_soon,
            look=self._look,
            refresh=self._refresh,
            issue=self._issue,
            knowledge=self.knowledge,
            caught_up=self._caught_up,
            describe=describer(effects),
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

    def _knowledge_of(self, db: Connection, key: str) -> Knowledge | None:
        community = self.configuration.communities.get(key)
        return None if community is None else self.knowledge(db, community)

    def _linking(self) -> Linking | None:
        """Return the pages on which people say who they are on GitHub, if signing in is set up."""
        settings = self.settings
        if settings.session_secret is None or settings.github_client_secret is None:
            return None
        self._sign_in = GitHubSignIn(
            web_url=settings.github_web_url,
            api_url=settings.github_api_url,
            client_id=settings.github_client_id,
            client_secret=settings.github_client_secret.reveal(),
        )
        return Linking(
            secret=settings.session_secret.reveal(),
            base_url=settings.base_url,
            sign_in=self._sign_in,
            clock=self.clock,
            story=self._story,
            append=self.record,
        )

    def _story(self, command: CommandId) -> Story:
        return Story(tuple(recorded.event for recorded in self.log.story(command)))

    async def _look(self, received: CommandReceived) -> Standing:
        """Ask who somebody is: GitHub's role for them, and what the pull request says of them."""
        login, account = Login(received.by), 0
        if received.surface not in ("github", "cli"):
            known = await asyncio.to_thread(self._identity, received)
            if known is None:
                return Standing()
            login, account = known.login, known.github_id
        assert self.github is not None
        permission = await self.github.permission(received.repo, login, account=account)
        standing = await asyncio.to_thread(self._standing, received, login, permission)
        command = self._meant(received)
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

    def _identity(self, received: CommandReceived) -> Identity | None:
        with self.database.read() as db:
            return identity(db, received.team, received.by)

    def _standing(
        self, received: CommandReceived, login: Login, permission: Permission
    ) -> Standing:
        with self.database.read() as db:
            about = pull(db, received.repo, received.number)
            let_in = about is not None and is_let_in(db, about.repo, about.number, about.sha)
        return Standing(
            login=login,
            permission=permission,
            association=received.association,
            author=about.author if about else Login(""),
            labels=frozenset(about.labels if about else ()),
            is_let_in=let_in,
        )

    async def _issue(self, received: CommandReceived) -> IssueState:
        """Ask how an issue or pull request is."""
        assert self.github is not None
        return await self.github.issue(received.repo, received.number)

    async def _refresh(self, received: CommandReceived) -> int:
        """Fetch what a command looks at before it decides; return the position that holds it."""
        assert self.github is not None
        repo, correlation_id = received.repo, f"refresh/{received.command}"
        described = pull_event(await self.github.pull(repo, received.number), repo)
        events: list[Event] = [described]
        fetched: list[tuple[RunId, int]] = []
        command = self._meant(received)
        if command is None or command.looks_at_head:
            seen, fetched = await self._ci(received, described)
            events.extend(seen)
        if command is not None and command.looks_at_owners:
            events.extend(await self._owners(received, described))
        facts = [
            Fact(event=event, source="backfill", correlation_id=correlation_id) for event in events
        ]
        await self.writer.append_soon(Batch(facts=facts))
        await asyncio.to_thread(self._fetched.remember, fetched)
        return await asyncio.to_thread(self.log.head)

    async def _ci(
        self, received: CommandReceived, described: PullChanged
    ) -> tuple[list[Event], list[tuple[RunId, int]]]:
        """Fetch the runs of a head, and their jobs as far as they are not known to have passed.

        For a command that looks at all of it: the changed files too, and every job that was not fetched before. Where a
        command asks for them, also the commit statuses. The attempts that are known whole now are returned as well.
        """
        assert self.github is not None
        repo, sha = described.repo, described.sha
        is_whole = await self._looks_at_all(received)
        events: list[Event] = []
        if is_whole:
            paths = await self.github.pull_files(repo, described.number)
            events.append(files_event(described, paths))
        fetched: list[tuple[RunId, int]] = []
        async for run in self.github.runs_of_commit(repo, sha):
            events.extend(run_events(run))
            run_id, attempt = RunId(run["id"]), run.get("run_attempt") or 1
            good = run.get("conclusion") in ("success", "skipped")
            if not is_whole and good and await asyncio.to_thread(self._knows_jobs, run_id, attempt):
                continue
            if is_whole and await asyncio.to_thread(self._fetched.known, repo, run_id, attempt):
                continue
            jobs = [job async for job in self.github.jobs(repo, run_id, attempt)]
            events.extend(event for job in jobs for event in job_events(job, repo))
            if run.get("status") == "completed" and all(job.get("conclusion") for job in jobs):
                fetched.append((run_id, attempt))
        if self._looks_at_statuses(received):
            for status in await self.github.statuses(repo, sha):
                event = status_event({**status, "sha": sha}, repo)
                events.extend([event] if event is not None else [])
        return events, fetched

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

    async def _looks_at_all(self, received: CommandReceived) -> bool:
        """Return whether to fetch everything for a command: not while GitHub's calls run short, others need them."""
        meaning = self.vocabularies[received.community].meaning(received.verb)
        if meaning is None or not meaning.command.looks_at_all:
            return False
        assert self.github is not None
        try:
            await self.github.spare(received.repo, CALLS_KEPT)
        except Transient as problem:
            logger.info("asked for less", command=received.command, problem=str(problem))
            return False
        return True

    def _knows_jobs(self, run_id: RunId, attempt: int) -> bool:
        """Return whether the jobs of an attempt are known: GitHub's webhooks do not repeat those it carried over."""
        with self.database.read() as db:
            jobs = jobs_of_runs(db, [run_id])
        here = {job.name for job in jobs if job.attempt == attempt}
        return bool(here) and here >= {job.name for job in jobs}

    def _looks_at_statuses(self, received: CommandReceived) -> bool:
        meaning = self.vocabularies[received.community].meaning(received.verb)
        return meaning is not None and meaning.command.looks_at_statuses

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

    async def notice_overdue(self) -> int:
        """Record of which requests nobody has had a word for too long, so that their replies say what they wait for."""
        try:
            facts = await asyncio.to_thread(self._overdue)
            if facts:
                await self.writer.append_soon(Batch(facts=facts))
        except Unavailable as problem:
            logger.warning("not looked who waits", problem=str(problem))
            return 0
        return len(facts)

    def _overdue(self) -> list[Fact]:
        waiting: list[tuple[CommandId, int]] = []
        with self.database.read() as db:
            for community in self.configuration.communities.values():
                commands = overdue_commands(self.knowledge(db, community))
                waiting += [(command, community.patience_minutes) for command in commands]
            stories = [(self.log.story(command, db), minutes) for command, minutes in waiting]
        backlog = self.work.backlog() if stories else []
        return [
            fact
            for story, minutes in stories
            for fact in caused_by(story[0], [overdue(story, backlog, minutes)])
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
            shows={
                "nightly": self.nightly,
                "commands": partial(self._shown, {"html": render_commands, "json": commands_json}),
                "audit": partial(self._shown, {"html": render_audit, "json": audit_json}),
            },
            story=partial(self._shown, {"html": render_story, "json": story_json}),
            readiness=self.readiness,
            registry=self.registry,
            before_metrics=self._measure,
            more=() if self.linking is None else self.linking.routes(),
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
        )

    def slack_rooms(self) -> ModuleType | None:
        """Return Slack's part of the product, where Slack is configured."""
        if not (self.settings.slack_bot_token or self.settings.slack_signing_secret):
            return None
        return import_module("chatops.with_slack")

    def slack_listener(self, rooms: ModuleType) -> object:
        """Return what hears Slack, whichever way it speaks to us."""
        return rooms.listener(
            self.settings, self.configuration, self.vocabularies, self.record, self.slack
        )

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
            board, strips = self._board(db, community, _nights(query), now, (changed, minute))
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
                strips=strips,
            )
            media_type = "text/html; charset=utf-8"
        page = _page(body, media_type, compress=compress)
        with self._pages_lock:
            if len(self._pages) >= PAGES_KEPT:
                self._pages.clear()
            self._pages[cached] = page
        return page

    def _shown(
        self,
        renders: Mapping[str, Render],
        key: str | None,
        form: str,
        query: Mapping[str, str],
        *,
        compress: bool,
    ) -> Page | None:
        """Return a page that is a few rows of the read models: no cache is faster than these."""
        community, rendered = self._community(key), renders.get(form)
        if community is None or rendered is None:
            return None
        with self.database.read() as db:
            body = rendered(self.knowledge(db, community), query)
        return None if body is None else _page(body, MEDIA_TYPES[form], compress=compress)

    def _board(
        self, db: Connection, community: Community, nights: int, now: datetime, state: object
    ) -> tuple[NightBoard, Strips]:
        """Return what the nightly page is made of: the same for every filter of it, while nothing has changed."""
        place = (community.key, nights)
        with self._pages_lock:
            known = self._boards.get(place)
        if known is not None and known[0] == state:
            return known[1], known[2]
        board = night_board(db, community.repositories, community.nightly, nights=nights, now=now)
        strips = Strips(board, self.settings.github_web_url)
        with self._pages_lock:
            if len(self._boards) >= BOARDS_KEPT:
                self._boards.clear()
            self._boards[place] = (state, board, strips)
        return board, strips

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
