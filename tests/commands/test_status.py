import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chatops.commands.status import Status
from chatops.engine.answer import Answer, Tone, as_text, plain
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.gate import CheckSet, RequiredChecksChanged
from chatops.names import PullNumber, Repo, Sha
from chatops.views.blocks import render_blocks
from tests.payloads import problems
from tests.scene import NOW, PULL, REPO, ended, job, pull, received, scene, story, under_way

MIDNIGHT = NOW.replace(hour=0)
TESTS = ("solid", "liquid", "hybrid", "nozzle")


def night(days_ago: int, **conclusions: str) -> list[Event]:
    """Return a night in which every test passed but for those named."""
    began = MIDNIGHT - timedelta(days=days_ago)
    run_id = 1_000 - days_ago
    times = {"created_at": began, "started_at": began, "completed_at": began + timedelta(hours=1)}
    jobs = [
        job(
            run_id * 10 + number,
            run_id,
            f"engine / {name}",
            conclusions.get(name, "success"),
            **times,
        )
        for number, name in enumerate(TESTS)
        if conclusions.get(name) != "absent"
    ]
    conclusion = "failure" if "failure" in conclusions.values() else "success"
    whole = ended(
        run_id,
        "Nightly",
        conclusion,
        trigger="schedule",
        created_at=began,
        completed_at=times["completed_at"],
    )
    return [whole, *jobs]


def status(folder: Path, *events: Event) -> Answer:
    asked = received(verb="status", words=("nightly",), surface="slack")
    with scene(folder, events) as world, world.knowledge() as knowledge:
        return Status.tell(story(asked), knowledge)


def section(answer: Answer, title: str) -> list[str]:
    return [
        plain(line) for one in answer.sections if one.title.startswith(title) for line in one.lines
    ]


def test_a_green_night_is_said_to_be_one(tmp_path: Path) -> None:
    answer = status(tmp_path, *night(1), *night(0))

    assert answer.tone is Tone.GOOD
    assert "4" in plain(answer.verdict)
    assert answer.sections == ()


def test_what_changed_since_the_night_before_is_told_apart(tmp_path: Path) -> None:
    answer = status(
        tmp_path,
        *night(2, hybrid="failure"),
        *night(1, hybrid="failure", liquid="failure"),
        *night(0, hybrid="failure", solid="failure"),
    )

    assert answer.tone is Tone.BAD
    assert section(answer, "Newly failing") == ["engine / solid"]
    assert section(answer, "Fixed") == ["engine / liquid"]
    assert section(answer, "Still failing") == ["engine / hybrid, for 3 nights"]


def test_required_tests_come_first_and_say_so(tmp_path: Path) -> None:
    required = RequiredChecksChanged(
        repo=REPO,
        branch="main",
        origin="x",
        fingerprint="1",
        names=("CI / engine / solid",),
        seen_at=NOW,
    )

    answer = status(tmp_path, required, *night(1), *night(0, hybrid="failure", solid="failure"))

    assert section(answer, "Newly failing") == ["engine / solid required", "engine / hybrid"]


def test_a_test_that_did_not_run_is_no_failure_and_not_green(tmp_path: Path) -> None:
    answer = status(tmp_path, *night(1), *night(0, nozzle="absent"))

    assert section(answer, "Did not run") == ["engine / nozzle"]
    assert answer.tone is not Tone.GOOD


def test_a_night_under_way_says_so(tmp_path: Path) -> None:
    tonight = [
        under_way(1_000, "Nightly", trigger="schedule", created_at=MIDNIGHT),
        job(10_000, 1_000, "engine / solid", "success", created_at=MIDNIGHT, started_at=MIDNIGHT),
    ]

    answer = status(tmp_path, *night(1), *tonight)

    assert answer.tone is Tone.BUSY
    assert "running" in plain(answer.verdict)


def test_nothing_known_is_said_plainly(tmp_path: Path) -> None:
    answer = status(tmp_path)

    assert answer.tone is Tone.UNKNOWN
    assert "No night" in plain(answer.verdict)


def test_the_age_of_the_data_and_a_link_are_always_there(tmp_path: Path) -> None:
    footer = plain(status(tmp_path, *night(0)).footer)

    assert "Last heard from GitHub less than a minute ago" in footer
    assert "All tests and nights" in footer


def test_slack_takes_the_message(tmp_path: Path) -> None:
    answer = status(tmp_path, *night(1), *night(0, solid="failure", nozzle="absent"))

    assert problems(render_blocks(answer)) == []
    assert as_text(answer)


def test_other_repositories_do_not_count(tmp_path: Path) -> None:
    elsewhere = [
        ended(5, "Nightly", trigger="schedule", repo=Repo("other/place"), created_at=MIDNIGHT),
        job(1, 5, "x", repo=Repo("other/place")),
    ]

    assert status(tmp_path, *elsewhere).tone is Tone.UNKNOWN


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], Status()),
        (["Nightly"], Status(is_nightly=True)),
        (["nightly", "boot", "a"], Status(is_nightly=True, pattern="boot a")),
        (["pr"], Status(is_pull=True)),
        (["pr", "12"], Status(is_pull=True, named=("", 12))),
        (["#12"], Status(is_pull=True, named=("", 12))),
        (["acme/rocket#12"], Status(is_pull=True, named=("acme/rocket", 12))),
        (["#12", "boot", "a"], Status(is_pull=True, named=("", 12), pattern="boot a")),
        (["boot"], Status(pattern="boot")),
    ],
)
def test_what_is_asked_about_is_told_by_the_first_words(words: list[str], wanted: Status) -> None:
    assert Status.parse(words) == wanted


def ask(
    folder: Path,
    words: Sequence[str],
    *events: Event,
    surface: str = "github",
    on_issue: bool = False,
) -> Answer:
    asked = received(
        verb="status",
        words=tuple(words),
        surface=surface,
        on_issue=on_issue,
        number=PULL if surface == "github" else PullNumber(0),
    )
    with scene(folder, events) as world, world.knowledge() as knowledge:
        grant = Grant(ground="anyone")
        asking = Asked(received=asked, standing=Standing(), grant=grant)
        assert Status.parse(words).decide(asking, knowledge) == ()
        return Status.tell(story(asked), knowledge)


ELSEWHERE = Sha("beef" * 10)
REQUIRED = RequiredChecksChanged(
    repo=REPO, branch="main", origin="gate.yaml", fingerprint="1", seen_at=NOW,
    names=("CI / build", "CI / test (a)", "Docs / spelling"),
)  # fmt: skip
HEAD_FACTS = [
    pull(), ended(10), job(1, 10, "build", "success"),
    job(2, 10, "test (a)", failed_step="Run tests"), job(3, 10, "test (b)", "cancelled"),
]  # fmt: skip


def test_a_pull_request_is_told_what_it_misses(tmp_path: Path) -> None:
    answer = ask(tmp_path, ["pr"], REQUIRED, *HEAD_FACTS)

    assert answer.tone is Tone.BAD
    assert plain(answer.verdict) == (
        "#7 cannot be merged yet: 1 required check failed; 1 required check has not been reported."
    )
    assert plain(answer.counts).startswith("Required: 1 of 3 passed.")
    assert section(answer, "Failed") == [
        'CI / test (a) required at step “Run tests” — /retest "CI / test (a)"',
        'CI / test (b), cancelled — /retest "CI / test (b)"',
    ]
    assert section(answer, "Not reported") == [
        "Docs / spelling required: “Docs” has not run on this commit"
    ]


def test_a_pull_request_that_passed_everything_required_is_not_held_up(tmp_path: Path) -> None:
    spelling = [ended(11, "Docs"), job(4, 11, "spelling", "success")]
    again = [
        ended(10, attempt=2),
        job(12, 10, "test (a)", "success", attempt=2),
        job(13, 10, "build", "success", attempt=2, created_at=NOW),
    ]

    answer = ask(tmp_path, [], REQUIRED, *HEAD_FACTS, *spelling, *again)

    assert answer.tone is Tone.GOOD
    assert "all 3 required checks passed" in plain(answer.verdict)


def test_a_gate_that_did_not_notice_is_let_look_again(tmp_path: Path) -> None:
    gate = [ended(20, "Gatekeeper"), job(9, 20, "gatekeeper")]
    needed = msgspec.structs.replace(REQUIRED, names=("CI / build",))

    answer = ask(tmp_path, ["pr"], needed, *HEAD_FACTS, *gate)

    assert "Gatekeeper has not passed, though all that it waits for has" in plain(answer.verdict)
    assert section(answer, "To do first") == [
        "Let the gate look again: /retest on the pull request. Gatekeeper"
    ]


def test_what_keeps_a_pull_request_besides_ci_is_named(tmp_path: Path) -> None:
    sets = (CheckSet(name="test", names=("CI / build",), labels=("ok-to-test",)),)
    needed = msgspec.structs.replace(REQUIRED, names=(), sets=sets)
    held = pull(labels=("Do-Not-Merge",), draft=True)

    verdict = plain(ask(tmp_path, ["pr"], needed, held, *HEAD_FACTS[1:]).verdict)

    assert "it is a draft" in verdict
    assert "it has the label Do-Not-Merge" in verdict
    assert "the label ok-to-test is missing" in verdict


def test_what_runs_is_waited_for(tmp_path: Path) -> None:
    runs = [
        pull(),
        under_way(10),
        job(1, 10, "build", "success"),
        job(2, 10, "test (a)", "success"),
    ]
    needed = msgspec.structs.replace(REQUIRED, names=("CI / build", "CI / late"))

    answer = ask(tmp_path, ["pr"], needed, *runs)

    assert section(answer, "Running") == [
        "CI / late required, queued: “CI” still runs and has not come to it"
    ]
    assert answer.tone is Tone.BUSY


def test_without_a_list_of_what_is_required_nothing_is_called_fit_to_merge(tmp_path: Path) -> None:
    answer = ask(tmp_path, ["pr"], *HEAD_FACTS)

    assert answer.tone is Tone.UNKNOWN
    assert "I do not know which checks #7 must pass" in plain(answer.verdict)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"state": "closed", "merged": True}, "merged"), ({"state": "closed"}, "closed")],
)
def test_what_is_over_is_said_to_be(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    answer = ask(tmp_path, ["pr"], REQUIRED, pull(**changes))

    assert plain(answer.verdict) == f"#7 is {said}."


def test_in_slack_rows_do_not_say_their_names_twice_for_there_are_buttons(tmp_path: Path) -> None:
    answer = ask(tmp_path, ["pr", "7"], REQUIRED, *HEAD_FACTS, surface="slack")

    assert section(answer, "Failed")[0] == "CI / test (a) required at step “Run tests”"
    assert problems(render_blocks(answer)) == []


def test_on_an_issue_it_is_about_the_nightly(tmp_path: Path) -> None:
    answer = ask(tmp_path, [], *night(1), *night(0), on_issue=True)

    assert "night of" in plain(answer.verdict)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pr"], "Which pull request?"),
        (["pr", "99"], "I have heard of no pull request #99 in acme/rocket."),
        (["other/place#1"], "`other/place` is not among the repositories of Acme"),
    ],
)
def test_a_pull_request_that_cannot_be_told_is_asked_for(
    tmp_path: Path, words: list[str], said: str
) -> None:
    with pytest.raises(Refused, match=re.escape(said)):
        ask(tmp_path, words, *HEAD_FACTS, surface="slack")


def test_a_job_is_compared_with_the_base_branch(tmp_path: Path) -> None:
    here = [
        pull(sha=ELSEWHERE),
        ended(10, sha=ELSEWHERE),
        job(1, 10, "engine / solid", sha=ELSEWHERE, failed_step="Run tests"),
    ]
    nights = [*night(2), *night(1), *night(0)]

    answer = ask(tmp_path, ["engine", "/", "solid"], *here, *nights)

    assert plain(answer.verdict) == "engine / solid passes on the base branch; on #7: failed."
    assert section(answer, "On the base branch") == [
        "✓✓✓ engine / solid, sunny: failed in 0 of 3 nights (truly 0 to 56 %)"
    ]
    assert section(answer, "Here") == [
        'CI / engine / solid at step “Run tests” — /why "CI / engine / solid"'
    ]


def test_several_jobs_are_listed_with_the_failing_ones_first(tmp_path: Path) -> None:
    answer = ask(
        tmp_path,
        ["engine"],
        *night(1, solid="failure"),
        *night(0, solid="failure"),
        surface="slack",
    )

    assert plain(answer.verdict) == "1 of 4 jobs for engine fails on the base branch."
    assert section(answer, "On the base branch")[0].startswith("✗✗ engine / solid, stormy")


def test_a_job_nobody_knows_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Near to it"):
        ask(tmp_path, ["engine/solids"], *night(0), surface="slack")


def test_a_slip_of_the_nightly_is_answered_with_it(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Did you mean `nightly`"):
        ask(tmp_path, ["nigthly"], *night(0), surface="slack")
