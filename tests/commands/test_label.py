from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from chatops.commands.label import Label
from chatops.config import Community, Labels, RestrictedLabel
from chatops.engine.answer import as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import LabelsChanged, LabelsRequested
from chatops.events.conversation import EffectFailed
from chatops.events.pulls import PullChanged
from chatops.names import CommandId
from tests.scene import (
    COMMAND,
    COMMUNITY,
    PULL,
    REPO,
    ended,
    issue,
    job,
    pull,
    received,
    scene,
    story,
    under_way,
)

STANDING = Standing()
UNDO = CommandId("command/github/comment/2/0/0")
PREFIXED = msgspec.structs.replace(COMMUNITY, labels=Labels(prefixes=("area", "kind")))
RESTARTING = msgspec.structs.replace(COMMUNITY, labels=Labels(restart_ci=True))


def decide(
    folder: Path,
    words: Sequence[str],
    *events: Event,
    community: Community = COMMUNITY,
    is_pull: bool = True,
    who: Standing = STANDING,
) -> LabelsRequested:
    facts = events or [pull(labels=("wip",))]
    labels = next((fact.labels for fact in facts if isinstance(fact, PullChanged)), ())
    asked = Asked(
        received=received(verb="label"),
        standing=replace(who, issue=issue(labels=labels, is_pull=is_pull)),
        grant=Grant(ground="permission triage"),
    )
    with scene(folder, facts) as world, world.knowledge(community) as knowledge:
        (wanted,) = Label.parse(words).decide(asked, knowledge)
    assert isinstance(wanted, LabelsRequested)
    return wanted


def refusal(
    folder: Path,
    words: Sequence[str],
    *events: Event,
    community: Community = COMMUNITY,
    is_pull: bool = True,
    who: Standing = STANDING,
) -> Refused:
    with pytest.raises(Refused) as refused:
        decide(folder, words, *events, community=community, is_pull=is_pull, who=who)
    return refused.value


def test_what_is_not_there_is_added(tmp_path: Path) -> None:
    wanted = decide(tmp_path, ["bug,", "wip", "good first issue"])

    assert (wanted.add, wanted.remove) == (("bug", "good first issue"), ())
    assert wanted.before == ("wip",)


def test_what_is_there_is_taken_off(tmp_path: Path) -> None:
    wanted = decide(tmp_path, ["--remove", "WIP", "bug"])

    assert (wanted.add, wanted.remove) == ((), ("WIP",))


def test_each_prefix_of_the_community_is_a_word_of_its_own(tmp_path: Path) -> None:
    verbs = Label.verbs(PREFIXED)

    wanted = decide(tmp_path, [*verbs["area"], "agent", "runtime"])

    assert {"area", "remove-area", "kind", "remove-kind"} == set(verbs) - set(
        Label.verbs(COMMUNITY)
    )
    assert wanted.add == ("area/agent", "area/runtime")


def test_a_prefix_can_be_taken_off_too(tmp_path: Path) -> None:
    wanted = decide(
        tmp_path, [*Label.verbs(PREFIXED)["remove-area"], "agent"], pull(labels=("area/agent",))
    )

    assert wanted.remove == ("area/agent",)


@pytest.mark.parametrize(
    ("verb", "words", "add", "remove"),
    [
        ("hold", [], ("do-not-merge",), ()),
        ("hold", ["until", "the", "release"], ("do-not-merge",), ()),
        ("hold", ["until", "they", "cancel", "it"], ("do-not-merge",), ()),
        ("hold", ["cancel"], (), ("do-not-merge",)),
        ("hold", ["cancel", "it", "is", "fixed"], (), ("do-not-merge",)),
        ("unhold", [], (), ("do-not-merge",)),
        ("remove-hold", [], (), ("do-not-merge",)),
    ],
)
def test_a_pull_request_can_be_kept_from_merging(
    tmp_path: Path, verb: str, words: list[str], add: tuple[str, ...], remove: tuple[str, ...]
) -> None:
    there = pull(labels=remove)

    wanted = decide(tmp_path, [*Label.verbs(COMMUNITY)[verb], *words], there)

    assert (wanted.add, wanted.remove) == (add, remove)


STAGED = msgspec.structs.replace(
    COMMUNITY, labels=Labels(prefixes=("area", "stage"), one_at_a_time=("stage",))
)


@pytest.mark.parametrize(
    ("words", "there", "add", "remove"),
    [
        (["--prefix", "stage", "Beta"], ("stage/alpha", "x"), ("stage/Beta",), ("stage/alpha",)),
        (["--prefix", "stage", "beta"], ("x",), ("stage/beta",), ()),
        (["--prefix", "stage", "beta"], ("stage/alpha", "Stage/beta"), (), ("stage/alpha",)),
        (["stage/beta", "x"], ("stage/alpha",), ("stage/beta", "x"), ("stage/alpha",)),
        (["--prefix", "area", "a", "b"], ("area/c", "stage/alpha"), ("area/a", "area/b"), ()),
        (["--remove", "--prefix", "stage", "alpha"], ("stage/alpha",), (), ("stage/alpha",)),
    ],
)
def test_of_what_there_is_one_at_a_time_another_takes_the_place(
    tmp_path: Path,
    words: list[str],
    there: tuple[str, ...],
    add: tuple[str, ...],
    remove: tuple[str, ...],
) -> None:
    wanted = decide(tmp_path, words, pull(labels=there), community=STAGED)

    assert (wanted.add, wanted.remove) == (add, remove)
    assert wanted.replaces is bool(remove and words[0] != "--remove")


def test_two_at_once_are_refused_of_what_there_is_one_at_a_time(tmp_path: Path) -> None:
    words = ["--prefix", "stage", "alpha", "beta"]

    assert "Say one of them." in refusal(tmp_path, words, pull(labels=()), community=STAGED).text


def test_a_label_for_some_gives_way_to_none_of_others(tmp_path: Path) -> None:
    rule = RestrictedLabel(label="stage/alpha", people=("acme/leads",))
    labels = msgspec.structs.replace(STAGED.labels, restricted=(rule,))
    said = msgspec.structs.replace(STAGED, labels=labels)
    words = ["--prefix", "stage", "beta"]

    refused = refusal(tmp_path, words, pull(labels=("stage/alpha",)), community=said)

    assert refused.reason == "not_permitted"


@pytest.mark.parametrize(
    ("words", "said"),
    [(["wip"], "#7 has `wip` already."), (["--remove", "bug"], "#7 does not have `bug` already.")],
)
def test_what_is_so_already_is_refused(tmp_path: Path, words: list[str], said: str) -> None:
    assert refusal(tmp_path, words).text == said


def test_a_label_that_would_restart_the_ci_is_not_set_before_that_is_meant(tmp_path: Path) -> None:
    facts = [
        pull(),
        ended(10),
        job(1, 10, "a"),
        job(2, 10, "b"),
        under_way(11, "Static"),
        job(3, 11, "c"),
    ]

    refused = refusal(tmp_path, ["bug"], *facts, community=RESTARTING)

    assert refused.reason == "would_restart"
    assert (
        "3 jobs so far on this commit, and 1 workflow under way would be cancelled" in refused.text
    )
    assert "`now`" in refused.text


def test_with_now_it_is_set(tmp_path: Path) -> None:
    assert decide(tmp_path, ["bug", "now"], pull(), community=RESTARTING).add == ("bug",)


@pytest.mark.parametrize(
    "reason", ["for now", "until now", "now that it leaks", "it is broken right now"]
)
def test_a_reason_that_says_now_does_not_confirm_a_hold(tmp_path: Path, reason: str) -> None:
    words = [*Label.verbs(COMMUNITY)["hold"], *reason.split()]

    refused = refusal(tmp_path, words, pull(), community=RESTARTING)

    assert refused.reason == "would_restart"
    assert "`--now` at the end" in refused.text


@pytest.mark.parametrize("said", ["now", "--now", "for now --now", "-now until it flies"])
def test_a_hold_is_confirmed_by_now_alone_or_by_the_mark(tmp_path: Path, said: str) -> None:
    words = [*Label.verbs(COMMUNITY)["hold"], *said.split()]

    assert decide(tmp_path, words, pull(), community=RESTARTING).add == ("do-not-merge",)


def test_taking_a_label_off_restarts_nothing(tmp_path: Path) -> None:
    wanted = decide(tmp_path, ["--remove", "ok-to-test"], pull(), community=RESTARTING)

    assert wanted.remove == ("ok-to-test",)


def test_a_pull_request_whose_tests_were_not_let_in_restarts_nothing(tmp_path: Path) -> None:
    assert decide(tmp_path, ["bug"], pull(labels=()), community=RESTARTING).add == ("bug",)


@pytest.mark.parametrize("words", [[], ["now"], ["--remove"], [","]])
def test_without_a_label_it_says_what_it_needs(words: list[str]) -> None:
    with pytest.raises(Refused, match="Which label"):
        Label.parse(words)


def test_an_issue_is_labelled_as_a_pull_request_is(tmp_path: Path) -> None:
    wanted = decide(tmp_path, ["bug"], ended(10), community=RESTARTING, is_pull=False)

    assert wanted.add == ("bug",)


def test_an_issue_is_not_kept_from_merging(tmp_path: Path) -> None:
    words = Label.verbs(COMMUNITY)["hold"]

    assert refusal(tmp_path, words, ended(10), is_pull=False).reason == "not_a_pull"


def test_outside_of_both_it_says_where_it_works(tmp_path: Path) -> None:
    nowhere = Asked(received=received(number=0), standing=Standing(), grant=Grant(ground="x"))
    with (
        scene(tmp_path) as world,
        world.knowledge() as knowledge,
        pytest.raises(Refused, match="say it there"),
    ):
        Label.parse(["bug"]).decide(nowhere, knowledge)


def take_back(
    folder: Path,
    changed: LabelsChanged,
    *labels: str,
    words: Sequence[str] = (),
    community: Community = COMMUNITY,
) -> LabelsRequested:
    asked = Asked(
        received=received(command=UNDO, verb="undo", words=tuple(words)),
        standing=Standing(issue=issue(labels=labels)),
        grant=Grant(ground="anyone"),
    )
    with scene(folder, [pull(labels=labels)]) as world, world.knowledge(community) as knowledge:
        (wanted,) = Label.taken_back(story(changed), asked, knowledge)
    assert isinstance(wanted, LabelsRequested)
    return wanted


def changed(*, added: Sequence[str] = (), removed: Sequence[str] = ()) -> LabelsChanged:
    return LabelsChanged(
        command=COMMAND, repo=REPO, number=PULL, added=tuple(added), removed=tuple(removed)
    )


def test_what_was_added_is_taken_off_again_and_the_other_way_round(tmp_path: Path) -> None:
    wanted = take_back(tmp_path, changed(added=["bug"], removed=["wip"]), "Bug", "x")

    assert (wanted.command, wanted.add, wanted.remove) == (UNDO, ("wip",), ("bug",))
    assert wanted.before == ("Bug", "x")


@pytest.mark.parametrize(
    ("done", "labels", "said"),
    [
        ({"added": ["bug"]}, [], "`bug` is gone"),
        ({"removed": ["a", "b"]}, ["a", "b"], "`a`, `b` are back"),
        ({"added": ["bug"], "removed": ["wip"]}, ["wip"], "`bug` is gone and `wip` is back"),
    ],
)
def test_labels_that_somebody_changed_since_are_left_alone(
    tmp_path: Path, done: dict[str, list[str]], labels: list[str], said: str
) -> None:
    with pytest.raises(Refused) as refused:
        take_back(tmp_path, changed(**done), *labels)

    assert refused.value.reason == "changed_since"
    assert said in refused.value.text


def test_what_changed_nothing_is_not_taken_back(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nothing was changed"):
        take_back(tmp_path, changed(), "bug")


def test_a_label_that_comes_back_warns_where_it_would_restart_the_ci(tmp_path: Path) -> None:
    done = changed(removed=["bug"])

    with pytest.raises(Refused, match="starts the CI of #7 again"):
        take_back(tmp_path, done, "ok-to-test", community=RESTARTING)


def test_with_now_the_label_comes_back(tmp_path: Path) -> None:
    done = changed(removed=["bug"])

    wanted = take_back(tmp_path, done, "ok-to-test", words=["now"], community=RESTARTING)

    assert wanted.add == ("bug",)


def test_labels_that_are_still_to_be_changed_are_not_taken_back_yet(tmp_path: Path) -> None:
    asked = Asked(received=received(), standing=Standing(), grant=Grant(ground="anyone"))
    with (
        scene(tmp_path, [pull()]) as world,
        world.knowledge() as knowledge,
        pytest.raises(Refused, match="not been changed yet"),
    ):
        Label.taken_back(story(), asked, knowledge)


def test_labels_that_could_not_be_changed_are_not_taken_back_ever(tmp_path: Path) -> None:
    asked = Asked(received=received(), standing=Standing(), grant=Grant(ground="anyone"))
    failed = EffectFailed(effect="change_labels", request="r", stream_of=COMMAND, text="No.")
    with (
        scene(tmp_path, [pull()]) as world,
        world.knowledge() as knowledge,
        pytest.raises(Refused, match="could not be changed"),
    ):
        Label.taken_back(story(failed), asked, knowledge)


def tell(folder: Path, *events: Event) -> tuple[str, bool]:
    with scene(folder) as world, world.knowledge() as knowledge:
        answer = Label.tell(story(*events), knowledge)
    return as_text(answer), answer.quiet


def test_success_is_quiet_and_says_what_changed(tmp_path: Path) -> None:
    changed = LabelsChanged(
        command=COMMAND, repo=REPO, number=PULL, added=("bug", "x"), removed=("wip",)
    )

    assert tell(tmp_path, changed) == ("Added bug, x. Took off wip.", True)


def test_what_did_not_work_is_said_aloud(tmp_path: Path) -> None:
    failed = EffectFailed(
        effect="change_labels", request="r", stream_of=COMMAND, text="No such label."
    )

    assert tell(tmp_path, failed) == ("No such label.", False)


GUARDED = msgspec.structs.replace(
    COMMUNITY,
    labels=Labels(
        prefixes=("kind",),
        restricted=(RestrictedLabel(label="kind/Gold", people=("tess", "acme/leads")),),
    ),
)


@pytest.mark.parametrize(
    "words", [["KIND/gold"], ["--prefix", "kind", "gold"], ["bug", "kind/gold"]]
)
def test_a_label_for_some_is_not_for_others(tmp_path: Path, words: list[str]) -> None:
    refused = refusal(tmp_path, words, community=GUARDED)

    assert refused.reason == "not_permitted"
    assert "`kind/Gold` is for `tess`, `acme/leads` only" in refused.text


def test_nor_is_it_taken_off_by_them(tmp_path: Path) -> None:
    there = pull(labels=("kind/gold",))

    assert refusal(tmp_path, ["--remove", "kind/gold"], there, community=GUARDED).reason == (
        "not_permitted"
    )


@pytest.mark.parametrize("name", ["tess", "acme/leads"])
def test_whoever_is_named_changes_it(tmp_path: Path, name: str) -> None:
    wanted = decide(
        tmp_path, ["kind/gold"], community=GUARDED, who=Standing(listed=frozenset({name}))
    )

    assert wanted.add == ("kind/gold",)


def test_who_may_be_in_its_team_is_told_that_it_is_not_known(tmp_path: Path) -> None:
    unsure = Standing(unlisted=("acme/leads",))

    assert refusal(tmp_path, ["kind/gold"], community=GUARDED, who=unsure).reason == "team_unknown"


def test_its_people_are_looked_up_where_there_are_any() -> None:
    assert Label.names(GUARDED) == ["tess", "acme/leads"]
    assert Label.names(COMMUNITY) == []


LISTED = msgspec.structs.replace(
    GUARDED, labels=msgspec.structs.replace(GUARDED.labels, whole=("team/fins",))
)


def test_what_is_not_listed_is_not_for_label(tmp_path: Path) -> None:
    refused = refusal(tmp_path, ["team/fins", "wip"], community=LISTED)

    assert refused.reason == "no_such_label"
    assert "knows here: `team/fins`, `kind/Gold`" in refused.text


@pytest.mark.parametrize(
    "words", [["Team/Fins"], ["--prefix", "kind", "bug"], ["--hold", "do-not-merge"]]
)
def test_what_is_listed_or_has_a_word_of_its_own_is(tmp_path: Path, words: list[str]) -> None:
    assert len(decide(tmp_path, words, community=LISTED).add) == 1
