"""The product's own door, its verification and translation, in front of another way to append."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from bench.deliveries import REPO, SECRET, WORKFLOW
from chatops.config import Community, Configuration, NightlyWorkflow
from chatops.engine.log import Appended, Batch
from chatops.engine.vocabulary import Vocabulary
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
        append=append,
        inner=_nothing,
        body_limit=BODY_LIMIT,
    )


async def _nothing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": int(HTTPStatus.OK), "headers": []})
    await send({"type": "http.response.body", "body": b""})
