"""Saying a command on the dashboard, where one process shows the pages and another works, and either may die."""

import re
import time
from http import HTTPStatus
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from tests.scenarios.signing_in import Browser, browser
from tests.scenarios.stage import PATIENCE, Stage, stage, wait_until

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180), pytest.mark.postgres]

NUMBER = "1"


async def told(visitor: Browser, words: str) -> None:
    """Reload the page of a story until it tells something."""
    deadline = time.monotonic() + PATIENCE
    while words not in visitor.page.partition('id="answer"')[2]:
        assert time.monotonic() < deadline, visitor.page
        await anyio.sleep(0.05)
        await visitor.open(visitor.at)


async def github_was_told(here: Stage) -> None:
    """Wait for what the page does not: the calls that a decision asks for are made after it is shown."""
    await to_thread.run_sync(
        lambda: wait_until(lambda: here.replies(1) and here.reruns(), what="the calls")
    )


async def sign_in(visitor: Browser, address: str) -> None:
    await visitor.open(f"{address}/sign-in?to=/commands")
    await visitor.send(**{"as": "mona", "say": "yes"})


async def test_who_shows_the_page_need_not_be_who_answers(
    fresh_postgres: str, tmp_path: Path
) -> None:
    with stage(fresh_postgres.replace("+psycopg", ""), tmp_path) as here:
        assert here.chatops("db", "upgrade").returncode == 0
        with here.process("web") as web, here.process("worker"):
            async with browser() as visitor:
                here.hear_at(web)
                here.failed_pulls(1)
                await sign_in(visitor, web.url)
                await visitor.send_to("/commands", say="/retest", number=NUMBER, how="sure")
                await told(visitor, "Running")
                here.let_ci_end()
                await told(visitor, "passed this time")
                await github_was_told(here)

        assert set(here.reruns().values()) == {1}
        assert here.answered(1, "Asked from the dashboard by **mona**")


async def test_what_was_said_outlives_whoever_showed_the_page(
    fresh_postgres: str, tmp_path: Path
) -> None:
    with stage(fresh_postgres.replace("+psycopg", ""), tmp_path) as here:
        assert here.chatops("db", "upgrade").returncode == 0
        web = here.process("web")
        with web:
            async with browser() as visitor:
                here.hear_at(web)
                here.failed_pulls(1)
                await sign_in(visitor, web.url)
                form = visitor.page
                await visitor.send_to("/commands", say="/retest", number=NUMBER, how="sure")
                assert visitor.status == HTTPStatus.ACCEPTED
                [story] = re.findall(r'<a href="([^"]+)">Its story</a>', visitor.page)
                web.kill()

                with web, here.process("worker"):
                    visitor.page = form
                    await visitor.send_to("/commands", say="/retest", number=NUMBER, how="sure")
                    await told(visitor, "Running")

                    assert visitor.at == f"{web.url}{story}"
                    assert "Sign out" in visitor.page
                    await github_was_told(here)
        assert set(here.reruns().values()) == {1}
        assert len(here.replies(1)) == 1
