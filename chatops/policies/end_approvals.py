"""Puts an end to what was said of a commit that is the head no longer, or in a review that was dismissed.

Whenever:  a push gives a pull request another head; a review is dismissed
Asks for:  `approval.withdrawn`, once for each `/lgtm` that was for an earlier head (unless the community keeps them,
           or those of an author it trusts), and for what the review had said
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.approvals import LGTM, ApprovalWithdrawn
from chatops.events.conversation import CommentSeen
from chatops.events.pulls import PullChanged
from chatops.names import PullNumber, Repo
from chatops.projections.approvals import Word, spoken_of, words_on
from chatops.projections.pulls import pull


class EndApprovals(Policy):
    """Let nothing count for what it was not said of."""

    name: ClassVar[str] = "end_approvals"
    reads: ClassVar[tuple[type[Event], ...]] = (PullChanged, CommentSeen)

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        spoken = spoken_of(scene.db, {_place(fact) for fact in facts})
        return [
            fact
            for fact in facts
            if _place(fact) in spoken and (isinstance(fact.event, PullChanged) or _dismissed(fact))
        ]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        assert isinstance(event, PullChanged | CommentSeen)
        community = scene.configuration.community_of(event.repo)
        if community is None:
            return []
        standing = [word for word in words_on(scene.db, event.repo, event.number) if word.stands]
        if isinstance(event, CommentSeen):
            said_there = f"command/github/review/{event.comment_id}/"
            ended = [word for word in standing if word.command.startswith(said_there)]
            reason = "dismissed" if _dismissed(fact) else ""
        else:
            known = pull(scene.db, event.repo, event.number)
            sha = known.sha if known is not None else event.sha
            ended = [
                word
                for word in standing
                if word.grade == LGTM and word.sha != sha and not word.keeps
            ]
            reason = "" if community.approvals.keep_lgtm else "push"
        if not reason:
            return []
        return [
            Wanted(_ended(word, event.repo, event.number, reason, fact), word.command)
            for word in ended
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
