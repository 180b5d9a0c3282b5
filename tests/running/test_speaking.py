"""`chatops run` and `chatops doctor` in a process beside others: who decides, who answers, what is said."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chatops.app import Service
from chatops.errors import BadInput
from chatops.events.conversation import CommandReceived
from chatops.running.serving import running
from chatops.running.speaking import examine, say_command
from chatops.standins.github import GitHubStandIn, HandClock, PlannedJob, World
from tests.running.processes import service

pytestmark = pytest.mark.anyio

TIMES = 12


async def say(
    made: Service,
    line: str,
    *,
    number: int = 0,
    person: str = "",
    repo: str = "",
    community: str = "",
) -> Mapping[str, Any]:
    """Say a command as somebody."""
    return await say_command(
        made, line, number=number, person=person, repo=repo, community=community
    )


async def test_the_answer_is_given_and_the_command_is_in_the_log(
    database_url: str, tmp_path: Path
) -> None:
    made = service(database_url, tmp_path)

    said = await say(made, "/Status nightly", person="mona", repo="acme/engine")

    assert said["decision"] == "accepted"
    assert said["text"].startswith("No night")
    [asked] = [one for one in made.log.all() if isinstance(one.event, CommandReceived)]
    made.database.close()
    assert isinstance(asked.event, CommandReceived)
    assert (asked.event.verb, asked.event.words) == ("status", ("nightly",))
    assert (asked.event.by, asked.event.repo, asked.source) == ("mona", "acme/engine", "cli")


async def test_another_community_can_be_meant(database_url: str, tmp_path: Path) -> None:
    said = await say(service(database_url, tmp_path), "status nightly", community="other")

    assert said["decision"] == "refused"
    assert said["text"] == "No nightly workflow is configured for Other."


@pytest.mark.parametrize(
    ("line", "how", "problem"),
    [
        ("", {}, "run: found nothing"),
        ("/help", {"community": "x"}, "--community: found 'x', expected one of acme, other"),
        (
            "/help",
            {"repo": "other/thing"},
            "--repo: found 'other/thing', expected one of acme/rocket",
        ),
    ],
)
async def test_what_cannot_be_meant_is_not_recorded(
    tmp_path: Path, line: str, how: Mapping[str, Any], problem: str
) -> None:
    made = service(f"sqlite:///{tmp_path / 'chatops.db'}", tmp_path)

    with pytest.raises(BadInput, match=problem):
        await say(made, line, **how)

    assert not (tmp_path / "chatops.db").exists()


async def test_without_github_there_is_no_decision_yet_and_it_is_said(
    database_url: str, tmp_path: Path
) -> None:
    made = service(database_url, tmp_path)

    said = await say(made, "/retest", number=7, person="mona")

    assert said["decision"] == "undecided"
    assert said["text"] == (
        "Not decided yet: GitHub could not be reached. "
        "It is recorded, and a running service tries again."
    )


async def test_beside_a_running_service_every_command_is_answered(
    database_url: str, tmp_path: Path
) -> None:
    """Whichever of the two is faster: the service decides as well, and has no terminal."""
    beside = service(database_url, tmp_path, role="all")

    async def hurry() -> None:
        while True:
            if beside.crew is not None:
                beside.crew.wake()
            await asyncio.sleep(0.001)

    async with running(beside):
        hurrying = asyncio.create_task(hurry())
        answers = [await say(service(database_url, tmp_path), "help") for _ in range(TIMES)]
        hurrying.cancel()
        await asyncio.gather(hurrying, return_exceptions=True)

    assert [answer["decision"] for answer in answers] == ["accepted"] * TIMES
    assert {answer["text"].splitlines()[0] for answer in answers} == {"What you can ask for"}


async def test_a_rerun_from_here_is_a_rerun(database_url: str, tmp_path: Path) -> None:
    clock = HandClock(datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2))
    world = World(clock=clock)
    repository = world.repo("acme/rocket")
    repository.user("mona", permission="write")
    pull = repository.pull(number=7, author="hubot")
    repository.run(workflow="CI", pull=pull, jobs=[PlannedJob("test", outcomes=("failure",))])
    clock.advance(3_600)
    world.tick()
    async with GitHubStandIn(world) as hub:
        made = service(database_url, tmp_path, url=hub.url, token=world.token("mona"))
        said = await say(made, "/retest", number=7, person="mona")
        explained = await say(
            service(database_url, tmp_path, url=hub.url, token=world.token("mona")),
            "/cancel —dry-run",
            number=7,
            person="mona",
        )
        stranger = await say(
            service(database_url, tmp_path, url=hub.url, token=world.token("mona")),
            "/retest",
            number=7,
        )
        reruns = [call for call in hub.requests if "rerun" in call.path]
        cancels = [call for call in hub.requests if "cancel" in call.path]

    assert (said["decision"], stranger["decision"]) == ("accepted", "refused")
    assert said["text"].startswith("Running 1 failed job again on ")
    assert explained["decision"] == "explained"
    assert "Would stop CI, run " in explained["text"]
    assert cancels == []
    assert [call.status for call in reruns] == [201]


async def test_the_doctor_looks_at_everything_though_something_is_wrong(tmp_path: Path) -> None:
    made = service(f"sqlite:///{tmp_path / 'no' / 'such.db'}", tmp_path)

    findings = {one["check"]: (one["ok"], one["text"]) for one in await examine(made)}

    assert findings["configuration"] == (True, "2 communities")
    assert findings["database"][0] is False
    assert "folder is missing" in findings["database"][1]
    for repo in ("acme/rocket", "acme/engine", "other/thing"):
        assert findings[f"github {repo}"] == (False, "GitHub could not be reached.")
