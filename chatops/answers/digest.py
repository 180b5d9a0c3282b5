"""What has changed in the nights for a channel since its last digest: all that the digest says, as facts.

It is made from the read models, the configuration and a moment, and from nothing else; so those of the position it was
made from make the same one again. What the channel was told last is compared with what is known now: a job that failed
and was mended in between is no news, and one that was muted is news when its mute ends.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import quote

from msgspec import Struct
from sqlalchemy import Connection

from chatops.answers.digest_clock import is_weekly_day
from chatops.answers.digest_week import flaky_lately, red_weeks
from chatops.answers.job_words import Named
from chatops.answers.merged_between import merged_between
from chatops.answers.night_awaited import awaited_runs
from chatops.answers.night_cells import COUNTED, GREEN, State
from chatops.answers.nights import (
    NIGHTS,
    Night,
    NightBoard,
    Sources,
    Test,
    board_sources,
    counted,
    night_board,
    placed,
)
from chatops.answers.short_names import pages_of_tests, usual_path
from chatops.config import Channel, Digest, Owner, OwnerGroup
from chatops.engine.checkpoints import common_position
from chatops.engine.command import Knowledge
from chatops.events.digests import (
    AwaitedRun,
    DigestContents,
    DigestHeld,
    DigestJob,
    DigestList,
    DigestMerge,
    DigestNight,
    DigestOwner,
    DigestWanted,
    DigestWithheld,
)
from chatops.names import Sha
from chatops.projections import (
    alert_messages,
    digests,
    freshness,
    identities,
    jobs,
    merges,
    mutes,
    notices,
    renames,
    required,
    run_news,
    runs,
)
from chatops.projections.alert_messages import Held, held_since
from chatops.projections.digests import Made, newest_digests
from chatops.projections.identities import member_called
from chatops.projections.mutes import Mute, muted_jobs
from chatops.projections.notices import settled_attempts
from chatops.projections.runs import Run

MERGES_KEPT = 5
MOST_LISTED = 60
"""Jobs that a list of a digest names; the others are counted."""
READ = tuple(
    one.LIVE.name
    for one in (
        alert_messages, digests, freshness, identities, jobs, merges, mutes, notices, renames, required, run_news, runs,
    )
)  # fmt: skip
"""The read models it is made from."""
LOOKED_BACK = 15
"""Digests in which the last one that was posted is looked for."""
TREND = 14
DAY, WEEK = timedelta(days=1), timedelta(days=7)
UNCHANGED = "unchanged"

IsAbout = Callable[[str, bool], bool]
"""Whether a channel is about a job of a name, which may be required."""


class Occasion(Struct, frozen=True, kw_only=True):
    """For which day a digest is made, at which moment and from which position, and whether somebody asked for it."""

    key: str
    day: date
    at: datetime
    position: int
    is_asked: bool = False


class Nights(Struct, frozen=True, kw_only=True):
    """The nights of a community as they are read once for all of its channels."""

    board: NightBoard
    sources: Sources
    muted: dict[str, Mute]


def read_nights(knowledge: Knowledge) -> Nights:
    """Return what the digests of a community are made of."""
    community = knowledge.community
    sources = board_sources(knowledge.db, community.repositories, community.nightly, nights=NIGHTS)
    board = night_board(
        knowledge.db,
        community.repositories,
        community.nightly,
        nights=NIGHTS,
        now=knowledge.now,
        sources=sources,
    )
    return Nights(
        board=board,
        sources=sources,
        muted=muted_jobs(knowledge.db, community.key, knowledge.now),
    )


def made_from(db: Connection) -> int | None:
    """Return the position of the read models that digests are made from; nothing while they differ."""
    return common_position(db, READ)


def digest_key(community: str, channel: str, day: date) -> str:
    """Return what names the digest of a channel and a day, and is taken once."""
    return f"digest/{community}/{channel}/{day.isoformat()}"


def waits_for(knowledge: Knowledge, nights: Nights, is_about: IsAbout) -> tuple[AwaitedRun, ...]:
    """Return the nightly runs that keep the night of a channel's jobs from being complete."""
    community = knowledge.community
    concerned = {
        (test.repo, test.workflow)
        for test in nights.board.tests
        if is_about(test.name, test.is_required)
    }
    runs = {run.run_id for night in nights.board.nights[:2] for run in night.runs}
    return awaited_runs(
        nights.board.nights,
        [
            (repo, workflow)
            for repo, workflow in placed(community.repositories, community.nightly)
            if (repo, workflow.name) in concerned
        ],
        settled_attempts(knowledge.db, runs),
        now=knowledge.now,
        github_url=knowledge.github_url,
    )


def make_digest(
    knowledge: Knowledge,
    nights: Nights,
    channel: Channel,
    digest: Digest,
    is_about: IsAbout,
    occasion: Occasion,
) -> DigestWanted | DigestWithheld:
    """Return the digest of an occasion, or why there is none."""
    past = newest_digests(knowledge.db, knowledge.community.key, channel.key, LOOKED_BACK)
    made = _Making(knowledge, nights, channel, digest, is_about, past)
    waited = made.waited()
    is_news = bool(made.newly or made.fixed or waited - made.known_waited)
    is_weekly = is_weekly_day(digest, occasion.day)
    failing = tuple(sorted(made.known_failing()))
    if not (is_news or is_weekly or occasion.is_asked or digest.when == "always"):
        return DigestWithheld(
            digest=occasion.key,
            community=knowledge.community.key,
            channel=channel.key,
            day=occasion.day.isoformat(),
            position=occasion.position,
            at=occasion.at,
            reason=UNCHANGED,
            text=made.why_not(),
            failing=failing,
            waited=tuple(sorted(waited)),
        )
    return DigestWanted(
        digest=occasion.key,
        community=knowledge.community.key,
        channel=channel.key,
        day=occasion.day.isoformat(),
        position=occasion.position,
        at=occasion.at,
        contents=made.contents(is_weekly=is_weekly),
        failing=failing,
        waited=tuple(sorted(waited)),
        calls=digest.mentions and not channel.is_called_by_alerts,
        team=knowledge.community.slack_team,
    )


class _Making:
    """One digest while it is made."""

    def __init__(
        self,
        knowledge: Knowledge,
        nights: Nights,
        channel: Channel,
        digest: Digest,
        is_about: IsAbout,
        past: Sequence[Made],
    ) -> None:
        self._knowledge = knowledge
        self._community = knowledge.community
        self._board = nights.board
        self._sources = nights.sources
        self._channel = channel
        self._digest = digest
        self._past = past
        self._tests = sorted(
            (
                test
                for test in nights.board.tests
                if not test.is_gone and is_about(test.name, test.is_required)
            ),
            key=lambda test: (not test.was_required(0), test.name, test.workflow),
        )
        self._muted = {
            _full(test): nights.muted[_full(test)]
            for test in self._tests
            if _full(test) in nights.muted
        }
        self._awaited = waits_for(knowledge, nights, is_about)
        self._told = past[0].failing if past else None
        self.known_waited = past[0].waited if past else frozenset()
        failing = [test for test in self._tests if test.streak]
        self.newly = [test for test in failing if self._is_new(test)]
        self.fixed = [test for test in self._tests if self._is_fixed(test)]
        newly = {id(test) for test in self.newly}
        self._still = [
            test for test in failing if id(test) not in newly and _full(test) not in self._muted
        ]
        self._held = [test for test in failing if _full(test) in self._muted]

    def _is_new(self, test: Test) -> bool:
        """Return whether a failure is news to the channel; to one that never got a digest, that of the newest night."""
        if _full(test) in self._muted:
            return False
        if self._told is None:
            return test.streak == 1 and test.cells[0].state is State.FAILED
        return _full(test) not in self._told

    def _is_fixed(self, test: Test) -> bool:
        if test.streak or not test.runs:
            return False
        if self._told is None:
            return test.cells[0].state in GREEN and test.before is State.FAILED
        return _full(test) in self._told

    def waited(self) -> frozenset[str]:
        """Return what keeps the night from being complete, so that the same is told once."""
        return frozenset(
            f"{one.workflow}#{one.run_id}"
            if one.due_at is None
            else f"{one.workflow}@{one.due_at:%Y-%m-%dT%H:%M}"
            for one in self._awaited
        )

    def known_failing(self) -> set[str]:
        """Return what the channel knows to fail, when it has got this digest: what is muted it does not hear of."""
        told = {_full(test) for test in (*self.newly, *self._still)}
        return told | {_full(test) for test in self._held if _full(test) in (self._told or ())}

    def why_not(self) -> str:
        """Return why nothing is posted, in a sentence."""
        if not self._tests:
            return "None of this channel's jobs is in a night that is known."
        if not self._board.newest:
            return "No night has been recorded yet."
        failing = (
            f"{counted(len(self._still), 'job')} still failing" if self._still else "no job fails"
        )
        besides = f", besides {len(self._held):,} muted" if self._held else ""
        return f"Nothing has changed since the last digest: {failing}{besides}."

    def contents(self, *, is_weekly: bool) -> DigestContents:
        """Return what the digest says."""
        community, board = self._community, self._board
        states = [test.cells[0].state for test in self._tests if test.cells]
        failed = [test for test in self._tests if test.cells[0].state is State.FAILED]
        lately = flaky_lately(self._tests, board.nights, self._knowledge.now - WEEK)
        required = [test for test in self._tests if test.is_required]
        return DigestContents(
            title=community.title,
            about=self._about(),
            path=usual_path(_full(test) for test in self._tests),
            night=board.nights[0].name if board.nights else "",
            total=sum(state is not State.NONE for state in states),
            ran=sum(state in COUNTED for state in states),
            failed=len(failed),
            required_failed=sum(test.was_required(0) for test in failed),
            knows_required=board.knows_required,
            awaited=self._awaited,
            newly=_listed(self._broken(test) for test in self.newly),
            fixed=_listed(self._job(test) for test in self.fixed),
            still=_listed(self._broken(test) for test in self._still),
            flaky=_listed(
                self._job(test, f"passed only when it was run again in {counted(times, 'night')}")
                for test, times in lately
            ),
            not_run=_listed(
                self._job(test, test.cells[0].reason)
                for test in self._tests
                if test.cells[0].state is State.NOT_RUN
            ),
            unowned=_listed(
                self._job(test) for test in required if not _owners(self._groups(test))
            ),
            muted=_listed(self._job(test, self._why_muted(test)) for test in self._held),
            trend=tuple(self._nights()),
            quiet_days=self._quiet_days(),
            held=tuple(self._held_alerts()),
            weeks=red_weeks(self._tests, board.nights) if is_weekly else (),
            week_flaky=self._week_flaky() if is_weekly else DigestList(),
            url=self._url(),
            pages=pages_of_tests(self._knowledge),
            home=community.repositories[0],
            slash_command=community.slash_command,
        )

    def _about(self) -> str:
        channel = self._channel
        if channel.groups:
            return f"the jobs of {', '.join(channel.groups)}"
        return f"the jobs that `{channel.filter}` lets through" if channel.filter else "all jobs"

    def _url(self) -> str:
        if not self._knowledge.base_url:
            return ""
        channel = self._channel
        asked = channel.filter
        if channel.groups:
            names = ",".join(f'"{name}"' if " " in name else name for name in channel.groups)
            asked = f"owner:{names}"
        page = f"{self._knowledge.base_url}/{self._community.key}/nightly"
        return f"{page}?q={quote(asked, safe='')}" if asked else page

    def _groups(self, test: Test) -> list[OwnerGroup]:
        """Return who looks after a job: in a channel of groups those, for the others are told elsewhere."""
        wanted = self._channel.groups
        return [
            group
            for group in self._community.owners_of(test.name)
            if not wanted or group.group in wanted
        ]

    def _job(self, test: Test, said: str = "") -> DigestJob:
        return DigestJob(
            name=test.name,
            workflow=test.workflow,
            repo=test.repo,
            is_required=test.was_required(0),
            groups=tuple(dict.fromkeys(group.group for group in self._groups(test))),
            said=said,
        )

    def _broken(self, test: Test) -> DigestJob:
        """Return a job that fails, with since when, between which commits it broke, and whose it is."""
        good, bad = self._range(test)
        last = next((cell.last for cell in test.cells if cell.state is State.FAILED), None)
        good_run, bad_run = self._run(test, good), self._run(test, bad)
        shas = [run.sha if run is not None else Sha("") for run in (good_run, bad_run)]
        merged = merged_between(self._knowledge.db, good_run, bad_run, MERGES_KEPT)
        changes = (
            f"{self._knowledge.github_url}/{test.repo}/compare/{shas[0]}...{shas[1]}"
            if all(shas) and shas[0] != shas[1]
            else ""
        )
        groups = self._groups(test)
        return DigestJob(
            name=test.name,
            workflow=test.workflow,
            repo=test.repo,
            is_required=test.was_required(0),
            nights=test.streak,
            since=test.since.name if test.since is not None else "",
            step=last.failed_step if last is not None else "",
            groups=tuple(dict.fromkeys(group.group for group in groups)),
            owners=self._people(groups),
            good=shas[0],
            good_night=good.name if good is not None else "",
            bad=shas[1],
            changes=changes,
            merged=tuple(
                DigestMerge(
                    number=one.number,
                    title=one.title,
                    url=f"{self._knowledge.github_url}/{one.repo}/pull/{one.number}",
                )
                for one in merged.merges
            ),
            merges=merged.count,
        )

    def _range(self, test: Test) -> tuple[Night | None, Night | None]:
        """Return the last night in which a test passed before it began to fail, and the first in which it failed."""
        bad = test.since
        if bad is None:
            return None, None
        place = self._board.nights.index(bad)
        good = next(
            (
                night
                for night, cell in zip(
                    self._board.nights[place + 1 :], test.cells[place + 1 :], strict=True
                )
                if cell.state in GREEN
            ),
            None,
        )
        return good, bad

    def _run(self, test: Test, night: Night | None) -> Run | None:
        """Return a night's run of a test's workflow whose commit is known; the newest if there were several."""
        runs = {
            run.run_id
            for run in (night.runs if night is not None else ())
            if (run.repo, run.workflow) == (test.repo, test.workflow)
        }
        of_night = [one for one in self._sources.attempts if one.run_id in runs and one.sha]
        return max(of_night, key=lambda one: one.run_id, default=None)

    def _people(self, groups: Iterable[OwnerGroup]) -> tuple[DigestOwner, ...]:
        """Return who looks after a job; only who has shown who they are in Slack can be called there."""
        found: dict[str, DigestOwner] = {}
        for owner in _owners(groups):
            name = owner.github or owner.fullname or owner.slack
            member = (
                member_called(self._knowledge.db, owner.github, self._community.slack_team)
                if owner.github
                else None
            )
            if name:
                found.setdefault(
                    name, DigestOwner(name=name, member=member.member if member else "")
                )
        return tuple(found.values())

    def _why_muted(self, test: Test) -> str:
        mute = self._muted[_full(test)]
        return f"muted by {mute.by} until {mute.until:%Y-%m-%d %H:%M} UTC: {mute.reason}"

    def _quiet_days(self) -> int:
        """Return how many days in a row nothing was posted before this one."""
        quiet = 0
        for made in self._past:
            if made.is_wanted:
                break
            quiet += 1
        return quiet

    def _held_alerts(self) -> Iterator[DigestHeld]:
        """Yield what the channel was not told of at once since its last digest, by reason; else since a day ago."""
        told = next((made.at for made in self._past if made.is_wanted), self._knowledge.now - DAY)
        by_reason: dict[str, list[Held]] = defaultdict(list)
        for held in held_since(self._knowledge.db, self._community.key, self._channel.key, told):
            by_reason[held.reason].append(held)
        for reason, those in sorted(by_reason.items()):
            alerts = {
                alert.alert: alert.subject
                for held in those
                for alert in (*held.news.opened, *held.news.changed, *held.news.closed)
            }
            yield DigestHeld(
                reason=reason,
                text=those[0].text,
                alerts=len(alerts),
                subjects=tuple(sorted(set(alerts.values())))[:MOST_LISTED],
            )

    def _nights(self) -> Iterable[DigestNight]:
        """Yield the newest nights that are over, the oldest first."""
        for place in range(min(TREND, len(self._board.nights)) - 1, -1, -1):
            night = self._board.nights[place]
            if not night.is_over:
                continue
            failed = [test for test in self._tests if test.cells[place].state is State.FAILED]
            yield DigestNight(
                label=night.label,
                failed=len(failed),
                required_failed=sum(test.was_required(place) for test in failed),
                ran=sum(test.cells[place].state in COUNTED for test in self._tests),
            )

    def _week_flaky(self) -> DigestList:
        """Return the tests that were flaky in all of the nights that are looked at, the worst first."""
        every = flaky_lately(self._tests, self._board.nights, None)
        return _listed(
            self._job(
                test,
                f"passed only when it was run again in {times} of {counted(test.runs, 'night')}",
            )
            for test, times in every
        )


def _full(test: Test) -> str:
    # As it comes back from the read model, in which names are lines.
    return " ".join(Named(name=test.name, workflow=test.workflow).full.split())


def _owners(groups: Iterable[OwnerGroup]) -> list[Owner]:
    return [owner for group in groups for owner in group.owners]


def _listed(jobs: Iterable[DigestJob]) -> DigestList:
    every = tuple(jobs)
    return DigestList(jobs=every[:MOST_LISTED], count=len(every))
