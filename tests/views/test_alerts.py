import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.engine.answer import Tone, as_text
from chatops.events.alerts import AlertNews, Called, Told
from chatops.views.alerts import alerts_answer, alerts_mark, render_alerts
from tests.alerting import NOZZLE, TANK, alert, wanted
from tests.payloads import problems
from tests.scene import NOW

NAMES = st.lists(st.text(min_size=1, max_size=160), max_size=30, unique=True)
LATE = AlertNews(
    opened=(alert(),), held="Held back while the channel rested: 2 alerts.", come_and_gone=1
)
OUTAGE = alert("Runner s390x", what="runner", text="12 jobs wait.")


def verdict(news: AlertNews, *told: Told) -> str:
    return as_text(alerts_answer(news, told)).partition("\n")[0]


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (
            AlertNews(opened=(alert(),)),
            "Required: Nightly / engine / nozzle has failed 2 nights in a row.",
        ),
        (
            AlertNews(opened=(alert(), alert(TANK, required=False)), night="Thu 15 Jan"),
            "After the night of Thu 15 Jan: 2 new alerts, 1 of them required.",
        ),
        (AlertNews(changed=(alert(),)), "Nightly / engine / nozzle fails in another way now."),
        (AlertNews(closed=(alert(),), over="passed"), "Nightly / engine / nozzle passes again."),
        (
            AlertNews(closed=(alert(),), over="gone"),
            "Nightly / engine / nozzle is no longer in the nights, so its alert is over.",
        ),
        (
            AlertNews(opened=(alert(),), closed=(alert(TANK),), over="passed"),
            "1 new alert of a required test, 1 alert is over.",
        ),
        (AlertNews(opened=(OUTAGE,)), "Runner s390x: 12 jobs wait."),
        (
            LATE,
            "Required: Nightly / engine / nozzle has failed 2 nights in a row. 1 more came and went.",
        ),
        (
            AlertNews(
                opened=(alert(), alert(TANK)), closed=(alert("x"),), held="Late.", come_and_gone=2
            ),
            "2 wrong now, 1 over, 2 came and went.",
        ),
        (AlertNews(closed=(alert(), alert(TANK)), held="Late."), "2 over."),
    ],
)
def test_the_verdict_is_what_a_notification_shows(news: AlertNews, said: str) -> None:
    assert verdict(news) == said


def test_a_line_says_since_when_and_how_it_fails() -> None:
    text = as_text(alerts_answer(AlertNews(opened=(alert(signature="Run tests"),))))

    assert "required, failed 2 nights in a row, since Wed 14 Jan, in “Run tests”" in text


def test_a_button_is_the_command_and_goes_when_it_was_used() -> None:
    news = AlertNews(opened=(alert(),))
    used = Told(alert=alert().alert, seen_by="mona", looked_after_by="mona")

    assert [action.said for action in alerts_answer(news).actions] == [
        f'ack "{NOZZLE}"',
        f'take "{NOZZLE}"',
        f'mute "{NOZZLE}" for DURATION REASON',
    ]
    assert [action.verb for action in alerts_answer(news, [used]).actions] == ["mute"]
    assert "Seen by mona. mona looks after it" in as_text(alerts_answer(news, [used]))


def test_the_buttons_of_several_are_about_all_of_them() -> None:
    news = AlertNews(opened=(alert(), alert(TANK)))
    used = Told(alert=alert().alert, looked_after_by="mona", muted_until=NOW)

    assert [action.said for action in alerts_answer(news).actions] == [
        f'ack "{NOZZLE}" "{TANK}"',
        f'take "{NOZZLE}" "{TANK}"',
        "mute JOB for DURATION REASON",
    ]
    assert [action.said for action in alerts_answer(news, [used]).actions] == [
        f'ack "{NOZZLE}" "{TANK}"',
        f'take "{TANK}"',
        f'mute "{TANK}" for DURATION REASON',
    ]


def test_of_so_many_that_no_button_names_them_it_is_said_what_to_type() -> None:
    many = tuple(alert(f"Nightly / {place}") for place in range(11))

    told = alerts_answer(AlertNews(opened=many, slash_command="/acme"))

    assert [action.verb for action in told.actions] == ["mute"]
    assert "/acme ack *PART* and /acme take *PART*" in as_text(told)


def test_what_is_over_says_so_and_offers_nothing() -> None:
    news = AlertNews(opened=(alert(), alert(TANK)))
    over = [Told(alert=one.alert, is_over=True) for one in news.opened]

    assert verdict(news, *over) == "Both alerts are over."
    said = as_text(alerts_answer(news, over))
    assert "Over (2)" in said
    assert "Wrong now" not in said
    assert alerts_answer(news, over).actions == ()
    assert [action.verb for action in alerts_answer(news, over[:1]).actions] == [
        "ack",
        "take",
        "mute",
    ]


def test_what_is_over_and_what_is_not_stand_apart() -> None:
    news = AlertNews(opened=(alert(), alert(TANK)))

    said = as_text(alerts_answer(news, [Told(alert=alert().alert, is_over=True)]))

    assert f"Wrong now (1)\n  {TANK}: required, failed 2 nights in a row, since Wed 14 Jan" in said
    # It may have failed more often by then than when it was told.
    assert f"Over (1)\n  {NOZZLE}: required, failed from Wed 14 Jan on" in said


@pytest.mark.parametrize("held", ["", "Held back while the channel rested: 1 alert."])
def test_a_message_of_what_is_over_is_no_longer_red(held: str) -> None:
    over = Told(alert=alert().alert, is_over=True)
    for news in (
        AlertNews(opened=(alert(),), held=held),
        AlertNews(changed=(alert(),), held=held),
    ):
        told = alerts_answer(news, [over])

        assert verdict(news, over) == f"{NOZZLE}: over."
        assert (told.tone, told.actions) == (Tone.GOOD, ())


def test_a_name_is_short_and_its_button_says_the_whole_of_it() -> None:
    path = "Nightly / engine / "
    news = AlertNews(
        opened=(alert(path=path),),
        pages="https://ci.example/acme/tests/",
        slash_command="/acme",
    )
    told = alerts_answer(news)

    assert verdict(news) == "Required: nozzle has failed 2 nights in a row."
    assert "\n  nozzle: required" in as_text(told)
    assert "Names are without Nightly / engine." in as_text(told)
    assert [action.words[0] for action in told.actions] == [NOZZLE] * 3
    assert "https://ci.example/acme/tests/Nightly~~engine--nozzle" in json.dumps(
        render_alerts(wanted(news=news))
    )


def test_a_change_is_told_as_such_and_offers_nothing() -> None:
    change = alert("Required checks", what="required", text="Now required: a.", momentary=True)
    told = alerts_answer(AlertNews(opened=(change,)))

    assert (told.tone, told.actions) == (Tone.NEUTRAL, ())
    assert as_text(told) == "Required checks: Now required: a."
    both = as_text(alerts_answer(AlertNews(opened=(change, alert()))))
    assert "Changed (1)\n  Required checks: Now required: a\n" in both


def test_what_the_verdict_has_said_is_not_said_again_until_there_is_more_to_say() -> None:
    news = AlertNews(opened=(OUTAGE,))
    seen = Told(alert=OUTAGE.alert, seen_by="mona", looked_after_by="hubot")

    assert alerts_answer(news).sections == ()
    rule = "A single green night does not end an alert."
    for one, is_said in ((OUTAGE, False), (alert(), True)):
        told = alerts_answer(AlertNews(opened=(one,), slash_command="/acme"))
        assert (rule in as_text(told)) == is_said
    said = as_text(alerts_answer(news, [seen]))
    assert "  Runner s390x: 12 jobs wait. Seen by mona. hubot looks after it" in said


def test_owners_are_called_where_they_are_known() -> None:
    called = (Called(name="octavia", slack="U0OCTAVIA"), Called(name="mona"))
    message = render_alerts(wanted(news=AlertNews(opened=(alert(),), called=called)))

    assert '"user_id": "U0OCTAVIA"' in json.dumps(message)


def test_each_message_has_a_mark_of_its_own() -> None:
    assert alerts_mark("a") != alerts_mark("b")
    payload = render_alerts(wanted())["metadata"]["event_payload"]
    assert payload == {"mark": alerts_mark(wanted().message)}


@settings(max_examples=40, deadline=None)
@given(opened=NAMES, closed=NAMES, signature=st.text(max_size=300))
def test_whatever_jobs_are_called_slack_takes_it(
    opened: list[str], closed: list[str], signature: str
) -> None:
    news = AlertNews(
        opened=tuple(alert(name, signature=signature) for name in opened),
        closed=tuple(alert(name) for name in closed),
        over="passed",
        night="Thu 15 Jan",
    )
    message = render_alerts(wanted(news=news))

    assert problems(message) == []
    assert "<!" not in message["text"]
