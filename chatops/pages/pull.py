"""The page of one pull request: can I merge it, and if not, what exactly is missing?

Its author opens it when something is red. The first sentence answers; below stand what to do, each check that is in the
way with whose its failure is, why it is asked for, and who did what so far. The words are those of `status pr`,
`gatekeeper` and `why`, for they are made by the same answers.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypedDict
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from chatops.answers.askers import who_asked
from chatops.answers.blame import Blame, Judgement
from chatops.answers.blocked_by import Blocker
from chatops.answers.chain_answer import spoken
from chatops.answers.chains import is_private
from chatops.answers.check_lines import REPEATABLE, quoted
from chatops.answers.gate_trace import gate_itself, gate_origin, gate_reasons, gate_verdict
from chatops.answers.meant_jobs import NIGHTS as NIGHTS_COMPARED
from chatops.answers.night_cells import GREEN, UNSETTLED, Execution, State
from chatops.answers.night_tests import LEVEL
from chatops.answers.pull_checks import Check, PullChecks, pull_checks
from chatops.answers.pull_status import SCOPE, reruns, to_do, tone, verdict
from chatops.answers.pull_story import PullStory, failures, pull_story
from chatops.config import Community
from chatops.engine.answer import Code, Line, Tone, pieces, plain
from chatops.engine.command import Knowledge
from chatops.events import Recorded
from chatops.events.gate import RequiredChecksChanged
from chatops.names import PullNumber, Repo, Sha
from chatops.pages.audit import MARKS as OUTCOMES
from chatops.pages.audit import CommandTold, command_json, pull_url
from chatops.projections.commands import Command
from chatops.projections.pulls import numbers_of_commit, pull
from chatops.views.lines import html
from chatops.views.missing import Missing
from chatops.views.missing import quoted as named
from chatops.views.nightly_detail import MARKS
from chatops.views.page import Viewer, render, shortened, sign_in_address
from chatops.views.table import rows_under
from chatops.views.view import Query, Seen, View, Word

ADDRESS = "prs/{id:path}"
RETEST, LET_IN = "retest", "ok-to-test"
SHA_SHOWN = 9
AWAITED_SHOWN = 10
MISSING_SHOWN = 5
QUIET = frozenset({"passed", "others", "running", "awaited", "missing"})
SILENT = frozenset({Blame.WAITING, Blame.PASSED, Blame.CANCELLED, Blame.NOT_RUN})
"""Of what has not failed nobody asks whose it is."""
PLACE = re.compile(r"(?:(?P<repo>[\w.-]+/[\w.-]+)/)?(?P<number>[1-9][0-9]{0,8})", re.ASCII)
WRONG = frozenset({State.FAILED, State.INFRA, State.UNKNOWN})


class Try(Struct, frozen=True, kw_only=True):
    """One time a check ran."""

    mark: str
    text: str
    words: str
    url: str


class Row(Struct, frozen=True, kw_only=True):
    """One check as the page shows it. `older` are its tries in runs that a newer one has replaced."""

    check: Check
    mark: str
    path: str
    leaf: str
    url: str
    tries: tuple[Try, ...]
    older: tuple[Try, ...]
    whose: str
    judged: Judgement | None
    because: str
    say: str
    say_address: str
    """Where whoever looks can say it; empty where nobody can."""


class Group(Struct, frozen=True, kw_only=True):
    """Checks under one title; of those that are `quiet` only names are shown."""

    key: str
    title: str
    rows: tuple[Row, ...]
    is_open: bool

    @property
    def is_quiet(self) -> bool:
        """Return whether nobody looks for anything but a name here."""
        return self.key in QUIET


class Done(Struct, frozen=True, kw_only=True):
    """A command about the pull request, and what it ran again."""

    command: Command
    who: str
    said: str
    mark: str
    reason: str
    is_private: bool
    again: str


def pull_place(community: Community, address: str) -> tuple[Repo, PullNumber] | None:
    """Return which pull request an address means: a number of the first repository, or `owner/name/number` of any."""
    found = PLACE.fullmatch(address)
    repos = {repo.lower(): repo for repo in community.repositories}
    repo = repos.get((found["repo"] or community.repositories[0]).lower()) if found else None
    return (Repo(repo), PullNumber(int(found["number"]))) if found and repo else None


def pull_address(community: Community, repo: Repo, number: PullNumber) -> str:
    """Return under which address, seen from the lists, a pull request has its page."""
    return f"prs/{number}" if repo == community.repositories[0] else f"prs/{repo}/{number}"


def render_pull(
    knowledge: Knowledge, story: PullStory, place: str, *, viewer: Viewer = Viewer.ANYBODY
) -> str:
    """Return the page; `place` is how its address calls the pull request."""
    checks, pull = story.checks, story.checks.pull
    return render(
        "pull.html",
        name=knowledge.community.title,
        here="pull",
        up="../" * (1 + place.count("/")),
        viewer=viewer,
        sign_in=sign_in_address(
            knowledge.base_url, f"/{knowledge.community.key}/prs/{quote(place)}"
        ),
        pull=pull,
        title=shortened(pull.title),
        pull_url=f"{knowledge.github_url}/{pull.repo}/pull/{pull.number}",
        is_alone=len(knowledge.community.repositories) == 1,
        is_bad=tone(checks) is Tone.BAD,
        verdict=html(verdict(checks, knowledge)),
        besides=[html(pieces(what)) for what in story.blocked.besides],
        counts=counts(checks),
        to_do=[html(line) for line in to_do(checks, knowledge)] if pull.state == "open" else [],
        buttons=buttons(story, knowledge, viewer),
        groups=groups(story, knowledge, viewer),
        gate=[html(line) for line in gate_lines(checks, knowledge)],
        trust=[html(line) for line in (*story.trust, *approvals(story))],
        done=done(story, knowledge),
        superseded=[(sha[:SHA_SHOWN], seen_at) for sha, seen_at in story.superseded],
        sha=pull.sha[:SHA_SHOWN],
        pushes=len(story.heads),
        checks=checks,
        now=knowledge.now,
        scope=SCOPE.strip(),
    )


class Superseded(TypedDict):
    """A commit that was the head before."""

    sha: str
    seen_at: datetime | None


class TryOfCheck(TypedDict):
    """One try of a check."""

    attempt: str
    result: str
    url: str


class WhoseTold(TypedDict):
    """Whose a failure is, and how sure that is."""

    blame: str
    sure: str
    evidence: Sequence[str]
    advice: str


class CheckOfPull(TypedDict):
    """One check of a pull request."""

    name: str
    group: str
    state: State
    is_required: bool
    required_by: str | None
    failed_step: str | None
    reason: str | None
    url: str | None
    tries: Sequence[TryOfCheck]
    superseded: Sequence[TryOfCheck]
    whose: WhoseTold | None
    say: str | None


class CommandOnPull(CommandTold):
    """A command about a pull request, and what ran again because of it."""

    ran_again: str | None


class PullDocument(TypedDict):
    """Whether a pull request can be merged, and what is missing."""

    repository: str
    number: int
    title: str
    author: str
    state: str
    is_draft: bool
    is_fork: bool
    labels: Sequence[str]
    base: str
    sha: str
    superseded: Sequence[Superseded]
    updated_at: datetime | None
    heard_at: datetime | None
    verdict: str
    blocked_by: Blocker
    missing: Sequence[str]
    knows_required: bool
    required: int
    passed: int
    to_do: Sequence[str]
    gate: Sequence[str]
    trust: Sequence[str]
    approvals: Sequence[str]
    checks: Sequence[CheckOfPull]
    commands: Sequence[CommandOnPull]


def pull_json(knowledge: Knowledge, story: PullStory) -> str:
    """Return the same for programs."""
    checks, pull = story.checks, story.checks.pull
    told: PullDocument = {
        "repository": pull.repo,
        "number": pull.number,
        "title": pull.title,
        "author": pull.author,
        "state": "merged" if pull.is_merged else pull.state,
        "is_draft": pull.is_draft,
        "is_fork": pull.is_fork,
        "labels": pull.labels,
        "base": pull.base,
        "sha": pull.sha,
        "superseded": [{"sha": sha, "seen_at": seen_at} for sha, seen_at in story.superseded],
        "updated_at": pull.updated_at,
        "heard_at": checks.heard_at,
        "verdict": plain(verdict(checks, knowledge)),
        "blocked_by": story.blocked.by,
        "missing": story.blocked.all,
        "knows_required": checks.needs is not None,
        "required": len(checks.required),
        "passed": sum(check.state in GREEN for check in checks.required),
        "to_do": [plain(line) for line in to_do(checks, knowledge)] if pull.state == "open" else [],
        "gate": [plain(line) for line in gate_lines(checks, knowledge)],
        "trust": [plain(line) for line in story.trust],
        "approvals": [plain(line) for line in approvals(story)],
        "checks": [
            _row_json(row, group.key) for group in groups(story, knowledge) for row in group.rows
        ],
        "commands": [
            {**command_json(one.command, one.who), "ran_again": one.again or None}
            for one in done(story, knowledge)
        ],
    }
    return msgspec.json.encode(told).decode()


def _row_json(row: Row, group: str) -> CheckOfPull:
    check, judged = row.check, row.judged
    return {
        "name": check.name,
        "group": group,
        "state": check.state,
        "is_required": check.is_required,
        "required_by": row.because or None,
        "failed_step": check.failed_step or None,
        "reason": check.reason or None,
        "url": row.url or None,
        "tries": [{"attempt": one.text, "result": one.words, "url": one.url} for one in row.tries],
        "superseded": [
            {"attempt": one.text, "result": one.words, "url": one.url} for one in row.older
        ],
        "whose": None
        if judged is None or not row.whose
        else {
            "blame": judged.blame,
            "sure": judged.sure,
            "evidence": judged.evidence,
            "advice": judged.advice,
        },
        "say": row.say or None,
    }


def counts(checks: PullChecks) -> list[tuple[str, int, str]]:
    """Return how many checks did what: (mark, number, word)."""
    found: dict[State, int] = {}
    for check in checks.checks:
        found[check.state] = found.get(check.state, 0) + 1
    return [(MARKS[state], found[state], state.value) for state in State if state in found]


def gate_lines(checks: PullChecks, knowledge: Knowledge) -> list[Line]:
    """Return what the gate wants, by which rules, and how it is, in the words of `gatekeeper`."""
    if checks.needs is None or checks.rules is None:
        return [("Nobody has told which checks this repository requires.",)]
    return [
        gate_verdict(checks, knowledge),
        *gate_reasons(checks, checks.rules, checks.needs),
        *gate_itself(checks, knowledge),
        gate_origin(checks.rules),
    ]


def approvals(story: PullStory) -> list[Line]:
    """Return who found it good, and which files nobody has approved."""
    picture = story.picture
    lines: list[Line] = []
    if picture.lgtms:
        who = ", ".join(word.by for word in picture.lgtms)
        lines.append((f"{who} said it looks good.",))
    elif picture.was_found_good:
        lines.append(("Somebody said it looks good, but of an older commit.",))
    if picture.lacks_issue():
        lines.append(
            (
                "It has to name an issue in its title or text; or an owner says ",
                Code("/approve no-issue"),
                ".",
            )
        )
    awaited = picture.awaited()
    if awaited == []:
        lines.append(("Every file is approved by an owner, or needs none.",))
    for area in (awaited or [])[:AWAITED_SHOWN]:
        owners = ", ".join(area.nearest) or "nobody who is known"
        lines.append(("To be approved: ", Code(area.place), f", by {owners}."))
    more = len(awaited or []) - AWAITED_SHOWN
    return [*lines, (f"… and {more} more.",)] if more > 0 else lines


def buttons(story: PullStory, knowledge: Knowledge, viewer: Viewer) -> list[tuple[str, str]]:
    """Return what whoever looks can say about it as a whole: words, and where; nothing where nobody can."""
    checks, community = story.checks, knowledge.community
    if checks.pull.state != "open":
        return []
    offered = {action.said: action.text for action in reruns(checks)}
    others = [check for check in checks.failed if check.workflow and check not in checks.holding_up]
    if others and not checks.running:
        offered.setdefault(RETEST, "Run all that failed again")
    if community.trust.label in checks.labels_missing:
        offered[LET_IN] = "Let its tests in"
    return [
        (f"{words}…", address)
        for said, words in offered.items()
        if said.split()[0] in knowledge.commands
        and (address := _form(said, checks, knowledge, viewer))
    ]


def _form(said: str, checks: PullChecks, knowledge: Knowledge, viewer: Viewer) -> str:
    """Return the address of the form with a command in it, after signing in where that is needed; else nothing."""
    pull, key = checks.pull, knowledge.community.key
    asked = {"say": f"/{said}", "repo": pull.repo, "number": str(pull.number)}
    form = f"/{key}/commands?{urlencode(asked, quote_via=quote)}"
    match viewer:
        case Viewer.SIGNED_IN:
            return form
        case Viewer.STRANGER:
            return sign_in_address(knowledge.base_url, form)
        case Viewer.ANYBODY | Viewer.LOOKING_BACK:
            return ""


def groups(story: PullStory, knowledge: Knowledge, viewer: Viewer = Viewer.ANYBODY) -> list[Group]:
    """Return every check in the group where somebody looks for it; what is quiet is closed."""
    checks = story.checks

    def of(key: str, title: str, found: Iterable[Check], *, is_open: bool = False) -> Group:
        rows = tuple(_row(check, story, knowledge, viewer) for check in found)
        return Group(key=key, title=title, rows=rows, is_open=is_open)

    held = [check for check in checks.holding_up if check.state not in UNSETTLED]
    ended = [check for check in held if check.state is not State.NOT_RUN]
    missing = [check for check in held if check.state is State.NOT_RUN]
    there = {id(check) for check in held}
    rest = [check for check in checks.checks if id(check) not in there]
    found = (
        of("blocking", "In the way", ended, is_open=True),
        of(
            "missing",
            "Required and never reported",
            missing,
            is_open=len(missing) <= MISSING_SHOWN,
        ),
        of(
            "awaited",
            "Required, not over",
            [check for check in rest if check.is_required and check.state in UNSETTLED],
        ),
        of(
            "failed",
            "Failed, not required" if checks.needs is not None else "Failed",
            [check for check in rest if check.state in WRONG],
            is_open=not held,
        ),
        of(
            "running",
            "Not over, not required" if checks.needs is not None else "Not over",
            [check for check in rest if not check.is_required and check.state in UNSETTLED],
        ),
        of(
            "rerun",
            "Passed when run again",
            [check for check in rest if check.state is State.RERUN],
        ),
        of("passed", "Passed", [check for check in rest if check.state is State.PASSED]),
        of(
            "others",
            "Cancelled, skipped or not run, not required",
            [
                check
                for check in rest
                if check.state in {State.CANCELLED, State.SKIPPED, State.NOT_RUN}
            ],
        ),
    )
    return [group for group in found if group.rows]


def _row(check: Check, story: PullStory, knowledge: Knowledge, viewer: Viewer) -> Row:
    cell = check.cell
    repo = story.checks.pull.repo
    executions = cell.executions if cell is not None else ()
    newest = executions[-1].run_id if executions else 0
    judged = story.judged.get(check.name)
    tries = [(one, _try(one, f"{knowledge.github_url}/{repo}/actions/runs")) for one in executions]
    path, _, leaf = check.name.rpartition(LEVEL)
    said = f"{RETEST} {quoted(check.name)}" if check.workflow and check.state in REPEATABLE else ""
    return Row(
        check=check,
        mark=MARKS[check.state],
        path=f"{path}{LEVEL}" if path else "",
        leaf=leaf,
        url=tries[-1][1].url if tries else _web(check.url),
        tries=tuple(shown for one, shown in tries if one.run_id == newest),
        older=tuple(shown for one, shown in tries if one.run_id != newest),
        whose=_whose(judged),
        judged=judged,
        because=_because(check, story.checks),
        say=f"/{said}" if said else "",
        say_address=_form(said, story.checks, knowledge, viewer)
        if said and RETEST in knowledge.commands and story.checks.pull.state == "open"
        else "",
    )


def _try(one: Execution, runs_url: str) -> Try:
    url = f"{runs_url}/{one.run_id}"
    attempt = f"attempt {one.attempt}" if one.attempt else "an earlier attempt"
    return Try(
        mark=MARKS[one.state],
        text=str(one.attempt or "?"),
        words=f"{attempt}: {one.state.value}",
        url=f"{url}/job/{one.job_id}" if one.job_id else url,
    )


def _web(url: str) -> str:
    return url if url.startswith(("https://", "http://")) else ""


def _whose(judged: Judgement | None) -> str:
    """Return whose a failure is, in few words."""
    if judged is None or judged.blame in SILENT:
        return ""
    if judged.blame is Blame.UNKNOWN:
        return "whose it is, I cannot tell"
    if judged.blame is Blame.SHARED:
        return f"{judged.sure.value} not this change’s"
    return f"{judged.sure.value} {judged.blame.value}"


def _because(check: Check, checks: PullChecks) -> str:
    """Return by which rule a check is required."""
    needs = checks.needs
    if not check.is_required or needs is None:
        return ""
    if check.needed is None:
        return "a pattern of the list"
    name = needs.because(check.needed)
    if not name:
        return "always"
    rules = [one.pattern for one in needs.touched if name in one.sets]
    if not rules:
        return f"set {name}"
    by = " or ".join(dict.fromkeys(rule or "files under no rule" for rule in rules))
    return f"set {name}, by {by}"


def done(story: PullStory, knowledge: Knowledge) -> list[Done]:
    """Return who asked for what here and what came of it, the newest first."""
    workflows = {run.run_id: run.workflow for run in story.checks.runs}
    return [
        Done(
            command=one,
            who=who_asked(one, knowledge),
            said=spoken(one),
            mark=OUTCOMES[one.outcome],
            reason=one.reason.replace("_", " "),
            is_private=is_private(one.surface),
            again=", ".join(
                f"{workflows.get(run.run_id, 'a run')} after attempt {run.attempt}"
                for run in story.again.get(one.command, ())
            ),
        )
        for one in story.commands
    ]


def _story(seen: Seen, query: Query) -> PullStory | None:
    """Return all about one pull request; its failures are compared with nights and with what else is open."""
    knowledge = seen.knowledge
    community = knowledge.community
    place = pull_place(community, query.get("id", ""))
    if place is None or pull(knowledge.db, *place) is None:
        return None
    checks = pull_checks(knowledge, *place)
    if not failures(checks):
        return pull_story(knowledge, checks, None, None)
    board = seen.board(NIGHTS_COMPARED) if community.nightly else None
    return pull_story(knowledge, checks, board, seen.queue())


def _html(seen: Seen, query: Query) -> str | None:
    told = _story(seen, query)
    if told is None:
        return None
    return render_pull(seen.knowledge, told, query["id"], viewer=seen.viewer)


def _missing(seen: Seen, query: Query) -> Missing:
    """Return what is said where nothing is known of a pull request."""
    knowledge, asked = seen.knowledge, query["id"]
    place, queue = pull_place(knowledge.community, asked), ("prs", "Open pull requests")
    if place is None:
        said = f"{named(asked)} is no pull request here: after `prs/` stands its number."
        return Missing(said=said, ways=[queue])
    on_github = (pull_url(*place, knowledge.github_url), "Look on GitHub")
    return Missing(said=f"Nothing was heard of pull request #{place[1]}.", ways=[queue, on_github])


def _json(seen: Seen, query: Query) -> str | None:
    told = _story(seen, query)
    return None if told is None else pull_json(seen.knowledge, told)


def _news(knowledge: Knowledge, recorded: Recorded) -> list[str]:
    """Return the pages of the pull requests that an event is about, or whose commit it is about."""
    event = recorded.event
    if isinstance(event, RequiredChecksChanged):
        return [ADDRESS]
    repo, sha = Repo(getattr(event, "repo", "")), Sha(getattr(event, "sha", ""))
    numbers = set(numbers_of_commit(knowledge.db, repo, sha)) if sha else set()
    # The number of what has a workflow is its run's.
    if not hasattr(event, "workflow") and (number := getattr(event, "number", 0)):
        numbers.add(PullNumber(number))
    return [pull_address(knowledge.community, repo, one) for one in sorted(numbers)]


WORDS = (
    Word(
        name="id",
        meaning="The number of a pull request; before it `OWNER/NAME/` in other repositories than the first.",
    ),
)
"""What the page can be asked."""
VIEW = View(
    address=ADDRESS,
    html=_html,
    missing=_missing,
    json=_json,
    document=PullDocument,
    words=WORDS,
    rows=rows_under("checks"),
    news=_news,
)
