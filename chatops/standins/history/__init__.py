"""A year of pretend CI: nights, open pull requests, and the night that is under way.

The same moment and seed always give the same history. What comes out are GitHub's own REST
objects, for the stand-in that serves them and the demo that feeds them to the product.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from chatops.standins.history.files import maintainers_yaml, required_tests_yaml
from chatops.standins.history.pulls import PullRequest, open_pulls
from chatops.standins.history.year import Night, PlannedRun, Year

__all__ = ["History", "Night", "PlannedRun", "PullRequest", "history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Everything a community's CI did up to now."""

    repository: str
    now: datetime
    pulls: tuple[PullRequest, ...]
    required_tests_yaml: str
    maintainers_yaml: str
    tonight: PlannedRun
    year: Year = field(repr=False, compare=False)

    def nights(self) -> Iterator[Night]:
        """Play the complete nights, oldest first: (run objects, job objects) of each.

        A night has one run object per attempt, and the jobs of all attempts.
        """
        return self.year.nights()


def history(
    now: datetime,
    seed: int = 1,
    nights: int = 365,
    repository: str = "kata-containers/kata-containers",
) -> History:
    """Make up the history of a repository that ends at that moment."""
    year = Year(now=now, seed=seed, nights=nights, repository=repository)
    return History(
        repository=repository,
        now=now,
        pulls=open_pulls(now=now, seed=seed, repository=repository),
        required_tests_yaml=required_tests_yaml(),
        maintainers_yaml=maintainers_yaml(),
        tonight=year.tonight(),
        year=year,
    )
