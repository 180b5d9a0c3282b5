"""Slack, as our port wants it: messages through the Web API, answers through response addresses.

A response address comes with a request. Slack signs its requests, but a secret can leak, and then whoever has it could
let us call any machine that we can reach. So we answer at Slack's own addresses and at no other, and a redirect is
not followed.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from typing import Protocol, Self
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from chatops.errors import Broken, ChatopsError, Refused, Transient
from chatops.gateways.net import CONNECT, READ, Client
from chatops.ports import Json

logger = structlog.get_logger(__name__)

API = "https://slack.com/api/"
SLACKS_OWN = frozenset({"https://hooks.slack.com/", "https://hooks.slack-gov.com/"})
"""Where Slack's response addresses begin, wherever its Web API is reached."""
USUAL_WAIT = timedelta(seconds=30)
QUIET = {"parse": "none", "link_names": False}
"""Text from outside must not become mentions or links on its way."""
NO_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}

MEMBER = re.compile(r"[UW][A-Z0-9]{4,}")
"""How Slack writes the id of a person; a channel's begins otherwise."""
PAGE, MOST_PAGES = 200, 5

BAD_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
STUMBLES = frozenset(
    {
        "internal_error",
        "fatal_error",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
        "accesslimited",
        "ratelimited",
        "rate_limited",
        "message_limit_exceeded",
        "rollup_error",
    }
)
OPERATORS = frozenset(
    {
        "not_authed",
        "invalid_auth",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "not_allowed_token_type",
        "no_permission",
        "org_login_required",
        "ekm_access_denied",
    }
)
MEANINGS: Mapping[str, str] = {
    "channel_not_found": "Slack does not know that channel, or does not show it to me.",
    "user_disabled": "That account in Slack is not in use any more.",
    "not_in_channel": "I am not in that channel; invite me with /invite.",
    "is_archived": "That channel is archived.",
    "restricted_action": "Slack's settings do not let me post in that channel.",
    "message_not_found": "The message I wanted to change is no longer there.",
    "cant_update_message": "The message I wanted to change is not mine.",
    "edit_window_closed": "Slack no longer lets me change that message.",
    "msg_too_long": "Slack did not take the message because it is too long.",
    "no_text": "Slack did not take the message because there is nothing in it.",
    "invalid_blocks": "Slack did not take the message's layout.",
    "msg_blocks_too_long": "Slack did not take the message because its layout holds too much text.",
    "expired_url": "The time in which Slack takes an answer to that command, 30 minutes, is over.",
    "used_url": "Slack takes five answers to a command, and it has had five to that one.",
    "no_such_url": "Slack does not know where that command was given.",
    "expired_trigger_id": "I was too slow to show you the form. Choose it again.",
    "user_not_in_channel": "That person is not in the channel.",
}
UNREADABLE = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
ERROR_CODE = re.compile(r"[a-z][a-z0-9_]{1,60}")


class Revealed(Protocol):
    """A secret that says itself only when asked to."""

    def reveal(self) -> str:
        """Return the text."""
        ...


class SlackGateway:
    """Calls Slack as a bot, in the workspace of its token.

    Nothing is repeated here and nothing waits here: whoever asked does both.
    """

    def __init__(
        self,
        *,
        api_url: str = API,
        bot_token: str = "",
        connect: timedelta = CONNECT,
        read: timedelta = READ,
    ) -> None:
        self._api_url = api_url
        self._answered_at = tuple(sorted(SLACKS_OWN | _beginnings(api_url)))
        self._bot_token = bot_token
        self._connect = connect
        self._read = read
        self._client = Client("Slack", connect=connect, read=read)
        self._web: AsyncWebClient | None = None

    async def __aenter__(self) -> Self:
        # On its lowest level the SDK writes whole messages into the log.
        quiet = logging.getLogger(f"{__name__}.sdk")
        quiet.setLevel(logging.WARNING)
        self._web = AsyncWebClient(
            token=self._bot_token,
            base_url=self._api_url,
            session=aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(
                    total=(self._connect + self._read).total_seconds(),
                    sock_connect=self._connect.total_seconds(),
                )
            ),
            logger=quiet,
            retry_handlers=[],
        )
        if _is_here(self._api_url):
            self._web.proxy = None
        return self

    async def __aexit__(self, *_problem: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()
        if self._web is not None and self._web.session is not None:
            await self._web.session.close()
            self._web = None

    async def respond(self, response_url: str, message: Json) -> None:
        """Answer a slash command through its response address (5 times within 30 minutes)."""
        if not response_url.startswith(self._answered_at):
            raise Refused(
                "The command came with an address for its answer that is not Slack's, so I do not answer there.",
                reason="bad_address",
            )
        _check_text(message)
        try:
            await self._answer(response_url, {**QUIET, **NO_PREVIEWS, **message})
        except Refused as refusal:
            plain = _without_blocks(message, refusal)
            if plain is None:
                raise
            logger.warning("layout not taken", reason=refusal.reason)
            await self._answer(response_url, {**QUIET, **NO_PREVIEWS, **plain})

    async def post(
        self, channel: str, message: Json, *, thread: str = "", is_shown: bool = False
    ) -> str:
        """Post a message to a channel, one of its threads, or a person; return the message's name.

        That is its time stamp; where Slack put it elsewhere than we said, with the place before it.
        With `is_shown`, one in a thread is shown in the channel as well.
        """
        frame = _frame(channel, thread)
        if thread and is_shown:
            frame["reply_broadcast"] = True
        posted = await self._say("chat.postMessage", frame, message)
        timestamp, place = posted.get("ts"), posted.get("channel")
        if not isinstance(timestamp, str):
            raise Transient("Slack took the message and did not say its time stamp.")
        # Who is written to by a member's id is answered with the id of the conversation, which alone can be edited.
        return f"{place}/{timestamp}" if isinstance(place, str) and place != channel else timestamp

    async def find(
        self, channel: str, mark: str, *, since: datetime, thread: str = ""
    ) -> str | None:
        """Return the name of the message of ours in a channel, or to a person, whose metadata carry a mark.

        Looked for is among what was said since a moment, as far as a few pages reach. A channel's history does not
        have what was said in its threads, so one of these is looked through by its name.
        """
        place = await self._conversation(channel) if MEMBER.fullmatch(channel) else channel
        arguments: dict[str, object] = {
            "channel": place,
            "oldest": f"{since.timestamp():.6f}",
            "include_all_metadata": True,
            "limit": PAGE,
        }
        method = "conversations.history"
        if thread:
            # The message that a thread belongs to may be older than what is looked for.
            method, arguments["ts"] = "conversations.replies", thread.rpartition("/")[2]
        for _ in range(MOST_PAGES):
            answer = await self._call(method, arguments)
            for message in _objects(answer.get("messages")):
                timestamp = message.get("ts")
                if _mark_of(message) == mark and isinstance(timestamp, str):
                    return timestamp if place == channel else f"{place}/{timestamp}"
            cursor = _object(answer.get("response_metadata")).get("next_cursor")
            if not cursor:
                return None
            arguments["cursor"] = cursor
        return None

    async def _conversation(self, member: str) -> str:
        """Return the id of our conversation with somebody; Slack opens it, if there has been none."""
        opened = await self._call("conversations.open", {"users": member})
        place = _object(opened.get("channel")).get("id")
        if not isinstance(place, str):
            raise Transient("Slack opened a conversation and did not say which.")
        return place

    async def update(self, channel: str, name: str, message: Json) -> None:
        """Replace a message of ours."""
        place, _, timestamp = name.rpartition("/")
        # Slack has not always agreed with itself on whether a layout that is left out goes or stays.
        frame = {**QUIET, "channel": place or channel, "ts": timestamp, "blocks": []}
        await self._say("chat.update", frame, message)

    async def whisper(self, channel: str, member: str, message: Json, *, thread: str = "") -> None:
        """Show a message in a channel to one person only; it cannot be changed later."""
        frame = {**_frame(channel, thread), "user": member}
        await self._say("chat.postEphemeral", frame, message)

    async def team(self) -> str:
        """Return the id of the workspace that the token belongs to."""
        team = (await self._call("auth.test", {})).get("team_id")
        if not isinstance(team, str):
            raise Transient("Slack did not say whose token it is.")
        return team

    async def open_form(self, trigger: str, form: Json) -> None:
        """Show a form to the person whose act gave the trigger, within three seconds of it."""
        await self._call("views.open", {"trigger_id": trigger, "view": dict(form)})

    async def unfurl(self, channel: str, message: str, pages: Mapping[str, Json]) -> None:
        """Show under somebody's message what is behind its addresses; done again, it replaces what was shown."""
        shown = {url: dict(page) for url, page in pages.items()}
        await self._call("chat.unfurl", {"channel": channel, "ts": message, "unfurls": shown})

    async def publish(self, member: str, home: Json) -> None:
        """Show somebody our home tab, in place of what it showed."""
        await self._call("views.publish", {"user_id": member, "view": dict(home)})

    async def _say(self, method: str, frame: Json, message: Json) -> Json:
        _check_text(message)
        try:
            return await self._call(method, {**frame, **message})
        except Refused as refusal:
            plain = _without_blocks(message, refusal)
            if plain is None:
                raise
            logger.warning("layout not taken", reason=refusal.reason)
            return await self._call(method, {**frame, **plain})

    async def _call(self, method: str, arguments: Json) -> Json:
        if self._web is None:
            raise Broken("The Slack gateway has not been opened.")
        try:
            answer = await self._web.api_call(method, json=dict(arguments))
        except SlackApiError as problem:
            raise _problem_of(problem) from problem
        except TimeoutError as problem:
            raise Transient("Slack did not answer in time.") from problem
        except (aiohttp.ClientError, OSError) as problem:
            raise Transient("Slack could not be reached.") from problem
        except (SlackClientError, *UNREADABLE) as problem:
            # The SDK trips over what is not a JSON object.
            raise Transient("Slack's answer could not be read.") from problem
        return answer.data if isinstance(answer.data, dict) else {}

    async def _answer(self, response_url: str, message: Json) -> None:
        answer = await self._client.request(
            "POST",
            response_url,
            headers={"content-type": "application/json; charset=utf-8"},
            body=json.dumps(message).encode(),
        )
        code = _error_in(answer.body)
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES or code:
            raise _error(code, answer.status, answer.headers.get)
        # Slack calls its bare "ok" HTML as well; a page begins like one.
        if answer.body.lstrip().startswith(b"<"):
            raise Transient("Somebody answered in Slack's place, with a web page.")


def _mark_of(message: Json) -> object:
    """Return the mark in a message's metadata, if we put one there."""
    return _object(_object(message.get("metadata")).get("event_payload")).get("mark")


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _frame(channel: str, thread: str) -> dict[str, object]:
    """Return what each new message carries: where it goes, and that nothing in it is made live."""
    place = {"channel": channel, "thread_ts": thread} if thread else {"channel": channel}
    return {**QUIET, **NO_PREVIEWS, **place}


def _problem_of(problem: SlackApiError) -> ChatopsError:
    answer = problem.response
    # Where the body is not JSON, the SDK hands on its HTTP library's response.
    if not isinstance(answer, AsyncSlackResponse):
        return Transient("Slack's answer could not be read.")
    content = answer.data if isinstance(answer.data, dict) else {}
    return _error(str(content.get("error") or ""), answer.status_code, answer.headers.get)


def _error(code: str, status: int, header: Callable[[str], str | None]) -> ChatopsError:
    if status == HTTPStatus.TOO_MANY_REQUESTS or code in ("ratelimited", "rate_limited"):
        seconds = header("retry-after") or header("Retry-After") or ""
        wait = timedelta(seconds=int(seconds)) if re.fullmatch(r"\d{1,6}", seconds) else USUAL_WAIT
        return Transient("Slack asks me to slow down.", retry_after=wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in STUMBLES:
        return Transient(f"Slack has trouble of its own ({code or status}).")
    if code in OPERATORS:
        return Refused(
            f"Slack does not accept the bot's credentials ({code}). Its operator has to check the bot token and its "
            "scopes.",
            reason="credentials",
        )
    if code in MEANINGS:
        return Refused(MEANINGS[code], reason=code)
    if code:
        return Refused(f"Slack did not take the message ({code}).", reason=code)
    if status < HTTPStatus.BAD_REQUEST:
        return Transient("Slack's answer could not be read.")
    return Refused(f"Slack did not take the message ({status}).")


def _error_in(body: bytes) -> str:
    """Return the error in the body of a response address: JSON, or the bare word."""
    text = body.decode(errors="replace").strip()
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return text if text != "ok" and ERROR_CODE.fullmatch(text) else ""
    if isinstance(content, dict) and content.get("ok") is False:
        return str(content.get("error") or "unknown_error")
    return ""


def _check_text(message: Json) -> None:
    """Notifications and screen readers get the text; without one they say nothing."""
    if not str(message.get("text") or "").strip():
        raise Broken("A message for Slack has no text beside its layout.")


def _without_blocks(message: Json, refusal: Refused) -> Json | None:
    """Return the message as its fallback text alone, where its layout is what was not taken."""
    if refusal.reason not in BAD_BLOCKS or not message.get("text") or not message.get("blocks"):
        return None
    return {**message, "blocks": []}


def _beginnings(api_url: str) -> frozenset[str]:
    """Return how the response addresses of the Slack at this address begin: with its host, or a `hooks.` before it."""
    parts = urlsplit(api_url)
    return frozenset(f"{parts.scheme}://{hooks}{parts.netloc}/" for hooks in ("", "hooks."))


def _is_here(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
