"""`chatops`: the command line. Exit status 0: done, 1: failed, 2: asked for in a way we do not understand."""

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from chatops.errors import BadInput, ChatopsError
from chatops.running.plainly import PlainCommand, PlainGroup

program = typer.Typer(
    name="chatops",
    cls=PlainGroup,
    help="CI answers where the people are.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
database_commands = typer.Typer(help="The database.", no_args_is_help=True)
effect_commands = typer.Typer(help="What is to be done, and what is parked.", no_args_is_help=True)
program.add_typer(database_commands, name="db")
program.add_typer(effect_commands, name="effects")

ROLES = ("all", "web", "worker")
HIGHEST_PORT = 65_535
HIGHEST_PULL = 2**31 - 1
HIGHEST_POSITION = 2**63 - 1
MOST_DAYS = MOST_NIGHTS = 3_650

SIMULATED = ("alerts",)
SHELLS = ("bash", "zsh", "fish")
COMPLETES = "_CHATOPS_COMPLETE"
"""The variable by which a shell asks what may come next."""

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def main() -> None:
    """Run the program; problems with a name become sentences, not traces."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot show a character shows its number.
            stream.reconfigure(errors="backslashreplace")
    if COMPLETES in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
        # What it says goes to a shell and not onto a screen: lines are not to be broken.
        os.environ["COLUMNS"] = "1000"
    try:
        program(prog_name="chatops")
    except BadInput as problem:
        for line in problem.problems:
            print(line, file=sys.stderr)
        sys.exit(2)
    except ChatopsError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
    finally:
        _let_go_of_output()


# --- what a shell offers ----------------------------------------------------


def _offered(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return what a command of the bus may go on with; a help text is no markup."""
    from rich.markup import escape

    from chatops.running.completing import community, configuration, offered

    where = community(configuration(_path()), context.params.get("community") or "")
    return [(text, escape(told)) for text, told in offered(incomplete, where)]


def _communities() -> list[str]:
    from chatops.running.completing import configuration

    known = configuration(_path())
    return list(known.communities) if known is not None else []


def _kinds() -> list[str]:
    from chatops.app import catalogues

    return sorted(event.kind for event in catalogues().events)


def _projections() -> list[str]:
    from chatops.app import catalogues

    return sorted(projection.name for projection in catalogues().projections)


# --- the commands -----------------------------------------------------------


@program.command(cls=PlainCommand)
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=HIGHEST_PORT)] = 0,
    role: Annotated[
        str, typer.Option(help="all, web or worker.", autocompletion=lambda: list(ROLES))
    ] = "all",
) -> None:
    """Serve webhooks, Slack, pages and the worker.

    Example: chatops serve --host 0.0.0.0 --port 8080
    """
    # What a start makes stays. To look for garbage among it again and again would be a tenth of the time it takes.
    gc.disable()
    from chatops.running.serving import serve_forever

    if role not in ROLES:
        raise BadInput([f"--role: found {role!r}, expected all, web or worker"])
    needs = ("CHATOPS_GITHUB_WEBHOOK_SECRET",) if role != "worker" else ()
    service = _service(role, needs=needs, is_brief=False)
    raise typer.Exit(serve_forever(service, host=host, port=port))


@program.command()
def demo(
    port: Annotated[
        int,
        typer.Option(
            help="Port of the product; the stand-ins take the next two.",
            min=1,
            max=HIGHEST_PORT - 99,
        ),
    ] = 8080,
    nights: Annotated[
        int, typer.Option(help="How many nights of history to make up.", min=1, max=MOST_NIGHTS)
    ] = 365,
    seed: Annotated[int, typer.Option(help="The same seed makes the same history.")] = 1,
    speed: Annotated[
        float,
        typer.Option(help="How much faster than real the pretend CI runs.", min=0.1, max=100_000),
    ] = 60.0,
    directory: Annotated[
        Path | None, typer.Option(help="Keep the demo's files here; a later start goes on.")
    ] = None,
) -> None:
    """Start the whole product with pretend GitHub, pretend Slack and a year of history.

    Example: chatops demo --nights 30
    """
    from chatops.demo import main as demo_main

    raise typer.Exit(
        demo_main(port=port, nights=nights, seed=seed, speed=speed, directory=directory)
    )


@program.command("import")
def import_files(
    files: Annotated[
        list[Path], typer.Argument(help="job_stats.json, check_stats.json or required-tests.yaml.")
    ],
    repo: Annotated[str, typer.Option(help="The repository, where the file does not say it.")] = "",
    workflow: Annotated[
        str, typer.Option(help="The nightly workflow's name; default: the first one.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Append the facts in an older dashboard's files. A second import adds nothing.

    Example: chatops import job_stats.json
    """
    from chatops.running.importing import import_all

    service = _service("worker")
    with _progress("import") as step:
        results = import_all(service, files, repo=repo, workflow=workflow, step=step)
    if as_json:
        _print_json(results)
    else:
        for result in results:
            print(
                f"{result['file']}: {result['kind']}, {result['facts']} facts, {result['new']} new, "
                f"{result['known']} known; totals {result['totals']}"
            )


@program.command()
def simulate(
    policy: Annotated[
        str, typer.Option(help="Which rules.", autocompletion=lambda: list(SIMULATED))
    ] = "alerts",
    nights: Annotated[
        list[Path] | None,
        typer.Option(help="A job_stats.json to take the nights from; default: those of the log."),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            help="What other rules say otherwise, such as required_nights=3,other_nights=4; each is a column. "
            "Default: an alert for each new failure."
        ),
    ] = None,
    last: Annotated[
        int, typer.Option(help="How many nights, the newest ones.", min=1, max=MOST_NIGHTS)
    ] = 365,
    community: Annotated[
        str,
        typer.Option(help="The community; default: the first.", autocompletion=_communities),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Tell what channels would have heard in the nights there were, by these rules and by others.

    Example: chatops simulate --policy alerts --against required_nights=3
    """
    from chatops.running.simulating import lines
    from chatops.running.simulating import simulate as simulated

    if policy not in SIMULATED:
        raise BadInput([f"--policy: found {policy!r}, expected {' or '.join(SIMULATED)}"])
    told = simulated(
        _service("web", is_checked=not nights),
        nights or (),
        against=against or (),
        nights=last,
        community=community,
    )
    if as_json:
        _print_json(told)
        return
    for line in lines(told):
        print(line)


@program.command()
def export(
    directory: Annotated[Path, typer.Argument(help="The folder; an earlier export is replaced.")],
    community: Annotated[
        str,
        typer.Option(help="The community; default: the first.", autocompletion=_communities),
    ] = "",
    private: Annotated[
        bool, typer.Option("--private", help="Also where not everybody may see its repositories.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the dashboard as files, for a place that only serves files, such as GitHub Pages.

    Example: chatops export site
    """
    from msgspec.structs import asdict

    from chatops.running.exporting import export as export_pages
    from chatops.running.helping import helpers_here

    service = _service("web")
    with _read(service), _progress("export") as step:
        result = export_pages(
            service,
            directory,
            community=community,
            step=step,
            private=private,
            helpers=helpers_here(service.log.head()),
        )
    if as_json:
        _print_json(asdict(result))
    else:
        more = f"; {result.left_out} older ones were left out" if result.left_out else ""
        print(
            f"{directory}: {result.pages} pages of {result.community} as of {result.as_of}, {result.files} files, "
            f"{result.bytes / 1e6:.1f} MB, in {result.seconds} s{more}"
        )


@program.command()
def backfill(
    days: Annotated[int, typer.Option(help="How far back.", min=1, max=MOST_DAYS)] = 30,
    runs: Annotated[
        int, typer.Option(help="At most so many runs of each workflow; 0: no limit.", min=0)
    ] = 0,
    pulls: Annotated[bool, typer.Option(help="Also the open pull requests.")] = True,
    as_json: AsJson = False,
) -> None:
    """Fetch runs, attempts and jobs from GitHub. Stop and start it as you like: it goes on.

    Example: chatops backfill --days 90
    """
    from chatops.running.fetching import backfill_all

    service = _service("worker")
    with _bar("Fetching") as (say, reached):
        fetched = backfill_all(
            service,
            since=timedelta(days=days),
            runs=runs or None,
            pulls=pulls,
            say=say,
            reached=reached,
        )
        summary = asyncio.run(fetched)
    _tell(summary, as_json=as_json)


@program.command()
def watch(
    seconds: Annotated[
        int, typer.Option(help="Pause between two looks; 0: as configured.", min=0, max=86_400)
    ] = 0,
    rounds: Annotated[int, typer.Option(help="Stop after so many looks; 0: never.", min=0)] = 0,
    live: Annotated[
        int,
        typer.Option(
            help="Fetch the jobs of a run under way too, first after so many minutes; 0: when it has ended.",
            min=0,
            max=1_440,
        ),
    ] = 0,
) -> None:
    """Serve the pages and keep them current by polling: no public address needed, a token is enough.

    Example: chatops watch --seconds 120 --live 30
    """
    from chatops.running.fetching import watch_forever

    service = _service("all", is_brief=False)
    pause = timedelta(minutes=live) if live else None
    raise typer.Exit(watch_forever(service, seconds=seconds, rounds=rounds or None, live=pause))


@program.command()
def run(
    command: Annotated[
        str,
        typer.Argument(
            help="What you would write in a comment, such as '/retest'.", autocompletion=_offered
        ),
    ],
    pull: Annotated[
        int, typer.Option("--pr", help="The pull request it is about.", min=0, max=HIGHEST_PULL)
    ] = 0,
    person: Annotated[str, typer.Option("--as", help="The GitHub login it is said as.")] = "",
    repo: Annotated[str, typer.Option(help="The repository; default: the community's first.")] = "",
    community: Annotated[
        str,
        typer.Option(help="The community; default: the first.", autocompletion=_communities),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say a command from here: the same bus, the same rights, the same log.

    Example: chatops run '/retest' --pr 123 --as mona
    """
    from chatops.running.speaking import say_command

    said = asyncio.run(
        say_command(
            _service("worker"), command, number=pull, person=person, repo=repo, community=community
        )
    )
    if as_json:
        _print_json(said)
    else:
        print(said["text"])
    raise typer.Exit(0 if said["decision"] in ("accepted", "explained") else 1)


@program.command()
def digest(
    at: Annotated[
        int,
        typer.Option(
            "--at",
            help="The position of the log it was made from, as its footer says; default: the last one.",
            min=0,
            max=HIGHEST_POSITION,
        ),
    ] = 0,
    channel: Annotated[
        str, typer.Option(help="The channel, by its name or id; default: every one.")
    ] = "",
    preview: Annotated[
        bool, typer.Option("--preview", "--dry-run", help="As it would be now.")
    ] = False,
    community: Annotated[
        str,
        typer.Option(help="The community; default: the first.", autocompletion=_communities),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make the digests of channels again, as they were posted, or as they would be now. Nothing is posted.

    Example: chatops digest --at 12345 --channel acme-ci
    """
    from chatops.running.digesting import digests

    service = _service("web")
    with _read(service), _progress("digest") as step:
        made = digests(
            service,
            community=community,
            channel=channel,
            position=at,
            is_preview=preview,
            step=step,
        )
    if as_json:
        _print_json([one.as_object() for one in made])
    else:
        print("\n\n\n".join(one.as_text() for one in made) or "No channel has had a digest yet.")


@program.command()
def status(as_json: AsJson = False) -> None:
    """Say how this installation is: log, read models, work, data age.

    Example: chatops status --json
    """
    service = _service("web")
    with _read(service):
        state = service.readiness()
        head = service.log.head()
        facts = {"ready": state.is_ready, "head": head, **state.facts}
    _tell(facts, as_json=as_json)
    raise typer.Exit(0 if state.is_ready else 1)


@program.command()
def events(
    after: Annotated[
        int, typer.Option(help="Start after this position.", min=0, max=HIGHEST_POSITION)
    ] = 0,
    kind: Annotated[
        str, typer.Option("--type", help="Only this kind.", autocompletion=_kinds)
    ] = "",
    stream: Annotated[str, typer.Option(help="Only this stream, such as run/123.")] = "",
    follow: Annotated[bool, typer.Option(help="Go on as events arrive.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the log, one event a line.

    Example: chatops events --after 812331 --type command.received --json
    """
    from chatops.running.reading import lines

    service = _service("web")
    with _read(service):
        try:
            for line in lines(
                service.log, after, kind=kind, stream=stream, follow=follow, as_json=as_json
            ):
                print(line, flush=follow)
        except KeyboardInterrupt:
            raise typer.Exit(0) from None
        except BrokenPipeError:
            raise typer.Exit(0) from None


@program.command()
def rebuild(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Projections; none: all.", autocompletion=_projections),
    ] = None,
    verify: Annotated[bool, typer.Option(help="Only compare with the live tables.")] = False,
    as_json: AsJson = False,
) -> None:
    """Build read models again from the log, beside the live ones, and switch over.

    Example: chatops rebuild jobs --verify
    """
    from chatops.engine.rebuild import rebuild_all

    service = _service("web")
    kinds = {kind.name: kind for kind in service.catalogues.projections}
    unknown = sorted(set(names or ()) - set(kinds))
    if unknown:
        raise BadInput(
            [f"projection: found {', '.join(unknown)}, expected some of {', '.join(kinds)}"]
        )
    wanted = [kinds[name] for name in dict.fromkeys(names or kinds)]
    with _opened(service), _progress("rebuild") as step:
        outcomes = rebuild_all(service.log, wanted, switch=not verify, progress=step)
    _tell(
        [
            {
                "projection": outcome.name, "events": outcome.events, "digest": outcome.rebuilt,
                "live": outcome.live, "equal": outcome.is_equal,
            }
            for outcome in outcomes
        ],
        as_json=as_json,
    )  # fmt: skip
    raise typer.Exit(0 if all(outcome.is_equal for outcome in outcomes) or not verify else 1)


@database_commands.command("upgrade")
def upgrade() -> None:
    """Bring the database to the newest schema; `serve` does it by itself.

    Example: chatops db upgrade
    """
    service = _service("web")
    with _opened(service):
        print("The database is at the newest schema.")


@effect_commands.command("list")
def list_effects(as_json: AsJson = False) -> None:
    """List what is not done yet; parked items wait for `resume` or `drop`.

    Example: chatops effects list
    """
    service = _service("web")
    with _read(service):
        items = [
            {
                "name": item.name, "subject": item.subject, "position": item.wanted, "tries": item.tries,
                "wait_seconds": int(item.wait.total_seconds()), "parked": item.parked, "problem": item.problem,
            }
            for item in service.work.backlog()
        ]  # fmt: skip
    _tell(items, as_json=as_json, empty="Nothing waits.")


@effect_commands.command("resume")
def resume_effects(
    name: Annotated[str, typer.Argument(help="The effect's name; none: all.")] = "",
    subject: Annotated[str, typer.Argument(help="Which one; none: all of that name.")] = "",
) -> None:
    """Let parked and waiting items be tried now.

    Example: chatops effects resume rerun 4711
    """
    service = _service("web")
    with _opened(service):
        print(f"{service.work.resume(name or None, subject or None)} to be tried now.")


@effect_commands.command("drop")
def drop_effect(
    name: Annotated[str, typer.Argument(help="The effect's name.")],
    subject: Annotated[str, typer.Argument(help="Which one.")],
) -> None:
    """Give a parked item up for good.

    Example: chatops effects drop rerun 4711
    """
    service = _service("web")
    with _opened(service):
        dropped = service.work.drop(name, subject)
    if not dropped:
        raise BadInput(
            [f"effects drop: nothing parked is called {name} {subject}; see chatops effects list"]
        )
    print("Dropped.")


@program.command()
def doctor(as_json: AsJson = False) -> None:
    """Check configuration, database, GitHub and Slack, and say what to do about what is wrong.

    Example: chatops doctor
    """
    from chatops.running.speaking import examine

    findings = asyncio.run(examine(_service("web", is_checked=False)))
    _tell(findings, as_json=as_json)
    raise typer.Exit(0 if all(finding["ok"] for finding in findings) else 1)


@program.command()
def completion(
    shell: Annotated[
        str, typer.Argument(help="bash, zsh or fish.", autocompletion=lambda: list(SHELLS))
    ],
) -> None:
    """Print what lets a shell complete this program, and what is said with `chatops run`.

    Example: chatops completion bash
    """
    from typer._completion_shared import get_completion_script

    if shell not in SHELLS:
        raise BadInput([f"completion: found {shell!r}, expected bash, zsh or fish"])
    print(get_completion_script(prog_name="chatops", complete_var=COMPLETES, shell=shell))


@program.command(hidden=True)
def docs() -> None:
    """Write the generated pages of docs/ again.

    Example: chatops docs
    """
    from chatops import config, settings
    from chatops.reference import write_pages

    others = {"configuration.md": f"{config.reference()}\n{settings.reference()}"}
    for path in write_pages(Path("docs"), others):
        print(path)


@program.command()
def catalogue() -> None:
    """List every command, event, projection, effect, policy and round there is.

    Example: chatops catalogue
    """
    from chatops.app import catalogues

    found = catalogues()
    for room, entries in (
        ("commands", sorted(found.commands)),
        ("events", sorted(event.kind for event in found.events)),
        ("projections", sorted(projection.name for projection in found.projections)),
        ("effects", sorted(effect.name for effect in found.effects)),
        ("policies", sorted(policy.name for policy in found.policies)),
        ("rounds", sorted(one.name for one in found.rounds)),
    ):
        print(f"{room}: {', '.join(entries)}")


# --- what the commands share ------------------------------------------------


def _path() -> Path:
    """Return where the configuration is, whatever else is wrong with the environment."""
    return Path(os.environ.get("CHATOPS_CONFIG") or "chatops.yaml")


def _service(
    role: str, *, needs: Collection[str] = (), is_brief: bool = True, is_checked: bool = True
) -> Any:
    """Return the product as the environment and the configuration say; all of their problems at once."""
    # What is loaded stays, so that nothing of it is to be collected.
    gc.disable()
    from chatops.app import Service
    from chatops.config import read_configuration
    from chatops.logs import set_up_logs
    from chatops.running.opening import check_schema
    from chatops.settings import read_settings
    from chatops.views.job_filters import misread_filters

    gc.enable()

    settings = configuration = None
    problems: list[str] = []
    try:
        settings = read_settings(os.environ, needs=needs)
    except BadInput as problem:
        problems += problem.problems
    path = settings.config if settings else _path()
    try:
        configuration = read_configuration(path, further=misread_filters)
    except BadInput as problem:
        problems += problem.problems
    if settings is None or configuration is None:
        raise BadInput(problems)
    set_up_logs(settings.log_format, brief=is_brief)
    service = Service(settings, configuration, role=role)
    if is_checked:
        check_schema(service)
    return service


@contextmanager
def _opened(service: Any) -> Iterator[None]:
    """Open the database for a command that changes it, at the newest schema."""
    service.open_database()
    try:
        yield
    finally:
        service.database.close()


@contextmanager
def _read(service: Any) -> Iterator[None]:
    """Look into the database for a command that changes nothing in it."""
    from chatops.running.opening import check_readable

    try:
        check_readable(service)
        yield
    finally:
        service.database.close()


def _let_go_of_output() -> None:
    """Write what is left; a reader who went away, as `head` does, is no failure worth words."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _bar(what: str) -> Iterator[tuple[Callable[[str], None], Callable[[float], None]]]:
    """Show how far something is and what it does, on a terminal only: yield how to say either."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield (
            lambda text: bar.update(task, description=text),
            lambda share: bar.update(task, completed=share),
        )


def _print_json(value: object) -> None:
    import msgspec

    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _tell(value: Any, *, as_json: bool, empty: str = "") -> None:
    """Print a result: JSON for scripts, else a line for each fact."""
    if as_json:
        _print_json(value)
        return
    rows = value if isinstance(value, list) else [value]
    if not rows:
        print(empty)
    for row in rows:
        print("  ".join(f"{key} {fact}" for key, fact in row.items()))


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar for what takes long, on a terminal only."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


if __name__ == "__main__":
    main()
