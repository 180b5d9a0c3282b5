from pathlib import Path

from chatops.events import Event
from chatops.events.approvals import APPROVE, LGTM
from chatops.names import PullNumber
from chatops.projections.approvals import spoken_of, words_on
from tests.approving import ended, given, withdrawn
from tests.scene import PULL, REPO, scene


def standing(folder: Path, *facts: Event) -> list[tuple[str, str]]:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        words = words_on(knowledge.db, REPO, PULL)
    return [(word.grade, word.by) for word in words if word.stands]


def test_each_person_has_a_last_word_of_each_grade(tmp_path: Path) -> None:
    facts = [given("mona"), given("mona", APPROVE), given("alice", minutes=2)]

    assert set(standing(tmp_path, *facts)) == {
        (LGTM, "mona"),
        (APPROVE, "mona"),
        (LGTM, "alice"),
    }


def test_what_is_taken_back_stands_no_longer_until_it_is_said_again(tmp_path: Path) -> None:
    first = [given("mona"), withdrawn("MONA", minutes=5)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert standing(tmp_path / "a", *first) == []
    assert standing(tmp_path / "b", *first, given("mona", minutes=9)) == [(LGTM, "mona")]


def test_an_end_concerns_one_word_and_not_the_next(tmp_path: Path) -> None:
    before, after = given("mona"), given("mona", minutes=9)

    assert standing(tmp_path, before, after, ended(before)) == [(LGTM, "mona")]


def test_what_came_to_an_end_does_not_stand(tmp_path: Path) -> None:
    word = given("mona")

    assert standing(tmp_path, ended(word), word) == []


def test_of_many_pull_requests_those_are_told_of_which_anybody_spoke(tmp_path: Path) -> None:
    other = PullNumber(8)
    with scene(tmp_path, [given("mona")]) as world, world.knowledge() as knowledge:
        assert spoken_of(knowledge.db, {(REPO, PULL), (REPO, other)}) == {(REPO, PULL)}
        assert spoken_of(knowledge.db, set()) == set()
