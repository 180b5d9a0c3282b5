"""How soon Slack has its acknowledgement while intake runs at its limit; Slack itself waits three seconds.

The stand-in types slash commands, signed and over HTTP, one after the other, and measures each acknowledgement. What
the bot then answers is posted to the stand-in as well.
"""

import time
from collections.abc import Iterator

from bench.beside import load_beside
from bench.load import percentile
from bench.product import product
from bench.rows import Row, at_most, beside_limit
from bench.scene import SQLITE, Scene
from chatops.standins.slack import SlackStandIn, serve_in_thread

LIMIT = at_most(100, "ms")
MOST = 64
PAUSE_SECONDS = 0.04


def slack(scene: Scene) -> Iterator[Row]:
    """Yield the row of acknowledgements under load."""
    address = scene.database(SQLITE, "slack")
    assert address is not None
    took: list[float] = []
    standin = SlackStandIn()
    with serve_in_thread(standin) as room:
        settings = {
            "CHATOPS_SLACK_API_URL": standin.api_url,
            "CHATOPS_SLACK_SIGNING_SECRET": standin.signing_secret,
            "CHATOPS_SLACK_BOT_TOKEN": standin.bot_token,
        }
        with product(scene.folder, address, settings) as served:
            standin.app_url = f"http://127.0.0.1:{served.port}/slack/events"
            room.run(standin.slash("/acme", "status nightly"))
            for _ in range(scene.scale.rounds):
                lasting = 2 * scene.scale.seconds
                with load_beside(scene, served.port, connections=MOST, seconds=lasting):
                    until = time.monotonic() + lasting
                    while time.monotonic() < until:
                        outcome = room.run(standin.slash("/acme", "status nightly"))
                        assert outcome.error is None, outcome
                        took.append(outcome.latency.total_seconds() * 1_000)
                        time.sleep(PAUSE_SECONDS)
    what = (
        f"Slack acknowledged under {MOST} connections, p99 of {len(took)} "
        f"(p50 {percentile(took, 0.5):.0f} ms)"
    )
    yield beside_limit(what, percentile(took, 0.99), LIMIT)
