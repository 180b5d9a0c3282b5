"""Letting the tests in, overriding and skipping: what maintainers say, and what GitHub shows then."""

from pathlib import Path

import pytest

from chatops.standins.github import PlannedJob
from tests.scenarios.world import AUTHOR, STRANGER, Town, town

pytestmark = pytest.mark.anyio

TRUST = "    trust: {adds_label: true}\n"
APPROVING = "    trust: {approves_runs: true}\n"
STRICT = "    trust: {adds_label: true, again_after_push: true}\n"


def statuses(here: Town) -> dict[str, tuple[str, str]]:
    """Return what the head's statuses say, by context."""
    pull = here.repository.pulls[7]
    return {
        one.context: (one.state, one.description) for one in here.repository.statuses[pull.head_sha]
    }


async def test_the_tests_are_let_in_for_one_commit(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, extra=TRUST) as here:
        here.repository.label("ok-to-test")
        here.repository.workflow(
            "CI", event="pull_request_target", triggers={"labeled"}, gate_label="ok-to-test",
            jobs=[PlannedJob("build")],
        )  # fmt: skip
        pull = here.open_pull(labels=())
        here.pass_time(10)

        here.say("/ok-to-test")
        await here.let_ci_end()

        assert statuses(here)["chatops/ok-to-test"] == (
            "success",
            "mona has let in the tests of this commit",
        )
        assert pull.labels == ["ok-to-test"]
        assert "The tests may run on" in here.reply
        order = [call.path.rpartition("/")[2] for call in here.calls if call.method == "POST"]
        assert order.index(pull.head_sha) < order.index("labels")
        (run,) = here.repository.runs.values()
        assert run.latest.conclusion == "success"


async def test_runs_that_wait_for_an_approval_begin_and_are_followed_to_their_end(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, extra=APPROVING) as here:
        pull = here.open_pull(labels=())
        held = here.repository.run(
            workflow="CI", pull=pull, jobs=[PlannedJob("build", outcomes=("failure",))], held=True
        )
        here.say("/ok-to-test --dry-run")
        await here.settle()
        assert f"Would approve `CI`, run {held.id}" in here.reply
        assert held.latest.conclusion == "action_required"

        here.say("/ok-to-test")
        await here.settle()
        await here.stop()
        await here.start(database_url)
        await here.let_ci_end()
        here.say("/ok-to-test")
        await here.settle()
        here.say("/retest")
        await here.settle()

        approvals = [call for call in here.calls if call.path.endswith("/approve")]
        assert [call.status for call in approvals] == [201]
        assert "CI: approved" in here.replies[1].body
        assert "has let in the tests of" in here.replies[2].body
        # The attempt that waited is the one that ran and failed.
        assert here.reruns == ["rerun CI / build"]


async def test_without_the_label_the_author_may_still_run_what_failed_again(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = await here.open_failed_pull(labels=())
        here.say("/ok-to-test")
        await here.settle()

        here.say("/retest", by=AUTHOR)
        await here.settle()

        assert pull.labels == []
        assert len(here.reruns) == 3


@pytest.mark.parametrize("by", [AUTHOR, STRANGER])
async def test_letting_the_tests_in_is_for_those_with_write_access(
    database_url: str, tmp_path: Path, by: str
) -> None:
    async with town(database_url, tmp_path, extra=TRUST) as here:
        here.open_pull(labels=())

        here.say("/ok-to-test", by=by)
        await here.settle()

        assert statuses(here) == {}
        assert "people with write access" in here.reply


async def test_a_push_in_the_same_moment_is_not_let_in(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, extra=TRUST) as here:
        pull = here.open_pull(labels=())
        await here.settle()
        here.pass_time(10)

        here.repository.push_to_pull(7)
        here.say("/ok-to-test")
        await here.settle()

        assert statuses(here) == {}
        assert pull.labels == []
        assert f"say `/ok-to-test {pull.head_sha[:9]}`" in here.reply

        here.say(f"/ok-to-test {pull.head_sha[:9]}")
        await here.settle()

        assert statuses(here)["chatops/ok-to-test"][0] == "success"


async def test_it_can_be_taken_back(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path, extra=TRUST) as here:
        here.repository.label("ok-to-test")
        pull = here.open_pull(labels=())
        here.pass_time(10)
        here.say("/ok-to-test")
        await here.settle()

        here.say("/ok-to-test cancel")
        await here.settle()

        assert statuses(here)["chatops/ok-to-test"][0] == "failure"
        assert pull.labels == []


async def test_a_push_from_outside_is_held_back_where_that_is_wanted(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path, extra=STRICT) as here:
        here.repository.label("ok-to-test")
        here.repository.workflow(
            "CI", event="pull_request_target", triggers={"labeled", "synchronize"},
            gate_label="ok-to-test", jobs=[PlannedJob("build", seconds=600)],
        )  # fmt: skip
        pull = here.open_pull(labels=())
        here.pass_time(10)
        here.say("/ok-to-test")
        await here.let_ci_end()
        (seen,) = here.repository.runs.values()

        here.pass_time(60)
        here.repository.push_to_pull(7)
        await here.settle()

        assert pull.labels == []
        assert statuses(here)["chatops/ok-to-test"][0] == "pending"
        (unseen,) = (run for run in here.repository.runs.values() if run.id != seen.id)
        assert (seen.latest.conclusion, unseen.latest.conclusion) == ("success", "cancelled")
        assert len(here.replies) == 1

        here.pass_time(120)
        here.say("/ok-to-test")
        await here.let_ci_end()

        assert pull.labels == ["ok-to-test"]
        newest = max(here.repository.runs.values(), key=lambda run: run.id)
        assert newest.latest.conclusion == "success"


async def test_a_failed_status_is_overridden_with_a_reason(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()
        here.repository.status(pull.head_sha, "ci/external", "failure", description="Timed out")
        here.pass_time(10)

        here.say("/override ci/external the service is down")
        await here.settle()

        assert statuses(here)["ci/external"] == (
            "success",
            "Overridden by mona: the service is down",
        )
        assert "Overrode `ci/external`" in here.reply


async def test_a_status_nobody_told_of_is_found_all_the_same(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()
        await here.settle()
        here.hub.webhooks.pause()
        here.repository.status(pull.head_sha, "ci/external", "error")
        here.hub.webhooks.drop_waiting()
        here.hub.webhooks.resume()

        here.say("/override ci/external the service is down")
        await here.settle()

        assert statuses(here)["ci/external"][0] == "success"


async def test_a_job_of_github_actions_cannot_be_overridden(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        await here.open_failed_pull()

        here.say('/override "test (b)" it is flaky')
        await here.settle()

        assert statuses(here) == {}
        assert "would stand beside it and not replace it" in here.reply


async def test_an_author_overrides_nothing(database_url: str, tmp_path: Path) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()
        here.repository.status(pull.head_sha, "ci/external", "failure")

        here.say("/override ci/external please", by=AUTHOR)
        await here.settle()

        assert statuses(here)["ci/external"][0] == "failure"
        assert "people with write access" in here.reply


async def test_what_is_not_required_is_skipped_without_a_word(
    database_url: str, tmp_path: Path
) -> None:
    async with town(database_url, tmp_path) as here:
        pull = here.open_pull()
        here.repository.status(pull.head_sha, "optional", "pending")
        here.repository.status(pull.head_sha, "CI / test (a)", "failure")
        await here.service.looker.learn_required()
        here.pass_time(10)

        comment = here.say("/skip")
        await here.settle()

        assert statuses(here)["optional"] == ("success", "Skipped")
        assert statuses(here)["CI / test (a)"][0] == "failure"
        assert here.reactions(comment) == ["eyes", "+1"]
        assert here.replies == []
