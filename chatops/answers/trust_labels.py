"""Which labels say that the tests of a pull request are let in, and which are to be changed for it?"""

from chatops.config import Trust
from chatops.events.changes import LabelsRequested
from chatops.names import CommandId
from chatops.projections.pulls import Pull


def letting_in(command: CommandId, known: Pull, trust: Trust) -> LabelsRequested | None:
    """Return what the labels need once the tests are let in; nothing where that is so, or nobody wants it."""
    return _changed(command, known, trust, add=trust.label, remove=trust.waiting_label)


def keeping_out(command: CommandId, known: Pull, trust: Trust) -> LabelsRequested | None:
    """Return what the labels need once the tests are not let in any more."""
    return _changed(command, known, trust, add=trust.waiting_label, remove=trust.label)


def _changed(
    command: CommandId, known: Pull, trust: Trust, *, add: str, remove: str
) -> LabelsRequested | None:
    there = {label.lower() for label in known.labels}
    adds = (add,) if add and add.lower() not in there else ()
    removes = (remove,) if remove and remove.lower() in there else ()
    if not trust.adds_label or not (adds or removes):
        return None
    return LabelsRequested(
        command=command,
        repo=known.repo,
        number=known.number,
        add=adds,
        remove=removes,
        before=known.labels,
    )
