"""The names of tests in a message: short, each leads to the page that has the whole of it."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from msgspec import Struct

from chatops.answers.job_words import Named
from chatops.answers.short_names import short_names
from chatops.engine.answer import Code, Line, Link, Piece
from chatops.names import Repo
from chatops.views.addresses import Place, slug


class ShownTests(Struct, frozen=True, kw_only=True, dict=True):
    """The tests that a message names. `path` is what most names begin with.

    `pages` is the address under which each test has its page, empty where there are none; `home` is the repository
    that need not be said there.
    """

    names: Sequence[str]
    path: str = ""
    pages: str = ""
    home: Repo = Repo("")

    @cached_property
    def _short(self) -> dict[str, str]:
        return short_names(self.names, self.path)

    def text(self, name: str) -> str:
        """Return how a test is shown, by its full name."""
        return self._short.get(name, name)

    def piece(self, place: Place) -> Piece:
        """Return how a test is shown, leading to its page."""
        shown = self.text(full_name(place))
        if not self.pages:
            return shown
        return Link(shown, f"{self.pages}{slug(place, self.home)}")

    def note(self) -> Line:
        """Return what is left out of the names that are shown: said once, and only if it is left out of one."""
        path = self.path
        if not path or not any(
            name.startswith(path) and not self.text(name).startswith(path) for name in self.names
        ):
            return ()
        return ("Names are without ", Code(path.rstrip(" /")), ".")


def full_name(place: Place) -> str:
    """Return a test's name with its workflow before it."""
    return Named(name=place.name, workflow=place.workflow).full


def of_them_required(required: int, of: int) -> str:
    """Return how many of some failed tests are required, as the end of a sentence; nothing if none are."""
    if not required:
        return ""
    if required < of:
        return f", {required:,} of them required"
    return ", and it is required" if of == 1 else ", all of them required"


def all_names(places: Iterable[Place]) -> tuple[str, ...]:
    """Return the full names of some tests, each once."""
    return tuple(dict.fromkeys(map(full_name, places)))
