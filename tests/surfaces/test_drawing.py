from http import HTTPStatus

from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatops.surfaces.drawing import Drawing
from chatops.views.drawn import SIGNATURE

CLIENT = TestClient(Starlette(routes=list(Drawing().routes())))


def test_a_picture_is_fetched_once_and_kept() -> None:
    answer = CLIENT.get("/strip/drawn/pfp.png")

    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.content.startswith(SIGNATURE)


def test_what_is_no_picture_is_not_found() -> None:
    for place in ("PF", "p" * 99, "p%2Fp"):
        assert CLIENT.get(f"/strip/drawn/{place}.png").status_code == HTTPStatus.NOT_FOUND
