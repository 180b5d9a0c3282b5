from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from chatops.answers.alert_watch import watched
from chatops.config import AlertRules, Community
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.events.alerts import AlertsTurned
from chatops.events.runs import JobCompleted, JobQueued, JobStarted, RunStarted
from chatops.names import JobId, Repo, RunId
from tests.alerting import hearing
from tests.commands.nights import night
from tests.scene import COMMUNITY, NOW, REPO, scene, under_way


def seen(
    folder: Path, facts: Sequence[Event], community: Community | None = None
) -> list[AlertsTurned]:
    with (
        scene(folder, facts) as world,
        world.knowledge(community or hearing()) as knowledge,
    ):
        return turned(knowledge)


def turned(knowledge: Knowledge) -> list[AlertsTurned]:
    """Return what turns; that a night has a message of its own is told elsewhere."""
    return [event for event in watched(knowledge) if isinstance(event, AlertsTurned)]


def queued(
    number: int, *, minutes: int = 90, labels: tuple[str, ...] = ("s390x",), run_id: int = 10
) -> JobQueued:
    return JobQueued(
        repo=REPO, run_id=RunId(run_id), attempt=1, job_id=JobId(number), name=f"job {number}",
        labels=labels, created_at=NOW - timedelta(minutes=minutes),
    )  # fmt: skip


def waiting(number: int, **job: object) -> list[Event]:
    return [under_way(10), *(queued(one, **job) for one in range(number))]  # type: ignore[arg-type]  # as there


def begun(number: int) -> JobStarted:
    return JobStarted(
        repo=REPO, run_id=RunId(10), attempt=1, job_id=JobId(number), name=f"job {number}",
        labels=("s390x",), runner="metal-1", started_at=NOW,
    )  # fmt: skip


def cancelled(number: int) -> JobCompleted:
    return JobCompleted(
        repo=REPO, run_id=RunId(10), attempt=1, job_id=JobId(number), name=f"job {number}",
        labels=("s390x",), conclusion="cancelled", completed_at=NOW,
    )  # fmt: skip


def test_a_night_that_has_not_begun_is_alerted_of_once(tmp_path: Path) -> None:
    with scene(tmp_path, night(2, nozzle="success")) as world:
        with world.knowledge(hearing()) as knowledge:
            (late,) = watched(knowledge)
        world.add([late])
        with world.knowledge(hearing()) as knowledge:
            assert watched(knowledge) == []

    assert isinstance(late, AlertsTurned)
    (one,) = late.opened
    assert (one.what, one.subject) == ("night", "Nightly")
    assert one.text.startswith("it should have begun on Wed 14 Jan at 00:00 UTC and has not;")


def test_how_late_is_too_late_is_the_communitys_to_say(tmp_path: Path) -> None:
    # The next one was due at midnight, twelve hours ago.
    facts = night(1, nozzle="success")
    patient = replace(hearing(), alert_rules=AlertRules(late_hours=13))
    (tmp_path / "patient").mkdir()

    assert len(seen(tmp_path, facts)) == 1
    assert seen(tmp_path / "patient", facts, patient) == []


def test_that_it_has_come_after_all_is_told(tmp_path: Path) -> None:
    with scene(tmp_path, night(2, nozzle="success")) as world:
        with world.knowledge(hearing()) as knowledge:
            world.add(watched(knowledge))
        world.add(night(0, nozzle="success"))
        with world.knowledge(hearing()) as knowledge:
            (over,) = turned(knowledge)

    assert ([one.subject for one in over.closed], over.over) == (["Nightly"], "ended")


def test_a_night_that_came_in_time_is_no_news(tmp_path: Path) -> None:
    assert seen(tmp_path, night(0, nozzle="success")) == []


def test_many_jobs_that_wait_for_one_kind_of_runner_are_one_alert(tmp_path: Path) -> None:
    (event,) = seen(tmp_path, [*waiting(6), queued(100, labels=("arm",))])

    (one,) = event.opened
    assert (one.what, one.subject, len(one.jobs)) == ("runner", "Runner s390x", 6)
    assert one.text == (
        "6 jobs that need it have waited for more than 60 minutes, the first since Thu 15 Jan at 10:30 UTC."
    )


@pytest.mark.parametrize(
    "facts",
    [
        waiting(4),
        waiting(6, minutes=30),
        waiting(6, minutes=25 * 60),
        waiting(6)[1:],
        [*waiting(6), *map(begun, range(3))],
        [RunStarted(repo=Repo("acme/other"), run_id=RunId(10), attempt=1, workflow="CI"), *waiting(6)[1:]],
    ],
    ids=["few", "not for long", "given up", "of no run", "begun", "of others"],
)  # fmt: skip
def test_what_does_not_wait_for_long_or_is_not_ours_is_no_news(
    tmp_path: Path, facts: list[Event]
) -> None:
    assert seen(tmp_path, facts) == []


@pytest.mark.parametrize(("left", "is_over"), [(3, False), (2, True)])
def test_it_is_over_when_fewer_than_half_wait(tmp_path: Path, left: int, *, is_over: bool) -> None:
    with scene(tmp_path, waiting(6)) as world:
        with world.knowledge(hearing()) as knowledge:
            world.add(watched(knowledge))
        world.add(map(begun, range(left, 6)))
        with world.knowledge(hearing()) as knowledge:
            found = watched(knowledge)

    assert [bool(event.closed) for event in found] == ([True] if is_over else [])  # type: ignore[attr-defined]  # turns


@pytest.mark.parametrize(
    ("hours", "later", "is_over"),
    [(1, [], False), (1, [begun(7)], True), (8 * 24, [], True)],
    ids=["cancelled", "one was taken", "long ago"],
)
def test_jobs_that_were_cancelled_while_they_waited_end_nothing(
    tmp_path: Path, hours: int, later: list[Event], *, is_over: bool
) -> None:
    with scene(tmp_path, waiting(6)) as world:
        with world.knowledge(hearing()) as knowledge:
            world.add(watched(knowledge))
        world.add([*map(cancelled, range(6)), *later])
        with world.knowledge(hearing()) as knowledge:
            found = turned(replace(knowledge, now=NOW + timedelta(hours=hours)))

    assert [bool(event.closed) for event in found] == ([True] if is_over else [])


def test_without_a_channel_nobody_looks(tmp_path: Path) -> None:
    assert seen(tmp_path, waiting(6), COMMUNITY) == []
