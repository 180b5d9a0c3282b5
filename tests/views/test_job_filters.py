import pytest

from chatops.config import Community, OwnerGroup
from chatops.views.filters import read_filter
from chatops.views.job_filters import facets_of, job_qualifiers, required_qualifier
from tests.builders import REPO

ACME = Community(
    title="Acme",
    repositories=(REPO,),
    maintainers=(OwnerGroup(regex="launch", group="Crew", owners=()),),
    facets={"size": {"large": "big"}, "phase": {"up": "launch"}},
)
NAMES = ("launch (big)", "launch", "land (big)")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("owner:crew", ["launch (big)", "launch"]),
        ("owner:none", ["land (big)"]),
        ("size:large -phase:up", ["land (big)"]),
        ("size:none", ["launch"]),
        ("required:yes", ["launch"]),
    ],
)
def test_whatever_has_a_jobs_name_answers(text: str, names: list[str]) -> None:
    qualifiers = (
        *job_qualifiers(ACME, str),
        required_qualifier(lambda name: name == "launch"),
    )

    asked = read_filter(text, qualifiers)

    assert asked.notes == ()
    assert [name for name in NAMES if asked.lets(name, name)] == names


def test_names_that_were_read_once_are_kept_for_the_community() -> None:
    assert facets_of(ACME) is facets_of(ACME)
