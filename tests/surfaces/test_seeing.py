from collections.abc import Mapping, Sequence

import anyio
import pytest
from starlette.requests import Request

from chatops.engine.sessions import Session
from chatops.errors import Transient
from chatops.names import Login, Repo
from chatops.ports import Permission
from chatops.surfaces.seeing import CLOSED_GOOD_FOR, GOOD_FOR, Seeing

ROCKET, LANDER = Repo("acme/rocket"), Repo("acme/lander")
MONA = Session(login=Login("mona"), github_id=7, csrf="x")


class Door:
    """Who may see what, with GitHub's part played; `asked` are the questions it was asked."""

    def __init__(
        self, *closed: Repo, may: Mapping[Repo, Permission | Transient] | None = None
    ) -> None:
        self.repos: Sequence[Repo] = closed
        self.may_do = may or {}
        self.moment = 0.0
        self.asked: list[Repo] = []
        self.somebody: Session | None = MONA
        self._seeing = Seeing(
            closed=lambda _community: self.repos,
            ask=self._ask,
            session=lambda _cookies: self.somebody,
            token="operators",
            now=lambda: self.moment,
        )

    async def _ask(self, repo: Repo, login: Login, *, account: int = 0) -> Permission:
        assert (login, account) == ("mona", 7)
        self.asked.append(repo)
        answer = self.may_do[repo]
        if isinstance(answer, Transient):
            raise answer
        return answer

    def opens(self, **headers: str) -> bool:
        """Return whether a request is let in."""
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        request = Request({"type": "http", "headers": sent})
        return anyio.run(self._seeing.may, None, request)


def test_what_is_open_is_for_everybody_and_nobody_is_asked() -> None:
    door = Door()
    door.somebody = None

    assert door.opens()
    assert door.asked == []


def test_what_is_closed_is_for_those_who_see_all_of_it() -> None:
    both = Door(ROCKET, LANDER, may={ROCKET: Permission.READ, LANDER: Permission.ADMIN})
    one = Door(ROCKET, LANDER, may={ROCKET: Permission.READ, LANDER: Permission.NONE})

    assert both.opens()
    assert not one.opens()


def test_what_is_not_known_is_no() -> None:
    nobody = Door(ROCKET)
    nobody.somebody = None

    assert not nobody.opens()
    assert not Door(ROCKET, may={ROCKET: Permission.UNKNOWN}).opens()


def test_where_github_does_not_answer_that_is_said() -> None:
    with pytest.raises(Transient, match="away"):
        Door(ROCKET, may={ROCKET: Transient("GitHub is away.")}).opens()


def test_what_github_said_is_remembered_for_a_while() -> None:
    door = Door(ROCKET, may={ROCKET: Permission.READ})

    assert door.opens()
    assert door.opens()
    assert door.asked == [ROCKET]
    door.may_do = {ROCKET: Permission.NONE}
    door.moment += GOOD_FOR
    assert not door.opens()


def test_that_something_is_closed_counts_within_seconds() -> None:
    door = Door()
    door.somebody = None
    assert door.opens()

    door.repos = [ROCKET]
    door.moment += CLOSED_GOOD_FOR

    assert not door.opens()


def test_operators_programs_are_let_in_with_their_token_alone() -> None:
    door = Door(ROCKET)
    door.somebody = None

    assert door.opens(authorization="Bearer operators")
    assert not door.opens(authorization="Bearer operator")
    assert not door.opens(authorization="Basic operators")
