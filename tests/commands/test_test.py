from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chatops.commands.test import RunTests
from chatops.engine.answer import as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.cancels import CancelRequested
from chatops.events.conversation import CommandAccepted
from chatops.events.gate import RequiredChecksChanged
from chatops.events.reruns import RerunDeferred, RerunDropped, RerunRequested, RerunStarted
from chatops.events.tables import RowsShown
from chatops.names import CommandId, RunId
from tests.scene import (
    COMMAND,
    COMMUNITY,
    HEAD,
    NOW,
    PULL,
    REPO,
    ended,
    job,
    pull,
    received,
    scene,
    story,
    under_way,
)

MEMBER = Grant(ground="member")
AUTHOR = Grant(ground="author after ok-to-test", is_limited=True)
UNDO = CommandId("command/undo")
ALIASED = msgspec.structs.replace(COMMUNITY, job_aliases={"linter": "Static / lint"})
THREE = (
    pull(), ended(10), job(1, 10, "a"), job(2, 10, "b (x, y)", "success"), job(3, 10, "c"),
    ended(11, "Static", "success"), job(4, 11, "lint", "success"),
    ended(12, "Gatekeeper"), job(5, 12, "gatekeeper"),
)  # fmt: skip


def decide(folder: Path, words: Sequence[str], *facts: Event, grant: Grant = MEMBER) -> list[Event]:
    asked = Asked(received=received(verb="test"), standing=Standing(), grant=grant)
    with scene(folder, facts or THREE) as world, world.knowledge(ALIASED) as knowledge:
        return list(RunTests.parse(words).decide(asked, knowledge))


def one(folder: Path, words: Sequence[str], *facts: Event) -> RerunRequested:
    (request,) = decide(folder, words, *facts)
    assert isinstance(request, RerunRequested)
    return request


def refusal(folder: Path, words: Sequence[str], *facts: Event, grant: Grant = MEMBER) -> Refused:
    with pytest.raises(Refused) as refused:
        decide(folder, words, *facts, grant=grant)
    return refused.value


@pytest.mark.parametrize(
    ("words", "job_id"),
    [
        (["a"], 1),
        (["b", "(x,", "y)"], 2),
        (["CI / b (x, y)"], 2),
        (["*x, y*"], 2),
        (["linter"], 4),
        (["lint,"], 4),
    ],
)
def test_a_job_is_meant_by_name_pattern_or_alias(
    tmp_path: Path, words: list[str], job_id: int
) -> None:
    request = one(tmp_path, words)

    assert (request.scope, request.job_id) == ("job", job_id)


def test_jobs_of_several_workflows_run_at_once(tmp_path: Path) -> None:
    requests = decide(tmp_path, ["a", "lint"])

    assert [request.key() for request in requests] == [
        f"{COMMAND}/rerun/10",
        f"{COMMAND}/rerun/11",
    ]


def test_several_that_failed_cost_one_call(tmp_path: Path) -> None:
    request = one(tmp_path, ["a", "c"])

    assert (request.scope, request.jobs) == ("failed", ("a", "c"))


def test_several_of_which_some_passed_cannot_be_asked_for(tmp_path: Path) -> None:
    refused = refusal(tmp_path, ["a", "b*"])

    assert refused.reason == "too_many_jobs"
    assert "Meant are `" in refused.text
    assert "2 jobs of `CI`" in refused.text


def test_everything_but_the_gate_runs_again(tmp_path: Path) -> None:
    requests = decide(tmp_path, ["all"])

    assert [(r.workflow, r.scope, r.jobs) for r in requests if isinstance(r, RerunRequested)] == [
        ("CI", "all", ()),
        ("Static", "all", ()),
    ]


def test_a_workflow_that_was_skipped_whole_is_left_out_of_everything(tmp_path: Path) -> None:
    (request,) = decide(
        tmp_path, ["all"], pull(), ended(10), ended(11, "Static", conclusion="skipped")
    )

    assert isinstance(request, RerunRequested)
    assert request.run_id == 10


@pytest.mark.parametrize("words", [["?"], [], ["?", "now"]])
def test_the_list_holds_every_job_but_the_gate(tmp_path: Path, words: list[str]) -> None:
    (shown,) = decide(tmp_path, words)

    assert isinstance(shown, RowsShown)
    assert (shown.number, shown.shown_at) == (PULL, NOW)
    assert shown.rows == ("CI / a", "CI / b (x, y)", "CI / c", "Static / lint")


def test_what_never_ran_is_not_listed(tmp_path: Path) -> None:
    facts = (pull(), ended(10), job(1, 10, "a"), job(2, 10, "b", "skipped"), ended(11, "Static"))

    (shown,) = decide(tmp_path, ["?"], *facts)

    assert isinstance(shown, RowsShown)
    assert (shown.rows, shown.more) == (("CI / a",), 0)


def test_a_list_that_is_too_long_for_a_comment_says_how_many_have_no_number(tmp_path: Path) -> None:
    jobs = [job(number, 10, f"{'x' * 490}{number:03}") for number in range(1, 101)]

    (shown,) = decide(tmp_path, ["?"], pull(), ended(10), *jobs)

    assert isinstance(shown, RowsShown)
    assert (len(shown.rows), shown.more) == (88, 12)
    assert "100 jobs can run again; the list has room for 88." in tell(tmp_path, shown)


def test_in_slack_the_list_claims_no_room_that_it_has_not(tmp_path: Path) -> None:
    shown = RowsShown(
        command=COMMAND, repo=REPO, number=PULL, rows=("CI / a",), more=3, shown_at=NOW
    )

    with scene(tmp_path) as world, world.knowledge() as knowledge:
        asked = received(surface="slack")
        text = as_text(RunTests.tell(story(asked, shown), knowledge))

    assert "4 jobs can run again. Say" in text
    assert "only the beginning is shown here" in text


def test_each_job_is_listed_once_as_it_was_last(tmp_path: Path) -> None:
    again = job(9, 10, "a", "success", attempt=2)
    twice = (pull(), ended(10), job(1, 10, "a"), ended(10, attempt=2), again)

    assert one(tmp_path, ["a"], *twice).job_id == 9


def test_a_job_that_was_skipped_is_explained(tmp_path: Path) -> None:
    refused = refusal(tmp_path, ["a"], pull(), ended(10), job(1, 10, "a", "skipped"))

    assert refused.reason == "never_ran"
    assert "Run again the job it waits for" in refused.text


def test_a_name_that_is_not_there_is_refused_with_what_is_near(tmp_path: Path) -> None:
    refused = refusal(tmp_path, ["lnt"])

    assert refused.reason == "no_such_job"
    assert "`Static / lint`" in refused.text


BUSY = (pull(), under_way(10), job(1, 10, "a", "success"), job(2, 10, "b"))


def test_while_the_workflow_runs_it_asks_first(tmp_path: Path) -> None:
    refused = refusal(tmp_path, ["a"], *BUSY)

    assert refused.reason == "would_restart"
    assert "with `now` at the end" in refused.text


def test_with_now_it_waits_for_the_end(tmp_path: Path) -> None:
    (waits,) = decide(tmp_path, ["a", "now"], *BUSY)

    assert isinstance(waits, RerunDeferred)
    assert (waits.scope, waits.jobs, waits.narrow) == ("job", ("a",), True)


def test_everything_can_wait_too(tmp_path: Path) -> None:
    (waits,) = decide(tmp_path, ["all", "now"], *BUSY)

    assert isinstance(waits, RerunDeferred)
    assert (waits.scope, waits.jobs, waits.narrow) == ("all", (), False)


def test_what_is_too_old_is_refused(tmp_path: Path) -> None:
    old = ended(10, created_at=NOW - timedelta(days=31))

    assert refusal(tmp_path, ["a"], pull(), old, job(1, 10, "a")).reason == "too_old"


def test_the_fiftieth_attempt_is_the_last(tmp_path: Path) -> None:
    last = ended(10, attempt=50), job(1, 10, "a", attempt=50)

    assert refusal(tmp_path, ["a"], pull(), *last).reason == "too_many_attempts"


def test_an_author_may_not_ask_for_ever(tmp_path: Path) -> None:
    before = [
        RerunRequested(
            command=CommandId(f"command/{number}"), repo=REPO, sha=HEAD, run_id=RunId(10), attempt=1,
            workflow="CI", scope="failed",
        )
        for number in range(3)
    ]  # fmt: skip

    assert refusal(tmp_path, ["a"], *THREE, *before, grant=AUTHOR).reason == "used_up"
    assert one(tmp_path, ["a"], *THREE, *before).job_id == 1


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ([ended(10)], "no_pull"),
        ([pull(state="closed")], "closed"),
        ([pull()], "nothing_ran"),
    ],
)
def test_without_anything_to_run_it_says_why(
    tmp_path: Path, facts: list[Event], reason: str
) -> None:
    assert refusal(tmp_path, ["a"], *facts).reason == reason


def test_what_is_said_after_everything_and_a_comma_is_no_job() -> None:
    assert RunTests.parse(["all,", "please"]) == RunTests(everything=True)


def test_everything_and_single_jobs_are_different_things() -> None:
    with pytest.raises(Refused, match="everything and for single jobs"):
        RunTests.parse(["all", "lint"])


def tell(folder: Path, *told: Event) -> str:
    with scene(folder) as world, world.knowledge() as knowledge:
        return as_text(RunTests.tell(story(received(), *told), knowledge))


def test_the_list_is_told_by_workflow_with_numbers(tmp_path: Path) -> None:
    shown = RowsShown(
        command=COMMAND, repo=REPO, number=PULL, rows=("CI / a", "CI / x / b", "Static / lint"),
        shown_at=NOW,
    )  # fmt: skip

    text = tell(tmp_path, shown)

    assert text.startswith("3 jobs can run again. Say /test 3 for the job in row 3")
    assert "\nCI\n  1 a\n  2 x / b" in text
    assert "\nStatic\n  3 lint" in text


def test_the_row_in_its_example_is_in_the_list(tmp_path: Path) -> None:
    shown = RowsShown(command=COMMAND, repo=REPO, number=PULL, rows=("CI / a",), shown_at=NOW)

    assert "Say /test 1 for the job in row 1" in tell(tmp_path, shown)


def test_what_has_to_pass_is_marked_in_the_list(tmp_path: Path) -> None:
    shown = RowsShown(
        command=COMMAND, repo=REPO, number=PULL, rows=("CI / a", "CI / b"), shown_at=NOW
    )  # fmt: skip
    required = RequiredChecksChanged(
        repo=REPO, branch="main", origin="gate.yaml", fingerprint="1", names=("CI / b",), seen_at=NOW
    )  # fmt: skip
    with scene(tmp_path, [required]) as world, world.knowledge() as knowledge:
        text = as_text(RunTests.tell(story(received(), shown), knowledge))

    assert "\n  1 a\n  2 b required" in text


REQUEST = RerunRequested(
    command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(10), attempt=1, workflow="CI", scope="job",
    jobs=("a",),
)  # fmt: skip
STARTED = RerunStarted(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI")
WAITS = RerunDeferred(
    command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(11), attempt=1, workflow="Static", scope="all"
)  # fmt: skip


def test_what_runs_is_told(tmp_path: Path) -> None:
    text = tell(tmp_path, CommandAccepted(command=COMMAND), REQUEST, STARTED)

    assert "Running 1 job again on c0ffee000." in text
    assert "CI: attempt 2 is running (1 job)" in text


def undone(folder: Path, told: Sequence[Event], *facts: Event) -> list[Event]:
    asked = Asked(received=received(command=UNDO, verb="undo"), standing=Standing(), grant=MEMBER)
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        return list(RunTests.taken_back(story(received(), *told), asked, knowledge))


def test_it_is_undone_by_stopping_what_runs_and_forgetting_what_waits(tmp_path: Path) -> None:
    dropped, stopped = undone(tmp_path, [REQUEST, STARTED, WAITS], under_way(10, attempt=2))

    assert isinstance(dropped, RerunDropped)
    assert (dropped.command, dropped.of, dropped.run_id) == (UNDO, COMMAND, 11)
    assert isinstance(stopped, CancelRequested)
    assert (stopped.command, stopped.run_id, stopped.attempt) == (UNDO, 10, 2)


def test_what_has_run_cannot_be_unmade(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nothing to stop") as refused:
        undone(tmp_path, [REQUEST, STARTED], ended(10, attempt=2))

    assert refused.value.reason == "changed_since"


def test_what_github_was_not_asked_for_yet_is_not_undone(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not been asked for all of it yet") as refused:
        undone(tmp_path, [REQUEST])

    assert refused.value.reason == "not_done"


def test_what_somebody_else_had_started_is_not_stopped(tmp_path: Path) -> None:
    found = msgspec.structs.replace(STARTED, found=True)

    with pytest.raises(Refused):
        undone(tmp_path, [REQUEST, found], under_way(10, attempt=2))
