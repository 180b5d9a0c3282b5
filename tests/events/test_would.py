"""What a dry run says of what is only written down."""

from typing import Any

import pytest

from chatops.events import Event, in_code
from chatops.events.approvals import ApprovalGiven, ApprovalWithdrawn
from chatops.events.conversation import CommandTakenBack
from chatops.events.identities import LinkOffered
from chatops.events.picks import PickPromised
from chatops.events.pings import GroupsCalled
from chatops.events.reruns import RerunDeferred
from chatops.events.subscriptions import SubscriptionBegun, SubscriptionEnded, Topic
from chatops.events.trust import TrustGiven, TrustWithdrawn
from chatops.names import CommandId, Login, RunId
from tests.scene import COMMAND, HEAD, NOW, PULL, REPO

PLACE: dict[str, Any] = {"command": COMMAND, "repo": REPO, "number": PULL}
SEEN: dict[str, Any] = {**PLACE, "sha": HEAD}
WHO: dict[str, Any] = {"command": COMMAND, "community": "acme", "by": "mona", "at": NOW}
COMMIT = f"`{HEAD[:9]}`"


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (
            TrustGiven(**SEEN, by=Login("mona"), decided_at=NOW),
            f"Would let the tests of #7 run, for the commit {COMMIT}.",
        ),
        (
            TrustWithdrawn(**SEEN, by=Login("mona"), decided_at=NOW),
            f"Would let the tests of #7 run no longer, for the commit {COMMIT}.",
        ),
        (
            ApprovalGiven(**SEEN, grade="lgtm", by=Login("mona")),
            f"Would note that #7 at the commit {COMMIT} looks good to `mona`.",
        ),
        (
            ApprovalGiven(**SEEN, grade="approve", by=Login("mona"), stands_for=("mona", "acme/x")),
            f"Would note that `mona` approves #7 at the commit {COMMIT}, for the files of `mona`, `acme/x`.",
        ),
        (
            ApprovalGiven(
                **SEEN, grade="approve", by=Login("mona"), stands_for=("mona",), no_issue=True
            ),
            (f"Would note that `mona` approves #7 at the commit {COMMIT}, for the files of `mona`, "
            "and that it needs no issue."),
        ),
        (
            ApprovalWithdrawn(**SEEN, grade="approve", whose=Login("mona")),
            "Would let the `/approve` of `mona` on #7 count no longer.",
        ),
        (
            PickPromised(**PLACE, branches=("stable-1", "stable-2"), by="mona"),
            "Would open pull requests with what #7 changes on `stable-1`, `stable-2`, once it is merged.",
        ),
        (
            GroupsCalled(command=COMMAND, place="acme/rocket#7", groups=("snp",)),
            "Would call the people of `snp` here.",
        ),
        (
            SubscriptionBegun(
                **WHO,
                subscriber="person/mona",
                topics=(Topic(what="nightly"), Topic(what="job", name="CI / a")),
            ),
            "Would tell you in Slack what changes with `nightly`, `CI / a`.",
        ),
        (
            SubscriptionEnded(**WHO, subscriber="channel/T1/C1", topics=(Topic(what="nightly"),)),
            "Would tell this channel nothing more of `nightly`.",
        ),
        (
            CommandTakenBack(command=COMMAND, undone=CommandId("command/x"), said="/label area/ci"),
            "Would take back `/label area/ci`.",
        ),
        (
            LinkOffered(command=COMMAND, team="T1", user="U1", expires_at=NOW),
            "Would send an address, to you alone, at which you show who you are on GitHub.",
        ),
        (
            RerunDeferred(
                command=COMMAND, repo=REPO, sha=HEAD, run_id=RunId(9), attempt=2, workflow="CI", scope="failed"
            ),
            "Would run what has failed of `CI` again, once attempt 2 has ended.",
        ),
    ],
)  # fmt: skip
def test_it_is_told_what_it_would_mean(event: Event, said: str) -> None:
    assert event.would() == said


def test_of_many_names_the_first_are_told_and_none_ends_the_code() -> None:
    assert in_code(["a`b", "c", "d"], most=2) == "`ab`, `c` and 1 more"
