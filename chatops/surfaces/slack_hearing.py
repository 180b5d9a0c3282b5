"""Hears Slack: whatever asks for something is recorded first, and acknowledged when it is durable.

Over HTTP and through a socket alike. The only call made here opens a form: the right to open one lives three seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from enum import Enum, auto
from http import HTTPStatus
from typing import Any

import structlog
from slack_bolt.response import BoltResponse

from chatops.config import Community
from chatops.engine.log import Batch
from chatops.errors import ChatopsError
from chatops.events import Fact
from chatops.ports import Slack
from chatops.surfaces.slack_words import (
    SURFACE,
    Place,
    Target,
    Words,
    code_in,
    name_of,
    object_of,
    trigger_of,
    where,
    with_person,
)
from chatops.views.modals import (
    ASK_COMMAND,
    ASK_JOB,
    ASK_PULL,
    SAID,
    Kept,
    ask_command,
    ask_job,
    ask_pull,
    read_kept,
    read_said,
)
from chatops.views.offers import Offer, read_offer

logger = structlog.get_logger(__name__)

ACK_SECONDS = 2.0
"""Slack waits for three; what is not written by then is said to be on its way."""
RETEST_MESSAGE, WHO_MESSAGE, ASK = "retest_message", "who_message", "ask"
"""The names of our shortcuts in the app's manifest."""
RETEST, WHO = "retest", "who"
DEEPEST = 12

NO_COMMUNITY = "No community here has this command. Ask whoever runs this bot."
NOT_WRITTEN = "I cannot write anything down right now, so I did nothing. Try again in a minute."
STILL_WRITING = "I am slow to write this down. If I have not answered in a minute, I have not heard it: say it again."
NO_SUCH_PULL = (
    "I found no pull request of {repos} in this. Write its number as #123, or its address."
)
NOTHING_SAID = "Write what you want, such as: status nightly"

Append = Callable[[Batch], Awaitable[object]]
Ack = Callable[..., Awaitable[object]]


class Writing(Enum):
    """What became of a request on its way into the log."""

    DONE = auto()
    LATE = auto()
    FAILED = auto()


class Listener:
    """Records each request and acknowledges it: when it is written, or with what became of it."""

    def __init__(self, words: Words, append: Append, slack: Slack | None = None) -> None:
        self._words = words
        self._append = append
        self._slack = slack
        self._under_way: set[asyncio.Future[Any]] = set()

    async def command(self, ack: Ack, command: dict[str, Any]) -> None:
        """Take a slash command."""
        fact = self._words.slash(command)
        if fact is None:
            await ack(NO_COMMUNITY)
            return
        written = await self._record(fact)
        texts = {Writing.LATE: STILL_WRITING, Writing.FAILED: NOT_WRITTEN}
        await (ack() if written is Writing.DONE else ack(texts[written]))

    async def event(self, body: dict[str, Any]) -> BoltResponse | None:
        """Take an event; what cannot be written Slack brings again, what nobody asked for it does not."""
        fact = self._words.mention(body)
        return None if fact is None else await self._thanked(fact)

    async def press(self, ack: Ack, body: dict[str, Any]) -> BoltResponse | None:
        """Take a pressed button; Slack shows beside it that it did not work, where it cannot be written."""
        fact = self._words.pressed(body)
        if fact is not None and (problem := await self._thanked(fact)) is not None:
            return problem
        await ack()
        return None

    async def shortcut(self, ack: Ack, body: dict[str, Any]) -> BoltResponse | None:
        """Take a shortcut: ask for what is missing, else do it."""
        name, message = name_of(body, "callback_id"), object_of(body, "message")
        written = "\n".join(_written(message))
        place, usual = where(body), self._words.usual
        fact = form = None
        if name == RETEST_MESSAGE:
            found = self._about(written)
            if found is None:
                form = ask_pull(_kept(usual, place, RETEST))
            else:
                community, target = found
                offer = Offer(
                    community=community.key, verb=RETEST, repo=target.repo, number=target.number
                )
                fact = self._words.offered(offer, community, place, trigger_of(body))
        elif name == WHO_MESSAGE:
            job = code_in(str(message.get("text") or ""))
            if job:
                offer = Offer(community=usual.key, verb=WHO, words=(job,))
                fact = self._words.offered(offer, usual, place, trigger_of(body))
            else:
                form = ask_job(
                    _kept(usual, place, WHO), _first_line(str(message.get("text") or ""))
                )
        elif name == ASK:
            form = ask_command(Kept(community=usual.key, channel=place.user))
        if fact is not None and (problem := await self._thanked(fact)) is not None:
            return problem
        await ack()
        if form is not None:
            self._open(name_of(body, "trigger_id"), form)
        return None

    async def sent(self, ack: Ack, body: dict[str, Any]) -> None:
        """Take a form that was filled in; what is wrong with it is said at its field."""
        view = object_of(body, "view")
        kept, said = read_kept(view), read_said(view).strip()
        community = self._words.community(kept.community) if kept is not None else None
        if kept is None or community is None:
            await ack()
            return
        place = with_person(
            Place(
                user="",
                team="",
                channel=kept.channel,
                thread=kept.thread,
                response_url=kept.response_url,
            ),
            body,
        )
        trigger = f"view/{name_of(view, 'id')}" if view.get("id") else trigger_of(body)
        fact, problem = self._filled_in(name_of(view, "callback_id"), said, kept, place, trigger)
        if fact is not None and await self._record(fact) is not Writing.DONE:
            problem = NOT_WRITTEN
        if problem:
            await ack(response_action="errors", errors={SAID: problem})
        else:
            await ack()

    def _filled_in(
        self, name: str, said: str, kept: Kept, place: Place, trigger: str
    ) -> tuple[Fact | None, str]:
        """Return the request that a form makes, or what is wrong with it."""
        community = self._words.community(kept.community)
        assert community is not None
        if not said:
            return None, NOTHING_SAID
        offer = Offer(community=community.key, verb=kept.verb, words=kept.words)
        match name:
            case _ if name == ASK_PULL:
                found = self._about(said)
                if found is None:
                    return None, NO_SUCH_PULL.format(repos=", ".join(community.repositories))
                community, target = found
                offer = Offer(
                    community=community.key,
                    verb=kept.verb,
                    words=kept.words,
                    repo=target.repo,
                    number=target.number,
                )
                return self._words.offered(offer, community, place, trigger), ""
            case _ if name == ASK_JOB:
                offer = Offer(community=community.key, verb=kept.verb, words=(said,))
                return self._words.offered(offer, community, place, trigger), ""
            case _ if name == ASK_COMMAND:
                return self._words.typed(said, community, place, trigger), ""
        return None, ""

    def _about(self, text: str) -> tuple[Community, Target] | None:
        """Return the pull request that a text names, and whose it is."""
        for community in self._words.heard:
            target = self._words.target(text, community)
            if target is not None:
                return community, target
        return None

    async def _thanked(self, fact: Fact) -> BoltResponse | None:
        """Record; return nothing if it is written, else the answer that says it is not."""
        if await self._record(fact) is Writing.DONE:
            return None
        return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, body=NOT_WRITTEN)

    async def _record(self, fact: Fact) -> Writing:
        recording = asyncio.ensure_future(self._append(Batch(facts=[fact])))
        done, _ = await asyncio.wait({recording}, timeout=ACK_SECONDS)
        if not done:
            logger.warning("heard, and not written yet", command=fact.correlation_id)
            self._under_way.add(recording)
            recording.add_done_callback(self._forget)
            return Writing.LATE
        if (problem := recording.exception()) is not None:
            logger.warning("not recorded", door=SURFACE, problem=str(problem))
            return Writing.FAILED
        logger.info("heard", command=fact.correlation_id, by=fact.actor)
        return Writing.DONE

    def _open(self, trigger: str, form: Mapping[str, Any]) -> None:
        """Open a form while the right to do so lives; nobody waits for it."""
        if self._slack is not None:
            opening = asyncio.ensure_future(self._opened(self._slack, trigger, form))
            self._under_way.add(opening)
            opening.add_done_callback(self._under_way.discard)

    async def _opened(self, slack: Slack, trigger: str, form: Mapping[str, Any]) -> None:
        try:
            await slack.open_form(trigger, form)
        except ChatopsError as problem:
            logger.warning("form not opened", form=form["callback_id"], problem=str(problem))

    def _forget(self, recording: asyncio.Future[object]) -> None:
        self._under_way.discard(recording)
        if not recording.cancelled() and (problem := recording.exception()) is not None:
            logger.warning("not recorded", door=SURFACE, problem=str(problem))


def _kept(community: Community, place: Place, verb: str) -> Kept:
    return Kept(
        community=community.key,
        verb=verb,
        channel=place.channel,
        thread=place.thread,
        response_url=place.response_url,
    )


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _written(node: object, depth: int = 0) -> Iterator[str]:
    """Yield what is written in a message: its texts, its addresses, and what its buttons are about."""
    if depth > DEEPEST:
        return
    if isinstance(node, list):
        for child in node:
            yield from _written(child, depth + 1)
    elif isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, dict | list):
                yield from _written(value, depth + 1)
            elif isinstance(value, str) and key in ("text", "url", "title_link", "fallback"):
                yield value
            elif key == "value" and (offer := read_offer(value)) is not None and offer.number:
                yield f"{offer.repo}#{offer.number}"
