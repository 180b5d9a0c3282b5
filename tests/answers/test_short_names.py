import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.answers.job_words import LEVEL
from chatops.answers.short_names import short_names, usual_path

NIGHTLY, CALLER = "Nightly CI", "ci-on-push"
PATH = f"{NIGHTLY} / {CALLER} / "
LEVELS = st.sampled_from(
    ["Nightly CI", "ci-on-push", "run-tests", "run-tests (a)", "build (a)", "build (b)", "("]
) | st.text(max_size=6)
NAMES = st.lists(st.lists(LEVELS, min_size=1, max_size=5).map(LEVEL.join), max_size=12)
PATHS = st.lists(LEVELS, max_size=3).map(lambda levels: "".join(f"{one}{LEVEL}" for one in levels))


@pytest.mark.parametrize(
    ("names", "path"),
    [
        ([f"{PATH}build / asset (a)", f"{PATH}build / asset (b)", "Other / x"], PATH),
        # However many share more: it tells the reader which test is meant.
        ([f"{PATH}build / asset (a)", f"{PATH}build / asset (b)"], PATH),
        ([f"{NIGHTLY} / one", f"{NIGHTLY} / two"], f"{NIGHTLY} / "),
        ([f"{PATH}one", f"{NIGHTLY} / two"], f"{NIGHTLY} / "),
        (["A / one", "B / two"], ""),
        (["A / one"], "A / "),
        (["one", "one"], ""),
        ([], ""),
    ],
)
def test_the_path_is_what_more_than_half_begin_with(names: list[str], path: str) -> None:
    assert usual_path(names) == path


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (f"{PATH}build-s390x / build-asset (agent)", "build-s390x / build-asset (agent)"),
        (f"{PATH}run-cri (lts, clh) / run-cri (lts, clh)", "run-cri (lts, clh)"),
        (f"{PATH}run-cri-tests (lts, clh) / run-cri (lts, clh)", "run-cri-tests / run-cri (lts, clh)"),
        (f"{PATH}run (a) / run (b)", "run (a) / run (b)"),
        (f"{PATH}run / run", "run"),
        (f"{NIGHTLY} / other / leaf", "other / leaf"),
        ("Nightly CI for s390x / check (a)", "Nightly CI for s390x / check (a)"),
        (f"{NIGHTLY} / {CALLER}", CALLER),
        (NIGHTLY, NIGHTLY),
    ],
)  # fmt: skip
def test_a_name_is_shown_without_what_was_said_before(name: str, shown: str) -> None:
    assert short_names([name], PATH) == {name: shown}


def test_names_that_would_look_the_same_stay_as_they_are() -> None:
    twins = [f"{PATH}build", f"{NIGHTLY} / build", f"{PATH}run"]

    assert short_names(twins, PATH) == {twins[0]: twins[0], twins[1]: twins[1], twins[2]: "run"}


def test_a_name_that_stays_as_it_is_does_not_look_like_a_short_one() -> None:
    names = ["P / P / x", "P / x", "x"]

    assert len(set(short_names(names, "P / ").values())) == len(names)


@given(names=NAMES, path=PATHS)
def test_different_names_are_shown_differently(names: list[str], path: str) -> None:
    shown = short_names(names, path)

    assert set(shown) == set(names)
    assert len(set(shown.values())) == len(set(names))


@given(names=NAMES, path=PATHS)
def test_no_name_gets_longer_or_loses_its_end(names: list[str], path: str) -> None:
    for name, shown in short_names(names, path).items():
        assert len(shown) <= len(name)
        assert shown.rpartition(LEVEL)[2] == name.rpartition(LEVEL)[2]


@given(names=NAMES)
def test_a_path_is_the_beginning_of_more_than_half(names: list[str]) -> None:
    path = usual_path(names)

    if path:
        assert sum(name.startswith(path) for name in names) * 2 > len(names)
