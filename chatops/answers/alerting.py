"""Which tests have failed for so long that people are to be told, and when is that over?

A night that failed once is a flake more often than not, so only nights in a row count: for a required test few, if it
fails alike in all of them, for any other a few more. What began is told once, and is over after a few nights that
passed; a single green night in between neither ends it nor lets it begin again. Nights without a result, such as
cancelled ones or those that fell to the machines, change nothing.

Two failures are *alike* if the same step failed, or, where no step is known, if GitHub calls them by the same word.
That is all a job's event tells: what the step printed is in its log, which is not read here. A failure that came from
a dashboard's file has neither, and is like any other.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum

from msgspec import Struct

from chatops.answers.night_cells import COUNTED, Cell, Execution, State
from chatops.answers.nights import Test
from chatops.config import AlertRules

UNSAID = "failure"
"""What GitHub calls most failures; it tells nothing of how a test failed."""


class Turn(StrEnum):
    """What a night did to an alert."""

    OPENED = "opened"
    CHANGED = "changed"
    CLOSED = "closed"


class Result(Struct, frozen=True, kw_only=True):
    """One night of a test that counts; `place` is the night's in its board, `signature` how it failed.

    `required` says whether the test was required then: a night is judged by the list of its own time.
    """

    place: int
    fails: bool
    required: bool
    signature: str = ""


class AlertTurn(Struct, frozen=True, kw_only=True):
    """An alert that began, showed another failure, or is over, in the night at `place`.

    `since` is the place of the first failed night, `nights` how many failed in a row. `required` says whether the test
    was required in the night at `place`.
    """

    turn: Turn
    place: int
    since: int
    nights: int
    signature: str
    required: bool = False


class Standing(Struct, frozen=True, kw_only=True):
    """How it stands with a test's alert after its newest night: whether it is open, and how it became so."""

    is_open: bool
    opened: AlertTurn | None
    newest: AlertTurn | None
    signature: str


def signature_of(cell: Cell) -> str:
    """Return how a test failed in a night: the step, or GitHub's word where it is no common one; empty if unknown."""
    failed = [one for one in cell.executions if one.state is State.FAILED]
    return _signature(failed[-1]) if failed else ""


def alike(one: str, other: str) -> bool:
    """Return whether two failures are the same one, as far as is known."""
    return not one or not other or one == other


def results_of(cells: Sequence[Cell], was_required: Callable[[int], bool]) -> list[Result]:
    """Return the nights of a test that count, the oldest first; `cells` are newest first, as a board has them."""
    return [
        Result(
            place=place,
            fails=cell.state is State.FAILED,
            required=was_required(place),
            signature=signature_of(cell) if cell.state is State.FAILED else "",
        )
        for place, cell in reversed(list(enumerate(cells)))
        if cell.state in COUNTED
    ]


def turns_of(results: Iterable[Result], rules: AlertRules) -> Iterator[AlertTurn]:
    """Yield what becomes of a test's alert, night by night, the oldest first."""
    seen: set[str] = set()
    is_open = False
    since = failed = same = passed = 0
    last = ""
    for result in results:
        if not result.fails:
            failed = same = 0
            passed += 1
            if is_open and passed >= rules.recovery_nights:
                is_open = False
                yield AlertTurn(
                    turn=Turn.CLOSED,
                    place=result.place,
                    since=since,
                    nights=0,
                    signature="",
                    required=result.required,
                )
            continue
        passed = 0
        failed += 1
        same = same + 1 if same and alike(last, result.signature) else 1
        last = result.signature or (last if same > 1 else "")
        if failed == 1 and not is_open:
            since = result.place
        lasts = failed >= rules.other_nights or (result.required and same >= rules.required_nights)
        if not is_open and lasts:
            is_open, seen = True, {last}
            yield AlertTurn(
                turn=Turn.OPENED,
                place=result.place,
                since=since,
                nights=failed,
                signature=last,
                required=result.required,
            )
        elif is_open and last and last not in seen:
            is_new = any(seen)
            seen.add(last)
            if is_new:
                yield AlertTurn(
                    turn=Turn.CHANGED,
                    place=result.place,
                    since=since,
                    nights=failed,
                    signature=last,
                    required=result.required,
                )


def turns_of_test(test: Test, rules: AlertRules) -> list[AlertTurn]:
    """Return what became of a test's alert in the nights of its board, the oldest first."""
    return list(turns_of(results_of(test.cells, test.was_required), rules))


def standing_of(test: Test, rules: AlertRules) -> Standing:
    """Return how it stands with a test's alert after the newest night that counts."""
    turns = turns_of_test(test, rules)
    newest = turns[-1] if turns else None
    opened = next((turn for turn in reversed(turns) if turn.turn is Turn.OPENED), None)
    is_open = newest is not None and newest.turn is not Turn.CLOSED
    return Standing(
        is_open=is_open,
        opened=opened if is_open else None,
        newest=newest,
        signature=newest.signature if newest is not None and is_open else "",
    )


def _signature(execution: Execution) -> str:
    step = " ".join(execution.failed_step.split())
    word = "" if execution.conclusion == UNSAID else execution.conclusion.replace("_", " ")
    return ", ".join(part for part in (step, word) if part)
