"""The bot's home tab in Slack: what concerns the one who looks, and what they may ask for. Nobody else sees it."""

from collections.abc import Mapping
from typing import Any

from chatops.engine.answer import Action, Answer
from chatops.views.blocks import ASKS, render_blocks
from chatops.views.modals import ASK_COMMAND
from chatops.views.offers import About, Offer, write_offer, written

HOME = "home"
"""The place of a request that is answered in the tab."""
TURNS = "home/"
"""How the ids of buttons begin that turn the tab to something."""
REFRESH = f"{TURNS}refresh"
MOST_BLOCKS, MOST_OTHERS = 100, 20
LONGEST_LABEL = 75


def home_view(
    answer: Answer, about: About, verb: str, communities: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the tab that shows an answer; `verb` makes it anew, for any of some communities by their titles."""
    message = render_blocks(answer, about)
    buttons = [
        _button(REFRESH, "Look again", write_offer(Action(text="", verb=verb), about) or ""),
        _button(
            f"{ASKS}{ASK_COMMAND}",
            "Ask for something else",
            written(Offer(community=about.community, verb=ASK_COMMAND)),
        ),
        *(
            _button(f"{TURNS}{key}", title, written(Offer(community=key, verb=verb)))
            for key, title in list((communities or {}).items())[:MOST_OTHERS]
            if key != about.community
        ),
    ]
    blocks = [*message["blocks"], {"type": "divider"}, {"type": "actions", "elements": buttons}]
    return {"type": "home", "blocks": blocks[:MOST_BLOCKS]}


def _button(name: str, label: str, value: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label[:LONGEST_LABEL] or "…", "emoji": False}
    return {"type": "button", "action_id": name, "text": text, "value": value}
