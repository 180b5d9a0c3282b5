from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chatops.config import Configuration
from chatops.engine.policy import Scene
from chatops.events import Event
from chatops.events.checks import StatusSet
from chatops.events.gate import RequiredChecksChanged
from chatops.events.identities import IdentityLinked
from chatops.events.notices import NoticeWanted, NoticeWithheld
from chatops.events.subscriptions import SubscriptionBegun
from chatops.names import CommandId, Login, Sha
from chatops.policies.tell_of_pulls import TellOfPulls
from chatops.projections.subscriptions import pull_topic
from tests.scene import (
    COMMUNITY,
    HEAD,
    NOW,
    PULL,
    REPO,
    decided,
    ended,
    job,
    pull,
    scene,
    under_way,
)

MONA, CHANNEL = "person/mona", "channel/T1/C0CI"
LINKED = IdentityLinked(
    command=CommandId("command/slack/1"), team="T1", user="U0MONA", login=Login("mona"),
    github_id=1, at=NOW - timedelta(days=9),
)  # fmt: skip
PASSED = [job(1, 10, "a", "success"), job(2, 10, "b", "success"), ended(10, conclusion="success")]
FAILED = [job(1, 10, "a", "success"), job(2, 10, "b", "failure"), ended(10)]
OPEN_GATE = ended(12, "Gatekeeper", "success")
SHUT_GATE = ended(12, "Gatekeeper", "failure")


def follows(who: str = MONA, *, at: timedelta = timedelta(hours=3)) -> SubscriptionBegun:
    return SubscriptionBegun(
        command=CommandId(f"command/{who}"), community="acme", subscriber=who,
        topics=(pull_topic(REPO, PULL),), by="mona", at=NOW - at,
    )  # fmt: skip


def told(folder: Path, *facts: Event) -> list[Event]:
    """Let the policy look at the last fact."""
    with scene(folder, [LINKED, pull()]) as world:
        last = world.add(facts)[-1]
        return decided(world, TellOfPulls(), last)


def one(folder: Path, *facts: Event) -> NoticeWanted:
    (event,) = told(folder, follows(), *facts)
    assert isinstance(event, NoticeWanted)
    return event


def test_a_pull_request_that_turned_red_is_told_with_what_failed(tmp_path: Path) -> None:
    notice = one(tmp_path, SHUT_GATE, *FAILED)

    assert (notice.verdict, notice.failing) == ("red", ("CI / b",))
    assert (notice.to, notice.topics, notice.sha) == ("U0MONA", ("#7",), HEAD)
    assert notice.url == "https://github.com/acme/rocket/pull/7"


def test_a_pull_request_that_turned_green_is_told_with_its_gate(tmp_path: Path) -> None:
    notice = one(tmp_path, OPEN_GATE, *PASSED)

    assert (notice.verdict, notice.failing, notice.gate) == ("green", (), True)


def test_without_a_gate_all_checks_make_it_green(tmp_path: Path) -> None:
    notice = one(tmp_path, *PASSED)

    assert (notice.verdict, notice.gate) == ("green", False)


@pytest.mark.parametrize(
    "facts",
    [
        [under_way(11, "Static checks"), *FAILED],
        [under_way(12, "Gatekeeper"), *FAILED],
        [SHUT_GATE, *PASSED],
        [
            job(1, 10, "a", "success"),
            job(2, 10, "b", "cancelled"),
            ended(10, conclusion="cancelled"),
        ],
        [pull(state="closed", updated_at=NOW + timedelta(minutes=1), fingerprint="g"), *FAILED],
        [pull(sha=Sha("b" * 40), updated_at=NOW + timedelta(minutes=1), fingerprint="g"), *FAILED],
    ],
    ids=["runs", "gate runs", "gate is shut", "cancelled", "closed", "another head"],
)
def test_what_is_neither_red_nor_green_is_not_told(tmp_path: Path, facts: list[Event]) -> None:
    assert told(tmp_path, follows(), *facts) == []


def test_only_what_is_required_counts_where_that_is_known(tmp_path: Path) -> None:
    required = RequiredChecksChanged(
        repo=REPO, branch="main", origin="file", fingerprint="1", seen_at=NOW, names=("CI / a",)
    )  # fmt: skip

    notice = one(tmp_path, required, OPEN_GATE, *FAILED)

    assert (notice.verdict, notice.failing, notice.besides) == ("green", (), 1)
    assert notice.required_passed == 1


def test_what_is_required_and_missing_keeps_it_from_being_green(tmp_path: Path) -> None:
    required = RequiredChecksChanged(
        repo=REPO, branch="main", origin="file", fingerprint="1", seen_at=NOW,
        names=("CI / a", "CI / z"),
    )  # fmt: skip

    assert told(tmp_path, follows(), required, *PASSED) == []


def before(verdict: str, number: int = 0) -> NoticeWanted:
    return NoticeWanted(
        notice=f"notice/acme/{MONA}/{REPO}#7/{HEAD}/{number}/{verdict}", community="acme",
        subscriber=MONA, repo=REPO, number=PULL, sha=HEAD, verdict=verdict, to="U0MONA",
        wanted_at=NOW + timedelta(minutes=number),
    )  # fmt: skip


def test_only_a_change_is_told(tmp_path: Path) -> None:
    (tmp_path / "same").mkdir()

    assert told(tmp_path / "same", follows(), before("red"), *FAILED) == []
    assert one(tmp_path, before("red"), *PASSED).verdict == "green"


def test_what_comes_round_again_is_another_notice(tmp_path: Path) -> None:
    told_before = [before("red"), before("green", 1)]

    again = one(tmp_path, *told_before, *FAILED)

    assert again.verdict == "red"
    assert again.key() not in {notice.key() for notice in told_before}


def test_the_same_state_asks_for_the_same_whichever_fact_is_looked_at(tmp_path: Path) -> None:
    with scene(tmp_path, [LINKED, pull(), follows()]) as world:
        facts = world.add([OPEN_GATE, *PASSED])

        keys = {event.key() for fact in facts for event in decided(world, TellOfPulls(), fact)}

    assert len(keys) == 1


def test_of_many_facts_about_one_commit_one_is_looked_at(tmp_path: Path) -> None:
    with scene(tmp_path, [LINKED, pull(), follows()]) as world:
        facts = world.add([OPEN_GATE, *PASSED])
        with world.knowledge() as knowledge:
            configuration = Configuration(communities={"acme": COMMUNITY})
            looking = Scene(world.log, knowledge.db, configuration, lambda _db, _key: knowledge)

            assert TellOfPulls().concerned(facts, looking) == [facts[-1]]


def test_another_commit_has_a_verdict_of_its_own(tmp_path: Path) -> None:
    sha = Sha("b" * 40)
    pushed = pull(sha=sha, updated_at=NOW + timedelta(minutes=1), fingerprint="g")
    facts = [msgspec.structs.replace(fact, sha=sha) for fact in PASSED]

    assert one(tmp_path, before("green"), pushed, *facts).sha == sha


def test_a_channel_is_told_as_well(tmp_path: Path) -> None:
    events = told(tmp_path, follows(), follows(CHANNEL), *FAILED)

    assert [(event.subscriber, event.to) for event in events] == [  # type: ignore[attr-defined]  # notices
        (CHANNEL, "C0CI"),
        (MONA, "U0MONA"),
    ]


def test_who_is_not_linked_any_more_is_not_told_and_that_is_known(tmp_path: Path) -> None:
    (held,) = told(tmp_path, follows("person/alice"), *FAILED)

    assert isinstance(held, NoticeWithheld)
    assert (held.reason, held.verdict, held.jobs) == ("not_linked", "red", ("CI / b",))


def test_who_began_after_it_had_ended_is_told_of_the_next_change(tmp_path: Path) -> None:
    status = StatusSet(
        repo=REPO, status_id=1, context="docs", sha=HEAD, state="success", created_at=NOW
    )

    assert told(tmp_path, follows(at=timedelta(minutes=30)), *FAILED, status) == []


def test_what_ended_long_ago_is_history(tmp_path: Path) -> None:
    long_ago = ended(10, completed_at=NOW - timedelta(hours=25))

    assert told(tmp_path, follows(at=timedelta(days=3)), *FAILED[:2], long_ago) == []


def test_what_nobody_follows_is_not_looked_at(tmp_path: Path) -> None:
    assert told(tmp_path, *FAILED) == []
