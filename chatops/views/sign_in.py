"""The page that says why somebody is not signed in, or why what they sent was not taken. Whoever it happens to sees it.

What somebody wrote comes from outside; a template escapes it.
"""

from chatops.views.page import render


def render_not_signed_in(text: str, again: str) -> str:
    """Return the page that says why somebody is not signed in, with the way to try again."""
    return render(
        "sign_in.html", title="You are not signed in", text=text, leads=(("Sign in", again),)
    )


def render_not_taken(text: str, again: str) -> str:
    """Return the page that says why what was sent was not taken, with the way back."""
    return render(
        "sign_in.html", title="That was not taken", text=text, leads=(("Back to the page", again),)
    )
