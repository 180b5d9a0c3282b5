"""Find what a catalogue room offers, by being there: what its modules define."""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import TypeVar

from chatops.errors import Broken

Entry = TypeVar("Entry")


def catalogue(room: ModuleType, base: type[Entry]) -> tuple[type[Entry], ...]:
    """Return the public, concrete subclasses of `base` defined in the modules of `room`, sorted by name.

    A module that offers none is an error: a file in a catalogue is an entry, or it is in the wrong room.
    """
    found: list[type[Entry]] = []
    for module_name in sorted(module.name for module in pkgutil.iter_modules(room.__path__)):
        module = importlib.import_module(f"{room.__name__}.{module_name}")
        entries = [
            value
            for value in vars(module).values()
            if inspect.isclass(value)
            and issubclass(value, base)
            and value.__module__ == module.__name__
            and not inspect.isabstract(value)
            and not value.__name__.startswith("_")
        ]
        if not entries:
            message = f"{module.__name__} offers no {base.__name__}; move it out of the catalogue or give it one."
            raise Broken(message)
        found.extend(entries)
    return tuple(sorted(found, key=lambda entry: (entry.__module__, entry.__name__)))


def instances(room: ModuleType, kind: type[Entry]) -> tuple[Entry, ...]:
    """Return the public objects of a class in the modules of `room`, in the order of the modules and their lines.

    A module that has none is an error, as it is for classes.
    """
    found: list[Entry] = []
    for module_name in sorted(module.name for module in pkgutil.iter_modules(room.__path__)):
        module = importlib.import_module(f"{room.__name__}.{module_name}")
        entries = [
            value
            for name, value in vars(module).items()
            if isinstance(value, kind) and not name.startswith("_")
        ]
        if not entries:
            message = f"{module.__name__} offers no {kind.__name__}; move it out of the catalogue or give it one."
            raise Broken(message)
        found.extend(entries)
    return tuple(found)
