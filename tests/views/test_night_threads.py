import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from chatops.engine.answer import as_text
from chatops.events.night_threads import NightMessageOutdated, NightMessageWanted, NightNewsWanted
from chatops.names import RunId
from chatops.views.night_threads import (
    news_answer,
    night_mark,
    render_begun,
    render_news,
    render_verdict,
    verdict_answer,
)
from tests.payloads import problems
from tests.scene import NOW

BEGUN = NightMessageWanted(
    message="m", community="acme", channel="C1", night="Thu 15 Jan", url="https://ci.example/nightly",
    wanted_at=NOW,
)  # fmt: skip
OVER = NightMessageOutdated(
    message="m", community="acme", channel="C1", night="Thu 15 Jan", name="1.5", because="1/1",
    tests=180, ran=178, failed=2, required_failed=1, waiting=0, newly_failing=("a",),
)  # fmt: skip
NEWS = NightNewsWanted(
    message="m", community="acme", channel="C1", night="Thu 15 Jan", thread="1.5", run_id=RunId(1),
    attempt=1, workflow="Nightly", failing=("a", "b"), fixed=("c",), wanted_at=NOW,
)  # fmt: skip
NAMES = st.lists(st.text(min_size=1, max_size=160), max_size=300).map(tuple)


def test_it_says_first_that_the_night_is_running() -> None:
    message = render_begun(BEGUN)

    assert message["text"] == "The night of Thu 15 Jan is running."
    assert message["metadata"]["event_payload"] == {"mark": night_mark("m")}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "2 of 178 tests failed in the night of Thu 15 Jan, 1 of them required."),
        ({"failed": 0, "required_failed": 0}, "178 tests passed in the night of Thu 15 Jan, and none failed."),
        ({"ran": 0, "failed": 0}, "No test of the night of Thu 15 Jan has a result."),
        (
            {"is_over": False, "required_failed": 0},
            "The night of Thu 15 Jan is running: 2 of 178 tests failed so far.",
        ),
        (
            {"is_over": False, "failed": 0, "required_failed": 0},
            "The night of Thu 15 Jan is running: none of 178 tests failed so far.",
        ),
        (
            {"is_over": False, "ran": 0, "failed": 0, "required_failed": 0},
            "The night of Thu 15 Jan is running: no test has a result.",
        ),
        (
            {"required_failed": 2},
            "2 of 178 tests failed in the night of Thu 15 Jan, all of them required.",
        ),
        (
            {"failed": 1},
            "1 of 178 tests failed in the night of Thu 15 Jan, and it is required.",
        ),
    ],
)  # fmt: skip
def test_then_how_it_went(changes: dict[str, object], said: str) -> None:
    text = as_text(verdict_answer(structs.replace(OVER, **changes)))

    assert text.partition("\n")[0] == said


def test_what_is_still_to_come_is_counted() -> None:
    assert "1 test is still to come." in as_text(verdict_answer(structs.replace(OVER, waiting=1)))


def test_below_it_is_said_what_changed() -> None:
    assert as_text(news_answer(NEWS)).startswith(
        "Nightly: 2 tests newly failing, 1 test passing again."
    )
    again = structs.replace(NEWS, attempt=2, failing=(), fixed=("c", "d"))
    assert as_text(news_answer(again)).startswith("Nightly, attempt 2: 2 tests passing again.")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fixed": ()}, "The night has turned red. a fails newly."),
        (
            {"failing": (), "fixed": ("c",), "is_red": False, "attempt": 2},
            "The night has turned green. c passes again, attempt 2.",
        ),
        ({"is_shown": False, "fixed": ()}, "a fails newly."),
        (
            {"failing": ("a", "b"), "fixed": ()},
            "The night has turned red. Nightly: 2 tests newly failing.",
        ),
    ],
)
def test_what_the_channel_sees_says_how_the_night_has_turned_and_names_a_single_test(
    changes: dict[str, object], said: str
) -> None:
    shown = {"failing": ("a",), "is_shown": True, "is_red": True, **changes}

    assert as_text(news_answer(structs.replace(NEWS, **shown))).partition("\n")[0] == said


def test_more_than_are_named_are_counted() -> None:
    names = tuple(f"Nightly / engine / {place}" for place in range(20))
    many = structs.replace(
        OVER, newly_failing=names, more_newly_failing=17, path="Nightly / engine / "
    )

    said = as_text(verdict_answer(many))

    assert "Newly failing (37)\n  0\n" in said
    assert "… and 27 more" in said
    assert "Names are without Nightly / engine." in said


@settings(max_examples=30, deadline=None)
@given(failing=NAMES, fixed=NAMES)
def test_whatever_jobs_are_called_slack_takes_it(
    failing: tuple[str, ...], fixed: tuple[str, ...]
) -> None:
    verdict = structs.replace(OVER, newly_failing=failing, fixed=fixed)
    news = structs.replace(NEWS, failing=failing, fixed=fixed)

    assert problems(render_verdict(verdict)) == []
    assert problems(render_news(news)) == []
