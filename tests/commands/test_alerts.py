from datetime import timedelta
from pathlib import Path

from chatops.commands.alerts import Alerts
from chatops.commands.why import Why
from chatops.events import Event
from chatops.events.alerts import AlertMessageWithheld, AlertsAcknowledged
from chatops.events.night_threads import NightNewsWanted
from chatops.names import CommandId, RunId
from tests.alerting import CHANNEL, NOZZLE, TANK, alert, muted, turned
from tests.commands.nights import said
from tests.scene import NOW

BOTH = turned([alert(signature="Run tests"), alert(TANK, required=False)])
SEEN = AlertsAcknowledged(
    command=CommandId("command/1"), community="acme", alerts=(alert().alert,), by="octavia", at=NOW
)
HELD = AlertMessageWithheld(
    message="m", community="acme", channel=CHANNEL, opened=(alert(),), reason="quiet",
    text="The channel rests until 07:00 (UTC), and is told then.", until=NOW, withheld_at=NOW,
)  # fmt: skip


TURNED = NightNewsWanted(
    message="n", community="acme", channel=CHANNEL, night="Wed 14 Jan", thread="1.5", run_id=RunId(1_000),
    attempt=1, workflow="Nightly", failing=(TANK,), fixed=(NOZZLE,), is_red=True, path="Nightly / engine / ",
    withheld="The channel has its rest, so it is said in the thread alone.",
    wanted_at=NOW - timedelta(hours=1),
)  # fmt: skip


def told(folder: Path, words: str, *facts: Event) -> str:
    return said(folder, Alerts, words.split(), *facts)


def test_where_nothing_is_wrong_it_says_so(tmp_path: Path) -> None:
    assert told(tmp_path, "").startswith("Nothing is alerted of now.")


def test_what_is_wrong_is_listed_with_what_people_said(tmp_path: Path) -> None:
    text = told(tmp_path, "", BOTH, SEEN, muted(TANK))

    assert text.startswith("2 alerts now.")
    assert f"{NOZZLE} required, since Wed 14 Jan, in “Run tests”, seen by octavia" in text
    until = NOW + timedelta(days=1)
    assert f"{TANK}, since Wed 14 Jan, muted until {until:%Y-%m-%d %H:%M} UTC" in text


def test_it_can_be_asked_of_one_job(tmp_path: Path) -> None:
    text = told(tmp_path, "tank", BOTH)

    assert text.startswith("1 alert about tank now.")
    assert NOZZLE not in text


def test_why_a_channel_was_not_told_is_told(tmp_path: Path) -> None:
    text = told(tmp_path, "nozzle", HELD)

    assert f"{CHANNEL}: {NOZZLE}. The channel rests until 07:00 (UTC), and is told then." in text


def test_why_answers_it_too(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    text = said(tmp_path, Why, ["not", "told", "nozzle"], HELD)

    assert text.startswith("1 message of nozzle held back lately.")
    assert "The channel rests until 07:00 (UTC), and is told then." in text
    nothing = said(tmp_path / "other", Why, ["not", "told"])
    assert nothing.startswith("Nothing was held back from a channel lately.")


def test_a_turn_of_a_night_that_a_resting_channel_was_not_shown_is_told(tmp_path: Path) -> None:
    text = said(tmp_path, Why, ["not", "told"], HELD, TURNED)

    assert text.startswith("2 messages held back lately.")
    first, second = text.index(f"{CHANNEL}: {NOZZLE}. The channel rests"), text.index("Wed 14 Jan")
    assert first < second
    assert (
        f"{CHANNEL}: the night of Wed 14 Jan turned red, by tank. "
        "The channel has its rest, so it is said in the thread alone."
    ) in text


def test_of_one_job_only_the_turns_that_it_made_are_told(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()

    assert "1 message of tank held back" in said(tmp_path, Why, ["not", "told", "tank"], TURNED)
    nothing = said(tmp_path / "other", Why, ["not", "told", "nozzle"], TURNED)
    assert nothing.startswith("Nothing of nozzle was held back from a channel lately.")
