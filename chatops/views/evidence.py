"""What speaks for requiring a test, or for not requiring it any longer: Markdown to copy into a pull request.

Names from outside stay text in it, and nobody is mentioned.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from chatops.answers.nights import counted
from chatops.answers.pull_results import KEPT, Tally
from chatops.answers.required_candidates import Broken, Candidate
from chatops.answers.shares import within
from chatops.engine.answer import Code
from chatops.engine.command import Knowledge
from chatops.views.markdown import line
from chatops.views.page import shortened, took


def to_require(one: Candidate, address: str, knowledge: Knowledge) -> str:
    """Return what speaks for requiring a test; `address` is where its page is, within the community's."""
    test, row = one.test, one.clean
    assert row.oldest is not None
    assert row.newest is not None
    said = [
        _nights(
            f"passed at the first attempt in {counted(row.nights, 'night')} in a row, "
            f"{row.oldest.name} to {row.newest.name}",
            f"{counted(row.between, 'night')} among them without a verdict" if row.between else "",
            f"the rule asks for {one.wanted}",
        ),
        f"All nights that count: failed in {test.fails} of {test.runs} (truly {within(test.fails, test.runs)}).",
        _pulls(one.in_pulls),
        _groups(one.groups),
    ]
    if one.usual is not None:
        said.append(f"It usually takes {took(one.usual)}.")
    if one.left_at is not None:
        said.append(f"It was required until {day(one.left_at)}.")
    return _evidence(f"Require {_code(test.name)}", said, address, knowledge)


def to_leave(one: Broken, address: str, knowledge: Knowledge) -> str:
    """Return what speaks for not requiring a test any longer."""
    test, required = one.test, one.required
    until = "" if one.until is None else f"the rule gave it until {moment(one.until)}"
    said = [
        _nights(
            f"failed in {counted(test.streak, 'night')} in a row, since {one.since.name}", until
        ),
        f"All nights that count: failed in {test.fails} of {test.runs}.",
        _pulls(required.in_pulls),
        _groups(required.groups),
    ]
    return _evidence(f"Do not require {_code(required.name)}", said, address, knowledge)


def day(at: datetime) -> str:
    """Return a day (UTC) as evidence names it, with its year: `22 Aug 2026`."""
    utc = at.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y}"


def moment(at: datetime) -> str:
    """Return a moment as evidence names it."""
    return f"{day(at)}, {at.astimezone(UTC):%H:%M} UTC"


def _nights(*parts: str) -> str:
    return f"Nights: {'; '.join(part for part in parts if part)}."


def _pulls(tally: Tally | None) -> str:
    if tally is None:
        return f"Pull requests: none has had it in the last {KEPT.days} days."
    again = f"; run again in {tally.again}, which helped in {tally.helped}" if tally.again else ""
    ran = counted(tally.passes + tally.fails, "run")
    return f"Pull requests of the last {KEPT.days} days: failed in {tally.fails} of {ran}{again}."


def _groups(groups: Sequence[str]) -> str:
    return f"Maintainers: {', '.join(map(_code, groups)) or 'nobody is named for it'}."


def _evidence(title: str, said: Sequence[str], address: str, knowledge: Knowledge) -> str:
    base = knowledge.base_url.rstrip("/")
    source = [f"Source: {base}/{knowledge.community.key}/{address}"] if address and base else []
    lines = "\n".join(f"- {one}" for one in [*said, *source])
    return f"**{title}**\n\n{lines}\n\nAs of {moment(knowledge.now)}."


def _code(name: str) -> str:
    return line((Code(shortened(name)),))
