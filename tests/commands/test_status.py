from datetime import timedelta
from pathlib import Path

import pytest

from chatops.commands.status import Status
from chatops.engine.answer import Answer, Tone, as_text, plain
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.gate import RequiredChecksChanged
from chatops.names import Repo
from chatops.views.blocks import render_blocks
from tests.payloads import problems
from tests.scene import NOW, REPO, ended, job, received, scene, story, under_way

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

    assert "Last heard from GitHub 0 min ago" in footer
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


def test_a_status_of_something_else_is_refused() -> None:
    with pytest.raises(Refused, match="found `weather`"):
        Status.parse(["weather"])
