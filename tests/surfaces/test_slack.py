"""Slack's door, over HTTP and through a socket: who is let in, when they are thanked, what is never lost or told."""

import json
import logging
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.settings import Secret, SlackWorkspace
from chatops.standins.slack import SlackStandIn
from chatops.standins.slack.deliveries import Envelope
from chatops.standins.slack.standin import ServedSlack, serve_in_thread
from chatops.surfaces.slack import LONGEST_SKEW
from chatops.surfaces.slack_hearing import NO_COMMUNITY, NOT_WRITTEN, STILL_WRITING
from tests.scene import COMMUNITY
from tests.surfaces.doors import FORM, JSON, SLACK, Doors, command, open_doors, signed_by_slack

AT_ONCE = timedelta(seconds=1)
PATIENCE = 20.0

numbers = count(1)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("slack")
    with open_doors(f"sqlite:///{folder / 'doors.db'}", role="web") as opened:
        yield opened


@pytest.fixture
def doors(database_url: str) -> Iterator[Doors]:
    with open_doors(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Doors for a workspace with secrets of its own, and for one that shares those without a name."""
    url = f"sqlite:///{tmp_path_factory.mktemp('several') / 'chatops.db'}"
    workspaces = {
        "T0OWN": SlackWorkspace(bot_token=Secret("xoxb-2"), signing_secret=Secret("its own")),
        "T0SHARED": SlackWorkspace(bot_token=Secret("xoxb-3")),
    }
    community = msgspec.structs.replace(COMMUNITY, slack_team="T1")
    with open_doors(url, role="web", community=community, slack_workspaces=workspaces) as doors:
        yield doors


def fresh(text: str = "help", **changes: str) -> bytes:
    """Return a slash command that was never given before."""
    return command(text, **{"trigger_id": f"{next(numbers)}.x", **changes})


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.02)


@contextmanager
def full_disk(doors: Doors) -> Iterator[None]:
    """Let the database have no room to grow."""

    def limit(pages: int) -> None:
        with doors.service.database.durable.connect() as db:
            db.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    limit(1)
    yield
    limit(2**32 - 2)


# Who is let in


@pytest.mark.parametrize(
    "stamp",
    ["", "abc", "1" * 400, "-1", "1.5", "1e9", " ", "0", "²", "99999999999"],
)
def test_a_time_that_is_not_now_is_turned_away(shared: Doors, stamp: str) -> None:
    body = fresh()
    headers = {name.encode(): value.encode() for name, value in signed_by_slack(body).items()}
    headers[b"x-slack-request-timestamp"] = stamp.encode("latin-1").strip()

    answer = shared.client.post("/slack/events", content=body, headers=headers)

    assert answer.status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("late", [-LONGEST_SKEW - 5, LONGEST_SKEW + 5])
def test_old_and_future_requests_are_turned_away(shared: Doors, late: int) -> None:
    body = fresh()
    now = int(time.time())

    turned = shared.slack(body, signed_by_slack(body, at=now + late))
    let_in = shared.slack(body, signed_by_slack(body, at=now + (late // 2)))

    assert (turned.status_code, let_in.status_code) == (401, 200)


@pytest.mark.parametrize(
    "signature",
    ["", "v0=", "v0=" + "0" * 64, "v0=" + "0" * 63, "v0=" + "ä" * 64, "v1=" + "0" * 64, "ä"],
)
def test_a_bad_signature_is_turned_away(shared: Doors, signature: str) -> None:
    body = fresh()
    headers = {name.encode(): value.encode() for name, value in signed_by_slack(body).items()}
    headers[b"x-slack-signature"] = signature.encode("latin-1")

    answer = shared.client.post("/slack/events", content=body, headers=headers)

    assert answer.status_code == HTTPStatus.UNAUTHORIZED


def test_another_secret_or_another_body_does_not_count(shared: Doors) -> None:
    body = fresh()

    for headers in (signed_by_slack(body, secret="wrong"), signed_by_slack(body + b"&x=1"), {}):
        assert shared.slack(body, headers).status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize(
    ("secret", "team", "status"),
    [
        (SLACK, "T1", HTTPStatus.OK),
        (SLACK, "T0SHARED", HTTPStatus.OK),
        (SLACK, "T0OWN", HTTPStatus.UNAUTHORIZED),
        (SLACK, "", HTTPStatus.OK),
        ("its own", "T0OWN", HTTPStatus.OK),
        ("its own", "T1", HTTPStatus.UNAUTHORIZED),
        ("its own", "", HTTPStatus.UNAUTHORIZED),
        ("neither", "T0OWN", HTTPStatus.UNAUTHORIZED),
    ],
)
def test_a_secret_speaks_for_its_workspace_and_for_those_without_one(
    several: Doors, secret: str, team: str, status: HTTPStatus
) -> None:
    body = fresh(team_id=team)
    before = len(several.heard())

    answer = several.slack(body, signed_by_slack(body, secret=secret))

    assert answer.status_code == status
    assert [one.team for one in several.heard()[before:]] == [team] * (status == HTTPStatus.OK)


def test_whose_secret_it_is_does_not_matter_for_a_look_whether_we_are_there(
    several: Doors,
) -> None:
    body = b'{"type": "url_verification", "challenge": "prove it"}'

    answer = several.slack(body, signed_by_slack(body, JSON, secret="its own"))

    assert (answer.status_code, "prove it" in answer.text) == (HTTPStatus.OK, True)


def test_who_somebody_is_is_asked_before_what_they_say(shared: Doors) -> None:
    for body in (b"\xff", b"payload=%7B", b'{"type":'):
        headers = signed_by_slack(body, JSON, secret="wrong")

        assert shared.slack(body, headers).status_code == HTTPStatus.UNAUTHORIZED


# What they say


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", FORM),
        (b"\xff\xfe", FORM),
        (b"\xff{}", JSON),
        (b"{", JSON),
        (b"[]", JSON),
        (b"null", JSON),
        (b'{"a":' * 50_000, JSON),
        (b'{"a":' * 990 + b"1" + b"}" * 990, JSON),
        (b"payload=", FORM),
        (b"payload=%7B", FORM),
        (b"payload=%5B1%5D", FORM),
        (b"payload=%22text%22", FORM),
        (b"payload=" + b"%5B" * 50_000, FORM),
        (b"&".join(b"a%d=1" % number for number in range(5_000)), FORM),
        (b'{"type": "x", "authorizations": {"a": 1}, "enterprise": 5, "team": [1]}', JSON),
        (b'{"authorizations": [5]}', JSON),
    ],
)
def test_signed_nonsense_is_malformed(shared: Doors, body: bytes, content_type: str) -> None:
    answer = shared.slack(body, signed_by_slack(body, content_type))

    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.text.startswith("The body is ")


def test_slack_may_look_whether_we_are_there(shared: Doors) -> None:
    certificate = shared.client.get("/slack/events?ssl_check=1&token=x")
    posted = shared.slack(b"ssl_check=1&token=x")

    assert (certificate.status_code, certificate.text) == (200, "")
    assert (posted.status_code, posted.text) == (200, "")


def test_slack_may_ask_whether_the_address_is_ours(shared: Doors) -> None:
    for content_type in (JSON, "application/json; charset=utf-8"):
        body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}).encode()

        answer = shared.slack(body, signed_by_slack(body, content_type))

        assert answer.status_code == HTTPStatus.OK
        assert answer.json() == {"challenge": "3eZbrw1a"}


def test_an_event_nobody_asked_for_is_not_brought_again(shared: Doors) -> None:
    body = json.dumps({"type": "event_callback", "event": {"type": "app_mention"}}).encode()

    assert shared.slack(body, signed_by_slack(body, JSON)).status_code == HTTPStatus.OK


def test_a_command_of_no_community_is_told_so(shared: Doors) -> None:
    head = shared.service.log.head()

    answer = shared.slack(fresh(command="/nobody"))

    assert (answer.status_code, answer.text) == (HTTPStatus.OK, NO_COMMUNITY)
    assert shared.service.log.head() == head


# What is recorded, and how it is thanked


def test_a_command_is_thanked_in_silence_once_it_is_written(doors: Doors) -> None:
    started = time.monotonic()
    answer = doors.slack(command("status nightly"))

    assert (answer.status_code, answer.text) == (HTTPStatus.OK, "")
    assert time.monotonic() - started < AT_ONCE.total_seconds()
    [heard] = doors.heard()
    assert (heard.verb, heard.words, heard.by, heard.channel) == (
        "status",
        ("nightly",),
        "U1",
        "C1",
    )


def test_who_thanks_asks_nobody_first(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nobody = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with open_doors(
            f"sqlite:///{tmp_path / 'doors.db'}",
            github_api_url=nobody,
            slack_api_url=f"{nobody}/api/",
        ) as doors:
            started = time.monotonic()
            answer = doors.slack(command("status nightly", response_url=f"{nobody}/commands/1"))
            took = time.monotonic() - started

            assert (answer.status_code, answer.text) == (HTTPStatus.OK, "")
            assert took < AT_ONCE.total_seconds()
            assert len(doors.heard()) == 1


def test_the_same_trigger_twice_is_one_command(doors: Doors) -> None:
    answers = [doors.slack(command()), doors.slack(command()), doors.slack(command(trigger_id="9"))]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [event.command for event in doors.heard()] == ["command/slack/1.2", "command/slack/9"]


def test_commands_without_a_trigger_are_not_taken_for_the_same(doors: Doors) -> None:
    form = urlencode({"command": "/acme", "text": "help", "user_id": "U1"}).encode()

    for _ in range(2):
        assert doors.slack(form).status_code == HTTPStatus.OK

    assert len({event.command for event in doors.heard()}) == 2


@pytest.mark.parametrize(
    ("text", "verb", "words"),
    [
        ("", "help", ()),
        ("   ", "help", ()),
        ("/Status NIGHTLY", "status", ("NIGHTLY",)),
        ("status payload", "status", ("payload",)),
        ("payload={}", "payload={}", ()),
        ("help \x00\x1b[31m", "help", ("[31m",)),
        ("frobnicate “all of it”", "frobnicate", ("all of it",)),
    ],
)
def test_what_is_typed_is_what_is_heard(
    shared: Doors, text: str, verb: str, words: tuple[str, ...]
) -> None:
    before = len(shared.heard())

    answer = shared.slack(fresh(text))

    assert (answer.status_code, answer.text) == (HTTPStatus.OK, "")
    [heard] = shared.heard()[before:]
    assert (heard.verb, heard.words) == (verb, words)


def test_odd_names_are_taken_and_harm_nobody(doors: Doors) -> None:
    for odd in (
        command(trigger_id="x\x00y", user_id="U\x00"),
        command(trigger_id="t" * 10_000, user_id="U" * 10_000),
        b"command=%2Facme&text=%ED%A0%80&trigger_id=%ED%A0%80&user_id=%ED%A0%80",
        command(trigger_id="😀" * 3_000, response_url="x" * 5_000),
        command(trigger_id="last"),
    ):
        assert doors.slack(odd).status_code == HTTPStatus.OK

    assert len(doors.heard()) == 5


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=st.binary(max_size=80)
    | st.dictionaries(
        st.sampled_from(
            ["command", "text", "user_id", "trigger_id", "payload", "type", "team", "user",
             "enterprise", "authorizations", "event", "actions", "view", "ssl_check", "container"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type"]), inner),
            max_leaves=6,
        ),
    ),
    content_type=st.sampled_from([JSON, FORM, "text/plain", ""]),
    is_payload=st.booleans(),
)  # fmt: skip
def test_nothing_that_can_be_signed_makes_it_stumble(
    shared: Doors, body: bytes | dict[str, object], content_type: str, *, is_payload: bool
) -> None:
    if isinstance(body, dict):
        text = json.dumps(body)
        body = urlencode({"payload": text}).encode() if is_payload else text.encode()

    answer = shared.slack(body, signed_by_slack(body, content_type))

    assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR


# When nothing can be written


def test_who_gives_a_command_while_nothing_can_be_written_is_told_so(tmp_path: Path) -> None:
    long = command("help " + "x" * 100_000)
    with open_doors(f"sqlite:///{tmp_path / 'doors.db'}") as doors:
        with full_disk(doors):
            answer = doors.slack(long)
            nothing = doors.heard()
        again = doors.slack(long)

        assert (answer.status_code, answer.text) == (HTTPStatus.OK, NOT_WRITTEN)
        assert nothing == []
        assert (again.status_code, again.text) == (HTTPStatus.OK, "")
        assert len(doors.heard()) == 1


def test_who_would_wait_too_long_is_told_so_and_it_is_done_when_it_can(tmp_path: Path) -> None:
    path = tmp_path / "doors.db"
    with open_doors(f"sqlite:///{path}") as doors:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()

        answer = doors.slack(command())

        assert (answer.status_code, answer.text) == (HTTPStatus.OK, STILL_WRITING)
        assert time.monotonic() - started < 3
        other.execute("ROLLBACK")
        other.close()
        wait_until(lambda: len(doors.heard()) == 1)


LONG = "x" * 100_000


def mention(words: str = "help") -> bytes:
    said = {
        "type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.2", "text": f"<@U0> {words}",
    }  # fmt: skip
    return json.dumps(
        {"type": "event_callback", "event": said, "team_id": "T1", "event_id": "Ev1"}
    ).encode()


def press(word: str) -> bytes:
    offer = {"community": "acme", "verb": "help", "words": [word]}
    body = {
        "type": "block_actions", "user": {"id": "U1"}, "team": {"id": "T1"}, "trigger_id": "press.1",
        "actions": [{"action_id": "offer/0", "value": json.dumps(offer), "type": "button"}],
    }  # fmt: skip
    return urlencode({"payload": json.dumps(body)}).encode()


def test_a_press_that_is_slow_to_be_written_is_not_called_failed(tmp_path: Path) -> None:
    with open_doors(f"sqlite:///{tmp_path / 'doors.db'}") as doors:
        other = sqlite3.connect(tmp_path / "doors.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        body = press("retest")

        answer = doors.slack(body, signed_by_slack(body, FORM))

        other.execute("ROLLBACK")
        other.close()
        assert answer.status_code == HTTPStatus.OK
        wait_until(lambda: len(doors.heard()) == 1)


@pytest.mark.parametrize(
    ("body", "kind"), [(mention(f"help {LONG}"), JSON), (press(LONG), FORM)], ids=["call", "press"]
)
def test_what_else_cannot_be_written_is_not_thanked_and_can_come_again(
    tmp_path: Path, body: bytes, kind: str
) -> None:
    with open_doors(f"sqlite:///{tmp_path / 'doors.db'}") as doors:
        with full_disk(doors):
            turned = doors.slack(body, signed_by_slack(body, kind))
            nothing = doors.heard()
        again = [doors.slack(body, signed_by_slack(body, kind)) for _ in range(2)]

        assert turned.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        assert nothing == []
        assert [answer.status_code for answer in again] == [HTTPStatus.OK, HTTPStatus.OK]
        assert len(doors.heard()) == 1


@pytest.mark.parametrize(
    "retry", [{}, {"x-slack-retry-num": "1", "x-slack-retry-reason": "timeout"}]
)
def test_a_message_that_is_told_again_is_one_command(doors: Doors, retry: dict[str, str]) -> None:
    for headers in ({}, retry):
        answer = doors.slack(mention(), signed_by_slack(mention(), JSON) | headers)
        assert answer.status_code == HTTPStatus.OK

    [heard] = doors.heard()
    assert (heard.verb, heard.thread) == ("help", "1.2")


# What is never told


def test_neither_body_nor_signature_comes_into_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    with open_doors(f"sqlite:///{tmp_path / 'doors.db'}") as doors:
        for body, headers in (
            (command("help said-aloud"), None),
            (command("help said-aloud", trigger_id="2"), signed_by_slack(b"other")),
            (command("help said-aloud", command="/nobody"), None),
            (b"payload=%7B%22type%22%3A%22block_actions%22%2C%22said-aloud%22%3A1%7D", None),
        ):
            doors.slack(body, headers)

    told = caplog.text + "".join(capsys.readouterr())
    assert "command/slack/1.2" in told
    assert "said-aloud" not in told
    assert SLACK not in told
    assert signed_by_slack(command())["x-slack-signature"][:20] not in told
    assert "/commands/1" not in told


# Through a socket


@pytest.fixture(scope="module")
def slack() -> Iterator[ServedSlack]:
    with serve_in_thread(SlackStandIn(mode="socket")) as served:
        yield served


@pytest.fixture(scope="module")
def by_socket(slack: ServedSlack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("socket")
    with open_doors(
        f"sqlite:///{folder / 'doors.db'}",
        slack_api_url=slack.slack.api_url,
        slack_bot_token=Secret(slack.slack.bot_token),
        slack_app_token=Secret(slack.slack.app_token),
    ) as opened:
        yield opened


def test_through_a_socket_a_command_is_thanked_once_it_is_written(
    by_socket: Doors, slack: ServedSlack
) -> None:
    before = len(by_socket.heard())

    said = slack.run(slack.slack.slash("/acme", "help"))

    assert (said.status, said.error, said.answer.body) == (200, None, "")
    assert said.latency < AT_ONCE
    assert len(by_socket.heard()) == before + 1


def test_through_a_socket_an_envelope_that_comes_again_acts_once(
    by_socket: Doors, slack: ServedSlack
) -> None:
    before = len(by_socket.heard())
    envelope = Envelope(
        kind="slash_commands",
        payload={"command": "/acme", "text": "help", "user_id": "U1", "trigger_id": "again"},
    )

    answers = [slack.run(slack.slack.sockets.deliver(envelope)) for _ in range(2)]

    assert [answer.error for answer in answers] == [None, None]
    assert len(by_socket.heard()) == before + 1


def test_through_a_socket_there_is_no_other_door(by_socket: Doors) -> None:
    assert by_socket.slack(command()).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("how", ["asked to come again", "cut off"])
def test_a_socket_that_is_lost_is_opened_again(
    by_socket: Doors, slack: ServedSlack, how: str
) -> None:
    sockets = slack.slack.sockets
    before = len(by_socket.heard())
    slack.run(sockets.ask_to_reconnect() if how == "asked to come again" else sockets.close())

    wait_until(lambda: sockets.connections > 0)
    said = slack.run(slack.slack.slash("/acme", "help"))

    assert said.error is None
    assert len(by_socket.heard()) == before + 1


def test_a_start_does_not_wait_for_slack(tmp_path: Path) -> None:
    started = time.monotonic()
    with open_doors(
        f"sqlite:///{tmp_path / 'doors.db'}",
        slack_bot_token=Secret("xoxb-1"),
        slack_app_token=Secret("xapp-1"),
    ) as doors:
        assert time.monotonic() - started < 8
        assert doors.client.get("/healthz").status_code == HTTPStatus.OK
