import pytest

from chatops.answers.confirmed import confirmed


@pytest.mark.parametrize(
    ("said", "left", "is_meant"),
    [
        ("bug", ["bug"], False),
        ("bug now", ["bug"], True),
        ("bug NOW", ["bug"], True),
        ("now bug", ["now", "bug"], False),
        ("--now bug", ["bug"], True),
        ("bug -Now", ["bug"], True),
        ("now", [], True),
        ("", [], False),
    ],
)
def test_now_confirms_at_the_end_and_its_mark_anywhere(
    said: str, left: list[str], *, is_meant: bool
) -> None:
    assert confirmed(said.split()) == (left, is_meant)


@pytest.mark.parametrize(
    ("said", "left", "is_meant"),
    [
        ("for now", ["for", "now"], False),
        ("now", [], True),
        ("for now --now", ["for", "now"], True),
    ],
)
def test_in_a_reason_only_the_mark_confirms_unless_nothing_else_is_said(
    said: str, left: list[str], *, is_meant: bool
) -> None:
    assert confirmed(said.split(), in_prose=True) == (left, is_meant)
