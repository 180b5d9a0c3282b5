from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatops.answers.night_schedule import GRACE, next_start
from chatops.answers.nights import night_board
from chatops.config import NightlyWorkflow
from tests.builders import MORNING, PASS, REPO, TODAY, WORKFLOW, night, nights_database

THURSDAY, FRIDAY, SATURDAY, MONDAY = (
    datetime(2026, 8, day, tzinfo=UTC) for day in (20, 21, 22, 24)
)


def workflow(cadence: str = "daily", hour: int = 0) -> NightlyWorkflow:
    return NightlyWorkflow(name=WORKFLOW, file="n.yaml", cadence=cadence, hour=hour)  # type: ignore[arg-type]  # one of three


@pytest.mark.parametrize(
    ("cadence", "began", "following"),
    [
        ("daily", FRIDAY, SATURDAY),
        ("weekdays", THURSDAY, FRIDAY),
        ("weekdays", FRIDAY, MONDAY),
        ("weekly", FRIDAY, FRIDAY + timedelta(days=7)),
    ],
)
def test_the_next_night_comes_as_often_as_configured(
    cadence: str, began: datetime, following: datetime
) -> None:
    assert next_start(workflow(cadence), began) == following


def test_a_night_that_began_late_does_not_put_off_the_next_one() -> None:
    assert next_start(workflow(hour=5), FRIDAY + timedelta(hours=9)) == SATURDAY + timedelta(
        hours=5
    )


def test_only_a_night_that_is_due_and_does_not_come_is_late(tmp_path: Path) -> None:
    due_at = TODAY + timedelta(days=1)
    with nights_database(tmp_path, night(0, {"a": PASS})) as db:
        boards = [
            night_board(db, [REPO], [workflow()], now=now)
            for now in (MORNING, due_at + GRACE, due_at + GRACE + timedelta(seconds=1))
        ]

    assert [board.is_overdue for board in boards] == [False, False, True]
    [late] = boards[-1].late
    assert (late.workflow, late.due_at) == (WORKFLOW, due_at)


def test_a_weekly_workflow_is_not_late_after_a_day(tmp_path: Path) -> None:
    with nights_database(tmp_path, night(0, {"a": PASS})) as db:
        board = night_board(db, [REPO], [workflow("weekly")], now=MORNING + timedelta(days=2))

    assert not board.is_overdue


def test_of_a_workflow_that_never_ran_nothing_is_said(tmp_path: Path) -> None:
    other = NightlyWorkflow(name="Another", file="a.yaml")
    with nights_database(tmp_path, night(0, {"a": PASS})) as db:
        board = night_board(db, [REPO], [other], now=MORNING + timedelta(days=9))

    assert board.late == ()
