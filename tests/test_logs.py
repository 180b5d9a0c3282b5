"""What the program tells its operator: one line for each thing, in one form, and no secret in any of them."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import select

from chatops.engine.database import open_database
from chatops.engine.log import EVENTS
from chatops.standins.slack.standin import Mode
from tests.scenarios.process import Process
from tests.scenarios.stage import Stage, ask, stage, wait_until

# Like `chatops`, but every library says everything it can.
TALKATIVE = """
import logging
from chatops.logs import set_up_logs
set_up_logs("console")
logging.getLogger().setLevel(logging.DEBUG)
from chatops.__main__ import main
main()
"""
SPEAKING = """
import logging, structlog
from chatops.logs import set_up_logs
set_up_logs({form!r}, brief={brief})
ours, library = structlog.get_logger("chatops"), logging.getLogger("library")
ours.info("heard", command="command/1", text="a\\nb")
library.warning("odd: %s", "x\\ny")
library.info("not told")
for speak in (ours.exception, library.exception):
    try:
        raise ValueError("it broke")
    except ValueError:
        speak("failed")
"""


class Talkative(Process):
    """A process in which every library says everything it can."""

    def start(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", TALKATIVE, "serve", "--port", str(self.port)],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: self.answers() or self._is_over(), what="a start")
        assert not self._is_over(), self.said()
        return self

    def _is_over(self) -> bool:
        return self._process is not None and self._process.poll() is not None


def spoken(form: str, *, brief: bool = False) -> str:
    """Return what a short program writes to standard error."""
    said = subprocess.run(
        [sys.executable, "-c", SPEAKING.format(form=form, brief=brief)],
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == ""
    return said.stderr


def test_for_programs_every_line_is_json_the_libraries_lines_as_well() -> None:
    lines = [json.loads(line) for line in spoken("json").splitlines()]

    assert [line["event"] for line in lines] == ["heard", "odd: x\ny", "failed", "failed"]
    assert [line["level"] for line in lines] == ["info", "warning", "error", "error"]
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert lines[0]["command"] == "command/1"
    assert all("ValueError: it broke" in line["exception"] for line in lines[2:])


def test_for_people_each_thing_is_one_line_with_its_trace_after_it() -> None:
    told = spoken("console")

    assert "heard" in told
    assert "a\\nb" in told
    assert told.count("Traceback") == 2
    assert "not told" not in told
    assert "locals" not in told


def test_who_waits_for_a_command_is_told_what_went_wrong_without_traces() -> None:
    told = spoken("console", brief=True)

    assert "Traceback" not in told
    assert "heard" not in told
    assert told.count("ValueError: it broke") == 2
    assert len(told.splitlines()) == 3 + told.count("\ny")


def test_to_be_asked_to_stop_is_no_error() -> None:
    code = (
        "import asyncio, logging\n"
        "from chatops.logs import set_up_logs\n"
        "set_up_logs('console')\n"
        "try:\n    raise asyncio.CancelledError\n"
        "except asyncio.CancelledError:\n    logging.getLogger('x').exception('a job was under way')\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stderr == ""


@pytest.fixture(params=[("http", "postgresql"), ("socket", "sqlite")], ids=["http", "socket"])
def told(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Mode, str]]:
    """Return how Slack speaks to us, and an address of a database with a password in it."""
    mode, database = request.param
    if database == "sqlite":
        yield mode, f"sqlite:///{tmp_path / 'chatops.db'}"
    else:
        address: str = request.getfixturevalue("fresh_postgres")
        yield mode, address.replace("chatops@", "chatops:database-password-9f2@")


SECRETS = {
    "CHATOPS_API_TOKEN": "api-token-5d1",
    "CHATOPS_SESSION_SECRET": "session-secret-77c",
    "CHATOPS_GITHUB_CLIENT_ID": "Iv1.client",
    "CHATOPS_GITHUB_CLIENT_SECRET": "client-secret-e04",
    "CHATOPS_GITHUB_WEBHOOK_SECRET": "webhook-secret-new-31a,webhook-secret-old-31b",
}


def converse(here: Stage, process: Process, mode: Mode) -> list[str]:
    """Let people, strangers and things that fail speak with a process; return what they and its operator got to see."""
    here.hub.fail("502", method="POST", path="/reactions", times=1)
    here.hub.fail("secondary_403", method="POST", path="/rerun", times=1, retry_after=1)
    here.failed_pulls(7)
    here.say(7, "/help")
    here.say(7, "/retest", by="newcomer")
    here.say(7, "/retest")
    run = here.served.run
    here.slack.fail_next("*", error="invalid_auth")
    answers = [
        run(here.slack.slash("/acme", text)) for text in ("help", "status nightly", "nonsense")
    ]
    wait_until(lambda: len(here.replies(7)) == 3 and here.reruns(), what="a reply to each comment")
    wait_until(lambda: all(answer.messages for answer in answers), what="an answer to each command")
    if mode == "http":
        for answer in (run(here.slack.verify_url()),):
            assert answer
    pages = [
        ask(process, path) for path in ("/nightly", "/nightly.json", "/readyz", "/metrics", "/x")
    ]
    shell = [
        here.chatops(*words)
        for words in (
            ["status"], ["doctor"], ["events", "--json"], ["events"], ["effects", "list"],
            ["run", "/retest", "--pr", "7", "--as", "mona"],
        )
    ]  # fmt: skip
    return [
        *(page.text + str(page.headers) for page in pages),
        *(one.stdout + one.stderr for one in shell),
        *here.replies(7),
    ]


@pytest.mark.timeout(180)
def test_no_secret_is_ever_told(told: tuple[Mode, str], tmp_path: Path) -> None:
    mode, database_url = told
    with stage(
        database_url, tmp_path, slack_mode=mode, secret="webhook-secret-new-31a", **SECRETS
    ) as here:
        process = Talkative(here.environment, tmp_path)
        with process:
            here.hear_at(process)
            seen = converse(here, process, mode)
            assert process.stop() == 0
        database = open_database(database_url.replace("+psycopg", ""))
        with database.read() as db:
            recorded = [str(row.data) + row.key for row in db.execute(select(EVENTS))]
        database.close()
        app = here.hub.world.app
        assert app is not None
        key = app.private_key_pem.splitlines()
        secrets = [
            *(
                value
                for one in SECRETS.values()
                for value in one.split(",")
                if value != "Iv1.client"
            ),
            *key[1:4],
            *(["database-password-9f2"] if "password" in database_url else []),
            *here.hub.world.tokens,
            here.slack.signing_secret,
            here.slack.bot_token,
            *([here.slack.app_token] if mode == "socket" else []),
        ]
        addresses = list(here.slack.tickets.response_urls)

    log = process.said()
    assert "DEBUG" in log.upper()
    assert len(secrets) >= 12
    for secret in secrets:
        assert secret not in log, "a secret is in the log"
        assert not [text for text in seen if secret in text], "a secret was shown"
        assert not [text for text in recorded if secret in text], "a secret is in an event"
    assert addresses
    for address in addresses:
        assert address not in log, "an address that speaks for us is in the log"
        assert not [text for text in seen if address in text], (
            "an address that speaks for us was shown"
        )
    assert logging.getLogger().level != logging.DEBUG
