"""What led to what, as a message: the answer of `why EVENT`."""

from chatops.answers.askers import who_asked
from chatops.answers.chains import Chain, Happening, is_private
from chatops.answers.nights import counted
from chatops.engine.answer import Answer, Code, Line, Link, Piece, Section, Tone, When
from chatops.engine.command import Knowledge
from chatops.projections.commands import Command, Outcome

LINES_SHOWN = 40
DETAILS_SHOWN = 6
TONES = {
    Outcome.ACCEPTED: Tone.NEUTRAL,
    Outcome.REFUSED: Tone.NEUTRAL,
    Outcome.FAILED: Tone.BAD,
    Outcome.UNDECIDED: Tone.BUSY,
}


def chain_answer(chain: Chain, knowledge: Knowledge) -> Answer:
    """Return a chain as a list with times, from what was said to what came of it."""
    shown = chain.happenings[:LINES_SHOWN]
    sections = [
        Section(
            title="What led to what",
            lines=tuple(_line(one, chain, knowledge) for one in shown),
            more=len(chain.happenings) - len(shown),
        )
    ]
    if chain.related:
        lines: list[Line] = [
            (Code(spoken(one)), f" by {who_asked(one, knowledge)}", *_page(one, knowledge))
            for one in chain.related
        ]
        sections.append(Section(title="Asked for by", lines=tuple(lines)))
    return Answer(
        verdict=_verdict(chain, knowledge),
        tone=TONES[chain.command.outcome] if chain.command is not None else Tone.NEUTRAL,
        sections=tuple(sections),
        footer=_page(chain.command, knowledge) if chain.command is not None else (),
    )


def spoken(command: Command) -> str:
    """Return a command as it was said; of one said in private only its verb."""
    words = () if is_private(command.surface) else command.words
    return " ".join([f"/{command.verb}", *words])


def _verdict(chain: Chain, knowledge: Knowledge) -> Line:
    command = chain.command
    if command is None:
        [one] = chain.happenings
        return (f"e{one.position}: {one.words}, heard from {one.source}.",)
    line: list[Piece] = [Code(spoken(command)), f" by {who_asked(command, knowledge)}"]
    if command.number:
        line.append(f" on #{command.number}")
    if command.received_at is not None:
        line += [", ", When(command.received_at)]
    reason = f" ({command.reason.replace('_', ' ')})" if command.reason else ""
    return (*line, f": {command.outcome}{reason}, {counted(len(chain.happenings), 'event')}.")


def _line(one: Happening, chain: Chain, knowledge: Knowledge) -> Line:
    after = "" if one.after is None else f" +{int(one.after.total_seconds())} s"
    line: list[Piece] = [When(one.at), f"{after} e{one.position} {one.words}"]
    details = [f"{name} {value}" for name, value in one.details[:DETAILS_SHOWN] if name != "gate"]
    if details:
        line.append(f": {', '.join(details)}")
    repo = chain.command.repo if chain.command is not None else ""
    if one.run_id and repo:
        line += [" ", Link("run", run_url(knowledge.github_url, repo, one))]
    return tuple(line)


def run_url(github_url: str, repo: str, one: Happening) -> str:
    """Return GitHub's page of the run that an event is about."""
    run = f"{github_url}/{repo}/actions/runs/{one.run_id}"
    return f"{run}/attempts/{one.attempt}" if one.attempt > 1 else run


def _page(command: Command, knowledge: Knowledge) -> Line:
    if not knowledge.base_url:
        return ()
    return (Link("The whole story", f"{knowledge.base_url}/audit/{command.id}"),)
