"""What pages are made of is kept while nothing on them has changed, and no longer."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from chatops.config import Community, Configuration
from chatops.engine.command import Knowledge
from chatops.engine.log import Batch, Log
from chatops.engine.projection import Projector
from chatops.events import Event, Fact
from chatops.showing import Pages
from tests.builders import FAIL, MORNING, PASS, REPO, RUNNING, SCHEDULE, night, required
from tests.engine.logs import PROJECTIONS, HandClock, opened
from tests.scene import job

COMMUNITY = Community(key="acme", title="Acme", repositories=(REPO,), nightly=(SCHEDULE,))


class Desk:
    """A log that facts are told to, and the pages that are made of it."""

    def __init__(self, log: Log, clock: HandClock) -> None:
        self._log = log
        self._clock = clock
        self._projector = Projector(log, [kind() for kind in PROJECTIONS])
        self._pages = Pages(
            log.database,
            Configuration(communities={"acme": COMMUNITY}),
            clock,
            knowledge=self._knowledge,
            can_sign_in=False,
        )
        self.statements: list[str] = []

    def _knowledge(self, db: Connection, community: Community) -> Knowledge:
        return Knowledge(db=db, community=community, now=self._clock.now())

    def tell(self, events: Iterable[Event]) -> None:
        """Record events a second later, and bring the read models up to date."""
        self._clock.moment += timedelta(seconds=1)
        facts = [Fact(event=one, source="github", correlation_id="delivery/1") for one in events]
        self._log.append([Batch(facts=facts)])
        self._projector.catch_up()

    def shown(self) -> str:
        """Return the nightly page; `statements` are those that it took."""
        self.statements.clear()
        page = self._pages.shows()["nightly"](None, "html", {}, compress=False)
        assert page is not None
        return page.body.decode()

    def warm(self, *, is_over: bool = False) -> None:
        """Make what pages are made of."""
        self._pages.warm(lambda: is_over)

    @property
    def read_jobs(self) -> bool:
        """Return whether the last page was made of the jobs of its nights once more."""
        return any("FROM jobs" in statement for statement in self.statements)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clock = HandClock()
    clock.moment = MORNING
    with opened(f"sqlite:///{tmp_path / 'pages.db'}", clock=clock) as log:
        desk = Desk(log, clock)
        with noting(log, desk.statements):
            yield desk


@contextmanager
def noting(log: Log, statements: list[str]) -> Iterator[None]:
    def note(_db: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(log.database.reading, "before_cursor_execute", note)
    yield
    event.remove(log.database.reading, "before_cursor_execute", note)


def test_what_is_heard_of_pull_requests_leaves_the_nights_as_they_are(desk: Desk) -> None:
    desk.tell(night(0, {"a": FAIL}))
    desk.shown()
    assert desk.read_jobs

    desk.tell([job(77, 4_000, "a", repo=REPO)])

    assert "1 of 1 test failed" in desk.shown()
    assert not desk.read_jobs


def test_a_job_of_a_night_is_shown_at_once(desk: Desk) -> None:
    first, *others = night(0, {"a": RUNNING, "b": PASS})
    desk.tell([first])
    before = desk.shown()

    desk.tell(others)

    assert desk.shown() != before
    assert desk.read_jobs


def test_a_new_night_is_shown_at_once(desk: Desk) -> None:
    desk.tell(night(1, {"a": PASS}))
    desk.shown()

    desk.tell(night(0, {"a": FAIL}))

    assert "1 of 1 test failed" in desk.shown()


def test_a_list_of_required_tests_is_shown_with_the_next_fact(desk: Desk) -> None:
    desk.tell(night(0, {"a": FAIL}))
    assert "1 of them required" not in desk.shown()

    desk.tell(required("ci / a"))
    desk.tell([job(77, 4_000, "a", repo=REPO)])

    assert "1 of them required" in desk.shown()


def test_nothing_is_asked_twice_for_the_same_page(desk: Desk) -> None:
    desk.tell(night(0, {"a": FAIL}))
    before = desk.shown()
    asked = len(desk.statements)

    assert desk.shown() == before
    assert len(desk.statements) < asked


def test_what_was_made_in_advance_is_not_made_for_the_first_visitor(desk: Desk) -> None:
    desk.tell(night(0, {"a": FAIL}))

    desk.warm()

    assert "1 of 1 test failed" in desk.shown()
    assert not desk.read_jobs


def test_making_in_advance_ends_when_it_should(desk: Desk) -> None:
    desk.tell(night(0, {"a": FAIL}))

    desk.warm(is_over=True)

    desk.shown()
    assert desk.read_jobs
