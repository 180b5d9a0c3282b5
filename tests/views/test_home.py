from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.answer import Action, Answer, Section
from chatops.standins.slack.limits import problems_of_blocks
from chatops.views.home import REFRESH, home_view
from chatops.views.offers import read_offer
from tests.scene import received


def test_it_leads_to_the_other_communities_that_are_heard() -> None:
    titles = {"acme": "Acme", "zoo": "The zoo " * 20}
    view = home_view(Answer(verdict=("All is well.",)), received(verb="mine"), "mine", titles)

    buttons = view["blocks"][-1]["elements"]
    assert [button["action_id"] for button in buttons] == [REFRESH, "form/ask_command", "home/zoo"]
    offer = read_offer(buttons[-1]["value"])
    assert offer is not None
    assert (offer.community, offer.verb) == ("zoo", "mine")
    assert problems_of_blocks(view["blocks"], "home") == []


texts = st.text(max_size=400)


def test_it_is_made_anew_by_a_button_that_says_the_same_command() -> None:
    view = home_view(Answer(verdict=("All is well.",)), received(verb="mine"), "mine")

    [buttons] = [block["elements"] for block in view["blocks"] if block["type"] == "actions"]
    [again] = [button for button in buttons if button["action_id"] == REFRESH]
    offer = read_offer(again["value"])
    assert offer is not None
    assert (offer.verb, offer.community) == ("mine", "acme")


@given(texts, st.lists(texts, max_size=30), st.lists(texts, max_size=30))
def test_whatever_it_has_to_show_it_stays_within_slacks_limits(
    verdict: str, lines: list[str], buttons: list[str]
) -> None:
    answer = Answer(
        verdict=(verdict,),
        sections=tuple(Section(title=line, lines=((line,),) * 20) for line in lines),
        actions=tuple(Action(text=text, verb="mute", needs="JOB") for text in buttons),
    )

    view = home_view(answer, received(), "mine")

    assert problems_of_blocks(view["blocks"], "home") == []
