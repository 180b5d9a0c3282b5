"""A judge of what we send to Slack: three opinions, none of them ours alone.

`problems(payload)` asks Slack's Python models for lengths, a JSON Schema made of Slack's own
TypeScript types for shapes, and its own counts for what neither knows: how many blocks, how
much text in all, how large a table. An empty list means that Slack would take the message.
"""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from tests import needs

Json = dict[str, Any]

MOST_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MOST_TEXT_THAT_CAN_BE_EDITED = 4_000
MOST_TEXT_IN_ALL_BLOCKS = 12_000
MOST_ROWS = {"table": 100, "data_table": 101}
MOST_COLUMNS = 20
MOST_OF_A_KIND = {"table": 1, "data_visualization": 2}

# Newer than the models and types that are published.
UNKNOWN_TO_TYPES = {"data_visualization"}


def problems(payload: Json) -> list[str]:
    """Return what is wrong with a message or a view; a missing judge ends the test by name."""
    blocks = payload.get("blocks") or []
    found = [
        *_counts(payload, blocks),
        *(problem for index, block in enumerate(blocks) for problem in _models(index, block)),
    ]
    # What is wrong anyway is told on every machine, with Node or without.
    if found:
        return found
    return [problem for index, block in enumerate(blocks) for problem in _types(index, block)]


def _counts(payload: Json, blocks: list[Json]) -> Iterator[str]:
    surface = payload.get("type") if payload.get("type") in ("modal", "home") else "message"
    if len(blocks) > MOST_BLOCKS[surface or "message"]:
        yield f"{len(blocks)} blocks are more than {MOST_BLOCKS[surface or 'message']}"
    if surface == "message":
        yield from _fallback(payload)
    length = sum(len(text) for text in _texts(blocks))
    if length > MOST_TEXT_IN_ALL_BLOCKS:
        yield f"{length} characters in all blocks are more than {MOST_TEXT_IN_ALL_BLOCKS}"
    kinds = [block.get("type") for block in blocks]
    for kind, most in MOST_OF_A_KIND.items():
        if kinds.count(kind) > most:
            yield f"{kinds.count(kind)} blocks of the type {kind} are more than {most}"
    names = [block["block_id"] for block in blocks if "block_id" in block]
    if len(names) != len(set(names)):
        yield "two blocks have the same block_id"
    for index, block in enumerate(blocks):
        yield from _table(index, block)


def _fallback(payload: Json) -> Iterator[str]:
    text = payload.get("text")
    if not isinstance(text, str) or not text.strip():
        if not (payload.get("delete_original") and not payload.get("blocks")):
            yield "there is no text for notifications and screen readers"
    elif len(text) > MOST_TEXT_THAT_CAN_BE_EDITED:
        yield f"{len(text)} characters of text are more than {MOST_TEXT_THAT_CAN_BE_EDITED}"


def _table(index: int, block: Json) -> Iterator[str]:
    most = MOST_ROWS.get(str(block.get("type")))
    if most is None:
        return
    rows = block.get("rows") or []
    if not 1 <= len(rows) <= most:
        yield f"block {index}: {len(rows)} rows are not between 1 and {most}"
    if any(not 1 <= len(row) <= MOST_COLUMNS for row in rows):
        yield f"block {index}: a row has no cell or more than {MOST_COLUMNS}"
    if len({len(row) for row in rows}) > 1:
        yield f"block {index}: the rows are of different lengths"


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, list):
        for child in node:
            yield from _texts(child)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in ("text", "title", "caption", "alt_text") and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)


def _models(index: int, block: Json) -> Iterator[str]:
    """Ask slack_sdk, which knows the lengths."""
    try:
        known = Block.parse(block)
        if known is not None:
            known.validate_json()
            known.to_dict()
    except (SlackObjectFormationError, TypeError, ValueError, AttributeError, KeyError) as error:
        yield f"block {index} ({block.get('type')}): {error}"


def _types(index: int, block: Json) -> Iterator[str]:
    """Ask the schema of Slack's types, which know every key and value."""
    kind = str(block.get("type"))
    validators = _validators()
    if kind in UNKNOWN_TO_TYPES:
        return
    if kind not in validators:
        yield f"block {index}: there is no block of the type {kind}"
        return
    for error in validators[kind].iter_errors(block):
        where = "/".join(str(part) for part in error.instance_path)
        yield f"block {index} ({kind}) at /{where}: {error.message}"


@cache
def _validators() -> dict[str, jsonschema_rs.Validator]:
    """Return a validator for each type of block."""
    definitions = json.loads(_schema().read_text(encoding="utf-8"))["definitions"]
    kinds = {
        definition["properties"]["type"]["const"]: name
        for name, definition in definitions.items()
        if name.endswith("Block") and "const" in definition.get("properties", {}).get("type", {})
    }
    # An image is one of two shapes, so its definition has no properties of its own.
    kinds["image"] = "ImageBlock"
    return {
        kind: jsonschema_rs.validator_for(
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "$ref": f"#/definitions/{name}",
                "definitions": definitions,
            }
        )
        for kind, name in kinds.items()
    }


def _schema() -> Path:
    """Return the schema of the installed @slack/types, made on first use and kept."""
    node = needs.program("Node", called=["node"], remedy="Install Node 20 or later and npm.")
    package = needs.node_module("@slack/types/package.json")
    generator = needs.node_module("ts-json-schema-generator/bin/ts-json-schema-generator.js")
    version = json.loads(package.read_text(encoding="utf-8"))["version"]
    kept = Path(tempfile.gettempdir()) / f"chatops-judges-{os.getuid()}"
    schema = kept / f"slack-types-{version}.json"
    if not schema.exists():
        kept.mkdir(mode=0o700, exist_ok=True)
        _generate(node, generator, package.parent / "dist" / "index.d.ts", schema)
    return schema


def _generate(node: Path, generator: Path, types: Path, schema: Path) -> None:
    """Write the schema in one step, since other test processes may do the same right now."""
    draft = schema.with_suffix(f".{os.getpid()}")
    command: list[str | Path] = [node, generator, "--path", types, "--out", draft]
    options = ["--type", "KnownBlock", "--no-type-check"]
    subprocess.run([*command, *options], check=True, capture_output=True, timeout=60)
    draft.replace(schema)
