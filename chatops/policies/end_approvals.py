"""Puts an end to what was said of a commit that is the head no longer, or in a review that was dismissed.

Whenever:  a push gives a pull request another head; it becomes known which files a head holds; a review is dismissed
Asks for:  `approval.withdrawn`, once for each `/lgtm` that was for an earlier head (unless the community keeps them,
           or those of an author it trusts, or those of a head that held the same files: then not before it is known
           that they are others), and for what the review had said
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.config import Approvals
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.approvals import LGTM, ApprovalWithdrawn
from chatops.events.conversation import CommentSeen
from chatops.events.pulls import PullChanged
from chatops.events.trees import TreeSeen
from chatops.names import PullNumber, Repo
from chatops.projections.approvals import Word, spoken_of, words_on
from chatops.projections.pulls import numbers_of_commit, pull
from chatops.projections.trees import trees_of


class EndApprovals(Policy):
    """Let nothing count for what it was not said of."""

    name: ClassVar[str] = "end_approvals"
    reads: ClassVar[tuple[type[Event], ...]] = (PullChanged, TreeSeen, CommentSeen)

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        spoken = spoken_of(
            scene.db, {_place(fact) for fact in facts if not isinstance(fact.event, TreeSeen)}
        )
        return [
            fact
            for fact in facts
            if isinstance(fact.event, TreeSeen)
            or (
                _place(fact) in spoken and (isinstance(fact.event, PullChanged) or _dismissed(fact))
            )
        ]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, PullChanged | TreeSeen | CommentSeen)
        community = scene.configuration.community_of(event.repo)
        if community is None:
            return []
        if isinstance(event, TreeSeen):
            numbers = numbers_of_commit(scene.db, event.repo, event.sha)
            places = [(event.repo, number) for number in numbers]
            return [
                one for place in places for one in _pushed(place, fact, community.approvals, scene)
            ]
        if isinstance(event, PullChanged):
            return _pushed(_place(fact), fact, community.approvals, scene)
        return _left(fact, scene) if _dismissed(fact) else []


def _pushed(
    place: tuple[Repo, PullNumber], fact: Recorded, said: Approvals, scene: Scene
) -> list[Wanted]:
    """Return the end of each `/lgtm` that was said of another commit than the head, as far as none of them goes on."""
    known = pull(scene.db, *place)
    if known is None or said.keep_lgtm:
        return []
    older = [
        word
        for word in words_on(scene.db, *place)
        if word.stands and word.grade == LGTM and word.sha != known.sha and not word.keeps
    ]
    if older and said.keep_lgtm_of_same_files:
        trees = trees_of(scene.db, known.repo, [known.sha, *(word.sha for word in older)])
        older = [word for word in older if _is_another(trees.get(word.sha), trees.get(known.sha))]
    return [Wanted(_ended(word, *place, "push", fact), word.command) for word in older]


def _is_another(one: str | None, other: str | None) -> bool:
    """Return whether two trees are known to differ; one that GitHub does not show is like no other."""
    return one is not None and other is not None and not (one and one == other)


def _left(fact: Recorded, scene: Scene) -> list[Wanted]:
    """Return the end of what was said in a review that was dismissed."""
    assert isinstance(fact.event, CommentSeen)
    said_there = f"command/github/review/{fact.event.comment_id}/"
    place = _place(fact)
    return [
        Wanted(_ended(word, *place, "dismissed", fact), word.command)
        for word in words_on(scene.db, *place)
        if word.stands and word.command.startswith(said_there)
    ]


def _place(fact: Recorded) -> tuple[Repo, PullNumber]:
    assert isinstance(fact.event, PullChanged | CommentSeen)
    return fact.event.repo, fact.event.number


def _dismissed(fact: Recorded) -> bool:
    event = fact.event
    return isinstance(event, CommentSeen) and (event.place, event.action) == (
        "review",
        "dismissed",
    )


def _ended(
    word: Word, repo: Repo, number: PullNumber, reason: str, fact: Recorded
) -> ApprovalWithdrawn:
    return ApprovalWithdrawn(
        command=word.command,
        repo=repo,
        number=number,
        grade=word.grade,
        whose=word.by,
        sha=word.sha,
        stood_for=tuple(sorted(word.stands_for)),
        reason=reason,
        withdrawn_at=fact.recorded_at,
    )
