"""Does the bot itself work: what it heard, how far its read models are, and what it has not done yet?

The question behind `/readyz` and the page of its status, which say the same: both ask `is_ready`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

from chatops.answers.dead_man import is_canary_out
from chatops.answers.missing_digests import missing_digests
from chatops.engine.command import Knowledge
from chatops.engine.deliveries import Ledger, newest_deliveries
from chatops.engine.projection import Progress, progress_of
from chatops.engine.work import Backlog, backlog_by_worker
from chatops.names import Repo
from chatops.projections.canaries import Canary, canary
from chatops.projections.digests import last_digest_at
from chatops.projections.freshness import heard_by_source
from chatops.projections.gaps import Audit, Gap, last_audit, mended_gaps, open_gaps

LAG_LIMIT = 50_000
"""Events behind which a read model makes the process unready: its answers would be old."""
DELIVERIES_LOOKED_AT = 5_000
STALE_AFTER = timedelta(hours=26)
IMPORT = "import"


class Allowance(Struct, frozen=True):
    """How many calls GitHub still allows one of our accounts in this hour."""

    remaining: int
    limit: int
    resets_at: datetime


class Process(Struct, frozen=True, kw_only=True):
    """What a process knows of itself and no table says; what it does not know is empty.

    Only a worker sweeps, and who has called GitHub knows what is left of its limit.
    """

    projections: tuple[str, ...] = ()
    schema: str = ""
    newest_schema: str = ""
    swept_at: datetime | None = None
    github: tuple[Allowance, ...] = ()


class Open(Struct, frozen=True, kw_only=True):
    """What one worker has not done, and since when the oldest of it is wanted."""

    backlog: Backlog
    since: datetime | None


class OwnState(Struct, frozen=True, kw_only=True):
    """How the bot is, seen from one community: data age is that of its repositories, the rest is everybody's."""

    process: Process
    head: int
    last_event_at: datetime | None
    ledger: Ledger
    audit: Audit | None
    """The newest look at GitHub's own list of deliveries; nothing where there was none."""
    gaps: tuple[Gap, ...]
    """The deliveries of that list that have not come."""
    mended: int
    """How many came after all."""
    projections: tuple[Progress, ...]
    open: tuple[Open, ...]
    heard: tuple[tuple[Repo, str, datetime], ...]
    silent: tuple[Repo, ...]
    """Repositories of which nothing was ever heard."""
    canary: Canary
    digest_at: datetime | None
    """When the newest digest was made that a channel has got."""
    digests_missing: int
    """Channels that should have got a digest, or a word why not."""
    now: datetime
    is_past: bool = False
    """Of the past it is known what was heard, for that is in the log, and not how the bot was."""

    @property
    def is_ready(self) -> bool:
        """Return what `/readyz` says, too."""
        return is_ready(self.projections)

    @property
    def stopped(self) -> tuple[Progress, ...]:
        """Return the read models that could not go on."""
        return tuple(one for one in self.projections if one.error)

    @property
    def lag(self) -> int:
        """Return how many events the slowest read model has not seen yet."""
        return max((one.lag for one in self.projections), default=0)

    @property
    def waiting(self) -> int:
        """Return how much is still to be done."""
        return sum(one.backlog.waiting for one in self.open)

    @property
    def parked(self) -> int:
        """Return how much waits for an operator."""
        return sum(one.backlog.parked for one in self.open)

    @property
    def heard_at(self) -> datetime | None:
        """Return when GitHub was last heard, whichever way; a file that was imported is not hearing."""
        return max((at for _, source, at in self.heard if source != IMPORT), default=None)

    @property
    def is_canary_out(self) -> bool:
        """Return whether a canary should have come back and has not."""
        return is_canary_out(self.canary, self.now)

    @property
    def is_stale(self) -> bool:
        """Return whether nothing was heard for longer than a night takes to come."""
        return self.heard_at is not None and self.now - self.heard_at > STALE_AFTER


def is_ready(progress: Iterable[Progress]) -> bool:
    """Return whether a process with these read models can do its work."""
    return all(not one.error and one.lag < LAG_LIMIT for one in progress)


def own_state(knowledge: Knowledge, process: Process, *, is_past: bool = False) -> OwnState:
    """Return how the bot is; of the past, what the log tells of that."""
    db, log = knowledge.db, knowledge.log
    assert log is not None
    head = log.head(db)
    backlog = backlog_by_worker(db)
    recorded = log.recorded_at(db, {head, *(one.oldest for one in backlog)})
    heard = heard_by_source(db, knowledge.community.repositories)
    known = {repo for repo, _, _ in heard}
    return OwnState(
        process=process,
        head=head,
        last_event_at=recorded.get(head),
        ledger=newest_deliveries(db, DELIVERIES_LOOKED_AT),
        audit=last_audit(db),
        gaps=open_gaps(db),
        mended=mended_gaps(db),
        projections=tuple(progress_of(db, process.projections, head)),
        open=tuple(Open(backlog=one, since=recorded.get(one.oldest)) for one in backlog),
        heard=tuple(heard),
        silent=tuple(repo for repo in knowledge.community.repositories if repo not in known),
        canary=canary(db),
        digest_at=last_digest_at(db, knowledge.community.key),
        digests_missing=0 if is_past else sum(1 for _ in missing_digests(knowledge)),
        now=knowledge.now,
        is_past=is_past,
    )
