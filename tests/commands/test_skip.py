from pathlib import Path

import pytest

from chatops.commands.skip import Skip
from chatops.engine.answer import as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.checks import StatusSet
from chatops.events.gate import RequiredChecksChanged
from chatops.events.statuses import StatusRequested, StatusWritten
from tests.scene import COMMAND, HEAD, NOW, REPO, pull, received, scene, story

ASKED = Asked(received=received(verb="skip"), standing=Standing(), grant=Grant(ground="write"))


def status(number: int, context: str, state: str) -> StatusSet:
    return StatusSet(repo=REPO, status_id=number, context=context, sha=HEAD, state=state)


REQUIRED = RequiredChecksChanged(
    repo=REPO, branch="main", origin="branch rules", fingerprint="1", names=("r1", "CI / r2"), seen_at=NOW
)  # fmt: skip
WORLD = (
    pull(), REQUIRED, status(1, "r1", "failure"), status(2, "o1", "failure"),
    status(3, "o2", "pending"), status(4, "o3", "success"), status(5, "chatops/ok-to-test", "failure"),
    status(6, "CI / r2", "failure"),
)  # fmt: skip


def decide(folder: Path, *facts: Event) -> list[StatusRequested]:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        decided = Skip.parse(()).decide(ASKED, knowledge)
    return [event for event in decided if isinstance(event, StatusRequested)]


def test_what_is_not_required_and_did_not_pass_is_skipped(tmp_path: Path) -> None:
    wanted = decide(tmp_path, *WORLD)

    assert [(one.context, one.state, one.description, one.before) for one in wanted] == [
        ("o1", "success", "Skipped", "failure"),
        ("o2", "success", "Skipped", "pending"),
    ]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ([pull(), REQUIRED, status(1, "r1", "failure"), status(2, "o1", "success")], "as_it_is"),
        ([pull(), status(2, "o1", "failure")], "required_unknown"),
        ([pull(state="closed")], "closed"),
        ([], "no_pull"),
    ],
)
def test_where_nothing_can_be_skipped_it_says_why(
    tmp_path: Path, facts: list[Event], reason: str
) -> None:
    with pytest.raises(Refused) as refused:
        decide(tmp_path, *facts)

    assert refused.value.reason == reason


WANTED = StatusRequested(
    command=COMMAND, repo=REPO, sha=HEAD, context="o1", state="success", description="Skipped",
    before="failure", before_description="It broke",
)  # fmt: skip


def test_success_is_quiet(tmp_path: Path) -> None:
    written = StatusWritten(command=COMMAND, repo=REPO, sha=HEAD, context="o1", state="success")
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        answer = Skip.tell(story(ASKED.received, WANTED, written), knowledge)

    assert answer.quiet
    assert as_text(answer) == "Skipped o1 on c0ffee000."


def test_undone_it_says_what_it_said_before(tmp_path: Path) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        (back,) = Skip.taken_back(story(ASKED.received, WANTED), ASKED, knowledge)

    assert isinstance(back, StatusRequested)
    assert (back.context, back.state, back.description) == ("o1", "failure", "It broke")
