from collections.abc import Iterable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from chatops.answers.nights import night_board
from chatops.config import Community, Owner, OwnerGroup
from chatops.events import Event
from chatops.surfaces.comment_words import Spoken, said_alone
from chatops.views.nightly_detail import (
    MUTE,
    NOTHING,
    SAYABLE,
    UNMUTE,
    Detail,
    Sayable,
    detail,
)
from tests.builders import (
    CARRIED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    SCHEDULE,
    SKIPPED,
    Ran,
    night,
    nights_database,
    reported,
)

GITHUB = "https://github.example"
SOMEBODY = Owner(
    github="@mona", fullname="Mona", slack="mona.o", slackurl="https://acme.example/U1"
)
ONLY_CHAT = Owner(slack="hubot", slackurl="not an address")
ACME = Community(
    title="Acme",
    repositories=(REPO,),
    maintainers=(
        OwnerGroup(regex="^a$", group="First", owners=(SOMEBODY,)),
        OwnerGroup(regex=".", group="Second", owners=(ONLY_CHAT,)),
    ),
)


def detail_of(
    folder: Path, *facts: Iterable[Event], name: str = "a", sayable: Sayable = NOTHING
) -> Detail:
    folder.mkdir(exist_ok=True)
    with nights_database(folder, [fact for some in facts for fact in some]) as db:
        board = night_board(db, [REPO], [SCHEDULE], now=MORNING)
    test = next(test for test in board.tests if test.name == name)
    return detail(board, test, ACME, GITHUB, sayable=sayable)


def test_every_execution_is_a_line_the_newest_first(tmp_path: Path) -> None:
    told = detail_of(
        tmp_path, night(1, {"a": PASS}), night(0, {"a": FAIL}, {"a": FAIL}, {"a": PASS})
    )

    assert [(one.night, one.attempt, one.words, one.step) for one in told.happenings] == [
        ("Sat 22 Aug", "3", "passed", ""),
        ("Sat 22 Aug", "2", "failed", "Run tests"),
        ("Sat 22 Aug", "1", "failed", "Run tests"),
        ("Fri 21 Aug", "1", "passed", ""),
    ]


def test_a_night_without_a_result_says_why(tmp_path: Path) -> None:
    told = detail_of(tmp_path, night(1, {"a": PASS}), night(0, {"b": PASS}))

    assert [one.words for one in told.happenings] == ["not run: the run has no such job", "passed"]
    assert told.happenings[0].url == ""


def test_nights_before_the_first_one_are_no_history(tmp_path: Path) -> None:
    told = detail_of(tmp_path, night(1, {"b": PASS}), night(0, {"a": PASS}))

    assert [one.night for one in told.happenings] == ["Sat 22 Aug"]


def test_a_job_without_an_id_leads_to_its_run(tmp_path: Path) -> None:
    told = detail_of(tmp_path, reported(7, {"a": "Fail"}))

    assert [one.url for one in told.happenings] == [f"{GITHUB}/{REPO}/actions/runs/20000000007"]


def test_an_execution_known_only_from_a_later_attempt_is_not_given_its_number(
    tmp_path: Path,
) -> None:
    told = detail_of(tmp_path, night(0, {}, {"a": CARRIED}))

    assert [one.attempt for one in told.happenings] == ["an earlier one"]


def test_everybody_who_looks_after_it_is_named(tmp_path: Path) -> None:
    (first, [mona]), (second, [chat]) = detail_of(tmp_path, night(0, {"a": PASS})).owners

    assert (first, mona.name, mona.url) == ("First", "Mona", f"{GITHUB}/mona")
    assert (mona.chat, mona.chat_url) == ("mona.o", "https://acme.example/U1")
    assert (second, chat.name, chat.url, chat.chat_url) == ("Second", "hubot", "", "")


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        ([FAIL], "It failed the only time it ran, Sat 22 Aug."),
        ([FAIL, FAIL], "It failed every time it ran: 2 nights since Fri 21 Aug."),
        (
            [FAIL, PASS],
            "It has been failing for 1 night, since Sat 22 Aug; it failed in 1 of 2 nights.",
        ),
        ([PASS, FAIL], "It is passing; it failed in 1 of 2 nights."),
        ([SKIPPED, SKIPPED], "It has neither passed nor failed in 2 nights."),
    ],
)
def test_how_it_is_doing_is_said_in_a_sentence(
    tmp_path: Path, outcomes: list[Ran], sentence: str
) -> None:
    facts = [fact for ago, ran in enumerate(outcomes) for fact in night(ago, {"a": ran})]

    assert detail_of(tmp_path, facts).sentence == sentence


def test_a_test_that_is_gone_says_so(tmp_path: Path) -> None:
    facts = [fact for ago in range(3) for fact in night(ago, {"b": PASS})]

    told = detail_of(tmp_path, facts, night(3, {"a": PASS, "b": PASS}))

    assert "do not know this test any more" in told.sentence


def test_what_can_be_said_about_it_leads_to_a_form_with_the_words_in_it(tmp_path: Path) -> None:
    name = 'caller / a "b" & c'
    told = detail_of(
        tmp_path, night(0, {name: FAIL}), name=name, sayable=Sayable(verbs=frozenset({"why", MUTE}))
    )

    typed = [parse_qs(urlsplit(address).query) for _, address in told.leads]

    assert [one["repo"] for one in typed] == [[REPO], [REPO]]
    assert [said_alone(one["say"][0]) for one in typed] == [
        Spoken("why", (name,), 0, f"'{name}'"),
        Spoken(MUTE, (name, "for", "7d"), 0, f"'{name}' for 7d"),
    ]


def test_what_is_muted_can_be_said_to_be_so_no_more(tmp_path: Path) -> None:
    both = frozenset({MUTE, UNMUTE})
    full = f"{SCHEDULE.name} / a"
    loud = detail_of(tmp_path / "loud", night(0, {"a": FAIL}), sayable=Sayable(verbs=both))
    quiet = detail_of(
        tmp_path / "quiet",
        night(0, {"a": FAIL}),
        sayable=Sayable(verbs=both, muted=frozenset({full})),
    )

    assert [words for words, _ in loud.leads] == [SAYABLE[MUTE]]
    assert [words for words, _ in quiet.leads] == [SAYABLE[UNMUTE]]


def test_who_is_not_signed_in_is_offered_nothing(tmp_path: Path) -> None:
    assert detail_of(tmp_path, night(0, {"a": FAIL})).leads == ()
