"""Deliveries have a lane of their own below ASGI; they meet the same door there, and leave the connection in order."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from itertools import count
from pathlib import Path

import pytest

from tests.surfaces.doors import GITHUB_PATH, Doors, job, open_doors, signed

PATIENCE, KEPT = 0.3, 1

numbers = count(1)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("lane")
    with open_doors(f"sqlite:///{folder / 'doors.db'}", patience=PATIENCE) as opened:
        yield opened


def request(body: bytes, *, path: str = GITHUB_PATH, version: str = "1.1", **more: str) -> bytes:
    """Return a delivery as bytes, its body said in a length."""
    headers = {"host": "here", "content-length": str(len(body)), **signed(body, **more)}
    lines = [f"POST {path} HTTP/{version}", *(f"{name}: {said}" for name, said in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def answers(line: socket.socket, many: int) -> list[tuple[int, dict[str, str], bytes]]:
    """Read answers from a connection: status, headers and body of each."""
    read = line.makefile("rb")
    found = []
    for _ in range(many):
        status = int(read.readline().split()[1])
        headers: dict[str, str] = {}
        while said := read.readline().strip().decode():
            name, _, value = said.partition(": ")
            headers[name] = value
        found.append((status, headers, read.read(int(headers["content-length"]))))
    return found


def test_an_answer_is_like_any_other_of_the_service(doors: Doors) -> None:
    with doors.raw() as line:
        line.sendall(request(job(next(numbers))))
        [(status, headers, body)] = answers(line, 1)

    assert (status, body) == (HTTPStatus.ACCEPTED, b"recorded")
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert "date" in headers
    assert "connection" not in headers


def test_a_delivery_may_come_byte_by_byte(doors: Doors) -> None:
    sent = request(job(next(numbers)))
    with doors.raw() as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in (sent[:3], sent[3:40], sent[40:-7], sent[-7:-1], sent[-1:]):
            line.sendall(part)
            time.sleep(0.01)
        [(status, _, body)] = answers(line, 1)

    assert (status, body) == (HTTPStatus.ACCEPTED, b"recorded")


def test_one_that_stops_half_way_is_sent_away_in_time_and_its_connection_closed(
    doors: Doors,
) -> None:
    started = time.monotonic()
    with doors.raw() as line:
        line.sendall(request(job(next(numbers)))[:-5])
        [(status, headers, _)] = answers(line, 1)

        assert line.recv(10) == b""
    assert status == HTTPStatus.REQUEST_TIMEOUT
    assert headers["connection"] == "close"
    assert time.monotonic() - started < PATIENCE + 2


def test_a_slow_sender_does_not_gain_time_with_every_byte(doors: Doors) -> None:
    sent = request(job(next(numbers)))
    with doors.raw() as line:
        line.sendall(sent[:-40])
        line.settimeout(0.1)
        said = b""
        for place in range(len(sent) - 40, len(sent)):
            line.sendall(sent[place : place + 1])
            with suppress(TimeoutError):
                said = line.recv(100)
                break

    assert said.startswith(b"HTTP/1.1 408")


def test_requests_behind_a_delivery_wait_for_its_answer(doors: Doors) -> None:
    page = b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n"
    one, other = job(next(numbers)), job(next(numbers))
    with doors.raw() as line:
        line.sendall(request(one) + page + request(other) + request(one) + page)
        found = answers(line, 5)

    assert [status for status, _, _ in found] == [202, 200, 202, 202, 200]
    assert [body for status, _, body in found if status == HTTPStatus.ACCEPTED] == [
        b"recorded",
        b"recorded",
        b"known",
    ]


def test_a_delivery_behind_a_page_waits_for_the_page(doors: Doors) -> None:
    page = b"GET /readyz HTTP/1.1\r\nhost: here\r\n\r\n"
    with doors.raw() as line:
        line.sendall(page + request(job(next(numbers))))
        found = answers(line, 2)

    assert b"recorded" not in found[0][2]
    assert found[1][2] == b"recorded"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_who_wants_no_second_answer_gets_the_connection_closed(doors: Doors, version: str) -> None:
    with doors.raw() as line:
        line.sendall(request(job(next(numbers)), version=version, connection="close"))
        [(status, headers, _)] = answers(line, 1)

        assert line.recv(10) == b""
    assert status == HTTPStatus.ACCEPTED
    assert headers["connection"] == "close"


def test_who_asks_before_sending_is_told_to_go_on(doors: Doors) -> None:
    body = job(next(numbers))
    head = request(body, expect="100-continue").removesuffix(body)
    with doors.raw() as line:
        line.sendall(head)
        assert line.recv(25).startswith(b"HTTP/1.1 100 Continue")
        line.sendall(body)
        [(status, _, said)] = answers(line, 1)

    assert (status, said) == (HTTPStatus.ACCEPTED, b"recorded")


def test_what_is_turned_away_is_told_why_and_the_connection_goes_on(doors: Doors) -> None:
    wrong, good = job(next(numbers)), job(next(numbers))
    with doors.raw() as line:
        line.sendall(request(wrong, secret="another"))
        line.sendall(request(b"{"))
        line.sendall(request(good))
        found = answers(line, 3)

    assert [status for status, _, _ in found] == [401, 400, 202]
    assert b"X-Hub-Signature-256" in found[0][2]


def test_who_leaves_before_the_answer_is_recorded_all_the_same(doors: Doors) -> None:
    body = job(next(numbers))
    with doors.raw() as line:
        line.sendall(request(body))
    guid = signed(body)["x-github-delivery"]
    until = time.monotonic() + 5
    while doors.service.log.deliveries.find(guid) is None and time.monotonic() < until:
        time.sleep(0.02)

    assert doors.github(body).text == "known"


def test_what_is_behind_a_query_goes_the_common_way(doors: Doors) -> None:
    with doors.raw() as line:
        line.sendall(request(job(next(numbers)), path=f"{GITHUB_PATH}?from=here"))
        [(status, _, body)] = answers(line, 1)

    assert (status, body) == (HTTPStatus.ACCEPTED, b"recorded")


def test_an_idle_connection_is_closed_and_one_that_is_used_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatops.running.serving.KEEP_ALIVE_SECONDS", KEPT)
    page = b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n"
    with open_doors(f"sqlite:///{tmp_path / 'doors.db'}") as doors, doors.raw() as line:
        began = time.monotonic()
        for _ in range(4):
            line.sendall(page)
            line.sendall(request(job(next(numbers))))
            answers(line, 2)
            time.sleep(KEPT / 2)
        used = time.monotonic() - began

        assert line.recv(10) == b""
    assert used > KEPT
    assert time.monotonic() - began < used + KEPT + 5
