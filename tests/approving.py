"""A pull request with owners, for tests of what approving decides."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from chatops.config import Approvals, Community
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.events import Event
from chatops.events.approvals import APPROVE, LGTM, ApprovalGiven, ApprovalWithdrawn
from chatops.events.owners import FolderOwners, OwnersChanged
from chatops.events.pulls import PullFilesSeen
from chatops.events.trees import TreeSeen
from chatops.names import CommandId, Login, Sha
from tests.scene import COMMUNITY, HEAD, NOW, PULL, REPO, received

OWNERS = OwnersChanged(
    repo=REPO, branch="main", origin="OWNERS", fingerprint="1", seen_at=NOW,
    folders=(
        FolderOwners(folder="", approvers=("mona", "hubot")),
        FolderOwners(folder="docs", approvers=("alice", "bob"), reviewers=("carol",), alone=True),
    ),
)  # fmt: skip


def files(*paths: str, sha: Sha = HEAD) -> PullFilesSeen:
    """Return which files the pull request changes."""
    return PullFilesSeen(repo=REPO, number=PULL, sha=sha, base="main", files=paths)


def tree(sha: Sha, name: str = "t1") -> TreeSeen:
    """Return which files a commit holds."""
    return TreeSeen(repo=REPO, sha=sha, tree=name)


def community(**said: object) -> Community:
    """Return the community, with what it says of approvals."""
    approvals = Approvals(**{"owners": "owners", **said})  # type: ignore[arg-type]  # of whatever kind each key is
    return msgspec.structs.replace(COMMUNITY, approvals=approvals)


OWNED = community()


def asked(
    by: str, *names: str, verb: str = "approve", unsure: Sequence[str] = (), member: str = ""
) -> Asked:
    """Return a request of somebody who owns files under these names; of a member of Slack, where one is named."""
    standing = Standing(
        login=Login(by), author=Login("hubot"), names=frozenset(names), unsure=tuple(unsure)
    )
    command = CommandId(f"command/github/comment/9/{by}")
    said = received(command=command, verb=verb, by=member or by)
    return Asked(received=said, standing=standing, grant=Grant(ground="owner"))


def given(
    by: str, grade: str = LGTM, *names: str, sha: Sha = HEAD, minutes: int = 0, command: str = ""
) -> ApprovalGiven:
    """Return what somebody said of the pull request."""
    return ApprovalGiven(
        command=CommandId(command or f"command/github/comment/1/{by}/{minutes}"),
        repo=REPO,
        number=PULL,
        sha=sha,
        grade=grade,
        by=Login(by),
        stands_for=names or ((by,) if grade == APPROVE else ()),
        given_at=NOW + timedelta(minutes=minutes),
    )


def ended(word: ApprovalGiven, reason: str = "push") -> ApprovalWithdrawn:
    """Return that something put an end to what somebody said."""
    return ApprovalWithdrawn(
        command=word.command,
        repo=word.repo,
        number=word.number,
        grade=word.grade,
        whose=word.by,
        sha=word.sha,
        stood_for=word.stands_for,
        reason=reason,
        withdrawn_at=NOW + timedelta(days=1),
    )


def withdrawn(by: str, grade: str = LGTM, *, minutes: int = 5) -> ApprovalWithdrawn:
    """Return that somebody took back what they said."""
    return ApprovalWithdrawn(
        command=CommandId(f"command/github/comment/2/{by}/{minutes}"),
        repo=REPO,
        number=PULL,
        grade=grade,
        whose=Login(by),
        sha=HEAD,
        withdrawn_at=NOW + timedelta(minutes=minutes),
    )


def kinds(events: Sequence[Event]) -> list[str]:
    """Return of what kinds events are."""
    return [event.kind for event in events]
