"""REST endpoints about what issues and pull requests have in common, and about who shall review."""

from __future__ import annotations

from typing import Any

from chatops.standins.github.answers import Answer, Call, WrongError, invalid
from chatops.standins.github.things import PERMISSIONS, Issue, Pull
from chatops.standins.github.world import Repository

MOST_ASSIGNEES = 10
LONGEST_TITLE = 256
REASONS = ("completed", "not_planned", "duplicate", "reopened")


def get_issue(call: Call) -> Answer:
    """Show an issue, or a pull request as one."""
    repository, about = call.issue()
    return Answer(body=call.shapes.full_issue(repository, about))


def update_issue(call: Call) -> Answer:
    """Change the title, state or milestone of an issue or pull request."""
    repository, about = call.issue()
    actor, body = call.who.login, call.body if isinstance(call.body, dict) else {}
    own = about.author == actor
    call.must_hold("issues", needs="read" if own else "triage", repository=repository)
    if "title" in body:
        title = call.text("title", "Issue").strip()
        if len(title) > LONGEST_TITLE:
            raise invalid("Issue", "title")
        repository.retitle(about.number, title, actor=actor)
    if "milestone" in body:
        _set_milestone(repository, about, body["milestone"], actor)
    if "state" in body:
        _set_state(repository, about, body, actor)
    return Answer(body=call.shapes.full_issue(repository, about))


def list_milestones(call: Call) -> Answer:
    """List the goals of a repository."""
    repository = call.repository()
    state = call.query.get("state", "open")
    found = [
        one
        for one in repository.milestones.values()
        if state in {"all", "open" if one.is_open else "closed"}
    ]
    return call.paged(found, lambda one: call.shapes.milestone(repository, one))


def add_assignees(call: Call) -> Answer:
    """Make people responsible; whoever cannot be is left out without a word."""
    repository, about = call.issue()
    call.must_hold("issues", needs="triage", repository=repository)
    for login in _texts(call, "assignees")[:MOST_ASSIGNEES]:
        if len(about.assignees) < MOST_ASSIGNEES:
            repository.assign(about.number, _known(repository, login), actor=call.who.login)
    return Answer(status=201, body=call.shapes.full_issue(repository, about))


def remove_assignees(call: Call) -> Answer:
    """Make people responsible no more."""
    repository, about = call.issue()
    call.must_hold("issues", needs="triage", repository=repository)
    for login in _texts(call, "assignees"):
        repository.unassign(about.number, _known(repository, login), actor=call.who.login)
    return Answer(body=call.shapes.full_issue(repository, about))


def get_reviewers(call: Call) -> Answer:
    """List who was asked for a review and has not given one."""
    repository, pull = call.pull()
    return Answer(
        body={
            "users": [call.shapes.user(login) for login in pull.reviewers],
            "teams": [call.shapes.team(repository, slug) for slug in pull.review_teams],
        }
    )


def request_reviewers(call: Call) -> Answer:
    """Ask for reviews: all that are named, or nobody."""
    repository, pull = call.pull()
    call.must_hold("pull_requests", needs="triage", repository=repository)
    people = [_known(repository, login) for login in _texts(call, "reviewers")]
    teams = [slug.lower() for slug in _texts(call, "team_reviewers")]
    if pull.author in people:
        raise WrongError(422, "Review cannot be requested from pull request author.")
    strangers = [login for login in people if not _is_collaborator(repository, login)]
    if strangers or set(teams) - repository.teams:
        raise WrongError(
            422,
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified "
            f"is not a collaborator of the {repository.full_name} repository.",
        )
    for who in (*people, *teams):
        repository.request_review(pull.number, who, actor=call.who.login)
    return Answer(status=201, body=call.shapes.pull(repository, pull))


def withdraw_reviewers(call: Call) -> Answer:
    """Ask for reviews no more."""
    repository, pull = call.pull()
    call.must_hold("pull_requests", needs="triage", repository=repository)
    people = [_known(repository, login) for login in _texts(call, "reviewers")]
    for who in (*people, *(slug.lower() for slug in _texts(call, "team_reviewers"))):
        repository.withdraw_review(pull.number, who, actor=call.who.login)
    return Answer(body=call.shapes.pull(repository, pull))


def _set_milestone(repository: Repository, about: Issue, wanted: object, actor: str) -> None:
    if wanted is not None and wanted not in repository.milestones:
        raise invalid("Issue", "milestone")
    number = wanted if isinstance(wanted, int) else None
    repository.set_milestone(about.number, number, actor=actor)


def _set_state(repository: Repository, about: Issue, body: dict[str, Any], actor: str) -> None:
    match body["state"]:
        case "closed":
            reason = body.get("state_reason") or "completed"
            if reason not in REASONS:
                raise invalid("Issue", "state_reason")
            repository.close(about.number, actor=actor, reason=reason)
        case "open":
            if isinstance(about, Pull) and about.merged_at:
                raise WrongError(
                    422,
                    "Validation Failed",
                    [{"message": "state cannot be changed. It is merged."}],
                )
            repository.reopen(about.number, actor=actor)
        case _:
            raise invalid("Issue", "state")


def _is_collaborator(repository: Repository, login: str) -> bool:
    rank = PERMISSIONS.index(repository.permission(login))
    return login in repository.permissions and rank >= PERMISSIONS.index("read")


def _texts(call: Call, name: str) -> list[str]:
    found = call.body.get(name, []) if isinstance(call.body, dict) else []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise invalid("Issue", name)
    return found


def _known(repository: Repository, login: str) -> str:
    """Return a login as its owner writes it: GitHub does not mind the case."""
    return next((one for one in repository.world.users if one.lower() == login.lower()), login)
