"""Rounds of A B A B: everybody who takes part gets the same load in turn, and the medians of several rounds count.

Other work on the machine then slows all of them, and the ratios hold although the figures drift.
"""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import uvloop

from bench.deliveries import OUR_PATH, requests
from bench.load import load
from bench.processes import Served
from bench.product import caught_up
from bench.scene import Scene, say

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Somebody who takes part: where, under which path, with which connections, and the status of a good answer."""

    served: Served
    connections: Sequence[int]
    path: str = OUR_PATH
    status: int = 202
    has_read_models: bool = False


@dataclass(frozen=True, slots=True)
class Met:
    """What somebody met: requests a second, and the microseconds of processor time that their process took for each."""

    rate: float
    cost: float


def run(scene: Scene, runners: Mapping[str, Runner]) -> dict[tuple[str, int], Met]:
    """Give everybody the same load in turn, for each number of connections; return the medians of each."""
    met: dict[tuple[str, int], list[Met]] = defaultdict(list)
    busiest = 0.0
    for number in range(scene.scale.rounds):
        for connections in sorted({many for one in runners.values() for many in one.connections}):
            say(f"round {number + 1} of {scene.scale.rounds}, {connections} connections")
            prepared = _Prepared(scene, connections)
            for name, runner in runners.items():
                if connections in runner.connections:
                    before = runner.served.worked
                    measured = uvloop.run(
                        load(
                            runner.served.port, prepared.of(runner.path), connections=connections,
                            seconds=scene.scale.seconds, status=runner.status,
                        )
                    )  # fmt: skip
                    if runner.has_read_models:
                        # What one leaves behind must not be done while the next is measured.
                        caught_up(runner.served.port)
                    cost = (runner.served.worked - before) / measured.count * MICROSECONDS
                    met[name, connections].append(Met(measured.rate, cost))
                    busiest = max(busiest, measured.busy)
    say(f"the generator took at most {busiest:.0%} of a processor")
    return {
        key: Met(
            statistics.median(one.rate for one in of_one),
            statistics.median(one.cost for one in of_one),
        )
        for key, of_one in met.items()
    }


class _Prepared:
    """The same deliveries for everybody, each signed once for each path."""

    def __init__(self, scene: Scene, connections: int) -> None:
        # One connection does not get far in the time it has.
        self._count = scene.scale.count // (4 if connections == 1 else 1)
        self._start = scene.numbers(self._count)
        self._known: dict[str, list[bytes]] = {}

    def of(self, path: str) -> list[bytes]:
        """Return the requests for a path."""
        if path not in self._known:
            self._known[path] = requests(self._count, start=self._start, path=path)
        return self._known[path]
