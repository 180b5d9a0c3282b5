"""What has changed in a nightly run: which tests fail that had passed, and which pass that had failed?

Only passes and failures count. What was cancelled, was not run or fell to the machines changes nothing: the result
before it stands until the next one.
"""

from collections.abc import Sequence

from msgspec import Struct

from chatops.answers.job_words import Named
from chatops.answers.night_cells import COUNTED, GREEN, Execution, State
from chatops.answers.nights import NightBoard, Test
from chatops.names import RunId


class Edge(Struct, frozen=True, kw_only=True):
    """A test that turned red, or green, in one attempt of a run.

    `is_back`: it is as it was in the nights before; only an earlier attempt of this one had been otherwise.
    """

    test: Test
    fails: bool
    is_back: bool

    @property
    def job(self) -> Named:
        """Return the test as people may name it."""
        return Named(name=self.test.name, workflow=self.test.workflow)


class Changes(Struct, frozen=True, kw_only=True):
    """The edges of an attempt of a run, by name; and how the tests of the run are now that were required in its night.

    `night` is how a sentence calls the night, `place` where it is on its board. Where nobody told what is required, the
    night is judged by every test.
    """

    night: str
    edges: tuple[Edge, ...]
    required_failed: int
    required_passed: int
    knows_required: bool
    place: int

    def counts_for_night(self, test: Test) -> bool:
        """Return whether a test belongs to what the night is judged by."""
        return test.was_required(self.place) or not self.knows_required


def night_changes(board: NightBoard, run_id: RunId, attempt: int) -> Changes | None:
    """Return what has changed in an attempt of a run; nothing if the run is in none of the board's nights."""
    place = next(
        (
            place
            for place, night in enumerate(board.nights)
            if any(run.run_id == run_id for run in night.runs)
        ),
        None,
    )
    if place is None:
        return None
    edges: list[Edge] = []
    failed = passed = 0
    for test in board.tests:
        of_run = _counted(test.cells[place].executions, run_id, attempt)
        if not of_run:
            continue
        if test.was_required(place):
            failed += of_run[-1].state is State.FAILED
            passed += of_run[-1].state is not State.FAILED
        edge = _edge(test, place, of_run, run_id, attempt)
        if edge is not None:
            edges.append(edge)
    return Changes(
        night=board.nights[place].name,
        edges=tuple(edges),
        required_failed=failed,
        required_passed=passed,
        knows_required=board.knows_required,
        place=place,
    )


def _counted(executions: Sequence[Execution], run_id: RunId, attempt: int) -> list[Execution]:
    """Return what a run says of a test up to an attempt."""
    return [
        one
        for one in executions
        if one.run_id == run_id and one.attempt <= attempt and one.state in COUNTED
    ]


def _edge(
    test: Test, place: int, of_run: Sequence[Execution], run_id: RunId, attempt: int
) -> Edge | None:
    newest = of_run[-1]
    if newest.attempt != attempt:
        return None
    fails = newest.state is State.FAILED
    in_nights_before = _before(test, place, run_id)
    before = of_run[-2].state if len(of_run) > 1 else in_nights_before
    if before is None or fails == (before not in GREEN):
        return None
    return Edge(test=test, fails=fails, is_back=fails == (in_nights_before is State.FAILED))


def _before(test: Test, place: int, run_id: RunId) -> State | None:
    """Return how a test had been before a run: in an earlier run of that night, or in the nights before."""
    earlier = [
        one.state
        for one in test.cells[place].executions
        if one.run_id < run_id and one.state in COUNTED
    ]
    if earlier:
        return earlier[-1]
    return next((cell.state for cell in test.cells[place + 1 :] if cell.state in COUNTED), None)
