from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chatops.commands.retest import Retest
from chatops.engine.answer import Tone, as_text, plain
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.cancels import CancelRequested
from chatops.events.conversation import CommandAccepted, EffectDelayed
from chatops.events.gate import RequiredChecksChanged
from chatops.events.reruns import (
    JobOutcome,
    RerunDeferred,
    RerunDropped,
    RerunFinished,
    RerunLost,
    RerunRefused,
    RerunRequested,
    RerunStarted,
    RetestFinished,
)
from chatops.events.tables import RowsShown
from chatops.names import CommandId, RunId
from chatops.surfaces.comment_words import spoken
from tests.scene import (
    COMMAND,
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


def events(
    folder: Path, *facts: Event, words: Sequence[str] = (), grant: Grant = MEMBER
) -> list[Event]:
    asked = Asked(received=received(words=tuple(words)), standing=Standing(), grant=grant)
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        return list(Retest.parse(words).decide(asked, knowledge))


def decide(
    folder: Path, *facts: Event, words: Sequence[str] = (), grant: Grant = MEMBER
) -> list[RerunRequested]:
    decided = events(folder, *facts, words=words, grant=grant)
    return [event for event in decided if isinstance(event, RerunRequested)]


def refusal(
    folder: Path, *events: Event, words: Sequence[str] = (), grant: Grant = MEMBER
) -> Refused:
    with pytest.raises(Refused) as refused:
        decide(folder, *events, words=words, grant=grant)
    return refused.value


def test_several_failed_jobs_of_a_run_cost_one_call(tmp_path: Path) -> None:
    (asked,) = decide(tmp_path, pull(), ended(10), job(1, 10, "a"), job(2, 10, "b"))

    assert (asked.scope, asked.run_id, asked.attempt) == ("failed", 10, 1)
    assert asked.jobs == ("a", "b")


def test_one_failed_job_is_run_alone(tmp_path: Path) -> None:
    (asked,) = decide(tmp_path, pull(), ended(10), job(1, 10, "a"), job(2, 10, "b", "success"))

    assert (asked.scope, asked.job_id) == ("job", 1)


@pytest.mark.parametrize("conclusion", ["failure", "timed_out", "cancelled"])
def test_failed_timed_out_and_cancelled_jobs_run_again(tmp_path: Path, conclusion: str) -> None:
    (asked,) = decide(
        tmp_path, pull(), ended(10, conclusion=conclusion), job(1, 10, "a", conclusion)
    )

    assert asked.jobs == ("a",)


def test_jobs_that_ended_badly_in_different_ways_cost_one_call(tmp_path: Path) -> None:
    (asked,) = decide(
        tmp_path,
        pull(),
        ended(10),
        job(1, 10, "a", "failure"),
        job(2, 10, "b", "timed_out"),
        job(3, 10, "c", "cancelled"),
        job(4, 10, "d", "success"),
        job(5, 10, "e", "skipped"),
    )

    assert (asked.scope, asked.jobs) == ("failed", ("a", "b", "c"))


@pytest.mark.parametrize("conclusion", ["success", "skipped", "neutral"])
def test_what_did_not_fail_does_not_run_again(tmp_path: Path, conclusion: str) -> None:
    refused = refusal(
        tmp_path, pull(), ended(10, conclusion="success"), job(1, 10, "a", conclusion)
    )

    assert refused.reason == "nothing_failed"
    assert "Nothing failed" in refused.text


def test_only_the_newest_run_of_a_workflow_counts(tmp_path: Path) -> None:
    superseded = ended(9, conclusion="cancelled"), job(1, 9, "a", "cancelled")
    newest = ended(10), job(2, 10, "a")

    asked = decide(tmp_path, pull(), *superseded, *newest)

    assert [one.run_id for one in asked] == [10]


def test_each_workflow_is_asked_for_once(tmp_path: Path) -> None:
    asked = decide(tmp_path, pull(), ended(10), job(1, 10), ended(11, "Static"), job(2, 11))

    assert [one.workflow for one in asked] == ["CI", "Static"]


def test_jobs_that_were_only_carried_over_still_count_as_failed(tmp_path: Path) -> None:
    again = job(3, 10, "a", attempt=2, created_at=NOW)

    (asked,) = decide(tmp_path, pull(), ended(10), ended(10, attempt=2), job(1, 10, "a"), again)

    assert (asked.attempt, asked.job_id) == (2, 3)


def test_a_run_that_never_got_jobs_runs_whole(tmp_path: Path) -> None:
    (asked,) = decide(tmp_path, pull(), ended(10, conclusion="startup_failure"))

    assert asked.scope == "all"


def test_the_gate_is_left_for_later_while_something_else_failed(tmp_path: Path) -> None:
    asked = decide(
        tmp_path, pull(), ended(10), job(1, 10), ended(11, "Gatekeeper"), job(2, 11, "gatekeeper")
    )

    assert [one.workflow for one in asked] == ["CI"]


def test_a_gate_that_alone_stayed_red_is_run_again(tmp_path: Path) -> None:
    (asked,) = decide(
        tmp_path,
        pull(),
        ended(10, conclusion="success"),
        ended(11, "Gatekeeper"),
        job(2, 11, "gatekeeper"),
    )

    assert asked.gate


def test_a_run_without_a_failure_so_far_is_not_waited_for(tmp_path: Path) -> None:
    refused = refusal(tmp_path, pull(), under_way(10), job(1, 10, conclusion="success"))

    assert refused.reason == "still_running"
    assert "Say `/retest` again then" in refused.text


def test_what_failed_in_a_run_under_way_waits_for_its_end(tmp_path: Path) -> None:
    (waits,) = events(tmp_path, pull(), under_way(10), job(1, 10, "a"), job(2, 10, "b", "success"))

    assert isinstance(waits, RerunDeferred)
    assert (waits.run_id, waits.attempt, waits.jobs, waits.narrow) == (10, 1, ("a",), False)


def test_only_the_named_job_waits(tmp_path: Path) -> None:
    (waits,) = events(
        tmp_path, pull(), under_way(10), job(1, 10, "a"), job(2, 10, "b"), words=["b"]
    )

    assert isinstance(waits, RerunDeferred)
    assert (waits.jobs, waits.narrow) == (("b",), True)


def test_what_ended_runs_at_once_and_the_rest_waits(tmp_path: Path) -> None:
    now, later = events(
        tmp_path, pull(), ended(10), job(1, 10), under_way(11, "Static"), job(2, 11)
    )

    assert isinstance(now, RerunRequested)
    assert isinstance(later, RerunDeferred)
    assert (now.run_id, later.run_id) == (10, 11)


def test_a_run_that_may_not_run_again_is_not_waited_for(tmp_path: Path) -> None:
    old = under_way(10, created_at=NOW - timedelta(days=31))

    assert refusal(tmp_path, pull(), old, job(1, 10)).reason == "too_old"


def test_what_waits_counts_for_the_author(tmp_path: Path) -> None:
    waited = [
        RerunDeferred(
            command=CommandId(f"command/github/comment/{number}/0/0"), repo=REPO, sha=HEAD,
            run_id=RunId(10), attempt=1, workflow="CI", scope="failed",
        )
        for number in range(3)
    ]  # fmt: skip

    refused = refusal(tmp_path, pull(), under_way(10), job(1, 10), *waited, grant=AUTHOR)

    assert refused.reason == "used_up"


LIST = RowsShown(
    command=COMMAND, repo=REPO, number=PULL, rows=("CI / a", "CI / b", "Static / lint"), shown_at=NOW
)  # fmt: skip


def test_a_row_of_the_last_list_is_a_job(tmp_path: Path) -> None:
    (asked,) = decide(
        tmp_path, pull(), ended(10), job(1, 10, "a"), job(2, 10, "b"), LIST, words=["2"]
    )

    assert asked.job_id == 2


def test_rows_can_be_a_range(tmp_path: Path) -> None:
    (asked,) = decide(
        tmp_path, pull(), ended(10), job(1, 10, "a"), job(2, 10, "b"), LIST, words=["1-2"]
    )

    assert asked.jobs == ("a", "b")


def test_without_a_list_a_number_means_nothing(tmp_path: Path) -> None:
    refused = refusal(tmp_path, pull(), ended(10), job(1, 10, "s390x 3"), words=["3"])

    assert refused.reason == "no_such_row"
    assert "`/test ?`" in refused.text


def test_runs_that_ended_are_asked_for_though_others_are_under_way(tmp_path: Path) -> None:
    asked = decide(tmp_path, pull(), ended(10), job(1, 10), under_way(11, "Static"), job(2, 11))

    assert [one.run_id for one in asked] == [10]


def test_checks_older_than_thirty_days_are_refused(tmp_path: Path) -> None:
    refused = refusal(tmp_path, pull(), ended(10, created_at=NOW - timedelta(days=31)), job(1, 10))

    assert refused.reason == "too_old"
    assert "30 days" in refused.text


def test_what_github_has_not_let_begin_is_explained(tmp_path: Path) -> None:
    refused = refusal(tmp_path, pull(), ended(10, conclusion="action_required"))

    assert refused.reason == "unapproved"
    assert "write access to approve CI" in refused.text


def test_the_fiftieth_attempt_is_the_last(tmp_path: Path) -> None:
    refused = refusal(tmp_path, pull(), ended(10, attempt=50), job(1, 10, attempt=50))

    assert refused.reason == "too_many_attempts"
    assert "50 attempts" in refused.text


def test_a_closed_pull_request_is_left_alone(tmp_path: Path) -> None:
    assert refusal(tmp_path, pull(state="closed"), ended(10), job(1, 10)).reason == "closed"


def test_outside_a_pull_request_it_says_where_it_works(tmp_path: Path) -> None:
    assert refusal(tmp_path).reason == "no_pull"


def retested(times: int) -> list[Event]:
    """Return what earlier commands asked for on the same commit."""
    return [
        RerunRequested(
            command=CommandId(f"command/github/comment/{number}/0/0"), repo=REPO, sha=HEAD,
            run_id=RunId(10), attempt=1, workflow="CI", scope="failed",
        )
        for number in range(100, 100 + times)
    ]  # fmt: skip


def test_an_author_may_ask_as_often_as_the_community_says(tmp_path: Path) -> None:
    (asked,) = decide(tmp_path, pull(), ended(10), job(1, 10), *retested(2), grant=AUTHOR)

    assert asked.run_id == 10


def test_then_somebody_else_has_to_ask(tmp_path: Path) -> None:
    refused = refusal(tmp_path, pull(), ended(10), job(1, 10), *retested(3), grant=AUTHOR)

    assert refused.reason == "used_up"
    assert "3 times" in refused.text
    assert "write access to acme/rocket" in refused.text


def test_whoever_may_without_the_label_is_not_counted(tmp_path: Path) -> None:
    assert decide(tmp_path, pull(), ended(10), job(1, 10), *retested(9), grant=MEMBER)


REQUIRES = RequiredChecksChanged(
    repo=REPO,
    branch="main",
    origin="gate.yaml",
    fingerprint="1",
    names=("CI / a", "lint"),
    seen_at=NOW,
)
THREE = (
    pull(), ended(10), job(1, 10, "a"), job(2, 10, "b (x, y)"), job(3, 10, "c"),
    ended(11, "Static"), job(4, 11, "lint"), job(5, 11, "a"),
)  # fmt: skip


def test_with_required_only_what_has_to_pass_runs_again(tmp_path: Path) -> None:
    asked = decide(tmp_path, *THREE, REQUIRES, words=["required"])

    assert [(one.workflow, one.job_id, one.jobs) for one in asked] == [
        ("CI", 1, ("a",)),
        ("Static", 4, ("lint",)),
    ]


def test_without_a_failed_required_job_it_says_so(tmp_path: Path) -> None:
    refused = refusal(tmp_path, pull(), ended(10), job(2, 10, "b"), REQUIRES, words=["required"])

    assert refused.reason == "nothing_failed"
    assert "No required job failed" in refused.text


def test_what_is_required_has_to_be_known(tmp_path: Path) -> None:
    assert refusal(tmp_path, *THREE, words=["required"]).reason == "required_unknown"


def test_a_job_can_be_named(tmp_path: Path) -> None:
    (asked,) = decide(tmp_path, *THREE, words=["CI / a"])

    assert (asked.scope, asked.job_id) == ("job", 1)


def test_a_name_with_blanks_needs_no_quotation_marks(tmp_path: Path) -> None:
    (asked,) = decide(tmp_path, *THREE, words=["b", "(x,", "y)"])

    assert asked.job_id == 2


def test_a_pattern_can_mean_jobs_of_several_workflows(tmp_path: Path) -> None:
    asked = decide(tmp_path, *THREE, words=["a"])

    assert [(one.workflow, one.job_id) for one in asked] == [("CI", 1), ("Static", 5)]


def test_more_than_one_job_of_a_run_cannot_be_told_apart_by_github(tmp_path: Path) -> None:
    (asked,) = decide(tmp_path, *THREE, words=["CI / a", "b*"])

    assert (asked.scope, asked.jobs) == ("failed", ("a", "b (x, y)", "c"))


def test_the_reply_says_that_more_runs_than_was_meant(tmp_path: Path) -> None:
    narrow = received(words=("a", "b"))

    _, text = tell(tmp_path, narrow, CommandAccepted(command=COMMAND), REQUEST, STARTED)

    assert "GitHub runs one job again, or all that failed" in text


def test_a_name_that_did_not_fail_is_refused_with_what_did(tmp_path: Path) -> None:
    refused = refusal(tmp_path, *THREE, words=["lnt"])

    assert refused.reason == "no_such_job"
    assert "`Static / lint`" in refused.text


def test_with_a_name_the_gate_is_not_run_alone(tmp_path: Path) -> None:
    facts = [
        pull(),
        ended(10, conclusion="success"),
        ended(11, "Gatekeeper"),
        job(2, 11, "gatekeeper"),
    ]

    assert refusal(tmp_path, *facts, words=["a"]).reason == "nothing_failed"


@pytest.mark.parametrize("said", ["/retest –required", "/Retest --Required.", "/retest required"])
def test_required_may_be_written_as_an_option(said: str) -> None:
    [one] = spoken(said, {"retest"}.__contains__)

    assert Retest.parse(one.words) == Retest(only_required=True)


@pytest.mark.parametrize("words", [["all", "required"], ["all", "lint"]])
def test_words_that_ask_for_different_things_are_refused(words: list[str]) -> None:
    with pytest.raises(Refused, match="different things"):
        Retest.parse(words)


REQUEST = RerunRequested(
    command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(10), attempt=1, workflow="CI", scope="failed",
    jobs=("a", "b"),
)  # fmt: skip
STARTED = RerunStarted(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI")
FINISHED = RerunFinished(
    command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI", conclusion="failure",
    jobs=(
        JobOutcome(name="a", conclusion="success"),
        JobOutcome(name="b", conclusion="failure", failed_step="Run tests"),
    ),
)  # fmt: skip
CLOSED = RetestFinished(command=COMMAND, repo=REPO, number=PULL, passed=1, failed=1)
BEGUN = (received(), CommandAccepted(command=COMMAND), REQUEST)


def tell(folder: Path, *events: Event) -> tuple[Tone, str]:
    with scene(folder) as world, world.knowledge() as knowledge:
        answer = Retest.tell(story(*events), knowledge)
    assert plain(answer.verdict)
    return answer.tone, as_text(answer)


def test_the_reply_first_says_what_runs(tmp_path: Path) -> None:
    tone, text = tell(tmp_path, *BEGUN, STARTED)

    assert tone is Tone.BUSY
    assert "Running 2 failed jobs again on c0ffee000" in text
    assert "CI: attempt 2 is running" in text


def test_the_reply_ends_with_what_passed_and_what_did_not(tmp_path: Path) -> None:
    tone, text = tell(tmp_path, *BEGUN, STARTED, FINISHED, CLOSED)

    assert tone is Tone.BAD
    assert "1 of 2 jobs failed again" in text
    assert "b at step “Run tests”" in text


@pytest.mark.parametrize(
    ("conclusions", "verdict", "title"),
    [
        (("success", "cancelled"), "1 of 2 jobs was cancelled on c0ffee000.", "Cancelled"),
        (("cancelled", "cancelled"), "2 of 2 jobs were cancelled on c0ffee000.", "Cancelled"),
        (
            ("failure", "cancelled"),
            "1 of 2 jobs failed again, and 1 was cancelled, on c0ffee000.",
            "Failed again, or cancelled",
        ),
    ],
)
def test_what_was_cancelled_is_not_said_to_have_failed(
    tmp_path: Path, conclusions: tuple[str, str], verdict: str, title: str
) -> None:
    jobs = tuple(
        JobOutcome(name=name, conclusion=how) for name, how in zip("ab", conclusions, strict=True)
    )
    finished = msgspec.structs.replace(FINISHED, jobs=jobs)

    _, text = tell(tmp_path, *BEGUN, STARTED, finished, CLOSED)

    assert verdict in text
    assert title in text.splitlines()


def test_a_refused_run_is_named_with_its_reason(tmp_path: Path) -> None:
    refused = RerunRefused(
        command=COMMAND, repo=REPO, run_id=RunId(10), workflow="CI", text="It is too old."
    )

    tone, text = tell(tmp_path, *BEGUN, refused, RetestFinished(
        command=COMMAND, repo=REPO, number=PULL, passed=0, failed=0
    ))  # fmt: skip

    assert tone is Tone.BAD
    assert "Nothing could be started" in text
    assert "It is too old." in text


def test_an_attempt_that_github_has_forgotten_is_not_said_to_run_nor_to_have_failed(
    tmp_path: Path,
) -> None:
    lost = RerunLost(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI")
    closed = msgspec.structs.replace(CLOSED, passed=0, failed=0)

    tone, text = tell(tmp_path, *BEGUN, STARTED, lost, closed)

    assert tone is Tone.UNKNOWN
    assert "What became of 1 workflow is not known any more." in text
    assert "GitHub does not know attempt 2 any more, so I cannot say how it ended" in text
    assert "Nothing could be started" not in text


def test_what_was_forgotten_and_then_heard_of_after_all_is_told(tmp_path: Path) -> None:
    lost = RerunLost(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI")

    tone, text = tell(tmp_path, *BEGUN, STARTED, lost, FINISHED, CLOSED)

    assert tone is Tone.BAD
    assert "1 of 2 jobs failed again" in text
    assert "not known" not in text


def test_waiting_for_github_is_said(tmp_path: Path) -> None:
    delayed = EffectDelayed(
        effect="rerun",
        request="r",
        stream_of=COMMAND,
        text="GitHub limits us.",
        seconds=120,
        tries=1,
    )

    _, text = tell(tmp_path, *BEGUN, delayed)

    assert "GitHub limits us. I try again in about 2 min." in text


def take_back(folder: Path, happened: Sequence[Event], *events: Event) -> list[CancelRequested]:
    undo = received(command=CommandId("command/github/comment/2/0/0"), verb="undo")
    asked = Asked(received=undo, standing=Standing(), grant=MEMBER)
    with scene(folder, events) as world, world.knowledge() as knowledge:
        wanted = Retest.taken_back(story(*happened), asked, knowledge)
    assert all(isinstance(event, CancelRequested) for event in wanted)
    return [event for event in wanted if isinstance(event, CancelRequested)]


def test_taken_back_it_stops_what_it_started_and_still_runs(tmp_path: Path) -> None:
    happened = [asked_for(1), asked_for(2), asked_for(3), begun(1), begun(2), begun(3, found=True)]

    wanted = take_back(
        tmp_path,
        happened,
        pull(),
        ended(1),
        under_way(1, attempt=2),
        ended(2),
        ended(2, attempt=2),
        under_way(3, attempt=2),
    )

    assert [(one.run_id, one.attempt) for one in wanted] == [(1, 2)]
    assert wanted[0].command == "command/github/comment/2/0/0"


def test_what_has_ended_or_went_on_cannot_be_taken_back(tmp_path: Path) -> None:
    facts = [ended(1), ended(1, attempt=2), under_way(1, attempt=3)]

    with pytest.raises(Refused, match="nothing to stop") as refused:
        take_back(tmp_path, [asked_for(1), begun(1)], pull(), *facts)

    assert refused.value.reason == "changed_since"


def test_what_is_still_being_asked_for_is_not_taken_back_yet(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not been asked for all"):
        take_back(tmp_path, [asked_for(1)], pull(), ended(1))


def asked_for(run_id: int) -> RerunRequested:
    return RerunRequested(
        command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(run_id), attempt=1, workflow="CI",
        scope="failed",
    )  # fmt: skip


def begun(run_id: int, *, found: bool = False) -> RerunStarted:
    return RerunStarted(
        command=COMMAND, repo=REPO, run_id=RunId(run_id), attempt=2, workflow="CI", found=found
    )


WAITS = RerunDeferred(
    command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(11), attempt=1, workflow="Static",
    scope="failed", jobs=("lint",),
)  # fmt: skip


def test_what_waits_is_said_with_what_it_waits_for(tmp_path: Path) -> None:
    tone, text = tell(tmp_path, received(), CommandAccepted(command=COMMAND), WAITS)

    assert tone is Tone.BUSY
    assert text.startswith("It waits: GitHub runs jobs again only when their workflow has ended.")
    assert "Static: what fails, 1 job so far, when attempt 1 has ended" in text


def test_what_runs_and_what_waits_are_told_apart(tmp_path: Path) -> None:
    _, text = tell(tmp_path, *BEGUN, STARTED, FINISHED, WAITS)

    assert "Running 2 failed jobs again on c0ffee000. The rest waits:" in text


def test_what_needs_no_rerun_any_more_is_said(tmp_path: Path) -> None:
    dropped = RerunDropped(
        command=COMMAND, repo=REPO, run_id=RunId(11), workflow="Static", text="It has moved on."
    )
    closed = RetestFinished(command=COMMAND, repo=REPO, number=PULL, passed=0, failed=0)

    tone, text = tell(
        tmp_path, received(), CommandAccepted(command=COMMAND), WAITS, dropped, closed
    )

    assert tone is Tone.NEUTRAL
    assert "Static: not run again. It has moved on." in text


def test_what_failed_again_has_numbers_once_they_are_remembered(tmp_path: Path) -> None:
    rows = RowsShown(command=COMMAND, repo=REPO, number=PULL, rows=("CI / b",), shown_at=NOW)

    _, text = tell(tmp_path, *BEGUN, STARTED, FINISHED, rows, CLOSED)

    assert "1 b at step “Run tests”" in text
    assert "A number names its job: /test 1." in text


def test_it_is_undone_by_stopping_what_it_started(tmp_path: Path) -> None:
    asked = Asked(received=received(verb="undo"), standing=Standing(), grant=MEMBER)
    with (
        scene(tmp_path, [under_way(10, attempt=2)]) as world,
        world.knowledge() as knowledge,
    ):
        (stopped,) = Retest.taken_back(story(*BEGUN, STARTED), asked, knowledge)

    assert isinstance(stopped, CancelRequested)
    assert (stopped.run_id, stopped.attempt) == (10, 2)
