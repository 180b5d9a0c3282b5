"""Looking back: how an address names a moment, and what a page of the past has that the present one has not.

Whoever opens a page with `at=` in its address sees it as it was then, under a banner that says so and leads on. The
page itself is rendered by what renders it now; its links are given the moment in one place, here.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from html import escape
from typing import Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from chatops.errors import Refused
from chatops.views.compared import Compared
from chatops.views.page import BACK, Viewer, fragment, render

NOW = "now"
EVENT = "event"
KNOWN = "known"
BY = (KNOWN, EVENT)
LONGEST = 40
POSITION = re.compile(r"e?([0-9]{1,18})", re.ASCII | re.IGNORECASE)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?",
    re.ASCII | re.IGNORECASE,
)
LINK = re.compile(r'\b(href|data-detail)="([^"]*)"')
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#|/static/|/sign-in|/link|/api\b|$", re.IGNORECASE)
"""Where addresses lead that have no past."""
GET_FORM = re.compile(r'<form\b[^>]*\bmethod="get"[^>]*>')
END_OF_DAY = time(23, 59, 59, tzinfo=UTC)
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
MORE = ("newer", "older")
"""What leads programs to the rest of a list."""


class Asked(Struct, frozen=True, kw_only=True):
    """What an address asks for: which moment, by which knowledge, and compared with which other one."""

    at: str
    by: str
    compare: str
    rest: Mapping[str, str]
    """Whatever else it asks for."""

    @property
    def is_about_the_past(self) -> bool:
        """Return whether any of it needs another moment than now."""
        return bool(self.compare) or self.at not in {"", NOW}

    @property
    def by_event(self) -> bool:
        """Return whether what was heard later is wanted, too."""
        return self.by == EVENT

    @property
    def kept(self) -> Mapping[str, str]:
        """Return what every link of the page goes on with."""
        return {} if self.at in {"", NOW} else self._moment(self.at)

    def link(self, at: str, **changes: str) -> str:
        """Return the address of the same page at another moment, empty for now."""
        state = {**self.rest, **(self._moment(at) if at else {}), **changes}
        return "?" + urlencode({key: value for key, value in state.items() if value})

    def _moment(self, at: str) -> Mapping[str, str]:
        return {"at": at, **({"by": EVENT} if self.by_event else {})}


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A moment that is still being put together, and which share of it is done."""

    state: Literal["waiting", "being put together"]
    share: float | None


class MomentOf(msgspec.Struct, frozen=True, kw_only=True):
    """A moment that a document is of: an event of the log and its time, by what was known then or had happened."""

    position: int
    time: datetime
    by: str


class LookingBack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a document says besides when it is of another moment, or compared with one."""

    at: MomentOf | msgspec.UnsetType = msgspec.UNSET
    compared_with_moment: MomentOf | msgspec.UnsetType = msgspec.UNSET
    changes: Compared | msgspec.UnsetType = msgspec.UNSET


def what_is_asked(query: Mapping[str, str], own: Mapping[str, str]) -> Asked:
    """Return what a query asks for; `own` is what the braces in the page's address stand for."""
    at, compare = (query.get(key, "").strip() for key in ("at", "compare"))
    ours = {"at", "by", "compare"} if at or compare else {"at", "compare"}
    by = (query.get("by", "") if "by" in ours else "") or KNOWN
    rest = {key: value for key, value in query.items() if key not in {*ours, *own}}
    if by not in BY:
        raise Refused(
            f"“{by[:LONGEST]}” is no way to look back: `by=known` shows what was known then, "
            "`by=event` what had happened by then."
        )
    return Asked(at=at, by=by, compare=compare, rest=rest)


def read_moment(word: str, now: datetime) -> int | datetime:
    """Return the position or the time that a word names; a day means its end, and today means now."""
    if found := POSITION.fullmatch(word):
        return int(found.group(1))
    try:
        if DAY.fullmatch(word):
            end = datetime.combine(datetime.fromisoformat(word), END_OF_DAY)
            return now if end.date() == now.astimezone(UTC).date() else end
        # A plus sign that was not written as %2B arrives as a blank.
        if found := TIME.fullmatch(re.sub(r"(:[0-9.]+) ([0-9]{2}:[0-9]{2})$", r"\1+\2", word)):
            day, clock, zone = found.groups()
            return datetime.fromisoformat(f"{day}T{clock}{(zone or 'Z').upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Refused(
        f"“{word[:LONGEST]}” names no moment. Say a time such as `2026-08-22T10:51Z`, a day such as `2026-08-22`, "
        "or an event such as `e918224`."
    )


def written(at: datetime) -> str:
    """Return a time as addresses name it."""
    utc = at.astimezone(UTC)
    kind = "microseconds" if utc.microsecond else "seconds"
    return utc.replace(tzinfo=None).isoformat(timespec=kind) + "Z"


def in_words(at: datetime) -> str:
    """Return a time as people read it."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y, %H:%M:%S} UTC"


class Way(Struct, frozen=True, kw_only=True):
    """One way from a moment to another; without an address there is none."""

    word: str
    words: str
    address: str


class Place(Struct, frozen=True, kw_only=True):
    """Where in the log somebody looks: the event and the time, what is before and after it, and the log's own ends."""

    position: int
    at: datetime
    before: int | None
    after: int | None
    first: datetime
    now: datetime


class Bar(Struct, frozen=True, kw_only=True):
    """The banner of a page of the past, and the same controls for a page of now."""

    asked: Asked
    place: Place
    compared: Compared | None = None
    other: Place | None = None

    @property
    def is_now(self) -> bool:
        """Return whether the page is the present one."""
        return not self.asked.kept

    @property
    def is_by_event(self) -> bool:
        """Return whether what was heard later is shown, too."""
        return self.asked.by_event

    @property
    def said(self) -> str:
        """Return the moment."""
        return in_words(self.place.at)

    @property
    def other_said(self) -> str:
        """Return the moment that it is compared with."""
        return in_words(self.other.at) if self.other is not None else ""

    @property
    def to_now(self) -> str:
        """Return the address of the present page."""
        return self.asked.link("")

    @property
    def to_other(self) -> str:
        """Return the address of the same moment by the other kind of knowledge."""
        by = "" if self.is_by_event else EVENT
        return self.asked.link(self.asked.at, by=by, compare=self.asked.compare)

    @property
    def earlier(self) -> Sequence[Way]:
        """Return where one can go back to from here, the farthest first."""
        return (
            Way(word="day", words="A day earlier", address=self._to(-A_DAY)),
            Way(word="hour", words="An hour earlier", address=self._to(-AN_HOUR)),
            Way(word="event", words="An event earlier", address=self._to_event(self.place.before)),
        )

    @property
    def later(self) -> Sequence[Way]:
        """Return where one can go on to from here, the nearest first; from now there is nowhere."""
        if self.is_now:
            return ()
        return (
            Way(word="event", words="An event later", address=self._to_event(self.place.after)),
            Way(word="hour", words="An hour later", address=self._to(AN_HOUR)),
            Way(word="day", words="A day later", address=self._to(A_DAY)),
        )

    def _to(self, step: timedelta) -> str:
        """Return the address of so much later; before the first event only what is by event time has something."""
        at = (self.place.at + step).replace(microsecond=0)
        is_there = at <= self.place.now and (self.is_by_event or at >= self.place.first)
        return self.asked.link(written(at)) if is_there else ""

    def _to_event(self, position: int | None) -> str:
        return self.asked.link(f"e{position}") if position else ""

    @property
    def field(self) -> str:
        """Return the moment as a field for dates takes it."""
        return f"{self.place.at.astimezone(UTC):%Y-%m-%dT%H:%M}"

    @property
    def other_field(self) -> str:
        """Return the moment that it is compared with, or else a day before, as a field for dates takes it."""
        other = self.other.at if self.other is not None else self.place.at - A_DAY
        return f"{max(other, self.place.first).astimezone(UTC):%Y-%m-%dT%H:%M}"

    @property
    def hidden(self) -> Mapping[str, str]:
        """Return what the form for another moment carries along."""
        return {**self.asked.rest, **({"by": EVENT} if self.is_by_event else {})}


def with_bar(page: str, bar: Bar) -> str:
    """Return a page under its banner; if it is of the past, its links and forms keep the moment."""
    if not bar.is_now:
        page = keeping(page, bar.asked.kept)
        page = page.replace("<title>", f"<title>{escape(bar.said)}: ", 1)
    made = fragment("_past.html", "bar", bar)
    return page.replace(BACK, "").replace("</header>", f"</header>\n{made}", 1)


def with_way_back(page: str, asked: Asked) -> str:
    """Return a page of now, with the link that leads into its past."""
    return page.replace(BACK, fragment("_past.html", "way", asked.link(NOW)))


def without_way_back(page: str) -> str:
    """Return a page where no past is kept."""
    return page.replace(BACK, "")


def keeping(page: str, kept: Mapping[str, str]) -> str:
    """Return a page of which every link and every form to one of our pages goes on with what is kept."""
    more = escape(urlencode(kept))

    def led(found: re.Match[str]) -> str:
        name, address = found.groups()
        if ELSEWHERE.match(address):
            return found.group()
        path, hash_, place = address.partition("#")
        between = "" if path.endswith("?") else "&amp;" if "?" in path else "?"
        return f'{name}="{path}{between}{more}{hash_}{place}"'

    hidden = "".join(
        f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">'
        for key, value in kept.items()
    )
    return GET_FORM.sub(lambda form: form.group() + hidden, LINK.sub(led, page))


def json_of(page: str, bar: Bar) -> str:
    """Return what programs read, with the moment it is of, and what is different from another one."""
    told: dict[str, object] = {}
    if not bar.is_now:
        told["at"] = _moment_of(bar.place, bar.asked.by)
    if bar.compared is not None and bar.other is not None:
        told["compared_with_moment"] = _moment_of(bar.other, bar.asked.by)
        told["changes"] = bar.compared
    facts = msgspec.json.decode(page)
    more = urlencode(bar.asked.kept)
    for key in MORE:
        if more and isinstance(facts.get(key), str):
            facts[key] = f"{facts[key]}&{more}"
    return msgspec.json.encode({**told, **facts}).decode()


def _moment_of(place: Place, by: str) -> MomentOf:
    return MomentOf(position=place.position, time=place.at, by=by)


def waiting_page(asked: Asked, *, name: str, up: str, share: float | None, has_failed: bool) -> str:
    """Return the page for while a moment is being put together."""
    percent = None if share is None else int(share * 100)
    return without_way_back(
        render(
            "past_waits.html", name=name, here="", up=up, viewer=Viewer.LOOKING_BACK,
            percent=percent, has_failed=has_failed, now=asked.link(""),
        )
    )  # fmt: skip


def waiting_json(share: float | None) -> str:
    """Return for programs that a moment is not ready, and how far it is."""
    told = Waiting(state="waiting" if share is None else "being put together", share=share)
    return msgspec.json.encode(told).decode()


def wrong_page(problem: str, asked: Asked, *, name: str, up: str) -> str:
    """Return the page for a moment that cannot be shown."""
    by_event = "" if asked.by_event or not asked.kept else asked.link(asked.at, by=EVENT)
    return without_way_back(
        render(
            "past_wrong.html", name=name, here="", up=up, viewer=Viewer.LOOKING_BACK,
            problem=problem, now=asked.link(""), by_event=by_event,
        )
    )  # fmt: skip
