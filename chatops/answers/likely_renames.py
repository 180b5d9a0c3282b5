"""Which test perhaps goes on under another name? A guess for a person to judge: nothing is joined because of it.

Two tests of one workflow are such a pair if one of them ran for the last time in the night before the other ran for
the first time, and their names have at least half of their words in common. Several tests may stop and begin in one
night, and names of one matrix are alike; so each must be nearer to the other than to any that it could be instead.
"""

import re
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from chatops.answers.night_cells import NO_ENTRY
from chatops.answers.nights import NightBoard, Test
from chatops.names import Repo

WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
LEAST = 0.5
"""The share of their words that two names need to have in common."""


class Likely(Struct, frozen=True, kw_only=True):
    """Two names that are perhaps one test's: how many words both have, of all that stand in either."""

    old: str
    new: str
    shared: int
    words: int


def likely_rename(board: NightBoard, repo: Repo, name: str) -> Likely | None:
    """Return what a test of the nights perhaps became, or else was before; nothing where no name is near enough."""
    one = next((test for test in board.tests if (test.repo, test.name) == (repo, name)), None)
    if one is None:
        return None
    tests = [test for test in board.tests if (test.repo, test.workflow) == (repo, one.workflow)]
    turns = _Turns(tests, len(board.nights))
    stopped, began = turns.stopped.get(name), turns.began.get(name)
    if stopped is not None:
        new = _mutual(name, turns.beginning(stopped), turns.stopping(stopped))
        if new is not None:
            return _likely(name, new)
    if began is not None:
        old = _mutual(name, turns.stopping(began), turns.beginning(began))
        if old is not None:
            return _likely(old, name)
    return None


class _Turns:
    """In which night each test of a workflow began, and which was the first without it; nights are newest first.

    What a board does not show is not known: a test that ran in its oldest night began some time before. A night in
    which the workflow ran nothing tells of no test, and one that is not over, or in which a test was left out for a
    reason, not that it stopped.
    """

    def __init__(self, tests: Sequence[Test], nights: int) -> None:
        ran = {
            test.name: [at for at in range(nights) if test.cells[at].executions] for test in tests
        }
        told = sorted({at for ats in ran.values() for at in ats})
        newer = dict(zip(told[1:], told, strict=False))
        self.stopped = {
            test.name: at
            for test in tests
            if ran[test.name]
            and (at := newer.get(ran[test.name][0])) is not None
            and test.cells[at] == NO_ENTRY
        }
        self.began = {name: ats[-1] for name, ats in ran.items() if ats and ats[-1] != told[-1]}

    def stopping(self, night: int) -> list[str]:
        """Return the tests that a night is the first without."""
        return [name for name, at in self.stopped.items() if at == night]

    def beginning(self, night: int) -> list[str]:
        """Return the tests that a night is the first with."""
        return [name for name, at in self.began.items() if at == night]


def _mutual(name: str, others: Sequence[str], rivals: Sequence[str]) -> str | None:
    """Return the one of the others that is nearest to a name and to which none of its rivals is as near."""
    other = _nearest(name, others)
    return other if other is not None and _nearest(other, rivals) == name else None


def _nearest(name: str, others: Sequence[str]) -> str | None:
    """Return the nearest of some names, nothing where it is not near enough or two are as near."""
    near = sorted(((_nearness(name, other), other) for other in others), reverse=True)[:2]
    if not near or near[0][0] < LEAST or (near[1:] and near[1][0] == near[0][0]):
        return None
    return near[0][1]


def _nearness(one: str, other: str) -> float:
    found = _likely(one, other)
    return found.shared / found.words if found.words else 0.0


def _likely(old: str, new: str) -> Likely:
    ours, theirs = _words(old), _words(new)
    return Likely(old=old, new=new, shared=(ours & theirs).total(), words=(ours | theirs).total())


def _words(name: str) -> Counter[str]:
    """Return the words of a name, however they are joined; a version with its points is one."""
    return Counter(WORD.findall(name.casefold()))
