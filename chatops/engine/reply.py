"""Replies: one message per command, rendered from its story and edited as the story grows."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from hashlib import blake2b
from typing import Protocol

import structlog
from msgspec.structs import replace
from sqlalchemy import Column, Connection, String, Table, select

from chatops.config import Community, Configuration
from chatops.engine.answer import (
    Action,
    Answer,
    Code,
    Line,
    Link,
    Section,
    Strong,
    Tone,
    pieces,
    plain,
    respelled,
)
from chatops.engine.bus import SOURCE, Append, Bus
from chatops.engine.command import Command, Knowledge, Story
from chatops.engine.database import METADATA
from chatops.engine.log import Batch, Log
from chatops.engine.posting import CLOCKS_DIFFER
from chatops.engine.upsert import upsert
from chatops.engine.vocabulary import vocabularies
from chatops.engine.work import Item
from chatops.errors import Refused
from chatops.events import Event, Fact, Recorded
from chatops.events.conversation import (
    AnswerGiven,
    CommandAccepted,
    CommandExplained,
    CommandOverdue,
    CommandReceived,
    CommandRefused,
    CommandUndone,
    EffectDelayed,
    EffectFailed,
    ReactionAdded,
    ReactionRequested,
    ReplyPosted,
    TracePosted,
)
from chatops.names import CommandId

logger = structlog.get_logger(__name__)

DECIDING = Bus.name
DONE = "+1"
UNDO = "undo"
SLACK = "slack"
REFERENCE = 8
"""How much of an event's name is enough to find it."""
WHY = "why"
LINK, NOT_LINKED = "link", "not_linked"
"""The command that tells how something came about, where there is one."""

SILENT = (AnswerGiven, CommandReceived, ReactionAdded, ReactionRequested, ReplyPosted, TracePosted)
"""Events of a story that change nothing in what there is to tell."""

REPLIES = Table(
    "replies",
    METADATA,
    Column("command", String, primary_key=True),
    Column("digest", String, nullable=False),
)
"""What each reply said when it was last written: a reply that would say the same is not written again."""


class Surface(Protocol):
    """A place where a reply can be written and, where the place allows it, changed."""

    def render(self, answer: Answer, received: CommandReceived) -> str:
        """Return the answer in the words and markup of this place."""
        ...

    async def find(self, received: CommandReceived, *, again: bool) -> str | None:
        """Return the name of the reply that is there already, where that can be told.

        It was not there before the request was said. `again`: somebody has begun to write it before; a place where
        looking costs a call that is seldom needed looks only then.
        """
        ...

    async def post(self, received: CommandReceived, rendered: str) -> str:
        """Write the reply; return its name."""
        ...

    async def edit(self, received: CommandReceived, message: str, rendered: str) -> None:
        """Replace the reply. A place that cannot be edited does nothing."""
        ...


NOTHING_TO_DO = frozenset({"as_it_is", "no_owner", "not_an_owner"})
"""Reasons for which a request that a review implied is refused without a word: nothing changes by it."""


class Replier:
    """Keeps one message per command up to date: a worker of the crew."""

    name = "reply"
    tells = True

    def __init__(
        self,
        log: Log,
        commands: Mapping[str, type[Command]],
        configuration: Configuration,
        surfaces: Mapping[str, Surface],
        *,
        append: Append,
        knowledge: Callable[[Connection, Community], Knowledge],
    ) -> None:
        self._log = log
        self._vocabularies = vocabularies(commands, configuration)
        self._configuration = configuration
        self._surfaces = surfaces
        self._append = append
        self._knowledge = knowledge

    @property
    def kinds(self) -> Sequence[type[Event]]:
        """Return every kind of event that makes a story grow: those that name a command, and trouble with effects."""
        return [kind for kind in self._log.codec.types.values() if _is_told(kind)]

    def subject(self, fact: Recorded) -> str | None:
        """Return the command whose reply has to be looked at."""
        return fact.correlation_id if fact.correlation_id.startswith("command/") else None

    async def perform(self, item: Item) -> None:
        """Render one reply, and write or change it if it says something new."""
        command = CommandId(item.subject)
        recorded = await asyncio.to_thread(self._log.story, command)
        story = Story(tuple(fact.event for fact in recorded))
        received = story.first(CommandReceived)
        if received is None:
            return
        surface = self._surfaces.get(received.surface)
        if surface is None:
            return
        answer = await asyncio.to_thread(self._answer, received, story)
        if answer is None:
            return
        if _went_wrong(story):
            answer = referenced(answer, recorded[0].id, self._stories(received))
        if received.surface == SLACK:
            answer = respelled(answer, partial(self._after_slash, received))
            answer = placed(answer, received, story)
        rendered = surface.render(answer, received)
        digest = blake2b(rendered.encode(), digest_size=16).hexdigest()
        if digest == await asyncio.to_thread(self._written, command):
            return
        posted = story.first(ReplyPosted)
        if posted is None and received.implied and _is_needless(answer, story):
            return
        if posted is None and answer.quiet and received.comment_id:
            await self._mark(received, answer, recorded[-1].id)
            return
        # So that not all messages there are have to be looked at.
        said_at = received.said_at or recorded[0].occurred_at - CLOCKS_DIFFER
        message = (
            posted.message
            if posted is not None
            else await surface.find(replace(received, said_at=said_at), again=item.again)
        )
        if message is None:
            message = await surface.post(received, rendered)
        else:
            await surface.edit(received, message, rendered)
        await asyncio.to_thread(self._note, command, digest)
        if posted is None:
            fact = Fact(
                event=ReplyPosted(command=command, message=message),
                source=SOURCE,
                correlation_id=command,
                causation_id=recorded[-1].id,
            )
            await self._append(Batch(facts=[fact]))

    async def _mark(self, received: CommandReceived, answer: Answer, because_of: str) -> None:
        """Let a mark on the comment say that it is done, where that is all there is to say."""
        if answer.tone is Tone.BUSY:
            return
        event = ReactionRequested(
            command=received.command,
            repo=received.repo,
            comment_id=received.comment_id,
            reaction=DONE,
        )
        fact = Fact(
            event=event,
            source=SOURCE,
            correlation_id=received.command,
            causation_id=because_of,
        )
        await self._append(Batch(facts=[fact]))

    async def give_up(self, item: Item, problem: str) -> None:
        """Leave a trace; a reply that cannot be written cannot say so."""
        logger.error("reply not written", command=item.subject, problem=problem)

    async def delayed(self, item: Item, problem: str, wait: timedelta) -> None:
        """Leave a trace."""
        logger.info(
            "reply waits", command=item.subject, problem=problem, seconds=wait.total_seconds()
        )

    def _answer(self, received: CommandReceived, story: Story) -> Answer | None:
        refused = story.first(CommandRefused)
        if refused is not None:
            return replace(refusal(refused), actions=self._way_out(received, refused))
        explained = story.first(CommandExplained)
        if explained is not None:
            return explanation(explained)
        if story.first(CommandAccepted) is None:
            return _not_yet(story, self._overdue(received, story))
        return self._told(received, story)

    def _way_out(self, received: CommandReceived, refused: CommandRefused) -> tuple[Action, ...]:
        """Return what may be pressed under a refusal: how to be known, where that is all that is missing."""
        vocabulary = self._vocabularies.get(received.community)
        if refused.reason != NOT_LINKED or received.surface != SLACK or vocabulary is None:
            return ()
        link, asked = vocabulary.meaning(LINK), vocabulary.meaning(received.verb)
        if link is None or (asked is not None and asked.command is link.command):
            return ()
        return (Action(text="Link my account", verb=LINK),)

    def _told(self, received: CommandReceived, story: Story) -> Answer | None:
        """Return what an accepted command tells, with how to stop what goes on, and what is said if it takes long."""
        vocabulary = self._vocabularies.get(received.community)
        meaning = vocabulary.meaning(received.verb) if vocabulary else None
        if vocabulary is None or meaning is None:
            return None
        community = self._configuration.communities[received.community].within(received.repo)
        with self._log.database.read() as db:
            try:
                answer = meaning.command.tell(story, self._knowledge(db, community))
            except Refused as problem:
                return Answer(verdict=pieces(problem.text), tone=Tone.UNKNOWN, private=True)
        late = self._overdue(received, story)
        if late is not None and answer.quiet and answer.tone is Tone.BUSY:
            return replace(answer, quiet=False, counts=late.verdict, footer=late.footer)
        undone = story.first(CommandUndone)
        if undone is not None:
            return was_taken_back(answer, undone)
        can_undo = UNDO in vocabulary.verbs and not meaning.command.irreversible
        if can_undo and answer.tone is Tone.BUSY:
            return replace(answer, footer=taking_back(answer.footer, f"/{UNDO}"))
        return answer

    def _stories(self, received: CommandReceived) -> str:
        """Return where stories have their pages, if there are any."""
        community = self._configuration.communities.get(received.community)
        if community is None:
            return ""
        with self._log.database.read() as db:
            base_url = self._knowledge(db, community).base_url
        return f"{base_url}/{community.key}/audit" if base_url else ""

    def _after_slash(self, received: CommandReceived, code: str) -> str:
        """Return a command as one says it in Slack: after the community's own, and with what it is about."""
        verb, _, words = code.removeprefix("/").partition(" ")
        vocabulary = self._vocabularies.get(received.community)
        meaning = vocabulary.meaning(verb) if vocabulary and code.startswith("/") else None
        if meaning is None:
            return code
        slash = self._configuration.communities[received.community].slash_command
        kind = meaning.command
        is_named = received.number and (kind.needs_pull or kind.on_issues)
        place = f"#{received.number}" if is_named else ""
        return " ".join(part for part in (slash, verb, place, words) if part)

    def _overdue(self, received: CommandReceived, story: Story) -> Answer | None:
        """Return what is said where somebody has waited too long for a word."""
        late = story.first(CommandOverdue)
        if late is None:
            return None
        vocabulary = self._vocabularies.get(received.community)
        can_ask = vocabulary is not None and WHY in vocabulary.verbs
        return overdue(late, story.all(EffectDelayed), can_ask=can_ask)

    def _written(self, command: CommandId) -> str | None:
        with self._log.database.read() as db:
            return db.scalar(select(REPLIES.c.digest).where(REPLIES.c.command == command))

    def _note(self, command: CommandId, digest: str) -> None:
        with self._log.database.write(durable=False) as db:
            upsert(
                db, REPLIES, [{"command": command, "digest": digest}],
                newer=lambda new, _old: new.command == command,
            )  # fmt: skip


def _went_wrong(story: Story) -> bool:
    """Return whether something of it could not be done; a decision that was made after all could."""
    is_decided = any(story.first(kind) for kind in (CommandAccepted, CommandRefused))
    return any(failed.effect != DECIDING or not is_decided for failed in story.all(EffectFailed))


def _is_needless(answer: Answer, story: Story) -> bool:
    """Return whether who asked for nothing in words needs no word of it: it went well, or there was nothing to do."""
    refused = story.first(CommandRefused)
    return answer.quiet or (refused is not None and refused.reason in NOTHING_TO_DO)


def _is_told(kind: type[Event]) -> bool:
    """Return whether an event of this kind may change a reply."""
    names_a_command = "command" in kind.__struct_fields__ and kind not in SILENT
    return names_a_command or kind in (EffectDelayed, EffectFailed)


def _not_yet(story: Story, late: Answer | None) -> Answer | None:
    """Return the message while there is no decision: given up, put off, or nothing so far.

    What the operator let run again after it was given up is put off anew, or decided.
    """
    for event in reversed(story.events):
        if isinstance(event, EffectFailed) and event.effect == DECIDING:
            return undecided(event)
        if isinstance(event, EffectDelayed) and event.effect == DECIDING:
            return waiting(event)
    return late


def refusal(refused: CommandRefused) -> Answer:
    """Return the message of a refusal: one clear sentence, nothing else."""
    return Answer(verdict=pieces(refused.text), tone=Tone.NEUTRAL, private=True)


def explanation(explained: CommandExplained) -> Answer:
    """Return the message about what would happen, and does not."""
    if explained.reason:
        return Answer(
            verdict=(
                "Nothing was done, and it would be refused: ",
                *pieces(explained.sentences[0]),
            ),
            private=True,
        )
    if not explained.sentences:
        return Answer(
            verdict=("Nothing was done. It would be answered, and change nothing.",), private=True
        )
    return Answer(
        verdict=("Nothing was done. This is what would be:",),
        sections=(
            Section(
                title="Steps", lines=tuple(pieces(sentence) for sentence in explained.sentences)
            ),
        ),
        private=True,
    )


def placed(answer: Answer, received: CommandReceived, story: Story) -> Answer:
    """Return an answer for those who did not see what it answers, as nobody else sees a slash command or a press.

    It says what it is about, and in place of the mark that a comment would have got, who asked.
    """
    place = f"#{received.number}"
    if answer.private or not received.number:
        return answer
    about: Line = () if place in plain(answer.verdict) else ("On ", Strong(place))
    by = ", asked for by " if about else "Asked for by "
    said = (*about, *((by, Strong(story.asker)) if answer.quiet else ()))
    if not said:
        return answer
    return replace(answer, counts=(*said, ".", *_blank(answer.counts), *answer.counts))


def waiting(delayed: EffectDelayed) -> Answer:
    """Return the message while a decision has to wait."""
    minutes = max(1, round(delayed.seconds / 60))
    return Answer(
        verdict=(f"Not decided yet: {delayed.text} I try again in about {minutes} min.",),
        tone=Tone.BUSY,
    )


def overdue(late: CommandOverdue, delays: Sequence[EffectDelayed], *, can_ask: bool) -> Answer:
    """Return the message where nothing could be said for too long: what it waits for, and how to see more."""
    if DECIDING in late.steps:
        what = "it is not decided yet"
    elif late.steps:
        what = f"not done yet: {', '.join(f'`{step}`' for step in late.steps)}"
    else:
        what = "I have not heard what became of it"
    tried = f" The last try said: {delays[-1].text}" if delays else ""
    look = f"/{WHY} {late.command}" if can_ask else f"chatops events --stream {late.command}"
    return Answer(
        verdict=pieces(f"I heard this {late.minutes} min ago, and {what}.{tried}"),
        tone=Tone.BUSY,
        footer=("I go on, and change this message then. More: ", Code(look)),
    )


def taking_back(footer: Line, said: str) -> Line:
    """Return the end of a message about what goes on, with how to stop it."""
    return (*footer, *_blank(footer), Code(said), " takes it back, within ten minutes.")


def was_taken_back(answer: Answer, undone: CommandUndone) -> Answer:
    """Return a message about what somebody took back: that comes first, so that nobody takes the rest for how it is."""
    return replace(
        answer,
        verdict=("Taken back by ", Strong(undone.by or "somebody"), ": ", *answer.verdict),
        tone=Tone.BAD if answer.tone is Tone.BAD else Tone.NEUTRAL,
    )


def _blank(footer: Line) -> Line:
    return (" ",) if footer else ()


def undecided(failed: EffectFailed) -> Answer:
    """Return the message when a decision was given up."""
    return Answer(
        verdict=(f"I could not decide this: {failed.text} Nothing was started.",),
        tone=Tone.UNKNOWN,
    )


def referenced(answer: Answer, request: str, stories: str) -> Answer:
    """Return a message about what went wrong, with the reference under which its story is found."""
    name = request[:REFERENCE]
    reference = Link(name, f"{stories}/{name}") if stories else Code(name)
    return replace(
        answer, footer=(*answer.footer, *_blank(answer.footer), "Reference ", reference, ".")
    )
