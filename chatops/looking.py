"""Looks at GitHub before something is decided: who asks, what they speak of, how it is right now, and what is required.

The bus asks for it; what is fetched becomes facts like any other, so that a decision has one source.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog
from msgspec.structs import replace

from chatops.answers.approvals import names_of, picture, teams_of
from chatops.answers.closed import closed_repositories
from chatops.answers.owners import Area, top_owners
from chatops.config import TOP_OWNERS, Community, Configuration
from chatops.engine.authority import Standing, also_named, hangs_on_house, may_read
from chatops.engine.command import Command
from chatops.engine.deliveries import first_received
from chatops.engine.fetched import Fetched
from chatops.engine.log import Batch, Log
from chatops.engine.vocabulary import Vocabulary
from chatops.errors import BadInput, Refused, Transient
from chatops.events import Event, Fact
from chatops.events.conversation import CommandReceived
from chatops.events.gate import RequiredChecksChanged
from chatops.events.owners import OwnersChanged
from chatops.events.pulls import PullChanged
from chatops.intake.objects import (
    files_event,
    job_events,
    pull_event,
    run_events,
    status_event,
)
from chatops.intake.owners import owners_version
from chatops.intake.redelivery import audit, looked_at_from
from chatops.intake.required import required_version
from chatops.names import Login, Repo, RunId
from chatops.ports import Clock, GitHub, IssueState, Permission
from chatops.projections.gaps import Gap, last_audit, open_gaps
from chatops.projections.identities import Identity, identity
from chatops.projections.jobs import jobs_of_runs
from chatops.projections.owners import owners_now
from chatops.projections.pulls import contradicts, pull
from chatops.projections.required import required_now
from chatops.projections.trust import is_let_in

logger = structlog.get_logger(__name__)

BY_LOGIN = frozenset({"github", "cli", "web"})
"""The surfaces on which people are called by their GitHub login; on any other they are who they have proved to be."""
NO_APP = "no_app"
"""Why GitHub tells us nothing of what it delivered, where nothing is wrong."""
CALLS_KEPT = 1_000
"""Calls to GitHub of each hour that questions leave to what people want done."""


class Looker:
    """Asks GitHub, and knows what need not be asked again."""

    def __init__(
        self,
        github: GitHub,
        log: Log,
        configuration: Configuration,
        vocabularies: Mapping[str, Vocabulary],
        clock: Clock,
        *,
        append: Callable[[Batch], Awaitable[object]],
    ) -> None:
        self._github = github
        self._log = log
        self._configuration = configuration
        self._vocabularies = vocabularies
        self._clock = clock
        self._append = append
        self._fetched = Fetched(log.database)

    async def learn_gaps(self, kept: timedelta) -> None:
        """Compare what GitHub says it delivered with what came; `kept` is how long that is remembered here."""
        now = self._clock.now()
        since, gaps = await asyncio.to_thread(self._compared, now, kept)
        try:
            found = await audit(
                self._github, self._append, since=since, now=now, gaps=gaps,
                known=self._log.deliveries.known,
            )  # fmt: skip
        except (Refused, Transient) as problem:
            if getattr(problem, "reason", "") != NO_APP:
                logger.warning("deliveries not compared", problem=str(problem))
            return
        if found.missed or found.mended:
            logger.warning("deliveries compared", missed=found.missed, mended=found.mended)

    def _compared(self, now: datetime, kept: timedelta) -> tuple[datetime, tuple[Gap, ...]]:
        with self._log.database.read() as db:
            last = last_audit(db)
            # What was sent before the first that came was for whoever listened then: its commands are not ours to do.
            until = last.until if last else first_received(db) or now
            return looked_at_from(now, until, kept), open_gaps(db)

    async def person(self, received: CommandReceived) -> Standing:
        """Ask who somebody is: GitHub's role for them, and what the pull request says of them."""
        login, account = Login(received.by), received.account
        if received.surface not in BY_LOGIN:
            known = await asyncio.to_thread(self._identity, received)
            if known is None:
                return await self._of_closed(received, Standing(), account)
            login, account = known.login, known.github_id
        permission = await self._github.permission(received.repo, login, account=account)
        standing = await asyncio.to_thread(self._standing, received, login, permission)
        standing = await self._of_closed(received, standing, account)
        command = self._meant(received)
        if command is None:
            return standing
        community = self._configuration.communities[received.community].within(received.repo)
        if hangs_on_house(command.role, received.verb, standing, community, command.name):
            standing = await self._of_the_house(received.repo, standing)
        named = (*also_named(community, received.verb, command.name), *command.names(community))
        if named and standing.permission is not Permission.UNKNOWN:
            standing = await self._as_listed(received.repo, standing, named, community)
        if authors := command.authors(community):
            standing = await self._by_listed(received.repo, standing, authors)
        if not command.looks_at_owners:
            return standing
        return await self._as_owner(received, standing)

    async def _of_closed(
        self, received: CommandReceived, standing: Standing, account: int
    ) -> Standing:
        """Add which repositories of the community somebody may not see, of those that not everybody may."""
        command = self._meant(received)
        if command is None or command.for_strangers:
            return standing
        community = self._configuration.communities[received.community]
        unseen = []
        for repo in await asyncio.to_thread(self._closed, community):
            permission = standing.permission
            if repo != received.repo and standing.login:
                permission = await self._github.permission(repo, standing.login, account=account)
            if not may_read(permission):
                unseen.append(repo)
        return replace(standing, unseen=tuple(unseen))

    def _closed(self, community: Community) -> tuple[Repo, ...]:
        with self._log.database.read() as db:
            return closed_repositories(db, community)

    def _meant(self, received: CommandReceived) -> type[Command] | None:
        vocabulary = self._vocabularies.get(received.community)
        meaning = vocabulary.meaning(received.verb) if vocabulary else None
        return meaning.command if meaning else None

    async def _of_the_house(self, repo: Repo, standing: Standing) -> Standing:
        """Add GitHub's word for people of the house: only comments come with it, and not for hidden members."""
        try:
            word = await self._github.association(repo, standing.login)
        except Refused as problem:
            if problem.reason != "not_permitted":
                raise
            return replace(standing, is_house_unknown=not standing.association)
        return replace(standing, association=word) if word else standing

    async def _as_listed(
        self, repo: Repo, standing: Standing, named: Sequence[str], community: Community
    ) -> Standing:
        """Add which of some names mean somebody: their login, their teams, that they own the top folder."""
        listed, unknown = set(), []
        for name in dict.fromkeys(named):
            meant: Sequence[str] = (name,)
            if name == TOP_OWNERS:
                meant = sorted(await asyncio.to_thread(self._top_owners, community, repo))
            try:
                if await self._is_any_of(repo, standing.login, meant):
                    listed.add(name.lower())
            except Refused as problem:
                if problem.reason != "not_permitted":
                    raise
                unknown.append(name)
        return replace(standing, listed=frozenset(listed), unlisted=tuple(unknown))

    async def _by_listed(self, repo: Repo, standing: Standing, named: Sequence[str]) -> Standing:
        """Add whether the author is one of these; of whom GitHub does not tell, that is not so."""
        try:
            found = bool(standing.author) and await self._is_any_of(repo, standing.author, named)
        except Refused as problem:
            if problem.reason != "not_permitted":
                raise
            return standing
        return replace(standing, is_author_listed=found)

    async def _is_any_of(self, repo: Repo, login: Login, names: Sequence[str]) -> bool:
        if login.lower() in {name.lower() for name in names}:
            return True
        for team in names:
            if "/" in team and await self._github.is_member(repo, team, login):
                return True
        return False

    def _top_owners(self, community: Community, repo: Repo) -> frozenset[str]:
        known = self._known_owners(community, repo)
        return top_owners(known) if known is not None else frozenset()

    async def _as_owner(self, received: CommandReceived, standing: Standing) -> Standing:
        """Add under which names somebody owns or reviews what a pull request changes: their own, their teams'."""
        areas = await asyncio.to_thread(self._areas, received)
        teams, unsure = [], []
        for team in teams_of(areas):
            try:
                if await self._github.is_member(received.repo, team, standing.login):
                    teams.append(team)
            except Refused:
                unsure.append(team)
        names = names_of(areas, standing.login, teams)
        return replace(standing, names=names, unsure=tuple(unsure))

    def _areas(self, received: CommandReceived) -> Sequence[Area]:
        """Return who owns what a pull request changes, as far as it is known."""
        community = self._configuration.communities[received.community]
        with self._log.database.read() as db:
            about = pull(db, received.repo, received.number)
            return (picture(db, community.approvals, about).areas or ()) if about else ()

    def _identity(self, received: CommandReceived) -> Identity | None:
        with self._log.database.read() as db:
            return identity(db, received.team, received.by)

    def _standing(
        self, received: CommandReceived, login: Login, permission: Permission
    ) -> Standing:
        with self._log.database.read() as db:
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

    async def issue(self, received: CommandReceived) -> IssueState:
        """Ask how an issue or pull request is, for some commands also whose review it waits for."""
        found = await self._github.issue(received.repo, received.number)
        command = self._meant(received)
        if command is None or not command.looks_at_reviewers or not found.is_pull:
            return found
        reviewers = await self._github.requested_reviewers(received.repo, received.number)
        return replace(found, reviewers=tuple(reviewers))

    async def refresh(self, received: CommandReceived) -> int:
        """Fetch what a command looks at before it decides; return the position that holds it."""
        repo, correlation_id = received.repo, f"refresh/{received.command}"
        described = pull_event(await self._github.pull(repo, received.number), repo)
        if await asyncio.to_thread(self._contradicts, described):
            described = msgspec.structs.replace(described, confirmed_at=self._clock.now())
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
        await self._append(Batch(facts=facts))
        await asyncio.to_thread(self._fetched.remember, fetched)
        return await asyncio.to_thread(self._log.head)

    async def _ci(
        self, received: CommandReceived, described: PullChanged
    ) -> tuple[list[Event], list[tuple[RunId, int]]]:
        """Fetch the runs of a head, and their jobs as far as they are not known to have passed.

        For a command that looks at all of it: the changed files too, and every job that was not fetched before. Where a
        command asks for them, also the commit statuses. The attempts that are known whole now are returned as well.
        """
        repo, sha = described.repo, described.sha
        is_whole = await self._looks_at_all(received)
        events: list[Event] = []
        if is_whole:
            paths = await self._github.pull_files(repo, described.number)
            events.append(files_event(described, paths))
        fetched: list[tuple[RunId, int]] = []
        async for run in self._github.runs_of_commit(repo, sha):
            events.extend(run_events(run))
            run_id, attempt = RunId(run["id"]), run.get("run_attempt") or 1
            good = run.get("conclusion") in ("success", "skipped")
            if not is_whole and good and await asyncio.to_thread(self._knows_jobs, run_id, attempt):
                continue
            if is_whole and await asyncio.to_thread(self._fetched.known, repo, run_id, attempt):
                continue
            jobs = [job async for job in self._github.jobs(repo, run_id, attempt)]
            events.extend(event for job in jobs for event in job_events(job, repo))
            if run.get("status") == "completed" and all(job.get("conclusion") for job in jobs):
                fetched.append((run_id, attempt))
        if self._looks_at_statuses(received):
            for status in await self._github.statuses(repo, sha):
                event = status_event({**status, "sha": sha}, repo)
                events.extend([event] if event is not None else [])
        return events, fetched

    async def _owners(self, received: CommandReceived, about: PullChanged) -> list[Event]:
        """Fetch the files of a pull request, and who owns files where that is new; where owners count at all."""
        community = self._configuration.communities[received.community]
        if community.approvals.owners == "none":
            return []
        paths = await self._github.pull_files(about.repo, about.number)
        seen = files_event(about, paths)
        try:
            version = await self._owners_version(community, about.repo)
        except Refused as problem:
            # What was known before goes on to count.
            logger.warning("owners not read", repo=about.repo, problem=problem.text)
            return [seen]
        return [seen, version] if version is not None else [seen]

    async def _owners_version(self, community: Community, repo: Repo) -> OwnersChanged | None:
        known = await asyncio.to_thread(self._known_owners, community, repo)
        return await owners_version(self._github, community, repo, known, self._clock.now())

    def _contradicts(self, described: PullChanged) -> bool:
        with self._log.database.read() as db:
            return contradicts(db, described)

    def _known_owners(self, community: Community, repo: Repo) -> OwnersChanged | None:
        with self._log.database.read() as db:
            return owners_now(db, repo, community.approvals.branch)

    async def _looks_at_all(self, received: CommandReceived) -> bool:
        """Return whether to fetch everything for a command: not while GitHub's calls run short, others need them."""
        meaning = self._vocabularies[received.community].meaning(received.verb)
        if meaning is None or not meaning.command.looks_at_all:
            return False
        try:
            await self._github.spare(received.repo, CALLS_KEPT)
        except Transient as problem:
            logger.info("asked for less", command=received.command, problem=str(problem))
            return False
        return True

    def _knows_jobs(self, run_id: RunId, attempt: int) -> bool:
        """Return whether the jobs of an attempt are known: GitHub's webhooks do not repeat those it carried over."""
        with self._log.database.read() as db:
            jobs = jobs_of_runs(db, [run_id])
        here = {job.name for job in jobs if job.attempt == attempt}
        return bool(here) and here >= {job.name for job in jobs}

    def _looks_at_statuses(self, received: CommandReceived) -> bool:
        meaning = self._vocabularies[received.community].meaning(received.verb)
        return meaning is not None and meaning.command.looks_at_statuses

    async def learn_required(self) -> int:
        """Fetch each repository's list of required checks; record it where it has changed."""
        learnt = 0
        for community in self._configuration.communities.values():
            for repo in community.repositories:
                try:
                    event = await required_version(
                        self._github,
                        community,
                        repo,
                        await asyncio.to_thread(self._required, repo),
                        self._clock.now(),
                    )
                except (Transient, Refused, BadInput) as problem:
                    logger.warning("required checks not read", repo=repo, problem=str(problem))
                    continue
                if event is not None:
                    fact = Fact(event=event, source="backfill", correlation_id=f"required/{repo}")
                    await self._append(Batch(facts=[fact]))
                    learnt += 1
        return learnt

    async def learn_owners(self) -> int:
        """Fetch who owns the files of each repository; record it where it has changed."""
        learnt = 0
        for community in self._configuration.communities.values():
            for repo in community.repositories:
                try:
                    event = await self._owners_version(community, repo)
                except (Transient, Refused) as problem:
                    logger.warning("owners not read", repo=repo, problem=str(problem))
                    continue
                if event is not None:
                    fact = Fact(event=event, source="backfill", correlation_id=f"owners/{repo}")
                    await self._append(Batch(facts=[fact]))
                    learnt += 1
        return learnt

    def _required(self, repo: Repo) -> RequiredChecksChanged | None:
        with self._log.database.read() as db:
            return required_now(db, repo)
