"""What Slack sends to an app, word for word: commands, clicks, submissions and events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from chatops.standins.slack.tickets import ResponseUrl, Trigger
from chatops.standins.slack.workspace import JsonObject, Message, RefusedBySlack, User, Workspace

_LINK = re.compile(r"https?://[^\s<>|]+")
_AT = re.compile(r"(?<![\w@<])@([\w.-]+)")
_HASH = re.compile(r"(?<![\w#<&])#([\w-]+)")


def typed(text: str, workspace: Workspace) -> str:
    """Return text as Slack stores what a person typed: escaped, with names made mentions."""

    def person(match: re.Match[str]) -> str:
        try:
            return f"<@{workspace.user(match[1]).id}>"
        except RefusedBySlack:
            return match[0]

    def place(match: re.Match[str]) -> str:
        try:
            channel = workspace.channel(match[1])
        except RefusedBySlack:
            return match[0]
        return f"<#{channel.id}|{channel.name}>"

    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _HASH.sub(place, _AT.sub(person, escaped))


def slash_command(
    workspace: Workspace,
    *,
    command: str,
    text: str,
    user: User,
    channel: str,
    response_url: str,
    trigger: Trigger,
) -> JsonObject:
    """Return the form of a slash command."""
    place = workspace.channels[channel]
    return {
        "token": "pretend-verification-token",
        "team_id": workspace.team_id,
        "team_domain": workspace.team_name,
        "channel_id": channel,
        "channel_name": "directmessage" if place.with_user else place.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": workspace.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger.id,
    }


def block_actions(
    workspace: Workspace, *, user: User, action: JsonObject, trigger: Trigger
) -> JsonObject:
    """Return the part of a click's payload that is the same in messages and in views."""
    return {
        "type": "block_actions",
        "user": _person(workspace, user),
        "api_app_id": workspace.app_id,
        "token": "pretend-verification-token",
        "trigger_id": trigger.id,
        "team": {"id": workspace.team_id, "domain": workspace.team_name},
        "enterprise": None,
        "is_enterprise_install": False,
        "state": {"values": {}},
        "actions": [{**action, "action_ts": workspace.next_ts()}],
    }


def in_message(
    workspace: Workspace, message: Message, shape: JsonObject, ticket: ResponseUrl, url: str
) -> JsonObject:
    """Return the part of a click's payload that says which message it was in.

    Slack does not send the content of an ephemeral message back.
    """
    place = workspace.channels[message.channel]
    container: JsonObject = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.is_ephemeral,
    }
    if ticket.thread_ts is not None:
        container["thread_ts"] = ticket.thread_ts
    where: JsonObject = {
        "container": container,
        "channel": {"id": place.id, "name": "directmessage" if place.with_user else place.name},
        "response_url": url,
    }
    return where if message.is_ephemeral else where | {"message": shape}


def view_submission(
    workspace: Workspace, *, user: User, shape: JsonObject, values: JsonObject, trigger: Trigger
) -> JsonObject:
    """Return the payload of a modal that somebody filled in and sent."""
    return {
        "type": "view_submission",
        "team": {"id": workspace.team_id, "domain": workspace.team_name},
        "user": _person(workspace, user),
        "api_app_id": workspace.app_id,
        "token": "pretend-verification-token",
        "trigger_id": trigger.id,
        "view": shape | {"state": {"values": values}},
        "response_urls": [],
        "is_enterprise_install": False,
    }


def shortcut(workspace: Workspace, *, name: str, user: User, trigger: Trigger) -> JsonObject:
    """Return the payload of a shortcut that is offered everywhere."""
    return {
        "type": "shortcut",
        "token": "pretend-verification-token",
        "action_ts": workspace.next_ts(),
        "team": {"id": workspace.team_id, "domain": workspace.team_name},
        "user": {"id": user.id, "username": user.name, "team_id": workspace.team_id},
        "is_enterprise_install": False,
        "enterprise": None,
        "callback_id": name,
        "trigger_id": trigger.id,
    }


def message_shortcut(
    workspace: Workspace,
    *,
    name: str,
    user: User,
    message: Message,
    shape: JsonObject,
    trigger: Trigger,
    url: str,
) -> JsonObject:
    """Return the payload of a shortcut that was chosen on a message, which comes along."""
    place = workspace.channels[message.channel]
    return {
        "type": "message_action",
        "token": "pretend-verification-token",
        "action_ts": workspace.next_ts(),
        "team": {"id": workspace.team_id, "domain": workspace.team_name},
        "user": {"id": user.id, "name": user.name},
        "channel": {"id": place.id, "name": "directmessage" if place.with_user else place.name},
        "is_enterprise_install": False,
        "enterprise": None,
        "callback_id": name,
        "trigger_id": trigger.id,
        "response_url": url,
        "message_ts": message.ts,
        "message": shape,
    }


def event_callback(workspace: Workspace, event: JsonObject, event_id: str) -> JsonObject:
    """Wrap an event as the Events API does."""
    return {
        "token": "pretend-verification-token",
        "team_id": workspace.team_id,
        "api_app_id": workspace.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(workspace.clock().timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": workspace.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def app_mention(workspace: Workspace, message: Message) -> JsonObject:
    """Return the event that tells an app it was mentioned."""
    event: JsonObject = {
        "type": "app_mention",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "team": workspace.team_id,
        "channel": message.channel,
        "event_ts": message.ts,
    }
    return event if message.thread_ts is None else event | {"thread_ts": message.thread_ts}


def links_in(text: str) -> list[str]:
    """Return the addresses in a message, as Slack tells them to an app."""
    return [found.rstrip(".,;:!?)") for found in _LINK.findall(text)]


def link_shared(workspace: Workspace, message: Message, links: list[str]) -> JsonObject:
    """Return the event that tells an app that addresses of its domains were posted."""
    event: JsonObject = {
        "type": "link_shared",
        "channel": message.channel,
        "is_bot_user_member": workspace.channels[message.channel].bot_is_member,
        "user": message.user,
        "message_ts": message.ts,
        "unfurl_id": f"C{message.ts}.{message.channel}",
        "source": "conversations_history",
        "links": [{"domain": urlsplit(link).hostname or "", "url": link} for link in links],
        "event_ts": workspace.next_ts(),
    }
    return event if message.thread_ts is None else event | {"thread_ts": message.thread_ts}


def interactive_elements(blocks: object) -> Iterator[tuple[str, JsonObject]]:
    """Give each element that can be pressed or chosen, with the block it stands in."""
    if not isinstance(blocks, list | tuple):
        return
    for block in blocks:
        children = [*_list(block, "elements"), *_list(block, "actions")]
        children += [block[key] for key in ("accessory", "element") if key in block]
        for element in children:
            if "action_id" in element:
                yield block.get("block_id", ""), element
        nested = [*_list(block, "child_blocks"), *_list(block, "elements")]
        yield from interactive_elements([child for child in nested if "action_id" not in child])


def find_element(
    blocks: object, action_id: str, block_id: str | None = None
) -> tuple[str, JsonObject]:
    """Find the element with this action id."""
    for found_in, element in interactive_elements(blocks):
        if element["action_id"] == action_id and block_id in (None, found_in):
            return found_in, element
    known = ", ".join(element["action_id"] for _, element in interactive_elements(blocks))
    raise LookupError(f"nothing here has the action id {action_id!r}; there are: {known or 'none'}")


def action_of(block_id: str, element: JsonObject, choice: str | None) -> JsonObject:
    """Return what a press of a button, or a choice, looks like to the app."""
    kind = element["type"]
    action: JsonObject = {
        "type": kind,
        "action_id": element["action_id"],
        "block_id": block_id,
    }
    if kind == "button":
        return action | {key: element[key] for key in ("text", "value") if key in element}
    if kind in ("static_select", "overflow", "radio_buttons"):
        return action | {"selected_option": _option(element, choice)}
    if kind in ("multi_static_select", "checkboxes"):
        return action | {"selected_options": [_option(element, choice)] if choice else []}
    name = kind.removesuffix("_select").removesuffix("s").removesuffix("picker")
    return action | {f"selected_{name}": choice}


def _option(element: JsonObject, choice: str | None) -> JsonObject:
    groups = element.get("option_groups", [])
    options = [*_list(element, "options"), *(o for group in groups for o in group["options"])]
    for option in options:
        if choice is None or option.get("value") == choice:
            return {key: option[key] for key in ("text", "value") if key in option}
    raise LookupError(f"{element['action_id']} has no option {choice!r}")


def _list(node: JsonObject, key: str) -> list[JsonObject]:
    value = node.get(key)
    return [child for child in value if isinstance(child, dict)] if isinstance(value, list) else []


def _person(workspace: Workspace, user: User) -> JsonObject:
    return {
        "id": user.id,
        "username": user.name,
        "name": user.name,
        "team_id": workspace.team_id,
    }
