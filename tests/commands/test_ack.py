from collections.abc import Sequence
from pathlib import Path

import pytest

from chatops.commands.ack import Ack
from chatops.engine.answer import as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.alerts import AlertsAcknowledged
from chatops.names import CommandId, Login
from tests.alerting import NOZZLE, TANK, alert, turned
from tests.scene import NOW, received, scene, story

ASKED = Asked(
    received=received(verb="ack"),
    standing=Standing(login=Login("mona")),
    grant=Grant(ground="permission triage"),
)
BOTH = turned([alert(), alert(TANK)])
SEEN = AlertsAcknowledged(
    command=CommandId("command/1"), community="acme", alerts=(alert().alert,), subjects=(NOZZLE,),
    by="octavia", at=NOW,
)  # fmt: skip


def decide(folder: Path, words: Sequence[str], *facts: Event) -> AlertsAcknowledged:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        (event,) = Ack.parse(words).decide(ASKED, knowledge)
    assert isinstance(event, AlertsAcknowledged)
    return event


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (["nozzle"], (NOZZLE,)),
        ([NOZZLE], (NOZZLE,)),
        ([NOZZLE, TANK], (NOZZLE, TANK)),
        (["all"], (NOZZLE, TANK)),
        (["*"], (NOZZLE, TANK)),
    ],
)
def test_alerts_are_named_as_jobs_are(
    tmp_path: Path, words: list[str], seen: tuple[str, ...]
) -> None:
    event = decide(tmp_path, words, BOTH)

    assert (event.subjects, event.by) == (seen, "mona")


def test_a_single_alert_need_not_be_named(tmp_path: Path) -> None:
    assert decide(tmp_path, [], turned([alert()])).alerts == (alert().alert,)


@pytest.mark.parametrize(
    ("words", "facts", "reason"),
    [
        ([], [], "as_it_is"),
        ([], [BOTH], "usage"),
        (["fin"], [BOTH], "no_such_job"),
        (["nozzle"], [BOTH, SEEN], "as_it_is"),
    ],
    ids=["none", "which", "unknown", "seen already"],
)
def test_what_cannot_be_acknowledged_is_refused(
    tmp_path: Path, words: list[str], facts: list[Event], reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        decide(tmp_path, words, *facts)

    assert refused.value.reason == reason


def test_the_answer_says_what_was_seen(tmp_path: Path) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        text = as_text(Ack.tell(story(received(verb="ack"), SEEN), knowledge))

    assert text.startswith("octavia has seen 1 alert.")
    assert NOZZLE in text
