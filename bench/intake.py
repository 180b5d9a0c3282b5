"""How fast deliveries become durable, beside those who forget them and those who keep them in another way.

The denominator is a raw ASGI app on the same server that verifies, decodes narrowly, answers, and keeps nothing. Ours
is the process that takes deliveries (`chatops serve --role web`); a row more for each database is the whole product in
one process, whose projections, policies and crew follow the log while the load runs.
"""

import statistics
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import uvloop
from sqlalchemy import func, select

from bench.deliveries import requests
from bench.load import load
from bench.peers import probot
from bench.peers.eventsourced_needs import lacking_for
from bench.peers.serving import peer
from bench.postgres import MISSING
from bench.product import caught_up, opened, product
from bench.rounds import Met, Runner, run
from bench.rows import (
    Row,
    Target,
    at_least,
    at_most,
    beside_limit,
    beside_peer,
    not_measured,
)
from bench.scene import POSTGRESQL, SQLITE, Scene
from chatops.engine.log import EVENTS

MOST = 64
CONNECTIONS = (1, 16, MOST)
FORGETFUL = "raw ASGI, verifies and forgets"
PROBOT = "probot, default logging"
AGAINST_FORGETTING: Mapping[str, Target] = {SQLITE: at_least(0.45), POSTGRESQL: at_least(0.35)}
AGAINST_EVENTSOURCED = at_least(4)
AGAINST_PROBOT = at_least(1.2)
REPEATED = at_least(0.9)

Mets = Mapping[tuple[str, int], Met]


def intake(scene: Scene) -> Iterator[Row]:
    """Yield the rows of durable intake beside everybody who takes deliveries."""
    runners: dict[str, Runner] = {}
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        forgetful = stack.enter_context(peer("forgetful", scene.folder, "none"))
        runners[FORGETFUL] = Runner(served=forgetful, connections=CONNECTIONS)
        for kind in (SQLITE, POSTGRESQL):
            ours, theirs = scene.database(kind, "ours"), scene.database(kind, "eventsourced")
            if ours is None or theirs is None:
                missing[kind] = missing[_whole(kind)] = missing[_package(kind)] = MISSING
                continue
            served = stack.enter_context(product(scene.folder, ours, role="web"))
            runners[kind] = Runner(served=served, connections=CONNECTIONS)
            everything = scene.database(kind, "everything")
            assert everything is not None
            served = stack.enter_context(product(scene.folder, everything))
            runners[_whole(kind)] = Runner(served=served, connections=[MOST], has_read_models=True)
            if lacking := lacking_for(theirs):
                missing[_package(kind)] = lacking
                continue
            package = stack.enter_context(peer("eventsourced", scene.folder, theirs))
            runners[_package(kind)] = Runner(served=package, connections=[MOST])
        if lacking := probot.lacking():
            missing[PROBOT] = lacking
        else:
            served = stack.enter_context(probot.served(scene.folder))
            runners[PROBOT] = Runner(
                served=served, connections=[MOST], path=probot.PATH, status=probot.STATUS
            )
        met = run(scene, runners)
    for kind, target in AGAINST_FORGETTING.items():
        for connections in CONNECTIONS:
            wanted = target if connections == MOST else None
            yield _row(met, missing, kind, FORGETFUL, connections, wanted)
        yield _row(met, missing, _whole(kind), FORGETFUL, MOST, None)
    for kind in (SQLITE, POSTGRESQL):
        yield _row(met, missing, kind, _package(kind), MOST, AGAINST_EVENTSOURCED)
    yield _row(met, missing, SQLITE, PROBOT, MOST, AGAINST_PROBOT)
    # Read models and all; unlike a rate, it is nearly the same however busy the machine is with other things.
    yield beside_peer(
        f"processor time of a delivery, {_whole(SQLITE)}", FORGETFUL,
        met[_whole(SQLITE), MOST].cost, met[FORGETFUL, MOST].cost, None, unit=" µs",
    )  # fmt: skip


def _whole(kind: str) -> str:
    return f"{kind}, whole product"


def _package(kind: str) -> str:
    return f"eventsourcing, {kind}"


def _row(
    met: Mets,
    missing: Mapping[str, str],
    kind: str,
    beside: str,
    connections: int,
    target: Target | None,
) -> Row:
    many = "1 connection" if connections == 1 else f"{connections} connections"
    what = f"intake, {many}, {kind}"
    for name in (kind, beside):
        if name in missing:
            return not_measured(what, beside, target, missing[name])
    ours, theirs = met[kind, connections], met[beside, connections]
    return beside_peer(what, beside, ours.rate, theirs.rate, target)


def repeated(scene: Scene) -> Iterator[Row]:
    """Yield the row of deliveries of which half come twice, and count what the log then has twice."""
    address = scene.database(SQLITE, "repeated")
    assert address is not None
    rates: dict[int, list[float]] = {1: [], 2: []}
    with product(scene.folder, address) as served:
        for _ in range(scene.scale.rounds):
            for repeat, met in rates.items():
                count = scene.scale.count
                prepared = requests(count, start=scene.numbers(count), repeat=repeat)
                sending = load(served.port, prepared, connections=MOST, seconds=scene.scale.seconds)
                met.append(uvloop.run(sending).rate)
                caught_up(served.port)
    known = opened(scene.folder, address)
    with known.database.read() as db:
        keys = func.count(EVENTS.c.key.distinct())
        twice = db.execute(select(func.count() - keys).select_from(EVENTS)).scalar_one()
    known.database.close()
    once, again = (statistics.median(met) for met in rates.values())
    yield beside_peer(
        "half of the deliveries repeated, SQLite", "none repeated", again, once, REPEATED
    )
    yield beside_limit("events that the log then has twice", twice, at_most(0))
