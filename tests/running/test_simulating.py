import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chatops.app import Service, upgrade_database
from chatops.config import AlertRules, read_configuration
from chatops.demo.past import events_of_night
from chatops.engine.log import Batch
from chatops.errors import BadInput
from chatops.events import Fact
from chatops.intake.gatekeeper import required_event
from chatops.names import Repo
from chatops.running.simulating import NAIVE, TITLES, lines, rules_said, simulate
from chatops.settings import read_settings
from chatops.standins.history import history
from tests.needs import REPOSITORY

CONFIGURATION = """\
communities:
  acme:
    title: Acme
    repositories: [acme/rocket]
    nightly:
      - {name: Nightly, file: nightly.yaml}
      - {name: Kata Containers Nightly CI, file: ci-nightly.yaml}
    channels:
      C0QUALITY: {name: quality, alerts: {}}
      C0NOZZLES: {name: nozzles, filter: nozzle, alerts: {}}
      C0DIGEST: {name: digest}
"""
NIGHTS = 40
RUN = "https://github.com/acme/rocket/actions/runs/"


def service(folder: Path) -> Service:
    (folder / "chatops.yaml").write_text(CONFIGURATION)
    settings = read_settings(
        {
            "CHATOPS_CONFIG": str(folder / "chatops.yaml"),
            "CHATOPS_DATABASE_URL": f"sqlite:///{folder / 'none.db'}",
        }
    )
    return Service(settings, read_configuration(settings.config))


def fill(here: Service) -> None:
    """Put made-up nights into the log, as the demo does it, and what is required in them."""
    past = history(datetime(2026, 11, 28, 16, tzinfo=UTC), 1, NIGHTS, "acme/rocket")
    repo = Repo(past.repository)
    upgrade_database(here.database)
    listed = required_event(repo, "main", "list.yaml", past.required_tests_yaml, "", past.now)
    told = [listed, *(event for night in past.nights() for event in events_of_night(night, repo))]
    facts = [Fact(event=event, source="backfill", correlation_id="history") for event in told]
    here.log.append([Batch(facts=facts)])
    here.projector.catch_up()


def file(folder: Path, required: str = "nozzle", *, runs_from: int = 1) -> Path:
    """Return an older dashboard's file; in it the newest night comes first."""
    runs = [runs_from + place for place in (3, 2, 1, 0)]
    rows = {"nozzle": ["Pass", "Fail", "Fail", "Pass"], "tank": ["Fail", "Pass", "Pass", "Pass"]}
    told = {
        name: {
            "runs": 4, "fails": results.count("Fail"), "skips": 0, "required": name == required,
            "results": results, "run_nums": runs,
            "urls": [f"{RUN}{run}/job/{run * 10 + place}" for run in runs],
        }
        for place, (name, results) in enumerate(rows.items())
    }  # fmt: skip
    path = folder / f"job_stats_{runs_from}.json"
    path.write_text(json.dumps(told))
    return path


def told(folder: Path, *against: str) -> list[dict[str, Any]]:
    return simulate(service(folder), [file(folder)], against=against, nights=30)


def lines_of(found: list[dict[str, Any]]) -> list[str]:
    return list(lines(found))


def test_nights_of_a_file_are_judged_by_both_rules(tmp_path: Path) -> None:
    ours, other = told(tmp_path)

    assert (ours["rules"], ours["thresholds"], ours["nights"]) == ("configured", "2, 3, 2", 4)
    assert (ours["required"], ours["others"], ours["missed"]) == (1, 0, 0)
    assert (other["thresholds"], other["required"], other["others"]) == ("1, 1, 1", 1, 1)
    assert [one["channel"] for one in ours["channels"]] == ["quality", "nozzles"]
    assert [one["posts"] for one in other["channels"]] == [2, 2]


def test_nights_of_several_files_are_judged_each_by_its_own_list(tmp_path: Path) -> None:
    files = [file(tmp_path, "tank", runs_from=90), file(tmp_path)]

    for order in (files, files[::-1]):
        ours, _ = simulate(service(tmp_path), order, nights=30)

        # In both files the nozzle fails in two nights; in only one of them it was required.
        assert (ours["nights"], ours["required_tests"]) == (8, 2)
        assert (ours["required"], ours["others"], ours["streaks"], ours["missed"]) == (1, 0, 1, 0)


def test_the_other_rules_are_said_in_a_few_words(tmp_path: Path) -> None:
    _, other = told(tmp_path, "required_nights=3")

    assert (other["thresholds"], other["required"], other["missed"]) == ("3, 3, 2", 0, 1)


def test_as_many_rules_are_compared_as_are_said(tmp_path: Path) -> None:
    words = [f"required_nights={number}" for number in (1, 2, 3)]

    found = told(tmp_path, *words)

    assert [one["rules"] for one in found] == ["configured", *words]
    assert [one["required"] for one in found] == [1, 1, 1, 0]
    assert found[2] == {**found[0], "rules": words[1]}
    assert lines_of(found)[0] == f"| | configured | {' | '.join(words)} |"


def test_people_get_a_table(tmp_path: Path) -> None:
    table = lines_of(told(tmp_path))

    assert table[0] == "| | configured | naive |"
    assert "| alerts of required tests | 1 | 1 |" in table
    assert "| nozzles: posts of alerts | 1 | 2 |" in table


def test_in_made_up_nights_slower_rules_tell_less_and_overlook_more(tmp_path: Path) -> None:
    words = ("required_nights=1", "required_nights=3", "other_nights=2", "other_nights=5", NAIVE)
    here = service(tmp_path)
    fill(here)

    ours, eager, slow, twice, five, naive = simulate(here, [], against=words, nights=365)

    assert (ours["nights"], ours["thresholds"]) == (NIGHTS, "2, 3, 2")
    assert naive["required"] >= eager["required"] > ours["required"] >= slow["required"]
    assert naive["others"] > twice["others"] > ours["others"] > five["others"]
    assert [eager["missed"], twice["missed"], naive["missed"]] == [0, 0, 0]
    assert ours["streaks"] >= slow["missed"] >= ours["missed"]
    posts = [one["channels"][0]["posts"] for one in (naive, eager, ours, five)]
    assert posts == sorted(posts, reverse=True)
    assert ours["channels"][0]["alerts"] == ours["required"] + ours["others"]


@pytest.mark.parametrize("column", ["thresholds", "required", "others", "streaks", "missed"])
def test_the_documentations_table_has_the_commands_words(column: str) -> None:
    documented = (REPOSITORY / "docs/alerts.md").read_text()

    assert documented.count(f"\n| {TITLES[column]} |") >= 1


@pytest.mark.parametrize(
    "words", ["required=3", "required_nights", "required_nights=0", "other_nights=x"]
)
def test_what_is_no_rule_is_refused(words: str) -> None:
    with pytest.raises(BadInput, match="--against"):
        rules_said(AlertRules(), words)


def test_a_community_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="--community"):
        simulate(service(tmp_path), [], nights=1, community="other")
