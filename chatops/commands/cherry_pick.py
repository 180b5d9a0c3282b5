"""`/cherry-pick`: bring a merged change to other branches.

Asks for:  write access; a pull request that is merged, or open
Decides:   one `pick.requested` per branch; while it is open `pick.promised`, and they follow once it is merged
Tells:     which pull requests were opened, and where the change could not be picked
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.config import Community
from chatops.engine.answer import Answer, Code, Line, Link, Piece, Section, Tone, pieces
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived, EffectFailed
from chatops.events.picks import PickOpened, PickPromised, PickRefused, PickRequested
from chatops.projections.pulls import pull

BRANCH = re.compile(r"(?!.*(\.\.|//|\.lock\b))[A-Za-z0-9][A-Za-z0-9._/-]{0,200}(?<![./])")
MOST_BRANCHES = 10


@dataclass(frozen=True, slots=True)
class CherryPick(Command):
    """Bring a merged change to other branches."""

    branches: tuple[str, ...]

    name: ClassVar[str] = "cherry-pick"
    usage: ClassVar[str] = "BRANCH…"
    help: ClassVar[str] = "Open a pull request with this merged change for each of these branches."
    example: ClassVar[str] = "/cherry-pick release-1.0"
    role: ClassVar[Role] = Role.WRITER
    looks_at_pull: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True
    costs: ClassVar[str] = "It opens pull requests, and their tests run."
    irreversible: ClassVar[str] = (
        "The pull requests are open where everybody sees them; close those that are not wanted with `/close`."
    )

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return both ways to spell it."""
        del community
        return {cls.name: (), "cherrypick": ()}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        branches = tuple(dict.fromkeys(word.strip(",") for word in words if word.strip(",")))
        if not branches:
            raise Refused(
                "To which branch? Say `/cherry-pick` and one or more branches.", reason="usage"
            )
        wrong = next((one for one in branches if not BRANCH.fullmatch(one)), None)
        if wrong is not None:
            shown = wrong[:60].replace("`", "")
            raise Refused(f"`{shown}` cannot be the name of a branch.", reason="usage")
        if len(branches) > MOST_BRANCHES:
            raise Refused(
                f"Found {len(branches)} branches; say at most {MOST_BRANCHES} at once.",
                reason="usage",
            )
        return cls(branches)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        received = asked.received
        known = pull(knowledge.db, received.repo, received.number)
        if known is None:
            raise Refused(
                "`/cherry-pick` is about a pull request, and I know none here.", reason="no_pull"
            )
        if known.state != "open" and not known.is_merged:
            raise Refused(
                f"#{known.number} was closed without being merged, so there is nothing to pick.",
                reason="not_merged",
            )
        if known.base in self.branches:
            raise Refused(
                f"#{known.number} goes to `{known.base}` itself, so it needs no pick for that one.",
                reason="as_it_is",
            )
        if not known.is_merged:
            return [
                PickPromised(
                    command=received.command,
                    repo=known.repo,
                    number=known.number,
                    branches=self.branches,
                    by=asked.by,
                )
            ]
        return [
            PickRequested(
                command=received.command,
                repo=known.repo,
                number=known.number,
                branch=branch,
                title=known.title,
                by=asked.by,
            )
            for branch in self.branches
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        requested, promised = story.all(PickRequested), story.first(PickPromised)
        if not requested and promised is not None:
            return Answer(
                verdict=(
                    f"Once #{promised.number} is merged, I open a pull request with it for ",
                    *_listed(promised.branches),
                    ".",
                ),
                tone=Tone.BUSY,
            )
        opened = {event.branch: event for event in story.all(PickOpened)}
        refused = {event.branch: event for event in story.all(PickRefused)}
        failed, received = story.all(EffectFailed), story.first(CommandReceived)
        waiting = len(requested) - len(opened) - len(refused)
        bad = bool(refused or failed)
        done = Tone.BAD if bad else Tone.GOOD
        base = f"{knowledge.github_url}/{received.repo}/pull" if received is not None else ""
        branches = "branch" if len(requested) == 1 else "branches"
        return Answer(
            verdict=(f"Picked for {len(opened)} of {len(requested)} {branches}.",),
            tone=Tone.BUSY if waiting and not failed else done,
            counts=(f"Not done: {failed[-1].text}",) if failed else (),
            sections=(
                Section(
                    title="Branches",
                    lines=tuple(
                        _line(one.branch, base, opened.get(one.branch), refused.get(one.branch))
                        for one in requested
                    ),
                ),
            ),
        )


def _listed(branches: Sequence[str]) -> Line:
    listed: list[Piece] = []
    for place, branch in enumerate(branches):
        listed += [", ", Code(branch)] if place else [Code(branch)]
    return tuple(listed)


def _line(branch: str, base: str, opened: PickOpened | None, refused: PickRefused | None) -> Line:
    if refused is not None:
        return (Code(branch), ": ", *pieces(refused.text))
    if opened is None:
        return (Code(branch), ": under way")
    there = " was there already" if opened.found else ""
    return (Code(branch), ": ", Link(f"#{opened.opened}", f"{base}/{opened.opened}"), there)
