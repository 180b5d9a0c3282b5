"""Processes that help: the same whoever does it, a clear word when one is lost, and none stays behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from functools import partial
from pathlib import Path

import psutil
import pytest

from chatops.app import Service
from chatops.engine.database import open_database
from chatops.errors import BadInput, ChatopsError
from chatops.running.helping import Helpers, helpers_here
from chatops.running.making import Maker, Still, Written, write
from tests.builders import FAIL, night
from tests.running.exports import learn, of_environment

TEST = "tests/Nightly~~fuel"


@pytest.fixture
def service(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Service]:
    made = of_environment(monkeypatch, database_url, tmp_path)
    with closing(made.database):
        yield made


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    made = of_environment(monkeypatch, f"sqlite:///{tmp_path / 'export.db'}", tmp_path)
    with closing(made.database):
        yield made


def numbered(number: int) -> tuple[int, int]:
    return number, os.getpid()


@pytest.mark.parametrize("count", [0, 2])
def test_what_came_of_each_piece_can_be_asked_for_in_any_order(alone: Service, count: int) -> None:
    with Helpers(count) as helpers:
        helpers.begin(alone)
        pieces = [helpers.do(piece, piece) for piece in (partial(numbered, n) for n in range(50))]

        assert [helpers.result(piece)[0] for piece in reversed(pieces)] == list(range(49, -1, -1))


def come(file: Path, begun: Path) -> bool:
    """Say that this has begun, and wait until a file is there; return whether it came."""
    begun.touch()
    deadline = time.monotonic() + 30
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    return file.exists()


def test_who_waits_for_another_process_does_what_nobody_has_begun(
    alone: Service, tmp_path: Path
) -> None:
    wait = partial(come, tmp_path / "done", tmp_path / "begun")
    with Helpers(1) as helpers:
        helpers.begin(alone)
        long = helpers.do(wait, wait)
        waited((tmp_path / "begun").exists)
        others = [helpers.do(piece, piece) for piece in (partial(numbered, n) for n in range(9))]
        helpers.do(partial(write, tmp_path, "done", b""))

        assert helpers.result(long)
        assert os.getpid() in {helpers.result(piece)[1] for piece in others}


def refuse() -> None:
    """Say two things that are wrong."""
    raise BadInput(["the first", "the second"])


def test_what_goes_wrong_elsewhere_is_raised_here(alone: Service) -> None:
    with Helpers(1) as helpers:
        helpers.begin(alone)
        piece = helpers.do(lambda: None, refuse)
        waited(lambda: piece.is_done)

        with pytest.raises(BadInput, match=r"\Athe first\nthe second\Z") as problem:
            helpers.result(piece)
    assert problem.value.problems == ("the first", "the second")


def die() -> Written:
    """End this process as the system does where memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
    return Written()


def test_a_helper_that_is_lost_is_said_in_a_sentence(alone: Service, tmp_path: Path) -> None:
    with Helpers(1) as helpers:
        helpers.begin(alone)
        piece = helpers.do(die, die)
        waited(lambda: piece.is_done)

        with pytest.raises(ChatopsError, match="ended from outside"):
            helpers.result(piece)
        with pytest.raises(ChatopsError, match="ended from outside"):
            helpers.do(die, die)
        look = helpers.look(alone, "acme", alone.clock.now(), tmp_path)
        with pytest.raises(ChatopsError, match="ended from outside"), look:
            pass


def test_ctrl_c_is_for_the_one_that_is_helped(alone: Service) -> None:
    others = set(psutil.Process().children())
    with Helpers(2) as helpers:
        helpers.begin(alone)
        for helper in set(psutil.Process().children()) - others:
            helper.send_signal(signal.SIGINT)
        piece = helpers.do(os.getpid, os.getpid)
        waited(lambda: piece.is_done)

        assert helpers.result(piece) != os.getpid()


# --- pages ------------------------------------------------------------------


def look_and_make(
    helpers: Helpers,
    service: Service,
    folder: Path,
    *,
    elsewhere: bool,
    busy: AbstractContextManager[object] | None = None,
) -> None:
    """Let a page be made of a snapshot, here or elsewhere, while the log goes on."""
    here, there, now = folder / "here", folder / "there", service.clock.now()
    with ExitStack() as looks:
        with busy or nullcontext():
            db = looks.enter_context(helpers.look(service, "acme", now, there))
        learn(service, night(3, {"fuel": FAIL}))
        seen = Still(service.pages.sight(db, service.configuration.communities["acme"], now))
        alone = Maker(seen, here / "alone").make([TEST])
        piece = helpers.make(Maker(seen, here), [TEST])
        if elsewhere:
            waited(lambda: piece.is_done)

        assert helpers.result(piece) == alone
    by_whom, not_by = (there, here) if elsewhere else (here, there)
    for form in (".json", ".csv", "/index.html"):
        page = (here / "alone" / f"{TEST}{form}").read_bytes()
        assert (by_whom / f"{TEST}{form}").read_bytes() == page
    assert not (not_by / TEST).exists()


def test_a_helper_makes_pages_of_the_very_same_snapshot(service: Service, tmp_path: Path) -> None:
    with Helpers(2) as helpers:
        helpers.begin(service)

        look_and_make(helpers, service, tmp_path, elsewhere=True)


def test_where_a_snapshot_cannot_be_shared_pages_are_made_here(
    alone: Service, tmp_path: Path
) -> None:
    patient = alone.database
    alone.database = open_database(str(patient.url), busy_seconds=0)
    with closing(patient), closing(alone.database), Helpers(1) as helpers:
        helpers.begin(alone)

        look_and_make(helpers, alone, tmp_path, elsewhere=False, busy=patient.write(durable=False))


def test_a_helper_of_another_service_makes_no_pages(
    alone: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHATOPS_BASE_URL", "https://elsewhere.example")
    with Helpers(1) as helpers:
        helpers.begin(alone)

        look_and_make(helpers, alone, tmp_path, elsewhere=False)


# --- the end ----------------------------------------------------------------


HELPED = """
import os, time
from pathlib import Path
from chatops.app import Service
from chatops.config import read_configuration
from chatops.running.helping import Helpers
from chatops.settings import read_settings

def who():
    (Path(os.environ["FOLDER"]) / "who").write_text(str(os.getpid()))

if __name__ == "__main__":
    settings = read_settings(os.environ)
    helpers = Helpers(1)
    helpers.begin(Service(settings, read_configuration(settings.config), role="web"))
    helpers.do(who, who)
    time.sleep(60)
"""


def test_no_helper_outlives_the_one_it_helps(alone: Service, tmp_path: Path) -> None:
    program = tmp_path / "helped.py"
    program.write_text(HELPED)
    who = tmp_path / "who"
    helped = subprocess.Popen(
        [sys.executable, str(program)], env={**os.environ, "FOLDER": str(tmp_path)}
    )
    try:
        waited(lambda: who.exists() and who.read_text() != "")
        helper = int(who.read_text())
        assert is_there(helper)
    finally:
        helped.kill()
        helped.wait()

    waited(lambda: not is_there(helper))


def is_there(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def waited(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_processor_is_left_to_who_exports_and_a_small_log_needs_no_help() -> None:
    assert 0 <= helpers_here(10_000_000) < (os.cpu_count() or 1)
    assert helpers_here(10_000_000) <= 3
    assert helpers_here(100) == 0
