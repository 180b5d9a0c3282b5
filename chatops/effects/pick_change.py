"""Brings what a pull request changed to another branch, as a pull request of its own.

On:        `pick.requested`
Calls:     the merge commit, the other branch, and then, on a branch of its own: a commit with the other branch's files
           and the merge commit's parent, the merge of the merge commit into it, and a commit of what came of that on
           top of the other branch; last, opens the pull request. All but the last can be repeated: the branch's name
           says which pick it is. Before all of it, looks whether that pull request is there
Reports:   `pick.opened`, or `pick.refused` with the reason in words
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.picks import PickOpened, PickRefused, PickRequested
from chatops.names import Sha
from chatops.ports import Commit, Ports

SHA_SHOWN = 9
LONGEST_TITLE = 256
"""As much as GitHub takes."""


class PickChange(Effect[PickRequested]):
    """Open a pull request with a change for another branch, once."""

    name: ClassVar[str] = "pick_change"
    on: ClassVar[type[Event]] = PickRequested

    async def perform(self, event: PickRequested, ports: Ports) -> Sequence[Event]:
        head = f"cherry-pick-{event.number}-to-{event.branch}"
        opened = await ports.github.pull_from(event.repo, head, event.branch)
        found = opened is not None
        if opened is None:
            await _bring(event, head, ports)
            opened = await ports.github.open_pull(
                event.repo,
                head=head,
                base=event.branch,
                title=f"[{event.branch}] {event.title}"[:LONGEST_TITLE],
                body=f"This is #{event.number} for `{event.branch}`, asked for by {_code(event.by)}.",
            )
        return [
            PickOpened(
                command=event.command,
                repo=event.repo,
                number=event.number,
                branch=event.branch,
                opened=opened,
                found=found,
            )
        ]

    def refused(self, event: PickRequested, refusal: Refused) -> Sequence[Event]:
        return [
            PickRefused(
                command=event.command,
                repo=event.repo,
                number=event.number,
                branch=event.branch,
                text=refusal.text,
            )
        ]

    def describe(self, event: PickRequested) -> str:
        """Say what would be done."""
        return f"Would open a pull request that brings #{event.number} to `{event.branch}`."


async def _bring(event: PickRequested, head: str, ports: Ports) -> None:
    """Let the branch `head` be the other branch with the change on top."""
    merge = await _merge_commit(event, ports)
    target = await _target(event, ports)
    tree = await _with_change(event, head, merge, target, ports)
    if tree == target.tree:
        await ports.github.delete_branch(event.repo, head)
        raise Refused(f"`{event.branch}` has this change already.", reason="as_it_is")
    picked = await ports.github.create_commit(
        event.repo,
        message=f"{merge.message}\n\n(cherry picked from commit {merge.sha})",
        tree=tree,
        parents=[target.sha],
        author=merge.author,
    )
    await ports.github.set_branch(event.repo, head, picked)


async def _merge_commit(event: PickRequested, ports: Ports) -> Commit:
    """Return the one commit that holds the change: a merge commit or a squashed one."""
    described = await ports.github.pull(event.repo, event.number)
    if not described.get("merged"):
        raise Refused(f"#{event.number} is not merged, so there is nothing to pick.", reason="open")
    merge = await ports.github.commit(event.repo, Sha(str(described.get("merge_commit_sha"))))
    # A squashed one has the pull request's number at the end of its first line; one of several rebased ones has not.
    is_one = len(merge.parents) > 1 or f"(#{event.number})" in merge.message.partition("\n")[0]
    if not merge.parents or (int(described.get("commits") or 1) > 1 and not is_one):
        raise Refused(
            f"#{event.number} was merged by rebasing its commits one by one, and I pick only what is one commit. "
            f"Do it by hand: `git cherry-pick -x`.",
            reason="rebased",
        )
    return merge


async def _target(event: PickRequested, ports: Ports) -> Commit:
    try:
        sha = await ports.github.branch_head(event.repo, event.branch)
    except Refused as refusal:
        if refusal.reason != "not_found":
            raise
        raise Refused(
            f"{event.repo} has no branch `{event.branch}`.", reason="no_branch"
        ) from refusal
    return await ports.github.commit(event.repo, sha)


async def _with_change(
    event: PickRequested, head: str, merge: Commit, target: Commit, ports: Ports
) -> Sha:
    """Return the files of the other branch with the change in them, as a tree.

    A commit with the other branch's files, but with the parent of the merge commit as its own, makes git take the
    change alone as what is new on the merge commit's side.
    """
    beside = await ports.github.create_commit(
        event.repo,
        message=f"The files of {event.branch}",
        tree=target.tree,
        parents=[merge.parents[0]],
        author=None,
    )
    await ports.github.set_branch(event.repo, head, beside)
    try:
        return await ports.github.merge_into(event.repo, head, merge.sha)
    except Refused as refusal:
        await ports.github.delete_branch(event.repo, head)
        if refusal.reason != "conflict":
            raise
        mainline = " -m 1" if len(merge.parents) > 1 else ""
        raise Refused(
            f"The change conflicts with what is on `{event.branch}`. Do it by hand: "
            f"`git cherry-pick -x{mainline} {merge.sha[:SHA_SHOWN]}`.",
            reason="conflict",
        ) from refusal


def _code(name: str) -> str:
    """Return a name as it is, whatever is in it: it mentions nobody and links nowhere."""
    return f"`{name.replace('`', '')}`"
