import re

import pytest

from chatops.answers.required_paths import needs_of
from chatops.events.gate import CheckSet, PathRule, RequiredChecksChanged
from chatops.intake.gatekeeper import required_for
from tests.scene import REPO

RULES = RequiredChecksChanged(
    repo=REPO,
    branch="main",
    origin="gate.yaml",
    fingerprint="1",
    names=("Commit / message",),
    paths=(
        PathRule(pattern="^docs/", sets=("static",)),
        PathRule(pattern=r"\.md$", sets=("static",)),
        PathRule(pattern="^ci/special/", sets=()),
    ),
    sets=(
        CheckSet(name="test", names=("CI / build", "Commit / message"), labels=("ok-to-test",)),
        CheckSet(name="static", names=("Static / spelling",), patterns=("Static / .*",)),
    ),
)


@pytest.mark.parametrize(
    "files",
    [["docs/a.md"], ["x.md"], ["src/a.rs"], ["docs/a", "src/a.rs"], ["ci/special/x"], []],
)
def test_it_wants_what_the_gates_own_rules_want(files: list[str]) -> None:
    ours, theirs = needs_of(RULES, files), required_for(RULES, files)

    assert set(ours.names) == set(theirs.names)
    assert {pattern.pattern for pattern in ours.patterns} == set(theirs.patterns)
    assert set(ours.labels) == set(theirs.labels)
    assert set(ours.chosen) == set(theirs.sets)


def test_the_first_rule_that_fits_a_file_is_named_for_it() -> None:
    touched = needs_of(RULES, ["docs/a.md", "docs/b", "docs/c", "README.md", "src/a.rs"]).touched

    assert [(one.pattern, one.files, one.examples) for one in touched] == [
        ("^docs/", 3, ("docs/a.md", "docs/b")),
        (r"\.md$", 1, ("README.md",)),
        ("", 1, ("src/a.rs",)),
    ]
    assert touched[-1].sets == ("test", "static")


def test_a_name_knows_the_set_it_stems_from() -> None:
    needs = needs_of(RULES, ["src/a.rs"])

    assert needs.because("CI / build") == "test"
    assert needs.because("Commit / message") == ""


def test_files_that_nobody_knows_need_everything() -> None:
    needs = needs_of(RULES, None)

    assert needs.knows_files is False
    assert needs.chosen == ("test", "static")
    assert needs.touched == ()


def test_a_check_is_required_by_its_full_name_its_own_or_an_expression() -> None:
    needs = needs_of(RULES, ["src/a.rs"])

    assert needs.has("CI / build", "build")
    assert needs.has("Other / Commit / message", "Commit / message")
    assert needs.has("Static / lint", "lint")
    assert not needs.has("CI / other", "other")
    assert re.compile("Static / .*") in needs.patterns
