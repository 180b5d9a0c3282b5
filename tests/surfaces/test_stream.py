"""Who has a page open is told which pages have news: over real HTTP, on both databases."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx

from chatops.config import Community
from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.names import PullNumber, Repo, Sha
from tests.builders import PASS, NightOf, required
from tests.scene import COMMUNITY, pull
from tests.surfaces.doors import Doors, open_doors

ROCKET, SLED = COMMUNITY.repositories[0], Repo("polar/sled")
POLAR = Community(key="polar", title="Polar", repositories=(SLED,))
PATIENCE = 20.0
OFTEN = 0.02


@dataclass
class Told:
    """A listener's connection."""

    answer: httpx.Response
    lines: Iterator[str]

    def line(self) -> str:
        """Return the next line that says anything."""
        return next(line for line in self.lines if line)

    def news(self) -> tuple[int, dict[str, list[str]]]:
        """Return the next event: its id, and the pages of each community that have news."""
        number, data = 0, ""
        while not data:
            name, _, value = self.line().partition(": ")
            number = int(value) if name == "id" else number
            data = value if name == "data" else data
        told = json.loads(data)
        assert told["position"] == number
        return number, told["pages"]

    def until(self, page: str, of: str = "acme") -> int:
        """Return the position at which a page was said to have news."""
        while True:
            number, pages = self.news()
            if page in pages.get(of, ()):
                return number


@contextmanager
def listening(doors: Doors, path: str = "/stream", *, after: int | None = None) -> Iterator[Told]:
    headers = {} if after is None else {"last-event-id": str(after)}
    with doors.client.stream("GET", path, headers=headers) as answer:
        yield Told(answer, answer.iter_lines())


@contextmanager
def opened(database_url: str, *, role: str = "all") -> Iterator[Doors]:
    with open_doors(database_url, role=role, others=[POLAR]) as doors:
        doors.service.stream.every = OFTEN
        yield doors


def tell(doors: Doors, *events: Event) -> None:
    facts = [Fact(event=one, source="github", correlation_id="delivery/1") for one in events]
    doors.service.writer.append(Batch(facts=facts))


def changed(number: int, repo: Repo = ROCKET) -> Event:
    return pull(repo=repo, number=PullNumber(number), sha=Sha(f"{number:040x}"))


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_open_page_is_told_that_it_has_news(database_url: str) -> None:
    with opened(database_url) as doors, listening(doors) as told:
        assert told.answer.headers["content-type"].startswith("text/event-stream")
        assert told.answer.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in told.answer.headers
        assert told.line().startswith("retry: ")
        assert told.news() == (0, {})

        tell(doors, changed(7))

        position, pages = told.news()
        assert position == 1
        assert {"prs", "prs/7", "nightly"} <= set(pages["acme"])
        assert "prs/8" not in pages["acme"]


def test_whoever_was_away_hears_exactly_what_was_missed(database_url: str) -> None:
    with opened(database_url) as doors:
        with listening(doors) as told:
            tell(doors, changed(7))
            heard = told.until("prs/7")
        tell(doors, changed(8))
        tell(doors, changed(9))
        position, pages = heard, set[str]()
        with listening(doors, after=heard) as told:
            while not {"prs/8", "prs/9"} <= pages:
                position, more = told.news()
                pages |= set(more["acme"])

        assert position == heard + 2
        assert "prs/7" not in pages
        assert "*" not in pages


def test_what_was_missed_outlives_a_restart(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'chatops.db'}"
    with opened(address) as doors, listening(doors) as told:
        tell(doors, changed(7))
        heard = told.until("prs/7")
    with opened(address) as doors:
        tell(doors, changed(8))
        with listening(doors, f"/stream?after={heard}") as told:
            _, pages = told.news()

    assert "prs/8" in pages["acme"]
    assert "prs/7" not in pages["acme"]


def test_whoever_was_away_too_long_takes_everything_to_be_new(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'chatops.db'}") as doors:
        tell(doors, *(changed(number) for number in range(1, 600)))
        wait_until(lambda: not doors.service.readiness().facts["projection_lag"])
        with listening(doors, after=1) as old, listening(doors, after=590) as recent:
            assert old.news() == (599, {"acme": ["*"], "polar": ["*"]})
            position, pages = recent.news()
        with listening(doors, after=1_000_000) as from_elsewhere:
            assert from_elsewhere.news() == (599, {"acme": ["*"], "polar": ["*"]})

    assert position == 599
    assert [page for page in pages["acme"] if page.startswith("prs/")] == [
        f"prs/{number}" for number in range(591, 600)
    ]


def test_each_community_hears_of_itself(database_url: str) -> None:
    with opened(database_url) as doors:
        with (
            listening(doors, after=0) as everything,
            listening(doors, "/polar/stream", after=0) as polar,
        ):
            tell(doors, changed(7), changed(3, SLED))
            everything.until("prs/7")
            _, pages = polar.news()

            assert set(pages) == {"polar"}
            assert "prs/3" in pages["polar"]
        assert doors.client.get("/nobody/stream").status_code == HTTPStatus.NOT_FOUND


def test_what_concerns_all_pull_requests_names_them_all(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'chatops.db'}") as doors, listening(doors) as told:
        told.news()
        tell(doors, *required("CI / build"))

        told.until("prs/{id:path}")


def test_a_job_is_news_of_its_run_its_test_and_its_commit(tmp_path: Path) -> None:
    night = NightOf(ago=0, attempts=[{"suite / a": PASS}], repo=ROCKET)
    with opened(f"sqlite:///{tmp_path / 'chatops.db'}") as doors, listening(doors) as told:
        told.news()
        tell(doors, *night.facts())

        _, pages = told.news()
        run = f"runs/{night.run_id}"
        assert {run, f"{run}/1", "tests/Nightly~~suite--a"} <= set(pages["acme"])


def test_who_shows_pages_tells_of_what_others_recorded(database_url: str) -> None:
    with opened(database_url, role="web") as web, opened(database_url, role="worker") as worker:
        with listening(web) as told:
            told.news()
            tell(worker, changed(7))

            told.until("prs/7")
        assert "log;desc=" in web.client.get("/prs").headers["server-timing"]


def test_nothing_is_said_of_what_pages_do_not_show_yet(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'chatops.db'}"
    with opened(address, role="web") as web, listening(web) as told:
        web.service.stream.heartbeat = OFTEN
        told.news()
        tell(web, changed(7))
        assert [told.line() for _ in range(20)] == [": nothing new"] * 20

        with opened(address, role="worker"):
            told.until("prs/7")


def test_a_silent_connection_is_kept_alive(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'chatops.db'}") as doors:
        doors.service.stream.heartbeat = OFTEN
        with listening(doors) as told:
            told.news()
            assert [told.line(), told.line()] == [": nothing new"] * 2


def test_there_is_one_look_however_many_listen_and_none_for_nobody(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'chatops.db'}") as doors:
        stream = doors.service.stream
        looks = _counted(stream)
        with listening(doors) as one, listening(doors) as other, listening(doors) as third:
            for told in (one, other, third):
                told.news()
            stream.every = 0.5
            time.sleep(0.5)
            before = len(looks)
            time.sleep(1.0)
            assert len(looks) - before <= 3
        wait_until(lambda: not stream.listeners)
        time.sleep(0.6)
        before = len(looks)
        time.sleep(0.6)
        assert len(looks) == before


def _counted(stream: object) -> list[int | None]:
    looks: list[int | None] = []
    look = stream._look  # type: ignore[attr-defined]  # noqa: SLF001 - what is counted goes on as it was

    def counting(after: int | None) -> object:
        looks.append(after)
        return look(after)

    stream._look = counting  # type: ignore[attr-defined]  # noqa: SLF001 - as above
    return looks


def test_too_many_are_turned_away_until_somebody_leaves(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'chatops.db'}") as doors:
        doors.service.stream.most = 1
        with listening(doors) as told:
            told.news()
            refused = doors.client.get("/stream")
            assert refused.status_code == HTTPStatus.SERVICE_UNAVAILABLE
            assert int(refused.headers["retry-after"]) > 0
            assert doors.client.get("/nightly").status_code == HTTPStatus.OK
            assert "chatops_listeners 1.0" in doors.client.get("/metrics").text
        wait_until(lambda: not doors.service.stream.listeners)
        with listening(doors) as told:
            assert told.news() == (0, {})


def test_a_process_that_is_asked_to_stop_ends_what_it_tells(tmp_path: Path) -> None:
    said: list[str] = []
    heard = threading.Event()

    def listen(port: int) -> None:
        with (
            httpx.Client(trust_env=False, timeout=PATIENCE) as client,
            client.stream("GET", f"http://127.0.0.1:{port}/stream") as answer,
        ):
            for line in answer.iter_lines():
                said.append(line)
                heard.set()
        # Had the connection been cut, the client would have complained.
        said.append("the end")

    with opened(f"sqlite:///{tmp_path / 'chatops.db'}") as doors:
        listener = threading.Thread(target=listen, args=(doors.port,))
        listener.start()
        assert heard.wait(PATIENCE)
    listener.join(PATIENCE)

    assert said[-1] == "the end"
    assert doors.service.stream.listeners == 0
