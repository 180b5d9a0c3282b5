"""`chatops backfill` and `chatops watch`: what GitHub remembers, asked for."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from msgspec.structs import asdict

from chatops.app import Service
from chatops.engine.fetched import Fetched
from chatops.engine.log import Appended, Batch
from chatops.events.runs import RunCompleted
from chatops.intake.backfill import Append, Reached, Summary, backfill, unseen, watch
from chatops.names import Repo
from chatops.running.serving import Server, in_loop, running

logger = structlog.get_logger(__name__)

Say = Callable[[str], None]


async def backfill_all(
    service: Service,
    *,
    since: timedelta,
    runs: int | None,
    pulls: bool,
    say: Say,
    reached: Reached = unseen,
) -> Mapping[str, Any]:
    """Fetch the past of every repository of every community; return what was done."""
    await service.start(run_crew=False)
    try:
        assert service.github is not None
        await service.looker.learn_required()
        totals: dict[str, int] = {}
        repositories = _repositories(service)
        for number, (repo, workflows) in enumerate(repositories.items()):
            summary = await backfill(
                service.github,
                _append(service),
                repo=repo,
                workflows=workflows,
                known=Fetched(service.database),
                since=service.clock.now() - since,
                runs=runs,
                pulls=pulls,
                progress=_told(repo, say),
                reached=_reached(reached, number, len(repositories)),
            )
            for word, count in asdict(summary).items():
                totals[word] = totals.get(word, 0) + count
        return totals
    finally:
        await service.stop()


async def watch_all(
    service: Service, *, every: timedelta, rounds: int | None, live: timedelta | None = None
) -> None:
    """Look at every repository again and again; after `live` also at jobs of runs under way."""
    assert service.github is not None
    await asyncio.gather(
        *(
            watch(
                service.github,
                _append(service),
                repo=repo,
                workflows=workflows,
                known=Fetched(service.database),
                every=every,
                while_running=live,
                rounds=rounds,
                progress=_told(repo, lambda text: logger.info("watched", text=text)),
            )
            for repo, workflows in _repositories(service).items()
        )
    )


def watch_forever(
    service: Service, *, seconds: int, rounds: int | None, live: timedelta | None = None
) -> int:
    """Serve the pages and poll GitHub until a signal, or for some rounds; return the exit status."""

    async def both() -> None:
        async with running(service):
            server = Server(service.asgi(), host=service.settings.host, port=service.settings.port)
            every = timedelta(seconds=seconds or service.settings.poll_seconds)
            serving = asyncio.create_task(server.serve())
            looking = watch_all(service, every=every, rounds=rounds, live=live)
            watching = asyncio.create_task(looking)
            done, _ = await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
            server.should_exit = True
            watching.cancel()
            await asyncio.gather(serving, watching, return_exceptions=True)
            for task in done:
                task.result()

    in_loop(both())
    return 0


def _repositories(service: Service) -> dict[Repo, list[str]]:
    """Return each repository with the files of its nightly workflows."""
    found: dict[Repo, list[str]] = {}
    for community in service.configuration.communities.values():
        for repo in community.repositories:
            found.setdefault(repo, [])
        for workflow in community.nightly:
            found[community.repository_of(workflow)].append(workflow.file)
    return found


def _append(service: Service) -> Append:
    """Return an append that remembers which attempts are recorded with all of their jobs."""
    fetched = Fetched(service.database)

    async def append(batch: Batch) -> Appended:
        appended = await service.writer.append_soon(batch)
        ended = [
            (fact.event.run_id, fact.event.attempt)
            for fact in batch.facts
            if isinstance(fact.event, RunCompleted)
        ]
        if ended:
            await asyncio.to_thread(fetched.remember, ended)
        return appended

    return append


def _reached(reached: Reached, number: int, repositories: int) -> Reached:
    """Return what to tell of one repository, so that it is told of all of them."""
    return lambda share: reached((number + share) / repositories)


def _told(repo: Repo, say: Say) -> Callable[[str, Summary], None]:
    def tell(text: str, summary: Summary) -> None:
        say(f"{repo}: {text} {summary.runs} runs, {summary.recorded} new events so far.")

    return tell
