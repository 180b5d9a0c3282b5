"""The history of the demo, brought into the product's log and read models."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice

from rich.console import Console
from rich.progress import Progress

from chatops.app import Service, upgrade_database
from chatops.demo.hub import REQUIRED_PATH
from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.intake.gatekeeper import required_event
from chatops.intake.objects import job_events, pull_event, run_events
from chatops.names import Repo
from chatops.standins.github import World
from chatops.standins.github.shapes import Shapes
from chatops.standins.history import History, Night, PlannedRun

FACTS_PER_APPEND = 10_000


def fill(
    service: Service, past: History, world: World, github_url: str, *, nights: int, console: Console
) -> None:
    """Append everything that happened up to now, and project it.

    It is done before the service starts, so that work and policies begin after it: what was is known, not acted upon.
    """
    upgrade_database(service.database)
    with _bar(console, nights) as advance:
        facts = (_fact(event) for event in _events(past, world, github_url, advance))
        while batch := list(islice(facts, FACTS_PER_APPEND)):
            service.log.append([Batch(facts=batch)])
            service.projector.catch_up()


def _fact(event: Event) -> Fact:
    return Fact(event=event, source="backfill", correlation_id="demo/history")


def _events(
    past: History, world: World, github_url: str, advance: Callable[[], None]
) -> Iterator[Event]:
    repo = Repo(past.repository)
    yield required_event(repo, "main", REQUIRED_PATH, past.required_tests_yaml, "", past.now)
    for night in past.nights():
        yield from events_of_night(night, repo)
        advance()
    shapes, repository = Shapes(world, github_url), world.repositories[past.repository]
    for pull in past.pulls:
        yield pull_event(shapes.full_pull(repository, repository.pulls[pull.number]), repo)
        for planned in pull.runs:
            yield from _of_plan(planned, past, repo)
    yield from _of_plan(past.tonight, past, repo)


def events_of_night(night: Night, repo: Repo) -> Iterable[Event]:
    """Return what the runs and jobs of a night tell."""
    runs, jobs = night
    return chain(
        chain.from_iterable(run_events(run) for run in runs),
        chain.from_iterable(job_events(job, repo) for job in jobs),
    )


def _of_plan(planned: PlannedRun, past: History, repo: Repo) -> Iterable[Event]:
    return events_of_night(([planned.run_at(past.now)], planned.jobs_at(past.now)), repo)


@contextmanager
def _bar(console: Console, nights: int) -> Iterator[Callable[[], None]]:
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("The nights of a year", total=nights)
        yield partial(bar.advance, task)
