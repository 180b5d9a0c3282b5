"""The forms behind buttons and shortcuts in Slack: what can be chosen in one, and what is wrong with what was sent.

Whatever a form ends in is a request like a typed one, and is decided there. What is found here beforehand is only what
hangs on its words, so that it can be said at the field; and nothing is shown or found of what not everybody may see.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import structlog

from chatops.answers.form_choices import failed_jobs, nightly_jobs
from chatops.config import Community
from chatops.engine.authority import Grant, Standing
from chatops.engine.bus import which_pull
from chatops.engine.command import Asked, Knowledge
from chatops.engine.vocabulary import Vocabulary, unknown
from chatops.errors import ChatopsError, Refused
from chatops.events.conversation import CommandReceived
from chatops.projections.identities import identity
from chatops.views.modals import (
    ASK_COMMAND,
    MUTE,
    RETEST,
    SUBSCRIBE,
    Choices,
    Kept,
    ask_command,
    ask_mute,
    ask_retest,
    ask_subscription,
    noted,
)

logger = structlog.get_logger(__name__)

OPEN_SECONDS, CHECK_SECONDS = 2.0, 0.8
"""For so long is looked what there is to choose, and what is wrong: Slack waits for three, also until it is written."""
CHECKED = frozenset({SUBSCRIBE, MUTE})
"""Commands whose words are looked at beforehand, as far as the nights go; of others GitHub may know better."""
CHECKED_WITHOUT_PULL = frozenset({"status", "who", "history", "unmute"})
"""The same where no pull request is named: of what runs on one only GitHub knows all."""
OF_WORDS = frozenset(
    {"usage", "no_such_job", "no_such_row", "too_many", "too_long", "as_it_is", "no_pull"}
)
"""For what reasons a refusal hangs on what was said, and on nobody's rights."""
NOT_KNOWN = (
    "I do not know yet who you are on GitHub, and this needs to know it: say {slash} link first."
)
NONE: Choices = {}
_SPOKEN = re.compile(r"`/([^`]+)`")

Found = TypeVar("Found")
Read = Callable[[Community], AbstractContextManager[Knowledge]]


class Forms:
    """Makes forms, and looks at what was sent in them."""

    def __init__(
        self,
        read: Read,
        is_closed: Callable[[Community], bool],
        *,
        open_seconds: float = OPEN_SECONDS,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._read = read
        self._is_closed = is_closed
        self._open_seconds, self._check_seconds = open_seconds, check_seconds

    async def made(
        self, name: str, kept: Kept, community: Community, *, team: str = "", member: str = ""
    ) -> dict[str, Any]:
        """Return a form with what there is to choose now; without, where that cannot be said in time.

        Who is not known on GitHub is told so in it, and not only when it is filled in.
        """
        if name == ASK_COMMAND:
            return ask_command(kept)
        looking = asyncio.to_thread(self._looked, name, kept, community, team, member)
        choices, is_unknown = await _in_time(looking, self._open_seconds) or (NONE, False)
        note = NOT_KNOWN.format(slash=community.slash_command) if is_unknown else ""
        if name == MUTE:
            return noted(ask_mute(kept, choices), note)
        make = ask_retest if name == RETEST else ask_subscription
        return noted(make(kept, choices), note)

    async def objection(
        self, received: CommandReceived, vocabulary: Vocabulary, community: Community
    ) -> str:
        """Return what is wrong with the words of a request, as far as they alone tell; nothing if nothing is."""
        meaning = vocabulary.meaning(received.verb)
        if meaning is None:
            return _said(unknown(received.verb, vocabulary.verbs), vocabulary, community)
        kind = meaning.command
        try:
            kind.parse((*meaning.words, *received.words))
            number = kind.target(received, community).number
        except Refused as refusal:
            return _said(refusal, vocabulary, community)
        if kind.needs_pull and not number:
            return _said(which_pull(received.verb, received.words), vocabulary, community)
        if kind.name not in (CHECKED if number else CHECKED | CHECKED_WITHOUT_PULL):
            return ""
        looking = asyncio.to_thread(self._refused, received, vocabulary, community)
        return await _in_time(looking, self._check_seconds) or ""

    def _looked(
        self, name: str, kept: Kept, community: Community, team: str, member: str
    ) -> tuple[Choices, bool]:
        """Return what there is to choose, and whether somebody is not known on GitHub."""
        with self._read(community) as knowledge:
            is_unknown = bool(member) and identity(knowledge.db, team, member) is None
            if self._is_closed(community):
                return NONE, is_unknown
            if name == RETEST:
                return failed_jobs(knowledge, kept.repo, kept.number), is_unknown
            return nightly_jobs(knowledge), is_unknown

    def _refused(
        self, received: CommandReceived, vocabulary: Vocabulary, community: Community
    ) -> str:
        meaning = vocabulary.meaning(received.verb)
        if meaning is None or self._is_closed(community):
            return ""
        with self._read(community) as knowledge:
            known = identity(knowledge.db, received.team, received.by)
            standing = Standing(login=known.login) if known else Standing()
            asked = Asked(received=received, standing=standing, grant=Grant(ground="anyone"))
            try:
                meaning.command.parse((*meaning.words, *received.words)).decide(asked, knowledge)
            except Refused as refusal:
                if refusal.reason in OF_WORDS:
                    return _said(refusal, vocabulary, community)
        return ""


async def _in_time(looking: Coroutine[Any, Any, Found], seconds: float) -> Found | None:
    """Return what is found in time, nothing else: a form without it is better than none."""
    try:
        return await asyncio.wait_for(looking, seconds)
    except (TimeoutError, ChatopsError) as problem:
        logger.warning("not looked for a form", problem=str(problem) or "it took too long")
        return None


def _said(refusal: Refused, vocabulary: Vocabulary, community: Community) -> str:
    """Return a refusal as it stands under a field, which knows no markup, with commands as one says them in Slack."""

    def spoken(found: re.Match[str]) -> str:
        verb = found.group(1).partition(" ")[0]
        before = f"{community.slash_command} " if vocabulary.meaning(verb) else "/"
        return f"{before}{found.group(1)}"

    return _SPOKEN.sub(spoken, refusal.text).replace("`", "")
