from datetime import timedelta
from itertools import permutations
from pathlib import Path

import msgspec
import pytest

from chatops.events import Event
from chatops.events.identities import IdentityLinked, IdentityUnlinked
from chatops.names import CommandId, Login
from chatops.projections.identities import Identity, Member, identity, member_called
from tests.scene import NOW, scene

ALICE, BOB = Login("alice"), Login("bob")


def linked(minute: int, login: Login, user: str = "U1") -> IdentityLinked:
    return IdentityLinked(
        command=CommandId(f"command/slack/{minute}"),
        team="T1",
        user=user,
        login=login,
        github_id=len(login),
        at=NOW + timedelta(minutes=minute),
    )


def unlinked(minute: int) -> IdentityUnlinked:
    return IdentityUnlinked(
        command=CommandId(f"command/slack/{minute}"),
        team="T1",
        user="U1",
        login=ALICE,
        at=NOW + timedelta(minutes=minute),
    )


def known(folder: Path, *events: Event, team: str = "T1", user: str = "U1") -> Identity | None:
    with scene(folder, events) as world, world.knowledge() as knowledge:
        return identity(knowledge.db, team, user)


def test_who_proved_who_they_are_is_known(tmp_path: Path) -> None:
    assert known(tmp_path, linked(1, ALICE)) == Identity(login=ALICE, github_id=5)


@pytest.mark.parametrize(("team", "user"), [("T2", "U1"), ("T1", "U2"), ("", "U1")])
def test_nobody_else_is(tmp_path: Path, team: str, user: str) -> None:
    assert known(tmp_path, linked(1, ALICE), team=team, user=user) is None


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_was_said_last_counts_in_whatever_order_it_is_heard(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    said: list[Event] = [linked(1, ALICE), unlinked(2), linked(3, BOB)]

    found = known(tmp_path, *(said[place] for place in order))

    assert found == Identity(login=BOB, github_id=3)


@pytest.mark.parametrize("is_last_first", [True, False])
def test_who_took_it_back_is_nobody(tmp_path: Path, *, is_last_first: bool) -> None:
    said: list[Event] = [linked(1, ALICE), unlinked(2)]

    assert known(tmp_path, *(reversed(said) if is_last_first else said)) is None


def test_a_login_leads_to_the_member_who_was_linked_to_it_last(tmp_path: Path) -> None:
    second = msgspec.structs.replace(linked(2, ALICE), user="U2")

    with scene(tmp_path, [second, linked(1, ALICE)]) as world, world.knowledge() as knowledge:
        assert member_called(knowledge.db, ALICE.upper()) == Member(team="T1", member="U2")
        assert member_called(knowledge.db, BOB) is None
        assert member_called(knowledge.db, ALICE, "T1") == Member(team="T1", member="U2")
        assert member_called(knowledge.db, ALICE, "T2") is None


def test_a_login_that_was_taken_back_leads_to_nobody(tmp_path: Path) -> None:
    with scene(tmp_path, [linked(1, ALICE), unlinked(2)]) as world, world.knowledge() as knowledge:
        assert member_called(knowledge.db, ALICE) is None
