"""`chatops events`: which lines, in which order, and what they do not show."""

import json
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from chatops.engine.log import EVENTS, PAGE, Batch
from chatops.errors import Broken
from chatops.events import Fact, Recorded
from chatops.running.reading import as_object, as_sentence, lines
from tests.engine.logs import batch, opened
from tests.scene import job, received


def test_lines_come_in_order_over_any_number_of_pages(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'log.db'}") as log:
        log.append([batch(*range(1, PAGE + 11))])

        told = [json.loads(line)["position"] for line in lines(log, 5, as_json=True)]

    assert told == list(range(6, PAGE + 11))


def test_a_kind_and_a_stream_can_be_chosen(database_url: str) -> None:
    with opened(database_url) as log:
        log.append([batch(1, 2)])
        log.append([Batch(facts=[Fact(event=received(), source="github", correlation_id="x")])])

        def chosen(**how: str) -> list[int]:
            return [json.loads(line)["position"] for line in lines(log, 0, as_json=True, **how)]  # type: ignore[arg-type]  # as named

        assert chosen(kind="job.completed") == [1, 2]
        assert chosen(stream="run/10") == [1, 2]
        assert chosen(kind="command.received", stream="run/10") == []
        assert chosen(kind="none.such") == []


def test_who_follows_is_told_what_comes_later(database_url: str) -> None:
    with opened(database_url) as log:
        log.append([batch(1)])
        following = lines(log, 0, follow=True, as_json=True)
        first = next(following)
        log.append([batch(2, 3)])

        later = list(islice(following, 2))

    assert [json.loads(line)["position"] for line in (first, *later)] == [1, 2, 3]


def test_an_address_that_speaks_for_us_is_not_shown(database_url: str) -> None:
    address = "https://hooks.slack.example/commands/T1/secret"
    with opened(database_url) as log:
        for url in (address, ""):
            asked = received(command=f"command/slack/{len(url)}", response_url=url)
            log.append([Batch(facts=[Fact(event=asked, source="slack", correlation_id="x")])])
        shown = [as_object(one)["data"] for one in log.all()]
        told = "".join(lines(log, 0)) + "".join(lines(log, 0, as_json=True))

    assert [one.get("response_url") for one in shown] == ["***", None]
    assert "secret" not in told


def test_an_event_of_a_newer_version_is_said_to_be_one(database_url: str) -> None:
    with opened(database_url) as log:
        log.append([batch(1)])
        with log.database.write(durable=True) as db:
            db.execute(update(EVENTS).values(version=99))

        with pytest.raises(Broken, match="After 0 is an event that this version cannot read"):
            list(lines(log, 0))


@settings(max_examples=50)
@given(name=st.text(max_size=30), actor=st.none() | st.text(max_size=10))
def test_no_text_from_outside_is_live_on_a_terminal(name: str, actor: str | None) -> None:
    recorded = Recorded(
        position=1, key="k", event=job(1, 10, name=name), source=name, actor=actor, occurred_us=0,
        recorded_us=0, correlation_id="x", causation_id=None,
    )  # fmt: skip

    line = as_sentence(recorded)

    assert line.isprintable()
