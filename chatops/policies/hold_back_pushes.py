"""Limits what an unseen push can do where the label that lets the tests in stays on: damage control, not a lock.

Whenever:  somebody from outside pushes to a pull request that has the label, and the community wants it asked for again
Asks for:  `labels.requested` that takes it off, a status that says what is missing, `cancel.requested` for what the
           push started with rights of the repository; and `trust.withdrawn`, so that it is remembered
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar

from chatops.config import Community
from chatops.engine.authority import TRUSTED
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.cancels import CancelRequested
from chatops.events.changes import LabelsRequested
from chatops.events.pulls import PullChanged
from chatops.events.runs import RunRequested, RunStarted
from chatops.events.statuses import StatusRequested
from chatops.events.trust import TrustWithdrawn
from chatops.names import CommandId, Login, PullNumber, Repo, RunId, Sha
from chatops.projections.heads import head_before, seen_since
from chatops.projections.pulls import numbers_of_commit
from chatops.projections.runs import attempts_of_commit
from chatops.projections.trust import is_let_in, trust_of

WITH_RIGHTS = "pull_request_target"
"""Such a workflow has the repository's secrets, though it may run what the push brought."""
BY_THE_PUSH = timedelta(minutes=1)
"""What begins later was started by a label or an edit: by somebody who may."""


class HoldBackPushes(Policy):
    """Take back what was let in when a push changes what it was."""

    name: ClassVar[str] = "hold_back_pushes"
    reads: ClassVar[tuple[type[Event], ...]] = (PullChanged, RunRequested, RunStarted)

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        return [fact for fact in facts if _community(fact, scene) is not None]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        community = _community(fact, scene)
        if community is None:
            return []
        event = fact.event
        if isinstance(event, PullChanged):
            return (
                _held_back(event, scene, community) if _is_unseen(event, scene, community) else []
            )
        assert isinstance(event, RunRequested | RunStarted)
        return [
            Wanted(stop)
            for number in numbers_of_commit(scene.db, event.repo, event.sha)
            if _is_held_back(scene, event.repo, number, event.sha)
            for stop in _stops(scene, event.repo, number, event.sha, community)
            if stop.run_id == event.run_id
        ]


def _community(fact: Recorded, scene: Scene) -> Community | None:
    """Return the community that wants a push from outside asked for again."""
    event = fact.event
    assert isinstance(event, PullChanged | RunRequested | RunStarted)
    community = scene.configuration.community_of(event.repo)
    return community if community is not None and community.trust.again_after_push else None


def _is_unseen(event: PullChanged, scene: Scene, community: Community) -> bool:
    """Return whether a commit came from outside, onto a pull request with the label, and nobody let it in."""
    label = community.trust.label.lower()
    if event.state != "open" or event.association in TRUSTED or event.updated_at is None:
        return False
    if label not in {name.lower() for name in event.labels}:
        return False
    since = seen_since(scene.db, event.repo, event.number, event.sha)
    # A label that came after the commit was set by somebody who may.
    is_first_sight = since is None or event.updated_at.replace(microsecond=0) <= since
    is_first_head = head_before(scene.db, event.repo, event.number, event.updated_at) is None
    let_in = is_let_in(scene.db, event.repo, event.number, event.sha)
    return is_first_sight and not is_first_head and not let_in


def _held_back(event: PullChanged, scene: Scene, community: Community) -> list[Wanted]:
    command, trust = _command(event.repo, event.number, event.sha), community.trust
    assert event.updated_at is not None
    return [
        Wanted(
            TrustWithdrawn(
                command=command, repo=event.repo, number=event.number, sha=event.sha,
                by=Login(""), decided_at=event.updated_at,
            )
        ),
        Wanted(
            LabelsRequested(
                command=command, repo=event.repo, number=event.number, remove=(trust.label,),
                before=event.labels,
            )
        ),
        Wanted(
            StatusRequested(
                command=command, repo=event.repo, sha=event.sha, context=trust.status,
                state="pending", description="A new commit: a maintainer has to say /ok-to-test again",
            )
        ),
        *(Wanted(stop) for stop in _stops(scene, event.repo, event.number, event.sha, community)),
    ]  # fmt: skip


def _is_held_back(scene: Scene, repo: Repo, number: PullNumber, sha: Sha) -> bool:
    decisions = trust_of(scene.db, repo, number)
    here = next((one for one in decisions if one.sha == sha), None)
    return here is not None and here.command == _command(repo, number, sha)


def _stops(
    scene: Scene, repo: Repo, number: PullNumber, sha: Sha, community: Community
) -> list[CancelRequested]:
    """Return what stops the runs that the push itself started with rights of the repository."""
    since = seen_since(scene.db, repo, number, sha)
    gate = community.gate.workflow if community.gate else ""
    newest: dict[RunId, CancelRequested] = {}
    for run in attempts_of_commit(scene.db, repo, sha):
        late = since and run.created_at and run.created_at - since > BY_THE_PUSH
        if run.is_over or late or run.trigger != WITH_RIGHTS or run.workflow == gate:
            continue
        newest[run.run_id] = CancelRequested(
            command=_command(repo, number, sha),
            repo=repo,
            run_id=run.run_id,
            attempt=run.attempt,
            workflow=run.workflow,
        )
    return list(newest.values())


def _command(repo: Repo, number: PullNumber, sha: Sha) -> CommandId:
    """Return what stands where a command of a person would: nobody gave one."""
    return CommandId(f"policy/trust/{repo}/{number}/{sha}")
