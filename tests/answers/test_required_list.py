from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from msgspec import structs
from sqlalchemy import event

from chatops.answers.required_list import Change, RequiredLists, names_of
from chatops.events import Event
from chatops.events.checks import StatusSet
from chatops.events.gate import CheckSet, PathRule, RequiredReported
from chatops.names import Repo, Sha
from tests.builders import MORNING, REPO
from tests.rules import (
    AGAIN,
    BROKEN,
    COMMUNITY,
    FLAKY,
    GONE,
    LISTS,
    STEADY,
    ci,
    in_pulls,
    known,
    nights,
    version,
)


def lists(folder: Path, *facts: Iterable[Event]) -> RequiredLists:
    with known(folder, [fact for some in facts for fact in some]) as made:
        return made.lists


def test_each_check_has_its_nights_its_pull_requests_and_its_people(tmp_path: Path) -> None:
    found = lists(tmp_path, LISTS, nights(), in_pulls())

    by_job = {one.job: one for one in found.required}
    flaky, broken = by_job[FLAKY], by_job[BROKEN]
    assert [one.name for one in found.required] == [
        "Style / style",
        *ci(STEADY, GONE, FLAKY, BROKEN),
    ]
    assert (flaky.recent, flaky.sets, flaky.groups) == ((8, 10), ("test",), ())
    assert flaky.in_pulls is not None
    assert (flaky.in_pulls.passes, flaky.in_pulls.fails, flaky.in_pulls.helped) == (4, 0, 4)
    assert broken.test is not None
    assert (broken.recent, broken.test.streak) == ((6, 10), 4)
    assert broken.groups == ("Propulsion", "Ground")
    assert by_job["style"].test is None


def test_what_no_run_on_a_pull_request_has_is_missing_with_what_is_known_of_it(
    tmp_path: Path,
) -> None:
    (missing,) = lists(tmp_path, LISTS, nights(), in_pulls()).missing

    assert missing.required.job == GONE
    assert (missing.runs, missing.every) == (4, 8)
    assert missing.last is None
    assert missing.near == ci(STEADY)


def test_the_last_run_that_had_a_missing_check_is_found(tmp_path: Path) -> None:
    long_ago = [
        structs.replace(fact, name=GONE) if getattr(fact, "name", "") == STEADY else fact
        for fact in in_pulls(1, before=MORNING - timedelta(days=90))
    ]
    (missing,) = lists(tmp_path, LISTS, long_ago, in_pulls(first=10)).missing

    assert missing.last is not None
    assert missing.last.created_at == MORNING - timedelta(days=90, hours=1)


def test_without_a_run_nothing_is_said_to_be_missing(tmp_path: Path) -> None:
    assert lists(tmp_path, LISTS, nights()).missing == ()


def test_what_somebody_else_reports_is_not_missing(tmp_path: Path) -> None:
    status = StatusSet(
        repo=REPO, sha=Sha(f"{1:040x}"), context=ci(GONE)[0], state="success", status_id=1,
        url="", created_at=MORNING,
    )  # fmt: skip

    assert lists(tmp_path, LISTS, in_pulls(), [status]).missing == ()


def test_the_gate_itself_is_never_missing(tmp_path: Path) -> None:
    rules = version(1, 1, (STEADY,), always=("Gatekeeper / gatekeeper",))

    assert lists(tmp_path, [rules], in_pulls()).missing == ()


def test_the_list_changes_from_version_to_version(tmp_path: Path) -> None:
    docs = PathRule(pattern="^docs/", sets=())
    labels = (CheckSet(name="test", names=ci(STEADY), labels=()),)
    newest = version(4, 1, (), paths=(), sets=labels)
    changes = lists(tmp_path, [*LISTS, newest]).lists[0].changes

    assert [_told(change) for change in changes] == [
        ((), ci(GONE, FLAKY, BROKEN), 0, 1, True, False),
        (ci(BROKEN), ci(AGAIN), 0, 0, False, False),
        (ci(FLAKY), (), 1, 0, False, False),
        ((), (), 0, 0, False, True),
    ]
    assert changes[0].paths_removed == (docs,)
    assert [change.names for change in changes] == [2, 5, 5, 4]


def _told(change: Change) -> tuple[object, ...]:
    return (
        change.added, change.removed, len(change.paths_added), len(change.paths_removed),
        change.labels_changed, change.is_first,
    )  # fmt: skip


def test_what_left_the_list_is_known_with_its_day_and_what_came_back_is_not(tmp_path: Path) -> None:
    back = version(4, 10, (STEADY, GONE, FLAKY, AGAIN))
    (first,) = lists(tmp_path / "first", LISTS).lists
    (second,) = lists(tmp_path / "second", [*LISTS, back]).lists

    assert first.left == {AGAIN: MORNING - timedelta(days=30)}
    assert second.left == {BROKEN: MORNING - timedelta(days=10)}


def test_a_dashboards_file_is_a_list_without_a_history(tmp_path: Path) -> None:
    reported = RequiredReported(repo=REPO, names=(STEADY,), fingerprint="9")
    (only,) = lists(tmp_path, [reported], nights()).lists

    assert (only.since, only.changes) == (None, ())
    assert [one.job for one in only.required] == [STEADY]
    assert only.required[0].recent == (10, 10)


def test_expressions_say_how_many_names_they_mean(tmp_path: Path) -> None:
    rules = version(1, 1, (STEADY,), patterns=(r"CI / ci / landing", "[odd"))
    (only,) = lists(tmp_path, [rules], in_pulls()).lists

    assert only.patterns == (("CI / ci / landing", "", 2), ("[odd", "", 0))


def test_names_of_branch_rules_have_no_workflow(tmp_path: Path) -> None:
    rules = version(1, 1, (), always=("style", "lint"))
    found = lists(tmp_path, [rules], in_pulls())

    assert [(one.workflow, one.job) for one in found.required] == [("", "style"), ("", "lint")]
    assert [one.required.name for one in found.missing] == ["lint"]
    style = found.required[0].in_pulls
    assert style is not None
    assert style.passes == 4


def test_a_name_of_several_sets_is_one_check() -> None:
    rules = version(1, 1, (STEADY,), always=ci(STEADY))

    assert names_of(rules) == {ci(STEADY)[0]: ("", "test")}


def test_a_community_without_a_list_has_none(tmp_path: Path) -> None:
    found = lists(tmp_path, nights())

    assert (found.lists, found.required, found.missing) == ((), (), ())


def test_it_takes_as_many_questions_for_a_long_list_as_for_a_short_one(tmp_path: Path) -> None:
    many = version(9, 0, tuple(f"ci / no / such {number}" for number in range(100)))
    statements: list[int] = []
    for folder, rules in (("few", LISTS), ("many", [*LISTS, many])):
        with known(tmp_path / folder, [*rules, *nights(), *in_pulls()]) as made:
            asked: list[str] = []
            event.listen(
                made.knowledge.db.engine,
                "before_cursor_execute",
                lambda *args, asked=asked: asked.append(args[2]),
            )
            assert made.lists.lists
            statements.append(len(asked))

    assert statements[0] == statements[1]


def test_each_repository_has_its_own_list(tmp_path: Path) -> None:
    pad = Repo("acme/pad")
    other = structs.replace(version(1, 1, (STEADY,)), repo=pad)
    both = structs.replace(COMMUNITY, repositories=(REPO, pad))
    with known(tmp_path, [*LISTS, other, *nights(), *in_pulls()], both) as made:
        found = made.lists

    assert [of.repo for of in found.lists] == [REPO, pad]
    assert [one.test is not None for one in found.lists[1].required] == [False, False]
    assert found.lists[1].missing == ()
