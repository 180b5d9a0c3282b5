"""What the nightly page may cost, counted in a real browser: a month of some 240 tests, cold."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from bench.nights import CONFIGURATION, fill
from bench.visits import visited
from chatops.config import read_configuration
from chatops.views.page import ASSETS, HEAD_SCRIPT, MODULE, PARTS
from tests.browser import axe
from tests.surfaces.doors import open_doors

REQUESTS, BYTES, SCRIPT_BYTES, STYLE_BYTES, ELEMENTS = 5, 40_000, 12_000, 12_000, 8_000
FEWEST_ROWS = 235


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("nights")
    file = folder / "chatops.yaml"
    file.write_text(CONFIGURATION)
    [community] = read_configuration(file).communities.values()
    with open_doors(f"sqlite:///{folder / 'doors.db'}", role="web", community=community) as doors:
        fill(doors.service)
        doors.service.stream.begin()
        yield f"http://127.0.0.1:{doors.port}/nightly"


def test_a_month_of_nights_costs_no_more_than_it_may(address: str, chromium: Browser) -> None:
    with visited(chromium, address) as (page, cost):
        assert page.locator(".grid tbody tr").count() >= FEWEST_ROWS
        assert cost.requests <= REQUESTS, cost
        assert cost.bytes <= BYTES, cost
        assert cost.script_bytes <= SCRIPT_BYTES, cost
        assert cost.style_bytes <= STYLE_BYTES, cost
        assert cost.elements <= ELEMENTS, cost
        assert axe(page) == []

        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert axe(page) == []


ELSEWHERE = frozenset({"embed.js", "exported.js"})
"""The scripts of frames and of copies: no page of the service loads them."""


def test_all_scripts_of_the_service_together_are_small() -> None:
    scripts = [
        one.body
        for name, one in ASSETS.items()
        if name.endswith(".js") and name not in PARTS and name not in ELSEWHERE
    ]

    assert ASSETS[MODULE].body in scripts
    every = [HEAD_SCRIPT.encode(), *scripts]
    assert sum(len(gzip.compress(body, 9)) for body in every) <= SCRIPT_BYTES
