"""GitHub's objects become events, whatever they hold, and whichever road they came by."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import chatops.events
from chatops.engine.catalogue import catalogue
from chatops.engine.codec import Codec
from chatops.engine.log import Batch
from chatops.engine.projection import Projector
from chatops.events import Event, Fact
from chatops.events.pulls import PullChanged
from chatops.events.runs import (
    JobCompleted,
    JobQueued,
    JobStarted,
    RunCompleted,
    RunHeld,
    RunRequested,
    RunStarted,
)
from chatops.intake import objects
from chatops.intake.objects import (
    LONGEST_TEXT,
    check_run_event,
    check_suite_event,
    job_events,
    moment,
    name,
    pull_event,
    run_events,
    status_event,
    text,
)
from chatops.intake.webhooks import translate
from chatops.names import PullNumber, Repo, RunId
from chatops.standins.github import GitHubStandIn, HandClock, World
from tests.engine.logs import PROJECTIONS, opened
from tests.gateways.places import FLAKY, MEMBER, PASSES, Place, gateway_to

REPO = Repo("acme/rocket")
CODEC = Codec(catalogue(chatops.events, Event))
Translate = Callable[[Any], list[Event]]
TRANSLATORS: dict[str, Translate] = {
    "run": run_events,
    "run of a repository": lambda value: run_events(value, REPO),
    "job": lambda value: job_events(value, REPO),
    "pull": lambda value: [pull_event(value, REPO)],
    "check run": lambda value: _some(check_run_event(value, REPO)),
    "check suite": lambda value: _some(check_suite_event(value, REPO)),
    "status": lambda value: _some(status_event(value, REPO)),
}


def _some(event: Event | None) -> list[Event]:
    return [] if event is None else [event]


# Every key that we read somewhere, so that chance finds it.
KEYS = sorted(
    {
        field.encode_name
        for shape in vars(objects).values()
        if isinstance(shape, type) and issubclass(shape, msgspec.Struct)
        for field in msgspec.structs.fields(shape)
    }
)
WORDS = st.sampled_from(
    [
        "completed", "queued", "in_progress", "waiting", "pending", "requested", "novel", "success",
        "failure", "stale", "open", "closed", "acme/rocket", "c" * 40, "2026-01-05T12:00:00Z",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "2026-01-05T12:00:00+00:00:30",
        "1970-01-01T00:00:00+23:59", "2026-W01-1", "2026-01-05", "20260105T120000Z", "\x00", "\ud800",
        "a\nb\x1f  c", "\u2028", "x" * 3_000,
    ]
)  # fmt: skip
NUMBERS = st.sampled_from([0, 1, 7, -1, 2**31, 2**63 - 1, 2**63, 2**64, 10**400]) | st.integers()
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats() | st.text(max_size=5) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=3), inner, max_size=12)
    ),
    max_leaves=30,
)
NAMED = {"id": 7, "run_id": 5, "number": 7, "name": "x", "repository": {"full_name": "acme/rocket"}}
THINGS = JSON | st.dictionaries(st.sampled_from(KEYS), JSON, max_size=10).map(
    lambda odd: {**NAMED, **odd}
)


def said(event: Event) -> Iterator[str]:
    """Yield every text in an event."""
    waiting: list[object] = [msgspec.to_builtins(event)]
    while waiting:
        match waiting.pop():
            case str() as found:
                yield found
            case dict() as found:
                waiting.extend(found.values())
            case list() | tuple() as found:
                waiting.extend(found)
            case _:
                pass


@pytest.mark.parametrize("what", TRANSLATORS)
@given(value=THINGS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@example(value={**NAMED, "created_at": "9999-12-31T23:59:59-23:59"})
@example(value={**NAMED, "updated_at": "9999-12-31T23:59:59-23:59"})
@example(value={**NAMED, "started_at": "2026-01-05T12:00:00+00:00:30"})
@example(value={**NAMED, "created_at": "1970-01-01T00:00:00+23:59"})
@example(value=[{"id": 7}])
@example(value={**NAMED, "name": "a\x00b", "context": "\ud800", "app": {"slug": "\x00"}})
@example(value={**NAMED, "title": "\ud800", "head_branch": "\x00", "description": "x" * 5_000})
def test_no_value_at_all_makes_a_translator_raise_or_say_what_no_log_can_hold(
    what: str, value: object
) -> None:
    for event in TRANSLATORS[what](value):
        # It names itself, and comes out of the log as it went in.
        assert event.key()
        assert event.stream()
        assert event.happened_at() is None or event.happened_at().timestamp()  # type: ignore[union-attr]  # just looked
        assert CODEC.decode(event.kind, event.version, CODEC.encode(event)) == event
        # PostgreSQL takes neither zeros nor halves of pairs in a text, and has no number above 2**63.
        for found in said(event):
            found.encode()
            assert "\x00" not in found
            assert len(found) <= LONGEST_TEXT
        assert all(-(2**63) <= number < 2**63 for number in numbers(event))


def numbers(event: Event) -> list[int]:
    """Return every number in an event."""
    values = msgspec.to_builtins(event).values()
    return [value for value in values if isinstance(value, int)]


def test_depth_without_end_is_read_as_nothing() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    thing = {"id": 7, "run_id": 5, "name": "x", "labels": deep, "head": deep, "app": deep}

    for translate_it in TRANSLATORS.values():
        translate_it(thing)
        translate_it(deep)


def test_either_database_and_every_read_model_take_whatever_comes(database_url: str) -> None:
    with opened(database_url) as log:
        projector = Projector(log, [projection() for projection in PROJECTIONS])

        @given(value=THINGS)
        @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        def take(value: object) -> None:
            events = [event for one in TRANSLATORS.values() for event in one(value)]
            facts = [Fact(event=event, source="github", correlation_id="x") for event in events]
            if facts:
                log.append([Batch(facts=facts)])
            projector.catch_up()

        take()

        assert [one.error for one in projector.progress() if one.error] == []
        assert log.head() > 0


# What states mean


def job(**changes: object) -> dict[str, object]:
    described = {"id": 7, "run_id": 5, "name": "build", "status": "completed", "conclusion": "failure"}  # fmt: skip
    return {**described, **changes}


def run(**changes: object) -> dict[str, object]:
    described = {
        "id": 5, "name": "CI", "status": "completed", "conclusion": "failure",
        "repository": {"full_name": "acme/rocket"},
    }  # fmt: skip
    return {**described, **changes}


@pytest.mark.parametrize(
    ("status", "conclusion", "of_run", "of_job"),
    [
        ("queued", None, RunRequested, JobQueued),
        ("requested", None, RunRequested, JobQueued),
        ("waiting", None, RunRequested, JobQueued),
        ("pending", None, RunRequested, JobQueued),
        ("in_progress", None, RunStarted, JobStarted),
        ("completed", "success", RunCompleted, JobCompleted),
        ("completed", "a_novelty", RunCompleted, JobCompleted),
        # A run that waits for somebody's approval has not ended: the same attempt goes on.
        ("completed", "action_required", RunHeld, JobCompleted),
        # Ended without saying how is not ended; and what we do not know is at least under way.
        ("completed", None, RunStarted, JobStarted),
        ("completed", "", RunStarted, JobStarted),
        ("a_novelty", None, RunStarted, JobStarted),
        ("a_novelty", "success", RunStarted, JobStarted),
        # What is said of the end counts only at the end.
        ("queued", "success", RunRequested, JobQueued),
        (None, "success", RunStarted, JobStarted),
        (7, 8, RunStarted, JobStarted),
    ],
)
def test_the_state_is_what_status_and_conclusion_say_together(
    status: object, conclusion: object, of_run: type[Event], of_job: type[Event]
) -> None:
    (seen_run,) = run_events(run(status=status, conclusion=conclusion))
    (seen_job,) = job_events(job(status=status, conclusion=conclusion), REPO)

    assert (type(seen_run), type(seen_job)) == (of_run, of_job)


def test_a_conclusion_is_kept_in_githubs_own_word() -> None:
    words = ["success", "stale", "startup_failure", "a_novelty"]

    runs = [run_events(run(conclusion=word))[0] for word in words]
    jobs = [job_events(job(conclusion=word), REPO)[0] for word in words]

    assert [one.conclusion for one in runs if isinstance(one, RunCompleted)] == words
    assert [one.conclusion for one in jobs if isinstance(one, JobCompleted)] == words


@pytest.mark.parametrize(
    ("steps", "failed"),
    [
        ([], ""),
        (None, ""),
        ([{"name": "Set up job", "conclusion": "success"}], ""),
        ([{"name": "b\n c", "conclusion": "failure"}, {"name": "d", "conclusion": "failure"}], "b c"),
        ([{"name": "a", "conclusion": "skipped"}, {"name": "b", "conclusion": "failure"}], "b"),
        ([{"name": "a", "conclusion": "timed_out"}], "a"),
        ([{"name": "a", "conclusion": "cancelled"}], "a"),
        ([{"name": None, "conclusion": "failure"}], ""),
        ([7, {"name": "a", "conclusion": "failure"}], ""),
    ],
)  # fmt: skip
def test_the_step_that_failed_is_the_first_one_that_did(steps: object, failed: str) -> None:
    (event,) = job_events(job(steps=steps), REPO)

    assert isinstance(event, JobCompleted)
    assert event.failed_step == failed


@pytest.mark.parametrize(
    "nameless",
    [
        {}, {"id": 0}, {"id": -1}, {"id": 2**63}, {"id": "7"}, {"id": True}, {"id": None}, {"id": 7.5},
    ],
)  # fmt: skip
def test_what_has_no_number_of_its_own_is_nothing(nameless: dict[str, object]) -> None:
    assert run_events({**run(), "id": None} | nameless) == []
    assert job_events({**job(), "id": None} | nameless, REPO) == []
    assert check_run_event({"name": "x"} | nameless, REPO) is None
    assert check_suite_event(nameless, REPO) is None
    assert status_event(nameless, REPO) is None
    number = {"number": nameless.get("id")}
    assert pull_event(number, REPO).number == 0


def test_a_run_without_a_repository_and_a_job_without_a_run_or_name_are_nothing() -> None:
    assert run_events(run(repository=None)) == []
    assert job_events(job(run_id=0), REPO) == []
    assert job_events(job(name=" \n "), REPO) == []


@pytest.mark.parametrize(
    ("attempt", "read"), [(None, 1), (0, 1), (-3, 1), ("2", 1), (2, 2), (2**31, 1), (2**64, 1)]
)
def test_an_attempt_that_cannot_be_one_is_the_first(attempt: object, read: int) -> None:
    (seen,) = run_events(run(run_attempt=attempt))

    assert isinstance(seen, RunCompleted)
    assert seen.attempt == read


def test_one_wrong_field_spoils_no_other() -> None:
    (seen,) = job_events(job(labels=[1, 2], runner_name=["x"], created_at=5, head_sha="c" * 40), REPO)  # fmt: skip

    assert isinstance(seen, JobCompleted)
    assert (seen.conclusion, seen.sha, seen.labels, seen.runner, seen.created_at) == (
        "failure",
        "c" * 40,
        (),
        "",
        None,
    )


def test_a_list_says_only_when_a_pull_request_was_merged() -> None:
    listed = {"number": 7, "state": "closed", "merged_at": "2026-01-05T12:00:00Z"}

    event = pull_event(listed, REPO)
    assert (event.merged, event.merged_at) == (True, datetime(2026, 1, 5, 12, tzinfo=UTC))
    assert not pull_event({**listed, "merged_at": None}, REPO).merged


@pytest.mark.parametrize(
    ("title", "body", "named"),
    [
        ("Add fins", "Fixes: #12", True),
        ("Add fins (acme/rocket#12)", None, True),
        ("Add fins", "See GH-12", True),
        ("Add fins", "See https://github.com/acme/rocket/issues/12.", True),
        ("Add fins", "<!-- Fixes #12 -->\nWell.", False),
        ("Add fins", "<!-- Fixes #12", False),
        ("Add fins", "Costs &#36; and is #1st, or #0", False),
        ("Add fins", "https://github.com/acme/rocket/pull/12", False),
        (None, None, False),
    ],
)
def test_an_issue_is_named_in_title_or_text(
    title: str | None, body: str | None, *, named: bool
) -> None:
    seen = pull_event({"number": 7, "title": title, "body": body}, REPO)

    assert seen.names_issue is named


def test_that_an_issue_is_named_is_another_fact_and_what_else_is_said_none() -> None:
    bare = {"number": 7, "updated_at": "2026-01-05T12:00:00Z"}
    keys = [
        pull_event({**bare, "body": text}, REPO).key()
        for text in (None, "Well.", "Fixes #12", "#13")
    ]

    assert keys[0] == keys[1] != keys[2] == keys[3]


# Texts and times


@given(value=st.text(alphabet=st.characters(exclude_categories=()), max_size=2_000))
@example(value="\x00\ud800\x1f\x7f")
@example(value="x" * 2_000)
def test_a_text_is_what_it_was_without_what_no_database_holds(value: str) -> None:
    cleaned = text(value)

    cleaned.encode()
    assert not [letter for letter in cleaned if letter < " " or letter == "\x7f"]
    assert len(cleaned) <= LONGEST_TEXT
    assert text(cleaned) == cleaned
    if len(value) <= LONGEST_TEXT:
        assert len(cleaned) == len(value)
        assert all(new in {old, " "} for new, old in zip(cleaned, value, strict=True))


@given(value=st.text(max_size=60))
def test_a_name_is_on_one_line_with_single_blanks(value: str) -> None:
    cleaned = name(value)

    assert "\n" not in cleaned
    assert "  " not in cleaned
    assert cleaned == name(cleaned)
    assert cleaned.split() == text(value).split()


def test_a_name_of_several_lines_is_the_same_name() -> None:
    assert name("E2E (\n  ci /\n  k0s /…") == "E2E ( ci / k0s /…"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026-01-05T12:00:00Z", datetime(2026, 1, 5, 12, tzinfo=UTC)),
        ("2026-01-05T12:00:00.123Z", datetime(2026, 1, 5, 12, 0, 0, 123_000, tzinfo=UTC)),
        ("2026-01-05T14:00:00+02:00", datetime(2026, 1, 5, 12, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("2026-01-05T12:00:00", None),
        ("2026-01-05", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_is_one_only_with_its_zone(value: str | None, read: datetime | None) -> None:
    assert moment(value) == read


# The same thing by either road


@pytest.mark.anyio
async def test_the_same_run_or_job_by_webhook_and_by_rest_is_the_same_fact() -> None:
    clock = HandClock()
    world = World(clock=clock)
    repository = world.repo(REPO)
    repository.user(MEMBER, permission="write")
    compared = set()
    async with (
        GitHubStandIn(world, webhook_url="http://127.0.0.1:9/") as hub,
        gateway_to(hub) as github,
    ):
        hub.webhooks.pause()
        place = Place(hub, repository, clock, github)
        pulls = [place.open_pull(7), repository.pull(number=8, author=MEMBER)]
        runs = [repository.run(workflow="CI", pull=one, jobs=[PASSES, FLAKY]) for one in pulls]
        for step in range(60):
            if step == 40:
                for one in runs:
                    world.ci.rerun_failed(one, actor=MEMBER)
            heard = _heard(hub)
            for one in runs:
                by_rest = [*run_events(await github.run(REPO, RunId(one.id)))]
                async for listed in github.jobs(REPO, RunId(one.id)):
                    by_rest += job_events(listed, REPO)
                for event in by_rest:
                    if event.key() in heard:
                        assert heard[event.key()] == event
                        compared.add((event.kind, event.key()))
            clock.advance(5)
            world.tick()

    kinds = [kind for kind, _ in compared]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "run.requested": 4, "run.started": 4, "run.completed": 4,
        "job.queued": 6, "job.started": 6, "job.completed": 6,
    }  # fmt: skip


def _heard(hub: GitHubStandIn) -> dict[str, Event]:
    return {
        fact.event.key(): fact.event
        for delivery in hub.webhooks.deliveries
        if delivery.event in ("workflow_run", "workflow_job")
        for fact in translate(delivery.event, delivery.guid, delivery.body).facts
    }


@pytest.mark.anyio
async def test_the_same_pull_request_by_webhook_and_by_rest_is_the_same_fact() -> None:
    world = World(clock=HandClock())
    repository = world.repo(REPO)
    repository.user(MEMBER, permission="write")
    async with (
        GitHubStandIn(world, webhook_url="http://127.0.0.1:9/") as hub,
        gateway_to(hub) as github,
    ):
        hub.webhooks.pause()
        repository.pull(
            number=7, author="hubot", fork=True, labels=["ok-to-test"], body="Fixes #12"
        )
        opened_, listed, single = (
            _pull_by_webhook(hub),
            [pull_event(one, REPO) async for one in github.pulls(REPO)],
            pull_event(await github.pull(REPO, PullNumber(7)), REPO),
        )
        repository.close_pull(7, actor=MEMBER, merge=True)
        merged = _pull_by_webhook(hub)
        after = pull_event(await github.pull(REPO, PullNumber(7)), REPO)

    assert listed == [opened_]
    assert single == opened_
    assert after == merged
    assert after.key() != opened_.key()
    assert (opened_.fork, opened_.labels) == (True, ("ok-to-test",))
    assert opened_.names_issue
    assert (after.merged, after.state) == (True, "closed")


def _pull_by_webhook(hub: GitHubStandIn) -> PullChanged:
    bodies = [
        json.loads(one.body) for one in hub.webhooks.deliveries if one.event == "pull_request"
    ]
    return pull_event(bodies[-1]["pull_request"], REPO)
