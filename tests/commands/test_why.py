from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.commands.why import Why
from chatops.engine.answer import Answer, Tone, as_text, plain
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandAccepted, CommandRefused, ReplyPosted
from chatops.events.reruns import RerunRequested, RerunStarted
from chatops.events.runs import JobStarted
from chatops.names import CommandId, JobId, Login, PullNumber, RunId, Sha
from chatops.views.blocks import render_blocks
from tests.commands.nights import CALLER, night
from tests.payloads import problems
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

STEP = "Run tests"
JOB = f"{CALLER}boot"
HERE = Sha("beef" * 10)


def ask(folder: Path, words: Sequence[str], *events: Event, surface: str = "github") -> Answer:
    asked = received(
        command=CommandId("command/github/comment/9/0/0"),
        verb="why",
        words=tuple(words),
        surface=surface,
        number=PULL if surface == "github" else PullNumber(0),
    )
    with scene(folder) as world:
        for event in events:
            command = getattr(event, "command", "")
            world.add([event], correlation_id=command or "delivery/1")
        with world.knowledge() as knowledge:
            asking = Asked(received=asked, standing=Standing(), grant=Grant(ground="anyone"))
            assert Why.parse(words).decide(asking, knowledge) == ()
            return Why.tell(story(asked), knowledge)


def here(conclusion: str = "failure", *, step: str = STEP, **changes: object) -> list[Event]:
    """Return a pull request on which the job ended so."""
    return [
        pull(sha=HERE),
        ended(10, sha=HERE),
        job(1, 10, JOB, conclusion, sha=HERE, failed_step=step, **changes),
    ]


def other(number: int, author: str, *conclusions: str, step: str = STEP) -> list[Event]:
    """Return another open pull request, and how the job ended in each of its attempts there."""
    sha = Sha(f"{number:040d}")
    facts: list[Event] = [pull(number=PullNumber(number), sha=sha, author=Login(author))]
    for attempt, conclusion in enumerate(conclusions, start=1):
        facts.append(ended(number, sha=sha, attempt=attempt))
        facts.append(
            job(
                number * 10 + attempt, number, JOB, conclusion, sha=sha, attempt=attempt,
                failed_step="" if conclusion == "success" else step,
            )
        )  # fmt: skip
    return facts


def nights(*newest_first: str | Sequence[str]) -> list[Event]:
    """Return nights in which the job ended so."""
    return [fact for ago, outcome in enumerate(newest_first) for fact in night(ago, boot=outcome)]


def lines(answer: Answer) -> list[str]:
    return [plain(line) for section in answer.sections for line in section.lines]


def test_what_fails_here_alone_is_perhaps_the_changes(tmp_path: Path) -> None:
    answer = ask(tmp_path, ["boot"], *here(), *nights("success", "success", "success"))

    assert plain(answer.verdict) == f"{JOB} failed, which is perhaps this change's."
    assert answer.tone is Tone.BAD
    assert "It failed at step “Run tests”." in lines(answer)
    assert "In the nightly it failed in 0 of 3 nights (truly 0 to 56 %)." in lines(answer)
    assert "I can be wrong" in plain(answer.footer)


def test_what_fails_here_alone_and_again_is_probably_the_changes(tmp_path: Path) -> None:
    again = [
        ended(10, sha=HERE, attempt=2),
        job(2, 10, JOB, sha=HERE, attempt=2, failed_step=STEP),
    ]

    answer = ask(tmp_path, ["boot"], *here(), *again, *nights("success", "success"))

    assert plain(answer.verdict) == f"{JOB} failed, which is probably this change's."
    assert "It failed 2 times out of 2 on this commit." in lines(answer)


def test_what_the_nightly_fails_too_is_the_base_branchs(tmp_path: Path) -> None:
    answer = ask(tmp_path, ["boot"], *here(step=""), *nights("failure", "failure", "success"))

    assert plain(answer.verdict) == f"{JOB} failed, which is perhaps the base branch's."
    assert any("failing for 2 nights" in line for line in lines(answer))
    assert any("Compare the two logs" in line for line in lines(answer))


def broken_nights(number: int) -> list[Event]:
    """Return nights in which the job failed at its usual step."""
    found: list[Event] = []
    for ago in range(number):
        at, run = NOW.replace(hour=0) - timedelta(days=ago), 900 - ago
        found += [
            ended(run, "Nightly", trigger="schedule", created_at=at),
            job(run * 10, run, JOB, failed_step=STEP, created_at=at, started_at=at),
        ]
    return found


@pytest.mark.parametrize(
    ("nights_failed", "step", "said"),
    [(2, STEP, "probably"), (1, STEP, "perhaps"), (2, "Compile", "perhaps")],
)
def test_two_nights_with_the_same_step_make_that_probable(
    tmp_path: Path, nights_failed: int, step: str, said: str
) -> None:
    answer = ask(tmp_path, ["boot"], *here(step=step), *broken_nights(nights_failed))

    assert f"is {said} the base branch's" in plain(answer.verdict)
    assert any("at another step: “Run tests”" in line for line in lines(answer)) == (step != STEP)


def test_what_failed_and_passed_on_one_commit_is_certainly_a_flake(tmp_path: Path) -> None:
    again = [
        ended(10, sha=HERE, attempt=2, conclusion="success"),
        job(2, 10, JOB, "success", sha=HERE, attempt=2),
    ]

    answer = ask(tmp_path, ["boot"], *here(), *again, *nights("failure"))

    assert plain(answer.verdict) == f"{JOB} failed, which is certainly a flake."
    assert any("failed 1 time and passed 1 time, with nothing changed" in x for x in lines(answer))


def test_what_others_got_past_by_a_rerun_is_perhaps_a_flake(tmp_path: Path) -> None:
    others = [*other(21, "alice", "failure", "success"), *other(22, "bob", "failure")]

    answer = ask(tmp_path, ["boot"], *here(), *others, *nights("success"))

    assert "is perhaps a flake" in plain(answer.verdict)
    assert any("on #22, #21, and then passed on #21 without a change" in x for x in lines(answer))
    assert any(
        x.startswith('Run it again, once. /retest "CI / engine / boot"') for x in lines(answer)
    )


def test_what_fails_for_others_too_is_perhaps_not_the_changes(tmp_path: Path) -> None:
    others = [*other(21, "alice", "failure"), *other(22, "bob", "failure")]

    answer = ask(tmp_path, ["boot"], *here(), *others, *nights("success"))

    assert "fails not only here, so it is perhaps not this change's" in plain(answer.verdict)
    assert "It fails on 2 of 2 other open pull requests where it ended: #22, #21." in lines(answer)


def test_the_same_step_on_two_others_is_no_flake(tmp_path: Path) -> None:
    others = [*other(21, "alice", "failure"), *other(22, "bob", "failure")]

    answer = ask(tmp_path, ["boot"], *here(), *others, *nights("success"))

    assert "flake" not in plain(answer.verdict)


def test_ones_own_other_pull_requests_prove_nothing(tmp_path: Path) -> None:
    others = [*other(21, "hubot", "failure"), *other(22, "hubot", "failure")]

    answer = ask(tmp_path, ["boot"], *here(), *others, *nights("success"))

    assert "this change's" in plain(answer.verdict)


@pytest.mark.parametrize(
    ("step", "others", "said"),
    [
        ("Set up job", [], "is probably the machine's"),
        ("Install packages", [], "is perhaps the machine's"),
        ("Install packages", [21, 22], "is probably the machine's"),
    ],
)
def test_a_step_before_the_test_points_at_the_machine(
    tmp_path: Path, step: str, others: list[int], said: str
) -> None:
    facts = [
        fact for number in others for fact in other(number, f"user{number}", "failure", step=step)
    ]

    answer = ask(tmp_path, ["boot"], *here(step=step), *facts, *nights("success"))

    assert said in plain(answer.verdict)


@pytest.mark.parametrize(
    ("conclusion", "said"),
    [
        ("cancelled", f"{JOB} was cancelled."),
        ("skipped", f"{JOB} did not run."),
        ("success", f"{JOB} passed."),
        ("odd", f"{JOB} failed, and I cannot tell whose that is."),
    ],
)
def test_what_has_not_failed_is_nobodys_failure(tmp_path: Path, conclusion: str, said: str) -> None:
    answer = ask(tmp_path, ["boot"], *here(conclusion, step=""), *nights("success"))

    assert plain(answer.verdict) == said


def test_what_runs_is_waited_for(tmp_path: Path) -> None:
    started = JobStarted(repo=REPO, run_id=RunId(10), attempt=1, job_id=JobId(1), name=JOB)

    answer = ask(
        tmp_path, ["boot"], pull(sha=HERE), under_way(10, sha=HERE), started, *nights("success")
    )

    assert plain(answer.verdict) == f"{JOB} has not ended."


def test_without_a_night_to_compare_with_it_cannot_be_told(tmp_path: Path) -> None:
    answer = ask(tmp_path, ["boot"], *here())

    assert plain(answer.verdict) == f"{JOB} failed, and I cannot tell whose that is."
    assert any("nothing to compare with" in line for line in lines(answer))
    assert answer.tone is Tone.UNKNOWN


def test_without_a_step_it_cannot_be_told_either(tmp_path: Path) -> None:
    answer = ask(tmp_path, ["boot"], *here(step=""), *nights("success"))

    assert any("its runner may have been lost" in line for line in lines(answer))
    assert answer.tone is Tone.UNKNOWN


def test_a_time_limit_is_named(tmp_path: Path) -> None:
    answer = ask(tmp_path, ["boot"], *here("timed_out"), *nights("success"))

    assert "It ran into its time limit." in lines(answer)


def test_an_unsteady_job_makes_it_less_sure(tmp_path: Path) -> None:
    answer = ask(tmp_path, ["boot"], *here(), *nights("success", ["failure", "success"]))

    assert "is perhaps this change's" in plain(answer.verdict)
    assert any("passed only when it was run again in 1 night" in line for line in lines(answer))


def test_without_a_word_all_that_failed_is_explained(tmp_path: Path) -> None:
    more = [job(2, 10, f"{CALLER}more", sha=HERE, failed_step="Set up job")]

    answer = ask(tmp_path, [], *here(), *more, *nights("success"))

    assert plain(answer.verdict) == "Look at 1 of 2 jobs first."
    assert plain(answer.counts) == "1 this change’s · 1 the machine’s"
    assert [section.title for section in answer.sections] == [
        f"{JOB} failed, which is perhaps this change's",
        f"{CALLER}more failed, which is probably the machine's",
    ]


def test_a_job_that_several_workflows_have_is_explained_in_each(tmp_path: Path) -> None:
    twice = [ended(11, "Static", sha=HERE), job(2, 11, JOB, sha=HERE, failed_step=STEP)]

    answer = ask(tmp_path, ["boot"], *here(), *twice, *nights("success"))

    assert len(answer.sections) == 2


RETEST = [
    received(),
    CommandAccepted(command=COMMAND, role="permission write"),
    RerunRequested(
        command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(10), attempt=1, workflow="CI",
        scope="failed", jobs=("a", "b"),
    ),
    RerunStarted(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI"),
    ReplyPosted(command=COMMAND, message="5"),
]  # fmt: skip


def test_where_nothing_failed_the_last_command_is_explained(tmp_path: Path) -> None:
    answer = ask(tmp_path, [], pull(), *RETEST)

    assert (
        plain(answer.verdict) == "/retest by mona on #7, 2026-01-15 12:00 UTC: accepted, 5 events."
    )
    assert (
        "e4 rerun requested: workflow CI, attempt 1, scope failed, jobs a, b run"
        in lines(answer)[2]
    )
    assert plain(answer.footer) == "The whole story"


def test_ones_own_last_command_is_explained_to_oneself(tmp_path: Path) -> None:
    said = received(surface="slack", verb="mine", number=PullNumber(0))

    answer = ask(tmp_path, [], said, CommandAccepted(command=COMMAND), surface="slack")

    assert plain(answer.verdict).startswith("/mine by somebody in Slack")
    assert answer.private


@pytest.mark.parametrize("name", ["e5", COMMAND])
def test_an_event_or_a_command_is_explained_by_its_name(tmp_path: Path, name: str) -> None:
    answer = ask(tmp_path, [name], pull(), *RETEST, surface="slack")

    assert len(lines(answer)) == 5
    assert problems(render_blocks(answer)) == []


def test_an_event_of_a_run_names_who_asked_for_it(tmp_path: Path) -> None:
    answer = ask(tmp_path, ["e7"], pull(), *RETEST, ended(10, attempt=2))

    assert plain(answer.verdict) == "e7: run completed, heard from github."
    assert "/retest by mona" in lines(answer)[-1]


def test_what_was_said_in_slack_stays_there(tmp_path: Path) -> None:
    said = received(surface="slack", verb="who", words=("secret plan",), by="U1")
    no = CommandRefused(command=COMMAND, reason="no_such_job", text="No job called secret plan.")

    text = as_text(ask(tmp_path, [COMMAND], said, no))

    assert "secret plan" not in text
    assert "refused (no such job)" in text


@pytest.mark.parametrize("name", ["e999", "command/nowhere", "0123456789abcdef"])
def test_an_event_nobody_knows_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="I know no event or command"):
        ask(tmp_path, [name], pull(), *RETEST)


def test_an_event_of_somewhere_else_is_none_of_this_communitys(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="I know no event"):
        ask(tmp_path, ["e1"], pull(repo="other/place"))


def test_where_there_is_nothing_to_explain_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Nothing has failed on #7"):
        ask(tmp_path, [], pull())


def test_in_slack_a_job_is_explained_by_its_nights(tmp_path: Path) -> None:
    others = other(21, "alice", "failure")

    answer = ask(tmp_path, ["boot"], *others, *nights("failure", "success"), surface="slack")

    assert plain(answer.verdict).startswith(
        f"{JOB} has been failing on the base branch for 1 night"
    )
    assert "It fails on 1 of 1 other open pull request where it ended: #21." in lines(answer)


def test_in_slack_a_pull_request_can_be_named(tmp_path: Path) -> None:
    answer = ask(tmp_path, ["#7", "boot"], *here(), *nights("success"), surface="slack")

    assert "is perhaps this change's" in plain(answer.verdict)
