"""What an app says back to a command or a click: in its 200, or later at the response URL."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from chatops.standins.slack.deliveries import Answer
from chatops.standins.slack.limits import refuse_bad_blocks
from chatops.standins.slack.tickets import ResponseUrl, Tickets
from chatops.standins.slack.workspace import SLACKBOT, JsonObject, RefusedBySlack, Workspace

_ABOUT_THE_URL = {"no_such_url", "expired_url", "used_url"}


class Responses:
    """Takes answers and turns them into messages."""

    def __init__(self, *, workspace: Workspace, tickets: Tickets) -> None:
        """Answer within one workspace."""
        self.workspace = workspace
        self.tickets = tickets

    async def endpoint(self, request: Request) -> Response:
        """Take one answer at a response URL."""
        try:
            ticket = self.tickets.look_at(request.path_params["token"])
            self.take(ticket, _decoded(await request.body()))
            self.tickets.use(ticket)
        except RefusedBySlack as refused:
            status = 404 if refused.code in _ABOUT_THE_URL else 400
            answer: JsonObject = {"ok": False, "error": refused.code}
            if refused.details:
                answer["errors"] = list(refused.details)
            return JSONResponse(answer, status_code=status)
        return PlainTextResponse("ok")

    def take_body(self, ticket: ResponseUrl, answer: Answer, what: str) -> None:
        """Show the body of a 2xx as a message, or tell the person what went wrong."""
        if answer.error is not None:
            self.tell(ticket, f"{what} failed with the error “{answer.error}”")
            return
        try:
            payload = _said(answer)
            if payload:
                self.take(ticket, payload)
        except RefusedBySlack as refused:
            self.tell(ticket, f"{what} failed with the error “{refused.code}”")

    def tell(self, ticket: ResponseUrl, text: str) -> None:
        """Let Slack itself say something to one person."""
        self.workspace.post(ticket.channel, text, user=SLACKBOT, ephemeral_to=ticket.user)

    def take(self, ticket: ResponseUrl, payload: JsonObject) -> None:
        """Post, replace or delete, as the payload says."""
        if payload.get("delete_original"):
            self._delete(ticket)
            return
        blocks = refuse_bad_blocks(payload.get("blocks") or [])
        text = str(payload.get("text") or "")
        if not blocks and not text.strip():
            raise RefusedBySlack("no_text")
        if payload.get("replace_original") and ticket.source_ts is not None:
            source = self.workspace.message(ticket.channel, ticket.source_ts)
            self.workspace.edit(source, text=text, blocks=blocks)
            return
        in_channel = payload.get("response_type") == "in_channel"
        self.workspace.post(
            ticket.channel,
            text,
            blocks=blocks,
            thread_ts=payload.get("thread_ts"),
            ephemeral_to=None if in_channel else ticket.user,
        )

    def _delete(self, ticket: ResponseUrl) -> None:
        if ticket.source_ts is None:
            raise RefusedBySlack("message_not_found")
        self.workspace.delete(self.workspace.message(ticket.channel, ticket.source_ts))


def _said(answer: Answer) -> JsonObject | None:
    """Return the message in the body of an acknowledgement, if there is one."""
    body = answer.body.strip()
    if not body:
        return None
    if "json" not in answer.content_type:
        return {"text": body}
    try:
        payload = json.loads(body)
    except ValueError:
        raise RefusedBySlack("invalid_command_response") from None
    if isinstance(payload, str):
        return {"text": payload}
    if not isinstance(payload, dict):
        raise RefusedBySlack("invalid_command_response")
    return payload


def _decoded(body: bytes) -> JsonObject:
    try:
        payload = json.loads(body)
    except ValueError:
        raise RefusedBySlack("invalid_payload") from None
    if not isinstance(payload, dict):
        raise RefusedBySlack("invalid_payload")
    return payload
