"""Second thoughts: what was asked for is taken back, as far as the world has not moved on."""

from pathlib import Path

import pytest

from tests.scenarios.world import AUTHOR, MEMBER, STRANGER, town

pytestmark = pytest.mark.anyio


async def test_a_label_is_taken_back_without_a_word(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull(labels=("wip",))
        here.repository.label("bug")
        here.say("/label bug")
        await here.settle()
        assert pull.labels == ["wip", "bug"]
        here.pass_time(1)

        undo = here.say("/undo")
        await here.settle()

        assert pull.labels == ["wip"]
        assert here.reactions(undo) == ["eyes", "+1"]
        assert here.replies == []


@pytest.mark.parametrize(
    "said", ["label bug", "remove-label wip", "hold", "area agent", "label bug area/agent now"]
)
async def test_whatever_was_said_the_labels_are_as_before(tmp_path: Path, said: str) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    async with town(url, tmp_path, extra="    labels: {prefixes: [area]}\n") as here:
        pull = here.open_pull(labels=("wip", "x"))
        for name in ("bug", "wip", "x", "area/agent", "do-not-merge"):
            here.repository.label(name)
        here.say(f"/{said}")
        await here.settle()
        assert set(pull.labels) != {"wip", "x"}
        here.pass_time(1)

        here.say("/undo")
        await here.settle()

        assert set(pull.labels) == {"wip", "x"}


async def test_what_somebody_changed_since_is_left_alone(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull(labels=())
        here.repository.label("bug")
        here.pass_time(1)
        here.say("/label bug")
        await here.settle()
        here.pass_time(1)
        here.repository.remove_label(pull.number, "bug", actor="mona")
        await here.settle()

        here.say("/undo")
        await here.settle()

        assert pull.labels == []
        assert "Somebody has changed the labels of" in here.reply


ASSIGNING = "    approvals: {lgtm_assigns: true}\n"


@pytest.mark.parametrize("was_assigned", [False, True])
async def test_with_a_word_goes_the_assignment_that_came_of_it_and_no_other(
    database_url: str, tmp_path: Path, *, was_assigned: bool
) -> None:
    async with town(database_url, tmp_path, extra=ASSIGNING) as here:
        pull = here.open_pull()
        if was_assigned:
            here.repository.assign(pull.number, MEMBER, actor=MEMBER)
        here.say("/lgtm")
        await here.settle()
        assert pull.assignees == [MEMBER]
        here.pass_time(1)

        undo = here.say("/undo")
        await here.settle()

        newest = here.repository.statuses[pull.head_sha][-1]
        assert (newest.context, newest.state) == ("chatops/lgtm", "pending")
        assert pull.assignees == ([MEMBER] if was_assigned else [])
        assert here.reactions(undo) == ["eyes", "+1"]


async def test_who_was_assigned_anew_since_stays_so(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, extra=ASSIGNING) as here:
        pull = here.open_pull()
        here.say("/lgtm")
        await here.settle()
        here.pass_time(1)
        here.repository.assign(pull.number, AUTHOR, actor=MEMBER)
        here.repository.unassign(pull.number, MEMBER, actor=MEMBER)

        here.say("/undo")
        await here.settle()

        assert pull.assignees == [AUTHOR]


async def test_each_command_is_taken_back_once_the_newest_first(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull(labels=())
        for name in ("bug", "wip"):
            here.repository.label(name)
            here.say(f"/label {name}")
            await here.settle()
            here.pass_time(1)

        for left in (["bug"], [], []):
            here.say("/undo")
            await here.settle()
            assert pull.labels == left
            here.pass_time(1)

        assert "has been taken back already" in here.reply


async def test_nobody_takes_back_what_others_said(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull(labels=())
        here.repository.label("bug")
        here.say("/label bug")
        await here.settle()

        here.say("/undo", by=STRANGER)
        await here.settle()

        assert pull.labels == ["bug"]
        assert "Nothing you asked for here in the last ten minutes can be taken back" in here.reply


async def test_a_command_that_is_named_asks_for_the_same_rights(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull(labels=())
        here.repository.label("bug")
        here.say("/label bug")
        await here.settle()
        [command] = await here.stories()

        here.say(f"/undo {command}", by=STRANGER)
        await here.settle()

        assert pull.labels == ["bug"]
        assert "the role triage or more" in here.reply

        here.say(f"/undo {command}")
        await here.settle()

        assert pull.labels == []


async def test_a_rerun_is_stopped_where_it_still_runs(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.say("/retest")
        await here.settle()
        assert len(here.reruns) == 3
        assert "`/undo` takes it back, within ten minutes." in here.reply

        here.say("/undo")
        await here.let_ci_end()

        newest = [run.latest.conclusion for run in here.repository.runs.values()]
        assert newest == ["cancelled"] * 3
        assert "Taken back by **mona**: " in here.replies[0].body
        assert "I stopped what `/retest` had started and still ran: 3 workflows" in (
            here.replies[-1].body
        )


async def test_what_was_stopped_cannot_be_taken_up_again(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.say("/retest")
        await here.settle()
        here.say("/cancel")
        await here.settle()

        here.say("/undo")
        await here.settle()

        assert "Say `/retest` to run its jobs again" in here.replies[-1].body
