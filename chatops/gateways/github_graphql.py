"""What GitHub offers only in GraphQL: its auto-merge and its merge queue. Every document is in one table here."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from chatops.errors import ChatopsError, Refused, Transient
from chatops.gateways.github_access import Api
from chatops.ports import Json

LONGEST_QUOTE = 200


def _mutation(name: str) -> str:
    """Return the document of a mutation about a pull request; what it wants is in one variable, `input`."""
    kind = name[0].upper() + name[1:] + "Input"
    return f"mutation($input: {kind}!) {{ {name}(input: $input) {{ clientMutationId }} }}"


DOCUMENTS: Mapping[str, str] = MappingProxyType(
    {
        "mergeState": (
            "query($owner: String!, $name: String!, $number: Int!) {"
            " repository(owner: $owner, name: $name) { pullRequest(number: $number) {"
            " id state headRefOid autoMergeRequest { enabledAt } mergeQueueEntry { position } } } }"
        ),
        "enablePullRequestAutoMerge": _mutation("enablePullRequestAutoMerge"),
        "disablePullRequestAutoMerge": _mutation("disablePullRequestAutoMerge"),
        "enqueuePullRequest": _mutation("enqueuePullRequest"),
        "dequeuePullRequest": _mutation("dequeuePullRequest"),
    }
)

MEANINGS = (
    (
        re.compile(r"(clean|unstable|has.?hooks) status|rules not configured", re.IGNORECASE),
        "ready",
        "Nothing keeps the pull request from being merged, so there is nothing to wait for.",
    ),
    (
        re.compile(r"auto.?merge is not allowed|not allowed for this repository", re.IGNORECASE),
        "not_enabled",
        "Auto-merge is switched off in this repository's settings; an admin can allow it there.",
    ),
    (
        re.compile(r"merge queue.*(not enabled|no|required)|no merge queue", re.IGNORECASE),
        "no_queue",
        "The base branch has no merge queue; an admin can require one in the branch's rules.",
    ),
    (
        re.compile(r"head (sha|oid|ref)|expected.*head|was modified", re.IGNORECASE),
        "moved_on",
        "Somebody has pushed to the pull request meanwhile. Look at what is new, and say it again.",
    ),
    (
        re.compile(r"draft", re.IGNORECASE),
        "draft",
        "The pull request is a draft; mark it as ready for review first.",
    ),
    (
        re.compile(r"conflict|dirty", re.IGNORECASE),
        "conflict",
        "The pull request conflicts with its base branch; its author has to resolve that first.",
    ),
)
"""Refusals we know: how GitHub words them, our reason, our sentence. The first that fits counts."""


async def ask(api: Api, name: str, variables: Json) -> Json:
    """Send a document of the table; return what it found."""
    content = {"query": DOCUMENTS[name], "variables": dict(variables)}
    answer = await api.write("POST", api.graphql_url, content)
    errors = answer.get("errors")
    if errors:
        raise problem_of(errors)
    data = answer.get("data")
    if not isinstance(data, dict):
        raise Transient("GitHub's answer is not what was asked for.")
    return data


def problem_of(errors: object) -> ChatopsError:
    """Return our error for the errors of an answer: GraphQL says no with a success."""
    first = errors[0] if isinstance(errors, list) and errors else None
    said = first if isinstance(first, dict) else {}
    kind, message = str(said.get("type") or ""), str(said.get("message") or "")
    if kind == "RATE_LIMITED":
        return Transient("GitHub asks me to slow down.")
    for words, reason, text in MEANINGS:
        if words.search(message):
            return Refused(text, reason=reason)
    if kind in ("FORBIDDEN", "INSUFFICIENT_SCOPES"):
        return Refused(
            "GitHub does not let me do that: my access to this repository does not include it.",
            reason="not_permitted",
        )
    if kind == "NOT_FOUND":
        return Refused("GitHub does not know that, or does not show it to me.", reason="not_found")
    if not kind and re.search(r"something went wrong|timed? ?out", message, re.IGNORECASE):
        return Transient("GitHub has trouble of its own.")
    quoted = " ".join(message.split())[:LONGEST_QUOTE].rstrip(" .")
    return Refused(f"GitHub did not take the request: {quoted}.", reason="invalid")
