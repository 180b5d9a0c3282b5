"""What would a label set off? In some communities any label starts the whole CI of a pull request again."""

from chatops.answers.nights import counted
from chatops.engine.command import Knowledge
from chatops.projections.jobs import jobs_of_runs
from chatops.projections.pulls import Pull
from chatops.projections.runs import attempts_of_commit


def restart_warning(knowledge: Knowledge, known: Pull) -> str:
    """Return a warning with what a label would cost, empty where it costs nothing."""
    community = knowledge.community
    let_in = community.trust.label.lower() in {label.lower() for label in known.labels}
    if not community.labels.restart_ci or known.state != "open" or not let_in:
        return ""
    newest = {run.run_id: run for run in attempts_of_commit(knowledge.db, known.repo, known.sha)}
    jobs = jobs_of_runs(knowledge.db, list(newest))
    names = {(job.run_id, job.name) for job in jobs}
    running = sum(not run.is_over for run in newest.values())
    ended = f", and {counted(running, 'workflow')} under way would be cancelled" if running else ""
    return (
        f"A label starts the CI of #{known.number} again from the beginning: "
        f"{counted(len(names), 'job')} so far on this commit{ended}. "
        f"I changed nothing; say it again with `now` at the end if that is meant."
    )
