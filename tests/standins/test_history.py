"""A year of pretend CI has the shape of the real one, and GitHub's own forms."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median, quantiles
from typing import Any

import jsonschema_rs
import pytest
import yaml

from chatops.standins.history import History, history
from tests.needs import node_module

NOW = datetime(2026, 9, 10, 13, 5, tzinfo=UTC)
OPENAPI = "@octokit/openapi/generated/api.github.com.json"
BIG = "Kata Containers CI / "
RED = ("failure", "timed_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What a test needs to know of one night; the objects themselves are let go."""

    ran: frozenset[str]
    failed: frozenset[str]
    cancelled: frozenset[str]
    skipped: frozenset[str]
    attempts: int
    ends: str
    seconds: tuple[float, ...]
    ids: tuple[int, ...]
    run_id: int
    run_number: int
    carried_over_wrongly: int
    carried_over: int


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def seconds_of(job: dict[str, Any]) -> float:
    return (moment(job["completed_at"]) - moment(job["started_at"])).total_seconds()


def night_of(runs: list[dict[str, Any]], jobs: list[dict[str, Any]]) -> Night:
    nightly = runs[0]
    first = [job for job in jobs if job["run_id"] == nightly["id"] and job["run_attempt"] == 1]
    by_conclusion: dict[str, set[str]] = {}
    for job in first:
        by_conclusion.setdefault(job["conclusion"], set()).add(job["name"])
    carried = [job for job in jobs if job["started_at"] < job["created_at"]]
    return Night(
        ran=frozenset(job["name"] for job in first),
        failed=frozenset().union(*(by_conclusion.get(red, set()) for red in RED)),
        cancelled=frozenset(by_conclusion.get("cancelled", ())),
        skipped=frozenset(by_conclusion.get("skipped", ())),
        attempts=sum(run["id"] == nightly["id"] for run in runs),
        ends=max(job["completed_at"] for job in first),
        seconds=tuple(seconds_of(job) for job in first[::7] if job["conclusion"] == "success"),
        ids=tuple(job["id"] for job in jobs),
        run_id=nightly["id"],
        run_number=nightly["run_number"],
        carried_over_wrongly=sum(
            job["run_attempt"] == 1 or job["conclusion"] in (*RED, "cancelled") for job in carried
        ),
        carried_over=len(carried),
    )


@pytest.fixture(scope="module")
def told() -> History:
    return history(NOW)


@pytest.fixture(scope="module")
def nights(told: History) -> list[Night]:
    return [night_of(runs, jobs) for runs, jobs in told.nights()]


@pytest.fixture(scope="module")
def required(told: History) -> frozenset[str]:
    """Job names, without the workflow, that the nightly shares with pull requests."""
    names = yaml.safe_load(told.required_tests_yaml)["mapping"]["test"]["names"]
    return frozenset(name.removeprefix(BIG) for name in names)


def streaks(failed: list[frozenset[str]]) -> Iterator[int]:
    """Yield the length of every unbroken row of failing nights of one job."""
    running: Counter[str] = Counter()
    for night in (*failed, frozenset[str]()):
        for name in [name for name in running if name not in night]:
            yield running.pop(name)
        running.update(night)


def test_the_same_moment_and_seed_tell_the_same_history() -> None:
    once, again = (history(NOW, seed=5, nights=9) for _ in range(2))

    assert list(once.nights()) == list(again.nights())
    assert once.pulls == again.pulls
    assert once.tonight == again.tonight


def test_another_seed_tells_another_history() -> None:
    one, other = (next(history(NOW, seed=seed, nights=2).nights())[1] for seed in (1, 2))

    assert [job["completed_at"] for job in one] != [job["completed_at"] for job in other]


def test_a_short_history_is_the_end_of_a_long_one() -> None:
    short = list(history(NOW, nights=3).nights())

    assert list(islice(history(NOW, nights=8).nights(), 5, None)) == short


def test_there_is_one_item_per_night_and_more_jobs_every_season(nights: list[Night]) -> None:
    assert len(nights) == 365
    assert 165 <= median(len(night.ran) for night in nights[:20]) <= 195
    assert 225 <= median(len(night.ran) for night in nights[-20:]) <= 245


def test_most_nights_have_a_required_job_red_at_first(
    nights: list[Night], required: frozenset[str]
) -> None:
    share = sum(bool(night.failed & required) for night in nights) / len(nights)

    assert 0.55 <= share <= 0.70


def test_a_handful_of_jobs_fails_on_a_usual_night(nights: list[Night]) -> None:
    assert 3 <= median(len(night.failed) for night in nights) <= 7
    assert max(len(night.failed) for night in nights) >= 15


def test_green_nights_are_rare(nights: list[Night]) -> None:
    assert sum(not night.failed for night in nights[-224:]) <= 15


@pytest.mark.parametrize("seed", [2, 7])
def test_another_seed_keeps_the_same_climate(seed: int) -> None:
    made = history(NOW, seed=seed, nights=224)
    others = [night_of(runs, jobs) for runs, jobs in made.nights()]

    assert 3 <= median(len(night.failed) for night in others) <= 7
    assert 0.2 <= sum(night.attempts > 1 for night in others) / 224 <= 0.55


def test_most_failures_last_one_night(nights: list[Night]) -> None:
    lengths = list(streaks([night.failed for night in nights]))

    assert 0.65 <= lengths.count(1) / len(lengths) <= 0.88


def test_some_nights_are_run_again_and_a_few_twice(nights: list[Night]) -> None:
    attempts = Counter(night.attempts for night in nights)

    assert 0.25 <= 1 - attempts[1] / len(nights) <= 0.50
    assert attempts[3] >= 5
    assert max(attempts) == 3


def test_a_platform_without_machines_is_out_for_several_nights(nights: list[Night]) -> None:
    out = [any("ppc64le / build-asset" in name for name in night.cancelled) for night in nights]

    assert sum(out) >= 3
    assert "True, True, True" in str(out)


def test_some_jobs_that_nobody_requires_stay_broken_for_weeks(
    nights: list[Night], required: frozenset[str]
) -> None:
    fails = Counter(name for night in nights for name in night.failed - required)

    assert sum(count >= 20 for count in fails.values()) >= 5


def test_a_required_job_is_broken_now(nights: list[Night], required: frozenset[str]) -> None:
    assert frozenset.intersection(*(night.failed for night in nights[-3:])) & required


def test_the_newest_night_has_something_of_every_kind(nights: list[Night]) -> None:
    before, last = nights[-2:]

    assert {name for name in last.failed if name in before.ran} - before.failed
    assert before.failed & (last.ran - last.failed - last.cancelled - last.skipped)
    assert before.failed & last.failed
    assert before.ran - last.ran
    assert last.skipped - before.skipped


def test_a_broken_build_hides_its_tests_behind_the_caller(nights: list[Night]) -> None:
    hidden = "kata-containers-ci-on-push / run-k8s-tests-on-ppc64le"

    assert hidden in nights[-1].skipped
    assert f"{hidden} / run-k8s-tests (qemu, kubeadm)" in nights[-2].ran
    assert f"{hidden} / run-k8s-tests (qemu, kubeadm)" not in nights[-1].ran


def test_jobs_come_go_and_are_renamed(nights: list[Night]) -> None:
    assert len(nights[0].ran - nights[-2].ran) >= 20
    assert len(nights[-2].ran - nights[0].ran) >= 60
    assert any("(lts, qemu)" in name for name in nights[0].ran)
    assert any("(minimum, qemu)" in name for name in nights[-2].ran)


def test_a_usual_night_is_over_in_the_early_morning(nights: list[Night]) -> None:
    hours = Counter(moment(night.ends).hour for night in nights)

    assert sum(hours[hour] for hour in (3, 4, 5, 6)) / len(nights) > 0.9


def test_jobs_take_as_long_as_the_real_ones(nights: list[Night]) -> None:
    cuts = quantiles((second for night in nights for second in night.seconds), n=100)

    assert 55 <= cuts[49] <= 100
    assert 900 <= cuts[89] <= 1_600
    assert max(second for night in nights for second in night.seconds) >= 75 * 60


def test_ids_and_run_numbers_grow(nights: list[Night]) -> None:
    ids = [number for night in nights for number in night.ids]
    run_ids = [night.run_id for night in nights]
    numbers = [night.run_number for night in nights]

    assert len(set(ids)) == len(ids)
    assert run_ids == sorted(set(run_ids))
    assert numbers == list(range(numbers[0], numbers[0] + 365))
    assert min(run_ids) > 12_000_000_000
    assert min(ids) > 34_000_000_000


def test_a_job_that_passed_is_carried_over_with_its_old_times(nights: list[Night]) -> None:
    assert sum(night.carried_over for night in nights) > 10_000
    assert not sum(night.carried_over_wrongly for night in nights)
    assert all(bool(night.carried_over) for night in nights if night.attempts > 1)


def test_running_again_executes_what_failed_under_new_ids() -> None:
    runs, jobs = next(
        (runs, jobs)
        for runs, jobs in history(NOW, nights=60).nights()
        if sum(run["id"] == runs[0]["id"] for run in runs) == 2
    )
    ours = [job for job in jobs if job["run_id"] == runs[0]["id"]]
    first, second = ([job for job in ours if job["run_attempt"] == n] for n in (1, 2))
    failed = {job["name"] for job in first if job["conclusion"] in RED}
    executed = {job["name"] for job in second if job["started_at"] >= job["created_at"]}

    assert failed
    assert failed <= executed
    assert {job["name"] for job in first} <= {job["name"] for job in second}
    assert not {job["id"] for job in first} & {job["id"] for job in second}
    assert runs[1]["run_started_at"] > max(job["completed_at"] for job in first)
    assert runs[1]["previous_attempt_url"].endswith("/attempts/1")


def test_the_second_nightly_reports_four_jobs_at_five(told: History) -> None:
    runs, jobs = next(told.nights())
    second = next(run for run in runs if run["name"] == "Nightly CI for s390x")

    assert moment(second["created_at"]).hour == 5
    mine = [job for job in jobs if job["run_id"] == second["id"] and job["run_attempt"] == 1]
    assert len(mine) == 4
    assert all(job["name"].startswith("check-internal-test-result (") for job in mine)


def test_a_failed_job_names_the_step_that_failed() -> None:
    failed = [
        job
        for _, jobs in history(NOW, nights=20).nights()
        for job in jobs
        if job["conclusion"] == "failure"
    ]
    steps = [[step for step in job["steps"] if step["conclusion"] == "failure"] for job in failed]

    assert all(len(found) == 1 for found in steps)
    assert all(4 <= len(job["steps"]) <= 6 for job in failed)
    assert {"Run tests", "Build"} <= {found[0]["name"] for found in steps}
    assert {"Deploy Kata", "Install dependencies"} & {found[0]["name"] for found in steps}


def test_times_within_every_job_are_in_order(told: History) -> None:
    jobs = [job for run in (told.tonight, *told.pulls[0].runs) for job in run.jobs]

    assert all(job["created_at"] <= job["started_at"] <= job["completed_at"] for job in jobs)
    for job in jobs:
        bounds = [step[key] for step in job["steps"] for key in ("started_at", "completed_at")]
        assert all(job["started_at"] <= text <= job["completed_at"] for text in bounds)


def test_a_segment_is_cut_at_a_hundred_characters(told: History) -> None:
    names = {job["name"] for run in told.pulls[0].runs for job in run.jobs}
    segments = {part for name in names for part in name.split(" / ")}

    assert max(map(len, segments)) == 100
    assert all(len(part) == 100 for part in segments if part.endswith("..."))
    assert sum(part.endswith("...") for part in segments) >= 10


def test_required_names_are_names_that_runs_produce(told: History) -> None:
    gate = yaml.safe_load(told.required_tests_yaml)
    mapping = gate["mapping"]
    wanted = [*gate["required_tests"], *mapping["test"]["names"], *mapping["static"]["names"]]
    produced = {
        f"{run.run['name']} / {job['name']}" for run in told.pulls[0].runs for job in run.jobs
    }

    assert len(gate["required_tests"]) == 7
    assert len(mapping["test"]["names"]) == 59
    assert 45 <= len(mapping["static"]["names"]) <= 55
    assert len(set(wanted)) == len(wanted)
    assert set(wanted) <= produced
    assert mapping["test"]["required-labels"] == ["ok-to-test"]
    assert all(len(rule) == 1 for rule in gate["paths"])
    assert all(re.compile(pattern) for rule in gate["paths"] for pattern in rule)


def test_maintainers_match_jobs_and_have_no_addresses(told: History, nights: list[Night]) -> None:
    mappings = yaml.safe_load(told.maintainers_yaml)["mappings"]

    assert len(mappings) == 9
    for mapping in mappings:
        assert any(re.search(mapping["regex"], name) for name in nights[-2].ran), mapping["group"]
        assert all(owner["github"].endswith("-example") for owner in mapping["owners"])
    assert "@" not in told.maintainers_yaml


def test_tonight_is_under_way_now_and_ends_later(told: History) -> None:
    shown = told.tonight.jobs_at(NOW)
    statuses = Counter(job["status"] for job in shown)

    assert told.tonight.run_at(NOW)["status"] == "in_progress"
    assert told.tonight.run_at(NOW)["conclusion"] is None
    assert statuses["completed"] > 80
    assert statuses["in_progress"] > 3
    assert statuses["queued"] > 10
    assert all(job["conclusion"] is None for job in shown if job["status"] != "completed")
    later = NOW + timedelta(hours=8)
    assert told.tonight.run_at(later)["status"] == "completed"
    assert {job["status"] for job in told.tonight.jobs_at(later)} == {"completed"}


def test_just_after_midnight_the_night_has_hardly_begun() -> None:
    now = datetime(2026, 9, 10, 0, 2, tzinfo=UTC)
    told = history(now, nights=1)

    assert told.tonight.run["created_at"] <= "2026-09-10T00:02:00Z"
    assert told.tonight.run_at(now)["status"] == "in_progress"
    assert len(told.tonight.jobs_at(now)) < len(told.tonight.jobs)


def test_pull_requests_differ_in_origin_labels_and_outcome(told: History) -> None:
    assert len(told.pulls) == 12
    assert {pull.fork for pull in told.pulls} == {True, False}
    assert any("ok-to-test" not in pull.labels for pull in told.pulls)
    assert len({pull.head_sha for pull in told.pulls}) == 12
    assert all(run.run["head_sha"] == pull.head_sha for pull in told.pulls for run in pull.runs)
    big = [run for pull in told.pulls for run in pull.runs if run.run["name"] + " / " == BIG]
    assert sum(len(run.jobs) > 230 for run in big) == 3
    outcomes = [outcome for run in big for outcome in run.again.values()]
    assert {"success", "failure"} == set(outcomes)


def test_runs_of_forks_name_no_pull_request(told: History) -> None:
    for pull in told.pulls:
        linked = {len(run.run["pull_requests"]) for run in pull.runs}
        assert linked == {0 if pull.fork else 1}
        assert all(run.run["head_repository"]["fork"] == pull.fork for run in pull.runs)


def test_the_gatekeeper_turns_green_only_where_running_again_helps(told: History) -> None:
    gates = {
        pull.number: run
        for pull in told.pulls
        for run in pull.runs
        if run.run["name"] == "Gatekeeper"
    }
    verdicts = Counter(
        "green" if not gate.again else gate.again["gatekeeper"] for gate in gates.values()
    )

    assert len(gates) == 12
    assert verdicts["green"] >= 2
    assert verdicts["success"] >= 2
    assert verdicts["failure"] >= 3


def test_a_pull_request_under_test_now_has_queued_jobs_and_a_waiting_gatekeeper(
    told: History,
) -> None:
    pull = next(pull for pull in told.pulls if pull.title.startswith("kata-deploy: "))
    under_way = {run.run["name"]: run.run_at(NOW)["status"] for run in pull.runs}

    assert under_way["Kata Containers CI"] == "in_progress"
    assert under_way["Gatekeeper"] == "in_progress"
    assert under_way["Commit Message Check"] == "completed"


def test_the_repository_is_a_parameter() -> None:
    runs, jobs = next(history(NOW, nights=1, repository="octo/hello").nights())

    assert runs[0]["repository"]["full_name"] == "octo/hello"
    assert runs[0]["repository"] is runs[-1]["repository"]
    assert all("/repos/octo/hello/" in job["url"] for job in jobs)


def schema(name: str) -> jsonschema_rs.Validator:
    """Make GitHub's published description of one object a JSON schema."""
    described = json.loads(node_module(OPENAPI).read_text())
    schemas = {key: _nullable(value) for key, value in described["components"]["schemas"].items()}
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}},
        validate_formats=True,
    )


def _nullable(part: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(part, list):
        return [_nullable(item) for item in part]
    if not isinstance(part, dict):
        return part
    inner = {key: _nullable(value) for key, value in part.items()}
    if inner.pop("nullable", None) is True:
        return {"anyOf": [inner, {"type": "null"}]}
    return inner


def faults(validator: jsonschema_rs.Validator, objects: Iterable[dict[str, Any]]) -> list[str]:
    return [error.message for thing in objects for error in validator.iter_errors(thing)][:5]


def test_runs_and_jobs_are_what_github_describes(told: History) -> None:
    short = [*history(NOW, nights=2).nights()]
    runs = [run for night, _ in short for run in night]
    runs += [run.run_at(NOW) for pull in told.pulls[:4] for run in pull.runs]
    jobs = [job for _, night in short for job in night]
    jobs += told.tonight.jobs_at(NOW)

    assert faults(schema("workflow-run"), runs) == []
    assert faults(schema("job"), jobs) == []
