"""An index of few rows: those of a table that a condition lets through.

SQLAlchemy wants the condition once for each dialect, and loads a dialect to tell it. Every process would then hold two
of them, although it speaks one; here the condition is told to whichever asks.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Index, text


class PartialIndex(Index):
    """An index of the rows for which `where` holds, in SQL that both databases understand."""

    inherit_cache = True

    def __init__(self, name: str, *columns: str, where: str) -> None:
        super().__init__(name, *columns)
        self._where = where

    @property
    def dialect_options(self) -> "_Options":  # type: ignore[override]  # a dictionary like theirs
        """What each dialect is told of the index."""
        return _Options(super().dialect_options, self._where)


class _Options(dict[str, Any]):
    """What is known of each dialect, with the condition added when it is asked for."""

    def __init__(self, known: Mapping[str, Any], where: str) -> None:
        super().__init__()
        self._known = known
        self._where = where

    def __missing__(self, dialect: str) -> Any:  # noqa: ANN401 - of SQLAlchemy's own kind
        options = self._known[dialect]
        options["where"] = text(self._where)
        self[dialect] = options
        return options
