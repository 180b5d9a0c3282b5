"""Sends somebody in Slack, or a channel, what they wanted to be told of.

On:        `notice.wanted`
Calls:     post a message. Before that, looks whether the place has it already, by a mark that the message carries: a
           process may have died after the call. Where Slack does not let us read, it is posted without a look
Reports:   `notice.sent`, or `notice.withheld` with what Slack said
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.engine.posting import post_once
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.notices import NoticeSent, NoticeWanted, NoticeWithheld
from chatops.ports import Ports
from chatops.views.notices import notice_mark, render_notice


class SendNotice(Effect[NoticeWanted]):
    """Tell a subscriber, once."""

    name: ClassVar[str] = "send_notice"
    on: ClassVar[type[Event]] = NoticeWanted
    tells: ClassVar[bool] = True

    async def perform(self, event: NoticeWanted, ports: Ports) -> Sequence[Event]:
        posted = await post_once(
            ports,
            event.team,
            event.to,
            render_notice(event),
            mark=notice_mark(event),
            wanted_at=event.wanted_at,
        )
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
                message=posted.name,
                found=posted.found,
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
