"""The short-lived rights that Slack gives an app: response URLs and trigger ids.

A response URL answers one command or click, five times within thirty minutes. A trigger id
opens one modal within three seconds.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from chatops.standins.slack.workspace import RefusedBySlack, Workspace

MOST_USES = 5
RESPONSE_URL_LIFE = timedelta(minutes=30)
TRIGGER_LIFE = timedelta(seconds=3)


@dataclass(frozen=True, kw_only=True, slots=True)
class ResponseUrl:
    """Where an app may answer; `source_ts` is the message whose button was pressed."""

    token: str
    user: str
    channel: str
    at: datetime
    source_ts: str | None = None
    thread_ts: str | None = None
    uses: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger:
    """The right to open one modal for one person."""

    id: str
    user: str
    at: datetime
    exchanged: bool = False


@dataclass(kw_only=True)
class Tickets:
    """Everything given out so far."""

    workspace: Workspace
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)

    def give_response_url(
        self,
        *,
        user: str,
        channel: str,
        source_ts: str | None = None,
        thread_ts: str | None = None,
    ) -> ResponseUrl:
        """Give out a new place to answer."""
        ticket = ResponseUrl(
            token=secrets.token_urlsafe(18),
            user=user,
            channel=channel,
            at=self.workspace.clock(),
            source_ts=source_ts,
            thread_ts=thread_ts,
        )
        self.response_urls[ticket.token] = ticket
        return ticket

    def look_at(self, token: str) -> ResponseUrl:
        """Return a place to answer while it is good."""
        ticket = self.response_urls.get(token)
        if ticket is None:
            raise RefusedBySlack("no_such_url")
        if self.workspace.clock() - ticket.at > RESPONSE_URL_LIFE:
            raise RefusedBySlack("expired_url")
        if ticket.uses >= MOST_USES:
            raise RefusedBySlack("used_url")
        return ticket

    def use(self, ticket: ResponseUrl) -> None:
        """Count one answer."""
        self.response_urls[ticket.token] = replace(ticket, uses=ticket.uses + 1)

    def give_trigger(self, user: str) -> Trigger:
        """Give out the right to open a modal."""
        trigger = Trigger(
            id=f"{secrets.randbelow(10**12)}.{secrets.token_hex(8)}",
            user=user,
            at=self.workspace.clock(),
        )
        self.triggers[trigger.id] = trigger
        return trigger

    def exchange_trigger(self, trigger_id: str) -> Trigger:
        """Spend the right to open a modal."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise RefusedBySlack("invalid_trigger_id")
        if trigger.exchanged:
            raise RefusedBySlack("exchanged_trigger_id")
        if self.workspace.clock() - trigger.at > TRIGGER_LIFE:
            raise RefusedBySlack("expired_trigger_id")
        self.triggers[trigger_id] = replace(trigger, exchanged=True)
        return trigger
