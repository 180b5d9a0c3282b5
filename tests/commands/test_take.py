from collections.abc import Sequence
from pathlib import Path

import pytest

from chatops.commands.take import Take
from chatops.engine.answer import as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.alerts import AlertsAssigned
from chatops.names import CommandId, Login
from tests.alerting import NOZZLE, TANK, alert, turned
from tests.scene import NOW, received, scene, story

ASKED = Asked(
    received=received(verb="take"),
    standing=Standing(login=Login("mona")),
    grant=Grant(ground="permission triage"),
)
BOTH = turned([alert(), alert(TANK)])


def taken(to: str, minute: int = 0) -> AlertsAssigned:
    return AlertsAssigned(
        command=CommandId(f"command/{minute}"), community="acme", alerts=(alert().alert,),
        subjects=(NOZZLE,), to=to, by="mona", at=NOW.replace(minute=minute),
    )  # fmt: skip


def decide(folder: Path, words: Sequence[str], *facts: Event) -> AlertsAssigned:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        (event,) = Take.parse(words).decide(ASKED, knowledge)
    assert isinstance(event, AlertsAssigned)
    return event


@pytest.mark.parametrize(
    ("words", "to"),
    [
        (["nozzle"], "mona"),
        (["nozzle", "@octavia"], "octavia"),
        (["nozzle", "nobody"], ""),
    ],
)
def test_somebody_looks_after_it(tmp_path: Path, words: list[str], to: str) -> None:
    before = [taken("hubot")]
    event = decide(tmp_path, words, BOTH, *before)

    assert (event.subjects, event.to, event.by) == ((NOZZLE,), to, "mona")


def test_who_looks_after_it_already_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="mona looks after that already"):
        decide(tmp_path, ["nozzle"], BOTH, taken("mona"))


def undo(folder: Path, said: AlertsAssigned, *facts: Event) -> Sequence[Event]:
    with scene(folder, [BOTH, said, *facts]) as world, world.knowledge() as knowledge:
        return Take.taken_back(story(received(verb="take"), said), ASKED, knowledge)


def test_it_can_be_taken_back(tmp_path: Path) -> None:
    (event,) = undo(tmp_path, taken("mona"))

    assert isinstance(event, AlertsAssigned)
    assert (event.to, event.alerts) == ("", (alert().alert,))


@pytest.mark.parametrize(
    ("said", "since", "reason"),
    [
        (taken("mona"), [taken("octavia", 5)], "changed_since"),
        (taken(""), [], "irreversible"),
    ],
)
def test_what_somebody_said_since_stays(
    tmp_path: Path, said: AlertsAssigned, since: list[Event], reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        undo(tmp_path, said, *since)

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("to", "verdict"), [("mona", "mona looks after 1 alert."), ("", "1 alert: free again.")]
)
def test_the_answer_says_who_does(tmp_path: Path, to: str, verdict: str) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        text = as_text(Take.tell(story(received(verb="take"), taken(to)), knowledge))

    assert text.startswith(verdict)
    assert NOZZLE in text
