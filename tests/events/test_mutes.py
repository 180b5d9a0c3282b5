from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.mutes import JobsMuted, JobsUnmuted
from chatops.names import CommandId
from tests.events.kinds import instances, of_module, survives


@pytest.mark.parametrize("kind", of_module("mutes"), ids=lambda kind: kind.kind)
@given(data=st.data())
def test_it_survives_the_log(kind: type[Event], data: st.DataObject) -> None:
    survives(data.draw(instances(kind)))


AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


def test_who_only_wants_to_know_is_told_which_jobs_and_until_when() -> None:
    jobs = ("CI / a", "CI / `b`", *(f"CI / {number}" for number in range(10)))
    muted = JobsMuted(
        command=CommandId("command/1"), community="acme", jobs=jobs, by="mona", reason="It moves.",
        at=AT, until=AT.replace(day=22),
    )  # fmt: skip
    unmuted = JobsUnmuted(
        command=CommandId("command/2"), community="acme", jobs=jobs[:1], by="mona", at=AT
    )

    assert muted.would().startswith("Would show `CI / a`, `CI / b`, `CI / 0`, ")
    assert muted.would().endswith(" and 2 more as muted until 2026-01-22 12:00 UTC.")
    assert unmuted.would() == "Would show `CI / a` as muted no longer."
