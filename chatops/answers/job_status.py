"""How is this job doing, on the base branch and here? The answer of `status JOB`."""

from collections.abc import Sequence
from urllib.parse import quote

from chatops.answers.check_lines import check_line, freshness
from chatops.answers.meant_jobs import Both, Places
from chatops.answers.nights import State, Test, counted
from chatops.answers.pull_checks import Check
from chatops.answers.shares import within
from chatops.engine.answer import Answer, Code, Line, Link, Piece, Section, Tone
from chatops.engine.command import Knowledge
from chatops.events.conversation import CommandReceived

LINES_SHOWN = 8
SIGNS = {
    State.PASSED: "✓",
    State.RERUN: "↻",
    State.FAILED: "✗",
    State.INFRA: "!",
    State.CANCELLED: "c",
    State.SKIPPED: "-",
    State.RUNNING: "…",
    State.QUEUED: "…",
    State.UNKNOWN: "?",
}
LEGEND = (
    " Nights, newest first: ✓ passed, ↻ passed on a rerun, ✗ failed, ! infrastructure, "
    "c cancelled, - skipped, · no result. Weather is the share of failures in fifths."
)


def job_status(
    found: Sequence[Both],
    pattern: str,
    where: Places,
    received: CommandReceived,
    knowledge: Knowledge,
) -> Answer:
    """Return how jobs are doing: the ones that fail first."""
    jobs = sorted(found, key=lambda one: (not _fails(one), one.job))
    tests = [one.test for one in jobs if one.test is not None]
    checks = [one.check for one in jobs if one.check is not None]
    sections = [
        _section("On the base branch", [night_line(test, knowledge.base_url) for test in tests]),
        _section("Here", [check_line(check, received, knowledge, verb="why") for check in checks]),
    ]
    return Answer(
        verdict=_verdict(jobs, pattern, where),
        tone=Tone.BAD if any(_fails(one) for one in jobs) else Tone.NEUTRAL,
        sections=tuple(section for section in sections if section.lines),
        footer=_footer(where, knowledge, has_nights=bool(tests)),
    )


def _fails(one: Both) -> bool:
    return bool(one.test and one.test.streak) or bool(one.check and _is_red(one.check))


def _is_red(check: Check) -> bool:
    return check.state in {State.FAILED, State.INFRA}


def _verdict(jobs: Sequence[Both], pattern: str, where: Places) -> Line:
    if len(jobs) == 1:
        [one] = jobs
        return (one.job, f" {in_nights(one.test)}{_here(one.check, where)}.")
    base = sum(bool(one.test and one.test.streak) for one in jobs)
    here = sum(bool(one.check and _is_red(one.check)) for one in jobs)
    said = f"{base} of {counted(len(jobs), 'job')} for "
    tail = f", {here} fail here." if where.checks is not None else "."
    return (said, Code(pattern), f" {'fails' if base == 1 else 'fail'} on the base branch{tail}")


def in_nights(test: Test | None) -> str:
    """Say how a test has been on the base branch, after its name."""
    if test is None:
        return "is not part of the nightly"
    if not test.runs:
        return "has no result in these nights"
    if test.streak and test.since is not None:
        return f"has been failing on the base branch for {counted(test.streak, 'night')}, since {test.since.name}"
    return "passes on the base branch"


def _here(check: Check | None, where: Places) -> str:
    if where.checks is None:
        return ""
    number = where.checks.pull.number
    if check is None:
        return f", and has not run on #{number}"
    return f"; on #{number}: {check.state.value}"


def night_line(test: Test, base_url: str) -> Line:
    """Return a test's nights in a line: its signs, how often it failed, and what so few nights can mean."""
    signs = "".join(SIGNS.get(cell.state, "·") for cell in test.cells)
    line: list[Piece] = [Code(signs), " ", night_link(test, base_url)]
    if not test.runs:
        return (*line, ", no data")
    nights = f"{test.fails} of {counted(test.runs, 'night')}"
    line.append(
        f", {test.weather.word}: failed in {nights} (truly {within(test.fails, test.runs)})"
    )
    if test.reruns:
        line.append(f", run again {counted(test.reruns, 'time')}")
    return tuple(line)


def night_link(test: Test, base_url: str) -> Piece:
    """Return a test's name, leading to its nights."""
    if not base_url:
        return test.name
    return Link(test.name, f"{base_url}/nightly?sel={quote(test.name, safe='')}")


def _section(title: str, lines: Sequence[Line]) -> Section:
    more = max(0, len(lines) - LINES_SHOWN)
    return Section(title=title, lines=tuple(lines[:LINES_SHOWN]), more=more)


def _footer(where: Places, knowledge: Knowledge, *, has_nights: bool) -> Line:
    line = freshness(where.checks, knowledge) if where.checks is not None else ()
    return (*line, LEGEND.removeprefix("" if line else " ")) if has_nights else line
