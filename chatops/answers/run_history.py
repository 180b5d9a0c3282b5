"""What did the nights and the pull requests of the last quarter do, run by run, commit by commit, week by week?

Made from what was known before: only runs of which there is news are read again, and only their commits and weeks are
counted anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from chatops.answers.nights import placed
from chatops.answers.required_rule import required_rules
from chatops.answers.run_digests import RequiredTests, Rules, RunDigest, monday, run_digests
from chatops.answers.same_commit import Group, Sighting, group_of, sightings
from chatops.answers.weeks import Week, week_of
from chatops.engine.command import Knowledge
from chatops.names import Repo, RunId
from chatops.projections.freshness import last_heard
from chatops.projections.run_news import News, newer_news
from chatops.projections.runs import attempts_of_runs, newest_of_workflows

WEEKS = 13
KEPT = timedelta(weeks=WEEKS)
MOST_RUNS = 20_000
NIGHTS_LOOKED_AT = 200


class RunHistory(Struct, frozen=True, kw_only=True):
    """The runs since `since`, and what is made of them; `is_cut` if there were more than are kept.

    `seen` has what failed and ran more than once on a commit, `nightly` the workflow in which the nights run a test.
    """

    runs: Mapping[RunId, RunDigest]
    groups: Mapping[Group, tuple[RunId, ...]]
    seen: Mapping[Group, tuple[Sighting, ...]]
    weeks: Mapping[date, Week]
    nightly: Mapping[tuple[Repo, str], str]
    rules: Rules
    news: News | None
    since: datetime
    is_cut: bool
    heard_at: datetime | None
    now: datetime

    @property
    def required(self) -> RequiredTests:
        """Return what tells which tests are required."""
        return RequiredTests(self.rules)

    def first_day(self, weeks: int) -> date:
        """Return the Monday from which on the newest weeks are, this one among them."""
        return monday(self.now) - timedelta(weeks=weeks - 1)


def run_history(knowledge: Knowledge, before: RunHistory | None = None) -> RunHistory:
    """Return the last weeks; `before` are older ones of the same community."""
    db = knowledge.db
    since = _whole_weeks(knowledge.now)
    rules = _rules(knowledge, since)
    if before is not None and before.rules != rules:
        before = None
    known = before.news if before is not None else None
    news = newer_news(db, known, since=since)
    if before is not None and not news.runs and before.since == since:
        return _later(before, knowledge, news)
    digests = run_digests(
        knowledge, attempts_of_runs(db, news.runs[-MOST_RUNS:]), RequiredTests(rules)
    )
    return _made(
        before,
        [digest for digest in digests if digest.created_at >= since],
        knowledge=knowledge,
        rules=rules,
        news=news,
        since=since,
        is_cut=len(news.runs) > MOST_RUNS or (before is not None and before.is_cut),
    )


def night_history(knowledge: Knowledge) -> RunHistory:
    """Return the nights alone, for those who ask once: the same of them as `run_history` has."""
    db, community = knowledge.db, knowledge.community
    since = _whole_weeks(knowledge.now)
    rules = _rules(knowledge, since)
    attempts = [
        run
        for repo, one in placed(community.repositories, community.nightly)
        for run in newest_of_workflows(db, repo, [one.name], NIGHTS_LOOKED_AT)
        if run.created_at is not None and run.created_at >= since
    ]
    attempts.sort(key=lambda run: (run.run_id, run.attempt))
    return _made(
        None,
        run_digests(knowledge, attempts, RequiredTests(rules)),
        knowledge=knowledge,
        rules=rules,
        news=None,
        since=since,
        is_cut=False,
    )


def _later(before: RunHistory, knowledge: Knowledge, news: News) -> RunHistory:
    """Return the same at a later moment."""
    return RunHistory(
        runs=before.runs,
        groups=before.groups,
        seen=before.seen,
        weeks=before.weeks,
        nightly=before.nightly,
        rules=before.rules,
        news=news,
        since=before.since,
        is_cut=before.is_cut,
        heard_at=last_heard(knowledge.db, knowledge.community.repositories),
        now=knowledge.now,
    )


def _whole_weeks(now: datetime) -> datetime:
    """Return the beginning of the oldest week, so that no week is half there."""
    day = monday(now - KEPT + timedelta(weeks=1))
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _rules(knowledge: Knowledge, since: datetime) -> Rules:
    community = knowledge.community
    places = {
        *community.repositories,
        *(repo for repo, _ in placed(community.repositories, community.nightly)),
    }
    return {repo: required_rules(knowledge.db, repo, since) for repo in sorted(places)}


def _made(
    before: RunHistory | None,
    read: Sequence[RunDigest],
    *,
    knowledge: Knowledge,
    rules: Rules,
    news: News | None,
    since: datetime,
    is_cut: bool,
) -> RunHistory:
    old = before.runs if before is not None else {}
    gone = {run_id for run_id, run in old.items() if run.created_at < since}
    runs = {run_id: run for run_id, run in old.items() if run_id not in gone}
    runs |= {run.run_id: run for run in read}
    again = gone | (old.keys() & {run.run_id for run in read})
    changed = [*read, *(old[run_id] for run_id in again)]
    groups, seen = _groups(before, runs, changed)
    return RunHistory(
        runs=runs,
        groups=groups,
        seen=seen,
        weeks=_weeks(before, runs, changed, seen, RequiredTests(rules)),
        nightly=_nightly(before, read),
        rules=rules,
        news=news,
        since=since,
        is_cut=is_cut,
        heard_at=last_heard(knowledge.db, knowledge.community.repositories),
        now=knowledge.now,
    )


def _groups(
    before: RunHistory | None, runs: Mapping[RunId, RunDigest], changed: Iterable[RunDigest]
) -> tuple[dict[Group, tuple[RunId, ...]], dict[Group, tuple[Sighting, ...]]]:
    """Return which runs are compared with each other, and what came of that, counted anew where a run has changed."""
    groups = dict(before.groups) if before is not None else {}
    seen = dict(before.seen) if before is not None else {}
    of_group: dict[Group, set[RunId]] = defaultdict(set)
    for run in changed:
        if not run.is_gate:
            of_group[group_of(run)].add(run.run_id)
    for group, ids in of_group.items():
        members = tuple(
            run_id
            for run_id in sorted({*groups.get(group, ()), *ids})
            if run_id in runs and group_of(runs[run_id]) == group
        )
        groups.pop(group, None)
        seen.pop(group, None)
        if members:
            groups[group] = members
            found = sightings([runs[run_id] for run_id in members])
            if found:
                seen[group] = found
    return groups, seen


def _weeks(
    before: RunHistory | None,
    runs: Mapping[RunId, RunDigest],
    changed: Iterable[RunDigest],
    seen: Mapping[Group, tuple[Sighting, ...]],
    required: RequiredTests,
) -> dict[date, Week]:
    """Return the weeks by their Mondays, those counted anew of which a run has changed."""
    days = {run.week for run in changed}
    weeks = {day: week for day, week in (before.weeks if before else {}).items() if day not in days}
    members: dict[date, list[RunDigest]] = defaultdict(list)
    for run in runs.values():
        if run.week in days:
            members[run.week].append(run)
    for day, of_week in members.items():
        weeks[day] = week_of(of_week, seen, required)
    return dict(sorted(weeks.items()))


def _nightly(
    before: RunHistory | None, read: Iterable[RunDigest]
) -> Mapping[tuple[Repo, str], str]:
    """Return in which workflow the nights run each test."""
    found = dict(before.nightly) if before is not None else {}
    for run in sorted(read, key=lambda run: run.run_id):
        if run.is_night:
            for name in (*run.passed, *run.cells):
                found[run.repo, name] = run.workflow
    return found
