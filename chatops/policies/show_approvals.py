"""Shows how the approvals of a pull request stand, as commit statuses, and as labels where a community wants them.

Whenever:  somebody says or takes back what they said, a pull request has a new head, or names an issue where it has
           to, the files that it changes or that its head holds become known, the owners change, or a status was set
           that is not what counts by now (for two may be set at the same time)
Asks for:  `approval_status.requested` for the head commit, `approval_label.requested`
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from msgspec import Struct

from chatops.answers.approvals import Picture, approved_status, lgtm_status, picture
from chatops.config import Approvals
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.approvals import (
    ApprovalGiven,
    ApprovalLabelRequested,
    ApprovalStatusRequested,
    ApprovalStatusShown,
    ApprovalWithdrawn,
)
from chatops.events.owners import OwnersChanged
from chatops.events.pulls import PullChanged, PullFilesSeen
from chatops.events.trees import TreeSeen
from chatops.projections.approvals import spoken_of
from chatops.projections.pulls import Pull, numbers_of_commit, open_pulls, pull
from chatops.projections.statuses import statuses_of

SUCCESS = "success"


class ShowApprovals(Policy):
    """Keep statuses and labels as the approvals are."""

    name: ClassVar[str] = "show_approvals"
    reads: ClassVar[tuple[type[Event], ...]] = (
        ApprovalGiven,
        ApprovalWithdrawn,
        OwnersChanged,
        PullFilesSeen,
        PullChanged,
        TreeSeen,
        ApprovalStatusShown,
    )

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        pushed = {
            (fact.event.repo, fact.event.number)
            for fact in facts
            if isinstance(fact.event, PullChanged)
        }
        spoken = spoken_of(scene.db, pushed)
        return [
            fact
            for fact in facts
            if not isinstance(fact.event, PullChanged)
            or (fact.event.repo, fact.event.number) in spoken
            or _needs_issue(fact.event, scene)
        ]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        event = fact.event
        if isinstance(event, OwnersChanged):
            return _everywhere(event, fact, scene)
        if isinstance(event, TreeSeen):
            return _with_same_files(event, scene)
        assert isinstance(event, _Concerning)
        community = scene.configuration.community_of(event.repo)
        known = pull(scene.db, event.repo, event.number)
        if community is None or known is None or known.state != "open":
            return []
        seen = picture(scene.db, community.approvals, known)
        signs = _signs(seen, community.approvals)
        if isinstance(event, PullChanged):
            return [*_kept(seen, signs, community.approvals), *_named(seen, signs, fact, scene)]
        if isinstance(event, ApprovalStatusShown):
            signs = [sign for sign in signs if sign.is_contradicted(event, known)]
        return [Wanted(one) for sign in signs for one in sign.wanted(known, fact.id)]


_Concerning = ApprovalGiven | ApprovalWithdrawn | PullFilesSeen | PullChanged | ApprovalStatusShown


class _Sign(Struct, frozen=True, kw_only=True):
    """What is to be shown of one grade, and where: a status, a label, both or neither."""

    is_lgtm: bool
    context: str
    label: str
    state: str
    description: str

    def wanted(self, known: Pull, because: str) -> list[Event]:
        """Return what asks for it."""
        found: list[Event] = []
        if self.context:
            found.append(
                ApprovalStatusRequested(
                    repo=known.repo,
                    number=known.number,
                    sha=known.sha,
                    context=self.context,
                    state=self.state,
                    description=self.description,
                    because=because,
                )
            )
        if self.label:
            found.append(
                ApprovalLabelRequested(
                    repo=known.repo,
                    number=known.number,
                    label=self.label,
                    wanted=self.state == SUCCESS,
                    because=because,
                )
            )
        return found

    def is_shown(self, there: Mapping[str, tuple[str, str]], known: Pull) -> bool:
        """Return whether a head with these statuses shows it already; without a status, whether the label does."""
        if self.context:
            return there.get(self.context) == (self.state, self.description)
        has_label = self.label.lower() in {label.lower() for label in known.labels}
        return not self.label or has_label == (self.state == SUCCESS)

    def is_contradicted(self, shown: ApprovalStatusShown, known: Pull) -> bool:
        """Return whether a status that was set says something else."""
        return (known.sha, self.context) == (shown.sha, shown.context) and (
            self.state,
            self.description,
        ) != (shown.state, shown.description)


def _kept(seen: Picture, signs: Sequence[_Sign], said: Approvals) -> list[Wanted]:
    """Return what a new head shows of words that a push did not end; of others their end is shown."""
    known = seen.pull
    if not (said.keep_lgtm or any(word.keeps or word.sha != known.sha for word in seen.lgtms)):
        return []
    # Whatever else changes: a head that we know already is shown already.
    return [Wanted(one) for sign in signs if sign.is_lgtm for one in sign.wanted(known, known.sha)]


def _named(seen: Picture, signs: Sequence[_Sign], fact: Recorded, scene: Scene) -> list[Wanted]:
    """Return what shows whether an issue is named, where it has to be: that may change without a push."""
    if not seen.needs_issue:
        return []
    known = seen.pull
    there = {
        status.context: (status.state, status.description)
        for status in statuses_of(scene.db, known.repo, known.sha)
        if not status.is_check
    }
    return [
        Wanted(one)
        for sign in signs
        if not sign.is_lgtm and not sign.is_shown(there, known)
        for one in sign.wanted(known, fact.id)
    ]


def _with_same_files(event: TreeSeen, scene: Scene) -> list[Wanted]:
    """Return what shows that words go on, because the head holds the files of which they were said."""
    community = scene.configuration.community_of(event.repo)
    if community is None or not community.approvals.keep_lgtm_of_same_files:
        return []
    said, found = community.approvals, []
    for number in numbers_of_commit(scene.db, event.repo, event.sha):
        known = pull(scene.db, event.repo, number)
        if known is not None and known.state == "open":
            seen = picture(scene.db, said, known)
            found += _kept(seen, _signs(seen, said), said)
    return found


def _needs_issue(event: PullChanged, scene: Scene) -> bool:
    community = scene.configuration.community_of(event.repo)
    return community is not None and community.approvals.issue_required and event.state == "open"


def _everywhere(event: OwnersChanged, fact: Recorded, scene: Scene) -> list[Wanted]:
    """Return what other owners change on the open pull requests: that is seldom, and concerns every one of them."""
    community = scene.configuration.community_of(event.repo)
    if community is None or community.approvals.branch != event.branch:
        return []
    said = community.approvals
    return [
        Wanted(one)
        for known in open_pulls(scene.db, event.repo)
        for sign in _signs(picture(scene.db, said, known), said)
        if not sign.is_lgtm
        for one in sign.wanted(known, fact.id)
    ]


def _signs(seen: Picture, said: Approvals) -> list[_Sign]:
    signs = (
        (True, said.lgtm_status, said.lgtm_label, lgtm_status(seen)),
        (False, said.approved_status, said.approved_label, approved_status(seen)),
    )
    return [
        _Sign(is_lgtm=is_lgtm, context=context, label=label, state=found[0], description=found[1])
        for is_lgtm, context, label, found in signs
        if found is not None
    ]
