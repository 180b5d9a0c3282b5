import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from chatops.engine.answer import Answer, Code, Link, Section, Strong, as_text, plain, shortened
from chatops.engine.bus import Bus
from chatops.engine.clock import SystemClock
from chatops.engine.command import Story
from chatops.engine.reply import Replier, overdue, placed, referenced
from chatops.engine.work import MOST_TRIES, OUR_FAULT, WORK, Crew, Item, WorkList
from chatops.errors import Refused, Transient
from chatops.events.conversation import (
    CommandAccepted,
    CommandOverdue,
    CommandReceived,
    EffectDelayed,
    EffectFailed,
    ReplyPosted,
)
from chatops.events.reruns import RerunRequested, RerunStarted
from chatops.gateways.github import GitHubGateway
from chatops.gateways.slack import SlackGateway
from chatops.gateways.slack_workspaces import SlackWorkspaces
from chatops.names import CommandId, RunId
from chatops.surfaces.github import MARKER, Comments
from chatops.surfaces.slack_messages import Messages
from tests.engine.logs import HandClock
from tests.engine.worlds import A_WHILE, Town, town
from tests.payloads import problems
from tests.scene import HEAD, REPO, issue, received

pytestmark = pytest.mark.anyio

GITHUB_LIMIT = 65_536


@pytest.fixture
def here(database_url: str) -> Iterator[Town]:
    with town(database_url) as built:
        yield built


def replying(item: Item, here: Town) -> Item:
    """Return the work of answering the command that an item decides."""
    asked = here.log.at(int(item.subject))
    assert asked is not None
    return Item(Replier.name, asked.correlation_id, here.log.head(), 0)


def requested(command: str) -> list[CommandAccepted | RerunRequested]:
    """Return the events of a `/retest` that was accepted."""
    return [
        CommandAccepted(command=CommandId(command)),
        RerunRequested(
            command=CommandId(command), repo=REPO, sha=HEAD, run_id=RunId(1), attempt=1,
            workflow="CI", scope="failed", jobs=("test",),
        ),
    ]  # fmt: skip


async def test_a_reply_that_would_say_the_same_is_not_written_again(here: Town) -> None:
    item = here.ask("help")
    await here.bus.perform(item)
    reply = replying(item, here)

    for _ in range(2):
        await here.replier.perform(reply)
        await here.replier.perform(reply)

    assert here.wall.writes == 1
    assert here.kinds().count("reply.posted") == 1


async def test_a_reply_is_changed_as_its_story_grows_and_never_stacked(here: Town) -> None:
    item = here.ask("retest")
    reply = replying(item, here)
    here.add(requested(reply.subject), reply.subject)
    await here.replier.perform(reply)
    first = here.wall.note

    here.add(
        [
            RerunStarted(
                command=CommandId(reply.subject),
                repo=REPO,
                run_id=RunId(1),
                attempt=2,
                workflow="CI",
            )
        ],
        reply.subject,
    )
    await here.replier.perform(reply)

    assert first != here.wall.note
    assert len(here.wall.notes) == 1
    assert here.wall.writes == 2


async def test_a_reply_that_was_written_but_not_noted_is_found_again(here: Town) -> None:
    item = here.ask("help")
    await here.bus.perform(item)
    reply = replying(item, here)
    here.wall.notes[reply.subject] = "what a process that died wrote"

    await here.replier.perform(reply)

    assert list(here.wall.notes) == [reply.subject]
    assert here.wall.note.startswith("What you can ask for")


async def test_nothing_is_said_before_there_is_something_to_say(here: Town) -> None:
    await here.replier.perform(replying(here.ask("help"), here))

    assert here.wall.writes == 0


async def test_nothing_is_said_where_nobody_can_be_answered(here: Town) -> None:
    item = here.ask("help", surface="carrier pigeon")
    await here.bus.perform(item)

    await here.replier.perform(replying(item, here))
    await here.replier.perform(Item(Replier.name, "command/unheard", 1, 0))

    assert here.wall.writes == 0


async def test_a_decision_that_waits_is_told_and_then_the_decision(here: Town) -> None:
    item = here.ask("retest")
    await here.bus.delayed(item, "GitHub could not be reached.", A_WHILE)
    reply = replying(item, here)
    await here.replier.perform(reply)
    waits = here.wall.note

    await here.bus.perform(item)
    await here.replier.perform(reply)

    assert waits == ("Not decided yet: GitHub could not be reached. I try again in about 2 min.")
    assert "Not decided" not in here.wall.note
    assert len(here.wall.notes) == 1


async def test_a_decision_that_was_given_up_is_told_and_what_became_of_it_after_all(
    here: Town,
) -> None:
    item = here.ask("help")
    await here.bus.delayed(item, "GitHub could not be reached.", A_WHILE)
    await here.bus.give_up(item, "GitHub could not be reached.")
    reply = replying(item, here)
    await here.replier.perform(reply)
    given_up = here.wall.note

    await here.bus.perform(item)
    await here.replier.perform(reply)

    assert given_up.startswith(
        "I could not decide this: GitHub could not be reached. Nothing was started."
    )
    request = here.log.story(CommandId(reply.subject))[0].id
    assert f"Reference {request[:8]}." in given_up
    assert here.wall.note.startswith("What you can ask for")
    assert "Reference" not in here.wall.note


def test_a_reference_leads_to_the_story_where_stories_have_pages() -> None:
    answer = Answer(verdict=("It failed.",), footer=("And more.",))

    told = referenced(answer, "0123456789abcdef", "https://ci.example/acme/audit")

    assert told.footer[-2] == Link("01234567", "https://ci.example/acme/audit/01234567")
    assert plain(told.footer) == "And more. Reference 01234567."


async def test_what_became_of_other_work_does_not_hide_the_decision(here: Town) -> None:
    item = here.ask("help")
    reply = replying(item, here)
    failed = EffectFailed(
        effect="acknowledge", request="r", stream_of=reply.subject, text="No eyes."
    )
    waits = EffectDelayed(
        effect="acknowledge",
        request="q",
        stream_of=reply.subject,
        text="Slow.",
        seconds=60,
        tries=1,
    )
    here.add([failed, waits], reply.subject)
    await here.replier.perform(reply)
    silent = dict(here.wall.notes)
    await here.bus.give_up(item, "GitHub could not be reached.")
    await here.replier.perform(reply)

    assert silent == {}
    assert "I could not decide this" in here.wall.note


async def test_what_went_wrong_on_our_side_is_not_spelt_out_to_people(here: Town) -> None:
    clock = HandClock()
    work = WorkList(here.log, clock)
    work.be_born()
    here.ask("retest")
    here.problem = KeyError("a name of ours")
    crew = Crew(work, [here.bus, here.replier])
    work.collect([here.bus])
    with here.log.database.write(durable=True) as db:
        db.execute(update(WORK).values(tries=MOST_TRIES - 1))
    await crew.settle()

    assert OUR_FAULT in here.wall.note
    assert "KeyError" not in here.wall.note
    [parked] = work.backlog()
    assert (parked.name, parked.parked) == (Bus.name, True)
    assert "a name of ours" in parked.problem
    told = [one.event for one in here.story() if isinstance(one.event, EffectFailed)]
    assert [event.text for event in told] == [OUR_FAULT]


async def test_a_place_that_says_no_is_not_asked_again_until_the_operator_says_so(
    here: Town,
) -> None:
    work = WorkList(here.log, SystemClock())
    work.be_born()
    here.ask("help")
    here.wall.problem = Refused("The conversation is locked.")
    crew = Crew(work, [here.bus, here.replier])

    await crew.settle()
    [parked] = work.backlog()
    here.wall.problem = None
    await crew.settle()
    untouched = here.wall.writes
    work.resume()
    await crew.settle()

    assert (parked.name, parked.parked, parked.problem) == (
        "reply",
        True,
        "The conversation is locked.",
    )
    assert untouched == 0
    assert here.wall.note.startswith("What you can ask for")


async def test_a_place_that_is_away_is_asked_again_later(here: Town) -> None:
    clock = HandClock()
    work = WorkList(here.log, clock)
    work.be_born()
    here.ask("help")
    here.wall.problem = Transient("Slack could not be reached.")
    crew = Crew(work, [here.bus, here.replier])

    await crew.settle()
    [waits] = work.backlog()
    here.wall.problem = None
    clock.moment += timedelta(seconds=5)
    await crew.settle()

    assert (waits.name, waits.parked, waits.tries) == ("reply", False, 1)
    assert work.backlog() == []
    assert here.wall.note.startswith("What you can ask for")
    [posted] = [one.event for one in here.story() if isinstance(one.event, ReplyPosted)]
    assert posted.message in here.wall.notes


# What is too long


def long_answer(lines: int, *, folded: bool) -> Answer:
    """Return an answer with far too many jobs in it."""
    jobs = tuple(
        (Link(f"job {number} ([a](b) <b> `c` @d)", f"https://ci.example/{number}"), " ", Strong("required"), " ",
         Code("x" * 40))
        for number in range(lines)
    )  # fmt: skip
    sections = (
        Section(title="Failed again", lines=jobs[: lines // 3]),
        Section(title="Passed this time", lines=jobs, folded=folded),
    )
    return Answer(
        verdict=("Much happened.",), counts=("1 of many",), sections=sections, footer=("The end.",)
    )


@pytest.mark.parametrize("folded", [True, False])
@pytest.mark.parametrize("lines", [3, 300, 4_000])
def test_a_comment_of_any_length_fits_and_stays_whole(lines: int, *, folded: bool) -> None:
    comments = Comments(GitHubGateway(token="unused"))

    text = comments.render(long_answer(lines, folded=folded), received())

    assert len(text) < GITHUB_LIMIT
    assert len(text.encode()) < 4 * GITHUB_LIMIT
    assert text.startswith(f"{MARKER}{received().command} -->")
    assert text.rstrip().endswith("<sub>The end.</sub>")
    assert text.count("<details>") == text.count("</details>") == folded
    shown = len(re.findall(r"^- \[job", text, re.MULTILINE))
    left_out = sum(int(more) for more in re.findall(r"^- … and (\d+) more$", text, re.MULTILINE))
    assert shown + left_out == lines + lines // 3


@pytest.mark.parametrize("lines", [3, 300, 4_000])
def test_a_message_of_any_length_is_one_that_slack_takes(lines: int) -> None:
    messages = Messages(SlackWorkspaces(SlackGateway()))

    text = messages.render(long_answer(lines, folded=True), received(surface="slack"))

    assert problems(json.loads(text)) == []
    assert lines < 20 or "more" in text


def test_an_answer_without_lists_cannot_be_shortened() -> None:
    assert shortened(Answer(verdict=("x",))) is None
    assert shortened(Answer(verdict=("x",), sections=(Section(title="t", lines=()),))) is None


def test_shortening_comes_to_an_end_and_counts_what_it_leaves_out() -> None:
    steps = [long_answer(99, folded=False)]
    while (shorter := shortened(steps[-1])) is not None:
        steps.append(shorter)

    assert len(steps) < 20
    for step in steps:
        assert [len(one.lines) + one.more for one in step.sections] == [33, 99]
    assert [one.lines for one in steps[-1].sections] == [(), ()]


def test_who_is_answered_is_named_by_the_command_alone(here: Town) -> None:
    here.ask("help")

    subjects = {here.replier.subject(recorded) for recorded in here.story()}

    assert subjects == {"command/github/comment/0/0/0"}
    assert CommandReceived not in here.replier.kinds


async def test_what_waits_for_too_long_says_so_until_something_is_told(here: Town) -> None:
    here.issue = issue(labels=("bug",))
    item = here.ask("label", "bug")
    reply = replying(item, here)
    late = CommandOverdue(command=CommandId(reply.subject), minutes=5, steps=("decide",))
    here.add([late], reply.subject)

    await here.replier.perform(reply)

    assert here.wall.note.startswith("I heard this 5 min ago, and it is not decided yet.")
    assert f"/why {reply.subject}" in here.wall.note

    await here.bus.perform(item)
    await here.replier.perform(reply)

    assert here.wall.note == "#7 has bug already."
    assert len(here.wall.notes) == 1


async def test_what_can_be_asked_about_says_how() -> None:
    late = CommandOverdue(command=CommandId("command/1"), minutes=7)

    answer = as_text(overdue(late, [], can_ask=True))

    assert "I heard this 7 min ago, and I have not heard what became of it." in answer
    assert "/why command/1" in answer


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        (Answer(verdict=("Closed.",), quiet=True), "On #7, asked for by alice."),
        (Answer(verdict=("#7 is merged.",), quiet=True), "Asked for by alice."),
        (Answer(verdict=("1 job runs.",), counts=("So far.",)), "On #7. So far."),
        (Answer(verdict=("#7 is merged.",)), ""),
        (Answer(verdict=("Which one?",), private=True), ""),
    ],
)
def test_in_slack_it_is_said_what_an_answer_is_about_and_who_asked(
    answer: Answer, counts: str
) -> None:
    asked = received(surface="slack", by="U1", by_name="alice")

    assert plain(placed(answer, asked, Story((asked,))).counts) == counts


async def test_what_would_be_done_is_told(here: Town) -> None:
    item = here.ask("help", "--dry-run")
    await here.bus.perform(item)

    await here.replier.perform(replying(item, here))

    assert here.wall.note == "Nothing was done. It would be answered, and change nothing."
