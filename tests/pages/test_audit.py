import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from chatops.engine.command import Knowledge
from chatops.events import Event, event_id
from chatops.events.conversation import CommandAccepted, CommandRefused, EffectFailed
from chatops.names import CommandId, Login, PullNumber
from chatops.pages.audit import ON_A_PAGE, audit_json, listed, render_audit
from tests.scene import NOW, Scene, pull, received, scene


def said(number: int, /, **changes: object) -> Event:
    return received(
        **{
            "command": CommandId(f"command/github/comment/{number}"),
            "said_at": NOW + timedelta(minutes=number),
            **changes,
        }
    )


MANY = [said(number, by="alice" if number % 2 else "bob") for number in range(ON_A_PAGE * 2 + 1)]
ACCEPTED, FAILED, REFUSED, OPEN, SLACK = (CommandId(f"command/{n}") for n in range(1, 6))
OUTCOMES = [
    said(1, command=ACCEPTED, words=("required",)),
    CommandAccepted(command=ACCEPTED),
    said(2, command=FAILED, by="alice", number=PullNumber(8)),
    CommandAccepted(command=FAILED),
    EffectFailed(effect="rerun", request="r", stream_of=FAILED, text="No."),
    said(3, command=REFUSED, verb="label"),
    CommandRefused(command=REFUSED, reason="not_permitted", text="No."),
    said(4, command=OPEN, verb="cancel"),
    said(5, command=SLACK, surface="slack", by="U1", number=PullNumber(0), words=("my", "plan")),
    CommandRefused(command=SLACK, reason="usage", text="I found my plan."),
]


@contextmanager
def known(folder: Path, events: list[Event]) -> Iterator[tuple[Scene, Knowledge]]:
    with scene(folder, events) as world, world.knowledge() as knowledge:
        yield world, knowledge


def found(folder: Path, **query: str) -> list[str]:
    with known(folder, OUTCOMES) as (_, knowledge):
        return [row.command.command for row in listed(knowledge, query).rows]


@pytest.mark.parametrize(
    ("query", "commands"),
    [
        ({}, [SLACK, OPEN, REFUSED, FAILED, ACCEPTED]),
        ({"who": "alice"}, [FAILED]),
        ({"command": "/Label"}, [REFUSED]),
        ({"outcome": "accepted"}, [ACCEPTED]),
        ({"outcome": "refused"}, [SLACK, REFUSED]),
        ({"outcome": "failed"}, [FAILED]),
        ({"outcome": "undecided"}, [OPEN]),
        ({"surface": "slack"}, [SLACK]),
        ({"pr": "#8"}, [FAILED]),
        ({"who": "mona", "pr": "7", "command": "retest"}, [ACCEPTED]),
        ({"who": "nobody"}, []),
    ],
)
def test_it_is_filtered_by_what_the_address_says(
    tmp_path: Path, query: dict[str, str], commands: list[str]
) -> None:
    assert found(tmp_path, **query) == commands


@pytest.mark.parametrize("key", ["outcome", "surface", "pr", "before", "after"])
def test_what_an_address_cannot_mean_is_left_out_and_said(tmp_path: Path, key: str) -> None:
    with known(tmp_path, OUTCOMES) as (_, knowledge):
        page = listed(knowledge, {key: "odd\x00"})

    assert len(page.rows) == len([one for one in OUTCOMES if one.kind == "command.received"])
    (note,) = page.asked.notes
    assert note.startswith("“odd")


def test_pages_lead_to_older_and_newer_ones_and_keep_the_filter(tmp_path: Path) -> None:
    with known(tmp_path, MANY) as (_, knowledge):

        def at(address: str) -> list[str]:
            query = dict(pair.split("=") for pair in address.removeprefix("?").split("&"))
            page = listed(knowledge, query)
            return [page.newer, page.older, *(row.command.command for row in page.rows)]

        first = at("?surface=github")
        second = at(first[1])
        third = at(second[1])
        back = at(third[0])

    assert first[0] == ""
    assert first[1].startswith("?surface=github&before=")
    assert third[1] == ""
    assert back[2:] == second[2:]
    assert first[2:] + second[2:] + third[2:] == [one.stream() for one in reversed(MANY)]


def test_the_same_second_hides_nobody(tmp_path: Path) -> None:
    together = [said(n, said_at=NOW) for n in range(ON_A_PAGE + 5)]
    with known(tmp_path, together) as (_, knowledge):
        first = listed(knowledge, {})
        older = dict([first.older.removeprefix("?").split("=")])
        second = listed(knowledge, older)

    shown = {row.command.command for page in (first, second) for row in page.rows}
    assert len(shown) == len(together)


def test_what_was_said_in_slack_is_not_shown(tmp_path: Path) -> None:
    with known(tmp_path, OUTCOMES) as (_, knowledge):
        page, told = render_audit(knowledge, {}), audit_json(knowledge, {})

    assert "my plan" not in page
    assert "plan" not in told
    assert "words stay in Slack" in page


@pytest.mark.parametrize(
    ("called", "shown"), [({"by_name": "Mona L."}, "Mona L."), ({}, "somebody in Slack")]
)
def test_who_asked_in_slack_is_called_as_there_and_never_by_an_id(
    tmp_path: Path, called: dict[str, str], shown: str
) -> None:
    asked = said(1, command=SLACK, surface="slack", by="U0MEMBER", verb="who", **called)
    with scene(tmp_path) as world:
        world.add([asked], correlation_id=SLACK)
        with world.knowledge() as knowledge:
            page = render_audit(knowledge, {})
            told = audit_json(knowledge, {})

    assert f"<bdi>{shown}</bdi>" in page
    assert f'"by":"{shown}"' in told
    assert "U0MEMBER" not in page
    assert "U0MEMBER" not in told


def test_who_was_decided_for_is_called_by_their_login(tmp_path: Path) -> None:
    asked = said(1, command=SLACK, surface="slack", by="U0MEMBER", by_name="Mona L.")
    accepted = CommandAccepted(command=SLACK, login=Login("mona"))
    with scene(tmp_path) as world:
        world.add([asked, accepted], correlation_id=SLACK)
        with world.knowledge() as knowledge:
            page = render_audit(knowledge, {})

    assert "<bdi>mona</bdi>" in page


def test_it_says_how_old_what_is_known_is(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with known(tmp_path, [*OUTCOMES, pull()]) as (_, knowledge):
        page, told = render_audit(knowledge, {}), json.loads(audit_json(knowledge, {}))
    with known(tmp_path / "nothing", []) as (_, knowledge):
        nothing = render_audit(knowledge, {})

    assert re.search(r"Heard last <b>[^<]+ ago</b>", page)
    assert told["heard_at"]
    assert "Nothing was heard from GitHub yet." in nothing


def test_a_page_has_a_twin_for_programs(tmp_path: Path) -> None:
    with known(tmp_path, OUTCOMES) as (_, knowledge):
        told = json.loads(audit_json(knowledge, {"who": "mona", "command": "retest"}))

    (one,) = told["commands"]
    assert (one["id"], one["words"], one["outcome"]) == (
        event_id(ACCEPTED),
        ["required"],
        "accepted",
    )
    assert told["older"] is None


def test_a_row_leads_to_the_story_the_person_and_the_pull_request(tmp_path: Path) -> None:
    with known(tmp_path, OUTCOMES) as (_, knowledge):
        page = render_audit(knowledge, {"outcome": "accepted"})

    assert f'href="audit/{event_id(ACCEPTED)}"' in page
    assert 'href="?who=mona&amp;outcome=accepted"' in page
    assert 'href="https://github.com/acme/rocket/pull/7"' in page


def test_an_empty_list_says_whether_that_is_the_filters_doing(tmp_path: Path) -> None:
    with known(tmp_path, []) as (_, knowledge):
        nothing, filtered = (
            render_audit(knowledge, {}),
            render_audit(knowledge, {"who": "nobody"}),
        )

    assert "Nothing has been asked yet" in nothing
    assert "Nothing that was asked fits this" in filtered


def test_other_communities_are_not_shown(tmp_path: Path) -> None:
    elsewhere = said(1, community="other")
    with known(tmp_path, [elsewhere]) as (_, knowledge):
        page = listed(knowledge, {"before": event_id(elsewhere.key())})

    assert page.rows == ()
    assert page.asked.notes
