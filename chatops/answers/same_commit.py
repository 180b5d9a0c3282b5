"""Which tests failed and were run again on the same commit, and did they pass then?

Only a pass and a failure of the test itself on one commit prove that it is flaky. What was carried over did not run;
what was cancelled, skipped, or failed before the test began says nothing about it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from chatops.answers.night_cells import State
from chatops.answers.run_digests import RunDigest
from chatops.engine.clock import moment
from chatops.names import JobId, PullNumber, Repo, RunId, Sha

VERDICTS = frozenset({State.PASSED, State.FAILED})
Group = tuple[Repo, str, str]
"""The runs of a workflow on one commit, by its id; a night is only compared with itself, by the id of its run."""


class Try(NamedTuple):
    """One time a test itself passed or failed. `attempt` is 0 where it passed at once and no more is known."""

    run_id: RunId
    attempt: int
    job_id: JobId
    has_passed: bool
    started_s: int | None
    seconds: int | None


class Sighting(Struct, frozen=True, kw_only=True):
    """A test that failed on a commit and ran there more than once; the oldest try first.

    `at` is when it was tried last, `created_at` when the run was created in which that was.
    """

    repo: Repo
    workflow: str
    name: str
    sha: Sha
    numbers: tuple[PullNumber, ...]
    is_night: bool
    at: datetime
    created_at: datetime
    tries: tuple[Try, ...]

    @property
    def is_flake(self) -> bool:
        """Return whether it passed on the same commit, too."""
        return any(one.has_passed for one in self.tries)

    @property
    def again(self) -> tuple[Try, ...]:
        """Return the tries after its first failure."""
        first = next(index for index, one in enumerate(self.tries) if not one.has_passed)
        return self.tries[first + 1 :]

    @property
    def has_helped(self) -> bool:
        """Return whether running it again after a failure ended with a pass."""
        return bool(self.again) and self.again[-1].has_passed

    @property
    def seconds(self) -> int:
        """Return how long it ran after its first failure, as far as that is known."""
        return sum(one.seconds or 0 for one in self.again)


def group_of(run: RunDigest) -> Group:
    """Return with which other runs a run is compared."""
    is_alone = run.is_night or not run.sha
    return run.repo, run.workflow, f"run/{run.run_id}" if is_alone else run.sha


def sightings(runs: Sequence[RunDigest]) -> tuple[Sighting, ...]:
    """Return the tests of one group that failed and ran more than once, by name."""
    tries: dict[str, list[Try]] = defaultdict(list)
    has_failed: set[str] = set()
    in_order = sorted(runs, key=lambda run: run.run_id)
    for run in in_order:
        for name, cell in run.cells.items():
            for one in cell.executions:
                if one.state in VERDICTS and one.attempt:
                    took = one.took
                    passed = one.state is State.PASSED
                    tries[name].append(
                        Try(
                            one.run_id, one.attempt, one.job_id, passed, one.started_s,
                            None if took is None else int(took.total_seconds()),
                        )
                    )  # fmt: skip
                    if not passed:
                        has_failed.add(name)
    if not has_failed:
        return ()
    _add_clean(in_order, has_failed, tries)
    by_id: Mapping[RunId, RunDigest] = {run.run_id: run for run in in_order}
    found = []
    for name in sorted(has_failed):
        of_name = sorted(tries[name], key=lambda one: (one.run_id, one.attempt))
        if len(of_name) > 1:
            newest = by_id[of_name[-1].run_id]
            started = [one.started_s for one in of_name if one.started_s is not None]
            found.append(
                Sighting(
                    repo=newest.repo,
                    workflow=newest.workflow,
                    name=name,
                    sha=newest.sha,
                    numbers=newest.numbers,
                    is_night=newest.is_night,
                    at=moment(max(started, default=None)) or newest.created_at,
                    created_at=newest.created_at,
                    tries=tuple(of_name),
                )
            )
    return tuple(found)


def _add_clean(runs: Sequence[RunDigest], names: set[str], tries: Mapping[str, list[Try]]) -> None:
    """Add the passes of those names that failed elsewhere in the group."""
    if len(runs) > 1:
        for run in runs:
            for name in names.intersection(run.passed):
                tries[name].append(Try(run.run_id, 0, JobId(0), True, None, None))  # noqa: FBT003  # a row
