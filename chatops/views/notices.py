"""A message that nobody asked for just now: what has changed, where to look, and how to stop it.

Who follows a job, the nightly or a pull request reads it in Slack, as a notification first.
"""

from hashlib import blake2b
from typing import Any

from chatops.engine.answer import Action, Answer, Code, Line, Link, Section, Tone
from chatops.events.notices import NoticeWanted
from chatops.views.blocks import render_blocks

LINES_SHOWN = 10
LEVEL = " / "
CHANNEL = "channel/"
"""How the name of a subscriber begins that is a channel."""
SHA_SHOWN = 9
RED = "red"
NOTICE = "notice"
"""The type of our messages' metadata; what it carries says nothing to others, who may read it."""
STOP = "Stop these"
HERE = "here"
MOST_SAID = 3


def render_notice(wanted: NoticeWanted) -> dict[str, Any]:
    """Return the message, with a mark by which it is found again."""
    message = render_blocks(notice_answer(wanted), wanted)
    del message["response_type"]
    metadata = {"event_type": NOTICE, "event_payload": {"mark": notice_mark(wanted)}}
    return {**message, "metadata": metadata}


def notice_mark(wanted: NoticeWanted) -> str:
    """Return what tells this notice from all others, and nothing else."""
    return blake2b(wanted.notice.encode(), digest_size=16).hexdigest()


def notice_answer(wanted: NoticeWanted) -> Answer:
    """Return what a notice says."""
    is_red = bool(wanted.failing)
    return Answer(
        verdict=_of_pull(wanted) if wanted.number else _of_night(wanted),
        tone=Tone.BAD if is_red else Tone.GOOD,
        counts=_counts(wanted),
        sections=tuple(
            Section(
                title=f"{title} ({len(jobs)})",
                lines=tuple((_bare(job, wanted),) for job in jobs[:LINES_SHOWN]),
                more=max(0, len(jobs) - LINES_SHOWN),
            )
            for title, jobs in (
                ("Failed" if wanted.number else "Newly failing", wanted.failing),
                ("Passes again", wanted.fixed),
            )
            if jobs and (wanted.number or len(wanted.failing) + len(wanted.fixed) > 1)
        ),
        actions=(_stop(wanted),),
        footer=_footer(wanted),
    )


def _of_night(wanted: NoticeWanted) -> Line:
    """Return what has changed; a single job by its name, for that is all a notification shows."""
    again = f", in attempt {wanted.attempt}" if wanted.attempt > 1 else ""
    where = f"in {wanted.workflow} of {wanted.night}{again}."
    failing, fixed = wanted.failing, wanted.fixed
    if len(failing) + len(fixed) == 1:
        changed = "fails now" if failing else "passes again"
        return (f"{_bare((failing or fixed)[0], wanted)} {changed} {where}",)
    said = []
    if failing:
        said.append(
            f"{_counted(len(failing), 'job')} {'fails' if len(failing) == 1 else 'fail'} now"
        )
    if fixed:
        more = f"{len(fixed):,}" if failing else _counted(len(fixed), "job")
        said.append(f"{more} {'passes' if len(fixed) == 1 else 'pass'} again")
    return (f"{' and '.join(said)} {where}",)


def _of_pull(wanted: NoticeWanted) -> Line:
    about = f"{wanted.repo}#{wanted.number}"
    if wanted.verdict == RED:
        number = len(wanted.failing)
        return (f"{about} is red: {_counted(number, 'check')} failed.",)
    passed = wanted.required_passed
    what = f"{_counted(passed, 'required check')} passed" if passed else "every check has passed"
    gate = ", and its gate lets it through" if wanted.gate else ""
    return (f"{about} is green: {what}{gate}.",)


def _counts(wanted: NoticeWanted) -> Line:
    """Return what is beside the news: of a night how the required jobs are, of a pull request the commit."""
    if wanted.number:
        return (
            "Its head is ",
            Code(wanted.sha[:SHA_SHOWN]),
            ". ",
            *((f"Not required, and failed: {wanted.besides:,}. ",) if wanted.besides else ()),
            Link("Look at it", wanted.url),
        )
    link: Line = (Link("Look at the night", wanted.url),)
    failed, passed = wanted.required_failed, wanted.required_passed
    if not failed + passed:
        return link
    if not failed:
        return (f"All {_counted(passed, 'required job')} of it that ran passed. ", *link)
    return (f"Of the required jobs that ran, {failed:,} failed and {passed:,} passed. ", *link)


def _stop(wanted: NoticeWanted) -> Action:
    """Return what ends what this came from, and nothing else."""
    here = (HERE,) if _is_for_channel(wanted) else ()
    return Action(text=STOP, verb="unsubscribe", words=(*wanted.topics, *here))


def _footer(wanted: NoticeWanted) -> Line:
    whose = "This channel follows this. " if _is_for_channel(wanted) else "You follow this. "
    if len(wanted.topics) <= MOST_SAID:
        return (whose, Code(f"{wanted.slash_command} {_stop(wanted).said}"), " ends it.")
    said = f"{wanted.slash_command} subscribe list{f' {HERE}' if _is_for_channel(wanted) else ''}"
    return (whose, Code(said), " says because of what, and ", Code("unsubscribe"), " ends it.")


def _is_for_channel(wanted: NoticeWanted) -> bool:
    return wanted.subscriber.startswith(CHANNEL)


def _bare(job: str, wanted: NoticeWanted) -> str:
    """Return a job without its workflow, where the message names that already."""
    return job.removeprefix(f"{wanted.workflow}{LEVEL}") if wanted.workflow else job


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
