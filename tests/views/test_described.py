"""The description of what programs read says of each page all that it can be asked, and all that it tells."""

from pathlib import Path
from typing import Any, get_type_hints

import pytest

from chatops.showing import VIEWS
from chatops.views.described import UNDER, described, plain
from chatops.views.view import NAMED
from tests.builders import FAIL, PASS, NightOf, night, required
from tests.pulls import town
from tests.showroom import COMMUNITY, showroom

FACTS = [
    *night(0, {"suite / boot": FAIL, "land": PASS}),
    *night(1, {"suite / boot": PASS, "land": PASS}),
    *required("ci / land"),
    *town(),
]
FOR_ALL = frozenset({"rows", "part"})
"""What any page may be asked besides: how many rows, and only a part of it for a script."""


class Asked(dict[str, str]):
    """A question that remembers what was read of it."""

    def __init__(self, given: dict[str, str]) -> None:
        super().__init__(given)
        self.read: set[str] = set()

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]  # every word is text
        self.read.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> str:
        self.read.add(key)
        return super().__getitem__(key)


@pytest.mark.parametrize("address", sorted(VIEWS))
def test_all_that_a_page_reads_of_a_question_is_described(address: str, tmp_path: Path) -> None:
    view = VIEWS[address]
    names = {"slug": "Nightly~~land", "id": str(NightOf(ago=0).run_id), "attempt": "1"}
    given = {name: names[name] for name in NAMED.findall(address)}
    if address.startswith("prs/"):
        given = {"id": "1"}
    asked = Asked(given)
    with showroom(tmp_path, FACTS) as room, room.pages.look(COMMUNITY) as seen:
        view.html(seen, asked)
        view.json(seen, asked)

    assert asked.read - FOR_ALL <= {word.name for word in view.words}
    assert set(NAMED.findall(address)) <= {word.name for word in view.words}


@pytest.mark.parametrize("address", sorted(VIEWS))
def test_every_document_has_its_fields_described(address: str) -> None:
    fields = get_type_hints(VIEWS[address].document)

    assert fields
    assert Any not in fields.values()


def test_the_description_names_each_document_and_each_word() -> None:
    told = described(VIEWS.values())

    for view in VIEWS.values():
        operation = told["paths"][f"{UNDER}/{plain(view)}"]["get"]
        parameters = {one["name"] for one in operation["parameters"]}
        (schema, _) = operation["responses"]["200"]["content"]["application/json"]["schema"][
            "allOf"
        ]
        name = schema["$ref"].rpartition("/")[2]
        fields = told["components"]["schemas"][name]["properties"]
        assert {word.name for word in view.words} <= parameters
        assert fields.keys() == get_type_hints(view.document).keys()
        assert operation["summary"].endswith((".", "?"))
    assert len({one["get"]["operationId"] for one in told["paths"].values()}) == len(told["paths"])
