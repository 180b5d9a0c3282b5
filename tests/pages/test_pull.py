import html
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from msgspec import structs

from chatops.answers.blame_answer import blame_answer
from chatops.answers.gate_trace import gate_trace
from chatops.answers.meant_jobs import places
from chatops.answers.open_queue import open_queue
from chatops.answers.pull_checks import PullChecks, pull_checks
from chatops.answers.pull_status import pull_status
from chatops.answers.pull_story import PullStory, pull_story
from chatops.commands.ok_to_test import OkToTest
from chatops.commands.retest import Retest
from chatops.config import Approvals, Community
from chatops.engine.answer import plain
from chatops.engine.command import Knowledge
from chatops.events import Event
from chatops.events.approvals import LGTM, ApprovalGiven
from chatops.events.conversation import CommandAccepted, CommandRefused
from chatops.events.owners import FolderOwners, OwnersChanged
from chatops.events.reruns import RerunRequested
from chatops.events.trust import TrustGiven
from chatops.names import CommandId, Login, PullNumber, Repo, RunId
from chatops.pages.pull import pull_json, pull_place, render_pull
from chatops.views.page import Viewer
from tests.builders import Ran, night
from tests.pulls import FAILING, HOSTILE, RULES, head, opened, ran, touching, town
from tests.scene import COMMUNITY, NOW, REPO, received, scene

OWNED = structs.replace(COMMUNITY, approvals=Approvals(owners="owners", issue_required=True))
SLACK = CommandId("command/slack/1")


class Shown:
    """A pull request's page, its twin, and what they are made of."""

    def __init__(self, knowledge: Knowledge, checks: PullChecks, story: PullStory) -> None:
        self.page = render_pull(knowledge, story, str(story.checks.pull.number))
        self.told: dict[str, Any] = json.loads(pull_json(knowledge, story))
        self.checks = checks
        self.story = story
        self.knowledge = knowledge

    def rendered(self, viewer: Viewer) -> str:
        """Return the page as somebody sees it."""
        knowledge = structs.replace(
            self.knowledge, commands={"retest": Retest, "ok-to-test": OkToTest}
        )
        return render_pull(knowledge, self.story, str(self.story.checks.pull.number), viewer=viewer)

    @property
    def text(self) -> str:
        """What the page says, without its markup."""
        return " ".join(re.sub(r"<[^>]+>", "", self.page).split())

    def check(self, name: str) -> dict[str, Any]:
        (found,) = [one for one in self.told["checks"] if one["name"] == name]
        return dict(found)


@contextmanager
def shown(
    folder: Path, events: Sequence[Event], number: int = 1, community: Community = COMMUNITY
) -> Iterator[Shown]:
    with scene(folder, events) as world, world.knowledge(community) as knowledge:
        checks = pull_checks(knowledge, REPO, PullNumber(number))
        yield Shown(knowledge, checks, pull_story(knowledge, checks, None, open_queue(knowledge)))


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 6, 7])
def test_the_page_says_what_the_commands_say(tmp_path: Path, number: int) -> None:
    with shown(tmp_path, town(), number) as one:
        asked = received(number=PullNumber(number))
        status = pull_status(one.checks, asked, one.knowledge)
        gate = gate_trace(one.checks, asked, one.knowledge)

        assert one.told["verdict"] == plain(status.verdict)
        assert one.told["gate"][0] == plain(gate.verdict)
        assert plain(status.verdict) in one.text
        for section in gate.sections:
            if section.title in ("Why these checks", "The gate itself"):
                assert [plain(line) for line in section.lines] == [
                    line for line in one.told["gate"] if line in map(plain, section.lines)
                ]
        groups = [check["group"] for check in one.told["checks"] if check["is_required"]]
        bad, missing = re.findall(r"(\d+) (?:failed or skipped|never reported)", plain(gate.counts))
        assert [groups.count("blocking"), groups.count("missing")] == [int(bad), int(missing)]


def test_a_failure_has_whose_it_is_with_its_evidence_and_what_to_say(tmp_path: Path) -> None:
    with shown(tmp_path, town()) as one:
        check = one.check("CI / test (a)")

        assert check["group"] == "blocking"
        assert check["required_by"] == "set test, by ^src/"
        assert [try_["result"] for try_ in check["tries"]] == [
            "attempt 1: failed",
            "attempt 2: failed",
        ]
        assert check["whose"]["evidence"]
        assert check["say"] == '/retest "CI / test (a)"'
        assert "required: set test, by ^src/" in one.text


def test_a_superseded_run_is_folded(tmp_path: Path) -> None:
    events = [
        RULES, opened(1), touching(1, "src/a"), *ran(1, FAILING), *ran(1, FAILING, run=1),
    ]  # fmt: skip
    with shown(tmp_path, events) as one:
        check = one.check("CI / test (a)")

        assert len(check["tries"]) == len(check["superseded"]) == 1
        assert "1 superseded" in one.text


def test_what_passed_on_rerun_is_told_apart(tmp_path: Path) -> None:
    with shown(tmp_path, town(), 2) as one:
        assert one.check("CI / test (b)")["group"] == "rerun"
        assert "CI does not keep #2 from being merged" in one.text


def test_a_label_that_is_missing_is_in_the_first_sentence(tmp_path: Path) -> None:
    with shown(tmp_path, town(), 4) as one:
        assert "the label ok-to-test is missing" in one.told["verdict"]
        assert one.told["blocked_by"] == "waiting"
        assert "It comes from a fork, and nobody has let its tests in." in one.text


def test_for_which_commit_the_tests_were_let_in_is_said(tmp_path: Path) -> None:
    given = TrustGiven(
        command=CommandId("command/1"), repo=REPO, number=PullNumber(1), sha=head(9),
        by=Login("mona"), decided_at=NOW,
    )  # fmt: skip
    with shown(tmp_path, [*town(), given]) as one:
        assert "mona let the tests in for 000000000; nobody has for this commit." in one.text


def test_approvals_are_shown_and_missed(tmp_path: Path) -> None:
    events = [
        *town(),
        OwnersChanged(
            repo=REPO, branch="main", origin="OWNERS", fingerprint="1",
            folders=(FolderOwners(folder="", approvers=("mona",)),),
        ),
        ApprovalGiven(
            command=CommandId("command/2"), repo=REPO, number=PullNumber(2), sha=head(2),
            grade=LGTM, by=Login("alice"),
        ),
    ]  # fmt: skip
    with shown(tmp_path, events, 2, OWNED) as one:
        assert "Besides, an owner has yet to approve /." in one.text
        assert "alice said it looks good." in one.text
        assert "To be approved: /, by mona." in one.text
        assert "It has to name an issue in its title or text" in one.text
        assert one.told["approvals"]


@pytest.mark.parametrize(
    ("viewer", "begins"),
    [
        (Viewer.SIGNED_IN, "/acme/commands?say="),
        (Viewer.STRANGER, "https://ci.example/sign-in?to=/acme/commands%3Fsay%3D"),
        (Viewer.ANYBODY, None),
        (Viewer.LOOKING_BACK, None),
    ],
)
def test_what_helps_has_a_button_for_whoever_can_say_it(
    tmp_path: Path, viewer: Viewer, begins: str | None
) -> None:
    with shown(tmp_path, town()) as one:
        page = one.rendered(viewer)

    found = {
        html.unescape(re.sub(r"<[^>]+>", "", words)): html.unescape(address)
        for address, words in re.findall(r'<a class="button" href="([^"]*)"[^>]*>(.*?)</a>', page)
    }
    if begins is None:
        assert found == {}
        return
    assert {"Run the required ones again…", "Say it…"} <= found.keys()
    assert all(address.startswith(begins) for address in found.values())
    required = unquote(unquote(found["Run the required ones again…"]))
    assert required.endswith("say=/retest required&repo=acme/rocket&number=1")
    assert 'say=/retest "CI / ' in unquote(unquote(found["Say it…"]))
    # Whoever says a button's words to press it says those that are seen.
    assert set(re.findall(r'aria-label="(Say it…)[^"]*">Say it…', page)) == {"Say it…"}


def test_tests_that_were_not_let_in_have_a_button_and_a_closed_pull_request_none(
    tmp_path: Path,
) -> None:
    waiting = structs.replace(COMMUNITY, trust=structs.replace(COMMUNITY.trust, label="ok-to-test"))
    for number in range(1, 8):
        folder = tmp_path / str(number)
        folder.mkdir()
        with shown(folder, town(), number, waiting) as one:
            page = one.rendered(Viewer.SIGNED_IN)
            is_missing = "ok-to-test" in one.checks.labels_missing
            assert ("Let its tests in…" in page) is (is_missing and one.checks.pull.state == "open")
            if one.checks.pull.state != "open":
                assert 'class="button"' not in page


def test_who_did_what_leads_to_the_story_and_keeps_what_slack_said(tmp_path: Path) -> None:
    run_id = RunId(1_002)
    events = [
        *town(),
        received(number=PullNumber(1), words=("required",)),
        CommandAccepted(command=received().command),
        RerunRequested(
            command=received().command, repo=REPO, sha=head(1), run_id=run_id, attempt=1,
            workflow="CI", scope="failed",
        ),
        received(
            command=SLACK, surface="slack", number=PullNumber(1), words=("secret", "plan"),
            said_at=NOW + timedelta(minutes=1), by="U1",
        ),
        CommandRefused(command=SLACK, reason="usage", text="I found secret plan."),
    ]  # fmt: skip
    with shown(tmp_path, events) as one:
        slack, github = one.told["commands"]

        assert "secret" not in one.page + json.dumps(one.told)
        assert "words stay in Slack" in one.text
        assert github["ran_again"] == "CI after attempt 1"
        assert f'href="../audit/{github["id"]}"' in one.page
        assert slack["outcome"] == "refused"


def test_earlier_heads_are_folded_away(tmp_path: Path) -> None:
    events = [RULES, opened(1, sha=head(99), updated_at=NOW - timedelta(days=1)), opened(1)]
    with shown(tmp_path, events) as one:
        assert [old["sha"] for old in one.told["superseded"]] == [head(99)]
        assert "push 2" in one.text


def test_nothing_heard_is_no_good_news(tmp_path: Path) -> None:
    with shown(tmp_path, [opened(1)]) as one:
        assert "I do not know which checks #1 must pass." in one.text
        assert "No check has been heard of on this commit." in one.text
        assert one.told["blocked_by"] == "unknown"
        assert one.told["knows_required"] is False


@pytest.mark.parametrize("title", HOSTILE)
def test_text_from_outside_stays_text(tmp_path: Path, title: str) -> None:
    events = [
        RULES, opened(1, title=title, labels=(title[:50],), author=title[:30], base=title[:40]),
        *ran(1, {title: f"failure:{title[:200]}"}),
    ]  # fmt: skip
    with shown(tmp_path, events) as one:
        assert "<script>document" not in one.page
        assert "<b>bold" not in one.page
        assert 'href="https://evil' not in one.page


def test_a_page_and_its_twin_show_the_same(tmp_path: Path) -> None:
    with shown(tmp_path, town()) as one:
        for check in one.told["checks"]:
            assert check["name"].rpartition(" / ")[2] in one.text
            assert check["state"] in one.text
            for said in check["whose"]["evidence"] if check["whose"] else ():
                assert said in one.text
        for line in (*one.told["gate"], *one.told["trust"], *one.told["to_do"]):
            assert line.strip().partition(", read")[0] in one.text


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("7", (REPO, 7)),
        ("Acme/Rocket/7", (REPO, 7)),
        ("acme/other/7", None),
        ("07", None),
        ("x", None),
        ("1/2", None),
        ("99999999999", None),
    ],
)
def test_an_address_means_one_pull_request_or_none(
    address: str, place: tuple[Repo, int] | None
) -> None:
    assert pull_place(COMMUNITY, address) == place


def test_whose_a_failure_is_says_the_page_as_why_does(tmp_path: Path) -> None:
    broken = Ran(conclusion="failure", step="Run tests")
    events = [*town(), *night(0, {"test (a)": broken}), *night(1, {"test (a)": broken})]
    with scene(tmp_path, events) as world, world.knowledge() as knowledge:
        asked = received(verb="why", number=PullNumber(1))
        where = places(asked, knowledge)
        assert where.checks is not None
        (both,) = where.called("CI / test (a)", knowledge)
        why = blame_answer([both], where, asked, knowledge)
        story = pull_story(knowledge, where.checks, where.board, open_queue(knowledge))
        told = json.loads(pull_json(knowledge, story))

    (check,) = [one for one in told["checks"] if one["name"] == "CI / test (a)"]
    assert check["whose"]["blame"] == "the base branch's"
    assert f"{check['whose']['sure']} {check['whose']['blame']}" in plain(why.verdict)
    assert [plain(line) for line in why.sections[0].lines][:-1] == check["whose"]["evidence"]
