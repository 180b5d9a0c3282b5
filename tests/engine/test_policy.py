import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from sqlalchemy import Connection

from chatops.engine.log import Batch
from chatops.engine.policy import Policy, PolicyRunner, Scene, Wanted
from chatops.engine.projection import Projector
from chatops.errors import Broken
from chatops.events import Event, Recorded
from chatops.events.conversation import ReactionAdded
from chatops.events.runs import JobCompleted
from chatops.names import CommandId
from chatops.projections.jobs import Jobs, jobs_of_runs
from tests.engine.logs import batch
from tests.engine.worlds import CONFIGURATION, Town, town

PATIENCE = 20.0


@dataclass
class Rule(Policy):
    """Wants a reaction for each job, unless it stumbles over that one."""

    name: ClassVar[str] = "rule"
    reads: ClassVar[tuple[type[Event], ...]] = (JobCompleted,)

    stumbles_over: int = 0
    looked_at: list[int] = field(default_factory=list)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        assert isinstance(fact.event, JobCompleted)
        self.looked_at.append(fact.event.job_id)
        if fact.event.job_id == self.stumbles_over:
            raise Broken("It stumbled.")
        command = CommandId(f"command/for/{fact.event.job_id}")
        return [Wanted(ReactionAdded(command=command, reaction="eyes"), command)]


@pytest.fixture
def here(database_url: str) -> Iterator[Town]:
    with town(database_url) as built:
        yield built


def runner(here: Town, *rules: Policy, projected: int | None = None) -> PolicyRunner:
    """Return a runner behind projections that are at some position, or at the log's head."""

    def append(wanted: Batch) -> None:
        here.log.append([wanted])

    def knowledge(_db: Connection, _key: str) -> None:
        return None

    return PolicyRunner(
        here.log,
        rules,
        CONFIGURATION,
        append=append,
        knowledge=knowledge,
        projected=lambda: here.log.head() if projected is None else projected,
    )


def run(running: PolicyRunner) -> None:
    while running.step():
        pass


def reactions(here: Town) -> list[str]:
    return [str(one.event.command) for one in here.story() if isinstance(one.event, ReactionAdded)]


def test_a_rule_begins_where_it_was_born(here: Town) -> None:
    here.log.append([batch(1, 2)])
    running = runner(here, Rule())
    run(running)
    unborn = reactions(here)
    running.be_born()
    here.log.append([batch(3)])

    run(running)

    assert (unborn, reactions(here)) == ([], ["command/for/3"])


def test_each_fact_is_looked_at_once_and_the_cause_is_named(here: Town) -> None:
    rule = Rule()
    running = runner(here, rule)
    running.be_born()
    here.log.append([batch(1, 2)])

    run(running)
    run(running)

    assert rule.looked_at == [1, 2]
    facts = here.story()
    assert [fact.causation_id for fact in facts[2:]] == [fact.id for fact in facts[:2]]
    assert [fact.correlation_id for fact in facts[2:]] == ["command/for/1", "command/for/2"]


def test_a_rule_does_not_run_ahead_of_what_is_known(here: Town) -> None:
    rule = Rule()
    running = runner(here, rule, projected=1)
    running.be_born()
    here.log.append([batch(1, 2)])

    run(running)

    assert rule.looked_at == [1]


def test_a_rule_that_stumbles_loses_no_fact(here: Town) -> None:
    rule = Rule(stumbles_over=2)
    running = runner(here, rule)
    running.be_born()
    here.log.append([batch(1, 2, 3)])
    for _ in range(2):
        with pytest.raises(Broken):
            running.step()
    nothing = reactions(here)
    rule.stumbles_over = 0

    run(running)

    assert nothing == []
    assert reactions(here) == ["command/for/1", "command/for/2", "command/for/3"]


def test_the_thread_of_a_rule_that_stumbles_goes_on_when_it_no_longer_does(here: Town) -> None:
    rule = Rule(stumbles_over=1)
    running = runner(here, rule)
    running.be_born()
    running.start(every=0.01)
    here.log.append([batch(1)])
    running.wake()
    wait_until(lambda: bool(rule.looked_at))
    rule.stumbles_over = 0
    started = time.monotonic()
    running.stop()

    again = runner(here, rule)
    again.start(every=0.01)
    wait_until(lambda: reactions(here) == ["command/for/1"])
    again.stop()

    assert time.monotonic() - started < 4


def test_a_restart_may_look_again_and_adds_nothing(here: Town) -> None:
    rule = Rule()
    first = runner(here, rule)
    first.be_born()
    here.log.append([batch(1)])
    run(first)

    run(runner(here, rule))

    assert reactions(here) == ["command/for/1"]


def test_two_processes_ask_for_the_same_once(here: Town) -> None:
    rules = Rule(), Rule()
    runners = [runner(here, rule) for rule in rules]
    for running in runners:
        running.be_born()
    here.log.append([batch(*range(1, 21))])

    for running in runners:
        run(running)

    assert len(reactions(here)) == len(set(reactions(here))) == 20


def test_who_is_born_second_does_not_move_the_beginning(here: Town) -> None:
    first, second = runner(here, Rule()), runner(here, Rule())
    first.be_born()
    here.log.append([batch(1)])
    second.be_born()

    run(second)

    assert reactions(here) == ["command/for/1"]


def wait_until(condition: object) -> None:
    """Wait until something is so."""
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.01)


@dataclass
class Looking(Policy):
    """Notes for each job whether the read models know it already."""

    name: ClassVar[str] = "looking"
    reads: ClassVar[tuple[type[Event], ...]] = (JobCompleted,)

    known: list[bool] = field(default_factory=list)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        assert isinstance(fact.event, JobCompleted)
        jobs = jobs_of_runs(scene.db, [fact.event.run_id])
        self.known.append(fact.event.job_id in {job.job_id for job in jobs})
        return []


def test_a_rule_never_sees_read_models_that_are_older_than_its_fact(here: Town) -> None:
    rule = Looking()
    projector = Projector(here.log, [Jobs()])
    runner(here, rule).be_born()
    here.log.append([batch(1, 2)])

    def projected() -> int:
        # The projector comes to the log's head while the runner is about to look how far it is.
        projector.catch_up()
        return here.log.head()

    run(PolicyRunner(
        here.log, [rule], CONFIGURATION, append=lambda wanted: here.log.append([wanted]),
        knowledge=lambda _db, _key: None, projected=projected,
    ))  # fmt: skip

    assert rule.known == [True, True]
