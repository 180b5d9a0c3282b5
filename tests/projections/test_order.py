"""Whatever the order, however often, wherever interrupted: the same facts give the same read models."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chatops.projections
from chatops.engine.catalogue import catalogue
from chatops.engine.log import Batch
from chatops.engine.projection import Projection
from chatops.engine.rebuild import digest, rebuild
from chatops.events import Event, Fact
from tests.projections.worlds import histories
from tests.scene import Scene, ended, job, pull, scene

pytestmark = pytest.mark.timeout(600)
KINDS = catalogue(chatops.projections, Projection)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@contextmanager
def told(events: Sequence[Event]) -> Iterator[Scene]:
    with tempfile.TemporaryDirectory() as folder, scene(Path(folder), events) as world:
        yield world


def digests(world: Scene) -> dict[str, str]:
    with world.log.database.read() as db:
        return {kind.name: digest(kind(), db) for kind in KINDS}


@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@given(history=histories(), data=st.data())
def test_any_order_and_repetition_gives_the_same_read_models(
    history: list[Event], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(history), max_size=10))
    shuffled = data.draw(st.permutations([*history, *again]))

    with told(history) as in_order, told(shuffled) as in_disorder:
        assert digests(in_disorder) == digests(in_order)


@settings(max_examples=20, deadline=None, suppress_health_check=SLOW)
@given(history=histories(), data=st.data())
def test_it_does_not_matter_where_a_batch_ends(history: list[Event], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(history)), max_size=6)))

    with told(history) as whole, told([]) as in_parts:
        for start, end in zip([0, *cuts], [*cuts, len(history)], strict=True):
            in_parts.add(history[start:end])
        assert digests(in_parts) == digests(whole)


@settings(max_examples=6, deadline=None, suppress_health_check=SLOW)
@given(history=histories())
def test_a_rebuild_at_every_prefix_equals_what_grew(history: list[Event]) -> None:
    step = max(1, len(history) // 8)
    with told([]) as world:
        for start in range(0, len(history), step):
            world.add(history[start : start + step])
            for kind in KINDS:
                assert rebuild(world.log, kind, switch=False).is_equal


def test_a_fact_by_another_road_is_the_same_fact() -> None:
    history: list[Event] = [pull(), ended(10), job(1, 10)]
    with told(history) as world:
        before = world.log.head()
        facts = [Fact(event=event, source="backfill", correlation_id="b") for event in history]

        (appended,) = world.log.append([Batch(facts=facts)])

        assert appended.duplicates == len(history)
        assert world.log.head() == before
