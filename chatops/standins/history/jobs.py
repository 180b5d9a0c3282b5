"""The jobs of one night: how their names are composed, where they run and how often they fail.

A name is ``caller / leaf (values)`` under one top caller. Eras let jobs appear, disappear and be
renamed; ages count nights back from the newest one, so a short history is the end of a long one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

TOP = "kata-containers-ci-on-push"
LONGEST_SEGMENT = 100
TESTS = 4
ALL = ("*",)
TARBALL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job of a run: what GitHub shows, and how it behaves."""

    name: str
    unexpanded: str
    runner: str
    platform: str
    wave: int
    seconds: int
    flake: float
    required: bool = False
    by_rule: bool = False
    since: int | None = None
    until: int | None = None

    def exists(self, ago: int) -> bool:
        """Whether the job was part of the night so many nights ago."""
        return (self.since is None or ago <= self.since) and (
            self.until is None or ago > self.until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Jobs that differ in their matrix values only."""

    caller: str
    leaf: str = ""
    values: Sequence[str] = ("",)
    runner: str = "ubuntu-22.04"
    platform: str = "amd64"
    wave: int = TESTS
    seconds: int = 300
    flake: float = 0.003
    required: Sequence[str] = ()
    matrix_on_caller: bool = False
    by_rule: bool = False
    since: int | None = None
    until: int | None = None

    def jobs(self) -> Iterator[Job]:
        """Compose the jobs of this family."""
        for value in self.values:
            yield Job(
                name=self._name(value),
                unexpanded=self._unexpanded(),
                runner=self.runner,
                platform=self.platform,
                wave=self.wave,
                seconds=self.seconds,
                flake=self.flake,
                required=self.required == ALL or value in self.required,
                by_rule=self.by_rule,
                since=self.since,
                until=self.until,
            )

    def _name(self, value: str) -> str:
        if not self.leaf:
            return f"{TOP} / {segment(self.caller, value)}"
        caller = segment(self.caller, value) if self.matrix_on_caller else self.caller
        return f"{TOP} / {caller} / {segment(self.leaf, value)}"

    def _unexpanded(self) -> str:
        # Inside a called workflow that ran, the skipped leaf shows; a caller that never ran
        # shows alone.
        if self.leaf and self.wave <= TARBALL:
            return f"{TOP} / {self.caller} / {self.leaf}"
        return f"{TOP} / {self.caller}"


def segment(job: str, values: str) -> str:
    """Name a job with its matrix values the way GitHub does: cut at 100 characters."""
    shown = f"{job} ({values})" if values else job
    if len(shown) <= LONGEST_SEGMENT:
        return shown
    return shown[: LONGEST_SEGMENT - 3] + "..."


def cross(*choices: Iterable[str]) -> tuple[str, ...]:
    """Every combination of matrix values, written the way GitHub writes them."""
    return tuple(", ".join(combination) for combination in product(*choices))


def night_jobs(jobs: Sequence[Job], ago: int) -> list[Job]:
    """List the jobs that existed so many nights ago."""
    return [job for job in jobs if job.exists(ago)]
