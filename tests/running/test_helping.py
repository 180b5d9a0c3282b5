"""Processes that help: the same files whoever writes them, a clear word when one is lost, and none stays behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from chatops.errors import ChatopsError
from chatops.running.helping import Helpers, Written, helpers_here, write, write_copies, write_table
from chatops.views.exported import Site

SITE = Site(key="acme", base_url="", files={"tests/b": "tests/b/index.html"}, selected={})
PAGE = '<head></head></header>\r\n<body><a href="/acme/tests/b">b</a></body>'
DOCUMENT = '{"rows": [{"name": "=1+1", "page": "x"}]}'
AT_LEAST_ONE_EACH = 9


def worked(folder: Path, helpers: Helpers) -> dict[str, bytes]:
    write(folder, "tests/a/index.html", PAGE.encode())
    with helpers:
        for number in range(AT_LEAST_ONE_EACH):
            helpers.do(write_table, folder, f"flaky-{number}.csv", "flaky", DOCUMENT)
        helpers.do(write_copies, folder, SITE, "then", [("tests/a", "tests/a")])
        written = helpers.finish()
    files = {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*.*")}
    assert written == Written(AT_LEAST_ONE_EACH + 1, sum(map(len, files.values())))
    return files


def test_whoever_writes_them_the_files_are_the_same(tmp_path: Path) -> None:
    alone = worked(tmp_path / "alone", Helpers(0))
    helped = worked(tmp_path / "helped", Helpers(2, alone=3))

    assert helped == alone
    assert b'<a href="../b/">' in alone["tests/a/index.html"]
    assert b"'=1+1" in alone["flaky-0.csv"]


def test_what_goes_wrong_elsewhere_is_raised_here(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with Helpers(1, alone=0) as helpers:
        helpers.do(write, tmp_path, "file/index.html", b"")

        with pytest.raises(FileExistsError):
            helpers.finish()


def die(_folder: Path) -> Written:
    """End this process as the system does where memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
    return Written()


def test_a_helper_that_is_lost_is_said_in_a_sentence(tmp_path: Path) -> None:
    with Helpers(1, alone=0) as helpers:
        helpers.do(die, tmp_path)

        with pytest.raises(ChatopsError, match="ended from outside"):
            helpers.finish()
        with pytest.raises(ChatopsError, match="ended from outside"):
            helpers.do(die, tmp_path)


HELPED = """
import os, time
from pathlib import Path
from chatops.running.helping import Helpers, Written

def who(folder):
    (folder / "who").write_text(str(os.getpid()))
    return Written()

if __name__ == "__main__":
    helpers = Helpers(1, alone=0)
    helpers.do(who, Path(os.environ["FOLDER"]))
    helpers.finish()
    time.sleep(60)
"""


def test_no_helper_outlives_the_one_it_helps(tmp_path: Path) -> None:
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


def test_one_processor_is_left_to_who_makes_the_pages() -> None:
    assert 0 <= helpers_here() < (os.cpu_count() or 1) + 1
    assert helpers_here() <= 3
