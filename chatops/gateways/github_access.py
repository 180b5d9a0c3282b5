"""With whose rights, how fast and how often we speak to GitHub's REST API."""

import asyncio
import base64
import contextlib
import json
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

import gidgethub
from gidgethub.abc import GitHubAPI
from msgspec import Struct

from chatops.errors import Broken, Refused, Transient
from chatops.gateways.github_cache import Remembered
from chatops.gateways.github_refusals import is_web_page, problem_of
from chatops.gateways.github_turns import Turns, rank_of
from chatops.gateways.net import Answer, Client
from chatops.names import Repo
from chatops.ports import Json

VERSION = "2022-11-28"
USER_AGENT = "chatops"
RAW = "application/vnd.github.raw+json"
NO_BODY = b""
ENTERPRISE = "/api/v3"
"""Some calls take none, not even an empty object."""
READABLE = frozenset(
    {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT}
)
RENEW_EARLY = timedelta(minutes=5)
SHORTEST_LIFE, LONGEST_LIFE = timedelta(minutes=1), timedelta(minutes=55)
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(hours=1)
SIGNED_BEFORE, SIGNED_FOR = timedelta(minutes=1), timedelta(minutes=8)
"""What an App signs begins a little before now and ends within the ten minutes that GitHub allows."""
SIGN_AGAIN = timedelta(minutes=7)
MOST_SKEW = timedelta(seconds=30)
CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
UNREADABLE = (
    gidgethub.GitHubException,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What is raised where an answer is not what it should be."""

Cache = MutableMapping[str, Remembered]
Value = int | str | list[str] | None
"""What may be filled into the template of an address."""


class Token(Protocol):
    """Where a call's token comes from."""

    async def text(self) -> str:
        """Return a token that is good now; empty for nobody's."""
        ...

    def forget(self, text: str) -> bool:
        """Drop a token that was not accepted; return whether there may be another one."""
        ...


class GivenToken:
    """A token that the operator gave us; there is no other."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def text(self) -> str:
        """Return the token."""
        return self._text

    def forget(self, text: str) -> bool:
        """There is no other."""
        return False


class Limit(Struct, frozen=True, kw_only=True):
    """How many calls of this hour are left, as GitHub said with its last answer."""

    limit: int
    remaining: int
    resets_at: datetime


class GitHubTime:
    """GitHub's own clock, by the Date of its answers: what it says of times holds there, and ours may be off."""

    def __init__(self) -> None:
        self._said = datetime.fromtimestamp(0, UTC)
        self._heard_at: float | None = None

    def hear(self, headers: Mapping[str, str]) -> None:
        """Set the clock by an answer."""
        with contextlib.suppress(KeyError, ValueError, ArithmeticError):
            said = parsedate_to_datetime(headers["date"])
            if said.tzinfo is not None:
                self._said, self._heard_at = said, time.monotonic()

    def now(self) -> datetime:
        """Return what time it is at GitHub; until it has said so, what time it is here."""
        if self._heard_at is None:
            return datetime.fromtimestamp(time.time(), UTC)
        return self._said + timedelta(seconds=time.monotonic() - self._heard_at)

    def until(self, moment: datetime) -> timedelta | None:
        """Return how long it is to a moment, negative if it is past; nothing if GitHub never said the time."""
        return None if self._heard_at is None else moment - self.now()

    def until_reset(self, headers: Mapping[str, str]) -> timedelta | None:
        """Return how long the hour of the rate limit in an answer's headers still lasts."""
        reset = headers.get("x-ratelimit-reset", "")
        if not re.fullmatch(r"\d{1,12}", reset):
            return None
        return self.wait_for(datetime.fromtimestamp(int(reset), UTC))

    def wait_for(self, moment: datetime) -> timedelta | None:
        """Return a sensible wait until a moment."""
        wait = self.until(moment)
        return None if wait is None else min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


class Account:
    """One allowance at GitHub, of an installation of our App or of a token: its calls share pace, limit and memory."""

    def __init__(
        self,
        name: str,
        client: Client,
        clock: GitHubTime,
        token: Token,
        *,
        api_url: str,
        cache: Cache | None = None,
        write_gap: timedelta = timedelta(),
    ) -> None:
        self.name = name
        self.limit: Limit | None = None
        self.remembering = Api(self, api_url, cache)
        self.fresh = Api(self, api_url, None)
        self._client = client
        self._clock = clock
        self._token = token
        self._api_url = api_url.removesuffix("/") + "/"
        beside = api_url.rstrip("/")
        base = beside.removesuffix("/v3") if beside.endswith(ENTERPRISE) else beside
        self.graphql_url = f"{base}/graphql"
        self._turns = Turns(write_gap.total_seconds())

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one request; whatever is not a success becomes one of our errors."""
        if not url.startswith(self._api_url) and url != self.graphql_url:
            raise Broken(f"GitHub's API is at {self._api_url}, and nothing else gets our token.")
        if method == "GET":
            answer = await self._authorized(method, url, headers, body)
        else:
            async with self._turns.turn(rank_of(urlsplit(url).path)):
                answer = await self._authorized(method, url, headers, body)
        unchanged = answer.status == HTTPStatus.NOT_MODIFIED and bool(CONDITIONS & headers.keys())
        if answer.status not in READABLE and not unchanged:
            raise problem_of(answer, self._clock.until_reset)
        return answer

    def spare(self, keep: int) -> None:
        """Raise `Transient` while fewer than `keep` calls are left; at most half of them are kept."""
        if self.limit is None or self.limit.remaining >= min(keep, self.limit.limit // 2):
            return
        left = self._clock.until(self.limit.resets_at)
        if left is not None and left <= timedelta():
            self.limit = None
            return
        raise Transient(
            f"{self.limit.remaining} of {self.limit.limit} calls to GitHub are left in this hour; they are kept for "
            "people's requests.",
            retry_after=self._clock.wait_for(self.limit.resets_at),
        )

    async def _authorized(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        token = await self._token.text()
        answer = await self._once(method, url, headers, body, token)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._token.forget(token):
            token = await self._token.text()
            answer = await self._once(method, url, headers, body, token)
        return answer

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, token: str
    ) -> Answer:
        sent = {**headers, "x-github-api-version": VERSION}
        if token:
            sent["authorization"] = f"Bearer {_sendable(token)}"
        answer = await self._client.request(method, url, headers=sent, body=body)
        self._clock.hear(answer.headers)
        if answer.status != HTTPStatus.NOT_MODIFIED:
            self._note_limit(answer.headers)
        return answer

    def _note_limit(self, headers: Mapping[str, str]) -> None:
        if headers.get("x-ratelimit-resource", "core") != "core":
            return
        with contextlib.suppress(KeyError, ValueError):
            self.limit = Limit(
                limit=int(headers["x-ratelimit-limit"]),
                remaining=int(headers["x-ratelimit-remaining"]),
                resets_at=datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC),
            )


class Api(GitHubAPI):
    """gidgethub over our own client: addresses, pages and conditional requests are its; errors are ours."""

    def __init__(self, account: Account, api_url: str, cache: Cache | None) -> None:
        super().__init__(USER_AGENT, cache=cache, base_url=api_url)
        self._account = account

    @property
    def graphql_url(self) -> str:
        """Return where GraphQL is, beside the REST API: an Enterprise server has it outside of `/api/v3`."""
        return self._account.graphql_url

    async def item(self, url: str, **values: Value) -> Json:
        """Return one object."""
        with readable():
            found = await self.getitem(url, values)
        return _object(found)

    async def items(
        self, url: str, key: str | None = None, **values: Value
    ) -> AsyncGenerator[Json, None]:
        """Yield the objects of a list, page by page as they are asked for."""
        with readable():
            pages = self.getiter(url, values, iterable_key=key)
            async with contextlib.aclosing(pages):
                async for found in pages:
                    yield _object(found)

    async def answers(self, url: str, **values: Value) -> bool:
        """Return whether GitHub says yes, without a word: it says that it finds nothing, if not."""
        try:
            with readable():
                await self.getitem(url, values)
        except Refused as refusal:
            if refusal.reason == "not_found":
                return False
            raise
        return True

    async def text(self, url: str, **values: Value) -> str | None:
        """Return a text as it is, or nothing if what is there is a folder."""
        with readable():
            found = await self.getitem(url, values, accept=RAW)
        if found is None:
            return ""
        return found if isinstance(found, str) else None

    async def write(self, method: str, url: str, content: Json, **values: Value) -> Json:
        """Send an object and return the one that comes back; never repeated by itself."""
        send = self.post if method == "POST" else self.patch
        with readable():
            found = await send(url, values, data=content or NO_BODY)
        return {} if found is None else _object(found)

    async def change(self, method: str, url: str, content: Json, **values: Value) -> None:
        """Send an object; what comes back is not read. Never repeated by itself."""
        with readable():
            match method:
                case "POST":
                    await self.post(url, values, data=content or NO_BODY)
                case "PATCH":
                    await self.patch(url, values, data=content or NO_BODY)
                case "PUT":
                    await self.put(url, values, data=content or NO_BODY)
                case _:
                    await self.delete(url, values, data=content or NO_BODY)

    async def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        answer = await self._account.send(method, url, headers, body)
        if answer.status == HTTPStatus.OK and headers["accept"] == RAW:
            return answer.status, _of_a_text(answer), answer.body
        if answer.status == HTTPStatus.OK and not answer.body:
            raise Transient("GitHub's answer is empty.")
        return answer.status, answer.headers, answer.body

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        await asyncio.sleep(seconds)


@contextlib.contextmanager
def readable() -> Iterator[None]:
    """What nobody can make sense of was cut off or garbled on its way, by a proxy for example."""
    try:
        yield
    except UNREADABLE as problem:
        raise Transient("GitHub's answer could not be read.") from problem


def _of_a_text(answer: Answer) -> Mapping[str, str]:
    """Return the headers of a text, after a look at whether it is one."""
    if is_web_page(answer):
        raise Transient("GitHub's answer is a web page of somebody else's.")
    try:
        answer.body.decode()
    except UnicodeDecodeError as problem:
        raise Refused("What is there is not a text in UTF-8.", reason="not_a_text") from problem
    return {"content-type": "text/plain", **answer.headers}


def _sendable(token: str) -> str:
    """Return a token if it can be one: what a word processor made of it cannot even be sent."""
    if token.isascii() and token.isprintable():
        return token
    raise Refused(
        "The bot's token for GitHub has characters in it that no token has. Its operator has to enter it again.",
        reason="credentials",
    )


def _object(found: object) -> Json:
    if not isinstance(found, dict):
        raise Transient("GitHub's answer is not what was asked for.")
    return found


class Accounts(Protocol):
    """Which account speaks for us in a repository."""

    async def of(self, repo: Repo) -> Account:
        """Return the account for a repository."""
        ...

    def all(self) -> list[Account]:
        """Return the accounts used so far."""
        ...


class OneAccount:
    """The same account everywhere: that of a token, or nobody's."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def of(self, repo: Repo) -> Account:
        """Return the account."""
        return self._account

    def all(self) -> list[Account]:
        """Return the account."""
        return [self._account]


class AppAccounts:
    """A GitHub App's accounts: one for each of its installations, found by repository."""

    def __init__(
        self,
        client: Client,
        clock: GitHubTime,
        *,
        api_url: str,
        app_id: str,
        private_key: str,
        new_cache: Callable[[], Cache | None],
        write_gap: timedelta,
    ) -> None:
        # What signs takes ten megabytes, which whoever has a token does without.
        from chatops.gateways.github_key import signer  # noqa: PLC0415

        sign = signer(private_key)
        self._client = client
        self._clock = clock
        self._api_url = api_url
        self._new_cache = new_cache
        self._write_gap = write_gap
        itself = Account("app", client, clock, AppToken(app_id, sign, clock), api_url=api_url)
        self.app = itself.fresh
        self._installations: dict[Repo, int] = {}
        self._accounts: dict[int, Account] = {}
        self._looking = asyncio.Lock()

    async def of(self, repo: Repo) -> Account:
        """Return the account of the installation that a repository belongs to."""
        if repo not in self._installations:
            async with self._looking:
                if repo not in self._installations:
                    self._installations[repo] = await self._installation_of(repo)
        return self._account(self._installations[repo])

    def all(self) -> list[Account]:
        """Return the accounts used so far."""
        return list(self._accounts.values())

    async def _installation_of(self, repo: Repo) -> int:
        try:
            found = await self.app.item("/repos{/repo*}/installation", repo=repo.split("/"))
        except Refused as refusal:
            if refusal.reason != "not_found":
                raise
            raise Refused(
                f"The bot's GitHub App is not installed on {repo}; an owner can install it from the App's page.",
                reason="not_installed",
            ) from refusal
        with readable():
            return int(found["id"])

    def _account(self, installation: int) -> Account:
        if installation not in self._accounts:
            self._accounts[installation] = Account(
                f"installation {installation}",
                self._client,
                self._clock,
                InstallationToken(self.app, installation, self._clock, self._forget),
                api_url=self._api_url,
                cache=self._new_cache(),
                write_gap=self._write_gap,
            )
        return self._accounts[installation]

    def _forget(self, installation: int) -> None:
        """Look again next time: whoever installs an App anew gives it a new number."""
        self._installations = {
            repo: number for repo, number in self._installations.items() if number != installation
        }
        self._accounts.pop(installation, None)


class AppToken:
    """What the App signs to speak for itself: good for minutes by GitHub's clock, so by that one it is signed."""

    def __init__(self, app_id: str, sign: Callable[[bytes], bytes], clock: GitHubTime) -> None:
        self._app_id = app_id
        self._signature_of = sign
        self._clock = clock
        self._text = ""
        self._signed_at = clock.now()
        self._signed_when = 0.0

    async def text(self) -> str:
        """Return it, signed anew some time before it ends."""
        if not self._text or self._age() >= SIGN_AGAIN:
            self._sign()
        return self._text

    def forget(self, text: str) -> bool:
        """Drop it; another may be taken if GitHub's clock turns out to be another than we thought."""
        if text != self._text:
            return True
        self._text = ""
        return abs(self._clock.now() - self._signed_at - self._age()) > MOST_SKEW

    def _age(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self._signed_when)

    def _sign(self) -> None:
        self._signed_at, self._signed_when = self._clock.now(), time.monotonic()
        begins = int((self._signed_at - SIGNED_BEFORE).timestamp())
        ends = int((self._signed_at + SIGNED_FOR).timestamp())
        claims = {"iat": begins, "exp": ends, "iss": self._app_id}
        signed = b".".join(_part(part) for part in ({"alg": "RS256", "typ": "JWT"}, claims))
        signature = self._signature_of(signed)
        self._text = b".".join((signed, _without_padding(signature))).decode()


class InstallationToken:
    """The token of one installation: good for an hour, kept until shortly before, renewed when it is not accepted."""

    def __init__(
        self, app: Api, installation: int, clock: GitHubTime, on_gone: Callable[[int], None]
    ) -> None:
        self._app = app
        self._installation = installation
        self._clock = clock
        self._on_gone = on_gone
        self._text = ""
        self._good_until = 0.0
        self._renewing = asyncio.Lock()

    async def text(self) -> str:
        """Return the token, a new one if the old one ends soon."""
        async with self._renewing:
            if not self._text or time.monotonic() >= self._good_until:
                await self._renew()
            return self._text

    def forget(self, text: str) -> bool:
        """Drop the token unless it has been renewed meanwhile."""
        if text == self._text:
            self._text = ""
        return True

    async def _renew(self) -> None:
        try:
            made = await self._app.write(
                "POST",
                "/app/installations/{number}/access_tokens",
                {},
                number=self._installation,
            )
        except Refused as refusal:
            if refusal.reason != "not_found":
                raise
            self._on_gone(self._installation)
            # Not a refusal: to whoever asks, "not found" would be about what they asked for.
            raise Transient(
                "The bot's GitHub App has been removed, or installed anew; I look again."
            ) from refusal
        with readable():
            left = self._clock.until(datetime.fromisoformat(made["expires_at"])) or SHORTEST_LIFE
            life = min(max(left - RENEW_EARLY, SHORTEST_LIFE), LONGEST_LIFE)
            self._text = str(made["token"])
        self._good_until = time.monotonic() + life.total_seconds()


def _part(content: Mapping[str, object]) -> bytes:
    return _without_padding(json.dumps(content, separators=(",", ":")).encode())


def _without_padding(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")
