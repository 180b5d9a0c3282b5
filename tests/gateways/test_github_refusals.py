"""GitHub's own words, as people have seen them, and what they mean to us."""

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import Refused, Transient
from chatops.gateways.github_refusals import problem_of
from chatops.gateways.net import Answer

JSON_TYPE = "application/json; charset=utf-8"
LEFT = timedelta(minutes=12)


def said(
    status: int, message: object = None, *errors: object, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return an error as GitHub says it."""
    content = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    if errors:
        content["errors"] = list(errors)
    return Answer(
        status=status,
        headers={"content-type": JSON_TYPE, **(headers or {})},
        body=json.dumps(content).encode(),
    )


@pytest.mark.parametrize(
    ("status", "words", "reason"),
    [
        (401, "Bad credentials", "credentials"),
        (401, "Requires authentication", "credentials"),
        (401, "A JSON web token could not be decoded", "credentials"),
        (401, "'Expiration time' claim ('exp') is too far in the future", "credentials"),
        (405, "Pull Request is not mergeable", "not_mergeable"),
        (405, "Changes must be made through the merge queue", "queue_required"),
        (409, "Merge conflict", "conflict"),
        (409, "Head branch was modified. Review and try the merge again.", "moved_on"),
        (422, "expected head sha didn’t match current head ref.", "moved_on"),
        (422, "merge conflict between base and head", "conflict"),
        (422, "There are no new commits on the base branch.", "up_to_date"),
        (422, "Branches that are queued for merging cannot be updated.", "queued"),
        (403, "This workflow is already running", "still_running"),
        (403, "The workflow run containing this job is already running", "still_running"),
        (403, "Unable to retry this workflow run because it was created over a month ago", "too_old"),
        (403, "Unable to re-run this workflow run because it was created over a month ago", "too_old"),
        (403, "Unable to retry this workflow run because it was created over 30 days ago", "too_old"),
        (403, "Unable to retry this workflow run because it has been re-run too many times", "too_many_attempts"),
        (403, "This workflow run cannot be retried", "cannot_be_rerun"),
        (403, "This workflow run cannot be rerun", "cannot_be_rerun"),
        (403, "This workflow run has no failed jobs to re-run", "nothing_failed"),
        (403, "Unable to re-run this workflow because it is a disabled workflow", "disabled"),
        (403, "This installation has been suspended", "suspended"),
        (403, "Unable to create comment because issue is locked.", "locked"),
        (403, "Resource not accessible by integration", "not_permitted"),
        (403, "Resource not accessible by personal access token", "not_permitted"),
        (403, "Must have admin rights to Repository.", "not_permitted"),
        (403, "Must have push access to view collaborator permission.", "not_permitted"),
        (403, "Resource protected by organization SAML enforcement. You must grant your token access", "not_permitted"),
        (403, "Repository was archived so is read-only.", "not_permitted"),
        (403, None, "not_permitted"),
        (404, "Not Found", "not_found"),
        (404, "Branch not found", "not_found"),
        (409, "Git Repository is empty.", "conflict"),
        (409, "Cannot cancel a workflow run that is completed.", "conflict"),
        (410, "Issues are disabled for this repo", "gone"),
        (422, "Validation Failed", "invalid"),
        (422, "No commit found for SHA: main", "invalid"),
        (400, "Problems parsing JSON", "invalid"),
        (451, "Repository access blocked", "invalid"),
    ],
)  # fmt: skip
def test_githubs_words_have_a_reason_and_a_sentence(status: int, words: str, reason: str) -> None:
    problem = problem_of(said(status, words), lambda _: None)

    assert isinstance(problem, Refused)
    assert problem.reason == reason
    assert problem.text.endswith(".")


def test_a_text_that_is_too_long_is_said_to_be_so() -> None:
    long = {
        "resource": "IssueComment", "code": "unprocessable", "field": "data",
        "message": "Body is too long (maximum is 65536 characters)",
    }  # fmt: skip

    problem = problem_of(said(422, "Validation Failed", long), lambda _: None)

    assert isinstance(problem, Refused)
    assert problem.reason == "too_long"


def test_what_we_have_no_sentence_for_is_quoted_on_one_line_and_not_endlessly() -> None:
    words = "Interactions on this repository\nhave been restricted" + " to prior contributors" * 40

    problem = problem_of(said(403, words), lambda _: None)

    assert isinstance(problem, Refused)
    assert "Interactions on this repository have been restricted" in problem.text
    assert "\n" not in problem.text
    assert len(problem.text) < 300


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        (said(403, "API rate limit exceeded for user ID 1.", headers={"x-ratelimit-remaining": "0"}), LEFT),
        (said(429, "API rate limit exceeded", headers={"x-ratelimit-remaining": "0"}), LEFT),
        (said(403, "You have exceeded a secondary rate limit.", headers={"retry-after": "90"}), timedelta(seconds=90)),
        (said(403, "You have exceeded a secondary rate limit and have been temporarily blocked"), timedelta(minutes=1)),
        (said(403, "You have triggered an abuse detection mechanism."), timedelta(minutes=1)),
        (said(429, ""), timedelta(minutes=1)),
        (said(429, "", headers={"retry-after": "soon"}), timedelta(minutes=1)),
        (said(403, "was submitted too quickly"), timedelta(minutes=1)),
        (said(502, "Server Error"), None),
        (said(503, "", headers={"retry-after": "30"}), timedelta(seconds=30)),
        (said(408, ""), None),
        (said(302, "Found"), None),
    ],
)  # fmt: skip
def test_what_passes_is_waited_for(answer: Answer, wait: timedelta | None) -> None:
    problem = problem_of(answer, lambda _: LEFT)

    assert isinstance(problem, Transient)
    assert problem.retry_after == wait


def test_a_limit_that_does_not_say_when_it_ends_is_waited_for_a_minute() -> None:
    limited = said(403, "API rate limit exceeded", headers={"x-ratelimit-remaining": "0"})

    problem = problem_of(limited, lambda _: None)

    assert isinstance(problem, Transient)
    assert problem.retry_after == timedelta(minutes=1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 410, 422])
def test_a_web_page_in_githubs_place_refuses_nothing(status: int) -> None:
    page = Answer(status=status, headers={"content-type": "text/html"}, body=b"<html>")

    assert isinstance(problem_of(page, lambda _: None), Transient)


@given(
    status=st.integers(300, 599),
    body=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["message", "errors"]), inner)
        ),
    ).map(lambda content: json.dumps(content).encode()),
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-remaining", "content-type"]),
        st.sampled_from(["0", "7", "-1", "x", "9" * 40, "", "text/html"]),
    ),
)
def test_every_answer_that_is_no_success_is_one_of_our_errors(
    status: int, body: bytes, headers: Mapping[str, str]
) -> None:
    problem = problem_of(Answer(status=status, headers=headers, body=body), lambda _: None)

    assert isinstance(problem, Refused | Transient)
    assert str(problem)


def test_an_error_without_end_is_an_error() -> None:
    deep = Answer(status=403, headers={"content-type": JSON_TYPE}, body=b"[" * 100_000)

    assert isinstance(problem_of(deep, lambda _: None), Refused)
