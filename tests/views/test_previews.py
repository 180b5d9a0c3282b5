from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatops.answers.nights import State
from chatops.events.previews import PreviewWanted
from chatops.standins.slack.limits import length_of_blocks, problems_of_blocks
from chatops.views.previews import MOST_SQUARES, SQUARES, render_preview

states = st.sampled_from([state.value for state in State])
texts = st.text(max_size=2_000)


def wanted(**changes: object) -> PreviewWanted:
    described = {
        "community": "acme", "url": "https://ci.example/nightly?q=a&amp;n=3", "channel": "C0CI",
        "message": "1.2", "title": "Acme: the nightly", "says": "3 jobs failed.", "tone": "bad",
    }  # fmt: skip
    return PreviewWanted(**described | changes)  # type: ignore[arg-type]  # of whatever kind each field is


def squares(blocks: list[dict[str, Any]]) -> list[str]:
    [section] = blocks[-1]["elements"]
    return [one["name"] for one in section["elements"] if one["type"] == "emoji"]


def test_nights_are_squares_the_oldest_first_and_words_beside() -> None:
    nights = ("failed", "passed", "passed", "unknown")

    blocks = render_preview(wanted(nights=nights))["blocks"]

    assert squares(blocks) == [
        "white_large_square", "large_green_square", "large_green_square", "large_red_square",
    ]  # fmt: skip
    assert "4 nights: 1 failed, 2 passed, 1 unknown" in str(blocks)


def test_only_results_have_a_colour_of_good_or_bad() -> None:
    assert set(SQUARES) <= {state.value for state in State}
    assert {state for state, name in SQUARES.items() if "green" in name} == {State.PASSED}


def test_where_slack_can_fetch_a_picture_it_is_shown_with_the_same_words() -> None:
    picture = "https://ci.example/strip/drawn/fp.png"

    blocks = render_preview(wanted(nights=("failed", "passed"), picture=picture))["blocks"]

    assert blocks[-1] == {
        "type": "image", "image_url": picture, "alt_text": "2 nights: 1 failed, 1 passed",
    }  # fmt: skip
    assert problems_of_blocks(blocks) == []


def test_the_title_leads_where_the_message_does() -> None:
    assert "https://ci.example/nightly?q=a&n=3" in str(render_preview(wanted())["blocks"])


@given(texts, texts, texts, st.lists(texts, max_size=8), st.lists(states, max_size=400))
def test_whatever_a_page_says_it_stays_within_slacks_limits(
    title: str, says: str, tone: str, lines: list[str], nights: list[str]
) -> None:
    shown = wanted(title=title, says=says, tone=tone, lines=tuple(lines), nights=tuple(nights))

    blocks = render_preview(shown)["blocks"]

    assert problems_of_blocks(blocks) == []
    assert length_of_blocks(blocks) < 8_000
    if nights:
        assert len(squares(blocks)) <= MOST_SQUARES + 1
