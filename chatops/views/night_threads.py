"""The message that a night has in a channel, from running to its verdict, and what is said below it."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from chatops.engine.answer import Answer, Line, Link, Section, Tone
from chatops.events.night_threads import NightMessageOutdated, NightMessageWanted, NightNewsWanted
from chatops.views.blocks import render_blocks
from chatops.views.shown_tests import ShownTests, of_them_required

LINES_SHOWN = 10
NOTICE = "notice"
"""The type of our messages' metadata; what it carries says nothing to others, who may read it."""


def render_begun(wanted: NightMessageWanted) -> dict[str, Any]:
    """Return the message of a night that has begun."""
    answer = Answer(
        verdict=(f"The night of {wanted.night} is running.",),
        tone=Tone.BUSY,
        counts=_link(wanted.url),
    )
    return _message(answer, wanted.message)


def render_verdict(outdated: NightMessageOutdated) -> dict[str, Any]:
    """Return the same message, with how the night went."""
    return _message(verdict_answer(outdated), outdated.message)


def render_news(wanted: NightNewsWanted) -> dict[str, Any]:
    """Return what is said below it."""
    return _message(news_answer(wanted), wanted.key())


def night_mark(name: str) -> str:
    """Return what tells a message from all others, and nothing else."""
    return blake2b(name.encode(), digest_size=16).hexdigest()


def verdict_answer(of: NightMessageOutdated) -> Answer:
    """Return how a night went."""
    required = of_them_required(of.required_failed, of.failed)
    ran = _counted(of.ran, "test")
    if not of.is_over:
        so_far = (
            f"{_number(of.failed)} of {ran} failed so far" if of.ran else "no test has a result"
        )
        said = f"The night of {of.night} is running: {so_far}{required}."
    elif not of.ran:
        said = f"No test of the night of {of.night} has a result."
    elif of.failed:
        said = f"{of.failed:,} of {ran} failed in the night of {of.night}{required}."
    else:
        said = f"{ran} passed in the night of {of.night}, and none failed."
    shown = ShownTests(names=(*of.newly_failing, *of.fixed), path=of.path)
    tone = Tone.BAD if of.failed else Tone.GOOD if of.ran else Tone.UNKNOWN
    waiting = (
        f"{_counted(of.waiting, 'test')} {'is' if of.waiting == 1 else 'are'} still to come. "
        if of.waiting
        else ""
    )
    return Answer(
        verdict=(said,),
        tone=tone if of.is_over else Tone.BUSY,
        counts=(waiting, *_link(of.url)),
        sections=_sections(
            shown,
            ("Newly failing", of.newly_failing, of.more_newly_failing),
            ("Passes again", of.fixed, of.more_fixed),
        ),
        footer=shown.note(),
    )


def news_answer(wanted: NightNewsWanted) -> Answer:
    """Return what an attempt of a run has changed."""
    failing, fixed = wanted.failing, wanted.fixed
    shown = ShownTests(names=(*failing, *fixed), path=wanted.path)
    again = f", attempt {wanted.attempt}" if wanted.attempt > 1 else ""
    sections = _sections(shown, ("Newly failing", failing, 0), ("Passes again", fixed, 0))
    if len(failing) + len(fixed) == 1:
        # A notification shows no more than this.
        (name,) = (*failing, *fixed)
        said = f"{shown.text(name)} {'fails newly' if failing else 'passes again'}{again}."
        sections = ()
    else:
        parts = [f"{_counted(len(failing), 'test')} newly failing"] if failing else []
        parts += [f"{_counted(len(fixed), 'test')} passing again"] if fixed else []
        said = f"{wanted.workflow}{again}: {', '.join(parts)}."
    turned = "red" if wanted.is_red else "green"
    return Answer(
        verdict=(f"The night has turned {turned}. {said}" if wanted.is_shown else said,),
        tone=Tone.BAD if failing else Tone.GOOD,
        sections=sections,
    )


def _sections(shown: ShownTests, *parts: tuple[str, Sequence[str], int]) -> tuple[Section, ...]:
    """Return a list of each part: its title, the first of its tests, and how many more there are."""
    return tuple(
        Section(
            title=f"{title} ({len(tests) + more:,})",
            lines=tuple((shown.text(test),) for test in tests[:LINES_SHOWN]),
            more=more + max(0, len(tests) - LINES_SHOWN),
        )
        for title, tests, more in parts
        if tests
    )


def _link(url: str) -> Line:
    return (Link("Look at the night", url),) if url else ()


def _message(answer: Answer, name: str) -> dict[str, Any]:
    rendered = render_blocks(answer)
    del rendered["response_type"]
    metadata = {"event_type": NOTICE, "event_payload": {"mark": night_mark(name)}}
    return {**rendered, "metadata": metadata}


def _number(number: int) -> str:
    return f"{number:,}" if number else "none"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
