"""What can be asked of anything that has a job's name: whose it is, whether it is required, and what the name tells."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from chatops.answers.facets import Facets
from chatops.config import Community
from chatops.views.filters import NO, YES, YES_OR_NO, Qualifier

Thing = TypeVar("Thing")


def facets_of(community: Community) -> Facets:
    """Return what reads the names of a community's jobs."""
    return _facets(
        tuple((facet, tuple(values.items())) for facet, values in community.facets.items())
    )


@lru_cache(maxsize=16)
def _facets(facets: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> Facets:
    return Facets({facet: dict(values) for facet, values in facets})


def job_qualifiers(
    community: Community, name: Callable[[Thing], str]
) -> tuple[Qualifier[Thing], ...]:
    """Return what a job's name answers; `name` reads it from a thing."""
    facets = facets_of(community)

    def told(facet: str) -> Qualifier[Thing]:
        return Qualifier(name=facet, read=lambda one: facets.of(name(one), facet))

    return (
        Qualifier(
            name="owner",
            read=lambda one: [group.group for group in community.owners_of(name(one))],
        ),
        *map(told, facets.names),
    )


def required_qualifier(is_required: Callable[[Thing], bool]) -> Qualifier[Thing]:
    """Return the question whether a thing is required."""
    return Qualifier(
        name="required", read=lambda one: (YES if is_required(one) else NO,), choices=YES_OR_NO
    )
