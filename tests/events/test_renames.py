from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.renames import JobRenamed, JobRenameWithdrawn
from chatops.names import CommandId, Repo
from tests.events.kinds import instances, of_module, survives


@pytest.mark.parametrize("kind", of_module("renames"), ids=lambda kind: kind.kind)
@given(data=st.data())
def test_it_survives_the_log(kind: type[Event], data: st.DataObject) -> None:
    survives(data.draw(instances(kind)))


def test_who_only_wants_to_know_is_told_which_names_would_be_one() -> None:
    said = {
        "command": CommandId("command/1"), "repo": Repo("acme/rocket"), "old": "a", "new": "b`",
        "by": "mona", "at": datetime(2026, 1, 15, tzinfo=UTC),
    }  # fmt: skip

    assert JobRenamed(**said).would() == "Would show the nights of `a` as those of `b`, too."  # type: ignore[arg-type]
    assert JobRenameWithdrawn(**said).would() == "Would tell `a` and `b` apart again."  # type: ignore[arg-type]
