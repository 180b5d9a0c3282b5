from datetime import timedelta
from pathlib import Path

import pytest

from chatops.events.alerts import AlertMessageWithheld
from chatops.projections.alert_messages import (
    held_until,
    message_called,
    messages_of_alerts,
    newest_held,
)
from tests.alerting import CHANNEL, alert, sent, wanted
from tests.scene import NOW, scene

HELD = AlertMessageWithheld(
    message="m", community="acme", channel=CHANNEL, opened=(alert(),), reason="quiet", text="It rests.",
    until=NOW + timedelta(hours=2), withheld_at=NOW,
)  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
def test_the_message_that_told_an_alert_is_found_by_it(tmp_path: Path, order: int) -> None:
    with scene(tmp_path, [wanted(), sent()][::order]) as world, world.knowledge() as knowledge:
        found = messages_of_alerts(knowledge.db, "acme", [alert().alert, "another"])

    (message,) = found.values()
    assert set(found) == {(CHANNEL, alert().alert)}
    assert (message.name, message.news) == ("1.5", wanted().news)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_messages_the_first_counts(tmp_path: Path, order: int) -> None:
    again = wanted(message="later", wanted_at=NOW + timedelta(hours=1))

    with scene(tmp_path, [wanted(), again][::order]) as world, world.knowledge() as knowledge:
        (message,) = messages_of_alerts(knowledge.db, "acme", [alert().alert]).values()

    assert message.message == wanted().message


def test_a_message_that_was_not_wanted_is_not_known(tmp_path: Path) -> None:
    with scene(tmp_path, [sent()]) as world, world.knowledge() as knowledge:
        assert message_called(knowledge.db, sent().message) is None
        assert message_called(knowledge.db, "never heard of") is None


def test_what_is_held_back_is_due_when_its_time_has_come(tmp_path: Path) -> None:
    with scene(tmp_path, [HELD]) as world, world.knowledge() as knowledge:
        assert held_until(knowledge.db, "acme", NOW, NOW + timedelta(hours=1)) == []
        (held,) = held_until(knowledge.db, "acme", NOW, NOW + timedelta(hours=2))
        assert newest_held(knowledge.db, "acme", 5) == [held]
        assert newest_held(knowledge.db, "other", 5) == []

    assert (held.channel, held.reason, held.text) == (CHANNEL, "quiet", "It rests.")
    assert (held.news.opened, held.at) == ((alert(),), NOW)
