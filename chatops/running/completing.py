"""What a shell offers while somebody types: what can be said with `chatops run`, from where `help` has it, too."""

import re
from collections.abc import Iterator
from pathlib import Path

import chatops.commands
from chatops.config import Community, Configuration, read_configuration
from chatops.engine.catalogue import catalogue
from chatops.engine.command import Command
from chatops.engine.vocabulary import Meaning, Vocabulary
from chatops.errors import BadInput

Offered = tuple[str, str]
"""What may come next, and what it does."""

ANY_COMMUNITY = Community(title="", repositories=())
_SAID_AS_IT_IS = re.compile(r"(?<![\w@/-])(?<![A-Z] )([a-z][a-z-]*|\?)")
_STANDS_FOR = re.compile(r"[A-Z][A-Z-]*")


def configuration(path: Path) -> Configuration | None:
    """Return the configuration; while somebody types is no time to say what is wrong with it."""
    try:
        return read_configuration(path)
    except BadInput:
        return None


def community(known: Configuration | None, key: str) -> Community:
    """Return who is spoken to, or a community without any words of its own where that cannot be told."""
    if known is None:
        return ANY_COMMUNITY
    return known.communities.get(key, known.default_community)


def offered(typed: str, where: Community) -> list[Offered]:
    """Return what a command that is typed so far may go on with."""
    vocabulary = Vocabulary(catalogue(chatops.commands, Command), where)
    before, blank, last = typed.rpartition(" ")
    if not blank:
        slash = "/" if typed.startswith("/") else ""
        found = [
            (slash + verb, _told(verb, meaning))
            for verb in sorted(vocabulary.verbs)
            if (meaning := vocabulary.meaning(verb)) is not None
        ]
    else:
        verb = before.split(" ")[0].lstrip("/").lower()
        meaning = vocabulary.meaning(verb)
        found = [
            (f"{before} {word}", "")
            for word in (_words(meaning, vocabulary, where) if meaning is not None else ())
            if word not in before.split(" ")[1:]
        ]
    wanted = (before + blank + last).lower()
    return [(text, told) for text, told in found if text.lower().startswith(wanted)]


def _told(verb: str, meaning: Meaning) -> str:
    """Return how a verb is used, where it is a command's own, and what the command does."""
    usage = meaning.command.usage if verb == meaning.command.name else ""
    return f"{usage} – {meaning.command.help}" if usage else meaning.command.help


def _words(meaning: Meaning, vocabulary: Vocabulary, where: Community) -> Iterator[str]:
    """Yield what may follow a verb, as its usage has it; what stands for something, where that is known."""
    if meaning.words:
        return
    usage = meaning.command.usage
    yield from _SAID_AS_IT_IS.findall(usage)
    named = set(_STANDS_FOR.findall(usage))
    if "JOB" in named:
        yield from where.job_aliases
    if "COMMAND" in named:
        yield from sorted(vocabulary.commands)
