"""Endpoints about reviewing and merging: trees, teams, merges, and the little of GraphQL that merging needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from chatops.standins.github.actions import Json
from chatops.standins.github.answers import Answer, Call, WrongError, not_found
from chatops.standins.github.reviewing import AutoMerge
from chatops.standins.github.shapes import node_id
from chatops.standins.github.things import Pull
from chatops.standins.github.world import Repository, made_up_sha

MUTATION = re.compile(r"\A\s*mutation\s*\(\$input:\s*(\w+)!\)\s*\{\s*(\w+)\(input:\s*\$input\)")
QUERY = re.compile(r"\A\s*query\s*\(.*pullRequest\(number:\s*\$number\)", re.DOTALL)
METHODS = frozenset({"MERGE", "SQUASH", "REBASE"})


def get_tree(call: Call) -> Answer:
    """List the files of a branch."""
    repository = call.repository()
    ref = call.parameters["tree_sha"]
    if not repository.knows_ref(ref):
        raise not_found()
    sha = repository.branches.get(ref, ref)
    files = [
        {
            "path": path,
            "mode": "100644",
            "type": "blob",
            "sha": made_up_sha(f"{path} {repository.read_file(path, ref=ref)}"),
            "size": len(repository.read_file(path, ref=ref) or ""),
            "url": call.shapes.api(repository, f"/git/blobs/{made_up_sha(path)}"),
        }
        for path in sorted(repository.paths(ref=ref))
    ]
    url = call.shapes.api(repository, f"/git/trees/{sha}")
    return Answer(body={"sha": sha, "url": url, "tree": files, "truncated": False})


def get_membership(call: Call) -> Answer:
    """Tell whether somebody is in a team; an App needs to be allowed to know."""
    if call.who.app is not None and call.who.app.permissions.get("members") != "read":
        raise WrongError(403, "Resource not accessible by integration")
    login, organization = call.parameters["username"], call.parameters["org"]
    team = f"{organization}/{call.parameters['team_slug']}".lower()
    teams = {
        name.lower(): people
        for repository in call.world.repositories.values()
        for name, people in repository.merging.teams.items()
    }
    if login not in teams.get(team, ()):
        raise not_found()
    url = f"{call.shapes.base}{call.path}"
    return Answer(body={"url": url, "role": "member", "state": "active"})


def get_member(call: Call) -> Answer:
    """Tell whether somebody is in an organization; an App needs to be allowed to know."""
    if call.who.app is not None and call.who.app.permissions.get("members") != "read":
        raise WrongError(403, "Resource not accessible by integration")
    login, organization = call.parameters["username"], call.parameters["org"]
    its_own = [
        repository
        for repository in call.world.repositories.values()
        if repository.owner.lower() == organization.lower()
    ]
    if not any(repository.is_member(login) for repository in its_own):
        raise not_found()
    return Answer(body=call.shapes.membership(its_own[0], login, call.path))


def merge(call: Call) -> Answer:
    """Merge a pull request now."""
    repository, pull = call.pull()
    call.must_hold("contents", needs="write", repository=repository)
    expected = call.body.get("sha")
    if expected is not None and expected != pull.head_sha:
        raise WrongError(409, "Head branch was modified. Review and try the merge again.")
    if not repository.is_ready(pull):
        raise WrongError(405, "Pull Request is not mergeable")
    repository.close_pull(pull.number, actor=call.who.login, merge=True)
    sha = repository.branches[pull.base_branch]
    return Answer(body={"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def update_branch(call: Call) -> Answer:
    """Merge the base branch into a pull request's branch; GitHub does it a moment later."""
    repository, pull = call.pull()
    call.must_hold("pull_requests", needs="write", repository=repository)
    if call.body.get("expected_head_sha", pull.head_sha) != pull.head_sha:
        raise WrongError(422, "expected head sha didn’t match current head ref.")
    if pull.number in repository.merging.conflicting:
        raise WrongError(422, "merge conflict between base and head")
    if pull.number not in repository.merging.behind:
        raise WrongError(422, "There are no new commits on the base branch.")
    repository.merging.behind.discard(pull.number)
    repository.push_to_pull(pull.number)
    url = call.shapes.api(repository, f"/pulls/{pull.number}")
    return Answer(status=202, body={"message": "Updating pull request branch.", "url": url})


def graphql(call: Call) -> Answer:
    """Answer one of the documents that a client of merging sends; a mistake is an error in a success."""
    query = call.body.get("query") if isinstance(call.body, dict) else None
    variables = call.body.get("variables") or {}
    if not isinstance(query, str):
        raise WrongError(400, "A query attribute must be specified and must be a string.")
    if QUERY.search(query):
        return _look(call, variables)
    found = MUTATION.match(query)
    if found is None or found.group(2) not in MUTATIONS:
        return _error("undefinedField", "Field doesn't exist on type 'Mutation'")
    kind, name = found.groups()
    wanted, act = MUTATIONS[name]
    given = variables.get("input") or {}
    if kind.lower() != f"{name}Input".lower() or not wanted.keys() >= given.keys():
        return _error("argumentNotAccepted", f"Variable $input of type {kind}! was invalid")
    if missing := [key for key, needed in wanted.items() if needed and key not in given]:
        return _error("missingRequiredInputObjectAttribute", f"Expected {missing[0]} to be there")
    return act(call, given)


def _look(call: Call, variables: Mapping[str, Any]) -> Answer:
    repository = call.world.repositories.get(f"{variables['owner']}/{variables['name']}")
    pull = repository.pulls.get(variables["number"]) if repository is not None else None
    if repository is None or pull is None:
        return _error("NOT_FOUND", "Could not resolve to a PullRequest")
    merging = repository.merging
    queued = pull.number in merging.queue
    about: Json = {
        "id": node_id("pull", pull.id),
        "state": "MERGED" if pull.merged_at else pull.state.upper(),
        "headRefOid": pull.head_sha,
        "autoMergeRequest": {"enabledAt": None} if pull.number in merging.auto_merge else None,
        "mergeQueueEntry": {"position": merging.queue.index(pull.number) + 1} if queued else None,
    }
    return Answer(body={"data": {"repository": {"pullRequest": about}}})


def _enable(call: Call, given: Mapping[str, Any]) -> Answer:
    repository, pull = _meant(call, given["pullRequestId"])
    if not repository.merging.allows_auto_merge:
        return _error("UNPROCESSABLE", "Pull request Auto merge is not allowed for this repository")
    if given.get("expectedHeadOid", pull.head_sha) != pull.head_sha:
        return _error("UNPROCESSABLE", "Expected head oid does not match the current head oid")
    if given.get("mergeMethod", "MERGE") not in METHODS:
        return _error("argumentLiteralsIncompatible", "mergeMethod was provided invalid value")
    if pull.is_draft:
        return _error("UNPROCESSABLE", "Pull request is in draft state")
    if repository.is_ready(pull):
        return _error("UNPROCESSABLE", "Pull request Pull request is in clean status")
    method = given.get("mergeMethod", "MERGE").lower()
    repository.merging.auto_merge[pull.number] = AutoMerge(by=call.who.login, method=method)
    repository.tell("pull_request", "auto_merge_enabled", call.who.login, pull, None)
    return _done("enablePullRequestAutoMerge")


def _disable(call: Call, given: Mapping[str, Any]) -> Answer:
    repository, pull = _meant(call, given["pullRequestId"])
    if repository.merging.auto_merge.pop(pull.number, None) is None:
        return _error("UNPROCESSABLE", "Can't disable auto-merge for this pull request")
    repository.tell("pull_request", "auto_merge_disabled", call.who.login, pull, None)
    return _done("disablePullRequestAutoMerge")


def _enqueue(call: Call, given: Mapping[str, Any]) -> Answer:
    repository, pull = _meant(call, given["pullRequestId"])
    if not repository.merging.has_queue:
        return _error("UNPROCESSABLE", "The merge queue is not enabled for this branch")
    if given.get("expectedHeadOid", pull.head_sha) != pull.head_sha:
        return _error("UNPROCESSABLE", "Expected head oid does not match the current head oid")
    repository.merging.queue.append(pull.number)
    repository.tell("pull_request", "enqueued", call.who.login, pull, None)
    return _done("enqueuePullRequest")


def _dequeue(call: Call, given: Mapping[str, Any]) -> Answer:
    repository, pull = _meant(call, given["id"])
    if pull.number not in repository.merging.queue:
        return _error("UNPROCESSABLE", "Pull request is not in the queue")
    repository.merging.queue.remove(pull.number)
    repository.tell("pull_request", "dequeued", call.who.login, pull, None)
    return _done("dequeuePullRequest")


def _meant(call: Call, node: str) -> tuple[Repository, Pull]:
    for repository in call.world.repositories.values():
        for pull in repository.pulls.values():
            if node_id("pull", pull.id) == node:
                call.must_hold("contents", needs="write", repository=repository)
                return repository, pull
    raise not_found()


def _error(kind: str, message: str) -> Answer:
    return Answer(body={"data": None, "errors": [{"type": kind, "message": message}]})


def _done(name: str) -> Answer:
    return Answer(body={"data": {name: {"clientMutationId": None}}})


MUTATIONS: Mapping[str, tuple[Mapping[str, bool], Callable[[Call, Mapping[str, Any]], Answer]]] = {
    "enablePullRequestAutoMerge": (
        {
            "pullRequestId": True,
            "mergeMethod": False,
            "expectedHeadOid": False,
            "authorEmail": False,
            "commitBody": False,
            "commitHeadline": False,
            "clientMutationId": False,
        },
        _enable,
    ),
    "disablePullRequestAutoMerge": ({"pullRequestId": True, "clientMutationId": False}, _disable),
    "enqueuePullRequest": (
        {
            "pullRequestId": True,
            "expectedHeadOid": False,
            "jump": False,
            "clientMutationId": False,
        },
        _enqueue,
    ),
    "dequeuePullRequest": ({"id": True, "clientMutationId": False}, _dequeue),
}
"""The fields of each mutation's input as GitHub documents them, with which are needed; and what it does."""
