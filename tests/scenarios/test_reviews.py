"""Approving and merging: what people say on a pull request, what GitHub shows of it, and what becomes of it."""

from pathlib import Path

import pytest

from tests.scenarios.world import AUTHOR, MEMBER, PULL, STRANGER, Town, town

pytestmark = pytest.mark.anyio

OWNED = "    approvals: {owners: owners}\n"
BY_REVIEW = (
    "    approvals: {owners: codeowners, review_acts_as_lgtm: true, review_acts_as_approve: true}\n"
)
LGTM, APPROVED = "chatops/lgtm", "chatops/approved"
ROOT = "approvers: [mona]\n"
DOCS = "approvers: [alice]\n"


def owned(here: Town) -> None:
    """Give the repository two folders with owners of their own."""
    here.repository.write_file("OWNERS", ROOT)
    here.repository.write_file("docs/OWNERS", f"options: {{no_parent_owners: true}}\n{DOCS}")
    here.repository.user("alice", permission="read")


def shown(here: Town, context: str) -> tuple[str, str]:
    """Return what a status says of the head."""
    pull = here.repository.pulls[PULL]
    (status,) = (one for one in here.repository.statuses[pull.head_sha] if one.context == context)
    return status.state, status.description


async def test_a_look_at_a_commit_is_shown_on_it_and_a_push_asks_for_another(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        here.open_pull()

        comment = here.say("/lgtm")
        await here.settle()

        assert shown(here, LGTM) == ("success", "mona said /lgtm")
        assert here.reactions(comment) == ["eyes", "+1"]
        assert here.replies == []

        here.pass_time(10)
        here.repository.push_to_pull(PULL)
        await here.settle()

        assert shown(here, LGTM) == ("pending", "Nobody has said /lgtm for this commit")
        assert "a push put an end to it" in here.reply
        assert here.repository.pulls[PULL].labels == ["ok-to-test"]


async def test_a_look_goes_on_where_a_push_leaves_all_files_as_they_were(
    database_url: str, tmp_path: Path
) -> None:
    extra = "    approvals: {keep_lgtm_of_same_files: true, lgtm_label: lgtm}\n"
    async with town(database_url, tmp_path, extra=extra) as here:
        here.repository.label("lgtm")
        pull = here.open_pull(labels=())
        here.say("/lgtm")
        await here.settle()

        here.pass_time(10)
        here.repository.push_to_pull(PULL, amends=True)
        await here.settle()

        assert shown(here, LGTM) == ("success", "mona said /lgtm")
        assert (here.replies, pull.labels) == ([], ["lgtm"])

        await here.stop()
        await here.start(database_url)
        here.pass_time(10)
        here.repository.push_to_pull(PULL)
        await here.settle()

        assert shown(here, LGTM) == ("pending", "Nobody has said /lgtm for this commit")
        assert "a push put an end to it" in here.reply
        assert pull.labels == []


async def test_a_look_does_not_count_before_it_is_known_that_all_files_stayed(
    database_url: str, tmp_path: Path
) -> None:
    extra = "    approvals: {keep_lgtm_of_same_files: true}\n"
    async with town(database_url, tmp_path, extra=extra) as here:
        pull = here.open_pull()
        here.say("/lgtm")
        await here.settle()

        here.pass_time(10)
        here.hub.fail("502", path=".*/git/commits/.*", times=1000)
        here.repository.push_to_pull(PULL, amends=True)
        await here.settle()

        assert here.repository.statuses[pull.head_sha] == []
        assert here.replies == []

        here.hub.gate.faults.clear()
        await here.hurry()

        assert shown(here, LGTM) == ("success", "mona said /lgtm")


@pytest.mark.parametrize("by", [AUTHOR, STRANGER])
async def test_neither_the_author_nor_a_stranger_finds_it_good(
    database_url: str, tmp_path: Path, by: str
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()

        here.say("/lgtm", by=by)
        await here.settle()

        assert here.repository.statuses[pull.head_sha] == []
        said = "your own pull request" if by == AUTHOR else "members and collaborators"
        assert said in here.reply


async def test_every_owner_has_to_approve_their_part(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, extra=OWNED) as here:
        owned(here)
        here.repository.pull(number=PULL, author=AUTHOR, files=["src/fins.py", "docs/fins.md"])
        await here.settle()

        assert shown(here, APPROVED) == ("pending", "Needs /approve by an owner of /, docs/")

        here.say("/approve")
        await here.settle()

        assert shown(here, APPROVED) == ("pending", "Needs /approve by an owner of docs/")
        assert "1 file still needs an owner" in here.reply
        assert "by alice" in here.reply

        comment = here.say("/approve", by="alice")
        await here.settle()

        assert shown(here, APPROVED)[0] == "success"
        assert here.reactions(comment) == ["eyes", "+1"]

        here.say("/approve cancel")
        await here.settle()

        assert shown(here, APPROVED) == ("pending", "Needs /approve by an owner of /")


async def test_where_it_has_to_an_approved_change_names_an_issue(
    database_url: str, tmp_path: Path
) -> None:
    extra = "    approvals: {owners: owners, issue_required: true, approved_label: approved}\n"
    async with town(database_url, tmp_path, extra=extra) as here:
        owned(here)
        here.repository.label("approved")
        pull = here.repository.pull(number=PULL, author=AUTHOR, files=["docs/fins.md"])
        here.say("/approve", by="alice")
        await here.settle()

        assert shown(here, APPROVED) == ("pending", "Names no issue in its title or text")
        assert "Every file is approved, but no issue is named." in here.reply
        assert pull.labels == []

        here.pass_time(10)
        here.repository.rewrite(PULL, "Fixes: #12", actor=AUTHOR)
        await here.settle()

        assert shown(here, APPROVED)[0] == "success"
        assert pull.labels == ["approved"]

        here.pass_time(10)
        here.repository.rewrite(PULL, "It flies.", actor=AUTHOR)
        await here.settle()

        assert shown(here, APPROVED)[0] == "pending"
        assert pull.labels == []

        comment = here.say("/approve no-issue", by="alice")
        await here.settle()

        assert shown(here, APPROVED)[0] == "success"
        assert here.reactions(comment) == ["eyes", "+1"]


async def test_who_owns_nothing_approves_nothing(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, extra=OWNED) as here:
        owned(here)
        here.repository.user("bob", permission="write")
        here.repository.pull(number=PULL, author=AUTHOR, files=["docs/fins.md"])

        here.say("/approve", by="bob")
        await here.settle()

        assert shown(here, APPROVED)[0] == "pending"
        assert "You own none of the files" in here.reply
        assert "`docs/` by alice" in here.reply


async def test_where_the_owners_cannot_be_read_a_look_still_counts(
    database_url: str, tmp_path: Path
) -> None:
    extra = "    approvals: {owners: owners, branch: gone}\n"
    async with town(database_url, tmp_path, extra=extra) as here:
        here.open_pull()

        here.say("/lgtm")
        await here.settle()

        assert shown(here, LGTM)[0] == "success"

        here.say("/approve")
        await here.settle()

        assert "I could not find out who owns the files" in here.reply


async def test_a_review_counts_where_that_is_wanted_until_it_is_dismissed(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, extra=BY_REVIEW) as here:
        here.repository.write_file(".github/CODEOWNERS", "* @acme/rockets\n")
        here.repository.merging.teams["acme/rockets"] = {MEMBER}
        here.repository.pull(number=PULL, author=AUTHOR, files=["docs/fins.md"])

        review = here.repository.review(PULL, author=MEMBER, state="approved")
        await here.settle()

        assert shown(here, LGTM)[0] == "success"
        assert shown(here, APPROVED)[0] == "success"
        assert here.repository.pulls[PULL].comments == []

        here.repository.dismiss(PULL, review, actor=AUTHOR)
        await here.settle()

        assert shown(here, LGTM)[0] == "pending"
        assert shown(here, APPROVED)[0] == "pending"


async def test_a_review_that_changes_nothing_is_not_answered(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, extra=BY_REVIEW) as here:
        here.repository.write_file("CODEOWNERS", "* @alice\n")
        pull = here.repository.pull(number=PULL, author=AUTHOR)

        here.repository.review(PULL, author=MEMBER, state="changes_requested")
        here.repository.review(PULL, author=MEMBER, state="commented", body="Well.")
        await here.settle()

        assert pull.comments == []
        assert [(one.context, one.state) for one in here.repository.statuses[pull.head_sha]] == [
            (APPROVED, "pending")
        ]

        here.repository.review(PULL, author=STRANGER, state="approved")
        await here.settle()

        assert "members and collaborators" in here.reply


async def test_github_merges_once_what_it_requires_is_there(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, extra=OWNED) as here:
        owned(here)
        here.repository.required_checks = [LGTM, APPROVED]
        pull = here.repository.pull(number=PULL, author=AUTHOR, files=["docs/fins.md"])
        await here.settle()

        here.say("/merge")
        await here.settle()

        assert pull.state == "open"
        assert "by itself once everything it requires is there" in here.reply
        assert here.repository.merging.auto_merge.keys() == {PULL}

        here.say("/approve", by="alice")
        await here.settle()
        here.say("/lgtm")
        await here.settle()

        assert pull.merged_at is not None


async def test_a_merge_that_is_waited_for_can_be_cancelled(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        here.repository.required_checks = [LGTM]
        pull = here.open_pull()
        here.say("/merge")
        await here.settle()

        comment = here.say("/merge cancel")
        await here.settle()
        here.say("/lgtm")
        await here.settle()

        assert pull.state == "open"
        assert here.reactions(comment) == ["eyes", "+1"]


async def test_what_nothing_is_missing_of_is_merged_at_once(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()

        comment = here.say("/merge")
        await here.settle()

        assert pull.merged_at is not None
        assert here.reactions(comment) == ["eyes", "+1"]


async def test_where_there_is_a_queue_it_waits_its_turn(database_url: str, tmp_path: Path) -> None:
    extra = "    merging: {by: merge-queue}\n"
    async with town(database_url, tmp_path, extra=extra) as here:
        here.repository.merging.has_queue = True
        pull = here.open_pull()

        here.say("/merge")
        await here.settle()

        assert here.repository.merging.queue == [PULL]
        assert "is in the merge queue" in here.reply

        here.repository.merge_next(actor=MEMBER)
        assert pull.merged_at is not None


async def test_who_may_not_merge_on_github_may_not_here(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()

        here.say("/merge", by=AUTHOR)
        await here.settle()

        assert pull.state == "open"
        assert "write access" in here.reply


async def test_authors_bring_their_branch_up_to_date(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()
        here.repository.merging.behind.add(PULL)
        before = pull.head_sha

        comment = here.say("/update-branch", by=AUTHOR)
        await here.settle()

        assert pull.head_sha != before
        assert here.reactions(comment) == ["eyes", "+1"]

        here.say("/update-branch")
        await here.settle()

        assert "has everything of its base branch already" in here.reply


async def test_a_merged_change_goes_to_another_branch_also_when_it_was_promised_before(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        repository = here.repository
        repository.commit_to("main", {"fins": "none"})
        repository.branches["stable"] = repository.branches["main"]
        repository.commit_to("stable", {"version": "1"})
        repository.git.changes[PULL] = {"fins": "four"}
        here.open_pull()

        here.say("/cherry-pick stable")
        await here.settle()

        assert "is merged, I open a pull request with it for `stable`." in here.reply

        here.pass_time(10)
        repository.close_pull(PULL, actor=MEMBER, merge=True)
        await here.settle()

        (picked,) = (one for one in repository.pulls.values() if one.base_branch == "stable")
        assert repository.commit_at(picked.head_sha).files["fins"] == "four"
        assert "Picked for 1 of 1 branch." in here.reply
        assert f"/pull/{picked.number})" in here.reply
