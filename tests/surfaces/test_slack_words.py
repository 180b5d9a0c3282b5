import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chatops.commands
from chatops.config import Configuration
from chatops.engine.catalogue import catalogue
from chatops.engine.command import Command
from chatops.engine.vocabulary import vocabularies
from chatops.events.conversation import CommandReceived
from chatops.events.previews import PageShared
from chatops.surfaces.slack_words import Place, Words, code_in, plain, team_of
from chatops.views.offers import Offer
from tests.scene import COMMUNITY, PULL, REPO

OTHER = msgspec.structs.replace(
    COMMUNITY, key="zoo", title="Zoo", slash_command="/zoo", repositories=("zoo/keeper", "zoo/cage")
)
CONFIGURATION = Configuration(communities={"acme": COMMUNITY, "zoo": OTHER})
COMMANDS = {command.name: command for command in catalogue(chatops.commands, Command)}
WORDS = Words(CONFIGURATION, vocabularies(COMMANDS, CONFIGURATION))
BOT = "U0BOT"
GITHUB = "https://github.com"


def slash(text: str, command: str = "/acme") -> CommandReceived:
    fact = WORDS.slash({"command": command, "text": text, "user_id": "U1", "team_id": "T1"})
    assert fact is not None
    assert isinstance(fact.event, CommandReceived)
    return fact.event


def event(text: str, **changes: object) -> dict[str, Any]:
    said = {"type": "app_mention", "user": "U1", "text": text, "ts": "1.2", "channel": "C1"}
    return {
        "event": {**said, **changes},
        "team_id": "T1",
        "event_id": "Ev1",
        "authorizations": [{"user_id": BOT}],
    }


def called(text: str, **changes: object) -> CommandReceived | None:
    fact = WORDS.mention(event(text, **changes))
    if fact is None:
        return None
    assert isinstance(fact.event, CommandReceived)
    return fact.event


@pytest.mark.parametrize(
    ("text", "words", "number"),
    [
        ("retest #7", (), 7),
        ("retest required #7", ("required",), 7),
        ("retest #7 required", ("required",), 7),
        (f"retest {REPO}#7", (), 7),
        ("retest ACME/Rocket#7", (), 7),
        (f"retest {GITHUB}/{REPO}/pull/7", (), 7),
        (f"retest <{GITHUB}/{REPO}/pull/7/files#r1>", (), 7),
        (f"retest <{GITHUB}/{REPO}/pull/7|that one>", (), 7),
        ("retest #7 #8", ("#8",), 7),
        ("retest 7", ("7",), 0),
        ("retest other/place#7", ("other/place#7",), 0),
        (f"retest {GITHUB}/other/place/pull/7", (f"{GITHUB}/other/place/pull/7",), 0),
        (f"retest https://github.com.evil.example/{REPO}/pull/7", None, 0),
        ("retest #0", ("#0",), 0),
        ("retest #99999999999", ("#99999999999",), 0),
        ("retest #9999999999", ("#9999999999",), 0),
    ],
)
def test_a_pull_request_is_named_by_number_or_address(
    text: str, words: tuple[str, ...] | None, number: int
) -> None:
    heard = slash(text)

    assert (heard.verb, heard.number, heard.repo) == ("retest", number, REPO)
    assert words is None or heard.words == words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('retitle #7 It\'s "better",  now.', 'It\'s "better",  now.'),
        ("#7 retitle Better", "Better"),
        ("retitle Better than #7", "Better than"),
        ("retitle Better", "Better"),
        ("retitle", ""),
    ],
)
def test_what_is_said_is_kept_as_it_was_written(text: str, said: str) -> None:
    assert slash(text).said == said


@pytest.mark.parametrize("text", ["/acme retest #7", "acme retest #7", "ACME retest #7"])
def test_the_word_after_which_one_speaks_may_be_written_once_more(text: str) -> None:
    heard = slash(text)

    assert (heard.verb, heard.number, heard.said) == ("retest", 7, "")


def test_in_a_form_the_first_word_may_name_the_community() -> None:
    place = Place(user="U1", team="T1")
    usual = CONFIGURATION.communities["acme"]

    facts = [
        WORDS.said_to(usual, text, place, "1")
        for text in ("/zoo status nightly", "/acme status nightly", "status nightly")
    ]

    heard = [fact.event for fact in facts if isinstance(fact.event, CommandReceived)]
    assert [one.community for one in heard] == ["zoo", "acme", "acme"]
    assert {(one.verb, one.words) for one in heard} == {("status", ("nightly",))}


def test_each_community_has_its_own_pull_requests() -> None:
    heard = slash("retest zoo/cage#3", "/zoo")

    assert (heard.community, heard.repo, heard.number) == ("zoo", "zoo/cage", 3)
    assert slash(f"retest {REPO}#3", "/zoo").number == 0


def test_who_said_it_is_the_member_and_the_workspace() -> None:
    heard = slash("help")

    assert (heard.by, heard.team, heard.surface) == ("U1", "T1", "slack")


@pytest.mark.parametrize(
    ("text", "verb", "words"),
    [
        (f"<@{BOT}> status nightly", "status", ("nightly",)),
        (f"<@{BOT}|kata> status nightly", "status", ("nightly",)),
        (f"<@{BOT}>: Status nightly", "status", ("nightly",)),
        (f"hello\n<@{BOT}> /status nightly\nthanks", "status", ("nightly",)),
        (f"could you <@{BOT}> status nightly", "status", ("nightly",)),
        (f"<@{BOT}>", "help", ()),
        (f"<@{BOT}> make me a sandwich", "make", ("me", "a", "sandwich")),
        (f"<@{BOT}> who &lt;b&gt; &amp; c", "who", ("<b>", "&", "c")),
    ],
)
def test_who_calls_the_bot_asks_for_what_follows(
    text: str, verb: str, words: tuple[str, ...]
) -> None:
    heard = called(text)

    assert heard is not None
    assert (heard.community, heard.verb, heard.words) == ("acme", verb, words)


@pytest.mark.parametrize(
    "text",
    [
        f"many thanks <@{BOT}> for that",
        f"I like <@{BOT}>",
        "nobody is called",
        "<@U0SOMEBODY> status nightly",
        "",
    ],
)
def test_speaking_of_the_bot_asks_for_nothing(text: str) -> None:
    assert called(text) is None


@pytest.mark.parametrize("changes", [{"bot_id": "B1"}, {"subtype": "bot_message"}, {"user": ""}])
def test_other_bots_are_not_heard(changes: dict[str, object]) -> None:
    assert called(f"<@{BOT}> status nightly", **changes) is None


def test_another_community_is_called_by_its_slash_command() -> None:
    heard = called(f"<@{BOT}> /zoo status nightly")

    assert heard is not None
    assert (heard.community, heard.verb, heard.words) == ("zoo", "status", ("nightly",))


def test_a_message_that_is_told_again_is_the_same_request() -> None:
    first, again = (WORDS.mention(event(f"<@{BOT}> help") | {"event_id": one}) for one in "ab")

    assert first is not None
    assert again is not None
    assert first.id == again.id


@pytest.mark.parametrize(
    ("changes", "thread"), [({}, "1.2"), ({"thread_ts": "0.9"}, "0.9"), ({"thread_ts": 5}, "1.2")]
)
def test_the_answer_goes_into_the_thread(changes: dict[str, object], thread: str) -> None:
    heard = called(f"<@{BOT}> help", **changes)

    assert heard is not None
    assert heard.thread == thread


def test_a_button_asks_for_what_it_carries_and_for_no_place_of_others() -> None:
    offer = Offer(community="zoo", verb="retest", words=("a b",), repo=REPO, number=7)  # type: ignore[arg-type]
    body = {
        "actions": [{"value": msgspec.json.encode(offer).decode()}],
        "user": {"id": "U2", "team_id": "T1", "name": "bob"},
        "channel": {"id": "C1"},
        "container": {"message_ts": "3.4"},
        "trigger_id": "t",
    }

    fact = WORDS.pressed(body)

    assert fact is not None
    heard = fact.event
    assert isinstance(heard, CommandReceived)
    assert (heard.by, heard.words, heard.thread) == ("U2", ("a b",), "3.4")
    assert heard.repo == "zoo/keeper"


def test_every_way_to_ask_asks_for_the_same() -> None:
    offer = Offer(
        community="acme", verb="retest", words=("required", "a b"), repo=REPO, number=PULL
    )
    button = {"actions": [{"value": msgspec.json.encode(offer).decode()}], "user": {"id": "U1"}}
    text = 'retest required "a b" #7'

    pressed = WORDS.pressed(button)
    heard = [slash(text), called(f"<@{BOT}> {text}"), pressed.event if pressed else None]

    asked = set()
    for one in heard:
        assert isinstance(one, CommandReceived)
        asked.add((one.community, one.verb, one.words, one.repo, one.number, one.by, one.surface))
    assert asked == {("acme", "retest", ("required", "a b"), REPO, PULL, "U1", "slack")}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"actions": []},
        {"actions": [1]},
        {"actions": [{}]},
        {"actions": [{"value": "retest"}]},
        {"actions": [{"value": json.dumps({"community": "nobody", "verb": "retest"})}]},
        {"actions": {"a": 1}},
    ],
)
def test_a_button_that_is_none_of_ours_asks_for_nothing(body: Mapping[str, Any]) -> None:
    assert WORDS.pressed(body) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("see #7.", 7),
        ("(#7)", 7),
        (f"<{GITHUB}/{REPO}/pull/7>, please", 7),
        (f"#7 is {REPO}#7", 7),
        ("#7 or #8", None),
        ("nothing", None),
        ("a#7b", None),
    ],
)
def test_the_one_pull_request_that_a_text_names_is_meant(text: str, number: int | None) -> None:
    target = WORDS.target(text, COMMUNITY)

    assert (target.number if target else None) == number


def test_code_in_a_message_is_found() -> None:
    assert code_in("the job `a / b (c)` and `d`") == "a / b (c)"
    assert code_in("no code") == ""


@given(st.text())
def test_no_text_crashes_what_hears_and_hearing_twice_is_hearing_once(text: str) -> None:
    first, again = slash(text), slash(text)

    assert (first.verb, first.words, first.number) == (again.verb, again.words, again.number)
    called(text)
    WORDS.target(text, COMMUNITY)
    code_in(text)
    plain(text)


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["event", "user", "text", "actions", "value", "container", "ts", "id"]),
        inner,
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["event", "actions", "user", "team"]), JSON_LIKE))
def test_nothing_that_slack_could_send_makes_it_stumble(body: dict[str, Any]) -> None:
    WORDS.slash(body)
    WORDS.mention(body)
    WORDS.pressed(body)


def sharing(*urls: str, **changes: object) -> dict[str, object]:
    links = [{"domain": "ci.example", "url": url} for url in urls]
    event = {
        "type": "link_shared", "channel": "C0CI", "user": "U0MONA", "message_ts": "1767600000.000100",
        "source": "conversations_history", "links": links,
    }  # fmt: skip
    return {"team_id": "T1", "event": event | changes}


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://ci.example/ops", ""),
        ("https://ci.example/ops/nightly?sel=a&amp;n=3", "nightly"),
        ("https://ci.example/ops/acme/prs/7", "prs/7"),
        ("https://ci.example/ops/tests/a%20b~~c", "tests/a b~~c"),
    ],
)
def test_the_address_of_a_page_is_heard_and_nothing_else_of_the_message(
    url: str, place: str
) -> None:
    words = Words(
        CONFIGURATION, vocabularies(COMMANDS, CONFIGURATION), base_url="https://ci.example/ops/"
    )

    [fact] = words.shared(sharing(url))

    assert isinstance(fact.event, PageShared)
    assert (fact.event.place, fact.event.url, fact.event.community) == (place, url, "acme")
    assert "U0MONA" not in str(fact)


@pytest.mark.parametrize(
    "body",
    [
        sharing("https://ci.example/nightly"),
        sharing("https://ci.example/opsnightly"),
        sharing("http://ci.example/ops/nightly"),
        sharing("https://ci.example.org/ops/nightly"),
        sharing("https://ci.example/ops/nightly", source="composer"),
        sharing("https://ci.example/ops/nightly", message_ts="soon"),
        sharing("https://ci.example/ops/nightly", user=""),
        {**sharing("https://ci.example/ops/nightly"), "authorizations": [{"user_id": "U0MONA"}]},
        sharing("https://ci.example/ops/nightly", links="all"),
        sharing("https://[", links=[{"url": "https://["}, 1, {"url": 2}]),
        {"event": []},
    ],
)
def test_what_is_no_page_of_ours_or_is_still_written_is_not_heard(body: dict[str, object]) -> None:
    assert (
        Words(
            CONFIGURATION, vocabularies(COMMANDS, CONFIGURATION), base_url="https://ci.example/ops"
        ).shared(body)
        == []
    )


def test_where_it_is_not_known_where_pages_are_none_is_heard() -> None:
    assert (
        Words(CONFIGURATION, vocabularies(COMMANDS, CONFIGURATION)).shared(
            sharing("https://ci.example/nightly")
        )
        == []
    )


@pytest.mark.parametrize(
    ("name", "channel"), [("home/refresh", "home"), ("home/zoo", "home"), ("offer/0", "U0MONA")]
)
def test_what_is_pressed_in_the_home_tab_is_answered_there_or_between_the_two(
    name: str, channel: str
) -> None:
    offer = json.dumps({"community": "zoo", "verb": "mine"})
    body = {
        "type": "block_actions",
        "user": {"id": "U0MONA", "team_id": "T1"},
        "container": {"type": "view", "view_id": "V1"},
        "trigger_id": "1.2",
        "actions": [{"action_id": name, "value": offer}],
    }

    fact = WORDS.pressed(body)

    assert fact is not None
    assert isinstance(fact.event, CommandReceived)
    assert (fact.event.community, fact.event.channel) == ("zoo", channel)
    assert fact.event.thread == ""


@pytest.mark.parametrize(
    "body",
    [
        {"team_id": "T1"},
        {"team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T2"}},
        {"team_id": "T2", "authorizations": [{"team_id": "T1"}], "event": {"team": "T2"}},
        {"team": {"id": "T2"}, "view": {"app_installed_team_id": "T1"}},
        {"team": None, "user": {"id": "U1", "team_id": "T1"}},
        {"team_id": 7, "authorizations": ["T2"], "team": {"id": "T1"}},
    ],
    ids=["command", "button", "shared channel", "form", "organization", "odd"],
)
def test_a_workspace_is_the_one_whose_app_heard_it(body: dict[str, Any]) -> None:
    assert team_of(body) == "T1"


def test_in_a_workspace_its_own_community_is_meant_where_none_is_named() -> None:
    zoo = msgspec.structs.replace(OTHER, slack_team="T2")
    configuration = Configuration(communities={"acme": COMMUNITY, "zoo": zoo})
    words = Words(configuration, vocabularies(COMMANDS, configuration))

    assert [one.key for one in words.heard_in("T2")] == ["zoo", "acme"]
    assert [one.key for one in words.heard_in("T1")] == ["acme", "zoo"]
    asked = words.mention({**event(f"<@{BOT}> status"), "team_id": "T2"})
    assert asked is not None
    assert isinstance(asked.event, CommandReceived)
    assert (asked.event.community, asked.event.team) == ("zoo", "T2")
