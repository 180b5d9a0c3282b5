"""What of a community not everybody may see: its private repositories, and all of it where it says so."""

from sqlalchemy import Connection

from chatops.config import Community
from chatops.names import Repo
from chatops.projections.visibility import private_repositories


def closed_repositories(db: Connection, community: Community) -> tuple[Repo, ...]:
    """Return the repositories that somebody has to be able to see to be shown anything of the community."""
    if community.private:
        return tuple(community.repositories)
    private = private_repositories(db, community.repositories)
    return tuple(repo for repo in community.repositories if repo in private)
