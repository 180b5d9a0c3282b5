"""HTTP as a client, towards everybody who may be at the other end."""

import asyncio
from datetime import timedelta

import pytest

from chatops.errors import Refused, Transient
from chatops.gateways.net import MOST_MOVES, Client
from tests.gateways.wire import Said, answer, hang, hang_up, moved, trickle, wire

pytestmark = pytest.mark.anyio

SHORT = timedelta(milliseconds=150)


async def test_an_answer_is_handed_on_whatever_its_status() -> None:
    said = answer({"x": 1}, 418, headers={"X-Tea": "pot"})
    async with wire(said) as line, Client("Somebody") as client:
        found = await client.request("GET", f"{line.url}/a?b=c", headers={"x-a": "1"})

    assert (found.status, found.body, found.headers["x-tea"]) == (418, b'{"x": 1}', "pot")
    assert (line.heard[0].target, line.heard[0].headers["x-a"]) == ("/a?b=c", "1")


@pytest.mark.parametrize("said", [hang, trickle, hang_up, b"", b"nonsense\r\n\r\n"])
async def test_whoever_does_not_answer_is_named(said: Said) -> None:
    async with (
        wire(said) as line,
        Client("Somebody", read=SHORT, whole=timedelta(milliseconds=400)) as client,
    ):
        began = asyncio.get_running_loop().time()
        with pytest.raises(Transient) as problem:
            await client.request("GET", line.url)

    assert "Somebody" in str(problem.value)
    assert asyncio.get_running_loop().time() - began < 2


@pytest.mark.parametrize(
    "address", ["", "x", "/x", "http://", "ftp://127.0.0.1/", "file:///x", "http://a:b:c/", "http://127.0.0.1:99999/"]
)  # fmt: skip
async def test_an_address_that_is_none_is_refused(address: str) -> None:
    async with Client("Somebody") as client:
        with pytest.raises(Refused) as refused:
            await client.request("GET", address)

    assert refused.value.reason == "bad_address"


async def test_nothing_is_followed_unless_it_is_wanted() -> None:
    async with (
        wire(answer({})) as elsewhere,
        wire(moved(elsewhere.url, 307)) as line,
        Client("Somebody") as client,
    ):
        found = await client.request("POST", line.url, body=b"x")

    assert found.status == 307
    assert elsewhere.heard == []


async def test_going_round_in_circles_comes_to_an_end() -> None:
    async with (
        wire(moved("/again", 302)) as line,
        Client("Somebody", follows=True) as client,
    ):
        found = await client.request("GET", line.url)

    assert found.status == 302
    assert len(line.heard) == MOST_MOVES + 1


async def test_see_other_is_not_for_us() -> None:
    async with wire(moved("/x", 303)) as line, Client("Somebody", follows=True) as client:
        assert (await client.request("POST", line.url)).status == 303


async def test_another_port_is_another_party() -> None:
    secrets = {"Authorization": "Bearer s", "Cookie": "s", "X-A": "1"}
    async with (
        wire(answer({})) as elsewhere,
        wire(moved(elsewhere.url, 301)) as line,
        Client("Somebody", follows=True) as client,
    ):
        await client.request("GET", line.url, headers=secrets)

    (heard,) = elsewhere.heard
    assert heard.headers["x-a"] == "1"
    assert not {"authorization", "cookie"} & heard.headers.keys()
    assert heard.headers["host"] == elsewhere.url.removeprefix("http://")


async def test_what_is_on_this_machine_is_behind_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with wire(answer({})) as line, Client("Somebody") as client:
        assert (await client.request("GET", line.url)).status == 200
