from pathlib import Path

import pytest

from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.views.embed import embedded
from chatops.views.page import not_found_page
from tests.builders import MORNING, PASS, REPO, night, nights_database

ACME = Community(key="acme", title="<Acme>", repositories=(REPO,))


def framed(folder: Path, **query: str) -> str:
    with nights_database(folder, night(0, {"boot": PASS})) as db:
        knowledge = Knowledge(db=db, community=ACME, now=MORNING)
        return embedded(not_found_page("/x"), "tests/a~~b(1)", query, knowledge)


def test_links_lead_out_of_the_frame_to_the_whole_page(tmp_path: Path) -> None:
    page = framed(tmp_path)

    assert '<base href="/acme/tests/a~~b(1)" target="_top">' in page
    assert '<a href="/acme/tests/a~~b(1)">Open in <bdi>&lt;Acme&gt;</bdi></a>' in page


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ("dark", ' data-theme="dark"'),
        ("light", ' data-theme="light"'),
        ("auto", ""),
        ('"><script>', ""),
    ],
)
def test_whoever_frames_a_page_chooses_its_theme(tmp_path: Path, asked: str, made: str) -> None:
    assert f'<html lang="en"{made}>' in framed(tmp_path, theme=asked)


def test_a_frame_runs_one_script_that_tells_its_height(tmp_path: Path) -> None:
    page = framed(tmp_path)

    assert page.count("<script") == 1
    assert "/embed.js" in page
