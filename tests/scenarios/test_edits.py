"""Comments that are changed after they were written: what is new in them is heard, and of whom."""

from pathlib import Path

import pytest

from tests.scenarios.world import MEMBER, STRANGER, town

pytestmark = pytest.mark.anyio


async def test_an_edit_runs_only_what_is_new(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        comment = here.say("/retest")
        await here.settle()
        reruns = list(here.reruns)

        here.pass_time(1)
        here.repository.edit_comment(comment, body="/retest\n/joke", actor=MEMBER)
        await here.settle()

        assert len(await here.stories()) == 2
        assert here.reruns == reruns


async def test_an_edit_is_decided_by_the_rights_of_who_edits(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        by_member = here.say("Looks like a flake to me.")
        by_stranger = here.say("Is it a flake?", by=STRANGER)

        here.pass_time(1)
        here.repository.edit_comment(by_member, body="/retest", actor=STRANGER)
        await here.settle()
        assert "members and collaborators" in here.reply
        assert here.reruns == []

        here.repository.edit_comment(by_stranger, body="/retest", actor=MEMBER)
        await here.settle()
        assert "rerun-failed-jobs CI" in here.reruns


async def test_a_command_that_is_taken_out_of_a_comment_runs_nothing(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        comment = here.say("Looks good.\n/joke")
        await here.settle()

        here.pass_time(1)
        here.repository.edit_comment(comment, body="Looks good.", actor=MEMBER)
        await here.settle()

        assert len(await here.stories()) == 1
