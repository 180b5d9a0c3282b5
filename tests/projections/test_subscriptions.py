from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.subscriptions import SubscriptionBegun, SubscriptionEnded, Topic
from chatops.names import CommandId, PullNumber
from chatops.projections.subscriptions import (
    JOB,
    JOBS,
    NIGHTLY,
    PULL,
    followed_pulls,
    followers,
    pull_topic,
    subscription_words,
    subscriptions_of,
    subscriptions_to,
)
from tests.scene import NOW, REPO, scene
from tests.scene import PULL as SEVEN

MONA = "person/mona"
NIGHT = Topic(what=NIGHTLY)
NOZZLE = Topic(what=JOB, name="Nightly / nozzle")


def begun(place: int, *topics: Topic, who: str = MONA, community: str = "acme") -> Event:
    return SubscriptionBegun(
        command=CommandId(f"command/{place}"), community=community, subscriber=who, topics=topics,
        by="mona", at=NOW + timedelta(minutes=place),
    )  # fmt: skip


def over(place: int, *topics: Topic, who: str = MONA) -> Event:
    return SubscriptionEnded(
        command=CommandId(f"command/{place}"), community="acme", subscriber=who, topics=topics,
        by="mona", at=NOW + timedelta(minutes=place),
    )  # fmt: skip


def followed(folder: Path, facts: Sequence[Event], who: str = MONA) -> list[Topic]:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        return [one.topic for one in subscriptions_of(knowledge.db, "acme", who)]


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_word_counts_whatever_comes_first(tmp_path: Path, order: int) -> None:
    facts = [begun(1, NIGHT, NOZZLE), over(2, NIGHT), begun(3, pull_topic(REPO, SEVEN))]

    assert followed(tmp_path, facts[::order]) == [NOZZLE, pull_topic(REPO, SEVEN)]


def test_each_subscriber_and_community_has_its_own(tmp_path: Path) -> None:
    facts = [begun(1, NIGHT, who="channel/T1/C1"), begun(2, NOZZLE, community="other")]

    assert followed(tmp_path, facts) == []


def test_subscriptions_to_something_come_subscriber_by_subscriber(tmp_path: Path) -> None:
    pattern = Topic(what=JOBS, name="*nozzle*")
    facts = [begun(1, NIGHT), begun(2, pattern, who="person/alice"), begun(3, NOZZLE)]

    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        found = subscriptions_to(knowledge.db, "acme", (JOB, JOBS, NIGHTLY))
        pulls = subscriptions_to(knowledge.db, "acme", (PULL,))

    assert [(one.subscriber, one.topic) for one in found] == [
        ("person/alice", pattern),
        (MONA, NIGHT),
        (MONA, NOZZLE),
    ]
    assert found[0].since == NOW + timedelta(minutes=2)
    assert pulls == []


def test_it_is_known_which_pull_requests_somebody_follows(tmp_path: Path) -> None:
    places = [(REPO, SEVEN), (REPO, PullNumber(8))]
    with scene(tmp_path, [begun(1, pull_topic(REPO, SEVEN), NIGHT)]) as world:
        with world.knowledge() as knowledge:
            assert followed_pulls(knowledge.db, places) == {(REPO, SEVEN)}
            assert followed_pulls(knowledge.db, []) == set()
        world.add([over(2, pull_topic(REPO, SEVEN))])
        with world.knowledge() as knowledge:
            assert followed_pulls(knowledge.db, places) == set()


def test_who_follows_something_is_known_by_it(tmp_path: Path) -> None:
    facts = [
        begun(1, NIGHT, NOZZLE),
        begun(2, NIGHT, who="person/alice"),
        over(3, NIGHT, who="person/alice"),
        begun(4, NIGHT, who="channel/T1/C1"),
        begun(5, NIGHT, who="person/bob", community="other"),
    ]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        found = followers(knowledge.db, "acme", NIGHT)

    assert [one.subscriber for one in found] == ["channel/T1/C1", MONA]


def test_what_a_command_said_last_is_known_by_it(tmp_path: Path) -> None:
    with (
        scene(tmp_path, [begun(1, NIGHT, NOZZLE), over(2, NIGHT)]) as world,
        world.knowledge() as knowledge,
    ):
        first = subscription_words(knowledge.db, CommandId("command/1"))
        second = subscription_words(knowledge.db, CommandId("command/2"))

    assert [(one.topic, one.stands) for one in first] == [(NOZZLE, True)]
    assert [(one.topic, one.stands) for one in second] == [(NIGHT, False)]
