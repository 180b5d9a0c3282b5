from chatops.views.sign_in import render_not_signed_in, render_not_taken

LOUD = "<script>alert(1)</script>"


def test_who_is_not_signed_in_is_told_why_and_how() -> None:
    page = render_not_signed_in("It took too long.", "/sign-in?to=/audit")

    assert "It took too long." in page
    assert '<a href="/sign-in?to=/audit">Sign in</a>' in page


def test_what_is_not_taken_leads_back() -> None:
    page = render_not_taken("That was no form.", "/commands?say=a&b")

    assert '<a href="/commands?say=a&amp;b">Back to the page</a>' in page


def test_what_somebody_sent_is_never_markup() -> None:
    assert LOUD not in render_not_taken(LOUD, LOUD)
    assert LOUD not in render_not_signed_in(LOUD, LOUD)
