"""`/mute`: this job is known to fail; show it as such for a while.

Asks for:  the role triage; a job, for how long, and why
Decides:   `jobs.muted` with the jobs that are meant; nothing where nothing is said
Tells:     until when, and how to end it before; where nothing is said, what is muted now
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Self

from chatops.answers.job_words import Named
from chatops.answers.meant_tests import board_of, meant_tests
from chatops.answers.nights import counted
from chatops.engine.answer import Action, Answer, Code, Section, When
from chatops.engine.authority import Role
from chatops.engine.command import CHANGED_NOTHING, Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.mutes import JobsMuted, JobsUnmuted
from chatops.projections.mutes import muted_jobs

FOR = "for"
DURATION = re.compile(r"([1-9][0-9]{0,3})([mhdw])(?:in|inutes?|ours?|ays?|eeks?)?")
UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
LONGEST = timedelta(days=30)
MOST_JOBS = 50
LINES_SHOWN = 10
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Mute(Command):
    """Mute jobs for a while."""

    pattern: str = ""
    duration: timedelta = timedelta()
    reason: str = ""

    name: ClassVar[str] = "mute"
    usage: ClassVar[str] = "[JOB for DURATION REASON]"
    help: ClassVar[str] = "Show a job as muted for up to 30 days, because it is known to fail."
    example: ClassVar[str] = "/mute *s390x* for 7d the runner is being moved"
    role: ClassVar[Role] = Role.TRIAGER

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if not words:
            return cls()
        for place, word in enumerate(words):
            if word.lower() == FOR and place:
                duration, used = _duration(words[place + 1 :])
                if used:
                    reason = " ".join(words[place + 1 + used :])[:LONGEST_REASON]
                    return cls(" ".join(words[:place]), _allowed(duration), _said(reason))
        raise Refused(
            "`mute` needs a job, for how long, and why, as in `/mute *s390x* for 7d the runner is being moved`.",
            reason="usage",
        )

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        if not self.pattern:
            return ()
        tests = meant_tests(board_of(knowledge), self.pattern, knowledge.community.job_aliases)
        if len(tests) > MOST_JOBS:
            raise Refused(
                f"That means {len(tests)} jobs, and I mute at most {MOST_JOBS} at once. Name fewer.",
                reason="too_many",
            )
        return [
            JobsMuted(
                command=asked.received.command,
                community=knowledge.community.key,
                jobs=tuple(Named(name=test.name, workflow=test.workflow).full for test in tests),
                by=asked.by,
                reason=self.reason,
                at=knowledge.now,
                until=knowledge.now + self.duration,
            )
        ]

    @classmethod
    def taken_back(cls, story: Story, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        muted = story.first(JobsMuted)
        if muted is None:
            raise Refused(CHANGED_NOTHING, reason="irreversible")
        now = muted_jobs(knowledge.db, muted.community, knowledge.now)
        left = tuple(job for job in muted.jobs if job in now and now[job].command == muted.command)
        if len(left) < len(muted.jobs):
            raise Refused(
                "Somebody has muted or unmuted some of these jobs since. I left them as they are; say `/unmute`.",
                reason="changed_since",
            )
        return [
            JobsUnmuted(
                command=asked.received.command,
                community=muted.community,
                jobs=left,
                by=asked.by,
                at=knowledge.now,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        muted = story.first(JobsMuted)
        if muted is None:
            return _listing(knowledge)
        them = "it" if len(muted.jobs) == 1 else "them"
        return Answer(
            verdict=(f"Muted {counted(len(muted.jobs), 'job')} until ", When(muted.until), "."),
            counts=("Why: ", muted.reason),
            sections=(
                Section(
                    title="Muted",
                    lines=tuple((job,) for job in muted.jobs[:LINES_SHOWN]),
                    more=max(0, len(muted.jobs) - LINES_SHOWN),
                ),
            ),
            footer=(
                "Until then ",
                Code("/flakes"),
                " and ",
                Code("/status"),
                f" show {them} as muted, and alerts and digests hold {them} back. ",
                Code("/unmute"),
                " ends it before.",
            ),
        )


def _listing(knowledge: Knowledge) -> Answer:
    """Return what is muted now, the first to end first."""
    muted = muted_jobs(knowledge.db, knowledge.community.key, knowledge.now)
    actions = knowledge.offers(
        Action(text="Mute a job", verb=Mute.name, needs="JOB for DURATION REASON")
    )
    if not muted:
        return Answer(verdict=("No job is muted now.",), actions=actions, private=True)
    found = sorted(muted.items(), key=lambda pair: (pair[1].until, pair[0]))
    return Answer(
        verdict=(f"{counted(len(found), 'job')} muted now.",),
        sections=(
            Section(
                title="The first to end first",
                lines=tuple(
                    (job, " until ", When(mute.until), f", by {mute.by}: {mute.reason}")
                    for job, mute in found[:LINES_SHOWN]
                ),
                more=max(0, len(found) - LINES_SHOWN),
            ),
        ),
        actions=actions,
        private=True,
    )


def _duration(words: Sequence[str]) -> tuple[timedelta, int]:
    """Return the time that words begin with, and how many of them say it: `7d`, or `7 days`."""
    for used in (1, 2):
        found = DURATION.fullmatch("".join(words[:used]).lower().rstrip(",:"))
        if found and len(words) >= used:
            return int(found.group(1)) * UNITS[found.group(2)], used
    return timedelta(), 0


def _allowed(duration: timedelta) -> timedelta:
    if duration > LONGEST:
        raise Refused(
            "A job can be muted for 30 days at most. Say it again then, if it still fails.",
            reason="too_long",
        )
    return duration


def _said(reason: str) -> str:
    if not reason.strip():
        raise Refused(
            "Why? Say the reason after the time, for those who will wonder.", reason="usage"
        )
    return reason
