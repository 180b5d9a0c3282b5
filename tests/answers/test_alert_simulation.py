from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from chatops.answers.alert_simulation import Simulated, simulated
from chatops.answers.nights import night_board
from chatops.config import AlertRules, Alerts, Channel, Digest
from chatops.events import Event
from chatops.events.alerts import AlertsTurned
from chatops.policies.raise_alerts import RaiseAlerts
from tests.alerting import hearing, nights, required, settled
from tests.commands.nights import night
from tests.scene import NOW, decided, scene

LENGTH = 8
NOZZLES = Channel(key="C0", name="nozzles", alerts=Alerts(), digest=Digest())
WORDS = {".": "success", "F": "failure", "c": "cancelled"}
NAIVE = AlertRules(required_nights=1, other_nights=1, recovery_nights=1)


def simulate(folder: Path, facts: Sequence[Event], rules: AlertRules | None = None) -> Simulated:
    community = hearing()
    with scene(folder, facts) as world, world.knowledge(community) as knowledge:
        board = night_board(
            knowledge.db, community.repositories, community.nightly, now=knowledge.now
        )
        quiet = Channel(key="C2", alerts=Alerts(mentions=False))
        wants = [
            (NOZZLES, lambda name, _: "nozzle" in name),
            (Channel(key="C1", alerts=Alerts(thread=False)), lambda _name, _required: True),
            (quiet, lambda _name, _required: True),
            (Channel(key="C3", digest=Digest()), lambda _name, _required: True),
        ]
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

    nozzles, everything, quiet, daily = found.channels
    assert (daily.posts, daily.mentions, daily.alerts, daily.digests) == (0, 0, 0, 3)
    assert (nozzles.channel, nozzles.digests, nozzles.nights, nozzles.turns) == ("nozzles", 2, 5, 2)
    assert (everything.digests, everything.nights, everything.turns) == (0, 0, 0)
    assert (quiet.posts, quiet.mentions) == (3, 0)
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


ROWS = st.dictionaries(
    st.sampled_from(["nozzle", "tank", "fin"]),
    st.text(alphabet=".FFc", min_size=LENGTH, max_size=LENGTH),
    min_size=1,
)


@settings(max_examples=15, deadline=timedelta(seconds=60))
@given(rows=ROWS, late=st.integers(0, LENGTH))
def test_what_is_counted_is_what_the_policy_raises_night_by_night(
    rows: dict[str, str], late: int
) -> None:
    """The nozzle is required from the first night on, the tank from some later one."""
    at = NOW - timedelta(days=LENGTH + 1)
    lists = [
        structs.replace(required("nozzle"), seen_at=at),
        structs.replace(
            required("nozzle", "tank"),
            fingerprint="2",
            follows="1",
            seen_at=at + timedelta(days=late),
        ),
    ]
    raised = Counter[tuple[str, bool]]()
    with TemporaryDirectory() as folder, scene(Path(folder), lists) as world:
        for days_ago in reversed(range(LENGTH)):
            place = LENGTH - 1 - days_ago
            world.add(night(days_ago, **{name: WORDS[row[place]] for name, row in rows.items()}))
            (fact,) = world.add([settled(days_ago=days_ago)])
            for event in decided(world, RaiseAlerts(), fact, hearing()):
                assert isinstance(event, AlertsTurned)
                world.add([event])
                raised.update(("opened", alert.required) for alert in event.opened)
                raised.update(("closed", True) for _ in event.closed)
    with TemporaryDirectory() as folder:
        facts = [*lists, *nights(**rows)]
        found = simulate(Path(folder), facts)

    assert (found.required, found.others) == (raised["opened", True], raised["opened", False])
    assert found.closed == raised["closed", True]
