"""`mine`: what of all this is mine?

Asks for:  nothing; anyone may
Decides:   nothing
Tells:     the failing jobs of one's groups, one's open pull requests and what blocks them, and what one is told of;
           to that person alone. In Slack it is also what the bot's home tab shows
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from urllib.parse import quote

from chatops.answers.ages import ago
from chatops.answers.mine import Mine, mine
from chatops.answers.mute_marks import mute_mark
from chatops.answers.nights import Test, counted
from chatops.answers.open_queue import Queued
from chatops.answers.subscribing import topic_words
from chatops.config import Community
from chatops.engine.answer import Action, Answer, Code, Line, Link, Piece, Section, Strong, Tone
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.projections.mutes import Mute, muted_jobs
from chatops.projections.subscriptions import Subscription

LINES_SHOWN = 10
TITLE_SHOWN = 80
SLACK = "slack"
SUBSCRIBE, MUTE, LINK = "subscribe", "mute", "link"
LINK_ME = "Say who I am on GitHub"


@dataclass(frozen=True, slots=True)
class MyOwn(Command):
    """Say what concerns whoever asks."""

    name: ClassVar[str] = "mine"
    help: ClassVar[str] = (
        "Say which of your jobs fail, what blocks your pull requests, and what you are told of."
    )
    example: ClassVar[str] = "/mine"
    role: ClassVar[Role] = Role.ANYONE
    on_issues: ClassVar[bool] = True
    irreversible: ClassVar[str] = CHANGED_NOTHING

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if words:
            raise Refused("`mine` is about you, and takes no words.", reason="usage")
        return cls()

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        return ()

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        received = story.first(CommandReceived)
        assert received is not None
        found = mine(knowledge, received)
        muted = muted_jobs(knowledge.db, knowledge.community.key, knowledge.now)
        return Answer(
            verdict=_verdict(found),
            tone=_tone(found),
            counts=_unknown(found, knowledge.community),
            sections=(
                _jobs(found, muted, knowledge),
                _pulls(found, knowledge),
                _subscriptions(found, knowledge.community),
            ),
            actions=knowledge.offers(
                *((Action(text=LINK_ME, verb=LINK),) if _is_unknown(found) else ()),
                Action(text="Be told of something", verb=SUBSCRIBE, needs="JOB|nightly|#123"),
                Action(text="Mute a job", verb=MUTE, needs="JOB for DURATION REASON"),
            ),
            footer=_health(found, knowledge.now),
            private=True,
        )


def _verdict(found: Mine) -> Line:
    jobs, pulls = len(found.failing), len(found.pulls)
    failing = "You look after no job"
    if found.groups:
        several = "fails" if jobs == 1 else "fail"
        failing = f"{counted(jobs, 'job')} of yours {several}" if jobs else "No job of yours fails"
    if not found.who.login:
        return (f"{failing}; which pull requests are yours is not known.",)
    open_ones = f"{counted(pulls, 'pull request')} of yours {'is' if pulls == 1 else 'are'} open"
    return (f"{failing}, and {open_ones if pulls else 'no pull request of yours is open'}.",)


def _tone(found: Mine) -> Tone:
    if found.failing:
        return Tone.BAD
    return Tone.GOOD if found.tests else Tone.NEUTRAL


def _is_unknown(found: Mine) -> bool:
    """Return whether somebody in Slack asks who is not known on GitHub."""
    return bool(found.who.member and not found.who.login)


def _unknown(found: Mine, community: Community) -> Line:
    """Return how one becomes known, where nothing can be told because it is not known who asks."""
    if not _is_unknown(found):
        return ()
    return (
        "I do not know who you are on GitHub, so I cannot tell which pull requests are yours. ",
        Code(f"{community.slash_command} link"),
        " says it.",
    )


def _jobs(found: Mine, muted: dict[str, Mute], knowledge: Knowledge) -> Section:
    failing = found.failing
    if not found.groups:
        none: Line = ("The mapping of maintainers names you in no group.",)
        return Section(title="My jobs", lines=(none,))
    groups = ", ".join(found.groups)
    title = f"My jobs: {len(failing)} of {counted(len(found.tests), 'job')} of {groups} fail"
    passing: Line = ("None of them fails.",)
    lines = tuple(
        (*_job(test, knowledge.base_url), *mute_mark(test, muted)) for test in failing[:LINES_SHOWN]
    )
    return Section(title=title, lines=lines or (passing,), more=max(0, len(failing) - LINES_SHOWN))


def _job(test: Test, base_url: str) -> Line:
    name: Piece = test.name
    if base_url:
        name = Link(test.name, f"{base_url}/nightly?sel={quote(test.name, safe='')}")
    required: Line = (" ", Strong("required")) if test.is_required else ()
    return (name, *required, f", for {counted(test.streak, 'night')}")


def _pulls(found: Mine, knowledge: Knowledge) -> Section:
    none: Line = ("None is open." if found.who.login else "I do not know which are yours.",)
    return Section(
        title=f"My pull requests ({len(found.pulls)})",
        lines=tuple(_pull(row, knowledge.github_url) for row in found.pulls[:LINES_SHOWN])
        or (none,),
        more=max(0, len(found.pulls) - LINES_SHOWN),
    )


def _pull(row: Queued, github_url: str) -> Line:
    pull = row.pull
    address = f"{github_url}/{pull.repo}/pull/{pull.number}"
    title = pull.title if len(pull.title) <= TITLE_SHOWN else f"{pull.title[: TITLE_SHOWN - 1]}…"
    what = "; ".join((*row.blocked.what, *row.blocked.besides)) or "nothing is in the way"
    return (Link(f"#{pull.number}", address), f" {title}: {what}")


def _subscriptions(found: Mine, community: Community) -> Section:
    none: Line = ("Nothing yet.",)
    shown: Sequence[Subscription] = found.subscriptions
    return Section(
        title=f"What I tell you of ({len(shown)})",
        lines=tuple((Code(topic_words(one.topic, community)),) for one in shown[:LINES_SHOWN])
        or (none,),
        more=max(0, len(shown) - LINES_SHOWN),
    )


def _health(found: Mine, now: datetime) -> Line:
    """Return how the bot is: when it last heard from GitHub, and what it could not do."""
    if found.heard_at is None:
        heard = "Nothing was heard from GitHub yet."
    else:
        heard = f"Last heard from GitHub {ago(now - found.heard_at)} ago."
    if not found.parked:
        return (f"{heard} All is well with me.",)
    return (f"{heard} {counted(found.parked, 'piece')} of my work needs an operator.",)
