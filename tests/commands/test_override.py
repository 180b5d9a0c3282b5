from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from chatops.commands.override import Override
from chatops.config import Community, Trust
from chatops.engine.answer import Tone, as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.checks import CheckSeen, StatusSet
from chatops.events.conversation import EffectFailed
from chatops.events.gate import RequiredChecksChanged
from chatops.events.statuses import StatusRequested, StatusWritten
from chatops.names import CommandId
from tests.scene import (
    COMMAND,
    COMMUNITY,
    HEAD,
    NOW,
    REPO,
    ended,
    job,
    pull,
    received,
    scene,
    story,
)

UNDO = CommandId("command/undo")


def status(number: int, context: str, state: str = "failure", why: str = "It broke") -> StatusSet:
    return StatusSet(
        repo=REPO, status_id=number, context=context, sha=HEAD, state=state, description=why
    )  # fmt: skip


REQUIRED = RequiredChecksChanged(
    repo=REPO, branch="main", origin="branch rules", fingerprint="1", names=("never", "unit"),
    seen_at=NOW,
)  # fmt: skip
WORLD = (
    pull(), status(1, "license"), status(2, "ci/external build", "pending"), status(3, "dco", "success"),
    status(4, "chatops/ok-to-test"),
    CheckSeen(
        repo=REPO, check_id=5, name="coverage", app="coverage", sha=HEAD, status="completed",
        conclusion="failure",
    ),
    ended(10), job(1, 10, "unit"), REQUIRED,
)  # fmt: skip


def decide(
    folder: Path, words: Sequence[str], *facts: Event, community: Community = COMMUNITY
) -> list[StatusRequested]:
    asked = Asked(
        received=received(verb="override"), standing=Standing(), grant=Grant(ground="write")
    )
    with scene(folder, facts or WORLD) as world, world.knowledge(community) as knowledge:
        decided = Override.parse(words).decide(asked, knowledge)
    return [event for event in decided if isinstance(event, StatusRequested)]


def refusal(folder: Path, words: Sequence[str], *facts: Event) -> Refused:
    with pytest.raises(Refused) as refused:
        decide(folder, words, *facts)
    return refused.value


ALIASED = msgspec.structs.replace(
    COMMUNITY, job_aliases={"ext": "ci/external build", "dco": "license", "job": "unit"}
)


def test_an_alias_stands_for_a_status_once_however_often_it_is_named(tmp_path: Path) -> None:
    (wanted,) = decide(
        tmp_path, ["EXT", "ci/external build", "the", "service", "is", "down"], community=ALIASED
    )

    assert wanted.context == "ci/external build"


def test_what_is_called_so_itself_comes_before_an_alias(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="`dco` passes already"):
        decide(tmp_path, ["dco", "why"], community=ALIASED)


def test_an_alias_of_a_job_is_refused_as_the_job_is(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="`unit` is a job of GitHub Actions"):
        decide(tmp_path, ["job", "why"], community=ALIASED)


def test_a_failed_status_passes_with_a_name_and_a_reason(tmp_path: Path) -> None:
    (wanted,) = decide(tmp_path, ["LICENSE", "false", "alarm"])

    assert (wanted.context, wanted.state) == ("license", "success")
    assert wanted.description == "Overridden by mona: false alarm"
    assert (wanted.before, wanted.before_description) == ("failure", "It broke")


def test_several_can_be_named_and_one_may_have_blanks(tmp_path: Path) -> None:
    wanted = decide(tmp_path, ["license,", "ci/external build", "the service is down"])

    assert [one.context for one in wanted] == ["license", "ci/external build"]
    assert {one.description for one in wanted} == {"Overridden by mona: the service is down"}


def test_what_is_required_and_never_came_can_be_overridden(tmp_path: Path) -> None:
    (wanted,) = decide(tmp_path, ["never", "gone"])

    assert (wanted.context, wanted.before) == ("never", "")


def test_a_long_reason_is_cut_to_what_github_takes(tmp_path: Path) -> None:
    (wanted,) = decide(tmp_path, ["license", "x" * 300])

    assert len(wanted.description) == 140


@pytest.mark.parametrize(
    ("words", "reason", "said"),
    [
        (["license"], "usage", "Why?"),
        (["dco", "because"], "as_it_is", "passes already"),
        (["coverage", "because"], "not_a_status", "check of another app"),
        (["unit", "because"], "not_a_status", "job of GitHub Actions"),
        (["CI / unit", "because"], "not_a_status", "would stand beside it and not replace it"),
        (["chatops/ok-to-test", "because"], "not_a_status", "a command of its own"),
        (["licence", "because"], "no_such_status", "What can be overridden: `ci/external build`"),
    ],
)
def test_what_cannot_be_overridden_is_explained(
    tmp_path: Path, words: list[str], reason: str, said: str
) -> None:
    refused = refusal(tmp_path, words)

    assert refused.reason == reason
    assert said in refused.text


CANCELLING = [*Override.verbs(COMMUNITY)["override-cancel"]]
OVERRIDDEN = (
    pull(), status(1, "license", "success", "Overridden by mona: false alarm"), status(2, "dco", "success"),
    status(3, "ci/build", "success", "Overridden by mona"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "named"), [([], ["ci/build", "license"]), (["LICENSE,"], ["license"])]
)
def test_what_was_overridden_fails_again(
    tmp_path: Path, words: list[str], named: list[str]
) -> None:
    wanted = decide(tmp_path, [*CANCELLING, *words], *OVERRIDDEN)

    assert [one.context for one in wanted] == named
    assert {(one.state, one.description) for one in wanted} == {
        ("failure", "Override cancelled by mona")
    }


def test_what_was_not_overridden_stays_as_it_is(tmp_path: Path) -> None:
    refused = refusal(tmp_path, [*CANCELLING, "license", "dco"], *OVERRIDDEN)

    assert "`dco` is not overridden" in refused.text


def test_where_nothing_was_overridden_nothing_is_cancelled(tmp_path: Path) -> None:
    assert "Nothing is overridden" in refusal(tmp_path, CANCELLING, pull()).text


def test_the_end_of_an_override_is_told(tmp_path: Path) -> None:
    wanted = decide(tmp_path, CANCELLING, *OVERRIDDEN)
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        told = as_text(Override.tell(story(received(), *wanted), knowledge))

    assert "Cancelling the override of ci/build, license" in told


TERSE = msgspec.structs.replace(COMMUNITY, trust=Trust(override_needs_reason=False))


def test_where_no_reason_is_wanted_every_word_is_a_name(tmp_path: Path) -> None:
    (wanted,) = decide(tmp_path, ["license"], community=TERSE)

    assert wanted.description == "Overridden by mona"


def test_then_one_name_that_is_wrong_overrides_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="has no status `licence`"):
        decide(tmp_path, ["license", "licence"], community=TERSE)


def test_where_nothing_failed_nothing_can_be_overridden(tmp_path: Path) -> None:
    assert "Nothing here can be overridden" in refusal(tmp_path, ["x", "y"], pull()).text


@pytest.mark.parametrize(
    ("facts", "reason"), [([ended(10)], "no_pull"), ([pull(state="closed")], "closed")]
)
def test_it_needs_an_open_pull_request(tmp_path: Path, facts: list[Event], reason: str) -> None:
    assert refusal(tmp_path, ["license", "x"], *facts).reason == reason


def test_without_words_it_says_what_it_needs() -> None:
    with pytest.raises(Refused, match="Which status, and why"):
        Override.parse([])


WANTED = StatusRequested(
    command=COMMAND, repo=REPO, sha=HEAD, context="license", state="success",
    description="Overridden by mona: false alarm", before="failure", before_description="It broke",
)  # fmt: skip
WRITTEN = StatusWritten(command=COMMAND, repo=REPO, sha=HEAD, context="license", state="success")


def tell(folder: Path, *told: Event) -> tuple[Tone, str]:
    with scene(folder) as world, world.knowledge() as knowledge:
        answer = Override.tell(story(received(), *told), knowledge)
    return answer.tone, as_text(answer)


def test_what_was_overridden_is_told_with_the_reason(tmp_path: Path) -> None:
    assert tell(tmp_path, WANTED, WRITTEN) == (
        Tone.NEUTRAL,
        "Overrode license on c0ffee000: false alarm",
    )


def test_what_did_not_work_is_told(tmp_path: Path) -> None:
    failed = EffectFailed(effect="set_status", request="r", stream_of=COMMAND, text="No.")

    tone, text = tell(tmp_path, WANTED, failed)

    assert tone is Tone.BAD
    assert "No." in text


def undone(folder: Path, wanted: StatusRequested, *facts: Event) -> StatusRequested:
    asked = Asked(
        received=received(command=UNDO, verb="undo"), standing=Standing(), grant=Grant(ground="w")
    )
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        (back,) = Override.taken_back(story(received(), wanted, WRITTEN), asked, knowledge)
    assert isinstance(back, StatusRequested)
    return back


def test_undone_it_says_what_it_said_before(tmp_path: Path) -> None:
    ours = status(9, "license", "success", WANTED.description)

    back = undone(tmp_path, WANTED, status(1, "license"), ours)

    assert (back.command, back.state, back.description) == (UNDO, "failure", "It broke")


def test_what_never_came_is_awaited_again(tmp_path: Path) -> None:
    new = StatusRequested(
        command=COMMAND, repo=REPO, sha=HEAD, context="license", state="success", description="d"
    )

    back = undone(tmp_path, new)

    assert (back.state, back.description) == ("pending", "Taken back by mona")


def test_what_says_something_else_by_now_is_left(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        undone(tmp_path, WANTED, status(9, "license", "error", "Broken again"))

    assert refused.value.reason == "changed_since"
