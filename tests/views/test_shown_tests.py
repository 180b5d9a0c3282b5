import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.answer import Link, plain
from chatops.names import Repo
from chatops.views.addresses import Place, read_slug
from chatops.views.shown_tests import ShownTests, all_names, of_them_required

REPO = Repo("acme/rocket")
PAGES = "https://ci.example/acme/tests/"
NOZZLE, TANK = (
    Place(repo=REPO, workflow="Nightly", name=f"engine / {name}") for name in ("nozzle", "tank")
)
PLACES = st.lists(
    st.builds(
        Place,
        repo=st.just(REPO),
        workflow=st.sampled_from(["Nightly", "Weekly"]),
        name=st.lists(st.sampled_from(["engine", "tank", "tank (a)"]), min_size=1).map(" / ".join),
    ),
    max_size=8,
)


def shown(*places: Place, pages: str = PAGES, path: str = "Nightly / engine / ") -> ShownTests:
    return ShownTests(names=all_names(places), path=path, pages=pages, home=REPO)


def test_a_name_is_short_and_leads_to_its_page() -> None:
    assert shown(NOZZLE).piece(NOZZLE) == Link("nozzle", f"{PAGES}Nightly~~engine--nozzle")


def test_without_pages_it_is_only_said() -> None:
    assert shown(NOZZLE, pages="").piece(NOZZLE) == "nozzle"


def test_what_is_left_out_is_said_once_and_only_then() -> None:
    assert plain(shown(NOZZLE, TANK).note()) == "Names are without Nightly / engine."
    assert shown(NOZZLE, path="").note() == ()
    assert shown(path="Nightly / ").note() == ()


@pytest.mark.parametrize(
    ("required", "of", "said"),
    [
        (0, 3, ""),
        (1, 3, ", 1 of them required"),
        (3, 3, ", all of them required"),
        (1, 1, ", and it is required"),
    ],
)
def test_how_many_are_required_is_said_as_one_would(required: int, of: int, said: str) -> None:
    assert of_them_required(required, of) == said


def test_a_name_that_was_not_listed_is_said_in_full() -> None:
    assert shown(NOZZLE).text("Nightly / engine / tank") == "Nightly / engine / tank"


@given(places=PLACES)
def test_each_leads_to_itself_and_looks_like_no_other(places: list[Place]) -> None:
    pieces = {place: shown(*places).piece(place) for place in places}

    for place, piece in pieces.items():
        assert isinstance(piece, Link)
        assert read_slug(piece.url.removeprefix(PAGES), REPO) == place
    assert len({piece.text for piece in pieces.values() if isinstance(piece, Link)}) == len(pieces)
