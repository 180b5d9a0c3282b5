from collections.abc import Iterable
from pathlib import Path

from msgspec import structs

from chatops.answers.owner_groups import Ownership, owner_groups
from chatops.config import Community
from chatops.events import Event
from tests.rules import (
    AGAIN,
    BROKEN,
    COMMUNITY,
    FLAKY,
    GONE,
    GOOD,
    LISTS,
    STEADY,
    ci,
    in_pulls,
    known,
    nights,
)


def ownership(folder: Path, *facts: Iterable[Event], community: Community = COMMUNITY) -> Ownership:
    with known(folder, [fact for some in facts for fact in some], community) as made:
        return owner_groups(made.knowledge, made.board, made.results, made.lists)


def test_each_group_has_its_tests_and_those_that_fail_come_first(tmp_path: Path) -> None:
    found = ownership(tmp_path, LISTS, nights(), in_pulls())

    propulsion, ground, aero, booster = found.kept
    assert [test.name for test in propulsion.tests] == [BROKEN, STEADY]
    assert [test.name for test in propulsion.failing] == [BROKEN]
    assert (propulsion.required, propulsion.passed, propulsion.unclear) == (2, 1, 0)
    assert (len(ground.tests), len(aero.tests), len(booster.tests)) == (3, 2, 0)
    assert (found.tests, found.owned) == (7, 6)


def test_what_is_required_and_nobodys_is_named_also_where_no_night_has_it(tmp_path: Path) -> None:
    found = ownership(tmp_path, LISTS, nights(), in_pulls())

    assert [one.name for one in found.required_unowned] == ["Style / style", *ci(FLAKY)]
    assert [test.name for test in found.unowned] == [FLAKY]


def test_what_in_the_mapping_cannot_be_meant_is_told(tmp_path: Path) -> None:
    found = ownership(tmp_path, LISTS, nights(), in_pulls())

    assert [one.group.group for one in found.matching_nothing] == ["Booster"]
    assert [one.group.group for one in found.empty] == ["Aero"]
    assert [(test.name, groups) for test, groups in found.shared] == [
        (BROKEN, ("Propulsion", "Ground"))
    ]
    assert found.oddities == (
        "Booster: nobody: found something else in place of an e-mail address",
    )


def test_an_expression_that_only_means_what_is_required_means_something(tmp_path: Path) -> None:
    only = structs.replace(COMMUNITY.maintainers[0], regex=r"test \(small\)")
    community = structs.replace(COMMUNITY, maintainers=(only,))
    found = ownership(tmp_path, LISTS, nights(), community=community)

    assert GONE in {one.job for one in found.required}
    assert found.matching_nothing == ()
    assert found.kept[0].tests == ()


def test_an_expression_that_only_means_a_job_of_pull_requests_means_something(
    tmp_path: Path,
) -> None:
    only = structs.replace(COMMUNITY.maintainers[0], regex="^style$")
    community = structs.replace(COMMUNITY, maintainers=(only,))

    assert ownership(tmp_path / "a", in_pulls(), community=community).matching_nothing == ()
    assert len(ownership(tmp_path / "b", nights(), community=community).matching_nothing) == 1


def test_groups_may_have_the_same_name(tmp_path: Path) -> None:
    twice = (COMMUNITY.maintainers[0], structs.replace(COMMUNITY.maintainers[0], regex="fins"))
    community = structs.replace(COMMUNITY, maintainers=twice)
    found = ownership(tmp_path, nights(), community=community)

    assert [len(one.tests) for one in found.kept] == [2, 2]
    assert AGAIN in {test.name for test in found.kept[1].tests}


def test_nothing_known_is_nothing_owned(tmp_path: Path) -> None:
    found = ownership(tmp_path)

    assert (found.tests, found.owned, found.required, found.night) == (0, 0, (), None)
    assert len(found.matching_nothing) == 4
    assert GOOD not in {test.name for test in found.unowned}
    assert STEADY not in {test.name for test in found.unowned}
