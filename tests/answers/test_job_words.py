import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.answers.job_words import Named, all_meant, meant
from chatops.errors import Refused

CI = "Kata CI"
SMALL = Named(workflow=CI, name="push / run-k8s-tests (cbl-mariner, clh, small, containerd)")
LARGE = Named(workflow=CI, name="push / run-k8s-tests (cbl-mariner, clh, large, containerd)")
TEE = Named(workflow=CI, name="push / run-tee (tdx, qemu-tdx)")
CUT = Named(
    workflow="Static", name="check (make check, agent, src/agent, rust, libdevmapper, ub..."
)
SKIPPER = Named(workflow="Static", name="skipper")
JOBS = [SMALL, LARGE, TEE, CUT, SKIPPER]


@pytest.mark.parametrize(
    ("pattern", "jobs"),
    [
        (SMALL.name, [SMALL]),
        (SMALL.full, [SMALL]),
        (SMALL.name.upper(), [SMALL]),
        ("skipper", [SKIPPER]),
        ("*k8s*(*small*)", [SMALL]),
        ("push / run-tee*", [TEE]),
        ("kata ci / *", [SMALL, LARGE, TEE]),
        ("k8s cbl-mariner", [SMALL, LARGE]),
        ("tdx", [TEE]),
        (CUT.name, [CUT]),
        ("check (make check, agent, src/agent, rust, libdevmapper, ubuntu-24.04)", [CUT]),
        ("  push /  run-tee (tdx,  qemu-tdx) ", [TEE]),
    ],
)
def test_a_job_can_be_named_in_many_ways(pattern: str, jobs: list[Named]) -> None:
    assert meant(pattern, JOBS) == jobs


def test_an_alias_stands_for_a_pattern() -> None:
    assert meant("Intel", JOBS, aliases={"intel": "*tdx*"}) == [TEE]


@pytest.mark.parametrize("number", ["2", "#2"])
def test_a_number_is_a_row_of_the_last_list(number: str) -> None:
    assert meant(number, JOBS, rows=[TEE.full, SMALL.name]) == [SMALL]


def test_without_a_list_a_number_is_a_part_of_a_name() -> None:
    eight = Named(name="run on 24.04")

    assert meant("24", [TEE, eight]) == [eight]


def test_a_row_that_is_not_there_is_refused_with_how_many_there_are() -> None:
    with pytest.raises(Refused, match="2 rows, so there is no row 3"):
        meant("3", JOBS, rows=[TEE.full, SMALL.name])


def test_a_row_whose_job_is_gone_is_refused_by_its_name() -> None:
    with pytest.raises(Refused, match="Row 1 was `gone`"):
        meant("1", JOBS, rows=["gone"])


def test_what_means_nothing_is_refused_with_what_is_near() -> None:
    with pytest.raises(Refused, match="skipper") as refused:
        meant("skiper", [SKIPPER])

    assert refused.value.reason == "no_such_job"


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("14120", "A pull request is named as `#14120`."),
        ("qmeu", "Did you mean `qemu`?"),
        ("qmeu smal", "Did you mean `qemu smal`?"),
    ],
)
def test_a_slip_is_answered_with_what_was_probably_meant(said: str, hint: str) -> None:
    jobs = [Named(name="ci / run-k8s-tests (cbl-mariner, qemu, small)", workflow="CI"), SKIPPER]

    with pytest.raises(Refused) as refused:
        meant(said, jobs)

    assert refused.value.text == f"No job here is called `{said}`. {hint}"


def test_brackets_are_part_of_a_name() -> None:
    odd = Named(name="test [fast] x")

    assert meant("test [fast]*", [odd, Named(name="test f x")]) == [odd]


def outcome(pattern: str) -> list[Named] | str:
    try:
        return meant(pattern, JOBS)
    except Refused as refused:
        return refused.text


@given(pattern=st.text(max_size=200))
def test_whatever_is_said_means_jobs_or_is_refused_in_a_sentence(pattern: str) -> None:
    found = outcome(pattern)

    assert found
    if isinstance(found, str):
        assert found.count("`") % 2 == 0


@pytest.mark.parametrize("range_said", ["1-2", "#1-#2", "1-#2"])
def test_two_numbers_are_the_rows_between_them(range_said: str) -> None:
    assert meant(range_said, JOBS, rows=[TEE.full, SMALL.name]) == [TEE, SMALL]


def test_a_range_that_runs_backwards_is_refused() -> None:
    with pytest.raises(Refused, match="`1-2`"):
        meant("2-1", JOBS, rows=[TEE.full, SMALL.name])


def test_where_nothing_was_listed_a_number_is_refused() -> None:
    with pytest.raises(Refused, match="listed no jobs here yet"):
        meant("1", JOBS, rows=[])


def test_a_job_that_is_called_like_a_number_is_meant_by_it() -> None:
    seven = Named(name="7")

    assert meant("7", [seven, TEE], rows=[TEE.full]) == [seven]


def test_numbers_and_names_mix() -> None:
    assert all_meant(["1", SMALL.name], JOBS, rows=[TEE.full]) == [
        job for job in JOBS if job in (TEE, SMALL)
    ]


@given(words=st.lists(st.text(max_size=12), min_size=1, max_size=3), listed=st.booleans())
def test_whatever_is_said_means_some_of_the_jobs_or_is_refused(
    words: list[str], *, listed: bool
) -> None:
    rows = [job.full for job in JOBS] if listed else []
    try:
        found = all_meant(words, JOBS, rows=rows)
    except Refused as refused:
        found = []
        reason = refused.reason
    else:
        reason = ""

    assert set(found) <= set(JOBS)
    assert found or reason in {"no_such_job", "no_such_row"}
