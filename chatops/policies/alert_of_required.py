"""Tells that the list of required checks has changed: what must pass now that did not have to, and what no longer.

Whenever:  the list is seen in a new version, and it was known before
Asks for:  `alerts.turned` with an alert that is over at once, for nothing is wrong
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.answers.required_list import job_of, names_of
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.alerts import Alert, AlertsTurned
from chatops.events.gate import RequiredChecksChanged
from chatops.projections.required import required_versions

REQUIRED = "required"
VERSIONS_LOOKED_AT = 20
NAMED = 5


class AlertOfRequired(Policy):
    """Tell of each version of the list what is other than in the one before."""

    name: ClassVar[str] = "alert_of_required"
    reads: ClassVar[tuple[type[Event], ...]] = (RequiredChecksChanged,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, RequiredChecksChanged)
        community = scene.configuration.community_of(event.repo)
        if community is None or not event.follows:
            return []
        if not any(channel.hears_alerts for channel in community.channels.values()):
            return []
        before = next(
            (
                version.rules
                for version in required_versions(scene.db, event.repo, VERSIONS_LOOKED_AT)
                if version.rules.link() == event.follows
            ),
            None,
        )
        if before is None:
            return []
        now, was = names_of(event), names_of(before)
        added = [name for name in now if name not in was]
        removed = [name for name in was if name not in now]
        if not added and not removed:
            return []
        said = [_said("Now required", added), _said("No longer", removed)]
        alert = Alert(
            alert=f"{REQUIRED}/{event.repo}/{event.link()}",
            what=REQUIRED,
            subject=f"Required checks of {event.repo}",
            required=True,
            jobs=tuple(dict.fromkeys(map(job_of, [*added, *removed]))),
            text=" ".join(part for part in said if part),
            momentary=True,
        )
        return [
            Wanted(
                AlertsTurned(
                    look=alert.alert,
                    community=community.key,
                    repo=event.repo,
                    opened=(alert,),
                    at=fact.recorded_at,
                )
            )
        ]


def _said(what: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{what}: {', '.join(names[:NAMED])}{more}."
