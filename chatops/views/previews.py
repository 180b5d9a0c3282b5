"""What is shown in Slack under the address of a page: its verdict, and a picture of its nights.

Where Slack cannot fetch one of us, coloured squares are the picture: those it has itself.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from chatops.engine.answer import Answer, Link, Tone
from chatops.events.previews import PreviewWanted
from chatops.views.blocks import render_blocks

SQUARES: Mapping[str, str] = {
    "passed": "large_green_square",
    "passed on rerun": "large_yellow_square",
    "failed": "large_red_square",
    "failed, infrastructure": "large_orange_square",
    "running": "large_blue_square",
    "queued": "large_blue_square",
}
NO_VERDICT = "white_large_square"
MOST_SQUARES = 14
TONES = frozenset(Tone)


def render_preview(wanted: PreviewWanted) -> dict[str, Any]:
    """Return what is shown under the address."""
    tone = Tone(wanted.tone) if wanted.tone in TONES else Tone.NEUTRAL
    answer = Answer(
        verdict=(Link(wanted.title, wanted.url.replace("&amp;", "&")),),
        tone=tone,
        counts=(wanted.says,),
    )
    blocks = list(render_blocks(answer)["blocks"])
    blocks += [_text(line) for line in wanted.lines]
    nights = wanted.nights[:MOST_SQUARES]
    if nights and wanted.picture:
        words = f"{len(nights)} nights: {_counted(nights)}"
        blocks.append({"type": "image", "image_url": wanted.picture, "alt_text": words})
    elif nights:
        blocks.append(_squares(nights))
    return {"blocks": blocks}


def _counted(nights: Sequence[str]) -> str:
    return ", ".join(f"{number} {state}" for state, number in Counter(nights).items())


def _squares(nights: Sequence[str]) -> dict[str, Any]:
    """Return a square for each night, the oldest first as one reads, and the same in words."""
    picture = [
        {"type": "emoji", "name": SQUARES.get(state, NO_VERDICT)} for state in reversed(nights)
    ]
    words = {"type": "text", "text": f" {len(nights)} nights: {_counted(nights)}"}
    return _section([*picture, words])


def _text(line: str) -> dict[str, Any]:
    one_line = " ".join(line.split())[:300] or " "
    return _section([{"type": "text", "text": one_line}])


def _section(elements: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    inner = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [inner]}
