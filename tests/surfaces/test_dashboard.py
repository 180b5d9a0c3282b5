import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.config import Configuration
from chatops.engine.sessions import Session
from chatops.errors import BadInput
from chatops.events.conversation import CommandReceived
from chatops.names import Login, PullNumber, Repo
from chatops.surfaces.dashboard import asked
from chatops.views.offers import Offer
from tests.scene import COMMUNITY, REPO

CONFIGURATION = Configuration(communities={"acme": COMMUNITY})
MONA = Session(login=Login("mona"), github_id=7, csrf="known to our pages")
FORM = {"community": "acme", "say": "/retest required", "number": "7", "nonce": "n" * 20}


def heard(session: Session = MONA, **changes: str) -> CommandReceived:
    return asked({**FORM, **changes}, CONFIGURATION, session)


def test_it_is_asked_by_who_is_signed_in() -> None:
    received = heard()

    assert (received.surface, received.by, received.account) == ("web", "mona", 7)
    assert (received.verb, received.words, received.said) == ("retest", ("required",), "required")
    assert (received.repo, received.number) == (REPO, 7)


def test_the_same_form_is_the_same_request_and_any_other_is_another() -> None:
    other = Session(login=Login("mona"), github_id=7, csrf="of another browser")
    changed = [
        heard(nonce="m" * 20),
        heard(say="/retest"),
        heard(number="8"),
        heard(how="explain"),
        heard(other),
    ]

    assert heard().command == heard().command
    assert len({heard().command, *(one.command for one in changed)}) == 6


def test_what_would_happen_is_asked_for_once() -> None:
    assert heard(how="explain").words == ("required", "--dry-run")
    assert heard(how="explain", say="/retest --dry-run").words == ("--dry-run",)


@pytest.mark.parametrize("number", ["0", "#7", "007", " 7 "])
def test_a_number_may_be_written_as_people_do(number: str) -> None:
    assert heard(number=number).number in {0, 7}


def test_a_button_is_about_what_it_was_made_for() -> None:
    offer = Offer(community="acme", verb="why", words=("a b",), repo=REPO, number=PullNumber(9))

    received = heard(offer=msgspec.json.encode(offer).decode())

    assert (received.verb, received.words, received.number) == ("why", ("a b",), 9)


def test_no_button_reaches_a_repository_of_others() -> None:
    offer = Offer(community="acme", verb="retest", repo=Repo("other/one"), number=PullNumber(9))

    assert heard(offer=msgspec.json.encode(offer).decode()).repo == REPO


@given(
    st.dictionaries(
        st.sampled_from(["say", "repo", "number", "community", "offer", "nonce", "how"]),
        st.text(max_size=40),
    )
)
def test_whatever_is_sent_is_a_request_or_refused(changes: dict[str, str]) -> None:
    try:
        received = asked({**FORM, **changes}, CONFIGURATION, MONA)
    except BadInput:
        return
    text = "".join([received.verb, received.said, *received.words])
    assert "\x00" not in text
    assert text.isprintable()
    assert received.community == "acme"
    assert received.repo == REPO
