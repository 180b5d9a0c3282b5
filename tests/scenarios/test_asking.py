"""People ask about pull requests, and are answered from what is on GitHub now: all over real HTTP."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatops.names import PullNumber, Repo
from chatops.projections.pulls import pull as the_pull
from chatops.standins.slack import live_mentions
from tests.payloads import problems
from tests.scenarios.world import AUTHOR, BUILD, MEMBER, PULL, REPO, Town, town

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
        await here.service.looker.learn_required()
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


async def test_questions_leave_the_calls_that_are_kept_for_what_people_want_done(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        for _ in range(3):
            here.say("/who anything")
            here.say("/retest nothing-like-it")
            await here.settle()
        here.hub.gate.limit = 44
        here.say("/who anything at all")
        await here.settle()

        here.say("/gatekeeper")
        await here.settle()

        assert not [call.path for call in here.calls if call.path.endswith("/files")]
        assert "must pass 3 checks" in here.replies[-1].body


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


async def test_a_pull_request_is_asked_about_in_slack(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        for words in (f"status pr {PULL}", f"gatekeeper {PULL}", f"why #{PULL} lint"):
            said = await here.slack.slash("/acme", words)
            message = await said.message()

            assert f"#{PULL}" in message.everything_said or "lint failed" in message.everything_said
            assert problems({"text": message.text, "blocks": list(message.blocks)}) == []
            assert live_mentions(message) == ()


async def test_what_slack_asks_about_is_fetched_like_anything_else(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        here.hub.webhooks.url = "http://127.0.0.1:9/nobody"
        here.open_pull()

        said = await here.slack.slash("/acme", f"gatekeeper acme/rocket#{PULL}")
        message = await said.message()

        assert "must pass 3 checks" in message.everything_said


async def look(here: Town, path: str) -> httpx.Response:
    address = here.hub.webhooks.url
    assert address is not None
    url = address.replace("/github/webhooks", path)
    async with httpx.AsyncClient(trust_env=False, timeout=20) as visitor:
        return await visitor.get(url)


async def audit(here: Town, query: str = "") -> dict[str, Any]:
    answer = await look(here, f"/audit.json?{query}")
    told: dict[str, Any] = json.loads(answer.text)
    return told


async def test_what_was_asked_is_on_the_audit_and_leads_to_its_story(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.say("/retest", by="newcomer")
        await here.settle()
        here.pass_time(60)
        here.say("/retest")
        await here.let_ci_end()
        await (await here.slack.slash("/acme", "who test (a) of mine")).message()
        await here.settle()

        everything = (await audit(here))["commands"]
        refused = (await audit(here, "outcome=refused&who=newcomer"))["commands"]
        (retest,) = (await audit(here, "command=retest&who=mona"))["commands"]
        before = (await audit(here, f"surface=github&before={retest['id']}"))["commands"]
        after = (await audit(here, f"surface=github&after={refused[0]['id']}"))["commands"]
        story = json.loads((await look(here, f"/audit/{retest['id']}.json")).text)
        page = await look(here, f"/audit/{retest['id']}")

    assert {one["by"] for one in everything} >= {"newcomer", "mona"}
    assert [one["reason"] for one in refused] == ["not_permitted"]
    assert refused == before
    assert [one["by"] for one in after] == ["mona"]
    assert "of mine" not in json.dumps(everything)
    kinds = [event["kind"] for event in story["events"]]
    assert kinds[0] == "command.received"
    assert {"rerun.requested", "rerun.started", "rerun.finished", "retest.finished"} <= set(kinds)
    assert all(event["because_of"] or event is story["events"][0] for event in story["events"][:4])
    assert "rerun finished" in page.text


async def test_what_could_not_be_done_is_told_apart(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        here.say("/label nothing-like-it")
        await here.settle()

        told = await audit(here, "outcome=failed")

        assert [one["words"] for one in told["commands"]] == [["nothing-like-it"]]


async def test_a_command_puts_right_which_of_two_states_of_one_second_was_the_last(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = await here.open_failed_pull()
        labels = [f"area/{number}" for number in range(8)]
        for label in labels:
            here.repository.add_label(PULL, label, actor=MEMBER)
        for label in labels[1:]:
            here.repository.remove_label(PULL, label, actor=MEMBER)
        await here.settle()

        here.say("/status pr")
        await here.settle()
        with here.service.database.read() as db:
            known = the_pull(db, Repo(REPO), PullNumber(PULL))

        assert known is not None
        assert known.labels == tuple(pull.labels)
