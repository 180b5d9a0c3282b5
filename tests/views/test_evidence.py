from pathlib import Path

import pytest
from msgspec import structs

from chatops.answers.required_candidates import required_candidates
from chatops.views.evidence import day, moment, to_leave, to_require
from tests.builders import MORNING, PASS, night
from tests.pulls import HOSTILE
from tests.rules import COMMUNITY, LISTS, NIGHTS, in_pulls, known, nights, version


def test_what_speaks_for_leaving_the_list_is_told_with_its_numbers(tmp_path: Path) -> None:
    with known(tmp_path, [*LISTS, *nights(), *in_pulls()]) as made:
        found = required_candidates(made.knowledge, made.board, made.results, made.lists)
        said = to_leave(found.broken[0], "tests/x", made.knowledge)

    assert said.splitlines()[2:] == [
        "- Nights: failed in 4 nights in a row, since Wed 19 Aug; the rule gave it until 20 Aug 2026, 01:30 UTC.",
        "- All nights that count: failed in 4 of 12.",
        "- Pull requests of the last 30 days: failed in 4 of 4 runs.",
        "- Maintainers: `Propulsion`, `Ground`.",
        "- Source: https://ci.example/acme/tests/x",
        "",
        "As of 22 Aug 2026, 08:00 UTC.",
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_from_outside_stays_text_and_mentions_nobody(tmp_path: Path, name: str) -> None:
    facts = [fact for ago in range(NIGHTS) for fact in night(ago, {name: PASS})]
    with known(tmp_path, [version(1, 1, ()), *facts]) as made:
        found = required_candidates(made.knowledge, made.board, made.results, made.lists)
        said = to_require(found.to_require[0], "", made.knowledge)

    title = said.splitlines()[0]
    assert title.startswith("**Require `")
    assert title.endswith("`**")
    assert len(title) < 400
    assert "Source" not in said


def test_nobody_is_named_where_nobody_looks_after_it(tmp_path: Path) -> None:
    alone = structs.replace(COMMUNITY, maintainers=())
    with known(tmp_path, [*LISTS, *nights()], alone) as made:
        found = required_candidates(made.knowledge, made.board, made.results, made.lists)
        said = to_require(found.to_require[0], "", made.knowledge)

    assert "Maintainers: nobody is named for it." in said
    assert "none has had it in the last 30 days" in said


def test_moments_of_evidence_have_their_year() -> None:
    assert (day(MORNING), moment(MORNING)) == ("22 Aug 2026", "22 Aug 2026, 08:00 UTC")
