from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from msgspec import structs
from msgspec.structs import replace
from sqlalchemy import event

from chatops.answers.run_history import WEEKS, run_history
from chatops.events import Event
from tests.commands.nights import night
from tests.pulls import RULES, opened, ran
from tests.scene import NOW, Scene, TickingClock, scene

FAILED, PASSED = "failure:Run tests", "success"
FLAKED = [
    RULES,
    *night(80, nozzle=["failure", "success"]),
    *night(1, nozzle=["failure", "success"]),
    opened(1),
    *ran(1, {"test (a)": FAILED}),
    *ran(1, {"test (a)": PASSED}, attempt=2),
]


@contextmanager
def statements(world: Scene) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_db: object, _cursor: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(world.log.database.reading, "before_cursor_execute", note)
    yield said
    event.remove(world.log.database.reading, "before_cursor_execute", note)


def test_what_is_too_old_is_forgotten_with_what_was_made_of_it(tmp_path: Path) -> None:
    with scene(tmp_path, FLAKED) as world, world.knowledge() as knowledge:
        before = run_history(knowledge)
        in_a_while = replace(knowledge, now=knowledge.now + timedelta(weeks=2))
        later, fresh = run_history(in_a_while, before), run_history(in_a_while)

    assert len(before.runs) == len(later.runs) + 1
    assert (later.runs, later.groups, later.seen) == (fresh.runs, fresh.groups, fresh.seen)
    assert later.weeks == fresh.weeks
    assert min(later.weeks) >= later.first_day(WEEKS)


def test_another_list_of_required_tests_is_counted_by_at_once(tmp_path: Path) -> None:
    with scene(tmp_path, FLAKED, clock=TickingClock()) as world:
        with world.knowledge() as knowledge:
            before = run_history(knowledge)
        changed = structs.replace(
            RULES, names=("CI / lint",), sets=(), paths=(), fingerprint="2",
            seen_at=NOW + timedelta(minutes=1),
        )  # fmt: skip
        world.add([changed])
        with world.knowledge() as knowledge:
            later = run_history(knowledge, before)

    assert [run.needed.number for run in before.runs.values() if run.numbers] == [1]
    assert [run.needed.number for run in later.runs.values() if run.numbers] == [0]


def test_many_runs_take_as_many_questions_as_a_few(tmp_path: Path) -> None:
    asked = []
    for folder, most in ((tmp_path / "few", 2), (tmp_path / "many", 40)):
        folder.mkdir()
        events: list[Event] = [RULES]
        for number in range(1, most):
            events += [opened(number), *ran(number, {"test (a)": FAILED, "build": PASSED})]
        with scene(folder, events) as world, world.knowledge() as knowledge:
            with statements(world) as said:
                run_history(knowledge)
            asked.append(len(said))

    assert asked[0] == asked[1]
