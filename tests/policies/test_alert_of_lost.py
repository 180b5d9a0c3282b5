from collections.abc import Sequence
from pathlib import Path

import pytest

from chatops.config import Community
from chatops.events import Event
from chatops.events.alerts import AlertsTurned
from chatops.policies.alert_of_lost import AlertOfLost
from tests.alerting import RUN, alert, hearing, settled
from tests.alerting import turned as opened
from tests.scene import COMMUNITY, decided, job, scene

ARM = ("arm",)


def lost(
    number: int, *, labels: tuple[str, ...] = ARM, first: int = 0, **job_is: object
) -> list[Event]:
    described = {"conclusion": "cancelled", **job_is}
    return [
        job(first + one, RUN, f"job {one}", labels=labels, **described)  # type: ignore[arg-type]  # of whatever kind each field is
        for one in range(1, number + 1)
    ]


def turned(
    folder: Path, facts: Sequence[Event], community: Community | None = None
) -> list[AlertsTurned]:
    with scene(folder, facts) as world:
        (fact,) = world.add([settled()])
        found = decided(world, AlertOfLost(), fact, community or hearing())
    assert all(isinstance(event, AlertsTurned) for event in found)
    return found  # type: ignore[return-value]  # as asserted


@pytest.mark.parametrize(
    "how",
    [{}, {"conclusion": "failure", "failed_step": "Set up job"}],
    ids=["never taken", "not set up"],
)
def test_many_jobs_that_one_kind_of_runner_lost_are_one_alert(
    tmp_path: Path, how: dict[str, object]
) -> None:
    others = lost(2, labels=("s390x",), first=100)

    (event,) = turned(tmp_path, [*lost(5, **how), *others])  # type: ignore[arg-type]  # as there

    (alert,) = event.opened
    assert (alert.subject, len(alert.jobs)) == ("Lost on arm", 5)
    assert alert.text.startswith("5 jobs of Nightly that need it were lost")


@pytest.mark.parametrize(
    "facts",
    [
        lost(4),
        lost(5, runner="arm-7"),
        lost(5, conclusion="failure", failed_step="Run tests"),
        lost(5, labels=()),
        lost(5, attempt=2),
    ],
    ids=["few", "taken", "failed", "anywhere", "another attempt"],
)
def test_what_is_no_outage_is_no_news(tmp_path: Path, facts: list[Event]) -> None:
    assert turned(tmp_path, facts) == []


@pytest.mark.parametrize(("labels", "is_told"), [("arm", False), ("s390x", True)])
def test_an_outage_of_which_is_told_already_is_not_told_again(
    tmp_path: Path, labels: str, *, is_told: bool
) -> None:
    waits = alert(f"Runner {labels}", what="runner", jobs=("job 1",))

    found = turned(tmp_path, [opened([waits], look="runner"), *lost(5)])

    assert bool(found) == is_told


@pytest.mark.parametrize(("again", "is_over"), [(3, False), (2, True)])
def test_it_is_told_once_and_over_when_fewer_than_half_are_lost(
    tmp_path: Path, again: int, *, is_over: bool
) -> None:
    (tmp_path / "before").mkdir()
    (first,) = turned(tmp_path / "before", lost(6))
    fine = lost(1, first=50, conclusion="success")

    found = turned(tmp_path, [first, *lost(again), *fine])

    assert [event.closed for event in found] == ([first.opened] if is_over else [])


def test_a_night_that_needs_no_such_runner_says_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    (first,) = turned(tmp_path / "before", lost(6))

    assert turned(tmp_path, [first, *lost(1, labels=("s390x",))]) == []


def test_where_no_channel_hears_alerts_nobody_looks(tmp_path: Path) -> None:
    assert turned(tmp_path, lost(6), COMMUNITY) == []
