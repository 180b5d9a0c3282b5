"""Which nights should have been judged by now, and were not? Then what looks at them has stopped.

A night is settled a quarter of an hour after its end at the latest, and one that does not come is an alert a minute
after it is late. Both are facts, so that whoever looks finds the same, whichever process has stopped.
"""

from datetime import datetime, timedelta

from chatops.answers.alert_looks import NIGHT
from chatops.answers.night_schedule import late_workflows
from chatops.answers.nights import board_sources, placed
from chatops.answers.unsettled import PATIENCE, unsettled_nights
from chatops.engine.command import Knowledge
from chatops.projections.alerts import open_alerts

MARGIN = timedelta(minutes=30)
NIGHTS_LOOKED_AT = 8


def unjudged(knowledge: Knowledge) -> str:
    """Return in a sentence which night nobody has judged; empty if there is none."""
    now = knowledge.now
    for night in unsettled_nights(knowledge):
        if night.ended_at is not None and now - night.ended_at > PATIENCE + MARGIN:
            return f"{night.workflow} ended at {_moment(night.ended_at)}, and nobody has judged it."
    return _late(knowledge)


def _late(knowledge: Knowledge) -> str:
    community = knowledge.community
    if not community.nightly or not any(one.hears_alerts for one in community.channels.values()):
        return ""
    nights = board_sources(
        knowledge.db, community.repositories, community.nightly, nights=NIGHTS_LOOKED_AT
    ).nights
    workflows = placed(community.repositories, community.nightly)
    grace = timedelta(hours=community.alert_rules.late_hours) + MARGIN
    known = {
        one.alert.subject
        for one in open_alerts(knowledge.db, community.key)
        if one.alert.what == NIGHT
    }
    for one in late_workflows(nights, workflows, knowledge.now, grace):
        if one.workflow not in known:
            return f"{one.workflow} should have begun at {_moment(one.due_at)}, and nobody has told of it."
    return ""


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
