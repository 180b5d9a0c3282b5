"""Whom do the words of a command mean? Logins with or without `@` and commas; `me`; where nobody is named, who asks."""

import re
from collections.abc import Sequence

from chatops.answers.changes import quoted
from chatops.engine.command import Asked
from chatops.errors import Refused

LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,38}(\[bot\])?")
TEAM = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")
ME = "me"
MOST = 10


def people(words: Sequence[str], *, teams: bool = False) -> tuple[str, ...]:
    """Return the names in these words, each once; refuse what is no name, so that nobody is meant by accident."""
    said = [name for word in words for part in word.split(",") if (name := part.strip())]
    names = [name.lstrip("@") for name in said]
    _refuse_prose(said)
    if not teams and (found := [name for name in names if TEAM.fullmatch(name)]):
        raise Refused(
            f"GitHub assigns people, not teams, and {quoted(found)} is a team. Name the people.",
            reason="usage",
        )
    odd = [name for name in names if not (LOGIN.fullmatch(name) or TEAM.fullmatch(name))]
    if odd:
        kinds = (
            "logins such as `@octocat` and teams such as `@acme/pilots`"
            if teams
            else "logins such as `@octocat`"
        )
        raise Refused(
            f"{quoted(odd)} is no login on GitHub, so I did nothing. I expected {kinds}, with blanks between them.",
            reason="usage",
        )
    if len(names) > MOST:
        raise Refused(
            f"That names {len(names)} people; GitHub takes {MOST} at most.", reason="usage"
        )
    return tuple({name.lower(): name for name in names}.values())


def _refuse_prose(said: Sequence[str]) -> None:
    """Refuse words that are hardly logins: plain ones beside some that are marked as one."""
    plain = [name for name in said if not name.startswith("@") and name.lower() != ME]
    if plain and len(plain) < len(said):
        raise Refused(
            f"I did nothing, because I do not know whether {quoted(plain)} is a login. "
            "Write `@` before each login; what else there is to say goes into a line of its own.",
            reason="usage",
        )


def resolved(names: Sequence[str], asked: Asked) -> tuple[str, ...]:
    """Return the logins that are meant: who asks, for `me` or where nobody is named."""
    wanted = names or (ME,)
    if ME in (name.lower() for name in wanted) and not asked.standing.login:
        raise Refused(
            "I do not know your login on GitHub, so name whom you mean: `@octocat`.",
            reason="nobody_named",
        )
    me = asked.standing.login
    found = [me if name.lower() == ME else name for name in wanted]
    return tuple({name.lower(): str(name) for name in found}.values())
