"""`/renamed`: this test is the same as that one was; show their nights together.

Asks for:  GitHub's role write; the old name, `->` and the new one
Decides:   `job.renamed`, where the two never ran side by side; nothing where nothing is said
Tells:     how much is shown together now; where nothing is said, which tests have another name
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.meant_tests import board_of, meant_tests
from chatops.answers.nights import NightBoard, Test, counted
from chatops.engine.answer import Answer, Code, Section
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.renames import JobRenamed, JobRenameWithdrawn
from chatops.names import Repo
from chatops.projections.jobs import newest_runs_called
from chatops.projections.renames import lineage

ARROWS = ("->", "→", "—>", "–>", "=>")
"""What people type between two names, and what their phones make of it."""
LINES_SHOWN = 10
LONGEST_LOOKED_BACK = 90
USAGE = (
    "`renamed` needs the old name, `->` and the new one, as in "
    "`/renamed run-tests (qemu) -> run-k8s-tests (qemu)`."
)


@dataclass(frozen=True, slots=True)
class Renamed(Command):
    """Say that a test goes on under another name."""

    old: str = ""
    new: str = ""

    name: ClassVar[str] = "renamed"
    usage: ClassVar[str] = "[OLD -> NEW]"
    help: ClassVar[str] = "Show the nights of a test with those it had under its old name."
    example: ClassVar[str] = "/renamed run-tests (qemu) -> run-k8s-tests (qemu)"
    role: ClassVar[Role] = Role.WRITER

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if not words:
            return cls()
        places = [place for place, word in enumerate(words) if word in ARROWS]
        if len(places) != 1:
            raise Refused(USAGE, reason="usage")
        old, new = " ".join(words[: places[0]]), " ".join(words[places[0] + 1 :])
        if not old or not new:
            raise Refused(USAGE, reason="usage")
        return cls(old, new)

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        if not self.old:
            return ()
        board = board_of(knowledge, LONGEST_LOOKED_BACK)
        aliases = knowledge.community.job_aliases
        new = _one(self.new, meant_tests(board, self.new, aliases))
        old = _old(self.old, new, board, knowledge)
        known = lineage(knowledge.db, knowledge.community.repositories)
        now = known.current(new.repo, new.name)
        if now not in {new.name, old}:
            raise Refused(f"`{new.name}` goes on as `{now}`. Name that one.", reason="as_it_is")
        before = known.of(new.repo, new.name)
        if any(one.old == old for one in before):
            raise Refused(f"`{new.name}` is shown with `{old}` already.", reason="as_it_is")
        return [
            JobRenamed(
                command=asked.received.command,
                repo=new.repo,
                old=old,
                new=new.name,
                by=asked.by,
                at=knowledge.now,
            )
        ]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        renamed = story.first(JobRenamed)
        if renamed is None:
            raise Refused(CHANGED_NOTHING, reason="irreversible")
        known = lineage(knowledge.db, [renamed.repo])
        if all(one.command != renamed.command for one in known.renames):
            raise Refused(
                "Somebody has said otherwise of this test since. I left it as it is.",
                reason="changed_since",
            )
        return [
            JobRenameWithdrawn(
                command=asked.received.command,
                repo=renamed.repo,
                old=renamed.old,
                new=renamed.new,
                by=asked.by,
                at=knowledge.now,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        renamed = story.first(JobRenamed)
        if renamed is None:
            return _listing(knowledge)
        return Answer(
            verdict=("Shown as one test from now on.",),
            sections=(
                Section(
                    title="The same test",
                    lines=((Code(renamed.old), " until then"), (Code(renamed.new), " now")),
                ),
            ),
            footer=(
                "Its page has the nights under both names, and the old address leads there. ",
                Code("undo"),
                " tells them apart again.",
            ),
        )


def _one(said: str, tests: Sequence[Test]) -> Test:
    if len(tests) > 1:
        raise Refused(
            f"“{said}” means {len(tests)} tests, such as `{tests[0].name}` and `{tests[1].name}`. Name one.",
            reason="too_many",
        )
    return tests[0]


def _old(said: str, new: Test, board: NightBoard, knowledge: Knowledge) -> str:
    """Return the old name: of a test of the nights, or of one that ran before them and is called just so."""
    try:
        old = _one(said, meant_tests(board, said, knowledge.community.job_aliases))
    except Refused as problem:
        if problem.reason == "too_many" or not newest_runs_called(knowledge.db, [said]):
            raise
        return said
    if old is new:
        raise Refused("Those are the same name.", reason="as_it_is")
    if old.repo != new.repo:
        raise Refused(
            f"`{old.name}` is a test of {old.repo}, `{new.name}` one of {new.repo}.",
            reason="elsewhere",
        )
    both = _side_by_side(old, new)
    if both:
        raise Refused(
            f"The two ran side by side in {counted(both, 'night')}, so neither is the other under a new name.",
            reason="side_by_side",
        )
    return old.name


def _side_by_side(old: Test, new: Test) -> int:
    pairs = zip(old.cells, new.cells, strict=True)
    return sum(bool(one.executions and other.executions) for one, other in pairs)


def _listing(knowledge: Knowledge) -> Answer:
    """Return which tests have another name than they had, the newest first."""
    repositories: Sequence[Repo] = knowledge.community.repositories
    found = lineage(knowledge.db, repositories).renames[::-1]
    if not found:
        return Answer(verdict=("No test is shown under another name.",), private=True)
    return Answer(
        verdict=(f"{counted(len(found), 'test')} shown under another name.",),
        sections=(
            Section(
                title="The newest first",
                lines=tuple(
                    (Code(one.old), " → ", Code(one.new), f", {one.at:%Y-%m-%d}, by {one.by}")
                    for one in found[:LINES_SHOWN]
                ),
                more=max(0, len(found) - LINES_SHOWN),
            ),
        ),
        private=True,
    )
