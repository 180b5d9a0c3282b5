"""Slack as a place to act from: who one is, in what ways one can ask, and what those on the pull request see of it."""

import asyncio
from pathlib import Path

import pytest

from chatops.standins.slack import Message, SlackStandIn, live_mentions
from tests.payloads import problems
from tests.scenarios.signing_in import link
from tests.scenarios.world import MEMBER, PULL, STRANGER, Town, town

pytestmark = pytest.mark.anyio

A_LONG_CALL = 10.0
"""Seconds: much longer than Slack waits for thanks, which are three; the pretend Slack counts them."""

MODES = pytest.mark.parametrize("mode", ["http", "socket"])


def slack_in(mode: str) -> SlackStandIn:
    return SlackStandIn(mode="socket" if mode == "socket" else "http")


def as_sent(message: Message) -> dict[str, object]:
    return {"text": message.text, "blocks": list(message.blocks)}


def answers(here: Town) -> list[Message]:
    """Return what the bot said in Slack, but for the signing in."""
    return [
        message
        for message in here.slack.messages
        if message.from_app and "GitHub" not in message.text
    ]


async def test_whoever_is_not_linked_is_told_how_to_be(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        said = await here.slack.slash("/acme", f"retest #{PULL}")
        refused = await said.message()
        await here.settle()

        assert "I do not know who you are on GitHub" in refused.text
        assert "/acme link" in refused.text
        assert refused.ephemeral_to == "U0MONA"
        [way_out] = [one for one in refused.blocks if one["type"] == "actions"]
        await here.slack.click(refused, way_out["elements"][0]["action_id"])
        await here.settle()
        assert "Sign in with GitHub" in here.slack.messages[-1].text
        assert here.slack.messages[-1].ephemeral_to == "U0MONA"
        assert here.reruns == []
        assert here.replies == []


@MODES
async def test_who_is_linked_may_do_what_they_may_on_github(
    mode: str, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, slack=slack_in(mode)) as here:
        await here.open_failed_pull()
        await link(here, "octavia")

        said = await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
        await said.message()
        await here.let_ci_end()

        [told] = answers(here)
        assert "failed again" in told.text
        assert told.edits >= 1
        assert problems(as_sent(told)) == []
        assert "rerun-failed-jobs CI" in here.reruns


async def test_who_is_linked_to_somebody_who_may_not_is_refused(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "newcomer", STRANGER)

        said = await here.slack.slash("/acme", f"retest #{PULL}", user="newcomer")
        refused = await said.message()

        assert "members and collaborators" in refused.text
        assert here.reruns == []


async def test_what_was_asked_in_slack_leaves_one_trace_on_the_pull_request(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")

        await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
        await here.settle()
        early = here.reply
        await here.let_ci_end()

        assert f"Asked from Slack by **{MEMBER}**: `retest`" in early
        assert early != here.reply
        assert "failed again" in here.reply


async def test_a_trace_whose_answer_was_lost_is_not_left_again(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        here.hub.fail("502_after", method="POST", path="/comments$")

        await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
        await here.settle()
        await here.hurry()
        await here.let_ci_end()

        assert "failed again" in here.reply
        assert len(here.replies) == 1


@pytest.mark.parametrize("way", ["slash", "mention"])
async def test_an_answer_whose_receipt_was_lost_is_not_said_again(
    way: str, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        here.slack.fail_next("chat.postMessage", after_effect=True)

        if way == "slash":
            await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
        else:
            await here.slack.mention(f"retest #{PULL}", user="octavia")
        await here.settle()
        await here.hurry()
        await here.let_ci_end()

        [told] = answers(here)
        assert "failed again" in told.text
        assert told.edits >= 1


async def test_a_small_change_is_told_on_the_pull_request_too(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull(labels=())
        here.repository.label("bug")
        await link(here, "octavia")

        await here.slack.slash("/acme", f"label bug #{PULL}", user="octavia")
        await here.settle()

        assert pull.labels == ["bug"]
        assert f"Asked from Slack by **{MEMBER}**: `label bug`" in here.reply
        assert [told.text for told in answers(here)] == ["Added bug."]


async def test_only_who_asked_by_name_is_offered_the_private_address(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.slack.mention("link", user="octavia")
        await here.settle()

        [told] = [one for one in here.slack.messages if one.from_app]
        assert told.ephemeral_to == "U0OCTAVIA"
        assert "Sign in with GitHub" in told.text


async def test_what_only_asks_leaves_no_trace(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        await here.slack.slash("/acme", f"status nightly #{PULL}")
        await here.settle()

        assert here.replies == []


@MODES
async def test_who_calls_the_bot_in_a_thread_is_answered_there(
    mode: str, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, slack=slack_in(mode)) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        first = await here.slack.say("Is this one flaky?")

        delivery = await here.slack.mention(
            f"retest {here.hub.url}/acme/rocket/pull/{PULL}", user="octavia", thread_ts=first.ts
        )
        await here.let_ci_end()

        assert delivery.was_accepted
        [told] = answers(here)
        assert told.thread_ts == first.ts
        assert "failed again" in told.text
        assert live_mentions(told) == ()


async def test_a_call_outside_of_a_thread_begins_one(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.slack.mention("status nightly")
        await here.settle()

        [told] = answers(here)
        [call] = [one for one in here.slack.messages if not one.from_app]
        assert told.thread_ts == call.ts


async def test_what_is_for_one_person_is_whispered_in_the_thread(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        first = await here.slack.say("What can it do?")

        await here.slack.mention("help", user="octavia", thread_ts=first.ts)
        await here.settle()

        [told] = answers(here)
        assert (told.ephemeral_to, told.thread_ts) == ("U0OCTAVIA", first.ts)


async def test_speaking_of_the_bot_asks_for_nothing(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.slack.mention(f"many thanks @{here.slack.workspace.bot.name}, that was nice")
        await here.settle()

        assert await here.stories() == []


async def test_slack_is_thanked_in_time_while_github_is_slow(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        here.hub.fail("delay", seconds=A_LONG_CALL)

        began = asyncio.get_running_loop().time()
        said = await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
        thanked_after = asyncio.get_running_loop().time() - began
        await here.settle()

        assert (said.status, said.error) == (200, None)
        assert thanked_after < A_LONG_CALL
        assert "rerun-failed-jobs CI" in here.reruns
