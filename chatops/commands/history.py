"""`history`: how has a job been in the last nights?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     for each job that is meant, its nights in signs, the newest first, its fails, reruns and since when it fails
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self
from urllib.parse import quote

from chatops.answers.meant_tests import board_of, tests_meant_here
from chatops.answers.nights import NightBoard, State, Test, counted
from chatops.engine.answer import Answer, Code, Line, Link, Piece, Section, Strong, Tone
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived

LINES_SHOWN = 8
NIGHTS_SHOWN = 14
SIGNS = {
    State.PASSED: "✓",
    State.RERUN: "↻",
    State.FAILED: "✗",
    State.INFRA: "!",
    State.CANCELLED: "c",
    State.RUNNING: "…",
    State.QUEUED: "…",
    State.SKIPPED: "-",
    State.UNKNOWN: "?",
    State.NOT_RUN: "·",
    State.NONE: "·",
}
LEGEND = "newest first: ✓ passed, ↻ passed on a rerun, ✗ failed, ! infrastructure, c cancelled, - skipped, · no result"


@dataclass(frozen=True, slots=True)
class History(Command):
    """Tell how a job has been."""

    pattern: str

    name: ClassVar[str] = "history"
    usage: ClassVar[str] = "JOB"
    help: ClassVar[str] = "Tell how a job has been in the last nights."
    example: ClassVar[str] = '/history "run-k8s-tests (qemu, kubeadm)"'
    role: ClassVar[Role] = Role.ANYONE
    on_issues: ClassVar[bool] = True
    irreversible: ClassVar[str] = CHANGED_NOTHING

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if not words:
            raise Refused(
                "`history` needs a job: its name, a part of it, or a pattern such as `*tdx*`.",
                reason="usage",
            )
        return cls(" ".join(words))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        tests_meant_here(board_of(knowledge), self.pattern, knowledge, asked.received)
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        pattern = cls.parse(received.words).pattern
        board = board_of(knowledge)
        tests = sorted(
            tests_meant_here(board, pattern, knowledge, received),
            key=lambda test: (-test.streak, -test.fails, test.name),
        )
        failing = sum(bool(test.streak) for test in tests)
        return Answer(
            verdict=_verdict(tests, pattern, failing),
            tone=Tone.BAD if failing else Tone.NEUTRAL,
            sections=(
                Section(
                    title=f"The last {counted(min(NIGHTS_SHOWN, len(board.nights)), 'night')}",
                    lines=tuple(_line(test, knowledge.base_url) for test in tests[:LINES_SHOWN]),
                    more=max(0, len(tests) - LINES_SHOWN),
                ),
            ),
            footer=(_basis(board), LEGEND, "."),
        )


def _verdict(tests: Sequence[Test], pattern: str, failing: int) -> Line:
    if len(tests) == 1:
        return (*_name(tests[0], ""), f" {_in_words(tests[0])}.")
    return (f"{failing} of {counted(len(tests), 'job')} for ", Code(pattern), " fail now.")


def _in_words(test: Test) -> str:
    if not test.runs:
        return "has no result in these nights"
    said = f"failed in {test.fails} of {counted(test.runs, 'night')}"
    if test.streak and test.since is not None:
        said += f", and has been failing since {test.since.name}"
    return said


def _line(test: Test, base_url: str) -> Line:
    signs = "".join(SIGNS[cell.state] for cell in test.cells[:NIGHTS_SHOWN])
    line: list[Piece] = [Code(signs), " ", *_name(test, base_url)]
    if test.is_required:
        line += [" ", Strong("required")]
    line.append(f", {test.fails}/{test.runs} failed")
    if test.reruns:
        line.append(f", {counted(test.reruns, 'rerun')}")
    return tuple(line)


def _name(test: Test, base_url: str) -> Line:
    if not base_url:
        return (test.name,)
    return (Link(test.name, f"{base_url}/nightly?sel={quote(test.name, safe='')}"),)


def _basis(board: NightBoard) -> str:
    return f"Counted over {counted(len(board.nights), 'night')}; "
