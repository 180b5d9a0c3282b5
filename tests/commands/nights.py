"""A small nightly to ask about: which test of it ended how, in which of the last nights."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from chatops.engine.answer import Answer, as_text
from chatops.engine.authority import Grant, Standing
from chatops.engine.command import Asked, Command
from chatops.events import Event
from tests.scene import COMMUNITY, NOW, ended, job, received, scene, story

MIDNIGHT = NOW.replace(hour=0)
CALLER = "engine / "


def night(days_ago: int, **outcomes: str | Sequence[str]) -> list[Event]:
    """Return a night: how each test ended, one conclusion for each attempt it ran in."""
    began = MIDNIGHT - timedelta(days=days_ago)
    run_id = 1_000 - days_ago
    facts: list[Event] = []
    tries = {
        name: [ended_as] if isinstance(ended_as, str) else list(ended_as)
        for name, ended_as in outcomes.items()
    }
    for attempt in range(1, max(map(len, tries.values())) + 1):
        times = {
            "created_at": began,
            "started_at": began,
            "completed_at": began + timedelta(hours=1),
        }
        facts.append(
            ended(
                run_id, "Nightly", "failure", trigger="schedule", attempt=attempt, number=run_id,
                created_at=began, completed_at=times["completed_at"],
            )
        )  # fmt: skip
        for place, (name, conclusions) in enumerate(tries.items()):
            if attempt <= len(conclusions):
                number = run_id * 100 + attempt * 10 + place
                facts.append(
                    job(
                        number,
                        run_id,
                        CALLER + name,
                        conclusions[attempt - 1],
                        attempt=attempt,
                        **times,
                    )
                )
    return facts


def told(folder: Path, command: type[Command], words: Sequence[str], *facts: Event) -> Answer:
    """Ask a command about these nights; return what it tells."""
    asked = received(verb=command.name, words=tuple(words), surface="slack")
    with scene(folder, facts) as world, world.knowledge(COMMUNITY) as knowledge:
        grant = Grant(ground="anyone")
        command.parse(words).decide(
            Asked(received=asked, standing=Standing(), grant=grant), knowledge
        )
        return command.tell(story(asked), knowledge)


def said(folder: Path, command: type[Command], words: Sequence[str], *facts: Event) -> str:
    """Ask, and return the answer as plain text."""
    return as_text(told(folder, command, words, *facts))
