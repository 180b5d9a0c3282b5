from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.events import Event
from chatops.events.gate import RequiredChecksChanged
from chatops.events.identities import IdentityLinked
from chatops.events.mutes import JobsMuted
from chatops.events.notices import NightSettled, NoticeWanted, NoticeWithheld
from chatops.events.subscriptions import SubscriptionBegun, Topic
from chatops.names import CommandId, Login, RunId
from chatops.policies.tell_of_nights import TellOfNights
from chatops.projections.subscriptions import JOB, JOBS, NIGHTLY
from tests.commands.nights import MIDNIGHT, night
from tests.scene import COMMAND, NOW, REPO, decided, ended, job, scene

NIGHT = Topic(what=NIGHTLY)
NOZZLE = Topic(what=JOB, name="Nightly / engine / nozzle")
EVERY = Topic(what=JOBS, name="*")
MONA, ALICE, CHANNEL = "person/mona", "person/alice", "channel/T1/C0CI"
RUN = RunId(1_000)
GREEN, RED = {"nozzle": "success"}, {"nozzle": "failure"}


def linked(login: str) -> IdentityLinked:
    return IdentityLinked(
        command=CommandId(f"command/slack/{login}"), team="T1", user=f"U0{login.upper()}",
        login=Login(login), github_id=1, at=NOW - timedelta(days=9),
    )  # fmt: skip


def follows(
    *topics: Topic, who: str = MONA, at: timedelta = timedelta(days=5)
) -> SubscriptionBegun:
    return SubscriptionBegun(
        command=CommandId(f"command/{who}"), community="acme", subscriber=who, topics=topics,
        by="mona", at=NOW - at,
    )  # fmt: skip


def settled(attempt: int = 1) -> NightSettled:
    return NightSettled(
        repo=REPO, run_id=RUN, attempt=attempt, workflow="Nightly",
        ended_at=MIDNIGHT + timedelta(hours=1),
    )  # fmt: skip


def told(
    folder: Path,
    nights: Sequence[Event],
    *facts: Event,
    attempt: int = 1,
    people: Sequence[str] = ("mona", "alice"),
) -> list[Event]:
    """Let the newest night be settled; return who is told what."""
    with scene(folder, [*nights, *map(linked, people), *facts]) as world:
        (fact,) = world.add([settled(attempt)])
        return decided(world, TellOfNights(), fact)


def one(folder: Path, nights: Sequence[Event], *facts: Event, attempt: int = 1) -> NoticeWanted:
    (event,) = told(folder, nights, *facts, attempt=attempt)
    assert isinstance(event, NoticeWanted)
    return event


def two_nights(before: dict[str, str], now: dict[str, str]) -> list[Event]:
    return [*night(1, **before), *night(0, **now)]


def test_a_job_that_fails_after_it_passed_is_news(tmp_path: Path) -> None:
    notice = one(tmp_path, two_nights(GREEN, RED), follows(NOZZLE))

    assert (notice.subscriber, notice.to, notice.topics) == (MONA, "U0MONA", (NOZZLE.name,))
    assert (notice.failing, notice.fixed) == ((NOZZLE.name,), ())
    assert (notice.workflow, notice.night) == ("Nightly", "Thu 15 Jan")
    assert notice.url == "https://ci.example/nightly?sel=engine%20%2F%20nozzle"
    assert notice.slash_command == "/acme"


def test_a_job_that_passes_after_it_failed_is_news(tmp_path: Path) -> None:
    notice = one(tmp_path, two_nights(RED, GREEN), follows(NOZZLE))

    assert (notice.failing, notice.fixed) == ((), (NOZZLE.name,))


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (GREEN, GREEN),
        (RED, RED),
        (GREEN, {"nozzle": "cancelled"}),
        (GREEN, {"nozzle": "skipped"}),
        (RED, {"nozzle": "cancelled"}),
        (GREEN, {"tank": "failure"}),
        ({"tank": "success"}, RED),
    ],
    ids=["green", "red", "cancelled", "skipped", "red, cancelled", "not run", "never seen before"],
)
def test_what_is_no_change_is_not_told(
    tmp_path: Path, before: dict[str, str], now: dict[str, str]
) -> None:
    assert told(tmp_path, two_nights(before, now), follows(NOZZLE)) == []


def test_a_night_without_a_result_does_not_hide_a_change(tmp_path: Path) -> None:
    nights = [*night(2, **GREEN), *night(1, nozzle="cancelled"), *night(0, **RED)]

    assert one(tmp_path, nights, follows(NOZZLE)).failing == (NOZZLE.name,)


def wide_night(days_ago: int, conclusion: str) -> list[Event]:
    """Return a night of two hundred jobs that all end alike."""
    at = MIDNIGHT - timedelta(days=days_ago)
    run_id, times = RUN - days_ago, {"created_at": at, "completed_at": at + timedelta(hours=1)}
    jobs = [
        job(run_id * 1_000 + place, run_id, f"job {place:03}", conclusion, started_at=at, **times)
        for place in range(200)
    ]
    return [ended(run_id, "Nightly", conclusion, trigger="schedule", **times), *jobs]


def test_many_jobs_are_one_message_for_each_who_follows(tmp_path: Path) -> None:
    nights = [*wide_night(1, "success"), *wide_night(0, "failure")]

    events = told(tmp_path, nights, follows(EVERY), follows(EVERY, NIGHT, who=ALICE))

    assert [(event.subscriber, len(event.failing)) for event in events] == [  # type: ignore[attr-defined]  # notices
        (ALICE, 200),
        (MONA, 200),
    ]
    assert len({event.key() for event in events}) == 2
    assert {event.url for event in events} == {"https://ci.example/nightly"}  # type: ignore[attr-defined]  # as above


def test_each_is_told_of_what_they_follow(tmp_path: Path) -> None:
    nights = two_nights(
        {"nozzle": "success", "tank": "failure"}, {"nozzle": "failure", "tank": "success"}
    )
    tank = Topic(what=JOBS, name="*tank")

    channel, alice, mona = told(
        tmp_path, nights, follows(tank, who=ALICE), follows(EVERY, who=CHANNEL), follows(NOZZLE)
    )

    assert isinstance(alice, NoticeWanted)
    assert isinstance(channel, NoticeWanted)
    assert isinstance(mona, NoticeWanted)
    assert (alice.to, alice.failing, alice.fixed) == ("U0ALICE", (), ("Nightly / engine / tank",))
    assert (mona.failing, mona.fixed) == ((NOZZLE.name,), ())
    assert (channel.team, channel.to, alice.team) == ("T1", "C0CI", "T1")
    assert (len(channel.failing), len(channel.fixed)) == (1, 1)


def test_the_nightly_is_judged_by_its_required_jobs(tmp_path: Path) -> None:
    jobs = ("nozzle", "tank", "fin")
    nights = two_nights(
        dict.fromkeys(jobs, "success"), {**dict.fromkeys(jobs, "failure"), "fin": "success"}
    )
    required = RequiredChecksChanged(
        repo=REPO, branch="main", origin="file", fingerprint="1", seen_at=NOW,
        names=("CI / engine / nozzle", "CI / engine / fin"),
    )  # fmt: skip

    notice = one(tmp_path, nights, follows(NIGHT), required)

    assert notice.failing == (NOZZLE.name,)
    assert (notice.required_failed, notice.required_passed) == (1, 1)
    assert notice.topics == ("nightly",)


def test_where_nothing_is_known_to_be_required_every_job_counts(tmp_path: Path) -> None:
    notice = one(tmp_path, two_nights(GREEN, RED), follows(NIGHT))

    assert notice.failing == (NOZZLE.name,)
    assert (notice.required_failed, notice.required_passed) == (0, 0)


def rerun(*outcomes: str, before: str = "success") -> list[Event]:
    return [*night(1, nozzle=before), *night(0, nozzle=list(outcomes))]


def told_red(subscriber: str = MONA) -> NoticeWanted:
    return NoticeWanted(
        notice=f"notice/acme/{subscriber}/{RUN}/1", community="acme", subscriber=subscriber,
        repo=REPO, run_id=RUN, attempt=1, to="U0MONA", failing=(NOZZLE.name,), wanted_at=NOW,
    )  # fmt: skip


def test_that_a_rerun_helped_is_told_to_those_who_were_told_of_the_failure(tmp_path: Path) -> None:
    facts = rerun("failure", "success")

    events = told(
        tmp_path, facts, follows(NOZZLE), follows(NOZZLE, who=ALICE), told_red(), attempt=2
    )

    assert [(event.subscriber, event.fixed) for event in events] == [(MONA, (NOZZLE.name,))]  # type: ignore[attr-defined]  # a notice


def test_the_first_attempt_is_told_as_it_was(tmp_path: Path) -> None:
    assert one(tmp_path, rerun("failure", "success"), follows(NOZZLE)).failing == (NOZZLE.name,)


def test_that_a_rerun_ended_what_lasted_for_nights_is_told_to_everybody(tmp_path: Path) -> None:
    facts = rerun("failure", "success", before="failure")
    (tmp_path / "first").mkdir()

    assert told(tmp_path / "first", facts, follows(NOZZLE)) == []
    assert one(tmp_path, facts, follows(NOZZLE), attempt=2).fixed == (NOZZLE.name,)


def test_a_rerun_of_others_changes_nothing(tmp_path: Path) -> None:
    facts = [*night(1, **RED), *night(0, nozzle="success", tank=["failure", "success"])]

    assert told(tmp_path, facts, follows(NOZZLE), attempt=2) == []


def test_what_is_muted_is_held_back_with_the_reason(tmp_path: Path) -> None:
    nights = two_nights(
        {"nozzle": "success", "tank": "success"}, {"nozzle": "failure", "tank": "failure"}
    )
    muted = JobsMuted(
        command=COMMAND, community="acme", jobs=(NOZZLE.name,), by="alice", reason="known",
        at=NOW - timedelta(days=1), until=NOW + timedelta(days=1),
    )  # fmt: skip

    held, wanted = told(tmp_path, nights, follows(EVERY), muted)

    assert isinstance(held, NoticeWithheld)
    assert isinstance(wanted, NoticeWanted)
    assert (held.reason, held.jobs) == ("muted", (NOZZLE.name,))
    assert held.text == "Muted by alice until 2026-01-16 12:00 UTC: known"
    assert wanted.failing == ("Nightly / engine / tank",)
    assert held.key() != wanted.key()


def test_who_is_not_linked_any_more_is_not_told_and_that_is_known(tmp_path: Path) -> None:
    (held,) = told(tmp_path, two_nights(GREEN, RED), follows(NOZZLE), people=())

    assert isinstance(held, NoticeWithheld)
    assert (held.reason, held.subscriber) == ("not_linked", MONA)


def test_who_began_after_the_night_had_ended_is_told_of_the_next(tmp_path: Path) -> None:
    late = follows(NOZZLE, at=timedelta(hours=1))

    assert told(tmp_path, two_nights(GREEN, RED), late) == []


def test_without_anybody_to_tell_nothing_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, two_nights(GREEN, RED)) == []


def test_the_same_night_asks_for_the_same_however_often_it_is_looked_at(tmp_path: Path) -> None:
    with scene(tmp_path, [*two_nights(GREEN, RED), linked("mona"), follows(NOZZLE)]) as world:
        (fact,) = world.add([settled()])
        first = decided(world, TellOfNights(), fact)
        world.add(first)

        again = decided(world, TellOfNights(), fact)

    assert [event.key() for event in again] == [event.key() for event in first]
