"""`/approve`: approve a change for the files one owns.

Asks for:  being an owner of changed files, as OWNERS or CODEOWNERS say; a pull request that is open
Decides:   `approval.given`, with what still needs somebody else; with `cancel` `approval.withdrawn` for one's own
Tells:     who still has to approve which files, and whether an issue has to be named; once nothing is missing,
           nothing but a mark on the comment
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.approval_undo import undone
from chatops.answers.approvals import Picture, as_awaited, picture
from chatops.answers.nights import counted
from chatops.answers.owners import Area
from chatops.config import Community
from chatops.engine.answer import Answer, Code, Line, Piece, Section, Strong, Tone, pieces
from chatops.engine.authority import Role, Standing, unsure_of
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.approvals import APPROVE, ApprovalGiven, ApprovalWithdrawn, Awaited
from chatops.events.conversation import EffectFailed
from chatops.names import Login, Sha
from chatops.projections.pulls import Pull, pull

CANCEL, NO_ISSUE = "cancel", "no-issue"
OWNERS_SHOWN = 5
PLACES_SHOWN = 5
LACKS_ISSUE = "It has to name an issue in its title or text, or an owner says `/approve no-issue`."


@dataclass(frozen=True, slots=True)
class Approve(Command):
    """Approve a change for the files one owns."""

    cancels: bool = False
    no_issue: bool = False

    name: ClassVar[str] = "approve"
    usage: ClassVar[str] = "[no-issue|cancel]"
    help: ClassVar[str] = (
        "Approve this change for the files you own; it counts until you cancel it. "
        "With `no-issue` it needs to name none, where that is asked for."
    )
    example: ClassVar[str] = "/approve"
    role: ClassVar[Role] = Role.OWNER
    looks_at_owners: ClassVar[bool] = True
    needs_pull: ClassVar[bool] = True

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `approve`, and `remove-approve` for taking it back."""
        del community
        return {cls.name: (), f"remove-{cls.name}": (CANCEL,)}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        # Whatever else is said is why, for those who read it; only alone do these words mean what they say.
        said = [word.lower() for word in words]
        return cls(cancels=said == [CANCEL], no_issue=said == [NO_ISSUE])

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        known = _open_pull(asked, knowledge)
        seen = picture(knowledge.db, knowledge.community.approvals, known)
        by = asked.by
        if self.cancels:
            return [_withdrawn(seen, by, asked, knowledge)]
        if seen.areas is None:
            raise Refused(
                f"I could not find out who owns the files of #{known.number}, so I cannot tell "
                f"whose approval it needs. Try again in a while.",
                reason="owners_unknown",
            )
        names = asked.standing.names
        if not any(not area.owners.isdisjoint(names) for area in seen.areas):
            raise _owns_nothing(seen.areas, known, asked.standing)
        no_issue = self.no_issue and seen.needs_issue
        last = seen.last_word(APPROVE, by)
        if last is not None and (last.sha, last.stands_for, last.no_issue) == (
            known.sha,
            names,
            no_issue,
        ):
            missing = f" {LACKS_ISSUE}" if seen.lacks_issue() else ""
            raise Refused(
                f"You have approved #{known.number} already.{_still(seen.awaited())}{missing}",
                reason="as_it_is",
            )
        return [
            ApprovalGiven(
                command=asked.received.command,
                repo=known.repo,
                number=known.number,
                sha=known.sha,
                grade=APPROVE,
                by=by,
                stands_for=tuple(sorted(names)),
                awaits=as_awaited(seen.awaited(names) or ()),
                no_issue=no_issue,
                awaits_issue=not no_issue and seen.lacks_issue(without=by),
                given_at=knowledge.now,
            )
        ]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        """Return what takes back an approval, or gives it back."""
        return undone(story, asked, knowledge)

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        failed, given = story.first(EffectFailed), story.first(ApprovalGiven)
        if failed is not None:
            return Answer(verdict=pieces(failed.text), tone=Tone.BAD)
        withdrawn = story.first(ApprovalWithdrawn)
        if given is None:
            who = withdrawn.whose if withdrawn is not None else "nobody"
            return Answer(verdict=(f"The approval of {who} counts no longer.",), quiet=True)
        if withdrawn is not None and withdrawn.reason:
            return Answer(
                verdict=(f"The approval of {given.by} ended when the review was dismissed.",)
            )
        lacking = pieces(LACKS_ISSUE) if given.awaits_issue else ()
        if not given.awaits and lacking:
            return Answer(
                verdict=(
                    "Approved by ",
                    Strong(given.by),
                    ". Every file is approved, but no issue is named.",
                ),
                tone=Tone.BUSY,
                footer=lacking,
            )
        if not given.awaits:
            return Answer(verdict=("Every file is approved.",), tone=Tone.GOOD, quiet=True)
        files = sum(one.files for one in given.awaits)
        return Answer(
            verdict=(
                "Approved by ",
                Strong(given.by),
                f". {counted(files, 'file')} still {'needs' if files == 1 else 'need'} an owner.",
            ),
            tone=Tone.BUSY,
            sections=(
                Section(
                    title="Still to be approved",
                    lines=tuple(_line(one) for one in given.awaits),
                ),
            ),
            footer=("An owner says ", Code("/approve"), ".", *((" ", *lacking) if lacking else ())),
        )


def _open_pull(asked: Asked, knowledge: Knowledge) -> Pull:
    known = pull(knowledge.db, asked.received.repo, asked.received.number)
    if knowledge.community.approvals.owners == "none":
        raise Refused(
            "There is nothing to approve here: this community has not told me who owns which files. "
            "Approve with a review on GitHub, or say `/lgtm`.",
            reason="no_owners",
        )
    if known is None:
        raise Refused("`/approve` is about a pull request, and I know none here.", reason="no_pull")
    if known.state != "open":
        raise Refused(f"#{known.number} is closed, so `/approve` changes nothing.", reason="closed")
    return known


def _withdrawn(seen: Picture, by: Login, asked: Asked, knowledge: Knowledge) -> ApprovalWithdrawn:
    last = seen.last_word(APPROVE, by)
    is_implied = by.lower() in seen.approving() and by.lower() == seen.pull.author.lower()
    if last is None and not is_implied:
        raise Refused(
            f"You have not approved #{seen.pull.number}, so there is nothing to take back.",
            reason="as_it_is",
        )
    return ApprovalWithdrawn(
        command=asked.received.command,
        repo=seen.pull.repo,
        number=seen.pull.number,
        grade=APPROVE,
        whose=by,
        sha=Sha(last.sha if last is not None else seen.pull.sha),
        stood_for=tuple(sorted(last.stands_for)) if last is not None else (by.lower(),),
        no_issue=last is not None and last.no_issue,
        withdrawn_at=knowledge.now,
    )


def _owns_nothing(areas: Sequence[Area], known: Pull, standing: Standing) -> Refused:
    if standing.unsure:
        return unsure_of(standing.unsure[0])
    owned = [area for area in areas if area.owners]
    if not owned:
        return Refused(
            f"No file of #{known.number} has an owner who could approve it.", reason="no_owner"
        )
    return Refused(
        f"You own none of the files that #{known.number} changes.{_still(owned)}",
        reason="not_an_owner",
    )


def _still(areas: Sequence[Area] | None) -> str:
    """Say who may approve what, as far as a sentence can hold it."""
    said = [
        f"`{area.place.replace('`', '')}` by {_either(area.nearest)}"
        for area in (areas or ())[:PLACES_SHOWN]
    ]
    return f" To be approved: {'; '.join(said)}." if said else ""


def _line(one: Awaited) -> Line:
    owners: list[Piece] = [", by ", _either(one.owners)] if one.owners else [": nobody owns them"]
    return (Code(one.place), f": {counted(one.files, 'file')}", *owners)


def _either(owners: Sequence[str]) -> str:
    shown = list(owners[:OWNERS_SHOWN])
    more = len(owners) - len(shown)
    if more:
        return f"{', '.join(shown)} or {more} others"
    return " or ".join(shown) if len(shown) < 3 else f"{', '.join(shown[:-1])} or {shown[-1]}"  # noqa: PLR2004 - two need no comma
