import pytest

from chatops.engine.answer import Code, Link, Person, Piece, Strong, When
from chatops.views.lines import html
from tests.scene import NOW


@pytest.mark.parametrize(
    ("piece", "shown"),
    [
        ("a & b", "a &amp; b"),
        (Code("<x>"), "<code><bdi>&lt;x&gt;</bdi></code>"),
        (Link("#7", "https://x.example/7"), '<a href="https://x.example/7"><bdi>#7</bdi></a>'),
        (Link("#7", "javascript:alert(1)"), "<bdi>#7</bdi>"),
        (Strong("<b>"), "<b><bdi>&lt;b&gt;</bdi></b>"),
        (Person(name="@mona", github="mona"), "<bdi>@mona</bdi>"),
        ("a\u202eb", "<bdi>a\u202eb</bdi>"),
        (When(NOW), '<time datetime="2026-01-15T12:00:00+00:00">15 Jan, 12:00 UTC</time>'),
    ],
)
def test_a_piece_is_what_it_means_and_no_markup_of_its_own(piece: Piece, shown: str) -> None:
    assert html((piece,)) == shown


def test_pieces_follow_each_other() -> None:
    assert html(("It is ", Code("x"), ".")) == "It is <code><bdi>x</bdi></code>."
