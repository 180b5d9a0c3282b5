"""`/lgtm`: say that a commit looks good.

Asks for:  being a member, a collaborator or an owner of the files, but not the author; a pull request that is open
Decides:   `approval.given` for the head commit; with `cancel` `approval.withdrawn` for everybody who had said so;
           where the community wants it, who says it becomes responsible, and reviews are asked for again
Tells:     nothing but a mark on the comment; a sentence once a push or a dismissed review puts an end to it
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.approval_undo import undone
from chatops.answers.approvals import Picture, as_awaited, picture
from chatops.answers.changes import changed_back
from chatops.config import Community
from chatops.engine.answer import Answer, Code, Tone, pieces
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.approvals import APPROVE, LGTM, ApprovalGiven, ApprovalWithdrawn, Grade
from chatops.events.changes import AssigneesRequested, ReviewersRequested
from chatops.events.conversation import EffectFailed
from chatops.projections.pulls import Pull, pull

CANCEL, NO_ISSUE = "cancel", "no-issue"
SHA_SHOWN = 9


@dataclass(frozen=True, slots=True)
class Lgtm(Command):
    """Say that a commit looks good."""

    cancels: bool = False
    no_issue: bool = False

    name: ClassVar[str] = "lgtm"
    usage: ClassVar[str] = "[cancel]"
    help: ClassVar[str] = "Say that this commit looks good; a push asks for it again."
    example: ClassVar[str] = "/lgtm"
    role: ClassVar[Role] = Role.REVIEWER
    looks_at_owners: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `lgtm`, and `remove-lgtm` for taking it back."""
        del community
        return {cls.name: (), f"remove-{cls.name}": (CANCEL,)}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        said = [word.lower() for word in words]
        if said not in ([], [NO_ISSUE], [CANCEL]):
            raise Refused(
                "Say `/lgtm` alone on its line, or `/lgtm cancel`; what else you want to say goes on another one.",
                reason="usage",
            )
        return cls(cancels=said == [CANCEL], no_issue=said == [NO_ISSUE])

    @classmethod
    def authors(cls, community: Community) -> Sequence[str]:
        return community.approvals.keep_lgtm_of

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        known = _open_pull(asked, knowledge)
        seen = picture(knowledge.db, knowledge.community.approvals, known)
        by = asked.by
        is_own = by.lower() == known.author.lower()
        assigned = _assigned(seen, asked, knowledge) if not is_own else []
        if self.cancels:
            withdrawn = _withdrawn(seen, asked, knowledge)
            return [*withdrawn, *assigned, *_asked_again(withdrawn, asked, knowledge)]
        if is_own:
            raise Refused(
                "You cannot say `/lgtm` to your own pull request. Ask somebody to look at it.",
                reason="own_pull",
            )
        if any(word.by.lower() == by.lower() and word.sha == known.sha for word in seen.lgtms):
            raise Refused(
                f"You have said so of `{known.sha[:SHA_SHOWN]}` already.", reason="as_it_is"
            )
        return [*_given(seen, asked, knowledge, no_issue=self.no_issue), *assigned]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        """Return what takes back an `/lgtm`, or gives back what was cancelled, while the commit is the same.

        Whom it made responsible, or asked for a review, is so no more, as far as that was not so before.
        """
        return [*undone(story, asked, knowledge), *changed_back(story, asked)]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        failed, given = story.first(EffectFailed), story.first(ApprovalGiven)
        if failed is not None:
            return Answer(verdict=pieces(failed.text), tone=Tone.BAD)
        withdrawn = story.all(ApprovalWithdrawn)
        if given is None:
            who = ", ".join(event.whose for event in withdrawn)
            return Answer(
                verdict=(f"Taken back: what {who} had said counts no longer.",), quiet=True
            )
        commit = Code(given.sha[:SHA_SHOWN])
        ended = next((event for event in withdrawn if event.reason), None)
        if ended is not None:
            return Answer(
                verdict=(
                    f"What {given.by} said was for ",
                    commit,
                    f", and {ENDED[ended.reason]}. Look again, and say ",
                    Code("/lgtm"),
                    " if it still looks good.",
                )
            )
        return Answer(verdict=(f"{given.by} finds ", commit, " good."), quiet=True)


ENDED = {
    "push": "a push put an end to it",
    "dismissed": "it ended when the review was dismissed",
}


def _open_pull(asked: Asked, knowledge: Knowledge) -> Pull:
    known = pull(knowledge.db, asked.received.repo, asked.received.number)
    if known is None:
        raise Refused("`/lgtm` is about a pull request, and I know none here.", reason="no_pull")
    if known.state != "open":
        raise Refused(f"#{known.number} is closed, so `/lgtm` changes nothing.", reason="closed")
    return known


def _given(seen: Picture, asked: Asked, knowledge: Knowledge, *, no_issue: bool) -> list[Event]:
    grades: list[Grade] = [LGTM]
    names = tuple(sorted(asked.standing.names))
    owned = [area for area in seen.areas or () if not area.owners.isdisjoint(names)]
    if knowledge.community.approvals.lgtm_acts_as_approve and owned:
        grades.append(APPROVE)
    return [
        ApprovalGiven(
            command=asked.received.command,
            repo=seen.pull.repo,
            number=seen.pull.number,
            sha=seen.pull.sha,
            grade=grade,
            by=asked.by,
            stands_for=names,
            awaits=as_awaited(seen.awaited(names) or ()) if grade == APPROVE else (),
            keeps=grade == LGTM and asked.standing.is_author_listed,
            no_issue=grade == APPROVE and no_issue and seen.needs_issue,
            given_at=knowledge.now,
        )
        for grade in grades
    ]


def _assigned(seen: Picture, asked: Asked, knowledge: Knowledge) -> list[Event]:
    """Return what makes somebody responsible who has looked at it, where that is wanted."""
    if not knowledge.community.approvals.lgtm_assigns:
        return []
    command = asked.received.command
    return [
        AssigneesRequested(
            command=command,
            repo=seen.pull.repo,
            number=seen.pull.number,
            add=(asked.by,),
            before=None,
        )
    ]


def _asked_again(
    withdrawn: Sequence[ApprovalWithdrawn], asked: Asked, knowledge: Knowledge
) -> list[Event]:
    """Return what asks those for a review again whose word counts no longer, where that is wanted."""
    if not knowledge.community.approvals.lgtm_assigns:
        return []
    first = withdrawn[0]
    people = tuple(dict.fromkeys(word.whose for word in withdrawn))
    command = asked.received.command
    return [ReviewersRequested(command=command, repo=first.repo, number=first.number, add=people)]


def _withdrawn(seen: Picture, asked: Asked, knowledge: Knowledge) -> list[ApprovalWithdrawn]:
    if not seen.lgtms:
        raise Refused(
            f"No `/lgtm` stands for `{seen.pull.sha[:SHA_SHOWN]}`, so there is none to take back.",
            reason="as_it_is",
        )
    return [
        ApprovalWithdrawn(
            command=asked.received.command,
            repo=seen.pull.repo,
            number=seen.pull.number,
            grade=LGTM,
            whose=word.by,
            sha=word.sha,
            stood_for=tuple(sorted(word.stands_for)),
            withdrawn_at=knowledge.now,
        )
        for word in seen.lgtms
    ]
