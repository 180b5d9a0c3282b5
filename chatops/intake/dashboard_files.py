"""The first dashboards' data files become facts: `job_stats.json` of nightlies, `check_stats.json` of pull requests.

Both map a test's name to lists that run in parallel, the newest night or pull request first. Files of the extended
dashboard also tell the earlier attempts: `rerun_results[i]` holds them from the newest to the oldest, after
`results[i]`, and `attempt_urls[i]` all of them in the same order. There, `fails` and `skips` count every attempt,
`runs` only nights or pull requests; in the plain files all three count `results`.

The files repeat a job in every later attempt of its run although it was not run again. An attempt that says the same
as the one before it, which had not failed, is therefore taken as carried over.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from chatops.errors import BadInput
from chatops.events import Event, Fact
from chatops.events.checks import CheckReported
from chatops.events.gate import RequiredReported
from chatops.events.runs import JobReported, RunReported
from chatops.intake.objects import name as cleaned
from chatops.names import JobId, PullNumber, Repo, RunId

RESULTS = ("Pass", "Fail", "Skip")
MOST_PROBLEMS = 20
NEWLINE = b"\n"
LISTS = ("results", "run_nums", "urls")
ATTEMPT_LISTS = ("reruns", "rerun_results", "attempt_urls")
_RUN = re.compile(
    r"https://[^/\s]+/([^/\s]+/[^/\s]+)/actions/runs/(\d{1,18})(?:/job/(\d{1,18}))?(?:[?#/].*)?"
)
_PULL = re.compile(r"https://[^/\s]+/([^/\s]+/[^/\s]+)/pull/(\d{1,9})(?:[?#/].*)?")


class Imported(Struct, frozen=True, kw_only=True):
    """What a file holds: its kind, its facts, how many tests and nights (or pull requests), and its own totals."""

    kind: str
    facts: tuple[Fact, ...]
    jobs: int
    runs: int
    totals: Mapping[str, int]


class _Problems(Struct):
    """What is wrong with a file, up to as much as somebody would read."""

    path: Path
    found: list[str] = field(default_factory=list)
    more: int = 0

    def add(self, pointer: str, found: object, expected: str) -> None:
        shown = repr(found)
        short = shown if len(shown) <= 60 else f"{shown[:59]}…"  # noqa: PLR2004 - fits a line
        if len(self.found) < MOST_PROBLEMS:
            self.found.append(f"{self.path}: {pointer}: found {short}, expected {expected}")
        else:
            self.more += 1

    def refuse(self) -> None:
        if self.found:
            rest = [f"{self.path}: and {self.more} more problems"] if self.more else []
            raise BadInput([*self.found, *rest])


def read_dashboard_file(path: Path, *, repo: Repo | None, workflow: str) -> Imported:
    """Read a file whole; `BadInput` with everything that is wrong in it, and then nothing of it is used."""
    raw = _bytes(path)
    tests = _tests(path, raw)
    problems = _Problems(path)
    is_of_pulls = _is_of_pulls(tests)
    events: dict[str, Event] = {}
    for name, content in tests.items():
        rows = _rows(name, content, problems)
        made = _check_facts(rows, repo) if is_of_pulls else _job_facts(rows, repo, workflow)
        for event in made:
            events.setdefault(event.key(), event)
    problems.refuse()
    required = _required(tests, repo, events)
    if required is not None:
        events[required.key()] = required
    origin = f"import/{sha256(raw).hexdigest()[:16]}"
    return Imported(
        kind="checks of pull requests" if is_of_pulls else "jobs of nightlies",
        facts=tuple(
            Fact(event=event, source="import", correlation_id=origin) for event in events.values()
        ),
        jobs=len(tests),
        runs=len({number for content in tests.values() for number in content.get("run_nums", ())}),
        totals={
            word: sum(int(content.get(word, 0)) for content in tests.values())
            for word in ("runs", "fails", "skips")
        },
    )


def recount(facts: Sequence[Fact], *, with_attempts: bool) -> Mapping[str, int]:
    """Count runs, fails and skips again from the facts, as the dashboards count them."""
    newest: dict[tuple[object, str], int] = {}
    results: dict[tuple[object, str, int], str] = {}
    for fact in facts:
        event = fact.event
        if isinstance(event, JobReported):
            key: tuple[object, str] = (event.run_id, event.name)
        elif isinstance(event, CheckReported):
            key = (event.number, event.name)
        else:
            continue
        newest[key] = max(newest.get(key, 0), event.attempt)
        results[*key, event.attempt] = event.result
    counted = [
        result
        for (about, name, attempt), result in results.items()
        if with_attempts or newest[about, name] == attempt
    ]
    return {"runs": len(newest), "fails": counted.count("Fail"), "skips": counted.count("Skip")}


class _Row(Struct, frozen=True, kw_only=True):
    """One attempt of one test in one night or pull request."""

    name: str
    number: int
    attempt: int
    result: str
    url: str
    carried: bool


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise BadInput([f"{path}: it cannot be read ({problem.strerror})"]) from problem


def _tests(path: Path, raw: bytes) -> Mapping[str, Mapping[str, Any]]:
    if not raw.strip():
        raise BadInput([f"{path}: found nothing, expected a JSON object"])
    if raw.lstrip()[:1] == b"<":
        raise BadInput([f"{path}: found a page (it begins with '<'), expected a JSON object"])
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadInput([f"{path}: {_place(raw, problem)}expected JSON ({problem})"]) from problem
    if not isinstance(value, dict) or not value:
        shown = "an empty object" if value == {} else f"a {type(value).__name__}"
        raise BadInput([f"{path}: found {shown}, expected an object of tests by name"])
    problems = _Problems(path)
    for name, content in value.items():
        if not isinstance(content, dict):
            problems.add(f"/{name}", content, "an object with results, run_nums and urls")
            continue
        for key in LISTS:
            if not isinstance(content.get(key), list):
                problems.add(f"/{name}/{key}", content.get(key), "a list")
    problems.refuse()
    return value


def _place(raw: bytes, problem: Exception) -> str:
    """Return line and column of a byte that a decoder complains about, where it says one."""
    found = re.search(r"byte (\d+)", str(problem))
    if found is None:
        return f"line {raw.count(NEWLINE) + 1}: " if "truncated" in str(problem) else ""
    before = raw[: int(found.group(1))]
    return f"line {before.count(NEWLINE) + 1}, column {len(before) - before.rfind(NEWLINE)}: "


def _is_of_pulls(tests: Mapping[str, Mapping[str, Any]]) -> bool:
    return any(
        isinstance(url, str) and _PULL.fullmatch(url)
        for content in tests.values()
        for url in content["urls"][:1]
    )


def _rows(name: str, content: Mapping[str, Any], problems: _Problems) -> list[_Row]:
    """Return a test's attempts, oldest first in each night, or note what is wrong."""
    length = len(content["results"])
    for key in (*LISTS, *ATTEMPT_LISTS):
        listed = content.get(key)
        if listed is not None and (not isinstance(listed, list) or len(listed) != length):
            found = len(listed) if isinstance(listed, list) else listed
            problems.add(f"/{name}/{key}", found, f"a list of {length}, as results")
            return []
    rows: list[_Row] = []
    for place in range(length):
        rows.extend(_attempts(name, content, place, problems))
    return rows


def _attempts(name: str, content: Mapping[str, Any], place: int, problems: _Problems) -> list[_Row]:
    number, url = content["run_nums"][place], content["urls"][place]
    earlier = (content.get("rerun_results") or [None] * (place + 1))[place] or []
    urls = (content.get("attempt_urls") or [None] * (place + 1))[place] or [url]
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 2**31:
        problems.add(f"/{name}/run_nums/{place}", number, "a number")
        return []
    if not isinstance(earlier, list) or not isinstance(urls, list):
        problems.add(f"/{name}/rerun_results/{place}", earlier, "a list, or nothing")
        return []
    results = [content["results"][place], *earlier]
    rows: list[_Row] = []
    for back, result in enumerate(reversed(results)):
        if result not in RESULTS:
            key = "results" if back == len(results) - 1 else "rerun_results"
            problems.add(f"/{name}/{key}/{place}", result, "Pass, Fail or Skip")
            return []
        newest_first = len(results) - 1 - back
        address = urls[newest_first] if newest_first < len(urls) else None
        before = rows[-1].result if rows else ""
        rows.append(
            _Row(
                name=cleaned(name),
                number=number,
                attempt=back + 1,
                result=result,
                url=address if isinstance(address, str) else str(url),
                carried=bool(rows) and result == before != "Fail",
            )
        )
    if not isinstance(url, str) or not (_RUN.fullmatch(url) or _PULL.fullmatch(url)):
        problems.add(f"/{name}/urls/{place}", url, "the address of a run or pull request")
        return []
    return rows


def _job_facts(rows: Sequence[_Row], repo: Repo | None, workflow: str) -> list[Event]:
    events: list[Event] = []
    for row in rows:
        found = _RUN.fullmatch(row.url)
        if found is None:
            continue
        where = repo or Repo(found.group(1))
        run_id = RunId(int(found.group(2)))
        events.append(
            RunReported(
                repo=where, run_id=run_id, attempt=row.attempt, number=row.number, workflow=workflow
            )
        )
        events.append(
            JobReported(
                repo=where,
                run_id=run_id,
                attempt=row.attempt,
                name=row.name,
                result=row.result,
                job_id=JobId(int(found.group(3) or 0)),
                carried=row.carried,
            )
        )
    return events


def _check_facts(rows: Sequence[_Row], repo: Repo | None) -> list[Event]:
    events: list[Event] = []
    for row in rows:
        run, pull = _RUN.fullmatch(row.url), _PULL.fullmatch(row.url)
        address = run or pull
        if address is None:
            continue
        events.append(
            CheckReported(
                repo=repo or Repo(address.group(1)),
                number=PullNumber(row.number),
                name=row.name,
                attempt=row.attempt,
                result=row.result,
                run_id=RunId(int(run.group(2)) if run else 0),
                job_id=int(run.group(3) or 0) if run else 0,
            )
        )
    return events


def _required(
    tests: Mapping[str, Mapping[str, Any]], repo: Repo | None, events: Mapping[str, Event]
) -> RequiredReported | None:
    names = tuple(
        sorted(cleaned(name) for name, content in tests.items() if content.get("required") is True)
    )
    where = repo or next(
        (event.repo for event in events.values() if isinstance(event, JobReported | CheckReported)),
        None,
    )
    if not names or where is None:
        return None
    fingerprint = sha256("\n".join(names).encode()).hexdigest()[:16]
    runs = [event.run_id for event in events.values() if isinstance(event, RunReported)]
    return RequiredReported(
        repo=where, names=names, fingerprint=fingerprint, first_run=min(runs, default=RunId(0))
    )
