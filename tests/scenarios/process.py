"""The product as a process of its own, to be started, killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Self

import httpx

START_SECONDS = 60.0


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Process:
    """`chatops serve`, on a port of its own."""

    def __init__(self, environment: Mapping[str, str], folder: Path, *, role: str = "all") -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **{
                name: value for name, value in os.environ.items() if not name.startswith("CHATOPS_")
            },
            "CHATOPS_BASE_URL": self.url,
            **environment,
        }
        self._log = folder / "serve.log"
        self._role = role
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return its number."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> Self:
        """Start it, and wait until it answers."""
        command = [sys.executable, "-m", "chatops", "serve", "--port", str(self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--role", self._role], env=self._environment, stderr=log, stdout=log
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                self.kill()
                raise AssertionError(f"it did not start:\n{self._log.read_text()[-4000:]}")
            time.sleep(0.02)
        return self

    def answers(self) -> bool:
        """Return whether it is alive."""
        try:
            return httpx.get(f"{self.url}/healthz", trust_env=False).status_code == HTTPStatus.OK
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """Kill it like a power cut: no signal it could handle, no time to finish anything."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """Ask it to stop; return its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.wait(timeout=20)

    def wait(self, timeout: float) -> int:
        """Wait for its end; return its exit status."""
        assert self._process is not None
        return self._process.wait(timeout)

    def said(self) -> str:
        """Return what it wrote to its log, for a failing test to show."""
        return self._log.read_text()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_problem: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
