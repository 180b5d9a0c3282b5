"""A community with a channel that hears alerts, and alerts for tests of what becomes of them."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import structs

from chatops.config import Alerts, Channel, Community, Owner, OwnerGroup
from chatops.events import Event
from chatops.events.alerts import (
    Alert,
    AlertMessageSent,
    AlertMessageWanted,
    AlertNews,
    AlertsTurned,
)
from chatops.events.gate import RequiredChecksChanged
from chatops.events.mutes import JobsMuted
from chatops.events.notices import NightSettled
from chatops.names import RunId
from tests.commands.nights import MIDNIGHT, night
from tests.scene import COMMAND, COMMUNITY, NOW, REPO

CHANNEL, TEAM = "C0QUALITY", "T0ACME"
NOZZLE, TANK = "Nightly / engine / nozzle", "Nightly / engine / tank"
RUN = RunId(1_000)
OWNERS = (
    OwnerGroup(
        regex="nozzle",
        group="Nozzles",
        owners=(Owner(github="octavia", slackurl="https://acme.slack.com/team/U0OCTAVIA"),),
    ),
)


def hearing(**alerts: object) -> Community:
    """Return the community with one channel; `alerts` is what that says of them."""
    return channelled(alerts=Alerts(**alerts))  # type: ignore[arg-type]  # of whatever kind each field is


def channelled(**channel: object) -> Community:
    """Return the community with one channel that is about some of the jobs."""
    described = {"key": CHANNEL, "name": "quality", "alerts": Alerts(), **channel}
    said = Channel(**described)  # type: ignore[arg-type]  # as above
    return structs.replace(COMMUNITY, slack_team=TEAM, maintainers=OWNERS, channels={CHANNEL: said})


def required(*jobs: str) -> RequiredChecksChanged:
    """Return the fact that some tests of the nights are required."""
    names = tuple(f"CI / engine / {job}" for job in jobs)
    return RequiredChecksChanged(
        repo=REPO, branch="main", origin="file", fingerprint="1", names=names, seen_at=NOW
    )


def nights(**rows: str) -> list[Event]:
    """Return nights, each test with one letter for each of them, the oldest first: `.` passed, `F` failed."""
    words = {".": "success", "F": "failure", "c": "cancelled"}
    length = max(map(len, rows.values()))
    return [
        event
        for place in range(length)
        for event in night(
            length - 1 - place,
            **{name: words[row[place]] for name, row in rows.items() if row[place] != " "},
        )
    ]


def settled(attempt: int = 1, days_ago: int = 0) -> NightSettled:
    """Return that a night is complete."""
    return NightSettled(
        repo=REPO, run_id=RunId(RUN - days_ago), attempt=attempt, workflow="Nightly",
        ended_at=MIDNIGHT + timedelta(hours=1),
    )  # fmt: skip


def alert(subject: str = NOZZLE, **changes: object) -> Alert:
    """Return an alert about a test."""
    described = {
        "alert": f"test/{RUN}/1/{subject}", "what": "test", "subject": subject, "required": True, "nights": 2,
        "since": NOW - timedelta(days=1), "night": "Wed 14 Jan", "jobs": (subject.partition(" / ")[2],),
    }  # fmt: skip
    return Alert(**{**described, **changes})  # type: ignore[arg-type]  # of whatever kind each field is


def turned(
    opened: Sequence[Alert] = (), closed: Sequence[Alert] = (), **changes: object
) -> AlertsTurned:
    """Return what a look has turned."""
    described = {
        "look": f"night/{RUN}/1", "community": "acme", "repo": REPO, "run_id": RUN, "attempt": 1,
        "workflow": "Nightly", "night": "Thu 15 Jan", "opened": tuple(opened), "closed": tuple(closed),
        "over": "passed" if closed else "", "at": NOW,
    }  # fmt: skip
    return AlertsTurned(**{**described, **changes})  # type: ignore[arg-type]  # as above


def wanted(*opened: Alert, **changes: object) -> AlertMessageWanted:
    """Return that the channel is to be told of alerts."""
    described = {
        "message": f"alerts/acme/{CHANNEL}/night/{RUN}/1", "community": "acme", "channel": CHANNEL,
        "news": AlertNews(
            opened=opened or (alert(),), night="Thu 15 Jan", url="https://ci.example/acme/nightly",
            slash_command="/acme",
        ),
        "wanted_at": NOW,
    }  # fmt: skip
    return AlertMessageWanted(**{**described, **changes})  # type: ignore[arg-type]  # as above


def sent(*opened: Alert, name: str = "1.5") -> AlertMessageSent:
    """Return that the channel was told."""
    return AlertMessageSent(
        message=f"alerts/acme/{CHANNEL}/night/{RUN}/1", community="acme", channel=CHANNEL,
        alerts=tuple(one.alert for one in opened or (alert(),)), name=name,
    )  # fmt: skip


def muted(*jobs: str, days: int = 1) -> JobsMuted:
    """Return that somebody muted tests a day ago, until so many days from now."""
    return JobsMuted(
        command=COMMAND, community="acme", jobs=jobs or (NOZZLE,), by="alice", reason="known",
        at=NOW - timedelta(days=1), until=NOW + timedelta(days=days),
    )  # fmt: skip
