"""The rules of the house, asked of every file that is there; nothing here lists what there is."""

import ast
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import chatops.commands
import chatops.effects
import chatops.events
from chatops.engine.catalogue import catalogue
from chatops.engine.command import Command
from chatops.engine.effect import Effect
from chatops.events import Event
from tests.conftest import LeftTheMachine
from tests.needs import REPOSITORY

PACKAGE = REPOSITORY / "chatops"
CATALOGUES = (
    "commands",
    "effects",
    "events",
    "pages",
    "policies",
    "projections",
    "rounds",
    "views",
)
VAGUE = {"common", "core", "helper", "manager", "service", "util", "utility"}
NOT_OURS = {"__pycache__", "node_modules", "build", "dist"}
OURS_BUT_HIDDEN = {".ci", ".github"}
CATCH_ALLS_ALLOWED = 4

ADDRESS = re.compile(
    r"(?<![\w.+:/-])[\w.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}\b", re.IGNORECASE
)
# Written apart, so that this file is not what it looks for.
POSTPONED = re.compile(r"\b(TO" + "DO|FIX" + r"ME)\b")


def _walk(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = [
            name
            for name in folders
            if name not in NOT_OURS and (not name.startswith(".") or name in OURS_BUT_HIDDEN)
        ]
        yield from (Path(here, name) for name in files)


def _texts() -> Iterator[tuple[str, str]]:
    """Yield name and content of each text file a reader of the repository may open."""
    for path in sorted(_walk(REPOSITORY)):
        try:
            yield str(path.relative_to(REPOSITORY)), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


MODULES = sorted(path for path in _walk(PACKAGE) if path.suffix == ".py")
ENTRIES = [
    path
    for path in MODULES
    if path.parent.parent == PACKAGE
    and path.parent.name in CATALOGUES
    and path.name != "__init__.py"
]


def _name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("entry", ENTRIES, ids=_name)
def test_every_entry_of_a_catalogue_has_a_test_of_its_name(entry: Path) -> None:
    test = REPOSITORY / "tests" / entry.parent.name / f"test_{entry.name}"

    assert test.is_file()


@pytest.mark.parametrize(
    "command", catalogue(chatops.commands, Command), ids=lambda command: command.name
)
def test_every_command_can_be_taken_back_or_says_why_not(command: type[Command]) -> None:
    can_be = any("taken_back" in vars(kind) for kind in command.__mro__ if kind is not Command)

    assert can_be != bool(command.irreversible)
    assert not command.irreversible or command.irreversible.endswith(".")


PERFORMED = {effect.on for effect in catalogue(chatops.effects, Effect)}


@pytest.mark.parametrize(
    "module", [path for path in MODULES if path.parent.name == "commands"], ids=_name
)
def test_whatever_a_command_asks_for_can_be_told_beforehand(module: Path) -> None:
    kinds = {kind.__name__: kind for kind in catalogue(chatops.events, Event)}
    made = {
        call.func.id
        for call in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
    }

    silent = [
        name
        for name in sorted(made & kinds.keys())
        if kinds[name] not in PERFORMED and kinds[name].would is Event.would
    ]

    assert silent == []


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_every_module_says_what_it_is(module: Path) -> None:
    said = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))

    assert said, "the first line of a module is a sentence about it"


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_every_module_is_named_after_what_it_does(module: Path) -> None:
    words = {word.removesuffix("s") for word in module.stem.lower().split("_")}

    assert not words & VAGUE


def test_few_places_catch_whatever_comes() -> None:
    places = [
        _name(path)
        for path in MODULES
        for _ in re.findall(r"except (?:Base)?Exception\b", path.read_text(encoding="utf-8"))
    ]

    assert len(places) <= CATCH_ALLS_ALLOWED, places


def test_only_the_clock_asks_what_time_it_is() -> None:
    places = [
        _name(path)
        for path in MODULES
        # The stand-ins are other people's machines, with clocks of their own.
        if PACKAGE / "standins" not in path.parents
        and re.search(r"\bdatetime\.(now|utcnow|today)\(", path.read_text(encoding="utf-8"))
    ]

    assert places == ["engine/clock.py"]


def test_nothing_is_put_off_in_a_comment() -> None:
    assert [name for name, text in _texts() if POSTPONED.search(text)] == []


def test_nobody_is_named_by_address() -> None:
    found = {name: ADDRESS.findall(text) for name, text in _texts()}

    assert {name: addresses for name, addresses in found.items() if addresses} == {}


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Mona <mona" + "@octo.example>", True),
        ("postgresql://mona:secret@octo.example/log", False),
        ("uses: actions/checkout@v4", False),
        ("@pytest.fixture", False),
    ],
)
def test_an_address_is_told_from_what_looks_like_one(text: str, *, is_one: bool) -> None:
    assert bool(ADDRESS.search(text)) == is_one


def test_imports_keep_their_direction() -> None:
    found = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout + found.stderr


def test_a_test_cannot_leave_this_machine(reached_out: list[str]) -> None:
    with pytest.raises(LeftTheMachine), socket.socket() as line:
        line.connect(("192.0.2.1", 80))
    with pytest.raises(LeftTheMachine):
        socket.getaddrinfo("somewhere.invalid", 80)

    assert reached_out == ["192.0.2.1", "somewhere.invalid"]
    reached_out.clear()


def test_a_test_can_talk_to_itself(reached_out: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()

    assert reached_out == []


def test_a_fresh_database_is_empty(fresh_postgres: str) -> None:
    with psycopg.connect(fresh_postgres.replace("+psycopg", "")) as db:
        tables = db.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()

    assert tables == (0,)
