"""The message that a night has in a channel, from running to its verdict, and what is said below it."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from chatops.engine.answer import Answer, Line, Link, Section, Tone
from chatops.events.night_threads import NightMessageOutdated, NightMessageWanted, NightNewsWanted
from chatops.views.blocks import render_blocks

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
    required = f", {of.required_failed:,} of them required" if of.required_failed else ""
    if not of.ran:
        said = f"No test of the night of {of.night} has a result."
    elif of.failed:
        said = f"{of.failed:,} of {_counted(of.ran, 'test')} failed in the night of {of.night}{required}."
    else:
        said = f"{_counted(of.ran, 'test')} passed in the night of {of.night}, and none failed."
    if not of.is_over:
        said = f"The night of {of.night} is running: {said}"
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
        sections=_sections((("Newly failing", of.newly_failing), ("Passes again", of.fixed))),
    )


def news_answer(wanted: NightNewsWanted) -> Answer:
    """Return what an attempt of a run has changed."""
    failing, fixed = wanted.failing, wanted.fixed
    said = [f"{_counted(len(failing), 'job')} newly failing"] if failing else []
    said += [f"{_counted(len(fixed), 'job')} passing again"] if fixed else []
    again = f", attempt {wanted.attempt}" if wanted.attempt > 1 else ""
    return Answer(
        verdict=(f"{wanted.workflow}{again}: {', '.join(said)}.",),
        tone=Tone.BAD if failing else Tone.GOOD,
        sections=_sections((("Newly failing", failing), ("Passes again", fixed))),
    )


def _sections(parts: Sequence[tuple[str, Sequence[str]]]) -> tuple[Section, ...]:
    return tuple(
        Section(
            title=f"{title} ({len(jobs)})",
            lines=tuple((job,) for job in jobs[:LINES_SHOWN]),
            more=max(0, len(jobs) - LINES_SHOWN),
        )
        for title, jobs in parts
        if jobs
    )


def _link(url: str) -> Line:
    return (Link("Look at the night", url),) if url else ()


def _message(answer: Answer, name: str) -> dict[str, Any]:
    rendered = render_blocks(answer)
    del rendered["response_type"]
    metadata = {"event_type": NOTICE, "event_payload": {"mark": night_mark(name)}}
    return {**rendered, "metadata": metadata}


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
