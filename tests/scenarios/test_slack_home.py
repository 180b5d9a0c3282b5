"""Slack's larger surfaces: the home tab, and the forms in which jobs are chosen; each ends in what one could type."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from chatops.standins.slack import Message, SlackStandIn, View
from chatops.standins.slack.limits import problems_of_blocks
from chatops.standins.slack.workspace import texts_in
from chatops.views.modals import JOBS, MUTE, REASON, RETEST, SAID, SUBSCRIBE, WHICH
from tests.scenarios.signing_in import link
from tests.scenarios.world import AUTHOR, BUILD, PULL, Town, town

pytestmark = pytest.mark.anyio

MODES = pytest.mark.parametrize("mode", ["http", "socket"])


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """The address of an empty database: which kind it is makes no difference to what is heard and shown."""
    return f"sqlite:///{tmp_path / 'chatops.db'}"


OURS = """\
    maintainers:
    - {regex: build, group: Builders, owners: [{github: mona}]}
"""
TALK = "https://talk.example/nightly"
MONA = "U0OCTAVIA"
"""Who is mona on GitHub is octavia in Slack."""


def slack_in(mode: str) -> SlackStandIn:
    return SlackStandIn(mode="socket" if mode == "socket" else "http")


def home_of(here: Town, user: str = MONA) -> str:
    """Return what somebody's home tab says."""
    view = here.slack.workspace.homes[user]
    assert problems_of_blocks(view.content["blocks"], "home") == []
    return "\n".join(texts_in(view.content["blocks"]))


def element(view: View, block: str) -> dict[str, Any]:
    """Return the element of a form's field."""
    [found] = [one["element"] for one in view.content["blocks"] if one["block_id"] == block]
    return dict(found)


def options(view: View) -> list[str]:
    """Return the jobs that a form offers."""
    groups = element(view, JOBS)["option_groups"]
    return [option["value"] for group in groups for option in group["options"]]


def values(jobs: Sequence[str] = (), said: str = "", **more: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form is sent with, as Slack tells it."""
    chosen = [{"value": job, "text": {"type": "plain_text", "text": job}} for job in jobs]
    return {
        JOBS: {JOBS: {"type": "multi_static_select", "selected_options": chosen}},
        SAID: {SAID: {"type": "plain_text_input", "value": said or None}},
        **{name: {name: value} for name, value in more.items()},
    }


def written(text: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": text}


def said_by_bot(here: Town, words: str) -> list[Message]:
    return [one for one in here.slack.messages if one.from_app and one.text.startswith(words)]


async def failed_night(here: Town) -> None:
    """Let a job of the night fail that mona looks after."""
    broken = type(BUILD)("build", outcomes=("failure",))
    here.repository.run(workflow="Nightly", event="schedule", jobs=[broken, type(BUILD)("paint")])
    await here.let_ci_end()


@MODES
async def test_the_home_tab_shows_what_is_ones_own_and_is_looked_at_again_by_a_button(
    mode: str, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, slack=slack_in(mode), extra=OURS) as here:
        await here.slack.open_home("octavia")
        await here.settle()
        unknown = home_of(here)
        await link(here, "octavia")
        await failed_night(here)
        here.repository.pull(number=PULL, author="mona", title="Paint it")
        await here.settle()

        await here.slack.click_in_view(here.slack.workspace.homes[MONA], "home/refresh")
        await here.settle()

        assert "I do not know who you are on GitHub" in unknown
        assert "My jobs: 1 of 1 job of Builders fail" in home_of(here)
        assert "Paint it" in home_of(here)
        assert not [one for one in here.slack.messages if one.from_app and "yours" in one.text]


async def test_looking_twice_at_once_is_looking_once(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        event = {
            "type": "app_home_opened", "user": MONA, "tab": "home", "event_ts": "1767600000.000100",
        }  # fmt: skip
        for event_ts in ("1767600000.000100", "1767600001.000100"):
            await here.slack.event(event | {"event_ts": event_ts})
        await here.slack.event(event | {"tab": "messages", "event_ts": "1767700000.0"})
        await here.settle()

        assert len(await here.stories()) == 1
        assert len(here.slack.calls("views.publish")) == 1


async def test_a_stranger_to_a_closed_community_finds_an_empty_home(
    database_url: str, tmp_path: Path
) -> None:
    closed = OURS + "    private: true\n"
    async with town(database_url, tmp_path, extra=closed) as here:
        await failed_night(here)

        await here.slack.open_home("newcomer")
        await here.settle()
        await here.slack.shortcut(MUTE, user="newcomer")
        form = await here.slack.wait_for_modal("newcomer")

        assert "build" not in home_of(here, "U0NEWCOMER")
        assert "build" not in str(form.content)


async def test_failed_jobs_are_chosen_and_run_again(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        message = await here.slack.say(f"#{PULL} is red")

        await here.slack.message_shortcut(message, "choose_message", user="octavia")
        form = await here.slack.wait_for_modal("octavia")
        offered = options(form)
        await here.slack.submit(form, values(jobs=["CI / test (b)"]))
        await here.let_ci_end()

        assert form.content["callback_id"] == RETEST
        assert offered == ["CI / test (a)", "CI / test (b)", "Static checks / lint"]
        assert here.reruns == ["rerun CI / test (b)", "rerun Gatekeeper"]
        [told] = [one for one in here.slack.messages if one.from_app and one.thread_ts]
        assert told.thread_ts == message.ts


async def test_where_no_pull_request_is_named_it_is_asked_for_before_jobs_are_chosen(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        await link(here, "octavia")
        message = await here.slack.say("it is red")

        await here.slack.message_shortcut(message, "choose_message", user="octavia")
        which = await here.slack.wait_for_modal("octavia")
        wrong = await here.slack.submit(which, values(which=written("the red one")))
        await here.slack.submit(which, values(which=written(f"#{PULL}")))
        form = await here.slack.wait_for_modal("octavia")
        before = list(here.reruns)
        await here.slack.submit(form, values(jobs=["Static checks / lint"]))
        await here.let_ci_end()

        assert list(json.loads(wrong.body)["errors"]) == [WHICH]
        assert "I found no pull request" in wrong.body
        assert form.content["callback_id"] == RETEST
        assert before == []
        assert here.reruns == ["rerun Static checks / lint", "rerun Gatekeeper"]


async def test_a_job_is_muted_in_a_form_and_what_is_wrong_is_said_at_the_field(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await link(here, "octavia")
        await failed_night(here)
        lasts: dict[str, Any] = {"type": "static_select", "selected_option": {"value": "3d"}}
        reason: dict[str, Any] = {"type": "plain_text_input", "value": "the runner is being moved"}

        await here.slack.shortcut(MUTE, user="octavia")
        form = await here.slack.wait_for_modal("octavia")
        empty = await here.slack.submit(form, values(lasts=lasts, reason=reason))
        sent = values(said="build", lasts=lasts, reason=reason | {"value": "  "})
        without_reason = await here.slack.submit(form, sent)
        too_long = lasts | {"selected_option": {"value": "90d"}}
        wrong = await here.slack.submit(form, values(said="build", lasts=too_long, reason=reason))
        before = await here.stories()
        chosen = {"type": "static_select", "selected_option": {"value": "Nightly / build"}}
        sent = values(lasts=lasts, reason=reason) | {JOBS: {JOBS: chosen}}
        await here.slack.submit(form, sent)
        await here.settle()

        assert "Choose a job" in empty.body
        assert list(json.loads(without_reason.body)["errors"]) == [REASON]
        assert {empty.error, without_reason.error, wrong.error} == {None}
        assert "30 days at most" in wrong.body
        assert len(before) == 1
        assert here.slack.workspace.modals == {}
        assert said_by_bot(here, "Muted 1 job until")


async def test_a_button_of_a_list_opens_the_form_that_adds_to_it(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await link(here, "octavia")
        await failed_night(here)
        asked = await here.slack.slash("/acme", "subscribe list", user="octavia")
        listed = await asked.message()
        [button] = [
            one
            for block in listed.blocks
            if block["type"] == "actions"
            for one in block["elements"]
        ]

        await here.slack.click(listed, button["action_id"], user="octavia")
        form = await here.slack.wait_for_modal("octavia")
        where: dict[str, Any] = {"type": "radio_buttons", "selected_option": {"value": "-"}}
        await here.slack.submit(form, values(jobs=["nightly"], where=where))
        await here.settle()

        assert form.content["callback_id"] == SUBSCRIBE
        assert options(form)[:2] == ["nightly", "Nightly / build"]
        assert said_by_bot(here, "From now on I tell you in Slack")


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        ({"error": "expired_trigger_id"}, "I was too slow to show you the form. Choose it again."),
        ({"status": 503}, "I could not show you the form just now. Choose it again."),
    ],
    ids=["slow", "away"],
)
async def test_who_is_shown_no_form_is_told_so(
    trouble: dict[str, Any], told: str, database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        message = await here.slack.say("Something is red.")
        here.slack.fail_next("views.open", times=2, **trouble)

        on_message = await here.slack.message_shortcut(message, "choose_message", user="octavia")
        regret = await on_message.message()
        assert (await here.slack.shortcut("mute", user="octavia")).error is None
        direct = await here.slack.wait_for_message(lambda one: one.channel == "D0OCTAVIA")

        assert (regret.text, regret.ephemeral_to) == (told, "U0OCTAVIA")
        assert direct.text == told
        assert await here.stories() == []


async def test_a_word_that_is_no_command_is_said_at_the_field(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.slack.shortcut("ask")
        form = await here.slack.wait_for_modal()

        answer = await here.slack.submit(form, values(said="ret #7"))

        assert "I do not know ret. Did you mean /acme retest" in answer.body
        assert await here.stories() == []


async def test_what_is_wrong_with_the_pull_request_of_a_message_is_told_in_its_thread(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()
        message = await here.slack.say(f"{AUTHOR} asks about #{PULL}")

        await here.slack.message_shortcut(message, "status_message")
        await here.settle()

        [told] = said_by_bot(here, f"#{PULL} cannot be merged yet")
        assert told.thread_ts == message.ts


async def test_a_page_that_is_named_is_shown_in_short_under_the_message(
    database_url: str, tmp_path: Path
) -> None:
    slack = SlackStandIn(unfurl_domains=("127.0.0.1",))
    async with town(database_url, tmp_path, slack=slack) as here:
        await failed_night(here)

        message, delivery = await here.slack.share(f"Look: {here.address}/nightly and {TALK}")
        await here.settle()

        assert delivery is not None
        assert delivery.was_accepted
        [(url, blocks)] = here.slack.workspace.message(message.channel, message.ts).unfurls
        assert url == f"{here.address}/nightly"
        assert "1 of 2 tests failed" in " ".join(texts_in(blocks))
        assert len(here.slack.calls("chat.unfurl")) == 1
        async with httpx.AsyncClient(trust_env=False) as client:
            picture = await client.get(f"{here.address}/strip/drawn/fp.png")
        assert picture.headers["content-type"] == "image/png"
