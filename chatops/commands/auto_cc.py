"""`/auto-cc`: ask owners of the changed files for a review of a pull request.

Asks for:  the role triage; a pull request that is open, whose files have owners
Decides:   `reviewers.requested`, for as few people and teams as own all of it between them, but for the author;
           files of which an owner is asked already need nobody else
Tells:     nothing but a mark on the comment; a sentence about those whom GitHub did not ask
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import ClassVar, Self

from chatops.answers.approvals import picture
from chatops.answers.changes import as_it_is, told, undoing
from chatops.answers.owners import Area
from chatops.engine.answer import Answer
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import ReviewersRequested
from chatops.names import PullNumber
from chatops.projections.pulls import Pull, pull

MOST = 10


@dataclass(frozen=True, slots=True)
class AutoCc(Command):
    """Ask those for a review who own what is changed."""

    name: ClassVar[str] = "auto-cc"
    help: ClassVar[str] = (
        "Ask owners of the changed files for a review, as few as own all of them between them."
    )
    example: ClassVar[str] = "/auto-cc"
    role: ClassVar[Role] = Role.TRIAGER
    looks_at_issue: ClassVar[bool] = True
    looks_at_reviewers: ClassVar[bool] = True
    looks_at_owners: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if words:
            raise Refused(
                "`/auto-cc` takes no words: it asks owners of the changed files. "
                "To ask somebody in particular, say `/cc @octocat`.",
                reason="usage",
            )
        return cls()

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        known = _open_pull(asked, knowledge)
        areas = picture(knowledge.db, knowledge.community.approvals, known).areas
        if areas is None:
            raise Refused(
                f"I could not find out who owns the files of #{known.number}, so I cannot tell "
                f"whom to ask. Try again in a while, or name somebody with `/cc`.",
                reason="owners_unknown",
            )
        able = [names for area in areas if (names := _able(area, known.author))]
        if not able:
            raise Refused(
                f"No file of #{known.number} has an owner besides its author, so there is nobody to ask. "
                f"Name somebody with `/cc`.",
                reason="no_owner",
            )
        there = asked.issue.reviewers
        chosen = _chosen(able, {who.lower() for who in there}, known.number)
        if not chosen:
            raise as_it_is(f"An owner of each changed file of #{known.number} is asked already.")
        return [
            ReviewersRequested(
                command=asked.received.command,
                repo=known.repo,
                number=known.number,
                add=chosen,
                before=there,
            )
        ]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        del knowledge
        return undoing(story, asked)

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        return told(story)


def _open_pull(asked: Asked, knowledge: Knowledge) -> Pull:
    known = pull(knowledge.db, asked.received.repo, asked.received.number)
    if knowledge.community.approvals.owners == "none":
        raise Refused(
            "I do not know whom to ask here: this community has not told me who owns which files. "
            "Name somebody with `/cc`.",
            reason="no_owners",
        )
    if known is None:
        raise Refused("`/auto-cc` is about a pull request, and I know none here.", reason="no_pull")
    if known.state != "open":
        raise Refused(f"#{known.number} is closed, so nobody has to review it.", reason="closed")
    return known


def _able(area: Area, author: str) -> dict[str, int]:
    """Return who can be asked about files, each with how many these are: the nearest owners, else all of them."""
    others = [name for name in area.nearest if name != author.lower()]
    others = others or sorted({*area.owners, *area.reviewers} - {author.lower()})
    return dict.fromkeys(others, len(area.files))


def _chosen(
    able: Sequence[dict[str, int]], there: Collection[str], number: PullNumber
) -> tuple[str, ...]:
    """Return as few as there have to be: each time who owns most of what is left, of equals whose turn it is."""
    chosen: list[str] = []
    left = [names for names in able if names.keys().isdisjoint(there)]
    while left and len(chosen) < MOST:
        owned: Counter[str] = Counter()
        for names in left:
            owned.update(names)
        chosen.append(max(owned, key=lambda name: (owned[name], _turn(number, name))))
        left = [names for names in left if chosen[-1] not in names]
    return tuple(chosen)


def _turn(number: PullNumber, name: str) -> bytes:
    """Return by what equals are told apart: otherwise on each pull request, the same on the same one."""
    return blake2b(f"{number}/{name}".encode(), digest_size=8).digest()
