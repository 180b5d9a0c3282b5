"""What other sites and programs get over HTTP: tables, feeds, pictures, frames, and addresses of before."""

import re
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from msgspec import structs

from chatops.engine.log import Batch
from chatops.events import Fact
from tests.builders import FAIL, PASS, night
from tests.scene import COMMUNITY
from tests.surfaces.doors import Doors, open_doors

BOARD = "https://board.example"
OLD = {"/coco": "/acme/nightly?q=coco", "/old/page.html": "/acme/flaky"}


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("elsewhere")
    community = structs.replace(COMMUNITY, embedded_in=(BOARD, "https://*.acme.example"))
    address = f"sqlite:///{folder / 'doors.db'}"
    with open_doors(address, community=community, redirects=OLD) as opened:
        facts = [
            Fact(event=one, source="github", correlation_id="delivery/1")
            for one in [*night(0, {"boot": FAIL}), *night(1, {"boot": PASS})]
        ]
        opened.service.writer.append(Batch(facts=facts))
        opened.service.projector.catch_up()
        yield opened


@pytest.mark.parametrize("under", ["", "/acme"])
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("nightly.csv", "text/csv; charset=utf-8; header=present"),
        ("tests/Nightly~~boot.csv", "text/csv; charset=utf-8; header=present"),
        ("nightly.atom", "application/atom+xml; charset=utf-8"),
        ("feeds/tests/Nightly~~boot.atom", "application/atom+xml; charset=utf-8"),
        ("badge/nightly.svg", "image/svg+xml"),
        ("strip/tests/Nightly~~boot.svg", "image/svg+xml"),
        ("badge/tests/Nightly~~never_heard_of.svg", "image/svg+xml"),
    ],
)
def test_each_format_has_its_address_in_every_community(
    doors: Doors, under: str, path: str, kind: str
) -> None:
    answer = doors.client.get(f"{under}/{path}")

    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["content-type"] == kind
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    ["badge/nightly", "badge/prs.svg", "feeds/nightly", "embed/nightly.json", "nightly.svg", "no/badge/nightly.svg"],
)  # fmt: skip
def test_what_is_not_made_is_not_found(doors: Doors, path: str) -> None:
    assert doors.client.get(f"/{path}").status_code == HTTPStatus.NOT_FOUND


def test_a_badge_may_be_kept_for_a_moment_and_is_compressed(doors: Doors) -> None:
    answer = doors.client.get("/badge/nightly.svg", headers={"accept-encoding": "gzip"})

    kept = re.fullmatch(r"public, max-age=(\d+)", answer.headers["cache-control"])
    assert kept is not None
    assert int(kept.group(1)) <= 300
    assert answer.headers["content-encoding"] == "gzip"


def test_only_pages_for_frames_may_be_framed_and_only_by_whom_the_community_names(
    doors: Doors,
) -> None:
    framed, whole = doors.client.get("/embed/nightly"), doors.client.get("/nightly")

    policy = framed.headers["content-security-policy"]
    assert f"frame-ancestors {BOARD} https://*.acme.example" in policy
    assert "script-src 'self'" in policy
    assert len(framed.headers.get_list("content-security-policy")) == 1
    assert "frame-ancestors 'none'" in whole.headers["content-security-policy"]


def test_addresses_of_before_lead_to_pages_with_what_was_asked(doors: Doors) -> None:
    first = doors.client.get("/coco?n=60")
    second = doors.client.get("/old/page.html")

    assert first.status_code == second.status_code == HTTPStatus.TEMPORARY_REDIRECT
    assert first.headers["location"] == "/acme/nightly?q=coco&n=60"
    assert second.headers["location"] == "/acme/flaky"
