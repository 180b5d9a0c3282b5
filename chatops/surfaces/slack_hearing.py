"""Hears Slack: whatever asks for something is recorded first, and acknowledged when it is durable.

Over HTTP and through a socket alike. The only call made here opens a form: the right to open one lives three seconds.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from slack_bolt.response import BoltResponse

from chatops.config import Community
from chatops.engine.log import Batch
from chatops.errors import ChatopsError, Refused
from chatops.events import Fact
from chatops.events.conversation import CommandReceived
from chatops.ports import Workspaces
from chatops.surfaces.comment_words import split_words
from chatops.surfaces.slack_forms import Forms
from chatops.surfaces.slack_messages import PRIVATE
from chatops.surfaces.slack_words import (
    SURFACE,
    Place,
    Target,
    Words,
    code_in,
    name_of,
    object_of,
    plain,
    team_of,
    trigger_of,
    where,
    with_person,
)
from chatops.views.blocks import ASKS
from chatops.views.modals import (
    ASK_COMMAND,
    ASK_JOB,
    ASK_PULL,
    ASK_WHICH,
    MUTE,
    REASON,
    RETEST,
    SAID,
    SUBSCRIBE,
    WHICH,
    Kept,
    ask_job,
    ask_pull,
    filled_words,
    read_filled,
    read_kept,
    read_said,
)
from chatops.views.offers import Offer, read_offer

logger = structlog.get_logger(__name__)

ACK_SECONDS = 2.0
"""Slack waits for three; what is not written by then is said to be on its way."""
RETEST_MESSAGE, CHOOSE_MESSAGE = "retest_message", "choose_message"
STATUS_MESSAGE, WHO_MESSAGE, ASK = "status_message", "who_message", "ask"
"""The names of our shortcuts in the app's manifest; those that open a form without a message are called as it is."""
ANYWHERE = {ASK: ASK_COMMAND, SUBSCRIBE: SUBSCRIBE, MUTE: MUTE}
STATUS, WHO, PR = "status", "who", "pr"
DEEPEST = 12

NO_COMMUNITY = "No community here has this command. Ask whoever runs this bot."
NOT_WRITTEN = "I cannot write anything down right now, so I did nothing. Try again in a minute."
STILL_WRITING = "I am slow to write this down. If I have not answered in a minute, I have not heard it: say it again."
SLOW_FORM = "I am slow to write this down. Send it again if I have not answered in a minute: a form counts once."
NO_SUCH_PULL = (
    "I found no pull request of {repos} in this. Write its number as #123, or its address."
)
NOT_OPENED = "I could not show you the form just now. Choose it again."
NOTHING_SAID = "Write what you want, such as: status nightly"
NOTHING_CHOSEN = "Choose a job, or write one: its name, a part of it, or a pattern such as *s390x*."
NO_REASON = "Write the reason, for those who will wonder."

Append = Callable[[Batch], Awaitable[object]]
Ack = Callable[..., Awaitable[object]]
Form = Callable[[], Awaitable[dict[str, Any]]]
"""Makes a form."""


class Writing(Enum):
    """What became of a request on its way into the log."""

    DONE = auto()
    LATE = auto()
    FAILED = auto()


IN_FORMS: Mapping[Writing, str] = {
    Writing.DONE: "",
    Writing.LATE: SLOW_FORM,
    Writing.FAILED: NOT_WRITTEN,
}
"""What is said at the field of a form."""


class Listener:
    """Records each request and acknowledges it: when it is written, or with what became of it."""

    def __init__(
        self, words: Words, append: Append, slack: Workspaces | None = None, *, forms: Forms
    ) -> None:
        self._words = words
        self._append = append
        self._slack = slack
        self._forms = forms
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
        fact = self._words.mention(body) or self._words.home_opened(body)
        facts = [fact] if fact is not None else self._words.shared(body)
        return await self._thanked(*facts) if facts else None

    async def press(self, ack: Ack, body: dict[str, Any]) -> BoltResponse | None:
        """Take a pressed button; Slack shows beside it that it did not work, where it cannot be written."""
        if (asked := self._words.asking(body, ASKS)) is not None:
            await ack()
            self._open(body, self._made(*asked, where(body)))
            return None
        fact = self._words.pressed(body)
        if fact is not None and (problem := await self._taken(fact, body)) is not None:
            return problem
        await ack()
        return None

    async def shortcut(self, ack: Ack, body: dict[str, Any]) -> BoltResponse | None:
        """Take a shortcut: ask for what is missing, else do it."""
        name, message = name_of(body, "callback_id"), object_of(body, "message")
        fact = form = None
        if name in ANYWHERE:
            place = where(body)
            usual = self._words.usual_in(place.team)
            form = self._made(ANYWHERE[name], Kept(community=usual.key, channel=place.user), place)
        elif name == CHOOSE_MESSAGE:
            form = self._chosen_in(body, message)
        elif name in (RETEST_MESSAGE, STATUS_MESSAGE, WHO_MESSAGE):
            fact, form = self._about_message(name, body, message)
        if fact is not None and (problem := await self._taken(fact, body)) is not None:
            return problem
        await ack()
        if form is not None:
            self._open(body, form)
        return None

    def _about_message(
        self, name: str, body: Mapping[str, Any], message: Mapping[str, Any]
    ) -> tuple[Fact | None, Form | None]:
        """Return the request about what a message names, or the form that asks what it is."""
        place, trigger = where(body), trigger_of(body)
        usual = self._words.usual_in(place.team)
        text = str(message.get("text") or "")
        said = "\n".join(_written(message))
        found = None if name == WHO_MESSAGE else self._about(said, place.team)
        if found is not None:
            community, target = found
            is_status = name == STATUS_MESSAGE
            offer = Offer(
                community=community.key,
                verb=STATUS if is_status else RETEST,
                words=(PR,) if is_status else (),
                repo=target.repo,
                number=target.number,
            )
            return self._words.offered(offer, community, place, trigger), None
        if name == RETEST_MESSAGE:
            return None, _at_once(ask_pull(_kept(usual, place, RETEST)))
        verb = STATUS if name == STATUS_MESSAGE else WHO
        if job := code_in(text):
            offer = Offer(community=usual.key, verb=verb, words=(job,))
            return self._words.offered(offer, usual, place, trigger), None
        return None, _at_once(ask_job(_kept(usual, place, verb), _first_line(text)))

    def _chosen_in(self, body: Mapping[str, Any], message: Mapping[str, Any]) -> Form:
        """Return the form in which failed jobs of a pull request are chosen, or the one that asks which it is."""
        place = where(body)
        found = self._about("\n".join(_written(message)), place.team)
        if found is None:
            usual = self._words.usual_in(place.team)
            return _at_once(ask_pull(_kept(usual, place, RETEST), ASK_WHICH))
        community, target = found
        kept = _kept(community, place, RETEST)
        return self._made(
            RETEST, msgspec.structs.replace(kept, repo=target.repo, number=target.number), place
        )

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
        name = name_of(view, "callback_id")
        if name == ASK_WHICH:
            await self._ask_on(ack, said, kept, community, place)
            return
        errors = _missing(name, view)
        if not errors:
            fact: Fact | None
            if name in (SUBSCRIBE, MUTE, RETEST):
                fact, problem = self._chosen(name, view, kept, place, trigger), ""
            else:
                fact, problem = self._filled_in(name, said, kept, place, trigger)
            if fact is not None and not problem:
                problem = await self._objection(fact) or IN_FORMS[await self._record(fact)]
            errors = {SAID: problem} if problem else {}
        if errors:
            await ack(response_action="errors", errors=errors)
        else:
            await ack()

    async def _ask_on(
        self, ack: Ack, said: str, kept: Kept, usual: Community, place: Place
    ) -> None:
        """Show in place of a form the one in which failed jobs of the pull request are chosen that was named in it."""
        found = self._about(said, place.team)
        if found is None:
            problem = NO_SUCH_PULL.format(repos=", ".join(usual.repositories))
            await ack(response_action="errors", errors={WHICH: problem})
            return
        community, target = found
        now = msgspec.structs.replace(
            kept, community=community.key, repo=target.repo, number=target.number
        )
        await ack(response_action="update", view=await self._made(RETEST, now, place)())

    def _chosen(
        self, verb: str, view: Mapping[str, Any], kept: Kept, place: Place, trigger: str
    ) -> Fact:
        """Return the request that a form of several fields makes."""
        community = self._words.community(kept.community)
        assert community is not None
        filled = read_filled(view)
        words = filled_words(verb, filled, split_words(plain(filled.said)))
        offer = Offer(
            community=community.key, verb=verb, words=words, repo=kept.repo, number=kept.number
        )
        return self._words.offered(offer, community, place, trigger)

    async def _objection(self, fact: Fact) -> str:
        """Return what is wrong with the words of a request, to be said where they were written."""
        received = fact.event
        assert isinstance(received, CommandReceived)
        community = self._words.community(received.community)
        assert community is not None
        vocabulary = self._words.vocabulary(community)
        return await self._forms.objection(received, vocabulary, community)

    def _filled_in(
        self, name: str, said: str, kept: Kept, place: Place, trigger: str
    ) -> tuple[Fact | None, str]:
        """Return the request that a form makes, or what is wrong with it."""
        community = self._words.community(kept.community)
        assert community is not None
        offer = Offer(community=community.key, verb=kept.verb, words=kept.words)
        match name:
            case _ if name == ASK_PULL:
                found = self._about(said, place.team)
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
                return self._words.said_to(community, said, place, trigger), ""
        return None, ""

    def _about(self, text: str, team: str) -> tuple[Community, Target] | None:
        """Return the pull request that a text names, and whose it is; those of the workspace are meant first."""
        for community in self._words.heard_in(team):
            target = self._words.target(text, community)
            if target is not None:
                return community, target
        return None

    async def _taken(self, fact: Fact, body: Mapping[str, Any]) -> BoltResponse | None:
        """Record what was pressed or chosen; what is on its way is not called failed, or it comes twice."""
        written = await self._record(fact)
        if written is Writing.FAILED:
            return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, body=NOT_WRITTEN)
        if written is Writing.LATE and self._slack is not None:
            self._keep(self._regret(self._slack, where(body), STILL_WRITING))
        return None

    async def _thanked(self, *facts: Fact) -> BoltResponse | None:
        """Record; return nothing if it is written, else the answer that says it is not."""
        if await self._record(*facts) is Writing.DONE:
            return None
        return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, body=NOT_WRITTEN)

    async def _record(self, fact: Fact, *more: Fact) -> Writing:
        recording = asyncio.ensure_future(self._append(Batch(facts=[fact, *more])))
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

    def _made(self, name: str, kept: Kept, place: Place) -> Form:
        """Return a form that looks what there is to choose, and whether it is known who does."""
        community = self._words.community(kept.community)
        assert community is not None
        return partial(self._forms.made, name, kept, community, team=place.team, member=place.user)

    def _open(self, body: Mapping[str, Any], form: Form) -> None:
        """Open a form while the right to do so lives; nobody waits for it."""
        if self._slack is not None:
            self._keep(self._opened(self._slack, body, form))

    def _keep(self, doing: Coroutine[Any, Any, None]) -> None:
        """Do something for which nobody waits."""
        under_way = asyncio.ensure_future(doing)
        self._under_way.add(under_way)
        under_way.add_done_callback(self._under_way.discard)

    async def _opened(self, slack: Workspaces, body: Mapping[str, Any], form: Form) -> None:
        made = await form()
        try:
            workspace = await slack.of(team_of(body))
            await workspace.open_form(name_of(body, "trigger_id"), made)
        except ChatopsError as problem:
            logger.warning("form not opened", form=made["callback_id"], problem=str(problem))
            text = problem.text if isinstance(problem, Refused) else NOT_OPENED
            await self._regret(slack, where(body), text)

    async def _regret(self, slack: Workspaces, place: Place, text: str) -> None:
        """Tell who asked, and nobody else, that what they asked for does not come."""
        message = {"text": text, "response_type": PRIVATE, "replace_original": False}
        try:
            if place.response_url:
                await slack.respond(place.response_url, message)
            else:
                await (await slack.of(place.team)).post(place.user, {"text": text})
        except ChatopsError as problem:
            logger.warning("nobody told", by=place.user, problem=str(problem))

    def _forget(self, recording: asyncio.Future[object]) -> None:
        self._under_way.discard(recording)
        if not recording.cancelled() and (problem := recording.exception()) is not None:
            logger.warning("not recorded", door=SURFACE, problem=str(problem))


def _at_once(form: dict[str, Any]) -> Form:
    """Return what makes a form in which there is nothing to choose."""

    async def made() -> dict[str, Any]:
        return form

    return made


def _kept(community: Community, place: Place, verb: str) -> Kept:
    return Kept(
        community=community.key,
        verb=verb,
        channel=place.channel,
        thread=place.thread,
        response_url=place.response_url,
    )


def _missing(name: str, view: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what is said at fields that have to be filled in, and are not; blanks fill none."""
    filled = read_filled(view)
    if name == RETEST:
        return {}
    if name not in (SUBSCRIBE, MUTE):
        return {} if filled.said else {SAID: NOTHING_SAID}
    found = {} if filled.said or filled.jobs else {SAID: NOTHING_CHOSEN}
    return found if name == SUBSCRIBE or filled.reason else {**found, REASON: NO_REASON}


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
