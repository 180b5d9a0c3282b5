"""What would a label set off, or opening again? In some communities either starts the whole CI of a pull request."""

from chatops.answers.confirmed import NOW
from chatops.answers.nights import counted
from chatops.engine.command import Asked, Knowledge
from chatops.errors import Refused
from chatops.projections.jobs import jobs_of_runs
from chatops.projections.pulls import Pull, pull
from chatops.projections.runs import attempts_of_commit


def refuse_restart(knowledge: Knowledge, asked: Asked, *, confirmed_by: str = NOW) -> None:
    """Refuse to label a pull request where that costs something, with what it would cost."""
    received = asked.received
    known = pull(knowledge.db, received.repo, received.number) if asked.issue.is_pull else None
    warning = restart_warning(knowledge, known, confirmed_by) if known is not None else ""
    if warning:
        raise Refused(warning, reason="would_restart")


def restart_warning(knowledge: Knowledge, known: Pull, confirmed_by: str = NOW) -> str:
    """Return a warning with what a label would cost, empty where it costs nothing."""
    if known.state != "open" or not _restarts(knowledge, known):
        return ""
    return (
        f"A label starts the CI of #{known.number} again from the beginning: {_cost(knowledge, known)}. "
        f"I changed nothing; say it again with `{confirmed_by}` at the end if that is meant."
    )


def reopening_warning(knowledge: Knowledge, known: Pull) -> str:
    """Return a warning with what opening it again would cost, empty where it costs nothing."""
    if not _restarts(knowledge, known):
        return ""
    return (
        f"Opening #{known.number} again starts its CI from the beginning: {_cost(knowledge, known)}. "
        f"I changed nothing; say `/reopen now` if that is meant."
    )


def _restarts(knowledge: Knowledge, known: Pull) -> bool:
    community = knowledge.community
    let_in = community.trust.label.lower() in {label.lower() for label in known.labels}
    return community.labels.restart_ci and let_in


def _cost(knowledge: Knowledge, known: Pull) -> str:
    newest = {run.run_id: run for run in attempts_of_commit(knowledge.db, known.repo, known.sha)}
    jobs = jobs_of_runs(knowledge.db, list(newest))
    names = {(job.run_id, job.name) for job in jobs}
    running = sum(not run.is_over for run in newest.values())
    ended = f", and {counted(running, 'workflow')} under way would be cancelled" if running else ""
    return f"{counted(len(names), 'job')} so far on this commit{ended}"
