"""Serve one peer on the product's own uvicorn, until asked to stop."""

import argparse
from collections.abc import Callable

from bench.peers.door import door
from bench.peers.eventsourced import eventsourced
from bench.peers.forgetful import forget
from bench.peers.one_by_one import one_by_one
from chatops.running.serving import Server, in_loop
from chatops.surfaces.web import App

PEERS: dict[str, Callable[[str], App]] = {
    "forgetful": lambda _database: forget,
    "one_by_one": lambda database: door(one_by_one(database)),
    "eventsourced": lambda database: door(eventsourced(database)),
}


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("name", choices=sorted(PEERS))
    parser.add_argument("database")
    parser.add_argument("port", type=int)
    asked = parser.parse_args()
    in_loop(Server(PEERS[asked.name](asked.database), host="127.0.0.1", port=asked.port).serve())


if __name__ == "__main__":
    main()
