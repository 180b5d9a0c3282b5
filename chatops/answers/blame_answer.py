"""Whose are these failures, with what speaks for it: the answer of `why JOB`."""

from collections import Counter
from collections.abc import Sequence

from chatops.answers.blame import Blame, Judgement, judge, others_in_words
from chatops.answers.check_lines import freshness, say
from chatops.answers.elsewhere import elsewhere
from chatops.answers.job_status import in_nights, night_line
from chatops.answers.meant_jobs import Both, Places
from chatops.answers.nights import State, Test, counted
from chatops.engine.answer import Answer, Code, Line, Link, Piece, Section, Tone
from chatops.engine.command import Knowledge
from chatops.events.conversation import CommandReceived

JOBS_SHOWN = 6
ORDER = (
    Blame.CHANGE, Blame.UNKNOWN, Blame.SHARED, Blame.BASE, Blame.MACHINE, Blame.FLAKE,
    Blame.CANCELLED, Blame.NOT_RUN, Blame.WAITING, Blame.PASSED,
)  # fmt: skip
"""What somebody must look at comes first."""
COUNTED = {
    Blame.CHANGE: "this change’s",
    Blame.UNKNOWN: "not to be told",
    Blame.SHARED: "failing elsewhere, too",
    Blame.BASE: "the base branch’s",
    Blame.MACHINE: "the machine’s",
    Blame.FLAKE: "flaky",
    Blame.CANCELLED: "cancelled",
    Blame.NOT_RUN: "not run",
    Blame.WAITING: "not over",
    Blame.PASSED: "passed",
}
UNCERTAIN = " Judged by steps, nights, other pull requests and reruns; I do not read logs, so I can be wrong."


def blame_answer(
    jobs: Sequence[Both], where: Places, received: CommandReceived, knowledge: Knowledge
) -> Answer:
    """Return whose the failures of these jobs are, those to look at first."""
    here = [one for one in jobs if one.check is not None]
    if where.checks is None or not here:
        return _on_base(jobs, where, received, knowledge)
    pull = where.checks.pull
    names = {one.job for one in here}
    others = elsewhere(knowledge.db, pull.repo, names, but=pull.number)
    nights = where.board.nights if where.board is not None else ()
    judged = [judge(one, others.get(one.job, []), nights, pull.author) for one in here]
    judged.sort(key=_urgency)
    shown = judged[:JOBS_SHOWN]
    return Answer(
        verdict=_verdict(judged),
        tone=_tone(judged),
        counts=_counts(judged) if len(judged) > 1 else (),
        sections=tuple(_section(one, received, knowledge, title=len(judged) > 1) for one in shown),
        footer=(
            *(_more(len(judged) - len(shown))),
            *freshness(where.checks, knowledge),
            UNCERTAIN,
        ),
    )


def _urgency(one: Judgement) -> tuple[int, bool, str]:
    check = one.both.check
    return ORDER.index(one.blame), not (check and check.is_required), one.both.job


def _verdict(judged: Sequence[Judgement]) -> Line:
    if len(judged) == 1:
        [one] = judged
        return (one.both.job, f" {one.words}.")
    mine = sum(one.blame is Blame.CHANGE for one in judged)
    unknown = sum(one.blame is Blame.UNKNOWN for one in judged)
    if not mine and not unknown:
        return (f"Of {counted(len(judged), 'job')}, none looks like this change's failure.",)
    look = mine + unknown
    if look == len(judged):
        return (f"{counted(look, 'job')} failed, and nothing shows that it is not the change.",)
    return (f"Look at {look} of {counted(len(judged), 'job')} first.",)


def _counts(judged: Sequence[Judgement]) -> Line:
    counts = Counter(one.blame for one in judged)
    return (" · ".join(f"{counts[blame]} {COUNTED[blame]}" for blame in ORDER if counts[blame]),)


def _tone(judged: Sequence[Judgement]) -> Tone:
    blames = {one.blame for one in judged}
    if Blame.CHANGE in blames:
        return Tone.BAD
    if blames & {Blame.UNKNOWN, Blame.SHARED, Blame.MACHINE, Blame.BASE, Blame.CANCELLED}:
        return Tone.UNKNOWN
    if Blame.WAITING in blames:
        return Tone.BUSY
    return Tone.GOOD if blames == {Blame.PASSED} else Tone.NEUTRAL


def _section(
    one: Judgement, received: CommandReceived, knowledge: Knowledge, *, title: bool
) -> Section:
    check = one.both.check
    assert check is not None
    advice: list[Piece] = [one.advice]
    if one.is_worth_a_rerun and check.workflow and received.surface != "slack":
        advice += [" ", Code(say(received, knowledge, "retest", check.name))]
    lines: list[Line] = [(said,) for said in one.evidence]
    if check.last is not None and check.last.run_id:
        url = f"{knowledge.github_url}/{received.repo}/actions/runs/{check.last.run_id}"
        if check.last.job_id:
            url = f"{url}/job/{check.last.job_id}"
        advice += [" ", Link("Its log", url)]
    heading = f"{one.both.job} {one.words}" if title else "What speaks for it"
    return Section(title=heading, lines=(*lines, tuple(advice)))


def _more(left_out: int) -> Line:
    if not left_out:
        return ()
    return (f"And {counted(left_out, 'job')} more; name one to hear of it. ",)


def _on_base(
    jobs: Sequence[Both], where: Places, received: CommandReceived, knowledge: Knowledge
) -> Answer:
    """Return how jobs are where nobody speaks of a pull request: on the base branch, and on those that are open."""
    tests = [one.test for one in jobs if one.test is not None]
    tests.sort(key=lambda test: (not test.streak, test.name))
    others = elsewhere(knowledge.db, received.repo, {test.name for test in tests})
    failing = sum(bool(test.streak) for test in tests)
    sections = tuple(
        Section(
            title=f"{test.name} {in_nights(test)}",
            lines=(
                night_line(test, knowledge.base_url),
                *((said,) for said in others_in_words(others.get(test.name, []))),
                *(((f"It fails at step “{_step(test)}”.",),) if _step(test) else ()),
            ),
        )
        for test in tests[:JOBS_SHOWN]
    )
    verdict: Line = (
        (tests[0].name, f" {in_nights(tests[0])}.")
        if len(tests) == 1
        else (f"{failing} of {counted(len(tests), 'job')} fail on the base branch.",)
    )
    if where.checks is not None:
        verdict = (*verdict, f" On #{where.checks.pull.number} it has not run.")
    return Answer(
        verdict=verdict,
        tone=Tone.BAD if failing else Tone.NEUTRAL,
        sections=sections,
        footer=(*_more(len(tests) - len(sections)), UNCERTAIN.strip()),
    )


def _step(test: Test) -> str:
    """Return the step at which a test that fails on the base branch failed last."""
    newest = next((cell for cell in test.cells if cell.state is State.FAILED), None)
    if not test.streak or newest is None or newest.last is None:
        return ""
    return newest.last.failed_step
