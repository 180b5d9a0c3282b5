"""Killed when the digest was asked for, when Slack has its message, and when it has the details: each is there once."""

from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from chatops.config import WEEKDAYS
from chatops.engine.database import open_database
from chatops.standins.github import PlannedJob
from chatops.standins.slack import Message
from tests.scenarios.stage import Stage, stage, wait_until
from tests.scenarios.test_two_processes import let_a_lease_pass

CHANNEL = "C0CI"


def in_channel(here: Stage) -> list[Message]:
    return [one for one in here.slack.workspace.messages_in(CHANNEL) if one.from_app]


def posts(here: Stage) -> int:
    """Return how often Slack was asked to take a message for the channel."""
    calls = here.slack.calls("chat.postMessage")
    return sum(call.arguments.get("channel") == CHANNEL for call in calls)


def let_leases_pass(url: str) -> None:
    database = open_database(url)
    let_a_lease_pass(database)
    database.close()


def has_messages(here: Stage, number: int) -> bool:
    return len(in_channel(here)) >= number


def has_asked(here: Stage, number: int) -> bool:
    return posts(here) >= number


def test_each_digest_and_its_details_are_there_once_though_the_process_is_killed(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'chatops.db'}"
    # The clock itself makes none: its day is another.
    other_day = WEEKDAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()]
    with stage(url, tmp_path) as here:
        with (tmp_path / "chatops.yaml").open("a") as configuration:
            configuration.write(
                f"    channels: {{C0CI: {{name: ci, digest: {{weekdays: [{other_day}]}}}}}}\n"
            )
        here.failed_pulls(1)
        with ExitStack() as stack:
            process = stack.enter_context(here.process())
            here.hear_at(process)
            # A night of which there is something to say below the message.
            red = PlannedJob("test", outcomes=("failure",))
            here.repository.run(workflow="Nightly", event="schedule", jobs=[red])
            here.let_ci_end()
            wait_until(here.arrived)
            # When the request is heard, when Slack was asked to take the message, and when the details.
            for number, more in enumerate((0, 1, 2), start=1):
                before = posts(here)
                here.say(1, "/digest now ci")
                wait_until(partial(has_asked, here, before + more) if more else here.arrived)
                process.kill()
                let_leases_pass(url)
                process = stack.enter_context(here.process())
                here.hear_at(process)
                here.redeliver_what_was_refused()
                wait_until(partial(has_messages, here, 2 * number))
        threads = Counter(one.thread_ts or one.ts for one in in_channel(here))

    assert sorted(threads.values()) == [2, 2, 2]
