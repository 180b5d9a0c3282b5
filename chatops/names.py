"""The words everybody shares: identifiers with a type, and no behaviour."""

from typing import NewType

Repo = NewType("Repo", str)
"""`owner/name`, as GitHub spells it."""

Sha = NewType("Sha", str)
"""A commit, 40 hexadecimal digits."""

Login = NewType("Login", str)
"""A GitHub account's login, without `@`."""

PullNumber = NewType("PullNumber", int)
"""A pull request's number in its repository."""

RunId = NewType("RunId", int)
"""A workflow run's id; the same over all of its attempts."""

JobId = NewType("JobId", int)
"""A job's id; new in every attempt, also for a job that was only carried over."""

CommandId = NewType("CommandId", str)
"""The correlation id of a command's story: `command/…`."""
