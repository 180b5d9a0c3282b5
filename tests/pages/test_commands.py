import json
from pathlib import Path

import msgspec

from chatops.app import catalogues
from chatops.config import Community, Labels
from chatops.engine.command import Knowledge
from chatops.engine.vocabulary import Vocabulary
from chatops.pages.commands import commands_json, entries, render_commands
from chatops.views.page import TOKEN, Viewer
from tests.scene import COMMUNITY, NOW, scene

ALL = catalogues().commands


def known(folder: Path, community: Community = COMMUNITY) -> Knowledge:
    folder.mkdir(exist_ok=True)
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


def test_only_who_is_signed_in_has_a_form_with_what_the_address_has(tmp_path: Path) -> None:
    typed = {"say": '/why "a & b"', "number": "7"}
    forms = {
        viewer: render_commands(known(tmp_path / viewer.name), typed, viewer=viewer)
        for viewer in Viewer
    }

    assert '<form class="filter say"' in forms[Viewer.SIGNED_IN]
    assert 'name="say" value="/why &#34;a &amp; b&#34;"' in forms[Viewer.SIGNED_IN]
    assert 'name="number" value="7"' in forms[Viewer.SIGNED_IN]
    assert str(TOKEN) in forms[Viewer.SIGNED_IN]
    for viewer in (Viewer.ANYBODY, Viewer.STRANGER):
        assert "<form" not in forms[viewer]
    assert "sign-in?to=/acme/commands%3Fsay%3D" in forms[Viewer.STRANGER]
    assert "sign-in" not in forms[Viewer.ANYBODY]


def test_where_there_are_several_repositories_one_is_chosen(tmp_path: Path) -> None:
    two = msgspec.structs.replace(COMMUNITY, repositories=("acme/rocket", "acme/docs"))

    page = render_commands(known(tmp_path, two), {"repo": "acme/docs"}, viewer=Viewer.SIGNED_IN)

    assert "<option>acme/rocket</option><option selected>acme/docs</option>" in page
