"""Who may do something may do it wherever they say it: GitHub knows who is of the house, not the place."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from chatops.engine.authority import Role, authorise
from chatops.errors import Refused
from chatops.names import PullNumber, Repo
from tests.scenarios.signing_in import browser, link
from tests.scenarios.test_web_commands import say, sign_in
from tests.scenarios.world import MEMBER, PULL, REPO, STRANGER, Town, town
from tests.test_parity import SURFACES

pytestmark = pytest.mark.anyio

INSIDER, HELPER = "rada", "tess"
"""A member of the organization who may only read, and somebody from outside who may sort."""


def add_them(here: Town) -> None:
    here.repository.user(INSIDER, permission="read")
    here.repository.members = {INSIDER}
    here.repository.user(HELPER, permission="triage")


async def grounds(here: Town, login: str, member: str) -> dict[str, str]:
    """Return on which ground somebody may run tests again, or why not, on each surface."""
    found = {}
    for surface, hear in SURFACES.items():
        who = here.slack.workspace.user(member).id if surface == "slack" else login
        team = here.slack.workspace.team_id if surface == "slack" else ""
        word = here.repository.association(login) if surface == "github" else ""
        said = replace(
            hear("/retest"), repo=Repo(REPO), number=PullNumber(PULL), by=who, team=team,
            association=word, account=0,
        )  # fmt: skip
        standing = await here.service.looker.person(said)
        community = here.service.configuration.communities["acme"]
        try:
            found[surface] = authorise(Role.TESTER, said, standing, community).ground
        except Refused as refused:
            found[surface] = refused.reason
    return found


@pytest.mark.parametrize(
    ("login", "ground"),
    [(INSIDER, "member"), (HELPER, "collaborator"), (STRANGER, "not_permitted"), (MEMBER, "permission write")],
)  # fmt: skip
async def test_who_may_is_the_same_on_every_surface(
    database_url: str, tmp_path: Path, login: str, ground: str
) -> None:
    async with town(database_url, tmp_path) as here:
        add_them(here)
        here.open_pull()
        await link(here, "octavia", login)

        assert await grounds(here, login, "octavia") == dict.fromkeys(SURFACES, ground)


async def test_a_member_who_may_only_read_runs_tests_again_from_slack_and_the_dashboard(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here, browser() as visitor:
        add_them(here)
        await here.open_failed_pull()
        await link(here, "octavia", INSIDER)

        await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
        await here.settle()
        from_slack = list(here.reruns)
        await here.let_ci_end()
        await sign_in(here, visitor, INSIDER)
        await say(visitor, say="/test lint", number=str(PULL), how="sure")
        await here.settle()

        assert "rerun-failed-jobs CI" in from_slack
        assert len(here.reruns) > len(from_slack)


async def test_where_github_hides_its_members_it_is_said_to_be_unknown(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        add_them(here)
        assert here.hub.world.app is not None
        del here.hub.world.app.permissions["members"]
        await here.open_failed_pull()
        await link(here, "octavia", STRANGER)

        said = await here.slack.slash("/acme", f"retest #{PULL}", user="octavia")
        await here.settle()

        assert "could not find out whether you are a member of acme" in str(said.messages)
        assert here.reruns == []
        found = await grounds(here, STRANGER, "octavia")
        assert found == {**dict.fromkeys(SURFACES, "membership_unknown"), "github": "not_permitted"}
