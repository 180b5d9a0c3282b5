"""How is a muted test told apart from the others? It stays in every list, with until when it is muted."""

from collections.abc import Mapping

from chatops.answers.job_words import Named
from chatops.answers.nights import Test
from chatops.engine.answer import Line, When
from chatops.projections.mutes import Mute


def mute_mark(test: Test, muted: Mapping[str, Mute]) -> Line:
    """Return what follows a test's name in a list if it is muted."""
    mute = muted.get(Named(name=test.name, workflow=test.workflow).full)
    return () if mute is None else (", muted until ", When(mute.until))
