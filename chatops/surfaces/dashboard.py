"""The dashboard as a place to talk to the bot: who is signed in says a command with a form, and reads its story.

What comes with a form is data. That it came from a page of ours, and whose it is, is looked at here; what somebody may
is not: that is decided where it is decided for everybody.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b
from http import HTTPStatus
from urllib.parse import quote, urlencode

import msgspec
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from chatops.config import Community, Configuration
from chatops.engine.answer import Answer
from chatops.engine.bus import SOURCE, Append, is_explained
from chatops.engine.log import Appended, Batch, Log
from chatops.engine.sessions import Session
from chatops.engine.vocabulary import Vocabulary
from chatops.errors import BadInput
from chatops.events import Fact, event_id
from chatops.events.conversation import AnswerGiven, CommandReceived
from chatops.names import CommandId, PullNumber, Repo
from chatops.surfaces.comment_words import said_alone
from chatops.surfaces.forms import NotRead, fields_of
from chatops.surfaces.journey import HEADERS
from chatops.surfaces.pages import Page, personal_page
from chatops.surfaces.signing_in import NOT_OURS, SigningIn, not_taken
from chatops.views.offers import read_offer
from chatops.views.say import render_later, render_sure
from chatops.views.sign_in import render_not_signed_in
from chatops.views.told import render_told

logger = structlog.get_logger(__name__)

SURFACE = "web"
PATH = "/commands"
LONGEST_BODY = 16_000
LONGEST_LINE = 2_000
LATELY = timedelta(minutes=10)
MOST_LATELY = 60
"""Commands that one person can say here in that time: nobody types faster, and each costs calls to GitHub."""
DRY_RUN = "--dry-run"
EXPLAIN, SURE = "explain", "sure"
"""What the buttons of a form say, in its field `how`: only tell what would be; it was asked once more."""
TOO_MANY = "You have said very much in the last ten minutes. Wait a little, and send it again."
SIGNED_OUT = "What you sent was not done. Sign in, and send it again."

_NUMBER = re.compile(r"#?0*([0-9]{1,9})", re.ASCII)
_NONCE = re.compile(r"[\w-]{16,64}", re.ASCII)


class Door:
    """Takes what is said with a form, and leads to its story."""

    def __init__(
        self,
        configuration: Configuration,
        vocabularies: Mapping[str, Vocabulary],
        signing_in: SigningIn,
        *,
        append: Callable[[Batch], Awaitable[Appended]],
        is_shown: Callable[[int], Awaitable[bool]],
        said_lately: Callable[[CommandReceived], int],
    ) -> None:
        self._configuration = configuration
        self._vocabularies = vocabularies
        self._signing_in = signing_in
        self._append = append
        self._is_shown = is_shown
        self._said_lately = said_lately

    def routes(self) -> Sequence[Route]:
        """Return the address that forms are sent to."""
        return (Route(PATH, self.hear, methods=["POST"]),)

    async def hear(self, request: Request) -> Response:
        """Record what somebody asks for, and lead to its story; ask once more first where it costs something."""
        try:
            form = await fields_of(request, LONGEST_BODY)
        except NotRead as problem:
            return not_taken(problem.text, PATH, problem.status)
        session = await run_in_threadpool(self._signing_in.session, request.cookies)
        if session is None:
            again = self._signing_in.address(_again(form))
            return HTMLResponse(
                render_not_signed_in(SIGNED_OUT, again), HTTPStatus.FORBIDDEN, HEADERS
            )
        if not self._signing_in.is_ours(request, form, session):
            return not_taken(NOT_OURS, _again(form), HTTPStatus.FORBIDDEN)
        try:
            received = asked(form, self._configuration, session)
        except BadInput as problem:
            return not_taken(str(problem), _again(form), HTTPStatus.BAD_REQUEST)
        if await run_in_threadpool(self._said_lately, received) >= MOST_LATELY:
            return not_taken(TOO_MANY, _again(form), HTTPStatus.TOO_MANY_REQUESTS)
        costs = self._costs(received)
        if costs and form.get("how") not in (EXPLAIN, SURE):
            title = self._configuration.communities[received.community].title
            html = render_sure(received, costs, _carried(form), title=title)
            return _personal(request, html, session)
        return await self._recorded(received, session)

    async def _recorded(self, received: CommandReceived, session: Session) -> Response:
        """Record it, once; and wait a little for what its page is made of."""
        fact = Fact(
            event=received,
            source=SURFACE,
            actor=session.login,
            correlation_id=received.command,
        )
        appended = await self._append(Batch(facts=[fact]))
        logger.info("heard", commands=[received.command], new=appended.is_new)
        story = f"/{received.community}/audit/{event_id(received.command)}"
        if appended.is_new and not await self._is_shown(appended.positions[0]):
            return HTMLResponse(render_later(story), HTTPStatus.ACCEPTED, HEADERS)
        return RedirectResponse(story, HTTPStatus.SEE_OTHER, HEADERS)

    def _costs(self, received: CommandReceived) -> str:
        """Return what a request would cost, nothing where nothing is done or it is no command."""
        vocabulary = self._vocabularies[received.community].within(received.repo)
        meaning = vocabulary.meaning(received.verb)
        return "" if meaning is None or is_explained(received) else meaning.command.costs


class StoryPages:
    """Replies on the dashboard: what the page of a command's story says, changed as the story grows."""

    def __init__(self, log: Log, append: Append) -> None:
        self._log = log
        self._append = append

    def render(self, answer: Answer, received: CommandReceived) -> str:
        """Return the answer as the page shows it."""
        return render_told(answer, received)

    async def find(self, received: CommandReceived, *, again: bool) -> str | None:
        """Return the name of what is there already."""
        given = await run_in_threadpool(self._given, received.command)
        return received.command if given else None

    async def post(self, received: CommandReceived, rendered: str) -> str:
        """Record the answer; it is called as the command is."""
        await self._record(received.command, rendered)
        return received.command

    async def edit(self, received: CommandReceived, message: str, rendered: str) -> None:
        """Record another answer in its place."""
        del message
        await self._record(received.command, rendered)

    async def _record(self, command: CommandId, rendered: str) -> None:
        """Record what is answered from now on, if it is something else than until now."""
        given = await run_in_threadpool(self._given, command)
        if given and given[-1].answer == rendered:
            return
        answer = AnswerGiven(command=command, number=len(given) + 1, answer=rendered)
        fact = Fact(event=answer, source=SOURCE, correlation_id=command)
        await self._append(Batch(facts=[fact]))

    def _given(self, command: CommandId) -> list[AnswerGiven]:
        story = (recorded.event for recorded in self._log.story(command))
        return [event for event in story if isinstance(event, AnswerGiven)]


def asked(
    form: Mapping[str, str], configuration: Configuration, session: Session
) -> CommandReceived:
    """Return the request that a form makes: what was typed into it, or what one of our buttons carries.

    Sent twice, a form is one request: its name is made of what was asked and of what the page gave it along.
    """
    nonce = form.get("nonce", "")
    if not _NONCE.fullmatch(nonce):
        raise BadInput(["A part of the form is missing. Open the page again."])
    received = _offered(form, configuration) if "offer" in form else _typed(form, configuration)
    if form.get("how") == EXPLAIN and not is_explained(received):
        received = msgspec.structs.replace(received, words=(*received.words, DRY_RUN))
    parts = (session.csrf, nonce, *received.words, received.verb, received.repo, received.number)
    name = blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()
    return msgspec.structs.replace(
        received,
        command=CommandId(f"command/{SURFACE}/{name}"),
        by=session.login,
        account=session.github_id,
    )


def _typed(form: Mapping[str, str], configuration: Configuration) -> CommandReceived:
    community = _community(form.get("community", ""), configuration)
    line = _line(form.get("say", ""))
    said = said_alone(line) if len(line) <= LONGEST_LINE else None
    if said is None or not said.verb:
        raise BadInput(["Say a command, such as `/status nightly`."])
    repo = form.get("repo", "") or community.repositories[0]
    if repo not in community.repositories:
        known = ", ".join(community.repositories)
        raise BadInput([f"I do not know the repository “{repo[:100]}”. I know {known}."])
    number = form.get("number", "").strip()
    numbered = _NUMBER.fullmatch(number)
    if number and numbered is None:
        raise BadInput([f"“{number[:100]}” is no number of an issue or pull request."])
    return _request(
        community,
        verb=said.verb,
        words=said.words,
        said=said.said,
        repo=Repo(repo),
        number=PullNumber(int(numbered.group(1)) if numbered else 0),
    )


def _offered(form: Mapping[str, str], configuration: Configuration) -> CommandReceived:
    offer = read_offer(form["offer"])
    if offer is None:
        raise BadInput(["That is no button of ours. Open the page again."])
    community = _community(offer.community, configuration)
    known = offer.repo in community.repositories
    return _request(
        community,
        verb=_line(offer.verb),
        words=tuple(_line(word) for word in offer.words),
        repo=offer.repo if known else community.repositories[0],
        number=PullNumber(min(max(offer.number, 0), 10**9)),
    )


def _request(
    community: Community,
    *,
    verb: str,
    words: tuple[str, ...],
    repo: Repo,
    number: PullNumber,
    said: str = "",
) -> CommandReceived:
    return CommandReceived(
        command=CommandId(""),
        community=community.key,
        surface=SURFACE,
        verb=verb,
        words=words,
        said=said,
        by="",
        repo=repo,
        number=number,
    )


def _community(key: str, configuration: Configuration) -> Community:
    found = configuration.communities.get(key)
    if found is None:
        raise BadInput(["I do not know that community. Open the page again."])
    return found


def _carried(form: Mapping[str, str]) -> Mapping[str, str]:
    """Return what a form says, to be sent once more."""
    fields = ("community", "say", "repo", "number", "offer")
    return {name: form[name] for name in fields if name in form}


def _personal(request: Request, html: str, session: Session) -> Response:
    """Return a page for the one who is signed in."""
    plain = Page(html.encode(), "text/html; charset=utf-8", "")
    compress = "gzip" in request.headers.get("accept-encoding", "")
    page = personal_page(plain, session, compress=compress)
    headers = {**HEADERS, **({"content-encoding": page.encoding} if page.encoding else {})}
    return Response(page.body, media_type=page.media_type, headers=headers)


def _again(form: Mapping[str, str]) -> str:
    """Return the page on which the same can be said again, with what was typed."""
    typed = {
        name: form[name][:LONGEST_LINE] for name in ("say", "repo", "number") if form.get(name)
    }
    key = form.get("community", "")
    under = f"/{quote(key, safe='')}" if key else ""
    return f"{under}{PATH}{f'?{urlencode(typed)}' if typed else ''}"


def _line(text: str) -> str:
    """Return text as a database takes it: on one line, without what nobody sees."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()
