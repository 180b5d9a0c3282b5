"""Charts of a test's nights, as shapes that a page draws without scripts.

A chart is a hundred wide and a hundred high, whatever the screen: shapes stretch, lines and dots keep their thickness,
and every word stands beside it as text. Time runs to the right; what it shows is in a table, too.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from statistics import median

from msgspec import Struct

from chatops.answers.night_cells import COUNTED, State
from chatops.answers.nights import Cell, Night, counted
from chatops.answers.one_test import OneTest, Window
from chatops.answers.shares import within
from chatops.views.nightly_detail import MARKS
from chatops.views.page import took

SIDE = 100
LEAST_ATTEMPTS = 2
MINUTE = timedelta(minutes=1)


class Shape(Struct, frozen=True, kw_only=True):
    """Things drawn alike: the class that says how, and where they are."""

    kind: str
    path: str


class Chart(Struct, frozen=True, kw_only=True):
    """A chart: what it is of, what it says in a sentence, its shapes, and the ends of both axes.

    `rows` are the same as a table under `heads`; without them the table of nights has it all.
    """

    key: str
    title: str
    says: str
    shapes: tuple[Shape, ...]
    top: str
    bottom: str
    first: str
    last: str
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def charts(one: OneTest) -> tuple[Chart, ...]:
    """Return the charts of a test, none where no night counts."""
    test = one.test
    if test is None or not test.runs:
        return ()
    nights = list(zip(one.nights, test.cells, strict=True))[::-1]
    return tuple(
        chart
        for chart in (_pass_rate(one.windows[::-1]), _durations(nights), _attempts(nights))
        if chart is not None
    )


def share(part: float) -> str:
    """Return a share as people read it."""
    return f"{part * 100:.0f} %"


def _pass_rate(windows: Sequence[Window]) -> Chart:
    """Draw the share of passes in each group of nights, with the interval that so few of them leave open."""
    spans, points = [], []
    for place, window in enumerate(windows):
        if window.tries:
            x = _middle(place, len(windows))
            low, high = (_height(bound, 1) for bound in window.bounds)
            spans.append(f"M{x} {low}V{high}")
            points.append(f"M{x} {_height(window.passes / window.tries, 1)}h0")
    counting = [window for window in windows if window.tries]
    newest = counting[-1]
    return Chart(
        key="rate",
        title="Pass rate",
        says=f"{newest.passes} of the newest {counted(newest.tries, 'night')} that count passed; "
        f"the bars are what so few nights leave open, with 95 % confidence.",
        shapes=(Shape(kind="span", path="".join(spans)), Shape(kind="dot", path="".join(points))),
        top="100 %",
        bottom="0 %",
        first=windows[0].oldest.label,
        last=windows[-1].newest.label,
        heads=("Nights", "Passed", "Of", "Rate", "Truly"),
        rows=tuple(
            (
                _span(window),
                str(window.passes),
                str(window.tries),
                share(window.passes / window.tries) if window.tries else "no data",
                within(window.passes, window.tries) if window.tries else "",
            )
            for window in windows[::-1]
        ),
    )


def _durations(nights: Sequence[tuple[Night, Cell]]) -> Chart | None:
    """Draw how long the execution that decided each night took."""
    ran = [
        (place, cell.state, cell.last.took)
        for place, (_, cell) in enumerate(nights)
        if cell.state in COUNTED and cell.last is not None and cell.last.took is not None
    ]
    if not ran:
        return None
    longest = max(time for _, _, time in ran)
    middle = timedelta(seconds=median(time.total_seconds() for _, _, time in ran))
    dots: dict[State, list[str]] = defaultdict(list)
    for place, state, time in ran:
        x, y = _middle(place, len(nights)), _height(time / MINUTE, longest / MINUTE)
        dots[state].append(f"M{x} {y}h0")
    most = sorted(time for _, _, time in ran)[-(-len(ran) * 95 // 100) - 1]
    half, nearly_all = (_height(time / MINUTE, longest / MINUTE) for time in (middle, most))
    return Chart(
        key="duration",
        title="Duration",
        says=f"Half of its nights took {took(middle)} or less, 95 in 100 {took(most)} or less, "
        f"the longest {took(longest)}.",
        shapes=(
            Shape(kind="rule", path=f"M0 {half}H{SIDE}M0 {nearly_all}H{SIDE}"),
            *_of_states("dot", dots),
        ),
        top=took(longest),
        bottom="0",
        first=nights[0][0].label,
        last=nights[-1][0].label,
    )


def _attempts(nights: Sequence[tuple[Night, Cell]]) -> Chart:
    """Draw how often the test ran in each night."""
    times = [cell.reruns + 1 if cell.executions else 0 for _, cell in nights]
    most = max(LEAST_ATTEMPTS, *times)
    bars: dict[State, list[str]] = defaultdict(list)
    for place, (number, (_, cell)) in enumerate(zip(times, nights, strict=True)):
        if number and cell.state is not State.SKIPPED:
            bars[cell.state].append(
                f"M{_middle(place, len(nights))} {SIDE}V{_height(number, most)}"
            )
    again = sum(number > 1 for number in times)
    helped = sum(cell.state is State.RERUN for _, cell in nights)
    return Chart(
        key="attempts",
        title="Attempts",
        says=f"It was run again in {counted(again, 'night')}, and passed then in {helped}."
        if again
        else "Nobody had to run it again.",
        shapes=_of_states("bar", bars),
        top=str(most),
        bottom="0",
        first=nights[0][0].label,
        last=nights[-1][0].label,
    )


def _of_states(kind: str, paths: Mapping[State, Sequence[str]]) -> tuple[Shape, ...]:
    """Return a shape for each state; what is rare is drawn last, over the rest."""
    order = sorted(paths, key=lambda state: -len(paths[state]))
    return tuple(
        Shape(kind=f"{kind} s-{MARKS[state]}", path="".join(paths[state])) for state in order
    )


def _middle(place: int, places: int) -> str:
    return f"{(place + 0.5) * SIDE / places:.1f}"


def _height(value: float, most: float) -> str:
    return f"{SIDE - value * SIDE / most if most else SIDE:.1f}"


def _span(window: Window) -> str:
    if window.newest is window.oldest:
        return window.newest.label
    return f"{window.oldest.label} to {window.newest.label}"
