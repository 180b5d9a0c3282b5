import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chatops.engine.answer import Action, Answer, Tone
from chatops.engine.command import UNDONE_WITHIN, Knowledge
from chatops.events import Event, Fact, event_id
from chatops.events.conversation import (
    AnswerGiven,
    CommandAccepted,
    CommandReceived,
    CommandRefused,
)
from chatops.events.reruns import JobOutcome, RerunFinished, RerunRequested, RerunStarted
from chatops.names import RunId
from chatops.pages.story import render_story, story_json
from chatops.views.page import TOKEN, Viewer
from chatops.views.told import render_told
from tests.engine.worlds import COMMANDS
from tests.scene import COMMAND, HEAD, NOW, REPO, Scene, ended, received, scene

STARTED = RerunStarted(command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI")
RETEST: list[Event] = [
    received(words=("a & b",)),
    CommandAccepted(command=COMMAND, role="permission write"),
    RerunRequested(
        command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(10), attempt=1, workflow="CI",
        scope="failed", jobs=("<b>test</b>",),
    ),
    STARTED,
    RerunFinished(
        command=COMMAND, repo=REPO, run_id=RunId(10), attempt=2, workflow="CI",
        conclusion="success", jobs=(JobOutcome(name="<b>test</b>", conclusion="success"),),
    ),
]  # fmt: skip
ID = event_id(COMMAND)


@contextmanager
def known(folder: Path, events: list[Event]) -> Iterator[tuple[Scene, Knowledge]]:
    """Record events, each because of the first, and look at them."""
    with scene(folder) as world:
        for event in events:
            cause = events[0] if event is not events[0] else None
            fact = Fact(
                event=event,
                source="github",
                actor="mona",
                correlation_id=getattr(event, "command", "delivery/1"),
                causation_id=event_id(cause.key()) if cause else None,
            )
            world.record([fact])
        with world.knowledge() as knowledge:
            yield world, knowledge


def page(folder: Path, name: str = ID, events: list[Event] = RETEST) -> str | None:
    with known(folder, events) as (_, knowledge):
        return render_story(knowledge, {"id": name})


def test_what_led_to_what_is_a_list_with_times_and_links(tmp_path: Path) -> None:
    shown = page(tmp_path)

    assert shown is not None
    for position, words in enumerate(
        ("command received", "command accepted", "rerun requested", "rerun started"), start=1
    ):
        assert f'id="e{position}"' in shown
        assert f"<b>{words}</b>" in shown
    assert 'because of <a href="#e1">e1</a>' in shown
    assert 'href="https://github.com/acme/rocket/actions/runs/10/attempts/2"' in shown
    assert 'href="https://github.com/acme/rocket/pull/7#issuecomment-1"' in shown
    assert '<time datetime="2026-01-15T12:00:00+00:00">2026-01-15 12:00:00</time>' in shown


def test_what_came_from_outside_stays_text(tmp_path: Path) -> None:
    shown = page(tmp_path)

    assert shown is not None
    assert "/retest a &amp; b" in shown
    assert "&lt;b&gt;test&lt;/b&gt;: success" in shown
    assert "<b>test</b>" not in shown


@pytest.mark.parametrize("name", [ID, ID[:8], "e3", COMMAND])
def test_a_story_is_found_by_each_of_its_names(tmp_path: Path, name: str) -> None:
    shown = page(tmp_path, name)

    assert shown is not None
    assert "rerun finished" in shown


@pytest.mark.parametrize("name", ["", "e99", "ffffffffffffffff", "command/none", "x", "e0"])
def test_what_is_not_there_is_nothing(tmp_path: Path, name: str) -> None:
    assert page(tmp_path, name) is None


def test_a_single_event_names_who_asked_for_its_run(tmp_path: Path) -> None:
    shown = page(tmp_path, "e6", [*RETEST, ended(10, attempt=2)])

    assert shown is not None
    assert "Who asked for this run" in shown
    assert f'href="{ID}"' in shown


def test_another_communitys_story_is_not_shown(tmp_path: Path) -> None:
    assert page(tmp_path, ID, [received(community="other")]) is None


def test_what_was_said_in_slack_is_not_shown(tmp_path: Path) -> None:
    asked = received(
        surface="slack", verb="who", words=("my", "plan"), by="U1", comment_id=0, channel="C0SECRET",
        response_url="https://hooks.example/secret",
    )  # fmt: skip
    no = CommandRefused(command=COMMAND, reason="no_such_job", text="No job called my plan.")
    with known(tmp_path, [asked, no]) as (_, knowledge):
        shown = render_story(knowledge, {"id": ID})
        told = story_json(knowledge, {"id": ID})

    assert shown is not None
    assert told is not None
    for secret in ("plan", "C0SECRET", "hooks.example", "U1"):
        assert secret not in shown
        assert secret not in told
    assert "no such job" in shown
    assert "by <bdi>somebody in Slack</bdi>" in shown


def test_a_story_has_a_twin_for_programs(tmp_path: Path) -> None:
    with known(tmp_path, RETEST) as (_, knowledge):
        told = json.loads(story_json(knowledge, {"id": ID}) or "")

    assert told["heard_at"] is None
    assert told["command"]["verb"] == "retest"
    assert [event["kind"] for event in told["events"]] == [event.kind for event in RETEST]
    assert told["events"][3]["details"] == {"workflow": "CI", "attempt": "2"}
    assert told["events"][4]["because_of"] == 1


def test_no_event_shows_a_field_that_nobody_called_public(tmp_path: Path) -> None:
    hidden = {"response_url", "channel", "thread", "association"}
    with known(tmp_path, RETEST) as (_, knowledge):
        told = json.loads(story_json(knowledge, {"id": ID}) or "")

    assert hidden <= set(CommandReceived.__struct_fields__)
    assert (
        not {word.replace(" ", "_") for one in told["events"] for word in one["details"]} & hidden
    )


LABELLED: list[Event] = [
    received(verb="label", words=("bug",)),
    CommandAccepted(command=COMMAND, role="permission triage"),
]


@pytest.mark.parametrize(
    ("changes", "is_offered"),
    [
        ({}, True),
        ({"now": NOW + UNDONE_WITHIN}, False),
        ({"commands": {}}, False),
        ({"viewer": Viewer.STRANGER}, False),
        ({"viewer": Viewer.ANYBODY}, False),
    ],
)
def test_what_can_be_taken_back_has_a_button_for_who_is_signed_in(
    tmp_path: Path, changes: dict[str, Any], *, is_offered: bool
) -> None:
    viewer = changes.pop("viewer", Viewer.SIGNED_IN)
    with known(tmp_path, LABELLED) as (_, knowledge):
        seen = replace(knowledge, **{"commands": dict(COMMANDS), **changes})
        shown = render_story(seen, {"id": ID}, viewer=viewer)

    assert shown is not None
    assert ('<button type="submit">Undo</button>' in shown) == is_offered
    assert (str(TOKEN) in shown) == is_offered


def test_what_was_refused_has_nothing_to_take_back(tmp_path: Path) -> None:
    refused = CommandRefused(command=COMMAND, reason="no", text="No.")
    with known(tmp_path, [LABELLED[0], refused]) as (_, knowledge):
        seen = replace(knowledge, commands=dict(COMMANDS))
        shown = render_story(seen, {"id": ID}, viewer=Viewer.SIGNED_IN)

    assert shown is not None
    assert "Undo</button>" not in shown


def test_the_answer_to_what_was_said_here_is_on_the_page(tmp_path: Path) -> None:
    said = received(surface="web", comment_id=0)
    action = Action(text="Stop what runs", verb="cancel")
    answers = [
        Answer(verdict=("Running.",), tone=Tone.BUSY, actions=(action,)),
        Answer(verdict=("Done.",)),
    ]
    shown, twin = [], None
    with known(tmp_path, [said]) as (world, knowledge):
        shown.append(render_story(knowledge, {"id": ID}))
        for number, answer in enumerate(answers, start=1):
            told = render_told(answer, said)
            world.add([AnswerGiven(command=COMMAND, number=number, answer=told)])
            with world.knowledge() as later:
                shown += [
                    render_story(later, {"id": ID}, viewer=viewer)
                    for viewer in (Viewer.STRANGER, Viewer.SIGNED_IN)
                ]
                twin = story_json(later, {"id": ID})

    nothing, running, with_button, done, _ = (page or "" for page in shown)
    assert "There is no answer yet" in nothing
    assert [("data-live" in page) for page in (nothing, running, done)] == [True, True, False]
    assert "Running." in running
    assert "Stop what runs" not in running
    assert "Stop what runs</button>" in with_button
    assert "Done." in done
    assert json.loads(twin or "")["answer"] == "Done."
