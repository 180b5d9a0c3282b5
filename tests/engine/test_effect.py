import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from msgspec.structs import replace

from chatops.engine.clock import SystemClock
from chatops.engine.effect import Effect, Effector
from chatops.engine.work import Crew, Item, WorkList
from chatops.errors import ChatopsError, Refused, Transient
from chatops.events import Event, Recorded
from chatops.events.conversation import (
    EffectDelayed,
    EffectFailed,
    ReactionAdded,
    ReactionRequested,
)
from chatops.gateways.github import GitHubGateway
from chatops.ports import Ports
from tests.engine.logs import HandClock
from tests.engine.worlds import A_WHILE, Town, town
from tests.scene import COMMAND, REPO

pytestmark = pytest.mark.anyio


@dataclass
class Neighbour:
    """Somebody outside who is asked for something, and how often they did it."""

    done: int = 0
    problem: ChatopsError | None = None


NEIGHBOUR = Neighbour()


class Ask(Effect[ReactionRequested]):
    """Ask the neighbour, and report."""

    name: ClassVar[str] = "ask"
    on: ClassVar[type[Event]] = ReactionRequested

    async def perform(self, event: ReactionRequested, ports: Ports) -> Sequence[Event]:
        if NEIGHBOUR.problem is not None:
            raise NEIGHBOUR.problem
        NEIGHBOUR.done += 1
        return (
            [ReactionAdded(command=event.command, reaction=event.reaction)]
            if event.comment_id
            else []
        )

    def describe(self, event: ReactionRequested) -> str:
        return f"Would ask for {event.reaction}."


class AskPolitely(Ask):
    """Has an answer of its own to a refusal."""

    def refused(self, event: ReactionRequested, refusal: Refused) -> Sequence[Event]:
        return [ReactionAdded(command=event.command, reaction=refusal.reason)]


@pytest.fixture
def here(database_url: str) -> Iterator[Town]:
    NEIGHBOUR.done, NEIGHBOUR.problem = 0, None
    with town(database_url) as built:
        yield built


def effector(here: Town, effect: Effect[ReactionRequested] | None = None) -> Effector:
    ports = Ports(clock=SystemClock(), github=GitHubGateway(token="unused"))
    return Effector(effect or Ask(), here.log, ports, here.append)  # type: ignore[arg-type]  # as app.py has them


def asked(here: Town, *, comment_id: int = 1) -> Item:
    """Ask for a reaction; return the work of it."""
    event = ReactionRequested(command=COMMAND, repo=REPO, comment_id=comment_id, reaction="eyes")
    here.add([event], COMMAND)
    return Item("ask", str(here.log.head()), here.log.head(), 0)


def outcomes(here: Town) -> list[Recorded]:
    """Return what came of it."""
    return [one for one in here.story() if not isinstance(one.event, ReactionRequested)]


async def test_an_outcome_is_recorded_once_and_names_its_cause(here: Town) -> None:
    item = asked(here)

    await asyncio.gather(*(effector(here).perform(item) for _ in range(3)))

    [outcome] = outcomes(here)
    request = here.log.at(int(item.subject))
    assert request is not None
    assert isinstance(outcome.event, ReactionAdded)
    assert (outcome.causation_id, outcome.correlation_id) == (request.id, COMMAND)


async def test_an_effect_that_has_nothing_to_report_reports_nothing(here: Town) -> None:
    await effector(here).perform(asked(here, comment_id=0))

    assert NEIGHBOUR.done == 1
    assert outcomes(here) == []


async def test_a_refusal_is_an_outcome_and_is_not_parked(here: Town) -> None:
    NEIGHBOUR.problem = Refused("The conversation is locked.")

    await effector(here).perform(asked(here))

    [outcome] = outcomes(here)
    assert isinstance(outcome.event, EffectFailed)
    assert (outcome.event.effect, outcome.event.text) == ("ask", "The conversation is locked.")
    assert (outcome.event.parked, outcome.event.tries) == (False, 1)


async def test_an_effect_may_have_its_own_words_for_a_refusal(here: Town) -> None:
    NEIGHBOUR.problem = Refused("No.", reason="locked")

    await effector(here, AskPolitely()).perform(asked(here))

    [outcome] = outcomes(here)
    assert isinstance(outcome.event, ReactionAdded)
    assert outcome.event.reaction == "locked"


async def test_giving_up_is_recorded_once_with_how_often_it_was_tried(here: Town) -> None:
    item = replace(asked(here), tries=11)

    for _ in range(2):
        await effector(here).give_up(item, "GitHub could not be reached.")

    [outcome] = outcomes(here)
    assert isinstance(outcome.event, EffectFailed)
    assert (outcome.event.parked, outcome.event.tries) == (True, 12)
    assert outcome.event.text == "GitHub could not be reached."


async def test_only_a_wait_that_people_notice_is_recorded(here: Town) -> None:
    item = asked(here)

    await effector(here).delayed(item, "Soon.", timedelta(seconds=2))
    await effector(here).delayed(item, "Later.", A_WHILE)

    [outcome] = outcomes(here)
    assert isinstance(outcome.event, EffectDelayed)
    assert (outcome.event.text, outcome.event.seconds) == ("Later.", 120)


async def test_what_waits_is_done_once_when_its_time_has_come(here: Town) -> None:
    clock = HandClock()
    work = WorkList(here.log, clock)
    work.be_born()
    asked(here)
    NEIGHBOUR.problem = Transient("GitHub asks me to slow down.", retry_after=A_WHILE)
    crew = Crew(work, [effector(here)])
    await crew.settle()
    [waits] = work.backlog()
    NEIGHBOUR.problem = None
    clock.moment += A_WHILE - timedelta(seconds=1)
    await crew.settle()
    early = NEIGHBOUR.done
    clock.moment += timedelta(seconds=2)
    await crew.settle()
    await crew.settle()

    assert (waits.wait, waits.problem) == (A_WHILE, "GitHub asks me to slow down.")
    assert (early, NEIGHBOUR.done) == (0, 1)
    assert [type(one.event) for one in outcomes(here)] == [EffectDelayed, ReactionAdded]


async def test_work_of_a_worker_that_is_gone_is_parked_and_says_so(here: Town) -> None:
    work = WorkList(here.log, SystemClock())
    work.be_born()
    asked(here)
    work.collect([effector(here)])

    await Crew(work, []).settle()

    [parked] = work.backlog()
    assert (parked.parked, parked.problem) == (True, "No worker is called ask.")
