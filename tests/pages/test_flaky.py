import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from msgspec.structs import replace

from chatops.answers.run_history import RunHistory, run_history
from chatops.commands.mute import Mute
from chatops.config import Community, OwnerGroup
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.events.mutes import JobsMuted
from chatops.events.runs import RunReported
from chatops.names import RunId
from chatops.pages.flaky import EVIDENCE_SHOWN, ON_A_PAGE, flaky_json, listed, render_flaky
from chatops.views.page import Viewer
from tests.commands.nights import CALLER, night
from tests.pulls import HOSTILE, RULES, opened, ran
from tests.scene import COMMAND, COMMUNITY, NOW, REPO, scene

FAILED, PASSED = "failure:Run tests", "success"
OWNED = structs.replace(COMMUNITY, maintainers=(OwnerGroup(group="Fuel", regex="nozzle"),))
MUTED = JobsMuted(
    command=COMMAND,
    community="acme",
    jobs=(f"Nightly / {CALLER}tank",),
    by="mona",
    reason="leaks",
    at=NOW - timedelta(days=1),
    until=NOW + timedelta(days=3),
)
EVENTS = [
    RULES,
    MUTED,
    *night(9, nozzle=["failure", "success"], tank="success"),
    *night(2, nozzle=["failure", "success"], tank=["failure", "failure", "success"]),
    *night(1, nozzle=["failure", "failure"], tank="success"),
    opened(1),
    *ran(1, {"test (a)": FAILED, "build": PASSED}),
    *ran(1, {"test (a)": PASSED}, attempt=2),
]


@contextmanager
def known(
    folder: Path, events: Sequence[Event], community: Community = COMMUNITY
) -> Iterator[tuple[Knowledge, RunHistory]]:
    with scene(folder, events) as world, world.knowledge(community) as knowledge:
        known_here = replace(knowledge, commands={"mute": Mute})
        yield known_here, run_history(known_here)


def names(knowledge: Knowledge, history: RunHistory, **query: str) -> list[str]:
    return [row.leaf for row in listed(knowledge, history, query).rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["nozzle", "tank", "test (a)"]),
        ({"s": "times", "where": "nights"}, ["nozzle", "tank"]),
        ({"s": "newest"}, ["test (a)", "nozzle", "tank"]),
        ({"s": "oldest"}, ["nozzle", "tank", "test (a)"]),
        ({"s": "name"}, ["nozzle", "tank", "test (a)"]),
        ({"where": "nights"}, ["nozzle", "tank"]),
        ({"where": "pulls"}, ["test (a)"]),
        ({"required": "1"}, ["test (a)"]),
        ({"unmuted": "1"}, ["nozzle", "test (a)"]),
        ({"q": "engine TANK"}, ["tank"]),
        ({"q": "nothing"}, []),
        ({"q": "required:yes"}, ["test (a)"]),
        ({"q": "-is:muted", "s": "name"}, ["nozzle", "test (a)"]),
        ({"q": "/noz+le$|tank$/"}, ["nozzle", "tank"]),
        ({"w": "1w", "where": "nights"}, ["nozzle", "tank"]),
    ],
)
def test_it_is_filtered_and_sorted_by_what_the_address_says(
    tmp_path: Path, query: dict[str, str], found: list[str]
) -> None:
    with known(tmp_path, EVENTS) as (knowledge, history):
        shown = names(knowledge, history, **query)

    assert shown == found


@pytest.mark.parametrize("key", ["where", "w", "s", "p"])
def test_what_an_address_cannot_mean_is_left_out_and_said(tmp_path: Path, key: str) -> None:
    with known(tmp_path, EVENTS) as (knowledge, history):
        page = listed(knowledge, history, {key: "odd"})

    assert len(page.rows) == 3
    (note,) = page.asked.notes
    assert note.startswith("“odd” is no")


def test_nothing_flaky_is_said(tmp_path: Path) -> None:
    with known(tmp_path, []) as (knowledge, history):
        page = render_flaky(knowledge, history, {})

    assert "No test failed and passed on the same commit in 0 nights" in page
    assert "Nothing was heard from GitHub yet." in page


def test_a_row_leads_to_the_test_to_the_evidence_and_to_what_mutes_it(tmp_path: Path) -> None:
    with known(tmp_path, EVENTS, OWNED) as (knowledge, history):
        page = render_flaky(knowledge, history, {"q": "nozzle"})

    assert 'href="tests/Nightly~~engine--nozzle"' in page
    assert 'href="?q=nozzle&amp;sel=Nightly%20/%20engine%20/%20nozzle"' in page
    assert 'href="runs/998"' in page
    assert "2 of 3" in page
    assert "Fuel" in page


@pytest.mark.parametrize(
    ("viewer", "link"),
    [
        (Viewer.SIGNED_IN, "commands?say=%2Fmute%20%22engine%20%2F%20nozzle%22%20for%207d%20"),
        (Viewer.STRANGER, "https://ci.example/sign-in?to=/acme/commands%3Fsay%3D%252Fmute"),
        (Viewer.ANYBODY, "?q=nozzle&amp;sel=Nightly%20/%20engine%20/%20nozzle"),
    ],
)
def test_who_wants_to_mute_it_is_led_to_where_they_can_say_it(
    tmp_path: Path, viewer: Viewer, link: str
) -> None:
    with known(tmp_path, EVENTS) as (knowledge, history):
        page = render_flaky(knowledge, history, {"q": "nozzle"}, viewer=viewer)

    assert f'<a class="mute" href="{link}' in page


def test_the_evidence_of_a_test_names_each_try(tmp_path: Path) -> None:
    with known(tmp_path, EVENTS) as (knowledge, history):
        page = render_flaky(knowledge, history, {"sel": f"Nightly / {CALLER}tank"})
        odd = render_flaky(knowledge, history, {"sel": "nobody"})

    assert "night of Tue 13 Jan" in page
    for attempt, word in ((1, "failed"), (2, "failed"), (3, "passed")):
        assert f'href="runs/998/{attempt}"' in page
        assert f"attempt {attempt}: {word}" in page
    assert "Muted until" in page
    assert "leaks" in page
    assert "No test that is flaky here is called" in odd


def test_what_is_muted_is_not_muted_again(tmp_path: Path) -> None:
    with known(tmp_path, EVENTS) as (knowledge, history):
        (tank,) = listed(knowledge, history, {"q": "tank"}).rows
        (other,) = listed(knowledge, history, {"q": "test (a)"}).rows

    assert (tank.say, other.say) == ("", "")
    assert tank.test.mute is not None


def test_pages_lead_to_each_other_and_keep_the_filter(tmp_path: Path) -> None:
    jobs = {f"job {number}": FAILED for number in range(ON_A_PAGE + 1)}
    events = [opened(1), *ran(1, jobs), *ran(1, dict.fromkeys(jobs, PASSED), attempt=2)]
    with known(tmp_path, events) as (knowledge, history):
        first = listed(knowledge, history, {"q": "job"})
        last = listed(knowledge, history, {"q": "job", "p": "99"})

    assert (first.newer, first.older) == ("", "?q=job&p=2")
    assert (last.newer, last.older, len(last.rows)) == ("?q=job", "", 1)


def test_nights_of_files_are_said_not_to_count(tmp_path: Path) -> None:
    said = "1 night that only a file tells of is not among them: the file says neither when it was nor on which commit."
    event = RunReported(
        repo=REPO, run_id=RunId(900), attempt=1, number=900, workflow=COMMUNITY.nightly[0].name
    )
    with known(tmp_path, [*EVENTS, event]) as (knowledge, history):
        page = render_flaky(knowledge, history, {})
        twin = json.loads(flaky_json(knowledge, history, {}))
        of_pulls = render_flaky(knowledge, history, {"where": "pulls"})
        twin_of_pulls = json.loads(flaky_json(knowledge, history, {"where": "pulls"}))

    assert f'<p class="also">{said}</p>' in page
    assert (twin["nights_in_files"], twin["not_counted"]) == (1, said)
    assert "only a file tells" not in of_pulls
    assert (twin_of_pulls["nights_in_files"], twin_of_pulls["not_counted"]) == (0, None)


def test_text_from_outside_stays_text(tmp_path: Path) -> None:
    jobs = dict.fromkeys(HOSTILE, FAILED)
    events = [opened(1), *ran(1, jobs), *ran(1, dict.fromkeys(HOSTILE, PASSED), attempt=2)]
    with known(tmp_path, events) as (knowledge, history):
        page = render_flaky(knowledge, history, {"q": HOSTILE[0], "sel": HOSTILE[4]})
        every = render_flaky(knowledge, history, {"sel": f"CI / {HOSTILE[0]}"})

    assert "<script>document" not in page + every
    assert "<b>bold" not in page + every


def test_a_page_and_its_twin_show_the_same(tmp_path: Path) -> None:
    query = {"sel": f"Nightly / {CALLER}tank"}
    with known(tmp_path, EVENTS) as (knowledge, history):
        page = render_flaky(knowledge, history, query)
        told = json.loads(flaky_json(knowledge, history, query))

    assert told["verdict"] in page
    assert [row["flakes"] for row in told["rows"]] == [2, 1, 1]
    for row in told["rows"]:
        assert f'href="{row["page"]}"' in page
        assert f'href="{row["newest_run"]}"' in page
        assert f"in {row['runs']} run" in page
        assert f"{row['helped']} of {row['run_again']}" in page
        assert row["first_seen"][:10] in page
    for proof in told["selected"]["proofs"]:
        for one in proof["tries"]:
            assert f'href="{one["page"]}"' in page
            assert one["said"] in page


def test_of_many_proofs_the_newest_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    many = [
        fact
        for ago in range(1, EVIDENCE_SHOWN + 4)
        for fact in night(ago, nozzle=["failure", "success"])
    ]
    query = {"w": "13w", "sel": f"Nightly / {CALLER}nozzle"}
    with known(tmp_path, many) as (knowledge, history):
        page = render_flaky(knowledge, history, query)
        told = json.loads(flaky_json(knowledge, history, query))["selected"]

    assert told["flakes"] == len(told["proofs"]) + told["more_proofs"] == EVIDENCE_SHOWN + 3
    assert "and 3 older" in page
