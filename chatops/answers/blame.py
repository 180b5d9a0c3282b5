"""Whose is this failure: the change's, the base branch's, the machine's, or nobody's because the job is flaky?

Rules are tried in an order; the first that fits decides, and says how sure it is. What is not known is never taken for
good news: without a night to compare with, the answer is that it cannot be told.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from chatops.answers.elsewhere import Elsewhere
from chatops.answers.meant_jobs import Both
from chatops.answers.night_cells import COUNTED, UNSETTLED, Cell, Execution, State
from chatops.answers.nights import Night, Test, counted
from chatops.answers.pull_checks import Check
from chatops.answers.shares import within

NEAR = timedelta(hours=6)
"""Within which a machine in trouble makes jobs fail at the same step."""
UNRELATED = 2
"""How many other pull requests, by as many other people, make it likely that it is not the change."""
NAMED = 4
RUNNER_STEP = re.compile(r"(run )?(set up (job|runner)|initiali[sz]e)\b", re.IGNORECASE)
"""Steps that only the machine can fail: nothing of the change has been read yet."""


class Blame(StrEnum):
    """Whose a failure is."""

    WAITING = "has not ended"
    PASSED = "passed"
    CANCELLED = "was cancelled"
    NOT_RUN = "did not run"
    MACHINE = "the machine's"
    FLAKE = "a flake"
    BASE = "the base branch's"
    SHARED = "not only here"
    UNKNOWN = "not to be told"
    CHANGE = "this change's"


class Sure(StrEnum):
    """How sure that is."""

    PROVEN = "certainly"
    LIKELY = "probably"
    PERHAPS = "perhaps"


class Judgement(Struct, frozen=True, kw_only=True):
    """Whose a failure is, how sure that is, what speaks for it, and what to do."""

    both: Both
    blame: Blame
    sure: Sure
    evidence: tuple[str, ...]
    advice: str
    is_worth_a_rerun: bool = False

    @property
    def words(self) -> str:
        """Return whose it is, after the job's name."""
        match self.blame:
            case Blame.WAITING | Blame.PASSED | Blame.CANCELLED | Blame.NOT_RUN:
                return self.blame.value
            case Blame.UNKNOWN:
                return "failed, and I cannot tell whose that is"
            case Blame.SHARED:
                return f"fails {self.blame.value}, so it is {self.sure.value} not this change's"
            case _:
                return f"failed, which is {self.sure.value} {self.blame.value}"


def judge(both: Both, others: Sequence[Elsewhere], nights: Sequence[Night], here: str) -> Judgement:
    """Return whose the failure of a job of a pull request is. `here` is the author of the pull request."""
    check = both.check
    assert check is not None
    judged = _unfailed(both, check) or _machine(both, check, others) or _flake(both, check)
    if judged is None:
        judged = _base(both, check) or _shared(both, check, others, here) or _left(both)
    seen = (*_here(check), *judged.evidence, *_nights(both.test, nights), *others_in_words(others))
    return Judgement(
        both=both,
        blame=judged.blame,
        sure=judged.sure,
        evidence=tuple(dict.fromkeys(seen)),
        advice=judged.advice,
        is_worth_a_rerun=judged.is_worth_a_rerun,
    )


def _unfailed(both: Both, check: Check) -> Judgement | None:
    """Return what there is to say of a job that has not failed."""
    if check.state in UNSETTLED:
        return _judged(both, Blame.WAITING, Sure.PROVEN, "Wait for it.")
    if check.state is State.PASSED:
        return _judged(both, Blame.PASSED, Sure.PROVEN, "There is nothing to do.")
    if check.state is State.CANCELLED:
        advice = "That says nothing of the change. Run it again."
        return _judged(both, Blame.CANCELLED, Sure.PROVEN, advice, again=True)
    if check.state in {State.SKIPPED, State.NOT_RUN}:
        advice = (
            "The gate takes that for a failure." if check.is_required else "Nobody waits for it."
        )
        return _judged(both, Blame.NOT_RUN, Sure.PROVEN, advice)
    return None


def _machine(both: Both, check: Check, others: Sequence[Elsewhere]) -> Judgement | None:
    """Tell a machine in trouble by the step, and by others who fail at it about the same time."""
    if check.state is not State.INFRA or check.last is None:
        return None
    alike = [
        f"#{other.number}" for other in others if _fails_alike(check.last, other.cell, near=NEAR)
    ]
    night = both.test.cells[0] if both.test is not None and both.test.cells else None
    if night is not None and _fails_alike(check.last, night, near=NEAR):
        alike.append("the nightly")
    said = [f"The step “{check.failed_step}” comes before the test itself."]
    if alike:
        said.append(f"It failed at the same step within six hours on {_listed(alike)}.")
    if len(alike) >= UNRELATED or RUNNER_STEP.match(check.failed_step):
        advice = (
            "Run it again; if it fails at this step once more, tell who looks after the machines."
        )
        return _judged(both, Blame.MACHINE, Sure.LIKELY, advice, *said, again=True)
    said.append(
        "Nobody else is known to have failed there now, so it can be the change all the same."
    )
    advice = "Look at the step's log; a rerun tells more."
    return _judged(both, Blame.MACHINE, Sure.PERHAPS, advice, *said, again=True)


def _flake(both: Both, check: Check) -> Judgement | None:
    """Tell a flake by its having failed and passed on this very commit."""
    ran = check.cell.executions if check.cell is not None else ()
    failed = [one for one in ran if one.state in {State.FAILED, State.INFRA}]
    passed = [one for one in ran if one.state is State.PASSED]
    if not failed or not passed:
        return None
    same = {one.run_id for one in failed} & {one.run_id for one in passed}
    attempts = f"failed {counted(len(failed), 'time')} and passed {counted(len(passed), 'time')}"
    if same:
        said = f"On this commit it {attempts}, with nothing changed in between."
    else:
        said = f"On this commit it {attempts}, in several runs; the base branch may have moved in between."
    is_over = check.state is State.RERUN
    advice = "It has passed; nothing is to be done." if is_over else "Run it again."
    sure = Sure.PROVEN if same else Sure.LIKELY
    return _judged(both, Blame.FLAKE, sure, advice, said, again=not is_over)


def _base(both: Both, check: Check) -> Judgement | None:
    """Tell a failure of the base branch by the newest night."""
    test = both.test
    newest = _newest(test)
    if test is None or newest is None or newest.state is not State.FAILED:
        return None
    step = newest.last.failed_step if newest.last is not None else ""
    if step and check.failed_step and step != check.failed_step:
        said = f"The newest night failed, too, but at another step: “{step}”."
        return _judged(both, Blame.BASE, Sure.PERHAPS, "Compare the two logs.", said)
    same = " at the same step" if step and step == check.failed_step else ""
    said = f"The newest night failed{same}."
    if same and test.streak > 1:
        advice = "A rerun will not help. Rebase when it is mended there."
        return _judged(both, Blame.BASE, Sure.LIKELY, advice, said)
    advice = "Compare the two logs before you rely on it."
    return _judged(both, Blame.BASE, Sure.PERHAPS, advice, said)


def _shared(both: Both, check: Check, others: Sequence[Elsewhere], here: str) -> Judgement | None:
    """Tell by other people's pull requests that fail at the same step, or failed and then passed."""
    if check.last is None:
        return None
    alike = [
        other
        for other in others
        if other.author != here and _has_failed_alike(check.last, other.cell)
    ]
    if len({other.author for other in alike}) < UNRELATED:
        return None
    mended = [other for other in alike if other.cell.state is State.RERUN]
    if mended:
        passed = f"and then passed on {_numbers(mended)} without a change"
        said = f"It failed at the same step on {_numbers(alike)}, {passed}."
        # A step's name is no error message: two changes can break it for reasons of their own.
        return _judged(both, Blame.FLAKE, Sure.PERHAPS, "Run it again, once.", said, again=True)
    said = f"It fails at the same step on {_numbers(alike)}, by other people."
    advice = "See whether these have something in common before you look for it in your change."
    return _judged(both, Blame.SHARED, Sure.PERHAPS, advice, said)


def _left(both: Both) -> Judgement:
    """Return what is left: it is new here, or there is nothing to compare with."""
    test, check = both.test, both.check
    assert check is not None
    if check.state is State.UNKNOWN:
        return _judged(both, Blame.UNKNOWN, Sure.PERHAPS, "Look at the run on GitHub.")
    if test is None or not test.runs:
        said = "The nightly does not have this job, so there is nothing to compare with."
        return _judged(both, Blame.UNKNOWN, Sure.PERHAPS, "Look at its log.", said)
    if not check.failed_step:
        said = "GitHub names no step that failed: its runner may have been lost, or I have not heard of it."
        return _judged(
            both,
            Blame.UNKNOWN,
            Sure.PERHAPS,
            "Look at its log; a rerun tells more.",
            said,
            again=True,
        )
    helped = sum(cell.state is State.RERUN for cell in test.cells)
    said = "It passed in the newest night, and nobody else is known to fail there."
    if helped or test.fails:
        said = f"It passed in the newest night, but is not steady: {_unsteady(test, helped)}."
    times = sum(one.state is State.FAILED for one in check.cell.executions) if check.cell else 0
    if times > 1 and not helped:
        again = f"It failed {times} times out of {times} on this commit."
        return _judged(both, Blame.CHANGE, Sure.LIKELY, "Look at its log.", again, said)
    once = "It failed once here, and once proves little."
    advice = "Look at its log first; a rerun tells more."
    return _judged(both, Blame.CHANGE, Sure.PERHAPS, advice, said, once, again=True)


def _unsteady(test: Test, helped: int) -> str:
    parts = [f"it failed in {counted(test.fails, 'night')}"] if test.fails else []
    if helped:
        parts.append(f"it passed only when it was run again in {counted(helped, 'night')}")
    return " and ".join(parts)


def _judged(
    both: Both, blame: Blame, sure: Sure, advice: str, *evidence: str, again: bool = False
) -> Judgement:
    return Judgement(
        both=both,
        blame=blame,
        sure=sure,
        evidence=evidence,
        advice=advice,
        is_worth_a_rerun=again,
    )


def _here(check: Check) -> list[str]:
    said = []
    if check.last is not None and check.last.conclusion == "timed_out":
        said.append("It ran into its time limit.")
    if check.state in {State.FAILED, State.INFRA} and check.failed_step:
        said.append(f"It failed at step “{check.failed_step}”.")
    if check.reason:
        said.append(f"{check.reason[0].upper()}{check.reason[1:]}.")
    return said


def _nights(test: Test | None, nights: Sequence[Night]) -> list[str]:
    """Say how it was on the base branch, with what so few nights can mean."""
    if test is None or not test.runs:
        return []
    since = ""
    if test.streak and test.since is not None:
        since = (
            f", and has been failing for {counted(test.streak, 'night')}, since {test.since.name}"
        )
    nights_that_count = f"{test.fails} of {counted(test.runs, 'night')}"
    left_out = len(nights) - test.runs
    without = f"; {counted(left_out, 'night')} had no verdict" if left_out > 0 else ""
    truly = within(test.fails, test.runs)
    return [f"In the nightly it failed in {nights_that_count} (truly {truly}){since}{without}."]


def others_in_words(others: Sequence[Elsewhere]) -> list[str]:
    """Say how it is on other pull requests now."""
    ended = [
        other for other in others if other.cell.state in COUNTED or other.cell.state is State.INFRA
    ]
    if not ended:
        return ["On no other open pull request has it ended."]
    failing = [other for other in ended if other.cell.state in {State.FAILED, State.INFRA}]
    if not failing:
        every = "the one other" if len(ended) == 1 else f"all {len(ended)} other"
        return [f"It passed on {every} open pull request{'s'[: len(ended) > 1]} where it ended."]
    total = counted(len(ended), "other open pull request")
    return [f"It fails on {len(failing)} of {total} where it ended: {_numbers(failing)}."]


def _newest(test: Test | None) -> Cell | None:
    """Return the newest night in which it passed or failed."""
    cells = test.cells if test is not None else ()
    return next((cell for cell in cells if cell.state in COUNTED), None)


def _fails_alike(one: Execution, other: Cell, *, near: timedelta) -> bool:
    """Return whether another cell's last execution failed at the same step, at about the same time."""
    last = other.last
    if last is None or last.failed_step != one.failed_step or last.state is State.PASSED:
        return False
    if one.completed_s is None or last.completed_s is None:
        return False
    return abs(one.completed_s - last.completed_s) <= near.total_seconds()


def _has_failed_alike(one: Execution, other: Cell) -> bool:
    """Return whether any execution of another cell failed at the same step, one that is known."""
    return bool(one.failed_step) and any(
        execution.state is State.FAILED and execution.failed_step == one.failed_step
        for execution in other.executions
    )


def _numbers(others: Sequence[Elsewhere]) -> str:
    return _listed([f"#{other.number}" for other in others])


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown
