"""`chatops simulate`: what channels would have been told in the nights there were, by these rules and by others.

The others are as many as are named; the nights are read once, and judged by each.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from chatops.answers.alert_simulation import Simulated, simulated
from chatops.answers.nights import night_board
from chatops.app import Service, upgrade_database
from chatops.config import AlertRules, Alerts, Channel, Community
from chatops.engine.database import open_database
from chatops.engine.log import Batch, Log
from chatops.engine.projection import Projector
from chatops.errors import BadInput
from chatops.intake.dashboard_files import read_dashboard_file
from chatops.running.opening import check_readable
from chatops.views.job_filters import jobs_of_channel

NAIVE = "required_nights=1,other_nights=1,recovery_nights=1"
"""What one thinks of first: an alert for each new failure."""
EVERYTHING = Channel(key="", name="everything there is", alerts=Alerts(thread=False))


def simulate(
    service: Service,
    files: Sequence[Path],
    *,
    against: Sequence[str] = (),
    nights: int,
    community: str = "",
) -> list[dict[str, Any]]:
    """Return what the community's rules and others would have done, as rows for a table or for programs."""
    where = _community(service, community)
    rules = where.alert_rules
    others = [(words, rules_said(rules, words)) for words in against]
    with _nights(service, files) as db:
        board = night_board(
            db, where.repositories, where.nightly, nights=nights, now=service.clock.now()
        )
    channels = [
        one for one in where.channels.values() if one.hears_alerts or one.digest is not None
    ] or [EVERYTHING]
    wants = [(one, jobs_of_channel(where, one)) for one in channels]
    return [
        _told(name, simulated(board, one, where, wants))
        for name, one in (("configured", rules), *(others or [("naive", rules_said(rules, NAIVE))]))
    ]


def rules_said(rules: AlertRules, words: str) -> AlertRules:
    """Return rules with what some words say otherwise, such as `required_nights=3,other_nights=4`."""
    said: dict[str, int] = {}
    for part in filter(None, (part.strip() for part in words.split(","))):
        key, sign, value = part.partition("=")
        if not sign or key not in AlertRules.__struct_fields__ or not value.strip().isdigit():
            known = ", ".join(f"{name}=N" for name in AlertRules.__struct_fields__)
            raise BadInput([f"--against: found {part!r}, expected some of {known}"])
        said[key] = int(value)
    try:
        return msgspec.convert({**msgspec.structs.asdict(rules), **said}, AlertRules)
    except msgspec.ValidationError as problem:
        raise BadInput([f"--against: {problem}"]) from problem


def lines(told: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a table for people: a row for each figure, a column for each set of rules."""
    names = [one["rules"] for one in told]
    yield f"| | {' | '.join(names)} |"
    yield f"| --- | {' | '.join('---:' for _ in names)} |"
    for key, title in TITLES.items():
        yield f"| {title} | {' | '.join(str(one[key]) for one in told)} |"
    for place, channel in enumerate(told[0]["channels"]):
        for key, title in OF_CHANNEL.items():
            row = " | ".join(str(one["channels"][place][key]) for one in told)
            yield f"| {channel['channel']}: {title} | {row} |"


TITLES = {
    "thresholds": "required, others, recovery",
    "nights": "nights",
    "tests": "tests",
    "required_tests": "of them required",
    "required": "alerts of required tests",
    "from_the_first": "of them failing from the first night on",
    "required_a_night": "alerts of required tests in a night",
    "others": "alerts of other tests",
    "closed": "recoveries",
    "changed": "failures of another kind",
    "streaks": "streaks of two nights or more, required",
    "missed": "of them overlooked",
}


OF_CHANNEL = {
    "posts": "posts of alerts",
    "mentions": "mentions",
    "alerts": "alerts",
    "digests": "digests",
    "nights": "messages of nights",
    "turns": "of them shown again",
}


def _told(name: str, one: Simulated) -> dict[str, Any]:
    rules = one.rules
    return {
        "rules": name,
        "thresholds": f"{rules.required_nights}, {rules.other_nights}, {rules.recovery_nights}",
        "nights": one.nights,
        "tests": one.tests,
        "required_tests": one.required_tests,
        "required": one.required,
        "from_the_first": one.from_the_first,
        "required_a_night": round(one.required_a_night, 2),
        "others": one.others,
        "closed": one.closed,
        "changed": one.changed,
        "streaks": one.streaks,
        "missed": one.missed,
        "channels": [
            {"channel": of.channel, **{key: getattr(of, key) for key in OF_CHANNEL}}
            for of in one.channels
        ],
    }


def _community(service: Service, key: str) -> Community:
    configuration = service.configuration
    if not key:
        return configuration.default_community
    if key not in configuration.communities:
        known = ", ".join(configuration.communities)
        raise BadInput([f"--community: found {key!r}, expected one of {known}"])
    return configuration.communities[key]


@contextmanager
def _nights(service: Service, files: Sequence[Path]) -> Iterator[Connection]:
    """Look at the nights of the log, or at those of some files, which are put into a database that is thrown away."""
    if not files:
        try:
            check_readable(service)
            with service.database.read() as db:
                yield db
        finally:
            service.database.close()
        return
    community = service.configuration.default_community
    workflow = community.nightly[0].name if community.nightly else ""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/nights.db")
        try:
            upgrade_database(database)
            log = Log(database, service.log.codec, service.clock)
            for path in files:
                read = read_dashboard_file(path, repo=None, workflow=workflow)
                log.append([Batch(facts=read.facts)])
            projections = [projection() for projection in service.catalogues.projections]
            Projector(log, projections).catch_up()
            with database.read() as db:
                yield db
        finally:
            database.close()
