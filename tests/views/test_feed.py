import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.views.feed import BEGINNING, MOST_ENTRIES, Entry, Feed, atom
from tests.builders import MORNING, REPO, nights_database

ATOM, DIV = "{http://www.w3.org/2005/Atom}", "{http://www.w3.org/1999/xhtml}"
HERE = "https://ci.example"
HARD = '<script>alert(1)</script> & "\x00\x0b\ufffe\u202egnp'


@pytest.fixture
def knowledge(tmp_path: Path) -> Iterator[Knowledge]:
    community = Community(key="acme", title="Acme & Sons", repositories=(REPO,))
    with nights_database(tmp_path, []) as db:
        yield Knowledge(db=db, community=community, now=MORNING, base_url=f"{HERE}/")


def entry(number: int = 0, text: str = "boot") -> Entry:
    return Entry(
        key=f"night/{number}", title=text, at=MORNING - timedelta(days=number), place="nightly",
        said=text, parts={"Newly failing": (text,), "Fixed": ()},
    )  # fmt: skip


def read(knowledge: Knowledge, *entries: Entry) -> ET.Element:
    feed = Feed(title="Nightly", place="nightly", entries=entries)
    return ET.fromstring(atom(feed, knowledge).encode())  # noqa: S314 - it is our own


def ids(root: ET.Element) -> list[str | None]:
    return [one.text for one in root.iter(f"{ATOM}id")]


def test_a_feed_has_what_the_standard_asks_for(knowledge: Knowledge) -> None:
    root = read(knowledge, entry(1), entry(0))

    for part in (root, *root.findall(f"{ATOM}entry")):
        assert all(part.find(f"{ATOM}{name}") is not None for name in ("id", "title", "updated"))
    assert root.findtext(f"{ATOM}updated") == "2026-08-22T08:00:00Z"
    assert root.findtext(f"{ATOM}author/{ATOM}name") == "Acme & Sons"
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert links == {
        "self": f"{HERE}/acme/nightly.atom",
        "alternate": f"{HERE}/acme/nightly",
    }


def test_ids_are_unique_and_stay_when_the_service_moves(knowledge: Knowledge) -> None:
    first = ids(read(knowledge, entry(0), entry(1)))
    moved = Knowledge(db=knowledge.db, community=knowledge.community, now=MORNING, base_url="")

    assert ids(read(moved, entry(1, "told otherwise"), entry(0))) == first
    assert len(set(first)) == len(first)
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", one or "") for one in first)


def test_the_newest_come_first_and_not_all_of_them(knowledge: Knowledge) -> None:
    entries = [entry(number) for number in reversed(range(80))]

    shown = read(knowledge, *entries).findall(f"{ATOM}entry/{ATOM}updated")

    assert len(shown) == MOST_ENTRIES
    assert shown[0].text == "2026-08-22T08:00:00Z"


def test_whatever_a_job_is_called_stays_text(knowledge: Knowledge) -> None:
    root = read(knowledge, entry(text=HARD))

    assert [one.text for one in root.iter(f"{DIV}li")] == [
        '<script>alert(1)</script> & "\ufffd\ufffd\ufffd\u202egnp'
    ]


def test_a_feed_of_which_nothing_is_known_has_never_changed(knowledge: Knowledge) -> None:
    updated = read(knowledge).findtext(f"{ATOM}updated")

    assert updated is not None
    assert datetime.fromisoformat(updated) == BEGINNING
