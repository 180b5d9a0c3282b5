"""A page's list for spreadsheets: a line for each entry of its JSON, in CSV as RFC 4180 describes it.

A cell that a spreadsheet would take for a formula gets an apostrophe in front: a job's name must not calculate.
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import StringIO
from typing import Any

Document = Mapping[str, Any]
"""A page's JSON, read back."""
Rows = Callable[[Document], Iterable[Mapping[str, Any]]]
"""Takes the list out of a page's JSON."""
CALCULATES = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a formula begins with; the last four are the same signs as East Asian keyboards write them."""
BETWEEN = "; "


def rows_under(*keys: str) -> Rows:
    """Return what takes the list out of a document that is found under these keys, one within the other."""

    def rows(document: Document) -> Iterable[Mapping[str, Any]]:
        found: Any = document
        for key in keys:
            found = (found or {}).get(key)
        return found or ()

    return rows


def table(rows: Rows, *documents: str) -> str:
    """Return the list of some documents as CSV, with the names of its columns in the first line."""
    lines = [dict(_flat(row)) for document in documents for row in rows(json.loads(document))]
    named = dict.fromkeys(name for line in lines for name in line)
    # What is an object in one line and nothing in another has columns of its own, and none as a whole.
    whole = {name.rpartition(".")[0] for name in named}
    columns = [
        name
        for name in named
        if name not in whole or any(line.get(name, "") != "" for line in lines)
    ]
    written = StringIO()
    writer = csv.writer(written)
    if columns:
        writer.writerow(map(harmless, columns))
    writer.writerows([line.get(name, "") for name in columns] for line in lines)
    return written.getvalue()


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(CALCULATES) else text


def _flat(row: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, object]]:
    for key, value in row.items():
        name = f"{under}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, _cell(value)


def _cell(value: object) -> object:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return value
        case list() if any(isinstance(one, list | dict) for one in value):
            return harmless(json.dumps(value, ensure_ascii=False))
        case list():
            return harmless(BETWEEN.join(str(_cell(one)) for one in value))
        case _:
            return harmless(str(value))
