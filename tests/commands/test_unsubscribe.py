from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.commands.unsubscribe import Unsubscribe
from chatops.engine.answer import as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.identities import IdentityLinked
from chatops.events.subscriptions import SubscriptionBegun, SubscriptionEnded, Topic
from chatops.events.tables import RowsShown
from chatops.names import CommandId, Login, PullNumber
from chatops.projections.subscriptions import JOB, JOBS, NIGHTLY, pull_topic
from tests.scene import COMMAND, NOW, PULL, REPO, pull, received, scene, story

MONA = Login("mona")
LINKED = IdentityLinked(
    command=CommandId("command/slack/1"), team="T1", user="U0MONA", login=MONA, github_id=1,
    at=NOW - timedelta(days=1),
)  # fmt: skip
NIGHT = Topic(what=NIGHTLY)
NOZZLE = Topic(what=JOB, name="Nightly / engine / nozzle")
TANKS = Topic(what=JOBS, name="*tank*")
SEVEN = pull_topic(REPO, PULL)
ALL = (NIGHT, NOZZLE, TANKS, SEVEN)
NOWHERE = PullNumber(0)


def begun(*topics: Topic, who: str = "person/mona", at: int = -1) -> SubscriptionBegun:
    return SubscriptionBegun(
        command=CommandId(f"command/begun/{at}"), community="acme", subscriber=who, topics=topics,
        by="mona", at=NOW + timedelta(hours=at),
    )  # fmt: skip


def ended(*topics: Topic) -> SubscriptionEnded:
    return SubscriptionEnded(
        command=COMMAND, community="acme", subscriber="person/mona", topics=topics, by="mona", at=NOW
    )  # fmt: skip


def asked(words: Sequence[str], **changes: object) -> Asked:
    said = received(**{"verb": "unsubscribe", "words": tuple(words), **changes})
    return Asked(received=said, standing=Standing(login=MONA), grant=Grant(ground="anyone"))


def decide(folder: Path, words: Sequence[str], *facts: Event, **changes: object) -> set[Topic]:
    with scene(folder, [LINKED, pull(), *facts]) as world, world.knowledge() as knowledge:
        (event,) = Unsubscribe.parse(words).decide(asked(words, **changes), knowledge)
    assert isinstance(event, SubscriptionEnded)
    return set(event.topics)


@pytest.mark.parametrize(
    ("words", "topics"),
    [
        (["nightly"], {NIGHT}),
        (["Nightly / engine / nozzle"], {NOZZLE}),
        (["engine", "/", "nozzle"], {NOZZLE}),
        (["nozzle"], {NOZZLE}),
        (["*tank*"], {TANKS}),
        (["TANK"], {TANKS}),
        (["nozzle", "*tank*"], {NOZZLE, TANKS}),
        (["nightly", "nozzle"], {NIGHT, NOZZLE}),
        (["*"], {NOZZLE, TANKS}),
        ([], {SEVEN}),
        (["#7"], {SEVEN}),
        (["all"], set(ALL)),
    ],
)
def test_what_is_said_is_told_no_more(tmp_path: Path, words: list[str], topics: set[Topic]) -> None:
    assert decide(tmp_path, words, begun(*ALL)) == topics


def test_a_row_of_the_list_is_a_job(tmp_path: Path) -> None:
    shown = RowsShown(
        command=COMMAND, repo=REPO, number=PULL, shown_at=NOW, rows=("CI / x", "CI / engine / nozzle")
    )  # fmt: skip

    assert decide(tmp_path, ["2"], begun(*ALL), shown) == {NOZZLE}


def test_what_a_channel_follows_is_its_own(tmp_path: Path) -> None:
    here = begun(NIGHT, who="channel/T1/C0CI")
    there = {"surface": "slack", "team": "T1", "channel": "C0CI", "number": NOWHERE}

    assert decide(tmp_path, ["all", "here"], here, begun(NOZZLE, at=-2), **there) == {NIGHT}


@pytest.mark.parametrize(
    ("words", "facts", "what"),
    [
        (["nightly"], (), "nothing that I tell of"),
        (
            ["fin"],
            (begun(NOZZLE, TANKS),),
            "I do not tell of `fin`, but of `Nightly / engine / nozzle`",
        ),
        (["nightly"], (begun(*ALL[1:], Topic(what=JOB, name="x")),), "`\\*tank\\*`, 1 more"),
        (["#8"], (begun(SEVEN),), "I do not tell of `#8`, but of `#7`"),
        (["list"], (), "`/subscribe list` tells"),
    ],
)
def test_what_was_never_told_cannot_end(
    tmp_path: Path, words: list[str], facts: Sequence[Event], what: str
) -> None:
    with pytest.raises(Refused, match=what):
        decide(tmp_path, words, *facts)


def test_it_asks_from_what(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="From what"):
        decide(tmp_path, [], begun(NIGHT), number=NOWHERE)


def test_the_answer_names_what_ended(tmp_path: Path) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        answer = Unsubscribe.tell(story(received(), ended(NIGHT, SEVEN)), knowledge)

    assert answer.quiet
    assert as_text(answer).splitlines() == [
        "I tell you no more of 2 things.",
        "",
        "Ended",
        "  nightly",
        "  #7",
    ]


def take_back(folder: Path, *facts: Event) -> list[Event]:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        request = asked([], command=CommandId("command/undo"))
        return list(Unsubscribe.taken_back(story(ended(NIGHT)), request, knowledge))


def test_it_can_be_taken_back(tmp_path: Path) -> None:
    (again,) = take_back(tmp_path, begun(NIGHT), ended(NIGHT))

    assert isinstance(again, SubscriptionBegun)
    assert (again.topics, again.subscriber) == ((NIGHT,), "person/mona")


def test_what_was_begun_anew_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="begun anew"):
        take_back(tmp_path, begun(NIGHT), ended(NIGHT), begun(NIGHT, at=1))
