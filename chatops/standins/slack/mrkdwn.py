"""Slack's mrkdwn as HTML, for people who look at the pretend Slack.

Everything is escaped first and marked up afterwards. A live mention (`<!here>`, `<@U…>`)
becomes a loud chip wherever it stands, so text from outside that was not defused is seen at
once; `live_mentions` gives the same to tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from markupsafe import Markup, escape

from chatops.standins.slack.workspace import JsonObject, Message

_FENCE = re.compile(r"```(.*?)```", re.DOTALL)
_SPECIAL = re.compile(r"<([@#!]?)([^<>\n|]+)(?:\|([^<>\n]*))?>")
_INLINE = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|(?P<special><[@#!]?[^<>\n]+>)"
    r"|(?P<bare>https?://[^\s<>|]+[^\s<>|.,;:!?)\]}'\"*_~])"
    r"|(?<![\w*])\*(?=\S)(?P<bold>[^*\n]*?\S)\*(?![\w*])"
    r"|(?<![\w_])_(?=\S)(?P<italic>[^_\n]*?\S)_(?![\w_])"
    r"|(?<![\w~])~(?=\S)(?P<strike>[^~\n]*?\S)~(?![\w~])"
    r"|:(?P<emoji>[a-z0-9_+'-]+):"
)
_LIVE = re.compile(r"<[!@#][^<>\n]*>")
_SAFE_SCHEMES = ("http", "https", "mailto")
EMOJI: Mapping[str, str] = {
    "+1": "\N{THUMBS UP SIGN}",
    "bar_chart": "\N{BAR CHART}",
    "bell": "\N{BELL}",
    "eyes": "\N{EYES}",
    "fire": "\N{FIRE}",
    "grey_question": "\N{WHITE QUESTION MARK ORNAMENT}",
    "large_green_circle": "\N{LARGE GREEN CIRCLE}",
    "large_orange_circle": "\N{LARGE ORANGE CIRCLE}",
    "large_yellow_circle": "\N{LARGE YELLOW CIRCLE}",
    "mag": "\N{LEFT-POINTING MAGNIFYING GLASS}",
    "no_entry": "\N{NO ENTRY}",
    "red_circle": "\N{LARGE RED CIRCLE}",
    "rocket": "\N{ROCKET}",
    "rotating_light": "\N{POLICE CARS REVOLVING LIGHT}",
    "tada": "\N{PARTY POPPER}",
    "warning": "\N{WARNING SIGN}",
    "wave": "\N{WAVING HAND SIGN}",
    "white_circle": "\N{MEDIUM WHITE CIRCLE}",
}

MARKS: Mapping[str, tuple[str, str]] = {
    "hourglass_flowing_sand": ("\N{CIRCLE WITH LEFT HALF BLACK}", "busy"),
    "white_check_mark": ("\N{HEAVY CHECK MARK}", "good"),
    "x": ("\N{HEAVY BALLOT X}", "bad"),
    **{
        f"{kind}_square": ("", f"square {kind.removeprefix('large_')}")
        for kind in (
            "large_green", "large_red", "large_yellow", "large_orange", "large_blue", "white_large",
        )
    },
}  # fmt: skip
"""What is drawn by us: it is seen also where there is no font with pictures."""

NameOf = Callable[[str, str], str]


def live_mentions(message: Message) -> tuple[str, ...]:
    """Return every mention in a message that Slack would act upon."""
    texts = [] if message.blocks else [message.text]
    return tuple(
        mention for text in [*texts, *_mrkdwn_in(message.blocks)] for mention in _LIVE.findall(text)
    )


def _mrkdwn_in(node: object) -> Iterable[str]:
    if isinstance(node, list | tuple):
        for child in node:
            yield from _mrkdwn_in(child)
    elif isinstance(node, dict):
        if node.get("type") == "mrkdwn" and isinstance(node.get("text"), str):
            yield node["text"]
        elif node.get("type") in ("broadcast", "user", "usergroup", "channel"):
            yield _rich_mention(node)
        else:
            yield from _mrkdwn_in(list(node.values()))


def _rich_mention(element: JsonObject) -> str:
    match element["type"]:
        case "broadcast":
            return f"<!{element.get('range', '')}>"
        case "user":
            return f"<@{element.get('user_id', '')}>"
        case "usergroup":
            return f"<!subteam^{element.get('usergroup_id', '')}>"
        case _:
            return f"<#{element.get('channel_id', '')}>"


def render_mrkdwn(text: str, name_of: NameOf) -> Markup:
    """Render mrkdwn; `name_of("@", id)` and `name_of("#", id)` give people and channels names."""
    html = Markup()
    for index, part in enumerate(_FENCE.split(text)):
        if index % 2:
            html += Markup("<pre>{}</pre>").format(_code(part.strip("\n"), name_of))
        elif part:
            html += _paragraphs(part, name_of)
    return html


def render_special(kind: str, target: str, label: str | None, name_of: NameOf) -> Markup:
    """Render what stands between angle brackets: a person, a channel, an alarm or a link."""
    if kind == "@":
        return Markup('<span class="mention">@{}</span>').format(label or name_of("@", target))
    if kind == "#":
        return Markup('<span class="mention channel">#{}</span>').format(
            label or name_of("#", target)
        )
    if kind == "!":
        return _command(target, label)
    return link(entities(target), entities(label) if label else None)


def link(url: str, label: str | None) -> Markup:
    """Return a link when the address is one that is safe to follow, else its text."""
    text = label or url
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme not in _SAFE_SCHEMES:
        return escape(text)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(url, text)


def emoji(name: str) -> Markup:
    """Return a picture for the usual names, and the name between colons for all others."""
    if name in MARKS:
        sign, look = MARKS[name]
        return Markup('<span role="img" aria-label="{}" class="mark {}">{}</span>').format(
            name.replace("_", " "), look, sign
        )
    if name not in EMOJI:
        return escape(f":{name}:")
    return Markup('<span role="img" aria-label="{}">{}</span>').format(
        name.replace("_", " "), EMOJI[name]
    )


def entities(text: str) -> str:
    """Undo the three escapes that Slack knows."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _command(target: str, label: str | None) -> Markup:
    if target.startswith("date^"):
        return escape(entities(label or target))
    name = label or target.removeprefix("subteam^")
    return Markup('<strong class="mention loud">@{}</strong>').format(name.removeprefix("@"))


def _paragraphs(text: str, name_of: NameOf) -> Markup:
    html, quoted = Markup(), list[str]()
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if line.startswith(("&gt;", ">")):
            quoted.append(line.removeprefix("&gt;").removeprefix(">").removeprefix(" "))
            continue
        if quoted:
            html += _quote(quoted, name_of)
            quoted = []
        html += _inline(line, name_of)
        if index < len(lines) - 1:
            html += Markup("<br>")
    return html + _quote(quoted, name_of) if quoted else html


def _quote(lines: list[str], name_of: NameOf) -> Markup:
    inner = Markup("<br>").join(_inline(line, name_of) for line in lines)
    return Markup("<blockquote>{}</blockquote>").format(inner)


def _inline(text: str, name_of: NameOf) -> Markup:
    html, end = Markup(), 0
    for match in _INLINE.finditer(text):
        html += escape(entities(text[end : match.start()]))
        html += _marked_up(match, name_of)
        end = match.end()
    return html + escape(entities(text[end:]))


def _marked_up(match: re.Match[str], name_of: NameOf) -> Markup:
    kind = match.lastgroup
    inner = match[kind] if kind else ""
    match kind:
        case "code":
            return Markup("<code>{}</code>").format(_code(inner, name_of))
        case "special":
            return _code(inner, name_of)
        case "bare":
            return link(entities(inner), None)
        case "emoji":
            return emoji(inner)
        case "bold":
            return Markup("<strong>{}</strong>").format(_inline(inner, name_of))
        case "italic":
            return Markup("<em>{}</em>").format(_inline(inner, name_of))
        case _:
            return Markup("<s>{}</s>").format(_inline(inner, name_of))


def _code(text: str, name_of: NameOf) -> Markup:
    """Render text in which only angle brackets mean something: code does not defuse a mention."""
    html, end = Markup(), 0
    for match in _SPECIAL.finditer(text):
        html += escape(entities(text[end : match.start()]))
        html += render_special(match[1], match[2], match[3], name_of)
        end = match.end()
    return html + escape(entities(text[end:]))
