from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from chatops.commands.cancel import Cancel
from chatops.commands.help import Help
from chatops.commands.label import Label
from chatops.commands.undo import Undo
from chatops.engine.answer import Answer, Tone, as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.approvals import ApprovalStatusRequested
from chatops.events.cancels import CancelAccepted, CancelRequested
from chatops.events.changes import LabelsChanged, LabelsRequested
from chatops.events.conversation import (
    CommandAccepted,
    CommandReceived,
    CommandTakenBack,
    EffectFailed,
)
from chatops.events.merges import MergeCancelled, MergeCancelRequested
from chatops.names import CommandId, PullNumber, RunId
from chatops.ports import Permission
from tests.scene import (
    COMMAND,
    COMMUNITY,
    HEAD,
    NOW,
    PULL,
    REPO,
    issue,
    pull,
    received,
    scene,
    story,
)

UNDO = CommandId("command/github/comment/99/0/0")
MAINTAINER = Standing(permission=Permission.WRITE, issue=issue(labels=("a", "b", "c")))


def asked_before(place: int, verb: str, **changes: object) -> CommandReceived:
    command = CommandId(f"command/github/comment/{place}/0/0")
    said_at = NOW - timedelta(minutes=9 - place)
    return received(**{"command": command, "verb": verb, "said_at": said_at, **changes})


def accepted(asked: CommandReceived, *more: Event) -> list[Event]:
    return [asked, CommandAccepted(command=asked.command), *more]


def labelled(place: int, label: str, **changes: object) -> list[Event]:
    asked = asked_before(place, "label", words=(label,), **changes)
    done = LabelsChanged(command=asked.command, repo=REPO, number=PULL, added=(label,))
    return accepted(asked, done)


def undo(
    folder: Path,
    facts: Sequence[Event],
    *words: str,
    standing: Standing = MAINTAINER,
    **changes: object,
) -> list[Event]:
    """Decide an undo after some commands, each with a story of its own."""
    there = pull(labels=("a", "b", "c"))
    asked = received(**{"command": UNDO, "verb": "undo", "words": words, **changes})
    with scene(folder, [there, *facts]) as world, world.knowledge() as bare:
        knowledge = Knowledge(
            db=bare.db,
            community=COMMUNITY,
            now=NOW,
            commands={"label": Label, "help": Help, "cancel": Cancel, "undo": Undo},
            story=stories(facts),
            log=world.log,
        )
        undo = Undo.parse(words)
        grant = Grant(ground="anyone")
        return list(undo.decide(Asked(received=asked, standing=standing, grant=grant), knowledge))


def stories(facts: Sequence[Event]) -> Callable[[CommandId], Story]:
    def tell(command: CommandId) -> Story:
        return story(*(fact for fact in facts if getattr(fact, "command", "") == command))

    return tell


def refusal(folder: Path, facts: Sequence[Event], *words: str, **changes: object) -> Refused:
    with pytest.raises(Refused) as refused:
        undo(folder, facts, *words, **changes)  # type: ignore[arg-type]  # of whatever kind
    return refused.value


def test_the_newest_command_that_changed_anything_is_taken_back(tmp_path: Path) -> None:
    facts = [*labelled(1, "a"), *labelled(2, "b"), *accepted(asked_before(3, "help"))]

    taken, wanted = undo(tmp_path, facts)

    assert isinstance(taken, CommandTakenBack)
    assert taken.undone == "command/github/comment/2/0/0"
    assert taken.said == "label b"
    assert isinstance(wanted, LabelsRequested)
    assert (wanted.command, wanted.remove) == (UNDO, ("b",))


def test_what_only_looked_is_passed_over(tmp_path: Path) -> None:
    facts = [*labelled(1, "a"), *accepted(asked_before(2, "cancel"))]

    taken, _ = undo(tmp_path, facts)

    assert isinstance(taken, CommandTakenBack)
    assert taken.said == "label a"


def test_of_one_second_the_one_that_came_last_is_taken_back(tmp_path: Path) -> None:
    moment = NOW - timedelta(minutes=1)
    facts = [*labelled(2, "a", said_at=moment), *labelled(1, "b", said_at=moment)]

    with scene(tmp_path, [pull(labels=("a", "b"))]) as world:
        for fact in facts:
            world.add([fact], correlation_id=getattr(fact, "command", ""))
        with world.knowledge() as bare:
            knowledge = replace(
                bare, log=world.log, now=NOW, commands={"label": Label}, story=stories(facts)
            )
            asked = received(command=UNDO, verb="undo")
            decided = Undo.parse(()).decide(
                Asked(received=asked, standing=MAINTAINER, grant=Grant(ground="anyone")), knowledge
            )

    taken = decided[0]
    assert isinstance(taken, CommandTakenBack)
    assert taken.said == "label b"


def test_what_was_taken_back_is_passed_over(tmp_path: Path) -> None:
    before = CommandTakenBack(
        command=CommandId("command/github/comment/3/0/0"),
        undone=CommandId("command/github/comment/2/0/0"),
        said="label b",
    )

    taken, _ = undo(tmp_path, [*labelled(1, "a"), *labelled(2, "b"), before])

    assert isinstance(taken, CommandTakenBack)
    assert taken.said == "label a"


@pytest.mark.parametrize(
    "changes",
    [
        {"by": "octocat"},
        {"number": PullNumber(8)},
        {"said_at": NOW - timedelta(minutes=11)},
    ],
)
def test_what_others_said_or_long_ago_or_elsewhere_is_not_meant(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    refused = refusal(tmp_path, labelled(1, "a", **changes))

    assert refused.reason == "nothing_to_undo"


def test_a_command_can_be_named_whoever_said_it(tmp_path: Path) -> None:
    facts = [*labelled(1, "a", by="octocat"), *labelled(2, "b")]

    taken, _ = undo(tmp_path, facts, "github/comment/1/0/0")

    assert isinstance(taken, CommandTakenBack)
    assert taken.said == "label a"


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ([], "no_such_command"),
        (labelled(1, "a", number=PullNumber(8)), "no_such_command"),
        ([asked_before(1, "label")], "not_accepted"),
        (labelled(1, "a", said_at=NOW - timedelta(minutes=11)), "too_late"),
    ],
)
def test_what_is_named_must_be_there_and_new(
    tmp_path: Path, facts: list[Event], reason: str
) -> None:
    assert refusal(tmp_path, facts, "command/github/comment/1/0/0").reason == reason


def test_what_is_named_is_taken_back_once(tmp_path: Path) -> None:
    facts = labelled(1, "a")
    before = CommandTakenBack(command=UNDO, undone=facts[0].command, said="label a")  # type: ignore[attr-defined]  # it is a request

    refused = refusal(tmp_path, [*facts, before], "github/comment/1/0/0")

    assert refused.reason == "undone"


def test_whoever_may_not_say_it_may_not_take_it_back(tmp_path: Path) -> None:
    reader = Standing(permission=Permission.READ)

    refused = refusal(tmp_path, labelled(1, "a"), standing=reader)

    assert refused.reason == "not_permitted"
    assert "`label`" in refused.text


def test_what_cannot_be_taken_back_says_what_to_do(tmp_path: Path) -> None:
    asked = asked_before(1, "cancel")
    stopped = CancelRequested(
        command=asked.command, repo=REPO, run_id=RunId(1), attempt=2, workflow="CI"
    )

    refused = refusal(tmp_path, accepted(asked, stopped))

    assert refused.reason == "irreversible"
    assert "/retest" in refused.text


def test_more_than_one_command_is_refused() -> None:
    with pytest.raises(Refused, match="one command's id"):
        Undo.parse(["a", "b"])


def test_now_is_no_command() -> None:
    assert Undo.parse(["now"]) == Undo()


def tell(folder: Path, *events: Event) -> Answer:
    with scene(folder) as world, world.knowledge() as knowledge:
        return Undo.tell(story(*events), knowledge)


TAKEN = CommandTakenBack(command=UNDO, undone=COMMAND, said="label bug")
ASKED = LabelsRequested(command=UNDO, repo=REPO, number=PULL, remove=("bug",))
DONE = LabelsChanged(command=UNDO, repo=REPO, number=PULL, removed=("bug",))


def test_success_is_quiet(tmp_path: Path) -> None:
    answer = tell(tmp_path, TAKEN, ASKED, DONE)

    assert (as_text(answer), answer.quiet) == ("I took back /label bug.", True)


def test_until_it_is_done_it_is_being_done(tmp_path: Path) -> None:
    assert tell(tmp_path, TAKEN, ASKED).tone is Tone.BUSY


def test_what_only_shows_how_things_are_is_not_waited_for(tmp_path: Path) -> None:
    shows = ApprovalStatusRequested(
        repo=REPO, number=PULL, sha=HEAD, context="x", state="pending", description="", because="x"
    )

    assert tell(tmp_path, TAKEN, ASKED, shows, DONE).tone is Tone.GOOD


def test_a_merge_that_is_no_longer_to_be_is_taken_back(tmp_path: Path) -> None:
    taken = msgspec.structs.replace(TAKEN, said="merge")
    asked = MergeCancelRequested(command=UNDO, repo=REPO, number=PULL)
    done = MergeCancelled(command=UNDO, repo=REPO, number=PULL)

    assert tell(tmp_path, taken, asked).tone is Tone.BUSY
    assert tell(tmp_path, taken, asked, done).tone is Tone.GOOD


def test_what_did_not_work_is_said_aloud(tmp_path: Path) -> None:
    failed = EffectFailed(effect="x", request="r", stream_of=UNDO, text="The thread is locked.")

    answer = tell(tmp_path, TAKEN, ASKED, failed)

    assert not answer.quiet
    assert "I could not take back all of /label bug." in as_text(answer)
    assert "The thread is locked." in as_text(answer)


def test_a_run_that_was_stopped_is_no_run_undone(tmp_path: Path) -> None:
    taken = msgspec.structs.replace(TAKEN, said="retest")
    asked = CancelRequested(command=UNDO, repo=REPO, run_id=RunId(1), attempt=2, workflow="CI")
    done = CancelAccepted(command=UNDO, repo=REPO, run_id=RunId(1), workflow="CI")

    answer = tell(tmp_path, taken, asked, done)

    assert as_text(answer).startswith("What has run cannot be made undone, so I stopped what")
    assert not answer.quiet


def test_who_came_second_is_told(tmp_path: Path) -> None:
    assert as_text(tell(tmp_path)) == "That has been taken back already."


def test_without_a_place_what_was_asked_for_elsewhere_is_named(tmp_path: Path) -> None:
    in_slack: dict[str, Any] = {"surface": "slack", "by": "U1"}
    labelling = labelled(1, "a", **in_slack)

    with pytest.raises(Refused, match=r"`label` on #7. Say `/undo #7`") as refused:
        undo(tmp_path, labelling, **in_slack, number=0)

    assert refused.value.reason == "elsewhere"
