"""What GitHub sends when something happens, raw: the bodies of its deliveries, with whatever names one likes."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.surfaces.doors import Doors

REPOSITORY = {"full_name": "acme/rocket", "private": False}
HOUR = timedelta(hours=1)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A body, and the event that GitHub names in its header."""

    event: str
    body: Json

    def send(self, doors: Doors) -> None:
        """Send it, as GitHub does."""
        answer = doors.github(json.dumps(self.body).encode(), event=self.event)
        assert answer.is_success, answer.text


def moment(at: datetime) -> str:
    """Return a moment as GitHub writes it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def run(run_id: int, began: datetime, *, attempt: int = 1, **changes: object) -> Delivery:
    """Return that an attempt of a run has ended, an hour after it began."""
    described: Json = {
        "id": run_id, "name": "Nightly", "path": ".github/workflows/nightly.yaml", "event": "schedule",
        "status": "completed", "conclusion": "success", "run_attempt": attempt, "run_number": run_id % 1_000,
        "head_sha": "a" * 40, "head_branch": "main", "display_title": "Nightly", "pull_requests": [],
        "actor": {"login": "mona"}, "repository": REPOSITORY, "created_at": moment(began),
        "run_started_at": moment(began), "updated_at": moment(began + HOUR),
    }  # fmt: skip
    return _delivery("workflow_run", "completed", {"workflow_run": {**described, **changes}})


def job(
    job_id: int, run_id: int, name: str, began: datetime, *, attempt: int = 1, **changes: object
) -> Delivery:
    """Return that a job has ended, half an hour after it began."""
    described: Json = {
        "id": job_id, "run_id": run_id, "run_attempt": attempt, "name": name, "workflow_name": "Nightly",
        "status": "completed", "conclusion": "success", "head_sha": "a" * 40, "head_branch": "main",
        "runner_name": "runner 1", "labels": ["ubuntu-24.04"], "steps": [],
        "created_at": moment(began), "started_at": moment(began), "completed_at": moment(began + HOUR / 2),
    }  # fmt: skip
    return _delivery("workflow_job", "completed", {"workflow_job": {**described, **changes}})


def pull(number: int, at: datetime, **changes: object) -> Delivery:
    """Return that a pull request was opened."""
    described: Json = {
        "number": number, "title": f"Change {number}", "state": "open", "draft": False, "merged": False,
        "head": {"sha": f"{number:040x}", "ref": "fins", "repo": REPOSITORY},
        "base": {"sha": "b" * 40, "ref": "main", "repo": REPOSITORY},
        "user": {"login": "hubot"}, "labels": [], "author_association": "MEMBER",
        "created_at": moment(at), "updated_at": moment(at),
    }  # fmt: skip
    return _delivery(
        "pull_request", "opened", {"number": number, "pull_request": {**described, **changes}}
    )


def comment(number: int, comment_id: int, text: str, at: datetime, *, by: str = "mona") -> Delivery:
    """Return that somebody commented on a pull request."""
    user = {"login": by, "type": "User"}
    said = {
        "id": comment_id, "body": text, "user": user, "author_association": "MEMBER",
        "created_at": moment(at), "updated_at": moment(at),
    }  # fmt: skip
    issue = {"number": number, "pull_request": {}}
    return _delivery("issue_comment", "created", {"issue": issue, "comment": said}, by=by)


def status(status_id: int, context: str, at: datetime, **changes: object) -> Delivery:
    """Return that a status was set on a commit."""
    described: Json = {
        "id": status_id, "sha": "a" * 40, "state": "success", "context": context, "description": "",
        "target_url": None, "created_at": moment(at),
    }  # fmt: skip
    return _delivery("status", "", {**described, **changes})


def _delivery(event: str, action: str, content: Json, *, by: str = "mona") -> Delivery:
    sender = {"login": by, "type": "User"}
    shared = {"action": action, "repository": REPOSITORY, "sender": sender}
    return Delivery(event, {**shared, **content})
