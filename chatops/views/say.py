"""The pages between a form and a story: are you sure, and it is on its way. Whoever said a command sees them."""

from collections.abc import Mapping

from chatops.engine.answer import said_as
from chatops.events.conversation import CommandReceived
from chatops.views.page import Viewer, render


def render_sure(
    received: CommandReceived, costs: str, carried: Mapping[str, str], *, title: str
) -> str:
    """Return the page that says what a command would cost, with what its form carried once more."""
    return render(
        "sure.html",
        name=title,
        here="sure",
        up=f"/{received.community}/",
        viewer=Viewer.SIGNED_IN,
        sign_in="",
        said=f"/{said_as(received.verb, received.words)}",
        repo=received.repo,
        number=received.number,
        costs=costs,
        carried=carried,
    )


def render_later(story: str) -> str:
    """Return the page that says that a command is recorded, and where its story will be."""
    return render("later.html", story=story)
