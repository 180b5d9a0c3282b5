"""Answers as GitHub comments. People read them on the pull request where they asked.

Text from outside stays text: markup is escaped, and what would mention, refer or link is broken with a word joiner.
"""

import re

from chatops.engine.answer import (
    Action,
    Answer,
    Code,
    Line,
    Link,
    Person,
    Piece,
    Section,
    Strong,
    Tone,
    When,
    plain,
)

JOINER = "\u2060"
"""A word joiner: invisible, and enough to keep GitHub from seeing a mention, a reference or an address."""

MARKS = {Tone.GOOD: "✅", Tone.BAD: "❌", Tone.BUSY: "⏳", Tone.UNKNOWN: "❔", Tone.NEUTRAL: ""}
LIMIT = 60_000
_MARKUP = re.compile(r"([\\`*_\[\]<>|~&!])")
_LEADING = re.compile(r"^(\s*)([-+=]|\d+(?=[.)]))")
_LIVE = re.compile(r"[@#]|(?<=:)//|(?i:\bwww)(?=\.)|(?i:\bgh)(?=-\d)")
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})")
_LIVE_WHOLE = re.compile(r"://|(?i:\bwww\.)|(?i:\bgh-\d)")
SEAM = 4
_BREAK = re.compile(r"[\r\n]")
_TICKS = re.compile(r"`+")


def render_markdown(answer: Answer, marker: str) -> str:
    """Return a comment's text; `marker` is a name nobody sees, by which the comment is found again."""
    mark = MARKS[answer.tone]
    parts = [f"<!-- chatops:{marker} -->", f"{mark} {line(answer.verdict)}".strip()]
    if answer.counts:
        parts.append(line(answer.counts))
    parts.extend(_section(section) for section in answer.sections)
    if answer.actions:
        parts.append(" · ".join(_action(action) for action in answer.actions))
    if answer.footer:
        parts.append(f"<sub>{line(answer.footer)}</sub>")
    return "\n\n".join(parts)[:LIMIT]


def line(pieces: Line) -> str:
    """Return one line of pieces as Markdown, in which no two pieces become something together that neither is."""
    written = shown = ""
    for piece in pieces:
        part, seen = _piece(piece), plain((piece,))
        are_codes = written.endswith("`") and part.startswith("`")
        written += (JOINER if are_codes or _lives(shown, seen) else "") + part
        shown += seen
    return written


def _lives(before: str, after: str) -> bool:
    """Return whether two pieces that touch would be an address or a reference together."""
    seam = len(before[-SEAM:])
    touching = before[-SEAM:] + after[:SEAM]
    return any(live.start() < seam < live.end() for live in _LIVE_WHOLE.finditer(touching))


def text(outside: str) -> str:
    """Return text as Markdown that shows just this text."""
    joined = _LIVE.sub(lambda live: live.group() + JOINER, _BREAK.sub(" ", outside))
    return _LEADING.sub(rf"\1{JOINER}\2", _MARKUP.sub(r"\\\1", joined))


def _piece(piece: Piece) -> str:
    match piece:
        case str():
            return text(piece)
        case Code(code):
            return _code(code)
        case Link(label, url):
            return f"[{text(label)}]({_address(url)})"
        case Strong(strong):
            return _bold(strong)
        case When(at):
            return f"{at:%Y-%m-%d %H:%M} UTC"
        case Person(name=name, github=login):
            return f"@{login}" if _LOGIN.fullmatch(login) else text(name)


def _bold(outside: str) -> str:
    """Return text that weighs more; asterisks beside a blank would be something else."""
    one_line = _BREAK.sub(" ", outside)
    core = one_line.strip()
    if not core:
        return ""
    before, _, after = one_line.partition(core)
    return f"{before}**{text(core)}**{after}"


def _code(code: str) -> str:
    """Return inline code with a fence longer than any run of backticks in it; a fence around nothing would be none."""
    one_line = " ".join(code.split())
    if not one_line:
        return ""
    fence = "`" * (max((len(run) for run in _TICKS.findall(one_line)), default=0) + 1)
    space = " " if one_line.startswith("`") or one_line.endswith("`") else ""
    return f"{fence}{space}{one_line}{space}{fence}"


def _address(url: str) -> str:
    return re.sub(r"[\s()<>\"]", lambda odd: f"%{ord(odd.group()):02X}", url)


def _action(action: Action) -> str:
    """Return a command to copy, and what it does."""
    return f"{text(action.text)}: {_code(f'/{action.said}')}"


def _section(section: Section) -> str:
    # A dash alone under a title would make a heading of it.
    lines = [f"- {line(pieces).strip() or JOINER}" for pieces in section.lines]
    if section.more:
        lines.append(f"- … and {section.more} more")
    listed = "\n".join(lines)
    if section.folded:
        title = f"{text(section.title)} ({len(section.lines) + section.more})"
        return f"<details><summary>{title}</summary>\n\n{listed}\n\n</details>"
    return f"{_bold(section.title)}\n{listed}"
