"""What changed between two moments of a page, in words."""

from typing import Any

import pytest

from chatops.views.compared import SHOWN, compared


def rows(**states: str) -> dict[str, Any]:
    return {"checks": [{"name": name, "state": state} for name, state in states.items()]}


def test_things_of_a_list_are_matched_by_their_names() -> None:
    found = compared(rows(a="passed", b="failed", c="passed"), rows(b="passed", c="passed", d="x"))

    (part,) = found.parts
    assert (part.name, part.summary, part.rest) == ("checks", "1 changed, 1 new, 1 gone", 0)
    (change,) = part.changes
    (field,) = change.fields
    assert (change.name, field.name, field.before, field.after) == (
        "b", "state", "failed", "passed",
    )  # fmt: skip
    assert (part.came, part.went) == (("d",), ("a",))


def test_another_order_and_another_age_are_no_difference() -> None:
    before = {**rows(a="x", b="y"), "as_of": "2026-08-22", "heard_at": "2026-08-21"}
    after = {**rows(b="y", a="x"), "as_of": "2026-08-23", "heard_at": "2026-08-23"}

    assert compared(before, after).is_same


def test_what_shares_a_name_is_told_apart_by_more() -> None:
    before = {
        "tests": [{"repository": "o/r", "workflow": w, "name": "a", "fails": 0} for w in "xy"]
    }
    after = {
        "tests": [
            {"repository": "o/r", "workflow": w, "name": "a", "fails": int(w == "y")} for w in "xy"
        ]
    }

    (part,) = compared(before, after).parts
    assert (part.changed, part.new, part.gone) == (1, 0, 0)


def test_what_has_no_name_came_or_went() -> None:
    (part,) = compared({"missing": ["x", "y"]}, {"missing": ["y", "z", "z"]}).parts

    assert (part.summary, part.came, part.went) == ("1 new, 1 gone", ("z",), ("x",))


def test_fields_of_the_page_and_things_within_things() -> None:
    before = {"verdict": "It works.", "work": {"waiting": 1_000, "parked": 0}, "is_over": False}
    after = {"verdict": "It waits.", "work": {"waiting": 2, "parked": 0}, "is_over": True}

    told = {one.name: (one.before, one.after) for one in compared(before, after).fields}

    assert told == {
        "in short": ("It works.", "It waits."),
        "work: waiting": ("1,000", "2"),
        "over": ("no", "yes"),
    }


def test_names_that_only_programs_know_are_said_in_words() -> None:
    before = {"knows_required": False, "newest": {"counts": {"passed": 128}}}
    after = {"knows_required": True, "newest": {"counts": {"passed": 165}}}

    told = {one.name: (one.before, one.after) for one in compared(before, after).fields}

    assert told == {
        "it is known what is required": ("no", "yes"),
        "newest night: passed": ("128", "165"),
    }


def test_what_a_field_is_called_depends_on_what_it_is_of() -> None:
    def page(since: str, runs: int) -> dict[str, Any]:
        rows = [{"name": "a", "since": since, "runs": runs}]
        return {"newest": {"done": runs}, "tests": rows, "rows": rows}

    found = compared(page("2026-11-02", 2), page("2026-11-03", 3))
    named = [(part.name, [one.name for one in part.changes[0].fields]) for part in found.parts]

    assert [one.name for one in found.fields] == ["newest night: tests that are done"]
    assert named == [
        ("tests", ["failing since", "nights with a result"]),
        ("tests", ["since", "runs with a result"]),
    ]


@pytest.mark.parametrize(
    ("field", "before", "after", "said"),
    [
        ("seconds_waited", 0, 2_883, ("waited", "0 s", "48 min")),
        ("seconds", None, 4_000, ("took", "nothing", "1 h 06 min")),
        ("nine_of_ten", 59, 6_000, ("9 of 10 at most", "59 s", "1 h 40 min")),
        ("day", "2026-11-02", "2026-11-03", ("day", "2 Nov 2026", "3 Nov 2026")),
        ("seen_at", None, "2026-11-02T04:05:06.7Z", ("seen at", "nothing", "2 Nov 2026, 04:05 UTC")),
        ("title", "2026-02-31", "x", ("title", "2026-02-31", "x")),
        ("state", "not-run", "none", ("state", "not run", "no result")),
        ("status", "in_progress", "completed", ("status", "in progress", "completed")),
    ],
)  # fmt: skip
def test_values_are_said_as_people_do(
    field: str, before: object, after: object, said: tuple[str, str, str]
) -> None:
    part = compared(
        {"jobs": [{"name": "a", field: before}]}, {"jobs": [{"name": "a", field: after}]}
    )
    ((one,),) = (change.fields for change in part.parts[0].changes)

    assert (one.name, one.before, one.after) == said


def test_how_long_runners_kept_waiting_is_said_in_hours_and_minutes() -> None:
    before: Any = {"weeks": [{"monday": "2026-11-02", "waits": {"half": 9}}], "runners": []}
    after: Any = {"weeks": [{"monday": "2026-11-02", "waits": {"half": 90}}], "runners": []}
    runner: Any = {"labels": "huge", "number": 3, "longest": 7_260}

    (of_week,) = compared(before, after).parts
    (of_runner,) = compared({"runners": [{**runner, "longest": 60}]}, {"runners": [runner]}).parts
    fields = [one for part in (of_week, of_runner) for one in part.changes[0].fields]

    assert [(one.name, one.before, one.after) for one in fields] == [
        ("waits: half at most", "9 s", "1 min"),
        ("the longest waited", "1 min", "2 h 01 min"),
    ]


def test_what_nothing_is_counted_of_any_more_is_none_of_it() -> None:
    (field,) = compared({"counts": {}}, {"counts": {"failed": 1}}).fields

    assert (field.name, field.before, field.after) == ("failed", "0", "1")


def test_what_another_field_says_and_where_something_stands_is_no_difference() -> None:
    before = {"checks": [{"name": "a", "group": "running", "state": "queued", "url": "/1"}]}
    after = {"checks": [{"name": "a", "group": "passed", "state": "passed", "url": "/2"}]}

    ((field,),) = (change.fields for change in compared(before, after).parts[0].changes)

    assert field.name == "state"


def test_the_number_of_a_thing_is_no_count_and_what_it_lacks_is_not_said() -> None:
    before: Any = {"pull_requests": [{"number": 14_134}], "nights": []}
    night: Any = {"night": "2026-11-02", "state": "failed", "reason": None, "executions": []}

    found = compared(before, {"pull_requests": [], "nights": [night]})

    assert [one.went for one in found.parts] == [("14134",), ()]
    assert found.parts[1].came == ("night 2 Nov 2026, state failed",)


def test_of_many_the_first_are_shown_and_the_others_counted() -> None:
    many = {f"job {number}": "new" for number in range(SHOWN + 5)}

    (part,) = compared(rows(), rows(**many)).parts

    assert (part.new, len(part.came), part.rest) == (SHOWN + 5, SHOWN, 5)


def test_a_list_in_a_thing_says_how_much_of_it_is_different() -> None:
    def pull(*commands: str) -> dict[str, Any]:
        return {"pulls": [{"number": 7, "commands": [{"id": one} for one in commands]}]}

    (part,) = compared(pull("a"), pull("a", "b")).parts
    ((field,),) = (change.fields for change in part.changes)

    assert (field.name, field.before, field.after) == ("commands", "1", "2 (1 new)")


def test_a_page_that_was_not_there_is_all_new() -> None:
    found = compared(None, rows(a="x"))

    assert [(one.name, one.before, one.after) for one in found.fields] == [
        ("page", "not there", "there")
    ]
    assert found.parts[0].new == 1


def test_long_texts_are_shortened_and_stay_on_a_line() -> None:
    (field,) = compared({"title": "x"}, {"title": "a\nb" + "c" * 400}).fields

    assert field.after.startswith("a b")
    assert len(field.after) <= 120


def test_a_verdict_is_read_whole() -> None:
    verdict = f"10 of 240 tests failed. {'Without a verdict: 7. ' * 8}".strip()

    (field,) = compared({"verdict": "x"}, {"verdict": verdict}).fields

    assert field.after == verdict
