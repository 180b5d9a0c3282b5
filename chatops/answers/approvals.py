"""Is a pull request found good, and who still has to approve which of its files?"""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from sqlalchemy import Connection

from chatops.answers.owners import Area, areas
from chatops.config import Approvals
from chatops.events.approvals import APPROVE, LGTM, Awaited
from chatops.events.owners import OwnersChanged
from chatops.names import Login, Sha
from chatops.projections.approvals import Word, words_on
from chatops.projections.owners import owners_now
from chatops.projections.pull_files import files_of_pull
from chatops.projections.pulls import Pull
from chatops.projections.trees import with_files_of

MOST_AWAITED = 20
LONGEST_DESCRIPTION = 140
"""As much as GitHub takes of a status."""


class Picture(Struct, frozen=True, kw_only=True):
    """What is known of a pull request's approvals. `areas` is nothing while owners or files are not known.

    `same_files` are the commits before that hold the files of the head, where an lgtm goes on as long as these stay.
    """

    pull: Pull
    words: tuple[Word, ...]
    areas: tuple[Area, ...] | None
    keeps_lgtm: bool
    authors_approve: bool
    needs_issue: bool
    same_files: frozenset[Sha] = frozenset()

    @property
    def lgtms(self) -> list[Word]:
        """Return who finds it good as it is now."""
        return [
            word
            for word in self.words
            if word.grade == LGTM
            and word.stands
            and (self.keeps_lgtm or word.keeps or word.sha in {self.pull.sha, *self.same_files})
        ]

    @property
    def was_found_good(self) -> bool:
        """Return whether anybody ever said so."""
        return any(word.grade == LGTM for word in self.words)

    def last_word(self, grade: str, login: Login) -> Word | None:
        """Return what somebody last said, if it still stands."""
        return next(
            (
                word
                for word in self.words
                if word.grade == grade and word.by.lower() == login.lower() and word.stands
            ),
            None,
        )

    def approving(self, names: Iterable[str] = (), *, without: str = "") -> set[str]:
        """Return the names under which it is approved, with `names` as well, and `without` what somebody said."""
        author = self.pull.author.lower()
        said = [word for word in self.words if word.grade == APPROVE]
        found = {
            name
            for word in said
            if word.stands and word.by.lower() != without.lower()
            for name in word.stands_for
        }
        has_spoken = any(word.by.lower() == author for word in said)
        if self.authors_approve and not has_spoken and author != without.lower():
            found.add(author)
        return found | set(names)

    def awaited(self, names: Iterable[str] = (), *, without: str = "") -> list[Area] | None:
        """Return the areas that nobody has approved, nothing while that cannot be known."""
        if self.areas is None:
            return None
        approving = self.approving(names, without=without)
        return [area for area in self.areas if not area.is_approved_by(approving)]

    def lacks_issue(self, *, without: str = "") -> bool:
        """Return whether it has to name an issue and does not, and no owner said that it needs none."""
        if not self.needs_issue or self.pull.names_issue:
            return False
        return not any(
            word.grade == APPROVE
            and word.stands
            and word.no_issue
            and word.by.lower() != without.lower()
            and any(not area.owners.isdisjoint(word.stands_for) for area in self.areas or ())
            for word in self.words
        )


def picture(db: Connection, said: Approvals, known: Pull) -> Picture:
    """Return what is known of the approvals of a pull request."""
    owned = said.owners != "none"
    words = words_on(db, known.repo, known.number)
    return picture_of(
        said,
        known,
        words,
        owners_now(db, known.repo, said.branch) if owned else None,
        files_of_pull(db, known.repo, known.number, known.sha, known.base) if owned else None,
        _same_files(db, said, known, words),
    )


def picture_of(
    said: Approvals,
    known: Pull,
    words: Iterable[Word],
    rules: OwnersChanged | None,
    files: Sequence[str] | None,
    same_files: frozenset[Sha] = frozenset(),
) -> Picture:
    """Return the same from what was read already; without the same files an lgtm is for its own commit alone."""
    return Picture(
        pull=known,
        words=tuple(words),
        areas=_areas(said, rules, files),
        keeps_lgtm=said.keep_lgtm,
        authors_approve=said.authors_approve,
        needs_issue=said.issue_required and said.owners != "none",
        same_files=same_files,
    )


def _same_files(
    db: Connection, said: Approvals, known: Pull, words: Iterable[Word]
) -> frozenset[Sha]:
    older = {word.sha for word in words if word.grade == LGTM and word.sha != known.sha}
    if not (said.keep_lgtm_of_same_files and older):
        return frozenset()
    return with_files_of(db, known.repo, known.sha, older)


def names_of(found: Sequence[Area], login: str, teams: Iterable[str] = ()) -> frozenset[str]:
    """Return under which names somebody owns or reviews any of these files."""
    theirs = {login.lower(), *(team.lower() for team in teams)}
    said = {name for area in found for name in (*area.owners, *area.reviewers)}
    return frozenset(theirs & said)


def teams_of(found: Sequence[Area]) -> list[str]:
    """Return the teams that own or review any of these files, as `organization/team`."""
    return sorted(
        {name for area in found for name in (*area.owners, *area.reviewers) if "/" in name}
    )


def as_awaited(found: Sequence[Area]) -> tuple[Awaited, ...]:
    """Return areas in the few words that are remembered of them."""
    return tuple(
        Awaited(place=area.place, files=len(area.files), owners=area.nearest)
        for area in found[:MOST_AWAITED]
    )


def lgtm_status(seen: Picture) -> tuple[str, str] | None:
    """Return state and description of the status that shows an lgtm; none where nobody ever spoke of one."""
    if not seen.was_found_good:
        return None
    who = ", ".join(word.by for word in seen.lgtms)
    if who:
        return "success", _short(f"{who} said /lgtm")
    return "pending", "Nobody has said /lgtm for this commit"


def approved_status(seen: Picture) -> tuple[str, str] | None:
    """Return state and description of the status that shows approvals; none while owners or files are not known."""
    awaited = seen.awaited()
    if awaited is None:
        return None
    places = ", ".join(area.place for area in awaited)
    if seen.lacks_issue():
        more = f", and needs /approve by an owner of {places}" if awaited else ""
        return "pending", _short(f"Names no issue in its title or text{more}")
    if awaited:
        return "pending", _short(f"Needs /approve by an owner of {places}")
    return "success", "Every file is approved by an owner, or needs none"


def _areas(
    said: Approvals, rules: OwnersChanged | None, files: Sequence[str] | None
) -> tuple[Area, ...] | None:
    if said.owners == "none":
        return None
    # Where nobody is named at all, nobody has told: that makes nothing approved.
    if rules is None or files is None or not (rules.folders or rules.paths):
        return None
    return tuple(areas(rules, files))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_DESCRIPTION else f"{text[: LONGEST_DESCRIPTION - 1]}…"
