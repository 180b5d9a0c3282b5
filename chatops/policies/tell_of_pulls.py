"""Tells those who follow a pull request how its checks ended, and again whenever that has changed.

Whenever:  a run, a job or a check ends, or a status is set, on the head of a pull request that somebody follows
Asks for:  `notice.wanted` for each of them, once nothing runs any more, if the verdict on this commit is another one
           than they were told last; `notice.withheld` where they cannot be reached
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from msgspec import Struct

from chatops.answers.night_cells import State
from chatops.answers.pull_checks import PullChecks, pull_checks
from chatops.answers.subscribing import NOT_LINKED, place_of, topic_words
from chatops.engine.command import Knowledge
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.checks import CheckSeen, StatusSet
from chatops.events.notices import NoticeWanted, NoticeWithheld
from chatops.events.runs import JobCompleted, RunCompleted
from chatops.names import PullNumber, Repo, Sha
from chatops.projections.notices import verdicts_told
from chatops.projections.pulls import numbers_of_commit, pull, pulls_of_commits
from chatops.projections.subscriptions import followed_pulls, followers, pull_topic

NEWS = timedelta(hours=24)
"""What happened longer ago than this when we heard of it is history, by whatever road it came."""
RED, GREEN = "red", "green"
FAILED = frozenset({State.FAILED, State.INFRA})
PASSED = "success"


class Verdict(Struct, frozen=True, kw_only=True):
    """How the checks of a commit ended: red with those that failed, or green, and whether the gate passed.

    `passed` counts the required ones where it is known which are, `besides` what failed and is not required.
    """

    word: str
    failing: tuple[str, ...] = ()
    passed: int = 0
    gate: bool = False
    besides: int = 0


class TellOfPulls(Policy):
    """Tell each subscriber each change of the verdict on a commit once."""

    name: ClassVar[str] = "tell_of_pulls"
    reads: ClassVar[tuple[type[Event], ...]] = (RunCompleted, JobCompleted, CheckSeen, StatusSet)

    def concerned(self, facts: Sequence[Recorded], scene: Scene) -> Sequence[Recorded]:
        """Return the newest of those about one commit: all of them would be judged by the same read models."""
        newest = {
            _commit(fact): fact for fact in facts if fact.recorded_at - fact.occurred_at <= NEWS
        }
        pulls = pulls_of_commits(scene.db, newest.keys())
        named = {
            commit: {(commit[0], number) for number in numbers} for commit, numbers in pulls.items()
        }
        followed = followed_pulls(scene.db, set().union(*named.values()))
        return [fact for commit, fact in newest.items() if followed & named.get(commit, set())]

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        return [
            Wanted(event)
            for repo, number in _followed(fact, scene)
            for event in _told(fact, repo, number, scene)
        ]


def _followed(fact: Recorded, scene: Scene) -> list[tuple[Repo, PullNumber]]:
    """Return the pull requests that somebody follows and whose head the commit is, or was."""
    repo, sha = _commit(fact)
    numbers = numbers_of_commit(scene.db, repo, sha)
    return sorted(followed_pulls(scene.db, [(repo, number) for number in numbers]))


def _commit(fact: Recorded) -> tuple[Repo, Sha]:
    assert isinstance(fact.event, RunCompleted | JobCompleted | CheckSeen | StatusSet)
    return fact.event.repo, fact.event.sha


def _told(fact: Recorded, repo: Repo, number: PullNumber, scene: Scene) -> Iterator[Event]:
    community = scene.configuration.community_of(repo)
    knowledge = scene.knowledge(community.key) if community is not None else None
    known = pull(scene.db, repo, number)
    if knowledge is None or known is None:
        return
    if known.state != "open" or known.sha != _commit(fact)[1]:
        return
    checks = pull_checks(knowledge, repo, number)
    verdict = _verdict(checks)
    if verdict is None:
        return
    key, ended_at = knowledge.community.key, _ended_at(checks, fact)
    told = verdicts_told(scene.db, repo, number, known.sha)
    for one in followers(scene.db, key, pull_topic(repo, number)):
        before = told.get((key, one.subscriber), [])
        if one.since < ended_at and verdict.word not in before[-1:]:
            yield _notice(fact, checks, verdict, one.subscriber, len(before), knowledge)


def _verdict(checks: PullChecks) -> Verdict | None:
    """Return how the checks ended; nothing while some run, and where what is missing makes it neither red nor green.

    Where it is known what is required, only that counts.
    """
    gate = checks.gate
    if not checks.checks or checks.running or not all(run.is_over for run in checks.runs):
        return None
    counting = checks.required or checks.checks
    failed = [check for check in checks.failed if check.state in FAILED]
    failing = tuple(check.name for check in failed if check in counting)
    besides = len(failed) - len(failing)
    if failing:
        return Verdict(word=RED, failing=failing, besides=besides)
    passed = gate is not None and gate.conclusion == PASSED
    is_unclear = any(check in counting for check in (*checks.failed, *checks.holding_up))
    if is_unclear or (gate is not None and not passed):
        return None
    return Verdict(word=GREEN, passed=len(checks.required), gate=passed, besides=besides)


def _ended_at(checks: PullChecks, fact: Recorded) -> datetime:
    """Return when the last of it ended, as far as runs tell."""
    ends = [run.completed_at for run in checks.runs if run.completed_at is not None]
    return max(ends, default=fact.occurred_at)


def _notice(
    fact: Recorded,
    checks: PullChecks,
    verdict: Verdict,
    subscriber: str,
    told: int,
    knowledge: Knowledge,
) -> NoticeWanted | NoticeWithheld:
    """Return what a subscriber is told; its name says the how manieth verdict on the commit it is, and which."""
    head, community = checks.pull, knowledge.community
    name = f"notice/{community.key}/{subscriber}/{head.repo}#{head.number}/{head.sha}/{told}/{verdict.word}"
    place = place_of(knowledge.db, subscriber)
    if place is None:
        reason, text = NOT_LINKED
        return NoticeWithheld(
            notice=name,
            community=community.key,
            subscriber=subscriber,
            repo=head.repo,
            number=head.number,
            sha=head.sha,
            verdict=verdict.word,
            jobs=verdict.failing,
            reason=reason,
            text=text,
            withheld_at=fact.recorded_at,
        )
    return NoticeWanted(
        notice=name,
        community=community.key,
        subscriber=subscriber,
        repo=head.repo,
        number=head.number,
        sha=head.sha,
        verdict=verdict.word,
        to=place.member,
        team=place.team,
        topics=(topic_words(pull_topic(head.repo, head.number), community),),
        failing=verdict.failing,
        required_passed=verdict.passed,
        gate=verdict.gate,
        besides=verdict.besides,
        url=f"{knowledge.github_url}/{head.repo}/pull/{head.number}",
        slash_command=community.slash_command,
        wanted_at=fact.recorded_at,
    )
