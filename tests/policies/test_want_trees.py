from pathlib import Path

import msgspec
import pytest

from chatops.config import Community
from chatops.events import Event
from chatops.events.approvals import APPROVE
from chatops.events.trees import TreeWanted
from chatops.names import Sha
from chatops.policies.want_trees import WantTrees
from tests.approving import community, ended, given, tree
from tests.scene import COMMUNITY, HEAD, NOW, decided, pull, scene

KEEPING = community(keep_lgtm_of_same_files=True)
NEXT = Sha("b" * 40)
PUSHED = pull(sha=NEXT, updated_at=NOW.replace(hour=13))


def wanted(folder: Path, *facts: Event, said: Community = KEEPING) -> list[Sha]:
    """Return of which commits the files are asked for because of the last fact."""
    with scene(folder) as world:
        recorded = world.add(facts)
        events = decided(world, WantTrees(), recorded[-1], said)
    return [event.sha for event in events if isinstance(event, TreeWanted)]


def test_a_push_asks_for_the_new_head_and_for_what_is_not_known_of_the_old(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    assert wanted(tmp_path / "a", pull(), given("mona"), tree(HEAD), PUSHED) == [NEXT]
    assert wanted(tmp_path / "b", pull(), given("mona"), PUSHED) == [NEXT, HEAD]


def test_of_a_word_that_comes_after_the_push_both_are_asked_for(tmp_path: Path) -> None:
    assert wanted(tmp_path, pull(), PUSHED, given("mona")) == [NEXT, HEAD]


@pytest.mark.parametrize(
    "facts",
    [
        [pull(), given("mona")],
        [pull(), PUSHED, given("mona", APPROVE)],
        [pull(), given("mona"), tree(HEAD), tree(NEXT), PUSHED],
        [pull(), msgspec.structs.replace(given("mona"), keeps=True), PUSHED],
        [pull(), PUSHED],
        [pull(), given("mona"), pull(title="Other", updated_at=NOW.replace(hour=13))],
        [pull(), given("mona"), ended(given("mona")), PUSHED],
        [pull(), given("mona"), msgspec.structs.replace(PUSHED, state="closed")],
        [pull(repo="somebody/else")],
    ],
    ids=[
        "the head", "approved", "known", "kept anyway", "nobody spoke", "no push", "ended", "closed", "not ours",
    ],
)  # fmt: skip
def test_else_nothing_is_asked(tmp_path: Path, facts: list[Event]) -> None:
    assert wanted(tmp_path, *facts) == []


@pytest.mark.parametrize(
    "said", [COMMUNITY, community(keep_lgtm_of_same_files=True, keep_lgtm=True)]
)
def test_where_it_decides_nothing_it_is_not_asked(tmp_path: Path, said: Community) -> None:
    assert wanted(tmp_path, pull(), given("mona"), PUSHED, said=said) == []
