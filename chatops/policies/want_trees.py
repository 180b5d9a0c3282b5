"""Asks for the files of commits, where an `/lgtm` goes on while these stay as they were.

Whenever:  a pull request has another head than the one of which somebody said so, whichever is heard first
Asks for:  `tree.wanted`, for each of these commits of which it is not known
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.approvals import LGTM, ApprovalGiven
from chatops.events.pulls import PullChanged
from chatops.events.trees import TreeWanted
from chatops.names import PullNumber, Repo
from chatops.projections.approvals import spoken_of, words_on
from chatops.projections.pulls import pull
from chatops.projections.trees import trees_of


class WantTrees(Policy):
    """Find out whether a push changed any file."""

    name: ClassVar[str] = "want_trees"
    reads: ClassVar[tuple[type[Event], ...]] = (ApprovalGiven, PullChanged)

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        counting = [fact for fact in facts if _is_wanted(fact, scene)]
        spoken = spoken_of(scene.db, {_place(fact) for fact in counting})
        return [fact for fact in counting if _place(fact) in spoken]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, ApprovalGiven | PullChanged)
        if not _is_wanted(fact, scene):
            return []
        known = pull(scene.db, event.repo, event.number)
        if known is None or known.state != "open":
            return []
        older = {
            word.sha
            for word in words_on(scene.db, event.repo, event.number)
            if word.grade == LGTM and word.stands and not word.keeps and word.sha != known.sha
        }
        commits = {known.sha, *older} if older else set()
        there = trees_of(scene.db, event.repo, commits)
        return [
            Wanted(TreeWanted(repo=event.repo, number=event.number, sha=sha))
            for sha in sorted(commits - there.keys())
        ]


def _place(fact: Recorded) -> tuple[Repo, PullNumber]:
    assert isinstance(fact.event, ApprovalGiven | PullChanged)
    return fact.event.repo, fact.event.number


def _is_wanted(fact: Recorded, scene: Scene) -> bool:
    event = fact.event
    assert isinstance(event, ApprovalGiven | PullChanged)
    community = scene.configuration.community_of(event.repo)
    if community is None:
        return False
    said = community.approvals
    return said.keep_lgtm_of_same_files and not said.keep_lgtm
