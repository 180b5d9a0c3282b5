from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatops.engine.answer import as_text
from chatops.events.digests import (
    AwaitedRun,
    DigestContents,
    DigestDetailsWanted,
    DigestHeld,
    DigestJob,
    DigestList,
    DigestMerge,
    DigestNight,
    DigestOwner,
    DigestWanted,
    DigestWeek,
)
from chatops.names import PullNumber, RunId, Sha
from chatops.standins.slack.limits import (
    MOST_TEXT_IN_BLOCKS,
    MOST_TEXT_IN_UPDATE,
    length_of_blocks,
    problems_of_blocks,
)
from chatops.views.digests import (
    details_answer,
    details_mark,
    digest_answer,
    digest_mark,
    has_details,
    render_details,
    render_digest,
    verdict,
)
from tests import payloads

AT = datetime(2026, 8, 22, 9, 0, tzinfo=UTC)
NOZZLE = DigestJob(
    name="engine / nozzle", workflow="Nightly", is_required=True, nights=2, since="Fri 21 Aug",
    step="Test", groups=("Crew",),
    owners=(DigestOwner(name="mona", member="U0MONA123"), DigestOwner(name="Alice")),
    good=Sha("a" * 40), good_night="Thu 20 Aug", bad=Sha("b" * 40),
    changes="https://github.example/acme/rocket/compare/a...b",
)  # fmt: skip
TANK = DigestJob(name="engine / tank", workflow="Nightly")
CONTENTS = DigestContents(
    title="Acme", about="the jobs that `size:large` lets through", path="Nightly / ",
    night="Sat 22 Aug", total=210,
    ran=200, failed=5, required_failed=1, knows_required=True,
    newly=DigestList(jobs=(NOZZLE,), count=1), fixed=DigestList(jobs=(TANK,), count=1),
    still=DigestList(jobs=(TANK,), count=4),
    trend=(
        DigestNight(label="21 Aug", failed=4, required_failed=0, ran=200),
        DigestNight(label="22 Aug", failed=5, required_failed=1, ran=200),
    ),
    url="https://ci.example/acme/nightly", slash_command="/acme",
)  # fmt: skip
WORDS = st.text(min_size=1, max_size=250)


def digest(contents: DigestContents = CONTENTS, *, calls: bool = True) -> DigestWanted:
    return DigestWanted(
        digest="digest/acme/C0000000001/2026-08-22", community="acme", channel="C0000000001",
        day="2026-08-22", position=1234, at=AT, contents=contents, calls=calls,
    )  # fmt: skip


def details(contents: DigestContents = CONTENTS) -> DigestDetailsWanted:
    return DigestDetailsWanted(
        digest="digest/acme/C0000000001/2026-08-22", community="acme", channel="C0000000001",
        day="2026-08-22", message="1.2", position=1234, at=AT, contents=contents,
    )  # fmt: skip


def with_(**changes: object) -> DigestContents:
    return msgspec.structs.replace(CONTENTS, **changes)


def several(number: int, job: DigestJob = TANK) -> DigestList:
    return DigestList(
        jobs=tuple(
            msgspec.structs.replace(job, name=f"{job.name} ({place})") for place in range(number)
        ),
        count=number,
    )


def users(message: dict[str, Any]) -> list[str]:
    """Return who is really called in a message."""
    found: list[str] = []

    def look(node: object) -> None:
        if isinstance(node, dict):
            if node.get("type") == "user":
                found.append(node["user_id"])
            for child in node.values():
                look(child)
        elif isinstance(node, list):
            for child in node:
                look(child)

    look(message["blocks"])
    return found


def test_the_message_says_what_has_changed() -> None:
    assert as_text(digest_answer(digest())) == (
        "1 job fails newly and 1 passes again in the nights of Acme.\n"
        "In the night of Sat 22 Aug 5 of 200 jobs failed, 1 of them required. "
        "In the thread: 4 still failing. Look at the nights\n"
        "\n"
        "Newly failing (1)\n"
        "  engine / nozzle required, for 2 nights, good in Thu 20 Aug, bad in Fri 21 Aug: "
        "aaaaaaaaa…bbbbbbbbb – mona, Alice\n"
        "\n"
        "Passes again (1)\n"
        "  engine / tank\n"
        "\n"
        "About the jobs that size:large lets through, as of log position 1,234. "
        "/acme digest preview shows how it is now."
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"newly": several(3), "fixed": DigestList()},
            "3 jobs fail newly in the nights of Acme.",
        ),
        (
            {"newly": DigestList(), "fixed": several(2)},
            "2 jobs pass again in the nights of Acme.",
        ),
        (
            {"newly": DigestList(), "fixed": DigestList()},
            "Nothing has changed in the nights of Acme: 4 jobs still fail.",
        ),
        (
            {"newly": DigestList(), "fixed": DigestList(), "still": DigestList()},
            "No job fails in the nights of Acme.",
        ),
        (
            {
                "newly": DigestList(), "fixed": DigestList(), "still": DigestList(),
                "awaited": (AwaitedRun(workflow="Nightly", due_at=AT),),
            },
            "Nightly did not start.",
        ),
        (
            {"awaited": (AwaitedRun(workflow="Nightly", url="https://github.example/1"),)},
            "Nightly has not finished. 1 job fails newly and 1 passes again in the nights of Acme.",
        ),
    ],
)  # fmt: skip
def test_the_verdict_is_the_news(changes: dict[str, object], said: str) -> None:
    assert verdict(with_(**changes)) == said


def test_owners_are_called_where_that_is_wanted_and_nowhere_else() -> None:
    assert users(render_digest(digest())) == ["U0MONA123"]
    assert users(render_digest(digest(calls=False))) == []
    assert users(render_details(details())) == []


def test_owners_of_what_fails_as_before_are_not_called() -> None:
    still = with_(newly=DigestList(), still=DigestList(jobs=(NOZZLE,), count=1))

    assert users(render_digest(digest(still))) == []


def test_the_details_have_a_table_and_a_chart() -> None:
    message = render_details(details())

    table, chart = message["blocks"][1:3]
    assert table["caption"] == "Jobs that fail: 5, of which these are 2"
    assert [cell["text"] for cell in table["rows"][1]] == [
        "engine / nozzle (required)", "2", "Fri 21 Aug", "Test", "Crew",
    ]  # fmt: skip
    assert chart["title"] == "Failed jobs by night"
    assert chart["chart"]["axis_config"]["categories"] == ["21 Aug", "22 Aug"]
    assert [one["name"] for one in chart["chart"]["series"]] == ["Failed", "Required"]
    assert payloads.problems(message) == []


def test_where_slack_does_not_take_the_layout_the_text_says_it_all() -> None:
    text = render_details(details())["text"]

    assert "engine / nozzle: 2 nights, since Fri 21 Aug" in text
    assert "Where it broke (1)" in text
    assert "Newly failing (1)" in render_digest(digest())["text"]


def test_a_night_that_did_not_start_is_told_with_its_day() -> None:
    late = AwaitedRun(workflow="Nightly", due_at=AT - timedelta(days=9))

    said = as_text(digest_answer(digest(with_(awaited=(late,)))))

    assert said.startswith("Nightly did not start.")
    assert "5 of 200 jobs failed, 1 of them required." in said
    assert "Nightly should have begun on Thu 13 Aug at 09:00 UTC" in said


def test_what_is_known_of_a_night_that_goes_on_is_known_so_far() -> None:
    run = AwaitedRun(workflow="Nightly", run_id=RunId(7))

    said = as_text(digest_answer(digest(with_(awaited=(run,)))))

    assert "In the night of Sat 22 Aug 5 of 200 jobs failed so far, 1 of them required." in said


def test_the_week_is_a_second_chart() -> None:
    weeks = tuple(
        DigestWeek(label=f"{day} Aug", nights=7, red_first=3, red=1, flakes=2) for day in (10, 17)
    )

    message = render_details(details(with_(weeks=weeks, week_flaky=several(2))))

    assert [block.get("title") for block in message["blocks"] if "chart" in block] == [
        "Failed jobs by night", "Red nights by week",
    ]  # fmt: skip
    assert "From 17 Aug: 1 of 7 nights red in the end, 3 at first; 2 flaky" in message["text"]
    shown = render_digest(digest(with_(weeks=weeks)))["text"]
    assert "In the thread: 4 still failing, how the last weeks went." in shown
    assert payloads.problems(message) == []


def test_nights_of_the_same_name_are_told_apart_in_the_chart() -> None:
    night = DigestNight(label="a night with a very long name", failed=1, required_failed=0, ran=1)

    message = render_details(details(with_(trend=(night, night))))

    chart = next(block for block in message["blocks"] if "chart" in block)
    assert chart["chart"]["axis_config"]["categories"] == [
        "a night with a very ", "a night with a v (2)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "contents",
    [
        {"newly": several(1)},
        {"still": several(1)},
        {"week_flaky": several(1)},
        {"held": (DigestHeld(reason="quiet", text="", alerts=1),)},
        {"trend": CONTENTS.trend},
        {"weeks": (DigestWeek(label="10 Aug", nights=7, red_first=3, red=1, flakes=2),)},
    ],
)
def test_there_are_details_where_there_is_more_to_say(contents: dict[str, object]) -> None:
    nothing = DigestContents(title="Acme", about="all jobs", trend=CONTENTS.trend[:1])

    assert not has_details(nothing)
    assert has_details(msgspec.structs.replace(nothing, **contents))


def test_two_marks_tell_the_message_and_its_details_apart() -> None:
    assert digest_mark("digest/1") != details_mark("digest/1")
    assert details_answer(details()).verdict


def test_what_most_names_begin_with_is_not_said() -> None:
    contents = with_(path="Nightly / engine / ")

    said = as_text(digest_answer(digest(contents)))
    row = render_details(details(contents))["blocks"][1]["rows"][1]

    assert "  nozzle required, for 2 nights" in said
    assert "  tank" in said
    assert row[0]["text"] == "nozzle (required)"
    # What is left out is said once.
    assert "Names are without Nightly / engine." in as_text(details_answer(details(contents)))


def test_a_job_leads_to_its_page() -> None:
    contents = with_(path="Nightly / engine / ", pages="https://ci.example/acme/tests/")

    lists = [
        block for block in render_digest(digest(contents))["blocks"] if len(block["elements"]) > 1
    ]
    first = lists[0]["elements"][1]["elements"][0]["elements"][0]

    assert first == {
        "type": "link", "url": "https://ci.example/acme/tests/Nightly~~engine--nozzle", "text": "nozzle",
    }  # fmt: skip


def test_a_cell_holds_the_end_of_a_name_that_is_too_long() -> None:
    job = msgspec.structs.replace(TANK, name=f"{'x' * 150} / y (a, b)")

    row = render_details(details(with_(newly=several(2, job))))["blocks"][1]["rows"][1]

    assert len(row[0]["text"]) == 120
    assert row[0]["text"].endswith("x / y (a, b) (0)")


def test_jobs_of_two_workflows_that_are_called_alike_are_told_apart() -> None:
    twin = msgspec.structs.replace(NOZZLE, workflow="Weekly")
    contents = with_(path="Nightly / engine / ", newly=DigestList(jobs=(NOZZLE, twin), count=2))

    said = as_text(digest_answer(digest(contents)))

    assert "  nozzle required" in said
    assert "  Weekly / engine / nozzle required" in said


def test_where_nothing_fails_the_text_has_no_list_of_it() -> None:
    text = render_details(details(with_(newly=DigestList(), still=DigestList())))["text"]

    assert "Failing" not in text


MERGES = st.builds(
    DigestMerge, number=st.integers(1, 99_999).map(PullNumber), title=WORDS,
    url=st.just("https://github.com/acme/rocket/pull/12345"),
)  # fmt: skip
JOBS = st.builds(
    DigestJob,
    merged=st.lists(MERGES, max_size=5).map(tuple),
    merges=st.integers(0, 500),
    name=WORDS,
    workflow=WORDS | st.just("Nightly"),
    is_required=st.booleans(),
    nights=st.integers(0, 400),
    since=WORDS,
    step=WORDS,
    groups=st.lists(WORDS, max_size=3).map(tuple),
    owners=st.lists(st.builds(DigestOwner, name=WORDS, member=WORDS), max_size=4).map(tuple),
    good=st.sampled_from([Sha(""), Sha("a" * 40)]),
    bad=st.just(Sha("b" * 40)),
    changes=st.sampled_from(["", "https://github.example/compare"]),
    said=WORDS,
)
LISTS = st.builds(
    lambda job, number: several(number, job), JOBS, st.sampled_from([0, 1, 7, 60])
).map(lambda of: msgspec.structs.replace(of, count=of.count * 5))
"""As long as a digest's lists get where three hundred jobs fail."""
NIGHTS = st.builds(
    DigestNight, label=WORDS, failed=st.integers(0, 300), required_failed=st.integers(0, 30),
    ran=st.integers(0, 300),
)  # fmt: skip
ANY = st.builds(
    DigestContents,
    title=WORDS,
    about=WORDS,
    path=st.sampled_from(["", "Nightly / "]),
    pages=st.sampled_from(["", "https://ci.example/acme/tests/"]),
    night=WORDS,
    ran=st.integers(0, 300),
    failed=st.integers(0, 300),
    awaited=st.lists(
        st.builds(AwaitedRun, workflow=WORDS, due_at=st.sampled_from([None, AT])), max_size=4
    ).map(tuple),
    newly=LISTS, fixed=LISTS, still=LISTS, flaky=LISTS, not_run=LISTS, unowned=LISTS, muted=LISTS,
    week_flaky=LISTS,
    held=st.lists(
        st.builds(
            DigestHeld, reason=st.sampled_from(["quiet", "muted", "not_in_channel"]), text=WORDS,
            alerts=st.integers(1, 300), subjects=st.lists(WORDS, max_size=60).map(tuple),
        ),
        max_size=12,
    ).map(tuple),
    trend=st.lists(NIGHTS, max_size=14).map(tuple),
    weeks=st.lists(
        st.builds(
            DigestWeek, label=WORDS, nights=st.integers(1, 7), red_first=st.integers(0, 7),
            red=st.integers(0, 7), flakes=st.integers(0, 99),
        ),
        max_size=5,
    ).map(tuple),
    url=st.sampled_from(["", "https://ci.example/acme/nightly"]),
    slash_command=st.sampled_from(["", "/acme"]),
)  # fmt: skip


def test_slack_takes_three_hundred_jobs_with_the_longest_names_that_fail_everywhere() -> None:
    job = msgspec.structs.replace(
        NOZZLE, name="n" * 240, step="s" * 200, groups=("g" * 200,), said="s" * 250,
        merged=tuple(
            DigestMerge(number=PullNumber(one), title="t" * 250, url=f"https://x.example/{one}") for one in range(5)
        ),
        merges=300,
    )  # fmt: skip
    of = msgspec.structs.replace(several(60, job), count=300)
    held = DigestHeld(reason="quiet", text="t" * 250, alerts=300, subjects=("s" * 240,) * 60)
    contents = with_(
        newly=of, fixed=of, still=of, flaky=of, not_run=of, unowned=of, muted=of, week_flaky=of,
        held=(held,) * 10, pages="https://ci.example/acme/tests/", failed=300, ran=300, about="a" * 250,
    )  # fmt: skip

    for message in (render_digest(digest(contents)), render_details(details(contents))):
        assert payloads.problems(message) == []
        assert length_of_blocks(message["blocks"]) <= MOST_TEXT_IN_BLOCKS
        assert len(message["text"]) <= MOST_TEXT_IN_UPDATE


@settings(max_examples=60, deadline=timedelta(seconds=60))
@given(contents=ANY)
def test_slack_takes_it_whatever_there_is_to_tell(contents: DigestContents) -> None:
    for message in (render_digest(digest(contents)), render_details(details(contents))):
        assert problems_of_blocks(message["blocks"]) == []
        assert length_of_blocks(message["blocks"]) <= MOST_TEXT_IN_BLOCKS
        assert 0 < len(message["text"]) <= MOST_TEXT_IN_UPDATE
        assert "<!" not in message["text"]
        assert "<@" not in message["text"]


def test_what_was_merged_in_between_is_named_a_few_and_the_rest_counted() -> None:
    address = "https://github.example/acme/rocket/pull"
    merged = tuple(
        DigestMerge(number=PullNumber(one), title=f"Change <{one}>", url=f"{address}/{one}")
        for one in range(4)
    )
    job = msgspec.structs.replace(NOZZLE, merged=merged, merges=9)
    contents = with_(newly=DigestList(jobs=(job,), count=1))

    said = as_text(digest_answer(digest(contents)))
    thread = as_text(details_answer(details(contents)))

    assert ", merged in between: #0" in said
    assert " and 6 more" in said
    assert "#3" not in said
    assert "Change" not in said
    assert "#0 Change <0>; #1 Change <1>; #2 Change <2>" in thread
    assert "Change &lt;0&gt;" in render_details(details(contents))["text"]


def test_what_was_held_back_is_counted_by_why_and_named_in_the_thread() -> None:
    names = tuple(f"Nightly / engine / {number}" for number in range(5))
    held = (
        DigestHeld(reason="muted", text="Muted by mona.", alerts=1, subjects=names[:1]),
        DigestHeld(reason="quiet", text="It rests until 07:00.", alerts=5, subjects=names),
        DigestHeld(reason="not_in_channel", text="I am no member.", alerts=2, subjects=names[:2]),
    )

    said = as_text(digest_answer(digest(with_(held=held))))
    thread = as_text(details_answer(details(with_(held=held))))

    assert (
        "Held back since the last digest: 8 alerts, 1 because of a mute, 5 while the channel rested, "
        "2 that Slack did not take: /acme why not told says more."
    ) in said
    assert "Alerts that were held back (8)" in thread
    assert "  engine / 0, engine / 1, engine / 2 and 2 more. It rests until 07:00." in thread
    assert "Held back" not in as_text(digest_answer(digest()))
