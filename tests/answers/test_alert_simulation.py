from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from msgspec import structs

from chatops.answers.alert_simulation import Simulated, simulated
from chatops.answers.nights import night_board
from chatops.config import AlertRules
from chatops.events import Event
from tests.alerting import hearing, nights, required
from tests.scene import NOW, scene

NAIVE = AlertRules(required_nights=1, other_nights=1, recovery_nights=1)


def simulate(folder: Path, facts: Sequence[Event], rules: AlertRules | None = None) -> Simulated:
    community = hearing()
    with scene(folder, facts) as world, world.knowledge(community) as knowledge:
        board = night_board(
            knowledge.db, community.repositories, community.nightly, now=knowledge.now
        )
        wants = {"nozzles": lambda name, _: "nozzle" in name, "all": lambda _name, _required: True}
        return simulated(board, rules or community.alert_rules, community, wants)


def test_the_rules_and_the_naive_ones_are_compared_on_the_same_nights(tmp_path: Path) -> None:
    facts = [*nights(nozzle=".FF...F.", tank="FFF..F..", fin="F..F...F"), required("nozzle")]
    (tmp_path / "naive").mkdir()

    ours, naive = simulate(tmp_path, facts), simulate(tmp_path / "naive", facts, NAIVE)

    assert (ours.nights, ours.tests, ours.required_tests) == (8, 3, 1)
    assert (ours.required, ours.others, ours.closed) == (1, 1, 2)
    assert (naive.required, naive.others) == (2, 5)
    assert ours.required_a_night == 1 / 8
    assert (ours.streaks, ours.missed, naive.missed) == (1, 0, 0)


def test_each_channel_counts_its_own_posts_and_whom_they_call(tmp_path: Path) -> None:
    found = simulate(tmp_path, [*nights(nozzle=".FF..", tank=".FFF."), required("nozzle")])

    nozzles, everything = found.channels
    assert (nozzles.posts, nozzles.mentions, nozzles.alerts) == (2, 1, 1)
    assert (everything.posts, everything.mentions, everything.alerts) == (3, 1, 2)


def test_rules_that_overlook_a_streak_say_so(tmp_path: Path) -> None:
    slow = AlertRules(required_nights=3, other_nights=3)

    found = simulate(tmp_path, [*nights(nozzle=".FF.FFF."), required("nozzle")], slow)

    assert (found.streaks, found.missed) == (2, 1)


def test_what_was_broken_from_the_first_night_on_is_counted_apart(tmp_path: Path) -> None:
    facts = [*nights(nozzle="FFF..", tank=".FF.."), required("nozzle", "tank")]

    found = simulate(tmp_path, facts)

    assert (found.required, found.from_the_first) == (2, 1)


def test_without_nights_there_is_nothing(tmp_path: Path) -> None:
    found = simulate(tmp_path, [])

    assert (found.nights, found.required_a_night, found.streaks) == (0, 0.0, 0)


def test_each_night_is_judged_by_what_was_required_in_it(tmp_path: Path) -> None:
    later = structs.replace(
        required("tank"), fingerprint="2", follows="1", seen_at=NOW - timedelta(days=3)
    )
    first = structs.replace(required("nozzle"), seen_at=NOW - timedelta(days=9))
    facts = [*nights(nozzle=".FF..FF.", tank=".FF..FF."), first, later]

    found = simulate(tmp_path, facts)

    # The nozzle's row was required, and later the tank's; the other two were not.
    assert (found.required_tests, found.required, found.others) == (2, 2, 0)
    assert (found.streaks, found.missed) == (2, 0)
