"""What can be pressed and chosen in Slack: buttons in answers, shortcuts on messages, and forms for what is missing."""

from pathlib import Path
from typing import Any

import pytest

from chatops.standins.slack import Message, SlackStandIn
from chatops.views.modals import SAID
from tests.payloads import problems
from tests.scenarios.signing_in import link
from tests.scenarios.world import BUILD, PULL, Town, town

pytestmark = pytest.mark.anyio

MODES = pytest.mark.parametrize("mode", ["http", "socket"])
TALK = "https://github.example/acme/rocket"


def slack_in(mode: str) -> SlackStandIn:
    return SlackStandIn(mode="socket" if mode == "socket" else "http")


def buttons(message: Message) -> list[dict[str, Any]]:
    """Return the buttons of a message."""
    return [
        element
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def said_by_bot(here: Town, words: str) -> list[Message]:
    """Return the bot's messages in Slack that begin so."""
    return [
        message
        for message in here.slack.messages
        if message.from_app and message.text.startswith(words)
    ]


def values(said: str) -> dict[str, Any]:
    """Return a form's field as Slack tells it."""
    return {SAID: {SAID: {"type": "plain_text_input", "value": said}}}


async def failed_again(here: Town) -> Message:
    """Let somebody retest in vain; return what they were told."""
    await here.open_failed_pull()
    await link(here, "octavia")
    await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
    await here.let_ci_end()
    [told] = said_by_bot(here, "1 of 3 jobs failed again")
    return told


@MODES
async def test_a_pressed_button_asks_for_what_it_says_once(
    mode: str, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, slack=slack_in(mode)) as here:
        told = await failed_again(here)
        before = len(await here.stories())
        [button] = buttons(told)

        pressed = await here.slack.click(told, button["action_id"], user="octavia")
        await here.settle()

        assert (pressed.status, pressed.error) == (200, None)
        assert len(await here.stories()) == before + 1
        [again] = said_by_bot(here, "Running 1 failed job again")
        assert again.thread_ts == told.ts


async def test_what_costs_runner_hours_asks_once_more(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        told = await failed_again(here)

        [button] = buttons(told)

        assert button["text"]["text"] == "Run what failed again"
        assert "runner hours" in button["confirm"]["text"]["text"]
        assert problems({"text": told.text, "blocks": list(told.blocks)}) == []


async def test_a_button_is_decided_for_whoever_presses_it(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        told = await failed_again(here)
        reruns = list(here.reruns)

        [button] = buttons(told)
        await here.slack.click(told, button["action_id"], user="newcomer")
        await here.settle()

        [refused] = said_by_bot(here, "I do not know who you are")
        assert refused.ephemeral_to == "U0NEWCOMER"
        assert here.reruns == reruns


async def test_a_button_that_is_pressed_twice_starts_nothing_twice(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        told = await failed_again(here)
        [button] = buttons(told)
        await here.slack.click(told, button["action_id"], user="octavia")
        await here.slack.click(told, button["action_id"], user="octavia")
        await here.settle()

        assert max(run.latest.number for run in here.repository.runs.values()) == 3


async def test_a_button_on_an_old_message_is_decided_as_things_are_now(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        told = await failed_again(here)
        reruns = list(here.reruns)
        pull = here.repository.push_to_pull(PULL)
        here.repository.run(workflow="CI", pull=pull, jobs=[BUILD])
        await here.let_ci_end()

        [button] = buttons(told)
        await here.slack.click(told, button["action_id"], user="octavia")
        await here.settle()

        assert said_by_bot(here, "Nothing failed")
        assert here.reruns == reruns


async def test_what_runs_can_be_stopped_from_the_message_that_started_it(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
        await here.settle()
        [told] = said_by_bot(here, "Running")
        here.pass_time(1)

        [button] = buttons(told)
        await here.slack.click(told, button["action_id"], user="octavia")
        await here.settle()

        assert button["text"]["text"] == "Stop what runs"
        assert said_by_bot(here, "Stopped")


async def test_on_github_the_same_is_a_command_to_copy(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say("/retest")
        await here.settle()
        early = here.reply
        await here.let_ci_end()

        assert "Stop what runs: `/cancel`" in early
        assert "Run what failed again: `/retest`" in here.reply


async def test_what_a_pull_request_misses_can_be_run_again_from_the_answer(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        await here.slack.slash("/acme", f"status #{PULL}", user="octavia")
        await here.settle()
        [told] = said_by_bot(here, f"#{PULL} cannot be merged yet")

        button, choose, why = buttons(told)
        await here.slack.click(told, why["action_id"], user="newcomer")
        await here.settle()
        [whose] = [one for one in here.slack.messages if one.thread_ts == told.ts]
        await here.slack.click(told, button["action_id"], user="octavia")
        await here.settle()

        assert button["text"]["text"] == "Run the required ones again"
        assert choose["text"]["text"] == "Choose jobs to run again"
        assert why["text"]["text"] == "Why did they fail?"
        assert "jobs failed" in whose.text
        assert button["confirm"]["text"]["text"].startswith("This spends runner hours")
        assert "`/retest" not in str(told.blocks)
        assert "rerun-failed-jobs CI" in here.reruns


async def test_what_to_say_is_spelled_as_one_says_it_in_slack(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
        await here.settle()
        here.pass_time(1)
        [running] = said_by_bot(here, "Running")
        await here.slack.slash("/acme", f"cancel #{PULL}", user="octavia")
        await here.settle()

        undone = await here.slack.slash("/acme", f"undo #{PULL}", user="octavia")
        refused = await undone.message()

        assert f"Say /acme retest #{PULL} to run its jobs again." in refused.text
        assert f"'/acme undo #{PULL}'" in str(running.blocks)


async def test_the_nightly_offers_to_ask_on(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        here.repository.run(workflow="Nightly", event="schedule", jobs=[BUILD])
        await here.let_ci_end()
        said = await here.slack.slash("/acme", "status nightly")
        message = await said.message()

        *_, flaky = buttons(message)
        await here.slack.click(message, flaky["action_id"])
        await here.settle()

        assert flaky["text"]["text"] == "What is flaky"
        told = [one for one in here.slack.messages if one.thread_ts == message.ts]
        assert len(told) == 1


async def test_a_button_that_is_none_of_ours_asks_for_nothing(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        element = {
            "type": "button",
            "action_id": "other",
            "value": "retest",
            "text": {"type": "plain_text", "text": "Go"},
        }
        block = {"type": "actions", "block_id": "b", "elements": [element]}
        message = here.slack.workspace.post("C0CI", "press", blocks=[block])

        pressed = await here.slack.click(message, "other")
        await here.settle()

        assert pressed.error is None
        assert await here.stories() == []


@MODES
@pytest.mark.parametrize(
    "text", ["please look at {url}", f"what about acme/rocket#{PULL}?", f"#{PULL} (fails)"]
)
async def test_the_pull_request_in_a_message_is_retested(
    mode: str, text: str, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, slack=slack_in(mode)) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        url = f"{here.hub.url}/acme/rocket/pull/{PULL}"
        message = await here.slack.say(text.format(url=url))

        await here.slack.message_shortcut(message, "retest_message", user="octavia")
        await here.let_ci_end()

        assert "rerun-failed-jobs CI" in here.reruns
        [told] = said_by_bot(here, "1 of 3 jobs failed again")
        assert told.thread_ts == message.ts


@pytest.mark.parametrize("text", ["it is red", f"#{PULL} or #8", f"{TALK}/pull/7", "other/place#7"])
async def test_which_pull_request_is_meant_is_asked_where_it_is_not_said(
    text: str, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        message = await here.slack.say(text)

        await here.slack.message_shortcut(message, "retest_message", user="octavia")
        form = await here.slack.wait_for_modal("octavia")
        wrong = await here.slack.submit(form, values("the red one"))
        stories = len(await here.stories())
        await here.slack.submit(form, values(f"#{PULL}"))
        await here.let_ci_end()

        assert "I found no pull request of acme/rocket" in wrong.body
        assert stories == 1
        [told] = said_by_bot(here, "1 of 3 jobs failed again")
        assert told.thread_ts == message.ts
        assert here.slack.workspace.modals == {}


async def test_the_job_that_is_written_as_code_is_asked_about(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        here.repository.run(workflow="Nightly", event="schedule", jobs=[BUILD])
        await here.let_ci_end()
        message = await here.slack.say("`build` is red again")

        await here.slack.message_shortcut(message, "who_message", user="octavia")
        await here.settle()

        [told] = said_by_bot(here, "1 job for build")
        assert told.ephemeral_to == "U0OCTAVIA"


async def test_the_job_is_asked_for_with_what_the_message_says_as_a_guess(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        here.repository.run(workflow="Nightly", event="schedule", jobs=[BUILD])
        await here.let_ci_end()
        message = await here.slack.say("build\nis red")

        await here.slack.message_shortcut(message, "who_message")
        form = await here.slack.wait_for_modal()
        guess = form.content["blocks"][0]["element"]["initial_value"]
        await here.slack.submit(form, values(guess))
        await here.settle()

        assert guess == "build"
        assert said_by_bot(here, "1 job for build")


@MODES
async def test_any_command_can_be_said_in_a_form_and_is_answered_between_the_two(
    mode: str, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, slack=slack_in(mode)) as here:
        await here.open_failed_pull()
        await link(here, "octavia")

        await here.slack.shortcut("ask", user="octavia")
        form = await here.slack.wait_for_modal("octavia")
        for _ in range(2):
            await here.slack.submit(form, values(f"retest #{PULL}"))
        await here.let_ci_end()

        [told] = said_by_bot(here, "1 of 3 jobs failed again")
        assert told.channel == here.slack.workspace.direct_channel("U0OCTAVIA").id
        assert told.edits >= 1


async def test_a_form_with_nothing_in_it_is_given_back(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.slack.shortcut("ask")
        form = await here.slack.wait_for_modal()

        answer = await here.slack.submit(form, values(" "))

        assert "Write what you want" in answer.body
        assert await here.stories() == []
