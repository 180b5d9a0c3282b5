"""Takes the options of a command as they were typed, without what typer needs for that.

Typer has pydantic turn words into numbers: five megabytes and a tenth of a second, which a process that serves for
weeks would pay for one port. What is a text or a whole number is told here; everything else, and every mistake, goes
the usual way, so that what is said of it is the same.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from typer.core import TyperCommand, TyperGroup


class _Plain:
    """What has options."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 - typer's own
        """Return the options, each of which takes what is plain as it is."""
        options: list[Any] = super().get_params(ctx)  # type: ignore[misc]  # of what it is mixed into
        for option in options:
            if "process_value" not in vars(option):
                option.process_value = partial(_taken, option, option.process_value)
        return options


class PlainCommand(_Plain, TyperCommand):
    """A command whose options are texts and whole numbers."""


class PlainGroup(_Plain, TyperGroup):
    """Commands that have no options in common but the question for help."""


def _taken(option: Any, usual: Callable[[Any, Any], Any], ctx: Any, value: Any) -> Any:  # noqa: ANN401 - as above
    kind, said = option.type_descriptor.annotation, option.type_descriptor.parameter_info
    if kind is bool and not value:
        return False
    if kind in (str, int) and isinstance(value, kind):
        return value
    if kind is int and isinstance(value, str) and value.isascii() and value.isdecimal():
        number = int(value)
        if said.min is not None and said.max is not None and said.min <= number <= said.max:
            return number
    return usual(ctx, value)
