"""REST endpoints about pull requests, their conversation, labels and reactions."""

from __future__ import annotations

from chatops.standins.github.actions import stamp
from chatops.standins.github.answers import Answer, Call, WrongError, invalid, not_found
from chatops.standins.github.things import REACTIONS, Pull

LONGEST_COMMENT = 65_536


def list_pulls(call: Call) -> Answer:
    """List pull requests, newest first."""
    repository = call.repository()
    state = call.query.get("state", "open")
    base, head = call.query.get("base"), call.query.get("head")

    def is_wanted(pull: Pull) -> bool:
        owner = pull.author if pull.from_fork else repository.owner
        return (
            state in {pull.state, "all"}
            and base in {None, pull.base_branch}
            and head in {None, f"{owner}:{pull.head_branch}"}
        )

    by_update = call.query.get("sort") == "updated"
    ascending = call.query.get("direction") == "asc"
    pulls = sorted(
        filter(is_wanted, repository.pulls.values()),
        key=lambda pull: (pull.updated_at if by_update else pull.created_at, pull.number),
        reverse=not ascending,
    )
    return call.paged(pulls, lambda pull: call.shapes.pull(repository, pull))


def get_pull(call: Call) -> Answer:
    """Show a pull request."""
    repository, pull = call.pull()
    return Answer(body=call.shapes.full_pull(repository, pull))


def list_files(call: Call) -> Answer:
    """List the files a pull request changes."""
    repository, pull = call.pull()
    return call.paged(pull.files, lambda file: call.shapes.file(repository, pull, file))


def list_comments(call: Call) -> Answer:
    """List the conversation of an issue or pull request, oldest first."""
    repository, about = call.issue()
    since = call.query.get("since", "")
    comments = [
        comment for comment in about.comments if not since or stamp(comment.updated_at) >= since
    ]
    return call.paged(comments, lambda comment: call.shapes.comment(repository, comment))


def create_comment(call: Call) -> Answer:
    """Say something in a conversation."""
    repository, about = call.issue()
    call.must_hold("issues", needs="read", repository=repository)
    comment = repository.comment(
        about.number,
        author=call.who.login,
        body=_comment_body(call),
        by_app=call.who.app is not None,
    )
    drawn = call.shapes.comment(repository, comment)
    return Answer(status=201, body=drawn, headers={"Location": drawn["url"]})


def get_comment(call: Call) -> Answer:
    """Show one comment."""
    repository, comment = call.comment()
    return Answer(body=call.shapes.comment(repository, comment))


def update_comment(call: Call) -> Answer:
    """Change what a comment says: one's own, or anyone's with write permission."""
    repository, comment = call.comment()
    own = comment.author == call.who.login
    call.must_hold("issues", needs="read" if own else "write", repository=repository)
    repository.edit_comment(comment, body=_comment_body(call), actor=call.who.login)
    return Answer(body=call.shapes.comment(repository, comment))


def list_reactions(call: Call) -> Answer:
    """List the reactions under a comment."""
    _, comment = call.comment()
    content = call.query.get("content")
    chosen = [one for one in comment.reactions if content in {None, one.content}]
    return call.paged(chosen, call.shapes.reaction)


def create_reaction(call: Call) -> Answer:
    """React to a comment; the same reaction twice is one."""
    repository, comment = call.comment()
    call.must_hold("issues", needs="read", repository=repository)
    content = call.text("content", "Reaction")
    if content not in REACTIONS:
        raise invalid("Reaction", "content")
    reaction, is_new = repository.react(comment, login=call.who.login, content=content)
    return Answer(status=201 if is_new else 200, body=call.shapes.reaction(reaction))


def delete_reaction(call: Call) -> Answer:
    """Take a reaction back."""
    repository, comment = call.comment()
    call.must_hold("issues", needs="read", repository=repository)
    number = call.number("reaction_id")
    found = next((one for one in comment.reactions if one.id == number), None)
    if found is None:
        raise not_found()
    comment.reactions.remove(found)
    return Answer(status=204)


def list_labels(call: Call) -> Answer:
    """List the labels of an issue or pull request."""
    repository, about = call.issue()
    call.must_hold("issues", needs="read", repository=repository)
    return call.paged(
        about.labels, lambda name: call.shapes.label(repository, repository.label(name))
    )


def get_label(call: Call) -> Answer:
    """Show a label of the repository."""
    repository = call.repository()
    call.must_hold("issues", needs="read", repository=repository)
    wanted = call.parameters["name"].lower()
    found = next((one for one in repository.labels.values() if one.name.lower() == wanted), None)
    if found is None:
        raise not_found()
    return Answer(body=call.shapes.label(repository, found))


def add_labels(call: Call) -> Answer:
    """Label an issue or pull request."""
    repository, about = call.issue()
    call.must_hold("issues", needs="triage", repository=repository)
    asked = call.body.get("labels") if isinstance(call.body, dict) else call.body
    if not isinstance(asked, list) or not asked:
        raise invalid("Label", "labels", "missing_field")
    for entry in asked:
        name = entry.get("name") if isinstance(entry, dict) else entry
        if not isinstance(name, str) or not name:
            raise invalid("Label", "name")
        repository.add_label(about.number, name, actor=call.who.login)
    return Answer(body=call.shapes.labels(repository, about))


def remove_label(call: Call) -> Answer:
    """Take a label away."""
    repository, about = call.issue()
    call.must_hold("issues", needs="triage", repository=repository)
    try:
        repository.remove_label(about.number, call.parameters["name"], actor=call.who.login)
    except KeyError as error:
        raise WrongError(404, "Label does not exist") from error
    return Answer(body=call.shapes.labels(repository, about))


def _comment_body(call: Call) -> str:
    body = call.text("body", "IssueComment")
    if len(body) > LONGEST_COMMENT:
        raise WrongError(
            422, f"Validation Failed: body is too long (maximum is {LONGEST_COMMENT} characters)"
        )
    return body
