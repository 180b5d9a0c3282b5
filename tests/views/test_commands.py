import json
from pathlib import Path

import msgspec

from chatops.app import catalogues
from chatops.config import Community, Labels
from chatops.engine.command import Knowledge
from chatops.engine.vocabulary import Vocabulary
from chatops.views.commands import commands_json, entries, render_commands
from tests.scene import COMMUNITY, NOW, scene

ALL = catalogues().commands


def known(folder: Path, community: Community = COMMUNITY) -> Knowledge:
    with scene(folder) as world, world.knowledge() as knowledge:
        return Knowledge(
            db=knowledge.db,
            community=community,
            now=NOW,
            commands=Vocabulary(ALL.values(), community).commands,
        )


def test_every_command_is_there_with_all_there_is_to_know(tmp_path: Path) -> None:
    page = render_commands(known(tmp_path), {})

    for entry in entries(ALL, COMMUNITY):
        assert f'id="{entry.name}"' in page
        assert entry.help.partition("`")[0].replace("'", "&#39;") in page
        assert entry.who_may
        assert entry.example.startswith("/")


def test_the_verbs_are_those_of_the_community(tmp_path: Path) -> None:
    prefixed = msgspec.structs.replace(COMMUNITY, labels=Labels(prefixes=("area",)))

    here = {verb for entry in entries(ALL, prefixed) for verb in entry.verbs}

    assert {"area", "remove-area"} <= here
    assert "<code>/area</code>" in render_commands(known(tmp_path, prefixed), {})


def test_who_may_is_as_the_community_has_it() -> None:
    changed = msgspec.structs.replace(COMMUNITY, who_may={"help": "admin", "label": "anyone"})

    who = {entry.name: entry.who_may for entry in entries(ALL, changed)}

    assert who["help"] == "people with the role admin or more in acme/rocket"
    assert who["label"] == "anyone"
    assert who["retest"].startswith("members and collaborators of acme/rocket")


def test_what_is_switched_off_is_not_among_them_and_said(tmp_path: Path) -> None:
    without = msgspec.structs.replace(COMMUNITY, commands_off=("flakes",))

    page = render_commands(known(tmp_path, without), {})

    assert 'id="flakes"' not in page
    assert "Not heard here: <code>flakes</code>" in page


def test_programs_read_the_same(tmp_path: Path) -> None:
    told = json.loads(commands_json(known(tmp_path), {}))

    assert told["slash_command"] == "/acme"
    assert [one["name"] for one in told["commands"]] == sorted(ALL)
    assert next(one for one in told["commands"] if one["name"] == "help")["who_may"] == "anyone"
