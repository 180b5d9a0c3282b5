"""How was one week: its nights, its pull requests, what ran again, how long runners and the gate kept people waiting?

A run belongs to the week in which it was created, from Monday on, UTC. What is not known is left out, and each figure
says on how many it rests.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date

from msgspec import Struct

from chatops.answers.durations import Durations, durations, together
from chatops.answers.night_cells import COUNTED, State
from chatops.answers.run_digests import RequiredTests, RunDigest
from chatops.answers.same_commit import Group, Sighting, group_of
from chatops.engine.clock import seconds
from chatops.names import Repo, RunId, Sha

Counted = tuple[bool, Repo, str, str]
"""Whether in the nights; repository, workflow and name of a test."""


class Week(Struct, frozen=True, kw_only=True):
    """One week, as counts and durations.

    `nights` are those that are over and have a result of a test they are judged by: a required one, or any where
    nobody told which are. `red_first` of them had one fail at its first try, `red` one that failed in the end.
    `results` are passes and failures of tests in nights; `fails` failed in the end, `flakes` failed and passed.
    `commits` are heads of pull requests whose runs are over; `green` is how long each took that passed in the end.
    `gate` is how long the gate stayed red after that, `still_red` where it never turned green.
    `waits` is by kind of runner how long jobs waited for one, `queue` all of that.
    `ran` says in how many runs each test passed or failed.
    """

    nights: int
    red_first: int
    red: int
    results: int
    fails: int
    flakes: int
    commits: int
    green: Durations
    runs: int
    reruns: int
    again_jobs: int
    again_known: int
    again_seconds: int
    waits: Mapping[str, Durations]
    queue: Durations
    gate: Durations
    still_red: int
    ran: Mapping[Counted, int]


def week_of(
    runs: Sequence[RunDigest],
    seen: Mapping[Group, tuple[Sighting, ...]],
    required: RequiredTests,
) -> Week:
    """Return a week from all of its runs, and from what was seen to fail and run again."""
    nights = [run for run in runs if run.is_night]
    tested = [run for run in runs if not run.is_gate]
    judged, red_first, red = _nights(nights, required)
    commits, green, gate, still_red = _commits(runs)
    waited: dict[str, list[int]] = defaultdict(list)
    for run in tested:
        for labels, wait in run.waits:
            waited[labels].append(wait)
    waits = {labels: durations(of) for labels, of in sorted(waited.items())}
    counts = [cell.state for run in nights for cell in run.cells.values() if cell.state in COUNTED]
    return Week(
        nights=judged,
        red_first=red_first,
        red=red,
        results=len(counts) + sum(len(run.passed) for run in nights),
        fails=counts.count(State.FAILED),
        flakes=sum(one.is_flake for run in nights for one in seen.get(group_of(run), ())),
        commits=commits,
        green=green,
        runs=len(tested),
        reruns=sum(run.attempts - 1 for run in tested),
        again_jobs=sum(run.again.jobs for run in tested),
        again_known=sum(run.again.known for run in tested),
        again_seconds=sum(run.again.seconds for run in tested),
        waits=waits,
        queue=together(waits.values()),
        gate=gate,
        still_red=still_red,
        ran=_ran(tested),
    )


def _ran(runs: Iterable[RunDigest]) -> dict[Counted, int]:
    """Return in how many runs each test passed or failed."""
    found: dict[tuple[bool, Repo, str], Counter[str]] = defaultdict(Counter)
    for run in runs:
        of_workflow = found[run.is_night, run.repo, run.workflow]
        of_workflow.update(run.passed)
        of_workflow.update(name for name, cell in run.cells.items() if cell.state in COUNTED)
    return {(*place, name): number for place, of in found.items() for name, number in of.items()}


def _nights(runs: Iterable[RunDigest], required: RequiredTests) -> tuple[int, int, int]:
    """Return how many nights are judged, had a test of theirs fail at first, and in the end."""
    by_day: dict[date, list[RunDigest]] = defaultdict(list)
    for run in runs:
        by_day[run.created_at.astimezone(UTC).date()].append(run)
    judged = red_first = red = 0
    for of_day in by_day.values():
        cells = [
            cell
            for run in of_day
            for judges in (required.judges_night(run),)
            for name, cell in run.cells.items()
            if judges(name)
        ]
        first = any(cell.first is State.FAILED for cell in cells)
        last = any(cell.state is State.FAILED for cell in cells)
        has_results = any(run.needed.passed for run in of_day) or first or last
        if has_results and all(run.is_over for run in of_day):
            judged += 1
            red_first += first
            red += last
    return judged, red_first, red


def _commits(runs: Iterable[RunDigest]) -> tuple[int, Durations, Durations, int]:
    """Return how many heads were tested to the end, how long each took to be green, and then its gate.

    Of several runs of a workflow on a head, the newest counts; the time begins with the oldest.
    """
    of_commit: dict[tuple[Repo, Sha], dict[str, list[RunDigest]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for run in runs:
        if run.numbers:
            of_commit[run.repo, run.sha][run.workflow].append(run)
    commits = still_red = 0
    green: list[int] = []
    gate: list[int] = []
    for workflows in of_commit.values():
        every = [run for of in workflows.values() for run in of]
        tested = [_newest(of) for of in workflows.values() if not of[0].is_gate]
        needed = [run for run in tested if run.needed.number]
        if not needed or not all(run.is_over for run in tested):
            continue
        commits += 1
        ends = [run.needed.passed_s for run in needed if run.needed.passed == run.needed.number]
        known = [end for end in ends if end is not None]
        began = seconds(min(run.created_at for run in every if not run.is_gate))
        if len(known) < len(needed) or began is None or max(known) < began:
            continue
        end = max(known)
        green.append(end - began)
        gates = [run for run in every if run.is_gate]
        if gates:
            turned = [one for run in gates for one in run.greens_s or ()]
            if turned:
                later = [one for one in turned if one >= end]
                gate.append(min(later) - end if later else 0)
            elif all(run.is_over for run in gates):
                still_red += 1
    return commits, durations(green), durations(gate), still_red


def _newest(runs: Sequence[RunDigest]) -> RunDigest:
    def number(run: RunDigest) -> RunId:
        return run.run_id

    return max(runs, key=number)
