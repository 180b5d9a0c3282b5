from chatops.views.choices import choices, heads_of, numbered, rows_of, told

FORM = """<form class="filter" method="get">
<input type="search" name="q"><input type="text" name="author" list="authors">
<datalist id="authors"><option value="mona"></option><option value="octo"></option></datalist>
<input type="checkbox" name="required" value="1">
<select name="s"><option value="worst" selected>worst</option><option value="name">name</option></select>
<select name="n"><option>10</option><option selected>30</option></select>
</form>"""


def listed(*rows: str) -> str:
    cells = "\n".join(f'<tr><th scope="row">{row}</th></tr>' for row in rows)
    return f'{FORM}<table class="rows"><thead><tr><th>Test</th></tr></thead><tbody>{cells}</tbody></table>'


def grouped(*groups: tuple[str, ...], hidden: frozenset[str] = frozenset()) -> str:
    tables = "".join(
        f"<table><tbody>{''.join(_row(row, is_hidden=row in hidden) for row in group)}</tbody></table>"
        for group in groups
    )
    return f'{FORM}<div class="grid">{tables}</div>'


def _row(name: str, *, is_hidden: bool) -> str:
    return f"<tr{' hidden' if is_hidden else ''}><th>{name}</th></tr>"


def test_a_form_says_what_can_be_chosen_and_what_is_usual() -> None:
    found = choices(f'{FORM}<a href="?w=4w">weeks</a><a href="?q=x">x</a><a href="?p=2">next</a>')

    assert sorted(found) == [
        ("author", "mona"), ("author", "octo"), ("n", "10"), ("required", "1"), ("s", "name"), ("w", "4w"),
    ]  # fmt: skip
    assert found.usual == {"required": "", "s": "worst", "n": "30"}


def test_what_links_ask_for_in_the_box_is_told_apart() -> None:
    links = '<a href="?q=status:failed">1</a><a href="?q=status%3Afailed">1</a><a href="?q=a">a</a>'

    assert choices(f"{FORM}{links}").terms == {"q": ["status:failed"]}


def test_rows_are_known_by_what_their_link_selects_or_by_their_head() -> None:
    link = '<a href="?s=name&amp;sel=CI+/%20a" title="a">a</a>'

    assert heads_of(grouped((link, "b <i>c</i>"), ("d",), hidden=frozenset("d"))) == [
        "CI / a",
        "b c",
    ]


def test_names_that_are_no_tests_are_no_rows() -> None:
    names = '<table class="names"><tbody><tr><th>caller</th></tr></tbody></table>'

    assert rows_of(grouped(("a",)) + names) == ["a"]
    assert "data-row" not in numbered(names)


def test_a_page_without_a_filter_offers_nothing() -> None:
    assert (
        list(choices('<form method="post"><select name="a"><option>b</option></select></form>'))
        == []
    )


def test_what_leaves_rows_out_is_a_set_and_what_moves_them_an_order() -> None:
    found = told(
        listed("a", "b", "c"),
        {("required", "1"): listed("b"), ("s", "name"): listed("c", "b", "a")},
        is_cut=False,
    )

    assert found.sets == {"required": {"1": [1]}}
    assert found.orders == {"s": {"name": [2, 1, 0]}}
    assert found.variants == {}


def test_what_changes_rows_needs_a_page_of_its_own_for_each_value() -> None:
    found = told(
        listed("a 1", "b 2"),
        {("w", "4w"): listed("a 9", "b 2"), ("w", "1w"): listed("a 1")},
        is_cut=False,
    )

    assert found.variants == {"w": ["4w", "1w"]}
    assert found.sets == {}


def test_groups_in_another_order_need_a_page_of_their_own() -> None:
    page = grouped(("a", "b"), ("c",))

    found = told(
        page,
        {
            ("s", "name"): grouped(("c",), ("b", "a")),
            ("hide", "pass"): grouped(("a", "b"), ("c",), hidden=frozenset("b")),
        },
        is_cut=False,
    )

    assert found.variants == {"s": ["name"]}
    assert found.sets == {"hide": {"pass": [0, 2]}}


def test_rows_that_a_cut_list_does_not_show_are_no_reason_for_another_page() -> None:
    made = {("outcome", "refused"): listed("b", "older")}

    assert told(listed("a", "b"), made, is_cut=True).sets == {"outcome": {"refused": [1]}}
    assert told(listed("a", "b"), made, is_cut=False).variants == {"outcome": ["refused"]}


def test_rows_that_read_the_same_are_counted_apart() -> None:
    assert told(listed("a", "a", "b"), {("x", "1"): listed("a", "a")}, is_cut=False).sets == {
        "x": {"1": [0, 1]}
    }


def test_only_rows_that_are_shown_have_numbers() -> None:
    page = numbered(grouped(("a", "b"), ("c",), hidden=frozenset("b")))

    assert rows_of(page) == ["a", "c"]
    assert '<tr data-row="0"><th>a' in page
    assert '<tr data-row="1"><th>c' in page
    assert "<tr hidden><th>b" in page
