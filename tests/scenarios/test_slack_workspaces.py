"""Two Slack workspaces and one process: each is answered and told where it is, and hears nothing of the other."""

from pathlib import Path

import pytest

from chatops.standins.github import PlannedJob
from chatops.standins.slack import Message, SlackStandIn, Workspace, live_mentions
from chatops.standins.slack.standin import Mode
from tests.scenarios.signing_in import link
from tests.scenarios.test_digests import Days
from tests.scenarios.world import REPO, Town, town

pytestmark = pytest.mark.anyio

HOME, OTHER = "T0STANDIN", "T0OTHER"
BASE = "acme/base"
COMMUNITIES = f"""\
    slack_team: {HOME}
    maintainers:
      - regex: test
        group: Testers
        owners: [{{github: mona, slackurl: https://pretend.slack.test/team/U0MONA}}]
    channels:
      C0CI: {{name: ci, digest: {{time: 00:00}}, alerts: {{}}}}
  base:
    title: Base
    slash_command: /base
    slack_team: {OTHER}
    repositories: [{BASE}]
    nightly: [{{name: Nightly, file: nightly.yaml}}]
    channels:
      C0BUILD: {{name: build, digest: {{time: 00:00}}}}
"""
A_DAY = 86_400.0


def two_workspaces(mode: Mode) -> tuple[SlackStandIn, SlackStandIn]:
    """Return a Slack with two workspaces, of which the second has people and a channel of its own."""
    first = SlackStandIn(mode=mode)
    workspace = Workspace(team_id=OTHER, team_name="other", bot_id="B0OTHER", app_id="A0OTHER")
    workspace.add_user("lena")
    workspace.add_channel("build")
    return first, SlackStandIn(mode=mode, workspace=workspace, beside=first)


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'chatops.db'}"


def said(slack: SlackStandIn, channel: str) -> list[Message]:
    """Return what the bot said in a channel, but for what is in threads."""
    return [
        one
        for one in slack.workspace.messages_in(channel)
        if one.from_app and one.thread_ts in (None, one.ts)
    ]


def told(slack: SlackStandIn, place: str) -> list[Message]:
    """Return what a channel, or somebody, was told without asking."""
    return [
        one
        for one in said(slack, place)
        if one.metadata is not None and one.metadata["event_type"] != "reply"
    ]


async def nights(here: Town, outcome: str) -> None:
    """Let a day pass, and a night in each of the repositories."""
    here.pass_time(A_DAY)
    for name in (REPO, BASE):
        jobs = [PlannedJob("build"), PlannedJob("test (a)", outcomes=(outcome,))]
        repository = here.hub.world.repo(name) if name == BASE else here.repository
        repository.run(workflow="Nightly", event="schedule", jobs=jobs)
    await here.let_ci_end()


async def digests(here: Town, days: Days) -> None:
    here.service.clock = days
    await here.service.rounds.make("make_digests")
    await here.settle()


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_each_workspace_is_answered_in_its_own_and_its_people_are_known_there_alone(
    mode: Mode, tmp_path: Path
) -> None:
    first, second = two_workspaces(mode)
    async with town(sqlite(tmp_path), tmp_path, slack=first, extra=COMMUNITIES) as here:
        await here.open_failed_pull()
        await link(here, "mona")

        asked = await first.slash("/acme", "status nightly", user="mona", channel="ci")
        here_said = await asked.message()
        asked = await second.slash("/base", "status nightly", user="lena", channel="build")
        there_said = await asked.message()
        await here.settle()

        assert (here_said.channel, there_said.channel) == ("C0CI", "C0BUILD")
        assert len(said(second, "build")) == 1
        assert {call.method for call in second.requests} >= {"auth.test", "chat.postMessage"}

        # Who is linked in one of them is nobody in the other, and cannot act from there.
        asked = await second.slash("/acme", "retest #7", user="lena", channel="build")
        refused = await asked.message()
        assert "I do not know who you are on GitHub" in refused.text
        assert here.reruns == []

        # A form and the home tab come where they were asked for.
        await second.open_home("lena")
        await here.settle()
        assert list(second.workspace.homes) == ["U0LENA"]
        assert first.workspace.homes == {}
        assert (await second.shortcut("mute", user="lena")).error is None
        form = await second.wait_for_modal("lena")
        assert form.content["callback_id"] == "mute"
        assert first.workspace.modals == {}

        # In the workspace that is the community's its owners are called; in the other they are named.
        await link(here, "lena", slack=second, channel="build")
        for slack, user, channel, called in (
            (first, "mona", "ci", ("<@U0MONA>",)),
            (second, "lena", "build", ()),
        ):
            await slack.slash("/acme", "ping Testers", user=user, channel=channel)
            await here.settle()
            answer = said(slack, channel)[-1]
            assert "Testers" in answer.everything_said
            assert live_mentions(answer) == called


async def test_each_channel_is_told_in_its_own_workspace_and_what_cannot_be_told_is_kept(
    tmp_path: Path,
) -> None:
    database_url = sqlite(tmp_path)
    first, second = two_workspaces("http")
    async with town(database_url, tmp_path, slack=first, extra=COMMUNITIES) as here:
        days = Days()
        await link(here, "lena", slack=second, channel="build")
        await second.slash("/acme", "subscribe nightly", user="lena", channel="build")
        await here.settle()
        await nights(here, "success")
        await digests(here, days)

        days.pass_one()
        await nights(here, "failure")
        await digests(here, days)
        [red], [other] = told(first, "ci")[-1:], told(second, "build")
        assert "1 job fails newly in the nights of Acme." in red.text
        assert "1 job fails newly in the nights of Base." in other.text
        # Who follows something is told where they are, of whatever community it is.
        [notice] = told(second, "U0LENA")
        assert "test (a)" in notice.everything_said
        assert not [one for one in first.messages if one.channel.startswith("D")]

        # A token of another workspace is not used, though Slack would take it: the message waits.
        await here.stop()
        wrong = {f"CHATOPS_SLACK_BOT_TOKEN_{OTHER}": first.bot_token}
        await here.start(database_url, **wrong)
        calls = len(first.calls("chat.postMessage"))
        days.pass_one()
        await nights(here, "success")
        await digests(here, days)
        problems = [one.problem for one in here.service.work.backlog() if one.problem]
        assert len(problems) == 2, "the digest, and what lena follows"
        assert all("belongs to another Slack workspace (T0STANDIN)" in one for one in problems)
        assert len(told(second, "build")) == 1
        assert len(first.calls("chat.postMessage")) > calls

        # With the right one it is told, once.
        await here.stop()
        await here.start(database_url)
        here.service.clock = days
        await here.hurry()
        assert [one.text.partition(".")[0] for one in told(second, "build")[1:]] == [
            "1 job passes again in the nights of Base"
        ]
        assert all("Base" not in one.text for one in first.messages)


async def test_what_one_workspaces_secret_signs_is_heard_of_no_other(
    tmp_path: Path,
) -> None:
    first, second = two_workspaces("http")
    async with town(sqlite(tmp_path), tmp_path, slack=first, extra=COMMUNITIES) as here:
        second.workspace.team_id = HOME

        forged = await second.slash("/acme", "status nightly", user="lena", channel="build")
        await here.settle()

        assert forged.status == 401
        assert await here.stories() == []
