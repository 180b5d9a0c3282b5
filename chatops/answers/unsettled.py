"""Which nightly runs have ended and are still waited for? A lost word about one job must not keep a night unsaid."""

from datetime import timedelta

from chatops.engine.command import Knowledge
from chatops.events.notices import NightSettled
from chatops.projections.notices import settled_attempts
from chatops.projections.runs import newest_of_workflows

PATIENCE = timedelta(minutes=15)
NEWS = timedelta(hours=24)
"""What ended longer ago than this is history."""
RUNS_LOOKED_AT = 3


def unsettled_nights(knowledge: Knowledge) -> list[NightSettled]:
    """Return the attempts of nightly runs that have ended so long ago that nobody waits for the rest any longer."""
    community, now = knowledge.community, knowledge.now
    runs = [
        run
        for workflow in community.nightly
        for run in newest_of_workflows(
            knowledge.db, community.repository_of(workflow), [workflow.name], RUNS_LOOKED_AT
        )
    ]
    settled = settled_attempts(knowledge.db, {run.run_id for run in runs})
    return [
        NightSettled(
            repo=run.repo,
            run_id=run.run_id,
            attempt=run.attempt,
            workflow=run.workflow,
            ended_at=run.completed_at,
            waited=True,
        )
        for run in runs
        if run.is_over
        and run.completed_at is not None
        and PATIENCE <= now - run.completed_at <= NEWS
        and (run.run_id, run.attempt) not in settled
    ]
