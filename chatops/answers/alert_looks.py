"""What a look at the nights finds: what is wrong now and was not known, and what was known and is over.

What is open is in the read model; the nights say what should be. So a look that is made again finds nothing new.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct, field, structs

from chatops.answers.alerting import Standing, Turn, standing_of
from chatops.answers.job_words import Named
from chatops.answers.night_cells import COUNTED, State
from chatops.answers.nights import NIGHTS, Night, NightBoard, Test, night_board
from chatops.answers.short_names import usual_path
from chatops.config import AlertRules
from chatops.engine.command import Knowledge
from chatops.events.alerts import Alert, AlertsTurned
from chatops.events.notices import NightSettled
from chatops.projections.alerts import Known, open_alerts

TEST, NIGHT = "test", "night"
"""The kinds of alerts that are about a test of the nights, and about a night that did not come."""
PASSED, GONE = "passed", "gone"
"""Why an alert about a test is over."""


def full_name(test: Test) -> str:
    """Return a test's name with its workflow before it."""
    return Named(name=test.name, workflow=test.workflow).full


def turned_by_night(
    knowledge: Knowledge, settled: NightSettled, at: datetime
) -> list[AlertsTurned]:
    """Return what a settled night has turned: at most once what passed and broke, and once what is gone."""
    community = knowledge.community
    board = night_board(
        knowledge.db, community.repositories, community.nightly, nights=NIGHTS, now=at
    )
    known = [one for one in open_alerts(knowledge.db, community.key) if one.alert.what == TEST]
    found = judged(board, settled, known, community.alert_rules)
    if found is None:
        return []
    turned = AlertsTurned(
        look=f"night/{settled.run_id}/{settled.attempt}",
        community=community.key,
        repo=settled.repo,
        run_id=settled.run_id,
        attempt=settled.attempt,
        workflow=settled.workflow,
        night=found.night,
        opened=tuple(found.opened),
        changed=tuple(found.changed),
        closed=tuple(found.closed),
        over=PASSED if found.closed else "",
        at=at,
    )
    events = [turned] if found.opened or found.changed or found.closed else []
    if found.gone:
        gone = structs.replace(
            turned,
            look=f"{turned.look}/{GONE}",
            opened=(),
            changed=(),
            closed=tuple(found.gone),
            over=GONE,
        )
        events.append(gone)
    return events


class Judged(Struct, kw_only=True):
    """What a night has turned. `night` is how a sentence calls it."""

    night: str
    opened: list[Alert] = field(default_factory=list)
    changed: list[Alert] = field(default_factory=list)
    closed: list[Alert] = field(default_factory=list)
    gone: list[Alert] = field(default_factory=list)


def judged(
    board: NightBoard, settled: NightSettled, known: Iterable[Known], rules: AlertRules
) -> Judged | None:
    """Return what an attempt of a run has turned, of the tests it ran; nothing if it is in none of the nights."""
    place = next(
        (
            place
            for place, night in enumerate(board.nights)
            if any(run.run_id == settled.run_id for run in night.runs)
        ),
        None,
    )
    if place is None:
        return None
    found = Judged(night=board.nights[place].name)
    is_open = {one.alert.subject: one for one in known}
    tests = {full_name(test): test for test in board.tests}
    path = usual_path(tests)
    for subject, test in tests.items():
        ran = any(one.run_id == settled.run_id for one in test.cells[place].executions)
        if ran and not test.is_gone:
            _judge(found, test, is_open.get(subject), board.nights, settled, rules)
    for subject, one in is_open.items():
        was = tests.get(subject)
        if was is None or was.is_gone:
            found.gone.append(one.alert)
    for alerts in (found.opened, found.changed):
        alerts[:] = [structs.replace(alert, path=path) for alert in alerts]
    return found


def _judge(
    found: Judged,
    test: Test,
    known: Known | None,
    nights: Sequence[Night],
    settled: NightSettled,
    rules: AlertRules,
) -> None:
    standing = standing_of(test, rules)
    if not standing.is_open:
        if known is not None:
            found.closed.append(known.alert)
        return
    alert = _alert(test, standing, nights, settled)
    if known is None:
        # Of what passes again and was not told in time, as in a history that has just been read, nobody needs to hear.
        if _fails_now(test):
            found.opened.append(alert)
    elif _fails_otherwise(standing, known):
        found.changed.append(_renamed(alert, known))


def _fails_now(test: Test) -> bool:
    return next((cell.state for cell in test.cells if cell.state in COUNTED), None) is State.FAILED


def _fails_otherwise(standing: Standing, known: Known) -> bool:
    newest = standing.newest
    return (
        newest is not None
        and newest.turn is Turn.CHANGED
        and bool(newest.signature)
        and newest.signature != known.signature
        and newest.place == 0
    )


def _alert(test: Test, standing: Standing, nights: Sequence[Night], settled: NightSettled) -> Alert:
    opened = standing.opened
    assert opened is not None
    began = nights[opened.since]
    return Alert(
        alert=f"{TEST}/{settled.run_id}/{settled.attempt}/{full_name(test)}",
        what=TEST,
        subject=full_name(test),
        required=test.was_required(0),
        nights=test.streak,
        since=began.began_at,
        night=began.name,
        signature=standing.signature,
        jobs=(test.name,),
        repo=test.repo,
    )


def _renamed(alert: Alert, known: Known) -> Alert:
    """Return an alert as it is now, under the name it has had from the beginning."""
    was = known.alert
    return structs.replace(alert, alert=was.alert, since=was.since, night=was.night)
