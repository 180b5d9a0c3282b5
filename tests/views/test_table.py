import csv
import json
from collections.abc import Mapping
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.views.table import CALCULATES, rows_under, table

ROWS = rows_under("rows")


def read(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


def made(*rows: Mapping[str, object]) -> list[list[str]]:
    return read(table(ROWS, json.dumps({"rows": rows})))


def test_the_first_line_names_the_columns_of_every_row() -> None:
    assert made({"name": "boot", "fails": 2}, {"name": "land", "since": None}) == [
        ["name", "fails", "since"],
        ["boot", "2", ""],
        ["land", "", ""],
    ]


def test_what_is_not_plain_becomes_columns_or_is_joined() -> None:
    row = {"labels": ["a", "b"], "whose": {"blame": "flake", "sure": True}, "tries": [{"n": 1}]}

    assert made(row, {"labels": [], "whose": None, "tries": []}) == [
        ["labels", "whose.blame", "whose.sure", "tries"],
        ["a; b", "flake", "true", '[{"n": 1}]'],
        ["", "", "", ""],
    ]


@pytest.mark.parametrize("sign", CALCULATES)
def test_no_cell_is_a_formula(sign: str) -> None:
    heads, cells = made({f"{sign}a": f"{sign}cmd|' /C calc'!A0"})

    assert heads == [f"'{sign}a"]
    assert cells == [f"'{sign}cmd|' /C calc'!A0"]


def test_a_number_below_zero_stays_a_number() -> None:
    assert made({"change": -3}) == [["change"], ["-3"]]


def test_lines_end_as_the_standard_says_and_quotes_are_doubled() -> None:
    written = table(ROWS, json.dumps({"rows": [{"name": 'say "hi", then\nleave'}]}))

    assert written == 'name\r\n"say ""hi"", then\nleave"\r\n'


def test_a_list_may_be_deep_in_the_document_or_not_there() -> None:
    rows = rows_under("nightly", "nights")

    assert read(table(rows, '{"nightly": {"nights": [{"night": 1}]}}')) == [["night"], ["1"]]
    assert table(rows, '{"nightly": null}') == ""


@given(
    st.dictionaries(st.text(min_size=1).filter(lambda key: "." not in key), st.text(), min_size=1)
)
def test_whatever_is_said_can_be_read_back(row: dict[str, str]) -> None:
    read_back = made(row)[-1]

    shown = [f"'{said}" if said.startswith(CALCULATES) else said for said in row.values()]
    assert read_back == shown


def test_documents_that_follow_each_other_are_one_table() -> None:
    documents = [json.dumps({"rows": rows}) for rows in ([{"name": "a"}], [{"name": "b", "n": 1}])]

    assert read(table(ROWS, *documents)) == [["name", "n"], ["a", ""], ["b", "1"]]
