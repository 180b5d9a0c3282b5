"""Asks for the files of a pull request whose owners have to approve it.

Whenever:  an open pull request has a head, or a base, of which the files are not known, and owners count here
Asks for:  `files.wanted`
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.owners import FilesWanted
from chatops.events.pulls import PullChanged
from chatops.projections.pull_files import files_of_pull
from chatops.projections.pulls import pull


class WantFiles(Policy):
    """Find out what a new head changes."""

    name: ClassVar[str] = "want_files"
    reads: ClassVar[tuple[type[Event], ...]] = (PullChanged,)

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        return [fact for fact in facts if _needs_owners(fact, scene)]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        assert isinstance(fact.event, PullChanged)
        event = fact.event
        if not _needs_owners(fact, scene):
            return []
        known = pull(scene.db, event.repo, event.number)
        if known is None or (known.sha, known.base) != (event.sha, event.base):
            return []
        if files_of_pull(scene.db, event.repo, event.number, event.sha, event.base) is not None:
            return []
        return [
            Wanted(
                FilesWanted(repo=event.repo, number=event.number, sha=event.sha, base=event.base)
            )
        ]


def _needs_owners(fact: Recorded, scene: Scene) -> bool:
    assert isinstance(fact.event, PullChanged)
    community = scene.configuration.community_of(fact.event.repo)
    return (
        community is not None
        and community.approvals.owners != "none"
        and fact.event.state == "open"
    )
