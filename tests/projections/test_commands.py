from pathlib import Path

from chatops.events.conversation import CommandAccepted, CommandRefused
from chatops.events.reruns import RerunRequested, RetestFinished
from chatops.names import RunId
from chatops.projections.commands import (
    Asking,
    commands_about_commit,
    commands_about_run,
    commands_about_runs,
    newest_commands,
    unfinished_commands,
)
from tests.scene import COMMAND, HEAD, PULL, REPO, received, scene

REQUEST = RerunRequested(
    command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(10), attempt=1, workflow="CI", scope="failed"
)
BEGUN = [received(), CommandAccepted(command=COMMAND), REQUEST]


def test_a_run_knows_who_asked_for_it(tmp_path: Path) -> None:
    with scene(tmp_path, BEGUN) as world, world.knowledge() as knowledge:
        (asked,) = commands_about_run(knowledge.db, RunId(10))

        assert (asked.command, asked.attempt) == (COMMAND, 1)
        assert commands_about_commit(knowledge.db, REPO, HEAD) == 1


def test_reruns_are_waited_for_until_their_command_ends(tmp_path: Path) -> None:
    end = RetestFinished(command=COMMAND, repo=REPO, number=PULL, passed=1, failed=0)
    with scene(tmp_path, BEGUN) as world:
        with world.knowledge() as knowledge:
            waiting = unfinished_commands(knowledge.db, 0)
        world.add([end])
        with world.knowledge() as knowledge:
            after = unfinished_commands(knowledge.db, 0)

    assert waiting == [COMMAND]
    assert after == []


def test_refused_commands_are_in_the_list_with_their_reason(tmp_path: Path) -> None:
    facts = [received(), CommandRefused(command=COMMAND, reason="not_permitted", text="No.")]
    with scene(tmp_path, facts) as world, world.knowledge() as knowledge:
        (one,) = newest_commands(knowledge.db, Asking(), 10)

    assert (one.outcome, one.reason, one.by) == ("refused", "not_permitted", "mona")


def test_who_asked_for_many_runs_is_asked_at_once(tmp_path: Path) -> None:
    again = [
        RerunRequested(
            command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(run_id), attempt=1, workflow="CI",
            scope="failed",
        )
        for run_id in (1, 2)
    ]  # fmt: skip
    with scene(tmp_path, [received(), *again]) as world, world.knowledge() as knowledge:
        found = commands_about_runs(knowledge.db, [RunId(1), RunId(2), RunId(3)], 9)

    assert [(one.by, run_id, after) for one, run_id, after in found] == [
        ("mona", 1, 1),
        ("mona", 2, 1),
    ]
