"""People ask about pull requests, and are answered from what is on GitHub now: all over real HTTP."""

from pathlib import Path

import pytest

from tests.scenarios.world import AUTHOR, BUILD, PULL, town

pytestmark = pytest.mark.anyio

RULES = """
required_tests: []
paths:
- "^docs/": []
mapping:
  test: {names: [CI / build, CI / gone], required-labels: [ok-to-test]}
"""


async def test_a_stranger_asks_what_a_pull_request_misses(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/status pr", by="newcomer")
        await here.settle()

        assert "cannot be merged yet: 3 required checks failed" in here.reply
        assert '`/retest "CI / test (a)"`' in here.reply
        assert "Run the required ones again: `/retest required`" in here.reply


async def test_the_gate_explains_itself_from_the_files_a_pull_request_changes(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        here.repository.write_file("gate.yaml", RULES)
        await here.service.learn_required()
        here.repository.pull(number=PULL, author=AUTHOR, files=["docs/a.md", "src/b.rs"])
        here.repository.run(workflow="CI", pull=here.repository.pulls[PULL], jobs=[BUILD])
        await here.let_ci_end()

        here.say("/gatekeeper")
        await here.settle()

        assert "must pass 2 checks" in here.reply
        assert "before it has the label `ok-to-test`" in here.reply
        assert "The rule `^docs/` is for `docs/a.md`: needs nothing besides" in here.reply
        assert "No rule is for `src/b.rs`, so every set is needed: `test`" in here.reply
        assert "“CI” ended without it; was it renamed or removed?" in here.reply


async def test_what_was_fetched_whole_is_not_asked_for_again(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.say("/gatekeeper")
        await here.settle()
        before = [call.path for call in here.calls if call.path.endswith("/jobs")]

        here.say("/status pr")
        await here.settle()

        assert before
        assert [call.path for call in here.calls if call.path.endswith("/jobs")] == before


async def test_why_asks_whose_a_failure_is_and_says_when_it_cannot_tell(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/why test (b)")
        await here.settle()

        assert "test (b) failed, and I cannot tell whose that is" in here.reply
        assert "nothing to compare with" in here.reply


async def test_why_shows_what_a_command_led_to(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.say("/retest")
        await here.let_ci_end()
        (command,) = await here.stories()

        here.say(f"/why {command}")
        await here.settle()

        told = here.replies[-1].body
        assert "`/retest` by mona on" in told
        for step in ("command received", "rerun requested", "rerun started", "rerun finished"):
            assert step in told
        assert "/audit/" in told
