import json
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.commands.mute import Mute
from chatops.commands.subscribe import Subscribe
from chatops.standins.slack.limits import problems_of_blocks
from chatops.views.modals import (
    ASK_WHICH,
    HERE,
    MUTE,
    RETEST,
    SUBSCRIBE,
    Filled,
    Kept,
    ask_mute,
    ask_pull,
    ask_retest,
    ask_subscription,
    filled_words,
    read_filled,
    read_kept,
)

KEPT = Kept(community="acme", channel="C0CI", number=7)  # type: ignore[arg-type]  # a plain number
names = st.text(max_size=200)
choices = st.dictionaries(names, st.lists(names, max_size=5), max_size=5)


@pytest.mark.parametrize("make", [ask_subscription, ask_mute, ask_retest])
@given(jobs=choices)
def test_whatever_jobs_are_called_a_form_stays_within_slacks_limits(
    make: object, jobs: Mapping[str, list[str]]
) -> None:
    view = make(KEPT, jobs)  # type: ignore[operator]  # one of three functions

    assert problems_of_blocks(view["blocks"], "modal") == []
    assert len(view["title"]["text"]) <= 24
    assert read_kept(view) == KEPT


def test_three_hundred_jobs_are_all_offered() -> None:
    jobs = [f"Nightly / job {number}" for number in range(300)]

    view = ask_subscription(KEPT, {"Nightly": jobs})

    groups = view["blocks"][0]["element"]["option_groups"]
    offered = [option["value"] for group in groups for option in group["options"]]
    assert offered == ["nightly", *jobs]
    assert max(len(group["options"]) for group in groups) <= 100


def test_jobs_are_shown_by_their_last_levels_which_tell_them_apart() -> None:
    top = "kata-containers-ci-on-push / run-k8s-tests-on-aks / run-k8s-tests"
    names = [f"CI / {top} (cbl-mariner, clh, {size})" for size in ("small", "normal")]
    same = [f"{one} / {'x' * 70} / lint" for one in ("a", "b")]

    view = ask_mute(KEPT, {"CI": [*names, "CI / lint", *same]})

    [group] = view["blocks"][0]["element"]["option_groups"]
    shown = [option["text"]["text"] for option in group["options"]]
    assert shown[:3] == [
        "… / run-k8s-tests-on-aks / run-k8s-tests (cbl-mariner, clh, small)",
        "… / run-k8s-tests-on-aks / run-k8s-tests (cbl-mariner, clh, normal)",
        "lint",
    ]
    assert [text[0] for text in shown[3:]] == ["a", "b"]


def test_a_form_is_none_that_slack_finds_too_large() -> None:
    jobs = {
        f"Nightly {number}": [f"{'ü' * 60} / {one}" for one in range(100)] for number in range(30)
    }

    view = ask_subscription(KEPT, jobs)

    assert 100_000 < len(json.dumps(view, ensure_ascii=False).encode()) < 250_000
    assert problems_of_blocks(view["blocks"], "modal") == []


def test_a_form_without_choices_can_be_filled_in_by_hand() -> None:
    [said, _, _] = ask_mute(KEPT, {})["blocks"]

    assert said["block_id"] == "said"
    assert said["label"]["text"] == "Its name, or a pattern"


def test_the_job_that_a_form_came_from_is_filled_in() -> None:
    kept = msgspec.structs.replace(KEPT, words=("Nightly / test (a)",))

    [said, _, _] = ask_mute(kept, {"Nightly": ["Nightly / build"]})["blocks"]

    assert said["element"]["initial_value"] == "Nightly / test (a)"


def test_a_form_that_follows_another_one_has_none_of_its_fields() -> None:
    """Slack keeps what was written in a field of the same name, and a number is no job."""
    first, second = ask_pull(KEPT, ASK_WHICH), ask_retest(KEPT, {"CI": ["a"]})

    names = [{block["block_id"] for block in form["blocks"]} for form in (first, second)]
    assert names == [{"which"}, {"jobs", "said"}]


def test_what_is_filled_in_is_what_one_would_type() -> None:
    muted = Filled(jobs=("Nightly / a b",), lasts="3d", reason="It is for the runner.")
    told = Filled(jobs=("nightly", "Nightly / a b"), where=HERE)

    mute = Mute.parse(filled_words(MUTE, muted, ()))
    subscribe = Subscribe.parse(filled_words(SUBSCRIBE, told, ()))

    assert (mute.pattern, mute.duration.days, mute.reason) == (
        "Nightly / a b", 3, "It is for the runner.",
    )  # fmt: skip
    assert subscribe.wish.is_nightly
    assert subscribe.wish.is_here
    assert subscribe.wish.jobs == ("Nightly / a b",)
    assert filled_words(RETEST, Filled(jobs=("a",)), ("b",)) == ("a", "b")


@pytest.mark.parametrize("view", [None, {}, {"state": []}, {"state": {"values": {"jobs": 1}}}])
def test_what_cannot_be_read_is_not_there(view: object) -> None:
    assert read_filled(view) == Filled()
