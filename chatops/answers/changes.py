"""What was changed on an issue or pull request, told from its story; and what would change it back."""

from collections.abc import Iterable, Sequence

from chatops.engine.answer import Answer, Code, Line, Piece, Tone, pieces
from chatops.engine.command import Asked, Story
from chatops.errors import Refused
from chatops.events import Event
from chatops.events.changes import (
    AssigneesChanged,
    AssigneesRequested,
    Edited,
    EditRequested,
    LabelsChanged,
    LabelsRequested,
    ReviewersChanged,
    ReviewersRequested,
)
from chatops.events.conversation import EffectFailed
from chatops.names import CommandId

ASKED_FOR_BY = {
    AssigneesChanged: AssigneesRequested,
    ReviewersChanged: ReviewersRequested,
    LabelsChanged: LabelsRequested,
}
NOT_ASSIGNED = (
    "GitHub assigns only people with access to the repository, its author, and those who have commented here; "
    "at most ten."
)
NOT_ASKED = "GitHub asks only people and teams with access to the repository for a review, and never the author."


def told(story: Story) -> Answer:
    """Return the message about changes: quiet where all of it worked, loud where something did not."""
    failed = story.first(EffectFailed)
    if failed is not None:
        return Answer(verdict=pieces(failed.text), tone=Tone.BAD)
    lines = [line for event in story.events for line in _told(event)]
    if not lines:
        return Answer(verdict=("On it.",), tone=Tone.BUSY, quiet=True)
    people: list[AssigneesChanged | ReviewersChanged] = [
        *story.all(AssigneesChanged),
        *story.all(ReviewersChanged),
    ]
    unknown = any(event.unknown for event in story.all(LabelsChanged))
    ignored = any(event.ignored for event in people)
    in_vain = ignored and not any(event.added or event.removed for event in people)
    verdict = tuple(
        piece for number, line in enumerate(lines) for piece in ((" ", *line) if number else line)
    )
    return Answer(
        verdict=verdict, tone=Tone.BAD if in_vain else Tone.NEUTRAL, quiet=not (ignored or unknown)
    )


def undoing(story: Story, asked: Asked) -> Sequence[Event]:
    """Return what changes back what a command has changed; refuse where it has changed nothing."""
    events = changed_back(story, asked)
    if not events:
        raise Refused(
            "That command has changed nothing, so there is nothing to take back.",
            reason="nothing_to_undo",
        )
    return events


def changed_back(story: Story, asked: Asked) -> Sequence[Event]:
    """Return what changes back what a command has changed, if it has; refuse while nobody knows yet."""
    command = asked.received.command
    events = [event for done in story.events for event in _undoing(done, command)]
    if not events and _is_under_way(story):
        raise Refused(
            "GitHub has not been asked yet, so there is nothing to take back. Look again in a minute.",
            reason="not_done",
        )
    return events


def _is_under_way(story: Story) -> bool:
    """Return whether something was asked for of which nobody knows yet what came of it."""
    asked = (AssigneesRequested, EditRequested, LabelsRequested, ReviewersRequested)
    ended = (AssigneesChanged, Edited, LabelsChanged, ReviewersChanged, EffectFailed)
    return any(isinstance(event, asked) for event in story.events) and not any(
        isinstance(event, ended) for event in story.events
    )


def as_it_is(text: str) -> Refused:
    """Return the refusal of what is so already."""
    return Refused(text, reason="as_it_is")


def quoted(names: Iterable[str]) -> str:
    """Return names as code in one of our sentences; none of them can end it."""
    return ", ".join(f"`{name.replace('`', '')}`" for name in names)


def _told(event: Event) -> list[Line]:
    match event:
        case AssigneesChanged():
            return [
                *_sentence("Assigned ", event.added),
                *_sentence("Unassigned ", event.removed),
                *_nothing(event),
                *_sentence("I could not assign ", event.ignored, f". {NOT_ASSIGNED}"),
            ]
        case ReviewersChanged():
            return [
                *_sentence("Asked for a review: ", event.added),
                *_sentence("Not asked for a review any more: ", event.removed),
                *_nothing(event),
                *_sentence("I could not ask ", event.ignored, f". {NOT_ASKED}"),
            ]
        case LabelsChanged():
            found = [
                *_sentence("Added ", event.added),
                *_sentence("Took off ", event.removed),
                *_sentence(f"{event.repo} has no label ", event.unknown),
            ]
            return found or [("The labels are so already.",)]
        case Edited():
            return [_edited(event)]
        case _:
            return []


def _nothing(event: AssigneesChanged | ReviewersChanged) -> list[Line]:
    """Say that it was so before, where that is all there is to say."""
    if event.added or event.removed or event.ignored:
        return []
    return [("It is so already.",)]


def _edited(event: Edited) -> Line:
    match event.field, event.value:
        case "state", "closed":
            return ("Closed as not planned." if event.reason == "not_planned" else "Closed.",)
        case "state", _:
            return ("Opened again.",)
        case field, "":
            return (f"Took off the {field} ", Code(event.before), ".")
        case field, value:
            return (f"The {field} is ", Code(value), " now.")


def _sentence(start: str, names: Sequence[str], end: str = ".") -> list[Line]:
    if not names:
        return []
    line: list[Piece] = [start]
    for place, name in enumerate(names):
        line += [", ", Code(name)] if place else [Code(name)]
    return [(*line, end)]


def _undoing(event: Event, command: CommandId) -> list[Event]:
    match event:
        case AssigneesChanged() | ReviewersChanged() | LabelsChanged() if (
            event.added or event.removed
        ):
            return [
                ASKED_FOR_BY[type(event)](
                    command=command,
                    repo=event.repo,
                    number=event.number,
                    add=event.removed,
                    remove=event.added,
                    before=event.added,
                )
            ]
        case Edited():
            return [
                EditRequested(
                    command=command,
                    repo=event.repo,
                    number=event.number,
                    field=event.field,
                    value=event.before,
                    before=event.value,
                    strictly=True,
                )
            ]
        case _:
            return []
