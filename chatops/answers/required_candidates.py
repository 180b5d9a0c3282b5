"""Which tests are good enough to be required, and which required ones should not be, by the community's own rules?

The rules are in its configuration: so many nights in a row for a test that is new to the list, fewer for one that was
in it before, and so many working days until a broken one has to leave. People decide; this is what they decide on.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from statistics import median

from msgspec import Struct

from chatops.answers.night_cells import GREEN, State
from chatops.answers.nights import Night, NightBoard, Test
from chatops.answers.pull_results import PullResults, Tally
from chatops.answers.required_list import (
    Required,
    RequiredLists,
    in_pulls,
    keys_by_name,
    tests_called,
)
from chatops.config import Community, Practice
from chatops.engine.command import Knowledge
from chatops.names import Repo

SATURDAY = 5
A_DAY = timedelta(days=1)
NO_VERDICT = frozenset({State.INFRA, State.CANCELLED, State.NOT_RUN, State.UNKNOWN})


class Clean(Struct, frozen=True, kw_only=True):
    """The nights in a row, the newest first, that a test passed at the first attempt.

    `between` are nights without a verdict; they neither count nor end the row. `is_all`: it never did anything else.
    """

    nights: int
    between: int
    newest: Night | None
    oldest: Night | None
    is_all: bool


class Candidate(Struct, frozen=True, kw_only=True):
    """A test that has passed for as many nights as it needs to be required.

    `left_at` is when it ceased to be, if it was required before. `in_pulls` is nothing where no pull request had it.
    """

    repo: Repo
    test: Test
    clean: Clean
    wanted: int
    left_at: datetime | None
    groups: tuple[str, ...]
    in_pulls: Tally | None
    usual: timedelta | None

    @property
    def misses(self) -> tuple[str, ...]:
        """Return what it still lacks: words that end a sentence."""
        found = []
        if not self.groups:
            found.append("nobody looks after it")
        if self.in_pulls is None:
            found.append("no pull request has a result of it")
        elif self.in_pulls.fails:
            found.append("it failed in pull requests")
        return tuple(found)


class Broken(Struct, frozen=True, kw_only=True):
    """A required test that fails night after night. `until` is when it has to leave the list, by the rules."""

    required: Required
    test: Test
    since: Night
    until: datetime | None
    is_due: bool


class Candidates(Struct, frozen=True, kw_only=True):
    """What the community's rules propose: those first that lack nothing."""

    practice: Practice
    to_require: tuple[Candidate, ...]
    broken: tuple[Broken, ...]


def required_candidates(
    knowledge: Knowledge, board: NightBoard, results: PullResults, lists: RequiredLists
) -> Candidates:
    """Return which tests could become required, and which could cease to be."""
    community = knowledge.community
    practice = community.gate.practice if community.gate is not None else Practice()
    known = keys_by_name(results)
    found: list[Candidate] = []
    for of in lists.lists:
        left = of.left
        for test in tests_called(board, of.repo).values():
            left_at = left.get(test.name)
            wanted = practice.nights_again if left_at is not None else practice.nights
            row = None if test.is_required or test.is_gone else clean(board, test)
            if row is not None and row.nights >= wanted:
                keys = [key for key in known.get(test.name, ()) if key[0] == of.repo]
                found.append(
                    Candidate(
                        repo=of.repo,
                        test=test,
                        clean=row,
                        wanted=wanted,
                        left_at=left_at,
                        groups=_groups(community, test),
                        in_pulls=in_pulls(results, keys),
                        usual=_usual(test, practice.nights),
                    )
                )
    return Candidates(
        practice=practice,
        to_require=tuple(sorted(found, key=_order)),
        broken=_broken(lists.required, practice, knowledge.now),
    )


def clean(board: NightBoard, test: Test) -> Clean:
    """Return the nights in a row that a test passed at the first attempt."""
    nights = between = pending = 0
    newest: Night | None = None
    oldest: Night | None = None
    is_all = True
    for night, cell in zip(board.nights, test.cells, strict=True):
        if cell.state is State.PASSED:
            nights, between, pending = nights + 1, between + pending, 0
            newest, oldest = newest or night, night
        elif cell.state in {State.FAILED, State.RERUN}:
            is_all = False
            break
        elif cell.state in NO_VERDICT:
            pending += 1
    return Clean(nights=nights, between=between, newest=newest, oldest=oldest, is_all=is_all)


def working_days_later(start: datetime, days: int) -> datetime:
    """Return when so many working days have passed; Saturdays and Sundays (UTC) are none."""
    moment = start.astimezone(UTC)
    if moment.weekday() >= SATURDAY:
        moment = datetime.combine(moment.date(), time(), UTC)
        moment += A_DAY * (7 - moment.weekday())
    for _ in range(days):
        moment += A_DAY
        while moment.weekday() >= SATURDAY:
            moment += A_DAY
    return moment


def _groups(community: Community, test: Test) -> tuple[str, ...]:
    return tuple(dict.fromkeys(group.group for group in community.owners_of(test.name)))


def _usual(test: Test, nights: int) -> timedelta | None:
    """Return how long it takes in an ordinary night: what is over in seconds may test nothing."""
    took = [
        cell.executions[-1].took
        for cell in test.cells[:nights]
        if cell.state in GREEN and cell.executions
    ]
    known = [one.total_seconds() for one in took if one is not None]
    return timedelta(seconds=round(median(known))) if known else None


def _order(one: Candidate) -> tuple[object, ...]:
    return len(one.misses), one.left_at is None, -one.clean.nights, one.test.name


def _broken(required: Sequence[Required], practice: Practice, now: datetime) -> tuple[Broken, ...]:
    found = []
    for one in required:
        test = one.test
        if test is None or test.is_gone or test.since is None:
            continue
        began = test.since.ended_at or test.since.began_at
        until = None if began is None else working_days_later(began, practice.working_days)
        found.append(
            Broken(
                required=one,
                test=test,
                since=test.since,
                until=until,
                is_due=until is not None and until <= now,
            )
        )
    return tuple(sorted(found, key=lambda one: (not one.is_due, -one.test.streak, one.test.name)))
