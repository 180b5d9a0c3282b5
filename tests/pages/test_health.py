import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs

from chatops.answers.run_history import RunHistory, run_history
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.events.runs import JobCompleted, RunReported
from chatops.names import RunId
from chatops.pages.health import ON_A_PAGE, charts, health_json, render_health, shown
from tests.commands.nights import CALLER, night
from tests.pulls import HOSTILE, RULES, opened, ran
from tests.scene import REPO, scene

FAILED, PASSED = "failure:Run tests", "success"


def waited(events: Sequence[Event], *labels: str, seconds: int) -> list[Event]:
    """Return runs whose jobs need a runner with these labels, and waited for it."""
    return [
        structs.replace(one, labels=labels, started_at=one.created_at + timedelta(seconds=seconds))
        if isinstance(one, JobCompleted) and one.created_at is not None
        else one
        for one in events
    ]


EVENTS = [
    structs.replace(RULES, names=(f"Nightly / {CALLER}nozzle", "CI / build")),
    *night(9, nozzle=["failure", "success"], tank="success"),
    *waited(night(2, nozzle="success", tank="success"), "huge", seconds=600),
    *night(1, nozzle="failure", tank="success"),
    opened(1),
    *waited(ran(1, {"build": FAILED}), "small", "arm", seconds=7),
    *waited(ran(1, {"build": PASSED}, attempt=2), "small", "arm", seconds=9),
    *ran(1, {"gate": PASSED}, workflow="Gatekeeper", attempt=3),
]


@contextmanager
def known(folder: Path, events: Sequence[Event]) -> Iterator[tuple[Knowledge, RunHistory]]:
    with scene(folder, events) as world, world.knowledge() as knowledge:
        yield knowledge, run_history(knowledge)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["huge", "small, arm"]),
        ({"s": "jobs"}, ["huge", "small, arm"]),
        ({"s": "half"}, ["huge", "small, arm"]),
        ({"s": "name"}, ["huge", "small, arm"]),
        ({"q": "ARM"}, ["small, arm"]),
        ({"q": "nothing"}, []),
    ],
)
def test_runners_are_filtered_and_sorted_by_what_the_address_says(
    tmp_path: Path, query: dict[str, str], found: list[str]
) -> None:
    with known(tmp_path, EVENTS) as (_, history):
        assert [one.labels for one in shown(history, query).waiting] == found


def test_nights_of_files_are_said_not_to_count(tmp_path: Path) -> None:
    event = RunReported(repo=REPO, run_id=RunId(995), attempt=1, workflow="Nightly", number=995)
    with known(tmp_path, [*EVENTS, event]) as (knowledge, history):
        page = render_health(knowledge, history, {})
        twin = json.loads(health_json(knowledge, history, {}))

    assert twin["nights_in_files"] == 1
    assert twin["not_counted"].startswith("1 night that only a file tells of is not among them")
    assert f'<p class="also">{twin["not_counted"]}</p>' in page


@pytest.mark.parametrize("key", ["w", "s", "p"])
def test_what_an_address_cannot_mean_is_left_out_and_said(tmp_path: Path, key: str) -> None:
    with known(tmp_path, EVENTS) as (_, history):
        (note,) = shown(history, {key: "odd"}).asked.notes

    assert note.startswith("“odd” is no")


def test_each_chart_says_what_it_counts_and_on_how_many_it_rests(tmp_path: Path) -> None:
    with known(tmp_path, EVENTS) as (_, history):
        made = {chart.key: chart.says for chart in charts(shown(history, {}).health)}

    assert made == {
        "nights": "Bars: at its first try, in 2 of 3 nights; dots: in the end, in 1.",
        "rates": "Bars: failed in the end, 16.7 % of 6 results; dots: failed and passed, 16.7 %.",
        "green": "1 head that turned green, half within 18 min, 9 of 10 within 18 min. "
        "Dots: half of a week; bars: up to 9 of 10.",
        "effort": "2 reruns of 4 runs ran 2 jobs again; 2 of them say how long: 1 h 07 min of runner time.",
        "queue": "4 jobs that a runner took, half within 9 s, 9 of 10 within 10 min. "
        "Dots: half of a week; bars: up to 9 of 10.",
        "gate": "1 head whose gate turned green, half within 11 min, 9 of 10 within 11 min. "
        "Dots: half of a week; bars: up to 9 of 10.",
    }


def test_what_is_not_known_is_said_to_be_unknown(tmp_path: Path) -> None:
    with known(tmp_path, EVENTS) as (_, history):
        (nights, *_) = charts(shown(history, {"w": "4w"}).health)

    assert [row[:2] for row in nights.rows] == [
        ("12 Jan", "2"),
        ("5 Jan", "1"),
        ("29 Dec", "not known"),
        ("22 Dec", "not known"),
    ]


def test_nothing_known_is_said(tmp_path: Path) -> None:
    with known(tmp_path, []) as (knowledge, history):
        page = render_health(knowledge, history, {})

    assert "No night and no pull request of the last 13 weeks has a result." in page
    assert "Nothing was heard from GitHub yet." in page
    assert "<svg" not in page


def test_pages_lead_to_each_other_and_keep_the_filter(tmp_path: Path) -> None:
    events: list[Event] = [opened(1)]
    for place, one in enumerate(ran(1, {f"job {place}": PASSED for place in range(30)})):
        events += waited([one], f"runner-{place}", seconds=place)
    with known(tmp_path, events) as (_, history):
        first = shown(history, {"q": "runner", "w": "4w"})
        last = shown(history, {"q": "runner", "w": "4w", "p": "9"})

    assert (first.newer, first.older, len(first.waiting)) == ("", "?q=runner&w=4w&p=2", ON_A_PAGE)
    assert (last.newer, last.older, len(last.waiting)) == ("?q=runner&w=4w", "", 5)


def test_text_from_outside_stays_text(tmp_path: Path) -> None:
    events: list[Event] = [opened(1)]
    for number, text in enumerate(HOSTILE):
        events += waited(ran(1, {"build": PASSED}, run=number), text, seconds=5)
    with known(tmp_path, events) as (knowledge, history):
        page = render_health(knowledge, history, {"q": HOSTILE[0]})
        every = render_health(knowledge, history, {})

    assert "<script>document" not in page + every
    assert "<b>bold" not in every


def test_a_page_and_its_twin_show_the_same(tmp_path: Path) -> None:
    with known(tmp_path, EVENTS) as (knowledge, history):
        page = render_health(knowledge, history, {})
        told = json.loads(health_json(knowledge, history, {}))

    text = re.sub(r"<[^>]+>", "|", page)
    assert told["verdict"] in page
    assert len(told["weeks"]) == 13
    *_, before, newest = told["weeks"]
    assert (before["nights"], before["nights_red_at_first"], before["nights_red"]) == (1, 1, 0)
    assert (
        f"12 Jan||{newest['nights']}||{newest['nights_red_at_first']}||{newest['nights_red']}|"
        in text
    )
    assert f"12 Jan||{newest['results']}||{newest['fails']}|" in text
    assert f"12 Jan||{newest['runs']}||{newest['reruns']}||{newest['jobs_run_again']}|" in text
    assert f"12 Jan||{newest['heads']}||{newest['green']['number']}||18 min|" in text
    assert newest["green"]["half"] == 18 * 60
    for one in told["runners"]:
        assert one["labels"] in page
        assert f"|{one['number']}|" in text
