"""The product's own door, its verification and translation, in front of another way to append."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from bench.deliveries import REPO, SECRET, WORKFLOW
from chatops.config import Community, Configuration, NightlyWorkflow
from chatops.engine.log import Appended, Batch
from chatops.engine.vocabulary import Vocabulary
from chatops.engine.writer import Done
from chatops.names import Repo
from chatops.surfaces.github import Door
from chatops.surfaces.web import Front, Receive, Scope, Send

Append = Callable[[Batch], Awaitable[Appended]]
COMMUNITY = Community(
    key="acme",
    title="Acme",
    repositories=(Repo(REPO),),
    nightly=(NightlyWorkflow(name=WORKFLOW, file="nightly.yaml"),),
)
COMMUNITIES: Mapping[str, Community] = {"acme": COMMUNITY}
BODY_LIMIT = 25_000_000


def door(append: Append) -> Front:
    """Return the app; what is not a delivery is answered with an empty 200."""
    return Front(
        github=Door(
            [SECRET.encode()],
            Configuration(communities=dict(COMMUNITIES)),
            {key: Vocabulary((), community) for key, community in COMMUNITIES.items()},
        ),
        slack=None,
        append=_awaited(append),
        inner=_nothing,
        body_limit=BODY_LIMIT,
    )


def _awaited(append: Append) -> Callable[[Batch, Done], None]:
    """Return a way to append that tells when it is done, from one that is awaited."""
    waiting: set[asyncio.Task[None]] = set()

    async def wait(batch: Batch, done: Done) -> None:
        done(await append(batch))

    def append_then(batch: Batch, done: Done) -> None:
        task = asyncio.create_task(wait(batch, done))
        waiting.add(task)
        task.add_done_callback(waiting.discard)

    return append_then


async def _nothing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": int(HTTPStatus.OK), "headers": []})
    await send({"type": "http.response.body", "body": b""})
