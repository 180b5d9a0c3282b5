"""Measure the product beside its peers and limits, in one run: `python -m bench`, or `--only intake` for a part.

Ratios hold on any machine, absolute figures on this one only. Everything stays on the loopback, every load is bounded
in count and in time, and whatever is started is stopped.
"""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType

import msgspec
from rich.console import Console
from rich.table import Table

from bench.browsing import browser
from bench.commands import commands
from bench.freshness import freshness
from bench.intake import intake, repeated
from bench.pages import crowded, pages
from bench.polling import polling
from bench.postgres import postgres
from bench.replay import replay
from bench.rows import Row
from bench.scene import FULL, QUICK, Scene, say
from bench.slack import slack
from bench.slow_disk import slow_disk
from bench.start import start
from bench.views import views
from chatops.logs import set_up_logs

RESULTS = Path("bench/results/latest.json")
WIDTH = 160

PARTS: Mapping[str, Callable[[Scene], Iterator[Row]]] = {
    "intake": intake,
    "repeated": repeated,
    "slow_disk": slow_disk,
    "crowded": crowded,
    "replay": replay,
    "freshness": freshness,
    "pages": pages,
    "views": views,
    "commands": commands,
    "slack": slack,
    "start": start,
    "polling": polling,
    "browser": browser,
}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small counts: to see that it works")
    parser.add_argument(
        "--only", action="append", choices=sorted(PARTS), help="run this part; may be repeated"
    )
    parser.add_argument("--events", type=int, help="the size of the long log")
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        metavar="URL",
        help="a page to measure beside ours in a browser; may be repeated",
    )
    parser.add_argument("--json", type=Path, default=RESULTS, help="where to write the figures")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    set_up_logs("console")
    scale = QUICK if asked.quick else FULL
    if asked.events:
        scale = replace(scale, events=asked.events)
    began = time.monotonic()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="chatops-bench-") as name, postgres() as server:
        scene = Scene(Path(name), scale, server, tuple(asked.against))
        for part in asked.only or PARTS:
            say(part)
            rows += PARTS[part](scene)
    Console(width=WIDTH).print(_table(rows))
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    seconds = round(time.monotonic() - began)
    written = {"machine": _machine(), "seconds": seconds, "rows": [asdict(row) for row in rows]}
    asked.json.write_bytes(msgspec.json.format(json.dumps(written).encode()))
    say(f"{seconds} s; written to {asked.json}")


def _table(rows: list[Row]) -> Table:
    table = Table("what", "beside", "ours", "theirs", "ratio", "target", "met")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        met = {True: "yes", False: "no", None: ""}[row.is_met]
        table.add_row(row.what, row.peer, row.ours, row.theirs, ratio, row.target, met)
    return table


def _machine() -> Mapping[str, object]:
    return {
        "processors": os.cpu_count(),
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
    }


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Leave by way of every block that stops something."""
    sys.exit(1)


if __name__ == "__main__":
    main()
