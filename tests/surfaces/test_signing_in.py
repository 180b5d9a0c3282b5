from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.surfaces.signing_in import HOME, origin_of, own_place

OURS = "https://ci.example"


@given(st.text(alphabet="/\\:@?#.\t\r\n a%0d", max_size=12) | st.text(max_size=30))
def test_nothing_leads_away_from_us(asked: str) -> None:
    place = own_place(asked)

    there = urlsplit(urljoin(f"{OURS}/sign-in/callback", place))
    assert place.isascii()
    assert place.isprintable()
    assert f"{there.scheme}://{there.netloc}" == OURS
    # Browsers take a stroke for the other one, and leave out what cannot be seen.
    assert not place.startswith("//")
    assert "\\" not in place


@pytest.mark.parametrize(
    "place", ["/", "/nightly", "/acme/audit?who=mona&pr=7", "/acme/nightly?sel=a%20(b)", "/a//b#c"]
)
def test_a_page_of_ours_is_come_back_to(place: str) -> None:
    assert own_place(place) == place


def test_without_one_it_is_the_first_page() -> None:
    assert own_place("") == own_place("nightly") == own_place("/" + "a" * 5_000) == HOME


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://ci.example", "https://ci.example"),
        ("https://CI.example:443/", "https://ci.example"),
        ("http://ci.example:80", "http://ci.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("https://ci.example:80", "https://ci.example:80"),
        ("http://[::1]:8080/below", "http://[::1]:8080"),
    ],
)
def test_our_own_origin_is_called_as_browsers_do(address: str, origin: str) -> None:
    assert origin_of(address) == origin
