"""How all of it has been doing over the weeks: nights, tests, pull requests, reruns, runners, and the gate.

Whoever decides where work is needed opens this. Each chart says what it counts and on how many that rests, and has its
numbers as a table; what is not known is left out. All of the page's state is in its address.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypedDict

import msgspec
from msgspec import Struct

from chatops.answers.durations import Durations, Spread, spread, together
from chatops.answers.health import Health, Waiting, health
from chatops.answers.nights import counted
from chatops.answers.nights_in_files import in_files, not_counted
from chatops.answers.run_history import WEEKS, RunHistory
from chatops.answers.shares import within
from chatops.answers.weeks import Week
from chatops.engine.command import Knowledge
from chatops.views.charts import SIDE, Chart, Shape
from chatops.views.listing import PAGE, Choices, cut, question
from chatops.views.page import Viewer, render, sign_in_address, took
from chatops.views.table import rows_under
from chatops.views.view import View, Word

ON_A_PAGE = 25
LONGEST = 500
WINDOWS = {"4w": 4, "13w": WEEKS}
USUAL = "13w"
SORTS: Mapping[str, tuple[str, Callable[[Waiting], tuple[object, ...]]]] = {
    "long": ("longest waits", lambda one: (-(one.waits.nine_of_ten or 0), one.labels)),
    "half": ("longest usual wait", lambda one: (-(one.waits.half or 0), one.labels)),
    "jobs": ("most jobs", lambda one: (-one.waits.number, one.labels)),
    "name": ("by name", lambda one: (one.labels,)),
}
UNKNOWN = "not known"


class Asked(Struct, frozen=True, kw_only=True):
    """What the address asks for; whatever it cannot mean is left out and said in `notes`."""

    text: str
    window: str
    sort: str
    page: int
    notes: tuple[str, ...]

    def link(self, **changes: str) -> str:
        """Return the address of this page with something changed, from the first page of runners on."""
        return question(
            {
                "q": self.text,
                "w": "" if self.window == USUAL else self.window,
                "s": "" if self.sort == "long" else self.sort,
                **changes,
            }
        )


class Shown(Struct, frozen=True, kw_only=True):
    """What the page shows: the weeks, and one page of the kinds of runners."""

    asked: Asked
    health: Health
    waiting: tuple[Waiting, ...]
    found: int
    newer: str
    older: str


def shown(history: RunHistory, query: Mapping[str, str]) -> Shown:
    """Return what an address asks for."""
    asked = _asked(query)
    found = health(history, WINDOWS[asked.window])
    words = asked.text.lower().split()
    chosen = sorted(
        (one for one in found.waiting if all(word in one.labels.lower() for word in words)),
        key=SORTS[asked.sort][1],
    )
    page = cut(chosen, asked.page, ON_A_PAGE, asked.link)
    return Shown(
        asked=asked,
        health=found,
        waiting=tuple(page.rows),
        found=len(chosen),
        newer=page.newer,
        older=page.older,
    )


def render_health(
    knowledge: Knowledge,
    history: RunHistory,
    query: Mapping[str, str],
    *,
    viewer: Viewer = Viewer.ANYBODY,
) -> str:
    """Return the page."""
    page = shown(history, query)
    return render(
        "health.html",
        name=knowledge.community.title,
        here="health",
        up="",
        viewer=viewer,
        sign_in=sign_in_address(
            knowledge.base_url,
            f"/{knowledge.community.key}/health{page.asked.link()}".removesuffix("?"),
        ),
        page=page,
        charts=charts(page.health),
        heard_at=history.heard_at,
        is_cut=history.is_cut,
        now=history.now,
        windows=[(key, f"{weeks} weeks") for key, weeks in WINDOWS.items()],
        sorts=[(key, word) for key, (word, _) in SORTS.items()],
        waits=[(one.labels, *_spread_words(one.waits)) for one in page.waiting],
        rests_on=_rests_on(page.health),
        not_counted=not_counted(_in_files(knowledge, page.health)),
    )


class WeekNamed(TypedDict):
    """A week, and whether anything is known of it."""

    monday: date
    is_known: bool


class WeekTold(WeekNamed, total=False):
    """One week in numbers, where they are known."""

    nights: int
    nights_red_at_first: int
    nights_red: int
    results: int
    fails: int
    flakes: int
    heads: int
    green: Spread
    runs: int
    reruns: int
    jobs_run_again: int
    jobs_that_say_how_long: int
    seconds_spent_again: int
    waits: Spread
    gate: Spread
    gate_still_red: int


class RunnersTold(TypedDict):
    """How long runners of some labels kept jobs waiting, in seconds."""

    labels: str
    number: int
    half: int | None
    nine_of_ten: int | None
    longest: int | None


class HealthDocument(TypedDict):
    """How the CI does over weeks."""

    community: str
    verdict: str
    heard_at: datetime | None
    is_cut: bool
    knows_required: bool
    nights_in_files: int
    not_counted: str | None
    weeks: Sequence[WeekTold]
    runners: Sequence[RunnersTold]
    found: int
    notes: Sequence[str]
    newer: str | None
    older: str | None


def health_json(knowledge: Knowledge, history: RunHistory, query: Mapping[str, str]) -> str:
    """Return the same for programs."""
    page = shown(history, query)
    nights = _in_files(knowledge, page.health)
    told: HealthDocument = {
        "community": knowledge.community.key,
        "verdict": page.health.verdict,
        "heard_at": history.heard_at,
        "is_cut": history.is_cut,
        "knows_required": page.health.knows_required,
        "nights_in_files": nights,
        "not_counted": not_counted(nights) or None,
        "weeks": [_week_json(day, week) for day, week in page.health.weeks],
        "runners": [
            {
                "labels": one.labels,
                "number": one.waits.number,
                "half": one.waits.half,
                "nine_of_ten": one.waits.nine_of_ten,
                "longest": one.waits.longest,
            }
            for one in page.waiting
        ],
        "found": page.found,
        "notes": page.asked.notes,
        "newer": page.newer or None,
        "older": page.older or None,
    }
    return msgspec.json.encode(told).decode()


def _in_files(knowledge: Knowledge, found: Health) -> int:
    """Return how many nights of the weeks only a file tells of."""
    monday, _ = found.weeks[0]
    return in_files(knowledge, datetime.combine(monday, time(), UTC))


def charts(found: Health) -> tuple[Chart, ...]:
    """Return the charts, those left out of which no week knows anything."""
    made = (
        _nights(found),
        _rates(found.weeks),
        _spreads(
            "green",
            "Time to green",
            ("head", "that turned green"),
            found.weeks,
            lambda week: week.green,
            ("Heads tested", lambda week: week.commits),
        ),
        _effort(found.weeks),
        _spreads(
            "queue",
            "Waiting for a runner",
            ("job", "that a runner took"),
            found.weeks,
            lambda week: week.queue,
        ),
        _spreads(
            "gate",
            "The gate after the tests were green",
            ("head", "whose gate turned green"),
            found.weeks,
            lambda week: week.gate,
            ("Gate never green", lambda week: week.still_red),
        ),
    )
    return tuple(chart for chart in made if chart is not None)


Weeks = Sequence[tuple[date, Week | None]]


def _nights(found: Health) -> Chart | None:
    """Draw the share of nights in which a required test was red, at the first try and in the end."""
    weeks = found.weeks
    bars, dots = [], []
    for place, (_, week) in enumerate(weeks):
        if week is not None and week.nights:
            x = _middle(place, len(weeks))
            bars.append(f"M{x} {SIDE}V{_height(week.red_first, week.nights)}")
            dots.append(f"M{x} {_height(week.red, week.nights)}h0")
    if not dots:
        return None
    nights = sum(week.nights for week in found.known)
    which = "a required test" if found.knows_required else "any test"
    return _chart(
        "nights",
        f"Nights with {which} red",
        f"Bars: at its first try, in {sum(week.red_first for week in found.known)} of {counted(nights, 'night')}; "
        f"dots: in the end, in {sum(week.red for week in found.known)}.",
        (Shape(kind="bar s-r", path="".join(bars)), Shape(kind="dot s-f", path="".join(dots))),
        ("100 %", "0 %"),
        weeks,
        ("Nights", "Red at first", "Red in the end", "Share in the end", "Truly"),
        lambda _, week: (
            str(week.nights),
            str(week.red_first),
            str(week.red),
            _share(week.red, week.nights),
            within(week.red, week.nights) if week.nights else "",
        ),
    )


def _rates(weeks: Weeks) -> Chart | None:
    """Draw the share of results in nights that failed, and that failed and passed."""
    rates = [
        (place, week.fails / week.results, week.flakes / week.results)
        for place, (_, week) in enumerate(weeks)
        if week is not None and week.results
    ]
    if not rates:
        return None
    most = max(max(fails, flakes) for _, fails, flakes in rates) or 1.0
    known = [week for _, week in weeks if week is not None]
    results = sum(week.results for week in known)
    bars = "".join(
        f"M{_middle(place, len(weeks))} {SIDE}V{_height(fails, most)}" for place, fails, _ in rates
    )
    dots = "".join(
        f"M{_middle(place, len(weeks))} {_height(flakes, most)}h0" for place, _, flakes in rates
    )
    return _chart(
        "rates",
        "Failing and flaky tests of the nights",
        f"Bars: failed in the end, {_share(sum(week.fails for week in known), results)} of "
        f"{counted(results, 'result')}; dots: failed and passed, "
        f"{_share(sum(week.flakes for week in known), results)}.",
        (Shape(kind="bar s-f", path=bars), Shape(kind="dot s-r", path=dots)),
        (f"{most * 100:.1f} %", "0 %"),
        weeks,
        ("Results", "Failed", "Share", "Failed and passed", "Share of it"),
        lambda _, week: (
            f"{week.results:,}",
            str(week.fails),
            _share(week.fails, week.results),
            str(week.flakes),
            _share(week.flakes, week.results),
        ),
    )


def _effort(weeks: Weeks) -> Chart | None:
    """Draw how much runner time was spent again."""
    known = [week for _, week in weeks if week is not None]
    if not any(week.runs for week in known):
        return None
    most = max(week.again_seconds for week in known)
    bars = "".join(
        f"M{_middle(place, len(weeks))} {SIDE}V{_height(week.again_seconds, most)}"
        for place, (_, week) in enumerate(weeks)
        if week is not None and week.again_seconds
    )
    jobs = sum(week.again_jobs for week in known)
    spent = took(timedelta(seconds=sum(week.again_seconds for week in known)))
    return _chart(
        "effort",
        "Running again",
        f"{counted(sum(week.reruns for week in known), 'rerun')} of "
        f"{counted(sum(week.runs for week in known), 'run')} ran {counted(jobs, 'job')} again; "
        f"{sum(week.again_known for week in known):,} of them say how long: {spent} of runner time.",
        (Shape(kind="bar s-a", path=bars),),
        (took(timedelta(seconds=most)), "0"),
        weeks,
        ("Runs", "Reruns", "Jobs run again", "That say how long", "Runner time"),
        lambda _, week: (
            f"{week.runs:,}",
            str(week.reruns),
            f"{week.again_jobs:,}",
            f"{week.again_known:,}",
            took(timedelta(seconds=week.again_seconds)),
        ),
    )


def _spreads(
    key: str,
    title: str,
    what: tuple[str, str],
    weeks: Weeks,
    values: Callable[[Week], Durations],
    more: tuple[str, Callable[[Week], int]] | None = None,
) -> Chart | None:
    """Draw how durations of each week are spread: a dot for half of them, a bar up to nine of ten."""
    spreads = {day: spread(values(week)) for day, week in weeks if week is not None}
    known = [
        (place, one.half, one.nine_of_ten)
        for place, (day, _) in enumerate(weeks)
        if (one := spreads.get(day)) and one.half is not None and one.nine_of_ten is not None
    ]
    if not known:
        return None
    every = spread(together(values(week) for _, week in weeks if week is not None))
    most = max(nine for _, _, nine in known) or 1
    spans = "".join(
        f"M{_middle(place, len(weeks))} {_height(half, most)}V{_height(nine, most)}"
        for place, half, nine in known
    )
    dots = "".join(
        f"M{_middle(place, len(weeks))} {_height(half, most)}h0" for place, half, _ in known
    )
    _, half, nine, _ = _spread_words(every)
    return _chart(
        key,
        title,
        f"{counted(every.number, what[0])} {what[1]}, half within {half}, 9 of 10 within {nine}. "
        f"Dots: half of a week; bars: up to 9 of 10.",
        (Shape(kind="span", path=spans), Shape(kind="dot", path=dots)),
        (took(timedelta(seconds=most)), "0"),
        weeks,
        (
            *((more[0],) if more else ()),
            f"{what[0].capitalize()}s",
            "Half within",
            "9 of 10 within",
            "Longest",
        ),
        lambda day, week: (
            *((f"{more[1](week):,}",) if more else ()),
            *_spread_words(spreads[day]),
        ),
    )


def _chart(
    key: str,
    title: str,
    says: str,
    shapes: tuple[Shape, ...],
    ends: tuple[str, str],
    weeks: Weeks,
    heads: tuple[str, ...],
    row: Callable[[date, Week], tuple[str, ...]],
) -> Chart:
    return Chart(
        key=key,
        title=title,
        says=says,
        shapes=shapes,
        top=ends[0],
        bottom=ends[1],
        first=_label(weeks[0][0]),
        last=_label(weeks[-1][0]),
        heads=("Week from", *heads),
        rows=tuple(
            (
                _label(day),
                *(row(day, week) if week is not None else (UNKNOWN, *[""] * (len(heads) - 1))),
            )
            for day, week in reversed(weeks)
        ),
    )


def _asked(query: Mapping[str, str]) -> Asked:
    words = Choices(query)
    window = words.of("w", WINDOWS, USUAL, f"is no window here; the last {WEEKS} weeks are shown.")
    sort = words.of("s", SORTS, "long", "is no order; the longest waits come first.")
    page = words.page()
    return Asked(
        text=" ".join(query.get("q", "")[:LONGEST].split()),
        window=window,
        sort=sort,
        page=page,
        notes=tuple(words.notes),
    )


def _rests_on(found: Health) -> str:
    runs = sum(week.runs for week in found.known)
    return f"{counted(runs, 'run')} of nights and pull requests"


def _week_json(day: date, week: Week | None) -> WeekTold:
    if week is None:
        return {"monday": day, "is_known": False}
    return {
        "monday": day,
        "is_known": True,
        "nights": week.nights,
        "nights_red_at_first": week.red_first,
        "nights_red": week.red,
        "results": week.results,
        "fails": week.fails,
        "flakes": week.flakes,
        "heads": week.commits,
        "green": spread(week.green),
        "runs": week.runs,
        "reruns": week.reruns,
        "jobs_run_again": week.again_jobs,
        "jobs_that_say_how_long": week.again_known,
        "seconds_spent_again": week.again_seconds,
        "waits": spread(week.queue),
        "gate": spread(week.gate),
        "gate_still_red": week.still_red,
    }


def _spread_words(one: Spread) -> tuple[str, str, str, str]:
    return (
        f"{one.number:,}",
        *(_words(value) for value in (one.half, one.nine_of_ten, one.longest)),
    )  # type: ignore[return-value]  # three of them


def _words(seconds: int | None) -> str:
    return UNKNOWN if seconds is None else took(timedelta(seconds=seconds))


def _share(part: int, whole: int) -> str:
    return f"{part / whole * 100:.1f} %" if whole else UNKNOWN


def _label(day: date) -> str:
    return f"{day.day} {day:%b}"


def _middle(place: int, places: int) -> str:
    return f"{(place + 0.5) * SIDE / places:.1f}"


def _height(value: float, most: float) -> str:
    return f"{SIDE - value * SIDE / most if most else SIDE:.1f}"


WORDS = (
    Word(name="q", meaning="Words of the labels of runners."),
    Word(name="w", meaning="How far back.", values=tuple(WINDOWS)),
    Word(name="s", meaning="In which order.", values=tuple(SORTS)),
    PAGE,
)
"""What the page can be asked."""
VIEW = View(
    address="health",
    html=lambda seen, query: render_health(
        seen.knowledge, seen.history(), query, viewer=seen.viewer
    ),
    json=lambda seen, query: health_json(seen.knowledge, seen.history(), query),
    document=HealthDocument,
    words=WORDS,
    rows=rows_under("weeks"),
)
