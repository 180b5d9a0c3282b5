"""The dashboard's pages of a few facts, at a morning that stands still, without a server."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from chatops.config import Community, Configuration
from chatops.engine.command import Knowledge
from chatops.engine.log import Batch
from chatops.engine.projection import Projector
from chatops.events import Event, Fact
from chatops.showing import Pages
from tests.builders import MORNING, REPO, SCHEDULE
from tests.engine.logs import PROJECTIONS, HandClock, opened

BASE_URL = "https://ci.example"
COMMUNITY = Community(
    key="acme", title="Acme", repositories=(REPO,), nightly=(SCHEDULE,),
    embedded_in=("https://board.example",),
)  # fmt: skip


@dataclass(frozen=True)
class Showroom:
    """Pages, and how to look at one."""

    pages: Pages

    def shown(self, address: str, form: str = "html", **query: str) -> str | None:
        """Return what is at an address, as it is declared, in a format."""
        page = self.pages.shows()[address](None, form, query, compress=False)
        return None if page is None else page.body.decode()

    def seen(self, address: str, form: str = "html", **query: str) -> str:
        """Return the same, where there is something."""
        found = self.shown(address, form, **query)
        assert found is not None, f"{address} is not there as {form}"
        return found


@contextmanager
def showroom(
    folder: Path,
    events: Iterable[Event],
    *,
    community: Community = COMMUNITY,
    now: datetime = MORNING,
) -> Iterator[Showroom]:
    """Open the pages of what these events tell; all of it was heard an hour before."""
    clock = HandClock()
    clock.moment = now - timedelta(hours=1)
    with opened(f"sqlite:///{folder / 'showroom.db'}", clock=clock) as log:
        facts = [Fact(event=one, source="github", correlation_id="delivery/1") for one in events]
        log.append([Batch(facts=facts)])
        Projector(log, [kind() for kind in PROJECTIONS]).catch_up()
        clock.moment = now

        def knowledge(db: Connection, of: Community) -> Knowledge:
            return Knowledge(db=db, community=of, now=now, base_url=BASE_URL, log=log)

        yield Showroom(
            Pages(
                log.database,
                Configuration(communities={community.key: community}),
                clock,
                knowledge=knowledge,
                can_sign_in=True,
            )
        )
