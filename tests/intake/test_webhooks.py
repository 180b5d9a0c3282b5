import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.errors import BadInput
from chatops.events.checks import CheckSeen, StatusSet
from chatops.events.conversation import CommentSeen
from chatops.events.installations import HookPinged, InstallationChanged
from chatops.events.pulls import BranchPushed, LabelChanged, MergeGroupChanged, PullChanged
from chatops.events.runs import JobCompleted, JobQueued, JobStarted, RunCompleted, RunRequested
from chatops.intake.objects import run_events
from chatops.intake.webhooks import TRANSLATORS, payload_of, translate
from tests.needs import node_module

REPOSITORY = {"full_name": "acme/rocket"}
SENDER = {"login": "mona", "type": "User"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            [
                "action", "repository", "sender", "workflow_job", "workflow_run", "check_run", "id",
                "pull_request", "number", "comment", "review", "issue", "user", "login", "head", "sha",
                "full_name", "labels", "steps", "name", "status", "conclusion", "run_id", "ref", "label",
                "merge_group", "installation", "hook_id", "repositories", "changes", "body", "commits",
            ]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip


def heard(event: str, **payload: object) -> list[Any]:
    body = json.dumps({"repository": REPOSITORY, "sender": SENDER, **payload}).encode()
    return [fact.event for fact in translate(event, "guid-1", body).facts]


def job(**changes: object) -> dict[str, object]:
    described: dict[str, object] = {
        "id": 7, "run_id": 5, "run_attempt": 2, "name": "build (a, b)", "status": "completed",
        "conclusion": "failure", "workflow_name": "CI", "head_sha": "c" * 40, "labels": ["x"],
        "created_at": "2026-01-05T00:00:00Z", "started_at": "2026-01-05T00:01:00Z",
        "completed_at": "2026-01-05T00:02:00Z",
        "steps": [{"name": "Set up job", "conclusion": "success"}, {"name": "Run", "conclusion": "failure"}],
    }  # fmt: skip
    return {**described, **changes}


def test_a_job_that_ended_tells_where_and_how() -> None:
    (event,) = heard("workflow_job", action="completed", workflow_job=job())

    assert isinstance(event, JobCompleted)
    assert (event.run_id, event.attempt, event.conclusion, event.failed_step) == (
        5,
        2,
        "failure",
        "Run",
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("queued", JobQueued),
        ("waiting", JobQueued),
        ("in_progress", JobStarted),
        ("novel", JobStarted),
    ],
)
def test_the_state_counts_not_the_action(status: str, kind: type) -> None:
    (event,) = heard(
        "workflow_job", action="completed", workflow_job=job(status=status, conclusion=None)
    )

    assert type(event) is kind


def test_completed_without_a_conclusion_is_not_over() -> None:
    (event,) = heard("workflow_job", action="completed", workflow_job=job(conclusion=None))

    assert type(event) is JobStarted


def test_a_run_of_a_fork_names_no_pull_request() -> None:
    run = {"id": 5, "name": "CI", "status": "queued", "head_sha": "c" * 40, "pull_requests": []}

    (event,) = heard("workflow_run", action="completed", workflow_run=run)

    assert isinstance(event, RunRequested)
    assert (event.attempt, event.pulls) == (1, ())


def test_the_same_job_by_rest_and_by_webhook_is_one_fact() -> None:
    from_webhook = heard("workflow_job", action="completed", workflow_job=job())
    again = heard("workflow_job", action="completed", workflow_job=job())

    assert from_webhook == again
    assert len({event.key() for event in [*from_webhook, *again]}) == 1


def test_every_other_event_we_use_becomes_its_fact() -> None:
    sha = "d" * 40
    app = {"slug": "lint"}
    told = {
        CheckSeen: heard(
            "check_run", check_run={"id": 1, "name": "x", "head_sha": sha, "app": app}
        ),
        StatusSet: heard("status", id=3, sha=sha, state="success", context="dco"),
        BranchPushed: heard(
            "push", ref="refs/heads/main", before=sha, after="e" * 40, commits=[{}]
        ),
        LabelChanged: heard("label", action="created", label={"name": "area/x", "color": "fff"}),
        MergeGroupChanged: heard(
            "merge_group",
            action="checks_requested",
            merge_group={"head_sha": sha, "base_ref": "main"},
        ),
        InstallationChanged: heard(
            "installation", action="created", installation={"id": 9, "account": {"login": "acme"}}
        ),
        HookPinged: heard("ping", hook_id=4),
    }

    for kind, events in told.items():
        assert [type(event) for event in events] == [kind]


def test_a_pull_request_tells_its_state_and_whether_it_is_a_forks() -> None:
    pull = {
        "number": 7, "title": "Add fins", "state": "open", "user": {"login": "hubot"},
        "head": {"sha": "c" * 40, "repo": {"full_name": "hubot/rocket"}}, "base": {"ref": "main"},
        "labels": [{"name": "ok-to-test"}], "updated_at": "2026-01-05T00:00:00Z",
    }  # fmt: skip

    (event,) = heard("pull_request", action="labeled", pull_request=pull)

    assert isinstance(event, PullChanged)
    assert (event.fork, event.labels, event.author) == (True, ("ok-to-test",), "hubot")


def test_a_comment_is_a_fact_without_its_text() -> None:
    comment = {
        "id": 3,
        "body": "secret plans",
        "user": SENDER,
        "updated_at": "2026-01-05T00:00:00Z",
    }
    body = json.dumps(
        {
            "action": "created", "repository": REPOSITORY, "sender": SENDER, "comment": comment,
            "issue": {"number": 7, "pull_request": {}},
        }
    ).encode()  # fmt: skip

    found = translate("issue_comment", "guid-1", body)

    assert isinstance(found.facts[0].event, CommentSeen)
    assert found.comment is not None
    assert found.comment.is_pull
    assert "secret" not in repr(found.facts)


@pytest.mark.parametrize(
    ("action", "speaks"), [("opened", True), ("edited", True), ("closed", False)]
)
def test_the_opening_text_of_an_issue_speaks(action: str, *, speaks: bool) -> None:
    issue = {"id": 5, "number": 8, "title": "It leaks", "body": "/assign", "user": SENDER}
    sent = {"action": action, "repository": REPOSITORY, "sender": SENDER, "issue": issue}
    body = json.dumps({**sent, "changes": {"body": {"from": "It"}}}).encode()

    found = translate("issues", "guid-1", body)

    assert found.facts == ()
    assert (found.comment is not None) == speaks
    if found.comment is not None:
        assert (found.comment.number, found.comment.place, found.comment.is_pull) == (
            8,
            "issue",
            False,
        )
        assert (found.comment.text, found.comment.previous_text) == ("/assign", "It")


PRIVATE = {**REPOSITORY, "private": True, "updated_at": "2026-01-05T00:00:00Z"}


def test_whatever_it_is_about_a_delivery_says_that_its_repository_is_private() -> None:
    *_, seen = heard("workflow_job", repository=PRIVATE, workflow_job=job())
    unused = heard("star", repository=PRIVATE, action="created")

    assert unused == [seen]
    assert (seen.repo, seen.private) == ("acme/rocket", True)


def test_a_private_fork_of_somebody_makes_nothing_private() -> None:
    fork = {"full_name": "mona/rocket", "private": True, "updated_at": "2026-01-05T00:00:00Z"}

    events = heard("star", fork=fork, repository={**REPOSITORY, "private": False})

    assert events == []


@pytest.mark.parametrize("private", [True, False])
def test_a_change_of_who_can_see_a_repository_is_told_both_ways(*, private: bool) -> None:
    action = "privatized" if private else "publicized"

    seen = heard("repository", action=action, repository={**PRIVATE, "private": private})

    assert {one.private for one in seen} == {private}


def test_a_run_says_it_of_its_repository_by_whatever_road() -> None:
    run = {
        "id": 5, "name": "CI", "status": "completed", "conclusion": "success",
        "created_at": "2026-01-05T00:00:00Z", "repository": PRIVATE,
    }  # fmt: skip

    by_rest = run_events(run)
    by_webhook = heard("workflow_run", workflow_run=run)

    assert [one.kind for one in by_rest] == ["run.completed", "repository.seen"]
    assert [one.key() for one in by_webhook[:2]] == [one.key() for one in by_rest]


def test_an_event_we_do_not_use_yields_nothing() -> None:
    assert heard("star", action="created") == []


@pytest.mark.parametrize("name", ["a\x00b", "a\nb", "a\ud800b", "x" * 5000])
def test_names_come_out_as_every_database_can_hold_them(name: str) -> None:
    (event,) = (
        heard("workflow_job", workflow_job=job(name=name)) if "\ud800" not in name else [None]
    )
    if event is None:
        with pytest.raises(BadInput):
            translate("workflow_job", "g", json.dumps({"workflow_job": job(name=name)}).encode())
        return

    assert event.name.isprintable()
    assert len(event.name) <= 1000
    event.name.encode()


@pytest.mark.parametrize("missing", ["id", "run_id", "name"])
def test_a_job_that_names_nothing_yields_nothing(missing: str) -> None:
    described = job()
    del described[missing]

    assert heard("workflow_job", workflow_job=described) == []


def test_numbers_beyond_any_database_yield_nothing() -> None:
    assert heard("workflow_job", workflow_job=job(id=2**70)) == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000]
)
def test_a_body_that_is_no_json_object_is_refused_in_words(body: bytes) -> None:
    with pytest.raises(BadInput, match="body: found"):
        translate("workflow_job", "guid-1", body)


@settings(max_examples=150)
@given(event=st.sampled_from([*TRANSLATORS, "star"]), payload=JSON)
def test_no_payload_breaks_a_translator(event: str, payload: object) -> None:
    try:
        found = translate(event, "guid-1", json.dumps(payload).encode())
    except BadInput:
        return

    for fact in found.facts:
        assert fact.event.key()
        assert fact.event.stream()


@settings(max_examples=100)
@given(event=st.sampled_from(sorted(TRANSLATORS)), inner=JSON)
def test_a_payload_with_the_right_outside_and_any_inside_is_taken(
    event: str, inner: object
) -> None:
    payload = {
        "repository": REPOSITORY,
        "sender": SENDER,
        event: inner,
        "comment": inner,
        "review": inner,
    }

    found = translate(event, "guid-1", json.dumps(payload).encode())

    assert found.facts is not None


def test_forms_carry_their_payload() -> None:
    form = b"payload=%7B%22a%22%3A1%7D"

    assert payload_of("application/x-www-form-urlencoded; charset=utf-8", form) == b'{"a":1}'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"x"),
        ("application/x-www-form-urlencoded", b"x"),
        ("application/x-www-form-urlencoded", b"\xff"),
    ],
)
def test_other_content_is_refused_in_words(kind: str, body: bytes) -> None:
    with pytest.raises(BadInput, match="found"):
        payload_of(kind, body)


def examples() -> Iterator[tuple[str, Any]]:
    for file in sorted(published().rglob("*.json")):
        if "schema" in file.name or file.name == "package.json":
            continue
        value = json.loads(file.read_text())
        for entry in value if isinstance(value, list) else []:
            for example in entry.get("examples", []):
                yield entry["name"], example


def published() -> Path:
    return node_module("@octokit/webhooks-examples/package.json").parent


def test_every_published_example_is_swallowed() -> None:
    count = 0
    told: set[str] = set()
    for event, example in examples():
        found = translate(event, "guid-1", json.dumps(example).encode())
        told |= {event} if found.facts or found.comment else set()
        count += 1

    assert count > 300
    assert set(TRANSLATORS) <= told


def test_runs_that_ended_say_so() -> None:
    run = {"id": 5, "name": "CI", "status": "completed", "conclusion": "startup_failure"}

    (event,) = heard("workflow_run", workflow_run=run)

    assert isinstance(event, RunCompleted)
    assert event.conclusion == "startup_failure"
