"""What was asked to be changed on an issue or pull request, and what came of it."""

from typing import ClassVar

from chatops.events import Event
from chatops.names import CommandId, PullNumber, Repo


class _Change(Event, frozen=True, kw_only=True):
    """What a command changes on an issue or pull request."""

    command: CommandId
    repo: Repo
    number: PullNumber

    def stream(self) -> str:
        return self.command


class _PeopleChanged(_Change, frozen=True, kw_only=True):
    """Who stands on an issue or pull request, after a command."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


class LabelsRequested(_Change, frozen=True, kw_only=True):
    """A command wants labels on an issue or pull request, or off it. `before` are those it had at that time.

    With `replaces` those in `remove` make room for those in `add`, and stay where the repository has none such.
    """

    kind: ClassVar[str] = "labels.requested"

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    replaces: bool = False

    def key(self) -> str:
        return f"{self.command}/labels"


class LabelsChanged(_Change, frozen=True, kw_only=True):
    """The labels of an issue or pull request are as a command wanted; `added` and `removed` is what that changed.

    Those in `unknown` the repository does not have; they were not put on.
    """

    kind: ClassVar[str] = "labels.changed"

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def key(self) -> str:
        return f"{self.command}/labels/outcome"


class AssigneesRequested(_Change, frozen=True, kw_only=True):
    """A command wants people to be responsible, or no more.

    `before` are those who were when this was decided, nothing where that is not known.
    """

    kind: ClassVar[str] = "assignees.requested"

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    before: tuple[str, ...] | None = ()

    def key(self) -> str:
        return f"{self.command}/assignees"


class AssigneesChanged(_PeopleChanged, frozen=True, kw_only=True):
    """Who is responsible is as a command wanted it, but for those in `ignored`: GitHub did not take them.

    `added` and `removed` is what that changed, `unchanged` are those with whom it was so before.
    """

    kind: ClassVar[str] = "assignees.changed"

    def key(self) -> str:
        return f"{self.command}/assignees/outcome"


class ReviewersRequested(_Change, frozen=True, kw_only=True):
    """A command wants people and teams (`owner/team`) to be asked for a review of a pull request, or no more.

    `before` are those who were asked when this was decided, nothing where that is not known.
    """

    kind: ClassVar[str] = "reviewers.requested"

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    before: tuple[str, ...] | None = None

    def key(self) -> str:
        return f"{self.command}/reviewers"


class ReviewersChanged(_PeopleChanged, frozen=True, kw_only=True):
    """Whose review is waited for is as a command wanted it, but for those in `ignored`: GitHub did not take them.

    `added` and `removed` is what that changed, `unchanged` are those with whom it was so before.
    """

    kind: ClassVar[str] = "reviewers.changed"

    def key(self) -> str:
        return f"{self.command}/reviewers/outcome"


class EditRequested(_Change, frozen=True, kw_only=True):
    """A command wants the `title`, `state` or `milestone` of an issue or pull request to be `value`.

    `before` is what it was when this was decided, and `reason` why an issue is closed. With `strictly`, it is changed
    only if it still is what it was: what somebody has changed since is theirs.
    """

    kind: ClassVar[str] = "edit.requested"

    field: str
    value: str
    before: str
    reason: str = ""
    strictly: bool = False

    def key(self) -> str:
        return f"{self.command}/{self.field}"


class Edited(_Change, frozen=True, kw_only=True):
    """The `title`, `state` or `milestone` of an issue or pull request is as a command wanted it: `value`."""

    kind: ClassVar[str] = "edit.made"

    field: str
    value: str
    before: str
    reason: str = ""

    def key(self) -> str:
        return f"{self.command}/{self.field}/outcome"
