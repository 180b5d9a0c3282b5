"""`chatops` as its operators meet it: a process of its own, words, an exit status, and never a trace."""

import json
import os
import pty
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
import typer
from typer.main import get_command

from chatops.__main__ import program
from chatops.app import Service
from chatops.config import read_configuration
from chatops.engine.log import Batch
from chatops.events import Fact
from chatops.events.conversation import CommandReceived
from chatops.names import CommandId
from chatops.settings import Settings
from chatops.standins.slack import SlackStandIn, Workspace
from chatops.standins.slack.standin import serve_in_thread
from tests import needs, postgres
from tests.scenarios.process import Process
from tests.scenarios.stage import CONFIGURATION
from tests.scenarios.test_outage import Server
from tests.scene import job

NOWHERE = "http://127.0.0.1:9"
DONE, FAILED, MISUSED = 0, 1, 2
FIELDS = [
    "position", "id", "type", "version", "stream", "source", "actor", "occurred_at", "recorded_at",
    "correlation_id", "causation_id", "key", "data",
]  # fmt: skip
EXECUTABLE = [sys.executable, "-m", "chatops"]


@dataclass(frozen=True)
class Said:
    """What came of a command: its exit status, what it printed, and what it told on the side."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> object:
        """The one JSON document on standard output."""
        value: object = json.loads(self.out)
        return value


class Shell:
    """A shell in a folder with a configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "chatops.db"
        (folder / "chatops.yaml").write_text(CONFIGURATION)

    def environment(self, **more: str) -> dict[str, str]:
        # Whoever runs the tests may want to see output at once; an operator's shell does not say so.
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("CHATOPS_") and name != "PYTHONUNBUFFERED"
        }
        given = {
            "CHATOPS_CONFIG": str(self.folder / "chatops.yaml"),
            "CHATOPS_DATABASE_URL": f"sqlite:///{self.database}",
            "CHATOPS_GITHUB_API_URL": NOWHERE,
        }
        return {**inherited, **given, **more}

    def __call__(self, *words: str, **environment: str) -> Said:
        """Say something; whatever comes of it, there is no trace."""
        ran = subprocess.run(
            [*EXECUTABLE, *words],
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in ran.stdout + ran.stderr, ran.stderr
        return Said(ran.returncode, ran.stdout, ran.stderr)

    def begin(self, *words: str, **environment: str) -> "subprocess.Popen[str]":
        """Begin to say something."""
        return subprocess.Popen(
            [*EXECUTABLE, *words],
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def service(self) -> Service:
        """Return the product on the shell's database, to look into it."""
        settings = Settings(
            config=self.folder / "chatops.yaml", database_url=f"sqlite:///{self.database}"
        )
        return Service(settings, read_configuration(settings.config))

    def record(self, *facts: Fact) -> None:
        """Put facts into the log."""
        service = self.service()
        service.open_database()
        service.log.append([Batch(facts=facts)])
        service.database.close()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell whose log tells of a job and of a command; the tests only read it."""
    made = Shell(tmp_path_factory.mktemp("told"))
    asked = CommandReceived(
        command=CommandId("command/slack/1"), community="acme", surface="slack", verb="help", by="U1",
        response_url="https://hooks.slack.example/commands/T1/secret",
    )  # fmt: skip
    made.record(
        Fact(event=job(1, 10, name="boot \x1b[31m"), source="github", correlation_id="delivery/1"),
        Fact(event=job(2, 20), source="backfill", correlation_id="delivery/2", actor="mönä 🚀"),
        Fact(event=asked, source="slack", actor="U1", correlation_id=asked.command),
    )
    return made


def commands() -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Yield every command there is, with its words."""
    groups = [("", get_command(program))]
    while groups:
        path, command = groups.pop()
        if isinstance(command, typer.core.TyperGroup):
            groups += [(f"{path} {name}".strip(), one) for name, one in command.commands.items()]
        else:
            assert isinstance(command, typer.core.TyperCommand)
            yield path, command


COMMANDS = dict(commands())


# How it is asked


def test_what_serves_loads_nothing_that_only_a_terminal_needs() -> None:
    looked = (
        "import sys, chatops.app, chatops.running.serving; "
        "print({'rich', 'pygments', 'alembic'} & set(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)

    assert ran.stdout == "set()\n"


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_an_example_that_it_understands(path: str) -> None:
    command = COMMANDS[path]
    [line] = [one.strip() for one in (command.help or "").splitlines() if "Example: " in one]
    words = shlex.split(line.removeprefix("Example: "))

    assert words[: 1 + len(path.split())] == ["chatops", *path.split()]
    command.make_context(path, words[1 + len(path.split()) :])


@pytest.mark.parametrize("path", COMMANDS)
def test_every_word_of_a_command_is_explained(path: str) -> None:
    command = COMMANDS[path]

    unexplained = [one.name for one in command.params if not getattr(one, "help", "")]

    assert unexplained == []


def test_help_is_no_mistake_and_nothing_at_all_is_one(shell: Shell) -> None:
    helped, nothing = shell("--help"), shell()
    deeper = shell("effects", "resume", "--help")

    assert (helped.status, nothing.status, deeper.status) == (DONE, MISUSED, DONE)
    assert "Usage: chatops [OPTIONS] COMMAND" in helped.out
    assert "Usage: chatops" in nothing.err + nothing.out
    assert "Example: chatops effects resume rerun 4711" in deeper.out


@pytest.mark.parametrize(
    "words",
    [
        ["nosuch"], ["status", "--nosuch"], ["status", "too", "many"], ["import"], ["run"],
        ["serve", "--port", "abc"], ["serve", "--port", "65536"], ["serve", "--port", "-1"],
        ["events", "--after", "-5"], ["events", "--after", "9" * 30],
        ["backfill", "--days", "-1"], ["backfill", "--days", "0"], ["backfill", "--days", "9" * 12],
        ["backfill", "--runs", "-1"], ["watch", "--seconds", "-1"], ["watch", "--rounds", "-1"],
        ["run", "/retest", "--pr", "-1"], ["run", "/retest", "--pr", "9" * 20],
        ["demo", "--nights", "0"], ["demo", "--port", "70000"], ["demo", "--speed", "0"],
        ["effects", "drop", "rerun"], ["db"], ["effects"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_is_not_understood_is_said_in_words(shell: Shell, words: Sequence[str]) -> None:
    said = shell(*words)

    assert said.status == MISUSED
    assert "Usage: chatops" in said.err + said.out
    assert not shell.database.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["serve", "--role", "boss"], "--role: found 'boss', expected all, web or worker"),
        (["rebuild", "nosuch"], "projection: found nosuch, expected some of "),
        (["completion", "tcsh"], "completion: found 'tcsh', expected bash, zsh or fish"),
        (["run", ""], "run: found nothing, expected a command such as '/retest'"),
        (["run", "/help", "--community", "x"], "--community: found 'x', expected one of acme"),
        (["run", "/help", "--repo", "a/b"], "--repo: found 'a/b', expected one of acme/rocket"),
        (["import", "x.json", "--repo", "a/b"], "--repo: found 'a/b', expected a repository of"),
        (["effects", "drop", "a", "1"], "nothing parked is called a 1; see chatops effects list"),
        (["import", "none.json"], "none.json: it cannot be read (No such file or directory)"),
    ],
)
def test_what_cannot_be_is_said_with_what_could_be(
    shell: Shell, words: Sequence[str], sentence: str
) -> None:
    said = shell(*words, CHATOPS_GITHUB_WEBHOOK_SECRET="x")

    assert said.status == MISUSED
    assert sentence in said.err
    assert said.out == ""


# How a shell completes it


class Keyboard:
    """Somebody at a shell that has been told how to complete `chatops`, and the key that does it."""

    def __init__(self, shell: Shell, program: Path) -> None:
        self._shell = shell
        self._program = program
        ours = shell.folder / "bin" / "chatops"
        ours.parent.mkdir()
        ours.write_text(f'#!/bin/sh\nexec {shlex.join(EXECUTABLE)} "$@"\n')
        ours.chmod(0o755)
        self._path = f"{ours.parent}:{os.environ['PATH']}"

    def says(self, script: str) -> str:
        """Return what a script prints."""
        ran = subprocess.run(
            [self._program, "-c", script],
            env=self._shell.environment(PATH=self._path),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (ran.returncode, ran.stderr) == (0, ""), ran.stderr
        return ran.stdout


@pytest.fixture
def bash(shell: Shell) -> Keyboard:
    remedy = "Install bash."
    return Keyboard(shell, needs.program("bash", called=["bash"], remedy=remedy))


def pressed(*words: str) -> str:
    """Return a script that prints what bash is offered for the last of some words, as they stand on its line."""
    line = " ".join(shlex.quote(word) for word in words)
    return f"""
eval "$(chatops completion bash)"
COMP_WORDS=({line}) COMP_CWORD={len(words) - 1}
$(complete -p chatops | sed 's/.*-F \\([^ ]*\\) .*/\\1/') chatops
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["chatops", "reb"], ["rebuild"]),
        (["chatops", "effects", ""], ["list", "resume", "drop"]),
        (["chatops", "run", "/rete"], ["/retest", "/retest-required"]),
        (["chatops", "run", "rete"], ["retest", "retest-required"]),
        (["chatops", "run", "'/retest "], ["/retest required", "/retest all", "/retest snp"]),
        (["chatops", "run", "/remove-are"], ["/remove-area"]),
        (["chatops", "run", "'retest s"], ["retest snp"]),
        (["chatops", "run", "/help", "--community", ""], ["acme"]),
        (["chatops", "events", "--type", "command.rec"], ["command.received"]),
        (["chatops", "rebuild", "job"], ["jobs"]),
        (["chatops", "completion", ""], ["bash", "zsh", "fish"]),
    ],
    ids=" ".join,
)
def test_bash_offers_what_can_come_next(
    shell: Shell, bash: Keyboard, words: Sequence[str], offered: Sequence[str]
) -> None:
    with (shell.folder / "chatops.yaml").open("a") as configuration:
        configuration.write("    labels: {prefixes: [area]}\n    job_aliases: {snp: '*sev-snp*'}\n")

    assert bash.says(pressed(*words)).splitlines() == offered


def test_bash_offers_what_the_bus_hears_though_the_configuration_is_broken(
    shell: Shell, bash: Keyboard
) -> None:
    (shell.folder / "chatops.yaml").write_text("communities: [")

    assert "retest-required" in bash.says(pressed("chatops", "run", "ret")).splitlines()


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_other_shells_understand_what_they_are_told(shell: Shell, name: str) -> None:
    found = needs.program(name, called=[name], remedy=f"Install {name}.")
    there = shell.folder / "completion"
    there.write_text(Keyboard(shell, found).says(f"chatops completion {name}"))

    checked = subprocess.run(
        [found, "-n", there], capture_output=True, text=True, timeout=60, check=False
    )

    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "more", "offered"),
    [
        (
            "fish",
            {"_TYPER_COMPLETE_FISH_ACTION": "get-args"},
            "retest\t[required|all|JOB…] – Run the failed jobs of this pull request again, then the gate.\n",
        ),
        ("zsh", {}, '"retest":"[required|all|JOB…] – Run the failed jobs'),
    ],
)
def test_shells_that_show_it_are_told_what_each_word_does(
    shell: Shell, name: str, more: dict[str, str], offered: str
) -> None:
    asked = {"_CHATOPS_COMPLETE": f"complete_{name}", "_TYPER_COMPLETE_ARGS": "chatops run ret"}

    assert offered in shell(**asked, **more).out


# What it is told in files and variables


def test_every_problem_of_the_settings_and_the_configuration_is_told_at_once(shell: Shell) -> None:
    path = shell.folder / "chatops.yaml"
    path.write_text(CONFIGURATION.replace("title: Acme", "titel: Acme\n    slash_command: acme"))

    said = shell("serve", CHATOPS_PORT="high", CHATOPS_NOSUCH="1", CHATOPS_LOG_FORMAT="xml")

    assert said.status == MISUSED
    lines = said.err.splitlines()
    assert any(line.startswith("CHATOPS_NOSUCH: found a variable that does not") for line in lines)
    assert "CHATOPS_PORT: found 'high', expected a number from 0 to 65535" in lines
    assert "CHATOPS_LOG_FORMAT: found 'xml', expected console or json" in lines
    assert any(line.startswith("CHATOPS_GITHUB_WEBHOOK_SECRET: found nothing") for line in lines)
    of_file = [line for line in lines if line.startswith(f"{path}:")]
    assert any(":3:" in line and "titel" in line for line in of_file), of_file
    assert any(":4:" in line and "slash_command" in line for line in of_file), of_file
    assert all("expected" in line or "title" in line for line in of_file)


def test_a_rule_about_a_command_that_is_not_there_is_a_mistake(shell: Shell) -> None:
    rules = "    commands_off: [retset]\n    exceptions: {acme/rocket: {who_may: {lable: write}}}\n"
    (shell.folder / "chatops.yaml").write_text(CONFIGURATION + rules)

    said = shell("status")

    assert said.status == MISUSED
    assert said.err.splitlines() == [
        "communities.acme.commands_off: found 'retset', did you mean retest?",
        "communities.acme.exceptions.acme/rocket.who_may: found 'lable', did you mean label?",
    ]


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"communities: [", b"{}", b"- a"])
def test_a_configuration_that_is_none_is_said_in_words(shell: Shell, content: bytes | None) -> None:
    path = shell.folder / "chatops.yaml"
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    said = shell("status")

    assert said.status == MISUSED
    assert str(path) in said.err


# What it prints


def test_an_event_is_printed_with_exactly_these_fields(told: Shell) -> None:
    said = told("events", "--json")

    lines = [json.loads(line) for line in said.out.splitlines()]
    assert (said.status, said.err) == (DONE, "")
    assert [list(line) for line in lines] == [FIELDS] * 3
    assert [line["position"] for line in lines] == [1, 2, 3]
    first, _, asked = lines
    assert (first["type"], first["version"], first["stream"]) == ("job.completed", 1, "run/10")
    assert (first["source"], first["actor"], first["key"]) == ("github", None, "job/1/completed")
    assert first["data"]["name"] == "boot \x1b[31m"
    assert first["occurred_at"].endswith("Z")
    assert (asked["actor"], asked["correlation_id"]) == ("U1", "command/slack/1")


def test_an_address_that_speaks_for_us_is_not_printed(told: Shell) -> None:
    asked = json.loads(told("events", "--json", "--after", "2").out)

    assert asked["data"]["response_url"] == "***"


def test_events_can_be_chosen(told: Shell) -> None:
    def positions(*words: str) -> list[int]:
        lines = told("events", "--json", *words).out.splitlines()
        return [json.loads(line)["position"] for line in lines]

    assert positions("--after", "1", "--type", "command.received") == [3]
    assert positions("--stream", "run/20") == [2]


def test_for_a_person_an_event_is_one_line_and_nothing_in_it_is_live(told: Shell) -> None:
    said = told("events", PYTHONIOENCODING="ascii")

    lines = said.out.splitlines()
    assert len(lines) == 3
    assert "\x1b" not in said.out
    assert "job.completed" in lines[0]
    assert "by m\\xf6n\\xe4 \\U0001f680" in lines[1]
    assert "command/slack/1 by U1  (slack)" in lines[2]


def test_who_reads_no_further_is_no_problem(told: Shell) -> None:
    for words in (["events", "--json"], ["status"]):
        reading, writing = os.pipe()
        os.close(reading)
        ran = subprocess.run(
            [*EXECUTABLE, *words], env=told.environment(), stdout=writing, stderr=subprocess.PIPE,
            text=True, timeout=30, check=False,
        )  # fmt: skip
        os.close(writing)

        assert ran.stderr == "", words


def test_who_follows_is_told_what_is_new_until_they_have_enough(shell: Shell) -> None:
    shell.record(Fact(event=job(1, 10), source="github", correlation_id="delivery/1"))
    following = shell.begin("events", "--follow", "--json", "--after", "1")
    assert following.stdout is not None
    time.sleep(1)
    shell.record(Fact(event=job(2, 20), source="github", correlation_id="delivery/2"))

    line = json.loads(following.stdout.readline())
    following.send_signal(signal.SIGINT)
    out, err = following.communicate(timeout=5)

    assert line["position"] == 2
    assert (following.returncode, out, err) == (DONE, "", "")


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["status"], DONE),
        (["rebuild", "--verify"], DONE),
        (["effects", "list"], DONE),
        (["run", "/help"], DONE),
        (["run", "/nosuch"], FAILED),
        (["doctor"], FAILED),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_json_is_one_document_and_nothing_else(
    shell: Shell, words: Sequence[str], status: int
) -> None:
    shell.record()

    said = shell(*words, "--json")

    assert said.status == status
    assert said.json is not None
    assert said.err == ""


# The database


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("sqlite:////nowhere/at/all.db", FAILED, "The database file cannot be opened"),
        ("sqlite:///{folder}", FAILED, "The database file cannot be opened"),
        ("sqlite:///{folder}/text.db", FAILED, "The database file is not an SQLite database."),
        ("sqlite:///{folder}/newer.db", FAILED, "The database is at schema '9999'"),
        ("sqlite:///{folder}/foreign.db", FAILED, "The database has a table 'events' that is not ours."),
        ("sqlite:///{folder}/locked.db", FAILED, "The database can only be read"),
        ("postgresql://me:hidden@127.0.0.1:1/x", FAILED, "Nobody listens at the address of the database."),
        ("postgresql://me:hidden@127.0.0.1:port/x", MISUSED, "CHATOPS_DATABASE_URL: found an address"),
        ("mysql://me:hidden@127.0.0.1/x", MISUSED, "CHATOPS_DATABASE_URL: found a mysql address"),
    ],
)  # fmt: skip
def test_a_database_that_will_not_do_is_said_in_a_sentence(
    shell: Shell, address: str, status: int, sentence: str
) -> None:
    folder = shell.folder
    (folder / "text.db").write_text("not a database, whatever its name says\n" * 30)
    for name, statement in (
        ("newer.db", "CREATE TABLE alembic_version AS SELECT '9999' AS version_num"),
        ("foreign.db", "CREATE TABLE events (something)"),
    ):
        with sqlite3.connect(folder / name) as db:
            db.execute(statement)
        db.close()
    if "locked" in address:
        sqlite3.connect(folder / "locked.db").close()
        address = f"sqlite:///file:{folder}/locked.db?immutable=1&uri=true"

    opens = any(part in address for part in ("newer", "locked", ":1/"))
    words = ["serve", "--port", "0"] if opens else ["status"]

    said = shell(
        *words,
        CHATOPS_DATABASE_URL=address.format(folder=folder),
        CHATOPS_GITHUB_WEBHOOK_SECRET="x",
    )

    assert said.status == status
    assert sentence in said.err
    assert "hidden" not in said.err
    assert said.out == ""


READING = (["status"], ["events"], ["events", "--follow"], ["effects", "list"])


@pytest.mark.parametrize("words", [*READING, ["doctor"]], ids=" ".join)
@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        ("0001", "The database is at schema '0001', and this version reads"),
        ("9999", "The database is at schema '9999', and this version knows up to"),
    ],
)
def test_who_only_looks_leaves_another_schema_as_it_is_and_says_what_to_do(
    shell: Shell, words: Sequence[str], at: str, sentence: str
) -> None:
    shell.record()
    with sqlite3.connect(shell.database) as db:
        db.execute("UPDATE alembic_version SET version_num = ?", [at])
    db.close()

    said = shell(*words)

    with sqlite3.connect(shell.database) as db:
        found = db.execute("SELECT version_num FROM alembic_version").fetchone()
    db.close()
    assert said.status == FAILED
    assert sentence in said.err + said.out
    assert found == (at,)


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_who_only_looks_makes_no_tables(shell: Shell, words: Sequence[str]) -> None:
    said = shell(*words)
    doctor = shell("doctor")

    with sqlite3.connect(shell.database) as db:
        tables = db.execute("SELECT name FROM sqlite_master").fetchall()
    db.close()
    assert (said.status, said.out) == (FAILED, "")
    assert said.err.startswith("The database is empty. `chatops serve` makes its tables")
    assert "empty; `chatops serve` makes its tables" in doctor.out
    assert tables == []


@pytest.mark.postgres
def test_a_wrong_password_is_said_in_a_sentence(shell: Shell, tmp_path: Path) -> None:
    postgres.programs()
    with Server.opened(auth="scram-sha-256") as server:
        said = shell(
            "status", CHATOPS_DATABASE_URL=server.url.replace("chatops@", "chatops:wr0ng@")
        )

    assert said.status == FAILED
    assert said.err == "The database does not accept the user or the password.\n"


# How it ends


@pytest.fixture
def serving(shell: Shell) -> Iterator[Process]:
    environment = {**shell.environment(), "CHATOPS_GITHUB_WEBHOOK_SECRET": "x"}
    with Process(environment, shell.folder) as process:
        yield process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_serve_ends_at_once_though_a_connection_is_open(
    serving: Process, number: signal.Signals
) -> None:
    with httpx.Client(trust_env=False) as client:
        kept_alive = client.get(f"{serving.url}/healthz")
        half_said = socket.create_connection(("127.0.0.1", serving.port))
        half_said.sendall(b"POST /github/webhooks HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n")
        started = time.monotonic()
        os.kill(serving.pid, number)
        status = serving.wait(timeout=10)
        took = time.monotonic() - started
        half_said.close()

    assert kept_alive.status_code == HTTPStatus.OK
    assert status == DONE
    assert took < 3
    assert "Traceback" not in serving.said()


def test_serve_says_why_it_cannot_listen(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = str(other.getsockname()[1])
        for words, sentence in (
            (
                ["--port", taken],
                f"I cannot listen on 127.0.0.1, port {taken}: Address already in use.",
            ),
            (["--host", "999.1.1.1"], "I cannot listen on 999.1.1.1, port 8080: "),
        ):
            said = shell("serve", *words, CHATOPS_GITHUB_WEBHOOK_SECRET="x")

            assert said.status == FAILED
            assert sentence in said.err


def test_watch_ends_when_it_is_asked_to(shell: Shell) -> None:
    watching = shell.begin("watch", CHATOPS_PORT="0")
    assert watching.stderr is not None
    assert any("listening" in line for line in iter(watching.stderr.readline, ""))
    watching.send_signal(signal.SIGTERM)
    _out, err = watching.communicate(timeout=10)

    assert watching.returncode == DONE
    assert "Traceback" not in err


def test_who_loses_patience_with_a_backfill_is_not_shown_a_trace(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        fetching = shell.begin("backfill", CHATOPS_GITHUB_API_URL=address)
        silent.settimeout(20)
        caller, _ = silent.accept()
        fetching.send_signal(signal.SIGINT)
        out, err = fetching.communicate(timeout=10)
        caller.close()

    assert fetching.returncode not in {DONE, FAILED, MISUSED}
    assert "Traceback" not in out + err


# Files


def stats(tests: int, nights: int) -> str:
    """Return a dashboard's file with so many tests and nights."""
    numbers = list(range(nights, 0, -1))
    return json.dumps(
        {
            f"test {test}": {
                "results": ["Pass"] * nights,
                "run_nums": numbers,
                "urls": [f"https://github.com/acme/rocket/actions/runs/{n}/job/{test * 1000 + n}" for n in numbers],
                "runs": nights, "fails": 0, "skips": 0,
            }
            for test in range(tests)
        }
    )  # fmt: skip


def test_importing_twice_adds_nothing(shell: Shell) -> None:
    file = shell.folder / "job_stats.json"
    file.write_text(stats(3, 4))

    first, second = shell("import", str(file), "--json"), shell("import", str(file), "--json")

    counts = [
        (one["facts"], one["new"], one["known"])
        for said in (first, second)
        for one in json.loads(said.out)
    ]
    assert (first.status, second.status) == (DONE, DONE)
    assert counts == [(16, 16, 0), (16, 0, 16)]


def test_a_bad_file_among_good_ones_adds_nothing(shell: Shell) -> None:
    good, bad = shell.folder / "good.json", shell.folder / "bad.json"
    good.write_text(stats(3, 4))
    bad.write_text(stats(3, 4).replace('"Pass"', '"Perhaps"', 1))

    said = shell("import", str(good), str(bad))

    assert said.status == MISUSED
    assert said.err.startswith(f"{bad}: /test 0/results/0: found 'Perhaps', expected Pass, Fail or")
    assert shell("events").out == ""


def test_a_long_command_shows_how_far_it_is_on_a_terminal_and_only_there(shell: Shell) -> None:
    file = shell.folder / "job_stats.json"
    file.write_text(stats(200, 200))
    ours, theirs = pty.openpty()
    environment = shell.environment(TERM="xterm", COLUMNS="100")
    on_terminal = subprocess.Popen(
        [*EXECUTABLE, "import", str(file)], env=environment, stdout=subprocess.PIPE, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:
        pass  # the terminal is gone with who wrote on it
    assert on_terminal.stdout is not None
    printed = on_terminal.stdout.read()
    status = on_terminal.wait()
    on_terminal.stdout.close()
    os.close(ours)

    quiet = shell("rebuild", "jobs")

    assert (status, quiet.status) == (DONE, DONE)
    assert b"import" in shown
    assert b"%" in shown
    assert b"40200 new" in printed
    assert quiet.err == ""


# Commands from here


def test_a_command_says_what_became_of_it(shell: Shell) -> None:
    refused = shell("run", "retset")
    explained = shell("run", "/shrug --dry-run")
    undecided = shell("run", "/retest", "--pr", "7", "--as", "mona")

    assert (refused.status, undecided.status) == (FAILED, FAILED)
    assert (refused.out, refused.err) == ("I do not know retset. Did you mean /retest?\n", "")
    assert (explained.status, explained.err) == (DONE, "")
    assert explained.out.startswith("Nothing was done.")
    assert undecided.out.startswith("Not decided yet: GitHub could not be reached.")


def test_the_doctor_looks_at_each_workspace_of_slack(shell: Shell) -> None:
    first = SlackStandIn()
    SlackStandIn(workspace=Workspace(team_id="T0OTHER"), bot_token="xoxb-2", beside=first)
    tokens = {"T0OTHER": "xoxb-2", "T0WRONG": "xoxb-2", "T0UNKNOWN": "xoxb-9"}
    named = {f"CHATOPS_SLACK_BOT_TOKEN_{team}": token for team, token in tokens.items()}
    nowhere = shell("doctor", CHATOPS_SLACK_BOT_TOKEN="xoxb-1", **named)
    (shell.folder / "chatops.yaml").write_text(
        CONFIGURATION.replace("title: Acme", "title: Acme\n    slack_team: T0OTHER")
    )
    with serve_in_thread(first) as slack:
        answer = shell(
            "doctor",
            "--json",
            CHATOPS_SLACK_API_URL=slack.slack.api_url,
            CHATOPS_SLACK_BOT_TOKEN=slack.slack.bot_token,
            **named,
        )

    assert nowhere.status == MISUSED
    assert (
        "communities.acme.slack_team: found nothing, expected the id of a workspace" in nowhere.err
    )
    found = {one["check"]: (one["ok"], one["text"]) for one in json.loads(answer.out)}
    assert found["slack"] == (True, "answers")
    assert found["slack T0OTHER"] == (True, "answers")
    assert found["slack T0WRONG"] == (
        False,
        "The bot token belongs to another workspace (T0OTHER).",
    )
    assert found["slack T0UNKNOWN"] == (
        False,
        "Slack does not accept the bot token (invalid_auth).",
    )


def test_the_doctor_says_what_is_wrong_and_with_whom(shell: Shell) -> None:
    with serve_in_thread(SlackStandIn()) as slack:
        answers = [
            shell("doctor", "--json", CHATOPS_SLACK_API_URL=address, CHATOPS_SLACK_BOT_TOKEN=token)
            for address, token in (
                (slack.slack.api_url, slack.slack.bot_token),
                (slack.slack.api_url, "xoxb-wrong"),
            )
        ]

    findings = [
        {one["check"]: (one["ok"], one["text"]) for one in json.loads(answer.out)}
        for answer in answers
    ]
    assert [answer.status for answer in answers] == [FAILED] * 2
    assert findings[0]["slack"] == (True, "answers")
    assert findings[1]["slack"] == (False, "Slack does not accept the bot token (invalid_auth).")
    for finding in findings:
        assert finding["configuration"][0]
        assert finding["database"][0]
        assert finding["github acme/rocket"] == (False, "GitHub could not be reached.")
