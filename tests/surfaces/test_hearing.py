"""Where people can say something on GitHub, and which of what happens to it is heard."""

import json
from collections.abc import Iterator

import pytest

from tests.surfaces.doors import Doors, open_doors

SAID = "Well.\n/help"
PULL = {
    "number": 7, "state": "open", "head": {"sha": "a" * 40}, "base": {"ref": "main"},
    "updated_at": "2026-01-05T00:00:00Z",
}  # fmt: skip


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    path = tmp_path_factory.mktemp("doors") / "heard.db"
    with open_doors(f"sqlite:///{path}") as opened:
        yield opened


def delivery(
    event: str, action: str, number: int, *, text: str = SAID, before: str | None = None,
    sender: str = "mona", kind: str = "User", state: str = "commented",
) -> bytes:  # fmt: skip
    """Return what GitHub sends when something happens to what mona wrote; `before` is what it said until then."""
    written = {
        "id": number, "body": text, "user": {"login": "mona", "type": "User"},
        "author_association": "MEMBER", "updated_at": "2026-01-05T00:00:00Z", "state": state,
    }  # fmt: skip
    about: dict[str, dict[str, object]] = {
        "issue_comment": {"issue": {"number": 7, "pull_request": {}}, "comment": written},
        "pull_request_review": {"pull_request": PULL, "review": written},
        "pull_request_review_comment": {"pull_request": PULL, "comment": written},
        "pull_request": {"pull_request": {**written, **PULL}},
        "issues": {"issue": {**written, "number": 8, "state": "open"}},
    }
    changes = {"title": {"from": "It"}} if before is None else {"body": {"from": before}}
    return json.dumps(
        {
            "action": action,
            "repository": {"full_name": "acme/rocket"},
            "sender": {"login": sender, "type": kind},
            **about[event],
            **({"changes": changes} if action == "edited" else {}),
        }
    ).encode()


def heard(doors: Doors, event: str, body: bytes) -> list[tuple[str, str]]:
    """Return which commands a delivery made heard, and of whom."""
    before = len(doors.heard())
    assert doors.github(body, event=event).is_success
    return [(one.verb, one.by) for one in doors.heard()[before:]]


PLACES = [
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
]
FIRST = {
    "issue_comment": "created",
    "pull_request_review": "submitted",
    "pull_request_review_comment": "created",
}


@pytest.mark.parametrize("event", PLACES)
def test_wherever_people_write_they_are_heard(doors: Doors, event: str) -> None:
    action = FIRST.get(event, "opened")

    assert heard(doors, event, delivery(event, action, 100)) == [("help", "mona")]


@pytest.mark.parametrize("event", PLACES)
def test_an_edit_runs_only_what_is_new_with_the_rights_of_the_editor(
    doors: Doors, event: str
) -> None:
    changed = delivery(event, "edited", 200, text="/help\n/joke", before="/help", sender="hubot")

    assert heard(doors, event, changed) == [("joke", "hubot")]


@pytest.mark.parametrize("event", ["issues", "pull_request"])
def test_another_title_says_nothing_again(doors: Doors, event: str) -> None:
    assert heard(doors, event, delivery(event, "edited", 300)) == []


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("issue_comment", "deleted"),
        ("pull_request_review_comment", "deleted"),
        ("pull_request_review", "dismissed"),
        ("pull_request", "closed"),
        ("pull_request", "reopened"),
        ("pull_request", "synchronize"),
        ("pull_request", "labeled"),
        ("issues", "deleted"),
        ("issues", "closed"),
        ("issues", "assigned"),
    ],
)
def test_what_is_deleted_or_only_happens_to_a_text_runs_nothing(
    doors: Doors, event: str, action: str
) -> None:
    assert heard(doors, event, delivery(event, action, 400)) == []


@pytest.mark.parametrize("event", PLACES)
def test_no_bot_is_heard_whoever_wrote_the_text(doors: Doors, event: str) -> None:
    action = FIRST.get(event, "opened")
    said = delivery(event, action, 500, sender="acme-ci[bot]", kind="Bot")

    assert heard(doors, event, said) == []


def test_words_of_other_bots_are_left_alone_and_a_slip_of_ours_is_not(doors: Doors) -> None:
    text = "/merge-queue-me\n/rebase\n/signed-off by me\n/retset"

    assert heard(doors, "issue_comment", delivery("issue_comment", "created", 600, text=text)) == [
        ("retset", "mona")
    ]
