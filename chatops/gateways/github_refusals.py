"""What GitHub's errors mean to us: a sentence and a reason where it says no, a time to wait where it stumbles."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from msgspec import Struct

from chatops.errors import ChatopsError, Refused, Transient
from chatops.gateways.net import Answer

USUAL_WAIT = timedelta(minutes=1)
LONGEST_QUOTE = 200
LIMITING = (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
TOO_QUICK = re.compile(r"submitted too quickly", re.IGNORECASE)
"""How GitHub words a limit on writing that it answers like a mistake."""

Wait = Callable[[Mapping[str, str]], timedelta | None]
"""How long until the hour of the rate limit in these headers is over."""


class Meaning(Struct, frozen=True):
    """A refusal we know: how GitHub words it, our reason for it, and our sentence."""

    words: re.Pattern[str]
    reason: str
    text: str


def _meaning(words: str, reason: str, text: str) -> Meaning:
    return Meaning(re.compile(words, re.IGNORECASE), reason, text)


MEANINGS = (
    _meaning(
        r"already running|still (running|in progress)|not (yet )?completed|currently running",
        "still_running",
        "The run has not ended yet; it can be run again when it has.",
    ),
    _meaning(
        r"over a month ago|over 30 days ago|too old",
        "too_old",
        "The run began more than 30 days ago, and GitHub runs nothing again after that. A new commit starts new runs.",
    ),
    _meaning(
        r"too many times|maximum number of (re-?runs|attempts)|re-?run limit",
        "too_many_attempts",
        "The run has been run again as often as GitHub allows. A new commit starts new runs.",
    ),
    _meaning(
        r"no failed jobs",
        "nothing_failed",
        "Nothing in the run has failed, so there is nothing of that kind to run again.",
    ),
    _meaning(
        r"workflow (is|was) disabled|disabled workflow",
        "disabled",
        "The workflow is disabled on GitHub; it has to be enabled there first.",
    ),
    _meaning(
        r"cannot be (retried|re-?run)|unable to (retry|re-?run)|workflow file may be broken",
        "cannot_be_rerun",
        "GitHub cannot run this again, and does not say why. A new commit starts new runs.",
    ),
    _meaning(
        r"suspended",
        "suspended",
        "The bot's installation on GitHub is suspended; an owner has to lift that in its settings.",
    ),
    _meaning(
        r"is locked|conversation.*locked",
        "locked",
        "The conversation is locked, so I cannot write in it.",
    ),
    _meaning(
        r"too long",
        "too_long",
        "GitHub did not take the text because it is too long.",
    ),
    _meaning(
        r"no new commits on the base",
        "up_to_date",
        "The branch has everything of its base branch already.",
    ),
    _meaning(
        r"merge conflict",
        "conflict",
        "There are conflicts with the base branch; somebody has to resolve them by hand.",
    ),
    _meaning(
        r"head branch was modified|expected head sha",
        "moved_on",
        "Somebody has pushed to the pull request meanwhile. Look at what is new, and say it again.",
    ),
    _meaning(
        r"through the merge queue",
        "queue_required",
        "The base branch merges through its merge queue only; the operator has to set `merging: {by: merge-queue}`.",
    ),
    _meaning(
        r"queued for merging",
        "queued",
        "The pull request is in the merge queue, so its branch cannot change; `/merge cancel` takes it out.",
    ),
    _meaning(
        r"not mergeable",
        "not_mergeable",
        "GitHub does not let it be merged yet: something that it requires is missing.",
    ),
    _meaning(
        r"not accessible by|must have|admin rights|requires? .*(access|permission|scope)|SSO|SAML",
        "not_permitted",
        "GitHub does not let me do that: my access to this repository does not include it.",
    ),
)

BY_STATUS: Mapping[int, tuple[str, str]] = {
    HTTPStatus.UNAUTHORIZED: (
        "credentials",
        "GitHub does not accept the bot's credentials. Its operator has to check the App's id and key, or the token.",
    ),
    HTTPStatus.NOT_FOUND: (
        "not_found",
        "GitHub does not know that, or does not show it to me.",
    ),
    HTTPStatus.GONE: ("gone", "GitHub had that once and no longer does, or it is switched off."),
}


def problem_of(answer: Answer, until_reset: Wait) -> ChatopsError:
    """Return our error for an answer that is not a success."""
    message = _message(answer.body)
    if (
        answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        or answer.status == HTTPStatus.REQUEST_TIMEOUT
    ):
        wait = _retry_after(answer.headers)
        return Transient(f"GitHub has trouble of its own ({answer.status}).", retry_after=wait)
    limited = _limited(answer, message, until_reset)
    if limited is not None:
        return limited
    if is_web_page(answer):
        return Transient(f"Somebody answered in GitHub's place, with a web page ({answer.status}).")
    if answer.status < HTTPStatus.BAD_REQUEST:
        return Transient(f"GitHub's answer could not be used ({answer.status}).")
    return _refusal(answer.status, message)


def is_web_page(answer: Answer) -> bool:
    """Return whether this is for a browser: GitHub's API does not speak HTML, proxies and portals do."""
    return "html" in answer.headers.get("content-type", "").lower()


def _refusal(status: int, message: str) -> Refused:
    if status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
        for meaning in MEANINGS:
            if meaning.words.search(message):
                return Refused(meaning.text, reason=meaning.reason)
    if status == HTTPStatus.FORBIDDEN:
        return Refused(f"GitHub does not let me do that{_quote(message)}.", reason="not_permitted")
    if status == HTTPStatus.CONFLICT:
        return Refused(
            f"GitHub says that this does not go together with what is there now{_quote(message)}.",
            reason="conflict",
        )
    if status in BY_STATUS:
        reason, text = BY_STATUS[status]
        return Refused(text, reason=reason)
    return Refused(
        f"GitHub did not take the request ({status}{_quote(message)}).", reason="invalid"
    )


def _limited(answer: Answer, message: str, until_reset: Wait) -> Transient | None:
    """Return the wait that GitHub asks for, by the primary limit or one of the secondary ones."""
    if TOO_QUICK.search(message):
        return Transient("GitHub asks me to write more slowly.", retry_after=USUAL_WAIT)
    if answer.status not in LIMITING:
        return None
    wait = _retry_after(answer.headers)
    if wait is None and answer.headers.get("x-ratelimit-remaining") == "0":
        wait = until_reset(answer.headers) or USUAL_WAIT
    if wait is None and (
        answer.status == HTTPStatus.TOO_MANY_REQUESTS
        or re.search(r"rate limit|abuse detection", message, re.IGNORECASE)
    ):
        wait = USUAL_WAIT
    if wait is None:
        return None
    return Transient("GitHub asks me to slow down.", retry_after=wait)


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    text = headers.get("retry-after", "")
    return timedelta(seconds=int(text)) if re.fullmatch(r"\d{1,6}", text) else None


def _message(body: bytes) -> str:
    """Return what GitHub says in words, with the words of its single errors."""
    try:
        content: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(content, dict):
        return ""
    errors = content.get("errors")
    parts = [content.get("message"), *(errors if isinstance(errors, list) else [errors])]
    words = [part.get("message") if isinstance(part, dict) else part for part in parts]
    return "; ".join(word for word in words if isinstance(word, str) and word)


def _quote(message: str) -> str:
    shortened = " ".join(message.split())[:LONGEST_QUOTE].rstrip(" .")
    return f": {shortened}" if shortened else ""
