"""Sends somebody in Slack, or a channel, what they wanted to be told of.

On:        `notice.wanted`
Calls:     post a message. Before that, looks whether the place has it already, by a mark that the message carries: a
           process may have died after the call. Where Slack does not let us read, which is asked for only in
           conversations with one person, it is posted without a look
Reports:   `notice.sent`, or `notice.withheld` with what Slack said
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.notices import NoticeSent, NoticeWanted, NoticeWithheld
from chatops.ports import Ports, Slack
from chatops.views.notices import notice_mark, render_notice

CLOCKS_DIFFER = timedelta(hours=1)
MAY_NOT_LOOK = "credentials"


class SendNotice(Effect[NoticeWanted]):
    """Tell a subscriber, once."""

    name: ClassVar[str] = "send_notice"
    on: ClassVar[type[Event]] = NoticeWanted
    tells: ClassVar[bool] = True

    async def perform(self, event: NoticeWanted, ports: Ports) -> Sequence[Event]:
        if ports.slack is None:
            raise Refused("Slack is not set up for this bot any more.", reason="not_configured")
        there = await _found(event, ports.slack)
        message = there or await ports.slack.post(event.to, render_notice(event))
        return [
            NoticeSent(
                notice=event.notice,
                community=event.community,
                subscriber=event.subscriber,
                repo=event.repo,
                number=event.number,
                sha=event.sha,
                verdict=event.verdict,
                run_id=event.run_id,
                attempt=event.attempt,
                message=message,
                found=there is not None,
            )
        ]

    def describe(self, event: NoticeWanted) -> str:
        """Return what the call would do."""
        about = (
            f"{event.repo}#{event.number}" if event.number else f"{event.workflow}, {event.night}"
        )
        return f"Would tell of {about} in Slack."

    def refused(self, event: NoticeWanted, refusal: Refused) -> Sequence[Event]:
        return [
            NoticeWithheld(
                notice=event.notice,
                community=event.community,
                subscriber=event.subscriber,
                repo=event.repo,
                number=event.number,
                sha=event.sha,
                verdict=event.verdict,
                run_id=event.run_id,
                attempt=event.attempt,
                jobs=(*event.failing, *event.fixed),
                reason=refusal.reason,
                text=refusal.text,
                withheld_at=event.wanted_at,
            )
        ]


async def _found(event: NoticeWanted, slack: Slack) -> str | None:
    since = event.wanted_at - CLOCKS_DIFFER
    try:
        return await slack.find(event.to, notice_mark(event), since=since)
    except Refused as refusal:
        if refusal.reason != MAY_NOT_LOOK:
            raise
        return None
