"""What the operator sets in the environment: every variable, read once, all problems at once."""

import hmac
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

from chatops.errors import BadInput

PREFIX = "CHATOPS_"
FILE = "_FILE"
LONGEST_SHOWN = 60
HIGHEST_PORT = 65_535
MOST_DAYS = 36_500
MOST_MEGABYTES = 100
MOST_SECONDS = 86_400
MOST_PAST = 1_000_000
LEAST_LEASE = 5
EVERYWHERE = frozenset({"0.0.0.0", "::", "[::]"})  # noqa: S104 — recognised, not bound to
"""Addresses to listen on that nobody can type into a browser."""
OTHER_SCHEMES = frozenset(
    {"mysql", "mariadb", "mssql", "mongodb", "oracle", "redis", "http", "https"}
)
"""Beginnings that can be repeated: what is none of them may be a password in the wrong place."""
WORKSPACE_SECRETS = ("BOT_TOKEN", "SIGNING_SECRET", "APP_TOKEN")
OF_WORKSPACE = re.compile(
    rf"{PREFIX}SLACK_({'|'.join(WORKSPACE_SECRETS)})_(T(?=[A-Z]*[0-9])[A-Z0-9]{{2,20}})({FILE})?"
)
"""A secret of one Slack workspace among several: the variable ends in the workspace's id."""


class Secret:
    """A text that is not shown: it prints as `***` and says itself only when asked to."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("A secret is not written anywhere.")

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def reveal(self) -> str:
        """Return the text, for the one call that needs it."""
        return self._text


class NotThat(ValueError):
    """A value is not of its kind; the text says what was found, without giving a secret away."""


@dataclass(frozen=True, slots=True)
class Variable:
    """How one setting is read from the environment."""

    read: Callable[[str], object]
    meaning: str
    expected: str
    _: KW_ONLY
    name: str = ""
    is_secret: bool = False
    shown: str = ""


def _text(value: str) -> str:
    return value


def _path(value: str) -> Path:
    return Path(value)


def _secret(value: str) -> Secret:
    return Secret(value)


def _secrets(value: str) -> tuple[Secret, ...]:
    """Return each of several secrets, so that an old and a new one hold while one is exchanged."""
    found = tuple(Secret(part.strip()) for part in value.split(",") if part.strip())
    if not found:
        raise NotThat("only commas")
    return found


def _private_key(value: str) -> Secret:
    """Return a key in PEM form; some tools can only hand over its line ends as backslash and n."""
    text = value.replace("\\n", "\n").strip()
    if not re.match(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n", text):
        raise NotThat("something else")
    return Secret(text + "\n")


def _digits(value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,20}", value):
        raise NotThat(_show(value))
    return value


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise NotThat(_show(value))
        return int(value)

    return read


def _choice(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise NotThat(_show(value))
        return value

    return read


def _web_address(value: str) -> str:
    """Return an address without its last slash; one with a password in it is refused."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        raise NotThat(_show(value) if "@" not in value else "something else") from None
    if "@" in parts.netloc:
        raise NotThat("an address with a name or password in it")
    if not usable or parts.query or parts.fragment or re.search(r"\s", value):
        raise NotThat(_show(value) if "@" not in value else "something else")
    return value.rstrip("/")


def _slack_address(value: str) -> str:
    return _web_address(value) + "/"


def _database(value: str) -> str:
    """Return the address as the database reads it; beyond its scheme it may hold a password."""
    scheme, separator, rest = value.partition(":")
    if (
        re.fullmatch(r"postgres(ql)?(\+psycopg)?", scheme)
        and rest.startswith("//")
        and rest != "//"
    ):
        return f"postgresql{separator}{rest}"
    if scheme == "sqlite" and re.fullmatch(r"///(?!:memory:).+", rest):
        return value
    if scheme == "sqlite":
        raise NotThat("an sqlite address without a file")
    raise NotThat(f"a {scheme} address" if scheme in OTHER_SCHEMES else "something else")


def _show(value: str) -> str:
    short = value if len(value) <= LONGEST_SHOWN else value[:LONGEST_SHOWN] + "…"
    return repr(short)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackWorkspace:
    """The secrets of one Slack workspace; without a signing secret or an app token it shares those without a name."""

    bot_token: Secret
    signing_secret: Secret | None = None
    app_token: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every knob of an installation; what a community says of itself is in the configuration."""

    config: Annotated[
        Path, Variable(_path, "The YAML file that describes the communities.", "a path")
    ] = Path("chatops.yaml")
    database_url: Annotated[
        str,
        Variable(
            _database,
            "Where the log is: `sqlite:///file.db`, or `postgresql://…` (also written `postgres://…`).",
            "sqlite:///file.db or postgresql://user:password@host/name",
            is_secret=True,
        ),
    ] = field(default="sqlite:///chatops.db", repr=False)
    base_url: Annotated[
        str,
        Variable(
            _web_address,
            "The public address of this service, for links.",
            "an address such as https://ci.example.org",
            shown="`http://` with host and port",
        ),
    ] = ""
    host: Annotated[str, Variable(_text, "The address to listen on.", "an address")] = "127.0.0.1"
    port: Annotated[
        int,
        Variable(
            _whole(0, HIGHEST_PORT),
            "The port to listen on; 0 takes a free one.",
            f"a number from 0 to {HIGHEST_PORT}",
        ),
    ] = 8080
    github_api_url: Annotated[
        str,
        Variable(
            _web_address,
            "GitHub's REST API; GitHub Enterprise has its own.",
            "an address such as https://api.github.com",
        ),
    ] = "https://api.github.com"
    github_web_url: Annotated[
        str,
        Variable(
            _web_address,
            "GitHub's pages, for links; GitHub Enterprise has its own.",
            "an address such as https://github.com",
        ),
    ] = "https://github.com"
    github_webhook_secrets: Annotated[
        tuple[Secret, ...],
        Variable(
            _secrets,
            "The webhook's secret; several, separated by commas, while one is exchanged for another.",
            "one secret, or several separated by commas",
            name="GITHUB_WEBHOOK_SECRET",
            is_secret=True,
        ),
    ] = ()
    github_app_id: Annotated[
        str, Variable(_digits, "The GitHub App's id.", "a number such as 123456")
    ] = ""
    github_private_key: Annotated[
        Secret | None,
        Variable(
            _private_key,
            "The GitHub App's private key.",
            "a private key in PEM form",
            is_secret=True,
        ),
    ] = None
    github_token: Annotated[
        Secret | None,
        Variable(
            _secret,
            "A token, instead of an App: for reading, and for small set-ups.",
            "a token",
            is_secret=True,
        ),
    ] = None
    github_write_gap_ms: Annotated[
        int,
        Variable(
            _whole(0, 60_000),
            "Least pause between two calls that change something at GitHub, in milliseconds; GitHub asks for a second.",
            "a number from 0 to 60000",
        ),
    ] = 1000
    slack_api_url: Annotated[
        str,
        Variable(_slack_address, "Slack's Web API.", "an address such as https://slack.com/api/"),
    ] = "https://slack.com/api/"
    slack_signing_secret: Annotated[
        Secret | None,
        Variable(
            _secret, "Verifies what Slack sends over HTTP.", "a signing secret", is_secret=True
        ),
    ] = None
    slack_bot_token: Annotated[
        Secret | None,
        Variable(
            _secret,
            "Lets the bot write in Slack.",
            "a token (Slack's begin with xoxb-)",
            is_secret=True,
        ),
    ] = None
    slack_app_token: Annotated[
        Secret | None,
        Variable(
            _secret,
            "When set, Slack is heard over Socket Mode and needs no public address.",
            "a token (Slack's begin with xapp-)",
            is_secret=True,
        ),
    ] = None
    slack_workspaces: Mapping[str, SlackWorkspace] = field(default_factory=dict)
    """The workspaces whose secrets have their id in their names, by that."""
    api_token: Annotated[
        Secret | None,
        Variable(
            _secret,
            "The operators' bearer token: with it, programs are shown the pages of private repositories, too.",
            "a token",
            is_secret=True,
        ),
    ] = None
    session_secret: Annotated[
        Secret | None,
        Variable(
            _secret,
            "Signs what a browser keeps while somebody signs in, on the dashboard or to be linked from Slack.",
            "a long random text",
            is_secret=True,
        ),
    ] = None
    github_client_id: Annotated[
        str,
        Variable(
            _text,
            "The GitHub App's client id: with it, people sign in on the dashboard, and prove in Slack who they are.",
            "a client id",
        ),
    ] = ""
    github_client_secret: Annotated[
        Secret | None,
        Variable(
            _secret,
            "The GitHub App's client secret, which belongs to its client id.",
            "a client secret",
            is_secret=True,
        ),
    ] = None
    log_format: Annotated[
        str,
        Variable(
            _choice("console", "json"),
            "How log lines are written: `console` for people, `json` for programs.",
            "console or json",
        ),
    ] = "console"
    delivery_retention_days: Annotated[
        int,
        Variable(
            _whole(0, MOST_DAYS),
            "Days for which raw webhook deliveries are kept, so that they can be read again.",
            f"a number from 0 to {MOST_DAYS}",
        ),
    ] = 30
    past_megabytes: Annotated[
        int,
        Variable(
            _whole(0, MOST_PAST),
            "Megabytes of the temporary folder for moments of the past that pages show with `at=`; 0 keeps none.",
            f"a number from 0 to {MOST_PAST}",
        ),
    ] = 2000
    lease_seconds: Annotated[
        int,
        Variable(
            _whole(LEAST_LEASE, MOST_SECONDS),
            "Seconds without a word after which a process is taken for dead, and its work is done by another.",
            f"a number from {LEAST_LEASE} to {MOST_SECONDS}",
        ),
    ] = 60
    max_body_mb: Annotated[
        int,
        Variable(
            _whole(1, MOST_MEGABYTES),
            "The largest request that is taken, in megabytes; GitHub sends at most 25.",
            f"a number from 1 to {MOST_MEGABYTES}",
        ),
    ] = 25
    poll_seconds: Annotated[
        int,
        Variable(
            _whole(1, MOST_SECONDS),
            "Pause of `chatops watch` between two looks at GitHub.",
            f"a number from 1 to {MOST_SECONDS}",
        ),
    ] = 120


WORKSPACES = "slack_workspaces"
"""The one field that no single variable fills."""


def _variables() -> dict[str, tuple[str, Variable]]:
    """Return each environment variable with the field it fills."""
    found: dict[str, tuple[str, Variable]] = {}
    for knob, hint in get_type_hints(Settings, include_extras=True).items():
        if knob == WORKSPACES:
            continue
        variable: Variable = hint.__metadata__[0]
        found[PREFIX + (variable.name or knob.upper())] = (knob, variable)
    return found


VARIABLES: Mapping[str, tuple[str, Variable]] = _variables()
KNOWN = frozenset(VARIABLES) | {
    name + FILE for name, (_, variable) in VARIABLES.items() if variable.is_secret
}
NEEDS: Mapping[str, tuple[str, ...]] = {
    "CHATOPS_GITHUB_APP_ID": ("CHATOPS_GITHUB_PRIVATE_KEY",),
    "CHATOPS_GITHUB_PRIVATE_KEY": ("CHATOPS_GITHUB_APP_ID",),
    "CHATOPS_GITHUB_CLIENT_ID": ("CHATOPS_GITHUB_CLIENT_SECRET", "CHATOPS_SESSION_SECRET"),
    "CHATOPS_GITHUB_CLIENT_SECRET": ("CHATOPS_GITHUB_CLIENT_ID",),
    "CHATOPS_SLACK_APP_TOKEN": ("CHATOPS_SLACK_BOT_TOKEN",),
}
"""What is of no use alone."""


def read_settings(environment: Mapping[str, str], *, needs: Collection[str] = ()) -> Settings:
    """Return the settings, or one `BadInput` with every problem.

    An empty variable counts as not set.
    `needs` names the variables without which a process cannot do its work.
    """
    given = {
        name: value
        for name, value in environment.items()
        if name.startswith(PREFIX) and value.strip()
    }
    problems = [_unknown(name) for name in sorted(environment) if _is_unknown(name)]
    values: dict[str, Any] = {}
    found: set[str] = set()
    for name, (knob, variable) in VARIABLES.items():
        if name not in given and not (variable.is_secret and name + FILE in given):
            continue
        found.add(name)
        try:
            values[knob] = _read(name, variable, given)
        except NotThat as problem:
            problems.append(f"{_where(name, given)}: found {problem}, expected {variable.expected}")
    values[WORKSPACES], odd = _workspaces(given)
    problems.extend((*odd, *_lonely(found, needs)))
    if problems:
        raise BadInput(problems)
    settings = Settings(**values)
    if settings.base_url:
        return settings
    return Settings(**values | {"base_url": _own_address(settings.host, settings.port)})


def _is_unknown(name: str) -> bool:
    return name.startswith(PREFIX) and name not in KNOWN and not OF_WORKSPACE.fullmatch(name)


def _unknown(name: str) -> str:
    near = get_close_matches(name, KNOWN, n=1, cutoff=0.8)
    hint = f"did you mean {near[0]}?" if near else "see docs/configuration.md for those there are"
    return f"{name}: found a variable that does not exist; {hint}"


def _where(name: str, given: Mapping[str, str]) -> str:
    return name if name in given else name + FILE


def _read(name: str, variable: Variable, given: Mapping[str, str]) -> object:
    """Return a variable's value, from itself or from the file that its twin names."""
    if name in given and variable.is_secret and name + FILE in given:
        raise NotThat(f"{name}{FILE} as well, and which of the two is meant is unclear")
    value = given[name] if name in given else _content(given[name + FILE])
    try:
        return variable.read(value.strip())
    except NotThat as problem:
        if variable.is_secret and variable.read is not _database:
            raise NotThat("a value that is not one (not shown: it is a secret)") from None
        raise problem from None


def _workspaces(given: Mapping[str, str]) -> tuple[dict[str, SlackWorkspace], list[str]]:
    """Return the workspaces that have secrets of their own, and what is wrong with these."""
    secrets: dict[str, dict[str, Any]] = {}
    problems = []
    for kind, team in sorted(
        {found.group(1, 2) for name in given if (found := OF_WORKSPACE.fullmatch(name))}
    ):
        plain = f"{PREFIX}SLACK_{kind}"
        name, variable = f"{plain}_{team}", VARIABLES[plain][1]
        try:
            secrets.setdefault(team, {})[kind.lower()] = _read(name, variable, given)
        except NotThat as problem:
            problems.append(f"{_where(name, given)}: found {problem}, expected {variable.expected}")
    for team, theirs in secrets.items():
        if "bot_token" not in theirs and not problems:
            kind = next(iter(theirs)).upper()
            problems.append(
                f"{PREFIX}SLACK_BOT_TOKEN_{team}: found nothing, expected "
                f"{VARIABLES[f'{PREFIX}SLACK_BOT_TOKEN'][1].expected}, because {PREFIX}SLACK_{kind}_{team} is set"
            )
    if problems:
        return {}, problems
    return {team: SlackWorkspace(**theirs) for team, theirs in secrets.items()}, []


def _content(path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not text"
        raise NotThat(f"the file {_show(path)}, which cannot be read ({reason})") from None
    if not text.strip():
        raise NotThat(f"the file {_show(path)}, which is empty")
    return text


def _lonely(found: Collection[str], needs: Collection[str]) -> Iterable[str]:
    """Yield a problem for each variable that others, or the work to be done, cannot be without."""
    for name in needs:
        if name not in found:
            yield f"{name}: found nothing, expected {VARIABLES[name][1].expected}"
    for name, partners in NEEDS.items():
        for partner in partners:
            if name in found and partner not in found:
                expected = VARIABLES[partner][1].expected
                yield f"{partner}: found nothing, expected {expected}, because {name} is set"
    if {"CHATOPS_GITHUB_TOKEN", "CHATOPS_GITHUB_APP_ID"} <= set(found):
        yield "CHATOPS_GITHUB_TOKEN: found beside CHATOPS_GITHUB_APP_ID, expected one of the two"


def _own_address(host: str, port: int) -> str:
    if host in EVERYWHERE:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host and "[" not in host else f"http://{host}:{port}"


OPENING = """\
## The environment

A variable that is empty counts as not set.
A secret can also be given in a file: `CHATOPS_GITHUB_TOKEN_FILE=/run/secrets/token` instead of
`CHATOPS_GITHUB_TOKEN=…`, and so for each one marked *secret*.
A variable that begins with `CHATOPS_` and is not in this list stops the start.

Where the bot is in several Slack workspaces, the three secrets of a further one have its id at their end, as in
`CHATOPS_SLACK_BOT_TOKEN_T0123456789`, `CHATOPS_SLACK_SIGNING_SECRET_T0123456789` and, with Socket Mode,
`CHATOPS_SLACK_APP_TOKEN_T0123456789`; so have their files, as in `CHATOPS_SLACK_BOT_TOKEN_T0123456789_FILE`.
[Several workspaces](slack.md#several-workspaces) says more.
"""


def reference() -> str:
    """Return the environment's part of docs/configuration.md."""
    lines = [OPENING, "| variable | default | meaning |", "| --- | --- | --- |"]
    defaults = Settings()
    for name, (knob, variable) in VARIABLES.items():
        default = getattr(defaults, knob)
        shown = variable.shown or (f"`{default}`" if default else "")
        secret = " *Secret.*" if variable.is_secret else ""
        lines.append(f"| `{name}` | {shown} | {variable.meaning}{secret} |")
    return "\n".join(lines) + "\n"
