"""The description of what programs can read: each page's document, what can be asked of it, and how it can go wrong.

It is made from the pages themselves, as OpenAPI 3.1, so that it cannot be out of date.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from chatops.views.moment import BY, LookingBack, Waiting
from chatops.views.page import render
from chatops.views.view import NAMED, View, Word

ADDRESS = "/api/openapi.json"
UNDER = "/api/v1"
COMMUNITY = "{community}"
OPENAPI = "3.1.0"
VERSION = "1"
PROBLEMS = "application/problem+json"
ODD = re.compile(r"[^a-z]+")
OPENING = (
    "The facts of the dashboard for programs: each document tells what the page of the same name shows. "
    "Without a community, the address is that of the first one. A word that a page cannot mean is left out, and the "
    "document says so in its notes. With `at` a document is that of another moment, `by` says whether what was heard "
    "later counts, and with `compare` it says what is different from another one. Whoever sends the ETag of what they "
    "have is told when nothing has changed. Names of fields stay as they are; new ones are added."
)
NAME_OF_COMMUNITY = Word(
    name="community", meaning="A community's short name.", pattern="^[a-z0-9-]+$"
)
GOES_WRONG = {
    "400": "What is asked for can mean nothing; the problem says why.",
    "404": "There is nothing at this address, or nothing for whoever asks.",
    "503": "The database or GitHub does not answer. Nothing is lost; try again in a few seconds.",
}


AGAIN = {"Retry-After": {"description": "In how many seconds.", "schema": {"type": "string"}}}
BACK = (
    Word(name="at", meaning="Of which moment: a time, a day, or `e` and the position of an event."),
    Word(name="by", meaning="What was known then, or what had happened by then.", values=BY),
    Word(name="compare", meaning="With which other moment it is compared."),
)
"""What every page can be asked."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no document (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class Operation(Struct, frozen=True, kw_only=True):
    """A document as people read of it."""

    address: str
    of_community: str
    summary: str
    words: tuple[Word, ...]


def described(views: Iterable[View]) -> Mapping[str, Any]:
    """Return the description of these pages' documents."""
    listed = sorted(views, key=lambda view: view.address)
    (problem, waiting, back, *schemas), components = msgspec.json.schema_components(
        [Problem, Waiting, LookingBack, *(view.document for view in listed)],
        ref_template="#/components/schemas/{name}",
    )
    paths: dict[str, Any] = {}
    for view, schema in zip(listed, schemas, strict=True):
        for under in (UNDER, f"{UNDER}/{COMMUNITY}"):
            is_of_one = under != UNDER
            paths[f"{under}/{plain(view)}"] = {
                "get": {
                    "operationId": f"{_id(view)}{'_of_community' if is_of_one else ''}",
                    "summary": summary(view),
                    "parameters": [
                        *([_in_path(NAME_OF_COMMUNITY)] if is_of_one else []),
                        *_parameters(view),
                    ],
                    "responses": _responses(
                        view, {"allOf": [schema, back]}, waiting=waiting, problem=problem
                    ),
                }
            }
    return {
        "openapi": OPENAPI,
        "info": {"title": "Kata ChatOps", "version": VERSION, "description": OPENING},
        "paths": paths,
        "components": {"schemas": components},
    }


def operations(views: Iterable[View]) -> list[Operation]:
    """Return the documents by address."""
    return [
        Operation(
            address=f"{UNDER}/{plain(view)}",
            of_community=f"{UNDER}/{COMMUNITY}/{plain(view)}",
            summary=summary(view),
            words=view.words,
        )
        for view in sorted(views, key=lambda view: view.address)
    ]


def render_api(views: Iterable[View]) -> str:
    """Return the page that tells people of it."""
    return render("api.html", operations=operations(views), opening=OPENING, address=ADDRESS)


def plain(view: View) -> str:
    """Return a page's address with bare names in its braces."""
    return NAMED.sub(r"{\1}", view.address)


def summary(view: View) -> str:
    """Return what a page is for: the first line of what its module says of itself."""
    told = sys.modules[view.json.__module__].__doc__ or ""
    return told.partition("\n")[0].strip()


def _id(view: View) -> str:
    return ODD.sub("_", view.address.replace(":path", "")).strip("_")


def _parameters(view: View) -> Iterator[Mapping[str, Any]]:
    names = set(NAMED.findall(view.address))
    for word in (*view.words, *BACK):
        yield _in_path(word) if word.name in names else _in_query(word)
    yield {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag of what is known already.",
        "schema": {"type": "string"},
    }


def _in_path(word: Word) -> Mapping[str, Any]:
    return {
        "name": word.name,
        "in": "path",
        "required": True,
        "description": word.meaning,
        "schema": _schema(word) | {"minLength": 1},
    }


def _in_query(word: Word) -> Mapping[str, Any]:
    return {
        "name": word.name,
        "in": "query",
        "description": word.meaning,
        "schema": _schema(word),
    }


def _schema(word: Word) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string"}
    if word.values:
        found["enum"] = list(word.values)
    if word.pattern:
        found["pattern"] = word.pattern
    return found


def _responses(
    view: View, schema: object, *, waiting: object, problem: object
) -> Mapping[str, Any]:
    etag = {"ETag": {"description": "Changes with the document.", "schema": {"type": "string"}}}
    found: dict[str, Any] = {
        "200": {
            "description": "The document.",
            "headers": etag,
            "content": {"application/json": {"schema": schema}},
        },
        "202": {
            "description": "The moment is being put together; ask again.",
            "headers": AGAIN,
            "content": {"application/json": {"schema": waiting}},
        },
        "304": {"description": "It is as it was.", "headers": etag},
    }
    if view.moved is not None:
        found["301"] = {
            "description": "What this address names is known by another name now.",
            "headers": {"Location": {"schema": {"type": "string"}}},
        }
    for status, why in GOES_WRONG.items():
        found[status] = {"description": why, "content": {PROBLEMS: {"schema": problem}}}
    found["503"]["headers"] = AGAIN
    return dict(sorted(found.items()))
