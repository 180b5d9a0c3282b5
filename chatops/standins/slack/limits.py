"""What Slack refuses: the counts, lengths and shapes of Block Kit, with Slack's own wording.

`problems_of_blocks` returns sentences such as
`no more than 50 items allowed [json-pointer:/blocks]`, as Slack puts them in `errors` and
`response_metadata.messages` of an `invalid_blocks` answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from chatops.standins.slack.workspace import JsonObject, RefusedBySlack, texts_in

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MOST_TEXT = 40_000
MOST_TEXT_IN_UPDATE = 4_000
MOST_TEXT_IN_BLOCKS = 12_000
MOST_MARKDOWN = 12_000
MOST_ROWS = 100
MOST_COLUMNS = 20
MOST_SERIES = 6
MOST_CATEGORIES = 20
MOST_LABEL = 20

# The keys of a block beside `type` and `block_id`: the required ones, then the optional ones.
_KEYS: dict[str, tuple[set[str], set[str]]] = {
    "actions": ({"elements"}, set()),
    "alert": ({"text"}, {"level"}),
    "card": (set(), {"hero_image", "icon", "title", "subtitle", "body", "actions"}),
    "carousel": ({"elements"}, set()),
    "container": (
        {"child_blocks"},
        {
            "title",
            "rich_text_title",
            "subtitle",
            "width",
            "icon",
            "is_collapsible",
            "default_collapsed",
            "has_header_divider",
        },
    ),
    "context": ({"elements"}, set()),
    "context_actions": ({"elements"}, set()),
    "data_table": ({"rows", "caption"}, {"page_size", "row_header_column_index"}),
    "data_visualization": ({"title", "chart"}, set()),
    "divider": (set(), set()),
    "file": ({"external_id", "source"}, set()),
    "header": ({"text"}, {"level"}),
    "image": ({"alt_text"}, {"image_url", "slack_file", "title"}),
    "input": ({"label", "element"}, {"hint", "optional", "dispatch_action"}),
    "markdown": ({"text"}, set()),
    "plan": ({"title"}, {"tasks"}),
    "rich_text": ({"elements"}, set()),
    "section": (set(), {"text", "fields", "accessory", "expand"}),
    "table": ({"rows"}, {"column_settings"}),
    "task_card": ({"task_id", "title", "status"}, {"details", "output", "sources"}),
    "video": (
        {"video_url", "thumbnail_url", "alt_text", "title"},
        {"title_url", "author_name", "provider_name", "provider_icon_url", "description"},
    ),
}
_ONLY_ON = {"alert": {"modal"}, "input": {"modal", "home", "message"}, "file": {"message"}}
_RICH_TEXT_PARTS = {
    "rich_text_section",
    "rich_text_list",
    "rich_text_preformatted",
    "rich_text_quote",
}
_SELECTS = (
    "static_select",
    "multi_static_select",
    "external_select",
    "multi_external_select",
    "users_select",
    "multi_users_select",
    "conversations_select",
    "multi_conversations_select",
    "channels_select",
    "multi_channels_select",
)


def refuse_bad_blocks(blocks: object, surface: str = "message") -> list[JsonObject]:
    """Return the blocks, or refuse them as Slack does."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise RefusedBySlack("invalid_blocks_format")
    problems = problems_of_blocks(blocks, surface)
    if problems:
        raise RefusedBySlack("invalid_blocks", tuple(problems))
    return blocks


def refuse_long_message(text: str, blocks: list[JsonObject], *, is_update: bool) -> None:
    """Refuse what is too long as a whole, although each block is fine."""
    if len(text) > (MOST_TEXT_IN_UPDATE if is_update else MOST_TEXT):
        raise RefusedBySlack("msg_too_long")
    if length_of_blocks(blocks) > MOST_TEXT_IN_BLOCKS:
        raise RefusedBySlack("msg_blocks_too_long")


def length_of_blocks(blocks: list[JsonObject]) -> int:
    """Count the characters that people read in all blocks together."""
    return sum(len(text) for text in texts_in(blocks))


def problems_of_blocks(blocks: list[JsonObject], surface: str = "message") -> list[str]:
    """Return every reason to refuse these blocks on this surface; empty when there is none."""
    check = _Check(surface=surface)
    check.whole(blocks)
    return check.problems


@dataclass(kw_only=True)
class _Check:
    """One walk over the blocks of one message or view."""

    surface: str
    problems: list[str] = field(default_factory=list)

    def whole(self, blocks: list[JsonObject]) -> None:
        self.count(blocks, MOST_BLOCKS[self.surface], "/blocks")
        self.unique(blocks)
        for index, block in enumerate(blocks):
            self.block(block, f"/blocks/{index}")
        for kind, most in (("table", 1), ("data_visualization", 2)):
            if sum(block.get("type") == kind for block in blocks) > most:
                self.say(f"no more than {most} {kind} blocks allowed", "/blocks")
        markdown = [block.get("text") for block in blocks if block.get("type") == "markdown"]
        if sum(len(text) for text in markdown if isinstance(text, str)) > MOST_MARKDOWN:
            self.say(f"markdown must be less than {MOST_MARKDOWN + 1} characters", "/blocks")

    def block(self, block: JsonObject, at: str) -> None:
        kind = block.get("type")
        if not isinstance(kind, str) or kind not in _KEYS:
            self.say(f"unsupported type: {kind}", f"{at}/type")
            return
        if self.surface not in _ONLY_ON.get(kind, {self.surface}):
            self.say(f"unsupported type: {kind}", f"{at}/type")
        self.keys(block, *_KEYS[kind], at)
        self.string(block, "block_id", 255, at)
        checker = _BLOCKS.get(kind)
        if checker is not None:
            checker(self, block, at)

    def section(self, block: JsonObject, at: str) -> None:
        if "text" not in block and "fields" not in block:
            self.say("missing required field: text or fields", at)
        self.text(block, "text", 3000, at)
        for index, _ in self.items(block, "fields", 10, at):
            self.text(block["fields"], index, 2000, f"{at}/fields")
        if isinstance(block.get("accessory"), dict):
            self.element(block["accessory"], f"{at}/accessory")

    def header(self, block: JsonObject, at: str) -> None:
        self.text(block, "text", 150, at, plain=True)

    def actions(self, block: JsonObject, at: str) -> None:
        most = 5 if block.get("type") == "context_actions" else 25
        for index, element in self.items(block, "elements", most, at):
            self.element(element, f"{at}/elements/{index}")

    def context(self, block: JsonObject, at: str) -> None:
        for index, element in self.items(block, "elements", 10, at):
            if element.get("type") == "image":
                self.image(element, f"{at}/elements/{index}")
            else:
                self.text(block["elements"], index, 3000, f"{at}/elements")

    def image(self, block: JsonObject, at: str) -> None:
        if ("image_url" in block) == ("slack_file" in block):
            self.say("must define either image_url or slack_file", at)
        self.string(block, "image_url", 3000, at)
        self.string(block, "alt_text", 2000, at, required=True)
        self.text(block, "title", 2000, at, plain=True)

    def input(self, block: JsonObject, at: str) -> None:
        self.text(block, "label", 2000, at, plain=True)
        self.text(block, "hint", 2000, at, plain=True)
        if isinstance(block.get("element"), dict):
            self.element(block["element"], f"{at}/element")

    def markdown(self, block: JsonObject, at: str) -> None:
        self.string(block, "text", MOST_MARKDOWN, at, required=True)

    def rich_text(self, block: JsonObject, at: str) -> None:
        for index, part in self.items(block, "elements", None, at):
            pointer = f"{at}/elements/{index}"
            if part.get("type") not in _RICH_TEXT_PARTS:
                self.say(f"unsupported type: {part.get('type')}", f"{pointer}/type")
            elif not isinstance(part.get("elements"), list):
                self.say("missing required field: elements", pointer)

    def table(self, block: JsonObject, at: str) -> None:
        is_data_table = block.get("type") == "data_table"
        most = MOST_ROWS + 1 if is_data_table else MOST_ROWS
        rows = block.get("rows")
        if not isinstance(rows, list) or not rows:
            self.say("must provide an array of rows", f"{at}/rows")
            return
        self.count(rows, most, f"{at}/rows")
        for index, row in enumerate(rows):
            self.row(row, f"{at}/rows/{index}")
        if len({len(row) for row in rows if isinstance(row, list)}) > 1:
            self.say("every row must have the same number of cells", f"{at}/rows")
        if is_data_table:
            self.string(block, "caption", 2000, at, required=True)
            self.data_table(block, rows, at)

    def data_table(self, block: JsonObject, rows: list[object], at: str) -> None:
        if len(rows) < 2:  # noqa: PLR2004 - a heading and a row
            self.say("must have a heading row and at least one more", f"{at}/rows")
        size = block.get("page_size", 5)
        if not isinstance(size, int) or not 1 <= size <= MOST_ROWS:
            self.say("must be between 1 and 100", f"{at}/page_size")

    def chart(self, block: JsonObject, at: str) -> None:
        self.string(block, "title", 50, at, required=True)
        chart = block.get("chart")
        kind = chart.get("type") if isinstance(chart, dict) else None
        if not isinstance(chart, dict) or kind not in ("pie", "bar", "area", "line"):
            self.say("must be one of pie, bar, area, line", f"{at}/chart/type")
            return
        if kind == "pie":
            self.keys(chart, {"segments"}, set(), f"{at}/chart")
            for index, segment in self.items(chart, "segments", MOST_SERIES, f"{at}/chart"):
                self.point(segment, f"{at}/chart/segments/{index}")
            return
        self.keys(chart, {"series", "axis_config"}, set(), f"{at}/chart")
        axis = chart.get("axis_config")
        labels = axis.get("categories") if isinstance(axis, dict) else None
        if not isinstance(axis, dict) or not isinstance(labels, list) or not labels:
            self.say("must provide an array of categories", f"{at}/chart/axis_config/categories")
            return
        self.axis(axis, labels, f"{at}/chart/axis_config")
        names = []
        for index, series in self.items(chart, "series", MOST_SERIES, f"{at}/chart"):
            pointer = f"{at}/chart/series/{index}"
            self.keys(series, {"name", "data"}, set(), pointer, has_type=False)
            self.string(series, "name", MOST_LABEL, pointer, required=True)
            names.append(series.get("name"))
            data = [point for _, point in self.items(series, "data", MOST_CATEGORIES, pointer)]
            for place, point in enumerate(data):
                self.point(point, f"{pointer}/data/{place}")
            if sorted(str(point.get("label")) for point in data) != sorted(map(str, labels)):
                self.say("must have one data point for each category", f"{pointer}/data")
        if len(set(names)) != len(names):
            self.say("series names must be unique", f"{at}/chart/series")

    def axis(self, axis: JsonObject, labels: list[object], at: str) -> None:
        self.keys(axis, {"categories"}, {"x_label", "y_label"}, at, has_type=False)
        self.count(labels, MOST_CATEGORIES, f"{at}/categories")
        for index, label in enumerate(labels):
            if not isinstance(label, str) or not 0 < len(label) <= MOST_LABEL:
                self.say(
                    f"must be a string of 1 to {MOST_LABEL} characters", f"{at}/categories/{index}"
                )
        self.string(axis, "x_label", 50, at)
        self.string(axis, "y_label", 50, at)

    def point(self, point: JsonObject, at: str) -> None:
        self.keys(point, {"label", "value"}, set(), at, has_type=False)
        self.string(point, "label", MOST_LABEL, at, required=True)
        if isinstance(point.get("value"), bool) or not isinstance(point.get("value"), int | float):
            self.say("must be a number", f"{at}/value")

    def row(self, row: object, at: str) -> None:
        if not isinstance(row, list) or not row:
            self.say("must provide an array of cells", at)
            return
        self.count(row, MOST_COLUMNS, at)
        for index, cell in enumerate(row):
            kind = cell.get("type") if isinstance(cell, dict) else None
            if kind == "rich_text":
                self.rich_text(cell, f"{at}/{index}")
            elif kind not in ("raw_text", "raw_number"):
                self.say(f"unsupported type: {kind}", f"{at}/{index}/type")

    def container(self, block: JsonObject, at: str) -> None:
        self.text(block, "title", 150, at, plain=True)
        for index, child in self.items(block, "child_blocks", 10, at):
            self.block(child, f"{at}/child_blocks/{index}")

    def carousel(self, block: JsonObject, at: str) -> None:
        for index, card in self.items(block, "elements", 10, at):
            self.block(card, f"{at}/elements/{index}")

    def card(self, block: JsonObject, at: str) -> None:
        for index, button in self.items(block, "actions", 5, at):
            self.element(button, f"{at}/actions/{index}")

    def element(self, element: JsonObject, at: str) -> None:
        kind = element.get("type")
        self.string(element, "action_id", 255, at)
        self.text(element, "placeholder", 150, at, plain=True)
        if kind == "button":
            self.button(element, at)
        elif kind == "image":
            self.image(element, at)
        elif kind in (*_SELECTS, "overflow", "checkboxes", "radio_buttons"):
            self.options(element, at)
        if isinstance(element.get("confirm"), dict):
            self.confirm(element["confirm"], f"{at}/confirm")

    def button(self, element: JsonObject, at: str) -> None:
        required, optional = {"text"}, {"action_id", "value", "url", "style", "confirm"}
        self.keys(element, required, optional | {"accessibility_label"}, at)
        self.text(element, "text", 75, at, plain=True)
        self.string(element, "value", 2000, at)
        self.string(element, "url", 3000, at)
        self.string(element, "accessibility_label", 75, at)
        if element.get("style", "primary") not in ("primary", "danger"):
            self.say("must be a valid enum value", f"{at}/style")

    def options(self, element: JsonObject, at: str) -> None:
        most = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}.get(element["type"], 100)
        if "static_select" in element["type"] and ("options" in element) == (
            "option_groups" in element
        ):
            self.say("must define either options or option_groups", at)
        for index, group in self.items(element, "option_groups", 100, at):
            pointer = f"{at}/option_groups/{index}"
            self.text(group, "label", 75, pointer, plain=True)
            self.options({"type": "group", "options": group.get("options")}, pointer)
        for index, option in self.items(element, "options", most, at):
            pointer = f"{at}/options/{index}"
            self.text(option, "text", 75, pointer)
            self.string(option, "value", 150, pointer)

    def confirm(self, confirm: JsonObject, at: str) -> None:
        self.keys(confirm, {"text"}, {"title", "confirm", "deny", "style"}, at, has_type=False)
        self.text(confirm, "title", 100, at, plain=True)
        self.text(confirm, "text", 300, at)
        self.text(confirm, "confirm", 30, at, plain=True)
        self.text(confirm, "deny", 30, at, plain=True)

    def text(
        self, holder: object, key: str | int, most: int, at: str, *, plain: bool = False
    ) -> None:
        node = _child(holder, key)
        if node is None:
            return
        pointer = f"{at}/{key}"
        if not isinstance(node, dict):
            self.say("must provide an object", pointer)
            return
        allowed = ("plain_text",) if plain else ("plain_text", "mrkdwn")
        if node.get("type") not in allowed:
            self.say(f"must be one of {', '.join(allowed)}", f"{pointer}/type")
        self.keys(node, {"text"}, {"emoji", "verbatim"}, pointer)
        self.string(node, "text", most, pointer, required=True)

    def string(
        self, holder: JsonObject, key: str, most: int, at: str, *, required: bool = False
    ) -> None:
        if key not in holder:
            return
        value = holder[key]
        if not isinstance(value, str):
            self.say("must be a string", f"{at}/{key}")
        elif len(value) > most:
            self.say(f"must be less than {most + 1} characters", f"{at}/{key}")
        elif required and not value:
            self.say("must be more than 0 characters", f"{at}/{key}")

    def items(
        self, holder: JsonObject, key: str, most: int | None, at: str
    ) -> list[tuple[int, JsonObject]]:
        if key not in holder:
            return []
        values = holder[key]
        pointer = f"{at}/{key}"
        if not isinstance(values, list) or not values:
            self.say("must provide an array with at least one item", pointer)
            return []
        if most is not None:
            self.count(values, most, pointer)
        if not all(isinstance(value, dict) for value in values):
            self.say("must provide objects", pointer)
        return [(index, value) for index, value in enumerate(values) if isinstance(value, dict)]

    def count(self, values: list[JsonObject] | list[object], most: int, at: str) -> None:
        if len(values) > most:
            self.say(f"no more than {most} items allowed", at)

    def unique(self, blocks: list[JsonObject]) -> None:
        names = [block["block_id"] for block in blocks if isinstance(block.get("block_id"), str)]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.say(f"`block_id` {name} already exists", "/blocks")

    def keys(
        self,
        node: JsonObject,
        required: set[str],
        optional: set[str],
        at: str,
        *,
        has_type: bool = True,
    ) -> None:
        for key in sorted(required - node.keys()):
            self.say(f"missing required field: {key}", at)
        always = {"type", "block_id"} if has_type else set()
        for key in sorted(node.keys() - required - optional - always):
            self.say(f"invalid additional property: {key}", at)

    def say(self, sentence: str, at: str) -> None:
        self.problems.append(f"{sentence} [json-pointer:{at}]")


_BLOCKS: dict[str, Callable[[_Check, JsonObject, str], None]] = {
    "actions": _Check.actions,
    "card": _Check.card,
    "carousel": _Check.carousel,
    "container": _Check.container,
    "context": _Check.context,
    "context_actions": _Check.actions,
    "data_table": _Check.table,
    "data_visualization": _Check.chart,
    "header": _Check.header,
    "image": _Check.image,
    "input": _Check.input,
    "markdown": _Check.markdown,
    "rich_text": _Check.rich_text,
    "section": _Check.section,
    "table": _Check.table,
}


def _child(holder: object, key: str | int) -> object:
    if isinstance(holder, dict):
        return holder.get(key)
    if isinstance(holder, list) and isinstance(key, int):
        return holder[key]
    return None
