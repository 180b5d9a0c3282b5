"""The forms that Slack shows where something more has to be said. Whoever chose the shortcut or the button sees it.

What is filled in becomes the words of a command, as somebody would have typed them.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from chatops.names import PullNumber, Repo

ASK_PULL, ASK_JOB, ASK_COMMAND = "ask_pull", "ask_job", "ask_command"
ASK_WHICH = "ask_which"
"""As the first, but what is to run again is chosen afterwards."""
SUBSCRIBE, MUTE, RETEST = "subscribe", "mute", "retest"
"""Commands that have a form of several fields, which is called as they are."""
FORMS = frozenset({ASK_COMMAND, SUBSCRIBE, MUTE, RETEST})
"""The forms that a button can ask for."""
SAID = "said"
"""The name of the field in which something is written; each form has one."""
WHICH = "which"
"""Its name in a form in whose place another one comes: in a field of the same name Slack keeps what was written."""
JOBS, LASTS, REASON, WHERE = "jobs", "lasts", "reason", "where"
NIGHTLY, HERE, FOR = "nightly", "here", "for"
LONGEST_OPTION, LONGEST_VALUE = 75, 150
MOST_OPTIONS, MOST_GROUPS = 100, 100
"""What Slack takes in one list, and how many lists under titles."""
ROOM, AROUND_OPTION = 200_000, 90
"""How many bytes the options of a form may take, and what each takes besides its texts: Slack takes forms of 250 kB."""
LEVEL, GAP = " / ", "…"
DURATIONS = (
    ("1d", "1 day"),
    ("3d", "3 days"),
    ("7d", "7 days"),
    ("14d", "14 days"),
    ("30d", "30 days"),
)
USUAL_DURATION = ("7d", "7 days")
NOTHING = "-"
"""The value of an option that adds no word; Slack takes no empty one."""
LONGEST_GUESS = 200
LONGEST_REASON = 300
"""As long as the reason of a mute is kept."""
MOST_KEPT = 3_000


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a form carries along until it is sent: what is asked for, and where it is answered."""

    community: str
    verb: str = ""
    words: tuple[str, ...] = ()
    repo: Repo = Repo("")
    number: PullNumber = PullNumber(0)
    channel: str = ""
    thread: str = ""
    response_url: str = ""


def ask_pull(kept: Kept, name: str = ASK_PULL) -> dict[str, Any]:
    """Return the form that asks which pull request is meant."""
    return _form(
        name,
        kept,
        field=WHICH if name == ASK_WHICH else SAID,
        title="Which pull request?",
        label="Its number or its address",
        placeholder="#123",
        send="Go on",
    )


def ask_job(kept: Kept, guess: str) -> dict[str, Any]:
    """Return the form that asks which job is meant, with a guess in it."""
    return _form(
        ASK_JOB,
        kept,
        title="Which job?",
        label="Its name, a part of it, or a pattern",
        placeholder="*s390x*",
        send="Ask",
        guess=guess,
    )


def ask_command(kept: Kept) -> dict[str, Any]:
    """Return the form in which any command can be said."""
    return _form(
        ASK_COMMAND,
        kept,
        title="Ask for something",
        label="What do you want?",
        placeholder="status nightly, or retest #123",
        send="Ask",
    )


Choices = Mapping[str, Sequence[str]]
"""Jobs to choose from, under titles."""


def ask_subscription(kept: Kept, choices: Choices) -> dict[str, Any]:
    """Return the form that asks what somebody wants to be told of, and where."""
    night = {"The nightly": [(NIGHTLY, "Any required job of the nightly")]}
    groups = _groups(choices, night)
    fields = [_choice(JOBS, "What to tell you of", groups, several=True)]
    fields.append(
        _line(
            SAID,
            "Or a pattern, or a pull request",
            placeholder="*s390x*, or #123",
            is_optional=True,
        )
    )
    if kept.channel.startswith(("C", "G")):
        me, channel = ("", "Me, in a direct message"), (HERE, "This channel")
        fields.append(_radio(WHERE, "Whom to tell", (me, channel)))
    return _view(SUBSCRIBE, kept, title="Be told of changes", send="Tell me", blocks=fields)


def ask_mute(kept: Kept, choices: Choices) -> dict[str, Any]:
    """Return the form that asks which job is to be muted, for how long, and why; the job it came from is filled in."""
    meant = " ".join(kept.words)
    groups = [] if meant else _groups(choices)
    fields = [_choice(JOBS, "Which job", groups)] if groups else []
    fields += [
        _line(
            SAID,
            "Or its name, a part of it, or a pattern" if fields else "Its name, or a pattern",
            placeholder="*s390x*",
            is_optional=True,
            guess=meant,
        ),
        _choice(LASTS, "For how long", [("", DURATIONS)], chosen=USUAL_DURATION, is_optional=False),
        _line(REASON, "Why", placeholder="The runner is being moved.", longest=LONGEST_REASON),
    ]
    return _view(MUTE, kept, title="Mute a job", send="Mute", blocks=fields)


def ask_retest(kept: Kept, choices: Choices) -> dict[str, Any]:
    """Return the form that asks which failed jobs of a pull request are to run again."""
    fields = []
    if groups := _groups(choices):
        fields.append(_choice(JOBS, "Which of the failed jobs", groups, several=True))
    fields.append(
        _line(
            SAID,
            "Or a part of their names, or a pattern" if groups else "A part of the jobs' names",
            placeholder="*s390x*",
            is_optional=True,
            hint="With nothing chosen and nothing written, all that failed runs again. It spends runner hours.",
        )
    )
    title = f"Run again on #{kept.number}"
    return _view(RETEST, kept, title=title, send="Run again", blocks=fields)


def noted(view: dict[str, Any], note: str) -> dict[str, Any]:
    """Return a form with a sentence above its fields, where there is one."""
    if not note:
        return view
    return {**view, "blocks": [{"type": "section", "text": _plain(note)}, *view["blocks"]]}


class Filled(Struct, frozen=True, kw_only=True):
    """What somebody chose and wrote in a form."""

    jobs: tuple[str, ...] = ()
    said: str = ""
    lasts: str = ""
    reason: str = ""
    where: str = ""


def read_filled(view: object) -> Filled:
    """Return what a form was sent with; what cannot be read is not there."""
    return Filled(
        jobs=tuple(_chosen(view, JOBS)),
        said=read_said(view).strip(),
        lasts="".join(_chosen(view, LASTS)[:1]),
        reason=" ".join(_written(view, REASON).split()),
        where="".join(_chosen(view, WHERE)[:1]),
    )


def filled_words(verb: str, filled: Filled, said: Sequence[str]) -> tuple[str, ...]:
    """Return the words of the command that a form makes; `said` are the words of what was written in it."""
    what = (*filled.jobs, *said)
    match verb:
        case _ if verb == SUBSCRIBE:
            return (*what, *((HERE,) if filled.where == HERE else ()))
        case _ if verb == MUTE and what:
            return (*what, FOR, filled.lasts, *filled.reason.split())
    return what


def read_kept(view: object) -> Kept | None:
    """Return what a form carried along, or nothing if it is none of ours."""
    written = view.get("private_metadata") if isinstance(view, dict) else None
    if not isinstance(written, str):
        return None
    try:
        return msgspec.json.decode(written, type=Kept)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None


def read_said(view: object) -> str:
    """Return what was written into the field of a form."""
    return _written(view, SAID) or _written(view, WHICH)


def _state(view: object, field: str) -> dict[str, Any]:
    found = view
    for key in ("state", "values", field, field):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _written(view: object, field: str) -> str:
    found = _state(view, field).get("value")
    return found if isinstance(found, str) else ""


def _chosen(view: object, field: str) -> list[str]:
    """Return the values of what was chosen in a field, be it one or several."""
    state = _state(view, field)
    several = state.get("selected_options")
    options = several if isinstance(several, list) else [state.get("selected_option")]
    values = [option.get("value") for option in options if isinstance(option, dict)]
    return [value for value in values if isinstance(value, str) and value != NOTHING]


def _form(
    name: str,
    kept: Kept,
    *,
    title: str,
    label: str,
    placeholder: str,
    send: str,
    field: str = SAID,
    guess: str = "",
) -> dict[str, Any]:
    line = _line(field, label, placeholder=placeholder, guess=guess)
    return _view(name, kept, title=title, send=send, blocks=[line])


def _view(
    name: str, kept: Kept, *, title: str, send: str, blocks: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    carried = msgspec.json.encode(kept).decode()
    if len(carried) > MOST_KEPT:
        carried = msgspec.json.encode(msgspec.structs.replace(kept, response_url="")).decode()
    return {
        "type": "modal",
        "callback_id": name,
        "private_metadata": carried,
        "title": _plain(title),
        "submit": _plain(send),
        "close": _plain("Never mind"),
        "blocks": list(blocks),
    }


def _line(
    name: str,
    label: str,
    *,
    placeholder: str,
    is_optional: bool = False,
    hint: str = "",
    guess: str = "",
    longest: int = 0,
) -> dict[str, Any]:
    """Return a field in which something is written, of so many characters at most; a guess is in it already."""
    element = {
        "type": "plain_text_input",
        "action_id": name,
        "placeholder": _plain(placeholder),
        **({"max_length": longest} if longest else {}),
        **({"initial_value": " ".join(guess.split())[:LONGEST_GUESS]} if guess else {}),
    }
    return _field(name, label, element, is_optional=is_optional, hint=hint)


def _field(
    name: str, label: str, element: dict[str, Any], *, is_optional: bool, hint: str = ""
) -> dict[str, Any]:
    field = {"type": "input", "block_id": name, "label": _plain(label), "element": element}
    return (
        field
        | ({"optional": True} if is_optional else {})
        | ({"hint": _plain(hint)} if hint else {})
    )


Option = tuple[str, str]
"""What an option means, and how it is shown."""
Group = tuple[str, Sequence[Option]]


def _groups(choices: Choices, first: Mapping[str, Sequence[Option]] | None = None) -> list[Group]:
    """Return jobs as groups of options, none larger than Slack takes, without names that are too long to be carried.

    What has no room is left out, from the end: it can be written.
    """
    found: list[Group] = list((first or {}).items())
    room = ROOM
    for title, names in choices.items():
        options: list[Option] = []
        for name, shown in _shown(title, names).items():
            room -= len(name.encode()) + len(shown.encode()) + AROUND_OPTION
            if room < 0:
                return found[:MOST_GROUPS]
            options.append((name, shown))
        for start in range(0, len(options), MOST_OPTIONS):
            more = f" ({start // MOST_OPTIONS + 1})" if start else ""
            found.append((f"{title or 'Jobs'}{more}", options[start : start + MOST_OPTIONS]))
    return found[:MOST_GROUPS]


def _shown(title: str, names: Sequence[str]) -> dict[str, str]:
    """Return names with what is shown of them under a title: not the title again, and of long ones their last levels.

    Where two would look alike, their beginnings are shown as well.
    """
    there = [name for name in dict.fromkeys(names) if 0 < len(name) <= LONGEST_VALUE]
    shown = {name: _last_levels(name.removeprefix(f"{title}{LEVEL}")) for name in there}
    alike = Counter(shown.values())
    return {name: text if alike[text] == 1 else name for name, text in shown.items()}


def _last_levels(name: str) -> str:
    """Return as many of a name's last levels as an option shows: jobs differ at their ends."""
    levels = name.split(LEVEL)
    for start in range(len(levels)):
        text = LEVEL.join(([GAP] if start else []) + levels[start:])
        if len(text) <= LONGEST_OPTION:
            return text
    return LEVEL.join([GAP, levels[-1]]) if len(levels) > 1 else name


def _choice(
    name: str,
    label: str,
    groups: Sequence[Group],
    *,
    several: bool = False,
    chosen: Option | None = None,
    is_optional: bool = True,
) -> dict[str, Any]:
    """Return a field in which one or several of some options are chosen."""
    shown = [
        {"label": _plain(_cut(title)), "options": [_option(one) for one in options]}
        for title, options in groups
        if title
    ]
    listed = {"options": [_option(one) for _, options in groups for one in options]}
    element: dict[str, Any] = {
        "type": "multi_static_select" if several else "static_select",
        "action_id": name,
        "placeholder": _plain("Choose"),
        **({"option_groups": shown} if shown else listed),
    }
    if chosen is not None:
        element["initial_option"] = _option(chosen)
    return _field(name, label, element, is_optional=is_optional)


def _radio(name: str, label: str, options: Sequence[Option]) -> dict[str, Any]:
    """Return a field in which the first of some options is chosen, unless another one is."""
    shown = [_option(one) for one in options]
    element = {
        "type": "radio_buttons",
        "action_id": name,
        "options": shown,
        "initial_option": shown[0],
    }
    return _field(name, label, element, is_optional=False)


def _option(option: Option) -> dict[str, Any]:
    value, shown = option
    return {"text": _plain(_cut(shown)), "value": value or NOTHING}


def _cut(text: str) -> str:
    """Return a name as an option shows it: what is left out is in the middle, for jobs differ at their ends."""
    one_line = " ".join(text.split()) or "…"
    if len(one_line) <= LONGEST_OPTION:
        return one_line
    half = (LONGEST_OPTION - 1) // 2
    return f"{one_line[:half]}…{one_line[-half:]}"


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
