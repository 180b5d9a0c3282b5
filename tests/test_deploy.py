"""What deploy/ hands out fits the product: rights, addresses, variables and commands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
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
from chatops.standins.slack import SlackStandIn
from chatops.standins.slack.scopes import EVENTS, HISTORY, NEEDED, READING
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


METHOD = re.compile(r'"((?:chat|conversations|views|users|reactions)\.\w+)"')
HEARD = re.compile(r'event\.get\("type"\) != "(\w+)"')


@dataclass(frozen=True)
class Text:
    """A text in Slack's manifest: how long it may be, and how it is written."""

    most: int
    least: int = 1
    pattern: str = ""


@dataclass(frozen=True)
class Many:
    """A list in Slack's manifest, and how long it may be."""

    of: object
    most: int
    least: int = 0


WEB = r"https?://.*"
ONE_OF = r"message|global"
MANIFEST: dict[str, object] = {
    "display_information": {
        "name!": Text(35), "description": Text(140),
        "background_color": Text(7, 4, "#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?"), "long_description": Text(4000, 175),
    },
    "features": {
        "app_home": dict.fromkeys(
            ("home_tab_enabled", "messages_tab_enabled", "messages_tab_read_only_enabled"), bool
        ),
        "bot_user": {"display_name!": Text(80), "always_online": bool},
        "shortcuts": Many(
            {"name!": Text(24), "type!": Text(10, 1, ONE_OF), "callback_id!": Text(255), "description!": Text(150)},
            10, 1,
        ),
        "slash_commands": Many(
            {
                "command!": Text(32, 2, "/.*"), "url": Text(3000, 1, WEB), "description!": Text(2000),
                "usage_hint": Text(1000), "should_escape": bool,
            },
            50, 1,
        ),
        "unfurl_domains": Many(Text(255, 1, r"(?![.-])[-a-z0-9.]+[a-z0-9]"), 5, 1),
    },
    "oauth_config": {
        "redirect_urls": Many(Text(2500), 1000),
        "scopes": {"bot": Many(Text(50), 255), "user": Many(Text(50), 255)},
    },
    "settings": {
        "event_subscriptions": {"request_url": Text(3500, 1, WEB), "bot_events": Many(Text(50), 100)},
        "interactivity": {"is_enabled!": bool, "request_url": Text(3500, 1, WEB)},
        "org_deploy_enabled": bool, "socket_mode_enabled": bool, "token_rotation_enabled": bool,
    },
}  # fmt: skip
"""What Slack's published schema of manifests says of the parts that we use; a field with `!` has to be there."""


def _problems(value: object, rule: object, at: str) -> Iterator[str]:
    """Yield what Slack would not take of a part of the manifest."""
    if isinstance(rule, dict):
        assert isinstance(value, dict), at
        fields = {key.rstrip("!"): (inner, key.endswith("!")) for key, inner in rule.items()}
        yield from (f"{at}/{key} is not known" for key in value.keys() - fields.keys())
        for key, (inner, is_required) in fields.items():
            if key in value:
                yield from _problems(value[key], inner, f"{at}/{key}")
            elif is_required:
                yield f"{at}/{key} is missing"
    elif isinstance(rule, Many):
        assert isinstance(value, list), at
        if not rule.least <= len(value) <= rule.most:
            yield f"{at} has not as many as it may have"
        for index, child in enumerate(value):
            yield from _problems(child, rule.of, f"{at}/{index}")
    elif isinstance(rule, Text):
        assert isinstance(value, str), at
        if not rule.least <= len(value) <= rule.most:
            yield f"{at} is not as long as it may be"
        if rule.pattern and not re.fullmatch(rule.pattern, value):
            yield f"{at} is not written so"
    elif not isinstance(value, bool):
        yield f"{at} is neither true nor false"


def _source(name: str) -> str:
    return (REPOSITORY / "chatops" / name).read_text(encoding="utf-8")


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


def test_slack_asks_for_no_more_than_what_is_called_and_heard_needs() -> None:
    manifest = _read("slack-manifest.yaml")
    called = set(METHOD.findall(_source("gateways/slack.py")))
    heard = manifest["settings"]["event_subscriptions"]["bot_events"]
    # Commands and shortcuts need the one scope; messages are looked for wherever they are sent.
    needed = {"commands", *(EVENTS[event] for event in heard)}
    needed |= {NEEDED.get(method, "") for method in called}
    needed |= {*HISTORY.values()} if called & {*READING} else set()

    assert set(manifest["oauth_config"]["scopes"]) == {"bot"}
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == needed - {""}
    assert called <= {*SlackStandIn().web_api.methods}


def test_slack_tells_of_no_more_than_is_heard() -> None:
    heard = set(HEARD.findall(_source("surfaces/slack_words.py")))

    assert (
        set(_read("slack-manifest.yaml")["settings"]["event_subscriptions"]["bot_events"]) == heard
    )


def test_what_slack_knows_of_the_dashboard_is_where_it_is() -> None:
    manifest = _read("slack-manifest.yaml")
    said = urlsplit(manifest["settings"]["interactivity"]["request_url"])

    assert manifest["features"]["unfurl_domains"] == [said.hostname]


def test_the_manifest_is_one_that_slack_takes() -> None:
    assert list(_problems(_read("slack-manifest.yaml"), MANIFEST, "")) == []


def test_what_slack_would_not_take_is_found() -> None:
    manifest = _read("slack-manifest.yaml")
    manifest["features"]["shortcuts"][0]["name"] = "x" * 25
    manifest["features"]["unfurl_domains"] = ["https://chatops.example.org"]
    manifest["oauth_config"]["scope"] = []
    del manifest["display_information"]["name"]

    assert sorted(_problems(manifest, MANIFEST, "")) == [
        "/display_information/name is missing",
        "/features/shortcuts/0/name is not as long as it may be",
        "/features/unfurl_domains/0 is not written so",
        "/oauth_config/scope is not known",
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
