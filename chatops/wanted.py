"""A page that somebody wants: which one, of whom, in which format; and how it is sent, or why it is not."""

from collections.abc import Hashable, Mapping
from http import HTTPStatus

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from chatops.config import Community
from chatops.engine.moments import Moment
from chatops.errors import Refused
from chatops.looking_back import Underway
from chatops.sight import Sight
from chatops.surfaces.pages import Page, packed
from chatops.views.described import PROBLEMS, Problem
from chatops.views.formats import FORMS, Door
from chatops.views.missing import missing_page
from chatops.views.moment import (
    Asked,
    in_words,
    waiting_json,
    waiting_page,
    without_way_back,
    wrong_page,
)
from chatops.views.page import LIVE, sign_in_address

NOT_PUT_TOGETHER = "This moment could not be put together. Try again in a minute."
LOOKS_AGAIN = 2
"""Seconds after which a page that is not ready looks again."""


class Wanted(Struct, frozen=True):
    """A page that somebody wants: which one, of whom, in which format, and with which words."""

    door: Door
    community: Community
    form: str
    asked: Asked
    query: Mapping[str, str]
    compress: bool

    @property
    def is_a_page(self) -> bool:
        """Return whether it is for people, and whole: such a one says of when it is, and leads to other moments."""
        return self.form == "html" and not self.door.is_framed

    @property
    def place(self) -> Hashable:
        """Return what tells it from every other page that can be wanted of now."""
        words = tuple(sorted(self.query.items()))
        return (self.door.address, self.community.key, self.form, words, self.compress)

    @property
    def up(self) -> str:
        """Return what leads from the page's address to that of the community."""
        return "../" * self.door.view.place(self.query).count("/")

    def body(self, seen: Sight) -> str | None:
        """Return the page as it is made of what is known; nothing if there is none."""
        made = self.door.makes[self.form](seen, self.query)
        return made if made is None or self.is_a_page else without_way_back(made).replace(LIVE, "")

    def facts(self, seen: Sight) -> Mapping[str, object] | None:
        """Return what the page tells programs."""
        told = self.door.view.json(seen, self.query)
        return None if told is None else msgspec.json.decode(told, type=dict[str, object])

    def page(self, body: str, *, keeping: str = "") -> Page:
        """Return it as it is sent."""
        form = FORMS[self.form]
        page = packed(
            body.encode(), form.media_type, compress=self.compress, keeping=keeping or form.keeping
        )
        return replace(page, frames=self.community.embedded_in) if self.door.is_framed else page

    def waits(self, look: Underway) -> Page:
        """Return that it is not ready, and how far it is."""
        failed = look.has_failed
        if self.form == "json" and failed:
            return self.problem(HTTPStatus.SERVICE_UNAVAILABLE, NOT_PUT_TOGETHER)
        if self.form == "json":
            body = waiting_json(look.share)
        else:
            body = waiting_page(
                self.asked,
                name=self.community.title,
                up=self.up,
                share=look.share,
                has_failed=failed,
            )
        return replace(
            self.page(body, keeping="no-store"),
            status=HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.ACCEPTED,
            again=0 if failed else LOOKS_AGAIN,
        )

    def refused(self, problem: Refused, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Page:
        """Return why there is no such moment."""
        if self.form == "json":
            return self.problem(status, problem.text)
        body = wrong_page(problem.text, self.asked, name=self.community.title, up=self.up)
        return replace(self.page(body, keeping="no-store"), status=status)

    def problem(self, status: HTTPStatus, why: str) -> Page:
        """Return for a program why it is not to be had."""
        told = Problem(title=status.phrase, status=int(status), detail=why)
        page = packed(
            msgspec.json.encode(told), PROBLEMS, compress=self.compress, keeping="no-store"
        )
        return replace(page, status=status)

    def missing(self, seen: Sight) -> Page | None:
        """Return for people that the thing of this page is not known, and what is near it."""
        view = self.door.view
        if view.missing is None or not self.is_a_page:
            return None
        body = missing_page(
            view.missing(seen, self.query),
            name=self.community.title,
            up=self.up,
            viewer=seen.viewer,
            sign_in=sign_in_address(
                seen.knowledge.base_url, f"/{self.community.key}/{view.place(self.query)}"
            ),
        )
        return replace(self.page(body, keeping="no-store"), status=HTTPStatus.NOT_FOUND)

    def unknown(self, moment: Moment | None) -> Page | None:
        """Return that of this page nothing was known yet; of one that is not known now, nothing is said."""
        if moment is None:
            return None
        return self.refused(
            Refused(f"Nothing of this was known at {in_words(moment.at)}."), HTTPStatus.NOT_FOUND
        )
