from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

import chatops.commands
from chatops.config import (
    Alerts,
    BranchRules,
    Configuration,
    Digest,
    GatekeeperFile,
    Owner,
    OwnerGroup,
    misplaced,
    read_configuration,
    slack_member,
)
from chatops.config.reading import EXAMPLE
from chatops.config.shape import Community
from chatops.engine.catalogue import catalogue
from chatops.engine.command import Command
from chatops.engine.vocabulary import misnamed
from chatops.errors import BadInput
from chatops.names import Repo
from chatops.views.job_filters import misread_filters
from tests.needs import REPOSITORY

EXAMPLES = REPOSITORY / "examples"
MINIMAL = """\
communities:
  acme:
    title: Acme
    repositories: [acme/engine]
"""


def _read(folder: Path, text: str, **beside: str) -> Configuration:
    for name, content in beside.items():
        (folder / f"{name}.yml").write_text(dedent(content), encoding="utf-8")
    path = folder / "chatops.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return read_configuration(path)


def _problems(folder: Path, text: str, **beside: str) -> tuple[str, ...]:
    """Return what is wrong with a file, each place without its folder."""
    with pytest.raises(BadInput) as caught:
        _read(folder, text, **beside)
    return tuple(problem.replace(f"{folder}/", "") for problem in caught.value.problems)


def _acme(**keys: str) -> str:
    """Return a minimal file with more keys for its community, which begin on line 5."""
    return MINIMAL + "".join(f"    {key}: {value}\n" for key, value in keys.items())


def test_title_and_repositories_are_enough(tmp_path: Path) -> None:
    community = _read(tmp_path, MINIMAL).communities["acme"]

    assert community.key == "acme"
    assert community.title == "Acme"
    assert community.repositories == (Repo("acme/engine"),)
    assert (community.slash_command, community.nightly, community.gate) == ("", (), None)
    assert (community.trust.label, community.trust.retest_role) == ("ok-to-test", "write")
    assert community.trust.author_after_label
    assert community.trust.retests_per_sha == 3


def test_the_example_of_the_least_that_works_does(tmp_path: Path) -> None:
    assert _read(tmp_path, EXAMPLE).default_community.slash_command == "/acme"


def test_a_repository_may_be_an_exception(tmp_path: Path) -> None:
    rules = "{acme/engine: {commands_off: [retest], who_may: {label: write}}}"
    community = _read(
        tmp_path, _acme(exceptions=rules, commands_off="[who]", who_may="{label: triage}")
    ).default_community

    within = community.within("Acme/Engine")

    assert within.commands_off == ("who", "retest")
    assert within.who_may == {"label": "write"}
    assert community.within("acme/other") is community


def test_an_exception_is_about_one_of_the_repositories(tmp_path: Path) -> None:
    text = _acme(exceptions="{acme/docs: {commands_off: [retest]}}")

    (problem,) = _problems(tmp_path, text)

    assert problem == (
        "chatops.yaml:5: communities.acme.exceptions.'acme/docs': found 'acme/docs', "
        "expected one of acme/engine"
    )


def test_an_exception_has_no_other_keys(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, _acme(exceptions="{acme/engine: {command_off: []}}"))

    assert "did you mean commands_off?" in problem


def test_keys_with_nothing_behind_them_say_nothing(tmp_path: Path) -> None:
    assert _read(tmp_path, _acme(nightly="", gate="", trust="")) == _read(tmp_path, MINIMAL)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_is_valid_and_clean(path: Path) -> None:
    configuration = read_configuration(path)

    assert configuration.default_community.key == configuration.default
    assert all(not community.dirty() for community in configuration.communities.values())
    assert all(community.nightly for community in configuration.communities.values())
    assert all(community.maintainers for community in configuration.communities.values())


@pytest.mark.parametrize("path", sorted(EXAMPLES.iterdir()), ids=lambda path: path.name)
def test_no_example_tells_how_to_write_to_somebody(path: Path) -> None:
    assert "email:" not in path.read_text(encoding="utf-8")


def test_kata_is_complete() -> None:
    kata = read_configuration(EXAMPLES / "kata.yaml").communities["kata"]

    assert kata.slash_command == "/kata"
    assert [workflow.file for workflow in kata.nightly] == [
        "ci-nightly.yaml",
        "ci-nightly-s390x.yaml",
        "ci-nightly-riscv.yaml",
    ]
    assert kata.gate is not None
    assert kata.gate.workflow == "Gatekeeper"
    assert kata.gate.checks == GatekeeperFile(
        path="tools/testing/gatekeeper/required-tests.yaml", branch="main"
    )
    assert len(kata.maintainers) == 9
    assert (kata.trust.adds_label, kata.trust.again_after_push) == (True, False)
    assert kata.approvals.owners == "codeowners"


def test_kata_shows_in_no_label_what_people_think_of_a_change() -> None:
    kata = read_configuration(EXAMPLES / "kata.yaml").communities["kata"]

    assert kata.labels.restart_ci
    assert (kata.approvals.lgtm_label, kata.approvals.approved_label) == ("", "")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_example_has_a_rule_about_a_command_that_is_not_there(path: Path) -> None:
    commands = {command.name: command for command in catalogue(chatops.commands, Command)}

    assert misnamed(commands, read_configuration(path, further=misread_filters)) == []


def test_coco_has_a_nightly_in_each_of_several_repositories() -> None:
    coco = read_configuration(EXAMPLES / "coco.yaml").communities["coco"]

    assert coco.gate is not None
    assert coco.gate.checks == BranchRules(branch="main")
    assert [coco.repository_of(workflow).partition("/")[2] for workflow in coco.nightly] == [
        "cloud-api-adaptor",
        "trustee",
        "charts",
    ]


def test_every_group_that_matches_a_job_looks_after_it() -> None:
    kata = read_configuration(EXAMPLES / "kata.yaml").communities["kata"]
    job = "ci / run-k8s-tests-on-zvsi / run-k8s-tests (nydus, qemu-coco-dev-runtime-rs, kubeadm)"

    assert [group.group for group in kata.owners_of(job)] == ["Arch-s390x", "Rust"]
    assert kata.owners_of("ci / build-checks (make vendor)") == ()


def test_an_expression_may_be_written_as_in_javascript() -> None:
    group = OwnerGroup(regex=r"(?<arch>arm64|riscv)-(?=k8s)(?<!old-)", group="Arch")

    assert group.owns("run / arm64-k8s")
    assert not group.owns("run / arm64-builder")


def test_a_repository_is_known_however_it_is_spelled(tmp_path: Path) -> None:
    configuration = _read(tmp_path, _acme(slash_command="/acme"))

    assert configuration.community_of("Acme/Engine") is configuration.communities["acme"]
    assert configuration.community_of("acme/other") is None
    assert configuration.community_for_slash("/acme") is configuration.communities["acme"]
    assert configuration.community_for_slash("/other") is None


def test_a_community_without_a_slash_command_does_not_hear_an_empty_one(tmp_path: Path) -> None:
    assert _read(tmp_path, MINIMAL).community_for_slash("") is None


def test_the_first_community_is_the_default_unless_another_is_named(tmp_path: Path) -> None:
    two = MINIMAL + "  bolt:\n    title: Bolt\n    repositories: [bolt/nut]\n"

    assert _read(tmp_path, two).default == "acme"
    assert _read(tmp_path, f"{two}default: bolt\n").default_community.title == "Bolt"


def test_maintainers_can_have_a_file_of_their_own(tmp_path: Path) -> None:
    people = """
        mappings:
          - regex: ".*zvsi.*"
            group: Arch
            owners:
              - {fullname: Mona, github: mona, slack: mona, slackurl: "", email: }
    """

    found = _read(tmp_path, _acme(maintainers="people.yml"), people=people)

    assert found.default_community.maintainers == (
        OwnerGroup(
            regex=".*zvsi.*",
            group="Arch",
            owners=(Owner(fullname="Mona", github="mona", slack="mona"),),
        ),
    )


@pytest.mark.parametrize(
    ("address", "member"),
    [
        ("https://acme.slack.com/team/U0123456789", "U0123456789"),
        ("ihttps://acme.slack.com/team/W0123456789/", "W0123456789"),
        ("https://acme.slack.com/archives/D0123456789", None),
        ("https://acme.slack.com/team/mona", None),
        ("", None),
    ],
)
def test_a_slack_member_is_the_end_of_an_address(address: str, member: str | None) -> None:
    assert slack_member(Owner(slackurl=address)) == member


def test_dirty_entries_are_kept_and_told() -> None:
    owners = (
        Owner(
            github="mona", email="https://mona.example/", slackurl="ihttps://a.example/team/U01234"
        ),
        Owner(github="hubot", slackurl="https://acme.example/archives/D0123456789"),
        Owner(github="@monalisa"),
        Owner(fullname="Somebody"),
        Owner(github="octocat", slackurl="https://acme.example/team/U01234567"),
    )
    community = Community(
        title="Acme",
        repositories=(Repo("acme/engine"),),
        maintainers=(OwnerGroup(regex="engine", group="Engine", owners=owners),),
    )

    assert community.owners_of("engine")[0].owners == owners
    assert community.dirty() == (
        "Engine: mona: found something else in place of an e-mail address",
        "Engine: mona: found 'ihttps://a.example/team/U01234' as address in Slack, expected https://…",
        (
            "Engine: hubot: found 'https://acme.example/archives/D0123456789' as address in Slack, "
            "which does not end in a member's id"
        ),
        "Engine: @monalisa: found '@monalisa' as GitHub login",
        (
            "Engine: Somebody: found neither a GitHub login nor a Slack member's id, "
            "so nobody can be told"
        ),
    )


GROUPS = "[{regex: engine, group: Engine}]"


def test_a_channel_says_of_which_jobs_it_hears_and_when(tmp_path: Path) -> None:
    keys = "{time: 8:00, deadline: 12:30, weekdays: [mon, fri], when: always, weekly: mon}"
    text = _acme(
        maintainers=GROUPS,
        channels=f"{{C0000000001: {{groups: [Engine], zone: Asia/Tokyo, digest: {keys}}}}}",
    ).replace("8:00", "08:00")

    channel = _read(tmp_path, text).default_community.channels["C0000000001"]

    assert (channel.key, channel.title, channel.groups) == ("C0000000001",) * 2 + (("Engine",),)
    assert str(channel.clock) == "Asia/Tokyo"
    assert channel.digest == Digest(
        time="08:00", deadline="12:30", weekdays=("mon", "fri"), when="always", weekly="mon"
    )
    assert (channel.digest.due_at, channel.digest.due_until) == (time(8), time(12, 30))


@pytest.mark.parametrize(
    ("keys", "tokens", "problems"),
    [
        ({}, ("",), 0),
        ({}, ("T0BASE",), 0),
        ({}, ("", "T0BASE"), 1),
        ({"slack_team": "T0BASE"}, ("", "T0BASE"), 0),
        # Whose the token without a name is, only Slack knows.
        ({"slack_team": "T0ACME"}, ("", "T0BASE"), 0),
        ({"slack_team": "T0ACME"}, ("T0BASE", "T0ZOO"), 1),
    ],
)
def test_who_is_heard_in_slack_has_a_workspace_there(
    keys: dict[str, str], tokens: tuple[str, ...], problems: int, tmp_path: Path
) -> None:
    found = _read(tmp_path, _acme(slash_command="/acme", **keys))

    named = [team for team in tokens if team]
    told = list(misplaced(found, named, has_plain="" in tokens))

    assert len(told) == problems
    assert all(one.startswith("communities.acme.slack_team: found ") for one in told)


def test_those_who_run_the_bot_say_in_which_workspace_their_channel_is(tmp_path: Path) -> None:
    found = _read(tmp_path, MINIMAL + "operators: {channel: C0123456789}\n")

    [problem] = misplaced(found, ["T0BASE"], has_plain=True)

    assert problem.startswith("operators.slack_team: found nothing")


def test_a_channel_without_a_digest_gets_none(tmp_path: Path) -> None:
    text = _acme(channels="{C0000000001: {name: acme-ci}, C0000000002: {digest: {}}}")

    channels = _read(tmp_path, text).default_community.channels

    assert channels["C0000000001"].digest is None
    assert channels["C0000000001"].title == "acme-ci"
    assert channels["C0000000002"].digest == Digest()


@pytest.mark.parametrize(("due", "until"), [("09:00", "12:00"), ("22:30", "23:59")])
def test_an_unfinished_night_is_waited_for_until_three_hours_later(due: str, until: str) -> None:
    assert Digest(time=due).due_until == time.fromisoformat(until)


MISTAKES = {
    "a channel by its name": (
        _acme(channels="{acme-ci: {digest: {}}}"),
        (
            "chatops.yaml:5: communities.acme.channels.acme-ci: found 'acme-ci', "
            "expected the id of a channel in Slack such as C0123456789"
        ),
    ),
    "a group there is not": (
        _acme(maintainers=GROUPS, channels="{C0000000001: {groups: [Engine, Crew]}}"),
        (
            "chatops.yaml:6: communities.acme.channels.C0000000001.groups[1]: "
            "found 'Crew', expected one of Engine"
        ),
    ),
    "a group where there are none": (
        _acme(channels="{C0000000001: {groups: [Crew]}}"),
        (
            "chatops.yaml:5: communities.acme.channels.C0000000001.groups[0]: "
            "found 'Crew', expected none, for there are no groups"
        ),
    ),
    "groups and a filter": (
        _acme(
            maintainers=GROUPS, channels="{C0000000001: {groups: [Engine], filter: 'owner:engine'}}"
        ),
        (
            "chatops.yaml:6: communities.acme.channels.C0000000001.filter: "
            "found 'owner:engine', expected either this or groups, not both"
        ),
    ),
    "a zone there is not": (
        _acme(channels="{C0000000001: {zone: Europe/Atlantis}}"),
        (
            "chatops.yaml:5: communities.acme.channels.C0000000001.zone: "
            "found 'Europe/Atlantis', expected the name of a time zone such as Europe/Berlin"
        ),
    ),
    "a zone that is misspelled": (
        _acme(channels="{C0000000001: {zone: Europe/Berlln}}"),
        (
            "chatops.yaml:5: communities.acme.channels.C0000000001.zone: found 'Europe/Berlln', "
            "expected the name of a time zone such as Europe/Berlin; did you mean Europe/Berlin?"
        ),
    ),
    "a weekday that is misspelled": (
        _acme(channels="{C0000000001: {digest: {weekdays: [mon, tues]}}}"),
        (
            "chatops.yaml:5: communities.acme.channels.C0000000001.digest.weekdays[1]: found 'tues', "
            "expected one of mon, tue, wed, thu, fri, sat, sun; did you mean tue?"
        ),
    ),
    "a rest that does not end": (
        _acme(channels="{C0000000001: {alerts: {quiet_from: 22:00}}}"),
        (
            "chatops.yaml:5: communities.acme.channels.C0000000001.alerts.quiet_to: "
            "found nothing, expected a time of day, for the other end is said"
        ),
    ),
    "a rest of no time": (
        _acme(channels="{C0000000001: {alerts: {quiet_from: 22:00, quiet_to: 22:00}}}"),
        (
            "chatops.yaml:5: communities.acme.channels.C0000000001.alerts.quiet_to: "
            "found '22:00', expected another time than quiet_from; without both the channel has no rest"
        ),
    ),
    "a path for a zone": (
        _acme(channels="{C0000000001: {zone: ../localtime}}"),
        (
            "chatops.yaml:5: communities.acme.channels.C0000000001.zone: "
            "found '../localtime', expected the name of a time zone such as Europe/Berlin"
        ),
    ),
    "no time of day": (
        _acme(channels="{C0000000001: {digest: {time: 25:00}}}"),
        (
            "chatops.yaml:5: communities.acme.channels.C0000000001.digest.time: "
            "found '25:00', expected a time of day from 00:00 to 23:59 such as 09:00"
        ),
    ),
    "a deadline before its time": (
        _acme(channels="{C0000000001: {digest: {time: 13:00, deadline: 12:00}}}"),
        (
            "chatops.yaml:5: communities.acme.channels.C0000000001.digest.deadline: "
            "found '12:00', expected a time not before 13:00, when the digest is due"
        ),
    ),
    "a week told on a day without a digest": (
        _acme(channels="{C0000000001: {digest: {weekdays: [mon, tue], weekly: sun}}}"),
        (
            "chatops.yaml:5: communities.acme.channels.C0000000001.digest.weekly: "
            "found 'sun', expected never or one of its weekdays: mon, tue"
        ),
    ),
    "no weekdays": (
        _acme(channels="{C0000000001: {digest: {weekdays: []}}}"),
        (
            "chatops.yaml:5: communities.acme.channels.C0000000001.digest.weekdays: found an empty list, "
            "expected a list of days with at least one such as [mon, tue, wed, thu, fri]"
        ),
    ),
    "number for text": (
        _acme(nightly="[{name: Night, file: 3}]"),
        (
            "chatops.yaml:5: communities.acme.nightly[0].file: "
            "found 3, expected text such as ci-nightly.yaml"
        ),
    ),
    "text for number": (
        _acme(nightly="[{name: Night, file: n.yaml, hour: early}]"),
        (
            "chatops.yaml:5: communities.acme.nightly[0].hour: "
            "found 'early', expected a whole number from 0 to 23"
        ),
    ),
    "number out of range": (
        _acme(trust="{retests_per_sha: 1000}"),
        (
            "chatops.yaml:5: communities.acme.trust.retests_per_sha: "
            "found 1000, expected a whole number from 1 to 50"
        ),
    ),
    "clock for number": (
        _acme(nightly="[{name: Night, file: n.yaml, hour: 1:30}]"),
        (
            "chatops.yaml:5: communities.acme.nightly[0].hour: "
            "found 1:30, expected a whole number from 0 to 23"
        ),
    ),
    "text for truth": (
        _acme(trust="{author_after_label: maybe}"),
        (
            "chatops.yaml:5: communities.acme.trust.author_after_label: "
            "found 'maybe', expected true or false"
        ),
    ),
    "unknown choice": (
        _acme(trust="{retest_role: read}"),
        (
            "chatops.yaml:5: communities.acme.trust.retest_role: "
            "found 'read', expected one of admin, maintain, triage, write"
        ),
    ),
    "text for list": (
        _acme(nightly="ci.yaml"),
        "chatops.yaml:5: communities.acme.nightly: found 'ci.yaml', expected a list",
    ),
    "list for block": (
        _acme(trust="[write]"),
        "chatops.yaml:5: communities.acme.trust: found a list, expected a block of keys",
    ),
    "missing key": (
        "communities:\n  acme:\n    repositories: [acme/engine]\n",
        (
            "chatops.yaml:3: communities.acme.title: "
            "found nothing, expected text such as Acme Engine"
        ),
    ),
    "no repository": (
        "communities:\n  acme:\n    title: Acme\n    repositories: []\n",
        (
            "chatops.yaml:4: communities.acme.repositories: "
            "found an empty list, expected a list of owner/name with at least one"
        ),
    ),
    "no community": (
        "communities: {}\n",
        (
            "chatops.yaml:1: communities: "
            "found an empty block of keys, expected a mapping with at least one community"
        ),
    ),
    "unknown key, nearly right": (
        _acme(slash_comand="/acme"),
        (
            "chatops.yaml:5: communities.acme.slash_comand: "
            "found a key that does not exist; did you mean slash_command?"
        ),
    ),
    "unknown key": (
        _acme(gate="{zzz: 1}"),
        (
            "chatops.yaml:5: communities.acme.gate.zzz: "
            "found a key that does not exist, expected one of workflow, checks, practice"
        ),
    ),
    "the key cannot be said twice": (
        _acme(key="other"),
        (
            "chatops.yaml:5: communities.acme.key: found a key that does not exist, expected one of "
            + ", ".join(name for name in Community.__struct_fields__ if name != "key")
        ),
    ),
    "duplicate key": (
        _acme(title="Again"),
        (
            "chatops.yaml:5: communities.acme.title: "
            "found a second time, expected once; the first is on line 3"
        ),
    ),
    "bad slash command": (
        _acme(slash_command="acme"),
        (
            "chatops.yaml:5: communities.acme.slash_command: found 'acme', expected "
            "/ and then at most 31 lower-case letters, digits, - or _ such as /acme"
        ),
    ),
    "long slash command": (
        _acme(slash_command="/" + "a" * 32),
        (
            f"chatops.yaml:5: communities.acme.slash_command: found '/{'a' * 32}', expected "
            "/ and then at most 31 lower-case letters, digits, - or _ such as /acme"
        ),
    ),
    "bad repository": (
        "communities:\n  acme:\n    title: Acme\n    repositories: [engine]\n",
        (
            "chatops.yaml:4: communities.acme.repositories[0]: "
            "found 'engine', expected owner/name such as acme/engine"
        ),
    ),
    "bad community key": (
        "communities:\n  Acme!:\n    title: Acme\n    repositories: [acme/engine]\n",
        (
            "chatops.yaml:2: communities.'Acme!': found 'Acme!', "
            "expected a key of lower-case letters, digits and - such as acme"
        ),
    ),
    "a page as community key": (
        "communities:\n  nightly:\n    title: Acme\n    repositories: [acme/engine]\n",
        (
            "chatops.yaml:3: communities.nightly: found 'nightly', "
            "expected a key that is not a page of the dashboard"
        ),
    ),
    "bad expression": (
        _acme(maintainers="[{regex: '(', group: Arch}]"),
        (
            "chatops.yaml:5: communities.acme.maintainers[0].regex: "
            "found '(', expected a regular expression such as s390x|zvsi"
        ),
    ),
    "unknown source of checks": (
        _acme(gate="{checks: {source: prow}}"),
        (
            "chatops.yaml:5: communities.acme.gate.checks.source: "
            "found 'prow', expected one of branch-rules, gatekeeper-file"
        ),
    ),
    "no source of checks": (
        _acme(gate="{checks: {branch: main}}"),
        (
            "chatops.yaml:5: communities.acme.gate.checks.source: "
            "found nothing, expected one of branch-rules, gatekeeper-file"
        ),
    ),
    "bad link": (
        _acme(links="{CI: 'javascript:1'}"),
        (
            "chatops.yaml:5: communities.acme.links.CI: "
            "found 'javascript:1', expected a web address such as https://acme.example/ci"
        ),
    ),
    "workflow elsewhere": (
        _acme(nightly="[{name: Night, file: n.yaml, repository: acme/other}]"),
        (
            "chatops.yaml:5: communities.acme.nightly[0].repository: "
            "found 'acme/other', expected one of acme/engine"
        ),
    ),
    "unknown default": (
        f"{MINIMAL}default: bolt\n",
        "chatops.yaml:5: default: found 'bolt', expected one of acme",
    ),
    "one repository, two communities": (
        f"{MINIMAL}  bolt:\n    title: Bolt\n    repositories: [Acme/Engine]\n",
        (
            "chatops.yaml:7: communities.bolt.repositories[0]: found 'Acme/Engine' again, expected "
            "a repository that is listed once; communities.acme.repositories[0] has it"
        ),
    ),
    "one slash command, two communities": (
        _acme(slash_command="/go")
        + "  bolt:\n    title: Bolt\n    repositories: [bolt/nut]\n    slash_command: /go\n",
        (
            "chatops.yaml:9: communities.bolt.slash_command: found '/go' again, expected "
            "a command that no other community has; communities.acme.slash_command has it"
        ),
    ),
    "a list of maintainers that is not there": (
        _acme(maintainers="people.yml"),
        (
            "chatops.yaml:5: communities.acme.maintainers: found 'people.yml', "
            "expected a file beside this one (people.yml: there is no such file)"
        ),
    ),
    "a list as key": (
        f"{MINIMAL}? [a]\n: b\n",
        "chatops.yaml:5: found a list as a key, expected a name",
    ),
    "no block at all": (
        "- communities\n",
        "chatops.yaml:1: found a list, expected a block of keys",
    ),
    "not closed": (
        "communities: [\n",
        (
            "chatops.yaml:2: this is not YAML: while parsing a flow node, "
            "expected the node content, but found '<stream end>'"
        ),
    ),
    "a tab": (
        "communities:\n\tacme: 1\n",
        "chatops.yaml:2: this is not YAML: found a tab; indent with spaces",
    ),
    "two documents": (
        f"{MINIMAL}---\n{MINIMAL}",
        (
            "chatops.yaml:5: this is not YAML: expected a single document in the stream, "
            "but found another document"
        ),
    ),
    "a character that is none": (
        "a: b\nc: \x07\n",
        "chatops.yaml:2: found a character that YAML does not allow",
    ),
    "an escape that is none": (
        'a: "\\UFFFFFFFF"\n',
        "chatops.yaml: found an escaped character that does not exist",
    ),
    "nested without end": (
        "[" * 5000,
        "chatops.yaml: found lists or mappings nested too deeply",
    ),
}


@pytest.mark.parametrize(("text", "problem"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_in_one_sentence(text: str, problem: str, tmp_path: Path) -> None:
    assert _problems(tmp_path, text) == (problem,)


def test_all_mistakes_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    problems = _problems(
        tmp_path,
        """\
        communities:
          acme:
            titel: Acme
            repositories: [engine]
          bolt:
            title: 7
            repositories: [bolt/nut]
            maintainers: people.yml
        """,
        people="mappings:\n  - regex: '['\n    group: Arch\n    owners: [{gihub: mona}]\n",
    )

    assert [problem.partition(": ")[0] for problem in problems] == [
        "chatops.yaml:3",
        "chatops.yaml:4",
        "chatops.yaml:3",
        "chatops.yaml:6",
        "people.yml:2",
        "people.yml:4",
    ]


def test_without_a_file_the_way_to_begin_is_shown(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_configuration(tmp_path / "chatops.yaml")

    assert caught.value.problems[0] == f"{tmp_path}/chatops.yaml: there is no such file"
    assert EXAMPLE in str(caught.value)


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_file_is_told_from_a_wrong_one(text: str, tmp_path: Path) -> None:
    problems = _problems(tmp_path, text)

    assert problems[0] == "chatops.yaml: found an empty file"
    assert EXAMPLE in problems[1]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        read_configuration(tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "chatops.yaml"
    path.write_bytes(b"a: \xff\xfe")

    with pytest.raises(BadInput, match="not UTF-8"):
        read_configuration(path)


def _loads_or_is_refused(folder: Path, text: str) -> None:
    path = folder / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    problems: tuple[str, ...] = ()
    try:
        assert read_configuration(path).default_community.repositories
    except BadInput as refusal:
        problems = refusal.problems
    assert all(problem.startswith((str(folder), "A configuration is")) for problem in problems)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates()
KEYS = st.sampled_from(
    [
        "title",
        "repositories",
        "nightly",
        "gate",
        "checks",
        "source",
        "maintainers",
        "trust",
        "owners",
        "regex",
        "group",
        "links",
        "slash_command",
        "communities",
        "default",
        "acme",
        "hour",
        "file",
    ]
)
TREES = st.recursive(
    SCALARS | st.sampled_from(["acme/engine", "/acme", "branch-rules", "gatekeeper-file"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | SCALARS, inner, max_size=5),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def somewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for every example: what is read does not depend on what was read before."""
    return tmp_path_factory.mktemp("any")


@given(text=st.text())
@example(text="? !!python/object:os.system [ls]\n: &a [*a]\n")
@example(text="communities: &a {acme: *a}\n")
@example(text="communities: {acme: !!bool maybe}\n")
@example(text="%YAML 99999999999.1\n---\na\n")
@example(text="!<")
def test_any_text_is_read_or_refused_in_words(text: str, somewhere: Path) -> None:
    _loads_or_is_refused(somewhere, text)


@given(tree=TREES)
def test_any_tree_is_read_or_refused_in_words(tree: object, somewhere: Path) -> None:
    _loads_or_is_refused(somewhere, yaml.safe_dump(tree, allow_unicode=True))


@given(community=st.dictionaries(KEYS, TREES, max_size=6))
def test_any_community_is_read_or_refused_in_words(
    community: dict[str, object], somewhere: Path
) -> None:
    whole = {"title": "Acme", "repositories": ["acme/engine"], **community}

    _loads_or_is_refused(somewhere, yaml.safe_dump({"communities": {"acme": whole}}))


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("status:failed", "“status:” is left out: it is nothing that can be asked for"),
        ("required:perhaps", "“required:perhaps” is left out; there are yes, no."),
        ("/(/", "“/(/” has a “(” without its “)”; it is left out."),
        ("owner:crew", "no job has “owner:crew”; there are Engine."),
        ("arch:s391", "no job has “arch:s391”; there are s390x."),
    ],
)
def test_a_filter_that_is_not_understood_is_refused(tmp_path: Path, text: str, note: str) -> None:
    path = tmp_path / "chatops.yaml"
    channels = f"{{C0000000001: {{filter: '{text}'}}}}"
    whole = _acme(channels=channels, maintainers=GROUPS, facets="{arch: {s390x: s390x}}")
    path.write_text(whole, encoding="utf-8")

    with pytest.raises(BadInput) as caught:
        read_configuration(path, further=misread_filters)

    (problem,) = caught.value.problems
    assert problem.startswith(
        f"{path}:5: communities.acme.channels.C0000000001.filter: found '{text}', "
        f"expected a filter of which all is understood: {note}"
    )


BERLIN = ZoneInfo("Europe/Berlin")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-01-15T21:30", None),
        ("2026-01-15T22:00", "2026-01-16T07:00"),
        ("2026-01-15T23:59", "2026-01-16T07:00"),
        ("2026-01-16T06:59", "2026-01-16T07:00"),
        ("2026-01-16T07:00", None),
        # In these nights the clock leaps, and says an hour twice.
        ("2026-03-28T23:00", "2026-03-29T07:00"),
        ("2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_a_rest_may_go_over_midnight(now: str, until: str | None) -> None:
    alerts = Alerts(quiet_from="22:00", quiet_to="07:00")
    here = datetime.fromisoformat(now).replace(tzinfo=BERLIN).astimezone(UTC)

    ends = alerts.rests_until(here, BERLIN)

    told = None if ends is None else f"{ends.astimezone(BERLIN):%Y-%m-%dT%H:%M}"
    assert told == until


@given(
    begins=MINUTES,
    ends=MINUTES,
    now=st.integers(0, 366 * 24 * 60).map(lambda minute: NEW_YEAR + timedelta(minutes=minute)),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Chicago", "Australia/Lord_Howe"]),
)
@example(
    begins="01:00", ends="02:30", now=datetime(2026, 3, 29, 0, 30, tzinfo=UTC), zone="Europe/Berlin"
)
def test_a_rest_ends_within_a_day_and_then_it_is_over(
    begins: str, ends: str, now: datetime, zone: str
) -> None:
    alerts, clock = Alerts(quiet_from=begins, quiet_to=ends), ZoneInfo(zone)

    until = alerts.rests_until(now, clock)

    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert alerts.rests_until(until, clock) is None
