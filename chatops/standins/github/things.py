"""The things of the pretend GitHub: people, issues, pull requests, comments, labels, Apps."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

PERMISSIONS = ("none", "read", "triage", "write", "maintain", "admin")
REACTIONS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
APP_PERMISSIONS = {
    "actions": "write",
    "checks": "read",
    "contents": "write",
    "issues": "write",
    "members": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}
APP_EVENTS = (
    "check_run",
    "check_suite",
    "issue_comment",
    "issues",
    "label",
    "pull_request",
    "pull_request_review",
    "push",
    "status",
    "workflow_job",
    "workflow_run",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Someone with a login: a person, a bot or an organization."""

    id: int
    login: str
    kind: str = "User"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label as the repository knows it."""

    id: int
    name: str
    color: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """One file of a pull request; a renamed one had another path before."""

    path: str
    status: str = "modified"
    additions: int = 1
    deletions: int = 0
    previous_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """An emoji someone put under a comment."""

    id: int
    user: str
    content: str
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class Comment:
    """A comment in the conversation of an issue or pull request."""

    id: int
    number: int
    author: str
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)
    by_app: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStatus:
    """A status in the old style, as set by services that are not GitHub Apps."""

    id: int
    context: str
    state: str
    description: str
    target_url: str | None
    created_at: datetime
    creator: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A goal that issues and pull requests can belong to."""

    id: int
    number: int
    title: str
    created_at: datetime
    is_open: bool = True


@dataclass(slots=True, kw_only=True)
class Issue:
    """An issue, or what a pull request has of one."""

    id: int
    number: int
    title: str
    body: str
    author: str
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    labels: list[str] = field(default_factory=list)
    assignees: list[str] = field(default_factory=list)
    milestone: int | None = None
    comments: list[Comment] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Pull(Issue):
    """A pull request."""

    head_sha: str
    head_branch: str
    base_branch: str
    from_fork: bool = False
    is_draft: bool = False
    merged_at: datetime | None = None
    files: list[ChangedFile] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    review_teams: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Commits that arrived on a branch."""

    branch: str
    before: str
    after: str
    message: str
    paths: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class App:
    """A GitHub App, installed once, on every repository of the world but those that are left out."""

    id: int
    slug: str
    installation_id: int
    permissions: dict[str, str]
    events: tuple[str, ...]
    left_out: set[str] = field(default_factory=set)
    client_id: str = "Iv23.standin"
    client_secret: str = field(default_factory=lambda: secrets.token_hex(20), repr=False)
    public_key_pem: str | None = None
    made_key: rsa.RSAPrivateKey | None = None

    @property
    def login(self) -> str:
        """The login its comments carry."""
        return f"{self.slug}[bot]"

    @property
    def private_key_pem(self) -> str:
        """The key the App's owner downloads from GitHub; made on first use."""
        if self.made_key is None:
            self.made_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            self.public_key_pem = _public_pem(self.made_key)
        return self.made_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whom a token speaks for."""

    login: str
    app: App | None = None
    expires_at: datetime | None = None


def _public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
