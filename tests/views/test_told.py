from chatops.engine.answer import (
    Action,
    Answer,
    Code,
    Link,
    Person,
    Section,
    Strong,
    Tone,
    When,
)
from chatops.views.offers import read_offer
from chatops.views.page import TOKEN, WHO
from chatops.views.told import LINES_SHOWN, Told, read_told, render_told
from tests.scene import NOW, PULL, REPO, received

LOUD = "<script>alert(1)</script>"


def told(answer: Answer) -> Told:
    found = read_told(render_told(answer, received()))
    assert found is not None
    return found


def test_an_answer_is_kept_with_how_it_stands() -> None:
    answer = Answer(verdict=("Running ", Code("CI"), "."), tone=Tone.BUSY, counts=("2 of 3",))

    kept = told(answer)

    assert "Running <code>CI</code>." in kept.markup
    assert "<p>2 of 3</p>" in kept.markup
    assert kept.text == "Running CI.\n2 of 3"
    assert kept.is_growing
    assert not told(Answer(verdict=("Done.",), tone=Tone.GOOD)).is_growing


def test_lists_are_shown_and_what_is_left_out_is_counted() -> None:
    lines = tuple((f"job {number}",) for number in range(LINES_SHOWN + 5))
    kept = told(Answer(verdict=("No.",), sections=(Section(title="Failed", lines=lines, more=2),)))

    assert kept.html.count("<li>job") == LINES_SHOWN
    assert "and 7 more" in kept.html
    assert "<h2>Failed</h2>" in kept.html


def test_what_may_be_said_next_becomes_buttons_that_say_just_that() -> None:
    action = Action(text="Why a", verb="why", words=("job a",))

    [button] = told(Answer(verdict=("No.",), actions=(action,))).buttons

    offer = read_offer(button.offer)
    assert offer is not None
    assert (offer.verb, offer.words, offer.repo, offer.number) == ("why", ("job a",), REPO, PULL)


def test_what_comes_from_outside_is_never_markup_nor_a_place_of_ours() -> None:
    everywhere = (
        LOUD, Code(LOUD), Strong(LOUD), Link(LOUD, "https://ci.example/"), Person(name=LOUD),
        str(WHO), Code(str(TOKEN)), When(NOW),
    )  # fmt: skip

    kept = told(Answer(verdict=everywhere, counts=everywhere, footer=everywhere))

    assert LOUD not in kept.html
    assert str(WHO) not in kept.html
    assert str(TOKEN) not in kept.html


def test_a_link_leads_only_to_the_web() -> None:
    kept = told(
        Answer(verdict=(Link("here", "javascript:alert(1)"), Link("there", "https://a.example")))
    )

    assert "javascript" not in kept.html
    assert '<a href="https://a.example">there</a>' in kept.html


def test_where_there_is_no_answer_there_is_none() -> None:
    assert read_told(None) is None
