"""A maintainer changes what is required and looks at the pages about it, over real HTTP; the bot tells of itself."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.scenarios.world import REQUIRED, Town, town

pytestmark = pytest.mark.anyio

PEOPLE = """\
    maintainers:
      - {regex: 'test \\(a\\)', group: Propulsion, owners: [{github: mona}]}
      - {regex: gone, group: Past, owners: [{github: hubot}]}
"""
NEW = "required_tests:\n- CI / test (a)\n- CI / test (b)\n- CI / test (c)\n"


async def look(here: Town, path: str, **headers: str) -> httpx.Response:
    address = here.hub.webhooks.url
    assert address is not None
    url = address.replace("/github/webhooks", path)
    async with httpx.AsyncClient(trust_env=False, timeout=20) as visitor:
        return await visitor.get(url, headers=headers)


async def told(here: Town, path: str) -> dict[str, Any]:
    return dict(json.loads((await look(here, path)).text))


async def learn(here: Town, text: str = REQUIRED) -> None:
    """Change the list on GitHub, and let the bot read it again."""
    here.repository.write_file("gate.yaml", text)
    await here.service.looker.learn_required()
    await here.settle()


async def test_a_list_that_is_changed_is_shown_with_what_nothing_produces(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, extra=PEOPLE) as here:
        await learn(here)
        await here.open_failed_pull()
        before = await told(here, "/required.json?s=list")
        await learn(here, NEW)
        after, page = await told(here, "/required.json?s=list"), await look(here, "/required")
        people = await told(here, "/acme/people.json")
        await here.stop()
        await here.start(database_url)
        again = await told(here, "/required.json?s=list")

    assert [one["name"] for one in before["checks"]] == [
        "CI / test (a)",
        "CI / test (b)",
        "Static checks / lint",
    ]
    assert [one["pulls_failed"] for one in before["checks"]] == [1, 1, 1]
    assert before["missing"] == []
    (newest, first) = after["history"]
    assert (newest["added"], newest["removed"]) == (["CI / test (c)"], ["Static checks / lint"])
    assert first["is_first"]
    (missing,) = after["missing"]
    assert (missing["name"], missing["runs_of_its_workflow"], missing["last_run"]) == (
        "CI / test (c)", 1, None,
    )  # fmt: skip
    assert missing["begin_alike"] == ["CI / test (a)", "CI / test (b)"]
    assert "1 run of “CI” on pull requests had no such job." in page.text
    assert people["required_without_owner"] == ["CI / test (b)", "CI / test (c)"]
    assert people["matching_nothing"] == [{"group": "Past", "regex": "gone"}]
    assert again == after


async def test_the_bot_tells_of_itself_what_its_doors_heard(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        silent = await told(here, "/status.json")
        await here.open_failed_pull()
        here.say("/retest")
        await here.let_ci_end()
        busy, ready = await told(here, "/status.json"), await look(here, "/readyz")
        sent = len(here.hub.webhooks.deliveries)
        page = await look(here, "/acme/status")

    assert silent["verdict"].endswith("has heard nothing of this community's repositories yet.")
    assert sum(one["received"] for one in busy["deliveries"]["events"]) == sent
    assert busy["ready"] is ready.json()["ready"] is True
    assert (busy["work"]["waiting"], busy["work"]["parked"]) == (0, 0)
    assert 0 < max(one["position"] for one in busy["read_models"]) <= busy["head"]
    assert [(one["repository"], one["source"]) for one in busy["heard"]][:1] == [
        ("acme/rocket", "github")
    ]
    assert busy["verdict"] in page.text
    assert busy["github_calls"][0]["remaining"] < busy["github_calls"][0]["limit"]


@pytest.mark.parametrize(
    "path", ["/required.xml", "/nobody/people", "/people/mona", "/status.txt", "/nobody/status"]
)
async def test_what_is_not_there_is_not_found(database_url: str, tmp_path: Path, path: str) -> None:
    async with town(database_url, tmp_path) as here:
        assert (await look(here, path)).status_code == 404


async def test_what_has_not_changed_is_not_sent_again(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, extra=PEOPLE) as here:
        await learn(here)
        await here.open_failed_pull()
        for path in ("/required.json", "/people.json"):
            etag = (await look(here, path)).headers["etag"]
            assert (await look(here, path, **{"if-none-match": etag})).status_code == 304
