import pytest

from chatops.answers.changes import told
from chatops.engine.answer import Tone, as_text
from chatops.events import Event
from chatops.events.changes import AssigneesChanged, Edited, LabelsChanged, ReviewersChanged
from chatops.events.conversation import EffectFailed
from tests.scene import COMMAND, PULL, REPO, received, story


def edited(field: str, value: str, before: str = "", reason: str = "") -> Edited:
    return Edited(
        command=COMMAND, repo=REPO, number=PULL, field=field, value=value, before=before, reason=reason
    )  # fmt: skip


def assigned(**changes: tuple[str, ...]) -> AssigneesChanged:
    return AssigneesChanged(command=COMMAND, repo=REPO, number=PULL, **changes)


def reviewed(**changes: tuple[str, ...]) -> ReviewersChanged:
    return ReviewersChanged(command=COMMAND, repo=REPO, number=PULL, **changes)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            assigned(added=("alice", "bob"), removed=("eve",)),
            "Assigned alice, bob. Unassigned eve.",
        ),
        (assigned(unchanged=("alice",)), "It is so already."),
        (reviewed(added=("acme/pilots",)), "Asked for a review: acme/pilots."),
        (reviewed(removed=("alice",)), "Not asked for a review any more: alice."),
        (LabelsChanged(command=COMMAND, repo=REPO, number=PULL), "The labels are so already."),
        (edited("state", "closed"), "Closed."),
        (edited("state", "closed", reason="not_planned"), "Closed as not planned."),
        (edited("state", "open"), "Opened again."),
        (edited("title", "Add wings"), "The title is Add wings now."),
        (edited("milestone", "", before="3.2"), "Took off the milestone 3.2."),
    ],
)
def test_what_worked_is_told_quietly(event: Event, said: str) -> None:
    answer = told(story(received(), event))

    assert (as_text(answer), answer.quiet) == (said, True)


@pytest.mark.parametrize("event", [assigned(ignored=("eve",)), reviewed(ignored=("eve",))])
def test_what_github_left_out_is_told_aloud(event: Event) -> None:
    answer = told(story(received(), event))

    assert (answer.quiet, answer.tone) == (False, Tone.BAD)
    assert "eve. GitHub" in as_text(answer)


def test_a_label_that_is_not_there_is_told_aloud() -> None:
    changed = LabelsChanged(
        command=COMMAND, repo=REPO, number=PULL, added=("bug",), unknown=("bgu",)
    )

    answer = told(story(received(), changed))

    assert (as_text(answer), answer.quiet) == ("Added bug. acme/rocket has no label bgu.", False)


def test_what_worked_for_some_is_no_failure() -> None:
    answer = told(story(received(), assigned(added=("alice",), ignored=("eve",))))

    assert (answer.quiet, answer.tone) == (False, Tone.NEUTRAL)


def test_what_is_not_done_yet_says_so() -> None:
    assert told(story(received())).tone is Tone.BUSY


def test_a_failure_comes_before_everything_else() -> None:
    failed = EffectFailed(effect="edit_issue", request="r", stream_of=COMMAND, text="No `x` here.")

    answer = told(story(received(), edited("title", "x"), failed))

    assert (as_text(answer), answer.tone) == ("No x here.", Tone.BAD)
