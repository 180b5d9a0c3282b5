"""Deliveries become facts: one function per event of GitHub's that we use; the others are stored and yield none."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct

from chatops.errors import BadInput
from chatops.events import Event, Fact
from chatops.events.conversation import CommentSeen
from chatops.events.installations import HookPinged, InstallationChanged
from chatops.events.pulls import BranchPushed, LabelChanged, MergeGroupChanged, PullChanged
from chatops.events.repositories import RepositorySeen
from chatops.intake.objects import (
    CheckRun,
    CheckSuite,
    Home,
    Job,
    Named,
    Pull,
    Run,
    Status,
    check_run_event,
    check_suite_event,
    is_id,
    job_events,
    moment,
    name,
    private_home,
    pull_event,
    read,
    run_events,
    status_event,
    text,
)
from chatops.names import Login, PullNumber, Repo, Sha

JSON_TYPES = ("application/json", "")
FORM_TYPE = "application/x-www-form-urlencoded"
LONGEST_COMMENT = 70_000
MAYBE_PRIVATE = re.compile(rb'"private"\s*:\s*true')
"""What a delivery holds if its repository is private; few do, and only those are read once more."""
MOST_REPOSITORIES = 500

Kind = TypeVar("Kind")


class Comment(Struct, frozen=True, kw_only=True):
    """What somebody wrote, as far as it can ask for something. `sender` caused the event; they may not be `author`.

    `state` is what a review found: `approved`, `changes_requested` or `commented`. A label that somebody puts on a pull
    request has the `place` label, and is the `text`.
    """

    repo: Repo
    number: PullNumber
    comment_id: int
    place: str
    action: str
    author: Login
    author_is_bot: bool
    association: str
    text: str
    previous_text: str
    updated_at: datetime | None
    sender: Login
    is_pull: bool
    state: str = ""


class Heard(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a delivery tells: facts, and what was said in it, if anything was."""

    facts: tuple[Fact, ...]
    comment: Comment | None = None


class Account(msgspec.Struct):
    """Somebody with a login."""

    login: str | None = ""
    type: str | None = ""


class Written(msgspec.Struct):
    """A comment, a review, or the opening text of a pull request or issue."""

    id: int = 0
    body: str | None = ""
    user: Account | None = None
    author_association: str | None = ""
    state: str | None = ""
    created_at: str | None = None
    submitted_at: str | None = None
    updated_at: str | None = None


class Issue(msgspec.Struct):
    """What a comment was written on."""

    number: int = 0
    pull_request: dict[str, Any] | None = None


class Before(msgspec.Struct, rename={"text": "from"}):
    """What a field held before it was edited."""

    text: str | None = ""


class Changes(msgspec.Struct):
    """What an edit changed."""

    body: Before | None = None
    name: Before | None = None


class Sent(msgspec.Struct):
    """What every delivery has."""

    action: str | None = ""
    repository: Home | None = None
    sender: Account | None = None


class _Labelled(msgspec.Struct):
    name: str | None = ""


class _SentJob(Sent):
    workflow_job: Job | None = None


class _SentRun(Sent):
    workflow_run: Run | None = None


class _SentCheck(Sent):
    check_run: CheckRun | None = None


class _SentSuite(Sent):
    check_suite: CheckSuite | None = None


class _SentPull(Sent):
    pull_request: Pull | None = None
    changes: Changes | None = None


class _SentComment(Sent):
    issue: Issue | None = None
    pull_request: Pull | None = None
    comment: Written | None = None
    review: Written | None = None
    changes: Changes | None = None


class _SentLabel(Sent):
    label: _Labelled | None = None


class _SentOpening(Sent):
    pull_request: Written | None = None


class _SentIssue(Sent):
    issue: Issue | None = None
    changes: Changes | None = None


class _SentIssueOpening(Sent):
    issue: Written | None = None


class _Delivery(msgspec.Struct, frozen=True, gc=False):
    """A delivery on its way through a translator. `value` is the whole payload, decoded by nobody yet."""

    guid: str
    body: bytes
    value: Mapping[str, Any] | None = None

    def typed(self, kind: type[Kind]) -> Kind:
        """Return the payload in a narrow shape."""
        if self.value is not None:
            return read(self.value, kind)
        try:
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.ValidationError:
            return read(decoded(self.body), kind)

    def whole(self) -> Mapping[str, Any]:
        """Return the payload as it is."""
        return self.value if self.value is not None else decoded(self.body)


Translated = tuple[list[Event], Comment | None, str]
"""The events, what was said, and the login of who caused it."""


def translate(event: str, guid: str, body: bytes, source: str = "github") -> Heard:
    """Return what a delivery tells; `BadInput` if its body is no JSON object."""
    translator = TRANSLATORS.get(event)
    try:
        if translator is None:
            msgspec.json.decode(body, type=Sent)
            translator = _of_no_use
        events, comment, sender = translator(_Delivery(guid, body))
        if MAYBE_PRIVATE.search(body):
            events = [*events, *_private(_Delivery(guid, body))]
    except msgspec.ValidationError:
        decoded(body)
        return Heard(facts=())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadInput([f"body: found no JSON ({problem}), expected a JSON object"]) from problem
    correlation_id = f"delivery/{guid}"
    return Heard(
        facts=tuple(
            Fact(event=one, source=source, actor=sender or None, correlation_id=correlation_id)
            for one in events
        ),
        comment=comment,
    )


def payload_of(content_type: str, body: bytes) -> bytes:
    """Return the JSON in a request's body, whether it is the body or a form's `payload`."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in JSON_TYPES:
        return body
    if kind != FORM_TYPE:
        raise BadInput([f"Content-Type: found {kind!r}, expected application/json or {FORM_TYPE}"])
    try:
        form = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=10)
        return form["payload"][0].encode()
    except (ValueError, KeyError) as problem:
        raise BadInput(["body: found no form with a payload, expected payload=…"]) from problem


def decoded(body: bytes) -> Mapping[str, Any]:
    """Return a body as a JSON object, or `BadInput`."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadInput([f"body: found no JSON ({problem}), expected a JSON object"]) from problem
    if not isinstance(value, dict):
        raise BadInput([f"body: found a {type(value).__name__}, expected a JSON object"])
    return value


def _repo(sent: Sent) -> Repo:
    return Repo(text(sent.repository.full_name) if sent.repository else "")


def _sender(sent: Sent) -> str:
    return text(sent.sender.login) if sent.sender else ""


def _private(delivery: _Delivery) -> list[Event]:
    """Return that the repository is private, if it is: whatever a delivery is about, it says so."""
    home = delivery.typed(Sent).repository or Home()
    return private_home(home, Repo(text(home.full_name)), moment(home.updated_at))


def _of_no_use(delivery: _Delivery) -> Translated:
    return [], None, _sender(delivery.typed(Sent))


def _repository(delivery: _Delivery) -> Translated:
    """Hear that a repository was made private, or public."""
    sent = delivery.typed(Sent)
    home = sent.repository or Home()
    at, repo = moment(home.updated_at), _repo(sent)
    if at is None or home.private is None or not repo:
        return [], None, _sender(sent)
    return [RepositorySeen(repo=repo, private=home.private, seen_at=at)], None, _sender(sent)


def _workflow_job(delivery: _Delivery) -> Translated:
    sent = delivery.typed(_SentJob)
    return job_events(sent.workflow_job or Job(), _repo(sent)), None, _sender(sent)


def _workflow_run(delivery: _Delivery) -> Translated:
    sent = delivery.typed(_SentRun)
    return run_events(sent.workflow_run or Run(), _repo(sent)), None, _sender(sent)


def _check_run(delivery: _Delivery) -> Translated:
    sent = delivery.typed(_SentCheck)
    event = check_run_event(sent.check_run or CheckRun(), _repo(sent))
    return [event] if event else [], None, _sender(sent)


def _check_suite(delivery: _Delivery) -> Translated:
    sent = delivery.typed(_SentSuite)
    event = check_suite_event(sent.check_suite or CheckSuite(), _repo(sent))
    return [event] if event else [], None, _sender(sent)


def _status(delivery: _Delivery) -> Translated:
    sent = delivery.typed(Sent)
    event = status_event(delivery.typed(Status), _repo(sent))
    return [event] if event else [], None, _sender(sent)


def _pull_request(delivery: _Delivery) -> Translated:
    sent = delivery.typed(_SentPull)
    repo = _repo(sent)
    event = pull_event(sent.pull_request or Pull(), repo)
    if not (event.number and repo):
        return [], None, _sender(sent)
    opening = None
    if sent.action in ("opened", "edited"):
        written = delivery.typed(_SentOpening).pull_request or Written()
        opening = _comment(sent, written, event.number, "opening", sent.changes, is_pull=True)
    if sent.action == "labeled":
        opening = _labelled(delivery, event)
    return [event], opening, _sender(sent)


def _labelled(delivery: _Delivery, about: PullChanged) -> Comment:
    """Return the label that somebody put on a pull request, which may stand for a request of theirs."""
    sent = delivery.typed(_SentLabel)
    sender = sent.sender or Account()
    return Comment(
        repo=about.repo,
        number=about.number,
        comment_id=about.number,
        place="label",
        action="labeled",
        author=Login(text(sender.login)),
        author_is_bot=sender.type == "Bot",
        association="",
        text=name((sent.label or _Labelled()).name),
        previous_text="",
        updated_at=about.updated_at,
        sender=Login(text(sender.login)),
        is_pull=True,
    )


def _issue_comment(delivery: _Delivery) -> Translated:
    sent = delivery.typed(_SentComment)
    issue = sent.issue or Issue()
    is_pull = issue.pull_request is not None
    return _spoken(sent, sent.comment, issue.number, "comment", is_pull=is_pull)


def _issues(delivery: _Delivery) -> Translated:
    """Hear the opening text of an issue; what else happens to issues is looked up when it is asked for."""
    sent = delivery.typed(_SentIssue)
    number = (sent.issue or Issue()).number
    if sent.action not in ("opened", "edited") or not (is_id(number) and _repo(sent)):
        return [], None, _sender(sent)
    written = delivery.typed(_SentIssueOpening).issue or Written()
    pull_number = PullNumber(number)
    opening = _comment(sent, written, pull_number, "issue", sent.changes, is_pull=False)
    return [], opening, _sender(sent)


def _review(delivery: _Delivery) -> Translated:
    sent = delivery.typed(_SentComment)
    number = (sent.pull_request or Pull()).number
    return _spoken(sent, sent.review, number, "review", is_pull=True)


def _review_comment(delivery: _Delivery) -> Translated:
    sent = delivery.typed(_SentComment)
    number = (sent.pull_request or Pull()).number
    return _spoken(sent, sent.comment, number, "review_comment", is_pull=True)


def _spoken(
    sent: _SentComment, written: Written | None, number: int, place: str, *, is_pull: bool
) -> Translated:
    repo = _repo(sent)
    if written is None or not (is_id(written.id) and is_id(number) and repo):
        return [], None, _sender(sent)
    comment = _comment(sent, written, PullNumber(number), place, sent.changes, is_pull=is_pull)
    event = CommentSeen(
        repo=repo,
        number=comment.number,
        comment_id=comment.comment_id,
        place=place,
        action=comment.action,
        author=comment.author,
        state=text(written.state),
        updated_at=comment.updated_at,
    )
    return [event], comment, _sender(sent)


def _comment(
    sent: Sent,
    written: Written,
    number: PullNumber,
    place: str,
    changes: Changes | None,
    *,
    is_pull: bool,
) -> Comment:
    user = written.user or Account()
    sender = sent.sender or Account()
    before = changes.body.text if changes and changes.body else None
    return Comment(
        repo=_repo(sent),
        number=number,
        comment_id=written.id if is_id(written.id) else 0,
        place=place,
        action=text(sent.action),
        author=Login(text(user.login)),
        author_is_bot="Bot" in (user.type, sender.type),
        association=text(written.author_association),
        text=(written.body or "")[:LONGEST_COMMENT],
        # An edit that left the text alone says nothing new; one that does not tell the old text is heard as that.
        previous_text=(written.body if before is None else before) or "",
        updated_at=moment(written.updated_at or written.submitted_at or written.created_at),
        sender=Login(text(sender.login)),
        is_pull=is_pull,
        state=text(written.state).lower() if place == "review" else "",
    )


def _push(delivery: _Delivery) -> Translated:
    payload = delivery.whole()
    sent = read(payload, Sent)
    commits = payload.get("commits")
    head = payload.get("head_commit")
    pushed_at = head.get("timestamp") if isinstance(head, dict) else None
    event = BranchPushed(
        repo=_repo(sent),
        ref=_word(payload.get("ref")),
        before=Sha(_word(payload.get("before"))),
        after=Sha(_word(payload.get("after"))),
        commits=len(commits) if isinstance(commits, list) else 0,
        pushed_by=Login(_sender(sent)),
        pushed_at=moment(pushed_at if isinstance(pushed_at, str) else None),
    )
    return [event] if event.repo and event.ref else [], None, _sender(sent)


def _label(delivery: _Delivery) -> Translated:
    payload = delivery.whole()
    sent = read(payload, Sent)
    label = payload.get("label")
    described = label if isinstance(label, dict) else {}
    changes = read(payload.get("changes"), Changes)
    event = LabelChanged(
        repo=_repo(sent),
        action=text(sent.action),
        label=name(_word(described.get("name"))),
        colour=_word(described.get("color")),
        was=name(changes.name.text) if changes.name else "",
        delivery=delivery.guid,
    )
    return [event] if event.repo and event.label else [], None, _sender(sent)


def _merge_group(delivery: _Delivery) -> Translated:
    payload = delivery.whole()
    sent = read(payload, Sent)
    group = payload.get("merge_group")
    described = group if isinstance(group, dict) else {}
    event = MergeGroupChanged(
        repo=_repo(sent),
        action=text(sent.action),
        sha=Sha(_word(described.get("head_sha"))),
        base=_word(described.get("base_ref")),
        reason=_word(payload.get("reason")),
    )
    return [event] if event.repo and event.sha else [], None, _sender(sent)


def _installation(delivery: _Delivery) -> Translated:
    payload = delivery.whole()
    sent = read(payload, Sent)
    described = payload.get("installation")
    installation = described if isinstance(described, dict) else {}
    number = installation.get("id")
    if not is_id(number):
        return [], None, _sender(sent)
    account = read(installation.get("account"), Account)
    event = InstallationChanged(
        installation_id=int(number),  # type: ignore[arg-type]  # it is an id: checked above
        action=text(sent.action),
        account=Login(text(account.login)),
        repositories=_repositories(payload, "repositories", "repositories_added"),
        removed=_repositories(payload, "repositories_removed"),
        delivery=delivery.guid,
    )
    return [event], None, _sender(sent)


def _ping(delivery: _Delivery) -> Translated:
    payload = delivery.whole()
    number = payload.get("hook_id")
    sent = read(payload, Sent)
    if not is_id(number):
        return [], None, _sender(sent)
    event = HookPinged(hook_id=int(number), delivery=delivery.guid)  # type: ignore[arg-type]  # as above
    return [event], None, _sender(sent)


def _repositories(payload: Mapping[str, Any], *keys: str) -> tuple[Repo, ...]:
    found = []
    for key in keys:
        listed = payload.get(key)
        for one in listed[:MOST_REPOSITORIES] if isinstance(listed, list) else ():
            full_name = text(read(one, Named).full_name)
            if full_name:
                found.append(Repo(full_name))
    return tuple(found)


def _word(value: object) -> str:
    return text(value) if isinstance(value, str) else ""


TRANSLATORS: Mapping[str, Callable[[_Delivery], Translated]] = {
    "check_run": _check_run,
    "check_suite": _check_suite,
    "installation": _installation,
    "installation_repositories": _installation,
    "issue_comment": _issue_comment,
    "issues": _issues,
    "label": _label,
    "merge_group": _merge_group,
    "ping": _ping,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _review_comment,
    "push": _push,
    "repository": _repository,
    "status": _status,
    "workflow_job": _workflow_job,
    "workflow_run": _workflow_run,
}
