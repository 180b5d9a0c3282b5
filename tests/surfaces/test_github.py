"""GitHub's door, over real HTTP: who is let in, what is recorded of what they bring, and what they are told."""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.config import Community, Configuration
from chatops.engine.log import Batch
from chatops.events.conversation import CommentSeen
from chatops.names import Repo
from chatops.surfaces.github import Door, is_signed
from tests.needs import node_module
from tests.surfaces.doors import (
    FORM,
    GITHUB_PATH,
    NEW,
    OLD,
    Doors,
    comment,
    job,
    open_doors,
    signed,
)

DEEP = 100_000
KEYS = [
    "action", "repository", "full_name", "sender", "login", "type", "issue", "number", "pull_request",
    "comment", "id", "body", "user", "updated_at", "workflow_job", "run_id", "run_attempt", "name",
    "status", "conclusion", "head_sha", "completed_at", "workflow_run", "check_run", "label", "ref",
    "installation", "hook_id", "changes", "from", "review", "labels", "steps", "merge_group", "state",
]  # fmt: skip
EVENTS = [
    "workflow_job", "workflow_run", "check_run", "check_suite", "status", "pull_request", "push",
    "issue_comment", "pull_request_review", "pull_request_review_comment", "label", "merge_group",
    "installation", "installation_repositories", "ping", "star",
]  # fmt: skip
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(
        [2**63, 2**64, -(2**70), 1e308, "2026-01-05T00:00:00Z", "acme/rocket", "/help"]
    )
    | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=7)
    ),
    max_leaves=30,
)
HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")).map(
    str.strip
)


@pytest.fixture
def doors(database_url: str) -> Iterator[Doors]:
    with open_doors(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Doors for tests that only look at the answer."""
    folder = tmp_path_factory.mktemp("github")
    with open_doors(f"sqlite:///{folder / 'doors.db'}", role="web") as opened:
        yield opened


# Who is let in


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="an empty one"),
        pytest.param("sha256=", id="no digits"),
        pytest.param("sha256=" + "0" * 64, id="a made-up one"),
        pytest.param("sha256=" + "0" * 63, id="a short one"),
        pytest.param("sha1=" + "0" * 40, id="SHA-1"),
        pytest.param("sha256=" + "ä" * 64, id="one that is not ASCII"),
        pytest.param("sha256=" + "\u00b2" * 64, id="odd digits"),
    ],
)
def test_a_delivery_without_a_good_signature_is_turned_away(
    shared: Doors, signature: str | None
) -> None:
    body = job(1)
    headers = {name.encode(): value.encode() for name, value in signed(body).items()}
    del headers[b"x-hub-signature-256"]
    if signature is not None:
        headers[b"x-hub-signature-256"] = signature.encode("latin-1")

    answer = shared.client.post(GITHUB_PATH, content=body, headers=headers)

    assert answer.status_code == HTTPStatus.UNAUTHORIZED
    assert "X-Hub-Signature-256" in answer.text


def test_a_signature_in_capitals_or_of_another_body_does_not_count(shared: Doors) -> None:
    body = job(1)
    good = signed(body)["x-hub-signature-256"]

    assert shared.github(body, signed(body)).status_code == HTTPStatus.ACCEPTED
    nearly = good[:-1] + ("0" if good[-1] != "0" else "1")
    for bad in (
        nearly,
        good.upper(),
        good.replace("sha256=", "SHA256="),
        good + "0",
        f"{good} {good}",
    ):
        headers = {**signed(body), "x-hub-signature-256": bad}
        assert shared.github(body, headers).status_code == HTTPStatus.UNAUTHORIZED, bad
    assert shared.github(body + b" ", signed(body)).status_code == HTTPStatus.UNAUTHORIZED


def test_a_signature_by_sha_1_alone_does_not_count(shared: Doors) -> None:
    headers = signed(job(1))
    headers["x-hub-signature"] = "sha1=" + "0" * 40
    del headers["x-hub-signature-256"]

    assert shared.github(job(1), headers).status_code == HTTPStatus.UNAUTHORIZED


def test_both_secrets_hold_while_one_is_exchanged_for_the_other(shared: Doors) -> None:
    answers = [shared.github(job(2), secret=secret) for secret in (OLD, NEW, "neither")]

    assert [answer.status_code for answer in answers] == [202, 202, 401]


def test_without_a_secret_nobody_is_let_in(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("no-secret")
    with open_doors(f"sqlite:///{folder / 'doors.db'}", github_webhook_secrets=()) as doors:
        assert doors.github(job(1), secret="").status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\x00", b"[" * DEEP])
def test_who_somebody_is_is_asked_before_what_they_say(shared: Doors, body: bytes) -> None:
    headers = {
        **signed(body, secret="wrong"),
        "content-type": "text/nonsense",
        "x-github-event": "?",
    }

    assert shared.github(body, headers).status_code == HTTPStatus.UNAUTHORIZED


@given(signature=st.binary(max_size=80))
def test_no_bytes_are_a_signature(signature: bytes) -> None:
    assert not is_signed([b"a", b"b"], signature, b"body")


# What they say


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(b"1", id="a number"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"text"', id="a text"),
        pytest.param(b"NaN", id="no number"),
        pytest.param(b'{"a": 1,}', id="a comma too many"),
        pytest.param(b"{'a': 1}", id="the wrong quotes"),
        pytest.param(b"\xff{}", id="no UTF-8"),
        pytest.param('{"a": "ü"}'.encode("latin-1"), id="another encoding"),
        pytest.param(b"\xef\xbb\xbf{}", id="a byte order mark"),
        pytest.param(b'{"a": "\x00"}', id="a zero"),
        pytest.param(b'{"a": "\\ud800"}', id="half a character"),
        pytest.param(b"[" * DEEP + b"]" * DEEP, id="deep"),
        pytest.param(b'{"a":' * DEEP + b"1" + b"}" * DEEP, id="deep objects"),
        pytest.param(b"{}" + b" " * 100 + b"x", id="more after the end"),
    ],
)
def test_what_is_no_json_object_is_malformed(shared: Doors, body: bytes) -> None:
    for event in ("workflow_job", "push", "star"):
        answer = shared.github(body, event=event)

        assert answer.status_code == HTTPStatus.BAD_REQUEST, event
        assert answer.text.startswith("body: found ")


@pytest.mark.parametrize(
    "headers",
    [
        {"x-github-event": ""},
        {"x-github-event": "Work Flow"},
        {"x-github-event": "../status"},
        {"x-github-event": "e" * 100},
        {"x-github-event": "status; DROP TABLE events"},
        {"x-github-delivery": ""},
        {"x-github-delivery": "a/b"},
        {"x-github-delivery": "a" * 200},
        {"x-github-delivery": "1' OR '1'='1"},
        {"content-type": "text/html"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": FORM},
    ],
)
def test_headers_that_are_not_github_s_are_malformed(
    shared: Doors, headers: Mapping[str, str]
) -> None:
    assert (
        shared.github(job(3), {**signed(job(3)), **headers}).status_code == HTTPStatus.BAD_REQUEST
    )


@pytest.mark.parametrize("name", ["x-github-event", "x-github-delivery"])
def test_headers_that_are_missing_are_malformed(shared: Doors, name: str) -> None:
    headers = signed(job(3))
    del headers[name]

    answer = shared.github(job(3), headers)

    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert name in answer.text.lower()


def test_a_compressed_body_is_refused(shared: Doors) -> None:
    answer = shared.github(job(3), {**signed(job(3)), "content-encoding": "gzip"})

    assert answer.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE


# What is recorded


def test_what_github_says_is_recorded_once_whoever_brings_it_again(doors: Doors) -> None:
    first = doors.github(job(1))
    again = doors.github(job(1))
    other_guid = doors.github(job(1), {**signed(job(1)), "x-github-delivery": "another"})

    assert [answer.status_code for answer in (first, again, other_guid)] == [202, 202, 202]
    assert [answer.text for answer in (first, again, other_guid)] == ["recorded", "known", "known"]
    assert doors.service.log.head() == 1
    guid = signed(job(1))["x-github-delivery"]
    for kept in (guid, "another"):
        delivery = doors.service.log.deliveries.find(kept)
        assert delivery is not None
        assert delivery.body == job(1)


def test_an_event_nobody_uses_is_kept_and_tells_nothing(doors: Doors) -> None:
    body = json.dumps({"action": "created", "starred_at": "now"}).encode()

    answer = doors.github(body, event="star")

    assert answer.status_code == HTTPStatus.ACCEPTED
    assert doors.service.log.head() == 0
    delivery = doors.service.log.deliveries.find(signed(body)["x-github-delivery"])
    assert delivery is not None
    assert (delivery.event, delivery.body) == ("star", body)


def test_facts_are_kept_where_hearing_what_was_asked_for_goes_wrong() -> None:
    configuration = Configuration(
        communities={
            "acme": Community(key="acme", title="Acme", repositories=(Repo("acme/rocket"),))
        }
    )
    door = Door([NEW.encode()], configuration, vocabularies={})
    body = comment(5, "/retest")
    headers = {key.encode(): value.encode() for key, value in signed(body, "issue_comment").items()}

    opened = door.open(headers, body)

    assert isinstance(opened, Batch)
    assert opened.delivery is not None
    assert [type(fact.event) for fact in opened.facts] == [CommentSeen]


def test_a_form_with_the_payload_is_the_same_as_json(doors: Doors) -> None:
    form = urlencode({"payload": comment(5, "/help & more").decode()}).encode()

    answer = doors.github(form, event="issue_comment", content_type=FORM)

    assert answer.status_code == HTTPStatus.ACCEPTED
    [heard] = doors.heard()
    assert (heard.verb, heard.words) == ("help", ("&", "more"))


def test_of_a_key_that_comes_twice_one_counts_and_nobody_stumbles(doors: Doors) -> None:
    twice = job(1)[:-1] + b', "workflow_job": ' + json.dumps({"id": "nonsense"}).encode() + b"}"

    assert doors.github(twice).status_code == HTTPStatus.ACCEPTED
    assert doors.github(job(2)).text == "recorded"


def test_a_comment_asks_and_our_own_never_does(doors: Doors) -> None:
    for body in (
        comment(1, "/help"),
        comment(2, "/help", kind="Bot"),
        comment(3, "<!-- chatops:command/x -->\n\n/help"),
        comment(4, "no command"),
        comment(5, "/help", issue={"number": 8}),
        comment(6, "/help", repository={"full_name": "somebody/else"}),
    ):
        assert doors.github(body, event="issue_comment").status_code == HTTPStatus.ACCEPTED

    heard = doors.heard()
    assert [event.key() for event in heard] == [
        "command/github/comment/1/1767571200/0",
        "command/github/comment/5/1767571200/0",
    ]
    assert [(event.number, event.on_issue) for event in heard] == [(7, False), (8, True)]


ODD = {
    "zeros": comment(1, "/help \x00 \x1b[31m", sender={"login": "mo\x00na", "type": "User"}),
    "a zero in a name": comment(2, "/help", repository={"full_name": "acme/ro\x00cket"}),
    "a huge id": comment(10**30, "/help"),
    "a huge number": comment(3, "/help", issue={"number": 2**63, "pull_request": {}}),
    "a long name": comment(4, "/help", sender={"login": "m" * 5_000, "type": "User"}),
    "a long line": comment(5, "/help " + "x" * 50_000),
    "nobody": comment(6, "/help", sender=None),
    "four bytes a letter": comment(7, "/help", sender={"login": "😀" * 900, "type": "User"}),
}


def test_odd_facts_are_taken_and_harm_no_neighbour(doors: Doors) -> None:
    for number, (what, odd) in enumerate(ODD.items()):
        before, after = job(2 * number + 1), job(2 * number + 2)

        answers = [
            doors.github(before),
            doors.github(odd, event="issue_comment"),
            doors.github(after),
        ]

        assert [answer.status_code for answer in answers] == [202, 202, 202], what
        assert [answers[0].text, answers[2].text] == ["recorded", "recorded"], what


def test_every_published_example_is_taken(shared: Doors) -> None:
    folder = node_module("@octokit/webhooks-examples/package.json").parent
    files = [file for file in sorted(folder.rglob("*.json")) if file.name != "package.json"]
    examples = [
        (entry["name"], json.dumps(example).encode())
        for file in files
        for value in [json.loads(file.read_text())]
        for entry in (value if isinstance(value, list) else [])
        for example in entry.get("examples", [])
    ]

    answers = {(event, shared.github(body, event=event).status_code) for event, body in examples}

    assert len(examples) > 300
    assert {status for _event, status in answers} == {HTTPStatus.ACCEPTED}
    assert shared.service.log.head() > 20


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    event=st.sampled_from(EVENTS) | HEADER,
    guid=st.just("") | HEADER,
    content_type=st.sampled_from(["application/json", FORM, "application/json; charset=x"])
    | HEADER,
    body=JSON_VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60),
    secret=st.sampled_from([NEW, NEW, NEW, "wrong"]),
)
def test_nothing_that_can_be_sent_makes_it_stumble(
    shared: Doors, event: str, guid: str, content_type: str, body: bytes, secret: str
) -> None:
    headers = {
        **signed(body, secret=secret),
        "x-github-event": event,
        "content-type": content_type,
        **({"x-github-delivery": guid} if guid else {}),
    }
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}

    answer = shared.client.post(GITHUB_PATH, content=body, headers=encoded)

    assert answer.status_code in {202, 400, 401}
    assert answer.text
