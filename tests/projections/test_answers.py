from pathlib import Path

import pytest

from chatops.events.conversation import AnswerGiven
from chatops.projections.answers import answer_given
from tests.scene import COMMAND, scene

FACTS = [
    AnswerGiven(command=COMMAND, number=1, answer="Running."),
    AnswerGiven(command=COMMAND, number=2, answer="Done."),
]


@pytest.mark.parametrize("order", [1, -1])
def test_the_newest_answer_counts(tmp_path: Path, order: int) -> None:
    with scene(tmp_path, FACTS[::order]) as world, world.knowledge() as knowledge:
        assert answer_given(knowledge.db, COMMAND) == "Done."


def test_an_answer_that_is_told_later_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    with scene(tmp_path, FACTS[:1]) as world:
        with world.knowledge() as knowledge:
            first = answer_given(knowledge.db, COMMAND)
        world.add(FACTS[1:])
        with world.knowledge() as knowledge:
            second = answer_given(knowledge.db, COMMAND)

    assert (first, second) == ("Running.", "Done.")


def test_before_there_is_one_nothing_is_answered(tmp_path: Path) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        assert answer_given(knowledge.db, COMMAND) is None
