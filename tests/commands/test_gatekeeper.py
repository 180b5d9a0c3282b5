import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from chatops.commands.gatekeeper import Gatekeeper
from chatops.engine.answer import Answer, Tone, as_text, plain
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.gate import CheckSet, PathRule, RequiredChecksChanged
from chatops.events.pulls import PullFilesSeen
from chatops.names import PullNumber
from chatops.views.blocks import render_blocks
from tests.payloads import problems
from tests.scene import (
    HEAD,
    NOW,
    PULL,
    REPO,
    ended,
    job,
    pull,
    received,
    scene,
    story,
    under_way,
)

RULES = RequiredChecksChanged(
    repo=REPO,
    branch="main",
    origin="gate.yaml",
    fingerprint="1",
    seen_at=NOW,
    names=("Commit / message",),
    paths=(
        PathRule(pattern="^docs/", sets=("static",)),
        PathRule(pattern=r"^\.meta/", sets=()),
    ),
    sets=(
        CheckSet(name="test", names=("CI / build", "CI / suite / run (a)"), labels=("ok-to-test",)),
        CheckSet(name="static", names=("Static / spelling",), patterns=("Static / lint.*",)),
    ),
)
COMMIT = [ended(1, "Commit", "success"), job(1, 1, "message", "success")]


def touching(*files: str) -> PullFilesSeen:
    return PullFilesSeen(repo=REPO, number=PULL, sha=HEAD, base="main", files=files)


def ask(folder: Path, *events: Event, words: Sequence[str] = (), surface: str = "github") -> Answer:
    asked = received(
        verb="gatekeeper",
        words=tuple(words),
        surface=surface,
        number=PULL if surface == "github" else PullNumber(0),
    )
    with scene(folder, events) as world, world.knowledge() as knowledge:
        asking = Asked(received=asked, standing=Standing(), grant=Grant(ground="anyone"))
        assert Gatekeeper.parse(words).decide(asking, knowledge) == ()
        return Gatekeeper.tell(story(asked), knowledge)


def section(answer: Answer, title: str) -> list[str]:
    return [
        plain(line) for one in answer.sections if one.title.startswith(title) for line in one.lines
    ]


def test_the_rule_that_asks_for_a_check_is_named(tmp_path: Path) -> None:
    answer = ask(tmp_path, RULES, pull(), *COMMIT, touching("docs/a.md", "docs/b.md", "docs/c.md"))

    assert plain(answer.verdict) == "#7 must pass 2 checks; 1 of them passed."
    assert section(answer, "Why these checks") == [
        "Always: 1 check.",
        "The rule ^docs/ is for docs/a.md, docs/b.md and 1 more: needs static.",
        "The set static: 2 checks.",
        "Not needed here: the set test.",
    ]
    assert section(answer, "Required and never reported") == [
        "Static / spelling required: “Static” has not run on this commit"
    ]


def test_a_file_that_no_rule_is_for_needs_everything(tmp_path: Path) -> None:
    answer = ask(tmp_path, RULES, pull(), *COMMIT, touching(".meta/x", "src/main.rs"))

    reasons = section(answer, "Why these checks")
    assert "The rule ^\\.meta/ is for .meta/x: needs nothing besides." in reasons
    assert "No rule is for src/main.rs, so every set is needed: test, static." in reasons
    assert "The set test: 2 checks, with the label ok-to-test." in reasons


def test_without_its_label_the_gate_does_not_look(tmp_path: Path) -> None:
    answer = ask(tmp_path, RULES, pull(labels=()), *COMMIT, touching("src/main.rs"))

    assert answer.tone is Tone.BAD
    assert "does not look at them before it has the label ok-to-test" in plain(answer.verdict)


def test_a_change_that_needs_no_labelled_set_needs_no_label(tmp_path: Path) -> None:
    answer = ask(tmp_path, RULES, pull(labels=()), *COMMIT, touching(".meta/x"))

    assert answer.tone is Tone.GOOD
    assert plain(answer.verdict) == "#7 must pass 1 check, and all of them passed."


def test_a_skip_counts_as_a_failure_and_what_it_kept_from_running_is_named(tmp_path: Path) -> None:
    runs = [ended(2), job(2, 2, "build", "skipped"), job(3, 2, "suite", "skipped")]

    answer = ask(tmp_path, RULES, pull(), *COMMIT, *runs, touching("src/main.rs"))

    assert section(answer, "Failed, or skipped") == ["CI / build required, skipped"]
    assert "CI / suite / run (a) required: “suite” was skipped" in section(
        answer, "Required and never reported"
    )


def test_a_name_that_its_workflow_did_not_bring_may_be_renamed(tmp_path: Path) -> None:
    runs = [ended(2), job(2, 2, "build", "success")]

    answer = ask(tmp_path, RULES, pull(), *COMMIT, *runs, touching("src/main.rs"))

    assert any("was it renamed or removed?" in line for line in section(answer, "Required and"))


def test_a_name_that_an_expression_requires_is_required_once_it_is_there(tmp_path: Path) -> None:
    runs = [ended(2, "Static"), job(2, 2, "lint (go)"), job(3, 2, "spelling", "success")]

    answer = ask(tmp_path, RULES, pull(), *COMMIT, *runs, touching("docs/a.md"))

    assert section(answer, "Failed")[0].startswith("Static / lint (go) required — /why")


def test_a_change_of_the_list_itself_is_pointed_out(tmp_path: Path) -> None:
    answer = ask(tmp_path, RULES, pull(), *COMMIT, touching("gate.yaml"))

    assert any("touches gate.yaml itself" in line for line in section(answer, "Why these checks"))


def test_files_nobody_asked_for_make_every_set_count(tmp_path: Path) -> None:
    answer = ask(tmp_path, RULES, pull(), *COMMIT)

    assert any("I do not know which files" in line for line in section(answer, "Why these checks"))
    assert plain(answer.verdict) == "#7 must pass 4 checks; 1 of them passed."


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ([], "Gatekeeper has not run on this commit."),
        ([under_way(9, "Gatekeeper")], "it looks, and waits"),
        ([ended(9, "Gatekeeper")], "All it waits for has passed since"),
        ([ended(9, "Gatekeeper", "success")], ": success"),
    ],
)
def test_the_gate_itself_is_told_too(tmp_path: Path, gate: list[Event], said: str) -> None:
    answer = ask(tmp_path, RULES, pull(), *COMMIT, touching(".meta/x"), *gate)

    (line,) = section(answer, "The gate itself")
    assert said in line


def test_where_nobody_told_what_is_required_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="I do not know which checks acme/rocket requires"):
        ask(tmp_path, pull())


def test_in_slack_the_pull_request_is_named(tmp_path: Path) -> None:
    answer = ask(tmp_path, RULES, pull(), *COMMIT, words=["7"], surface="slack")

    assert plain(answer.verdict).startswith("#7 must pass")
    assert problems(render_blocks(answer)) == []
    assert "gate.yaml of main" in as_text(answer)


def test_branch_rules_have_no_paths_to_speak_of(tmp_path: Path) -> None:
    rules = msgspec.structs.replace(RULES, origin="branch rules", paths=(), sets=())

    answer = ask(tmp_path, rules, pull(), *COMMIT)

    assert section(answer, "Why these checks") == ["Always: 1 check."]
    assert answer.tone is Tone.GOOD


def test_more_than_a_number_is_refused() -> None:
    with pytest.raises(Refused, match=re.escape("I found `7 please`")):
        Gatekeeper.parse(["7", "please"])
