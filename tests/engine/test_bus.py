import asyncio
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from chatops.config import Configuration, Exceptions
from chatops.engine.bus import SHORT_WAIT
from chatops.engine.command import Story
from chatops.engine.effect import describer
from chatops.engine.vocabulary import unknown
from chatops.errors import Refused, Transient
from chatops.events import Recorded
from chatops.events.changes import EditRequested, LabelsRequested
from chatops.events.conversation import (
    CommandAccepted,
    CommandExplained,
    CommandRefused,
    EffectDelayed,
    EffectFailed,
)
from chatops.events.mutes import JobsMuted, JobsUnmuted
from chatops.events.reruns import RerunRequested
from chatops.names import CommandId
from tests.engine.worlds import A_WHILE, COMMANDS, Town, town
from tests.scene import COMMUNITY, NOW, REPO, ended, issue, job, pull

pytestmark = pytest.mark.anyio


@pytest.fixture
def here(database_url: str) -> Iterator[Town]:
    with town(database_url) as built:
        yield built


def outcome(here: Town) -> Recorded:
    """Return the newest event."""
    return here.story()[-1]


def with_failed_pull(here: Town) -> None:
    """Let a pull request have a run in which a job failed."""
    here.add([pull(), ended(1), job(11, 1)], "delivery/1")


@pytest.mark.parametrize(
    ("verb", "hint"),
    [
        ("retset", "Did you mean `/retest`?"),
        ("Status!", "Did you mean `/status`?"),
        ("deploy", "`/help` lists what I know."),
        ("", "`/help` lists what I know."),
        ("<!zzz|zzz>", "`/help` lists what I know."),
    ],
)
async def test_an_unknown_verb_is_refused_with_what_was_probably_meant(
    here: Town, verb: str, hint: str
) -> None:
    await here.bus.perform(here.ask(verb))

    refused = outcome(here).event
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "unknown_command"
    assert refused.text == f"I do not know `{verb}`. {hint}"


async def test_no_verb_breaks_the_hint() -> None:
    for verb in ("`", "x" * 100_000, "\x00", "🙂"):
        assert isinstance(unknown(verb, COMMANDS), Refused)


async def test_a_decision_names_its_cause(here: Town) -> None:
    item = here.ask("help")
    asked = outcome(here)

    await here.bus.perform(item)

    accepted = outcome(here)
    assert isinstance(accepted.event, CommandAccepted)
    assert (accepted.causation_id, accepted.correlation_id) == (asked.id, asked.correlation_id)
    assert accepted.source == "chatops"


async def test_a_decision_is_made_once_and_whole_however_many_decide(here: Town) -> None:
    with_failed_pull(here)
    item = here.ask("retest")

    await asyncio.gather(*(here.bus.perform(item) for _ in range(5)))
    here.problem = Refused("Somebody else would refuse it.")
    await here.bus.perform(item)

    story = Story(tuple(recorded.event for recorded in here.story()))
    assert len(story.all(CommandAccepted)) == 1
    assert len(story.all(RerunRequested)) == 1
    assert story.all(CommandRefused) == []


async def test_a_command_is_decided_by_all_that_was_recorded_before_it(here: Town) -> None:
    here.add(
        [JobsMuted(
            command=CommandId("command/1"), community="acme", jobs=("Nightly / nozzle",), by="mona",
            reason="known", at=NOW, until=NOW + A_WHILE,
        )],
        "command/1",
    )  # fmt: skip

    await here.bus.perform(here.ask("unmute", "nozzle"))

    unmuted = outcome(here).event
    assert isinstance(unmuted, JobsUnmuted)
    assert unmuted.jobs == ("Nightly / nozzle",)


async def test_what_github_does_not_know_is_named(here: Town) -> None:
    here.problem = Refused("GitHub does not know that.", reason="not_found")

    await here.bus.perform(here.ask("retest"))

    refused = outcome(here).event
    assert isinstance(refused, CommandRefused)
    assert refused.text == f"GitHub knows no #7 in {REPO}, or does not show it to me."


async def test_a_command_of_a_community_that_is_gone_is_refused(here: Town) -> None:
    item = here.ask("help", community="gone")

    await here.bus.perform(item)

    assert isinstance(outcome(here).event, CommandRefused)


async def test_what_only_a_member_may_is_not_decided_while_nobody_knows_who_asks(
    here: Town,
) -> None:
    with_failed_pull(here)
    item = here.ask("retest")
    here.problem = Transient("GitHub could not be reached.", retry_after=A_WHILE)

    with pytest.raises(Transient):
        await here.bus.perform(item)

    assert here.kinds()[-1] == "command.received"


async def test_what_anybody_may_is_decided_without_asking_who_it_is(here: Town) -> None:
    here.problem = Transient("GitHub could not be reached.")

    await here.bus.perform(here.ask("help"))

    assert isinstance(outcome(here).event, CommandAccepted)


async def test_what_a_community_does_not_leave_to_anybody_is_decided_by_who_it_is(
    here: Town,
) -> None:
    stricter = msgspec.structs.replace(COMMUNITY, who_may={"help": "write"})
    here.configuration = Configuration(communities={"acme": stricter})
    await here.bus.perform(here.ask("help"))

    accepted = here.story()[-1].event
    assert isinstance(accepted, CommandAccepted)
    assert accepted.role == "permission write"


async def test_what_is_about_a_pull_request_asks_which_where_none_is_named(here: Town) -> None:
    await here.bus.perform(here.ask("retest", number=0))

    refused = outcome(here).event
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "no_pull"
    assert "`/retest #123`" in refused.text


async def test_what_needs_a_pull_request_is_refused_on_an_issue(here: Town) -> None:
    await here.bus.perform(here.ask("retest", on_issue=True))

    refused = outcome(here).event
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "not_a_pull"


async def test_what_works_on_issues_looks_at_the_issue_and_fetches_no_head(here: Town) -> None:
    here.issue = issue(is_pull=False, labels=("wip",))

    await here.bus.perform(here.ask("label", "bug", on_issue=True))

    wanted = outcome(here).event
    assert isinstance(wanted, LabelsRequested)
    assert (wanted.add, wanted.before) == (("bug",), ("wip",))


async def test_where_nobody_said_what_a_number_is_github_says_it(here: Town) -> None:
    here.issue = issue(is_pull=False)

    await here.bus.perform(here.ask("cc", "alice"))
    refused = outcome(here).event
    await here.bus.perform(here.ask("close"))
    closing = outcome(here).event

    assert isinstance(refused, CommandRefused)
    assert refused.reason == "not_a_pull"
    assert isinstance(closing, EditRequested)


async def test_only_a_wait_that_people_notice_is_told(here: Town) -> None:
    item = here.ask("retest")

    await here.bus.delayed(item, "Soon.", SHORT_WAIT - timedelta(seconds=1))
    await here.bus.delayed(item, "Later.", A_WHILE)
    await here.bus.delayed(item, "Later.", A_WHILE)

    [told] = [one.event for one in here.story() if isinstance(one.event, EffectDelayed)]
    assert (told.effect, told.text, told.seconds, told.tries) == ("decide", "Later.", 120, 1)


async def test_giving_up_is_told_once_with_the_reason(here: Town) -> None:
    item = replace(here.ask("retest"), tries=11)

    await here.bus.give_up(item, "GitHub could not be reached.")
    await here.bus.give_up(item, "GitHub could not be reached.")

    [told] = [one.event for one in here.story() if isinstance(one.event, EffectFailed)]
    assert (told.effect, told.parked, told.tries) == ("decide", True, 12)
    assert told.text == "GitHub could not be reached."


async def test_each_request_is_work_of_its_own(here: Town) -> None:
    for _ in range(2):
        here.ask("help")

    subjects = [here.bus.subject(recorded) for recorded in here.story()]

    assert subjects == ["1", "2"]


async def test_without_any_community_nothing_is_decided(here: Town) -> None:
    here.configuration = Configuration(communities={})

    await here.bus.perform(here.ask("help"))

    assert isinstance(outcome(here).event, CommandRefused)


async def test_what_a_community_lets_fewer_people_say_asks_who_it_is(here: Town) -> None:
    here.configuration = configured(who_may={"help": "write"})
    item = here.ask("help")
    here.problem = Transient("GitHub could not be reached.")

    with pytest.raises(Transient):
        await here.bus.perform(item)

    here.problem = None
    await here.bus.perform(item)

    accepted = outcome(here).event
    assert isinstance(accepted, CommandAccepted)
    assert accepted.role == "permission write"


async def test_what_is_off_in_a_repository_is_unknown_there(here: Town) -> None:
    here.configuration = configured(exceptions={REPO: Exceptions(commands_off=("help",))})

    await here.bus.perform(here.ask("help"))

    refused = outcome(here).event
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "unknown_command"


async def test_a_repository_may_ask_for_more(here: Town) -> None:
    here.configuration = configured(exceptions={REPO: Exceptions(who_may={"help": "admin"})})

    await here.bus.perform(here.ask("help"))

    refused = outcome(here).event
    assert isinstance(refused, CommandRefused)
    assert "the role admin or more" in refused.text


@pytest.mark.parametrize("word", ["--dry-run", "-dry-run", "--Dry-Run"])
async def test_what_would_be_asked_for_is_told_and_not_asked_for(here: Town, word: str) -> None:
    with_failed_pull(here)

    await here.bus.perform(here.ask("retest", word))

    explained = outcome(here).event
    assert isinstance(explained, CommandExplained)
    assert explained.sentences == (
        "Would run the one failed job of `CI` again, after attempt 1: `test`.",
    )
    assert here.kinds().count("rerun.requested") == 0


async def test_what_would_be_refused_is_told_with_its_reason(here: Town) -> None:
    await here.bus.perform(here.ask("retest", "--dry-run"))

    explained = outcome(here).event
    assert isinstance(explained, CommandExplained)
    assert explained.reason == "no_pull"


async def test_what_is_only_written_down_is_told_so(here: Town) -> None:
    describe = describer([])

    assert describe(pull()) == "Would write down “pull changed”, and call nobody."


def configured(**changes: object) -> Configuration:
    return Configuration(communities={"acme": msgspec.structs.replace(COMMUNITY, **changes)})
