"""Shows what a page of ours says under a message that names its address.

Whenever:  somebody named one in Slack
Asks for:  `preview.wanted`, once for each address in a message. Of what not everybody may see nothing is shown, for it
           is not known who reads the message; nor of pages that are lists, nor of one as of an earlier time, of which
           what is so now says nothing
"""

import re
from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from msgspec.structs import replace

from chatops.answers.closed import closed_repositories
from chatops.answers.previews import (
    Preview,
    job_preview,
    nightly_preview,
    pull_preview,
    run_preview,
)
from chatops.engine.command import Knowledge
from chatops.engine.policy import Policy, Scene, Wanted
from chatops.events import Event, Recorded
from chatops.events.previews import PageShared, PreviewWanted
from chatops.names import PullNumber, Repo, RunId
from chatops.views.addresses import read_slug
from chatops.views.drawn import picture_address

NIGHTLY = ("", "nightly")
AT = "at"
"""The word of an address that names the moment as of which a page is shown."""
FILTER = "q"
OPENED = "sel"
"""The word of the nightly's address that names the test whose row is opened."""
PULL = re.compile(r"prs/(?:([\w.-]+/[\w.-]+)/)?([1-9][0-9]{0,8})", re.ASCII)
RUN = re.compile(r"runs/([1-9][0-9]{0,17})(?:/([1-9][0-9]{0,8}))?", re.ASCII)
TEST = "tests/"


class PreviewPages(Policy):
    """Show each address once."""

    name: ClassVar[str] = "preview_pages"
    reads: ClassVar[tuple[type[Event], ...]] = (PageShared,)

    def decide(self, fact: Recorded, scene: Scene) -> Sequence[Wanted]:
        shared = fact.event
        assert isinstance(shared, PageShared)
        knowledge = scene.knowledge(shared.community)
        if knowledge is None or closed_repositories(scene.db, knowledge.community):
            return []
        found = _preview(shared, knowledge)
        if found is None:
            return []
        return [
            Wanted(
                PreviewWanted(
                    community=shared.community,
                    url=shared.url,
                    channel=shared.channel,
                    message=shared.message,
                    team=shared.team,
                    title=found.title,
                    says=found.says,
                    tone=found.tone,
                    lines=found.lines,
                    nights=found.nights,
                    picture=picture_address(knowledge.base_url, found.nights),
                )
            )
        ]


def _preview(shared: PageShared, knowledge: Knowledge) -> Preview | None:
    """Return what a page says in short; nothing where it is a list, of the past, or not known."""
    usual = knowledge.community.repositories[0]
    asked = parse_qs(urlsplit(shared.url.replace("&amp;", "&")).query)
    if AT in asked:
        return None
    if shared.place in NIGHTLY:
        opened = asked.get(OPENED)
        of_test = job_preview(knowledge, "", opened[0]) if opened else None
        return of_test or _nightly(knowledge, is_filtered=FILTER in asked)
    if (pull := PULL.fullmatch(shared.place)) is not None:
        repo = Repo(pull.group(1) or usual)
        if repo not in knowledge.community.repositories:
            return None
        return pull_preview(knowledge, repo, PullNumber(int(pull.group(2))))
    if (run := RUN.fullmatch(shared.place)) is not None:
        attempt = int(run.group(2)) if run.group(2) else None
        return run_preview(knowledge, RunId(int(run.group(1))), attempt)
    if shared.place.startswith(TEST):
        place = read_slug(shared.place.removeprefix(TEST), usual)
        return None if place is None else job_preview(knowledge, place.workflow, place.name)
    return None


def _nightly(knowledge: Knowledge, *, is_filtered: bool) -> Preview | None:
    """Return the nightly in short; where the page shows a part of it, it is said that this is not what is meant."""
    found = nightly_preview(knowledge)
    if found is None or not is_filtered:
        return found
    return replace(found, title=f"{found.title}, all of it")
