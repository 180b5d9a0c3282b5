"""Puts labels on an issue or pull request and takes them off.

On:        `labels.requested`
Calls:     add labels, remove a label; each changes nothing the second time. Before that, looks whether the repository
           has the labels to be added: GitHub would make a new one for every slip of the pen
Reports:   `labels.changed`, with what was not so before and which labels there are none of
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import LabelsChanged, LabelsRequested
from chatops.ports import Ports


class ChangeLabels(Effect[LabelsRequested]):
    """Change the labels of an issue or pull request."""

    name: ClassVar[str] = "change_labels"
    on: ClassVar[type[Event]] = LabelsRequested

    async def perform(self, event: LabelsRequested, ports: Ports) -> Sequence[Event]:
        there = _folded(await ports.github.labels(event.repo, event.number))
        missing = [name for name in event.add if name.lower() not in there]
        unknown = [name for name in missing if not await ports.github.has_label(event.repo, name)]
        if unknown and (event.replaces or set(unknown) == {*event.add, *event.remove}):
            names = ", ".join(f"`{name.replace('`', '')}`" for name in unknown)
            raise Refused(f"{event.repo} has no label {names}.", reason="no_such_label")
        known = [name for name in missing if name not in unknown]
        if known:
            await ports.github.add_labels(event.repo, event.number, known)
        for name in event.remove:
            if name.lower() in there:
                await ports.github.remove_label(event.repo, event.number, name)
        before = _folded(event.before)
        return [
            LabelsChanged(
                command=event.command,
                repo=event.repo,
                number=event.number,
                added=tuple(
                    name for name in event.add if name.lower() not in before and name not in unknown
                ),
                removed=tuple(name for name in event.remove if name.lower() in before),
                unknown=tuple(unknown),
            )
        ]

    def describe(self, event: LabelsRequested) -> str:
        steps = [f"add {_listed(event.add)} to #{event.number}"] if event.add else []
        where = "it" if steps else f"#{event.number}"
        steps += [f"take {_listed(event.remove)} off {where}"] if event.remove else []
        return f"Would {' and '.join(steps)}."


def _folded(names: Iterable[str]) -> set[str]:
    """Return names as GitHub compares them."""
    return {name.lower() for name in names}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name.replace('`', '')}`" for name in names)
