"""Only wanting to know: the same decision, and nobody is called."""

from pathlib import Path

import pytest

from tests.scenarios.world import FLAKY, STRANGER, Town, town

pytestmark = pytest.mark.anyio


def changes(here: Town) -> list[str]:
    """Return what was changed on GitHub, but for the answer itself and the eyes."""
    return [
        call.path
        for call in here.calls
        if call.method != "GET"
        and "/reactions" not in call.path
        and "/comments" not in call.path
        and "/access_tokens" not in call.path
    ]


@pytest.mark.parametrize("word", ["--dry-run", "—dry-run", "--DRY-RUN"])
async def test_what_would_run_again_is_told_and_does_not(
    database_url: str, tmp_path: Path, word: str
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say(f"/retest {word}")
        await here.settle()

        assert changes(here) == []
        assert "Nothing was done. This is what would be:" in here.reply
        assert "Would run the failed jobs of `CI` again, after attempt 1" in here.reply
        assert "Would run the one failed job of `Static checks` again" in here.reply
        kinds = [event.event.kind for event in await here.events()]
        assert "command.explained" in kinds
        assert not {"rerun.requested", "command.accepted"} & set(kinds)


async def test_what_would_be_refused_says_why(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/retest --dry-run", by=STRANGER)
        await here.settle()

        assert changes(here) == []
        assert "Nothing was done, and it would be refused: `retest` spends runner hours" in (
            here.reply
        )


async def test_what_only_answers_would_only_answer(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull()

        here.say("/help --dry-run")
        await here.settle()

        assert "It would be answered, and change nothing." in here.reply


async def test_what_was_only_told_is_not_taken_back(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull(labels=())
        here.repository.label("bug")
        here.say("/label bug --dry-run")
        await here.settle()

        here.say("/undo")
        await here.settle()

        assert "Nothing you asked for here" in here.replies[-1].body


async def test_in_slack_it_is_told_as_well(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        said = await here.slack.slash("/acme", "help --dry-run")
        await here.settle()

        assert "It would be answered, and change nothing." in str(said.messages)
        assert changes(here) == []


async def test_which_jobs_would_be_muted_and_until_when_is_told(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull()
        here.repository.run(workflow="Nightly", event="schedule", jobs=[FLAKY])
        await here.let_ci_end()

        here.say("/mute test for 7d --dry-run it is being moved")
        await here.settle()

        assert "Would show `Nightly / test (a)` as muted until 20" in here.reply
        assert "jobs.muted" not in {event.event.kind for event in await here.events()}
