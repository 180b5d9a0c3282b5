"""`/unmute`: a job that was muted is of interest again.

Asks for:  the role triage; a job that is muted
Decides:   `jobs.unmuted` for each muted job that is meant
Tells:     which jobs are shown as ever
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from chatops.answers.job_words import Named, meant
from chatops.answers.nights import counted
from chatops.engine.answer import Answer, Section
from chatops.engine.authority import Role
from chatops.engine.command import Asked, Command, Knowledge, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.mutes import JobsUnmuted
from chatops.projections.mutes import muted_jobs

LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Unmute(Command):
    """End a mute."""

    pattern: str

    name: ClassVar[str] = "unmute"
    usage: ClassVar[str] = "JOB"
    help: ClassVar[str] = "Show a muted job as ever."
    example: ClassVar[str] = "/unmute *s390x*"
    role: ClassVar[Role] = Role.TRIAGER
    irreversible: ClassVar[str] = "Say `/mute` again, with for how long and why."

    @classmethod
    def parse(cls, words: Sequence[str]) -> Self:
        if not words:
            raise Refused(
                "`unmute` needs a job: its name, a part of it, or a pattern. `mute` alone lists what is muted.",
                reason="usage",
            )
        return cls(" ".join(words))

    def decide(self, asked: Asked, knowledge: Knowledge) -> Sequence[Event]:
        muted = muted_jobs(knowledge.db, knowledge.community.key, knowledge.now)
        if not muted:
            raise Refused("No job is muted now.", reason="as_it_is")
        jobs = meant(
            self.pattern,
            [Named(name=job) for job in muted],
            aliases=knowledge.community.job_aliases,
        )
        return [
            JobsUnmuted(
                command=asked.received.command,
                community=knowledge.community.key,
                jobs=tuple(job.name for job in jobs),
                by=asked.by,
                at=knowledge.now,
            )
        ]

    @classmethod
    def tell(cls, story: Story, knowledge: Knowledge) -> Answer:
        del knowledge
        unmuted = story.first(JobsUnmuted)
        assert unmuted is not None
        jobs = unmuted.jobs
        return Answer(
            verdict=(f"{counted(len(jobs), 'job')} {_are(jobs)} no longer muted.",),
            sections=(
                Section(
                    title="Shown as ever",
                    lines=tuple((job,) for job in jobs[:LINES_SHOWN]),
                    more=max(0, len(jobs) - LINES_SHOWN),
                ),
            ),
        )


def _are(jobs: Sequence[str]) -> str:
    return "is" if len(jobs) == 1 else "are"
