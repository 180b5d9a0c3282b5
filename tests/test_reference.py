"""The reference pages, told of made-up rockets."""

from datetime import datetime
from pathlib import Path
from typing import ClassVar

import msgspec
import pytest

from chatops.events import Event
from chatops.names import Repo
from chatops.reference import api_page, commands_page, events_page, pages, write_pages
from chatops.views.described import Operation
from chatops.views.view import Word


class Crew(msgspec.Struct, frozen=True, kw_only=True):
    """Who flew."""

    names: tuple[str, ...] = ()


class _Seen(Event, frozen=True, kw_only=True):
    rocket: int

    def key(self) -> str:
        return f"rocket/{self.rocket}/{self.kind[7:]}"

    def stream(self) -> str:
        return f"rocket/{self.rocket}"


class RocketLanded(_Seen, frozen=True, kw_only=True):
    """A rocket came back. Heard from the tower."""

    kind: ClassVar[str] = "rocket.landed"

    repo: Repo
    upright: bool = True
    crews: tuple[Crew, ...] = ()
    at: datetime | None = None


class RocketLost(_Seen, frozen=True, kw_only=True):
    """A rocket did not come back."""

    kind: ClassVar[str] = "rocket.lost"
    version: ClassVar[int] = 2

    def stream(self) -> str:
        return self.kind


def test_an_event_is_described_by_its_own_sentence() -> None:
    page = events_page([RocketLanded])

    assert "### `rocket.landed`\n\nA rocket came back. Heard from the tower.\n" in page


def test_a_key_is_shown_as_it_is_put_together() -> None:
    page = events_page([RocketLanded])

    assert "Key: `rocket/{rocket}/landed`<br>Stream: `rocket/{rocket}`\n" in page


def test_a_shape_that_was_changed_shows_its_version() -> None:
    page = events_page([RocketLost])

    assert "Stream: `{kind}`<br>Version: 2\n" in page


def test_fields_are_told_in_words() -> None:
    page = events_page([RocketLanded])

    assert "| `rocket` | number |  |" in page
    assert "| `repo` | text (Repo) |  |" in page
    assert "| `upright` | yes or no | yes |" in page
    assert "| `crews` | list of Crew | empty |" in page
    assert "| `at` | time, UTC | nothing |" in page


def test_what_a_field_is_made_of_is_described_once() -> None:
    page = events_page([RocketLanded, RocketLost])

    assert page.count("### Crew, a part\n\nWho flew.\n") == 1


def test_events_come_in_the_order_in_which_the_code_tells_them() -> None:
    assert events_page([RocketLost, RocketLanded]) == events_page([RocketLanded, RocketLost])


def test_every_command_says_who_may_and_what_it_does() -> None:
    page = pages()["commands.md"]
    sections = page.split("\n## ")[1:]

    assert sections
    for section in sections:
        assert "- Say: `/" in section
        assert "- Example: `/" in section
        assert "- Asks for: " in section
        assert "- Decides: " in section
        assert "- Tells: " in section
        assert "- Taken back: " in section


def test_no_commands_make_a_page_without_sections() -> None:
    assert "\n## " not in commands_page({})


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_ends_with_one_line_end(name: str) -> None:
    page = pages()[name]

    assert page.endswith("\n")
    assert not page.endswith("\n\n")


def test_pages_are_written_with_those_of_others(tmp_path: Path) -> None:
    written = write_pages(tmp_path, {"settings.md": "# Settings\n"})

    assert {path.name for path in written} == {*pages(), "settings.md"}
    assert (tmp_path / "settings.md").read_text() == "# Settings\n"
    assert (tmp_path / "events.md").read_text() == pages()["events.md"]


def test_what_programs_can_ask_is_told_by_address() -> None:
    asked = Word(name="stage", meaning="Which stage of it.", values=("", "first", "second"))
    page = api_page(
        [
            Operation(
                address="/api/v1/rockets/{id}",
                of_community="/api/v1/{community}/rockets/{id}",
                summary="One rocket.",
                words=(asked,),
            )
        ]
    )

    assert "## `/api/v1/rockets/{id}`\n\nOne rocket.\n" in page
    assert "| `stage` | Which stage of it. | `first`, `second` |" in page
    assert "`404`" in page
