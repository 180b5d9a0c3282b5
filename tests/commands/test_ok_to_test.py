from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from chatops.commands.ok_to_test import OkToTest
from chatops.config import Community, Labels, Trust
from chatops.engine.answer import Tone, as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import LabelsRequested
from chatops.events.conversation import EffectFailed
from chatops.events.held_runs import RunApprovalRefused, RunApprovalRequested, RunApproved
from chatops.events.runs import RunHeld
from chatops.events.statuses import StatusRequested, StatusWritten
from chatops.events.trust import TrustGiven, TrustWithdrawn
from chatops.names import CommandId, Login, RunId, Sha
from tests.scene import (
    COMMAND,
    COMMUNITY,
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

MINUTE = timedelta(minutes=1)
BEFORE = Sha("b" * 40)
OTHER = CommandId("command/other")
LABELLING = msgspec.structs.replace(
    COMMUNITY, trust=Trust(adds_label=True), labels=Labels(restart_ci=True)
)
ASKED = Asked(
    received=received(verb="ok-to-test", said_at=NOW), standing=Standing(), grant=Grant(ground="write")
)  # fmt: skip
OPEN = pull(labels=(), updated_at=NOW - 10 * MINUTE)


def given(command: CommandId = OTHER, sha: Sha = HEAD, by: str = "alice") -> TrustGiven:
    return TrustGiven(
        command=command, repo=REPO, number=PULL, sha=sha, by=Login(by), decided_at=NOW - 5 * MINUTE
    )  # fmt: skip


def decide(
    folder: Path, words: Sequence[str], *facts: Event, community: Community = COMMUNITY
) -> list[Event]:
    with scene(folder, facts or [OPEN]) as world, world.knowledge(community) as knowledge:
        return list(OkToTest.parse(words).decide(ASKED, knowledge))


def refusal(
    folder: Path, words: Sequence[str], *facts: Event, community: Community = COMMUNITY
) -> Refused:
    with pytest.raises(Refused) as refused:
        decide(folder, words, *facts, community=community)
    return refused.value


@pytest.mark.parametrize("words", [[], [HEAD], [HEAD[:7].upper()], ["now"]])
def test_the_commit_that_was_looked_at_is_let_in(tmp_path: Path, words: list[str]) -> None:
    trusted, status = decide(tmp_path, words)

    assert isinstance(trusted, TrustGiven)
    assert (trusted.sha, trusted.by) == (HEAD, "mona")
    assert isinstance(status, StatusRequested)
    assert (status.sha, status.context, status.state) == (HEAD, "chatops/ok-to-test", "success")


def test_the_context_is_the_communitys(tmp_path: Path) -> None:
    own = msgspec.structs.replace(COMMUNITY, trust=Trust(status="acme/trusted"))

    _, status = decide(tmp_path, [], community=own)

    assert isinstance(status, StatusRequested)
    assert status.context == "acme/trusted"


MOVED = (pull(labels=(), sha=BEFORE, updated_at=NOW - 10 * MINUTE), pull(labels=(), updated_at=NOW))


def test_a_commit_that_came_while_it_was_said_is_not_let_in(tmp_path: Path) -> None:
    refused = refusal(tmp_path, [], *MOVED)

    assert refused.reason == "head_moved"
    assert "from `bbbbbbbbb` to `c0ffee000`" in refused.text


def test_then_the_commit_has_to_be_named(tmp_path: Path) -> None:
    assert len(decide(tmp_path, ["c0ffee000"], *MOVED)) == 2
    assert refusal(tmp_path, ["bbbbbbb"], *MOVED).reason == "head_moved"


def test_a_push_before_it_was_said_is_what_was_looked_at(tmp_path: Path) -> None:
    early = pull(labels=(), updated_at=NOW - MINUTE)

    assert len(decide(tmp_path, [], MOVED[0], early)) == 2


def test_what_is_let_in_already_is_said(tmp_path: Path) -> None:
    refused = refusal(tmp_path, [], OPEN, given())

    assert refused.reason == "as_it_is"
    assert refused.text.startswith("alice has let in")


def test_another_commit_needs_it_again(tmp_path: Path) -> None:
    assert len(decide(tmp_path, [], OPEN, given(sha=BEFORE))) == 2


def test_a_label_that_is_missing_can_be_made_up_for_but_restarts_the_ci(tmp_path: Path) -> None:
    facts = (OPEN, given(), ended(10), job(1, 10, "a"), job(2, 10, "b"))

    refused = refusal(tmp_path, [], *facts, community=LABELLING)

    assert refused.reason == "would_restart"
    assert "2 jobs so far" in refused.text
    assert len(decide(tmp_path, ["now"], community=LABELLING)) == 2


def test_it_can_be_taken_back_with_the_label(tmp_path: Path) -> None:
    labelled = pull(updated_at=NOW - 10 * MINUTE)

    withdrawn, status, labels = decide(tmp_path, ["cancel"], labelled, given(), community=LABELLING)

    assert isinstance(withdrawn, TrustWithdrawn)
    assert isinstance(status, StatusRequested)
    assert status.state == "failure"
    assert isinstance(labels, LabelsRequested)
    assert (labels.add, labels.remove) == ((), ("ok-to-test",))


WAITING = msgspec.structs.replace(
    COMMUNITY, trust=Trust(adds_label=True, waiting_label="needs-ok-to-test")
)


def test_the_label_of_those_who_wait_comes_back(tmp_path: Path) -> None:
    labelled = pull(updated_at=NOW - 10 * MINUTE)

    *_, labels = decide(tmp_path, ["cancel"], labelled, given(), community=WAITING)

    assert isinstance(labels, LabelsRequested)
    assert (labels.add, labels.remove) == (("needs-ok-to-test",), ("ok-to-test",))


def test_who_was_never_let_in_is_told_to_wait_where_there_is_a_label_for_it(tmp_path: Path) -> None:
    *_, labels = decide(tmp_path, ["cancel"], community=WAITING)

    assert isinstance(labels, LabelsRequested)
    assert (labels.add, labels.remove) == (("needs-ok-to-test",), ())


def test_a_label_that_is_not_ours_to_set_stays(tmp_path: Path) -> None:
    assert len(decide(tmp_path, ["cancel"], pull(), given())) == 2


def test_what_was_not_let_in_cannot_be_taken_back(tmp_path: Path) -> None:
    assert refusal(tmp_path, ["cancel"]).reason == "as_it_is"


@pytest.mark.parametrize("words", [["please"], ["cancel", "now"], ["abc"], [HEAD, BEFORE]])
def test_other_words_are_refused(words: list[str]) -> None:
    with pytest.raises(Refused, match="the commit you have looked at") as refused:
        OkToTest.parse(words)

    assert refused.value.reason == "usage"


@pytest.mark.parametrize(
    ("facts", "reason"), [([ended(10)], "no_pull"), ([pull(state="closed")], "closed")]
)
def test_it_needs_an_open_pull_request(tmp_path: Path, facts: list[Event], reason: str) -> None:
    assert refusal(tmp_path, [], *facts).reason == reason


WRITTEN = StatusWritten(
    command=COMMAND, repo=REPO, sha=HEAD, context="chatops/ok-to-test", state="success"
)


@pytest.mark.parametrize(
    ("trust", "said"),
    [
        (Trust(), "for this commit only"),
        (Trust(adds_label=True), "lets later pushes in as well"),
        (Trust(adds_label=True, again_after_push=True), "needs /ok-to-test again"),
    ],
)
def test_what_a_later_push_means_is_told(tmp_path: Path, trust: Trust, said: str) -> None:
    community = msgspec.structs.replace(COMMUNITY, trust=trust)
    with scene(tmp_path) as world, world.knowledge(community) as knowledge:
        answer = OkToTest.tell(story(ASKED.received, given(COMMAND), WRITTEN), knowledge)

    assert as_text(answer).startswith("The tests may run on c0ffee000.")
    assert said in as_text(answer)


def test_what_did_not_work_is_told(tmp_path: Path) -> None:
    failed = EffectFailed(effect="set_status", request="r", stream_of=COMMAND, text="No.")
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        answer = OkToTest.tell(story(ASKED.received, given(COMMAND), failed), knowledge)

    assert (answer.tone, as_text(answer)) == (Tone.BAD, "Not done: No.")


def test_that_it_was_taken_back_is_told(tmp_path: Path) -> None:
    with scene(tmp_path) as world, world.knowledge() as knowledge:
        answer = OkToTest.tell(story(ASKED.received), knowledge)

    assert "not let in any more. /cancel stops what runs." in as_text(answer)


def undone(folder: Path, told: Sequence[Event], *facts: Event) -> list[Event]:
    with scene(folder, facts) as world, world.knowledge() as knowledge:
        return list(OkToTest.taken_back(story(*told), ASKED, knowledge))


def test_it_is_undone_by_taking_it_back(tmp_path: Path) -> None:
    withdrawn, status = undone(tmp_path, [given()], OPEN, given())

    assert isinstance(withdrawn, TrustWithdrawn)
    assert isinstance(status, StatusRequested)


@pytest.mark.parametrize(
    "later",
    [
        pull(labels=(), sha=BEFORE, updated_at=NOW),
        TrustWithdrawn(
            command=COMMAND, repo=REPO, number=PULL, sha=HEAD, by=Login("bob"), decided_at=NOW
        ),
    ],
)
def test_what_has_moved_on_is_not_undone(tmp_path: Path, later: Event) -> None:
    with pytest.raises(Refused) as refused:
        undone(tmp_path, [given()], OPEN, given(), later)

    assert refused.value.reason == "changed_since"


def test_taking_back_is_not_undone_but_decided_anew(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="a decision of its own") as refused:
        undone(tmp_path, [], OPEN)

    assert refused.value.reason == "irreversible"


APPROVING = msgspec.structs.replace(COMMUNITY, trust=Trust(approves_runs=True))
HELD = RunHeld(
    repo=REPO, run_id=RunId(30), attempt=1, workflow="From outside", sha=HEAD,
    conclusion="action_required",
)  # fmt: skip


def test_runs_that_wait_for_an_approval_are_approved_where_that_is_wanted(tmp_path: Path) -> None:
    *_, wanted = decide(tmp_path, [], OPEN, HELD, ended(10), community=APPROVING)

    assert isinstance(wanted, RunApprovalRequested)
    assert (wanted.run_id, wanted.attempt, wanted.sha) == (30, 1, HEAD)


def test_where_that_is_not_wanted_they_go_on_to_wait(tmp_path: Path) -> None:
    decided = decide(tmp_path, [], OPEN, HELD)

    assert not any(isinstance(event, RunApprovalRequested) for event in decided)


def test_what_was_let_in_before_may_have_runs_that_wait(tmp_path: Path) -> None:
    [wanted] = decide(tmp_path, [], OPEN, given(), HELD, community=APPROVING)

    assert isinstance(wanted, RunApprovalRequested)


def test_what_has_begun_waits_no_more(tmp_path: Path) -> None:
    begun = under_way(30, "From outside")

    refused = refusal(tmp_path, [], OPEN, given(), HELD, begun, community=APPROVING)

    assert refused.reason == "as_it_is"


def test_what_was_approved_is_told_and_that_it_stays(tmp_path: Path) -> None:
    wanted = RunApprovalRequested(
        command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(30), attempt=1, workflow="From outside"
    )
    run = {"command": COMMAND, "repo": REPO, "run_id": RunId(30), "workflow": "From outside"}
    outcomes: list[tuple[list[Event], str]] = [
        ([], "From outside: asked GitHub to let it begin"),
        ([msgspec.convert(run, RunApproved)], "From outside: approved"),
        ([msgspec.convert({**run, "found": True}, RunApproved)], "had begun already"),
        ([msgspec.convert({**run, "text": "No."}, RunApprovalRefused)], "not approved. No."),
    ]
    with scene(tmp_path, [OPEN]) as world, world.knowledge(APPROVING) as knowledge:
        for outcome, said in outcomes:
            told = as_text(OkToTest.tell(story(received(), wanted, *outcome), knowledge))
            assert said in told
            assert "An approval is not taken back by GitHub" in told

        with pytest.raises(Refused, match="GitHub takes no approval back"):
            OkToTest.taken_back(story(received(), wanted), ASKED, knowledge)
