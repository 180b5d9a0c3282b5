"""Processes that the bench starts: each has a log of its own and is stopped, by its id, when its block ends."""

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

MEGABYTE = 1_000_000
START_SECONDS = 60.0
STOP_SECONDS = 10.0
LOOK_SECONDS = 0.002


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers. `seconds` is how long that took from the start of its process."""

    port: int
    seconds: float
    process: psutil.Process

    @property
    def resident(self) -> float:
        """The memory it holds now, in megabytes."""
        return float(self.process.memory_info().rss / MEGABYTE)

    @property
    def worked(self) -> float:
        """The seconds of processor time it has taken up to now, all of its threads together."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


def free_port() -> int:
    """Return a port of the loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def process(
    command: Sequence[str], log: Path, environment: Mapping[str, str], folder: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program for as long as the block lasts; what it prints goes to a file."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
            # Ctrl-C reaches the bench only, which then ends them in its own order.
            env=dict(environment), start_new_session=True,
        ) as running,
    ):  # fmt: skip
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                running.kill()


@contextmanager
def served(
    command: Sequence[str], port: int, log: Path, environment: Mapping[str, str], *,
    path: str = "/healthz", folder: Path | None = None,
) -> Iterator[Served]:  # fmt: skip
    """Run a server for as long as the block lasts, which begins when it has answered a request."""
    began = time.perf_counter()
    with process(command, log, environment, folder) as running:
        while not answers(port, path):
            if running.poll() is not None or time.perf_counter() - began > START_SECONDS:
                said = log.read_text(errors="replace")[-2_000:]
                raise RuntimeError(f"{' '.join(command)} does not answer. It said: {said}")
            time.sleep(LOOK_SECONDS)
        yield Served(port, time.perf_counter() - began, psutil.Process(running.pid))


def answers(port: int, path: str) -> bool:
    """Return whether a server answers a request, whatever it says."""
    try:
        status, _ = get(port, path)
    except (OSError, http.client.HTTPException):
        return False
    return status > 0


def get(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Return the status and the body of one GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def environment(**added: str) -> dict[str, str]:
    """Return what every process gets of ours, without any setting of an installation's own, and what is added.

    An interpreter may keep what it has compiled, as it does where an operator starts it.
    """
    ours = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CHATOPS_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**ours, **added}
