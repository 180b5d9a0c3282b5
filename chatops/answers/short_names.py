"""How is a test called in a message, where a line on a telephone has forty signs and its name a hundred?

The names of a night begin alike: with its workflow and the job that calls all others. That is said once and left out of
each line. A job that is called once for each of its variants says them twice, and so they are said once, too. Names
that would look the same then stay as they are: two tests are never shown as one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from chatops.answers.job_words import LEVEL
from chatops.engine.command import Knowledge

VALUES = " ("
"""Before what sets a variant of a job apart from the others."""
DEEPEST = 2
"""A workflow, and the job in it that calls all others. What is below tells tests apart, however many share it."""


def usual_path(names: Iterable[str]) -> str:
    """Return the levels that more than half of some full names begin with, with ` / ` behind each; empty if none are.

    A name's last level is its own, and belongs to no path.
    """
    every = [name.split(LEVEL) for name in names]
    path: list[str] = []
    while len(path) < DEEPEST:
        place = len(path)
        levels = Counter(
            one[place] for one in every if len(one) > place + 1 and one[:place] == path
        )
        level, count = next(iter(levels.most_common(1)), ("", 0))
        if count * 2 <= len(every):
            break
        path.append(level)
    return "".join(f"{level}{LEVEL}" for level in path)


def short_names(names: Iterable[str], path: str) -> dict[str, str]:
    """Return how each full name is shown where `path` was said; different names are shown differently."""
    shown = {name: _short(name.split(LEVEL), path.split(LEVEL)[:-1]) for name in names}
    while True:
        alike: dict[str, list[str]] = defaultdict(list)
        for name, short in shown.items():
            alike[short].append(name)
        clashing = [name for those in alike.values() if len(those) > 1 for name in those]
        if not clashing:
            return shown
        shown |= {name: name for name in clashing}


def pages_of_tests(knowledge: Knowledge) -> str:
    """Return the address under which each test has its page, with its whole name; nothing where there are no pages."""
    base = knowledge.base_url
    return f"{base}/{knowledge.community.key}/tests/" if base else ""


def _short(levels: Sequence[str], path: Sequence[str]) -> str:
    left = list(levels)
    for level in path:
        if len(left) == 1 or left[0] != level:
            break
        del left[0]
    said: list[str] = []
    for level, below in zip(left, [*left[1:], ""], strict=True):
        job, _, values = level.partition(VALUES)
        job_below, _, values_below = below.partition(VALUES)
        if not below or values != values_below:
            said.append(level)
        elif job != job_below:
            said.append(job)
    return LEVEL.join(said)
