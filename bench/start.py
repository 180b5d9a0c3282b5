"""How soon a process of the product answers, and how much memory it holds.

It is started as an operator starts it. The time runs from the start of the process to the first answer of /healthz, at
a database that is at the newest schema.
"""

import statistics
import time
from collections.abc import Iterator

from bench.beside import load_beside
from bench.processes import get
from bench.product import product
from bench.rows import Row, at_most, beside_limit
from bench.scene import SQLITE, Scene

SECONDS = at_most(1, "s")
IDLE, LOADED = at_most(90, "MB"), at_most(120, "MB")
REST_SECONDS = 1.5
LOOK_SECONDS = 0.05


def start(scene: Scene) -> Iterator[Row]:
    """Yield the rows of a start, and of memory at rest and at work."""
    address = scene.database(SQLITE, "start")
    assert address is not None
    with product(scene.folder, address):
        # The first start makes the tables.
        pass
    took, resident = [], []
    for _ in range(scene.scale.starts):
        with product(scene.folder, address) as served:
            took.append(served.seconds)
            time.sleep(REST_SECONDS)
            resident.append(served.resident)
    with product(scene.folder, address) as served:
        most = 0.0
        lasting = 2 * scene.scale.seconds
        with load_beside(scene, served.port, connections=64, seconds=lasting):
            until = time.monotonic() + lasting
            while time.monotonic() < until:
                status, _ = get(served.port, "/nightly")
                assert status == 200
                most = max(most, served.resident)
                time.sleep(LOOK_SECONDS)
    yield beside_limit("start to first answer, SQLite", statistics.median(took), SECONDS)
    yield beside_limit("resident memory, idle", statistics.median(resident), IDLE)
    yield beside_limit("resident memory, 64 connections and pages", most, LOADED)
