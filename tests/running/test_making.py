"""The making of one page: its files, where it leads, and that there may be none."""

from contextlib import closing
from pathlib import Path

import pytest

from chatops.running.making import Lead, Maker, Still, Written, safe, write, write_copies
from chatops.views.exported import Site
from tests.running.exports import of_environment

SITE = Site(key="acme", base_url="", files={"tests/b": "tests/b/index.html"}, selected={})
PAGE = '<head></head></header>\r\n<body><a href="/acme/tests/b">b</a></body>'


def test_a_page_comes_with_what_is_made_of_it_and_says_where_it_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    made = of_environment(monkeypatch, f"sqlite:///{tmp_path / 'export.db'}", tmp_path)
    with closing(made.database), made.pages.look(made.configuration.default_community) as sight:
        maker = Maker(Still(sight), site)
        prs, nobody, night = maker.make(["prs", "prs/4711", "nightly"])

    assert nobody is None
    assert prs is not None
    assert night is not None
    assert Lead("prs/1") in prs.leads
    assert Lead("nightly", selects="fuel") in night.leads
    assert list(prs.leads) == list(dict.fromkeys(prs.leads))
    assert "=1+1" not in (site / "prs.csv").read_text()
    files = {str(one.relative_to(site)): one for one in site.rglob("*") if one.is_file()}
    others = [one for name, one in files.items() if not name.endswith("index.html")]
    assert {"prs/index.html", "prs.json", "prs.csv", "badge/nightly.svg"} <= files.keys()
    assert prs.written + night.written == Written(
        len(others), sum(one.stat().st_size for one in others)
    )


def test_a_copy_takes_the_place_of_its_page(tmp_path: Path) -> None:
    write(tmp_path, "tests/a/index.html", PAGE.encode())

    written = write_copies(tmp_path, SITE, "then", [("tests/a", "tests/a")])

    copy = (tmp_path / "tests/a/index.html").read_bytes()
    assert b'<a href="../b/">' in copy
    assert written == Written(1, len(copy))


def test_every_file_system_takes_an_address() -> None:
    long = "x" * 400

    assert safe(f"tests/{long}") != safe(f"tests/{long}y")
    assert max(map(len, safe(f"tests/{long}").split("/"))) <= 150
    assert safe("prs/1") == "prs/1"
