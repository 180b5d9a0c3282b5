import pytest

from chatops.engine.authority import Role, Standing, authorise
from chatops.errors import Refused
from chatops.names import Login
from chatops.ports import Permission
from tests.scene import COMMUNITY, received

MONA = Login("mona")


def ground(standing: Standing, role: Role = Role.TESTER) -> str:
    return authorise(role, received(), standing, COMMUNITY).ground


def refusal(standing: Standing) -> Refused:
    with pytest.raises(Refused) as refused:
        ground(standing)
    return refused.value


@pytest.mark.parametrize("permission", [Permission.WRITE, Permission.MAINTAIN, Permission.ADMIN])
def test_who_may_write_may_test(permission: Permission) -> None:
    assert ground(Standing(login=MONA, permission=permission)) == f"permission {permission}"


@pytest.mark.parametrize("association", ["OWNER", "MEMBER", "COLLABORATOR"])
def test_people_of_the_house_may_test(association: str) -> None:
    assert ground(Standing(login=MONA, association=association)) == association.lower()


@pytest.mark.parametrize(
    "association", ["CONTRIBUTOR", "FIRST_TIME_CONTRIBUTOR", "NONE", "", "member"]
)
@pytest.mark.parametrize("permission", [Permission.NONE, Permission.READ, Permission.TRIAGE])
def test_others_may_not(association: str, permission: Permission) -> None:
    refused = refusal(Standing(login=MONA, permission=permission, association=association))

    assert refused.reason == "not_permitted"
    assert "members and collaborators" in refused.text


def test_the_author_may_once_the_label_is_there() -> None:
    author = Standing(
        login=MONA,
        permission=Permission.READ,
        author=Login("Mona"),
        labels=frozenset({"ok-to-test"}),
    )

    assert ground(author) == "author after ok-to-test"


def test_the_author_is_told_which_label_is_missing() -> None:
    refused = refusal(Standing(login=MONA, permission=Permission.READ, author=MONA))

    assert refused.reason == "label_missing"
    assert "`ok-to-test`" in refused.text


def test_a_label_does_not_let_strangers_in() -> None:
    stranger = Standing(
        login=MONA,
        permission=Permission.READ,
        author=Login("hubot"),
        labels=frozenset({"ok-to-test"}),
    )

    assert refusal(stranger).reason == "not_permitted"


def test_nobody_is_not_the_author_of_anything() -> None:
    assert not Standing(author=Login("")).is_author


def test_what_is_unknown_is_refused_and_said_to_be_unknown() -> None:
    refused = refusal(Standing(login=MONA))

    assert refused.reason == "permission_unknown"
    assert "could not find out" in refused.text


def test_anyone_may_ask() -> None:
    assert ground(Standing(), Role.ANYONE) == "anyone"


def test_who_owns_or_reviews_changed_files_may_say_how_they_look() -> None:
    owner = Standing(login=MONA, permission=Permission.READ, names=frozenset({"mona"}))

    assert ground(owner, Role.REVIEWER) == "owner"


def test_whether_somebody_is_in_a_team_is_not_guessed() -> None:
    unsure = Standing(login=MONA, permission=Permission.READ, unsure=("acme/rockets",))

    with pytest.raises(Refused) as refused:
        ground(unsure, Role.REVIEWER)

    assert refused.value.reason == "team_unknown"
    assert "`acme/rockets`" in refused.value.text


def test_authors_may_push_to_their_own_branch_and_writers_too() -> None:
    author = Standing(login=MONA, permission=Permission.READ, author=MONA)

    assert ground(author, Role.PUSHER) == "author"
    assert ground(Standing(login=MONA, permission=Permission.WRITE), Role.PUSHER) == "permission write"  # fmt: skip
