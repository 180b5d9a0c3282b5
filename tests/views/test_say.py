from chatops.views.page import TOKEN, WHO
from chatops.views.say import render_later, render_sure
from tests.scene import PULL, received

LOUD = "<script>alert(1)</script>"


def test_it_is_said_what_it_costs_before_it_is_done() -> None:
    said = received(words=("test (a)",))
    page = render_sure(said, "It spends runner hours.", {"say": '/retest "test (a)"'}, title="Acme")

    assert "/retest &#34;test (a)&#34;" in page
    assert f"</bdi>#{PULL}" in page
    assert "It spends runner hours." in page
    assert 'name="say" value="/retest &#34;test (a)&#34;"' in page
    assert 'name="how" value="sure"' in page
    assert 'name="how" value="explain"' in page
    assert page.count(str(TOKEN)) == page.count(str(WHO)) == 1


def test_what_is_carried_along_is_never_markup() -> None:
    page = render_sure(
        received(words=(LOUD, str(TOKEN))), "", {"say": f"{LOUD}{TOKEN}"}, title=LOUD
    )

    assert LOUD not in page
    assert page.count(str(TOKEN)) == 1


def test_what_takes_a_moment_leads_to_its_story() -> None:
    assert '<a href="/acme/audit/c0ffee">Its story</a>' in render_later("/acme/audit/c0ffee")
