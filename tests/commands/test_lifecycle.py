from pathlib import Path

import msgspec
import pytest

from chatops.commands.lifecycle import Lifecycle
from chatops.config import Labels
from chatops.errors import Refused
from chatops.events.changes import LabelsChanged, LabelsRequested
from tests.commands.issues import asking, refusal, undone, wanted
from tests.scene import COMMAND, COMMUNITY, PULL, REPO, ended, issue, job, pull

REMOVE = Lifecycle.verbs(COMMUNITY)["remove-lifecycle"]
RESTARTING = msgspec.structs.replace(COMMUNITY, labels=Labels(restart_ci=True))


@pytest.mark.parametrize(
    ("there", "words", "add", "remove"),
    [
        ([], ["frozen"], ["frozen"], []),
        ([], ["Stale"], ["stale"], []),
        (["active"], ["stale"], ["stale"], ["active"]),
        (["stale", "rotten"], ["frozen"], ["frozen"], ["stale", "rotten"]),
        (["stale", "rotten"], ["rotten"], [], ["stale"]),
        (["frozen", "stale"], [*REMOVE, "frozen"], [], ["frozen"]),
    ],
)
def test_one_state_replaces_the_others(
    tmp_path: Path, there: list[str], words: list[str], add: list[str], remove: list[str]
) -> None:
    labels = ("bug", *(f"lifecycle/{state}" for state in there))
    asked = asking(issue(is_pull=False, labels=labels))

    asks = wanted(tmp_path, Lifecycle, words, LabelsRequested, asked=asked)

    assert asks.add == tuple(f"lifecycle/{state}" for state in add)
    assert asks.remove == tuple(f"lifecycle/{state}" for state in remove)
    assert asks.before == labels


@pytest.mark.parametrize("words", [["frozen"], [*REMOVE, "stale"]])
def test_what_is_so_already_is_refused(tmp_path: Path, words: list[str]) -> None:
    asked = asking(issue(is_pull=False, labels=("lifecycle/frozen",)))

    assert refusal(tmp_path, Lifecycle, words, asked=asked).reason == "as_it_is"


def test_a_pull_request_is_not_frozen_but_can_thaw(tmp_path: Path) -> None:
    asked = asking(issue(labels=("lifecycle/frozen",)))

    assert refusal(tmp_path, Lifecycle, ["frozen"], asked=asked).reason == "not_an_issue"
    (tmp_path / "thaw").mkdir()
    thaws = wanted(tmp_path / "thaw", Lifecycle, [*REMOVE, "frozen"], LabelsRequested, asked=asked)
    assert thaws.remove == ("lifecycle/frozen",)


@pytest.mark.parametrize("words", [[], ["now"], ["old"], ["frozen", "stale"], REMOVE])
def test_one_state_has_to_be_said(words: list[str]) -> None:
    with pytest.raises(Refused, match="Say one of"):
        Lifecycle.parse(words)


def test_where_a_label_starts_the_ci_that_has_to_be_meant(tmp_path: Path) -> None:
    facts = [pull(), ended(10), job(1, 10, "a")]

    refused = refusal(tmp_path, Lifecycle, ["stale"], *facts, community=RESTARTING)
    assert refused.reason == "would_restart"

    (tmp_path / "now").mkdir()
    asks = wanted(
        tmp_path / "now", Lifecycle, ["stale", "now"], LabelsRequested, *facts, community=RESTARTING
    )
    assert asks.add == ("lifecycle/stale",)


def test_it_is_taken_back_by_the_opposite(tmp_path: Path) -> None:
    done = LabelsChanged(
        command=COMMAND, repo=REPO, number=PULL, added=("lifecycle/stale",), removed=("lifecycle/active",)
    )  # fmt: skip

    [back] = undone(tmp_path, Lifecycle, done)

    assert isinstance(back, LabelsRequested)
    assert (back.add, back.remove) == (("lifecycle/active",), ("lifecycle/stale",))
