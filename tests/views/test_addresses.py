import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.names import Repo
from chatops.views.addresses import Place, read_slug, slug

REPO = Repo("acme/rocket")
NAMES = st.text() | st.text(alphabet="ab -_/~(),.%é")


def place(name: str, *, workflow: str = "Nightly", repo: Repo = REPO) -> Place:
    return Place(repo=repo, workflow=workflow, name=name)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("caller / launch / test (big, cold)", "Nightly~~caller--launch--test_(big,_cold)"),
        ("run-k8s-tests", "Nightly~~run-k8s-tests"),
        ("a-b- / -c--d", "Nightly~~a-b~2D--~2Dc~2D~2Dd"),
        ("v1.2/x_y...", "Nightly~~v1~2E2~2Fx~5Fy~2E~2E~2E"),
        ("ü", "Nightly~~~C3~BC"),
    ],
)
def test_an_address_can_be_read_by_people(name: str, address: str) -> None:
    assert slug(place(name), REPO) == address
    assert read_slug(address, REPO) == place(name)


def test_another_repository_stands_before_the_names() -> None:
    elsewhere = place("test", repo=Repo("acme/moon"))

    assert slug(elsewhere, REPO) == "acme~2Fmoon~~Nightly~~test"
    assert read_slug("acme~2Fmoon~~Nightly~~test", REPO) == elsewhere


@given(workflow=NAMES, name=NAMES)
def test_every_name_comes_back_from_its_address(workflow: str, name: str) -> None:
    for repo in (REPO, Repo("acme/moon")):
        meant = place(name, workflow=workflow, repo=repo)
        address = slug(meant, REPO)

        assert re.fullmatch(r"[A-Za-z0-9(),~_-]*", address)
        assert read_slug(address, REPO) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a~~b~~c~~d",
        "a~~~2f",
        "a~~~ZZ",
        "a~~~FF",
        "a~~b c",
        "a~~~41",
        "a~~a---b",
        "a~~b.json",
    ],
)
def test_what_no_test_has_for_an_address_is_nothing(text: str) -> None:
    assert read_slug(text, REPO) is None


@given(st.text(alphabet="ab~-_0F41.(") | st.text())
def test_two_addresses_never_mean_one_test(text: str) -> None:
    meant = read_slug(text, REPO)

    assert meant is None or slug(meant, REPO) == text
