"""Intake on a disk that takes 2 ms longer for every flush: what group commit is for.

The wait is real: a library of a dozen lines is compiled for the run and preloaded into both servers, where it stands
before `fsync` and `fdatasync`. A third process flushes a file under it first, so that the row says what a flush took.
"""

import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.peers.serving import peer
from bench.processes import environment
from bench.product import product
from bench.rounds import Runner, run
from bench.rows import Row, at_least, beside_peer, not_measured
from bench.scene import SQLITE, Scene

SOURCE = Path(__file__).with_name("slow_disk.c")
ADDED_MICROSECONDS = 2_000
MOST = 64
ONE_BY_ONE = "one transaction per request"
TARGET = at_least(10)
FLUSHES = 25
FLUSH = """
import os, sys, time
with open(sys.argv[1], "wb") as file:
    for _ in range(int(sys.argv[2])):
        file.write(b"x" * 4096)
        file.flush()
        began = time.perf_counter()
        os.fdatasync(file.fileno())
        print((time.perf_counter() - began) * 1000)
"""


def slow_disk(scene: Scene) -> Iterator[Row]:
    """Yield the row of group commit beside one transaction per request, both on the slow disk."""
    what = f"intake, {MOST} connections, flushes 2 ms longer"
    library, lacking = _compiled(scene.folder)
    if lacking:
        yield not_measured(what, ONE_BY_ONE, TARGET, lacking)
        return
    preloaded = {"LD_PRELOAD": str(library)}
    took = _flush(scene.folder, preloaded)
    ours, theirs = scene.database(SQLITE, "slow"), scene.database(SQLITE, "slow_one_by_one")
    assert ours is not None
    assert theirs is not None
    with (
        product(scene.folder, ours, preloaded, role="web") as group,
        peer("one_by_one", scene.folder, theirs, preloaded) as single,
    ):
        runners = {
            "ours": Runner(served=group, connections=[MOST]),
            ONE_BY_ONE: Runner(served=single, connections=[MOST]),
        }
        rates = run(scene, runners)
    yield beside_peer(
        f"{what} ({took:.1f} ms)", ONE_BY_ONE,
        rates["ours", MOST].rate, rates[ONE_BY_ONE, MOST].rate, TARGET,
    )  # fmt: skip


def _compiled(folder: Path) -> tuple[Path, str]:
    """Return the library, or why there is none."""
    library = folder / "slow_disk.so"
    compiler = shutil.which("cc")
    if not sys.platform.startswith("linux"):
        return library, "preloading is Linux's"
    if compiler is None:
        return library, "no C compiler"
    command = [
        compiler, "-shared", "-fPIC", "-O2", f"-DMICROSECONDS={ADDED_MICROSECONDS}",
        "-o", str(library), str(SOURCE), "-ldl",
    ]  # fmt: skip
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    return library, "" if made.returncode == 0 else f"cc failed: {made.stderr[-200:]}"


def _flush(folder: Path, preloaded: dict[str, str]) -> float:
    """Return how many milliseconds a flush of a small write takes under the library."""
    command = [sys.executable, "-c", FLUSH, str(folder / "flushed"), str(FLUSHES)]
    said = subprocess.run(
        command, check=True, capture_output=True, text=True, env=environment(**preloaded)
    )
    took = statistics.median(float(line) for line in said.stdout.split())
    assert took > ADDED_MICROSECONDS / 1_000, "the library was not preloaded"
    return took
