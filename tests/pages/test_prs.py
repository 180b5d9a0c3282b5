import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec import structs

from chatops.answers.open_queue import Queue, open_queue
from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.names import Repo
from chatops.pages.prs import ON_A_PAGE, listed, prs_json, render_prs
from tests.pulls import HOSTILE, RULES, opened, ran, town
from tests.scene import COMMUNITY, scene

OTHER = Repo("acme/pad")
BOTH = structs.replace(COMMUNITY, repositories=(*COMMUNITY.repositories, OTHER))


@contextmanager
def known(
    folder: Path, events: Sequence[Event], community: Community = COMMUNITY
) -> Iterator[tuple[Knowledge, Queue]]:
    with scene(folder, events) as world, world.knowledge(community) as knowledge:
        yield knowledge, open_queue(knowledge)


def numbers(knowledge: Knowledge, queue: Queue, **query: str) -> list[int]:
    return [row.queued.pull.number for row in listed(knowledge, queue, query).rows]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"s": "oldest"}, [6, 5, 4, 3, 2, 1]),
        ({"s": "number"}, [6, 5, 4, 3, 2, 1]),
        ({"s": "blocked"}, [1, 4, 6, 3, 2, 5]),
        ({"s": "reruns"}, [1, 2, 3, 4, 5, 6]),
        ({"blocked": "failed"}, [1]),
        ({"blocked": "nothing"}, [2]),
        ({"author": "@Author-3"}, [3]),
        ({"label": "OK-to-test", "s": "number"}, [6, 5, 3, 2, 1]),
        ({"label": "ok-to-test", "blocked": "waiting"}, []),
    ],
)
def test_it_is_filtered_and_sorted_by_what_the_address_says(
    tmp_path: Path, query: dict[str, str], found: list[int]
) -> None:
    with known(tmp_path, town()) as (knowledge, queue):
        assert numbers(knowledge, queue, **query) == found


@pytest.mark.parametrize("key", ["blocked", "s", "p"])
def test_what_an_address_cannot_mean_is_left_out_and_said(tmp_path: Path, key: str) -> None:
    with known(tmp_path, town()) as (knowledge, queue):
        page = listed(knowledge, queue, {key: "odd"})

    assert len(page.rows) == len(queue.rows)
    (note,) = page.asked.notes
    assert note.startswith("“odd” is no")


def test_the_counts_are_those_of_the_filter_without_what_blocks(tmp_path: Path) -> None:
    with known(tmp_path, town()) as (knowledge, queue):
        every = listed(knowledge, queue, {"blocked": "failed"}).counts
        mine = listed(knowledge, queue, {"author": "author-1"}).counts

    assert sum(every.values()) == len(queue.rows)
    assert {kind.value: number for kind, number in mine.items()} == {"failed": 1}


def test_pages_lead_to_each_other_and_keep_the_filter(tmp_path: Path) -> None:
    events = [opened(number) for number in range(1, ON_A_PAGE * 2 + 2)]
    with known(tmp_path, [RULES, *events]) as (knowledge, queue):
        first = listed(knowledge, queue, {"label": "ok-to-test"})
        last = listed(knowledge, queue, {"label": "ok-to-test", "p": "99"})

    assert (first.newer, first.older) == ("", "?label=ok-to-test&p=2")
    assert (last.newer, last.older) == ("?label=ok-to-test&p=2", "")
    assert len(last.rows) == 1


def test_nothing_open_is_said(tmp_path: Path) -> None:
    with known(tmp_path, []) as (knowledge, queue):
        page = render_prs(knowledge, queue, {})

    assert "No pull request is open." in page
    assert "Nothing was heard from GitHub yet." in page


def test_the_sentence_counts_each_kind(tmp_path: Path) -> None:
    with known(tmp_path, town()) as (knowledge, queue):
        page = render_prs(knowledge, queue, {"blocked": "nothing"})

    assert "6 pull requests are open: 1 failed a required check, 1 waits for somebody" in page


def test_text_from_outside_stays_text(tmp_path: Path) -> None:
    events = [
        opened(number, title=title, author=title[:80], labels=(title[:40],))
        for number, title in enumerate(HOSTILE, start=1)
    ]
    with known(tmp_path, [RULES, *events, *ran(1, {HOSTILE[0]: "failure"})]) as (knowledge, queue):
        page = render_prs(knowledge, queue, {"author": HOSTILE[0][:80]})
        every = render_prs(knowledge, queue, {})

    assert "<script>document" not in page + every
    assert "<b>bold" not in every
    assert not re.search("x{300}", every)


def test_a_page_and_its_twin_show_the_same(tmp_path: Path) -> None:
    with known(tmp_path, town()) as (knowledge, queue):
        page, told = render_prs(knowledge, queue, {}), json.loads(prs_json(knowledge, queue, {}))

    assert told["verdict"] in page
    for one in told["pull_requests"]:
        assert f'<a href="{one["page"]}"' in page
        assert one["title"] in page
        for what in one["missing"]:
            assert what.partition("`")[0].strip() in page
    for kind, number in told["blocked_by"].items():
        assert re.search(rf'blocked={kind}"[^>]*><b>{number}</b>', page)


def test_where_there_are_several_repositories_each_is_named(tmp_path: Path) -> None:
    events = [opened(1), opened(1, repo=OTHER)]
    with known(tmp_path, events, BOTH) as (knowledge, queue):
        page = render_prs(knowledge, queue, {})

    assert 'href="prs/1"' in page
    assert 'href="prs/acme/pad/1"' in page
    assert "acme/pad#1" in page
