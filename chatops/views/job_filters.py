"""What can be asked of anything that has a job's name: whose it is, whether it is required, and what the name tells."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple, TypeVar

from chatops.answers.facets import Facets
from chatops.config import Channel, Community, Configuration, Misread
from chatops.views.filters import NO, NOBODY, YES, YES_OR_NO, Filter, Qualifier, read_filter

Thing = TypeVar("Thing")


def facets_of(community: Community) -> Facets:
    """Return what reads the names of a community's jobs."""
    return _facets(
        tuple((facet, tuple(values.items())) for facet, values in community.facets.items())
    )


@lru_cache(maxsize=16)
def _facets(facets: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> Facets:
    return Facets({facet: dict(values) for facet, values in facets})


def owners_called(community: Community, job: str) -> tuple[str, ...]:
    """Return how those are called who look after a job: the groups by name, their people as `@login`."""
    groups = community.owners_of(job)
    people = {
        f"@{owner.github}": None for group in groups for owner in group.owners if owner.github
    }
    return (*(group.group for group in groups), *people)


def job_qualifiers(
    community: Community, name: Callable[[Thing], str]
) -> tuple[Qualifier[Thing], ...]:
    """Return what a job's name answers; `name` reads it from a thing."""
    facets = facets_of(community)

    def told(facet: str) -> Qualifier[Thing]:
        return Qualifier(name=facet, read=lambda one: facets.of(name(one), facet))

    return (
        Qualifier(name="owner", read=lambda one: owners_called(community, name(one))),
        *map(told, facets.names),
    )


def required_qualifier(is_required: Callable[[Thing], bool]) -> Qualifier[Thing]:
    """Return the question whether a thing is required."""
    return Qualifier(
        name="required", read=lambda one: (YES if is_required(one) else NO,), choices=YES_OR_NO
    )


class _Job(NamedTuple):
    name: str
    is_required: bool


def jobs_of_channel(community: Community, channel: Channel) -> Callable[[str, bool], bool]:
    """Return whether a channel is about a job: asked with the job's name, and whether it is required."""
    if channel.groups:
        wanted = frozenset(channel.groups)
        return lambda name, _: any(group.group in wanted for group in community.owners_of(name))
    asked = _filter_of(community, channel)
    return lambda name, is_required: asked.lets(name, _Job(name, is_required))


def misread_filters(configuration: Configuration) -> Iterator[Misread]:
    """Yield the filters of channels in which something cannot be meant: there nobody would see the note."""
    for community in configuration.communities.values():
        for channel in community.channels.values():
            asked = _filter_of(community, channel)
            notes = (*asked.notes, *_never_so(asked, community))
            if notes:
                path = f"communities.{community.key}.channels.{channel.key}.filter"
                expected = f"a filter of which all is understood: {' '.join(notes)}"
                yield Misread(path, repr(channel.filter), expected)


def _never_so(asked: Filter[_Job], community: Community) -> Iterator[str]:
    """Yield what a filter asks for that no job can have: a channel with it would hear of nothing."""
    known = {"owner": [group.group for group in community.maintainers]}
    known |= {facet: list(values) for facet, values in community.facets.items()}
    for term in asked.terms:
        there = known.get(term.name)
        for value in term.values if there is not None else ():
            is_found = any(value.lower() in one.lower() for one in there or ())
            if not is_found and value.lower() != NOBODY and not value.startswith("/"):
                names = ", ".join(there or ()) or "none"
                yield f"no job has “{term.name}:{value}”; there are {names}."


def _filter_of(community: Community, channel: Channel) -> Filter[_Job]:
    def name(job: _Job) -> str:
        return job.name

    qualifiers = (
        required_qualifier(lambda job: job.is_required),
        *job_qualifiers(community, name),
    )
    return read_filter(channel.filter, qualifiers)
