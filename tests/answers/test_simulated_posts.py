from collections.abc import Sequence
from pathlib import Path

import pytest

from chatops.answers.nights import night_board
from chatops.answers.simulated_posts import digests_posted, night_messages
from chatops.config import Alerts, Channel, Digest
from chatops.events import Event
from tests.alerting import nights, required
from tests.scene import COMMUNITY, scene


def heard(folder: Path, facts: Sequence[Event], channel: Channel) -> tuple[int, tuple[int, int]]:
    """Return how many digests, messages of nights and turns there are; the newest night is a Thursday's."""
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        board = night_board(
            knowledge.db, COMMUNITY.repositories, COMMUNITY.nightly, now=knowledge.now
        )
    everything = lambda _name, _required: True  # noqa: E731 - two lines would say no more
    return (
        digests_posted(board, channel, everything),
        night_messages(board, channel, everything),
    )


@pytest.mark.parametrize(
    ("rows", "digest", "posted"),
    [
        ({"nozzle": ".F.F."}, Digest(), 4),
        ({"nozzle": ".FFF."}, Digest(), 2),
        ({"nozzle": "....."}, Digest(), 0),
        ({"nozzle": "FFFFF"}, Digest(), 0),
        ({"nozzle": ".FcF."}, Digest(), 2),
        ({"nozzle": "....."}, Digest(when="always"), 5),
        ({"nozzle": "....."}, Digest(weekly="thu"), 1),
        # From Sunday to Thursday; what broke and was mended between two digests is no news.
        ({"nozzle": ".F..."}, Digest(weekdays=("sun", "wed", "thu")), 0),
        ({"nozzle": ".F.F."}, Digest(weekdays=("mon", "tue", "wed", "thu", "fri")), 3),
    ],
)
def test_a_digest_is_posted_when_something_has_changed_on_one_of_its_days(
    tmp_path: Path, rows: dict[str, str], digest: Digest, posted: int
) -> None:
    found, _ = heard(tmp_path, nights(**rows), Channel(key="C1", digest=digest))

    assert found == posted


@pytest.mark.parametrize(
    ("alerts", "told"),
    [(None, (0, 0)), (Alerts(thread=False), (0, 0)), (Alerts(thread=True), (5, 2))],
)
def test_each_night_has_a_message_and_is_shown_again_when_it_has_turned(
    tmp_path: Path, alerts: Alerts | None, told: tuple[int, int]
) -> None:
    facts = [*nights(nozzle=".FF..", tank=".F.F."), required("nozzle")]

    _, found = heard(tmp_path, facts, Channel(key="C1", alerts=alerts))

    assert found == told


def test_a_channel_without_a_digest_gets_none(tmp_path: Path) -> None:
    found, _ = heard(tmp_path, nights(nozzle=".F"), Channel(key="C1"))

    assert found == 0
