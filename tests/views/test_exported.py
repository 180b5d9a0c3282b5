import pytest

from chatops.views.choices import Told
from chatops.views.exported import Site, address_of, exported

FILES = {
    "nightly": "nightly/index.html",
    "tests/a~~b": "tests/a~~b/index.html",
    "nightly.json": "nightly.json",
    "static/1/page.css": "static/1/page.css",
}
LIVE = "https://ci.example"


def site(base_url: str = "") -> Site:
    return Site(key="acme", base_url=base_url, files=FILES, selected={"a / b": "tests/a~~b"})


def copy(link: str, *, base_url: str = "", here: str = "nightly") -> str:
    page = f'<head></head></header>\n<body><a href="{link}">x</a></body>'
    made = exported(page, here, site(base_url), folder=here, as_of="then")
    start = made.index("<body><a") + len("<body><a")
    return made[start : made.index(">x<")].strip()


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        ("tests/a~~b", "../tests/a~~b/"),
        ("/acme/tests/a~~b#top", "../tests/a~~b/#top"),
        ("/static/1/page.css", "../static/1/page.css"),
        ("nightly.json?q=x", "../nightly.json"),
        ("?sel=a%20/%20b", "../tests/a~~b/"),
        ("https://github.com/acme", "https://github.com/acme"),
        ("#main", "#main"),
    ],
)
def test_links_lead_to_copies_by_relative_ways(link: str, leads_to: str) -> None:
    assert copy(link) == f'href="{leads_to}"'


def test_what_is_not_copied_leads_to_the_service_or_nowhere() -> None:
    assert copy("runs/1") == ""
    assert copy("runs/1?x=1", base_url=LIVE) == f'href="{LIVE}/acme/runs/1?x=1"'
    assert copy(f"{LIVE}/acme/nightly", base_url=LIVE) == 'href="./"'
    assert copy("/api") == ""
    assert copy("/api", base_url=LIVE) == f'href="{LIVE}/api"'


def test_another_question_to_a_page_without_choices_is_one_for_the_service() -> None:
    assert copy("?n=30", here="tests/a~~b") == ""
    assert copy("?n=30", here="tests/a~~b", base_url=LIVE) == f'href="{LIVE}/acme/tests/a~~b?n=30"'


def test_a_scheme_of_any_kind_stays_as_it_is() -> None:
    assert address_of("mailto:somebody", "nightly", site()) is None
    assert address_of("//elsewhere.example/x", "nightly", site()) is None
    assert address_of("../x/../prs?q#f", "tests/a", site()) == ("prs", "q", "f")


def test_what_choices_do_is_written_where_no_name_ends_the_script() -> None:
    told = Told(sets={"author": {"</script><script>alert(1)": [0]}}, orders={}, variants={})
    page = '<head></head><body><form class="filter" method="get"></form></body>'

    made = exported(
        page, "nightly", site(), folder="nightly", as_of="then", told=told, variants={"": "nightly"}
    )

    assert "</script><script>alert" not in made
    assert '"\\u003c/script>\\u003cscript>alert(1)":[0]' in made
    assert '<form class="filter" method="get" hidden>' in made


def test_a_framed_page_is_read_from_where_it_says_it_begins() -> None:
    page = '<head><base href="/acme/nightly" target="_top"></head><body><a href="tests/a~~b">x</a></body>'

    made = exported(page, "embed/nightly", site(), folder="embed/nightly", as_of="then")

    assert '<base target="_top">' in made
    assert 'href="../../tests/a~~b/"' in made


def test_only_the_form_that_filters_is_copied() -> None:
    page = '<head></head><body><form method="post" action="/commands"><button>Say</button></form></body>'

    assert "<form" not in exported(page, "nightly", site(), folder="nightly", as_of="then")
