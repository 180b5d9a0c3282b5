"""Comments as GitHub shows them: a small, safe part of its Markdown.

Everything is escaped first; only what is recognised afterwards becomes markup. HTML is not passed
through, with the exception of `<details>` and `<summary>`, and comments in HTML are not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape

from markupsafe import Markup

HIDDEN = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
CODE_SPAN = re.compile(r"(`+)(.+?)\1(?!`)")
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
SMALL = re.compile(r"<sub>(.*?)</sub>")
KEPT = re.compile("\x00(\\d+)\x00")
LINK = re.compile(r"!?\[([^\]\n]+)\]\((https?://[^\s()<>]+|/[^\s()<>]*)\)")
ADDRESS = re.compile(r"(?<![\"=/\w])https?://[^\s<>\x00]*[^\s<>\x00.,;:!?)&]")
BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
ITALIC = re.compile(r"(?<![\w*_])([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*_])")
MENTION = re.compile(r"(?<![\w/.@-])@([A-Za-z0-9][A-Za-z0-9-]{0,38})")
DETAILS = re.compile(r"<details( open)?>\s*(?:<summary>(.*?)</summary>)?\s*", re.IGNORECASE)
SUMMARY = re.compile(r"<summary>(.*?)</summary>", re.IGNORECASE)
HEADING = re.compile(r"#{1,6}\s+(.*)")
BULLET = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s+(.*)")
RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")


def render(text: str) -> Markup:
    """Turn the text of a comment into HTML that is safe to show."""
    visible = HIDDEN.sub("", text.replace("\x00", "").replace("\r\n", "\n"))
    return Markup("\n".join(_Blocks(visible.split("\n")).render()))  # noqa: S704 - escaped below


def inline(text: str) -> str:
    """Turn one line into HTML."""
    kept: list[str] = []

    def keep(html: str) -> str:
        kept.append(html)
        return f"\x00{len(kept) - 1}\x00"

    def link(match: re.Match[str]) -> str:
        return keep(f'<a href="{match[2]}" rel="nofollow">') + match[1] + keep("</a>")

    marked = CODE_SPAN.sub(lambda m: keep(f"<code>{escape(m[2].strip())}</code>"), text)
    marked = ESCAPED.sub(lambda m: keep(escape(m[1])), marked)
    marked = SMALL.sub(lambda m: keep("<small>") + m[1] + keep("</small>"), marked)
    marked = LINK.sub(link, escape(marked))
    marked = ADDRESS.sub(lambda m: keep(f'<a href="{m[0]}" rel="nofollow">{m[0]}</a>'), marked)
    marked = MENTION.sub(r'<b class="mention">@\1</b>', marked)
    marked = BOLD.sub(r"<strong>\1</strong>", marked)
    marked = ITALIC.sub(r"<em>\2</em>", marked)
    while KEPT.search(marked):
        marked = KEPT.sub(lambda m: kept[int(m[1])], marked)
    return marked


class _Blocks:
    """Reads lines into paragraphs, lists, tables, code blocks and details."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.open_details = 0

    def render(self) -> Iterator[str]:
        while self.at < len(self.lines):
            yield self._block()
        yield "</details>" * self.open_details

    def _block(self) -> str:
        line = self.lines[self.at]
        if not line.strip():
            self.at += 1
            return ""
        if line.lstrip().startswith("```"):
            return self._code()
        if html := self._details(line.strip()):
            return html
        if heading := HEADING.match(line):
            self.at += 1
            return f'<p class="heading">{inline(heading[1])}</p>'
        if line.lstrip().startswith(">"):
            return self._quote()
        if "|" in line and self._next_is_rule():
            return self._table()
        if BULLET.fullmatch(line):
            return self._list()
        return self._paragraph()

    def _code(self) -> str:
        self.at += 1
        taken = self._take_while(lambda line: not line.lstrip().startswith("```"))
        self.at += 1
        return f'<pre tabindex="0"><code>{escape(chr(10).join(taken))}</code></pre>'

    def _details(self, line: str) -> str:
        if opening := DETAILS.fullmatch(line):
            self.at += 1
            self.open_details += 1
            summary = f"<summary>{inline(opening[2])}</summary>" if opening[2] else ""
            return f"<details{opening[1] or ''}>{summary}"
        if self.open_details and (summary_line := SUMMARY.fullmatch(line)):
            self.at += 1
            return f"<summary>{inline(summary_line[1])}</summary>"
        if self.open_details and line.lower() == "</details>":
            self.at += 1
            self.open_details -= 1
            return "</details>"
        return ""

    def _quote(self) -> str:
        taken = self._take_while(lambda line: line.lstrip().startswith(">"))
        body = "<br>".join(inline(line.lstrip()[1:].strip()) for line in taken)
        return f"<blockquote><p>{body}</p></blockquote>"

    def _table(self) -> str:
        head = _cells(self.lines[self.at])
        self.at += 2
        rows = self._take_while(lambda line: "|" in line)
        top = "".join(f'<th scope="col">{inline(cell)}</th>' for cell in head)
        # A row has as many cells as the head: GitHub drops the others, and so is a mistake seen.
        body = "".join(
            "<tr>"
            + "".join(f"<td>{inline(cell)}</td>" for cell in _cells(row)[: len(head)])
            + "</tr>"
            for row in rows
        )
        return (
            '<div class="scroll" tabindex="0"><table>'
            f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _list(self) -> str:
        numbered = self.lines[self.at].lstrip()[0].isdigit()
        taken = self._take_while(lambda line: BULLET.fullmatch(line) is not None)
        items = "".join(f"<li>{inline(m[1])}</li>" for m in map(BULLET.fullmatch, taken) if m)
        return f"<ol>{items}</ol>" if numbered else f"<ul>{items}</ul>"

    def _paragraph(self) -> str:
        taken = [self.lines[self.at]]
        self.at += 1
        taken += self._take_while(self._continues)
        return f"<p>{'<br>'.join(inline(line.strip()) for line in taken)}</p>"

    def _continues(self, line: str) -> bool:
        stripped = line.strip()
        begins = stripped.startswith(("```", ">", "<details", "</details", "<summary"))
        return bool(stripped) and not begins and not BULLET.fullmatch(line)

    def _next_is_rule(self) -> bool:
        following = self.lines[self.at + 1 : self.at + 2]
        return bool(following) and "-" in following[0] and RULE.fullmatch(following[0]) is not None

    def _take_while(self, fits: Callable[[str], bool]) -> list[str]:
        begin = self.at
        while self.at < len(self.lines) and fits(self.lines[self.at]):
            self.at += 1
        return self.lines[begin : self.at]


def _cells(row: str) -> list[str]:
    inner = row.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]
