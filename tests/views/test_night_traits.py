from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from chatops.answers.nights import NightBoard, night_board
from chatops.config import Community, OwnerGroup
from chatops.events import Event
from chatops.views.filters import read_filter
from chatops.views.night_traits import STATUSES, Traits, qualifiers, read_traits
from tests.builders import (
    CANCELLED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    RUNNING,
    SCHEDULE,
    SETUP,
    SKIPPED,
    Ran,
    night,
    nights_database,
)

ACME = Community(
    key="acme",
    title="Acme",
    repositories=(REPO,),
    maintainers=(OwnerGroup(regex="launch", group="Crew", owners=()),),
    facets={"size": {"large": "big"}},
)


def board_of(folder: Path, *facts: Iterable[Event]) -> NightBoard:
    with nights_database(folder, [fact for some in facts for fact in some]) as db:
        return night_board(db, [REPO], [SCHEDULE], now=MORNING)


def traits_of(folder: Path, *facts: Iterable[Event]) -> Mapping[str, Traits]:
    found = read_traits(board_of(folder, *facts), ACME)
    return {traits.test.name: traits for traits in found.values()}


@pytest.mark.parametrize(
    ("ran", "status"),
    [
        (PASS, "passed"),
        (FAIL, "failed"),
        (SETUP, "infra"),
        (CANCELLED, "cancelled"),
        (SKIPPED, "skipped"),
        (RUNNING, "running"),
    ],
)
def test_a_status_is_that_of_the_newest_night(tmp_path: Path, ran: Ran, status: str) -> None:
    found = traits_of(tmp_path, night(1, {"a": PASS}), night(0, {"a": ran}, is_over=False))

    assert found["a"].status == status
    assert status in STATUSES.values()


def test_a_name_is_parted_into_path_suite_leaf_and_parameters(tmp_path: Path) -> None:
    names = (
        "top / launch / run (big, cold)",
        "top / launch / run (small / odd)",
        "top / land (a) / land (a)",
        "top / land (b) / land (b)",
        "top / alone",
    )

    found = traits_of(tmp_path, night(0, dict.fromkeys(names, PASS)))

    parted = [
        (place.path, place.suite, place.leaf, place.parameters)
        for place in (found[name].place for name in names)
    ]
    assert parted == [
        ("top / ", "launch", "run", "big, cold"),
        ("top / ", "launch", "run", "small / odd"),
        ("top / ", "land", "land", "a"),
        ("top / ", "land", "land", "b"),
        ("top / ", f"Other jobs of {SCHEDULE.name}", "alone", ""),
    ]


def test_whose_it_is_and_what_its_name_tells(tmp_path: Path) -> None:
    found = traits_of(tmp_path, night(0, {"launch (big)": PASS, "land": PASS}))

    assert (found["launch (big)"].owners, found["land"].owners) == (("Crew",), ())
    assert found["launch (big)"].facets == {"size": ("large",)}


def test_a_share_is_of_the_nights_that_count(tmp_path: Path) -> None:
    found = traits_of(
        tmp_path,
        night(3, {"a": CANCELLED, "b": SKIPPED}),
        night(2, {"a": FAIL, "b": SKIPPED}, {"a": PASS}),
        night(1, {"a": PASS, "b": SKIPPED}),
    )

    assert (found["a"].share, found["b"].share) == (0.5, None)


def test_what_changed_and_what_is_new_is_known(tmp_path: Path) -> None:
    found = traits_of(
        tmp_path,
        night(1, {"red": PASS, "green": FAIL, "same": FAIL}),
        night(0, {"red": FAIL, "green": PASS, "same": FAIL, "new": PASS}),
    )

    assert {name for name, one in found.items() if one.is_changed} == {"red", "green"}
    assert {name for name, one in found.items() if one.is_new} == {"new"}


def test_muted_is_said_by_the_full_name(tmp_path: Path) -> None:
    found = traits_of(tmp_path, night(0, {"a": PASS, "b": PASS}))
    asked = read_filter("is:muted", qualifiers(ACME, {f"{SCHEDULE.name} / a"}))

    assert [name for name, one in found.items() if asked.lets(name, one)] == ["a"]
