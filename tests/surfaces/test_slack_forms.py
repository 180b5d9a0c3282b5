import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

import chatops.commands
from chatops.commands.mute import LONGEST_REASON
from chatops.config import Community
from chatops.engine.catalogue import catalogue
from chatops.engine.command import Command, Knowledge
from chatops.engine.vocabulary import Vocabulary
from chatops.events.conversation import CommandReceived
from chatops.events.identities import IdentityLinked
from chatops.names import CommandId, Login, PullNumber
from chatops.standins.slack.limits import problems_of_blocks
from chatops.surfaces.slack_forms import Forms
from chatops.views.modals import MUTE, REASON, RETEST, Kept
from tests.commands.nights import night
from tests.scene import COMMUNITY, NOW, PULL, REPO, Scene, ended, job, pull, received, scene

LINKED = IdentityLinked(
    command=CommandId("command/slack/1"), team="T1", user="U0MONA", login=Login("mona"),
    github_id=1, at=NOW,
)  # fmt: skip

pytestmark = pytest.mark.anyio

VOCABULARY = Vocabulary(catalogue(chatops.commands, Command), COMMUNITY)
KEPT = Kept(community="acme", repo=REPO, number=PULL)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Scene]:
    happened = [*night(0, nozzle="failure", tank="success"), pull(), ended(10), job(1, 10, "a")]
    with scene(tmp_path, happened) as made:
        yield made


def forms(world: Scene, *, closed: bool = False, patience: float = 60.0) -> Forms:
    @contextmanager
    def read(community: Community) -> Iterator[Knowledge]:
        if not patience:
            time.sleep(0.2)
        with world.knowledge(community) as knowledge:
            yield replace(knowledge, commands=VOCABULARY.commands)

    return Forms(read, lambda _: closed, open_seconds=patience, check_seconds=patience)


def muting(*words: str) -> CommandReceived:
    return received(verb="mute", words=words, surface="slack", team="T1", by="U0MONA")


async def test_what_fails_now_is_offered_first(world: Scene) -> None:
    view = await forms(world).made(MUTE, KEPT, COMMUNITY)

    [failing, _] = view["blocks"][0]["element"]["option_groups"]
    assert failing["label"]["text"] == "Failing now"
    assert [one["value"] for one in failing["options"]] == ["Nightly / engine / nozzle"]


async def test_who_is_not_known_is_told_so_before_they_fill_it_in(world: Scene) -> None:
    world.add([LINKED])

    unknown = await forms(world).made(MUTE, KEPT, COMMUNITY, team="T1", member="U0OCTAVIA")
    known = await forms(world).made(MUTE, KEPT, COMMUNITY, team="T1", member="U0MONA")

    assert "say /acme link first" in unknown["blocks"][0]["text"]["text"]
    assert problems_of_blocks(unknown["blocks"], "modal") == []
    assert known["blocks"] == unknown["blocks"][1:]


async def test_of_a_pull_request_its_failed_jobs_are_offered(world: Scene) -> None:
    view = await forms(world).made(RETEST, KEPT, COMMUNITY)

    groups = view["blocks"][0]["element"]["option_groups"]
    offered = {one["label"]["text"]: [job["value"] for job in one["options"]] for one in groups}
    assert offered["CI"] == ["CI / a"]


async def test_of_what_not_everybody_may_see_nothing_is_offered_or_found(world: Scene) -> None:
    closed = forms(world, closed=True)

    view = await closed.made(MUTE, KEPT, COMMUNITY)
    objection = await closed.objection(muting("door", "for", "3d", "why"), VOCABULARY, COMMUNITY)

    assert "nozzle" not in str(view)
    assert objection == ""


async def test_a_form_that_takes_too_long_to_be_filled_comes_without_choices(world: Scene) -> None:
    view = await forms(world, patience=0.0).made(MUTE, KEPT, COMMUNITY)

    assert "nozzle" not in str(view)
    assert view["blocks"][0]["block_id"] == "said"


@pytest.mark.parametrize(
    ("words", "objection"),
    [
        (("nozzle", "for", "3d", "why"), ""),
        (("door", "for", "3d", "why"), "No job here is called door"),
        (("nozzle",), "needs a job, for how long, and why"),
        (("nozzle", "for", "90d", "why"), "30 days at most"),
    ],
)
async def test_what_is_wrong_with_words_is_found_before_they_are_recorded(
    words: tuple[str, ...], objection: str, world: Scene
) -> None:
    found = await forms(world).objection(muting(*words), VOCABULARY, COMMUNITY)

    assert objection in found
    assert bool(found) == bool(objection)


async def test_a_word_that_is_none_of_ours_is_found(world: Scene) -> None:
    found = await forms(world).objection(received(verb="frob"), VOCABULARY, COMMUNITY)

    assert found.startswith("I do not know frob.")


@pytest.mark.parametrize(
    ("verb", "words", "objection"),
    [
        ("status", ("nozle",), "No job here is called nozle"),
        ("history", ("door",), "No job here is called door"),
        ("who", ("nozzle",), ""),
        ("retest", (), "Which pull request? Say its number or its address: /acme retest #123."),
        ("retest", ("7",), "Say its number or its address: /acme retest #7."),
    ],
)
async def test_what_hangs_on_words_alone_is_found_where_no_pull_request_is_named(
    verb: str, words: tuple[str, ...], objection: str, world: Scene
) -> None:
    asked = received(verb=verb, words=words, surface="slack", number=PullNumber(0))

    found = await forms(world).objection(asked, VOCABULARY, COMMUNITY)

    assert objection in found
    assert bool(found) == bool(objection)


async def test_of_a_pull_request_github_may_know_jobs_that_we_do_not(world: Scene) -> None:
    asked = received(verb="status", words=("door",), surface="slack")

    assert await forms(world).objection(asked, VOCABULARY, COMMUNITY) == ""


async def test_no_reason_can_be_written_that_would_be_cut(world: Scene) -> None:
    view = await forms(world).made(MUTE, KEPT, COMMUNITY)

    [longest] = [
        block["element"]["max_length"] for block in view["blocks"] if block["block_id"] == REASON
    ]
    assert longest == LONGEST_REASON


async def test_who_somebody_is_is_not_found_here(world: Scene) -> None:
    asked = received(verb="subscribe", words=("nightly",), surface="slack", team="T1", by="U0X")

    assert await forms(world).objection(asked, VOCABULARY, COMMUNITY) == ""
