from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatops.commands.subscribe import MOST, Subscribe
from chatops.engine.answer import Answer, as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandAccepted
from chatops.events.identities import IdentityLinked, IdentityUnlinked
from chatops.events.notices import NoticeWithheld
from chatops.events.subscriptions import SubscriptionBegun, SubscriptionEnded, Topic
from chatops.events.tables import RowsShown
from chatops.names import CommandId, Login, PullNumber, RunId
from chatops.projections.subscriptions import JOB, JOBS, NIGHTLY, pull_topic
from tests.commands.nights import night
from tests.scene import COMMAND, COMMUNITY, NOW, PULL, REPO, pull, received, scene, story

MONA = Login("mona")
LINKED = IdentityLinked(
    command=CommandId("command/slack/1"), team="T1", user="U0MONA", login=MONA, github_id=1,
    at=NOW - timedelta(days=1),
)  # fmt: skip
NIGHTS = night(0, nozzle="success", tank="success", **{"tank (fin)": "success"})
NOZZLE = Topic(what=JOB, name="Nightly / engine / nozzle")
NIGHT = Topic(what=NIGHTLY)
SLACK: dict[str, Any] = {
    "surface": "slack",
    "by": "U0MONA",
    "team": "T1",
    "comment_id": 0,
    "number": PullNumber(0),
}
CHANNEL: dict[str, Any] = {**SLACK, "channel": "C0CI"}


def asked(words: Sequence[str], login: str = MONA, **changes: object) -> Asked:
    said = received(**{"verb": "subscribe", "words": tuple(words), **changes})
    return Asked(received=said, standing=Standing(login=Login(login)), grant=Grant(ground="anyone"))


def begun(*topics: Topic, who: str = "person/mona", command: str = COMMAND) -> SubscriptionBegun:
    return SubscriptionBegun(
        command=CommandId(command), community="acme", subscriber=who, topics=topics, by="mona",
        at=NOW - timedelta(hours=1),
    )  # fmt: skip


def decide(
    folder: Path, words: Sequence[str], *facts: Event, login: str = MONA, **changes: object
) -> tuple[str, list[Topic]]:
    community = msgspec.structs.replace(COMMUNITY, job_aliases={"noz": "*nozzle"})
    happened = [LINKED, pull(), *NIGHTS, *facts]
    with scene(folder, happened) as world, world.knowledge(community) as knowledge:
        request = asked(words, login, **changes)
        (event,) = Subscribe.parse(words).decide(request, knowledge)
    assert isinstance(event, SubscriptionBegun)
    return event.subscriber, list(event.topics)


@pytest.mark.parametrize(
    ("words", "topics"),
    [
        (["nightly"], [NIGHT]),
        (["engine / nozzle"], [NOZZLE]),
        (["engine", "/", "nozzle"], [NOZZLE]),
        (["Nightly", "/", "engine", "/", "nozzle"], [NOZZLE]),
        (["*TANK*"], [Topic(what=JOBS, name="*tank*")]),
        (["tank"], [Topic(what=JOBS, name="tank")]),
        (["noz"], [Topic(what=JOBS, name="*nozzle")]),
        (["engine / nozzle", "*tank*"], [NOZZLE, Topic(what=JOBS, name="*tank*")]),
        (["nightly", "engine / nozzle"], [NIGHT, NOZZLE]),
        ([], [pull_topic(REPO, PULL)]),
        (["pr"], [pull_topic(REPO, PULL)]),
        (["#7"], [pull_topic(REPO, PULL)]),
        (["acme/rocket#7"], [pull_topic(REPO, PULL)]),
    ],
)
def test_what_is_said_is_what_one_is_told_of(
    tmp_path: Path, words: list[str], topics: list[Topic]
) -> None:
    assert decide(tmp_path, words) == ("person/mona", topics)


def test_rows_of_the_list_that_was_shown_are_jobs(tmp_path: Path) -> None:
    shown = RowsShown(
        command=COMMAND, repo=REPO, number=PULL, shown_at=NOW,
        rows=("CI / engine / tank", "CI / engine / nozzle"),
    )  # fmt: skip

    assert decide(tmp_path, ["2"], shown) == ("person/mona", [NOZZLE])


def test_here_is_the_channel_and_needs_no_link(tmp_path: Path) -> None:
    who, topics = decide(tmp_path, ["nightly", "here"], login="", **CHANNEL)

    assert (who, topics) == ("channel/T1/C0CI", [NIGHT])


def test_here_is_oneself_in_a_conversation_with_the_bot(tmp_path: Path) -> None:
    who, _ = decide(tmp_path, ["nightly", "here"], **{**SLACK, "channel": "D0MONA"})

    assert who == "person/mona"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["nightly", "here"], "a channel in Slack"),
        (["fin-rot"], "No job here is called `fin-rot`"),
        (["#8"], "Which pull request"),
        (["#7", "nozzle"], "one thing at a time"),
        (["nightly", "#7"], "No job here|one thing at a time|two things"),
        (["all"], "too much to be read"),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, words: list[str], what: str) -> None:
    with pytest.raises(Refused, match=what):
        decide(tmp_path, words)


def test_a_closed_pull_request_is_not_followed(tmp_path: Path) -> None:
    closed = pull(state="closed", updated_at=NOW + timedelta(minutes=1), fingerprint="g")

    with pytest.raises(Refused, match="#7 is closed"):
        decide(tmp_path, [], closed)


def test_who_is_not_linked_is_told_how(tmp_path: Path) -> None:
    gone = IdentityUnlinked(
        command=CommandId("command/slack/2"), team="T1", user="U0MONA", login=MONA, at=NOW
    )  # fmt: skip
    for login, facts in (("stranger", ()), ("mona", (gone,)), ("", ())):
        folder = tmp_path / (login or "nobody")
        folder.mkdir()
        with pytest.raises(Refused, match="Say `/acme link` in Slack") as refused:
            decide(folder, ["nightly"], *facts, login=login)
        assert refused.value.reason == "not_linked"


def test_where_slack_is_not_used_nobody_can_be_told(tmp_path: Path) -> None:
    community = msgspec.structs.replace(COMMUNITY, slash_command="")
    with (
        scene(tmp_path, [LINKED, *NIGHTS]) as world,
        world.knowledge(community) as knowledge,
        pytest.raises(Refused, match="Acme does not use me there"),
    ):
        Subscribe.parse(["nightly"]).decide(asked(["nightly"]), knowledge)


def test_only_what_is_new_begins(tmp_path: Path) -> None:
    assert decide(tmp_path, ["nightly", "engine / nozzle"], begun(NIGHT))[1] == [NOZZLE]


def test_what_is_told_already_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="already"):
        decide(tmp_path, ["nightly"], begun(NIGHT))


def test_nobody_follows_more_than_anybody_reads(tmp_path: Path) -> None:
    many = begun(*(Topic(what=JOBS, name=f"*{number}*") for number in range(MOST)))

    with pytest.raises(Refused, match=f"{MOST} are the most"):
        decide(tmp_path, ["nightly"], many)


def test_what_is_over_does_not_count(tmp_path: Path) -> None:
    closed = [
        pull(number=PullNumber(number), state="closed", fingerprint=f"{number}")
        for number in range(100, 100 + MOST)
    ]
    many = begun(*(pull_topic(REPO, one.number) for one in closed))

    assert decide(tmp_path, ["nightly"], *closed, many)[1] == [NIGHT]


def test_what_is_longer_than_any_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="longer than any job's name"):
        decide(tmp_path, ["*" * 301])


def tell(
    folder: Path, words: Sequence[str], *facts: Event, told: Sequence[Event] = (), **changes: object
) -> Answer:
    said = received(**{"verb": "subscribe", "words": tuple(words), **changes})
    with scene(folder, [LINKED, pull(), *facts]) as world, world.knowledge() as knowledge:
        accepted = CommandAccepted(command=COMMAND, login=MONA)
        return Subscribe.tell(story(said, accepted, *told), knowledge)


def test_the_answer_says_what_is_told_and_how_to_end_it(tmp_path: Path) -> None:
    answer = tell(tmp_path, ["nightly"], told=[begun(NIGHT, NOZZLE)], **SLACK)

    assert answer.private
    assert answer.quiet
    assert as_text(answer).splitlines() == [
        "From now on I tell you in Slack, and only of changes:",
        "",
        "When it turns red or green",
        "  nightly, any required job of it, at the end of each run",
        "  Nightly / engine / nozzle, at the end of each nightly run",
        "",
        "/acme unsubscribe nightly ends it.",
    ]


def test_a_channel_sees_that_it_is_told_from_now_on(tmp_path: Path) -> None:
    made = begun(pull_topic(REPO, PULL), who="channel/T1/C0CI")

    answer = tell(tmp_path, ["#7", "here"], told=[made], **CHANNEL)

    assert not answer.private
    assert "From now on I tell this channel" in as_text(answer)
    assert "#7, all its checks, once the last has ended" in as_text(answer)
    assert "/invite me. /acme unsubscribe #7 here ends it." in as_text(answer)


def test_the_list_says_what_is_told_and_what_was_held_back(tmp_path: Path) -> None:
    closed = pull(state="closed", updated_at=NOW + timedelta(minutes=1), fingerprint="g")
    held = NoticeWithheld(
        notice="n", community="acme", subscriber="person/mona", repo=REPO, run_id=RunId(1),
        attempt=1, jobs=("Nightly / engine / tank",), reason="muted",
        text="Muted by alice until 2026-01-16 12:00 UTC: known", withheld_at=NOW,
    )  # fmt: skip

    answer = tell(tmp_path, ["list"], begun(NIGHT, pull_topic(REPO, PULL)), closed, held, **SLACK)

    assert answer.private
    assert as_text(answer).splitlines()[:9] == [
        "2 subscriptions.",
        "",
        "What I tell you of",
        "  nightly, since 2026-01-15 11:00 UTC",
        "  #7, since 2026-01-15 11:00 UTC; it is closed, so nothing more will come",
        "",
        "What I held back lately",
        "  2026-01-15 12:00 UTC: Nightly / engine / tank. Muted by alice until 2026-01-16 12:00 UTC: known",
        "",
    ]


def test_where_others_read_along_the_list_keeps_what_was_said_in_slack(tmp_path: Path) -> None:
    private = begun(NIGHT, command="command/slack/9")

    text = as_text(tell(tmp_path, ["list"], private, begun(NOZZLE)))

    assert "1 subscription from Slack is listed there" in text
    assert "engine / nozzle" in text
    assert "nightly, since" not in text


@pytest.mark.parametrize("words", [["list"], ["here"], []])
def test_a_list_decides_nothing(tmp_path: Path, words: list[str]) -> None:
    with scene(tmp_path, [LINKED]) as world, world.knowledge() as knowledge:
        assert Subscribe.parse(words).decide(asked(words, **CHANNEL), knowledge) == ()
        answer = Subscribe.tell(story(received(words=tuple(words), **CHANNEL)), knowledge)

    assert as_text(answer).startswith("No subscriptions.")


def take_back(folder: Path, made: SubscriptionBegun, *facts: Event) -> list[Event]:
    with scene(folder, [made, *facts]) as world, world.knowledge() as knowledge:
        request = asked([], command=CommandId("command/undo"))
        return list(Subscribe.taken_back(story(made), request, knowledge))


def test_it_can_be_taken_back(tmp_path: Path) -> None:
    (ended,) = take_back(tmp_path, begun(NIGHT, NOZZLE))

    assert isinstance(ended, SubscriptionEnded)
    assert (ended.topics, ended.subscriber) == ((NIGHT, NOZZLE), "person/mona")
    assert ended.command == "command/undo"


def test_what_was_ended_meanwhile_is_left_as_it_is(tmp_path: Path) -> None:
    ended = SubscriptionEnded(
        command=CommandId("command/2"), community="acme", subscriber="person/mona",
        topics=(NIGHT,), by="mona", at=NOW,
    )  # fmt: skip

    with pytest.raises(Refused, match="left it as it is"):
        take_back(tmp_path, begun(NIGHT, NOZZLE), ended)


def test_a_list_is_not_taken_back(tmp_path: Path) -> None:
    with (
        scene(tmp_path) as world,
        world.knowledge() as knowledge,
        pytest.raises(Refused, match="It changed nothing"),
    ):
        Subscribe.taken_back(story(received()), asked([]), knowledge)
