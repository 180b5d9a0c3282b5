"""Which tests failed and passed on the same commit: how often, since when, where, and does it help to run them again?

The ledger behind the page of flaky tests and the command `flakes`. Nights are compared with themselves, attempt by
attempt; in pull requests, all runs of a workflow on one head are.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum

from msgspec import Struct

from chatops.answers.job_words import Named
from chatops.answers.nights import counted
from chatops.answers.nights_in_files import in_files, not_counted
from chatops.answers.run_history import RunHistory
from chatops.answers.same_commit import Sighting
from chatops.engine.command import Knowledge
from chatops.names import PullNumber, Repo
from chatops.projections.mutes import Mute, muted_jobs

WEEKS = 4
"""How far back one looks unless one says otherwise: this week and the three before it."""


class Where(StrEnum):
    """Where tests are looked at."""

    ANYWHERE = "anywhere"
    NIGHTS = "nights"
    PULLS = "pulls"


class FlakyTest(Struct, frozen=True, kw_only=True):
    """A test that failed and passed on the same commit; `flakes` are those commits, the newest first.

    `again` counts the commits on which it was run again after it had failed, `helped` those where it passed then;
    `seconds` is how long that took, as far as it is known. `runs` is in how many runs it passed or failed.
    """

    repo: Repo
    workflow: str
    name: str
    is_nightly: bool
    is_required: bool
    mute: Mute | None
    flakes: tuple[Sighting, ...]
    again: int
    helped: int
    seconds: int
    runs: int

    @property
    def full(self) -> str:
        """Return its name with its workflow before it."""
        return Named(name=self.name, workflow=self.workflow).full

    @property
    def in_nights(self) -> int:
        """Return in how many nights it did."""
        return sum(one.is_night for one in self.flakes)

    @property
    def in_pulls(self) -> int:
        """Return on how many heads of pull requests it did."""
        return len(self.flakes) - self.in_nights

    @property
    def pulls(self) -> tuple[PullNumber, ...]:
        """Return the pull requests in which it did, the newest first."""
        return tuple(dict.fromkeys(number for one in self.flakes for number in one.numbers))

    @property
    def first_at(self) -> datetime:
        """Return when it was first seen to be flaky, as far as is looked back."""
        return min(one.at for one in self.flakes)

    @property
    def last_at(self) -> datetime:
        """Return when it was last seen to be flaky."""
        return max(one.at for one in self.flakes)


class Ledger(Struct, frozen=True, kw_only=True):
    """The flaky tests since a day, those first that cost most; and how many nights and heads were looked at.

    `again` and `helped` count all tests, also those that never passed when they were run again. `in_files` are nights
    that cannot be counted, as only a dashboard's file told of them.
    """

    tests: tuple[FlakyTest, ...]
    since: date
    where: Where
    nights: int
    heads: int
    in_files: int
    again: int
    helped: int

    @property
    def not_counted(self) -> str:
        """Return in a sentence what is not counted, and why; nothing where all of it is."""
        return not_counted(self.in_files)

    @property
    def verdict(self) -> str:
        """Return the ledger in a sentence or two."""
        over = _joined(
            *([counted(self.nights, "night")] if self.where is not Where.PULLS else []),
            *([_heads(self.heads)] if self.where is not Where.NIGHTS else []),
        )
        if not self.tests:
            return f"No test failed and passed on the same commit in {over}."
        said = f"{counted(len(self.tests), 'test')} failed and passed on the same commit in {over}."
        if not self.again:
            return said
        return f"{said} Running a failed test again helped in {self.helped:,} of {counted(self.again, 'case')}."


def ledger(
    knowledge: Knowledge,
    history: RunHistory,
    *,
    weeks: int = WEEKS,
    where: Where = Where.ANYWHERE,
) -> Ledger:
    """Return the flaky tests of the newest weeks."""
    since = history.first_day(weeks)
    began = datetime.combine(since, time(), UTC)
    rows: dict[tuple[Repo, str, str], list[Sighting]] = defaultdict(list)
    again = helped = 0
    for of_group in history.seen.values():
        for one in of_group:
            if one.created_at >= began and _is_meant(one, where):
                rows[_key(one, history)].append(one)
                again += bool(one.again)
                helped += one.has_helped
    flaky = {key: of for key, of in rows.items() if any(one.is_flake for one in of)}
    ran = _ran(history, since, where, flaky)
    required = history.required
    muted = muted_jobs(knowledge.db, knowledge.community.key, knowledge.now)
    found = []
    for (repo, workflow, name), of in flaky.items():
        is_nightly = history.nightly.get((repo, name)) == workflow
        names = {Named(name=name, workflow=workflow).full} | {
            Named(name=name, workflow=one.workflow).full for one in of
        }
        flakes = sorted((one for one in of if one.is_flake), key=lambda one: one.at, reverse=True)
        found.append(
            FlakyTest(
                repo=repo,
                workflow=workflow,
                name=name,
                is_nightly=is_nightly,
                is_required=required.has(repo, workflow, name, is_night=is_nightly),
                mute=next((muted[one] for one in sorted(names) if one in muted), None),
                flakes=tuple(flakes),
                again=sum(bool(one.again) for one in of),
                helped=sum(one.has_helped for one in of),
                seconds=sum(one.seconds for one in of),
                runs=ran[repo, workflow, name],
            )
        )
    nights, heads = _looked_at(history, since)
    return Ledger(
        tests=tuple(sorted(found, key=_cost)),
        since=since,
        where=where,
        nights=nights,
        heads=heads,
        in_files=0 if where is Where.PULLS else in_files(knowledge, began),
        again=again,
        helped=helped,
    )


def _cost(test: FlakyTest) -> tuple[int, int, str, str]:
    return -test.seconds, -len(test.flakes), test.name, test.workflow


def _is_meant(one: Sighting, where: Where) -> bool:
    return where is Where.ANYWHERE or one.is_night is (where is Where.NIGHTS)


def _key(one: Sighting, history: RunHistory) -> tuple[Repo, str, str]:
    """Return under which names a test is known: as the nights do, where they have it, in whatever workflow it ran."""
    return one.repo, history.nightly.get((one.repo, one.name), one.workflow), one.name


def _ran(
    history: RunHistory, since: date, where: Where, wanted: Collection[tuple[Repo, str, str]]
) -> Mapping[tuple[Repo, str, str], int]:
    """Return in how many runs some tests passed or failed."""
    found: dict[tuple[Repo, str, str], int] = defaultdict(int)
    names = {(repo, name) for repo, _, name in wanted}
    for day, week in history.weeks.items():
        if day >= since:
            for (is_night, repo, workflow, name), number in week.ran.items():
                if (repo, name) in names and (
                    where is Where.ANYWHERE or is_night is (where is Where.NIGHTS)
                ):
                    found[repo, history.nightly.get((repo, name), workflow), name] += number
    return found


def _looked_at(history: RunHistory, since: date) -> tuple[int, int]:
    """Return how many nights and how many heads of pull requests were looked at."""
    nights, heads = set(), set()
    began = datetime.combine(since, time(), UTC)
    for run in history.runs.values():
        if not run.is_gate and run.created_at >= began:
            if run.is_night:
                nights.add(run.created_at.astimezone(UTC).date())
            else:
                heads.add((run.repo, run.sha))
    return len(nights), len(heads)


def _heads(number: int) -> str:
    return f"{number:,} {'head' if number == 1 else 'heads'} of pull requests"


def _joined(*parts: str) -> str:
    return " and ".join(parts)
