"""Finds out which files a pull request changes.

On:        `files.wanted`
Calls:     a pull request, and the files of it; reading may be repeated
Reports:   `pull.files_seen`, for the head that was there while they were read
"""

from collections.abc import Sequence
from typing import ClassVar

from chatops.engine.effect import Effect
from chatops.events import Event
from chatops.events.owners import FilesWanted
from chatops.events.pulls import PullFilesSeen
from chatops.ports import Ports


class LearnFiles(Effect[FilesWanted]):
    """Read the files of a pull request."""

    name: ClassVar[str] = "learn_files"
    on: ClassVar[type[Event]] = FilesWanted

    async def perform(self, event: FilesWanted, ports: Ports) -> Sequence[Event]:
        files = await ports.github.pull_files(event.repo, event.number)
        # Of a head that came meanwhile the files are asked for by that one's own request.
        head = await ports.github.head(event.repo, event.number)
        if head.sha != event.sha or head.base != event.base:
            return []
        return [
            PullFilesSeen(
                repo=event.repo,
                number=event.number,
                sha=event.sha,
                base=event.base,
                files=tuple(files),
            )
        ]

    def describe(self, event: FilesWanted) -> str:
        """Say what would be done."""
        return f"Would read which files #{event.number} changes."
