"""Whether it is clear in which Slack workspace a community's channels are, where the bot is in several."""

from collections.abc import Collection, Iterator

from chatops.config.saying import TEAM_EXPECTED
from chatops.config.shape import Configuration


def misplaced(
    configuration: Configuration, named: Collection[str], *, has_plain: bool
) -> Iterator[str]:
    """Yield a problem for whatever is said in Slack and is in no workspace that is known.

    `named` are the workspaces whose tokens have their id in their names; with `has_plain` there is one without, whose
    id only Slack knows.
    """
    if not named:
        return
    is_clear = len(named) + has_plain == 1
    places = [
        (f"communities.{key}.slack_team", community.slack_team)
        for key, community in configuration.communities.items()
        if community.slash_command or community.channels
    ]
    if configuration.operators.channel:
        places.append(("operators.slack_team", configuration.operators.slack_team))
    for place, team in places:
        if not team and not is_clear:
            yield f"{place}: found nothing, expected {TEAM_EXPECTED}, because the bot is in several"
        elif team and team not in named and not has_plain:
            yield f"{place}: found {team!r}, for which CHATOPS_SLACK_BOT_TOKEN_{team} is not set"
