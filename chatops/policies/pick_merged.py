"""Keeps the promise of a `/cherry-pick` that was said before the merge.

Whenever:  a pull request is merged
Asks for:  `pick.requested`, one for each branch that somebody had asked for; where they did so by a label, only if it
           is still there
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.picks import PickRequested
from chatops.events.pulls import PullChanged
from chatops.projections.picks import promised

BY_LABEL = "command/github/label/"
"""What the requests are called that a label made."""


class PickMerged(Policy):
    """Pick what was to be picked once it is merged."""

    name: ClassVar[str] = "pick_merged"
    reads: ClassVar[tuple[type[Event], ...]] = (PullChanged,)

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        del scene
        return [fact for fact in facts if isinstance(fact.event, PullChanged) and fact.event.merged]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, PullChanged)
        community = scene.configuration.community_of(event.repo)
        if not event.merged or community is None:
            return []
        start = community.merging.pick_labels
        return [
            Wanted(
                PickRequested(
                    command=promise.command,
                    repo=event.repo,
                    number=event.number,
                    branch=branch,
                    title=event.title,
                    by=promise.by,
                ),
                promise.command,
            )
            for promise in promised(scene.db, event.repo, event.number)
            for branch in promise.branches
            if not promise.command.startswith(BY_LABEL) or f"{start}{branch}" in event.labels
        ]
