from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chatops.commands.who import Who
from chatops.config import Owner, OwnerGroup
from chatops.engine.answer import Answer, as_text
from chatops.engine.command import Knowledge
from chatops.errors import Refused
from chatops.events.tables import RowsShown
from chatops.views.blocks import render_blocks
from chatops.views.markdown import render_markdown
from tests.commands.nights import night
from tests.scene import COMMAND, COMMUNITY, NOW, PULL, REPO, received, scene, story

OWNED = msgspec.structs.replace(
    COMMUNITY,
    maintainers=(
        OwnerGroup(
            regex="nozzle", group="Fire", owners=(Owner(github="mona"), Owner(fullname="Hu Bot"))
        ),
        OwnerGroup(regex="nozzle|tank", group="Hull"),
    ),
)


def answer(folder: Path, pattern: str) -> Answer:
    asked = received(verb="who", words=(pattern,), surface="slack")
    nights = night(0, nozzle="success", tank="success", fin="success")
    with scene(folder, nights) as world, world.knowledge() as known:
        knowledge: Knowledge = replace(known, community=OWNED)
        return Who.tell(story(asked), knowledge)


def test_every_group_that_looks_after_a_job_is_named(tmp_path: Path) -> None:
    text = as_text(answer(tmp_path, "nozzle"))

    assert text.startswith("1 job for nozzle.")
    assert "engine / nozzle Fire: mona, Hu Bot; Hull: nobody" in text


def test_a_job_without_an_owner_is_said_to_have_none(tmp_path: Path) -> None:
    text = as_text(answer(tmp_path, "fin"))

    assert "1 job for fin, nobody looks after it." in text
    assert "engine / fin nobody in the mapping" in text


def test_several_jobs_say_how_many_have_no_owner(tmp_path: Path) -> None:
    assert "3 jobs for engine, 1 without an owner." in as_text(answer(tmp_path, "engine"))


def test_nobody_is_called_on_any_surface(tmp_path: Path) -> None:
    told = answer(tmp_path, "nozzle")

    assert "@mona" not in render_markdown(told, "m")
    assert "<@" not in str(render_blocks(told))


def test_without_a_job_it_says_what_it_needs() -> None:
    with pytest.raises(Refused, match="needs a job"):
        Who.parse([])


def test_the_number_of_a_row_shown_on_the_pull_request_is_its_job(tmp_path: Path) -> None:
    shown = RowsShown(
        command=COMMAND, repo=REPO, number=PULL, rows=("CI / lint", "CI / engine / fin"), shown_at=NOW
    )  # fmt: skip
    nights = night(0, nozzle="success", fin="success")
    with scene(tmp_path, [*nights, shown]) as world, world.knowledge() as knowledge:
        told = Who.tell(story(received(verb="who", words=("2",))), knowledge)

    assert as_text(told).startswith("1 job for 2")
    assert "engine / fin" in as_text(told)
