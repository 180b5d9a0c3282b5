"""What people change on issues and pull requests by saying it, and what becomes of it at GitHub."""

from pathlib import Path

import pytest

from chatops.events.changes import Edited, ReviewersChanged
from tests.scenarios.world import AUTHOR, BUILD, EXTRA, MEMBER, STRANGER, Town, town

pytestmark = pytest.mark.anyio

ISSUE = 12
ALL_WELL = ["eyes", "+1"]


def open_issue(here: Town, *, by: str = AUTHOR, labels: tuple[str, ...] = ()) -> None:
    here.repository.issue(number=ISSUE, author=by, title="It leaks", labels=labels)


async def test_an_issue_is_heard_as_pull_requests_are(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        open_issue(here)

        comment = here.say("/assign", on=ISSUE)
        await here.settle()

        assert here.repository.issues[ISSUE].assignees == [MEMBER]
        assert here.reactions(comment) == ALL_WELL
        assert here.replies_on(ISSUE) == []


async def test_what_is_about_a_pull_request_is_refused_on_an_issue(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        open_issue(here)

        here.say("/retest", on=ISSUE)
        await here.settle()

        [reply] = here.replies_on(ISSUE)
        assert "`retest` is about a pull request, and this is an issue." in reply


async def test_an_opening_text_speaks_and_an_edit_adds_to_it(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        here.repository.issue(number=ISSUE, author=MEMBER, body="It leaks.\n\n/assign")
        await here.settle()
        assert here.repository.issues[ISSUE].assignees == [MEMBER]

        here.pass_time(60)
        here.repository.rewrite(
            ISSUE, "It leaks.\n\n/assign\n/retitle It leaks badly", actor=MEMBER
        )
        await here.settle()

        assert here.repository.issues[ISSUE].title == "It leaks badly"
        assert len(await here.stories()) == 2


async def test_whom_github_leaves_out_in_silence_is_named(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        open_issue(here)

        here.say("/assign @hubot, @nobody-here", on=ISSUE)
        await here.settle()

        assert here.repository.issues[ISSUE].assignees == [AUTHOR]
        [reply] = here.replies_on(ISSUE)
        assert "Assigned `hubot`." in reply
        assert "could not assign `nobody-here`" in reply


async def test_one_reviewer_who_cannot_be_asked_does_not_stop_the_others(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()
        here.repository.teams.add("pilots")

        here.say("/cc @newcomer @nobody-here @acme/pilots")
        await here.settle()

        assert (pull.reviewers, pull.review_teams) == ([STRANGER], ["pilots"])
        assert "could not ask `nobody-here`" in here.reply

        here.say("/uncc @acme/pilots")
        await here.settle()

        assert pull.review_teams == []


async def test_an_issue_goes_through_its_life(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        open_issue(here, labels=("lifecycle/stale",))
        here.repository.milestone("3.2")
        for label in ("lifecycle/active", "good first issue", "help wanted"):
            here.repository.label(label)
        issue = here.repository.issues[ISSUE]

        here.say(
            '/lifecycle active\n/good-first-issue\n/milestone 3.2\n/retitle "Fins" leak, why?',
            on=ISSUE,
        )
        await here.settle()

        assert set(issue.labels) == {"lifecycle/active", "help wanted", "good first issue"}
        assert here.repository.milestones[issue.milestone or 0].title == "3.2"
        assert issue.title == '"Fins" leak, why?'

        here.say("/close not-planned", on=ISSUE, by=AUTHOR)
        await here.settle()
        assert (issue.state, issue.state_reason) == ("closed", "not_planned")

        here.say("/reopen", on=ISSUE, by=AUTHOR)
        await here.settle()
        assert issue.state == "open"
        assert here.replies_on(ISSUE) == []


async def test_an_author_opens_again_only_what_they_closed(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        open_issue(here)
        here.repository.close(ISSUE, actor=MEMBER)

        here.say("/reopen", on=ISSUE, by=AUTHOR)
        await here.settle()

        assert here.repository.issues[ISSUE].state == "closed"
        [reply] = here.replies_on(ISSUE)
        assert "`mona` closed #" in reply


async def test_a_group_is_called_once_in_a_while(database_url: str, tmp_path: Path) -> None:
    owned = "    maintainers: [{regex: fins, group: Fins, owners: [{github: alice}, {fullname: Bob}]}]\n"
    async with town(database_url, tmp_path, extra=owned) as here:
        open_issue(here)

        here.say("/ping Fins they fell off, cc @acme/everybody", on=ISSUE)
        await here.settle()
        [reply] = here.replies_on(ISSUE)
        assert "Fins: @alice, Bob" in reply
        assert "@acme/everybody" not in reply

        here.say("/ping fins and again", on=ISSUE)
        await here.settle()
        [_, again] = here.replies_on(ISSUE)
        assert "was called here on" in again
        assert "@alice" not in again


@pytest.mark.parametrize("text", ["/assign", "/close", "/retitle Mine", "/milestone 3.2"])
async def test_a_stranger_changes_nothing(database_url: str, tmp_path: Path, text: str) -> None:
    async with town(database_url, tmp_path) as here:
        open_issue(here)
        issue = here.repository.issues[ISSUE]

        here.say(text, on=ISSUE, by=STRANGER)
        await here.settle()

        assert (issue.assignees, issue.state, issue.title) == ([], "open", "It leaks")
        [reply] = here.replies_on(ISSUE)
        assert "Ask one of them to say it." in reply


async def test_a_milestone_that_is_not_there_is_answered_with_those_that_are(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        open_issue(here)
        here.repository.milestone("3.2")
        here.repository.milestone("3.1", is_open=False)

        here.say("/milestone 3.3", on=ISSUE)
        await here.settle()

        [reply] = here.replies_on(ISSUE)
        assert "no open milestone `3.3`. Open are: `3.2`." in reply


async def test_opening_again_warns_where_it_starts_the_ci(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, extra=EXTRA) as here:
        pull = here.open_pull()
        here.repository.run(workflow="CI", pull=pull, jobs=[BUILD])
        here.pass_time()
        here.repository.close(pull.number, actor=MEMBER)
        await here.settle()

        here.say("/reopen")
        await here.settle()
        assert pull.state == "closed"
        assert "starts its CI from the beginning: 1 job" in here.reply

        here.say("/reopen now")
        await here.settle()
        assert pull.state == "open"


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ("/assign @hubot", MEMBER),
        ("/close not-planned", AUTHOR),
        ("/retitle It flies", AUTHOR),
        ("/milestone 3.2", MEMBER),
        ("/lifecycle frozen", MEMBER),
        ("/good-first-issue", MEMBER),
        ("/label bug", MEMBER),
    ],
)
async def test_what_was_changed_on_an_issue_is_taken_back(
    database_url: str, tmp_path: Path, said: str, by: str
) -> None:
    async with town(database_url, tmp_path) as here:
        for label in (
            "lifecycle/frozen",
            "lifecycle/stale",
            "help wanted",
            "good first issue",
            "bug",
        ):
            here.repository.label(label)
        here.repository.milestone("3.2")
        open_issue(here, labels=("lifecycle/stale",))
        issue = here.repository.issues[ISSUE]

        def state() -> object:
            return (
                sorted(issue.labels), list(issue.assignees), issue.title, issue.state, issue.milestone,
            )  # fmt: skip

        before = state()
        here.say(said, on=ISSUE, by=by)
        await here.settle()
        assert state() != before
        comment = here.say("/undo", on=ISSUE, by=by)
        await here.settle()

        assert state() == before, here.replies_on(ISSUE)
        assert here.reactions(comment) == ALL_WELL


async def test_what_somebody_changed_since_is_not_taken_back(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        open_issue(here)
        here.say("/retitle It flies", on=ISSUE)
        await here.settle()
        here.repository.retitle(ISSUE, "It swims", actor=AUTHOR)

        here.say("/undo", on=ISSUE)
        await here.settle()

        assert here.repository.issues[ISSUE].title == "It swims"
        [reply] = here.replies_on(ISSUE)
        assert "is `It swims` now, not `It flies`" in reply


async def test_commands_of_one_comment_see_what_the_one_before_did(
    database_url: str, tmp_path: Path
) -> None:
    extra = "    labels: {prefixes: [sig]}\n"
    async with town(database_url, tmp_path, extra=extra) as here:
        for label in ("sig/testing", "sig/node"):
            here.repository.label(label)
        open_issue(here, labels=("sig/testing",))
        issue = here.repository.issues[ISSUE]

        here.say(
            "/assign @hubot\n/unassign @hubot\n/remove-sig testing\n/sig node testing\n"
            "/retitle It leaks badly\n/undo",
            on=ISSUE,
        )
        await here.settle()

        assert issue.assignees == []
        assert set(issue.labels) == {"sig/node", "sig/testing"}
        assert issue.title == "It leaks"
        assert here.replies_on(ISSUE) == []


async def test_a_long_comment_of_commands_comes_to_its_end_in_order(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        open_issue(here)
        titles = [f"It leaks, and that is the {number}th time" for number in range(12)]

        here.say("\n".join(f"/retitle {title}" for title in titles), on=ISSUE)
        await here.settle()

        assert here.repository.issues[ISSUE].title == titles[-1]
        changed = [one.event for one in await here.events() if isinstance(one.event, Edited)]
        assert [one.value for one in changed] == titles


async def test_turns_survive_a_restart(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        open_issue(here)
        titles = [f"It leaks, and that is the {number}th time" for number in range(6)]

        here.say("\n".join(f"/retitle {title}" for title in titles), on=ISSUE)
        await here.hub.webhooks.drained()
        await here.stop()
        await here.start(database_url)
        await here.settle()

        changed = [one.event for one in await here.events() if isinstance(one.event, Edited)]
        assert [one.value for one in changed] == titles


async def test_what_cannot_be_done_does_not_keep_the_rest_of_the_comment_waiting(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        open_issue(here)

        here.say("/milestone none-of-that-name\n/frobnicate\n/lable x\n/assign @hubot", on=ISSUE)
        await here.settle()

        assert here.repository.issues[ISSUE].assignees == [AUTHOR]


async def test_who_was_asked_before_a_call_failed_to_say_so_was_asked_by_it(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()
        here.hub.fail("502_after", method="POST", path="/requested_reviewers$")

        here.say("/cc @newcomer")
        await here.settle()
        await here.hurry()
        [changed] = [
            one.event for one in await here.events() if isinstance(one.event, ReviewersChanged)
        ]
        asked = list(pull.reviewers)
        here.say("/undo")
        await here.settle()

        assert (changed.added, changed.unchanged) == (("newcomer",), ())
        assert (asked, pull.reviewers) == (["newcomer"], [])
