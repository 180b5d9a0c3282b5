"""Whom do the words of a command mean? Logins with or without `@` and commas; `me`; where nobody is named, who asks."""

import re
from collections.abc import Sequence

from chatops.answers.changes import quoted
from chatops.engine.command import Asked, Knowledge
from chatops.errors import Refused
from chatops.projections.identities import identity

LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,38}(\[bot\])?")
TEAM = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")
MEMBER = re.compile(r"<@(\w{1,40})(?:\|[^>]*)?>")
"""How Slack tells of one of its members who was named with `@`."""
MARKS = ("@", "<@")
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
    odd = [
        name
        for name in names
        if not (LOGIN.fullmatch(name) or TEAM.fullmatch(name) or MEMBER.fullmatch(name))
    ]
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
    plain = [name for name in said if not name.startswith(MARKS) and name.lower() != ME]
    if plain and len(plain) < len(said):
        raise Refused(
            f"I did nothing, because I do not know whether {quoted(plain)} is a login. "
            "Write `@` before each login; what else there is to say goes into a line of its own.",
            reason="usage",
        )


def resolved(names: Sequence[str], asked: Asked, knowledge: Knowledge) -> tuple[str, ...]:
    """Return the logins that are meant: who asks, for `me` or where nobody is named; whom a member of Slack is."""
    wanted = names or (ME,)
    if ME in (name.lower() for name in wanted) and not asked.standing.login:
        raise Refused(
            "I do not know your login on GitHub, so name whom you mean: `@octocat`.",
            reason="nobody_named",
        )
    me = asked.standing.login
    found = [me if name.lower() == ME else _login(name, asked, knowledge) for name in wanted]
    return tuple({name.lower(): str(name) for name in found}.values())


def _login(name: str, asked: Asked, knowledge: Knowledge) -> str:
    """Return a login as it is, and for a member of Slack the one they have proved to be theirs."""
    member = MEMBER.fullmatch(name)
    if member is None:
        return name
    known = identity(knowledge.db, asked.received.team, member.group(1))
    if known is None:
        raise Refused(
            "I do not know who that member of Slack is on GitHub, so I did nothing. "
            "Write the login without an `@`, or let them say `/link` first.",
            reason="nobody_named",
        )
    return known.login
