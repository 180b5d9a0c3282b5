"""With whose rights, how fast and how often the gateway speaks to GitHub."""

import asyncio
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import jwt
import pytest

from chatops.errors import BadInput, Refused, Transient
from chatops.gateways.github import GitHubGateway
from chatops.names import Login, PullNumber, RunId
from chatops.ports import Permission
from chatops.standins.github import HandClock, PlannedJob, World
from tests.gateways.places import MEMBER, PASSES, REPO, Place, github, registered
from tests.gateways.wire import (
    Heard,
    answer,
    depends,
    wire,
)

pytestmark = pytest.mark.anyio

SEVEN = PullNumber(7)


def _named(number: int) -> PlannedJob:
    return PlannedJob(f"test ({number})")


async def _jobs(place: Place, number: RunId) -> list[object]:
    return [job async for job in place.gateway.jobs(REPO, number)]


def minted(place: Place) -> int:
    """Return how many tokens the App has been given."""
    return sum(
        call.path.endswith("/access_tokens") and call.status == 201 for call in place.hub.requests
    )


# Tokens


async def test_an_installation_token_is_made_once_for_all_that_asks_at_once() -> None:
    async with github("app") as place:
        place.open_pull()

        await asyncio.gather(*(place.gateway.pull(REPO, SEVEN) for _ in range(20)))
        await place.gateway.comment(REPO, SEVEN, "Hello")

        assert minted(place) == 1
        assert [
            call.status for call in place.hub.requests if call.path.endswith("/installation")
        ] == [401, 200]


async def test_a_token_that_is_no_longer_taken_is_renewed_once_and_the_call_repeated() -> None:
    async with github("app") as place:
        pull = place.open_pull()
        await place.gateway.pull(REPO, SEVEN)
        place.clock.advance(3_601)

        await asyncio.gather(*(place.gateway.pull_files(REPO, SEVEN) for _ in range(10)))
        await place.gateway.comment(REPO, SEVEN, "Hello")

        assert minted(place) == 2
        assert [comment.body for comment in pull.comments] == ["Hello"]


async def test_a_revoked_token_is_renewed() -> None:
    async with github("app") as place:
        place.open_pull()
        await place.gateway.pull(REPO, SEVEN)
        place.world.tokens.clear()

        await place.gateway.comment(REPO, SEVEN, "Hello")

        assert minted(place) == 2


async def test_a_token_that_is_refused_at_once_is_not_made_over_and_over() -> None:
    token = answer({"token": "t", "expires_at": "2099-01-01T00:00:00Z"}, 201)
    says = {"installation": answer({"id": 7}), "access_tokens": token}

    def by_path(heard: Heard) -> bytes:
        last = heard.target.rpartition("/")[2]
        return says.get(last, answer({"message": "Bad credentials"}, 401))

    app = registered(World())
    async with (
        wire(depends(by_path)) as line,
        GitHubGateway(
            api_url=line.url, app_id=str(app.id), private_key=app.private_key_pem
        ) as gateway,
    ):
        with pytest.raises(Refused) as refused:
            await gateway.pull(REPO, SEVEN)

    assert refused.value.reason == "credentials"
    assert len(line.heard) == 5  # installation, token, call, token, call


async def test_a_very_long_token_is_used_whole() -> None:
    token = f"ghs_4242_{'aZ09-_' * 200}.{'bY18-_' * 200}.{'c' * 342}"
    made = answer({"token": token, "expires_at": "2099-01-01T00:00:00Z"}, 201)
    app = registered(World())
    async with (
        wire(answer({"id": 7}), made, answer({"number": 7})) as line,
        GitHubGateway(
            api_url=line.url, app_id=str(app.id), private_key=app.private_key_pem
        ) as gateway,
    ):
        await gateway.pull(REPO, SEVEN)

    assert len(token) > 2_700
    assert line.heard[-1].token == f"Bearer {token}"


async def test_the_app_speaks_for_itself_with_what_it_signs_for_ten_minutes_at_most() -> None:
    app = registered(World())
    assert app.public_key_pem is not None
    async with (
        wire(answer({"message": "Not Found"}, 404)) as line,
        GitHubGateway(api_url=line.url, app_id="4242", private_key=app.private_key_pem) as gateway,
    ):
        with pytest.raises(Refused):
            await gateway.pull(REPO, SEVEN)

    signed = line.heard[0].token.removeprefix("Bearer ")
    claims = jwt.decode(signed, app.public_key_pem, algorithms=["RS256"])
    assert claims["iss"] == "4242"
    assert claims["exp"] - claims["iat"] <= 600


@pytest.mark.parametrize("hours", [-30, -0.2, 0.2, 30])
async def test_githubs_clock_may_show_another_time_than_ours(hours: float) -> None:
    there = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)
    async with github("app", clock=HandClock(there)) as place:
        place.open_pull()

        await place.gateway.pull(REPO, SEVEN)
        await place.gateway.pull_files(REPO, SEVEN)
        place.clock.advance(3_601)
        await place.gateway.comment(REPO, SEVEN, "Hello")

        refusals = [call.path for call in place.hub.requests if call.status == 401]
        assert len(refusals) <= 3
        assert minted(place) <= 4


async def test_a_key_that_github_does_not_know_is_said_to_be_wrong_after_one_try() -> None:
    async with github() as place:
        registered(place.world)
        stranger = World().register_app()
        async with GitHubGateway(
            api_url=place.hub.url, app_id="4242", private_key=stranger.private_key_pem
        ) as gateway:
            # Once, so that GitHub's clock is known and cannot be the reason.
            with pytest.raises(Refused):
                await gateway.pull(REPO, SEVEN)
            place.forget()

            with pytest.raises(Refused) as refused:
                await gateway.pull(REPO, SEVEN)

        assert refused.value.reason == "credentials"
        assert len(place.asked()) == 1


NO_KEY = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize("key", ["", "a password", NO_KEY])
async def test_a_key_that_is_none_stops_the_start_and_is_not_shown(key: str) -> None:
    with pytest.raises(BadInput) as refused:
        GitHubGateway(app_id="4242", private_key=key)

    assert "CHATOPS_GITHUB_PRIVATE_KEY" in str(refused.value)
    assert key == "" or key not in str(refused.value)


async def test_a_repository_without_the_app_is_refused_with_what_to_do() -> None:
    async with github("app") as place:
        app = place.world.app
        assert app is not None
        app.left_out.add(REPO)

        with pytest.raises(Refused) as refused:
            await place.gateway.permission(REPO, Login(MEMBER))
        app.left_out.clear()

        assert refused.value.reason == "not_installed"
        assert "an owner can install it" in refused.value.text
        assert await place.gateway.permission(REPO, Login(MEMBER)) is Permission.WRITE


async def test_an_app_that_is_installed_anew_works_again_and_makes_no_member_a_stranger() -> None:
    async with github("app") as place:
        app = place.world.app
        assert app is not None
        await place.gateway.permission(REPO, Login(MEMBER))
        app.installation_id = 8_008
        place.world.tokens.clear()

        with pytest.raises(Transient):
            await place.gateway.permission(REPO, Login(MEMBER))

        assert await place.gateway.permission(REPO, Login(MEMBER)) is Permission.WRITE


@pytest.mark.parametrize("token", ["“quoted”", "dash—dash", "two\nlines", "nul\x00"])
async def test_a_token_that_cannot_be_one_is_refused_and_not_shown(token: str) -> None:
    async with (
        wire(answer({})) as line,
        GitHubGateway(api_url=line.url, token=token) as gateway,
    ):
        with pytest.raises(Refused) as refused:
            await gateway.pull(REPO, SEVEN)

    assert refused.value.reason == "credentials"
    assert token not in "".join(traceback.format_exception(refused.value))
    assert line.heard == []


async def test_each_account_has_a_memory_of_its_own() -> None:
    async with github() as place, GitHubGateway(api_url=place.hub.url) as nobody:
        place.open_pull()
        await place.gateway.pull(REPO, SEVEN)
        place.forget()

        await nobody.pull(REPO, SEVEN)

        assert len(place.asked(costly=True)) == 1


# Asking again costs nothing


async def test_asking_again_costs_nothing_and_says_the_same_over_all_pages() -> None:
    async with github() as place:
        run = place.repository.run(
            workflow="CI", jobs=[PASSES, *(_named(number) for number in range(239))]
        )
        place.let_pass()
        number = RunId(run.id)

        first = [job async for job in place.gateway.jobs(REPO, number)]
        left = place.gateway.limits["token"].remaining
        again = [job async for job in place.gateway.jobs(REPO, number)]

        assert len(first) == 240
        assert again == first
        assert len(place.asked(costly=True)) == 3
        assert place.hub.gate.resources(place.world.tokens[place.world.token(MEMBER)])["rate"][
            "remaining"
        ] == left == 5_000 - 3  # fmt: skip


async def test_what_changed_is_seen_although_the_rest_is_remembered() -> None:
    async with github() as place:
        run = place.repository.run(workflow="CI", jobs=[_named(number) for number in range(150)])
        place.let_pass()
        number = RunId(run.id)
        await _jobs(place, number)

        place.world.ci.rerun(run, actor=MEMBER)
        place.let_pass()

        assert len(await _jobs(place, number)) == 300


async def test_a_list_that_shrank_ends_where_it_ends() -> None:
    async with github() as place:
        for number in range(1, 121):
            place.open_pull(number)
        assert len([pull async for pull in place.gateway.pulls(REPO)]) == 120
        for number in range(1, 101):
            place.repository.close_pull(number, actor=MEMBER)

        assert len([pull async for pull in place.gateway.pulls(REPO)]) == 20


async def test_only_a_date_is_enough_to_ask_whether_something_changed() -> None:
    def by_condition(heard: Heard) -> bytes:
        if heard.headers.get("if-modified-since") == "yesterday":
            return answer(status=304)
        return answer({"number": 7}, headers={"last-modified": "yesterday"})

    async with (
        wire(depends(by_condition)) as line,
        GitHubGateway(api_url=line.url) as gateway,
    ):
        found = [await gateway.pull(REPO, SEVEN) for _ in range(2)]

    assert found == [{"number": 7}] * 2


async def test_an_answer_nobody_asked_for_is_not_taken_for_nothing() -> None:
    async with (
        wire(answer(status=304)) as line,
        GitHubGateway(api_url=line.url) as gateway,
    ):
        with pytest.raises(Transient):
            await gateway.pull(REPO, SEVEN)


# Limits


async def test_the_hourly_limit_is_waited_out_by_githubs_clock() -> None:
    async with github() as place:
        place.open_pull()
        place.hub.fail("primary_limit", retry_after=1_800)

        with pytest.raises(Transient) as limited:
            await place.gateway.pull(REPO, SEVEN)

        # The pretend GitHub lives months before us.
        assert limited.value.retry_after is not None
        assert timedelta(minutes=29) < limited.value.retry_after <= timedelta(minutes=30)


async def test_a_limit_that_is_over_already_is_waited_for_a_moment_only() -> None:
    async with github() as place:
        place.open_pull()
        place.hub.fail("primary_limit", retry_after=-300)

        with pytest.raises(Transient) as limited:
            await place.gateway.pull(REPO, SEVEN)

        assert limited.value.retry_after == timedelta(seconds=1)


@pytest.mark.parametrize("kind", ["secondary_403", "secondary_429"])
@pytest.mark.parametrize(("said", "waited"), [(7, 7), (None, 60)])
async def test_a_secondary_limit_is_waited_out_as_told_or_for_a_minute(
    kind: str, said: int | None, waited: int
) -> None:
    async with github() as place:
        place.open_pull()
        place.hub.fail(kind, retry_after=said)  # type: ignore[arg-type]  # one of its literals

        with pytest.raises(Transient) as limited:
            await place.gateway.comment(REPO, SEVEN, "Hello")

        assert limited.value.retry_after == timedelta(seconds=waited)


async def test_comments_that_come_too_quickly_are_put_off_and_not_refused() -> None:
    said = {
        "message": "Validation Failed",
        "errors": [{"resource": "IssueComment", "code": "custom", "message": "was submitted too quickly"}],
    }  # fmt: skip
    async with wire(answer(said, 422)) as line, GitHubGateway(api_url=line.url) as gateway:
        with pytest.raises(Transient) as limited:
            await gateway.comment(REPO, SEVEN, "Hello")

    assert limited.value.retry_after == timedelta(minutes=1)


@pytest.mark.parametrize(("status", "said"), [(500, ""), (502, ""), (503, "17"), (504, ""), (408, "")])  # fmt: skip
async def test_trouble_of_githubs_own_is_waited_for_as_told(status: int, said: str) -> None:
    headers = {"retry-after": said} if said else {}
    async with (
        wire(answer({"message": "Server Error"}, status, headers=headers)) as line,
        GitHubGateway(api_url=line.url) as gateway,
    ):
        with pytest.raises(Transient) as problem:
            await gateway.pull(REPO, SEVEN)

    assert problem.value.retry_after == (timedelta(seconds=int(said)) if said else None)


NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def limited(
    limit: int,
    remaining: int,
    *,
    until: datetime = NOON + timedelta(minutes=20),
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Return an answer of GitHub's that says how much may still be asked."""
    return answer(
        {"number": 7},
        headers={
            "date": format_datetime(NOON, usegmt=True),
            "x-ratelimit-limit": limit,
            "x-ratelimit-remaining": remaining,
            "x-ratelimit-reset": int(until.timestamp()),
            "x-ratelimit-resource": "core",
            **(headers or {}),
        },
    )


@pytest.mark.parametrize(
    ("limit", "remaining", "keep", "goes_on"),
    [
        (5_000, 1_000, 1_000, True),
        (5_000, 999, 1_000, False),
        (5_000, 0, 0, True),
        # Of a small allowance half is enough to keep.
        (60, 30, 1_000, True),
        (60, 29, 1_000, False),
    ],
)
async def test_work_that_can_wait_leaves_the_calls_that_are_kept_for_people(
    limit: int, remaining: int, keep: int, *, goes_on: bool
) -> None:
    async with wire(limited(limit, remaining)) as line, GitHubGateway(api_url=line.url) as gateway:
        await gateway.spare(REPO, keep)
        await gateway.pull(REPO, SEVEN)

        if goes_on:
            await gateway.spare(REPO, keep)
            return
        with pytest.raises(Transient) as spared:
            await gateway.spare(REPO, keep)

    assert spared.value.retry_after is not None
    assert timedelta(minutes=19) < spared.value.retry_after <= timedelta(minutes=20)
    assert f"{remaining} of {limit} calls" in str(spared.value)


async def test_a_new_hour_is_believed_in_without_asking() -> None:
    soon = NOON + timedelta(seconds=1)
    async with (
        wire(limited(5_000, 3, until=soon)) as line,
        GitHubGateway(api_url=line.url) as gateway,
    ):
        await gateway.pull(REPO, SEVEN)
        with pytest.raises(Transient) as spared:
            await gateway.spare(REPO, 1_000)
        assert spared.value.retry_after is not None

        await asyncio.sleep(spared.value.retry_after.total_seconds())

        await gateway.spare(REPO, 1_000)
    assert len(line.heard) == 1


async def test_the_limit_is_what_the_last_costly_answer_said() -> None:
    async with github("app") as place:
        place.open_pull()
        for _ in range(3):
            await place.gateway.pull(REPO, SEVEN)

        (limit,) = place.gateway.limits.values()
        assert (limit.limit, limit.remaining) == (5_000, 4_999)
        assert list(place.gateway.limits) == ["installation 7007"]


async def test_an_unchanged_answer_says_nothing_of_the_limit() -> None:
    def by_condition(heard: Heard) -> bytes:
        if "if-none-match" in heard.headers:
            none_left = {
                "x-ratelimit-limit": 60,
                "x-ratelimit-remaining": 0,
                "x-ratelimit-reset": 1,
            }
            return answer(status=304, headers=none_left)
        return limited(5_000, 4_321, headers={"etag": '"1"'})

    async with wire(depends(by_condition)) as line, GitHubGateway(api_url=line.url) as gateway:
        for _ in range(2):
            await gateway.pull(REPO, SEVEN)

        assert gateway.limits["nobody"].remaining == 4_321


@pytest.mark.parametrize(
    "date",
    ["", "yesterday", "Mon, 05 Jan 99999 12:00:00 GMT", f"Mon, 05 Jan 2026 12:00:00 +{'9' * 18}"],
)
async def test_an_odd_date_spoils_nothing(date: str) -> None:
    async with (
        wire(answer({"number": 7}, headers={"date": date})) as line,
        GitHubGateway(api_url=line.url) as gateway,
    ):
        assert await gateway.pull(REPO, SEVEN) == {"number": 7}


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "inf", "nan", "1e400"])
async def test_a_limit_in_odd_numbers_spoils_no_answer_with_anything_but_a_stumble(
    number: str,
) -> None:
    limit = {f"x-ratelimit-{word}": number for word in ("limit", "remaining", "reset")}
    said = answer({"number": 7}, headers=limit)
    async with wire(said) as line, GitHubGateway(api_url=line.url) as gateway:
        with suppress(Transient):
            assert await gateway.pull(REPO, SEVEN) == {"number": 7}
        with suppress(Transient):
            await gateway.spare(REPO, 1_000)


# Writing


async def test_writes_go_one_after_the_other_with_a_pause_and_reads_do_not_wait() -> None:
    gap = timedelta(milliseconds=80)
    async with (
        wire(answer({"id": 1, "number": 7})) as line,
        GitHubGateway(api_url=line.url, token="t", write_gap=gap) as gateway,
    ):
        writes = [asyncio.create_task(gateway.comment(REPO, SEVEN, f"{n}")) for n in range(4)]
        await asyncio.sleep(0.01)
        await asyncio.gather(*(gateway.pull(REPO, SEVEN) for _ in range(5)))
        read_by = asyncio.get_running_loop().time()
        await asyncio.gather(*writes)

    written = [heard.at for heard in line.heard if heard.method == "POST"]
    assert (
        min(later - earlier for earlier, later in pairwise(written)) >= gap.total_seconds() - 0.005
    )
    assert read_by < written[-1]


async def test_a_write_is_never_repeated_by_itself() -> None:
    async with github() as place:
        pull = place.open_pull()
        place.hub.fail("502_after", method="POST")

        with pytest.raises(Transient):
            await place.gateway.comment(REPO, SEVEN, "Hello")

        assert len(pull.comments) == 1


async def test_a_change_that_nobody_confirms_is_a_stumble() -> None:
    async with wire(answer()) as line, GitHubGateway(api_url=line.url) as gateway:
        with pytest.raises(Transient) as problem:
            await gateway.react(REPO, 3, "eyes")

    assert "empty" in str(problem.value)


async def test_a_comment_without_an_id_is_a_stumble() -> None:
    async with wire(answer({}, 201)) as line, GitHubGateway(api_url=line.url) as gateway:
        with pytest.raises(Transient):
            await gateway.comment(REPO, SEVEN, "Hello")
