from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from chatops.standins.slack import SlackStandIn, Workspace, serve_in_thread, small_workspace

pytestmark = pytest.mark.anyio

BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}]
FIELD = {
    "type": "input",
    "block_id": "said",
    "label": {"type": "plain_text", "text": "What"},
    "element": {"type": "plain_text_input", "action_id": "said"},
}


@asynccontextmanager
async def client_of(slack: SlackStandIn) -> AsyncIterator[AsyncWebClient]:
    yield AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])


def error_of(failure: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(failure.value.response["error"])


async def test_the_sdk_posts_edits_reads_and_deletes() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        posted = await client.chat_postMessage(channel="#ci", text="first", blocks=BLOCKS)
        await client.chat_update(channel="C0CI", ts=posted["ts"], text="second")
        read = await client.conversations_history(channel="C0CI")
        [message] = slack.messages
        await client.chat_delete(channel="C0CI", ts=posted["ts"])

        assert read["messages"][0]["text"] == "second"
        assert "edited" in read["messages"][0]
        assert (message.text, message.edits, message.blocks) == ("second", 1, ())
        assert slack.messages == ()
        assert [message.text for message in slack.workspace.deleted] == ["second"]
        assert [call.method for call in slack.requests] == [
            "chat.postMessage",
            "chat.update",
            "conversations.history",
            "chat.delete",
        ]


async def test_form_and_json_arguments_mean_the_same() -> None:
    async with SlackStandIn() as slack, httpx.AsyncClient() as http:
        bearer = {"Authorization": f"Bearer {slack.bot_token}"}
        url = f"{slack.api_url}chat.postMessage"
        form = {"channel": "C0CI", "text": "hi", "blocks": '[{"type":"divider"}]'}
        as_form = await http.post(url, data=form, headers=bearer)
        as_json = await http.post(
            url, json={**form, "blocks": [{"type": "divider"}]}, headers=bearer
        )

        assert as_form.json()["ok"]
        assert as_json.json()["ok"]
        assert [message.blocks[0]["type"] for message in slack.messages] == ["divider"] * 2


async def test_a_thread_is_read_from_its_first_message_on() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        first = await client.chat_postMessage(channel="C0CI", text="first")
        reply = await client.chat_postMessage(channel="C0CI", text="re", thread_ts=first["ts"])
        await client.chat_postMessage(channel="C0CI", text="rere", thread_ts=reply["ts"])
        history = await client.conversations_history(channel="C0CI")
        thread = await client.conversations_replies(channel="C0CI", ts=first["ts"])

        assert [message["text"] for message in history["messages"]] == ["first"]
        assert history["messages"][0]["reply_count"] == 2
        assert [message["text"] for message in thread["messages"]] == ["first", "re", "rere"]


async def test_lists_come_in_pages() -> None:
    workspace = small_workspace()
    for number in range(7):
        workspace.add_channel(f"room-{number}")
    async with SlackStandIn(workspace=workspace) as slack, client_of(slack) as client:
        names: list[str] = []
        async for page in await client.conversations_list(limit=4):
            names += [channel["name"] for channel in page["channels"]]

        assert len(names) == len(set(names)) == 9


async def test_metadata_travels_with_the_message_for_whoever_asks() -> None:
    metadata = {"event_type": "reply", "event_payload": {"command": "c-1"}}
    async with SlackStandIn() as slack, client_of(slack) as client:
        await client.chat_postMessage(channel="C0CI", text="hi", metadata=metadata)
        without = await client.conversations_history(channel="C0CI")
        with_it = await client.conversations_history(channel="C0CI", include_all_metadata=True)

        assert "metadata" not in without["messages"][0]
        assert with_it["messages"][0]["metadata"] == metadata


async def test_an_ephemeral_message_is_out_of_reach_of_the_api() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        shown = await client.chat_postEphemeral(channel="C0CI", user="U0MONA", text="psst")
        with pytest.raises(SlackApiError) as refused:
            await client.chat_update(channel="C0CI", ts=shown["message_ts"], text="again")
        history = await client.conversations_history(channel="C0CI")

        assert error_of(refused) == "message_not_found"
        assert history["messages"] == []
        assert slack.workspace.messages_in("ci", seen_by="U0OCTAVIA") == ()
        assert len(slack.workspace.messages_in("ci", seen_by="U0MONA")) == 1


async def test_people_are_found_by_id_and_by_address() -> None:
    name = "Mona"
    address = f"{name}@example.org"
    workspace = Workspace()
    mona = workspace.add_user("mona", email=address)
    async with SlackStandIn(workspace=workspace) as slack, client_of(slack) as client:
        by_id = await client.users_info(user=mona.id)
        by_address = await client.users_lookupByEmail(email=address.lower())
        with pytest.raises(SlackApiError) as unknown:
            await client.users_lookupByEmail(email=f"no{address}")
        everybody = await client.users_list()

        assert by_id["user"] == by_address["user"]
        assert error_of(unknown) == "users_not_found"
        assert {user["name"] for user in everybody["members"]} == {"mona", "chatops"}


async def test_a_message_to_a_person_opens_the_conversation() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        opened = await client.conversations_open(users="U0MONA")
        posted = await client.chat_postMessage(channel="U0MONA", text="hello")

        assert posted["channel"] == opened["channel"]["id"]
        assert slack.workspace.channel("U0MONA").with_user == "U0MONA"


async def test_a_reaction_is_added_once() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        message = await slack.say("look")
        where: dict[str, Any] = {"channel": message.channel, "timestamp": message.ts}
        await client.reactions_add(name="eyes", **where)
        with pytest.raises(SlackApiError) as again:
            await client.reactions_add(name="eyes", **where)
        read = await client.reactions_get(**where)

        assert error_of(again) == "already_reacted"
        assert read["message"]["reactions"] == [
            {"name": "eyes", "users": [slack.workspace.bot.id], "count": 1}
        ]


async def test_the_token_decides_what_may_be_called() -> None:
    async with SlackStandIn() as slack, httpx.AsyncClient() as http:

        async def call(method: str, token: str) -> str:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            answer = (await http.post(slack.api_url + method, headers=headers)).json()
            return str(answer.get("error", "ok"))

        assert await call("auth.test", slack.bot_token) == "ok"
        assert await call("auth.test", "") == "not_authed"
        assert await call("auth.test", "xoxb-else") == "invalid_auth"
        assert await call("auth.test", slack.app_token) == "not_allowed_token_type"
        assert await call("apps.connections.open", slack.bot_token) == "not_allowed_token_type"
        assert await call("chat.shout", slack.bot_token) == "unknown_method"


async def test_the_token_says_which_of_several_workspaces_is_meant() -> None:
    first = SlackStandIn()
    workspace = Workspace(team_id="T0OTHER", team_name="other")
    workspace.add_channel("build")
    second = SlackStandIn(workspace=workspace, beside=first)
    async with first, client_of(first) as here, client_of(second) as there:
        teams = [(await client.auth_test())["team_id"] for client in (here, there)]
        await there.chat_postMessage(channel="C0BUILD", text="Hello")
        with pytest.raises(SlackApiError) as failure:
            await here.chat_postMessage(channel="C0BUILD", text="Hello")

    assert error_of(failure) == "channel_not_found"
    assert teams == ["T0STANDIN", "T0OTHER"]
    assert [one.text for one in second.messages] == ["Hello"]
    assert first.messages == ()


async def test_refusals_have_the_shape_of_slacks() -> None:
    too_many = BLOCKS * 51
    async with SlackStandIn() as slack, client_of(slack) as client:
        with pytest.raises(SlackApiError) as blocks:
            await client.chat_postMessage(channel="C0CI", text="hi", blocks=too_many)
        with pytest.raises(SlackApiError) as nowhere:
            await client.chat_postMessage(channel="C0NOWHERE", text="hi")
        with pytest.raises(SlackApiError) as nothing:
            await client.api_call("chat.postMessage", json={"channel": "C0CI", "text": " "})

        assert blocks.value.response.data == {
            "ok": False,
            "error": "invalid_blocks",
            "errors": ["no more than 50 items allowed [json-pointer:/blocks]"],
            "response_metadata": {
                "messages": ["[ERROR] no more than 50 items allowed [json-pointer:/blocks]"]
            },
        }
        assert error_of(nowhere) == "channel_not_found"
        assert error_of(nothing) == "no_text"
        assert slack.messages == ()


async def test_blocks_without_a_text_are_posted_with_a_warning() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        with pytest.warns(UserWarning, match="text"):
            answer = await client.chat_postMessage(channel="C0CI", blocks=BLOCKS)

        assert answer["warning"] == "missing_text_in_message"


async def test_an_archived_channel_takes_nothing() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        slack.workspace.archive("C0CI")
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel="C0CI", text="hi")

        assert error_of(refused) == "is_archived"


async def test_only_the_apps_own_messages_can_be_changed() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        message = await slack.say("mine")
        with pytest.raises(SlackApiError) as refused:
            await client.chat_update(channel=message.channel, ts=message.ts, text="yours")

        assert error_of(refused) == "cant_update_message"


async def test_a_fault_hits_once_and_says_how_long_to_wait() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        slack.fail_next("chat.postMessage", retry_after=7)
        with pytest.raises(SlackApiError) as limited:
            await client.chat_postMessage(channel="C0CI", text="hi")
        await client.chat_postMessage(channel="C0CI", text="hi")

        assert limited.value.response.status_code == 429
        assert limited.value.response.headers["Retry-After"] == "7"
        assert error_of(limited) == "ratelimited"
        assert len(slack.messages) == 1


async def test_an_answer_can_get_lost_after_the_message_was_posted() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        slack.fail_next("*", status=503, after_effect=True)
        with pytest.raises(SlackApiError):
            await client.chat_postMessage(channel="C0CI", text="hi")

        assert [message.text for message in slack.messages] == ["hi"]


async def test_the_ledger_knows_who_is_over_the_tier_and_refuses_when_told() -> None:
    moment = datetime(2026, 3, 4, tzinfo=UTC)
    async with SlackStandIn(workspace=small_workspace(lambda: moment)) as slack:
        async with client_of(slack) as client:
            for _ in range(21):
                await client.users_list()
            assert slack.ledger.over_tier == ["users.list"]

            slack.ledger.enforce_tiers = True
            with pytest.raises(SlackApiError) as limited:
                await client.users_list()
            moment += timedelta(minutes=1)
            await client.users_list()

        assert limited.value.response.headers["Retry-After"] == "60"


async def test_a_modal_opens_once_and_soon_after_the_click() -> None:
    moment = datetime(2026, 3, 4, tzinfo=UTC)
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Rerun"}, "blocks": BLOCKS}
    async with SlackStandIn(workspace=small_workspace(lambda: moment)) as slack:
        async with client_of(slack) as client:
            fresh, stale = (slack.tickets.give_trigger("U0MONA").id for _ in range(2))
            opened = await client.views_open(trigger_id=fresh, view=view)
            with pytest.raises(SlackApiError) as again:
                await client.views_open(trigger_id=fresh, view=view)
            moment += timedelta(seconds=4)
            with pytest.raises(SlackApiError) as late:
                await client.views_open(trigger_id=stale, view=view)
            identifier, seen = opened["view"]["id"], opened["view"]["hash"]
            await client.views_update(view_id=identifier, hash=seen, view={**view, "blocks": []})
            with pytest.raises(SlackApiError) as race:
                await client.views_update(view_id=identifier, hash=seen, view=view)

        assert error_of(again) == "exchanged_trigger_id"
        assert error_of(late) == "expired_trigger_id"
        assert error_of(race) == "hash_conflict"
        assert slack.workspace.modals[identifier].content["blocks"] == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"private_metadata": "x" * 3001}, "invalid_arguments"),
        ({"callback_id": "x" * 256}, "invalid_arguments"),
        ({"submit": {"type": "plain_text", "text": "x" * 25}}, "invalid_arguments"),
        ({"title": {"type": "plain_text", "text": ""}}, "invalid_arguments"),
        ({"blocks": [FIELD], "submit": None}, "invalid_arguments"),
        ({"external_id": "x" * 250_000}, "view_too_large"),
    ],
)
async def test_a_form_beyond_its_limits_is_refused(changes: dict[str, Any], error: str) -> None:
    title = {"type": "plain_text", "text": "Rerun"}
    view = {"type": "modal", "title": title, "submit": title, "blocks": [FIELD], **changes}
    async with SlackStandIn() as slack, client_of(slack) as client:
        trigger = slack.tickets.give_trigger("U0MONA").id
        with pytest.raises(SlackApiError) as refused:
            await client.views_open(trigger_id=trigger, view=view)
        await client.views_open(
            trigger_id=slack.tickets.give_trigger("U0MONA").id,
            view={"type": "modal", "title": title, "submit": title, "blocks": [FIELD]},
        )

    assert error_of(refused) == error


async def test_a_home_tab_belongs_to_one_person() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        await client.views_publish(user_id="U0MONA", view={"type": "home", "blocks": BLOCKS})

        [shown] = slack.workspace.homes["U0MONA"].content["blocks"]
        assert {**shown, "block_id": ""} == {**BLOCKS[0], "block_id": ""}
        assert "U0OCTAVIA" not in slack.workspace.homes


async def test_what_is_behind_an_address_is_shown_under_it_and_replaced_the_next_time() -> None:
    async with SlackStandIn(scopes=("links:write",)) as slack, client_of(slack) as client:
        message = await slack.say("see https://ci.example/nightly.")
        channel, ts = message.channel, message.ts
        shown = {"https://ci.example/nightly": {"blocks": BLOCKS}}
        for _ in range(2):
            await client.chat_unfurl(channel=channel, ts=ts, unfurls=shown)
        with pytest.raises(SlackApiError) as elsewhere:
            await client.chat_unfurl(
                channel=channel, ts=ts, unfurls={"https://other.example": {"blocks": BLOCKS}}
            )
        with pytest.raises(SlackApiError) as nothing:
            await client.chat_unfurl(channel=channel, ts=ts, unfurls={})

        [(url, _)] = slack.workspace.message(message.channel, message.ts).unfurls
        assert url == "https://ci.example/nightly"
        assert error_of(elsewhere) == "cannot_unfurl_url"
        assert error_of(nothing) == "missing_unfurls"


async def test_a_permalink_names_channel_and_message() -> None:
    async with SlackStandIn() as slack, client_of(slack) as client:
        message = await slack.say("here")
        answer = await client.chat_getPermalink(channel=message.channel, message_ts=message.ts)

        assert answer["permalink"].endswith(f"/archives/C0CI/p{message.ts.replace('.', '')}")


def test_a_program_without_an_event_loop_is_served_from_a_thread() -> None:
    with serve_in_thread(SlackStandIn()) as served:
        url, token = served.slack.api_url, served.slack.bot_token
        answer = httpx.post(
            f"{url}chat.postMessage",
            data={"channel": "ci", "text": "hi"},
            headers={"Authorization": f"Bearer {token}"},
        )
        served.run(served.slack.say("hello"))

        assert answer.json()["ok"]
        assert [message.text for message in served.slack.messages] == ["hi", "hello"]


@pytest.mark.parametrize(
    ("scope", "open_one", "shut_one"),
    [("channels:history", "C0CI", "D0MONA"), ("im:history", "D0MONA", "C0CI")],
)
async def test_an_app_reads_only_the_conversations_that_its_scopes_open(
    scope: str, open_one: str, shut_one: str
) -> None:
    async with SlackStandIn(scopes=["im:write", scope]) as slack, client_of(slack) as client:
        await client.conversations_open(users="U0MONA")
        await client.conversations_history(channel=open_one)
        with pytest.raises(SlackApiError) as refused:
            await client.conversations_history(channel=shut_one)

        assert error_of(refused) == "missing_scope"
        assert refused.value.response["needed"].endswith(":history")
        assert refused.value.response["provided"] == ",".join(sorted(["im:write", scope]))


async def test_an_app_without_the_scope_does_nothing() -> None:
    async with SlackStandIn(scopes=[]) as slack, client_of(slack) as client:
        await client.auth_test()
        with pytest.raises(SlackApiError) as posting:
            await client.chat_postMessage(channel="C0CI", text="hello")
        with pytest.raises(SlackApiError) as opening:
            await client.conversations_open(users="U0MONA")

        assert {error_of(posting), error_of(opening)} == {"missing_scope"}
        assert slack.messages == ()
