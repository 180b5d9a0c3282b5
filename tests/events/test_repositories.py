from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.events import Event
from chatops.events.repositories import RepositorySeen
from chatops.names import Repo
from tests.events.kinds import instances, of_module, survives

KINDS = of_module("repositories")
THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def seen(*, private: bool = True, at: datetime = THEN) -> RepositorySeen:
    return RepositorySeen(repo=Repo("acme/rocket"), private=private, seen_at=at)


def test_the_same_told_of_the_same_second_is_one_fact() -> None:
    assert seen().key() == seen(at=THEN + timedelta(milliseconds=9)).key()


def test_another_second_and_another_answer_are_other_facts() -> None:
    assert (
        len({seen().key(), seen(private=False).key(), seen(at=THEN + timedelta(seconds=1)).key()})
        == 3
    )


def test_it_is_about_its_repository_and_happened_when_it_was_seen() -> None:
    assert seen().stream() == "repository/acme/rocket"
    assert seen().happened_at() == THEN


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_fact_survives_the_log(kind: type[Event], data: st.DataObject) -> None:
    survives(data.draw(instances(kind)))
