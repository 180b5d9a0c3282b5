"""What the bot says, before it is words on a surface: plain pieces with a meaning, no markup.

Everything in an answer that came from outside is data; a surface's renderer escapes it in one place.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from chatops.names import PullNumber


class Tone(StrEnum):
    """What a verdict says at a glance."""

    GOOD = "good"
    BAD = "bad"
    BUSY = "busy"
    UNKNOWN = "unknown"
    NEUTRAL = "neutral"


class Code(Struct, frozen=True):
    """A piece to be shown as code: a sha, a command, a name."""

    text: str


class Link(Struct, frozen=True):
    """A piece that leads somewhere. `url` is ours or GitHub's; `text` may come from outside."""

    text: str
    url: str


class Strong(Struct, frozen=True):
    """A piece that weighs more."""

    text: str


class When(Struct, frozen=True):
    """A moment, shown the way the surface shows moments."""

    at: datetime


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who is really called, where the surface can: on purpose, and by what the configuration says of them.

    `github` is a login, `slack` a member's id; where the surface has no use for either, `name` is just shown.
    """

    name: str
    github: str = ""
    slack: str = ""


Piece = str | Code | Link | Strong | When | Person
Line = tuple[Piece, ...]
"""One line of text: its pieces follow each other without blanks of their own."""


class Section(Struct, frozen=True, kw_only=True):
    """A titled list. `more` counts what was left out; `folded` says that it may start closed.

    Of a `whole` one no line is left out where there is room for it.
    """

    title: str
    lines: tuple[Line, ...]
    more: int = 0
    folded: bool = False
    whole: bool = False


class Action(Struct, frozen=True, kw_only=True):
    """A command that may be said next; whoever takes it up says it, and it is decided for them.

    `text` is two or three words. It is about the pull request of the answered request, unless `number` says another.
    `costs` asks once more before it is done: one sentence, for what spends runner hours or ends something.
    `needs` is what is still to be said after its words, as its usage has it: where there are forms, one asks for it.
    """

    text: str
    verb: str
    words: tuple[str, ...] = ()
    number: PullNumber = PullNumber(0)
    costs: str = ""
    needs: str = ""

    @property
    def said(self) -> str:
        """The command as one would type it, without its slash."""
        return f"{said_as(self.verb, self.words)} {self.needs}".rstrip()


class Answer(Struct, frozen=True, kw_only=True):
    """One message: the verdict, then counts, then lists, then what may be said next, then where all that comes from.

    `private` ones are for who asked; of `quiet` ones a mark on what was said is enough, where there are marks.
    """

    verdict: Line
    tone: Tone = Tone.NEUTRAL
    counts: Line = ()
    sections: tuple[Section, ...] = ()
    actions: tuple[Action, ...] = ()
    footer: Line = ()
    private: bool = False
    quiet: bool = False


def said_as(verb: str, words: Iterable[str]) -> str:
    """Return a command as one would type it, without its slash: what has blanks in it, between quotation marks."""
    return " ".join((verb, *(_quoted(word) for word in words)))


def pieces(sentence: str) -> Line:
    """Return one of our sentences as a line: what stands between backticks becomes code."""
    return tuple(
        Code(part) if number % 2 else part
        for number, part in enumerate(sentence.split("`"))
        if part
    )


def shortened(answer: Answer) -> Answer | None:
    """Return an answer with half of its longest list left out, and counted; nothing if there is no list to shorten."""
    lists = [section for section in answer.sections if section.lines]
    if not lists:
        return None
    longest = max(lists, key=lambda section: sum(len(plain(line)) for line in section.lines))
    kept = longest.lines[: len(longest.lines) // 2]
    more = longest.more + len(longest.lines) - len(kept)
    cut = replace(longest, lines=kept, more=more)
    sections = tuple(cut if section is longest else section for section in answer.sections)
    return replace(answer, sections=sections)


def respelled(answer: Answer, spell: Callable[[str], str]) -> Answer:
    """Return an answer with each of its pieces of code spelled in another way."""

    def line(of: Line) -> Line:
        return tuple(Code(spell(piece.text)) if isinstance(piece, Code) else piece for piece in of)

    return replace(
        answer,
        verdict=line(answer.verdict),
        counts=line(answer.counts),
        sections=tuple(
            replace(section, lines=tuple(line(one) for one in section.lines))
            for section in answer.sections
        ),
        footer=line(answer.footer),
    )


def plain(line: Line) -> str:
    """Return a line as text without markup, for notifications, logs and the command line."""
    return "".join(_plain(piece) for piece in line)


def _quoted(word: str) -> str:
    if not any(char.isspace() or char in "\"'" for char in word):
        return word
    return f"'{word}'" if '"' in word else f'"{word}"'


def _plain(piece: Piece) -> str:
    match piece:
        case str():
            return piece
        case Code(text) | Link(text, _) | Strong(text):
            return text
        case When(at):
            return f"{at:%Y-%m-%d %H:%M} UTC"
        case Person(name=name):
            return name


def as_text(answer: Answer) -> str:
    """Return a whole answer as plain text, for the command line."""
    parts = [plain(answer.verdict)]
    if answer.counts:
        parts.append(plain(answer.counts))
    for section in answer.sections:
        parts.append(f"\n{section.title}")
        parts.extend(f"  {plain(line)}" for line in section.lines)
        if section.more:
            parts.append(f"  … and {section.more} more")
    if answer.actions:
        parts.append("\nNext")
        parts.extend(f"  /{action.said}  ({action.text})" for action in answer.actions)
    if answer.footer:
        parts.append(f"\n{plain(answer.footer)}")
    return "\n".join(parts)
