"""The audit: what people asked the bot for, what was decided, and how it ended.

Whoever wonders who did something, or why nothing happened, opens it. What was said in Slack stays there: of such a
command only its verb is shown, and who is what they are called there. All of the page's state is in its address.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

import msgspec
from msgspec import Struct

from chatops.answers.askers import who_asked
from chatops.answers.chain_answer import spoken
from chatops.answers.chains import is_private
from chatops.engine.command import Knowledge
from chatops.names import PullNumber, Repo
from chatops.projections.commands import (
    Asking,
    Command,
    Outcome,
    command_called,
    newest_commands,
    next_commands,
    people,
)
from chatops.projections.freshness import last_heard
from chatops.views.listing import question
from chatops.views.page import Viewer, render, sign_in_address
from chatops.views.table import rows_under
from chatops.views.view import View, Word, page_size

ON_A_PAGE = 50
PEOPLE_OFFERED = 200
LONGEST = 100
SURFACES = ("github", "slack", "cli", "web")
MARKS = {
    Outcome.ACCEPTED: "p",
    Outcome.REFUSED: "s",
    Outcome.FAILED: "f",
    Outcome.EXPLAINED: "s",
    Outcome.UNDECIDED: "w",
}
"""The class of an outcome; the style sheet gives it glyph and colour."""
NUMBER = re.compile(r"#?([0-9]{1,9})", re.ASCII)


class Asked(Struct, frozen=True, kw_only=True):
    """What the address asks for; whatever it cannot mean is left out and said in `notes`."""

    who: str
    command: str
    outcome: Outcome | None
    surface: str
    pr: str
    before: Command | None
    after: Command | None
    notes: tuple[str, ...]

    @property
    def is_filtered(self) -> bool:
        """Return whether anything is left out."""
        return bool(self.who or self.command or self.outcome or self.surface or self.pr)

    def link(self, **changes: str) -> str:
        """Return the address of this list with something changed, from its newest page on."""
        return question(
            {
                "who": self.who,
                "command": self.command,
                "outcome": self.outcome or "",
                "surface": self.surface,
                "pr": self.pr,
                **changes,
            }
        )


class Row(Struct, frozen=True, kw_only=True):
    """One command of the list."""

    command: Command
    who: str
    said: str
    mark: str
    reason: str
    pull: str
    pull_url: str
    is_private: bool


class Listed(Struct, frozen=True, kw_only=True):
    """One page of the audit, with the ways to the next ones."""

    asked: Asked
    rows: tuple[Row, ...]
    older: str
    newer: str


class CommandTold(TypedDict):
    """A command, as programs read it."""

    id: str
    command: str
    verb: str
    words: Sequence[str] | None
    by: str
    surface: str
    repository: str
    number: int | None
    received_at: datetime | None
    outcome: Outcome
    reason: str | None
    finished_at: datetime | None


class AuditDocument(TypedDict):
    """The list of commands, the newest first."""

    community: str
    heard_at: datetime | None
    notes: Sequence[str]
    commands: Sequence[CommandTold]
    older: str | None
    newer: str | None


def listed(knowledge: Knowledge, query: Mapping[str, str]) -> Listed:
    """Return the page of the audit that an address asks for."""
    asked, size = _asked(knowledge, query), page_size(query, ON_A_PAGE)
    asking = Asking(
        community=knowledge.community.key,
        by=asked.who,
        verb=asked.command,
        surface=asked.surface,
        outcome=asked.outcome,
        number=PullNumber(int(asked.pr or 0)),
    )
    db = knowledge.db
    if asked.after is not None:
        found = next_commands(db, asking, size + 1, after=asked.after)
        is_more, found = len(found) > size, found[-size:]
        has_older, has_newer = True, is_more
    else:
        found = newest_commands(db, asking, size + 1, before=asked.before)
        has_older, found = len(found) > size, found[:size]
        has_newer = asked.before is not None
    return Listed(
        asked=asked,
        rows=tuple(_row(command, knowledge) for command in found),
        older=asked.link(before=found[-1].id) if found and has_older else "",
        newer=asked.link(after=found[0].id) if found and has_newer else "",
    )


def render_audit(
    knowledge: Knowledge, query: Mapping[str, str], *, viewer: Viewer = Viewer.ANYBODY
) -> str:
    """Return the page."""
    community, page = knowledge.community, listed(knowledge, query)
    place = f"/{community.key}/audit{page.asked.link()}".removesuffix("?")
    return render(
        "audit.html",
        name=community.title,
        here="audit",
        up="",
        viewer=viewer,
        sign_in=sign_in_address(knowledge.base_url, place),
        page=page,
        heard_at=last_heard(knowledge.db, community.repositories),
        now=knowledge.now,
        people=people(
            knowledge.db,
            community.key,
            PEOPLE_OFFERED,
            surfaces=[surface for surface in SURFACES if not is_private(surface)],
        ),
        verbs=_verbs(knowledge),
        outcomes=list(Outcome),
        surfaces=SURFACES,
    )


def audit_json(knowledge: Knowledge, query: Mapping[str, str]) -> str:
    """Return the same for programs."""
    page = listed(knowledge, query)
    told: AuditDocument = {
        "community": knowledge.community.key,
        "heard_at": last_heard(knowledge.db, knowledge.community.repositories),
        "notes": page.asked.notes,
        "commands": [command_json(row.command, row.who) for row in page.rows],
        "older": f"audit.json{page.older}" if page.older else None,
        "newer": f"audit.json{page.newer}" if page.newer else None,
    }
    return msgspec.json.encode(told).decode()


def command_json(command: Command, who: str) -> CommandTold:
    """Return a command for programs."""
    return {
        "id": command.id,
        "command": command.command,
        "verb": command.verb,
        "words": None if is_private(command.surface) else command.words,
        "by": who,
        "surface": command.surface,
        "repository": command.repo,
        "number": command.number or None,
        "received_at": command.received_at,
        "outcome": command.outcome,
        "reason": command.reason or None,
        "finished_at": command.finished_at,
    }


def _asked(knowledge: Knowledge, query: Mapping[str, str]) -> Asked:
    notes: list[str] = []
    outcome, surface, number = (
        query.get(key, "")[:LONGEST] for key in ("outcome", "surface", "pr")
    )
    if outcome and outcome not in list(Outcome):
        notes.append(f"“{outcome}” is no outcome; commands of every outcome are shown.")
        outcome = ""
    if surface and surface not in SURFACES:
        notes.append(f"“{surface}” is no surface; commands from everywhere are shown.")
        surface = ""
    numbered = NUMBER.fullmatch(number.strip())
    if number.strip() and numbered is None:
        notes.append(f"“{number}” is no number of a pull request; commands on all are shown.")
    places: dict[str, Command | None] = {}
    for key in ("before", "after"):
        name = query.get(key, "")[:LONGEST]
        places[key] = _place(knowledge, name) if name else None
        if name and places[key] is None:
            notes.append(f"“{name}” is no command here; the newest are shown.")
    return Asked(
        who=_line(query.get("who", "")),
        command=_line(query.get("command", "")).lower().removeprefix("/"),
        outcome=Outcome(outcome) if outcome else None,
        surface=surface,
        pr=str(int(numbered.group(1))) if numbered and int(numbered.group(1)) else "",
        before=places["before"],
        after=places["after"],
        notes=tuple(notes),
    )


def _place(knowledge: Knowledge, name: str) -> Command | None:
    found = command_called(knowledge.db, _line(name))
    return found if found is not None and found.community == knowledge.community.key else None


def _line(text: str) -> str:
    """Return text as a database takes it: on one line, without what nobody sees."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text[:LONGEST])
    return " ".join(printable.split())


def _row(command: Command, knowledge: Knowledge) -> Row:
    """Return a command as the list shows it; where there is one repository, nobody needs its name."""
    repo = command.repo if len(knowledge.community.repositories) > 1 else ""
    return Row(
        command=command,
        who=who_asked(command, knowledge),
        said=spoken(command),
        mark=MARKS[command.outcome],
        reason=command.reason.replace("_", " "),
        pull=f"{repo}#{command.number}",
        pull_url=pull_url(command.repo, command.number, knowledge.github_url),
        is_private=is_private(command.surface),
    )


def pull_url(repo: Repo, number: PullNumber, github_url: str) -> str:
    """Return GitHub's page of a pull request, empty where there is none."""
    return f"{github_url}/{repo}/pull/{number}" if number else ""


def _verbs(knowledge: Knowledge) -> Sequence[str]:
    """Return every word that can be filtered by."""
    commands, community = knowledge.commands.values(), knowledge.community
    return sorted({verb for command in commands for verb in command.verbs(community)})


WORDS = (
    Word(name="who", meaning="Whose commands: a login, or what somebody is called in Slack."),
    Word(name="command", meaning="Only this command."),
    Word(name="outcome", meaning="Only what ended so.", values=tuple(Outcome)),
    Word(name="surface", meaning="Only what was said there.", values=SURFACES),
    Word(name="pr", meaning="The number of a pull request.", pattern=f"^{NUMBER.pattern}$"),
    Word(name="before", meaning="What is older than this command."),
    Word(name="after", meaning="What is newer than this command."),
)
"""What the page can be asked."""
VIEW = View(
    address="audit",
    html=lambda seen, query: render_audit(seen.knowledge, query, viewer=seen.viewer),
    json=lambda seen, query: audit_json(seen.knowledge, query),
    document=AuditDocument,
    words=WORDS,
    rows=rows_under("commands"),
)
