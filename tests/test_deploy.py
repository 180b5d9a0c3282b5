"""What deploy/ hands out fits the product: rights, addresses, variables and commands."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import typer.main
import yaml

import chatops.commands
from chatops.__main__ import program
from chatops.config import Community, Trust
from chatops.engine.catalogue import catalogue
from chatops.engine.command import Command
from chatops.engine.vocabulary import Vocabulary
from chatops.settings import KNOWN
from chatops.surfaces.comment_words import split_words
from chatops.surfaces.linking import PATH as LINK_PATH
from chatops.surfaces.signing_in import PATH as SIGN_IN_PATH
from chatops.surfaces.slack_hearing import (
    ANYWHERE,
    CHOOSE_MESSAGE,
    RETEST_MESSAGE,
    STATUS_MESSAGE,
    WHO_MESSAGE,
)
from chatops.surfaces.web import GITHUB_PATH, SLACK_PATH
from tests.needs import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
LONGEST_SHORTCUT = 24


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

    lists = {"events[]": "default_events", "callback_urls[]": "callback_urls"}
    for name, of_manifest in lists.items():
        assert [value for key, value in said if key == name] == manifest[of_manifest]
    assert {key: value for key, value in said if key not in lists} == {
        "name": manifest["name"],
        "description": manifest["description"],
        "url": manifest["url"],
        "public": "false",
        "webhook_active": "true",
        "webhook_url": manifest["hook_attributes"]["url"],
        **manifest["default_permissions"],
    }


def test_slack_asks_for_no_more_than_being_asked_answering_and_telling_people() -> None:
    manifest = _read("slack-manifest.yaml")

    assert manifest["oauth_config"]["scopes"] == {
        "bot": ["commands", "chat:write", "app_mentions:read", "im:write", "im:history"]
    }
    assert manifest["settings"]["event_subscriptions"]["bot_events"] == [
        "app_home_opened",
        "app_mention",
    ]


def test_each_shortcut_in_slack_is_one_that_is_heard() -> None:
    shortcuts = _read("slack-manifest.yaml")["features"]["shortcuts"]

    assert {shortcut["callback_id"]: shortcut["type"] for shortcut in shortcuts} == {
        RETEST_MESSAGE: "message",
        CHOOSE_MESSAGE: "message",
        STATUS_MESSAGE: "message",
        WHO_MESSAGE: "message",
        **dict.fromkeys(ANYWHERE, "global"),
    }
    assert all(len(shortcut["name"]) <= LONGEST_SHORTCUT for shortcut in shortcuts)


def test_whatever_slack_sends_comes_to_the_door_that_listens() -> None:
    said = _read("slack-manifest.yaml")["settings"]

    for part in ("event_subscriptions", "interactivity"):
        assert urlsplit(said[part]["request_url"]).path == SLACK_PATH


def test_github_leads_back_to_the_page_that_waits_for_it() -> None:
    addresses = _read("github-app.yaml")["callback_urls"]

    paths = [urlsplit(address).path for address in addresses]
    assert paths == [f"{LINK_PATH}/callback", f"{SIGN_IN_PATH}/callback"]


def test_slack_sends_people_by_their_ids_to_the_door_that_listens() -> None:
    commands = _read("slack-manifest.yaml")["features"]["slash_commands"]

    assert commands
    assert all(command["should_escape"] for command in commands)
    assert {urlsplit(command["url"]).path for command in commands} == {SLACK_PATH}


def test_what_slack_hints_at_is_what_can_be_said() -> None:
    [slash] = _read("slack-manifest.yaml")["features"]["slash_commands"]
    community = Community(title="Kata", repositories=(), slash_command=slash["command"])
    vocabulary = Vocabulary(catalogue(chatops.commands, Command), community)

    hinted = slash["usage_hint"].split(" | ")

    assert hinted
    for line in hinted:
        verb, *words = split_words(line)
        meaning = vocabulary.meaning(verb)
        assert meaning is not None, line
        assert meaning.command.parse(words), line


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


def test_the_workflow_for_the_gate_looks_at_the_status_that_is_set() -> None:
    workflow = _read("kata/ok-to-test-status.yaml")
    script = workflow["jobs"]["let-in"]["steps"][0]["run"]

    # YAML 1.1 reads the key `on` as a truth.
    inputs = workflow[True]["workflow_call"]["inputs"]  # type: ignore[index]  # as said
    assert inputs["context"]["default"] == Trust().status
    assert workflow["permissions"] == {}
    assert "${{" not in script, "what comes from outside is no part of a script"


def test_the_workflow_that_publishes_pages_says_what_can_be_said_and_may_write_only_pages() -> None:
    workflow = _read("pages/publish.yaml")
    offered = typer.main.get_command(program).commands  # type: ignore[attr-defined]  # it is a group
    steps = workflow["jobs"]["export"]["steps"]
    script = "\n".join(step.get("run", "") for step in steps)

    assert set(re.findall(r'bin/chatops" (\w+)', script)) == {"backfill", "export"} <= set(offered)
    variables = {**workflow["jobs"]["export"]["env"], **steps[-2]["env"]}
    assert set(variables) <= set(KNOWN)
    assert workflow["permissions"] == {}
    assert set(workflow["jobs"]["export"]["permissions"].values()) == {"read"}
    used = [
        step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step
    ]
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", use) for use in used)
