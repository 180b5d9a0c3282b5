"""Everything there is to know of one pull request: what it misses, whose its failures are, who did what about it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from chatops.answers.approvals import Picture, picture
from chatops.answers.blame import Judgement, judge
from chatops.answers.blocked_by import Blocked, blocked
from chatops.answers.elsewhere import Elsewhere
from chatops.answers.meant_jobs import Places
from chatops.answers.nights import NightBoard
from chatops.answers.open_queue import Queue
from chatops.answers.pull_checks import Check, PullChecks
from chatops.engine.answer import Code, Line
from chatops.engine.command import Knowledge
from chatops.names import CommandId, RunId, Sha
from chatops.projections.commands import Asking, Command, newest_commands, reruns_of_commit
from chatops.projections.heads import heads_of
from chatops.projections.trust import Decision, trust_of

COMMANDS_SHOWN = 50
MOST_JUDGED = 100
SHA_SHOWN = 9


class Again(Struct, frozen=True, kw_only=True):
    """A run that somebody asked to run again: after which attempt, and with which command."""

    run_id: RunId
    attempt: int
    command: CommandId


class PullStory(Struct, frozen=True, kw_only=True):
    """A pull request as its page shows it. `judged` are the failures, by the name of their check."""

    checks: PullChecks
    blocked: Blocked
    judged: Mapping[str, Judgement]
    picture: Picture
    trust: tuple[Line, ...]
    heads: tuple[tuple[Sha, datetime | None], ...]
    commands: tuple[Command, ...]
    again: Mapping[CommandId, tuple[Again, ...]]

    @property
    def superseded(self) -> tuple[tuple[Sha, datetime | None], ...]:
        """Return the commits that were its head before, the newest first."""
        return tuple(head for head in self.heads if head[0] != self.checks.pull.sha)


def failures(checks: PullChecks) -> list[Check]:
    """Return the checks of which can be asked whose their failure is."""
    return [check for check in checks.failed if check.cell is not None][:MOST_JUDGED]


def pull_story(
    knowledge: Knowledge,
    checks: PullChecks,
    board: NightBoard | None,
    queue: Queue | None,
) -> PullStory:
    """Return all of it; `board` and `queue` are what its failures are compared with, where there are any."""
    db, pull = knowledge.db, checks.pull
    seen = picture(db, knowledge.community.approvals, pull)
    commands = newest_commands(db, Asking(repo=pull.repo, number=pull.number), COMMANDS_SHOWN)
    again: dict[CommandId, list[Again]] = defaultdict(list)
    for one in reruns_of_commit(db, pull.repo, pull.sha):
        again[one.command].append(
            Again(run_id=one.run_id, attempt=one.attempt, command=one.command)
        )
    return PullStory(
        checks=checks,
        blocked=blocked(checks, seen.awaited(), lacks_issue=seen.lacks_issue()),
        judged=_judged(checks, board, queue),
        picture=seen,
        trust=_trust(knowledge, checks, trust_of(db, pull.repo, pull.number)),
        heads=tuple(heads_of(db, pull.repo, pull.number)),
        commands=tuple(one for one in commands if one.community == knowledge.community.key),
        again={command: tuple(runs) for command, runs in again.items()},
    )


def _judged(
    checks: PullChecks, board: NightBoard | None, queue: Queue | None
) -> dict[str, Judgement]:
    failed, pull = failures(checks), checks.pull
    jobs = {check.job for check in failed}
    others: Mapping[str, Sequence[Elsewhere]] = (
        queue.elsewhere(pull.repo, jobs, but=pull.number) if queue is not None else {}
    )
    where = Places(checks=checks, board=board)
    nights = board.nights if board is not None else ()
    return {
        check.name: judge(both, others.get(check.job, []), nights, pull.author)
        for check, both in zip(failed, where.all_both(failed), strict=True)
    }


def _trust(
    knowledge: Knowledge, checks: PullChecks, decisions: Sequence[Decision]
) -> tuple[Line, ...]:
    """Say for which commit the tests were let in, and by whom, where that is a question at all."""
    pull, trust = checks.pull, knowledge.community.trust
    has_label = trust.label.lower() in {label.lower() for label in pull.labels}
    lines: list[Line] = []
    here = next((one for one in decisions if one.sha == pull.sha), None)
    if here is not None:
        word = "let the tests in" if here.is_given else "shut the tests out"
        lines.append((f"{here.by} {word} for this commit, ", Code(here.sha[:SHA_SHOWN]), "."))
    else:
        given = next((one for one in decisions if one.is_given), None)
        if given is not None:
            lines.append(
                (
                    f"{given.by} let the tests in for ",
                    Code(given.sha[:SHA_SHOWN]),
                    "; nobody has for this commit.",
                )
            )
        elif pull.is_fork and not has_label:
            lines.append(("It comes from a fork, and nobody has let its tests in.",))
    if has_label:
        lines.append(("It has the label ", Code(trust.label), "."))
    return tuple(lines)
