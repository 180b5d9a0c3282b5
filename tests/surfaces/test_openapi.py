"""What programs read is as it is described: the service is asked all that the description allows, and more."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema_rs import validator_for
from playwright.sync_api import Page, expect
from schemathesis import Case, openapi
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chatops.showing import VIEWS
from chatops.views.addresses import Place, slug
from chatops.views.described import ADDRESS, COMMUNITY, UNDER, described, plain
from chatops.views.view import NAMED
from tests.browser import axe
from tests.hostile import FIRST_NIGHT, NAMES, REPO, hostile_doors
from tests.surfaces.doors import Doors

# The service runs in this process, and uses chance itself, such as for when to try again.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")

CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
API = openapi.from_dict(dict(described(VIEWS.values())))
GENTLE = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
MANY = settings(GENTLE, max_examples=12)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with hostile_doors(tmp_path_factory.mktemp("openapi")) as opened:
        yield opened


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


@pytest.fixture(scope="module")
def known(doors: Doors) -> dict[str, dict[str, str]]:
    """Names of what there is, by page, for what stands in braces."""
    story = doors.client.get("/audit.json").json()["commands"][0]["id"]
    run = {"id": str(FIRST_NIGHT + 1), "attempt": "1"}
    test = slug(Place(repo=REPO, workflow="Nightly", name=NAMES[0]), REPO)
    return {
        "audit/{id}": {"id": story},
        "prs/{id}": {"id": "3"},
        "runs/{id}": run,
        "runs/{id}/{attempt}": run,
        "tests/{slug}": {"slug": test},
    }


@pytest.mark.parametrize("address", sorted(plain(view) for view in VIEWS.values()))
def test_a_document_is_as_it_is_described(
    address: str, doors: Doors, session: requests.Session, known: dict[str, dict[str, str]]
) -> None:
    names = {name: known[address][name] for name in NAMED.findall(address)}
    operation = API[f"{UNDER}/{COMMUNITY}/{address}"]["GET"]
    cases = operation.as_strategy(path_parameters={"community": "acme", **names}, headers={})

    statuses: set[int] = set()

    @GENTLE
    @given(cases)
    def ask(case: Case[Any]) -> None:
        answer = case.call(base_url=str(doors.client.base_url), session=session)
        case.validate_response(answer, checks=CHECKS)
        statuses.add(answer.status_code)

    ask()
    assert HTTPStatus.OK in statuses


@pytest.mark.parametrize("path", sorted(described(VIEWS.values())["paths"]))
def test_whatever_is_asked_is_answered_as_described(
    path: str, doors: Doors, session: requests.Session
) -> None:
    operation = API[path]["GET"]
    names = [one.name for one in operation.path_parameters]
    asked = st.sampled_from([*(one.name for one in operation.query), "nothing we know"])

    # What is only dots is understood by whoever asks, and never sent.
    named = st.sampled_from(NAMES) | st.text(min_size=1).filter(lambda name: name.strip("."))

    @MANY
    @given(
        st.fixed_dictionaries(dict.fromkeys(names, named)),
        st.dictionaries(asked, st.sampled_from(NAMES) | st.text()),
    )
    def ask(place: dict[str, str], query: dict[str, str]) -> None:
        written = {name: quote(value, safe="") for name, value in place.items()}
        case = operation.Case(path_parameters=written, query=query)
        answer = case.call(base_url=str(doors.client.base_url), session=session)
        case.validate_response(answer, checks=CHECKS)

    ask()


def test_the_description_is_valid_and_served(doors: Doors) -> None:
    answer = doors.client.get(ADDRESS)
    again = doors.client.get(ADDRESS, headers={"if-none-match": answer.headers["etag"]})

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == described(VIEWS.values())
    assert again.status_code == HTTPStatus.NOT_MODIFIED
    for schema in answer.json()["components"]["schemas"].values():
        validator_for({**schema, "components": answer.json()["components"]})


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_each_document_has_two_addresses(
    view: str, doors: Doors, known: dict[str, dict[str, str]]
) -> None:
    address = plain(VIEWS[view])
    place = NAMED.sub(lambda brace: known[address][brace[1]], address)
    beside, ours = doors.client.get(f"/{place}.json"), doors.client.get(f"{UNDER}/{place}")

    assert beside.status_code == ours.status_code == HTTPStatus.OK
    assert beside.json().keys() == ours.json().keys()
    assert ours.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "path",
    [f"{UNDER}/nowhere", f"{UNDER}/acme/runs/1", f"{UNDER}/nobody/nightly", "/runs/1.json", f"{UNDER}/nightly.html"],
)  # fmt: skip
def test_what_is_not_there_is_a_problem_and_no_page(path: str, doors: Doors) -> None:
    answer = doors.client.get(path)

    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == HTTPStatus.NOT_FOUND
    assert answer.json()["detail"].endswith(".")


def test_people_are_told_of_it(doors: Doors, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"http://127.0.0.1:{doors.port}/api")

    for view in VIEWS.values():
        expect(
            page.get_by_role("heading", name=f"{UNDER}/{plain(view)}", exact=True)
        ).to_be_visible()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.get_by_role("link", name="The description as OpenAPI").click()
    assert page.url.endswith(ADDRESS)
