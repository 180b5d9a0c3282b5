"""Which jobs does somebody mean, of this pull request or of the nightly, and what is known of them in both places?"""

from collections.abc import Sequence

from msgspec import Struct

from chatops.answers.job_words import Named, meant
from chatops.answers.nights import NightBoard, Test, night_board
from chatops.answers.pull_checks import Check, PullChecks, pull_checks
from chatops.engine.command import Knowledge
from chatops.errors import Refused
from chatops.events.conversation import CommandReceived
from chatops.projections.pulls import pull

NIGHTS = 14


class Both(Struct, frozen=True, kw_only=True):
    """One job: as a check of the pull request, and as a test of the nightly, each where there is one."""

    job: str
    check: Check | None
    test: Test | None


class Places(Struct, frozen=True, kw_only=True):
    """The two places where jobs run: the pull request that is spoken of, and the nightly."""

    checks: PullChecks | None
    board: NightBoard | None

    def both(self, check: Check) -> Both:
        """Return what is known of a check of the pull request."""
        return self.all_both([check])[0]

    def all_both(self, checks: Sequence[Check]) -> list[Both]:
        """Return the same of several."""
        tests = self._tests()
        return [Both(job=check.job, check=check, test=tests.get(check.job)) for check in checks]

    def called(self, pattern: str, knowledge: Knowledge) -> list[Both]:
        """Return the jobs a pattern means, those of the pull request first; refuse where it means none."""
        checks = () if self.checks is None else self.checks.checks
        here = {check.job for check in checks}
        named = {
            Named(name=check.job, workflow=check.workflow): self.both(check) for check in checks
        } | {
            Named(name=test.name, workflow=test.workflow): Both(job=job, check=None, test=test)
            for job, test in self._tests().items()
            if job not in here
        }
        if not named:
            raise Refused(
                "I know no job yet: neither a night nor a run here was heard of.", reason="no_jobs"
            )
        return [named[one] for one in meant(pattern, list(named), aliases=_aliases(knowledge))]

    def _tests(self) -> dict[str, Test]:
        return {} if self.board is None else {test.name: test for test in self.board.tests}


def places(received: CommandReceived, knowledge: Knowledge) -> Places:
    """Return what is known of where somebody asked, and of the nightly."""
    known = pull(knowledge.db, received.repo, received.number) if received.number else None
    checks = pull_checks(knowledge, known.repo, known.number) if known is not None else None
    community = knowledge.community
    board = (
        night_board(
            knowledge.db,
            community.repositories,
            community.nightly,
            nights=NIGHTS,
            now=knowledge.now,
        )
        if community.nightly
        else None
    )
    return Places(checks=checks, board=board)


def _aliases(knowledge: Knowledge) -> dict[str, str]:
    return dict(knowledge.community.job_aliases)
