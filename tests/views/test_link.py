from chatops.events.identities import LinkOffered
from chatops.names import Login
from chatops.views.link import render_confirm, render_offer, render_problem, render_thanks
from tests.scene import COMMAND, NOW

LOUD = "<script>mona</script>"
OFFERED = LinkOffered(command=COMMAND, team="T1", user="U1", user_name=LOUD, expires_at=NOW)


def test_who_opens_the_address_is_told_whom_it_would_link() -> None:
    page = render_offer(OFFERED, "/link/x/start")

    assert "<bdi>&lt;script&gt;mona&lt;/script&gt;</bdi>" in page
    assert "U1" not in page
    assert '<a href="/link/x/start">Sign in with GitHub</a>' in page


def test_both_accounts_are_named_before_they_are_linked() -> None:
    page = render_confirm(OFFERED, Login("alice"), "/link/confirm", 'a"b')

    assert "member <code>U1</code>" in page
    assert "workspace <code>T1</code>" in page
    assert page.count("alice") == 2
    assert 'value="a&#34;b"' in page
    assert '<form method="post" action="/link/confirm">' in page


def test_what_somebody_is_called_is_never_markup() -> None:
    pages = [
        render_offer(OFFERED, "/"),
        render_confirm(OFFERED, Login(LOUD), "/", ""),
        render_thanks(OFFERED, Login(LOUD)),
        render_problem(LOUD),
    ]

    assert all(LOUD not in page for page in pages)
    assert all("&lt;script&gt;" in page for page in pages)


def test_who_gave_no_name_is_somebody_and_known_by_the_id_before_it_counts() -> None:
    nameless = LinkOffered(command=COMMAND, team="T1", user="U1", expires_at=NOW)

    assert "<bdi>somebody in Slack</bdi>" in render_thanks(nameless, Login("alice"))
    assert "<code>U1</code>" in render_confirm(nameless, Login("alice"), "/", "")
