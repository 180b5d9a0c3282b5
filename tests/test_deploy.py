"""What deploy/ hands out fits the product: rights, addresses, variables and commands."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import typer.main
import yaml

from chatops.__main__ import program
from chatops.settings import KNOWN
from chatops.surfaces.web import GITHUB_PATH, SLACK_PATH
from tests.needs import REPOSITORY

DEPLOY = REPOSITORY / "deploy"


def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return read


def test_the_github_app_may_write_only_where_the_bot_acts() -> None:
    permissions = _read("github-app.yaml")["default_permissions"]

    writes = {name for name, level in permissions.items() if level == "write"}
    assert writes == {"actions", "contents", "issues", "pull_requests", "statuses"}
    assert set(permissions.values()) == {"read", "write"}


def test_github_delivers_to_the_door_that_listens() -> None:
    assert urlsplit(_read("github-app.yaml")["hook_attributes"]["url"]).path == GITHUB_PATH


def test_the_link_that_registers_the_app_says_what_the_manifest_says() -> None:
    manifest = _read("github-app.yaml")
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    link = re.search(r"^https://github\.com/organizations/\S+$", readme, re.MULTILINE)
    assert link is not None

    said = parse_qsl(urlsplit(link.group()).query)

    assert [value for key, value in said if key == "events[]"] == manifest["default_events"]
    assert {key: value for key, value in said if key != "events[]"} == {
        "name": manifest["name"],
        "description": manifest["description"],
        "url": manifest["url"],
        "public": "false",
        "webhook_active": "true",
        "webhook_url": manifest["hook_attributes"]["url"],
        **manifest["default_permissions"],
    }


def test_slack_asks_for_no_more_than_hearing_a_command_and_answering() -> None:
    manifest = _read("slack-manifest.yaml")

    assert manifest["oauth_config"]["scopes"] == {"bot": ["commands", "chat:write"]}


def test_slack_sends_people_by_their_ids_to_the_door_that_listens() -> None:
    commands = _read("slack-manifest.yaml")["features"]["slash_commands"]

    assert commands
    assert all(command["should_escape"] for command in commands)
    assert {urlsplit(command["url"]).path for command in commands} == {SLACK_PATH}


@pytest.mark.parametrize(
    "name",
    ["Containerfile", "compose.yaml", "chatops.service", "github-app.yaml", "slack-manifest.yaml"],
)
def test_every_variable_that_is_set_is_read(name: str) -> None:
    named = set(re.findall(r"\bCHATOPS_[A-Z_]+\b", (DEPLOY / name).read_text(encoding="utf-8")))

    assert named <= KNOWN


def test_the_containers_start_what_the_command_line_offers() -> None:
    services = _read("compose.yaml")["services"]
    offered = typer.main.get_command(program).commands  # type: ignore[attr-defined]  # it is a group

    started = [service["command"][0] for service in services.values() if "command" in service]

    assert sorted(started) == ["db", "serve", "serve"]
    assert set(started) <= set(offered)


def test_the_image_holds_what_it_copies() -> None:
    lines = (DEPLOY / "Containerfile").read_text(encoding="utf-8").splitlines()
    copied = [line.split()[1] for line in lines if line.startswith("COPY ")]
    allowed = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()

    assert copied
    for name in copied:
        assert (REPOSITORY / name).exists()
        assert f"!{name}" in allowed


def test_the_unit_starts_the_command_that_install_makes() -> None:
    unit = (DEPLOY / "chatops.service").read_text(encoding="utf-8")
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")

    start = re.search(r"^ExecStart=/opt/chatops/(\S+) serve$", unit, re.MULTILINE)

    assert start is not None
    assert Path(start.group(1)) == Path(".venv/bin/chatops")
    assert "$(bin)/chatops" in makefile
