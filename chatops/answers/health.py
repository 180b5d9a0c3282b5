"""How has all of it been doing, week by week: nights, tests, pull requests, reruns, runners and the gate?

Every figure says what it counts and on how many it rests. A week of which nothing is known has nothing to say.
"""

from collections import defaultdict
from datetime import date, timedelta

from msgspec import Struct

from chatops.answers.durations import Durations, Spread, spread, together
from chatops.answers.nights import counted
from chatops.answers.run_history import WEEKS, RunHistory
from chatops.answers.weeks import Week


class Waiting(Struct, frozen=True, kw_only=True):
    """How long the jobs that need one kind of runner waited for it."""

    labels: str
    waits: Spread


class Health(Struct, frozen=True, kw_only=True):
    """The weeks, the oldest first, each with its Monday; nothing where no run of a week is known.

    `waiting` are the kinds of runners, those first for which jobs waited longest. `knows_required`: else each test of
    the nights and the pull requests counts as required.
    """

    weeks: tuple[tuple[date, Week | None], ...]
    waiting: tuple[Waiting, ...]
    knows_required: bool

    @property
    def known(self) -> tuple[Week, ...]:
        """Return the weeks of which something is known."""
        return tuple(week for _, week in self.weeks if week is not None)

    @property
    def verdict(self) -> str:
        """Return the weeks in a few sentences."""
        nights = sum(week.nights for week in self.known)
        which = "a required test" if self.knows_required else "a test"
        said = []
        if nights:
            first = sum(week.red_first for week in self.known)
            last = sum(week.red for week in self.known)
            said.append(
                f"In {first} of {counted(nights, 'night')} {which} failed at its first try, in {last} in the end."
            )
        green = spread(together(week.green for week in self.known))
        if green.half is not None:
            heads = (
                "The one head of a pull request" if green.number == 1
                else f"Half of the {green.number:,} heads of pull requests"
            )  # fmt: skip
            said.append(f"{heads} that turned green did within {hours(green.half)}.")
        if not said:
            return f"No night and no pull request of {over(len(self.weeks))} has a result."
        return " ".join(said)


def health(history: RunHistory, weeks: int = WEEKS) -> Health:
    """Return the newest weeks, this one among them."""
    first = history.first_day(weeks)
    days = [first + timedelta(weeks=number) for number in range(weeks)]
    found = tuple((day, history.weeks.get(day)) for day in days)
    waits: dict[str, list[Durations]] = defaultdict(list)
    for _, week in found:
        if week is not None:
            for labels, of in week.waits.items():
                waits[labels].append(of)
    waiting = [Waiting(labels=labels, waits=spread(together(of))) for labels, of in waits.items()]
    return Health(
        weeks=found,
        waiting=tuple(sorted(waiting, key=lambda one: (-(one.waits.nine_of_ten or 0), one.labels))),
        knows_required=any(rules.versions for rules in history.rules.values()),
    )


def hours(seconds: int) -> str:
    """Return a duration in a sentence: `48 s`, `19 min`, `1 h 40 min`."""
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return f"{rest} s"
    whole, minutes = divmod(minutes, 60)
    return f"{whole} h {minutes:02} min" if whole else f"{minutes} min"


def over(weeks: int) -> str:
    """Return how far back is looked."""
    return "this week" if weeks == 1 else f"the last {weeks} weeks"
