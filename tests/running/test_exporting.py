"""`chatops export`: what is written, and that it works where only files are served."""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from chatops.app import Service
from chatops.config import Configuration
from chatops.engine.clock import SystemClock
from chatops.errors import BadInput
from chatops.events import Event
from chatops.events.repositories import RepositorySeen
from chatops.running.exporting import MARK, Exported, export
from chatops.settings import Settings
from tests.browser import axe
from tests.builders import MORNING
from tests.running.exports import FACTS, LAUNCH, Standing, learn, of_environment
from tests.scene import COMMUNITY, REPO

LINK = re.compile(r' (?:href|src)="([^"]*)"')


def service(
    folder: Path,
    facts: Iterable[Event] = FACTS,
    base_url: str = "",
    clock: SystemClock | None = None,
) -> Service:
    settings = Settings(
        database_url=f"sqlite:///{folder / 'export.db'}",
        github_api_url="http://127.0.0.1:9",
        base_url=base_url,
    )
    made = Service(
        settings,
        Configuration(communities={"acme": COMMUNITY}),
        role="web",
        clock=clock or SystemClock(),
    )
    made.open_database()
    learn(made, facts)
    return made


def exported(folder: Path, *, base_url: str = "", community: str = "") -> tuple[Path, Exported]:
    made = service(folder, base_url=base_url)
    site = folder / "site"
    try:
        return site, export(made, site, community=community, step=lambda _done, _total: None)
    finally:
        made.database.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(tmp_path_factory.mktemp("export"))[0]


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing about it; what is not there is answered as GitHub Pages does."""

    def log_message(self, *_words: object) -> None:
        """Say nothing."""

    def send_error(
        self, code: int, _message: str | None = None, _explain: str | None = None
    ) -> None:
        """Answer with the page of the site."""
        body = (Path(self.directory) / "site" / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, name="files")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def place(site: Path) -> Iterator[str]:
    # As a project's site has it: under a folder that nobody knew of when the copies were made.
    with served(site.parent) as address:
        yield f"{address}/{site.name}"


def test_every_link_leads_to_a_file_that_is_there(site: Path) -> None:
    pages = list(site.rglob("*.html"))

    broken = [
        (str(page.relative_to(site)), link)
        for page in pages
        for link in map(unescape, LINK.findall(page.read_text(encoding="utf-8")))
        if not _leads_somewhere(page, link)
    ]

    assert len(pages) > 20
    assert broken == []


def _leads_somewhere(page: Path, link: str) -> bool:
    if link.startswith(("http://", "https://", "data:", "#")):
        return True
    assert not link.startswith("/"), f"{page}: {link} works at one address only"
    path = unquote(urlsplit(link).path)
    target = page.parent / path
    return (target / "index.html").is_file() if path.endswith("/") or not path else target.is_file()


def test_each_page_is_there_in_each_format(site: Path) -> None:
    for name in ("nightly", "required"):
        for form in (".json", ".csv", ".atom", "/index.html"):
            assert (site / f"{name}{form}").is_file()
    assert (site / "badge/nightly.svg").is_file()
    assert (site / "strip/tests/Nightly~~fuel.svg").is_file()
    assert (site / "embed/nightly/index.html").is_file()
    assert (site / "prs/1/index.html").is_file()
    assert not (site / "status").exists()
    assert json.loads((site / "prs.json").read_text())["found"] == 2


def test_a_copy_says_of_when_it_is_and_runs_nothing_of_others(site: Path) -> None:
    page = (site / "nightly/index.html").read_text()

    assert re.search(r'<aside class="exported"[^>]*>A copy as of <time datetime="[^"]+">', page)
    assert "content-security-policy" in page
    assert "default-src &#39;none&#39;" in page
    assert '<form class="filter" method="get" hidden' in page


def test_what_is_not_copied_leads_to_the_service_if_that_has_an_address(tmp_path: Path) -> None:
    site, _ = exported(tmp_path, base_url="https://ci.example")

    page = (site / "nightly/index.html").read_text()

    assert 'href="https://ci.example/acme/status"' in page
    assert '<a href="https://ci.example/acme/nightly">The page as it is now</a>' in page


def test_an_address_without_a_copy_is_answered_however_deep_it_is(place: str, page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{place}/runs/77/9/deep/down")

    expect(page.locator("h1")).to_have_text("Nothing is here.")
    expect(page.locator("main")).to_contain_text("nightly/, right after the address of this site")
    assert page.locator("a").count() == 0
    assert [url for url in asked if not url.startswith("data:")] == [f"{place}/runs/77/9/deep/down"]
    assert axe(page) == []


def test_an_address_without_a_copy_leads_to_the_service_if_that_has_an_address(
    tmp_path: Path,
) -> None:
    site, _ = exported(tmp_path, base_url="https://ci.example/")

    page = (site / "404.html").read_text()

    assert [link for link in LINK.findall(page) if not link.startswith("data:")] == [
        "https://ci.example/acme/nightly"
    ]


def test_an_export_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    site, first = exported(tmp_path)
    (site / "left-over.html").write_text("old")

    made = service(tmp_path)
    again = export(made, site, community="acme", step=lambda _done, _total: None)
    made.database.close()

    assert not (site / "left-over.html").exists()
    assert (again.pages, again.files) == (first.pages, first.files)
    files = [path for path in site.rglob("*") if path.is_file()]
    assert len(files) == again.files
    assert sorted(
        path.name for path in tmp_path.iterdir() if path.suffix != ".db" and "db-" not in path.name
    ) == ["site"]


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda site: (site.mkdir(), (site / "mine.txt").write_text("x")), "found other files"),
        (lambda site: site.write_text("x"), "found the file"),
    ],
)
def test_what_is_not_ours_stays(
    tmp_path: Path, prepare: Callable[[Path], object], said: str
) -> None:
    site = tmp_path / "site"
    prepare(site)

    with pytest.raises(BadInput) as problem:
        exported(tmp_path)

    assert said in problem.value.problems[0]
    assert not (site / MARK).exists()


def test_a_community_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="found 'rockets', expected one of acme"):
        exported(tmp_path, community="rockets")


def test_what_not_everybody_may_see_is_written_only_where_that_is_said(tmp_path: Path) -> None:
    closed = RepositorySeen(repo=REPO, private=True, seen_at=MORNING)
    made = service(tmp_path, [*FACTS, closed])
    try:
        write = partial(export, made, tmp_path / "site", community="", step=lambda _d, _t: None)
        with pytest.raises(BadInput, match=f"not everybody may see {REPO}"):
            write()
        refused = (tmp_path / "site").exists()
        written = write(private=True)
    finally:
        made.database.close()

    assert not refused
    assert written.pages > 0


FEW = {"tests/{slug}": 4, "runs/{id}": 2, "prs/{id:path}": 1}


def files_by(made: Service, folder: Path, helpers: int) -> tuple[int, int, dict[str, bytes]]:
    """Return how many pages were written and left out where so many processes help, and every file."""
    site = folder / f"site-{helpers}"
    written = export(
        made, site, community="", step=lambda _done, _total: None, helpers=helpers, most=FEW
    )
    files = {
        str(one.relative_to(site)): one.read_bytes() for one in site.rglob("*") if one.is_file()
    }
    return written.pages, written.left_out, files


def test_whoever_helps_the_files_are_the_same(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = of_environment(monkeypatch, database_url, tmp_path)
    with closing(made.database):
        alone = files_by(made, tmp_path, 0)

        assert alone[1] > 0
        assert [files_by(made, tmp_path, helpers) == alone for helpers in (1, 3)] == [True, True]


def test_who_finds_another_service_helps_with_copies_alone(tmp_path: Path) -> None:
    made = service(tmp_path, clock=Standing())
    with closing(made.database):
        assert files_by(made, tmp_path, 1) == files_by(made, tmp_path, 0)
    assert not list(tmp_path.glob("chatops.db*"))


def test_the_way_to_a_failing_test_needs_no_server(place: str, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{place}/")

    expect(page.locator("h1")).to_contain_text("Nightly")
    page.locator("#q").fill("launch big")
    expect(page.locator("#shown")).to_have_text(re.compile("^1 of "))
    expect(page).to_have_url(re.compile(r"/nightly/\?q=launch"))
    page.locator("tr[data-row]:visible th a").click()

    expect(page.locator("h1 bdi")).to_have_text(LAUNCH)
    page.get_by_role("link", name="Sat 22 Aug", exact=True).click()
    expect(page.get_by_role("heading", name="Nightly #1000")).to_be_visible()
    assert complaints == []


def test_an_address_with_a_filter_shows_the_same_as_the_service(place: str, page: Page) -> None:
    visible = page.locator("tr[data-row]:visible th a")
    page.goto(f"{place}/nightly/?q=suite")
    expect(page.locator("#shown")).to_have_text(re.compile("^2 of "))
    page.goto(f"{place}/nightly/?hide=pass&s=name")
    expect(page).to_have_url(re.compile(r"/nightly/s-name/\?hide=pass$"))
    names = [name or "" for name in visible.evaluate_all("all => all.map(one => one.title)")]

    assert "fuel" in names
    assert names == sorted(names, key=str.lower) or LAUNCH in names
    page.goto(f"{place}/nightly/required/")
    expect(page.locator("tbody tr:visible")).to_have_count(0)


def test_what_the_counts_and_chips_ask_for_is_shown_without_a_service(
    place: str, page: Page
) -> None:
    visible = page.locator("tr[data-row]:visible")
    page.goto(f"{place}/nightly/")
    expect(page.locator("#shown")).to_have_text(re.compile(r"^(\d+) of \1 tests$"))
    counts = page.locator(".counts a").all()
    assert counts
    for link in [one.get_attribute("href") for one in counts]:
        page.goto(f"{place}/nightly/{(link or '').removeprefix('./')}")
        number = page.locator(".counts a[href='" + (link or "") + "'] b").inner_text()
        expect(visible).to_have_count(int(number))
        expect(page.locator("#shown")).to_have_text(re.compile(f"^{number} of "))
        expect(page.locator("#left-out")).to_be_hidden()
    page.goto(f"{place}/nightly/s-name/?q=-status:failed fuel")
    expect(visible).to_have_count(1)


def test_what_a_copy_cannot_know_is_left_out_and_said(place: str, page: Page) -> None:
    page.goto(f"{place}/nightly/?q=flaky:>5% fuel")

    expect(page.locator("tr[data-row]:visible")).to_have_count(1)
    expect(page.locator("#left-out")).to_have_text(
        "“flaky:>5%” is left out: only the page as it is now can be asked that."
    )
    assert axe(page) == []


def test_a_list_is_filtered_and_sorted_in_the_browser(place: str, page: Page) -> None:
    page.goto(f"{place}/prs/")
    rows = page.locator("tr[data-row]:visible")
    expect(rows).to_have_count(2)

    page.get_by_label("Author").fill("octo")
    expect(rows).to_have_count(1)
    expect(page.locator("form output")).to_have_text("1 of 2")
    expect(page).to_have_url(re.compile(r"/prs/\?author=octo$"))
    page.get_by_label("Author").fill("")
    page.get_by_label("Sort").select_option("number")

    expect(rows.first).to_contain_text("#2")
    assert axe(page) == []


def test_a_copy_can_be_read_by_everybody(place: str, page: Page) -> None:
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("nightly/", "tests/Nightly~~fuel/", "flaky/", "embed/nightly/"):
            page.goto(f"{place}/{path}")

            assert axe(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
