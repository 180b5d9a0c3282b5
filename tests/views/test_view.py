"""What holds for every page, whatever it shows."""

import re
from itertools import combinations

import pytest

from chatops.showing import VIEWS
from chatops.views.view import View

NAMED = re.compile(r"\{(\w+)(?::\w+)?\}")
ADDRESS = re.compile(r"[a-z-]+(?:/\{\w+(?::path)?\})*")


@pytest.mark.parametrize("view", VIEWS.values(), ids=lambda view: view.address)
def test_an_address_is_lower_case_words_and_then_names(view: View) -> None:
    names = NAMED.findall(view.address)

    assert ADDRESS.fullmatch(view.address)
    assert len(names) == len(set(names))


def test_no_two_pages_answer_at_one_address() -> None:
    shapes = [NAMED.sub("{}", view.address) for view in VIEWS.values()]

    assert all(one != other for one, other in combinations(shapes, 2))
