"""What does a job's name tell of it: which architecture, which platform, or whatever a community tells jobs apart by?

Which words tell what is configuration. A word counts where it stands alone, between signs that are no letter or digit.
"""

import re
from collections.abc import Mapping

NAMES_KEPT = 4_000


class Facets:
    """Reads names; what was read once is kept, for the same names come back night after night."""

    def __init__(self, facets: Mapping[str, Mapping[str, str]]) -> None:
        self._words = {
            facet: {value: _standing_alone(words or value) for value, words in values.items()}
            for facet, values in facets.items()
        }
        self._read: dict[str, Mapping[str, tuple[str, ...]]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Return what can be told apart, in the community's order."""
        return tuple(self._words)

    def values(self, facet: str) -> tuple[str, ...]:
        """Return what there is of a kind."""
        return tuple(self._words[facet])

    def of(self, name: str, facet: str) -> tuple[str, ...]:
        """Return what a name tells of one kind, in the community's order; often it is nothing."""
        known = self._read.get(name)
        if known is None:
            if len(self._read) >= NAMES_KEPT:
                self._read.clear()
            known = self._read[name] = {
                facet: tuple(value for value, words in values.items() if words.search(name))
                for facet, values in self._words.items()
            }
        return known[facet]


def _standing_alone(words: str) -> re.Pattern[str]:
    either = "|".join(re.escape(word) for word in words.split())
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.IGNORECASE)
