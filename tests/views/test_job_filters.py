import pytest

from chatops.config import Channel, Community, Owner, OwnerGroup
from chatops.views.filters import read_filter
from chatops.views.job_filters import facets_of, job_qualifiers, jobs_of_channel, required_qualifier
from tests.builders import REPO

ACME = Community(
    title="Acme",
    repositories=(REPO,),
    maintainers=(OwnerGroup(regex="launch", group="Crew", owners=(Owner(github="mona"), Owner())),),
    facets={"size": {"large": "big"}, "phase": {"up": "launch"}},
)
NAMES = ("launch (big)", "launch", "land (big)")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("owner:crew", ["launch (big)", "launch"]),
        ("owner:@mona", ["launch (big)", "launch"]),
        ("owner:MONA,nobody", ["launch (big)", "launch"]),
        ("owner:@hubot", []),
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


@pytest.mark.parametrize(
    ("channel", "names"),
    [
        (Channel(), list(NAMES)),
        (Channel(groups=("Crew",)), ["launch (big)", "launch"]),
        (Channel(groups=("Nobody",)), []),
        (Channel(filter="size:large -owner:crew"), ["land (big)"]),
        (Channel(filter="required:yes"), ["launch"]),
    ],
)
def test_a_channel_is_about_its_groups_jobs_or_what_its_filter_lets_through(
    channel: Channel, names: list[str]
) -> None:
    is_about = jobs_of_channel(ACME, channel)

    assert [name for name in NAMES if is_about(name, name == "launch")] == names
