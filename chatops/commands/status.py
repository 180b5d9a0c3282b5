"""`status`: how is the nightly, this pull request, or a job?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     of the nightly the verdict, counts, what is newly failing, fixed, still failing, and did not run; of a pull
           request what keeps it from being merged, with what can be said for each check; of a job its last nights,
           what so few can mean, and how it is here; after `nightly` a job means how it is there
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar, Self

import msgspec
from msgspec.structs import replace

from chatops.answers.job_status import job_status
from chatops.answers.job_words import ALIKE
from chatops.answers.meant_jobs import Both, Places, places
from chatops.answers.meant_tests import board_of
from chatops.answers.night_status import offered_next, status_of
from chatops.answers.pull_checks import pull_checks
from chatops.answers.pull_status import pull_status
from chatops.answers.which_pull import PULL, named_pull, on_pull
from chatops.config import Community
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.names import PullNumber
from chatops.projections.mutes import muted_jobs

NIGHTLY = frozenset({"nightly", "night"})


@dataclass(frozen=True, slots=True)
class Status(Command):
    """Say how something is: the nightly, a pull request, or jobs by a pattern."""

    is_nightly: bool = False
    is_pull: bool = False
    pattern: str = ""
    named: tuple[str, int] | None = None

    name: ClassVar[str] = "status"
    usage: ClassVar[str] = "[nightly|pr|JOB]"
    help: ClassVar[str] = "Say how the nightly, this pull request or a job is, and what is missing."
    example: ClassVar[str] = "/status pr"
    role: ClassVar[Role] = Role.ANYONE
    looks_at_head: ClassVar[bool] = True
    looks_at_all: ClassVar[bool] = True
    on_issues: ClassVar[bool] = True
    irreversible: ClassVar[str] = CHANGED_NOTHING

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if words and words[0].lower() in NIGHTLY:
            return cls(is_nightly=True, pattern=" ".join(words[1:]))
        if len(words) == 1 and words[0].lower() in PULL:
            return cls(is_pull=True)
        named, rest = named_pull(words)
        return cls(is_pull=named is not None, named=named, pattern=" ".join(rest))

    @classmethod
    def target(cls, received: CommandReceived, community: Community) -> CommandReceived:
        """Return the request with the pull request it names; one about the nightly has none."""
        wanted = cls.parse(received.words)
        if wanted.is_nightly:
            return msgspec.structs.replace(received, number=PullNumber(0))
        return on_pull(received, community, wanted.named)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        self.answer(self.target(asked.received, knowledge.community), knowledge)
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        wanted = cls.parse(received.words)
        return wanted.answer(cls.target(received, knowledge.community), knowledge)

    def answer(self, received: CommandReceived, knowledge: Knowledge) -> Answer:
        """Return how it is, or refuse where nothing is known of it."""
        if self.pattern:
            where = places(received, knowledge)
            found = self._called(where, knowledge)
            return job_status(found, self.pattern, where, received, knowledge)
        if self.is_pull or (received.number and not received.on_issue):
            checks = pull_checks(knowledge, received.repo, received.number)
            return pull_status(checks, received, knowledge)
        board = board_of(knowledge)
        muted = muted_jobs(knowledge.db, knowledge.community.key, knowledge.now)
        answer = status_of(board, knowledge.base_url, muted)
        return replace(answer, actions=offered_next(board, knowledge))

    def _called(self, where: Places, knowledge: Knowledge) -> list[Both]:
        """Return the jobs that are meant; what is no job may be a slip of the one word that means them all."""
        try:
            return where.called(self.pattern, knowledge)
        except Refused as refusal:
            meant = get_close_matches(self.pattern.lower(), NIGHTLY, n=1, cutoff=ALIKE)
            if refusal.reason != "no_such_job" or not meant:
                raise
            said = self.pattern.replace("`", "'")
            text = f"No job here is called `{said}`. Did you mean `{meant[0]}`?"
            raise Refused(text, reason=refusal.reason) from refusal
