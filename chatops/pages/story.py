"""The story of one command, from what was said to what came of it, as a list with times.

Whoever asks why something happened follows a link here, from the audit, from `why`, or with an event's position.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypedDict
from urllib.parse import quote

import msgspec
from msgspec import Struct

from chatops.answers.askers import who_asked
from chatops.answers.chain_answer import run_url, spoken
from chatops.answers.chains import Chain, Happening, chain_of, is_private
from chatops.engine.command import UNDONE_WITHIN, Knowledge
from chatops.engine.reply import UNDO
from chatops.events import Recorded, event_id
from chatops.pages.audit import MARKS, CommandTold, command_json, pull_url
from chatops.projections.answers import answer_given
from chatops.projections.commands import STORY, Command, Outcome
from chatops.projections.freshness import last_heard
from chatops.projections.undone import taken_back
from chatops.views.missing import Missing, quoted
from chatops.views.offers import Offer, read_offer
from chatops.views.page import Viewer, render, sign_in_address, took
from chatops.views.table import rows_under
from chatops.views.told import Button, Told, read_told
from chatops.views.view import Seen, View, Word

A_MINUTE = timedelta(minutes=1)
SURFACE = "web"
"""Where the page of a story is the answer, and so shows what is still going on."""
TAKE_BACK = "Undo"


class Step(Struct, frozen=True, kw_only=True):
    """One event of the list. `because_of` is the position of its cause, where that is not the event before it."""

    happening: Happening
    after: str
    because_of: int | None
    url: str


class EventTold(TypedDict):
    """One event of a story."""

    position: int
    id: str
    kind: str
    at: datetime | None
    source: str
    actor: str | None
    because_of: int | None
    details: Mapping[str, str]
    url: str | None


class StoryDocument(TypedDict):
    """The story of a command, or of an event that belongs to none."""

    heard_at: datetime | None
    command: CommandTold | None
    comment: str | None
    answer: str | None
    events: Sequence[EventTold]
    asked_for_by: Sequence[CommandTold]


def render_story(
    knowledge: Knowledge, query: Mapping[str, str], *, viewer: Viewer = Viewer.ANYBODY
) -> str | None:
    """Return the page, nothing where this community knows no such event."""
    chain = _chain(knowledge, query)
    if chain is None:
        return None
    command, name = chain.command, query.get("id", "")
    told = read_told(answer_given(knowledge.db, command.command)) if command is not None else None
    place = f"/{knowledge.community.key}/audit/{quote(name)}"
    return render(
        "story.html",
        name=knowledge.community.title,
        here="story",
        up="../",
        viewer=viewer,
        sign_in=sign_in_address(knowledge.base_url, place),
        id=name,
        command=command,
        asker=who_asked(command, knowledge) if command is not None else "",
        said=spoken(command) if command is not None else "",
        is_private=command is not None and is_private(command.surface),
        mark=MARKS[command.outcome] if command is not None else "",
        pull_url=pull_url(command.repo, command.number, knowledge.github_url) if command else "",
        comment_url=_comment_url(chain, knowledge.github_url),
        took=took(chain.took),
        heard_at=last_heard(knowledge.db, knowledge.community.repositories),
        now=knowledge.now,
        steps=_steps(chain, knowledge.github_url),
        related=[(spoken(one), one, who_asked(one, knowledge)) for one in chain.related],
        told=told,
        is_live=command is not None
        and viewer is not Viewer.LOOKING_BACK
        and command.surface == SURFACE
        and (told is None or told.is_growing),
        buttons=_buttons(knowledge, command, told) if viewer is Viewer.SIGNED_IN else (),
    )


def story_json(knowledge: Knowledge, query: Mapping[str, str]) -> str | None:
    """Return the same for programs."""
    chain = _chain(knowledge, query)
    if chain is None:
        return None
    command = chain.command
    answer = read_told(answer_given(knowledge.db, command.command) if command is not None else None)
    told: StoryDocument = {
        "heard_at": last_heard(knowledge.db, knowledge.community.repositories),
        "command": command_json(command, who_asked(command, knowledge)) if command else None,
        "comment": _comment_url(chain, knowledge.github_url) or None,
        "answer": answer.text if answer is not None else None,
        "events": [
            {
                "position": step.happening.position,
                "id": step.happening.id,
                "kind": step.happening.kind,
                "at": step.happening.at,
                "source": step.happening.source,
                "actor": step.happening.actor or None,
                "because_of": step.happening.because_of,
                "details": dict(step.happening.details),
                "url": step.url or None,
            }
            for step in _steps(chain, knowledge.github_url)
        ],
        "asked_for_by": [command_json(one, who_asked(one, knowledge)) for one in chain.related],
    }
    return msgspec.json.encode(told).decode()


def _buttons(
    knowledge: Knowledge, command: Command | None, told: Told | None
) -> tuple[Button, ...]:
    """Return what may be said next: what the answer offers, and that all of it be taken back."""
    if command is None:
        return ()
    offered = tuple(
        button
        for button in (told.buttons if told is not None else ())
        if (one := read_offer(button.offer)) is not None and one.verb != UNDO
    )
    if not _can_be_taken_back(knowledge, command):
        return offered
    offer = Offer(
        community=command.community,
        verb=UNDO,
        words=(command.command,),
        repo=command.repo,
        number=command.number,
    )
    return (*offered, Button(text=TAKE_BACK, offer=msgspec.json.encode(offer).decode()))


def _can_be_taken_back(knowledge: Knowledge, command: Command) -> bool:
    """Return whether it is worth asking for; whether it may be, and still can be, is decided when it is asked for."""
    kinds = {
        verb: kind
        for kind in knowledge.commands.values()
        for verb in kind.verbs(knowledge.community)
    }
    kind = kinds.get(command.verb)
    return (
        UNDO in knowledge.commands
        and kind is not None
        and not kind.irreversible
        and command.outcome in (Outcome.ACCEPTED, Outcome.FAILED)
        and command.received_at is not None
        and knowledge.now - command.received_at < UNDONE_WITHIN
        and not taken_back(knowledge.db, [command.command])
    )


def _chain(knowledge: Knowledge, query: Mapping[str, str]) -> Chain | None:
    assert knowledge.log is not None
    return chain_of(knowledge.log, knowledge.db, knowledge.community, query.get("id", ""))


def _steps(chain: Chain, github_url: str) -> list[Step]:
    before = [None, *(one.position for one in chain.happenings)]
    return [
        Step(
            happening=one,
            after=_after(one.after),
            because_of=one.because_of if one.because_of != previous else None,
            url=_run_url(chain.command, one, github_url),
        )
        for one, previous in zip(chain.happenings, before, strict=False)
    ]


def _after(after: timedelta | None) -> str:
    if after is None:
        return ""
    if after < A_MINUTE:
        return f"+{after.total_seconds():.1f} s"
    return f"+{took(after)}"


def _run_url(command: Command | None, one: Happening, github_url: str) -> str:
    if not one.run_id or command is None:
        return ""
    return run_url(github_url, command.repo, one)


def _comment_url(chain: Chain, github_url: str) -> str:
    """Return where on GitHub it was said."""
    said, command = chain.said, chain.command
    if said is None or command is None or not said.comment_id:
        return ""
    return f"{pull_url(said.repo, said.number, github_url)}#issuecomment-{said.comment_id}"


def _missing(_seen: Seen, query: Mapping[str, str]) -> Missing:
    """Return what is said where there is no such command, and no such event."""
    said = f"No command and no event of this community is called {quoted(query['id'])}."
    return Missing(said=said, ways=[("audit", "All commands")])


def _news(_knowledge: Knowledge, recorded: Recorded) -> list[str]:
    """Return the page of the story that an event belongs to, or its own page."""
    said = recorded.correlation_id
    return (
        [f"audit/{event_id(said)}"] if said.startswith(STORY) else [f"audit/e{recorded.position}"]
    )


WORDS = (Word(name="id", meaning="The id of a command, or `e` and the position of an event."),)
"""What the page can be asked."""
VIEW = View(
    address="audit/{id}",
    html=lambda seen, query: render_story(seen.knowledge, query, viewer=seen.viewer),
    missing=_missing,
    json=lambda seen, query: story_json(seen.knowledge, query),
    document=StoryDocument,
    words=WORDS,
    rows=rows_under("events"),
    news=_news,
)
