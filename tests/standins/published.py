"""GitHub's own description of its REST API and webhooks, and Prism to hold a server against it."""

import contextlib
import re
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec

from tests import needs

OPENAPI = "@octokit/openapi/generated/api.github.com.json"
METHODS = {"get", "post", "patch", "put", "delete"}
MOST_SEGMENTS = 5
PATIENCE_SECONDS = 60.0


@cache
def description() -> dict[str, Any]:
    """Read the whole description: 13 MB, so only once."""
    content = needs.node_module(OPENAPI).read_bytes()
    return msgspec.json.decode(content, type=dict[str, Any])


def same_shape(path: str) -> str:
    """Forget the names of the parameters in a path."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def trimmed(operations: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Keep only these operations and what they refer to."""
    whole = description()
    wanted = {(method.lower(), same_shape(path)) for method, path in operations}
    paths: dict[str, Any] = {}
    for path, item in whole["paths"].items():
        shape = same_shape(path)
        kept = {k: v for k, v in item.items() if k not in METHODS or (k, shape) in wanted}
        if METHODS & kept.keys():
            paths |= _in_segments(whole, path, kept)
    small: dict[str, Any] = {key: whole[key] for key in ("openapi", "info", "servers")}
    return small | {"paths": paths, "components": _referred_to(whole, paths)}


def _in_segments(whole: dict[str, Any], path: str, item: dict[str, Any]) -> dict[str, Any]:
    """Say a path once for each number of segments: GitHub marks names with slashes in them, Prism knows none."""
    operation = next(item[method] for method in METHODS & item.keys())
    described = [_resolved(whole, parameter) for parameter in operation.get("parameters", ())]
    long = next((one["name"] for one in described if one.get("x-multi-segment")), None)
    found = {path: item}
    for count in range(2, MOST_SEGMENTS + 1 if long else 0):
        more = [f"{long}_{number}" for number in range(2, count + 1)]
        parts = "/".join(f"{{{name}}}" for name in (long, *more))
        required = {"in": "path", "required": True, "schema": {"type": "string"}}
        found[path.replace(f"{{{long}}}", parts)] = {
            key: {**value, "parameters": [*value["parameters"], *({"name": name, **required} for name in more)]}
            if key in METHODS
            else value
            for key, value in item.items()
        }  # fmt: skip
    return found


def _resolved(whole: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    reference = parameter.get("$ref")
    if reference is None:
        return parameter
    found: dict[str, Any] = whole["components"]["parameters"][reference.rpartition("/")[2]]
    return found


def _referred_to(whole: dict[str, Any], start: object) -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting: list[object] = [start]
    while waiting:
        match waiting.pop():
            case dict() as node:
                reference = node.get("$ref")
                if isinstance(reference, str):
                    _, _, kind, name = reference.split("/")
                    if name not in found.setdefault(kind, {}):
                        found[kind][name] = whole["components"][kind][name]
                        waiting.append(found[kind][name])
                waiting.extend(value for key, value in node.items() if key != "example")
            case list() as nodes:
                waiting.extend(nodes)
            case _:
                pass
    return found


@cache
def webhook_judge(name: str) -> jsonschema_rs.Validator:
    """Compile the published schema of one webhook, as `workflow-run-completed`."""
    whole = description()
    operation = whole["x-webhooks"][name]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    components = _referred_to(whole, schema)
    nullable = _plain({**schema, "components": components})
    return jsonschema_rs.Draft202012Validator(nullable, validate_formats=True)


def _plain(node: Any) -> Any:  # noqa: ANN401 - walks outside JSON
    """Turn OpenAPI's `nullable` into what JSON Schema understands."""
    if isinstance(node, list):
        return [_plain(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _plain(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True:
        return {"anyOf": [{"type": "null"}, plain]}
    return plain


@contextlib.contextmanager
def prism(upstream: str, operations: Iterable[tuple[str, str]], folder: Path) -> Iterator[str]:
    """Put Prism in front of a server: what does not fit GitHub's description becomes an error."""
    node = needs.program("Node", called=("node",), remedy="Install Node 20 or newer.")
    command = needs.node_module("@stoplight/prism-cli/dist/index.js")
    specification = folder / "github.json"
    specification.write_bytes(msgspec.json.encode(trimmed(operations)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = log_of(folder).open("wb")
    arguments = ["proxy", str(specification), upstream, "--errors", "-h", "127.0.0.1"]
    process = subprocess.Popen(
        [node, command, *arguments, "-p", str(port)], stdout=log, stderr=subprocess.STDOUT
    )
    try:
        _wait_for(port, process, log_of(folder))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)
        log.close()


def log_of(folder: Path) -> Path:
    """Return where Prism in this folder writes what it saw."""
    return folder / "prism.log"


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.1)
    raise RuntimeError(log.read_text())
