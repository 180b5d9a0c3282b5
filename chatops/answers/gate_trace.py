"""What does the gate wait for here, by which rule, and what of it is not there? The answer of `gatekeeper`."""

from collections.abc import Sequence

from chatops.answers.check_lines import checks_section, freshness, pull_link
from chatops.answers.night_cells import GREEN, UNSETTLED, State
from chatops.answers.nights import counted
from chatops.answers.pull_checks import Check, PullChecks
from chatops.answers.required_paths import Needs, Touched
from chatops.engine.answer import Answer, Code, Line, Link, Piece, Section, Tone, When
from chatops.engine.command import Knowledge
from chatops.errors import Refused
from chatops.events.conversation import CommandReceived
from chatops.events.gate import RequiredChecksChanged

RULES_SHOWN = 10
STALE = (
    " The gate compares with the tip of the base branch, so on an old branch it may see more files."
)


def gate_trace(checks: PullChecks, received: CommandReceived, knowledge: Knowledge) -> Answer:
    """Return what must pass here and why, and what of it has not; refuse where nobody told what is required."""
    needs, rules = checks.needs, checks.rules
    if needs is None or rules is None:
        raise Refused(
            f"I do not know which checks {checks.pull.repo} requires: nobody has told where that is kept, "
            f"or I could not read it yet.",
            reason="required_unknown",
        )
    passed = _passed(checks)
    running = [check for check in checks.required if check.state in UNSETTLED]
    missing = [check for check in checks.required if check.state is State.NOT_RUN]
    bad = [c for c in checks.required if c not in passed and c not in running and c not in missing]
    sections = (
        Section(title="Why these checks", lines=gate_reasons(checks, rules, needs)),
        checks_section(
            "Failed, or skipped, which the gate takes for the same",
            bad,
            received,
            knowledge,
            verb="why",
        ),
        checks_section("Required and never reported", missing, received, knowledge),
        checks_section("Not over", running, received, knowledge),
        Section(title="The gate itself", lines=gate_itself(checks, knowledge)),
    )
    numbers = (
        f"{len(passed)} passed · {len(bad)} failed or skipped · "
        f"{len(missing)} never reported · {len(running)} not over"
    )
    return Answer(
        verdict=gate_verdict(checks, knowledge),
        tone=_tone(checks, bad or missing, running),
        counts=(numbers,),
        sections=tuple(section for section in sections if section.lines),
        footer=(*freshness(checks, knowledge), *gate_origin(rules)),
    )


def _passed(checks: PullChecks) -> list[Check]:
    return [check for check in checks.required if check.state in GREEN]


def gate_verdict(checks: PullChecks, knowledge: Knowledge) -> Line:
    """Return in a sentence what the gate wants, and how much of it is there."""
    return (pull_link(checks, knowledge.github_url), *_wanted(checks, len(_passed(checks))))


def _wanted(checks: PullChecks, passed: int) -> Line:
    required = counted(len(checks.required), "check")
    if checks.labels_missing:
        labels: list[Piece] = []
        for label in checks.labels_missing:
            labels += [", " if labels else "", Code(label)]
        return (
            f" must pass {required}, and the gate does not look at them before it has the label ",
            *labels,
            ".",
        )
    if passed == len(checks.required):
        return (f" must pass {required}, and all of them passed.",)
    return (f" must pass {required}; {passed} of them passed.",)


def _tone(checks: PullChecks, bad: Sequence[Check], running: Sequence[Check]) -> Tone:
    if bad or checks.labels_missing:
        return Tone.BAD
    return Tone.BUSY if running else Tone.GOOD


def gate_reasons(
    checks: PullChecks, rules: RequiredChecksChanged, needs: Needs
) -> tuple[Line, ...]:
    """Return which rules ask for what."""
    always = len(rules.names) + len(rules.patterns)
    lines: list[Line] = [(f"Always: {counted(always, 'check')}.",)] if always else []
    if not needs.knows_files:
        lines.append(
            (
                "I do not know which files this changes, so I count every set. Ask in a comment of the pull request.",
            )
        )
    if checks.touches(rules.origin):
        lines.append(
            (
                "This change touches ",
                Code(rules.origin),
                " itself; the gate reads it as it is here, I know another.",
            )
        )
    lines += [_touched(one) for one in needs.touched[:RULES_SHOWN]]
    if len(needs.touched) > RULES_SHOWN:
        lines.append((f"… and {len(needs.touched) - RULES_SHOWN} rules more.",))
    for one in rules.sets:
        if one.name in needs.chosen:
            label = f", with the label {', '.join(one.labels)}" if one.labels else ""
            number = len(one.names) + len(one.patterns)
            lines.append(("The set ", Code(one.name), f": {counted(number, 'check')}{label}."))
    lines += [("Not needed here: the set ", Code(name), ".") for name in needs.left_out]
    return tuple(lines)


def _touched(one: Touched) -> Line:
    examples: list[Piece] = []
    for file in one.examples:
        examples += [", " if examples else "", Code(file)]
    more = one.files - len(one.examples)
    files: list[Piece] = [*examples, f" and {more} more" if more else ""]
    needed: list[Piece] = []
    for name in one.sets:
        needed += [", " if needed else "", Code(name)]
    what = needed or ["nothing besides"]
    if not one.pattern:
        return ("No rule is for ", *files, ", so every set is needed: ", *what, ".")
    return ("The rule ", Code(one.pattern), " is for ", *files, ": needs ", *what, ".")


def gate_itself(checks: PullChecks, knowledge: Knowledge) -> tuple[Line, ...]:
    """Return how the gate's own run is, nothing where GitHub itself is the gate."""
    run, community = checks.gate, knowledge.community
    if run is None:
        name = community.gate.workflow if community.gate else ""
        return ((f"{name} has not run on this commit.",),) if name else ()
    where = Link(
        f"{run.workflow}, attempt {run.attempt}",
        f"{knowledge.github_url}/{run.repo}/actions/runs/{run.run_id}",
    )
    if not run.is_over:
        return ((where, ": it looks, and waits for what is not over."),)
    line: list[Piece] = [where, f": {(run.conclusion or 'unknown').replace('_', ' ')}"]
    if run.completed_at is not None:
        line += [", ", When(run.completed_at)]
    if run.conclusion == "success":
        return (tuple(line),)
    if not checks.holding_up and not checks.labels_missing:
        return (
            (
                *line,
                ". All it waits for has passed since; it does not look again by itself: say ",
                Code("/retest"),
                ".",
            ),
        )
    return (
        (
            *line,
            ". It does not look again by itself; after a rerun, ",
            Code("/retest"),
            " has it look again.",
        ),
    )


def gate_origin(rules: RequiredChecksChanged) -> Line:
    """Return where the list of required checks is from."""
    line: list[Piece] = [f" The list is from {rules.origin}"]
    if rules.branch:
        line.append(f" of {rules.branch}")
    if rules.seen_at is not None:
        line += [", read ", When(rules.seen_at)]
    line.append(".")
    if rules.paths:
        line.append(STALE)
    return tuple(line)
