"""What do the words after `subscribe` and `unsubscribe` mean: who is to be told, and of what?"""

from collections.abc import Sequence
from typing import Self

from msgspec import Struct
from sqlalchemy import Connection

from chatops.answers.job_words import BLANKS, LEVEL, ROW, Named, fits, is_called, meant
from chatops.answers.meant_tests import board_of, rows_here
from chatops.answers.which_pull import PULL as PULL_WORDS
from chatops.answers.which_pull import named_pull
from chatops.config import Community
from chatops.engine.command import Asked, Knowledge
from chatops.errors import Refused
from chatops.events.conversation import CommandReceived
from chatops.events.subscriptions import Topic
from chatops.projections.identities import Member, member_called
from chatops.projections.pulls import pull
from chatops.projections.subscriptions import (
    CHANNEL,
    JOB,
    JOBS,
    NIGHTLY,
    PERSON,
    PULL,
    pull_named,
    pull_topic,
)

NOT_LINKED = ("not_linked", "No account in Slack is linked to the one on GitHub any more.")
"""Why a person is not reached: a word, and a sentence."""
HERE, ALL, LIST = "here", "all", "list"
NIGHT_WORDS = frozenset({"nightly", "night"})
NAMED_IN_REFUSAL = 3
LONGEST_PATTERN = 300
CHANNELS = ("C", "G")
"""How the ids of Slack's channels begin; that of a conversation with one person begins otherwise."""


class Wish(Struct, frozen=True, kw_only=True):
    """What was said: jobs, the nightly, a pull request, everything or a list; and whether the channel is meant."""

    jobs: tuple[str, ...] = ()
    named: tuple[str, int] | None = None
    is_pull: bool = False
    is_nightly: bool = False
    is_all: bool = False
    is_list: bool = False
    is_here: bool = False

    @classmethod
    def read(cls, words: Sequence[str]) -> Self:
        """Return what words say."""
        is_here = bool(words) and words[-1].lower() == HERE
        said = tuple(words[:-1] if is_here else words)
        alone = said[0].lower() if len(said) == 1 else ""
        if alone in (ALL, LIST):
            return cls(is_all=alone == ALL, is_list=alone == LIST, is_here=is_here)
        is_nightly, said = _without_nightly(said)
        named, rest = named_pull(said)
        if named is not None and rest:
            raise Refused(
                f"I found `{' '.join(rest)}` after the pull request. Say one thing at a time.",
                reason="usage",
            )
        is_pull = named is not None or alone in PULL_WORDS
        if is_pull and is_nightly:
            raise Refused(
                "A pull request and the nightly are two things. Say one at a time.", reason="usage"
            )
        return cls(
            jobs=() if is_pull else rest,
            named=named,
            is_pull=is_pull,
            is_nightly=is_nightly,
            is_here=is_here,
        )

    @property
    def is_bare(self) -> bool:
        """Return whether nothing was said but, perhaps, that the channel is meant."""
        return self == Wish(is_here=self.is_here)

    def is_about_pull(self, received: CommandReceived) -> bool:
        """Return whether a pull request is meant: one that is named, or the one of the conversation."""
        return self.is_pull or (self.is_bare and bool(received.number) and not received.on_issue)


def _without_nightly(words: tuple[str, ...]) -> tuple[bool, tuple[str, ...]]:
    """Return whether the nightly is among some words, and the others; one that begins a job's whole name is not it."""
    kept = tuple(
        word
        for place, word in enumerate(words)
        if word.lower() not in NIGHT_WORDS or words[place + 1 : place + 2] == ("/",)
    )
    return len(kept) < len(words), kept


def subscriber_of(asked: Asked, knowledge: Knowledge, wish: Wish) -> str:
    """Return who is to be told: who asks, or the channel they ask in; refuse where there is no way to tell them."""
    community = knowledge.community
    if wish.is_here:
        found = channel_of(asked.received)
        if found:
            return found
        if asked.received.surface != "slack":
            raise Refused(
                "`here` means a channel in Slack: say this in one. Without it, you are told yourself.",
                reason="not_here",
            )
    if not community.slash_command:
        raise Refused(
            f"I tell people in Slack, and {community.title} does not use me there.",
            reason="not_configured",
        )
    login = asked.standing.login
    if not login or member_called(knowledge.db, login) is None:
        raise Refused(
            f"I tell people in Slack, and I do not know which accounts there and on GitHub are both yours. "
            f"Say `{community.slash_command} link` in Slack, then say this again.",
            reason="not_linked",
        )
    return person(login)


def person(login: str) -> str:
    """Return how a person is called as a subscriber."""
    return f"{PERSON}{login.lower()}"


def channel_of(received: CommandReceived) -> str:
    """Return how the channel in which something was said is called as a subscriber; nothing if it was in none."""
    is_channel = received.surface == "slack" and received.channel.startswith(CHANNELS)
    return f"{CHANNEL}{received.team}/{received.channel}" if is_channel else ""


def place_of(db: Connection, subscriber: str) -> Member | None:
    """Return where in Slack a subscriber is told: a member or a channel; nothing if a person is not linked."""
    if subscriber.startswith(CHANNEL):
        team, _, channel = subscriber.removeprefix(CHANNEL).rpartition("/")
        return Member(team=team, member=channel)
    return member_called(db, subscriber.removeprefix(PERSON))


def topics_meant(wish: Wish, received: CommandReceived, knowledge: Knowledge) -> list[Topic]:
    """Return what somebody wants to be told of, or refuse what there is not."""
    if wish.is_about_pull(received):
        known = pull(knowledge.db, received.repo, received.number) if received.number else None
        if known is None:
            raise Refused(
                "Which pull request? Say it on one, or its number, as in `/subscribe #123`.",
                reason="no_pull",
            )
        if known.state != "open":
            raise Refused(f"#{known.number} is {known.state}.", reason="not_open")
        return [pull_topic(known.repo, known.number)]
    board = board_of(knowledge)
    night = [Topic(what=NIGHTLY)] if wish.is_nightly else []
    if not wish.jobs:
        return night
    if not board.tests:
        raise Refused("No night has been recorded yet, so I know no jobs.", reason="no_nights")
    jobs = [Named(name=test.name, workflow=test.workflow) for test in board.tests]
    return [*night, *_jobs_meant(wish.jobs, jobs, knowledge, rows_here(knowledge, received))]


def _jobs_meant(
    words: Sequence[str], jobs: Sequence[Named], knowledge: Knowledge, rows: Sequence[str] | None
) -> list[Topic]:
    """Return single jobs where they are named, and patterns as they were said: they mean later jobs, too."""
    aliases = dict(knowledge.community.job_aliases)
    are_rows = rows is not None and all(ROW.fullmatch(word) for word in words)
    whole = BLANKS.sub(" ", " ".join(words)).strip()
    together = not are_rows and any(is_called(whole, job) or fits(whole, job) for job in jobs)
    found: dict[Topic, None] = {}
    for pattern in (whole,) if together else words:
        if len(pattern) > LONGEST_PATTERN:
            raise Refused("That is longer than any job's name. Say a part of it.", reason="usage")
        mean = meant(pattern, jobs, aliases=aliases, rows=rows)
        wanted = aliases.get(pattern.lower(), pattern)
        if are_rows or all(is_called(wanted, job) for job in mean):
            found |= dict.fromkeys(Topic(what=JOB, name=job.full) for job in mean)
        else:
            found[Topic(what=JOBS, name=wanted.lower())] = None
    return list(found)


def topics_ended(
    wish: Wish, received: CommandReceived, known: Sequence[Topic], knowledge: Knowledge
) -> list[Topic]:
    """Return those of somebody's topics that they do not want to be told of any more, or refuse what is none."""
    if wish.is_all:
        return list(known)
    if wish.is_about_pull(received):
        wanted = [pull_topic(received.repo, received.number)]
    else:
        wanted = [Topic(what=NIGHTLY)] if wish.is_nightly else []
        wanted += _named_ones(wish.jobs, known, knowledge, rows_here(knowledge, received))
    found = [topic for topic in known if topic in wanted]
    if not found:
        raise _not_told_of(wish, wanted, known, knowledge.community)
    return found


def _not_told_of(
    wish: Wish, wanted: Sequence[Topic], known: Sequence[Topic], community: Community
) -> Refused:
    """Return the refusal to end what never began, with what did."""
    said = " ".join(wish.jobs) or topic_words(wanted[0], community)
    there = [f"`{topic_words(one, community)}`" for one in known[:NAMED_IN_REFUSAL]]
    more = [f"{len(known) - len(there)} more"] if len(known) > len(there) else []
    bare = said.replace("`", "'")
    return Refused(
        f"I do not tell of `{bare}`, but of {', '.join([*there, *more])}.", reason="as_it_is"
    )


def _named_ones(
    words: Sequence[str],
    known: Sequence[Topic],
    knowledge: Knowledge,
    rows: Sequence[str] | None,
) -> list[Topic]:
    """Return the topics that words name: as they were said once, else by a part of the name or a pattern."""
    aliases = knowledge.community.job_aliases
    if not words:
        return []
    whole = BLANKS.sub(" ", " ".join(words)).strip()
    about_jobs = [topic for topic in known if topic.what in (JOB, JOBS)]
    found: list[Topic] = []
    for word in (whole, *words):
        number = ROW.fullmatch(word)
        if number and rows:
            first, last = int(number.group(1)), int(number.group(2) or number.group(1))
            called = [name.lower() for name in rows[first - 1 : last]]
        else:
            called = [aliases.get(word.lower(), word).lower()]
        exact = [topic for topic in about_jobs if any(_is_the_one(name, topic) for name in called)]
        alike = [topic for name in called for topic in about_jobs if fits(name, _named(topic))]
        found += exact or alike
        if found and word == whole:
            break
    return found


def _is_the_one(name: str, topic: Topic) -> bool:
    if topic.what == JOBS:
        return name == topic.name
    return is_called(name, _named(topic))


def _named(topic: Topic) -> Named:
    """Return the job or pattern of a topic as it may be named: a job's workflow may be left out."""
    workflow, level, name = topic.name.partition(LEVEL)
    is_split = topic.what == JOB and level
    return Named(name=name, workflow=workflow) if is_split else Named(name=topic.name)


def follows(topic: Topic, job: Named, *, counts_for_night: bool) -> bool:
    """Return whether a topic is about a job of the nightly."""
    if topic.what == JOB:
        return topic.name == job.full
    if topic.what == JOBS:
        return is_called(topic.name, job) or fits(topic.name, job)
    return topic.what == NIGHTLY and counts_for_night


def topic_words(topic: Topic, community: Community) -> str:
    """Return a topic as one says it."""
    if topic.what == NIGHTLY:
        return NIGHTLY
    if topic.what == PULL:
        repo, number = pull_named(topic.name)
        return f"#{number}" if repo == community.repositories[0] else topic.name
    return topic.name
