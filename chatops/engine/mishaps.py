"""The engine's one place that goes on whatever comes: what went wrong inside is kept for whoever knows what to do.

with contained() as mishap:
    projection.apply(facts, db)
if mishap.problem is not None:
    ...
"""

from collections.abc import Iterator
from contextlib import contextmanager

from chatops.errors import Unavailable


class Mishap:
    """What went wrong, if anything did."""

    problem: Exception | None = None


@contextmanager
def contained() -> Iterator[Mishap]:
    """Let one's fault not stop the others. A database that is away is nobody's fault: that goes on up."""
    mishap = Mishap()
    try:
        yield mishap
    except Unavailable:
        raise
    except Exception as problem:  # noqa: BLE001 - see above
        mishap.problem = problem


def in_a_line(problem: Exception) -> str:
    """Return what went wrong, as the operator reads it."""
    return f"{type(problem).__name__}: {problem}"
