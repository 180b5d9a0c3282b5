"""Who may do what: the one place that decides it, from GitHub's own roles. What is unknown is refused."""

from dataclasses import dataclass, field
from enum import StrEnum

from chatops.config import Community
from chatops.errors import Refused
from chatops.events.conversation import CommandReceived
from chatops.names import Login
from chatops.ports import Permission


class Role(StrEnum):
    """What a command asks of the person."""

    ANYONE = "anyone"
    TESTER = "tester"
    """May spend runner hours: a member or collaborator, or the author once a maintainer has let the tests run."""


RANK = {permission: rank for rank, permission in enumerate(Permission)}
TRUSTED = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""GitHub's own words for people of the house (`author_association`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What GitHub says of a person in a repository, and of the pull request they speak of."""

    login: Login = Login("")
    permission: Permission = Permission.UNKNOWN
    association: str = ""
    author: Login = Login("")
    labels: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_author(self) -> bool:
        """Return whether the pull request is the person's own."""
        return bool(self.login) and self.login.lower() == self.author.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """That somebody may, and on which ground. `is_limited`: only as often as the community lets an author."""

    ground: str
    is_limited: bool = False


def authorise(
    role: Role, received: CommandReceived, standing: Standing, community: Community
) -> Grant:
    """Return on which ground somebody may, or refuse with who may and what to do instead."""
    if role is Role.ANYONE:
        return Grant(ground="anyone")
    trust = community.trust
    if RANK[standing.permission] >= RANK[Permission(trust.retest_role)]:
        return Grant(ground=f"permission {standing.permission}")
    if standing.association in TRUSTED:
        return Grant(ground=standing.association.lower())
    if standing.is_author and trust.author_after_label:
        if trust.label in standing.labels:
            return Grant(ground=f"author after {trust.label}", is_limited=True)
        message = (
            f"You may run the tests of your own pull request again once somebody with write access has "
            f"added the label `{trust.label}`. Ask a maintainer to look at it."
        )
        raise Refused(message, reason="label_missing")
    if standing.permission is Permission.UNKNOWN:
        message = (
            f"I could not find out what you may do in {received.repo}, so I did nothing. "
            f"Try again, or ask somebody with write access."
        )
        raise Refused(message, reason="permission_unknown")
    message = (
        f"`{received.verb}` spends runner hours: it is for members and collaborators of {received.repo}, and for the "
        f"author of a pull request labelled `{trust.label}`. Ask one of them to say it."
    )
    raise Refused(message, reason="not_permitted")
