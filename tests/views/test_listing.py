import pytest

from chatops.views.listing import Choices, cut, question

SEVEN = tuple(range(7))


def link(**changes: str) -> str:
    """Return the address of a list that asks for nothing else."""
    return question(changes)


@pytest.mark.parametrize(
    ("page", "rows", "newer", "older"),
    [
        (1, (0, 1, 2), "", "?p=2"),
        (2, (3, 4, 5), "?", "?p=3"),
        (3, (6,), "?p=2", ""),
        (9, (6,), "?p=2", ""),
    ],
)
def test_a_page_has_its_rows_and_leads_to_those_beside_it(
    page: int, rows: tuple[int, ...], newer: str, older: str
) -> None:
    found = cut(SEVEN, page, 3, link)

    assert found.rows == rows
    assert (found.newer, found.older, found.pages) == (newer, older, 3)


def test_all_pages_together_are_the_list() -> None:
    rows = [row for page in range(1, 4) for row in cut(SEVEN, page, 3, link).rows]

    assert tuple(rows) == SEVEN


def test_an_empty_list_has_one_empty_page() -> None:
    nothing: tuple[int, ...] = ()

    found = cut(nothing, 1, 50, link)

    assert (found.rows, found.pages, found.newer, found.older) == ((), 1, "", "")


def test_an_address_leaves_out_what_is_usual_and_keeps_names_readable() -> None:
    assert question({"q": "", "w": "4w", "sel": "suite / a (b, c) & d"}) == (
        "?w=4w&sel=suite%20/%20a%20(b,%20c)%20%26%20d"
    )


def test_what_an_address_cannot_mean_is_the_usual_and_said() -> None:
    asked = Choices({"w": "9y", "s": "name", "p": "0", "required": "0", "all": "1"})

    assert asked.of("w", {"4w"}, "4w", "is no window here.") == "4w"
    assert asked.of("s", {"name"}, "cost", "is no order.") == "name"
    assert asked.of("where", {"nights"}, "", "is no place.") == ""
    assert asked.page() == 1
    assert (asked.has("required"), asked.has("all"), asked.has("unmuted")) == (False, True, False)
    assert asked.notes == ["“9y” is no window here.", "“0” is no page; the first is shown."]


def test_a_number_of_a_page_is_read() -> None:
    asked = Choices({"p": "12"})

    assert asked.page() == 12
    assert asked.notes == []
