"""Who may do what: the one place that decides it, from GitHub's own roles. What is unknown is refused."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from chatops.config import TOP_OWNERS, Community
from chatops.errors import Refused
from chatops.events.conversation import CommandReceived
from chatops.names import Login, Repo
from chatops.ports import IssueState, Permission


class Role(StrEnum):
    """What a command asks of the person."""

    ANYONE = "anyone"
    TESTER = "tester"
    """May spend runner hours: a member or collaborator, or the author once a maintainer has let the tests run."""
    TRIAGER = "triager"
    """May sort: GitHub's role triage, which sets labels, assigns and closes."""
    AUTHOR = "author"
    """The author of the issue or pull request, or a triager: for what GitHub lets authors do themselves."""
    EDITOR = "editor"
    """The author, or a writer: who may change the words of an issue or pull request on GitHub."""
    WRITER = "writer"
    """GitHub's role write: lets tests in, cancels, merges."""
    PUSHER = "pusher"
    """The author, or GitHub's role write: for what changes the branch of a pull request."""
    REVIEWER = "reviewer"
    """A member or collaborator, an owner of the files, or the author: says whether a change looks good."""
    OWNER = "owner"
    """An owner of changed files. Whoever can read them may ask, and is told who the owners are."""


class Rule(Struct, frozen=True, kw_only=True):
    """On which grounds a role is had: a least permission, GitHub's word for people of the house, being the author.

    `owner`: also who owns or reviews files that are changed. `who` says it in words, for a refusal.
    """

    least: Permission
    who: str
    trusted: bool = False
    author: bool = False
    owner: bool = False


RULES: Mapping[Role, Rule] = {
    Role.TESTER: Rule(
        least=Permission.WRITE,
        trusted=True,
        who="members and collaborators of {repo}, and for the author of a pull request labelled `{label}`",
    ),
    Role.TRIAGER: Rule(
        least=Permission.TRIAGE, who="people with the role triage or more in {repo}"
    ),
    Role.AUTHOR: Rule(
        least=Permission.TRIAGE,
        author=True,
        who="its author, and for people with the role triage or more in {repo}",
    ),
    Role.EDITOR: Rule(
        least=Permission.WRITE,
        author=True,
        who="its author, and for people with write access to {repo}",
    ),
    Role.WRITER: Rule(least=Permission.WRITE, who="people with write access to {repo}"),
    Role.PUSHER: Rule(
        least=Permission.WRITE,
        author=True,
        who="its author, and for people with write access to {repo}",
    ),
    Role.REVIEWER: Rule(
        least=Permission.WRITE,
        trusted=True,
        author=True,
        owner=True,
        who="members and collaborators of {repo}, and for owners of the files that are changed",
    ),
    Role.OWNER: Rule(
        least=Permission.READ, owner=True, who="owners of the files that are changed in {repo}"
    ),
}
"""The one table of who may do what; a community may ask for more or less of a command in its configuration."""

RANK = {permission: rank for rank, permission in enumerate(Permission)}
TRUSTED = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""GitHub's own words for people of the house (`author_association`)."""


class Standing(Struct, frozen=True, kw_only=True):
    """What GitHub says of a person in a repository, and of the issue or pull request they speak of."""

    login: Login = Login("")
    permission: Permission = Permission.UNKNOWN
    association: str = ""
    is_house_unknown: bool = False
    """Whether GitHub does not tell us if they are a member of the organization, and nothing else says so."""
    author: Login = Login("")
    labels: frozenset[str] = field(default_factory=frozenset)
    is_let_in: bool = False
    """Whether the tests were let in for the very commit that is the head now."""
    issue: IssueState | None = None
    names: frozenset[str] = field(default_factory=frozenset)
    """Under which names they are an owner or a reviewer of files that are changed: their login, their teams."""
    listed: frozenset[str] = field(default_factory=frozenset)
    """Those of the names in the configuration, in lower case, that mean this person: their login, their teams."""
    is_author_listed: bool = False
    """Whether the author is among those of the configuration whom a command trusts further."""
    unlisted: tuple[str, ...] = ()
    """Teams that are named there, and of which GitHub does not tell us whether they are in them."""
    unseen: tuple[Repo, ...] = ()
    """Repositories of the community that not everybody may see, and of which it is not known that they may."""
    unsure: tuple[str, ...] = ()
    """Teams that own such files, and of which GitHub does not tell us whether they are in them."""

    def speaking_of(self, issue: IssueState) -> "Standing":
        """Return the same person, in front of an issue or pull request as it is right now."""
        labels = frozenset(issue.labels)
        return replace(self, author=issue.author, labels=labels, issue=issue)

    @property
    def is_author(self) -> bool:
        """Return whether the issue or pull request is the person's own."""
        return bool(self.login) and self.login.lower() == self.author.lower()


class Grant(Struct, frozen=True, kw_only=True):
    """That somebody may, and on which ground. `is_limited`: only as often as the community lets an author."""

    ground: str
    is_limited: bool = False


def may_read(permission: Permission) -> bool:
    """Return whether somebody with this role can see a repository."""
    return permission is not Permission.UNKNOWN and RANK[permission] >= RANK[Permission.READ]


def least_asked(community: Community, verb: str, command: str = "") -> str | None:
    """Return what a community asks of those who say a verb, or any verb of its command; nothing if it does not say."""
    return community.who_may.get(verb, community.who_may.get(command))


def hangs_on_house(
    role: Role, verb: str, standing: Standing, community: Community, command: str = ""
) -> bool:
    """Return whether somebody may who is a member or collaborator, and it is not known yet that they are.

    Whose account it is has to be certain: of a login that may be somebody else's by now, nothing more is asked.
    """
    if least_asked(community, verb, command) is not None or role is Role.ANYONE:
        return False
    rule = _rule(role, None, community)
    is_known = RANK[standing.permission] >= RANK[rule.least] or standing.association in TRUSTED
    return rule.trusted and not is_known and standing.permission is not Permission.UNKNOWN


def authorise(
    role: Role,
    received: CommandReceived,
    standing: Standing,
    community: Community,
    command: str = "",
) -> Grant:
    """Return on which ground somebody may, or refuse with who may and what to do instead."""
    asked = least_asked(community, received.verb, command)
    if asked == "anyone" or (asked is None and role is Role.ANYONE):
        if not standing.unseen:
            return Grant(ground="anyone")
        raise _hidden(received, standing, community)
    rule, trust = _rule(role, asked, community), community.trust
    if RANK[standing.permission] >= RANK[rule.least]:
        return Grant(ground=f"permission {standing.permission}")
    named = also_named(community, received.verb, command)
    for name in named:
        if name.lower() in standing.listed:
            return Grant(ground=f"named: {name}")
    if rule.trusted and standing.association in TRUSTED:
        return Grant(ground=standing.association.lower())
    if rule.owner and standing.names:
        return Grant(ground="owner")
    if rule.author and standing.is_author:
        return Grant(ground="author")
    if role is Role.TESTER and standing.is_author and trust.author_after_label:
        if trust.label in standing.labels or standing.is_let_in:
            return Grant(ground=f"author after {trust.label}", is_limited=True)
        message = (
            f"You may run the tests of your own pull request again once somebody with write access has "
            f"added the label `{trust.label}`. Ask a maintainer to look at it."
        )
        raise Refused(message, reason="label_missing")
    if received.surface == "slack" and not standing.login:
        raise _not_linked(received, community, f"what you may do in {received.repo}")
    if rule.owner and standing.unsure:
        raise unsure_of(standing.unsure[0])
    for name in named:
        if name in standing.unlisted:
            raise unsure_of(name)
    if standing.permission is Permission.UNKNOWN:
        message = (
            f"I could not find out what you may do in {received.repo}, so I did nothing. "
            f"Try again, or ask somebody with write access."
        )
        raise Refused(message, reason="permission_unknown")
    if rule.trusted and standing.is_house_unknown:
        message = (
            f"I could not find out whether you are a member of `{received.repo.partition('/')[0]}`, "
            f"so I did nothing. The bot has to be allowed to read the members of the organization; until then, "
            f"say it in a comment on the pull request."
        )
        raise Refused(message, reason="membership_unknown")
    cost = " spends runner hours: it" if role is Role.TESTER else ""
    who = rule.who.format(repo=received.repo, label=trust.label) + _and_for(named)
    raise Refused(
        f"`{received.verb}`{cost} is for {who}. Ask one of them to say it.", reason="not_permitted"
    )


def _hidden(received: CommandReceived, standing: Standing, community: Community) -> Refused:
    """Return the refusal of somebody who may not see what they ask about, as far as is known."""
    if received.surface == "slack" and not standing.login:
        return _not_linked(received, community, f"what of {community.title} you may see")
    return Refused(
        f"{community.title} has repositories that not everybody may see, and GitHub does not tell me that you may. "
        f"Ask somebody who looks after it to let you read them.",
        reason="not_to_be_seen",
    )


def _not_linked(received: CommandReceived, community: Community, what: str) -> Refused:
    """Return the refusal of somebody in Slack of whom it has to be known who they are on GitHub."""
    return Refused(
        f"I do not know who you are on GitHub, and `{received.verb}` needs to know {what}. "
        f"Say `{community.slash_command} link` to link your account, then say this again.",
        reason="not_linked",
    )


def also_named(community: Community, verb: str, command: str = "") -> tuple[str, ...]:
    """Return who may say a verb whatever their role: those named for it, or for any verb of its command."""
    return community.also_may.get(verb, community.also_may.get(command, ()))


def _and_for(named: Sequence[str]) -> str:
    """Say who may besides."""
    said = ["owners of the top folder" if name == TOP_OWNERS else f"`{name}`" for name in named]
    return f", and for {', '.join(said)}" if said else ""


def unsure_of(team: str) -> Refused:
    """Return the refusal of somebody who might be in a team; what is not known is not guessed."""
    return Refused(
        f"I could not find out whether you are in the team `{team}`, so I did nothing. "
        f"The bot has to be allowed to read the members of the organization.",
        reason="team_unknown",
    )


def _rule(role: Role, asked: str | None, community: Community) -> Rule:
    """Return a role's rule, as the community changes it."""
    if asked is not None:
        return Rule(
            least=Permission(asked), who=f"people with the role {asked} or more in {{repo}}"
        )
    rule = RULES[role]
    return (
        replace(rule, least=Permission(community.trust.retest_role))
        if role is Role.TESTER
        else rule
    )


def who_may(role: Role, verb: str, community: Community) -> str:
    """Return in words who may say a verb here: what a refusal would say."""
    asked = community.who_may.get(verb)
    if asked == "anyone" or (asked is None and role is Role.ANYONE):
        return "anyone"
    repos = " or ".join(community.repositories)
    who = _rule(role, asked, community).who.format(repo=repos, label=community.trust.label)
    return who + _and_for(also_named(community, verb))
