import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.approvals import LGTM, ApprovalStatusRequested, ApprovalWithdrawn
from chatops.names import Login
from tests.events.kinds import instances, of_module, survives
from tests.scene import COMMAND, HEAD, PULL, REPO

KINDS = of_module("approvals")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_fact_survives_the_log(kind: type[Event], data: st.DataObject) -> None:
    survives(data.draw(instances(kind)))


def test_two_people_whose_words_one_command_takes_back_are_two_facts() -> None:
    def taken_back(whose: str) -> str:
        return ApprovalWithdrawn(
            command=COMMAND, repo=REPO, number=PULL, grade=LGTM, whose=Login(whose), sha=HEAD
        ).key()

    assert len({taken_back("alice"), taken_back("bob"), taken_back("Bob")}) == 2


def test_what_is_shown_because_of_another_fact_is_another_request() -> None:
    def asked(because: str) -> str:
        return ApprovalStatusRequested(
            repo=REPO, number=PULL, sha=HEAD, context="x", state="success", description="",
            because=because,
        ).key()  # fmt: skip

    assert asked("a") != asked("b")
