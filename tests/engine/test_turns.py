from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from chatops.engine.log import Batch
from chatops.engine.turns import LONGEST, SOON, Turns
from chatops.engine.work import WorkList
from chatops.errors import NotYet
from chatops.events import Event, Fact, Recorded
from chatops.events.changes import Edited, EditRequested
from chatops.events.conversation import (
    CommandAccepted,
    CommandReceived,
    CommandRefused,
    EffectFailed,
)
from chatops.names import CommandId
from tests.engine.logs import HandClock
from tests.engine.test_work import Doing
from tests.engine.worlds import Town, town
from tests.scene import PULL, REPO, received

COMMENT = "the comment's own fact"


class Editing(Doing):
    """Whoever does what an `edit.requested` asks for."""

    kinds: Sequence[type[Event]] = (EditRequested,)


class Comment:
    """A comment with commands in it, the crew that has them done, and whose turn it is."""

    def __init__(self, here: Town) -> None:
        self.log = here.log
        self.clock = HandClock()
        self.work = WorkList(here.log, self.clock)
        self.work.be_born()
        self.turns = Turns(here.log, self.work, self.clock, noticed=self.work.position)
        self.editing = Editing()

    def say(self, *verbs: str, because_of: str | None = COMMENT) -> list[Recorded]:
        """Let a comment say some commands; return what is recorded of them."""
        head = self.log.head()
        facts = []
        for order, verb in enumerate(verbs):
            command = CommandId(f"command/github/comment/{head}/0/{order}")
            facts.append(
                Fact(
                    event=received(command=command, verb=verb),
                    source="github",
                    correlation_id=command,
                    causation_id=because_of,
                )
            )
        self.log.append([Batch(facts=facts)])
        said = [self.log.at(head + 1 + order) for order in range(len(verbs))]
        found = [one for one in said if one is not None]
        self.clock.moment = found[0].recorded_at
        return found

    def then(self, said: Recorded, *events: Event) -> int:
        """Let the story of a command go on; return the position where it is then."""
        facts = [
            Fact(event=event, source="chatops", correlation_id=said.correlation_id)
            for event in events
        ]
        self.log.append([Batch(facts=facts)])
        return self.log.head()

    def is_turn(self, said: Recorded) -> bool:
        """Return whether a command may be decided now."""
        self.work.collect([self.editing])
        try:
            self.turns.take(said)
        except NotYet:
            return False
        return True

    def finish(self) -> None:
        """Do what is to be done."""
        for item in self.work.claim(10):
            self.work.finish(item)


@pytest.fixture
def comment(database_url: str) -> Iterator[Comment]:
    with town(database_url) as here:
        yield Comment(here)


def accepted(said: Recorded) -> CommandAccepted:
    return CommandAccepted(command=CommandId(said.correlation_id), role="permission write")


def edit(said: Recorded) -> EditRequested:
    return EditRequested(
        command=CommandId(said.correlation_id), repo=REPO, number=PULL, field="title", value="x",
        before="y",
    )  # fmt: skip


def test_the_first_command_of_a_comment_waits_for_nobody(comment: Comment) -> None:
    first, _ = comment.say("retitle", "retitle")

    assert comment.turns.take(first) == 0


def test_the_next_one_waits_until_what_was_asked_for_is_done(comment: Comment) -> None:
    first, second = comment.say("retitle", "retitle")
    undecided = comment.is_turn(second)
    wanted = edit(first)
    comment.then(first, accepted(first), wanted)
    undone = comment.is_turn(second)
    comment.finish()
    made = Edited(
        command=wanted.command, repo=REPO, number=PULL, field="title", value="x", before="y"
    )
    position = comment.then(first, made)

    assert (undecided, undone, comment.is_turn(second)) == (False, False, True)
    assert comment.turns.take(second) == position


def test_what_is_not_looked_at_yet_is_not_done(comment: Comment) -> None:
    first, second = comment.say("retitle", "retitle")
    comment.then(first, accepted(first), edit(first))

    with pytest.raises(NotYet):
        comment.turns.take(second)


def test_a_refusal_lets_the_next_one_go_ahead(comment: Comment) -> None:
    first, second = comment.say("retitle", "retitle")
    command = CommandId(first.correlation_id)
    comment.then(first, CommandRefused(command=command, reason="usage", text="No."))

    assert comment.is_turn(second)


def test_what_could_not_be_decided_lets_the_next_one_go_ahead(comment: Comment) -> None:
    first, second = comment.say("retitle", "retitle")
    given_up = EffectFailed(
        effect="decide", request=first.id, stream_of=first.correlation_id, text="No.", parked=True
    )
    comment.then(first, given_up)

    assert comment.is_turn(second)


def test_who_has_more_before_them_looks_again_later(comment: Comment) -> None:
    said = comment.say("retitle", "retitle", "retitle")
    comment.editing.kinds = (CommandReceived,)
    comment.work.collect([comment.editing])
    waits = []
    for one in said[1:]:
        with pytest.raises(NotYet) as early:
            comment.turns.take(one)
        waits.append(early.value.wait)

    assert waits == [SOON, 2 * SOON]


def test_nobody_waits_for_ever(comment: Comment) -> None:
    _, second = comment.say("retitle", "retitle")
    early = comment.is_turn(second)
    comment.clock.moment += LONGEST + timedelta(seconds=1)

    assert (early, comment.is_turn(second)) == (False, True)


def test_another_comment_waits_for_nobody(comment: Comment) -> None:
    comment.say("retitle")
    (other,) = comment.say("retitle", because_of="another comment's fact")

    assert comment.turns.take(other) == 0


def test_what_is_said_elsewhere_waits_for_nobody(comment: Comment) -> None:
    comment.say("retitle", because_of=None)
    (other,) = comment.say("retitle", because_of=None)

    assert comment.turns.take(other) == 0
