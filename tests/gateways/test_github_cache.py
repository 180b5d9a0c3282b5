from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.gateways.github_cache import BoundedCache, Remembered

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def about(size: int, seed: str) -> Remembered:
    # Letters that do not get smaller when they are packed.
    letters = Random(seed)
    body = "".join(chr(letters.randrange(0x4E00, 0x9E00)) for _ in range(size))
    return f'"{seed}"', None, {"body": body}, None


@given(etag=st.none() | st.text(), content=JSON, following=st.none() | st.text())
def test_what_is_remembered_comes_back_as_it_was(
    etag: str | None, content: object, following: str | None
) -> None:
    cache = BoundedCache()

    cache["u"] = (etag, None, content, following)

    assert cache["u"] == (etag, None, content, following)


def test_what_was_not_asked_for_longest_is_forgotten_first() -> None:
    cache = BoundedCache(most_bytes=30_000)
    for name in "abc":
        cache[name] = about(3_000, name)
    assert list(cache) == ["a", "b", "c"]
    assert cache["a"]

    cache["d"] = about(3_000, "d")

    assert list(cache) == ["c", "a", "d"]


def test_what_is_too_large_is_not_kept_and_drives_nothing_out() -> None:
    cache = BoundedCache(most_bytes=20_000)
    cache["small"] = about(100, "small")
    cache["grows"] = about(100, "grows")

    cache["grows"] = about(20_000, "grows")

    assert list(cache) == ["small"]


def test_a_thousand_answers_never_take_more_than_there_is_room_for() -> None:
    cache = BoundedCache(most_bytes=20_000)

    for number in range(1_000):
        cache[f"{number % 37}"] = about(number % 300, f"{number}")

    assert 10_000 < cache.size <= 20_000
    for name in list(cache):
        del cache[name]
    assert cache.size == 0


def test_forgetting_what_is_not_there_is_a_mistake() -> None:
    cache = BoundedCache()
    cache["u"] = about(1, "u")
    del cache["u"]

    assert len(cache) == 0
    with pytest.raises(KeyError):
        del cache["u"]
    with pytest.raises(KeyError):
        cache["u"]
