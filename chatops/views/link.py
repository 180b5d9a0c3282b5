"""The pages on which somebody in Slack is linked to a GitHub account. Who followed a private address sees them.

What they are called comes from outside; a template escapes it. Names can be chosen, so before anything is linked the
ids are shown as well.
"""

from chatops.events.identities import LinkOffered
from chatops.names import Login
from chatops.views.page import render


def render_offer(offered: LinkOffered, start: str) -> str:
    """Return the page that says who in Slack would be linked, and leads to GitHub."""
    return render("link.html", step="offer", offered=offered, start=start, login="", text="")


def render_confirm(offered: LinkOffered, login: Login, action: str, nonce: str) -> str:
    """Return the page that names both accounts and asks whether they shall be linked."""
    return render(
        "link.html",
        step="confirm",
        offered=offered,
        login=login,
        action=action,
        nonce=nonce,
        text="",
    )


def render_thanks(offered: LinkOffered, login: Login) -> str:
    """Return the page that says that they are."""
    return render("link.html", step="thanks", offered=offered, login=login, text="")


def render_problem(text: str) -> str:
    """Return the page that says why nothing was linked."""
    return render("link.html", step="problem", offered=None, login="", text=text)
