"""Pages, health and metrics over real HTTP: what a browser, a balancer and a curious stranger get."""

import gzip
import time
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.engine.checkpoints import set_checkpoint
from chatops.engine.log import Batch
from chatops.events import Fact, event_id
from chatops.events.conversation import CommandAccepted
from tests.scene import COMMAND, ended, job, received
from tests.surfaces.doors import Doors, open_doors

NAMES = [
    "nightly", "commands", "audit", "required", "people", "status", f"audit/{event_id(COMMAND)}", "audit/e1",
    "tests/Nightly~~boot", "runs/1", "runs/1/1",
]  # fmt: skip
PAGES = [
    f"{under}/{name}{form}" for name in NAMES for under in ("", "/acme") for form in ("", ".json")
]
HEALTH = ["/healthz", "/readyz", "/metrics"]
SAFE = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("pages")
    with open_doors(f"sqlite:///{folder / 'doors.db'}") as opened:
        facts = [
            Fact(event=event, source="github", correlation_id="delivery/1")
            for event in (
                ended(9, "CI"),
                ended(1, "Nightly", trigger="schedule", branch="main"),
                job(11, 1, name=HOSTILE),
                job(12, 1, name="boot", conclusion="success"),
            )
        ]
        facts += [
            Fact(event=event, source="github", actor="mona", correlation_id=COMMAND)
            for event in (received(words=(HOSTILE,)), CommandAccepted(command=COMMAND))
        ]
        opened.service.writer.append(Batch(facts=facts))
        while opened.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)
        yield opened


@pytest.mark.parametrize("path", [*PAGES, *HEALTH])
def test_what_is_served_is_served_safely(doors: Doors, path: str) -> None:
    answer = doors.client.get(path)

    assert answer.status_code == HTTPStatus.OK
    for name, value in SAFE.items():
        assert value in answer.headers[name]


@pytest.mark.parametrize("path", PAGES)
def test_what_has_not_changed_is_not_sent_again(doors: Doors, path: str) -> None:
    for encoding in ("gzip", "identity"):
        first = doors.client.get(path, headers={"accept-encoding": encoding})

        again = doors.client.get(
            path,
            headers={"accept-encoding": encoding, "if-none-match": first.headers["etag"]},
        )

        assert again.status_code in {HTTPStatus.NOT_MODIFIED, HTTPStatus.OK}
        assert (again.status_code == HTTPStatus.NOT_MODIFIED) == (
            again.headers["etag"] == first.headers["etag"]
        )
        assert again.content == b"" or again.status_code == HTTPStatus.OK


def test_a_page_is_compressed_for_who_can_read_that(doors: Doors) -> None:
    plain = doors.client.get("/nightly", headers={"accept-encoding": "identity"})
    with doors.client.stream("GET", "/nightly", headers={"accept-encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())

    assert "content-encoding" not in plain.headers
    assert answer.headers["content-encoding"] == "gzip"
    assert len(packed) < len(plain.content)
    assert gzip.decompress(packed).startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere", "/nobody/nightly", "/nightly.exe", "/acme/nightly.xml", "/audit.exe",
        "/tests", "/tests/x", "/tests/Nightly~~nobody", "/tests/Nightly~~boot.exe", "/nobody/tests/Nightly~~boot",
        f"/tests/Nightly~~{quote(HOSTILE)}", "/tests/Nightly~~~00", "/tests/%00", "/runs/x", "/runs/2", "/runs/1/9",
        "/runs/1/x", "/runs/1.exe", "/nobody/runs/1", "/runs/1/1/1", "/runs/%D9%A3",
        "/audit/e999", "/audit/x", "/audit/e1.exe", "/nobody/audit", "/audit/command/x",
        f"/audit/{quote(HOSTILE)}", "/audit/%00", "/audit/e%D9%A3", "/nobody/commands", "/static/x/no.css",
        "/static/x/../../../../etc/passwd", "/static/x/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        f"/{quote(HOSTILE)}", f"/{quote(HOSTILE)}/nightly", "/%00", "/%ff%fe", "/" + "a" * 5_000,
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_and_shown_to_be_text(doors: Doors, path: str) -> None:
    answer = doors.client.get(path)

    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert HOSTILE not in answer.text
    assert "root:" not in answer.text
    for name, value in SAFE.items():
        assert value in answer.headers[name]


def test_the_home_page_leads_to_the_nightly_with_what_was_asked(doors: Doors) -> None:
    answer = doors.client.get("/", params={"q": "a b&c", "s": "name"})

    assert answer.status_code == HTTPStatus.TEMPORARY_REDIRECT
    assert answer.headers["location"] == "/nightly?q=a+b%26c&s=name"


def test_a_name_from_outside_is_never_markup(doors: Doors) -> None:
    page = doors.client.get("/nightly", params={"q": HOSTILE, "sel": HOSTILE, "n": HOSTILE})

    assert page.status_code == HTTPStatus.OK
    assert "alert(1)" in page.text
    assert HOSTILE not in page.text


@pytest.mark.parametrize("path", ["/audit", "/audit/e5", f"/audit/{event_id(COMMAND)}"])
def test_what_was_said_is_shown_as_text(doors: Doors, path: str) -> None:
    page = doors.client.get(path).text

    assert "/retest &lt;script&gt;" in page
    assert HOSTILE not in page


def test_every_page_leads_to_the_others(doors: Doors) -> None:
    for path in (
        "/nightly",
        "/acme/audit",
        f"/acme/audit/{event_id(COMMAND)}",
        "/acme/tests/Nightly~~boot",
        "/acme/runs/1",
        "/acme/runs/1/1",
    ):
        page = doors.client.get(path)
        for name in ("nightly", "commands", "audit"):
            up = "../" * max(0, path.count("/") - 2)
            assert f'href="{up}{name}"' in page.text
            there = doors.client.get(str(page.url.join(f"{up}{name}")))
            assert there.status_code == HTTPStatus.OK


def test_pages_are_only_read(doors: Doors) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = doors.client.request(method, "/nightly")

        assert answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    path=st.sampled_from(PAGES),
    query=st.dictionaries(
        st.sampled_from(
            [
                "n",
                "s",
                "q",
                "hide",
                "required",
                "sel",
                "part",
                "at",
                "test",
                "",
                "who",
                "command",
                "outcome",
                "surface",
                "pr",
                "before",
                "after",
                "id",
                "slug",
                "attempt",
            ]
        ),
        st.text(max_size=20)
        | st.integers(-(10**12), 10**12).map(str)
        | st.sampled_from(
            ["400", "401", "0", "boot", "mona", event_id(COMMAND), HOSTILE, "\x00", "٣", "1e3"]
        ),
        max_size=5,
    ),
)
def test_nothing_that_can_be_asked_makes_a_page_stumble(
    doors: Doors, path: str, query: dict[str, str]
) -> None:
    question = urlencode(query, errors="surrogatepass")

    answer = doors.client.get(f"{path}?{question}")

    assert answer.status_code in {HTTPStatus.OK, HTTPStatus.BAD_REQUEST}
    assert path.endswith(".json") or HOSTILE not in answer.text


def test_the_page_of_the_status_says_what_the_balancer_hears(doors: Doors) -> None:
    told = doors.client.get("/status.json").json()
    balancer = doors.client.get("/readyz")

    assert told["ready"] is balancer.json()["ready"] is True
    assert max(one["lag"] for one in told["read_models"]) == balancer.json()["projection_lag"]
    assert told["work"]["parked"] == balancer.json()["work_parked"]


def test_a_stopped_read_model_is_told_to_both(doors: Doors) -> None:
    service = doors.service
    with service.database.write(durable=True) as db:
        set_checkpoint(db, "pings", service.log.head(), "Broken: at db.internal")
    told, balancer = doors.client.get("/status.json").json(), doors.client.get("/readyz")
    page = doors.client.get("/status").text
    with service.database.write(durable=True) as db:
        set_checkpoint(db, "pings", service.log.head())

    assert balancer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert told["ready"] is balancer.json()["ready"] is False
    assert "a read model has stopped, pings" in page
    assert "db.internal" not in page
