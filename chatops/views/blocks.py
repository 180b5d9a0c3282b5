"""Answers as Slack messages. People read them in the channel where they asked.

Rich text carries foreign text without any markup of its own, so nothing from outside can mention, link or format.
Only the fallback text has to be escaped.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

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
from chatops.views.offers import About, write_offer

Block = Mapping[str, Any]
MARKS = {
    Tone.GOOD: "white_check_mark",
    Tone.BAD: "x",
    Tone.BUSY: "hourglass_flowing_sand",
    Tone.UNKNOWN: "grey_question",
}
_MEMBER = re.compile(r"[UW][A-Z0-9]{4,}")
LINES_SHOWN = 10
LINE_LIMIT, SENTENCE_LIMIT = 300, 1_000
"""How much is shown of one piece of a line, and of what is said above the lines."""
TEXT_BUDGET = 8_000
"""Slack refuses messages of about 12,000 characters over all blocks; it does not say where exactly."""
FALLBACK_LIMIT = 3_000
BUTTONS_SHOWN = 25
BUTTON_LIMIT, QUESTION_LIMIT = 75, 300
OFFERED = "offer/"
"""What the ids of our buttons begin with."""
ASKS = "form/"
"""The same, where a form asks for what is still to be said."""


def render_blocks(answer: Answer, about: About | None = None) -> dict[str, Any]:
    """Return a message: blocks, and the text that notifications and screen readers get.

    What may be said next becomes buttons, where it is said what the message is about.
    """
    blocks: list[Block] = [_paragraph(_verdict(answer))]
    if answer.counts:
        blocks.append(_paragraph(_elements(answer.counts, SENTENCE_LIMIT)))
    left = TEXT_BUDGET - len(plain(answer.verdict)) - len(plain(answer.counts))
    for section in answer.sections:
        block, used = _section(section, left)
        blocks.append(block)
        left -= used
        if left <= 0:
            break
    buttons = [] if about is None else _buttons(answer.actions, about)
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    if answer.footer:
        blocks.append(_paragraph(_elements(answer.footer)))
    return {
        "text": _escaped(plain(answer.verdict), FALLBACK_LIMIT),
        "blocks": blocks,
        "response_type": "ephemeral" if answer.private else "in_channel",
        "unfurl_links": False,
        "unfurl_media": False,
    }


def escape(outside: str) -> str:
    """Return text that Slack shows as just this text, in the places that know markup."""
    return outside.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _escaped(outside: str, limit: int) -> str:
    """Return escaped text of so many characters at most, in which no escaped one is cut in two."""
    text = escape(outside)
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    begun = cut.rfind("&")
    return f"{cut[:begun] if begun > cut.rfind(';') else cut}…"


def _buttons(actions: Sequence[Action], about: About) -> list[Block]:
    """Return a button for each action; what cannot be carried by one is left out."""
    offers = [(action, write_offer(action, about)) for action in actions[:BUTTONS_SHOWN]]
    return [
        _button(f"{ASKS if action.needs else OFFERED}{place}", action, offer)
        for place, (action, offer) in enumerate(offers)
        if offer is not None
    ]


def _button(name: str, action: Action, offer: str) -> Block:
    button: dict[str, Any] = {
        "type": "button",
        "action_id": name,
        "text": _label(action.text, BUTTON_LIMIT),
        "value": offer,
    }
    if action.costs:
        button["confirm"] = {
            "title": _label(f"{action.text}?", BUTTON_LIMIT),
            "text": _label(action.costs, QUESTION_LIMIT),
            "confirm": _label("Do it", BUTTON_LIMIT),
            "deny": _label("Leave it", BUTTON_LIMIT),
        }
    return button


def _label(outside: str, limit: int) -> Block:
    """Return text that knows no markup; nothing in it becomes a picture either."""
    one_line = " ".join(outside.split()) or "…"
    cut = one_line if len(one_line) <= limit else f"{one_line[: limit - 1]}…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def _verdict(answer: Answer) -> list[Block]:
    mark = MARKS.get(answer.tone)
    elements: list[Block] = [] if mark is None else [{"type": "emoji", "name": mark}, _text(" ")]
    for element in _elements(answer.verdict, SENTENCE_LIMIT):
        style = {**element.get("style", {}), "bold": True} if element["type"] == "text" else None
        elements.append({**element, "style": style} if style else element)
    return elements


def _section(section: Section, budget: int) -> tuple[Block, int]:
    """Return a titled list that fits the budget, and how much of it was used."""
    shown: list[Line] = []
    used = len(section.title)
    for candidate in section.lines[: None if section.whole else LINES_SHOWN]:
        used += len(plain(candidate))
        if used > budget:
            break
        shown.append(candidate)
    more = section.more + len(section.lines) - len(shown)
    items: list[Block] = [_rich(_elements(pieces)) for pieces in shown]
    if more:
        items.append(_rich([_text(f"… and {more} more", italic=True)]))
    title = _rich([_text(section.title, bold=True)])
    elements: list[Block] = [title]
    if items:
        elements.append({"type": "rich_text_list", "style": "bullet", "elements": items})
    return {"type": "rich_text", "elements": elements}, used


def _paragraph(elements: Sequence[Block]) -> Block:
    return {"type": "rich_text", "elements": [_rich(elements)]}


def _rich(elements: Sequence[Block]) -> Block:
    return {"type": "rich_text_section", "elements": list(elements)}


def _elements(pieces: Line, limit: int = LINE_LIMIT) -> list[Block]:
    return [_element(piece, limit) for piece in pieces if piece]


def _element(piece: Piece, limit: int) -> Block:
    match piece:
        case str():
            return _text(piece, limit)
        case Code(code):
            return _text(code, code=True)
        case Strong(strong):
            return _text(strong, bold=True)
        case Link(label, url):
            return {"type": "link", "url": url, "text": _cut(label)}
        case When(at):
            return {
                "type": "date",
                "timestamp": int(at.timestamp()),
                "format": "{date_short_pretty} {time}",
                "fallback": f"{at:%Y-%m-%d %H:%M} UTC",
            }
        case Person(slack=member) if _MEMBER.fullmatch(member):
            return {"type": "user", "user_id": member}
        case Person(name=name):
            return _text(name)


def _text(outside: str, limit: int = LINE_LIMIT, **style: bool) -> Block:
    element: dict[str, Any] = {"type": "text", "text": _cut(outside, limit) or " "}
    if style:
        element["style"] = style
    return element


def _cut(outside: str, limit: int = LINE_LIMIT) -> str:
    one_line = " ".join(outside.split("\n"))
    return one_line if len(one_line) <= limit else f"{one_line[: limit - 1]}…"
