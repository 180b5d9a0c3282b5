"""Which commit statuses of a pull request's head may somebody set by hand, and what do they say now?"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from chatops.answers.job_words import LEVEL
from chatops.answers.required_rule import RequiredRule, required_rule
from chatops.answers.reruns import Repeatable, repeatable_runs
from chatops.config import Community
from chatops.engine.answer import Answer, Code, Line, Piece, Section, Tone
from chatops.engine.command import Asked, Knowledge, Story
from chatops.errors import Refused
from chatops.events.conversation import EffectFailed
from chatops.events.statuses import StatusRequested, StatusWritten
from chatops.projections.jobs import Job
from chatops.projections.pulls import Pull
from chatops.projections.required import required_now
from chatops.projections.statuses import Status, statuses_of

OURS = "chatops/"
BRANCH_RULES = "branch rules"
SHA_SHOWN = 9
LONGEST = 140
"""GitHub takes no longer description of a status."""


class Contexts(Struct, frozen=True, kw_only=True):
    """What is on a commit: statuses, checks of other apps, and what is required and never came."""

    statuses: Sequence[Status]
    missing: Sequence[str]
    jobs: frozenset[str]
    """What the jobs of GitHub Actions are called here, with their workflows and without."""
    required: RequiredRule | None
    aliases: Mapping[str, str]
    """Short words of the community for what a job, or whatever else reports, is called."""

    @property
    def open(self) -> list[Status]:
        """Return the statuses that say neither yes nor anything of ours, also those that never came."""
        reported = [one for one in self.statuses if not one.is_check and one.state != "success"]
        return [*reported, *(Status(context=name, state="") for name in self.missing)]

    def is_required(self, name: str) -> bool:
        """Return whether a context has to pass, whatever writes it; what nobody has told is not."""
        rule = self.required
        if rule is None:
            return False
        is_named = name in rule.names or rule.has(name)
        return is_named or any(pattern.match(name) for pattern in rule.patterns)

    def called(self, word: str) -> str:
        """Return the name that somebody means by a word: an alias stands for one, unless something is called so."""
        known = {*(one.context.lower() for one in self.statuses), *map(str.lower, self.missing)}
        return word if word.lower() in known else self.aliases.get(word.lower(), word)

    def named(self, word: str) -> Status | None:
        """Return what somebody means by a word: a status before a check of the same name."""
        known = [*self.statuses, *(Status(context=name, state="") for name in self.missing)]
        name = self.called(word).lower()
        return next((one for one in known if one.context.lower() == name), None)


def contexts_of(knowledge: Knowledge, known: Pull) -> Contexts:
    """Return what is on the head of a pull request."""
    statuses = statuses_of(knowledge.db, known.repo, known.sha)
    rules = required_now(knowledge.db, known.repo)
    there = {one.context for one in statuses}
    names = rules.names if rules is not None and rules.origin == BRANCH_RULES else ()
    runs = repeatable_runs(knowledge.db, known.repo, known.sha, knowledge.now)
    jobs = {name for run in runs for job in run.jobs for name in (job.name, full(run, job))}
    return Contexts(
        statuses=statuses,
        missing=[name for name in names if name not in there and name not in jobs],
        jobs=frozenset(jobs),
        required=required_rule(knowledge.db, known.repo),
        aliases=knowledge.community.job_aliases,
    )


def full(run: Repeatable, job: Job) -> str:
    """Return a job's name with its workflow before it."""
    return f"{run.workflow}{LEVEL}{job.name}"


def is_ours(context: str, community: Community) -> bool:
    """Return whether a context is what the bot says itself; it has commands of its own."""
    return context.startswith(OURS) or context == community.trust.status


def status_wanted(
    asked: Asked, known: Pull, before: Status, *, state: str, description: str
) -> StatusRequested:
    """Return that a command wants a status set, with what it says now."""
    return StatusRequested(
        command=asked.received.command,
        repo=known.repo,
        sha=known.sha,
        context=before.context,
        state=state,
        description=description[:LONGEST],
        url=before.url,
        before=before.state,
        before_description=before.description,
        before_url=before.url,
    )


def statuses_taken_back(story: Story, asked: Asked, knowledge: Knowledge) -> list[StatusRequested]:
    """Return what lets the statuses say what they said before; refuse where one says something else by now."""
    requested = story.all(StatusRequested)
    now = {
        (request.sha, one.context): (one.state, one.description)
        for request in requested
        for one in statuses_of(knowledge.db, request.repo, request.sha)
        if not one.is_check
    }
    for request in requested:
        before = (request.before, request.before_description)
        says = now.get((request.sha, request.context), before)
        # What was set a moment ago may not have been heard back yet.
        if says not in (before, (request.state, request.description)):
            name = request.context.replace("`", "")
            raise Refused(
                f"`{name}` says something else by now ({says[0]}), so I left it as it is.",
                reason="changed_since",
            )
    return [_back(request, asked) for request in requested]


def _back(request: StatusRequested, asked: Asked) -> StatusRequested:
    """Return the former status. GitHub takes none away: what had not come is told to be awaited."""
    taken_back = f"Taken back by {asked.by}"
    return StatusRequested(
        command=asked.received.command,
        repo=request.repo,
        sha=request.sha,
        context=request.context,
        state=request.before or "pending",
        description=request.before_description if request.before else taken_back,
        url=request.before_url,
        before=request.state,
        before_description=request.description,
        before_url=request.url,
    )


def statuses_answer(story: Story, done: str, doing: str, why: str = "", *, quiet: bool) -> Answer:
    """Return the message about statuses that are set."""
    requested, written = story.all(StatusRequested), story.all(StatusWritten)
    failed = story.all(EffectFailed)
    is_done = len(written) == len(requested)
    commit = Code(requested[0].sha[:SHA_SHOWN])
    line: list[Piece] = [done if is_done else doing, " "]
    for place, request in enumerate(requested):
        line += [", ", Code(request.context)] if place else [Code(request.context)]
    sections = [Section(title="Not set", lines=tuple(_said(one) for one in failed))]
    return Answer(
        verdict=(*line, " on ", commit, f": {why}" if why else "."),
        tone=Tone.BAD if failed else Tone.NEUTRAL if is_done else Tone.BUSY,
        sections=tuple(section for section in sections if section.lines),
        quiet=quiet and not failed,
    )


def _said(failed: EffectFailed) -> Line:
    return (failed.text,)
