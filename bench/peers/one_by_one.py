"""The product's door and log, but each request in a transaction of its own: what group commit is measured beside."""

import asyncio

from bench.peers.door import Append
from chatops.app import catalogues, upgrade_database
from chatops.engine.clock import SystemClock
from chatops.engine.codec import Codec
from chatops.engine.database import open_database
from chatops.engine.log import Appended, Batch, Log


def one_by_one(address: str) -> Append:
    """Return a way to append that shares a flush with nobody."""
    database = open_database(address)
    upgrade_database(database)
    log = Log(database, Codec(catalogues().events), SystemClock())

    async def append(batch: Batch) -> Appended:
        (appended,) = await asyncio.to_thread(log.append, [batch])
        return appended

    return append
