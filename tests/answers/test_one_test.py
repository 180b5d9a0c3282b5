from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import event

from chatops.answers.night_cells import State
from chatops.answers.one_test import OneTest, one_test
from chatops.config import Community
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.events.conversation import CommandReceived
from chatops.events.gate import RequiredChecksChanged
from chatops.events.mutes import JobsMuted
from chatops.events.pulls import PullChanged
from chatops.events.renames import JobRenamed
from chatops.events.reruns import RerunRequested
from chatops.events.runs import JobCompleted, RunCompleted
from chatops.names import CommandId, JobId, Login, PullNumber, Repo, RunId, Sha
from tests.builders import (
    CANCELLED,
    CARRIED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    SCHEDULE,
    SETUP,
    SKIPPED,
    TODAY,
    NightOf,
    night,
    nights_database,
    required,
)
from tests.scene import pull

NAME = "caller / launch / test (big)"
ACME = Community(key="acme", title="Acme", repositories=(REPO,), nightly=(SCHEDULE,))
ONE_PASSED = (
    "It is healthy: it passed at once in the one night that counts (truly fails in 0 to 79 %)."
)
ASKED = CommandId("command/github/comment/1")


def known(
    folder: Path,
    *facts: Iterable[Event],
    name: str = NAME,
    workflow: str = "Nightly",
    repo: Repo = REPO,
    nights: int = 30,
) -> OneTest | None:
    with nights_database(folder, [fact for some in facts for fact in some]) as db:
        knowledge = Knowledge(db=db, community=ACME, now=MORNING)
        return one_test(knowledge, repo, workflow, name, nights=nights)


def found(folder: Path, *facts: Iterable[Event], **of: int) -> OneTest:
    one = known(folder, *facts, **of)  # type: ignore[arg-type]  # only `nights`
    assert one is not None
    return one


def nights(*outcomes: object) -> list[Event]:
    """Return nights, the newest first, each with what the test did."""
    return [
        fact
        for ago, outcome in enumerate(outcomes)
        for fact in night(ago, {NAME: outcome, "other": PASS} if outcome else {"other": PASS})  # type: ignore[dict-item]
    ]


def in_pull(number: int, conclusion: str = "success", step: str = "", **of: object) -> list[Event]:
    """Return a pull request, and a run of it with the test."""
    sha = Sha(f"{number:040x}")
    run = {"repo": REPO, "run_id": RunId(40_000_000_000 + number), "attempt": 1, "workflow": "CI"}
    run |= {"trigger": "pull_request", "sha": sha, **of}
    began = TODAY + timedelta(hours=1)
    return [
        pull(repo=REPO, number=PullNumber(number), sha=sha, author=Login("mona")),
        RunCompleted(**run, conclusion=conclusion, created_at=began),  # type: ignore[arg-type]  # of each field's kind
        JobCompleted(
            repo=REPO, run_id=run["run_id"], attempt=run["attempt"], job_id=JobId(7_000_000 + number),  # type: ignore[arg-type]  # as above
            name=NAME, workflow="CI", sha=sha, created_at=began, started_at=began,
            completed_at=began + timedelta(minutes=9), conclusion=conclusion, failed_step=step,
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ((PASS, PASS), "It is healthy: it passed at once in all 2 nights that count (truly fails in 0 to 66 %)."),
        ((PASS,), ONE_PASSED),
        ((PASS, FAIL), "It is passing, but failed in 1 of 2 nights (truly 9 to 91 %)."),
        ((FAIL,), "It is failing, as it has the only time it ran since Sat 22 Aug."),
        ((FAIL, FAIL), "It is failing, as it has every time, 2 nights, it ran since Fri 21 Aug."),
        (
            (FAIL, FAIL, PASS, FAIL),
            "It has been failing for 2 nights in a row, since Fri 21 Aug; before that it passed in 1 of 2 nights.",
        ),
        ((SKIPPED, SKIPPED), "It has neither passed nor failed in 2 nights, so there is no verdict."),
        (
            (CANCELLED, PASS),
            f"{ONE_PASSED} The newest night has no verdict, cancelled.",
        ),
        (
            (None, None, None, PASS),
            "The newest nights do not know this test any more; it was removed or renamed.",
        ),
    ],
)  # fmt: skip
def test_how_it_is_doing_is_a_sentence(
    tmp_path: Path, outcomes: tuple[object, ...], verdict: str
) -> None:
    assert found(tmp_path, nights(*outcomes)).verdict == verdict


@pytest.mark.parametrize("outcome", [CANCELLED, SKIPPED, SETUP, None])
def test_what_is_no_failure_of_the_test_is_none(tmp_path: Path, outcome: object) -> None:
    one = found(tmp_path, nights(outcome, PASS, PASS))

    assert one.test is not None
    assert (one.test.fails, one.is_failing, one.broke) == (0, False, None)
    assert sum(window.tries for window in one.windows) == 2


def test_it_broke_between_the_last_good_night_and_the_first_bad_one(tmp_path: Path) -> None:
    one = found(tmp_path, nights(FAIL, FAIL, CANCELLED, SKIPPED, PASS, FAIL))

    assert one.broke is not None
    assert one.broke.good is not None
    assert (one.broke.bad.key, one.broke.good.key) == ("2026-08-21", "2026-08-18")
    assert (one.broke.between, one.broke.good_sha) == (2, "a" * 40)


def test_where_no_good_night_is_known_none_is_named(tmp_path: Path) -> None:
    broke = found(tmp_path, nights(FAIL, FAIL)).broke

    assert broke is not None
    assert (broke.good, broke.good_sha) == (None, "")


def test_the_longest_rows_of_passes_and_of_failures_skip_what_does_not_count(
    tmp_path: Path,
) -> None:
    one = found(tmp_path, nights(PASS, PASS, CANCELLED, PASS, FAIL, FAIL, PASS))

    assert one.longest == (3, 2)


def test_a_rerun_counts_as_a_pass_that_needed_help(tmp_path: Path) -> None:
    one = found(
        tmp_path, night(0, {NAME: FAIL}, {NAME: PASS}), night(1, {NAME: PASS}, {NAME: CARRIED})
    )

    assert one.test is not None
    assert [cell.state for cell in one.test.cells] == [State.RERUN, State.PASSED]
    assert "passed only on a rerun in 1" in one.verdict
    assert [(window.passes, window.tries) for window in one.windows] == [(2, 2)]


def test_its_results_in_pull_requests_are_there_newest_first(tmp_path: Path) -> None:
    one = found(
        tmp_path,
        nights(PASS),
        in_pull(7, "failure", "Run tests"),
        in_pull(9),
        in_pull(8, trigger="push"),
    )

    assert [(result.numbers, result.cell.state) for result in one.in_pulls] == [
        ((9,), State.PASSED),
        ((7,), State.FAILED),
    ]
    assert one.pulls_in_words == (
        "In pull requests it failed in 1 of its 2 newest results (truly 9 to 91 %)."
    )


def test_a_test_of_pull_requests_alone_is_known_by_their_workflow(tmp_path: Path) -> None:
    one = known(tmp_path, in_pull(7), workflow="CI")

    assert one is not None
    assert one.test is None
    assert one.verdict.startswith(
        "It is not part of the nightly. In pull requests it failed in 0 of its 1"
    )


@pytest.mark.parametrize(
    "elsewhere", [{"name": "nothing"}, {"workflow": "Other"}, {"repo": Repo("acme/other")}]
)
def test_what_nobody_has_heard_of_is_nothing(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    assert known(tmp_path, nights(PASS), in_pull(7), **elsewhere) is None  # type: ignore[arg-type]  # names


def test_two_workflows_with_the_same_name_are_two_tests(tmp_path: Path) -> None:
    other = NightOf(ago=0, attempts=[{NAME: FAIL}], workflow="Weekly", hour=3).facts()
    community = Community(
        key="acme", title="Acme", repositories=(REPO,),
        nightly=(SCHEDULE, type(SCHEDULE)(name="Weekly", file="weekly.yaml")),
    )  # fmt: skip
    with nights_database(tmp_path, [*nights(PASS), *other]) as db:
        knowledge = Knowledge(db=db, community=community, now=MORNING)
        tests = [one_test(knowledge, REPO, name, NAME, nights=30) for name in ("Nightly", "Weekly")]

    assert [one.is_failing if one else None for one in tests] == [False, True]


def test_since_when_it_is_required_is_where_the_list_says_so_first(tmp_path: Path) -> None:
    def listed(day: int, *names: str) -> Event:
        return RequiredChecksChanged(
            repo=REPO, branch="main", origin="file", fingerprint=str(day), follows=str(day - 1),
            names=names, seen_at=TODAY + timedelta(days=day),
        )  # fmt: skip

    full = f"CI / {NAME}"
    one = found(tmp_path, nights(PASS), [listed(-9), listed(-5, full), listed(-2, full, "CI / x")])

    assert one.needed is not None
    assert one.needed.is_required
    assert (one.needed.since, one.needed.is_from_start) == (TODAY - timedelta(days=5), False)


def test_what_is_required_is_not_known_where_nobody_told(tmp_path: Path) -> None:
    assert found(tmp_path, nights(PASS)).needed is None


def test_a_list_that_never_changed_says_nothing_of_before(tmp_path: Path) -> None:
    needed = found(tmp_path, nights(PASS), required("CI / other")).needed

    assert needed is not None
    assert (needed.is_required, needed.is_from_start) == (False, True)


def test_who_ran_it_again_and_who_muted_it_is_told(tmp_path: Path) -> None:
    run_id = NightOf(ago=0).run_id
    asked = CommandReceived(
        command=ASKED, community="acme", surface="github", verb="retest", by="mona", repo=REPO,
        number=PullNumber(7), comment_id=1, said_at=MORNING,
    )  # fmt: skip
    again = RerunRequested(
        command=ASKED, repo=REPO, sha=Sha("a" * 40), run_id=run_id, attempt=1, workflow="Nightly",
        scope="failed",
    )  # fmt: skip
    muted = JobsMuted(
        command=ASKED, community="acme", jobs=(f"Nightly / {NAME}",), by="mona", reason="known",
        at=MORNING, until=MORNING + timedelta(days=1),
    )  # fmt: skip
    one = found(tmp_path, nights(FAIL), [asked, again, muted])

    assert [(command.by, run, after) for command, run, after in one.asked] == [("mona", run_id, 1)]
    assert one.mute is not None
    assert one.mute.reason == "known"


def test_a_pull_request_is_no_place_for_another_repositorys_results(tmp_path: Path) -> None:
    other = [
        fact
        for fact in in_pull(7)
        if not isinstance(fact, PullChanged)
    ]  # fmt: skip
    elsewhere = [
        type(fact)(**{**{name: getattr(fact, name) for name in fact.__struct_fields__}, "repo": Repo("x/y")})
        for fact in other
    ]  # fmt: skip

    assert found(tmp_path, nights(PASS), elsewhere).in_pulls == ()


def test_more_nights_and_more_results_take_no_more_questions(tmp_path: Path) -> None:
    def asked(name: str, facts: list[Event]) -> list[str]:
        (tmp_path / name).mkdir()
        statements: list[str] = []
        with nights_database(tmp_path / name, facts) as db:
            event.listen(db, "before_cursor_execute", lambda *said: statements.append(str(said[2])))
            one_test(
                Knowledge(db=db, community=ACME, now=MORNING), REPO, "Nightly", NAME, nights=400
            )
        return statements

    few = asked("few", [*nights(PASS), *in_pull(7)])
    many = asked(
        "many", [*nights(*[PASS, FAIL] * 20), *(fact for n in range(1, 40) for fact in in_pull(n))]
    )

    assert len(many) == len(few)


def test_what_a_name_did_is_found_by_its_index(tmp_path: Path) -> None:
    with nights_database(tmp_path, nights(PASS)) as db:
        statements: list[tuple[str, object]] = []
        event.listen(
            db, "before_cursor_execute", lambda *said: statements.append((str(said[2]), said[3]))
        )
        one_test(Knowledge(db=db, community=ACME, now=MORNING), REPO, "Nightly", NAME, nights=400)
        plans = [
            str(row)
            for statement, values in list(statements)
            for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]  # as they were
        ]

    assert any("jobs_of_name" in plan for plan in plans)
    assert not any("SCAN jobs" in plan or "SCAN runs" in plan for plan in plans)


def test_what_it_did_under_its_old_name_belongs_to_it(tmp_path: Path) -> None:
    old = "caller / launch / check (big)"
    lists = [
        RequiredChecksChanged(
            repo=REPO, branch="main", origin="file", fingerprint=name, names=(f"CI / {name}",),
            seen_at=TODAY - timedelta(days=days),
        )
        for days, name in ((9, old), (1, NAME))
    ]  # fmt: skip
    rename = JobRenamed(command=ASKED, repo=REPO, old=old, new=NAME, by="mona", at=MORNING)
    before = [replace_name(fact, old) for fact in in_pull(1, "failure")]

    one = found(
        tmp_path, nights(PASS), night(1, {old: FAIL}), night(2, {old: PASS}), before, in_pull(2), lists, [rename]
    )  # fmt: skip

    assert one.test is not None
    assert [cell.state for cell in one.test.cells] == [State.PASSED, State.FAILED, State.PASSED]
    assert [numbers for result in one.in_pulls for numbers in result.numbers] == [2, 1]
    assert [(one.old, one.new) for one in one.renames] == [(old, NAME)]
    assert one.needed is not None
    assert (one.needed.is_required, one.needed.is_from_start) == (True, True)


def replace_name(fact: Event, name: str) -> Event:
    return structs.replace(fact, name=name) if isinstance(fact, JobCompleted) else fact
