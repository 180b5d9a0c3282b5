import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.views.expressions import LONGEST, Expression, NotUnderstood

SIGNS = "abc"
ATOMS = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "[a-b]", r"\w", r"\d", r"\.", "-"])


def _grown(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(parts, min_size=1, max_size=4).map("".join),
        st.lists(parts, min_size=1, max_size=3).map(lambda some: f"({'|'.join(some)})"),
        st.tuples(parts, st.sampled_from("*+?")).map(lambda pair: f"({pair[0]}){pair[1]}"),
    )


EXPRESSIONS = st.builds(
    lambda start, middle, end: start + middle + end,
    st.sampled_from(["", "^"]),
    st.recursive(ATOMS, _grown, max_leaves=8),
    st.sampled_from(["", "$"]),
)
TEXTS = st.text(alphabet="abcd-. 1", max_size=12)


@given(text=EXPRESSIONS, in_text=TEXTS)
def test_it_finds_what_the_usual_expressions_find(text: str, in_text: str) -> None:
    if len(text) <= LONGEST:
        assert Expression(text).finds(in_text) == (re.search(text, in_text) is not None)


@pytest.mark.parametrize(
    ("text", "in_text", "finds"),
    [
        ("", "", True),
        ("", "a", True),
        ("^$", "", True),
        ("^$", "a", False),
        ("^a|b$", "xb", True),
        ("^a|b$", "ax", True),
        ("^a|b$", "xax", False),
        ("SNP", "run (qemu-snp)", True),
        ("[A-F]1", "b1", True),
        (r"\(qemu, .*\)", "run (qemu, small)", True),
        (r"k8s|k3s", "run-k3s-tests", True),
        (r"[]x]", "]", True),
        (r"[a-]$", "-", True),
        (r"\D", "12", False),
    ],
)
def test_what_it_finds(text: str, in_text: str, finds: bool) -> None:  # noqa: FBT001
    assert Expression(text).finds(in_text) is finds


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(a", "without its “)”"),
        ("a)", "“)” that means nothing there"),
        ("[a", "without its “]”"),
        ("*a", "“*” that means nothing there"),
        ("a{3}", "“{” that means nothing there"),
        (r"(a)\1", r"“\1” that is not understood"),
        ("(?i)a", "not understood here"),
        ("[z-a]", "holds nothing"),
        ("a\\", "not understood here"),
        ("a" * (LONGEST + 1), "is longer than"),
    ],
)
def test_what_is_not_understood_says_why(text: str, why: str) -> None:
    with pytest.raises(NotUnderstood, match=re.escape(why)):
        Expression(text)


@given(text=st.text(max_size=LONGEST), in_text=st.text(max_size=50))
def test_no_text_is_more_than_not_understood(text: str, in_text: str) -> None:
    try:
        found = Expression(text).finds(in_text)
    except NotUnderstood:
        return
    assert found in {True, False}


@pytest.mark.parametrize(
    "text",
    [
        "(a*)*b",
        "(a|a)*b",
        "(a|aa)+$b",
        "a*a*a*a*a*a*a*b",
        "(.*)(.*)(.*)x",
        "((a+)+)+$c",
        f"{'a?' * 25}b",
    ],
)
def test_what_takes_others_years_takes_no_time(text: str) -> None:
    try:
        found = Expression(text).finds("a" * 4_000)
    except NotUnderstood:
        return
    assert not found


def test_each_sign_of_a_text_is_looked_at_once() -> None:
    """Ways that never meet again are the dearest: each sign of the text may lead to a place of its own."""
    looked_at = 0

    class Counting(str):
        __slots__ = ()

        def __iter__(self) -> Iterator[str]:
            nonlocal looked_at
            for sign in str(self):
                looked_at += 1
                yield sign

    text = Counting("".join("ab"[number * number % 7 % 2] for number in range(3_000)))
    Expression("(a|b)*a" + "(a|b)" * 15 + "c").finds(text)

    assert looked_at == len(text)
