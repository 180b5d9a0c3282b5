"""What can be said here, and who may: the reference of a community's commands, as the bus knows them.

People open it when they wonder what there is; it is made from what is really heard, so it cannot be out of date.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from chatops.config import Community
from chatops.engine.authority import who_may
from chatops.engine.command import Command, Knowledge
from chatops.views.page import Viewer, render, sign_in_address
from chatops.views.table import rows_under
from chatops.views.view import View, Word

LONGEST = 1_000
"""What an address can put into the form."""


class Entry(Struct, frozen=True, kw_only=True):
    """One command as it is heard here."""

    name: str
    usage: str
    help: str
    example: str
    verbs: tuple[str, ...]
    who_may: str

    @property
    def said(self) -> str:
        """Return how it is said."""
        return f"/{self.name} {self.usage}".strip()

    @property
    def others(self) -> tuple[str, ...]:
        """Return the other words it is called by."""
        return tuple(verb for verb in self.verbs if verb != self.name)


class EntryTold(TypedDict):
    """One command that can be said."""

    name: str
    usage: str
    help: str
    example: str
    verbs: Sequence[str]
    who_may: str


class CommandsDocument(TypedDict):
    """What can be said here."""

    community: str
    slash_command: str | None
    commands: Sequence[EntryTold]
    commands_off: Sequence[str]


def entries(commands: Mapping[str, type[Command]], community: Community) -> list[Entry]:
    """Return the commands of a community by name."""
    return [
        Entry(
            name=name,
            usage=command.usage,
            help=command.help,
            example=command.example,
            verbs=tuple(sorted(command.verbs(community))),
            who_may=who_may(command.role, name, community),
        )
        for name, command in sorted(commands.items())
    ]


def render_commands(
    knowledge: Knowledge, query: Mapping[str, str], *, viewer: Viewer = Viewer.ANYBODY
) -> str:
    """Return the page."""
    community = knowledge.community
    typed = {name: query.get(name, "")[:LONGEST] for name in ("say", "repo", "number")}
    kept = {name: value for name, value in typed.items() if value}
    place = f"/{community.key}/commands{f'?{urlencode(kept, quote_via=quote)}' if kept else ''}"
    return render(
        "commands.html",
        name=community.title,
        here="commands",
        up="",
        viewer=viewer,
        sign_in=sign_in_address(knowledge.base_url, place),
        community=community.key,
        repositories=community.repositories,
        typed=typed,
        slash=community.slash_command,
        entries=entries(knowledge.commands, community),
        off=community.commands_off,
    )


def commands_json(knowledge: Knowledge, query: Mapping[str, str]) -> str:
    """Return the same for programs."""
    del query
    community = knowledge.community
    told: CommandsDocument = {
        "community": community.key,
        "slash_command": community.slash_command or None,
        "commands": [
            {
                "name": entry.name,
                "usage": entry.usage,
                "help": entry.help,
                "example": entry.example,
                "verbs": entry.verbs,
                "who_may": entry.who_may,
            }
            for entry in entries(knowledge.commands, community)
        ],
        "commands_off": community.commands_off,
    }
    return msgspec.json.encode(told).decode()


WORDS = (
    Word(name="say", meaning="What stands in the form, on the page."),
    Word(name="repo", meaning="The repository in the form."),
    Word(name="number", meaning="The number in the form."),
)
"""What the page can be asked."""
VIEW = View(
    address="commands",
    html=lambda seen, query: render_commands(seen.knowledge, query, viewer=seen.viewer),
    json=lambda seen, query: commands_json(seen.knowledge, query),
    document=CommandsDocument,
    words=WORDS,
    rows=rows_under("commands"),
    news=lambda _knowledge, _recorded: (),
)
