"""The small forms that Slack shows when a shortcut needs to know one thing more. Whoever chose the shortcut sees it."""

from typing import Any

import msgspec

from chatops.names import Repo

ASK_PULL, ASK_JOB, ASK_COMMAND = "ask_pull", "ask_job", "ask_command"
SAID = "said"
"""The name of the one field of each form."""
LONGEST_GUESS = 200
MOST_KEPT = 3_000


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a form carries along until it is sent: what is asked for, and where it is answered."""

    community: str
    verb: str = ""
    words: tuple[str, ...] = ()
    repo: Repo = Repo("")
    channel: str = ""
    thread: str = ""
    response_url: str = ""


def ask_pull(kept: Kept) -> dict[str, Any]:
    """Return the form that asks which pull request is meant."""
    return _form(
        ASK_PULL,
        kept,
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
    found = view
    for key in ("state", "values", SAID, SAID, "value"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _form(
    name: str,
    kept: Kept,
    *,
    title: str,
    label: str,
    placeholder: str,
    send: str,
    guess: str = "",
) -> dict[str, Any]:
    carried = msgspec.json.encode(kept).decode()
    if len(carried) > MOST_KEPT:
        carried = msgspec.json.encode(msgspec.structs.replace(kept, response_url="")).decode()
    field: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": SAID,
        "placeholder": _plain(placeholder),
    }
    if guess:
        field["initial_value"] = " ".join(guess.split())[:LONGEST_GUESS]
    return {
        "type": "modal",
        "callback_id": name,
        "private_metadata": carried,
        "title": _plain(title),
        "submit": _plain(send),
        "close": _plain("Never mind"),
        "blocks": [
            {"type": "input", "block_id": SAID, "label": _plain(label), "element": field},
        ],
    }


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}
