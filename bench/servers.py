"""The servers that are measured, each a process of its own behind the same uvicorn: `python -m bench.servers NAME`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from bench.load import SECRET
from chatops.app import Service
from chatops.config import Community, Configuration, NightlyWorkflow
from chatops.engine.log import Appended, Batch
from chatops.names import Repo
from chatops.running.serving import Server, running
from chatops.settings import Secret, Settings
from chatops.surfaces.github import Door
from chatops.surfaces.web import Front

COMMUNITY = Community(
    key="acme",
    title="Acme",
    repositories=(Repo("acme/rocket"),),
    nightly=(NightlyWorkflow(name="Nightly", file="nightly.yaml"),),
)
CONFIGURATION = Configuration(communities={"acme": COMMUNITY})
Append = Callable[[Batch], Awaitable[Appended]]


def service(address: str, port: int) -> Service:
    """Return the product, as an operator would run it."""
    return Service(
        Settings(
            database_url=address,
            port=port,
            github_webhook_secrets=(Secret(SECRET.decode()),),
            github_api_url="http://127.0.0.1:9",
        ),
        CONFIGURATION,
    )


async def main(name: str, address: str, port: int) -> None:
    """Serve one of them until killed."""
    whole = service(address, port)
    async with running(whole):
        appends: dict[str, Append] = {"forget": forget, "each": each(whole)}
        app = whole.asgi() if name == "ours" else door_only(appends[name])
        await Server(app, host="127.0.0.1", port=port).serve()


def door_only(append: Append) -> Front:
    """Return the same door, verification and translation, in front of another way to append."""
    door = Door([SECRET], CONFIGURATION, {"retest"})

    async def nothing(_scope: object, _receive: object, _send: object) -> None:
        return

    return Front(github=door, slack=None, append=append, inner=nothing, body_limit=25_000_000)


async def forget(batch: Batch) -> Appended:
    """Verify, translate, and forget: the ceiling."""
    return Appended(tuple(range(len(batch.facts))), 0)


def each(whole: Service) -> Append:
    """Append each request in a transaction of its own."""

    async def append(batch: Batch) -> Appended:
        (appended,) = await asyncio.to_thread(whole.log.append, [batch])
        return appended

    return append


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], f"sqlite:///{Path(sys.argv[2])}", int(sys.argv[3])))
