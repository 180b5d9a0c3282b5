from pathlib import Path

import msgspec
import pytest

from chatops.config import Community
from chatops.events import Event
from chatops.events.previews import PageShared, PreviewWanted
from chatops.policies.preview_pages import PreviewPages
from chatops.views.addresses import Place, slug
from tests.commands.nights import night
from tests.scene import COMMUNITY, PULL, REPO, decided, ended, job, pull, scene, under_way

NIGHTS = [*night(1, nozzle="success", tank="success"), *night(0, nozzle="failure", tank="success")]
WORLD = [*NIGHTS, pull(title="Add fins"), ended(10), job(1, 10, "a")]
NOZZLE = slug(Place(repo=REPO, workflow="Nightly", name="engine / nozzle"), REPO)


def shown(
    folder: Path, place: str, *, asked: str = "", community: Community = COMMUNITY,
    world: list[Event] | None = None,
) -> list[Event]:  # fmt: skip
    """Let somebody name the address of a page; return what is asked for."""
    url = f"https://ci.example/{place}{asked}"
    shared = PageShared(
        community="acme", place=place, url=url, channel="C0CI", message="1.2", team="T1"
    )
    with scene(folder, WORLD if world is None else world) as here:
        (fact,) = here.add([shared])
        return decided(here, PreviewPages(), fact, community)


def one(folder: Path, place: str, asked: str = "") -> PreviewWanted:
    [wanted] = shown(folder, place, asked=asked)
    assert isinstance(wanted, PreviewWanted)
    return wanted


@pytest.mark.parametrize("place", ["", "nightly"])
def test_the_nightly_says_its_verdict_and_what_fails_newly(tmp_path: Path, place: str) -> None:
    wanted = one(tmp_path, place)

    assert (wanted.channel, wanted.message, wanted.team) == ("C0CI", "1.2", "T1")
    assert wanted.title == "Acme: the nightly"
    assert wanted.tone == "bad"
    assert "Newly failing: engine / nozzle" in wanted.lines
    assert wanted.nights[:2] == ("failed", "passed")
    assert wanted.picture == "https://ci.example/strip/drawn/fp.png"


def test_of_a_part_of_the_nightly_all_is_told_and_said_to_be(tmp_path: Path) -> None:
    assert one(tmp_path, "nightly", "?q=s390x").title == "Acme: the nightly, all of it"


@pytest.mark.parametrize(
    ("place", "asked"),
    [(f"tests/{NOZZLE}", ""), ("nightly", "?sel=engine%20%2F%20nozzle&amp;n=30")],
)
def test_a_test_says_how_it_has_been(tmp_path: Path, place: str, asked: str) -> None:
    wanted = one(tmp_path, place, asked)

    assert wanted.title == "engine / nozzle"
    assert "has been failing on the base branch for 1 night" in wanted.says
    assert wanted.nights[:2] == ("failed", "passed")


@pytest.mark.parametrize("place", [f"prs/{PULL}", f"prs/{REPO}/{PULL}"])
def test_a_pull_request_says_how_far_it_is(tmp_path: Path, place: str) -> None:
    wanted = one(tmp_path, place)

    assert wanted.title == f"#{PULL} Add fins"
    assert f"#{PULL}" in wanted.says
    assert "2 failed" in wanted.lines[0]


@pytest.mark.parametrize(
    ("place", "title", "tone", "lines"),
    [
        ("runs/1000", "Nightly #1000", "bad", ("Newly failing: engine / nozzle",)),
        ("runs/1000/1", "Nightly #1000", "bad", ("Newly failing: engine / nozzle",)),
        ("runs/999", "Nightly #999", "good", ()),
    ],
)
def test_a_run_says_how_it_went(
    tmp_path: Path, place: str, title: str, tone: str, lines: tuple[str, ...]
) -> None:
    wanted = one(tmp_path, place)

    assert (wanted.title, wanted.tone, wanted.lines) == (title, tone, lines)
    assert ("1 of 2 jobs failed" in wanted.says) == (tone == "bad")
    assert wanted.nights[:2] == ("failed", "passed")


def test_a_run_that_is_no_night_says_how_it_went_and_shows_no_nights(tmp_path: Path) -> None:
    wanted = one(tmp_path, "runs/10")

    assert (wanted.title, wanted.tone, wanted.nights, wanted.picture) == ("CI", "bad", (), "")


def test_only_a_run_that_passed_as_far_as_it_ran_is_called_good(tmp_path: Path) -> None:
    ran = {"nozzle": "success", "tank": "cancelled"}
    [stopped] = shown(tmp_path, "runs/1000", world=night(0, **ran))
    (tmp_path / "other").mkdir()
    [begun] = shown(tmp_path / "other", "runs/8", world=[under_way(8, "CI")])
    (tmp_path / "third").mkdir()
    skipping = night(0, nozzle="success", tank="skipped")
    [skipped] = shown(tmp_path / "third", "runs/1000", world=skipping)

    assert isinstance(stopped, PreviewWanted)
    assert isinstance(begun, PreviewWanted)
    assert isinstance(skipped, PreviewWanted)
    assert (stopped.tone, begun.tone, skipped.tone) == ("unknown", "busy", "good")


@pytest.mark.parametrize(
    "place",
    [
        "runs/99",
        "runs/1000/9",
        "runs/x",
        "flaky",
        "prs",
        "prs/99",
        "prs/other/place/7",
        "tests/nothing",
        "tests/~~",
        "audit/1",
    ],
)
def test_of_lists_and_of_what_is_not_known_nothing_is_shown(tmp_path: Path, place: str) -> None:
    assert shown(tmp_path, place) == []


@pytest.mark.parametrize("place", ["nightly", f"prs/{PULL}", "runs/1000", f"tests/{NOZZLE}"])
def test_of_a_page_of_the_past_nothing_is_shown_that_is_so_now(tmp_path: Path, place: str) -> None:
    assert shown(tmp_path, place, asked="?n=30&amp;at=2026-01-02") == []


def test_of_what_not_everybody_may_see_nothing_is_shown(tmp_path: Path) -> None:
    closed = msgspec.structs.replace(COMMUNITY, private=True)

    assert shown(tmp_path, "nightly", community=closed) == []


def test_where_there_is_no_nightly_there_is_nothing_to_show(tmp_path: Path) -> None:
    none = msgspec.structs.replace(COMMUNITY, nightly=())

    assert shown(tmp_path, "nightly", community=none) == []
