from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chatops.commands.rerun_gatekeeper import RerunGatekeeper
from chatops.config import Community, Gate
from chatops.engine.answer import Tone, as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.cancels import CancelRequested
from chatops.events.reruns import RerunFinished, RerunRequested, RerunStarted, RetestFinished
from chatops.names import RunId
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

ASKED = Asked(
    received=received(verb="rerun-gatekeeper"), standing=Standing(), grant=Grant(ground="member")
)


def decide(folder: Path, *facts: Event, community: Community = COMMUNITY) -> list[Event]:
    with scene(folder, facts) as world, world.knowledge(community) as knowledge:
        return list(RerunGatekeeper.parse(()).decide(ASKED, knowledge))


def refusal(folder: Path, *facts: Event, community: Community = COMMUNITY) -> Refused:
    with pytest.raises(Refused) as refused:
        decide(folder, *facts, community=community)
    return refused.value


def test_only_the_newest_run_of_the_gate_runs_again(tmp_path: Path) -> None:
    (request,) = decide(
        tmp_path, pull(), ended(10), job(1, 10), ended(11, "Gatekeeper"), ended(12, "Gatekeeper")
    )

    assert isinstance(request, RerunRequested)
    assert (request.run_id, request.scope, request.gate) == (12, "all", True)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ([pull(), under_way(12, "Gatekeeper")], "still_running"),
        ([pull(), ended(12, "Gatekeeper", "success")], "nothing_failed"),
        ([pull(), ended(12, "Gatekeeper", attempt=50)], "too_many_attempts"),
        ([pull(), ended(12, "Gatekeeper", created_at=NOW - timedelta(days=31))], "too_old"),
        ([pull(), ended(10)], "nothing_ran"),
        ([pull(state="closed")], "closed"),
    ],
)
def test_where_it_cannot_or_need_not_look_again_it_says_why(
    tmp_path: Path, facts: list[Event], reason: str
) -> None:
    assert refusal(tmp_path, *facts).reason == reason


@pytest.mark.parametrize("gate", [None, Gate()])
def test_where_github_is_the_gate_there_is_nothing_to_run(
    tmp_path: Path, gate: Gate | None
) -> None:
    without = msgspec.structs.replace(COMMUNITY, gate=gate)

    assert refusal(tmp_path, pull(), community=without).reason == "not_configured"


REQUEST = RerunRequested(
    command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(12), attempt=1, workflow="Gatekeeper",
    scope="all", gate=True,
)  # fmt: skip
STARTED = RerunStarted(
    command=COMMAND, repo=REPO, run_id=RunId(12), attempt=2, workflow="Gatekeeper", gate=True
)


def test_the_reply_follows_the_gate_to_its_end(tmp_path: Path) -> None:
    finished = RerunFinished(
        command=COMMAND, repo=REPO, run_id=RunId(12), attempt=2, workflow="Gatekeeper",
        conclusion="success", gate=True,
    )  # fmt: skip
    closed = RetestFinished(command=COMMAND, repo=REPO, number=PULL, passed=0, failed=0)

    with scene(tmp_path) as world, world.knowledge() as knowledge:
        first = RerunGatekeeper.tell(story(ASKED.received, REQUEST, STARTED), knowledge)
        last = RerunGatekeeper.tell(
            story(ASKED.received, REQUEST, STARTED, finished, closed), knowledge
        )

    assert "Running the gate again on c0ffee000." in as_text(first)
    assert last.tone is Tone.GOOD
    assert as_text(last).startswith("Gatekeeper passed.")


def test_it_is_undone_by_stopping_the_gate(tmp_path: Path) -> None:
    with (
        scene(tmp_path, [under_way(12, "Gatekeeper", attempt=2)]) as world,
        world.knowledge() as knowledge,
    ):
        (stopped,) = RerunGatekeeper.taken_back(story(REQUEST, STARTED), ASKED, knowledge)

    assert isinstance(stopped, CancelRequested)
    assert stopped.attempt == 2
