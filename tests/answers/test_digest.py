import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chatops.answers.digest import (
    MOST_LISTED,
    Occasion,
    digest_key,
    made_from,
    make_digest,
    read_nights,
)
from chatops.config import Alerts, Channel, Community, Digest, Owner, OwnerGroup
from chatops.events import Event
from chatops.events.alerts import Alert, AlertMessageWithheld
from chatops.events.digests import (
    DigestContents,
    DigestHeld,
    DigestList,
    DigestOwner,
    DigestWanted,
    DigestWithheld,
)
from chatops.events.gate import RequiredChecksChanged
from chatops.events.identities import IdentityLinked
from chatops.events.mutes import JobsMuted
from chatops.events.runs import RunStarted
from chatops.names import CommandId, Login, Sha
from chatops.views.job_filters import jobs_of_channel
from tests.alerting import TANK as TANK_IN_FULL
from tests.alerting import alert
from tests.commands.nights import night
from tests.projections.test_merges import merged
from tests.scene import COMMUNITY, NOW, REPO, Scene, ended, scene

ROOM = Channel(key="C0000000001", name="acme-ci")
DAILY = Digest()
NOZZLE, TANK = "engine / nozzle", "engine / tank"
GREEN, RED = {"nozzle": "success", "tank": "success"}, {"nozzle": "failure", "tank": "success"}
TODAY = date(2026, 1, 15)
CREW = OwnerGroup(
    regex="nozzle", group="Crew", owners=(Owner(github="mona"), Owner(fullname="Alice"))
)
GOOD, BAD = "success", "failure"
ENDS = st.sampled_from([GOOD, BAD])
Outcomes = Mapping[str, str | Sequence[str]]


def nights(*outcomes: Outcomes) -> list[Event]:
    """Return nights, the newest last, which is today's."""
    return [
        fact
        for days_ago, of_night in enumerate(reversed(outcomes))
        for fact in night(days_ago, **of_night)
    ]


def occasion(day: date = TODAY, *, position: int = 0, is_asked: bool = False) -> Occasion:
    return Occasion(
        key=digest_key("acme", ROOM.key, day), day=day, at=NOW, position=position,
        is_asked=is_asked,
    )  # fmt: skip


def made(
    folder: Path,
    *facts: Event,
    channel: Channel = ROOM,
    digest: Digest = DAILY,
    community: Community = COMMUNITY,
    is_asked: bool = False,
) -> DigestWanted | DigestWithheld:
    """Return the digest of today after these facts."""
    with scene(folder, facts) as world, world.knowledge(community) as knowledge:
        return make_digest(
            knowledge,
            read_nights(knowledge),
            channel,
            digest,
            jobs_of_channel(community, channel),
            occasion(position=made_from(knowledge.db) or 0, is_asked=is_asked),
        )


def told(folder: Path, *facts: Event, **how: object) -> DigestContents:
    event = made(folder, *facts, **how)  # type: ignore[arg-type]  # handed on
    assert isinstance(event, DigestWanted)
    return event.contents


def names(of: DigestList) -> list[str]:
    return [job.name for job in of.jobs]


def yesterday(*failing: str, waited: tuple[str, ...] = ()) -> DigestWanted:
    """Return the digest of the day before, which left the channel knowing what fails."""
    day = TODAY - timedelta(days=1)
    return DigestWanted(
        digest=digest_key("acme", ROOM.key, day), community="acme", channel=ROOM.key,
        day=day.isoformat(), position=1, at=NOW - timedelta(days=1),
        contents=DigestContents(title="Acme", about="all jobs"),
        failing=tuple(f"Nightly / {name}" for name in failing), waited=waited,
    )  # fmt: skip


def test_what_fails_now_and_passes_again_is_told(tmp_path: Path) -> None:
    before, now = {"nozzle": "success", "tank": "failure"}, RED

    contents = told(tmp_path, *nights(before, now), yesterday(TANK))

    assert (names(contents.newly), names(contents.fixed)) == ([NOZZLE], [TANK])
    assert names(contents.still) == []
    assert (contents.night, contents.failed, contents.ran) == ("Thu 15 Jan", 1, 2)


def test_what_a_channel_knows_is_no_news(tmp_path: Path) -> None:
    event = made(tmp_path, *nights(RED, RED), yesterday(NOZZLE))

    assert isinstance(event, DigestWithheld)
    assert event.reason == "unchanged"
    assert event.text == "Nothing has changed since the last digest: 1 job still failing."
    assert event.failing == (f"Nightly / {NOZZLE}",)


def test_it_is_told_all_the_same_where_that_is_wanted(tmp_path: Path) -> None:
    facts = [*nights(RED, RED), yesterday(NOZZLE)]

    always = told(tmp_path, *facts, digest=Digest(when="always"))

    assert (names(always.newly), names(always.still)) == ([], [NOZZLE])
    assert always.still.jobs[0].nights == 2
    assert always.still.jobs[0].since == "Wed 14 Jan"


def test_somebody_who_asks_gets_one(tmp_path: Path) -> None:
    assert told(tmp_path, *nights(GREEN, GREEN), is_asked=True).failed == 0


def test_the_first_digest_of_a_channel_tells_what_changed_in_the_newest_night(
    tmp_path: Path,
) -> None:
    before = {"nozzle": "success", "tank": "failure", "fins": "failure"}
    now = {"nozzle": "failure", "tank": "failure", "fins": "success"}

    contents = told(tmp_path, *nights(before, now))

    assert names(contents.newly) == [NOZZLE]
    assert names(contents.fixed) == ["engine / fins"]
    assert names(contents.still) == [TANK]


def test_what_broke_and_was_mended_between_two_digests_is_no_news(tmp_path: Path) -> None:
    event = made(tmp_path, *nights(GREEN, RED, GREEN), yesterday())

    assert isinstance(event, DigestWithheld)
    assert event.text == "Nothing has changed since the last digest: no job fails."


def test_a_failure_is_told_with_where_it_began(tmp_path: Path) -> None:
    shas = {0: "b" * 40, 1: "b" * 40, 2: "a" * 40}
    facts = [
        msgspec.structs.replace(fact, sha=Sha(shas[days]))
        for days, outcomes in ((2, GREEN), (1, RED), (0, RED))
        for fact in night(days, **outcomes)
    ]

    (job,) = told(tmp_path, *facts, yesterday()).newly.jobs

    assert (job.good, job.bad) == ("a" * 40, "b" * 40)
    assert (job.good_night, job.since, job.nights) == ("Tue 13 Jan", "Wed 14 Jan", 2)
    assert job.changes == f"https://github.com/{REPO}/compare/{'a' * 40}...{'b' * 40}"


def test_what_was_merged_between_the_two_nights_is_named(tmp_path: Path) -> None:
    shas = {0: "b" * 40, 1: "a" * 40}
    facts = [
        msgspec.structs.replace(fact, sha=Sha(shas[days]), branch="main")
        for days, outcomes in ((1, GREEN), (0, RED))
        for fact in night(days, **outcomes)
    ]
    # The newest night began twelve hours ago.
    merges = [merged(number, 12 + number) for number in range(1, 9)]

    (job,) = told(tmp_path, *facts, *merges, merged(20, 11), merged(21, 37), yesterday()).newly.jobs

    assert [one.number for one in job.merged] == [1, 2, 3, 4, 5]
    assert job.merges == 8
    assert (job.merged[0].title, job.merged[0].url) == (
        "Change 1",
        f"https://github.com/{REPO}/pull/1",
    )


def test_without_a_night_in_which_it_passed_there_is_no_range(tmp_path: Path) -> None:
    (job,) = told(tmp_path, *nights(RED), yesterday()).newly.jobs

    assert (job.good, job.changes) == ("", "")


def test_only_who_has_shown_who_they_are_can_be_called(tmp_path: Path) -> None:
    community = replace_(maintainers=(CREW,))
    linked = IdentityLinked(
        command=CommandId("command/slack/1"), team="T1", user="U0MONA", login=Login("Mona"),
        github_id=1, at=NOW - timedelta(days=9),
    )  # fmt: skip

    (job,) = told(tmp_path, *nights(GREEN, RED), linked, community=community).newly.jobs

    assert job.groups == ("Crew",)
    assert job.owners == (DigestOwner(name="mona", member="U0MONA"), DigestOwner(name="Alice"))


@pytest.mark.parametrize(
    ("alerts", "calls"),
    [(None, True), (Alerts(), False), (Alerts(on=False), True), (Alerts(mentions=False), True)],
)
def test_nobody_is_called_by_a_digest_and_by_an_alert(
    tmp_path: Path, alerts: Alerts | None, *, calls: bool
) -> None:
    channel = msgspec.structs.replace(ROOM, alerts=alerts)

    event = made(tmp_path, *nights(GREEN, RED), channel=channel)

    assert isinstance(event, DigestWanted)
    assert event.calls == calls


def replace_(**changes: object) -> Community:
    return msgspec.structs.replace(COMMUNITY, **changes)


def test_a_channel_hears_of_its_own_jobs(tmp_path: Path) -> None:
    both = {"nozzle": "failure", "tank": "failure"}
    community = replace_(maintainers=(CREW,))
    crew = Channel(key=ROOM.key, groups=("Crew",))

    contents = told(tmp_path, *nights(GREEN, both), channel=crew, community=community)

    assert names(contents.newly) == [NOZZLE]
    assert contents.about == "the jobs of Crew"
    assert contents.url == "https://ci.example/acme/nightly?q=owner%3ACrew"
    assert contents.total == 1


def test_what_is_muted_is_held_back_and_told_when_the_mute_ends(tmp_path: Path) -> None:
    muted = JobsMuted(
        command=CommandId("command/cli/1"), community="acme", jobs=(f"Nightly / {NOZZLE}",),
        until=NOW + timedelta(days=1), reason="the pump leaks", by="mona", at=NOW,
    )  # fmt: skip
    facts = [*nights(GREEN, RED), yesterday()]

    event = made(tmp_path, *facts, muted)

    assert isinstance(event, DigestWithheld)
    assert event.text.endswith(": no job fails, besides 1 muted.")
    assert event.failing == ()
    (tmp_path / "later").mkdir()
    ends = msgspec.structs.replace(muted, until=NOW - timedelta(minutes=1))
    assert names(told(tmp_path / "later", *facts, ends).newly) == [NOZZLE]


def test_alerts_that_were_held_back_since_the_last_digest_are_counted_by_why(
    tmp_path: Path,
) -> None:
    def withheld(reason: str, *opened: Alert, hours: int, channel: str = ROOM.key) -> Event:
        return AlertMessageWithheld(
            message=f"alerts/acme/{channel}/{hours}", community="acme", channel=channel, opened=opened,
            reason=reason, text=f"Because of {reason}.", withheld_at=NOW - timedelta(hours=hours),
        )  # fmt: skip

    nozzle, tank = alert(), alert(TANK_IN_FULL)
    contents = told(
        tmp_path,
        *nights(GREEN, RED),
        yesterday(),
        withheld("quiet", nozzle, hours=3),
        withheld("quiet", nozzle, tank, hours=2),
        withheld("muted", tank, hours=1),
        withheld("quiet", tank, hours=30),
        withheld("quiet", tank, hours=1, channel="C0000000009"),
    )

    assert contents.held == (
        DigestHeld(reason="muted", text="Because of muted.", alerts=1, subjects=(TANK_IN_FULL,)),
        DigestHeld(
            reason="quiet",
            text="Because of quiet.",
            alerts=2,
            subjects=(nozzle.subject, TANK_IN_FULL),
        ),
    )


def test_what_is_muted_is_in_the_details(tmp_path: Path) -> None:
    muted = JobsMuted(
        command=CommandId("command/cli/1"), community="acme", jobs=(f"Nightly / {NOZZLE}",),
        until=NOW + timedelta(days=1), reason="the pump leaks", by="mona", at=NOW,
    )  # fmt: skip
    now = {"nozzle": "failure", "tank": "failure"}

    contents = told(tmp_path, *nights(GREEN, now), yesterday(), muted)

    assert names(contents.newly) == [TANK]
    (held,) = contents.muted.jobs
    assert held.said == "muted by mona until 2026-01-16 12:00 UTC: the pump leaks"


def test_a_night_that_did_not_begin_is_news_once(tmp_path: Path) -> None:
    late = nights(GREEN, GREEN)[-3:]

    event = made(tmp_path, *late, yesterday())

    assert isinstance(event, DigestWanted)
    (one,) = event.contents.awaited
    assert (one.workflow, one.due_at) == ("Nightly", NOW.replace(hour=0))
    (tmp_path / "again").mkdir()
    again = made(tmp_path / "again", *late, yesterday(waited=event.waited))
    assert isinstance(again, DigestWithheld)


def test_a_night_that_goes_on_is_news(tmp_path: Path) -> None:
    run = ended(1_000, "Nightly", trigger="schedule", created_at=NOW.replace(hour=0))
    runs = RunStarted(
        repo=REPO, run_id=run.run_id, attempt=1, workflow="Nightly", path=run.path, sha=run.sha,
        trigger="schedule", created_at=run.created_at,
    )  # fmt: skip

    contents = told(tmp_path, *night(1, **GREEN), runs, yesterday())

    (one,) = contents.awaited
    assert one.due_at is None
    assert one.url == f"https://github.com/{REPO}/actions/runs/1000"


def test_flaky_jobs_of_the_week_and_required_ones_without_an_owner_are_told(
    tmp_path: Path,
) -> None:
    required = RequiredChecksChanged(
        repo=REPO, origin="gatekeeper-file", branch="main", fingerprint="1",
        names=(f"Nightly / {TANK}",),
    )  # fmt: skip
    flaky = {"nozzle": ["failure", "success"], "tank": "success"}

    contents = told(
        tmp_path, required, *nights(GREEN, flaky), is_asked=True,
        community=replace_(maintainers=(CREW,)),
    )  # fmt: skip

    assert [(job.name, job.said) for job in contents.flaky.jobs] == [
        (NOZZLE, "passed only when it was run again in 1 night")
    ]
    assert names(contents.unowned) == [TANK]


def test_the_week_is_told_on_its_day_whatever_else_is_new(tmp_path: Path) -> None:
    flaky = {"nozzle": ["failure", "success"], "tank": "success"}

    contents = told(tmp_path, *nights(flaky, GREEN), yesterday(), digest=Digest(weekly="thu"))

    (week,) = contents.weeks
    assert (week.nights, week.red_first, week.red, week.flakes) == (2, 1, 0, 1)
    assert [job.said for job in contents.week_flaky.jobs] == [
        "passed only when it was run again in 1 of 2 nights"
    ]


def test_what_most_names_begin_with_is_known(tmp_path: Path) -> None:
    assert told(tmp_path, *nights(GREEN, RED)).path == "Nightly / engine / "


def test_the_nights_before_are_there_for_a_chart(tmp_path: Path) -> None:
    trend = told(tmp_path, *nights(GREEN, RED, RED), is_asked=True).trend

    assert [(one.label, one.failed, one.ran) for one in trend] == [
        ("13 Jan", 0, 2), ("14 Jan", 1, 2), ("15 Jan", 1, 2),
    ]  # fmt: skip


def test_lists_have_an_end_and_a_count(tmp_path: Path) -> None:
    many = MOST_LISTED + 5
    before = {f"job{number}": "success" for number in range(many)}
    now = dict.fromkeys(before, "failure")

    event = made(tmp_path, *nights(before, now))

    assert isinstance(event, DigestWanted)
    assert (len(event.contents.newly.jobs), event.contents.newly.count) == (MOST_LISTED, many)
    assert len(event.failing) == many


@pytest.mark.parametrize("quiet", [0, 2])
def test_days_without_a_digest_are_counted(tmp_path: Path, quiet: int) -> None:
    withheld = [
        DigestWithheld(
            digest=f"digest/acme/{ROOM.key}/{number}", community="acme", channel=ROOM.key,
            day=f"2026-01-1{number}", position=1, at=NOW - timedelta(hours=20 - number),
            reason="unchanged", text="Nothing has changed.",
        )
        for number in range(quiet)
    ]  # fmt: skip

    assert told(tmp_path, *nights(GREEN, RED), yesterday(), *withheld).quiet_days == quiet


def test_the_same_read_models_make_the_same_digest(tmp_path: Path) -> None:
    facts = nights(GREEN, RED)
    (tmp_path / "other").mkdir()

    assert made(tmp_path, *facts) == made(tmp_path / "other", *facts)


@settings(max_examples=12, deadline=None)
@given(
    outcomes=st.lists(
        st.fixed_dictionaries({"nozzle": ENDS, "tank": ENDS, "fins": ENDS}), min_size=2, max_size=5
    ),
    looks=st.lists(st.booleans(), min_size=5, max_size=5),
)
def test_whichever_days_have_a_digest_the_channel_knows_what_fails_and_hears_of_each_change_once(
    outcomes: list[dict[str, str]], looks: list[bool]
) -> None:
    knows: set[str] | None = None
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder)) as world:
        for number, of_night in enumerate(outcomes):
            days_ago = len(outcomes) - 1 - number
            world.add(night(days_ago, **of_night))
            if not looks[number]:
                continue
            event = look(world, TODAY - timedelta(days=days_ago), NOW - timedelta(days=days_ago))
            fails = {f"Nightly / engine / {name}" for name, end in of_night.items() if end == BAD}
            assert set(event.failing) == fails
            if knows is not None:
                assert isinstance(event, DigestWanted) == (fails != knows)
            if knows is not None and isinstance(event, DigestWanted):
                told = event.contents
                assert set(full(told.newly)) == fails - knows
                assert set(full(told.fixed)) == knows - fails
                assert set(full(told.still)) == fails & knows
            knows = fails
            world.add([event])


def full(of: DigestList) -> list[str]:
    return [f"{job.workflow} / {job.name}" for job in of.jobs]


def look(world: Scene, day: date, now: datetime) -> DigestWanted | DigestWithheld:
    """Return the digest of a day."""
    with world.knowledge() as knowledge:
        then = replace(knowledge, now=now)
        return make_digest(
            then, read_nights(then), ROOM, DAILY, jobs_of_channel(COMMUNITY, ROOM),
            Occasion(key=digest_key("acme", ROOM.key, day), day=day, at=now, position=1),
        )  # fmt: skip
