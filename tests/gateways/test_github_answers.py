"""What the gateway makes of answers that are none, and where it lets itself be sent."""

import asyncio
import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.errors import Broken, ChatopsError, Refused, Transient
from chatops.gateways.github import GitHubGateway
from chatops.names import JobId, Login, PullNumber, RunId, Sha
from chatops.standins.github import World
from tests.gateways.places import REPO, github, registered
from tests.gateways.wire import (
    Heard,
    Said,
    answer,
    depends,
    hang,
    hang_up,
    moved,
    page,
    wire,
)

pytestmark = pytest.mark.anyio

SEVEN = PullNumber(7)
RUN = RunId(5)
SECRET = "ghp_thisIsNobodysBusiness0123456789"
SHORT = timedelta(milliseconds=150)
Call = Callable[[GitHubGateway], Awaitable[object]]


async def _all(gateway: GitHubGateway) -> list[object]:
    return [one async for one in gateway.jobs(REPO, RUN)]


CALLS: dict[str, Call] = {
    "one object": lambda gateway: gateway.pull(REPO, SEVEN),
    "a list": _all,
    "a state": lambda gateway: gateway.run_state(REPO, RUN),
    "a text": lambda gateway: gateway.file(REPO, "a", "main"),
    "a change": lambda gateway: gateway.rerun(REPO, RUN),
    "a comment": lambda gateway: gateway.comment(REPO, SEVEN, "Hello"),
}


DEEP = b"[" * 100_000
BAD: dict[str, Said] = {
    "nothing": answer(body=b""),
    "no more than blanks": answer(body=b"  \n"),
    "cut-off JSON": answer(body=b'{"number": 7, "title": "Add f'),
    "a cut-off answer": answer({"number": 7}, cut=6),
    "garbled letters": answer(body=b'{"number": "\xff\xfe"}'),
    "an unknown alphabet": answer(body=b"{}", kind="application/json; charset=klingon"),
    "endless depth": answer(body=DEEP),
    "no media type": answer({"number": 7}, kind=""),
    "a wrong length of a compressed body": answer(body=b"xx", headers={"content-encoding": "gzip"}),
    "a portal's page": page(),
    "a proxy's page for 403": page(403),
    "a proxy's page for 404": page(404),
    "a proxy's page for 502": page(502),
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-ty",
    "an end without a word": hang_up,
    "silence": hang,
    "a number": answer(7),
    "null": answer(body=b"null"),
    "a text": answer("Hello"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("call", ["one object", "a list", "a state", "a comment"])
async def test_what_is_no_answer_is_a_stumble(bad: str, call: str) -> None:
    async with wire(BAD[bad]) as line, GitHubGateway(api_url=line.url, read=SHORT) as gateway:
        with pytest.raises(Transient) as problem:
            await CALLS[call](gateway)

    assert problem.value.retry_after is None


@pytest.mark.parametrize("bad", [bad for bad in BAD if bad not in {
    # These could be files.
    "nothing", "no more than blanks", "cut-off JSON", "endless depth", "no media type", "a number",
    "null", "a text", "garbled letters", "an unknown alphabet",
}])  # fmt: skip
async def test_what_is_no_file_is_a_stumble(bad: str) -> None:
    async with wire(BAD[bad]) as line, GitHubGateway(api_url=line.url, read=SHORT) as gateway:
        with pytest.raises(Transient):
            await CALLS["a text"](gateway)


@pytest.mark.parametrize("bad", BAD)
async def test_a_token_is_made_of_no_bad_answer(bad: str) -> None:
    app = registered(World())
    good: list[Said] = [answer({"id": 7})]
    async with (
        wire(*good, BAD[bad]) as line,
        GitHubGateway(
            api_url=line.url, app_id="4242", private_key=app.private_key_pem, read=SHORT
        ) as gateway,
    ):
        with pytest.raises(Transient):
            await gateway.pull(REPO, SEVEN)


@pytest.mark.parametrize(
    "rules",
    [
        [{"type": "required_status_checks", "parameters": "x"}],
        [{"type": "required_status_checks", "parameters": {"required_status_checks": [7]}}],
        [{"type": "required_status_checks", "parameters": {"required_status_checks": [{}]}}],
        {"protection": "x"},
        {"protection": {"required_status_checks": {"contexts": 7}}},
    ],
)
async def test_rules_that_are_none_are_a_stumble_and_not_no_rules(rules: object) -> None:
    def by_path(heard: Heard) -> bytes:
        asked_for_list = "/rules/" in heard.target
        return answer(rules if isinstance(rules, list) == asked_for_list else [])

    async with wire(depends(by_path)) as line, GitHubGateway(api_url=line.url) as gateway:
        with pytest.raises(Transient):
            await gateway.required_checks(REPO, "main")


async def test_where_nobody_listens_is_a_stumble() -> None:
    async with wire(answer({})) as line:
        url = line.url
    async with GitHubGateway(api_url=url, write_gap=timedelta()) as gateway:
        for call in CALLS.values():
            with pytest.raises(Transient):
                await call(gateway)


async def test_an_ill_github_is_a_stumble_for_every_call() -> None:
    async with github() as place:
        for call in CALLS.values():
            place.hub.fail("503")
            with pytest.raises(Transient):
                await call(place.gateway)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["\ud800", "\x00", "2026-01-05T12:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "id", "number", "run_attempt", "status", "conclusion", "created_at", "workflow_runs",
                "jobs", "role_name", "permission", "login", "slug", "type", "parameters", "context",
                "required_status_checks", "protection", "contexts", "filename", "token", "expires_at",
            ]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip


async def _everything(gateway: GitHubGateway) -> list[Call]:
    async def runs(gateway: GitHubGateway) -> object:
        since = datetime(2026, 1, 1, tzinfo=UTC)
        return [one async for one in gateway.runs_of_workflow(REPO, "x.yaml", since=since)]

    async def of_commit(gateway: GitHubGateway) -> object:
        return [one async for one in gateway.runs_of_commit(REPO, Sha("c" * 40))]

    async def comments(gateway: GitHubGateway) -> object:
        return [one async for one in gateway.comments(REPO, SEVEN)]

    async def pulls(gateway: GitHubGateway) -> object:
        return [one async for one in gateway.pulls(REPO)]

    return [
        *CALLS.values(), runs, of_commit, comments, pulls,
        lambda gateway: gateway.permission(REPO, Login("mona")),
        lambda gateway: gateway.pull_files(REPO, SEVEN),
        lambda gateway: gateway.required_checks(REPO, "main"),
        lambda gateway: gateway.run(REPO, RUN, 2),
        lambda gateway: gateway.rerun_failed(REPO, RUN),
        lambda gateway: gateway.rerun_job(REPO, JobId(3)),
        lambda gateway: gateway.react(REPO, 3, "eyes"),
        lambda gateway: gateway.edit_comment(REPO, 3, "Hello"),
        lambda gateway: gateway.is_ours({"user": {"login": "mona"}}),
    ]  # fmt: skip


@given(content=JSON, by_app=st.booleans())
@settings(max_examples=25)
def test_no_json_makes_a_call_fail_with_anything_but_our_errors(
    content: object, *, by_app: bool
) -> None:
    said = answer(body=json.dumps(content).encode())
    app = registered(World())

    async def play() -> None:
        async with (
            wire(said) as line,
            GitHubGateway(
                api_url=line.url,
                token="" if by_app else "t",
                app_id="4242" if by_app else "",
                private_key=app.private_key_pem if by_app else "",
                write_gap=timedelta(),
            ) as gateway,
        ):
            for call in await _everything(gateway):
                with suppress(Refused, Transient):
                    await call(gateway)

    asyncio.run(play())


# Addresses


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_what_has_moved_is_asked_for_at_its_new_place_by_the_same_method(status: int) -> None:
    async with (
        wire(moved("/repositories/1/issues/7/comments", status), answer({"id": 99}, 201)) as line,
        GitHubGateway(api_url=line.url, token=SECRET) as gateway,
    ):
        assert await gateway.comment(REPO, SEVEN, "Hello") == 99

    old, new = line.heard
    assert (new.method, new.target, new.body) == ("POST", "/repositories/1/issues/7/comments", old.body)  # fmt: skip
    assert new.token == old.token == f"Bearer {SECRET}"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_another_host_gets_the_question_and_never_the_token(status: int) -> None:
    async with (
        wire(answer({"number": 7})) as elsewhere,
        wire(moved(f"{elsewhere.url}/x", status)) as line,
        GitHubGateway(api_url=line.url, token=SECRET) as gateway,
    ):
        assert await gateway.pull(REPO, SEVEN) == {"number": 7}

    (heard,) = elsewhere.heard
    assert SECRET not in str(heard)
    assert "authorization" not in heard.headers


async def test_another_host_gets_nothing_that_we_write() -> None:
    async with (
        wire(answer({"id": 1}, 201)) as elsewhere,
        wire(moved(f"{elsewhere.url}/x", 307)) as line,
        GitHubGateway(api_url=line.url, token=SECRET) as gateway,
    ):
        with pytest.raises(Transient):
            await gateway.comment(REPO, SEVEN, "Hello")

    assert elsewhere.heard == []


@pytest.mark.parametrize("to", ["/again", "", "http://", "ftp://x/", "javascript:alert(1)"])
async def test_a_place_that_cannot_be_reached_is_a_stumble(to: str) -> None:
    async with (
        wire(moved(to, 302)) as line,
        GitHubGateway(api_url=line.url, token=SECRET) as gateway,
    ):
        with pytest.raises(Transient):
            await gateway.pull(REPO, SEVEN)

    assert len(line.heard) <= 6


async def test_a_next_page_elsewhere_is_not_turned_to() -> None:
    async with wire(answer({"jobs": []})) as elsewhere:
        first = answer(
            {"jobs": [{"id": 1}]}, headers={"link": f'<{elsewhere.url}/jobs?page=2>; rel="next"'}
        )
        async with wire(first) as line, GitHubGateway(api_url=line.url, token=SECRET) as gateway:
            with pytest.raises(Broken):
                await CALLS["a list"](gateway)

        assert elsewhere.heard == []


async def test_the_token_is_in_no_log_line_and_in_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    for said in (*BAD.values(), answer({"message": "Bad credentials"}, 401), moved("/x", 302)):
        async with (
            wire(said) as line,
            GitHubGateway(api_url=line.url, token=SECRET, read=SHORT) as gateway,
        ):
            for call in ("one object", "a comment"):
                with pytest.raises(ChatopsError) as problem:
                    await CALLS[call](gateway)
                told.append("".join(traceback.format_exception(problem.value)))
                told.append(repr(problem.value))

    assert len(told) > 80
    assert SECRET not in "".join(told)
    assert SECRET not in caplog.text
