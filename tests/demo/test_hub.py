from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatops.config import read_configuration
from chatops.demo.folder import Folder
from chatops.demo.hub import ELSEWHERE, LABELS, LETS_IN, MAINTAINER, REQUIRED_PATH, staged
from chatops.standins.github import Repository
from chatops.standins.github.actions import Run
from chatops.standins.history import History, history
from chatops.standins.history.checks import BIG, GATEKEEPER

NIGHTS = 2


@pytest.fixture(scope="module")
def past() -> History:
    return history(datetime(2026, 11, 28, 16, tzinfo=UTC), 1, NIGHTS)


@pytest.fixture
def repository(past: History) -> Repository:
    return staged(past, 1, NIGHTS).repositories[past.repository]


def newest(repository: Repository, workflow: str, number: int) -> Run:
    return max(
        (
            run
            for run in repository.runs.values()
            if (run.workflow.name, run.pull_number) == (workflow, number)
        ),
        key=lambda run: run.id,
    )


def test_any_label_starts_the_ci_again_where_the_tests_were_let_in(
    repository: Repository, past: History
) -> None:
    number = past.pulls[0].number
    before = {name: newest(repository, name, number) for name in (BIG.name, GATEKEEPER.name)}

    repository.add_label(number, "bug", actor=MAINTAINER)

    for name, earlier in before.items():
        assert newest(repository, name, number).id > earlier.id
    assert len(newest(repository, BIG.name, number).latest.jobs) == len(
        before[BIG.name].latest.jobs
    )


def test_letting_the_tests_in_starts_them(repository: Repository, past: History) -> None:
    number = next(pull.number for pull in past.pulls if LETS_IN not in pull.labels)

    repository.add_label(number, LETS_IN, actor=MAINTAINER)

    assert newest(repository, BIG.name, number).latest.status != "completed"


def test_there_is_a_status_to_be_skipped_or_overridden(
    repository: Repository, past: History
) -> None:
    failed = [
        status.context
        for pull in past.pulls
        for status in repository.statuses[pull.head_sha]
        if status.state == "failure"
    ]

    assert ELSEWHERE in failed


def test_each_prefix_of_a_label_is_a_command_with_a_label_to_put_on(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.configure("acme/rocket", REQUIRED_PATH, "mappings: []\n")
    labels = read_configuration(folder.configuration).default_community.labels

    assert labels.restart_ci
    assert {label.partition("/")[0] for label in LABELS if "/" in label} >= set(labels.prefixes)
    assert labels.prefixes
