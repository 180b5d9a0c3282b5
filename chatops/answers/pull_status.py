"""Can this pull request be merged, and what is missing? The answer of `status pr`."""

from collections import Counter

from chatops.answers.check_lines import checks_section, freshness, pull_link
from chatops.answers.night_cells import GREEN, State
from chatops.answers.nights import counted
from chatops.answers.pull_checks import PullChecks
from chatops.engine.answer import Action, Answer, Code, Line, Link, Section, Tone, pieces
from chatops.engine.command import Knowledge
from chatops.events.conversation import CommandReceived

COUNTS = (
    (State.PASSED, "passed"),
    (State.RERUN, "passed on rerun"),
    (State.FAILED, "failed"),
    (State.INFRA, "failed by infrastructure"),
    (State.CANCELLED, "cancelled"),
    (State.UNKNOWN, "unknown"),
    (State.RUNNING, "running"),
    (State.QUEUED, "queued"),
    (State.SKIPPED, "skipped"),
    (State.NOT_RUN, "not reported"),
)
LOOK_AGAIN = "Let the gate look again"
SPENDS = "This spends runner hours: each required job that failed runs once more."
SCOPE = " Reviews and conflicts are for GitHub to tell."


def pull_status(checks: PullChecks, received: CommandReceived, knowledge: Knowledge) -> Answer:
    """Return how far a pull request is: what keeps it from being merged first."""
    sections = (
        Section(
            title="To do first", lines=to_do(checks, knowledge, has_buttons=_has_buttons(received))
        ),
        checks_section(
            "Failed",
            checks.failed,
            received,
            knowledge,
            verb="" if _has_buttons(received) else "retest",
        ),
        checks_section("Not reported", checks.missing, received, knowledge),
        checks_section("Running", checks.running, received, knowledge),
    )
    return Answer(
        verdict=verdict(checks, knowledge),
        tone=tone(checks),
        counts=counts(checks),
        sections=tuple(section for section in sections if section.lines),
        actions=knowledge.offers(*reruns(checks), *_choice(checks), *_whose(checks))
        if _has_buttons(received)
        else (),
        footer=(*freshness(checks, knowledge), SCOPE),
    )


def hindrances(checks: PullChecks) -> list[str]:
    """Return what keeps it from being merged, in words."""
    pull = checks.pull
    found = ["it is a draft"] if pull.is_draft else []
    if checks.hold:
        found.append(f"it has the label `{checks.hold}`")
    found += [f"the label `{label}` is missing" for label in checks.labels_missing]
    states = Counter(check.state for check in checks.holding_up)
    ended = (State.FAILED, State.INFRA, State.UNKNOWN)
    for what, number in (
        ("failed", sum(states[state] for state in ended)),
        ("was cancelled", states[State.CANCELLED]),
        ("was skipped", states[State.SKIPPED]),
        ("has not been reported", states[State.NOT_RUN]),
        ("still runs", states[State.RUNNING] + states[State.QUEUED] + states[State.NONE]),
    ):
        if number:
            found.append(f"{counted(number, 'required check')} {_agreeing(what, number)}")
    if not found and _gate_is_red(checks):
        assert checks.gate is not None
        found.append(f"{checks.gate.workflow} has not passed, though all that it waits for has")
    return found


def _gate_is_red(checks: PullChecks) -> bool:
    return checks.gate is not None and checks.gate.is_over and checks.gate.conclusion != "success"


def _agreeing(what: str, number: int) -> str:
    if number == 1:
        return what
    plural = {"was": "were", "has": "have", "still runs": "still run"}
    first, _, rest = what.partition(" ")
    return plural.get(what) or f"{plural.get(first, first)} {rest}".strip()


def verdict(checks: PullChecks, knowledge: Knowledge) -> Line:
    """Return in a sentence whether CI keeps it from being merged, and by what."""
    found = hindrances(checks)
    pull, link = checks.pull, pull_link(checks, knowledge.github_url)
    if pull.is_merged or pull.state != "open":
        return (link, " is merged." if pull.is_merged else " is closed.")
    if checks.needs is None:
        failed = counted(len(checks.failed), "check")
        what = "; ".join(found)
        said = f" must pass. {failed} failed and {len(checks.running)} still run."
        return (
            "I do not know which checks ",
            link,
            *pieces(f"{said} Besides, {what}." if what else said),
        )
    if not found:
        passed = counted(len(checks.required), "required check")
        if not checks.required:
            return (
                "No check is required for ",
                link,
                ", so CI does not keep it from being merged.",
            )
        return ("CI does not keep ", link, f" from being merged: all {passed} passed.")
    return (link, " cannot be merged yet: ", *pieces("; ".join(found)), ".")


def tone(checks: PullChecks) -> Tone:
    """Return the same at a glance."""
    found = hindrances(checks)
    if checks.needs is None or checks.pull.state != "open":
        return Tone.UNKNOWN if checks.pull.state == "open" else Tone.NEUTRAL
    if not found:
        return Tone.GOOD
    waits = {State.RUNNING, State.QUEUED, State.NONE}
    open_ones = [check for check in checks.holding_up if check.state in waits]
    is_only_running = len(open_ones) == len(checks.holding_up) and len(found) == 1
    return Tone.BUSY if open_ones and is_only_running else Tone.BAD


def counts(checks: PullChecks) -> Line:
    """Return how many checks did what."""
    of_all = Counter(check.state for check in checks.checks)
    said = " · ".join(f"{of_all[state]} {word}" for state, word in COUNTS if of_all[state])
    if checks.needs is None:
        return (said,)
    passed = sum(check.state in GREEN for check in checks.required)
    return (f"Required: {passed} of {len(checks.required)} passed. All: {said or 'nothing ran'}.",)


def to_do(
    checks: PullChecks, knowledge: Knowledge, *, has_buttons: bool = False
) -> tuple[Line, ...]:
    """Return what to say or do about it, where one thing helps with several checks; what has a button needs no line."""
    lines: list[Line] = []
    if checks.labels_missing:
        labels = ", ".join(checks.labels_missing)
        lines.append((f"Ask somebody with write access to look at it and to add {labels}.",))
    for action in () if has_buttons else reruns(checks):
        gate = (_gate_link(checks, knowledge),) if action.text == LOOK_AGAIN else ()
        lines.append((f"{action.text}: ", Code(f"/{action.said}"), " on the pull request.", *gate))
    return tuple(lines)


def _has_buttons(received: CommandReceived) -> bool:
    return received.surface == "slack"


def reruns(checks: PullChecks) -> list[Action]:
    """Return what may be run again at once: the required checks that failed, or the gate that did not notice."""
    found = []
    repeatable = [check for check in checks.holding_up if check in checks.failed and check.workflow]
    if repeatable and not checks.running:
        found.append(
            Action(
                text="Run the required ones again",
                verb="retest",
                words=("required",),
                number=checks.pull.number,
                costs=SPENDS,
            )
        )
    if hindrances(checks) and not checks.holding_up and _gate_is_red(checks):
        found.append(Action(text=LOOK_AGAIN, verb="retest", number=checks.pull.number))
    return found


def _whose(checks: PullChecks) -> list[Action]:
    """Return how to ask whose the failures are, where there are some."""
    if not any(check.workflow for check in checks.failed):
        return []
    return [Action(text="Why did they fail?", verb="why", number=checks.pull.number)]


def _choice(checks: PullChecks) -> list[Action]:
    """Return the way to choose what to run again, where there is something to choose."""
    if len(checks.failed) < 2:  # noqa: PLR2004 - of one there is no choice
        return []
    number = checks.pull.number
    return [Action(text="Choose jobs to run again", verb="retest", number=number, needs="JOB…")]


def _gate_link(checks: PullChecks, knowledge: Knowledge) -> Link:
    assert checks.gate is not None
    run = checks.gate
    return Link(f" {run.workflow}", f"{knowledge.github_url}/{run.repo}/actions/runs/{run.run_id}")
