"""Which words a community's people can begin a request with, and what each of them stands for."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from msgspec import Struct
from msgspec.structs import replace

from chatops.config import Community, Configuration
from chatops.engine.command import Command
from chatops.errors import Refused

NEAR = 0.8
"""How alike two words must be for one to be a slip of the other: `restest` is, `rebase` is not."""
SHORTEST_SLIP = 4
SHORTEST_BEGINNING, MOST_HINTS = 2, 4
"""From how many letters on the beginning of a verb tells which are meant, and how many are told."""
ALIKE = 0.7
"""How alike a word must be to be worth a hint, where it was certainly said to us."""


class Meaning(Struct, frozen=True):
    """What a verb stands for: a command, and words it puts before those that were said."""

    command: type[Command]
    words: tuple[str, ...]


class Vocabulary:
    """The verbs of one community: every command that it has not switched off, under all of its names."""

    def __init__(self, commands: Iterable[type[Command]], community: Community) -> None:
        commands = tuple(commands)
        self._within = {
            repo.lower(): Vocabulary(commands, replace(community.within(repo), exceptions={}))
            for repo in community.exceptions
        }
        off = {name.lower() for name in community.commands_off}
        self._meanings = {
            verb: Meaning(command, words)
            for command in commands
            if command.name not in off
            for verb, words in command.verbs(community).items()
        }
        self._switched_off = {
            verb for command in commands if command.name in off for verb in command.verbs(community)
        }

    def within(self, repo: str) -> "Vocabulary":
        """Return the verbs that are heard in one of the community's repositories."""
        return self._within.get(repo.lower(), self)

    @property
    def verbs(self) -> frozenset[str]:
        """Return every word that is heard."""
        return frozenset(self._meanings)

    @property
    def commands(self) -> dict[str, type[Command]]:
        """Return the commands by their own names."""
        return {meaning.command.name: meaning.command for meaning in self._meanings.values()}

    def meaning(self, verb: str) -> Meaning | None:
        """Return what a verb stands for."""
        return self._meanings.get(verb)

    def hears(self, verb: str) -> bool:
        """Return whether a word is one of ours, or a slip of one; what is switched off or other bots' is not."""
        if verb in self._meanings:
            return True
        if verb in self._switched_off:
            return False
        return len(verb) >= SHORTEST_SLIP and bool(
            get_close_matches(verb, self._meanings, n=1, cutoff=NEAR)
        )


def vocabularies(
    commands: Mapping[str, type[Command]], configuration: Configuration
) -> dict[str, Vocabulary]:
    """Return the vocabulary of each community, by its key."""
    return {
        key: Vocabulary(commands.values(), community)
        for key, community in configuration.communities.items()
    }


def unknown(verb: str, verbs: Collection[str]) -> Refused:
    """Return the refusal of a word that is none of ours, with the one that was probably meant."""
    begun = sorted(one for one in verbs if len(verb) >= SHORTEST_BEGINNING and one.startswith(verb))
    near = begun[:MOST_HINTS] or get_close_matches(verb, verbs, n=1, cutoff=ALIKE)
    listing = "commands" if "commands" in verbs else "help"
    hint = f"Did you mean {_either(near)}?" if near else f"`/{listing}` lists what I know."
    return Refused(f"I do not know `{verb}`. {hint}", reason="unknown_command")


def _either(verbs: Sequence[str]) -> str:
    *others, last = [f"`/{verb}`" for verb in verbs]
    return f"{', '.join(others)} or {last}" if others else last


def misnamed(commands: Mapping[str, type[Command]], configuration: Configuration) -> list[str]:
    """Return a sentence for each command that a community names in its rules and that there is not."""
    problems = []
    for key, community in configuration.communities.items():
        verbs = {verb for command in commands.values() for verb in command.verbs(community)}
        for place, names, known in _named_commands(community, verbs, set(commands)):
            for name in names:
                if name not in known:
                    near = get_close_matches(name, known, n=1, cutoff=ALIKE)
                    hint = (
                        f"did you mean {near[0]}?"
                        if near
                        else f"expected one of {', '.join(sorted(known))}"
                    )
                    problems.append(f"communities.{key}.{place}: found {name!r}, {hint}")
    return problems


def _named_commands(
    community: Community, verbs: set[str], names: set[str]
) -> Iterator[tuple[str, Iterable[str], set[str]]]:
    """Yield each place where commands are named, the names there, and those that may be."""
    yield "commands_off", (name.lower() for name in community.commands_off), names
    yield "who_may", community.who_may, verbs | names
    yield "also_may", community.also_may, verbs | names
    for repo, rules in community.exceptions.items():
        yield f"exceptions.{repo}.commands_off", (one.lower() for one in rules.commands_off), names
        yield f"exceptions.{repo}.who_may", rules.who_may, verbs | names
