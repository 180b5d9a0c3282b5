"""A channel's digest as messages: a short one that says what has changed, and the details for the thread under it.

People read the first as a notification, on a telephone, next to other work; so it has the news and who is asked to
look, and nothing that was the same yesterday. Only owners of what is newly broken are called, and only there.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from chatops.answers.short_names import short_names
from chatops.engine.answer import (
    Answer,
    Code,
    Line,
    Link,
    Person,
    Piece,
    Section,
    Strong,
    Tone,
    as_text,
    pieces,
    plain,
)
from chatops.events.digests import (
    AwaitedRun,
    DigestContents,
    DigestDetailsWanted,
    DigestHeld,
    DigestJob,
    DigestList,
    DigestWanted,
    DigestWeek,
)
from chatops.views.addresses import Place
from chatops.views.blocks import FALLBACK_LIMIT, escape, render_blocks
from chatops.views.shown_tests import ShownTests, all_names, full_name, of_them_required

Json = dict[str, Any]

DIGEST = "digest"
"""The type of our messages' metadata; what it carries says nothing to others, who may read it."""
NEWS_SHOWN = 5
LISTED = 10
OWNERS_SHOWN = 3
MERGES_SHOWN = 3
SHORT_SHA = 9
ROWS_SHOWN = 50
TABLE_BUDGET = 3_500
"""Slack counts the text of a table with that of all blocks."""
CELL = 120
HELD_NAMED = 3
HELD_BECAUSE = {"quiet": "while the channel rested", "muted": "because of a mute"}
LABEL = 20
"""How long a category of Slack's charts may be."""
HEADINGS = ("Job", "Nights", "Since", "Failed at", "Looked after by")


def render_digest(wanted: DigestWanted) -> Json:
    """Return the message, with a mark by which it is found again."""
    return _message(digest_answer(wanted), digest_mark(wanted.digest), wanted.contents, [])


def render_details(wanted: DigestDetailsWanted) -> Json:
    """Return the message for the thread, with a table and a chart where there is something to show in them."""
    told = wanted.contents
    drawn = [*_table(told), *_charts(told)]
    return _message(details_answer(wanted), details_mark(wanted.digest), told, drawn)


def digest_mark(digest: str) -> str:
    """Return what tells a digest's message from all others, and nothing else."""
    return blake2b(digest.encode(), digest_size=16).hexdigest()


def details_mark(digest: str) -> str:
    """Return the same for the message with its details."""
    return digest_mark(f"{digest}/details")


def digest_answer(wanted: DigestWanted) -> Answer:
    """Return what the message says."""
    told = wanted.contents
    shown = _shown(told)
    newly = [_news_line(job, shown, calls=wanted.calls) for job in told.newly.jobs[:NEWS_SHOWN]]
    fixed = [_fixed_line(job, shown) for job in told.fixed.jobs[:NEWS_SHOWN]]
    return Answer(
        verdict=(verdict(told),),
        tone=_tone(told),
        counts=_counts(told),
        sections=tuple(
            Section(title=f"{title} ({count:,})", lines=tuple(lines), more=count - len(lines))
            for title, lines, count in (
                ("Awaited", [_awaited_line(one) for one in told.awaited], len(told.awaited)),
                ("Newly failing", newly, told.newly.count),
                ("Passes again", fixed, told.fixed.count),
            )
            if count
        ),
        footer=_footer(wanted.position, told),
    )


def details_answer(wanted: DigestDetailsWanted) -> Answer:
    """Return what the message in the thread says, besides its table and its chart."""
    told = wanted.contents
    shown = _shown(told)
    note = shown.note()
    return Answer(
        verdict=(f"{told.title}, {_night(told)}: the details.",),
        sections=tuple(_detail_sections(told, shown)),
        footer=(_made(wanted.position, wanted.at), *((" ", *note) if note else ())),
    )


def has_details(told: DigestContents) -> bool:
    """Return whether there is anything to say below the message."""
    lists = (told.newly, told.still, told.flaky, told.not_run, told.unowned, told.muted)
    return (
        any(of.count for of in (*lists, told.week_flaky))
        or bool(told.held or told.weeks)
        or len(told.trend) > 1
    )


def _shown(told: DigestContents) -> ShownTests:
    """Return how the jobs of all lists are shown: the same in the message and in its thread."""
    lists = (
        of for field in told.__struct_fields__ if isinstance(of := getattr(told, field), DigestList)
    )
    return ShownTests(
        names=all_names(_place(job) for of in lists for job in of.jobs),
        path=told.path,
        pages=told.pages,
        home=told.home,
    )


def _place(job: DigestJob) -> Place:
    return Place(repo=job.repo, workflow=job.workflow, name=job.name)


def _name(job: DigestJob, shown: ShownTests) -> str:
    return shown.text(full_name(_place(job)))


def verdict(told: DigestContents) -> str:
    """Return the news in a sentence or two."""
    said = []
    newly, fixed, still = told.newly.count, told.fixed.count, told.still.count
    late = [one for one in told.awaited if one.due_at is not None]
    if late:
        said.append(f"{_joined(one.workflow for one in late)} did not start.")
    if len(late) < len(told.awaited):
        running = _joined(one.workflow for one in told.awaited if one.due_at is None)
        said.append(f"{running} has not finished.")
    if newly or fixed:
        parts = []
        if newly:
            parts.append(f"{_counted(newly, 'job')} {'fails' if newly == 1 else 'fail'} newly")
        if fixed:
            more = f"{fixed:,}" if newly else _counted(fixed, "job")
            parts.append(f"{more} {'passes' if fixed == 1 else 'pass'} again")
        said.append(f"{' and '.join(parts)} in the nights of {told.title}.")
    elif still:
        fail = "fails" if still == 1 else "fail"
        said.append(
            f"Nothing has changed in the nights of {told.title}: {_counted(still, 'job')} still {fail}."
        )
    elif not told.awaited:
        said.append(f"No job fails in the nights of {told.title}.")
    return " ".join(said) or f"No job of {told.title} is known to fail."


def _tone(told: DigestContents) -> Tone:
    if told.newly.count:
        return Tone.BAD
    if told.awaited:
        return Tone.UNKNOWN
    if told.fixed.count:
        return Tone.GOOD
    return Tone.NEUTRAL if told.still.count else Tone.GOOD


def _counts(told: DigestContents) -> Line:
    """Return how the night was, and what the thread has."""
    said: list[Piece] = []
    if told.night and told.ran:
        required = ""
        if told.failed and told.knows_required:
            required = (
                of_them_required(told.required_failed, told.failed) or ", none of them required"
            )
        failed = told.failed or "none"
        so_far = " so far" if any(one.due_at is None for one in told.awaited) else ""
        ran = _counted(told.ran, "job")
        said.append(f"In {_night(told)} {failed} of {ran} failed{so_far}{required}. ")
    below = [
        f"{number:,} {word}"
        for number, word in (
            (told.still.count, "still failing"),
            (told.flaky.count, "flaky this week"),
            (told.not_run.count, "not run"),
            (told.muted.count, "muted"),
            (told.unowned.count, "required without an owner"),
        )
        if number
    ]
    if told.weeks or told.week_flaky.count:
        below.append("how the last weeks went")
    if below:
        said.append(f"In the thread: {', '.join(below)}. ")
    said += _held(told)
    if told.quiet_days:
        said.append(f"There was nothing to tell on the {_days(told.quiet_days)} before. ")
    if told.url:
        said.append(Link("Look at the nights", told.url))
    return tuple(said)


def _held(told: DigestContents) -> Line:
    """Return how many alerts the channel was not told of at once, and where it says why."""
    if not told.held:
        return ()
    number = sum(one.alerts for one in told.held)
    why = ", ".join(
        f"{one.alerts:,} {HELD_BECAUSE.get(one.reason, 'that Slack did not take')}"
        for one in told.held
    )
    said: list[Piece] = [f"Held back since the last digest: {_counted(number, 'alert')}, {why}"]
    if told.slash_command:
        said += [": ", Code(f"{told.slash_command} why not told"), " says more"]
    return (*said, ". ")


def _held_line(one: DigestHeld, path: str) -> str:
    shown = short_names(one.subjects, path)
    named = ", ".join(_cut(shown[subject]) for subject in one.subjects[:HELD_NAMED])
    more = one.alerts - min(len(one.subjects), HELD_NAMED)
    return f"{named}{f' and {more:,} more' if more > 0 else ''}. {_cut(one.text)}"


def _news_line(job: DigestJob, shown: ShownTests, *, calls: bool) -> Line:
    """Return a job that fails now: since when, between which commits, and who is asked to look."""
    said: list[Piece] = [shown.piece(_place(job))]
    if job.is_required:
        said += [" ", Strong("required")]
    if job.nights > 1:
        said.append(f", for {_counted(job.nights, 'night')}")
    said += _range(job)
    people = [
        Person(name=owner.name, slack=owner.member if calls else "")
        for owner in job.owners[:OWNERS_SHOWN]
    ]
    for place, person in enumerate(people):
        said += [", " if place else " – ", person]
    if len(job.owners) > OWNERS_SHOWN:
        said.append(f" and {len(job.owners) - OWNERS_SHOWN} more")
    if not people and job.groups:
        said.append(f" – {', '.join(job.groups)}")
    return tuple(said)


def _range(job: DigestJob) -> list[Piece]:
    """Return between which commits a job broke, as far as that is known."""
    if not job.good:
        return []
    if job.good == job.bad:
        return [
            f", on the same commit as in {job.good_night or 'the night before'}, when it passed"
        ]
    if not job.bad or not job.changes:
        return []
    commits = f"{job.good[:SHORT_SHA]}…{job.bad[:SHORT_SHA]}"
    return [
        f", good in {job.good_night}, bad in {job.since}: ",
        Link(commits, job.changes),
        *_merged(job),
    ]


def _merged(job: DigestJob) -> Iterator[Piece]:
    """Yield which pull requests were merged in between."""
    for place, one in enumerate(job.merged[:MERGES_SHOWN]):
        yield ", " if place else ", merged in between: "
        yield Link(f"#{one.number}", one.url)
    left = job.merges - min(len(job.merged), MERGES_SHOWN)
    if job.merged and left > 0:
        yield f" and {left:,} more"


def _fixed_line(job: DigestJob, shown: ShownTests) -> Line:
    name = shown.piece(_place(job))
    return (name, " ", Strong("required")) if job.is_required else (name,)


def _awaited_line(one: AwaitedRun) -> Line:
    if one.due_at is not None:
        day = f"{one.due_at:%a} {one.due_at.day} {one.due_at:%b}"
        return (f"{one.workflow} should have begun on {day} at {one.due_at:%H:%M} UTC",)
    run: Piece = Link("its run", one.url) if one.url else "its run"
    return (f"{one.workflow}: ", run, " goes on")


def _detail_sections(told: DigestContents, shown: ShownTests) -> Iterator[Section]:
    ranges = [job for job in (*told.newly.jobs, *told.still.jobs) if _range(job)]
    if ranges:
        yield _section(
            "Where it broke",
            [(_name(job, shown), *_range(job), *_titles(job)) for job in ranges],
            len(ranges),
        )
    for title, of in (
        ("Flaky this week", told.flaky),
        ("Did not run", told.not_run),
        ("Required, and nobody looks after it", told.unowned),
        ("Held back, because it is muted", told.muted),
        ("Flaky in the last weeks", told.week_flaky),
    ):
        if of.count:
            yield _section(title, [_said_line(job, shown) for job in of.jobs], of.count)
    if told.held:
        yield Section(
            title=f"Alerts that were held back ({sum(one.alerts for one in told.held):,})",
            lines=tuple((_held_line(one, told.path),) for one in told.held[:LISTED]),
        )
    if told.weeks:
        yield _section(
            "Nights by week",
            [(_week(week),) for week in told.weeks],
            len(told.weeks),
        )


def _titles(job: DigestJob) -> Iterator[Piece]:
    """Yield what the pull requests are called that were merged in between: whoever knows the job knows which one."""
    for place, one in enumerate(job.merged[:MERGES_SHOWN]):
        yield f"{'; ' if place else ' – '}#{one.number} {_cut(one.title)}"


def _week(week: DigestWeek) -> str:
    nights = _counted(week.nights, "night")
    return (
        f"From {week.label}: {week.red} of {nights} red in the end, {week.red_first} at first; "
        f"{week.flakes} flaky"
    )


def _section(title: str, lines: Sequence[Line], count: int) -> Section:
    shown = tuple(lines[:LISTED])
    return Section(title=f"{title} ({count:,})", lines=shown, more=count - len(shown))


def _said_line(job: DigestJob, shown: ShownTests) -> Line:
    said = f": {job.said}" if job.said else ""
    return (shown.piece(_place(job)), said)


def _footer(position: int, told: DigestContents) -> Line:
    line: list[Piece] = ["About ", *pieces(told.about), f", as of log position {position:,}."]
    if told.slash_command:
        line += [" ", Code(f"{told.slash_command} digest preview"), " shows how it is now."]
    return tuple(line)


def _made(position: int, at: datetime) -> str:
    return f"Made on {at:%Y-%m-%d} at {at:%H:%M} UTC, as of log position {position:,}."


def _message(answer: Answer, mark: str, told: DigestContents, drawn: Sequence[Json]) -> Json:
    message = render_blocks(answer)
    del message["response_type"]
    first, *others = message["blocks"]
    text = escape(_whole_text(answer, told if drawn else None))
    return {
        **message,
        "text": text if len(text) <= FALLBACK_LIMIT else f"{text[: FALLBACK_LIMIT - 1]}…",
        "blocks": [first, *drawn, *others],
        "metadata": {"event_type": DIGEST, "event_payload": {"mark": mark}},
    }


def _whole_text(answer: Answer, told: DigestContents | None) -> str:
    """Return all of a message as text: where Slack does not take its layout, this is all there is of it."""
    said = as_text(answer)
    if told is None:
        return said
    shown = _shown(told)
    rows = [
        f"  {_name(job, shown)}: {_counted(job.nights, 'night')}, since {job.since}"
        for job in (*told.newly.jobs, *told.still.jobs)
    ]
    if not rows:
        return said
    return "\n".join([plain(answer.verdict), "\nFailing", *rows, said.partition("\n")[2]])


def _table(told: DigestContents) -> Iterator[Json]:
    """Yield the jobs that fail as a table, as many as there is room for."""
    failing = (*told.newly.jobs, *told.still.jobs)
    shown = _shown(told)
    rows: list[tuple[str, ...]] = []
    left = TABLE_BUDGET - sum(map(len, HEADINGS))
    for job in failing[:ROWS_SHOWN]:
        row = _row(job, shown)
        left -= sum(map(len, row))
        if left < 0:
            break
        rows.append(row)
    if not rows:
        return
    count = told.newly.count + told.still.count
    caption = f"Jobs that fail: {count:,}"
    if len(rows) < count:
        caption += f", of which these are {len(rows)}"
    yield {
        "type": "data_table",
        "caption": caption,
        "page_size": 10,
        "row_header_column_index": 0,
        "rows": [[_cell(text) for text in row] for row in (HEADINGS, *rows)],
    }


def _row(job: DigestJob, shown: ShownTests) -> tuple[str, ...]:
    required = " (required)" if job.is_required else ""
    people = ", ".join(job.groups) or "nobody"
    return (
        f"{_without_middle(_name(job, shown))}{required}",
        str(job.nights),
        job.since or "–",
        _cut(job.step) or "–",
        _cut(people),
    )


def _cell(text: str) -> Json:
    return {"type": "raw_text", "text": text or " "}


def _charts(told: DigestContents) -> Iterator[Json]:
    """Yield the newest nights as a line, and on the day of the week on which that is told, the weeks as bars."""
    if len(told.trend) > 1:
        series = {"Failed": [night.failed for night in told.trend]}
        if told.knows_required:
            series["Required"] = [night.required_failed for night in told.trend]
        yield _chart("line", "Failed jobs by night", [night.label for night in told.trend], series)
    if len(told.weeks) > 1:
        yield _chart(
            "bar",
            "Red nights by week",
            [week.label for week in told.weeks],
            {
                "At first": [week.red_first for week in told.weeks],
                "In the end": [week.red for week in told.weeks],
            },
        )


def _chart(
    kind: str, title: str, labels: Sequence[str], series: Mapping[str, Sequence[int]]
) -> Json:
    categories = _unique(labels)
    return {
        "type": "data_visualization",
        "title": title,
        "chart": {
            "type": kind,
            "series": [
                {
                    "name": name,
                    "data": [
                        {"label": label, "value": value}
                        for label, value in zip(categories, values, strict=True)
                    ],
                }
                for name, values in series.items()
            ],
            "axis_config": {"categories": categories},
        },
    }


def _unique(labels: Sequence[str]) -> list[str]:
    """Return labels that differ, for a chart tells its points apart by them."""
    found: list[str] = []
    for label in labels:
        cut, number = label[:LABEL], 2
        while cut in found:
            end = f" ({number})"
            cut, number = f"{label[: LABEL - len(end)]}{end}", number + 1
        found.append(cut)
    return found


def _night(told: DigestContents) -> str:
    if not told.night:
        return "no night"
    return told.night if told.night.startswith("run ") else f"the night of {told.night}"


def _days(number: int) -> str:
    return "day" if number == 1 else f"{number:,} days"


def _joined(names: Iterator[str]) -> str:
    return " and ".join(names)


def _cut(outside: str) -> str:
    one_line = " ".join(outside.split())
    return one_line if len(one_line) <= CELL else f"{one_line[: CELL - 1]}…"


def _without_middle(name: str) -> str:
    """Return a name as a cell holds it: variants of a job are told apart by its end."""
    one_line = " ".join(name.split())
    if len(one_line) <= CELL:
        return one_line
    return f"{one_line[: CELL // 2 - 1]}…{one_line[-CELL // 2 :]}"


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
