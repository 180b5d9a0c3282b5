"""Block Kit as HTML: what a message looks like to a person.

The whole of a message stands in one form, and each button names its block and action in the
value `press`; so the page works without scripts. A confirmation unfolds under its button.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from markupsafe import Markup, escape

from chatops.standins.slack.chart import render_chart
from chatops.standins.slack.mrkdwn import NameOf, emoji, entities, link, render_mrkdwn
from chatops.standins.slack.mrkdwn import render_special as special
from chatops.standins.slack.workspace import JsonObject

_STYLES = {"bold": "strong", "italic": "em", "strike": "s", "code": "code", "underline": "u"}
_EMOJI = re.compile(r":([a-z0-9_+'-]+):")
LONGEST_INPUT = 3_000
"""What Slack lets somebody write where the app names no limit."""


def render_blocks(
    blocks: object, name_of: NameOf, problems: Mapping[str, str] | None = None
) -> Markup:
    """Render blocks in their order; a block of an unknown type is named instead of shown.

    `problems` are what is wrong with the fields of a form, by their blocks.
    """
    return _Renderer(name_of, problems or {}).all(blocks)


def press_value(block_id: str, action_id: str) -> str:
    """Return what a button sends when it is pressed."""
    return f"{quote(block_id, safe='')}/{quote(action_id, safe='')}"


def chosen_at_first(element: JsonObject) -> set[str]:
    """Return the values of what is chosen in an element before anybody chooses."""
    options = [element.get("initial_option"), *element.get("initial_options", [])]
    return {option["value"] for option in options if option}


def options_of(element: JsonObject) -> list[JsonObject]:
    """Return everything that can be chosen in an element, under whatever title."""
    groups = [element, *element.get("option_groups", [])]
    return [option for group in groups for option in group.get("options", [])]


def pressed(value: str) -> tuple[str, str]:
    """Return the block and the action that a sent value names."""
    block_id, _, action_id = value.partition("/")
    return unquote(block_id), unquote(action_id)


class _Renderer:
    """Renders with the names of one workspace."""

    def __init__(self, name_of: NameOf, problems: Mapping[str, str]) -> None:
        self.name_of = name_of
        self.problems = problems
        self.renderers: dict[str, Callable[[JsonObject], Markup]] = {
            "actions": self.actions,
            "alert": self.alert,
            "card": self.card,
            "carousel": self.carousel,
            "container": self.container,
            "context": self.context,
            "context_actions": self.actions,
            "data_table": self.data_table,
            "data_visualization": render_chart,
            "divider": lambda _: Markup("<hr>"),
            "header": self.header,
            "image": self.image,
            "input": self.input,
            "markdown": self.markdown,
            "rich_text": self.rich_text,
            "section": self.section,
            "table": self.table,
        }

    def all(self, blocks: object) -> Markup:
        if not isinstance(blocks, list | tuple):
            return Markup()
        return Markup().join(self.block(block) for block in blocks)

    def block(self, block: JsonObject) -> Markup:
        renderer = self.renderers.get(block["type"])
        if renderer is None:
            return _div("unknown", escape(f"A block of the type {block['type']}"))
        return renderer(block)

    def text(self, node: object) -> Markup:
        if not isinstance(node, dict):
            return Markup()
        content = str(node.get("text", ""))
        if node.get("type") == "mrkdwn":
            return render_mrkdwn(content, self.name_of)
        return Markup("<br>").join(_plain(line) for line in content.split("\n"))

    def header(self, block: JsonObject) -> Markup:
        return Markup('<h2 class="block-header">{}</h2>').format(self.text(block["text"]))

    def section(self, block: JsonObject) -> Markup:
        body = Markup()
        if "text" in block:
            body += _div("text", self.text(block["text"]))
        if "fields" in block:
            fields = Markup().join(_div("field", self.text(field)) for field in block["fields"])
            body += _div("fields", fields)
        if "accessory" in block:
            accessory = self.element(block["accessory"], block.get("block_id", ""))
            body = _div("body", body) + _div("accessory", accessory)
        return _div("section", body)

    def context(self, block: JsonObject) -> Markup:
        parts = [
            self.picture(element) if element.get("type") == "image" else self.text(element)
            for element in block["elements"]
        ]
        return _div(
            "context", Markup().join(Markup("<span>{}</span>").format(part) for part in parts)
        )

    def actions(self, block: JsonObject) -> Markup:
        elements = [self.element(element, block["block_id"]) for element in block["elements"]]
        return _div("actions", Markup().join(elements))

    def input(self, block: JsonObject) -> Markup:
        """Render a field of a form: a line of text, or something to choose from; below it what is wrong there."""
        problem = self.problems.get(block.get("block_id", ""), "")
        return self.field(block) + (
            Markup('<p class="problem" role="alert">{}</p>').format(problem)
            if problem
            else Markup()
        )

    def field(self, block: JsonObject) -> Markup:
        """Render a field of a form alone."""
        element = block["element"]
        name = press_value(block.get("block_id", ""), element.get("action_id", ""))
        label = self.text(block["label"])
        hint = _div("hint", self.text(block["hint"])) if "hint" in block else Markup()
        needed = Markup("") if block.get("optional") else Markup(" required")
        if block.get("optional"):
            label += Markup(" <span>(optional)</span>")
        if element["type"] == "radio_buttons":
            return self.radio(element, name, label)
        if element["type"] in ("static_select", "multi_static_select"):
            field = self.selection(element, name, needed)
        else:
            field = Markup(
                '<input name="input:{}" value="{}" placeholder="{}" maxlength="{}"{}>'
            ).format(
                name,
                element.get("initial_value", ""),
                (element.get("placeholder") or {}).get("text", ""),
                element.get("max_length", LONGEST_INPUT),
                needed,
            )
        return Markup('<label class="field"><span>{}</span> {}</label>{}').format(
            label, field, hint
        )

    def selection(self, element: JsonObject, name: str, needed: Markup) -> Markup:
        """Render one or several choices of a form, under their titles where they have any."""
        initial = chosen_at_first(element)
        several = element["type"] == "multi_static_select"
        options = self.form_options(element.get("options", []), initial)
        for group in element.get("option_groups", []):
            options += Markup('<optgroup label="{}">{}</optgroup>').format(
                entities(str(group["label"]["text"])), self.form_options(group["options"], initial)
            )
        none = Markup("") if several or initial else Markup('<option value="">Choose</option>')
        return Markup('<select name="input:{}"{}{}>{}{}</select>').format(
            name, Markup(' multiple size="6"') if several else "", needed, none, options
        )

    def form_options(self, options: list[JsonObject], initial: Collection[str]) -> Markup:
        return Markup().join(
            Markup('<option value="{}"{}>{}</option>').format(
                option["value"],
                Markup(" selected") if option["value"] in initial else "",
                entities(str(option["text"]["text"])),
            )
            for option in options
        )

    def radio(self, element: JsonObject, name: str, label: Markup) -> Markup:
        """Render a choice of one, each as a button of its own."""
        initial = chosen_at_first(element)
        choices = Markup().join(
            Markup('<label><input type="radio" name="input:{}" value="{}"{}> {}</label>').format(
                name,
                option["value"],
                Markup(" checked") if option["value"] in initial else "",
                self.text(option["text"]),
            )
            for option in element["options"]
        )
        return Markup('<fieldset class="field"><legend>{}</legend>{}</fieldset>').format(
            label, choices
        )

    def image(self, block: JsonObject) -> Markup:
        title = _div("caption", self.text(block["title"])) if "title" in block else Markup()
        return _div("figure", title + self.picture(block))

    def picture(self, node: JsonObject) -> Markup:
        """Describe an image: nothing is fetched from outside."""
        return Markup('<span class="image">{}</span>').format(node.get("alt_text", ""))

    def markdown(self, block: JsonObject) -> Markup:
        return Markup('<div class="markdown">{}</div>').format(block["text"])

    def alert(self, block: JsonObject) -> Markup:
        return _div("alert", self.text(block["text"]))

    def container(self, block: JsonObject) -> Markup:
        title = self.text(block.get("title"))
        if "rich_text_title" in block:
            title = self.rich_text(block["rich_text_title"])
        inner = self.all(block["child_blocks"])
        subtitle = _div("subtitle", self.text(block.get("subtitle")))
        if not block.get("is_collapsible"):
            return _div("container", _div("title", title) + subtitle + inner)
        shown = Markup() if block.get("default_collapsed") else Markup(" open")
        return Markup('<details class="container"{}><summary>{}</summary>{}{}</details>').format(
            shown, title, subtitle, inner
        )

    def card(self, block: JsonObject) -> Markup:
        names = ("title", "subtitle", "body")
        inner = Markup().join(_div(name, self.text(block[name])) for name in names if name in block)
        buttons = [
            self.element(button, block.get("block_id", "")) for button in block.get("actions", [])
        ]
        return _div("card", inner + _div("actions", Markup().join(buttons)))

    def carousel(self, block: JsonObject) -> Markup:
        return _div("carousel", self.all(block["elements"]))

    # Tables

    def table(self, block: JsonObject) -> Markup:
        settings = block.get("column_settings", [])
        rows = [
            Markup().join(
                self.cell(cell, _alignment(settings, column)) for column, cell in enumerate(row)
            )
            for row in block["rows"]
        ]
        body = Markup().join(Markup("<tr>{}</tr>").format(row) for row in rows)
        return _scrolling(Markup("<table>{}</table>").format(body), "Table")

    def data_table(self, block: JsonObject) -> Markup:
        heading, *rows = block["rows"]
        of_row = block.get("row_header_column_index")
        head = Markup().join(
            Markup('<th scope="col">{}</th>').format(self.cell_content(cell)) for cell in heading
        )
        body = Markup()
        for row in rows:
            cells = [
                Markup('<th scope="row">{}</th>').format(self.cell_content(cell))
                if column == of_row
                else self.cell(cell, "right" if cell.get("type") == "raw_number" else "left")
                for column, cell in enumerate(row)
            ]
            body += Markup("<tr>{}</tr>").format(Markup().join(cells))
        table = Markup(
            "<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>"
        ).format(block["caption"], head, body)
        return _scrolling(table, block["caption"])

    def cell(self, cell: JsonObject, align: str) -> Markup:
        return Markup('<td class="{}">{}</td>').format(align, self.cell_content(cell))

    def cell_content(self, cell: JsonObject) -> Markup:
        if cell.get("type") == "rich_text":
            return self.rich_text(cell)
        shown = cell.get("text", cell.get("value", cell.get("number", "")))
        return escape(str(shown))

    # Rich text

    def rich_text(self, block: JsonObject) -> Markup:
        return _div("rich", Markup().join(self.rich_part(part) for part in block["elements"]))

    def rich_part(self, part: JsonObject) -> Markup:
        if part["type"] == "rich_text_list":
            return self.rich_list(part)
        inner = Markup().join(self.inline(element) for element in part["elements"])
        match part["type"]:
            case "rich_text_preformatted":
                return Markup("<pre>{}</pre>").format(inner)
            case "rich_text_quote":
                return Markup("<blockquote>{}</blockquote>").format(inner)
            case _:
                return Markup("<p>{}</p>").format(inner)

    def rich_list(self, part: JsonObject) -> Markup:
        ordered = part.get("style") == "ordered"
        indent = min(int(part.get("indent", 0)), 8)
        items = Markup().join(
            Markup("<li>{}</li>").format(
                Markup().join(self.inline(element) for element in item["elements"])
            )
            for item in part["elements"]
        )
        start = Markup(' start="{}"').format(int(part.get("offset", 0)) + 1) if ordered else ""
        tag = "ol" if ordered else "ul"
        return Markup('<{} class="indent-{}"{}>{}</{}>').format(tag, indent, start, items, tag)

    def inline(self, element: JsonObject) -> Markup:
        match element["type"]:
            case "link":
                inner = link(element["url"], element.get("text") or None)
            case "user":
                inner = special("@", element["user_id"], None, self.name_of)
            case "channel":
                inner = special("#", element["channel_id"], None, self.name_of)
            case "usergroup":
                inner = special("!", f"subteam^{element['usergroup_id']}", None, self.name_of)
            case "broadcast":
                inner = special("!", element["range"], None, self.name_of)
            case "emoji":
                inner = emoji(element["name"])
            case "date":
                inner = _date(element)
            case "color":
                inner = escape(element["value"])
            case _:
                lines = str(element.get("text", "")).split("\n")
                inner = Markup("<br>").join(escape(line) for line in lines)
        return _styled(inner, element.get("style") or {})

    # Elements

    def element(self, element: JsonObject, block_id: str) -> Markup:
        if element["type"] == "image":
            return self.picture(element)
        press = press_value(block_id, element.get("action_id", ""))
        if element["type"] == "button":
            return self.button(element, press)
        if element.get("options") or element.get("option_groups"):
            return self.choice(element, press)
        return _div("unknown", escape(f"An element of the type {element['type']}"))

    def button(self, element: JsonObject, press: str) -> Markup:
        label = self.text(element["text"])
        style = element.get("style", "default")
        described = element.get("accessibility_label")
        aria = Markup(' aria-label="{}"').format(described) if described else ""
        if "confirm" in element:
            return self.confirmed(element["confirm"], label, style, press)
        if "url" in element:
            return Markup('<span class="button {}">{}</span>').format(
                style, link(element["url"], str(element["text"].get("text", "")))
            )
        return Markup('<button name="press" value="{}" class="button {}"{}>{}</button>').format(
            press, style, aria, label
        )

    def confirmed(self, confirm: JsonObject, label: Markup, style: str, press: str) -> Markup:
        yes = self.text(confirm.get("confirm")) or Markup("Yes")
        return Markup(
            '<details class="confirm"><summary class="button {}">{}</summary>'
            '<div class="question"><strong>{}</strong><p>{}</p>'
            '<button name="press" value="{}" class="button {}">{}</button></div></details>'
        ).format(
            style,
            label,
            self.text(confirm.get("title")),
            self.text(confirm["text"]),
            press,
            confirm.get("style", style),
            yes,
        )

    def choice(self, element: JsonObject, press: str) -> Markup:
        groups = element.get("option_groups", [])
        options = [*element.get("options", []), *(o for group in groups for o in group["options"])]
        label = str((element.get("placeholder") or {}).get("text", "Choose"))
        shown = Markup().join(
            Markup('<option value="{}">{}</option>').format(
                option.get("value", ""), entities(str(option["text"]["text"]))
            )
            for option in options
        )
        return Markup(
            '<span class="choice"><select name="choice:{}" aria-label="{}">{}</select>'
            '<button name="press" value="{}" class="button default">Choose</button></span>'
        ).format(press, label, shown, press)


def _div(name: str, inner: Markup) -> Markup:
    return Markup('<div class="{}">{}</div>').format(name, inner)


def _scrolling(table: Markup, label: str) -> Markup:
    """Let a wide table scroll, for people with a keyboard too."""
    return Markup('<div class="table" role="region" tabindex="0" aria-label="{}">{}</div>').format(
        label, table
    )


def _alignment(settings: object, column: int) -> str:
    if isinstance(settings, list) and column < len(settings) and settings[column]:
        return str(settings[column].get("align", "left"))
    return "left"


def _plain(line: str) -> Markup:
    """Render plain text, in which Slack knows emoji and nothing else."""
    html, end = Markup(), 0
    for match in _EMOJI.finditer(line):
        html += escape(entities(line[end : match.start()])) + emoji(match[1])
        end = match.end()
    return html + escape(entities(line[end:]))


def _date(element: JsonObject) -> Markup:
    moment = datetime.fromtimestamp(int(element["timestamp"]), UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        moment.isoformat(), moment.strftime("%Y-%m-%d %H:%M UTC")
    )


def _styled(inner: Markup, style: JsonObject) -> Markup:
    for name, tag in _STYLES.items():
        if style.get(name):
            inner = Markup("<{}>{}</{}>").format(tag, inner, tag)
    return inner
