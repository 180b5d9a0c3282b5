"""Ends the mute of a test that fails in another way than it did when it was muted: that is not what was meant.

Whenever:  a night's results are complete
Asks for:  `jobs.outlived_mute` for the muted tests of the run whose failure was not known before they were muted
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from chatops.answers.alert_looks import full_name
from chatops.answers.alerting import signature_of
from chatops.answers.night_cells import State
from chatops.answers.nights import NIGHTS, Test, night_board
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.mutes import JobsOutlivedMute
from chatops.events.notices import NightSettled
from chatops.projections.mutes import muted_jobs


class EndMutes(Policy):
    """Let nobody overlook a new failure because of an old one."""

    name: ClassVar[str] = "end_mutes"
    reads: ClassVar[tuple[type[Event], ...]] = (NightSettled,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        settled = fact.event
        assert isinstance(settled, NightSettled)
        community = scene.configuration.community_of(settled.repo)
        if community is None:
            return []
        muted = muted_jobs(scene.db, community.key, fact.recorded_at)
        if not muted:
            return []
        board = night_board(
            scene.db,
            community.repositories,
            community.nightly,
            nights=NIGHTS,
            now=fact.recorded_at,
        )
        outlived = {
            full_name(test): signature
            for test in board.tests
            if (mute := muted.get(full_name(test))) is not None
            and (signature := _new_signature(test, settled, mute.since))
        }
        if not outlived:
            return []
        return [
            Wanted(
                JobsOutlivedMute(
                    community=community.key,
                    repo=settled.repo,
                    run_id=settled.run_id,
                    attempt=settled.attempt,
                    jobs=tuple(outlived),
                    signatures=tuple(outlived.values()),
                    at=fact.recorded_at,
                )
            )
        ]


def _new_signature(test: Test, settled: NightSettled, muted_at: datetime) -> str:
    """Return how a test failed in a run, if it had failed before it was muted, and never so."""
    now, before = "", set()
    for cell in test.cells:
        if cell.state is not State.FAILED or cell.last is None:
            continue
        if cell.last.run_id == settled.run_id:
            now = signature_of(cell)
        elif cell.last.started_at is not None and cell.last.started_at < muted_at:
            before.add(signature_of(cell))
    return now if now and before and not before & {now, ""} else ""
