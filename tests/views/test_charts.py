import re
from pathlib import Path

import pytest

from chatops.views.charts import Chart, charts
from tests.answers.test_one_test import found, nights
from tests.builders import CANCELLED, FAIL, PASS, SETUP, SKIPPED, Ran, night

NAME = "caller / launch / test (big)"
POINT = re.compile(r"M(\S+) (\S+?)(?=h0|V|H|$)")


def drawn(folder: Path, *outcomes: object) -> dict[str, Chart]:
    return {chart.key: chart for chart in charts(found(folder, nights(*outcomes)))}


def points(chart: Chart, kind: str) -> list[tuple[float, float]]:
    """Return where the shapes of a kind begin."""
    paths = "".join(shape.path for shape in chart.shapes if shape.kind.startswith(kind))
    return [(float(x), float(y)) for x, y in POINT.findall(paths)]


def test_time_runs_to_the_right(tmp_path: Path) -> None:
    chart = drawn(tmp_path, Ran(minutes=10), Ran(minutes=20))["duration"]

    (old_x, old_y), (new_x, new_y) = sorted(points(chart, "dot"))
    assert (old_x, new_x) == (25, 75)
    assert (old_y, new_y) == (0, 50)
    assert (chart.first, chart.last) == ("21 Aug", "22 Aug")


def test_a_rate_lies_within_what_its_nights_leave_open(tmp_path: Path) -> None:
    chart = drawn(tmp_path, *[PASS] * 9, FAIL)["rate"]

    assert chart.rows == (
        ("18 Aug to 22 Aug", "5", "5", "100 %", "57 to 100 %"),
        ("13 Aug to 17 Aug", "4", "5", "80 %", "38 to 96 %"),
    )
    for (_, at), (_, low) in zip(points(chart, "dot"), points(chart, "span"), strict=True):
        assert 0 <= at <= low <= 100


def test_what_does_not_count_is_in_no_rate_and_no_duration(tmp_path: Path) -> None:
    found_charts = drawn(tmp_path, CANCELLED, SETUP, SKIPPED, PASS)

    assert found_charts["rate"].rows[0][1:3] == ("1", "1")
    assert len(points(found_charts["duration"], "dot")) == 1


def test_attempts_are_as_high_as_they_are_many(tmp_path: Path) -> None:
    one = found(
        tmp_path, night(0, {NAME: FAIL}, {NAME: FAIL}, {NAME: PASS}), night(1, {NAME: PASS})
    )
    chart = {chart.key: chart for chart in charts(one)}["attempts"]

    assert chart.top == "3"
    assert chart.says == "It was run again in 1 night, and passed then in 1."
    assert {shape.kind for shape in chart.shapes} == {"bar s-p", "bar s-r"}


@pytest.mark.parametrize("outcome", [SKIPPED, CANCELLED])
def test_without_a_night_that_counts_nothing_is_drawn(tmp_path: Path, outcome: object) -> None:
    assert drawn(tmp_path, outcome) == {}
