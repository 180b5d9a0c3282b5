"""REST endpoints about commits and branches, and about opening a pull request."""

from __future__ import annotations

from chatops.standins.github.actions import Json, stamp
from chatops.standins.github.answers import Answer, Call, WrongError, invalid, not_found
from chatops.standins.github.git_data import Commit, ConflictError, tree_sha
from chatops.standins.github.world import Repository, made_up_sha

HEADS = "refs/heads/"


def get_commit(call: Call) -> Answer:
    """Show a commit as git knows it."""
    repository = call.repository()
    sha = call.parameters["commit_sha"]
    if sha not in repository.git.commits and not repository.knows_ref(sha):
        raise not_found()
    return Answer(body=_commit(call, repository, repository.commit_at(sha)))


def create_commit(call: Call) -> Answer:
    """Make a commit of a tree and parents."""
    repository = call.repository()
    call.must_hold("contents", needs="write", repository=repository)
    files = repository.git.trees.get(call.text("tree", "Commit"))
    parents = tuple(call.body.get("parents") or ())
    if files is None or any(parent not in repository.git.commits for parent in parents):
        raise WrongError(422, "Tree SHA does not exist")
    author = (call.body.get("author") or {}).get("name") or call.who.login
    made = repository.make_commit(
        files, parents, message=call.text("message", "Commit"), author=author
    )
    return Answer(status=201, body=_commit(call, repository, made))


def create_ref(call: Call) -> Answer:
    """Make a branch."""
    repository = call.repository()
    call.must_hold("contents", needs="write", repository=repository)
    ref, sha = call.text("ref", "Reference"), call.text("sha", "Reference")
    if ref.removeprefix(HEADS) in repository.branches:
        raise WrongError(422, "Reference already exists")
    if sha not in repository.git.commits:
        raise WrongError(422, "Object does not exist")
    repository.branches[ref.removeprefix(HEADS)] = sha
    return Answer(status=201, body=_ref(call, repository, ref.removeprefix(HEADS)))


def update_ref(call: Call) -> Answer:
    """Let a branch be somewhere else."""
    repository, branch = _branch(call)
    sha = call.text("sha", "Reference")
    if sha not in repository.git.commits:
        raise WrongError(422, "Object does not exist")
    if not call.body.get("force") and repository.branches[branch] not in (
        repository.commit_at(sha).parents
    ):
        raise WrongError(422, "Update is not a fast forward")
    repository.branches[branch] = sha
    return Answer(body=_ref(call, repository, branch))


def delete_ref(call: Call) -> Answer:
    """Delete a branch."""
    repository, branch = _branch(call)
    del repository.branches[branch]
    return Answer(status=204)


def merge_branch(call: Call) -> Answer:
    """Merge a commit into a branch."""
    repository = call.repository()
    call.must_hold("contents", needs="write", repository=repository)
    base, head = call.text("base", "Merge"), call.text("head", "Merge")
    if base not in repository.branches:
        raise WrongError(404, "Base does not exist")
    if head not in repository.git.commits:
        raise WrongError(404, "Head does not exist")
    try:
        made = repository.merge_into(base, head, author=call.who.login)
    except ConflictError as conflict:
        raise WrongError(409, "Merge conflict") from conflict
    if made is None:
        return Answer(status=204)
    return Answer(status=201, body=_whole(call, repository, made))


def open_pull(call: Call) -> Answer:
    """Open a pull request from a branch of the repository."""
    repository = call.repository()
    call.must_hold("pull_requests", needs="read", repository=repository)
    head, base = call.text("head", "PullRequest"), call.text("base", "PullRequest")
    if head not in repository.branches:
        raise invalid("PullRequest", "head")
    if base not in repository.branches:
        raise invalid("PullRequest", "base")
    if any(
        (one.state, one.head_branch, one.base_branch) == ("open", head, base)
        for one in repository.pulls.values()
    ):
        raise WrongError(422, "A pull request already exists for that branch.")
    pull = repository.pull(
        author=call.who.login,
        title=call.text("title", "PullRequest"),
        body=str(call.body.get("body") or ""),
        head_sha=repository.branches[head],
        head_branch=head,
        base_branch=base,
    )
    return Answer(status=201, body=call.shapes.full_pull(repository, pull))


def _branch(call: Call) -> tuple[Repository, str]:
    repository = call.repository()
    call.must_hold("contents", needs="write", repository=repository)
    branch = call.parameters["ref"].removeprefix("heads/")
    if branch not in repository.branches:
        raise WrongError(422, "Reference does not exist")
    return repository, branch


def _ref(call: Call, repository: Repository, branch: str) -> Json:
    sha = repository.branches[branch]
    return {
        "ref": HEADS + branch,
        "node_id": made_up_sha(f"ref {branch}"),
        "url": call.shapes.api(repository, f"/git/{HEADS}{branch}"),
        "object": {
            "type": "commit",
            "sha": sha,
            "url": call.shapes.api(repository, f"/git/commits/{sha}"),
        },
    }


def _commit(call: Call, repository: Repository, commit: Commit) -> Json:
    person = {
        "name": commit.author,
        "email": call.shapes.address(commit.author),
        "date": stamp(commit.at),
    }
    tree = tree_sha(commit.files)
    return {
        "sha": commit.sha,
        "node_id": made_up_sha(f"node {commit.sha}"),
        "url": call.shapes.api(repository, f"/git/commits/{commit.sha}"),
        "html_url": call.shapes.page(repository, f"/commit/{commit.sha}"),
        "author": person,
        "committer": person,
        "message": commit.message,
        "tree": {"sha": tree, "url": call.shapes.api(repository, f"/git/trees/{tree}")},
        "parents": [
            {
                "sha": parent,
                "url": call.shapes.api(repository, f"/git/commits/{parent}"),
                "html_url": call.shapes.page(repository, f"/commit/{parent}"),
            }
            for parent in commit.parents
        ],
        "verification": {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        },
    }


def _whole(call: Call, repository: Repository, commit: Commit) -> Json:
    """Draw a commit as GitHub shows it, around what git knows of it."""
    drawn = _commit(call, repository, commit)
    url = call.shapes.api(repository, f"/commits/{commit.sha}")
    user = call.shapes.user(repository.owner)
    inner = {key: drawn[key] for key in ("url", "author", "committer", "message", "tree")}
    return {
        "sha": commit.sha,
        "node_id": drawn["node_id"],
        "url": url,
        "html_url": drawn["html_url"],
        "comments_url": f"{url}/comments",
        "commit": {**inner, "comment_count": 0, "verification": drawn["verification"]},
        "author": user,
        "committer": user,
        "parents": drawn["parents"],
    }
