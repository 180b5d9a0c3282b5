"""A load in a process of its own, beside whatever is measured in this one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from bench.load import READY, Measured
from bench.processes import environment
from bench.scene import Scene

END_SECONDS = 60.0


@dataclass(slots=True)
class Beside:
    """What the load met, once its block has ended."""

    measured: Measured | None = None


@contextmanager
def load_beside(scene: Scene, port: int, *, connections: int, seconds: float) -> Iterator[Beside]:
    """Run a load of deliveries against a server; the block begins with it, and ends with it at the latest."""
    count = round(scene.scale.count * max(1.0, seconds / scene.scale.seconds))
    command = [
        sys.executable, "-m", "bench.load", str(port), "--connections", str(connections),
        "--count", str(count), "--seconds", str(seconds), "--start", str(scene.numbers(count)),
    ]  # fmt: skip
    found = Beside()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment(), text=True
    ) as running:
        try:
            assert running.stdout is not None
            first = running.stdout.readline()
            assert first.strip() == READY, first
            yield found
            said, _ = running.communicate(timeout=END_SECONDS)
            found.measured = msgspec.json.decode(said, type=Measured)
        finally:
            running.kill()
