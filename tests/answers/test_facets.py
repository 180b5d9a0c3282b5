import pytest

from chatops.answers.facets import Facets

FACETS = Facets(
    {
        "metal": {"iron": "iron fe", "gold": "gold", "noble-gold": "noble-gold", "c++": "c++"},
        "size": {"big": "", "small": "small tiny"},
    }
)


@pytest.mark.parametrize(
    ("name", "metal", "size"),
    [
        ("test (iron, big)", ("iron",), ("big",)),
        ("test-FE-tiny / x", ("iron",), ("small",)),
        ("test (noble-gold)", ("gold", "noble-gold"), ()),
        ("ferry / irony / bigger", (), ()),
        ("build c++", ("c++",), ()),
        ("", (), ()),
    ],
)
def test_a_name_tells_what_its_whole_words_mean(
    name: str, metal: tuple[str, ...], size: tuple[str, ...]
) -> None:
    assert (FACETS.of(name, "metal"), FACETS.of(name, "size")) == (metal, size)


def test_kinds_and_values_stand_in_the_order_of_the_community() -> None:
    assert FACETS.names == ("metal", "size")
    assert FACETS.values("metal") == ("iron", "gold", "noble-gold", "c++")
