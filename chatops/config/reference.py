"""Writes the file's part of docs/configuration.md from the shapes, which say what they mean."""

import inspect as python
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import inspect

from chatops.config.document import bare_shape, keys_of, kind_of
from chatops.config.reading import EXAMPLE
from chatops.config.shape import Configuration

OPENING = f"""\
<!-- Written by `make docs` from the code; change the docstrings there, then run it again. -->

# Configuration

What a community says of itself is in one YAML file; what belongs to an installation, and every
secret, is in the environment.
Both are checked on start, and one message names every problem: where it is, what was found and what
was expected.

## The file

`chatops.yaml`, or what `CHATOPS_CONFIG` names.
The least that works:

```yaml
{EXAMPLE}```

`examples/kata.yaml` and `examples/coco.yaml` are complete;
`examples/prow.yaml` has the habits of people who come from Prow.
A key that is not listed here is refused, and so is one that is written twice."""

TITLES: Mapping[str, str] = {
    "Configuration": "The top of the file",
    "Community": "`communities.…`",
    "NightlyWorkflow": "`nightly`: each entry",
    "Gate": "`gate`",
    "GatekeeperFile": "`gate.checks` with `source: gatekeeper-file`",
    "BranchRules": "`gate.checks` with `source: branch-rules`",
    "OwnerGroup": "`maintainers`: each entry",
    "Owner": "`maintainers[…].owners`: each entry",
    "Trust": "`trust`",
    "Exceptions": "`exceptions.…`",
    "Channel": "`channels.…`",
    "Digest": "`channels.….digest`",
    "Alerts": "`channels.….alerts`",
    "AlertRules": "`alert_rules`",
    "Operators": "`operators`",
}


def reference() -> str:
    """Return the file's part of docs/configuration.md."""
    parts = [OPENING]
    for shape in _blocks(inspect.type_info(Configuration)):
        parts += [f"### {_title(shape)}", python.getdoc(shape.cls) or "", _table(shape)]
    return "\n\n".join(parts) + "\n"


def _title(shape: inspect.StructType) -> str:
    return TITLES.get(shape.cls.__name__, shape.cls.__name__)


def _blocks(shape: inspect.Type) -> Iterator[inspect.StructType]:
    """Yield each block of keys, the outer before the inner."""
    match bare_shape(shape)[2]:
        case inspect.StructType() as block:
            yield block
            for key in keys_of(block).values():
                yield from _blocks(key.type)
        case inspect.VarTupleType(item_type=inner) | inspect.DictType(value_type=inner):
            yield from _blocks(inner)
        case inspect.UnionType(types=shapes):
            for part in shapes:
                yield from _blocks(part)


def _table(shape: inspect.StructType) -> str:
    lines = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    for name, key in keys_of(shape).items():
        meta = bare_shape(key.type)[0]
        meaning = f"{meta['description']}{_example(meta)}"
        lines.append(f"| `{name}` | {kind_of(key.type)} | {_default(key)} | {meaning} |")
    return "\n".join(lines)


def _example(meta: Mapping[str, Any]) -> str:
    if not meta.get("examples"):
        return ""
    # A bar would end the cell of the table.
    example = str(meta["examples"][0]).replace("|", "\\|")
    return f" Example: `{example}`."


def _default(key: inspect.Field) -> str:
    if key.required:
        return "*required*"
    match key.default:
        case bool():
            return f"`{str(key.default).lower()}`"
        case str() | int() if key.default != "":
            return f"`{key.default}`"
        case _:
            return ""
