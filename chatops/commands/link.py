"""`link`: say who you are on GitHub.

Asks for:  nothing; anyone may, in Slack
Decides:   `identity.offered`, with which the person can prove by signing in who they are; with `remove`,
           `identity.unlinked`
Tells:     the person alone: the address at which to sign in, and at the end as whom they are known
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Self

from chatops.config import Community
from chatops.engine.answer import Answer, Code, Line, Link, Strong, Tone
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.events.identities import IdentityLinked, IdentityUnlinked, LinkOffered
from chatops.projections.identities import identity

SLACK = "slack"
REMOVE = "remove"
GOOD_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class LinkAccount(Command):
    """Link an account in Slack to one on GitHub."""

    removes: bool = False

    name: ClassVar[str] = "link"
    usage: ClassVar[str] = "[remove]"
    help: ClassVar[str] = (
        "In Slack: say who you are on GitHub, by signing in there; `remove` takes it back."
    )
    example: ClassVar[str] = "/link"
    role: ClassVar[Role] = Role.ANYONE
    for_strangers: ClassVar[bool] = True
    irreversible: ClassVar[str] = (
        "Say `/link remove` to be linked no more, and `/link` to be linked again."
    )

    @classmethod
    def verbs(cls, community: Community) -> Mapping[str, tuple[str, ...]]:
        """Return `link`, and the word that takes it back."""
        return {cls.name: (), "unlink": (REMOVE,)}

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        said = [word.lower() for word in words]
        if said not in ([], [REMOVE]):
            raise Refused(
                f"I found `{' '.join(words)}` after `link`. Say `/link`, or `/link remove`.",
                reason="usage",
            )
        return cls(removes=bool(said))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        received = asked.received
        if received.surface != SLACK or not received.team:
            raise Refused(
                "`link` says who somebody in Slack is on GitHub, so say it in Slack.",
                reason="not_here",
            )
        known = identity(knowledge.db, received.team, received.by)
        if self.removes:
            if known is None:
                raise Refused(
                    "You are not linked to a GitHub account, so there is nothing to take back.",
                    reason="not_linked",
                )
            return [
                IdentityUnlinked(
                    command=received.command,
                    team=received.team,
                    user=received.by,
                    login=known.login,
                    at=knowledge.now,
                )
            ]
        if knowledge.link_address is None:
            raise Refused(
                "Nobody can be linked here: signing in with GitHub is not set up. "
                "Ask whoever runs this bot; docs/operations.md tells them how.",
                reason="not_configured",
            )
        return [
            LinkOffered(
                command=received.command,
                team=received.team,
                user=received.by,
                user_name=received.by_name,
                expires_at=knowledge.now + GOOD_FOR,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        linked, unlinked = story.first(IdentityLinked), story.first(IdentityUnlinked)
        if linked is not None:
            return Answer(
                verdict=("You are ", Strong(linked.login), " on GitHub from now on."),
                counts=("What you ask for here is decided as if you had asked for it there.",),
                tone=Tone.GOOD,
                footer=(Code("/link remove"), " takes it back."),
                private=True,
            )
        if unlinked is not None:
            return Answer(
                verdict=("You are no longer known as ", Strong(unlinked.login), "."),
                tone=Tone.GOOD,
                private=True,
            )
        known = identity(knowledge.db, received.team, received.by)
        already: Line = (
            (
                "You are ",
                Strong(known.login),
                " on GitHub so far, and will be whom you sign in as. ",
            )
            if known is not None
            else ()
        )
        return Answer(
            verdict=_where(knowledge, received),
            counts=(*already, "The address is good for ten minutes, once, and for you alone."),
            private=True,
        )


def _where(knowledge: Knowledge, received: CommandReceived) -> Line:
    if knowledge.link_address is None:
        return ("Signing in with GitHub is not set up here any more.",)
    return (Link("Sign in with GitHub", knowledge.link_address(received.command)), " to be linked.")
