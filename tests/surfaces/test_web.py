"""What both doors do before they look at what was said: method, size, patience; and what harms nobody."""

import asyncio
import logging
import socket
import time
from collections.abc import Iterator
from http import HTTPStatus
from itertools import count

import httpx
import pytest

from chatops.engine.deliveries import Delivery
from chatops.engine.log import Batch
from chatops.events import Fact
from chatops.surfaces.github import Turned
from chatops.surfaces.web import Front
from tests.scene import job as ended_job
from tests.surfaces.doors import (
    FORM,
    GITHUB_PATH,
    SLACK_PATH,
    Doors,
    command,
    job,
    open_doors,
    signed,
    signed_by_slack,
)

LIMITS = {GITHUB_PATH: 1_000_000, SLACK_PATH: 1_000_000}
PATIENCE = 0.5
BOTH = pytest.mark.parametrize("path", [GITHUB_PATH, SLACK_PATH])

numbers = count(1)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("web")
    with open_doors(f"sqlite:///{folder / 'doors.db'}", patience=PATIENCE) as opened:
        yield opened


def raw_request(path: str, headers: dict[str, str], length: int | None) -> bytes:
    """Return the head of a request, its length said or not."""
    said = "transfer-encoding: chunked" if length is None else f"content-length: {length}"
    lines = [f"POST {path} HTTP/1.1", "host: here", said]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_on(line: socket.socket) -> tuple[int, bytes]:
    """Read one answer from a connection: its status and its body."""
    read = line.makefile("rb", buffering=0)
    status = int(read.readline().split()[1])
    length = 0
    while (header := read.readline().strip().lower()) != b"":
        if header.startswith(b"content-length:"):
            length = int(header.partition(b":")[2])
    return status, read.read(length) if length else b""


@BOTH
def test_only_a_post_is_answered(doors: Doors, path: str) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"):
        answer = doors.client.request(method, path)

        assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED, method
        assert answer.headers["allow"] == "POST"


@BOTH
def test_a_body_over_the_limit_is_not_read_when_its_length_is_said(doors: Doors, path: str) -> None:
    with doors.raw() as line:
        line.sendall(raw_request(path, signed(b""), LIMITS[path] + 1))

        status, _body = answer_on(line)

    assert status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@BOTH
def test_a_body_over_the_limit_is_cut_off_when_its_length_is_not_said(
    doors: Doors, path: str
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    answer = doors.client.post(path, content=endless())

    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "1000000" in answer.text


def test_a_body_at_the_limit_is_read(doors: Doors) -> None:
    body = job(next(numbers))[:-1] + b', "more": "'
    body += b"x" * (LIMITS[GITHUB_PATH] - len(body) - 2) + b'"}'

    def in_parts() -> Iterator[bytes]:
        yield body[:10]
        yield body[10:]

    whole = doors.github(body)
    parts = doors.client.post(GITHUB_PATH, content=in_parts(), headers=signed(body))

    assert len(body) == LIMITS[GITHUB_PATH]
    assert [whole.text, parts.text] == ["recorded", "known"]


@BOTH
def test_who_never_ends_is_sent_away(doors: Doors, path: str) -> None:
    for length in (100, None):
        with doors.raw() as line:
            line.sendall(raw_request(path, signed(b""), length))
            started = time.monotonic()

            status, _body = answer_on(line)

            assert status == HTTPStatus.REQUEST_TIMEOUT
            assert time.monotonic() - started < PATIENCE + 2
            assert line.recv(4096) == b""


def test_who_takes_time_holds_up_nobody(doors: Doors) -> None:
    slow = job(next(numbers))
    with doors.raw() as line:
        line.sendall(raw_request(GITHUB_PATH, signed(slow), len(slow)) + slow[:20])

        others = [doors.github(job(next(numbers))) for _ in range(3)]
        line.sendall(slow[20:])
        answer = answer_on(line)

    assert [other.text for other in others] == ["recorded"] * 3
    assert answer == (HTTPStatus.ACCEPTED, b"recorded")


@BOTH
def test_who_leaves_in_the_middle_leaves_nothing_behind(
    doors: Doors, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    head = doors.service.log.head()
    body = job(next(numbers))
    with caplog.at_level(logging.INFO):
        for cut in (0, 1, len(body) - 1):
            with doors.raw() as line:
                line.sendall(raw_request(path, signed(body), len(body)) + body[:cut])
        answer = doors.github(job(next(numbers)))

    assert answer.text == "recorded"
    assert doors.service.log.head() == head + 1
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_many_requests_on_one_connection_are_answered_in_order(doors: Doors) -> None:
    good, bad = job(next(numbers)), b"{"
    with doors.raw() as line:
        for body in (good, bad, good):
            line.sendall(raw_request(GITHUB_PATH, signed(body), len(body)) + body)
        statuses = [answer_on(line)[0] for _ in range(3)]

    assert statuses == [202, 400, 202]


def test_what_is_no_http_harms_nobody(doors: Doors) -> None:
    for nonsense in (
        b"\x16\x03\x01\x02\x00\x01",
        b"GET\r\n\r\n",
        b"\x00" * 100,
        b"PRI * HTTP/2.0\r\n\r\n",
    ):
        with doors.raw() as line:
            line.sendall(nonsense)
            line.shutdown(1)
            assert b" 500 " not in line.recv(4096)

    assert doors.github(job(next(numbers))).text == "recorded"


def test_a_delivery_whose_facts_cannot_be_written_is_kept_all_the_same(doors: Doors) -> None:
    """A translator hands on what no database takes; another version may know better."""
    number = next(numbers)
    delivery = Delivery(guid=f"kept-{number}", event="workflow_job", body=job(number))

    class Careless:
        def open(self, headers: dict[bytes, bytes], body: bytes) -> Batch | Turned:
            unwritable = Fact(event=ended_job(number, 1), source="github", correlation_id="\ud800")
            return Batch(facts=[unwritable], delivery=delivery)

    front = Front(
        github=Careless(),
        slack=None,
        append=doors.service.record_then,
        inner=doors.service.asgi(),
        body_limit=1_000,
    )

    async def visit() -> httpx.Response:
        transport = httpx.ASGITransport(app=front)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post(GITHUB_PATH, content=b"{}")

    answer = asyncio.run(visit())

    assert answer.status_code == HTTPStatus.ACCEPTED
    kept = doors.service.log.deliveries.find(f"kept-{number}")
    assert kept is not None
    assert kept.body == job(number)


def test_answers_are_counted_by_door_and_status(doors: Doors) -> None:
    def counted(door: str, status: int) -> float:
        labels = {"door": door, "status": str(status)}
        return doors.service.registry.get_sample_value("chatops_requests_total", labels) or 0.0

    before = counted("github", 401), counted("slack", 401), counted("github", 202)
    doors.github(job(1), secret="wrong")
    doors.slack(command(), signed_by_slack(command(), FORM, secret="wrong"))
    doors.github(job(next(numbers)))

    after = counted("github", 401), counted("slack", 401), counted("github", 202)
    assert tuple(new - old for new, old in zip(after, before, strict=True)) == (1, 1, 1)
