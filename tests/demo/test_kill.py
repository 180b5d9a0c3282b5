"""The demo, killed in the middle of something and started again: its GitHub and its log still know the same."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from http import HTTPStatus
from pathlib import Path

import httpx

from tests.scenarios.process import free_port

PATIENCE_SECONDS = 90.0
LOOK_SECONDS = 0.1
COMMENT = re.compile(r'id="issuecomment-(\d+)"')


class Demo:
    """A demo in a process of its own, seen through the page of the pull request that it proposes."""

    def __init__(self, folder: Path, port: int, said: Path, speed: int) -> None:
        words = ["demo", "--port", str(port), "--nights", "1", "--speed", str(speed)]
        with said.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "chatops", *words, "--directory", str(folder)],
                stdout=log, stderr=log, env=_environment(),
            )  # fmt: skip
        _wait(lambda: "Ctrl-C" in said.read_text() or self.process.poll() is not None)
        found = re.search(r"GitHub +(http://\S+)", said.read_text())
        assert found is not None, said.read_text()
        self._pull = found.group(1)

    def page(self) -> str:
        """Return the pull request's page."""
        return httpx.get(self._pull, trust_env=False).text

    def text(self) -> str:
        """Return what is written on it."""
        return unescape(re.sub(r"<[^>]*>", "", self.page()))

    def comments(self) -> list[int]:
        """Return the numbers of the comments."""
        return [int(number) for number in COMMENT.findall(self.page())]

    def say(self, text: str) -> None:
        """Write a comment as a maintainer."""
        form = {"as": "mona", "body": text}
        answer = httpx.post(f"{self._pull}/comments", data=form, trust_env=False)
        assert answer.status_code == HTTPStatus.SEE_OTHER

    def end(self, how: signal.Signals) -> int:
        """End it; return its exit status."""
        self.process.send_signal(how)
        return self.process.wait(timeout=PATIENCE_SECONDS)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CHATOPS_")}


def _wait(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(LOOK_SECONDS)


@contextmanager
def demo(folder: Path, port: int, said: Path, *, speed: int) -> Iterator[Demo]:
    """Start a demo; it ends at the latest with the test."""
    started = Demo(folder, port, said, speed)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.end(signal.SIGKILL)


def test_a_demo_that_is_killed_goes_on_from_the_same_moment(tmp_path: Path) -> None:
    folder, port = tmp_path / "demo", free_port()
    with demo(folder, port, tmp_path / "first", speed=1) as first:
        first.say("/retest")
        _wait(lambda: "attempt 2 is running" in first.text())
        before = first.comments()
        assert first.end(signal.SIGKILL) == -signal.SIGKILL

    with demo(folder, port, tmp_path / "second", speed=600) as second:
        after = second.comments()
        second.say("/shrug")
        _wait(lambda: len(second.comments()) > len(after) + 1)
        fresh = [number for number in second.comments() if number not in after]
        _wait(lambda: "attempt 2 is running" not in second.text())
        text = second.text()
        assert second.end(signal.SIGINT) == 0

    assert after == before
    assert min(fresh) > max(before)
    assert "passed this time" in text
    assert "is not known" not in text
