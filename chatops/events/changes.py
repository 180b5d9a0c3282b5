"""What was asked to be changed on an issue or pull request, and what came of it."""

from typing import ClassVar

from chatops.events import Event
from chatops.names import CommandId, PullNumber, Repo


class LabelsRequested(Event, frozen=True, kw_only=True):
    """A command wants labels on an issue or pull request, or off it. `before` are those it had at that time.

    With `replaces` those in `remove` make room for those in `add`, and stay where the repository has none such.
    """

    kind: ClassVar[str] = "labels.requested"

    command: CommandId
    repo: Repo
    number: PullNumber
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    replaces: bool = False

    def key(self) -> str:
        return f"{self.command}/labels"

    def stream(self) -> str:
        return self.command


class LabelsChanged(Event, frozen=True, kw_only=True):
    """The labels of an issue or pull request are as a command wanted; `added` and `removed` is what that changed.

    Those in `unknown` the repository does not have; they were not put on.
    """

    kind: ClassVar[str] = "labels.changed"

    command: CommandId
    repo: Repo
    number: PullNumber
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def key(self) -> str:
        return f"{self.command}/labels/outcome"

    def stream(self) -> str:
        return self.command


class AssigneesRequested(Event, frozen=True, kw_only=True):
    """A command wants people to be responsible, or no more.

    `before` are those who were when this was decided, nothing where that is not known.
    """

    kind: ClassVar[str] = "assignees.requested"

    command: CommandId
    repo: Repo
    number: PullNumber
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    before: tuple[str, ...] | None = ()

    def key(self) -> str:
        return f"{self.command}/assignees"

    def stream(self) -> str:
        return self.command


class AssigneesChanged(Event, frozen=True, kw_only=True):
    """Who is responsible is as a command wanted it, but for those in `ignored`: GitHub did not take them.

    `added` and `removed` is what that changed, `unchanged` are those with whom it was so before.
    """

    kind: ClassVar[str] = "assignees.changed"

    command: CommandId
    repo: Repo
    number: PullNumber
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def key(self) -> str:
        return f"{self.command}/assignees/outcome"

    def stream(self) -> str:
        return self.command


class ReviewersRequested(Event, frozen=True, kw_only=True):
    """A command wants people and teams (`owner/team`) to be asked for a review of a pull request, or no more.

    `before` are those who were asked when this was decided, nothing where that is not known.
    """

    kind: ClassVar[str] = "reviewers.requested"

    command: CommandId
    repo: Repo
    number: PullNumber
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    before: tuple[str, ...] | None = None

    def key(self) -> str:
        return f"{self.command}/reviewers"

    def stream(self) -> str:
        return self.command


class ReviewersChanged(Event, frozen=True, kw_only=True):
    """Whose review is waited for is as a command wanted it, but for those in `ignored`: GitHub did not take them.

    `added` and `removed` is what that changed, `unchanged` are those with whom it was so before.
    """

    kind: ClassVar[str] = "reviewers.changed"

    command: CommandId
    repo: Repo
    number: PullNumber
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def key(self) -> str:
        return f"{self.command}/reviewers/outcome"

    def stream(self) -> str:
        return self.command


class EditRequested(Event, frozen=True, kw_only=True):
    """A command wants the `title`, `state` or `milestone` of an issue or pull request to be `value`.

    `before` is what it was when this was decided, and `reason` why an issue is closed. With `strictly`, it is changed
    only if it still is what it was: what somebody has changed since is theirs.
    """

    kind: ClassVar[str] = "edit.requested"

    command: CommandId
    repo: Repo
    number: PullNumber
    field: str
    value: str
    before: str
    reason: str = ""
    strictly: bool = False

    def key(self) -> str:
        return f"{self.command}/{self.field}"

    def stream(self) -> str:
        return self.command


class Edited(Event, frozen=True, kw_only=True):
    """The `title`, `state` or `milestone` of an issue or pull request is as a command wanted it: `value`."""

    kind: ClassVar[str] = "edit.made"

    command: CommandId
    repo: Repo
    number: PullNumber
    field: str
    value: str
    before: str
    reason: str = ""

    def key(self) -> str:
        return f"{self.command}/{self.field}/outcome"

    def stream(self) -> str:
        return self.command
