from datetime import timedelta
from pathlib import Path

from msgspec.structs import replace

from chatops.events.night_threads import NightNewsWanted
from chatops.names import RunId
from chatops.projections.withheld_turns import newest_turns
from tests.scene import NOW, scene

RED = NightNewsWanted(
    message="a", community="acme", channel="C1", night="Wed 14 Jan", thread="1.5", run_id=RunId(10),
    attempt=1, workflow="Nightly", failing=("Nightly / a",), fixed=("Nightly / b",), is_red=True,
    withheld="It rests.", path="Nightly / ", wanted_at=NOW,
)  # fmt: skip
GREEN = replace(RED, attempt=2, is_red=False, wanted_at=NOW + timedelta(hours=1))


def test_what_turned_a_night_is_known_the_newest_first(tmp_path: Path) -> None:
    with scene(tmp_path, [RED, GREEN]) as world, world.knowledge() as knowledge:
        green, red = newest_turns(knowledge.db, "acme", 5)
        assert newest_turns(knowledge.db, "acme", 1) == [green]
        assert newest_turns(knowledge.db, "rockets", 5) == []

    assert (red.channel, red.night, red.is_red) == ("C1", "Wed 14 Jan", True)
    assert (red.jobs, red.path) == (("Nightly / a",), "Nightly / ")
    assert (red.text, red.at) == ("It rests.", NOW)
    assert (green.is_red, green.jobs) == (False, ("Nightly / b",))


def test_what_was_shown_and_what_turned_nothing_is_not_kept(tmp_path: Path) -> None:
    shown = replace(RED, withheld="", is_shown=True)
    with scene(tmp_path, [shown]) as world, world.knowledge() as knowledge:
        assert newest_turns(knowledge.db, "acme", 5) == []
