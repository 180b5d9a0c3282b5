from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chatops.events.notices import NightSettled, NoticeWanted, NoticeWithheld
from chatops.names import RunId, Sha
from chatops.projections.notices import (
    FEW,
    newest_withheld,
    settled_attempts,
    told_failing,
    verdicts_told,
)
from tests.scene import HEAD, NOW, PULL, REPO, scene

MONA = "person/mona"


def wanted(run_id: int = 10, attempt: int = 1, **changes: object) -> NoticeWanted:
    described = {
        "notice": f"notice/acme/{MONA}/{run_id}/{attempt}", "community": "acme", "subscriber": MONA,
        "repo": REPO, "run_id": RunId(run_id), "attempt": attempt, "to": "U0MONA", "wanted_at": NOW,
    }  # fmt: skip
    return NoticeWanted(**{**described, **changes})  # type: ignore[arg-type]  # of whatever kind each field is


def verdict(number: int, said: str, **changes: object) -> NoticeWanted:
    described = {
        "notice": f"notice/acme/{MONA}/{number}", "run_id": RunId(0), "attempt": 0, "number": PULL,
        "sha": HEAD, "verdict": said, "wanted_at": NOW + timedelta(minutes=number),
    }  # fmt: skip
    return wanted(**{**described, **changes})  # type: ignore[arg-type]  # as above


def withheld(place: int, *jobs: str, **changes: object) -> NoticeWithheld:
    described = {
        "notice": f"notice/acme/{MONA}/{place}/1", "community": "acme", "subscriber": MONA,
        "repo": REPO, "run_id": RunId(place), "attempt": 1, "jobs": jobs, "reason": "muted",
        "text": "Muted.", "withheld_at": NOW + timedelta(minutes=place),
    }  # fmt: skip
    return NoticeWithheld(**{**described, **changes})  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("order", [1, -1])
def test_what_was_told_last_of_a_job_counts(tmp_path: Path, order: int) -> None:
    facts = [
        wanted(10, failing=("a", "b", "c")),
        wanted(10, 2, fixed=("a",)),
        wanted(11, fixed=("b",)),
    ]

    with scene(tmp_path, facts[::order]) as world, world.knowledge() as knowledge:
        assert told_failing(knowledge.db, "acme", MONA, REPO) == {"c"}
        assert told_failing(knowledge.db, "acme", "person/alice", REPO) == set()


def test_the_verdicts_on_a_commit_are_known_in_their_order(tmp_path: Path) -> None:
    facts = [
        verdict(2, "green"),
        verdict(1, "red"),
        verdict(3, "green", sha=Sha("b" * 40)),
        wanted(10, failing=("a",)),
    ]

    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        told = verdicts_told(knowledge.db, REPO, PULL, HEAD)

    assert told == {("acme", MONA): ["red", "green"]}


def test_a_verdict_that_was_held_back_is_one_verdict(tmp_path: Path) -> None:
    said = verdict(1, "red")
    held = NoticeWithheld(
        notice=said.notice, community="acme", subscriber=MONA, repo=REPO, number=PULL, sha=HEAD,
        verdict="red", reason="not_in_channel", text="No.", withheld_at=NOW + timedelta(hours=1),
    )  # fmt: skip

    with scene(tmp_path, [held, said]) as world, world.knowledge() as knowledge:
        assert verdicts_told(knowledge.db, REPO, PULL, HEAD) == {("acme", MONA): ["red"]}


def test_what_was_held_back_is_known_with_its_reason_the_newest_first(tmp_path: Path) -> None:
    many = tuple(f"job {number}" for number in range(FEW + 2))
    facts = [withheld(1, "a"), withheld(3, *many, text="Muted until May."), withheld(2, "b")]

    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        newest, second = newest_withheld(knowledge.db, "acme", MONA, 2)

    assert (newest.jobs, newest.count, newest.text) == (many[:FEW], FEW + 2, "Muted until May.")
    assert (second.jobs, second.at) == (("b",), NOW + timedelta(minutes=2))


def test_it_is_known_which_attempts_are_settled(tmp_path: Path) -> None:
    settled = NightSettled(repo=REPO, run_id=RunId(10), attempt=1, workflow="Nightly")
    facts = [settled, msgspec.structs.replace(settled, attempt=2, waited=True)]

    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        assert settled_attempts(knowledge.db, [RunId(10), RunId(11)]) == {(10, 1), (10, 2)}
