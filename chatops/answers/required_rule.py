"""Is this job required, and was it when a night began?

A required name has its workflow before it or, from branch rules, is the job's alone.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from msgspec import Struct
from sqlalchemy import Connection

from chatops.answers.job_words import LEVEL
from chatops.events.gate import RequiredChecksChanged
from chatops.names import Repo, RunId
from chatops.projections.required import Version, required_from, required_now, required_when

RULES_KEPT = 256
"""Versions of lists, of which the newest few are asked for with every page."""


class RequiredRule(Struct, frozen=True, kw_only=True):
    """Which jobs must pass to merge, whatever a change touches.

    `names` are as they are written; `jobs` the same without their workflows, for a nightly runs them under another.
    """

    names: frozenset[str]
    jobs: frozenset[str]
    workflows: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]

    def has(self, job: str) -> bool:
        """Return whether a job of this name is required, in whatever workflow it runs."""
        if job in self.jobs:
            return True
        full = [job, *(f"{workflow}{LEVEL}{job}" for workflow in self.workflows)]
        return any(pattern.match(one) for pattern in self.patterns for one in full)

    def requires(self, workflow: str, job: str) -> bool:
        """Return whether this job of this workflow is required, exactly."""
        full = f"{workflow}{LEVEL}{job}"
        return (
            full in self.names
            or job in self.names
            or any(pattern.match(full) for pattern in self.patterns)
        )


class RequiredSince(Struct, frozen=True, kw_only=True):
    """What a version of the list requires, and from when on: a moment, or the first run of a dashboard's file."""

    seen_at: datetime | None
    first_run: RunId
    rule: RequiredRule


class RequiredRules(Struct, frozen=True, kw_only=True):
    """The versions of a repository's list that were in force in some nights, and today's; the newest first."""

    versions: tuple[RequiredSince, ...] = ()

    @property
    def now(self) -> RequiredRule | None:
        """Return what is required today, nothing if nobody has told."""
        return self.versions[0].rule if self.versions else None

    def at(self, began_at: datetime | None, run_id: RunId) -> RequiredRule | None:
        """Return what was required when a run began.

        The first list that is known is taken for what was before it, too; and a run of which no moment is known is
        judged by the lists that came with such runs.
        """
        for version in self.versions:
            if began_at is not None and version.seen_at is not None and version.seen_at <= began_at:
                return version.rule
        of_files = [version for version in self.versions if version.seen_at is None]
        for version in of_files:
            if version.first_run <= run_id:
                return version.rule
        return self.versions[-1].rule if self.versions else None


def required_rules(db: Connection, repo: Repo, since: datetime | None) -> RequiredRules:
    """Return what was required in a repository from a moment on, or ever."""
    return _rules_of(required_from(db, repo, since))


def required_rule_of_run(
    db: Connection, repo: Repo, began_at: datetime | None, run_id: RunId
) -> RequiredRule | None:
    """Return what was required in a repository when a run began, nothing if nobody has told."""
    return _rules_of(required_when(db, repo, began_at)).at(began_at, run_id)


def required_rule(db: Connection, repo: Repo) -> RequiredRule | None:
    """Return what is required in a repository today, nothing if nobody has told."""
    rules = required_now(db, repo)
    return None if rules is None else rule_of(rules)


def _rules_of(versions: Sequence[Version]) -> RequiredRules:
    return RequiredRules(
        versions=tuple(
            RequiredSince(seen_at=one.seen_at, first_run=one.first_run, rule=rule_of(one.rules))
            for one in versions
        )
    )


@lru_cache(maxsize=RULES_KEPT)
def rule_of(rules: RequiredChecksChanged) -> RequiredRule:
    """Return what one version of the list requires."""
    names = {*rules.names, *(name for group in rules.sets for name in group.names)}
    patterns = {*rules.patterns, *(pattern for group in rules.sets for pattern in group.patterns)}
    split = [name.partition(LEVEL) for name in names]
    return RequiredRule(
        names=frozenset(names),
        jobs=frozenset(job or workflow for workflow, _, job in split),
        workflows=frozenset(workflow for workflow, _, job in split if job),
        patterns=tuple(compiled for text in sorted(patterns) if (compiled := _compiled(text))),
    )


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None
