from pathlib import Path

from chatops.answers.night_news import NightNews, night_news, turns
from chatops.answers.nights import NightBoard, night_board
from chatops.events import Event
from tests.builders import (
    CANCELLED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    RUNNING,
    SCHEDULE,
    Ran,
    night,
    nights_database,
    required,
)


def board(folder: Path, *facts: Event) -> NightBoard:
    with nights_database(folder, facts) as db:
        return night_board(db, [REPO], [SCHEDULE], now=MORNING)


def told(news: NightNews) -> tuple[list[str], list[str], list[str]]:
    lists = (news.failed, news.newly_failing, news.fixed)
    failed, new, fixed = ([test.name for test in tests] for tests in lists)
    return failed, new, fixed


def nights(*tests: dict[str, Ran]) -> list[Event]:
    return [fact for ago, jobs in enumerate(tests) for fact in night(ago, jobs)]


def test_each_night_is_compared_with_the_last_result_before_it(tmp_path: Path) -> None:
    facts = nights(
        {"boot": PASS, "land": FAIL},
        {"boot": CANCELLED, "land": PASS},
        {"boot": FAIL, "land": PASS},
        {"boot": FAIL, "land": PASS},
        {"boot": PASS, "land": PASS},
    )

    newest, then, still, broke = night_news(board(tmp_path, *facts))

    assert told(newest) == (["land"], ["land"], ["boot"])
    assert told(then) == ([], [], [])
    assert told(still) == (["boot"], [], [])
    assert told(broke) == (["boot"], ["boot"], [])
    assert (newest.ran, then.ran) == (2, 1)


def test_a_night_that_goes_on_is_no_news_and_the_oldest_has_nothing_before_it(
    tmp_path: Path,
) -> None:
    facts = [
        *night(0, {"boot": RUNNING}, is_over=False),
        *night(1, {"boot": PASS}),
        *night(2, {"boot": FAIL}),
    ]

    assert [one.night.key for one in night_news(board(tmp_path, *facts))] == ["2026-08-21"]


def test_required_tests_come_first_and_are_counted(tmp_path: Path) -> None:
    facts = [*nights({"a": FAIL, "z": FAIL}, {"a": PASS, "z": PASS}), *required("Nightly / z")]

    (news,) = night_news(board(tmp_path, *facts))

    assert told(news)[0] == ["z", "a"]
    assert news.required_failed == 1


def test_a_test_has_news_where_it_turns(tmp_path: Path) -> None:
    known = board(
        tmp_path, *nights({"a": PASS}, {"a": FAIL}, {"a": FAIL}, {"a": CANCELLED}, {"a": PASS})
    )

    news = [(one.night.key, one.fails) for one in turns(known.tests[0], known.nights)]

    assert news == [("2026-08-22", False), ("2026-08-20", True)]
