"""One test of the nightly page, opened: its nights, its attempts, and who looks after it.

Whoever follows a failing test's name sees this, inside the page or fetched into it. The test's own page has more.
"""

from urllib.parse import quote, urlencode

from msgspec import Struct

from chatops.answers.job_words import Named
from chatops.answers.night_cells import NOT_THERE_YET
from chatops.answers.nights import Cell, Execution, Night, NightBoard, State, Test, counted
from chatops.config import Community, Owner, OwnerGroup
from chatops.engine.answer import said_as
from chatops.names import Repo, RunId
from chatops.views.addresses import Place, slug
from chatops.views.page import took

MARKS = {
    State.PASSED: "p",
    State.RERUN: "r",
    State.FAILED: "f",
    State.INFRA: "i",
    State.CANCELLED: "c",
    State.SKIPPED: "s",
    State.NOT_RUN: "n",
    State.NONE: "n",
    State.UNKNOWN: "u",
    State.RUNNING: "w",
    State.QUEUED: "w",
}
"""The class of a cell; the style sheet gives it glyph and colour."""
MUTE, UNMUTE = "mute", "unmute"
SAYABLE = {
    "why": "Why it fails…",
    "history": "How it has been…",
    "who": "Who looks after it…",
    MUTE: "Mute it…",
    UNMUTE: "End its mute…",
}
"""What can be said about the job of a night, with the words of its button. What is run again is on pull requests."""


class Sayable(Struct, frozen=True, kw_only=True):
    """What whoever looks can say: which verbs there are, and which jobs are muted, by their full names."""

    verbs: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()

    def is_of_use(self, verb: str, test: Test) -> bool:
        """Return whether there is any use in saying it about a test: what is muted is not muted again."""
        is_muted = Named(name=test.name, workflow=test.workflow).full in self.muted
        return verb in self.verbs and verb != (MUTE if is_muted else UNMUTE)


NOTHING = Sayable()


class Happening(Struct, frozen=True, kw_only=True):
    """One line of a test's history: one execution, or a night without one. `run_id` is 0 where no run is known."""

    night: str
    run_id: RunId
    attempt: str
    mark: str
    words: str
    step: str
    took: str
    url: str


class Person(Struct, frozen=True, kw_only=True):
    """Somebody who looks after a test, as the page names them."""

    name: str
    url: str
    chat: str
    chat_url: str


Owners = tuple[tuple[str, tuple[Person, ...]], ...]
"""The groups that look after a test, with their people."""


class Detail(Struct, frozen=True, kw_only=True):
    """All that is known of one test."""

    test: Test
    sentence: str
    weather: str
    happenings: tuple[Happening, ...]
    owners: Owners
    knows_required: bool
    address: str
    leads: tuple[tuple[str, str], ...]
    """What may be said about it: words, and the address of the form with the command in it."""


def detail(
    board: NightBoard,
    test: Test,
    community: Community,
    github_url: str,
    *,
    sayable: Sayable = NOTHING,
) -> Detail:
    """Return all that is known of a test, and what whoever looks can say about it."""
    place = Place(repo=test.repo, workflow=test.workflow, name=test.name)
    return Detail(
        test=test,
        sentence=_sentence(board, test),
        weather=_weather(test),
        happenings=tuple(
            happening
            for night, cell in zip(board.nights, test.cells, strict=True)
            for happening in happenings(test.repo, night, cell, github_url)
        ),
        owners=owners_of(community, test.name, github_url),
        knows_required=board.knows_required,
        address=f"tests/{slug(place, community.repositories[0])}",
        leads=tuple(
            (words, f"commands?{urlencode(_typed(verb, test), quote_via=quote)}")
            for verb, words in SAYABLE.items()
            if sayable.is_of_use(verb, test)
        ),
    )


def _typed(verb: str, test: Test) -> dict[str, str]:
    """Return what stands in the form: a mute wants to know why, so its line is to be finished."""
    said = said_as(verb, (test.name,))
    return {"say": f"/{said} for 7d " if verb == MUTE else f"/{said}", "repo": test.repo}


def _sentence(board: NightBoard, test: Test) -> str:
    """Return how it is doing, in a sentence."""
    if test.is_gone:
        return "The newest nights do not know this test any more; it was removed or renamed."
    if not test.runs:
        return f"It has neither passed nor failed in {counted(len(board.nights), 'night')}."
    if test.streak and test.since is not None:
        if test.runs == 1:
            return f"It failed the only time it ran, {test.since.name}."
        if test.streak == test.runs:
            return f"It failed every time it ran: {test.runs} nights since {test.since.name}."
        nights = "1 night" if test.streak == 1 else f"{test.streak} nights in a row"
        return f"It has been failing for {nights}, since {test.since.name}; {_totals(test)}."
    return f"It is passing; {_totals(test)}."


def _totals(test: Test) -> str:
    again = f" and was run again {counted(test.reruns, 'time')}" if test.reruns else ""
    return f"it failed in {test.fails} of {counted(test.runs, 'night')}{again}"


def _weather(test: Test) -> str:
    share = test.weather.share
    return test.weather.word if share is None else f"{test.weather.word}, {share:.0%} passed"


def happenings(repo: Repo, night: Night, cell: Cell, github_url: str) -> list[Happening]:
    """Return what happened to a test in a night, line by line, the newest first."""
    if cell is NOT_THERE_YET:
        return []
    if not cell.executions:
        return [
            Happening(
                night=night.name, run_id=RunId(0), attempt="", mark=MARKS[cell.state],
                words=f"{cell.state.value}: {cell.reason}", step="", took="", url="",
            )
        ]  # fmt: skip
    return [
        Happening(
            night=night.name,
            run_id=execution.run_id,
            attempt=str(execution.attempt) if execution.attempt else "an earlier one",
            mark=MARKS[execution.state],
            words=words_of(execution),
            step=execution.failed_step,
            took=took(execution.took),
            url=job_link(repo, execution, github_url),
        )
        for execution in reversed(cell.executions)
    ]


def words_of(execution: Execution) -> str:
    """Return how an execution ended; GitHub's own word where we have none."""
    if execution.state is State.UNKNOWN and execution.conclusion:
        return execution.conclusion.replace("_", " ")
    return execution.state.value


def owners_of(community: Community, name: str, github_url: str) -> Owners:
    """Return who looks after a job, as pages name them: never by an address for mail."""
    return tuple(
        (owners.group, people_of(owners, github_url)) for owners in community.owners_of(name)
    )


def people_of(group: OwnerGroup, github_url: str) -> tuple[Person, ...]:
    """Return the people of a group, as pages name them."""
    return tuple(_person(owner, github_url) for owner in group.owners)


def _person(owner: Owner, github_url: str) -> Person:
    login = owner.github.removeprefix("@")
    name = owner.fullname or login or owner.slack
    return Person(
        name=name,
        url=f"{github_url}/{quote(login)}" if login else "",
        chat=owner.slack if owner.slack != name else "Slack" if owner.slackurl else "",
        chat_url=owner.slackurl if owner.slackurl.startswith("https://") else "",
    )


def run_link(repo: Repo, run_id: RunId, github_url: str) -> str:
    """Return where on GitHub a run is."""
    return f"{github_url}/{repo}/actions/runs/{run_id}"


def job_link(repo: Repo, execution: Execution, github_url: str) -> str:
    """Return where on GitHub an execution is."""
    run = run_link(repo, execution.run_id, github_url)
    if execution.job_id:
        return f"{run}/job/{execution.job_id}"
    return f"{run}/attempts/{execution.attempt}" if execution.attempt > 1 else run
