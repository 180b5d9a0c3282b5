"""An answer as a part of a page: what the bot says to a command that was said on the dashboard.

Whoever said it reads it on the page of its story, and so may everybody else. Text in it that came from outside is
escaped. What may be said next is kept beside it, so that only those get buttons who can press them.
"""

import msgspec
from markupsafe import Markup, escape
from msgspec.structs import replace

from chatops.engine.answer import (
    Answer,
    Code,
    Line,
    Link,
    Person,
    Piece,
    Strong,
    Tone,
    When,
    as_text,
)
from chatops.events.conversation import CommandReceived
from chatops.views.offers import write_offer
from chatops.views.page import at, fragment

SAFE = ("https://", "http://", "/")
LINES_SHOWN = 200


class Button(msgspec.Struct, frozen=True, kw_only=True):
    """A command that may be said next; `offer` is what its form carries."""

    text: str
    offer: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an answer: how it looks, the same as text, how it stands, and what may be said next."""

    html: str
    text: str
    tone: Tone
    buttons: tuple[Button, ...] = ()

    @property
    def is_growing(self) -> bool:
        """Return whether more is to come."""
        return self.tone is Tone.BUSY

    @property
    def markup(self) -> Markup:
        """Return how it looks: we wrote it, with everything from outside escaped."""
        return Markup(self.html)  # noqa: S704 - `render_told` made it, from a template


def render_told(answer: Answer, received: CommandReceived) -> str:
    """Return an answer to a request, to be kept."""
    html = fragment("_told.html", "told", answer, LINES_SHOWN, _line)
    buttons = tuple(
        Button(text=action.text, offer=offer)
        for action in answer.actions
        if not action.needs and (offer := write_offer(action, received)) is not None
    )
    text = as_text(replace(answer, actions=()))
    told = Told(html=str(html), text=text, tone=answer.tone, buttons=buttons)
    return msgspec.json.encode(told).decode()


def read_told(kept: str | None) -> Told | None:
    """Return an answer that was kept, nothing where there is none yet."""
    return None if kept is None else msgspec.json.decode(kept, type=Told)


def _line(line: Line) -> Markup:
    """Return one line of an answer."""
    return Markup("").join(_piece(piece) for piece in line)


def _piece(piece: Piece) -> Markup:
    match piece:
        case str():
            return escape(piece)
        case Code(text):
            return Markup("<code>{}</code>").format(text)
        case Strong(text):
            return Markup("<strong>{}</strong>").format(text)
        case Link(text, url):
            if not url.startswith(SAFE):
                return escape(text)
            return Markup('<a href="{}">{}</a>').format(url, text)
        case When(moment):
            return at(moment)
        case Person(name=name):
            return escape(name)
