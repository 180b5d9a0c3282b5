"""What somebody in Slack asks for: a slash command, a call by name, a button, a shortcut or a form.

All of it comes from outside and is data. Each is read into the same request, so that every way to say a command is
decided alike; a pull request can be named by its number (`#123`), by `owner/name#123` or by its address.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace

from chatops.config import Community, Configuration
from chatops.engine.vocabulary import Vocabulary
from chatops.events import Fact
from chatops.events.conversation import CommandReceived
from chatops.events.previews import PageShared
from chatops.names import CommandId, PullNumber, Repo
from chatops.surfaces.comment_words import after_first, split_words
from chatops.views.home import HOME, TURNS
from chatops.views.modals import FORMS, Kept
from chatops.views.offers import Offer, read_offer

SURFACE = "slack"
LONGEST_NAME = 200
ASKED_AGAIN = "help"
MINE = "mine"
"""What is asked by looking at the home tab."""
COMPOSER = "composer"
MOST_LINKS = 5
LONGEST_ADDRESS = 2_000
AGAIN_AFTER = 30
"""Seconds in which looking at it twice is looking once."""
HIGHEST_NUMBER = 2**31 - 1

_ODD = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_MENTION = re.compile(r"<@(\w{1,40})(?:\|[^>]*)?>")
_ADDRESS = re.compile(r"<(https?://[^>|]+)(?:\|[^>]*)?>")
_SHORT = re.compile(r"(?:([\w.-]{1,39}/[\w.-]{1,100}))?#([1-9]\d{0,9})")
_PULL = re.compile(r"/([\w.-]{1,39}/[\w.-]{1,100})/(?:pull|issues)/([1-9]\d{0,9})(?:[/?#]\S*)?")
_STAMP = re.compile(r"\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_SPAN = re.compile(r"`([^`\n]{1,200})`")


class Target(Struct, frozen=True):
    """A pull request that was named."""

    repo: Repo
    number: PullNumber


class Place(Struct, frozen=True, kw_only=True):
    """Who says something in Slack, and where they are answered."""

    user: str
    team: str
    name: str = ""
    channel: str = ""
    thread: str = ""
    response_url: str = ""


class Words:
    """Reads what Slack sends into requests, as the communities' words have it."""

    def __init__(
        self,
        configuration: Configuration,
        vocabularies: Mapping[str, Vocabulary],
        *,
        github_url: str = "https://github.com",
        base_url: str = "",
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._configuration = configuration
        self._vocabularies = vocabularies
        self._github_url = github_url.rstrip("/")

    def usual_in(self, team: str) -> Community:
        """Return the community that is meant in a workspace of Slack where none is named."""
        return self.heard_in(team)[0]

    def heard_in(self, team: str) -> list[Community]:
        """Return the communities that are heard in Slack: the usual one first, and before it those of the workspace."""
        usual = self._configuration.default_community
        heard = [one for one in self._configuration.communities.values() if one.slash_command]
        found = sorted(heard, key=lambda one: (one.slack_team != team, one is not usual))
        return found or [usual]

    def community(self, key: str) -> Community | None:
        """Return a community by its key."""
        return self._configuration.communities.get(key)

    def vocabulary(self, community: Community) -> Vocabulary:
        """Return the verbs that are heard in a community."""
        return self._vocabularies[community.key]

    def slash(self, form: Mapping[str, Any]) -> Fact | None:
        """Return the request a slash command makes, or nothing if no community has such a command."""
        community = self._configuration.community_for_slash(text_of(form, "command"))
        if community is None:
            return None
        place = Place(
            user=name_of(form, "user_id"),
            team=team_of(form),
            name=name_of(form, "user_name"),
            channel=name_of(form, "channel_id"),
            response_url=text_of(form, "response_url"),
        )
        return self.typed(text_of(form, "text"), community, place, trigger_of(form))

    def mention(self, body: Mapping[str, Any]) -> Fact | None:
        """Return the request that is made by calling the bot, or nothing if it was only spoken of.

        At the start of a line whatever follows is meant for it; within a line only a word that it knows is.
        Slack tells the same message more than once, so the message's own place and time name the request.
        """
        event = object_of(body, "event")
        if event.get("type") != "app_mention" or event.get("bot_id") or event.get("subtype"):
            return None
        channel, stamp = name_of(event, "channel"), name_of(event, "ts")
        user = name_of(event, "user")
        if not (channel and stamp and user):
            return None
        team = team_of(body)
        community, said, is_called = self._called(str(event.get("text") or ""), bot_of(body), team)
        words = split_words(_ODD.sub(" ", plain(said)))
        verb = words[0].lower().removeprefix("/") if words else ASKED_AGAIN
        if not is_called and not (words and self._vocabularies[community.key].hears(verb)):
            return None
        place = Place(
            user=user,
            team=team,
            channel=channel,
            thread=name_of(event, "thread_ts") or stamp,
        )
        return self.typed(said, community, place, f"{channel}/{stamp}")

    def pressed(self, body: Mapping[str, Any]) -> Fact | None:
        """Return the request that a pressed button makes, or nothing if it is none of ours."""
        actions = body.get("actions")
        action = actions[0] if isinstance(actions, list) and actions else None
        offer = read_offer(action.get("value")) if isinstance(action, dict) else None
        community = self.community(offer.community) if offer else None
        if offer is None or community is None:
            return None
        place = where(body)
        if not place.channel:
            turns = isinstance(action, dict) and str(action.get("action_id")).startswith(TURNS)
            place = replace(place, channel=HOME if turns else place.user, thread="")
        return self.offered(offer, community, place, trigger_of(body))

    def shared(self, body: Mapping[str, Any]) -> list[Fact]:
        """Return which of our pages somebody shows to others; what else they say, and who they are, is not kept.

        While a message is still written, nobody else sees it; Slack tells of the link again when it is sent.
        """
        event = object_of(body, "event")
        channel, stamp = name_of(event, "channel"), name_of(event, "message_ts")
        links = event.get("links")
        if event.get("type") != "link_shared" or not isinstance(links, list) or not channel:
            return []
        if not _STAMP.fullmatch(stamp) or event.get("source") == COMPOSER:
            return []
        if name_of(event, "user") in ("", bot_of(body)):
            return []
        urls = dict.fromkeys(text_of(link, "url") for link in links if isinstance(link, dict))
        found = [(url, self._page(url)) for url in list(urls)[:MOST_LINKS]]
        return [
            Fact(
                event=PageShared(
                    community=page.key,
                    place=place,
                    url=url,
                    channel=channel,
                    message=stamp,
                    team=team_of(body),
                ),
                source="slack",
                correlation_id=f"page/{channel}/{stamp}",
            )
            for url, known in found
            if known is not None
            for page, place in (known,)
        ]

    def _page(self, url: str) -> tuple[Community, str] | None:
        """Return whose page an address is, and which of theirs; nothing if it is none of ours."""
        if not self._base_url or len(url) > LONGEST_ADDRESS:
            return None
        try:
            bare, base = urlsplit(plain(url)), urlsplit(self._base_url)
        except ValueError:
            return None
        path, under = f"{bare.path.rstrip('/')}/", f"{base.path}/"
        is_ours = (bare.scheme, bare.netloc) == (base.scheme, base.netloc)
        if not is_ours or not path.startswith(under):
            return None
        place = unquote(path.removeprefix(under)).strip("/")
        first, _, rest = place.partition("/")
        named = self._configuration.communities.get(first)
        return (
            (named, rest) if named is not None else (self._configuration.default_community, place)
        )

    def asking(self, body: Mapping[str, Any], asks: str) -> tuple[str, Kept] | None:
        """Return which form a pressed button asks for, and what it carries along; nothing if it asks for none."""
        actions = body.get("actions")
        action = actions[0] if isinstance(actions, list) and actions else None
        if not isinstance(action, dict) or not str(action.get("action_id")).startswith(asks):
            return None
        offer = read_offer(action.get("value"))
        if offer is None or offer.verb not in FORMS or self.community(offer.community) is None:
            return None
        place = where(body)
        kept = Kept(
            community=offer.community,
            verb=offer.verb,
            words=offer.words,
            repo=offer.repo,
            number=offer.number,
            channel=place.channel or place.user,
            thread=place.thread if place.channel else "",
            response_url=place.response_url,
        )
        return offer.verb, kept

    def home_opened(self, body: Mapping[str, Any]) -> Fact | None:
        """Return the request that is made by looking at the home tab, once in half a minute."""
        event = object_of(body, "event")
        user, stamp = name_of(event, "user"), name_of(event, "event_ts")
        if event.get("type") != "app_home_opened" or event.get("tab") != HOME or not user:
            return None
        team = team_of(body)
        community = self.usual_in(team)
        if not (_STAMP.fullmatch(stamp) and self._vocabularies[community.key].meaning(MINE)):
            return None
        place = Place(user=user, team=team, channel=HOME)
        trigger = f"home/{team}/{user}/{int(float(stamp)) // AGAIN_AFTER}"
        return self.offered(Offer(community=community.key, verb=MINE), community, place, trigger)

    def offered(self, offer: Offer, community: Community, place: Place, trigger: str) -> Fact:
        """Return the request that an offer of ours makes, for whoever took it."""
        repo = offer.repo if offer.repo in community.repositories else community.repositories[0]
        target = Target(Repo(repo), PullNumber(offer.number))
        return _fact(community, place, trigger, offer.verb, offer.words, target)

    def said_to(self, usual: Community, text: str, place: Place, trigger: str) -> Fact:
        """Return the request that a line of text makes; its first word may say to which community, as after a slash."""
        first, _, rest = text.strip().partition(" ")
        named = self._configuration.community_for_slash(first)
        if named is not None:
            return self.typed(rest, named, place, trigger)
        return self.typed(text, usual, place, trigger)

    def typed(self, text: str, community: Community, place: Place, trigger: str) -> Fact:
        """Return the request that a line of text makes."""
        line = self._without_slash(_ODD.sub(" ", plain(text)), community)
        target, words = self._without_target(split_words(line), community)
        verb = words[0].lower().removeprefix("/") if words else ASKED_AGAIN
        said = after_first(self._without_name(line, target, community))
        return _fact(community, place, trigger, verb, words[1:], target, said)

    def target(self, text: str, community: Community) -> Target | None:
        """Return the one pull request that a text names; of several, none is meant more than another."""
        named = {
            found
            for word in re.split(r"[\s()\[\],;]+", plain(text))
            if (found := self._target(word.rstrip(".:!?"), community)) is not None
        }
        return named.pop() if len(named) == 1 else None

    def _called(self, text: str, bot: str, team: str) -> tuple[Community, str, bool]:
        """Return whom a message calls, with what words, and whether a line begins with the call."""
        community, said, is_called = self.usual_in(team), "", False
        for line in text.splitlines():
            calls = [found for found in _MENTION.finditer(line) if bot in ("", found.group(1))]
            if not calls:
                continue
            said, is_called = (
                line[calls[0].end() :].strip(" :,"),
                not line[: calls[0].start()].strip(),
            )
            break
        first, _, rest = said.partition(" ")
        named = self._configuration.community_for_slash(first)
        return (named, rest, True) if named is not None else (community, said, is_called)

    def _without_slash(self, line: str, community: Community) -> str:
        """Return a line without the word that calls the community, which people write out of habit."""
        first, _, rest = line.strip().partition(" ")
        name = community.slash_command.removeprefix("/")
        called = first.lower().removeprefix("/")
        return rest if name and called == name and not self._is_verb(called, community) else line

    def _is_verb(self, word: str, community: Community) -> bool:
        return self._vocabularies[community.key].meaning(word) is not None

    def _without_target(
        self, words: Sequence[str], community: Community
    ) -> tuple[Target, list[str]]:
        """Return the pull request that is named first, and the other words."""
        for place, word in enumerate(words):
            found = self._target(word, community)
            if found is not None:
                return found, [*words[:place], *words[place + 1 :]]
        return Target(community.repositories[0], PullNumber(0)), list(words)

    def _without_name(self, line: str, target: Target, community: Community) -> str:
        """Return a line without the first word that names this pull request."""
        for word in line.split():
            if target.number and self._target(word, community) == target:
                return line.replace(word, "", 1).strip()
        return line.strip()

    def _target(self, word: str, community: Community) -> Target | None:
        if word.startswith(f"{self._github_url}/"):
            found = _PULL.fullmatch(word.removeprefix(self._github_url))
        else:
            found = _SHORT.fullmatch(word)
        if found is None or int(found.group(2)) > HIGHEST_NUMBER:
            return None
        named = (found.group(1) or community.repositories[0]).lower()
        known = [repo for repo in community.repositories if repo.lower() == named]
        return Target(known[0], PullNumber(int(found.group(2)))) if known else None


def plain(text: str) -> str:
    """Return text as it was typed: Slack puts addresses between angle brackets, and escapes those that are text."""
    bare = _ADDRESS.sub(lambda found: found.group(1), text)
    return bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def code_in(text: str) -> str:
    """Return the first piece of a text that is written as code, if there is one."""
    found = _SPAN.search(plain(text))
    return found.group(1).strip() if found else ""


def where(body: Mapping[str, Any]) -> Place:
    """Return who acted on a message, and where they are answered: in its thread, where it can have one."""
    user, container = object_of(body, "user"), object_of(body, "container")
    message = object_of(body, "message")
    thread = name_of(container, "thread_ts") or name_of(message, "thread_ts")
    if not thread and not container.get("is_ephemeral"):
        thread = name_of(container, "message_ts") or name_of(message, "ts")
    return Place(
        user=name_of(user, "id"),
        team=team_of(body),
        name=name_of(user, "name") or name_of(user, "username"),
        channel=name_of(object_of(body, "channel"), "id"),
        thread=thread,
        response_url=text_of(body, "response_url"),
    )


def with_person(place: Place, body: Mapping[str, Any]) -> Place:
    """Return a place that was kept, for whoever now speaks there."""
    here = where(body)
    return replace(place, user=here.user, team=here.team, name=here.name)


def team_of(body: Mapping[str, Any]) -> str:
    """Return the workspace in which we heard something, also where a guest from another one said it.

    Whose app hears it can vouch for nobody else's people, so there somebody is known, and there they are answered.
    """
    found = body.get("authorizations")
    ours = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
    return (
        name_of(object_of(body, "view"), "app_installed_team_id")
        or name_of(ours, "team_id")
        or name_of(object_of(body, "team"), "id")
        or name_of(body, "team_id")
        or name_of(object_of(body, "user"), "team_id")
    )


def bot_of(body: Mapping[str, Any]) -> str:
    """Return the id by which the bot is called in the workspace that an event came from."""
    found = body.get("authorizations")
    first = found[0] if isinstance(found, list) and found else {}
    return name_of(first, "user_id") if isinstance(first, dict) else ""


def trigger_of(body: Mapping[str, Any]) -> str:
    """Return Slack's name for one act; without one, two acts must not be taken for the same."""
    return name_of(body, "trigger_id") or uuid4().hex


def object_of(body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a field if it is an object."""
    value = body.get(key)
    return value if isinstance(value, dict) else {}


def name_of(body: Mapping[str, Any], key: str) -> str:
    """Return a field that is a name or an id."""
    return text_of(body, key)[:LONGEST_NAME]


def text_of(body: Mapping[str, Any], key: str) -> str:
    """Return a field if it is text, without what no database takes and nobody sees."""
    value = body.get(key)
    return _ODD.sub(" ", value).strip() if isinstance(value, str) else ""


def _fact(
    community: Community,
    place: Place,
    trigger: str,
    verb: str,
    words: Sequence[str],
    target: Target,
    said: str = "",
) -> Fact:
    command = CommandId(f"command/{SURFACE}/{trigger}")
    received = CommandReceived(
        command=command,
        community=community.key,
        surface=SURFACE,
        verb=verb,
        words=tuple(words),
        said=said,
        by=place.user,
        by_name=place.name,
        team=place.team,
        repo=target.repo,
        number=target.number,
        channel=place.channel,
        thread=place.thread,
        response_url=place.response_url,
    )
    return Fact(event=received, source="slack", actor=place.user, correlation_id=command)
