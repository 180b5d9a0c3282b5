"""The dashboard as a place to talk to the bot: signing in, saying a command, reading what came of it, signing out."""

import html
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import update

from chatops.engine.log import Batch
from chatops.engine.sessions import IDLE, LONGEST, SESSIONS
from chatops.events import Fact, event_id
from chatops.events.conversation import CommandReceived, CommandRefused, ReplyPosted
from chatops.names import CommandId, Login, Repo
from chatops.showing import VIEWS
from chatops.surfaces.dashboard import MOST_LATELY
from tests.scenarios.signing_in import Browser, browser
from tests.scenarios.world import AUTHOR, MEMBER, PULL, REPO, STRANGER, Town, town

pytestmark = pytest.mark.anyio

FORM = "application/x-www-form-urlencoded"


def address(here: Town, path: str = "/nightly") -> str:
    return f"{here.service.settings.base_url}{path}"


async def sign_in(here: Town, visitor: Browser, login: str = MEMBER, to: str = "/commands") -> str:
    """Sign in, from the page that somebody looks at."""
    await visitor.open(address(here, f"/sign-in?to={quote(to, safe='')}"))
    return await visitor.send(**{"as": login, "say": "yes"})


async def say(visitor: Browser, **typed: str) -> str:
    """Fill in the form of the page of commands, and send it."""
    return await visitor.send_to("/commands", **typed)


async def asked(here: Town) -> list[CommandReceived]:
    """Return what was asked on the dashboard."""
    return [
        recorded.event
        for recorded in await here.events()
        if isinstance(recorded.event, CommandReceived) and recorded.event.surface == "web"
    ]


async def reload(visitor: Browser) -> str:
    """Look at the same page again."""
    return await visitor.open(visitor.at)


async def test_who_signs_in_and_says_retest_sees_it_done_once(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await here.open_failed_pull()
        page = await sign_in(here, visitor)
        assert f"<bdi>{MEMBER}</bdi>" in page

        sure = await say(visitor, say="/retest", number=str(PULL))
        assert "Are you sure?" in sure
        assert await asked(here) == []
        await visitor.send_to("/commands", how="sure")
        await here.settle()
        await here.let_ci_end()
        story = await reload(visitor)

        assert sorted(here.reruns) == [
            "rerun Gatekeeper",
            "rerun Static checks / lint",
            "rerun-failed-jobs CI",
        ]
        [received] = await asked(here)
        assert (received.by, received.repo, received.number) == (MEMBER, REPO, PULL)
        assert visitor.at.endswith(f"/acme/audit/{event_id(received.command)}")
        assert "Asked for by <strong>mona</strong>" in story
        assert "data-live" not in story


async def test_what_was_asked_on_the_dashboard_is_told_on_the_pull_request(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await here.open_failed_pull()
        await sign_in(here, visitor)
        await say(visitor, say="/retest", number=str(PULL), how="sure")
        await here.settle()

        assert "Asked from the dashboard by **mona**" in here.reply
        assert "`retest`" in here.reply


async def test_the_answer_is_on_the_page_of_the_story_and_posted_once(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await sign_in(here, visitor)
        first = await say(visitor, say="/status nightly")
        await here.settle()
        then = await reload(visitor)

        assert visitor.status == 200
        assert "There is no answer yet" in first or 'class="verdict' in first
        assert 'class="verdict' in then.partition('id="answer"')[2]
        posted = [one for one in await here.events() if isinstance(one.event, ReplyPosted)]
        assert len(posted) == 1


async def test_a_form_that_is_sent_twice_is_one_command(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await here.open_failed_pull()
        await sign_in(here, visitor)
        page, at = visitor.page, visitor.at
        await say(visitor, say="/retest", number=str(PULL), how="sure")
        first = visitor.at
        visitor.page = page
        await visitor.send_to("/commands", base=at, say="/retest", number=str(PULL), how="sure")
        await here.settle()

        assert visitor.at == first
        assert len(await asked(here)) == 1
        assert here.reruns.count("rerun-failed-jobs CI") == 1


async def test_what_would_happen_is_told_and_not_done(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await here.open_failed_pull()
        await sign_in(here, visitor)
        await say(visitor, say="/retest", number=str(PULL), how="explain")
        await here.settle()

        assert "Nothing was done. This is what would be" in await reload(visitor)
        assert here.reruns == []


async def test_who_may_not_is_refused_in_the_words_of_github(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await here.open_failed_pull()
        here.say("/retest", by=STRANGER)
        await here.settle()
        await sign_in(here, visitor, STRANGER)
        await say(visitor, say="/retest", number=str(PULL), how="sure")
        await here.settle()
        page = await reload(visitor)

        [there, ours] = [
            recorded.event
            for recorded in await here.events()
            if isinstance(recorded.event, CommandRefused)
        ]
        assert (there.reason, there.text) == (ours.reason, ours.text)
        assert "is for members and collaborators" in page
        assert here.reruns == []


async def test_the_author_may_on_the_dashboard_what_they_may_on_github(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await here.open_failed_pull()
        await sign_in(here, visitor, AUTHOR)
        await say(visitor, say="/retest", number=str(PULL), how="sure")
        await here.settle()

        assert "rerun-failed-jobs CI" in here.reruns


async def test_a_login_that_came_to_be_somebody_elses_is_worth_nothing(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await here.open_failed_pull()
        await sign_in(here, visitor)
        del here.hub.world.users[MEMBER]
        here.hub.world.account(MEMBER)
        await say(visitor, say="/retest", number=str(PULL), how="sure")
        await here.settle()

        assert "could not find out what you may do" in await reload(visitor)
        assert here.reruns == []


async def test_what_was_done_is_taken_back_from_its_page(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        here.open_pull()
        here.repository.label("bug")
        await here.settle()
        await sign_in(here, visitor)
        await say(visitor, say="/label bug", number=str(PULL))
        await here.settle()
        assert "bug" in here.repository.pulls[PULL].labels
        await reload(visitor)
        await visitor.send_to("/commands")
        await here.settle()

        assert "I took back" in await reload(visitor)
        assert "bug" not in here.repository.pulls[PULL].labels


async def test_a_form_that_is_not_ours_does_nothing(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        form = await sign_in(here, visitor)
        for change in ({"csrf": "made-up"}, {"csrf": ""}, {"nonce": ""}, {"nonce": "<script>"}):
            visitor.page = form
            await say(visitor, say="/status nightly", **change)

            assert visitor.status == (403 if "csrf" in change else 400)
            assert "That was not taken" in visitor.page
        assert await asked(here) == []


async def test_nobody_says_more_than_anybody_could(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor, browser() as other:
        form = await sign_in(here, visitor)
        facts = [
            Fact(event=said, source="web", correlation_id=said.command)
            for number in range(MOST_LATELY)
            if (said := lately(here, number))
        ]
        await here.service.record(Batch(facts=facts))
        await here.settle()

        visitor.page = form
        await say(visitor, say="/status nightly")
        await sign_in(here, other, AUTHOR)
        await say(other, say="/status nightly")

        assert (visitor.status, other.status) == (429, 200)
        assert "Wait a little" in visitor.page


def lately(here: Town, number: int) -> CommandReceived:
    """Return a command that somebody has just said."""
    return CommandReceived(
        command=CommandId(f"command/web/{number}"),
        community="acme",
        surface="web",
        verb="shrug",
        by=MEMBER,
        repo=Repo(REPO),
        said_at=here.service.clock.now(),
    )


async def test_a_form_that_another_site_sends_does_nothing(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        form = await sign_in(here, visitor)
        for origin in ("https://elsewhere.example", "null", "http://127.0.0.1:1"):
            visitor.client.headers["origin"] = origin
            for send in (partial(say, visitor, say="/status nightly"), partial(sign_out, visitor)):
                visitor.page = form
                await send()

                assert visitor.status == 403
        assert await asked(here) == []


async def test_our_own_origin_is_let_in(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await sign_in(here, visitor)
        visitor.client.headers["origin"] = here.service.settings.base_url
        await say(visitor, say="/status nightly")

        assert visitor.status == 200
        assert len(await asked(here)) == 1


async def test_nobody_is_heard_who_is_not_signed_in(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        answer = await visitor.client.post(
            address(here, "/commands"), data={"community": "acme", "say": "/status nightly"}
        )

        assert answer.status_code == 403
        assert "/sign-in?to=/acme/commands%3Fsay" in answer.text
        assert await asked(here) == []


CANNOT_BE_MEANT: Sequence[tuple[Mapping[str, str], str]] = (
    ({"say": ""}, "Say a command"),
    ({"say": "   "}, "Say a command"),
    ({"say": "/retest", "number": "seven"}, "no number"),
    ({"say": "/retest", "repo": "acme/other"}, "do not know the repository"),
    ({"say": "/retest", "community": "other"}, "do not know that community"),
    ({"offer": "{}"}, "no button of ours"),
)


async def test_what_cannot_be_meant_is_said_to_be_so(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        form = await sign_in(here, visitor)
        for typed, word in CANNOT_BE_MEANT:
            visitor.page = form
            page = await say(visitor, **typed)

            assert visitor.status == 400
            assert word in page
        assert await asked(here) == []


async def test_what_is_no_form_or_too_long_is_not_read(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await sign_in(here, visitor)
        url = address(here, "/commands")
        other = await visitor.client.post(url, json={"say": "/retest"})
        long = await visitor.client.post(url, data={"say": "x" * 20_000})
        many = await visitor.client.post(
            url, content="&".join(f"a{n}=1" for n in range(60)), headers={"content-type": FORM}
        )

        assert [one.status_code for one in (other, long, many)] == [415, 413, 400]
        assert await asked(here) == []


PLACES = (
    "//elsewhere.example",
    "https://elsewhere.example/",
    "/\\elsewhere.example",
    "/\t/elsewhere.example",
    "",
)


async def test_nobody_is_led_away_from_us(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        for place in PLACES:
            await sign_in(here, visitor, to=place)

            assert visitor.at == address(here, "/nightly")


async def test_who_signs_in_comes_back_to_where_they_were(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await visitor.open(address(here, "/audit?who=mona"))
        await visitor.follow("Sign in")
        await visitor.send(**{"as": MEMBER, "say": "yes"})

        assert visitor.at == address(here, "/acme/audit?who=mona")
        assert "Sign out" in visitor.page


async def test_who_says_no_at_github_or_comes_from_elsewhere_is_not_signed_in(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as mine, browser() as theirs:
        await mine.open(address(here, "/sign-in"))
        no = await mine.send(**{"as": MEMBER, "say": "no"})
        await mine.open(address(here, "/sign-in"))
        mine.client.follow_redirects = False
        await mine.send(**{"as": MEMBER, "say": "yes"})
        elsewhere = await theirs.open(mine.went_to)

        assert "GitHub did not sign you in" in no
        assert theirs.status == 400
        assert "did not begin in this browser" in elsewhere
        assert "Sign out" not in await theirs.open(address(here))


async def sign_out(visitor: Browser) -> str:
    """Press the button beside one's name."""
    return await visitor.send_to("/sign-out")


async def test_signing_out_ends_it_on_our_side(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await sign_in(here, visitor)
        kept = dict(visitor.client.cookies)
        await sign_out(visitor)
        assert visitor.status == 200
        assert "Sign in" in visitor.page
        visitor.client.cookies.update(kept)

        assert "Sign out" not in await visitor.open(address(here))


@pytest.mark.parametrize("column", ["seen_at", "began_at"])
async def test_it_ends_with_time(column: str, database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await sign_in(here, visitor)
        limit = IDLE if column == "seen_at" else LONGEST
        moment = int((here.service.clock.now() - limit - timedelta(seconds=1)).timestamp())
        with here.service.database.write(durable=True) as db:
            db.execute(update(SESSIONS).values({column: moment}))

        await say(visitor, say="/status nightly")

        assert visitor.status == 403
        assert await asked(here) == []
        assert here.service.sessions.forget() == 1


async def test_it_outlives_a_restart(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await sign_in(here, visitor)
        await here.stop()
        await here.start(database_url)
        await say(visitor, say="/status nightly")
        await here.settle()

        assert len(await asked(here)) == 1
        assert 'class="verdict' in (await reload(visitor)).partition('id="answer"')[2]


async def test_no_page_for_one_person_is_kept_for_others(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor, browser() as other:
        await sign_in(here, visitor)
        for path in [
            f"{under}/{name}" for name in VIEWS if "{" not in name for under in ("", "/acme")
        ]:
            ours = await visitor.client.get(address(here, path))
            theirs = await other.client.get(address(here, path))
            again = await other.client.get(
                address(here, path), headers={"if-none-match": ours.headers["etag"]}
            )

            assert ours.headers["cache-control"].startswith("private")
            assert "cookie" in ours.headers["vary"]
            assert "cookie" in theirs.headers["vary"]
            assert f"<bdi>{MEMBER}</bdi>" in ours.text
            assert f"<bdi>{MEMBER}</bdi>" not in theirs.text
            assert "csrf" not in theirs.text
            assert "/sign-in?to=/acme/" in theirs.text
            assert ours.headers["etag"] != theirs.headers["etag"]
            assert again.status_code == 200


async def test_a_page_for_other_sites_is_the_same_for_everybody(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor, browser() as other:
        await sign_in(here, visitor)
        ours = await visitor.client.get(address(here, "/embed/required"))
        theirs = await other.client.get(address(here, "/embed/required"))

        assert MEMBER not in ours.text
        assert "base-uri 'self'" in ours.headers["content-security-policy"]
        assert ours.headers["content-security-policy"] == theirs.headers["content-security-policy"]
        assert "private" not in ours.headers["cache-control"]


async def test_neither_token_nor_secret_is_recorded_or_kept_in_the_open(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await sign_in(here, visitor)
        await say(visitor, say="/status nightly")
        await here.settle()

        codec = here.service.log.codec
        recorded = b"".join([codec.encode(one.event) for one in await here.events()])
        token = visitor.client.cookies["chatops-session"]
        with here.service.database.read() as db:
            [row] = db.execute(SESSIONS.select()).all()
        assert token not in str(row)
        for secret in (token, row.csrf, row.digest):
            assert secret.encode() not in recorded
        assert row.login == Login(MEMBER)


async def test_what_is_typed_is_shown_as_text(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        await sign_in(here, visitor)
        loud = "<script>alert(1)</script><!--who-->"
        pages = [await visitor.open(address(here, f"/commands?say={quote(loud)}"))]
        pages.append(await say(visitor, say=f"/{loud} {loud}"))
        await here.settle()
        pages.append(await reload(visitor))

        assert all("<script>alert" not in page for page in pages)
        assert all(page.count(f"<bdi>{MEMBER}</bdi> <") <= 1 for page in pages)
        assert re.search(r"&lt;script&gt;", pages[0])
        assert html.escape(loud)[:10] in pages[-1]
