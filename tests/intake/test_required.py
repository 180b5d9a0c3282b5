"""The list of required checks, fetched from where a community keeps it, and what a change needs of it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from chatops.config import BranchRules, Community, Gate, GatekeeperFile
from chatops.engine.log import Batch, Log
from chatops.engine.projection import Projector
from chatops.errors import BadInput, Refused, Transient
from chatops.events import Fact
from chatops.events.gate import RequiredChecksChanged
from chatops.intake.gatekeeper import RequiredList, parse_required, required_for
from chatops.intake.required import required_version
from chatops.projections.required import required_now
from tests.engine.logs import PROJECTIONS, opened
from tests.gateways.places import REPO, Place, github
from tests.intake.hearing import COMMUNITY, FILE

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ONE = "required_tests:\n- CI / build\n"
TWO = "required_tests:\n- CI / build\n- CI / test (a)\n"


def with_gate(gate: Gate | None) -> Community:
    """Return the community with another gate."""
    return msgspec.structs.replace(COMMUNITY, gate=gate)


class Learner:
    """Looks now and then, and records what is new."""

    def __init__(self, place: Place, log: Log) -> None:
        self._place = place
        self._log = log
        self._projector = Projector(log, [projection() for projection in PROJECTIONS])
        self._now = NOW

    def known(self) -> RequiredChecksChanged | None:
        """Return the list as it is known."""
        self._projector.catch_up()
        with self._log.database.read() as db:
            return required_now(db, REPO)

    async def look(self, text: str | None = None) -> RequiredChecksChanged | None:
        """Look at the file after it was changed."""
        if text is not None:
            self._place.repository.write_file(FILE.path, text)
        self._now += timedelta(hours=1)
        found = await required_version(
            self._place.gateway, COMMUNITY, REPO, self.known(), self._now
        )
        if found is not None:
            fact = Fact(event=found, source="backfill", correlation_id="required")
            self._log.append([Batch(facts=[fact])])
        return found


@pytest.mark.anyio
async def test_each_version_of_the_file_is_a_fact_and_an_unchanged_one_is_none(
    database_url: str,
) -> None:
    async with github() as place:
        with opened(database_url) as log:
            learner = Learner(place, log)

            first = await learner.look(ONE)
            same = [await learner.look(), await learner.look(f"# moved\n{ONE}\n")]
            second = await learner.look(TWO)
            back = await learner.look(ONE)
            again = await learner.look(TWO)

            assert first is not None
            assert second is not None
            assert back is not None
            assert again is not None
            assert same == [None, None]
            assert (first.names, second.names) == (("CI / build",), ("CI / build", "CI / test (a)"))
            assert (first.origin, first.branch) == (FILE.path, "main")
            assert (back.fingerprint, again.fingerprint) == (first.fingerprint, second.fingerprint)
            assert [one.follows for one in (second, back, again)] == [
                one.link() for one in (first, second, back)
            ]
            assert len({one.key() for one in (first, second, back, again)}) == 4
            assert learner.known() == again
            assert log.head() == 4


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("required_tests: [", "line 1, column 18: this is not YAML"),
        ("required_tests: {a: b}\n", "required_tests: found {'a': 'b'}, expected a list of texts"),
        ("paths:\n- '(': []\n", "paths[0]: found '(', expected a regular expression"),
        ("paths:\n- '^a': [nix]\nmapping: {test: {}}\n", "paths.^a: found the set 'nix', expected one of mapping"),
        ("mapping: {test: {names: CI / build}}", "mapping.test.names: found 'CI / build', expected a list"),
        ("", "found nothing, expected a mapping"),
        ("<html>Sign in</html>", "found a str, expected a mapping"),
    ],
)  # fmt: skip
async def test_a_broken_file_is_refused_with_place_found_and_expected_and_the_old_one_stays(
    tmp_path: Path, broken: str, said: str
) -> None:
    async with github() as place:
        with opened(f"sqlite:///{tmp_path / 'x.db'}") as log:
            learner = Learner(place, log)
            first = await learner.look(ONE)

            with pytest.raises(BadInput) as refused:
                await learner.look(broken)

            assert said in str(refused.value)
            assert learner.known() == first
            assert await learner.look(ONE) is None


@pytest.mark.anyio
async def test_a_file_that_is_not_there_and_a_github_that_is_away_change_nothing(
    tmp_path: Path,
) -> None:
    async with github() as place:
        with opened(f"sqlite:///{tmp_path / 'x.db'}") as log:
            learner = Learner(place, log)
            with pytest.raises(Refused) as missing:
                await learner.look()
            first = await learner.look(ONE)
            place.hub.fail("502")
            with pytest.raises(Transient):
                await learner.look()

            assert missing.value.reason == "not_found"
            assert learner.known() == first


@pytest.mark.anyio
async def test_the_file_is_read_from_its_own_branch() -> None:
    gate = Gate(checks=GatekeeperFile(path="gate.yaml", branch="release/2.x"))
    async with github() as place:
        place.repository.write_file("gate.yaml", ONE)
        place.repository.push("release/2.x", files={"gate.yaml": TWO})

        found = await required_version(place.gateway, with_gate(gate), REPO, None, NOW)

        assert found is not None
        assert (found.branch, len(found.names)) == ("release/2.x", 2)


@pytest.mark.anyio
async def test_the_rules_of_a_branch_are_a_list_as_well() -> None:
    community = with_gate(Gate(checks=BranchRules(branch="main")))
    async with github() as place:
        place.repository.required_checks = ["z", "a"]
        place.repository.classic_checks = ["a", "dco"]

        first = await required_version(place.gateway, community, REPO, None, NOW)
        assert first is not None
        same = await required_version(place.gateway, community, REPO, first, NOW)
        place.repository.classic_checks = []
        fewer = await required_version(place.gateway, community, REPO, first, NOW)

        assert (first.names, first.origin) == (("a", "dco", "z"), "branch rules")
        assert same is None
        assert fewer is not None
        assert (fewer.names, fewer.follows) == (("a", "z"), first.fingerprint)


@pytest.mark.anyio
@pytest.mark.parametrize("gate", [None, Gate(), Gate(workflow="Gatekeeper")])
async def test_a_community_without_a_list_asks_nothing(gate: Gate | None) -> None:
    async with github() as place:
        assert await required_version(place.gateway, with_gate(gate), REPO, None, NOW) is None
        assert place.asked() == []


# What a change needs

SETS = ("test", "static", "build")
PARTS = ("docs", "src", "ci", "a.md", "b.rs", "x")
PATTERNS = ("^docs/", r"\.md$", "src", "^ci/x", "b", "^$")

rules_of_files = st.lists(
    st.tuples(st.sampled_from(PATTERNS), st.lists(st.sampled_from(SETS), max_size=2, unique=True)),
    max_size=5,
)
files = st.lists(st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map("/".join), max_size=4)


def written(rules: Sequence[tuple[str, Sequence[str]]]) -> RequiredList:
    """Read the file in which somebody wrote these rules."""
    document = {
        "required_tests": ["always"],
        "required_regexps": ["always .*"],
        "paths": [{pattern: list(sets)} for pattern, sets in rules],
        "mapping": {
            name: {
                "names": [f"{name} / one", "shared"],
                "regexps": f"{name} / x|{name} / y",
                "required-labels": ["ok-to-test"],
            }
            for name in SETS
        },
    }
    return parse_required(yaml.safe_dump(document, sort_keys=False))


@given(rules=rules_of_files, changed=files)
@example(rules=[("b", ["test"])], changed=["src/b.rs"])
@example(rules=[("^docs/", ["static"]), (r"\.md$", [])], changed=["docs/a.md", "src/a.md"])
@example(rules=[("^docs/", [])], changed=["src/b.rs"])
@example(rules=[], changed=["x"])
@example(rules=[("^docs/", [])], changed=[])
def test_each_file_needs_what_the_first_expression_found_in_it_says_and_else_everything(
    rules: list[tuple[str, list[str]]], changed: list[str]
) -> None:
    needed = required_for(written(rules), changed)

    expected: set[str] = set()
    for file in changed:
        for pattern, sets in rules:
            if re.search(pattern, file):
                expected.update(sets)
                break
        else:
            expected.update(SETS)
    assert set(needed.sets) == expected
    assert needed.names[0] == "always"
    assert set(needed.names) == {"always"} | {f"{name} / one" for name in expected} | (
        {"shared"} if expected else set()
    )
    assert len(needed.names) == len(set(needed.names))
    assert needed.patterns[0] == "always .*"
    assert set(needed.patterns[1:]) == {f"{name} / x|{name} / y" for name in expected}
    assert needed.labels == (("ok-to-test",) if expected else ())


@given(rules=rules_of_files, some=files, others=files)
def test_two_changes_together_need_what_both_need(
    rules: list[tuple[str, list[str]]], some: list[str], others: list[str]
) -> None:
    listed = written(rules)

    together = required_for(listed, [*some, *others])

    apart = {*required_for(listed, some).sets, *required_for(listed, others).sets}
    assert set(together.sets) == apart
    assert required_for(listed, [*others, *some]) == together


@given(rules=rules_of_files, more=rules_of_files, changed=files)
def test_a_rule_that_comes_later_changes_nothing_for_what_an_earlier_one_found(
    rules: list[tuple[str, list[str]]], more: list[tuple[str, list[str]]], changed: list[str]
) -> None:
    found = [file for file in changed if any(re.search(pattern, file) for pattern, _ in rules)]

    assert required_for(written([*rules, *more]), found) == required_for(written(rules), found)


@given(rules=rules_of_files, changed=files)
def test_what_was_recorded_says_the_same_as_the_file(
    rules: list[tuple[str, list[str]]], changed: list[str]
) -> None:
    listed = written(rules)
    recorded = RequiredChecksChanged(
        repo=REPO, branch="main", origin="x", fingerprint="f", names=listed.names,
        patterns=listed.patterns, paths=listed.paths, sets=listed.sets,
    )  # fmt: skip

    assert required_for(recorded, changed) == required_for(listed, changed)
