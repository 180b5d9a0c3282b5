"""A month of nights as they really are: some 240 tests with names of every length, reruns, troubles, gaps."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

from chatops.app import Service
from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.intake.gatekeeper import required_event
from chatops.intake.objects import job_events, run_events
from chatops.names import Repo
from chatops.standins.history import History, history

REPOSITORY = Repo("kata-containers/kata-containers")
NIGHTS = 30
NOW = datetime(2026, 9, 10, 13, 5, tzinfo=UTC)
"""Always the same, so that the page is."""
FACTS_PER_APPEND = 5_000
CONFIGURATION = f"""\
communities:
  acme:
    title: Kata Containers
    slash_command: /kata
    repositories: [{REPOSITORY}]
    nightly:
      - {{name: Kata Containers Nightly CI, file: ci-nightly.yaml}}
      - {{name: Nightly CI for s390x, file: ci-nightly-s390x.yaml}}
"""


def fill(service: Service, nights: int = NIGHTS) -> None:
    """Append so many nights and bring the read models up to date."""
    past = history(NOW, nights=nights, repository=REPOSITORY)
    facts = (Fact(event=one, source="backfill", correlation_id="bench") for one in _told(past))
    while batch := list(islice(facts, FACTS_PER_APPEND)):
        service.log.append([Batch(facts=batch)])
    service.projector.catch_up()


def _told(past: History) -> Iterator[Event]:
    yield required_event(
        REPOSITORY, "main", "required-tests.yaml", past.required_tests_yaml, "", past.now
    )
    for runs, jobs in past.nights():
        for run in runs:
            yield from run_events(run)
        for job in jobs:
            yield from job_events(job, REPOSITORY)
