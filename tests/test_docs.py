"""The documents are true: generated pages are up to date, and what is named in a document exists."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import typer.main
from prometheus_client import CollectorRegistry
from typer.core import TyperGroup

import chatops.commands
from chatops import reference
from chatops.__main__ import program
from chatops.config.shape import Community, Labels
from chatops.engine.catalogue import catalogue
from chatops.engine.command import Command
from chatops.metrics import Metrics
from chatops.names import Repo
from chatops.settings import KNOWN
from tests.needs import REPOSITORY

DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "deploy/*.md", ".github/*.md")
    for path in REPOSITORY.glob(pattern)
)
PACKAGE = REPOSITORY / "chatops"

FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)|\b(?:src|srcset)=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)*/(?:[\w-]*\.?[\w-]+\.(?:py|md|yaml|toml|service|json))?")
TARGET = re.compile(r"\bmake (?:-C \S+ )?([a-z]+)\b")
SPOKEN = re.compile(r"(?:^|\s)chatops((?: [a-z][a-z-]*)+)", re.MULTILINE)
VARIABLE = re.compile(r"\bCHATOPS_[A-Z_]+\b")
METRIC = re.compile(r"`(chatops_[a-z_]+)(?:\{([a-z,]+)\})?`")


def _name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


def _code(text: str) -> Iterator[str]:
    """Yield what a reader may type or look up: fenced blocks and code spans."""
    yield from (block.group() for block in FENCED.finditer(text))
    yield from (span.group(1) for span in SPAN.finditer(FENCED.sub("", text)))


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")


def _anchors(document: Path) -> set[str]:
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    return {_anchor(heading) for heading in HEADING.findall(text)}


def _is_lost(name: str) -> bool:
    """Return whether a path into a folder of the repository, or of the package, leads nowhere."""
    first = name.partition("/")[0]
    ours = [top for top in (REPOSITORY, PACKAGE) if (top / first).exists()]
    return bool(ours) and not any((top / name).exists() for top in ours)


def _verbs(words: list[str]) -> str | None:
    """Return the first word that is no command of the command line, following groups."""
    here: object = typer.main.get_command(program)
    for word in words:
        if not isinstance(here, TyperGroup):
            return None
        if word not in here.commands:
            return word
        here = here.commands[word]
    return None


@pytest.mark.parametrize("page", sorted(reference.pages()))
def test_a_generated_page_is_what_the_code_says(page: str) -> None:
    written = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")

    assert written == reference.pages()[page], "run `make docs`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_link_leads_somewhere(document: Path) -> None:
    lost = []
    for match in LINK.finditer(FENCED.sub("", document.read_text(encoding="utf-8"))):
        target = match.group(1) or match.group(2)
        if urlsplit(target).scheme:
            continue
        path, _, anchor = target.partition("#")
        led_to = (document.parent / path) if path else document
        if not led_to.exists() or (anchor and anchor not in _anchors(led_to)):
            lost.append(target)

    assert lost == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_file_that_is_named_exists(document: Path) -> None:
    named = {
        span
        for span in SPAN.findall(FENCED.sub("", document.read_text(encoding="utf-8")))
        if FILE.fullmatch(span)
    }

    assert {name for name in named if _is_lost(name)} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        target
        for code in _code(document.read_text(encoding="utf-8"))
        for target in TARGET.findall(code)
    }

    assert named <= known


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_command_line_that_is_shown_is_one(document: Path) -> None:
    unknown = [
        f"chatops{spoken}"
        for code in _code(document.read_text(encoding="utf-8"))
        for spoken in SPOKEN.findall(code)
        if _verbs(spoken.split())
    ]

    assert unknown == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_variable_that_is_named_is_read(document: Path) -> None:
    named = set(VARIABLE.findall(document.read_text(encoding="utf-8")))

    assert {name for name in named if not name.endswith("_")} <= KNOWN


def test_the_map_shows_every_room() -> None:
    told = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").exists())
    }

    assert {room for room in rooms if f"`chatops/{room}" not in told} == set()


def test_every_metric_is_explained_to_the_operator() -> None:
    registry = CollectorRegistry()
    Metrics(registry)
    kept = {
        f"{metric.name}_total" if metric.type == "counter" else metric.name
        for metric in registry.collect()
    }
    runbook = (REPOSITORY / "docs" / "operations.md").read_text(encoding="utf-8")

    assert {name for name, _ in METRIC.findall(runbook)} == kept


def test_every_verb_of_the_command_line_is_in_the_runbook() -> None:
    everything = typer.main.get_command(program)
    assert isinstance(everything, TyperGroup)
    verbs = {name for name, command in everything.commands.items() if not command.hidden}
    told = "".join(
        (REPOSITORY / name).read_text(encoding="utf-8")
        for name in ("docs/operations.md", "README.md")
    )

    assert {
        verb for verb in verbs if f"chatops {verb}" not in told and f"make {verb}" not in told
    } == set()


def test_every_command_the_readme_shows_is_heard() -> None:
    shown = (REPOSITORY / "README.md").read_text(encoding="utf-8").split("## What it hears")[1]
    named = set(re.findall(r"`/([a-z-]+)`", shown.partition("\n## ")[0]))
    labels = Labels(prefixes=("area",))
    community = Community(title="Acme", repositories=(Repo("acme/engine"),), labels=labels)
    heard = {
        verb
        for command in catalogue(chatops.commands, Command)
        for verb in command.verbs(community)
    }

    assert named
    assert named <= heard


def test_decisions_are_numbered_once() -> None:
    records = sorted((REPOSITORY / "docs" / "adr").glob("*.md"))
    numbers = [record.name[:4] for record in records]

    assert len(numbers) == len(set(numbers))
    assert all(
        record.read_text(encoding="utf-8").startswith(f"# {record.name[:4]}: ")
        for record in records
    )


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [("Watch mode", "watch-mode"), ("When GitHub's away?", "when-githubs-away")],
)
def test_an_anchor_is_made_as_github_makes_it(heading: str, anchor: str) -> None:
    assert _anchor(heading) == anchor


def test_every_test_that_a_document_names_is_there() -> None:
    named = {
        (_name(document), name)
        for document in DOCUMENTS
        for name in re.findall(r"`(test_\w+)`", document.read_text(encoding="utf-8"))
    }
    there = {
        name
        for path in (REPOSITORY / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", path.read_text(encoding="utf-8"))
    }

    assert named
    assert sorted(one for one in named if one[1] not in there) == []
