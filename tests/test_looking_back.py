"""A page of the past is the page that was there then, and knows nothing of what was heard later."""

import os
import re
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest
from sqlalchemy import Connection
from structlog.testing import capture_logs

from chatops.app import catalogues
from chatops.config import Community, Configuration, Gate
from chatops.engine.answer import Answer, Tone
from chatops.engine.command import Knowledge, Story
from chatops.engine.log import Batch, Log
from chatops.engine.past import PastLog
from chatops.engine.projection import Projector
from chatops.errors import Broken
from chatops.events import Event, Fact
from chatops.events.conversation import (
    AnswerGiven,
    CommandAccepted,
    CommandReceived,
    CommandRefused,
)
from chatops.events.mutes import JobsMuted
from chatops.events.reruns import RerunRequested, RerunStarted
from chatops.events.runs import JobCompleted, RunCompleted
from chatops.looking_back import PREFIX, Pasts
from chatops.names import CommandId, JobId, Login, PullNumber, RunId, Sha
from chatops.showing import VIEWS, Pages
from chatops.surfaces.pages import Page
from chatops.views.addresses import Place, slug
from chatops.views.told import render_told
from tests.builders import FAIL, MORNING, PASS, REPO, RUNNING, SCHEDULE, NightOf, night, required
from tests.engine.logs import PROJECTIONS, HandClock, opened
from tests.scene import pull

COMMUNITY = Community(
    key="acme", title="Acme", repositories=(REPO,), nightly=(SCHEDULE,), gate=Gate(workflow="Gate")
)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HEAD, ASKED, LATER = Sha("c" * 40), CommandId("command/web/1"), CommandId("command/github/2")
PULL_RUN, TONIGHT = RunId(44_000_000_000), NightOf(ago=0).run_id
SLUG = slug(Place(repo=REPO, workflow="Nightly", name="dock (a, b)"), REPO)
SECRET = "of-this-nobody-knew"
PLACES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "runs/{id}": ({"id": str(TONIGHT)}, {"id": str(PULL_RUN)}),
    "runs/{id}/{attempt}": ({"id": str(PULL_RUN), "attempt": "1"},),
    "tests/{slug}": ({"slug": SLUG},),
    "prs/{id:path}": ({"id": "7"}, {"id": "8"}),
    "audit/{id}": ({"id": ASKED}, {"id": LATER}, {"id": "e2"}, {"id": "e9"}),
    "nightly": ({}, {"q": "dock", "sel": "dock (a, b)"}, {"part": "detail", "sel": "dock (a, b)"}),
    "audit": ({}, {"who": "mona"}),
    "prs": ({}, {"author": "mona"}),
}
ONLY_NOW = frozenset({"status"})
"""Pages of which a part is known only now."""


def heard(command: CommandId, surface: str, verb: str, number: int) -> Event:
    return CommandReceived(
        command=command, community="acme", surface=surface, verb=verb, words=("all",), by="mona", repo=REPO,
        number=PullNumber(number), said_at=MORNING,
    )  # fmt: skip


def answered(number: int, said: str, tone: Tone) -> Event:
    request = heard(ASKED, "web", "retest", 7)
    assert isinstance(request, CommandReceived)
    told = render_told(Answer(verdict=(said,), tone=tone), request)
    return AnswerGiven(command=ASKED, number=number, answer=told)


def ran(attempt: int, conclusion: str, name: str = "build (x)") -> Iterator[Event]:
    began = MORNING - timedelta(hours=2)
    yield RunCompleted(
        repo=REPO, run_id=PULL_RUN, attempt=attempt, workflow="CI", trigger="pull_request", number=9,
        sha=HEAD, branch="fins", conclusion=conclusion, created_at=began, started_at=began,
        completed_at=began + attempt * MINUTE,
    )  # fmt: skip
    yield JobCompleted(
        repo=REPO, run_id=PULL_RUN, attempt=attempt, name=name, workflow="CI", sha=HEAD, labels=("big",),
        job_id=JobId(attempt), conclusion=conclusion, created_at=began, started_at=began,
        completed_at=began + attempt * MINUTE, failed_step="Run tests" if conclusion == "failure" else "",
    )  # fmt: skip


def history() -> list[list[Event]]:
    """Return what is heard, piece by piece."""
    return [
        night(2, {"dock (a, b)": PASS, "land": FAIL}),
        [pull(repo=REPO, number=PullNumber(7), sha=HEAD, author=Login("mona"), title="Fins")],
        [*ran(1, "failure"), *required("CI / build (x)", "Nightly / land")],
        night(1, {"dock (a, b)": FAIL, "land": FAIL}),
        [heard(ASKED, "web", "retest", 7), CommandAccepted(command=ASKED, role="permission write")],
        [
            RerunRequested(
                command=ASKED, repo=REPO, sha=HEAD, run_id=PULL_RUN, attempt=1, workflow="CI", scope="failed",
            ),
            answered(1, "Running again.", Tone.BUSY),
        ],
        [
            RerunStarted(command=ASKED, repo=REPO, run_id=PULL_RUN, attempt=2, workflow="CI"),
            *ran(2, "success"),
            answered(2, "Passed now.", Tone.GOOD),
        ],
        night(0, {"dock (a, b)": FAIL, "land": RUNNING}, is_over=False),
        [
            JobsMuted(
                command=ASKED, community="acme", jobs=("Nightly / land",), by="mona", reason="known", at=MORNING,
                until=MORNING + timedelta(days=9),
            ),
            heard(LATER, "github", "merge", 8),
        ],
        [
            CommandRefused(command=LATER, reason="no_place", text=f"No: {SECRET}."),
            pull(repo=REPO, number=PullNumber(8), sha=Sha("d" * 40), title=SECRET, author=Login(SECRET)),
            *night(0, {"dock (a, b)": FAIL, "land": PASS, SECRET: FAIL}),
            *ran(3, "failure", SECRET),
        ],
    ]  # fmt: skip


class Desk:
    """A log that facts are told to, and the pages of now and of the past."""

    def __init__(self, log: Log, clock: HandClock, pasts: Pasts) -> None:
        self.log = log
        self.clock = clock
        self._projector = Projector(log, [kind() for kind in PROJECTIONS])
        self.pasts = pasts
        self.pages = self.pages_of(can_sign_in=False)

    def pages_of(self, *, can_sign_in: bool) -> Pages:
        return Pages(
            self.log.database,
            Configuration(communities={"acme": COMMUNITY}),
            self.clock,
            knowledge=self._knowledge,
            can_sign_in=can_sign_in,
            pasts=self.pasts,
        )

    def _knowledge(self, db: Connection, community: Community) -> Knowledge:
        return Knowledge(
            db=db,
            community=community,
            now=self.clock.now(),
            log=self.log,
            commands=catalogues().commands,
            story=lambda command: Story(tuple(one.event for one in self.log.story(command, db))),
        )

    def tell(self, events: Iterable[Event]) -> int:
        """Record events a while later, and bring the read models up to date; return the newest position."""
        self.clock.moment += 7 * MINUTE
        facts = [
            Fact(event=one, source="github", correlation_id=getattr(one, "command", "delivery/1"))
            for one in events
        ]
        self.log.append([Batch(facts=facts)])
        self._projector.catch_up()
        return self.log.head()

    def show(self, address: str, form: str = "html", **query: str) -> Page | None:
        return self.pages.shows()[address](None, form, query, compress=False)

    def ready(self, address: str, form: str = "html", **query: str) -> Page | None:
        """Return a page once its moment is put together."""
        while True:
            page = self.show(address, form, **query)
            if page is None or page.status is not HTTPStatus.ACCEPTED:
                return page
            time.sleep(0.02)

    def everything(self, **moment: str) -> dict[tuple[str, str, tuple[str, ...]], str]:
        """Return every page in every format; what is not there is empty."""
        return {
            (address, form, tuple(place.values())): text(
                self.ready(address, form, **place, **moment)
            )
            for address in VIEWS
            for place in PLACES.get(address, ({},))
            for form in ("html", "json")
        }


def text(page: Page | None) -> str:
    return "" if page is None or page.status is not HTTPStatus.OK else page.body.decode()


def bare(page: str, kept: str = "") -> str:
    """Return a page without its banner and without the moment in its links, which is all that may differ."""
    if page.startswith("{"):
        return re.sub(r'^\{"at":\{[^}]*\},', "{", page).replace(f"&{kept}", "") if kept else page
    page = re.sub(r'<a class="look-back".*?</a>', "", page)
    page = re.sub(r'<link id="live"[^>]*>', "", page)
    for only_now in (r'<section class="answer".*?</section>', r'<script[^>]*/story.js"></script>'):
        page = re.sub(only_now, "", page, flags=re.DOTALL)
    if kept:
        page = re.sub(r'\n<aside class="past".*?</aside>\n', "", page, flags=re.DOTALL)
        page = re.sub(r"<title>\d+ \w{3} \d{4}, [\d:]+ UTC: ", "<title>", page)
        page = re.sub(rf'(\?|&amp;){kept}(?=[#"])', "", page)
        key, _, value = unquote(kept).partition("=")
        page = page.replace(f'<input type="hidden" name="{key}" value="{value}">', "")
    return page.replace('?"', '"').replace(" data-live", "")


@contextmanager
def desk_at(address: str, *, near: int = 2_000, patience: float = 1) -> Iterator[Desk]:
    clock = HandClock()
    clock.moment = MORNING
    with opened(address, clock=clock) as log:
        desk = Desk(
            log,
            clock,
            Pasts(log, clock, database_url=address, megabytes=100, near=near, patience=patience),
        )
        desk.pasts.open()
        try:
            yield desk
        finally:
            desk.pasts.close()


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with desk_at(database_url) as desk:
        yield desk


def test_a_page_of_the_past_is_the_page_that_was_there_then(desk: Desk) -> None:
    shown = {}
    for events in history():
        position = desk.tell(events)
        shown[position] = desk.everything()

    positions = sorted(shown)
    for position in (*positions[::-3], *positions[1::3]):
        again = desk.everything(at=f"e{position}")
        for place, page in shown[position].items():
            if place[0] not in ONLY_NOW:
                assert bare(again[place], f"at=e{position}") == bare(page), (position, place)
            assert SECRET not in again[place] or position == positions[-1], (position, place)


def test_a_moment_between_two_events_is_as_old_as_it_says(desk: Desk) -> None:
    first, second, *_ = history()
    desk.tell(first)
    desk.clock.moment += 3 * MINUTE
    then, shown = desk.clock.moment, desk.everything()
    desk.clock.moment += SECOND
    desk.tell(second)

    asked = f"{then:%Y-%m-%dT%H:%M:%SZ}"
    again = desk.everything(at=asked)

    for place, page in shown.items():
        if place[0] not in ONLY_NOW:
            assert bare(again[place], f"at={asked.replace(':', '%3A')}") == bare(page), place


def test_the_log_of_the_past_knows_nothing_later(desk: Desk) -> None:
    heads = [desk.tell(events) for events in history()]
    middle = heads[5]
    past = PastLog(desk.log, desk.clock, position=middle)
    with desk.log.database.read() as db:
        found = [
            *past.read(0), *past.all(), *past.story(ASKED), *past.story(LATER),
            *past.read_kinds(0, heads[-1], ["mute.set", "command.refused", "pull.changed"], db),
        ]  # fmt: skip
        recorded = past.recorded_at(db, range(1, heads[-1] + 1))
        has_later = past.asks(middle, heads[-1], ["command.refused"], db)

    assert past.head() == middle
    assert found
    assert max(one.position for one in found) <= middle
    assert max(recorded) == middle
    assert not has_later
    assert past.at(middle) is not None
    assert past.at(middle + 1) is None
    with pytest.raises(Broken):
        past.append([])


def test_an_answer_on_the_dashboard_is_the_one_of_then(desk: Desk) -> None:
    then = [desk.tell(events) for events in history()][5]

    story = text(desk.ready("audit/{id}", id=ASKED, at=f"e{then}"))
    told = msgspec.json.decode(text(desk.ready("audit/{id}", "json", id=ASKED, at=f"e{then}")))

    assert "Running again." in story
    assert "Passed now." not in story
    assert told["answer"] == "Running again."


def test_what_was_not_done_is_known_of_now_alone_and_so_not_shown(desk: Desk) -> None:
    for events in history():
        desk.tell(events)
    position = desk.log.head()

    status = text(desk.ready("status", at=f"e{position - 1}"))
    told = msgspec.json.decode(text(desk.ready("status", "json", at=f"e{position - 1}")))

    assert "What is not known of that time" in status
    assert f"{position - 1:,} events in the log" in status
    assert told["head"] == position - 1
    assert (told["ready"], told["work"], told["deliveries"], told["read_models"]) == (None,) * 4


def test_by_event_time_what_was_heard_late_is_there(desk: Desk) -> None:
    desk.tell(night(2, {"dock": PASS}))
    desk.tell(night(0, {"dock": PASS}))
    then = f"{desk.clock.moment:%Y-%m-%dT%H:%M:%SZ}"
    desk.clock.moment += timedelta(days=3)
    desk.tell([*night(1, {"dock": FAIL}), *night(-2, {"dock": FAIL})])

    known = text(desk.ready("nightly", "json", at=then))
    happened = text(desk.ready("nightly", "json", at=then, by="event"))
    page = text(desk.ready("nightly", at=then, by="event"))
    late = desk.tell(night(3, {"dock": FAIL}))
    after = text(desk.ready("nightly", "json", at=then, by="event"))

    assert nights_of(known) == {"2026-08-22", "2026-08-20"}
    assert nights_of(happened) == {"2026-08-22", "2026-08-21", "2026-08-20"}
    assert "with all that had happened by then" in page
    assert nights_of(after) == {"2026-08-22", "2026-08-21", "2026-08-20", "2026-08-19"}
    assert late == desk.log.head()


def nights_of(told: str) -> set[str]:
    return {one["day"] for one in msgspec.json.decode(told)["nights"] if one["runs"]}


def test_links_forms_and_the_title_keep_the_moment(desk: Desk) -> None:
    for events in history():
        desk.tell(events)
    position = desk.log.head()

    page = text(desk.ready("audit", at=f"e{position - 1}", who="mona"))
    told = msgspec.json.decode(text(desk.ready("nightly", "json", at=f"e{position - 1}")))

    assert f'href="nightly?at=e{position - 1}"' in page
    assert f'href="audit.json?who=mona&amp;at=e{position - 1}"' in page
    assert f'<input type="hidden" name="at" value="e{position - 1}">' in page
    assert 'href="?who=mona">Back to now</a>' in page
    assert re.search(r"<title>22 Aug 2026, \d\d:\d\d:\d\d UTC: ", page)
    assert told["at"] == {
        "position": position - 1, "time": told["at"]["time"], "by": "known",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"at": "yesterday"}, "“yesterday” names no moment"),
        ({"at": "2026-13-40"}, "names no moment"),
        ({"at": "e99999999"}, "There is no event 99,999,999"),
        ({"at": "e0"}, "There is no event 0"),
        ({"at": "2999-01-01"}, "is still to come"),
        ({"at": "2001-01-01T00:00:00+02:00"}, "Nothing was known at 31 Dec 2000, 22:00 UTC"),
        ({"compare": "soon"}, "“soon” names no moment"),
    ],
)
def test_what_is_no_moment_is_said_kindly(
    tmp_path: Path, asked: Mapping[str, str], said: str
) -> None:
    with desk_at(f"sqlite:///{tmp_path / 'past.db'}") as desk:
        desk.tell(history()[0])

        page, told = desk.show("nightly", **asked), desk.show("nightly", "json", **asked)

    assert page is not None
    assert told is not None
    assert page.status is told.status is HTTPStatus.BAD_REQUEST
    assert said in page.body.decode()
    assert said in msgspec.json.decode(told.body)["detail"]


def test_today_means_now_and_a_day_its_end(tmp_path: Path) -> None:
    with desk_at(f"sqlite:///{tmp_path / 'past.db'}") as desk:
        first = desk.tell(history()[0])
        desk.clock.moment += timedelta(days=1)
        second = desk.tell(history()[1])

        day, today = (
            msgspec.json.decode(text(desk.ready("nightly", "json", at=at)))["at"]
            for at in ("2026-08-22", "2026-08-23")
        )

    assert (day["position"], day["time"]) == (first, "2026-08-22T23:59:59Z")
    assert today["position"] == second


def test_what_was_not_there_yet_is_not_found(tmp_path: Path) -> None:
    with desk_at(f"sqlite:///{tmp_path / 'past.db'}") as desk:
        desk.tell(history()[0])
        desk.tell(history()[1])

        page = desk.ready("prs/{id:path}", id="7", at="e1")
        never = desk.ready("prs/{id:path}", id="999", at="e1")

    assert page is not None
    assert never is not None
    assert page.status is never.status is HTTPStatus.NOT_FOUND
    assert "Nothing of this was known at" in page.body.decode()


def test_two_moments_are_compared(desk: Desk) -> None:
    heads = [desk.tell(events) for events in history()]
    before, after = f"e{heads[3]}", f"e{heads[6]}"

    page = text(desk.ready("prs", compare=before, at=after))
    told = msgspec.json.decode(text(desk.ready("prs", "json", compare=before, at=after)))
    since = msgspec.json.decode(text(desk.ready("prs", "json", compare=after)))
    same = text(desk.ready("people", compare=before, at=before))

    assert "What changed between" in page
    (part,) = (one for one in told["changes"]["parts"] if one["name"] == "pull requests")
    assert part["changed"] == 1
    assert told["compared_with_moment"]["position"] == heads[3]
    assert any("of-this-nobody-knew" in str(one) for one in since["changes"]["parts"])
    assert SECRET not in page
    assert "Nothing on this page is different." in same


def test_a_page_of_now_leads_into_its_past(tmp_path: Path) -> None:
    with desk_at(f"sqlite:///{tmp_path / 'past.db'}") as desk:
        for events in history()[:3]:
            desk.tell(events)
        position = desk.log.head()
        page = text(desk.show("nightly", q="dock"))
        here = text(desk.show("nightly", q="dock", at="now"))

    assert '<a class="look-back" href="?q=dock&amp;at=now"' in page
    assert f"This is now, event {position:,}." in here
    assert f'href="?q=dock&amp;at=e{position - 1}"' in here
    assert 'href="prs"' in here


def test_who_is_signed_in_can_ask_for_nothing_in_the_past(tmp_path: Path) -> None:
    with desk_at(f"sqlite:///{tmp_path / 'past.db'}") as desk:
        for events in history():
            desk.tell(events)
        moment = f"e{desk.log.head() - 1}"
        shows = desk.pages_of(can_sign_in=True).shows()

        def shown(address: str, **query: str) -> str:
            page = shows[address](None, "html", query, compress=False, is_signed_in=True)
            return text(page)

        for address, place in (("commands", {}), ("audit/{id}", {"id": ASKED}), ("flaky", {})):
            desk.ready("nightly", at=moment)
            page = shown(address, **place, at=moment)
            assert page
            for offer in ('method="post"', "<!--token-->", "<!--who-->", "sign-in"):
                assert offer not in page, (address, offer)
        assert "<!--token-->" in shown("commands")


# --- how it is made ---------------------------------------------------------


def test_another_process_makes_the_same(database_url: str) -> None:
    shown = {}
    with desk_at(database_url, near=0) as desk:
        for events in history():
            position = desk.tell(events)
            shown[position] = [text(desk.show(place)) for place in ("nightly", "prs", "audit")]
        middle = sorted(shown)[5]
        again = [text(desk.ready(place, at=f"e{middle}")) for place in ("nightly", "prs", "audit")]

    assert [bare(page, f"at=e{middle}") for page in again] == [bare(page) for page in shown[middle]]


def test_what_is_not_ready_says_so_and_looks_again(tmp_path: Path) -> None:
    with desk_at(f"sqlite:///{tmp_path / 'past.db'}", near=0, patience=0) as desk:
        position = desk.tell(history()[0])
        page = desk.show("nightly", at=f"e{position}", q="dock")
        told = desk.show("nightly", "json", at=f"e{position}")
        ready = desk.ready("nightly", at=f"e{position}")

    assert page is not None
    assert page.status is HTTPStatus.ACCEPTED
    assert page.again > 0
    assert page.keeping == "no-store"
    assert "The past is being put together" in page.body.decode()
    assert 'href="?q=dock">Back to now' in page.body.decode()
    assert told is not None
    assert told.status is HTTPStatus.ACCEPTED
    assert msgspec.json.decode(told.body)["state"] in {"waiting", "being put together"}
    assert text(ready)


def test_what_cannot_be_made_says_so(tmp_path: Path) -> None:
    with desk_at(f"sqlite:///{tmp_path / 'past.db'}", near=0) as desk:
        position = desk.tell(history()[0])
        desk.pasts._url = f"sqlite:///{tmp_path / 'nowhere' / 'past.db'}"  # noqa: SLF001 - a wrong address

        page = desk.ready("nightly", at=f"e{position}")

    assert page is not None
    assert page.status is HTTPStatus.SERVICE_UNAVAILABLE
    assert "could not be put together" in page.body.decode()


def test_a_later_moment_is_made_from_an_earlier_one(tmp_path: Path) -> None:
    with desk_at(f"sqlite:///{tmp_path / 'past.db'}") as desk:
        heads = [desk.tell(events) for events in history()]
        desk.ready("nightly", at=f"e{heads[4]}")
        with capture_logs() as lines:
            desk.ready("nightly", at=f"e{heads[6]}")
            desk.ready("nightly", at=f"e{heads[4]}")

    (made,) = (line for line in lines if "of the past" in line["event"])
    assert (made["position"], made["events"]) == (heads[6], heads[6] - heads[4])


def test_what_was_not_looked_at_for_long_goes_first(tmp_path: Path) -> None:
    with desk_at(f"sqlite:///{tmp_path / 'past.db'}") as desk:
        heads = [desk.tell(events) for events in history()]
        desk.pasts._room = 1  # noqa: SLF001 - as if the disk were full
        for head in heads[:5]:
            assert text(desk.ready("nightly", at=f"e{head}"))
        kept = desk.pasts._kept  # noqa: SLF001 - what is on the disk
        files = [one.file for one in kept.values()]
        folder = files[0].parent

        assert [key.position for key in kept] == heads[3:5]
        assert sorted(folder.glob("*.db")) == sorted(files)
    assert not folder.exists()


def test_what_a_process_left_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    left = tmp_path / f"{PREFIX}left"
    left.mkdir()
    (left / "1.db").write_text("")
    with desk_at(f"sqlite:///{tmp_path / 'past.db'}") as one:
        one.tell(history()[0])
        one.ready("nightly", at="e1")
        (used,) = tmp_path.glob(f"{PREFIX}*[!t]")
        for folder in (left, used):
            os.utime(folder, (0, 0))

        with desk_at(f"sqlite:///{tmp_path / 'other.db'}"):
            assert not left.exists()
            assert used.exists()


def test_whoever_ends_does_not_wait_for_the_past(tmp_path: Path) -> None:
    with desk_at(f"sqlite:///{tmp_path / 'past.db'}", near=0, patience=0) as desk:
        for events in history():
            desk.tell(events)
        position = desk.log.head()
        desk.show("nightly", at=f"e{position}")
        desk.show("nightly", at=f"e{position - 1}")

        desk.pasts.close()
        page = desk.show("nightly", at=f"e{position}")

    assert page is not None
    assert page.status is HTTPStatus.ACCEPTED
    assert [one for one in threading.enumerate() if one.name == "past"] == []
