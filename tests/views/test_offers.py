from hypothesis import given
from hypothesis import strategies as st

from chatops.engine.answer import Action
from chatops.names import PullNumber
from chatops.views.offers import LONGEST, Offer, read_offer, write_offer
from tests.scene import PULL, REPO, received


@given(verb=st.text(max_size=20), words=st.lists(st.text(max_size=40), max_size=5).map(tuple))
def test_what_a_button_carries_is_read_as_it_was_written(verb: str, words: tuple[str, ...]) -> None:
    written = write_offer(Action(text="x", verb=verb, words=words), received())

    assert written is not None
    assert read_offer(written) == Offer(
        community="acme", verb=verb, words=words, repo=REPO, number=PULL
    )


def test_an_action_may_be_about_another_pull_request() -> None:
    written = write_offer(Action(text="x", verb="retest", number=PullNumber(8)), received())

    offer = read_offer(written)
    assert offer is not None
    assert offer.number == 8


def test_what_slack_would_not_carry_is_not_offered() -> None:
    assert write_offer(Action(text="x", verb="who", words=("y" * LONGEST,)), received()) is None


@given(st.none() | st.integers() | st.text() | st.just("[" * 10_000))
def test_what_is_none_of_ours_is_nothing(value: object) -> None:
    assert read_offer(value) is None
