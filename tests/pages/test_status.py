import json
import re
from collections.abc import Sequence
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chatops.answers.own_state import LAG_LIMIT, Allowance, Open, OwnState, Process, own_state
from chatops.engine.command import Knowledge
from chatops.engine.deliveries import Ledger, Received
from chatops.engine.projection import Progress
from chatops.engine.work import Backlog
from chatops.events import Event
from chatops.names import Repo
from chatops.pages.status import RUNBOOK, SECTIONS, render_status, status_json, tone, verdict
from chatops.projections.canaries import Canary
from chatops.projections.gaps import Audit, Gap
from tests.pulls import HOSTILE
from tests.scene import COMMUNITY, NOW, job, scene

PROCESS = Process(
    projections=("jobs", "runs"),
    schema="0014",
    newest_schema="0014",
    swept_at=NOW - timedelta(minutes=1),
    github=(Allowance(4_120, 5_000, NOW + timedelta(minutes=30)),),
)
LEDGER = Ledger(
    received=(Received("workflow_job", 40, 30, NOW), Received("ping", 1, 0, NOW)),
    since=NOW - timedelta(hours=3),
    is_cut=False,
)
PARKED = Open(
    backlog=Backlog(name="send_notice", waiting=2, parked=3, in_vain=1, oldest=7),
    since=NOW - timedelta(hours=5),
)
SECRET = "Broken: xoxb-123 at db.internal could not be read"


def seen(folder: Path, events: Sequence[Event] = (), process: Process = PROCESS) -> OwnState:
    with scene(folder, events or [job(1, 10)]) as world, world.knowledge() as knowledge:
        return replace(own_state(knowledge, process), ledger=LEDGER)


def shown(state: OwnState) -> tuple[str, dict[str, Any]]:
    knowledge = Knowledge(db=None, community=COMMUNITY, now=NOW)  # type: ignore[arg-type]  # the page asks nothing
    return render_status(knowledge, state), json.loads(status_json(state))


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_it_says_first_whether_it_works(tmp_path: Path) -> None:
    good = seen(tmp_path)
    stopped = replace(good, projections=(Progress("jobs", 1, 1, SECRET),))
    behind = replace(good, projections=(Progress("jobs", 0, LAG_LIMIT, None),))
    silent = replace(good, heard=())
    stale = replace(good, now=NOW + timedelta(days=3))
    parked = replace(good, open=(PARKED,))

    assert [tone(one) for one in (good, stopped, behind, silent, stale, parked)] == [
        "good", "bad", "bad", "doubtful", "doubtful", "doubtful",
    ]  # fmt: skip
    assert verdict(good).startswith("It works: what GitHub tells is recorded")
    assert "a read model has stopped, jobs." in verdict(stopped)
    assert f"its read models are {LAG_LIMIT:,} events behind" in verdict(behind)
    assert (
        verdict(silent) == "It works, but has heard nothing of this community's repositories yet."
    )
    assert verdict(stale).endswith("repositories for 3 days.")
    assert verdict(parked) == "It works, but 3 things it wanted to do wait for whoever runs it."


def test_a_canary_that_has_not_come_back_is_said_first(tmp_path: Path) -> None:
    good = seen(tmp_path)
    sent = NOW - timedelta(hours=1)
    back = replace(good, canary=Canary(sent_at=sent, returned_at=sent))
    out = replace(good, canary=Canary(sent_at=sent, returned_at=NOW - timedelta(hours=2)))

    assert (tone(back), tone(out)) == ("good", "bad")
    assert "its last canary has not come back" in verdict(out)
    page, told = shown(back)
    assert "The last canary that came back was sent 1 h ago" in words(page)
    assert told["canary_returned_at"] == sent.isoformat().replace("+00:00", "Z")


def test_a_digest_that_is_missing_is_counted(tmp_path: Path) -> None:
    good = seen(tmp_path)
    missing = replace(good, digests_missing=2)

    assert tone(missing) == "doubtful"
    assert (
        verdict(missing)
        == "It works, but 2 channels have not got their digest, and nothing says why."
    )
    page, told = shown(missing)
    assert "The last digest no channel got one yet, 2 missing" in words(page)
    assert told["digests_missing"] == 2
    assert "The last digest no channel got one yet, none is missing" in words(shown(good)[0])
    sent = replace(good, digest_at=good.now - timedelta(hours=6))
    assert "The last digest 6 h ago, none is missing" in words(shown(sent)[0])


LOST = Gap(
    guid="1-2", number=7, event="issue_comment", said="timed <out>",
    delivered_at=NOW - timedelta(hours=1), times=2, asked_at=NOW - timedelta(minutes=9),
)  # fmt: skip


def test_what_github_delivered_and_has_not_come_is_counted(tmp_path: Path) -> None:
    never = seen(tmp_path)
    audit = Audit(since=NOW - timedelta(minutes=24), until=NOW - timedelta(minutes=4), listed=90)
    whole = replace(never, audit=audit, mended=3)
    short = replace(whole, gaps=(LOST,) * 25)

    assert "list of deliveries never: only a GitHub App is told" in words(shown(never)[0])
    assert shown(never)[1]["gaps"] is None
    page, told = shown(whole)
    assert "list of deliveries 4 min ago, none is missing, 3 came when asked for again" in words(
        page
    )
    assert (told["gaps"]["listed"], told["gaps"]["came_after_all"]) == (90, 3)
    assert (tone(whole), tone(short)) == ("good", "doubtful")
    assert verdict(short).endswith(
        "25 webhooks of GitHub's have not come; they are asked for again."
    )
    page, told = shown(short)
    assert "4 min ago, 25 missing" in words(page)
    assert "issue_comment 2026-01-15 11:00:00 timed <out> 2 times" in words(page)
    assert "and 5 more, in the JSON" in words(page)
    assert "timed <out>" not in page
    assert len(told["gaps"]["missing"]) == 25
    assert told["gaps"]["missing"][0]["github_says"] == "timed <out>"


def test_why_something_stopped_is_the_operators(tmp_path: Path) -> None:
    page, told = shown(
        replace(seen(tmp_path), projections=(Progress("jobs", 1, 1, SECRET),), open=(PARKED,))
    )

    assert SECRET not in page + json.dumps(told)
    assert "stopped" in words(page)
    assert "2 refused outright, 1 tried 12 times in vain" in words(page)


def test_deliveries_are_counted_by_event(tmp_path: Path) -> None:
    page, told = shown(seen(tmp_path))

    assert "workflow_job 40 30 10" in words(page)
    assert told["deliveries"]["events"][1] == {
        "event": "ping", "received": 1, "became_events": 0, "nothing_new": 1,
        "last_at": "2026-01-15T12:00:00Z",
    }  # fmt: skip


def test_what_this_process_does_not_know_is_said_to_be_unknown(tmp_path: Path) -> None:
    page, told = shown(seen(tmp_path, process=Process()))

    assert "not by this process" in words(page)
    assert "not known to this process" in words(page)
    assert (told["swept_at"], told["schema"], told["github_calls"]) == (None, None, [])


def test_a_schema_that_is_not_the_programs_is_said(tmp_path: Path) -> None:
    page, _ = shown(seen(tmp_path, process=replace(PROCESS, schema="0013")))

    assert "0013; this program wants 0014" in words(page)


def test_a_page_and_its_twin_show_the_same(tmp_path: Path) -> None:
    page, told = shown(replace(seen(tmp_path), open=(PARKED,)))

    text = words(page)
    assert told["verdict"] in text
    assert told["ready"] is True
    assert (told["work"]["waiting"], told["work"]["parked"]) == (2, 3)
    for one in told["read_models"]:
        assert f"{one['name']} {one['state']} {one['position']} {one['lag']}" in text
    for one in told["heard"]:
        assert f"{one['repository']} {one['source']}" in text
    assert "4,120 of 5,000" in text


@pytest.mark.parametrize("section", SECTIONS.values())
def test_the_runbook_has_what_the_page_names(section: str) -> None:
    runbook = Path(__file__).parents[2] / RUNBOOK

    assert f"\n## {section}\n" in runbook.read_text(encoding="utf-8")


def test_text_from_outside_stays_text(tmp_path: Path) -> None:
    ledger = replace_events(LEDGER, HOSTILE)
    state = replace(
        seen(tmp_path), ledger=ledger, heard=tuple((Repo(text), text, NOW) for text in HOSTILE)
    )
    page, _ = shown(state)

    assert "<script>document" not in page
    assert "<b>bold" not in page


def replace_events(ledger: Ledger, events: Sequence[str]) -> Ledger:
    return ledger._replace(received=tuple(Received(one, 1, 1, NOW) for one in events))
