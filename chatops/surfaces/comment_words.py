"""Hears what a text asks for: commands at the start of a line, never what is quoted, code or hidden.

Phones change dashes and quotation marks, and begin sentences with capitals; people end them with a full stop. All of
that is heard as what was meant.
"""

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_COMMAND = re.compile(r"/([A-Za-z][A-Za-z0-9-]*)(?=[\s.,;:!?]|$)(.*)")
_WORD = re.compile(r"\"([^\"]*)\"?|'([^']*)'?|(\S+)")
_TYPOGRAPHIC = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "−": "-",
        "‐": "-",
        "‑": "-",
        "“": '"',
        "”": '"',
        "„": '"',
        "‘": "'",
        "’": "'",
    }
    | {"\u00a0": " ", "\u200b": "", "\ufeff": ""}
)
TRAILING = ".,;:!?"


class Spoken(Struct, frozen=True):
    """A command as it was said: its verb, the words after it, the number of its line, and the words as written."""

    verb: str
    words: tuple[str, ...]
    line: int
    said: str = ""


def spoken(text: str, hears: Callable[[str], bool]) -> list[Spoken]:
    """Return the commands of ours in a text, in order; the same one twice counts once. `hears` knows our verbs."""
    heard: dict[tuple[str, tuple[str, ...]], Spoken] = {}
    for number, line in _lines(text):
        found = _COMMAND.fullmatch(line.translate(_TYPOGRAPHIC).rstrip())
        if found is None:
            continue
        verb = found.group(1).lower()
        if hears(verb):
            words = tuple(split_words(found.group(2).lstrip(TRAILING)))
            heard.setdefault((verb, words), Spoken(verb, words, number, after_first(line)))
    return list(heard.values())


def newly_spoken(text: str, previous_text: str, hears: Callable[[str], bool]) -> list[Spoken]:
    """Return the commands in an edited text that were not in it before."""
    before = {(one.verb, one.words) for one in spoken(previous_text, hears)}
    return [one for one in spoken(text, hears) if (one.verb, one.words) not in before]


def said_alone(line: str) -> Spoken | None:
    """Return the command that a line is all about, where nothing else could be meant; nothing if it is empty."""
    words = split_words(line)
    if not words:
        return None
    return Spoken(words[0].lstrip("/").lower(), tuple(words[1:]), 0, after_first(line))


def after_first(line: str) -> str:
    """Return what follows the first word of a line, with its quotation marks and punctuation."""
    rest = line.split(maxsplit=1)[1:]
    return rest[0].rstrip() if rest else ""


def split_words(text: str) -> list[str]:
    """Return the words of a line; quotation marks hold several together. No text is an error."""
    words = []
    for found in _WORD.finditer(text.translate(_TYPOGRAPHIC)):
        double, single, bare = found.groups()
        quoted = double if double is not None else single
        word = quoted if quoted is not None else bare
        words.append(word)
    if words and not words[-1].endswith("..."):
        words[-1] = words[-1].rstrip(TRAILING) or words[-1]
    return [
        word for place, word in enumerate(words) if word.strip(TRAILING) or _asks(words, place)
    ] or words[:1]


def _asks(words: list[str], place: int) -> bool:
    """Return whether a word is a question mark that is all that is said, or all that is said to a verb."""
    return words[place] == "?" and place == len(words) - 1 and place <= 1


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that speak: not in a fence, not hidden, not quoted or indented."""
    hidden = _COMMENT.sub(
        lambda found: "\n" * found.group().count("\n"), text.replace("\r\n", "\n")
    )
    fence = ""
    for number, line in enumerate(hidden.replace("\r", "\n").split("\n"), start=1):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark.group(1).startswith(fence) and line.strip() == mark.group(1):
                fence = ""
        elif mark:
            fence = mark.group(1)
        elif line.startswith("/"):
            yield number, line
