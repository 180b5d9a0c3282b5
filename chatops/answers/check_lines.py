"""One line per check, as every answer about a pull request shows it: its name, what became of it, what to say."""

from collections.abc import Sequence

from chatops.answers.ages import ago
from chatops.answers.night_cells import State
from chatops.answers.pull_checks import Check, PullChecks
from chatops.engine.answer import Code, Line, Link, Piece, Section, Strong
from chatops.engine.command import Knowledge
from chatops.events.conversation import CommandReceived
from chatops.names import Repo

SHA_SHOWN = 9
LINES_SHOWN = 10
REPEATABLE = frozenset({State.FAILED, State.INFRA, State.CANCELLED})
QUIET_WORDS = frozenset({State.FAILED, State.NOT_RUN})


def say(received: CommandReceived, knowledge: Knowledge, *words: str) -> str:
    """Return a command as it is said where somebody asked; in Slack, it names the pull request."""
    verb, rest = words[0], " ".join(quoted(word) for word in words[1:])
    if received.surface == "slack":
        slash = knowledge.community.slash_command
        return f"{slash} {verb} #{received.number} {rest}".strip()
    return f"/{verb} {rest}".strip()


def quoted(word: str) -> str:
    """Return a word as it must be written to be one; marks inside it decide which go around it."""
    if not set(word) & set(" \t'\""):
        return word
    return f"'{word}'" if '"' in word else f'"{word}"'


def checks_section(
    title: str,
    checks: Sequence[Check],
    received: CommandReceived,
    knowledge: Knowledge,
    *,
    verb: str = "",
) -> Section:
    """Return checks as a titled list, each with what it can be told with `verb`."""
    return Section(
        title=f"{title} ({len(checks)})",
        lines=tuple(
            check_line(check, received, knowledge, verb=verb) for check in checks[:LINES_SHOWN]
        ),
        more=max(0, len(checks) - LINES_SHOWN),
    )


def check_line(
    check: Check, received: CommandReceived, knowledge: Knowledge, *, verb: str = ""
) -> Line:
    """Return a check in a line."""
    line: list[Piece] = [_name(check, received.repo, knowledge.github_url)]
    if check.is_required:
        line += [" ", Strong("required")]
    if check.state not in QUIET_WORDS:
        line.append(f", {check.state.value}")
    if check.failed_step:
        line.append(f" at step “{check.failed_step}”")
    if check.reason:
        line.append(f": {check.reason}")
    if verb and check.workflow and check.state in REPEATABLE and received.surface != "slack":
        line += [" — ", Code(say(received, knowledge, verb, check.name))]
    elif verb and check.workflow and check.state in REPEATABLE:
        line += [" — ", Code(say(received, knowledge, "why", check.name))]
    return tuple(line)


def _name(check: Check, repo: Repo, github_url: str) -> Piece:
    if check.last is not None and check.last.run_id:
        run = f"{github_url}/{repo}/actions/runs/{check.last.run_id}"
        job = f"/job/{check.last.job_id}" if check.last.job_id else ""
        return Link(check.name, run + job)
    if check.url.startswith(("https://", "http://")):
        return Link(check.name, check.url)
    return check.name


def pull_link(checks: PullChecks, github_url: str) -> Link:
    """Return a link to the pull request."""
    pull = checks.pull
    return Link(f"#{pull.number}", f"{github_url}/{pull.repo}/pull/{pull.number}")


def freshness(checks: PullChecks, knowledge: Knowledge) -> Line:
    """Say which commit an answer speaks of, and how fresh it is."""
    line: list[Piece] = ["On ", Code(checks.pull.sha[:SHA_SHOWN])]
    if checks.heard_at is None:
        line.append("; nothing was heard from GitHub yet.")
    else:
        line.append(f"; last heard from GitHub {ago(knowledge.now - checks.heard_at)} ago.")
    return tuple(line)
