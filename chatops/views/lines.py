"""Lines of an answer as HTML: the same words that a reply says, on a page."""

from markupsafe import Markup, escape

from chatops.engine.answer import Code, Line, Link, Person, Piece, Strong, When
from chatops.views.page import at

WEB = ("https://", "http://")


def html(line: Line) -> Markup:
    """Return one line of pieces; whatever came from outside is text, and keeps its direction to itself."""
    return Markup("").join(_piece(piece) for piece in line)


def _piece(piece: Piece) -> Markup:
    match piece:
        case str():
            return Markup("<bdi>{}</bdi>").format(piece) if _is_foreign(piece) else escape(piece)
        case Code(text):
            return Markup("<code><bdi>{}</bdi></code>").format(text)
        case Link(text, url) if url.startswith(WEB):
            return Markup('<a href="{}"><bdi>{}</bdi></a>').format(url, text)
        case Link(text, _) | Person(name=text):
            return Markup("<bdi>{}</bdi>").format(text)
        case Strong(text):
            return Markup("<b><bdi>{}</bdi></b>").format(text)
        case When(moment):
            return at(moment)


def _is_foreign(text: str) -> bool:
    """Return whether a text may run the other way, or change which way its neighbours run."""
    return not text.isascii()
