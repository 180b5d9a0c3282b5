"""Whatever the runs of a commit look like: what `/retest` asks for is what GitHub would take, and once."""

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.answers.reruns import ATTEMPT_LIMIT, FAILED, Hindrance, Repeatable, repeatable_runs
from chatops.commands.retest import Retest
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.reruns import RerunDeferred, RerunRequested
from tests.scene import HEAD, NOW, REPO, ended, job, pull, received, scene, under_way

CONCLUSIONS = ["success", "failure", "cancelled", "timed_out", "skipped", "neutral"]
WORKFLOWS = ["CI", "Static", "Gatekeeper"]
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@st.composite
def runs(draw: st.DrawFn) -> list[Event]:
    """Return the runs of a head commit: several per workflow, of any age, in any attempt, with any jobs."""
    facts: list[Event] = []
    for run_id in range(10, 10 + draw(st.integers(1, 5))):
        attempt = draw(st.sampled_from([1, 2, 49, 50]))
        seen: dict[str, object] = {
            "attempt": attempt,
            "created_at": NOW - timedelta(days=draw(st.sampled_from([0, 29, 31]))),
        }
        workflow = draw(st.sampled_from(WORKFLOWS))
        conclusion = draw(st.sampled_from([*CONCLUSIONS, "startup_failure"]))
        is_over = draw(st.booleans())
        facts.append(
            ended(run_id, workflow, conclusion, **seen)
            if is_over
            else under_way(run_id, workflow, **seen)
        )
        facts += [
            job(
                run_id * 10 + place,
                run_id,
                name,
                draw(st.sampled_from(CONCLUSIONS)),
                attempt=attempt,
            )
            for place, name in enumerate(draw(st.lists(st.sampled_from("abc"), unique=True)))
        ]
    return facts


def decided(facts: Sequence[Event]) -> tuple[list[Repeatable], list[Event]]:
    """Return the newest runs, and what a member's `/retest` decides."""
    asked = Asked(received=received(), standing=Standing(), grant=Grant(ground="member"))
    with (
        tempfile.TemporaryDirectory() as folder,
        scene(Path(folder), [pull(), *facts]) as world,
        world.knowledge() as knowledge,
    ):
        newest = repeatable_runs(knowledge.db, REPO, HEAD, NOW)
        try:
            return newest, list(Retest.parse(()).decide(asked, knowledge))
        except Refused:
            return newest, []


@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(facts=runs())
def test_what_is_asked_for_is_what_github_takes(facts: list[Event]) -> None:
    newest, events = decided(facts)
    by_id = {run.run_id: run for run in newest}

    assert len({run.workflow for run in newest}) == len(newest)
    assert len({event.key() for event in events}) == len(events)
    for event in events:
        assert isinstance(event, RerunRequested | RerunDeferred)
        run = by_id[event.run_id]
        assert run.is_over is isinstance(event, RerunRequested)
        assert event.attempt == run.attempt < ATTEMPT_LIMIT
        assert run.hindrance in (None, Hindrance.STILL_RUNNING)
        assert {job.name for job in run.failed} >= set(event.jobs)
        assert all(job.conclusion in FAILED for job in run.failed)


@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(facts=runs())
def test_nothing_that_failed_and_may_run_again_is_forgotten(facts: list[Event]) -> None:
    newest, events = decided(facts)

    asked = {event.run_id for event in events if isinstance(event, RerunRequested | RerunDeferred)}
    others = [run for run in newest if run.workflow != "Gatekeeper"]
    meant = {run.run_id for run in others if run.has_failed and run.hindrance is None}
    meant |= {run.run_id for run in others if run.is_waited_for}
    if meant:
        assert asked == meant
    else:
        assert {by.workflow for by in newest if by.run_id in asked} <= {"Gatekeeper"}


@settings(max_examples=8, deadline=None, suppress_health_check=SLOW)
@given(facts=runs(), data=st.data())
def test_the_order_in_which_it_was_heard_does_not_matter(
    facts: list[Event], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(facts))

    assert decided(shuffled) == decided(facts)
