"""The reference pages of docs/: what can be said, recorded and read by programs, from the code that does all of it."""

import ast
import inspect
import textwrap
import types
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import NewType, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

import chatops.commands
import chatops.events
import chatops.pages
from chatops.engine.catalogue import catalogue, instances
from chatops.engine.command import Command
from chatops.events import Event
from chatops.views.described import ADDRESS, GOES_WRONG, OPENING, Operation, operations
from chatops.views.view import View, Word

WRITTEN_BY = (
    "<!-- Written by `make docs` from the code; change the docstrings there, then run it again. -->"
)
WORDS: Mapping[object, str] = {
    str: "text",
    int: "number",
    bool: "yes or no",
    datetime: "time, UTC",
}

EVENTS_OPENING = """\
# Events

Everything the log can hold, by subject.
An event is a fact: past tense, immutable, small.
Its *kind* is the stored name; its *key* is its natural identity, and the log takes each key once,
whatever road a fact came by; its *stream* is the thing it is about.
A field that has a default is left out of the stored JSON while it has that value.

`chatops events --json` prints the log in these words, one object per line."""

COMMANDS_OPENING = """\
# Commands

What people can ask for.
In a comment on a pull request, say a command on a line of its own, as it is shown here.
In Slack, say it after your community's slash command and without its own slash, `/kata help`,
or after the bot's name, in a thread too: `@kata help`.
A pull request is named there by its number or its address: `/kata retest #123`.
The bot answers each command with one message, and edits that message as things happen.

With `--dry-run` among its words, a command does nothing, and the answer says what it would do or why
it would be refused.
`/undo` takes back within ten minutes what can be taken back; the others say below why they cannot be."""


API_OPENING = f"""\
# What programs can read

{OPENING.replace(". ", f".{chr(10)}")}

`{ADDRESS}` describes all of it as OpenAPI 3.1, with the fields of each document, and `/api` shows it to people.
Each address is there for a community too, such as `/api/v1/COMMUNITY/nightly`; what stands in braces is a name.
The same document is beside each page, at its own address with `.json` at the end.

Where there is no document, the answer is a problem (RFC 9457), and its `detail` is a sentence."""


class Row(Struct, frozen=True, kw_only=True):
    """One field as the page shows it."""

    name: str
    type: str
    default: str


def events_page(kinds: Iterable[type[Event]]) -> str:
    """Return docs/events.md for these kinds of event."""
    by_room = groupby(sorted(kinds, key=_place), key=lambda kind: kind.__module__)
    parts = [WRITTEN_BY, EVENTS_OPENING]
    for _, entries in by_room:
        parts.extend(_subject(list(entries)))
    return "\n\n".join(parts) + "\n"


def commands_page(commands: Mapping[str, type[Command]]) -> str:
    """Return docs/commands.md for these commands, by name."""
    parts = [WRITTEN_BY, COMMANDS_OPENING]
    for name in sorted(commands):
        parts.extend(_command(commands[name]))
    return "\n\n".join(parts) + "\n"


def api_page(documents: Iterable[Operation]) -> str:
    """Return docs/api.md for these documents."""
    wrong = "\n".join(f"- `{status}`: {why}" for status, why in GOES_WRONG.items())
    parts = [WRITTEN_BY, API_OPENING, wrong]
    for one in documents:
        parts.append(f"## `{one.address}`")
        parts.append(one.summary)
        if one.words:
            parts.append(_words(one.words))
    return "\n\n".join(parts) + "\n"


def pages() -> dict[str, str]:
    """Return every generated page by its file name, for what the catalogues hold now."""
    commands = {entry.name: entry for entry in catalogue(chatops.commands, Command)}
    return {
        "api.md": api_page(operations(instances(chatops.pages, View))),
        "commands.md": commands_page(commands),
        "events.md": events_page(catalogue(chatops.events, Event)),
    }


def write_pages(folder: Path, others: Mapping[str, str] | None = None) -> list[Path]:
    """Write these pages and `others` (by file name) into a folder; return where they lie."""
    written = []
    for name, text in sorted({**pages(), **(others or {})}.items()):
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _words(words: Iterable[Word]) -> str:
    head = ["| word | means | values |", "| --- | --- | --- |"]
    rows = [
        f"| `{word.name}` | {word.meaning} | {', '.join(f'`{one}`' for one in word.values if one)} |"
        for word in words
    ]
    return "\n".join([*head, *rows])


def _place(kind: type[Event]) -> tuple[str, int]:
    """Return where a kind is defined: pages keep the order in which the code tells it."""
    return kind.__module__, inspect.getsourcelines(kind)[1]


def _subject(kinds: list[type[Event]]) -> Iterator[str]:
    module = kinds[0].__module__
    yield f"## {module.rpartition('.')[2].replace('_', ' ').capitalize()}"
    yield _paragraphs(inspect.getdoc(inspect.getmodule(kinds[0])))
    inner: dict[str, type[msgspec.Struct]] = {}
    for kind in kinds:
        yield f"### `{kind.kind}`"
        yield _paragraphs(inspect.getdoc(kind))
        yield f"Key: {_form(kind, 'key')}<br>Stream: {_form(kind, 'stream')}{_version(kind)}"
        yield _table(_rows(kind))
        inner |= {part.__name__: part for part in _parts(kind)}
    for name, part in sorted(inner.items()):
        yield f"### {name}, a part"
        yield _paragraphs(inspect.getdoc(part))
        yield _table(_rows(part))


def _command(command: type[Command]) -> Iterator[str]:
    yield f"## `/{command.name}`"
    yield command.help
    said = f"/{command.name} {command.usage}".strip()
    contract = _contract(inspect.getdoc(inspect.getmodule(command)) or "")
    undo = command.irreversible or "`/undo` takes it back."
    lines = [
        ("Say", f"`{said}`"),
        ("Example", f"`{command.example}`"),
        *contract,
        ("Taken back", undo),
    ]
    yield "\n".join(f"- {word}: {text}" for word, text in lines)


def _contract(docstring: str) -> list[tuple[str, str]]:
    """Return the lines `Word:  text` of an entry's docstring; an indented line goes on with the one before."""
    found: list[tuple[str, str]] = []
    for line in docstring.splitlines()[1:]:
        word, colon, text = line.partition(": ")
        if line[:1].isspace() and found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        elif colon:
            found.append((word, text.strip()))
    return found


def _paragraphs(docstring: str | None) -> str:
    assert docstring, "every event and every room of events says what it is"
    return docstring.strip()


def _version(kind: type[Event]) -> str:
    return "" if kind.version == 1 else f"<br>Version: {kind.version}"


def _rows(struct: type[msgspec.Struct]) -> list[Row]:
    hints = get_type_hints(struct)
    return [
        Row(
            name=field.encode_name,
            type=_type(hints[field.name]),
            default="" if field.required else _default(field.default),
        )
        for field in msgspec.structs.fields(struct)
    ]


def _table(rows: Iterable[Row]) -> str:
    head = ["| field | type | default |", "| --- | --- | --- |"]
    return "\n".join([*head, *(f"| `{row.name}` | {row.type} | {row.default} |" for row in rows)])


def _default(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes" if value else "no"
        case "" | ():
            return "empty"
        case _:
            return f"`{value}`"


def _type(hint: object) -> str:
    """Return an annotation in a reader's words."""
    if hint in WORDS:
        return WORDS[hint]
    if isinstance(hint, NewType):
        return f"{_type(hint.__supertype__)} ({hint.__name__})"
    if get_origin(hint) in (Union, types.UnionType):
        return " or ".join(_type(part) for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is tuple:
        return f"list of {_type(get_args(hint)[0])}"
    assert inspect.isclass(hint), f"{hint} has no words yet"
    return hint.__name__


def _parts(struct: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    """Yield the structs that a kind's fields are made of."""
    for hint in get_type_hints(struct).values():
        for part in (hint, *get_args(hint)):
            if inspect.isclass(part) and issubclass(part, msgspec.Struct):
                yield part


def _form(kind: type[Event], method: str) -> str:
    """Return how a key or stream is put together, as its method's last line says it."""
    source = textwrap.dedent(inspect.getsource(getattr(kind, method)))
    last = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Return))
    match last.value:
        case ast.JoinedStr(values):
            return f"`{''.join(_piece(kind, value) for value in values)}`"
        case value:
            assert value is not None
            return f"`{_piece(kind, ast.FormattedValue(value, -1))}`"


def _piece(kind: type[Event], node: ast.expr) -> str:
    match node:
        case ast.Constant(value):
            return str(value)
        case ast.FormattedValue(
            ast.Subscript(ast.Attribute(attr="kind"), ast.Slice(ast.Constant(start)))
        ):
            assert isinstance(start, int)
            return kind.kind[start:]
        case ast.FormattedValue(value):
            return "{" + ast.unparse(value).replace("self.", "") + "}"
        case _:
            return ast.unparse(node)
