import msgspec
import pytest

from chatops.config.shape import LeastRole
from chatops.engine.authority import Grant, Role, Standing, authorise, hangs_on_house
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


@pytest.mark.parametrize(
    ("role", "permission", "may"),
    [
        (Role.AUTHOR, Permission.TRIAGE, True),
        (Role.AUTHOR, Permission.READ, False),
        (Role.EDITOR, Permission.WRITE, True),
        (Role.EDITOR, Permission.TRIAGE, False),
    ],
)
def test_what_authors_may_others_may_by_their_role(
    role: Role, permission: Permission, *, may: bool
) -> None:
    other = Standing(login=MONA, permission=permission, author=Login("hubot"))
    author = Standing(login=MONA, permission=Permission.READ, author=MONA)

    assert ground(author, role) == "author"
    if may:
        assert ground(other, role) == f"permission {permission}"
    else:
        with pytest.raises(Refused, match="for its author"):
            ground(other, role)


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


def test_who_may_be_a_member_unseen_is_told_that_it_is_not_known() -> None:
    unknown = Standing(login=MONA, permission=Permission.READ, is_house_unknown=True)

    refused = refusal(unknown)

    assert refused.reason == "membership_unknown"
    assert "could not find out whether you are a member of `acme`" in refused.text


@pytest.mark.parametrize(
    ("standing", "asked"),
    [
        (Standing(login=MONA, permission=Permission.READ), True),
        (Standing(login=MONA, permission=Permission.READ, association="NONE"), True),
        (Standing(login=MONA, permission=Permission.READ, association="MEMBER"), False),
        (Standing(login=MONA, permission=Permission.WRITE), False),
        (Standing(login=MONA), False),
    ],
)
def test_github_is_asked_for_more_where_it_would_change_something(
    standing: Standing, *, asked: bool
) -> None:
    strict = msgspec.structs.replace(COMMUNITY, who_may={"retest": "write"})

    assert hangs_on_house(Role.TESTER, "retest", standing, COMMUNITY) is asked
    assert not hangs_on_house(Role.TRIAGER, "close", standing, COMMUNITY)
    assert not hangs_on_house(Role.ANYONE, "help", standing, COMMUNITY)
    assert not hangs_on_house(Role.TESTER, "retest", standing, strict)


NAMED = msgspec.structs.replace(
    COMMUNITY, also_may={"retest": ("top-owners", "acme/leads", "Tess")}
)


@pytest.mark.parametrize("name", ["top-owners", "acme/leads", "tess"])
def test_who_is_named_may_whatever_their_role(name: str) -> None:
    standing = Standing(login=MONA, permission=Permission.READ, listed=frozenset({name}))

    grant = authorise(Role.WRITER, received(), standing, NAMED)

    assert grant.ground.lower() == f"named: {name}"


def test_a_refusal_names_who_may_besides() -> None:
    with pytest.raises(Refused, match="and for owners of the top folder, `acme/leads`, `Tess`"):
        authorise(Role.WRITER, received(), Standing(login=MONA, permission=Permission.READ), NAMED)


def test_who_may_be_in_a_team_that_is_named_is_told_that_it_is_not_known() -> None:
    standing = Standing(login=MONA, permission=Permission.READ, unlisted=("acme/leads",))

    with pytest.raises(Refused, match="whether you are in the team `acme/leads`") as refused:
        authorise(Role.WRITER, received(), standing, NAMED)

    assert refused.value.reason == "team_unknown"


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


@pytest.mark.parametrize(
    ("rules", "verb", "is_enough"),
    [
        ({"label": "write"}, "label", False),
        ({"label": "write"}, "hold", False),
        ({"label": "write", "hold": "triage"}, "hold", True),
        ({"hold": "write"}, "label", True),
        ({"label": "anyone"}, "remove-label", True),
    ],
)
def test_a_rule_for_a_command_holds_for_all_of_its_words_that_have_none_of_their_own(
    rules: dict[str, LeastRole], verb: str, *, is_enough: bool
) -> None:
    community = msgspec.structs.replace(COMMUNITY, who_may=rules)
    triager = Standing(login=MONA, permission=Permission.TRIAGE)

    def ask() -> Grant:
        return authorise(Role.TRIAGER, received(verb=verb), triager, community, "label")

    if is_enough:
        assert ask().ground
    else:
        with pytest.raises(Refused, match="the role write or more"):
            ask()


def test_who_somebody_in_slack_is_on_github_is_not_guessed() -> None:
    for standing in (Standing(), Standing(permission=Permission.READ)):
        with pytest.raises(Refused) as refused:
            authorise(Role.TRIAGER, received(surface="slack", by="mona"), standing, COMMUNITY)

        assert refused.value.reason == "not_linked"
        assert "`/acme link`" in refused.value.text


def test_who_is_linked_has_the_rights_of_the_login() -> None:
    standing = Standing(login=MONA, permission=Permission.WRITE)

    grant = authorise(Role.TESTER, received(surface="slack", by="U1"), standing, COMMUNITY)

    assert grant.ground == "permission write"


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
