import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.runs import JobCompleted, JobQueued, JobReported, JobStarted
from chatops.names import JobId, RunId
from tests.events.kinds import instances, of_module, survives
from tests.scene import REPO, ended

KINDS = of_module("runs")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_fact_survives_the_log(kind: type[Event], data: st.DataObject) -> None:
    survives(data.draw(instances(kind)))


def test_the_same_attempt_is_the_same_fact_whoever_tells_it() -> None:
    heard = ended(5, attempt=2)
    fetched = ended(5, attempt=2, title="as the REST API tells it")

    assert heard.key() == fetched.key() == "run/5/2/completed"


def test_each_state_of_a_job_is_a_fact_of_its_own() -> None:
    kinds: tuple[type[JobQueued | JobStarted | JobCompleted], ...] = (
        JobQueued,
        JobStarted,
        JobCompleted,
    )

    keys = {
        kind(repo=REPO, run_id=RunId(1), attempt=1, job_id=JobId(7), name="x").key()
        for kind in kinds
    }

    assert keys == {"job/7/queued", "job/7/started", "job/7/completed"}


def test_a_report_of_a_job_is_weaker_than_the_job_and_another_fact() -> None:
    told = JobReported(
        repo=REPO, run_id=RunId(1), attempt=1, name="x", result="Fail", job_id=JobId(7)
    )

    assert told.key() == "run/1/1/reported/x"
