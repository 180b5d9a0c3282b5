"""What undoes an approval, or the taking back of one, as things are now?"""

from collections.abc import Sequence

from chatops.engine.command import Asked, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.approvals import LGTM, ApprovalGiven, ApprovalWithdrawn
from chatops.projections.approvals import words_on
from chatops.projections.pulls import pull
from chatops.projections.trees import with_files_of


def undone(story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
    """Return the events that undo what a command said of a pull request, or refuse with what has changed since."""
    given = [_withdrawn(event, asked, knowledge) for event in story.all(ApprovalGiven)]
    asked_back = [event for event in story.all(ApprovalWithdrawn) if not event.reason]
    return [*given, *(_given_again(event, asked, knowledge) for event in asked_back)]


def _withdrawn(event: ApprovalGiven, asked: Asked, knowledge: Knowledge) -> ApprovalWithdrawn:
    words = words_on(knowledge.db, event.repo, event.number)
    stands = {(word.command, word.grade) for word in words if word.stands}
    if (event.command, event.grade) not in stands:
        raise Refused(
            f"What {event.by} said of #{event.number} counts no longer, so there is nothing to take back.",
            reason="moved_on",
        )
    return ApprovalWithdrawn(
        command=asked.received.command,
        repo=event.repo,
        number=event.number,
        grade=event.grade,
        whose=event.by,
        sha=event.sha,
        stood_for=event.stands_for,
        no_issue=event.no_issue,
        withdrawn_at=knowledge.now,
    )


def _given_again(event: ApprovalWithdrawn, asked: Asked, knowledge: Knowledge) -> ApprovalGiven:
    known = pull(knowledge.db, event.repo, event.number)
    words = words_on(knowledge.db, event.repo, event.number)
    now = {(word.grade, word.by.lower()): word for word in words}
    word = now.get((event.grade, event.whose.lower()))
    if word is not None and word.command != event.command:
        raise Refused(
            f"{event.whose} has said something else of #{event.number} since.", reason="moved_on"
        )
    is_kept = word is not None and word.keeps
    said = knowledge.community.approvals
    keeps = said.keep_lgtm or event.grade != LGTM or is_kept
    if known is not None and said.keep_lgtm_of_same_files:
        keeps = keeps or bool(with_files_of(knowledge.db, known.repo, known.sha, [event.sha]))
    if known is None or (known.sha != event.sha and not keeps):
        raise Refused(
            f"#{event.number} was pushed to since, and what {event.whose} had said was for an earlier commit.",
            reason="moved_on",
        )
    return ApprovalGiven(
        command=asked.received.command,
        repo=event.repo,
        number=event.number,
        sha=event.sha,
        grade=event.grade,
        by=event.whose,
        stands_for=event.stood_for,
        no_issue=event.no_issue,
        given_at=knowledge.now,
    )
