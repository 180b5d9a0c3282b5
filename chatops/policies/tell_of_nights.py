"""Tells those who follow jobs or the nightly what has changed, in one message for each of them and each attempt.

Whenever:  a night's results are complete
Asks for:  `notice.wanted` for each subscriber of whose jobs some turned red or green; `notice.withheld` for those that
           are muted, and where nobody can be reached. What stays as it was is no news
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import ClassVar
from urllib.parse import quote

from chatops.answers.night_edges import Changes, Edge, night_changes
from chatops.answers.nights import counted, night_board
from chatops.answers.subscribing import NOT_LINKED, follows, place_of, topic_words
from chatops.engine.command import Knowledge
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.notices import NightSettled, NoticeWanted, NoticeWithheld
from chatops.events.subscriptions import Topic
from chatops.projections.identities import Member
from chatops.projections.mutes import Mute, muted_jobs
from chatops.projections.notices import told_failing
from chatops.projections.subscriptions import JOB, JOBS, NIGHTLY, Subscription, subscriptions_to

NIGHTS = 14
"""How far back is looked for how a test was before."""
MUTED = "muted"


class TellOfNights(Policy):
    """Tell each subscriber once what has changed in a nightly run."""

    name: ClassVar[str] = "tell_of_nights"
    reads: ClassVar[tuple[type[Event], ...]] = (NightSettled,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        settled = fact.event
        assert isinstance(settled, NightSettled)
        community = scene.configuration.community_of(settled.repo)
        knowledge = scene.knowledge(community.key) if community is not None else None
        if community is None or knowledge is None:
            return []
        ended_at = settled.ended_at or fact.recorded_at
        following = [
            one
            for one in subscriptions_to(scene.db, community.key, (JOB, JOBS, NIGHTLY))
            if one.since < ended_at
        ]
        if not following:
            return []
        board = night_board(
            scene.db,
            community.repositories,
            community.nightly,
            nights=NIGHTS,
            now=fact.recorded_at,
        )
        changes = night_changes(board, settled.run_id, settled.attempt)
        if changes is None or not changes.edges:
            return []
        muted = muted_jobs(scene.db, community.key, fact.recorded_at)
        is_default = community.key == scene.configuration.default_community.key
        page = f"{knowledge.base_url}{'' if is_default else f'/{community.key}'}/nightly"
        told = _Telling(settled, changes, muted, knowledge, page, fact.recorded_at)
        return [
            Wanted(event)
            for subscriber, theirs in groupby(following, key=lambda one: one.subscriber)
            for event in told.to(subscriber, list(theirs))
        ]


class _Telling:
    """One attempt of a run, told to one subscriber after the other."""

    def __init__(
        self,
        settled: NightSettled,
        changes: Changes,
        muted: dict[str, Mute],
        knowledge: Knowledge,
        page: str,
        at: datetime,
    ) -> None:
        self._settled = settled
        self._changes = changes
        self._muted = muted
        self._knowledge = knowledge
        self._page = page
        self._at = at

    def to(self, subscriber: str, following: Sequence[Subscription]) -> Iterator[Event]:
        """Yield what a subscriber is told, and what is held back."""
        topics = {
            one.topic: [edge for edge in self._changes.edges if self._follows(one.topic, edge)]
            for one in following
        }
        known = told_failing(
            self._knowledge.db,
            self._knowledge.community.key,
            subscriber,
            self._settled.repo,
        )
        mine = [
            edge
            for edge in self._changes.edges
            if any(edge in edges for edges in topics.values()) and _is_news_to(edge, known)
        ]
        muted = [edge for edge in mine if edge.job.full in self._muted]
        news = [edge for edge in mine if edge.job.full not in self._muted]
        if muted:
            yield self._withheld(subscriber, muted, MUTED, self._why_muted(muted))
        if not news:
            return
        place = place_of(self._knowledge.db, subscriber)
        if place is None:
            yield self._withheld(subscriber, news, *NOT_LINKED)
            return
        because = [topic for topic, edges in topics.items() if any(one in news for one in edges)]
        yield self._wanted(subscriber, news, because, place)

    def _follows(self, topic: Topic, edge: Edge) -> bool:
        counts = self._changes.counts_for_night(edge.test)
        return follows(topic, edge.job, counts_for_night=counts)

    def _wanted(
        self, subscriber: str, news: Sequence[Edge], because: Sequence[Topic], place: Member
    ) -> NoticeWanted:
        settled, community = self._settled, self._knowledge.community
        return NoticeWanted(
            notice=self._name(subscriber),
            community=community.key,
            subscriber=subscriber,
            repo=settled.repo,
            run_id=settled.run_id,
            attempt=settled.attempt,
            to=place.member,
            team=place.team,
            topics=tuple(topic_words(topic, community) for topic in because),
            workflow=settled.workflow,
            night=self._changes.night,
            failing=tuple(edge.job.full for edge in news if edge.fails),
            fixed=tuple(edge.job.full for edge in news if not edge.fails),
            required_failed=self._changes.required_failed,
            required_passed=self._changes.required_passed,
            url=self._url(news),
            slash_command=community.slash_command,
            wanted_at=self._at,
        )

    def _url(self, news: Sequence[Edge]) -> str:
        """Return where to look: the night's page, at the job if it is one; the run itself where there are no pages."""
        settled = self._settled
        if not self._knowledge.base_url:
            return f"{self._knowledge.github_url}/{settled.repo}/actions/runs/{settled.run_id}"
        return (
            self._page if len(news) > 1 else f"{self._page}?sel={quote(news[0].test.name, safe='')}"
        )

    def _withheld(
        self, subscriber: str, edges: Sequence[Edge], reason: str, text: str
    ) -> NoticeWithheld:
        return NoticeWithheld(
            notice=self._name(subscriber),
            community=self._knowledge.community.key,
            subscriber=subscriber,
            repo=self._settled.repo,
            run_id=self._settled.run_id,
            attempt=self._settled.attempt,
            jobs=tuple(edge.job.full for edge in edges),
            reason=reason,
            text=text,
            withheld_at=self._at,
        )

    def _name(self, subscriber: str) -> str:
        run = f"{self._settled.run_id}/{self._settled.attempt}"
        return f"notice/{self._knowledge.community.key}/{subscriber}/{run}"

    def _why_muted(self, edges: Sequence[Edge]) -> str:
        """Return who muted them, until when and why: of the first to end first."""
        mute = min((self._muted[edge.job.full] for edge in edges), key=lambda mute: mute.until)
        first = f"Muted by {mute.by} until {mute.until:%Y-%m-%d %H:%M} UTC: {mute.reason}"
        return first if len(edges) == 1 else f"{counted(len(edges), 'job')}. {first}"


def _is_news_to(edge: Edge, told: set[str]) -> bool:
    """Return whether somebody is to be told: that a rerun helped concerns who was told of the failure."""
    return edge.fails or not edge.is_back or edge.job.full in told
