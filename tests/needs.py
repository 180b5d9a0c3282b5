"""What a test needs and a machine may lack: skipped by name on a laptop, a failure under CI."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import pytest

REPOSITORY = Path(__file__).parents[1]
NODE_MODULES = REPOSITORY / "tests" / "node" / "node_modules"


def lacking(what: str, remedy: str) -> NoReturn:
    """End the test that asks for `what`; the remedy is a full sentence."""
    reason = f"needs {what}, which this machine lacks. {remedy}"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def program(what: str, *, called: Iterable[str], remedy: str) -> Path:
    """Return where the first program found under one of these names lies."""
    return found_program(called) or lacking(what, remedy)


def found_program(called: Iterable[str]) -> Path | None:
    """Return where the first program found under one of these names lies, nothing if there is none."""
    return next((Path(found) for name in called if (found := shutil.which(name))), None)


def node_module(path: str) -> Path:
    """Return a file or folder out of the locked npm packages, as `axe-core/axe.min.js`."""
    found = NODE_MODULES / path
    if not found.exists():
        lacking(f"the npm package of {path}", "Install Node and npm, then run `make test`.")
    return found
