"""What an endpoint is given and what it gives back: calls, answers, pages, refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from chatops.standins.github.actions import Job, Json, NotAllowedError, Run
from chatops.standins.github.shapes import Shapes
from chatops.standins.github.things import PERMISSIONS, App, Comment, Identity, Issue, Pull
from chatops.standins.github.webhooks import Webhooks
from chatops.standins.github.world import Repository, World

Item = TypeVar("Item")

MOST_PER_PAGE = 100


class WrongError(Exception):
    """The call cannot be answered; GitHub says why in its error shape."""

    def __init__(self, status: int, message: str, errors: list[Json] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors


def not_found() -> WrongError:
    """Say what GitHub says about everything it does not know or does not show."""
    return WrongError(404, "Not Found")


def invalid(resource: str, name: str, code: str = "invalid") -> WrongError:
    """Say that one field of the body is wrong."""
    return WrongError(
        422, "Validation Failed", [{"resource": resource, "field": name, "code": code}]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status, JSON and headers; `text` instead of JSON for raw media types."""

    status: int = 200
    body: Json | list[Json] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authenticated call, with the world it is about."""

    world: World
    shapes: Shapes
    hooks: Webhooks
    who: Identity
    method: str
    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    accept: str

    def repository(self) -> Repository:
        """Find the repository in the path, if the caller may see it."""
        name = f"{self.parameters['owner']}/{self.parameters['repo']}"
        found = self.world.repositories.get(name)
        if found is None or (self.who.app is None and found.permission(self.who.login) == "none"):
            raise not_found()
        return found

    def number(self, name: str) -> int:
        """Read a number from the path."""
        text = self.parameters[name]
        if not text.isdecimal():
            raise not_found()
        return int(text)

    def run(self) -> tuple[Repository, Run]:
        """Find the run in the path."""
        repository = self.repository()
        run = repository.runs.get(self.number("run_id"))
        if run is None:
            raise not_found()
        return repository, run

    def job(self) -> tuple[Repository, Run, Job]:
        """Find the job in the path."""
        repository = self.repository()
        found = repository.job(self.number("job_id"))
        if found is None:
            raise not_found()
        return repository, *found

    def pull(self, name: str = "number") -> tuple[Repository, Pull]:
        """Find the pull request in the path."""
        repository = self.repository()
        pull = repository.pulls.get(self.number(name))
        if pull is None:
            raise not_found()
        return repository, pull

    def issue(self) -> tuple[Repository, Issue]:
        """Find the issue or pull request in the path."""
        repository = self.repository()
        try:
            return repository, repository.tracked(self.number("number"))
        except KeyError:
            raise not_found() from None

    def comment(self) -> tuple[Repository, Comment]:
        """Find the comment in the path."""
        repository = self.repository()
        comment = repository.comments.get(self.number("comment_id"))
        if comment is None:
            raise not_found()
        return repository, comment

    def app(self) -> App:
        """Tell which App signed this call."""
        if self.who.app is None:
            raise not_found()
        return self.who.app

    def text(self, name: str, resource: str) -> str:
        """Read a text from the JSON body that has to be there."""
        value = self.body.get(name) if isinstance(self.body, dict) else None
        if not isinstance(value, str) or not value.strip():
            raise invalid(resource, name, "missing_field" if value is None else "invalid")
        return value

    def must_hold(self, permission: str, *, needs: str, repository: Repository) -> None:
        """Refuse unless the App was granted `permission`, or the person has the role `needs`."""
        if self.who.app is not None:
            if self.who.app.permissions.get(permission) != "write":
                text = "Resource not accessible by integration"
                raise NotAllowedError(text)
            return
        held = repository.permission(self.who.login)
        if PERMISSIONS.index(held) < PERMISSIONS.index(needs):
            text = "Must have admin rights to Repository."
            raise NotAllowedError(text)

    def must_push(self, repository: Repository) -> None:
        """Refuse a person who may not push; what an App may see was settled when it was installed."""
        if self.who.app is None and not repository.may_push(self.who.login):
            text = "Must have push access to view collaborator permission."
            raise NotAllowedError(text)

    def paged(
        self,
        items: Sequence[Item],
        draw: Callable[[Item], Json],
        *,
        under: str | None = None,
        at_most: int | None = None,
    ) -> Answer:
        """Answer with one page of a list, with links to the others."""
        per_page = min(max(self._count("per_page", 30), 1), MOST_PER_PAGE)
        page = max(self._count("page", 1), 1)
        reachable = items if at_most is None else items[:at_most]
        last = max(1, -(-len(reachable) // per_page))
        drawn = [draw(item) for item in reachable[(page - 1) * per_page : page * per_page]]
        headers = {}
        if last > 1:
            wanted = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
            if page <= 1:
                del wanted["prev"], wanted["first"]
            if page >= last:
                del wanted["next"], wanted["last"]
            headers["Link"] = ", ".join(
                f'<{self._address(page=number)}>; rel="{relation}"'
                for relation, number in wanted.items()
            )
        body: Json | list[Json] = drawn
        if under is not None:
            body = {"total_count": len(items), under: drawn}
        return Answer(body=body, headers=headers)

    def _count(self, name: str, default: int) -> int:
        text = self.query.get(name, "")
        return int(text) if text.isdecimal() else default

    def _address(self, **changed: object) -> str:
        query = {**self.query, **{name: str(value) for name, value in changed.items()}}
        return f"{self.shapes.base}{self.path}?{urlencode(query)}"
