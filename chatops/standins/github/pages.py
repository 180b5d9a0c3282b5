"""Pages for people who try the demo: what one would see on GitHub, clearly marked as pretended."""

from __future__ import annotations

import colorsys
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from jinja2 import Environment, FileSystemLoader
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from chatops.standins.github.actions import Attempt, Job, NotAllowedError, Run, stamp
from chatops.standins.github.markdown import render
from chatops.standins.github.things import PERMISSIONS, Issue, Pull
from chatops.standins.github.world import Repository, World

ROOT = Path(__file__).parent
EMOJI = {
    "+1": ("👍", "thumbs up"),
    "-1": ("👎", "thumbs down"),
    "laugh": ("😄", "laugh"),
    "hooray": ("🎉", "hooray"),
    "confused": ("😕", "confused"),
    "heart": ("❤️", "heart"),
    "rocket": ("🚀", "rocket"),
    "eyes": ("👀", "eyes"),
}
STATES = {
    "success": ("✓", "good"),
    "failure": ("✗", "bad"),
    "timed_out": ("✗", "bad"),
    "startup_failure": ("✗", "bad"),
    "cancelled": ("⊘", "quiet"),
    "skipped": ("⊘", "quiet"),
    "neutral": ("■", "quiet"),
    "action_required": ("!", "busy"),
    "in_progress": ("●", "busy"),
    "queued": ("○", "busy"),
}
SAFETY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
RUNS_SHOWN = 50
COMMENT_SECONDS = 60
FOLLOW_SECONDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCheck:
    """A line in a list of checks."""

    name: str
    state: str
    address: str
    took: str
    note: str = ""

    @property
    def symbol(self) -> str:
        """The sign in front of it."""
        return STATES.get(self.state, ("?", "quiet"))[0]

    @property
    def mood(self) -> str:
        """The colour of the sign."""
        return STATES.get(self.state, ("?", "quiet"))[1]

    @property
    def words(self) -> str:
        """The state, for reading."""
        return self.state.replace("_", " ")


class Pages:
    """Draws the pages and takes the forms."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._templates = Environment(
            loader=FileSystemLoader(ROOT / "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(markdown=render, moment=_moment, stamp=stamp)
        self._templates.globals.update(emoji=EMOJI)

    def routes(self) -> Iterator[Route]:
        """List the addresses of the pages."""
        repository = "/{owner}/{repo}"
        run = repository + "/actions/runs/{run_id:int}"
        pull = repository + "/pull/{number:int}"
        issue = repository + "/issues/{number:int}"
        yield Route("/", self.home)
        yield Route("/_standin/static/{name}", self.static)
        yield Route("/_standin/avatars/{name}", self.avatar)
        yield Route(repository, self.repository)
        yield Route(repository + "/pulls", self.pulls)
        yield Route(pull, self.pull)
        yield Route(pull + "/comments", self.say, methods=["POST"])
        yield Route(repository + "/issues", self.issues)
        yield Route(issue, self.issue)
        yield Route(issue + "/comments", self.say, methods=["POST"])
        yield Route(repository + "/actions", self.runs)
        yield Route(run, self.run)
        yield Route(run + "/attempts/{attempt:int}", self.attempt)
        yield Route(run + "/job/{job_id:int}", self.job)
        yield Route(run + "/rerun", self.rerun, methods=["POST"])

    async def home(self, request: Request) -> Response:
        """List the repositories."""
        return self._page(request, "home", title="Repositories", refresh=FOLLOW_SECONDS)

    async def repository(self, request: Request) -> Response:
        """Lead to the pull requests."""
        return RedirectResponse(f"/{self._repository(request).full_name}/pulls")

    async def pulls(self, request: Request) -> Response:
        """List the pull requests of a repository."""
        repository = self._repository(request)
        pulls = sorted(repository.pulls.values(), key=lambda pull: -pull.number)
        shown = [(pull, _tally(_checks(repository, pull))) for pull in pulls]
        return self._page(
            request,
            "pulls",
            title=f"Pull requests · {repository.full_name}",
            repository=repository,
            pulls=shown,
            refresh=FOLLOW_SECONDS,
        )

    async def pull(self, request: Request) -> Response:
        """Show a pull request's conversation and checks."""
        repository, pull = self._pull(request)
        checks = _checks(repository, pull)
        return self._page(
            request,
            "pull",
            title=f"{pull.title} #{pull.number} · {repository.full_name}",
            repository=repository,
            pull=pull,
            counts=_tally(checks),
            pressing=[check for check in checks if check.mood in {"bad", "busy"}],
            others=[check for check in checks if check.mood not in {"bad", "busy"}],
            people=_people(repository),
            chosen=request.query_params.get("as", ""),
            refresh=COMMENT_SECONDS,
        )

    async def issues(self, request: Request) -> Response:
        """List the issues of a repository."""
        repository = self._repository(request)
        return self._page(
            request,
            "issues",
            title=f"Issues · {repository.full_name}",
            repository=repository,
            issues=sorted(repository.issues.values(), key=lambda issue: -issue.number),
            refresh=FOLLOW_SECONDS,
        )

    async def issue(self, request: Request) -> Response:
        """Show an issue's conversation."""
        repository = self._repository(request)
        issue = repository.issues.get(request.path_params["number"])
        if issue is None:
            raise HTTPException(404)
        return self._page(
            request,
            "issue",
            title=f"{issue.title} #{issue.number} · {repository.full_name}",
            repository=repository,
            issue=issue,
            people=_people(repository),
            chosen=request.query_params.get("as", ""),
            refresh=COMMENT_SECONDS,
        )

    async def say(self, request: Request) -> Response:
        """Take a comment from the form."""
        repository, about = self._tracked(request)
        form = await _form(request)
        author, body = form.get("as", ""), form.get("body", "").strip()
        if author not in repository.permissions:
            raise HTTPException(422, "Choose who says it.")
        place = "pull" if isinstance(about, Pull) else "issues"
        page = f"/{repository.full_name}/{place}/{about.number}?as={quote(author)}"
        if not body:
            return RedirectResponse(f"{page}#say", status_code=303)
        comment = repository.comment(about.number, author=author, body=body)
        return RedirectResponse(f"{page}#issuecomment-{comment.id}", status_code=303)

    async def runs(self, request: Request) -> Response:
        """List the newest runs of a repository."""
        repository = self._repository(request)
        runs = repository.runs_newest_first()[:RUNS_SHOWN]
        return self._page(
            request,
            "runs",
            title=f"Workflow runs · {repository.full_name}",
            repository=repository,
            runs=[(run, _line_of_run(run)) for run in runs],
            refresh=FOLLOW_SECONDS,
        )

    async def run(self, request: Request) -> Response:
        """Show the jobs of a run by attempt."""
        repository, run = self._run(request)
        attempts = [
            (attempt, _line_of_attempt(run, attempt), [_line(run, job) for job in attempt.jobs])
            for attempt in reversed(run.attempts)
        ]
        return self._page(
            request,
            "run",
            title=f"{run.workflow.name} #{run.number} · {repository.full_name}",
            repository=repository,
            run=run,
            attempts=attempts,
            people=_people(repository, least="write"),
            chosen=request.query_params.get("as", ""),
            refused=request.query_params.get("refused", ""),
            refresh=FOLLOW_SECONDS,
        )

    async def attempt(self, request: Request) -> Response:
        """Lead to an attempt's place on the page of its run."""
        repository, run = self._run(request)
        number = request.path_params["attempt"]
        return RedirectResponse(f"/{repository.full_name}/actions/runs/{run.id}#attempt-{number}")

    async def job(self, request: Request) -> Response:
        """Lead to the job's place on the page of its run."""
        repository, run = self._run(request)
        number = request.path_params["job_id"]
        return RedirectResponse(f"/{repository.full_name}/actions/runs/{run.id}#job-{number}")

    async def rerun(self, request: Request) -> Response:
        """Run a run again, from its page."""
        repository, run = self._run(request)
        form = await _form(request)
        actor = form.get("as", "")
        page = f"/{repository.full_name}/actions/runs/{run.id}?as={quote(actor)}"
        if PERMISSIONS.index(repository.permission(actor)) < PERMISSIONS.index("write"):
            raise HTTPException(403, "Only people with write permission can run this again.")
        again = self.world.ci.rerun if form.get("what") == "all" else self.world.ci.rerun_failed
        try:
            again(run, actor=actor)
        except NotAllowedError as refused:
            return RedirectResponse(f"{page}&refused={quote(refused.message)}", status_code=303)
        return RedirectResponse(page, status_code=303)

    async def static(self, request: Request) -> Response:
        """Hand out the style sheet and the script."""
        path = ROOT / "static" / str(request.path_params["name"])
        if path.parent != ROOT / "static" or not path.is_file():
            raise HTTPException(404)
        return FileResponse(path, headers={"Cache-Control": "no-cache"})

    async def avatar(self, request: Request) -> Response:
        """Draw somebody's picture: the first letter on a colour of their own."""
        login = str(request.path_params["name"]).removesuffix(".svg")
        hue = zlib.crc32(login.encode()) % 360 / 360
        red, green, blue = (round(part * 255) for part in colorsys.hls_to_rgb(hue, 0.3, 0.5))
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
            f'<rect width="40" height="40" rx="20" fill="rgb({red},{green},{blue})"/>'
            '<text x="20" y="27" font-family="sans-serif" font-size="20" fill="#fff" '
            f'text-anchor="middle">{escape(login[:1].upper())}</text></svg>'
        )
        return Response(svg, media_type="image/svg+xml", headers=SAFETY)

    def _page(self, request: Request, name: str, **shown: object) -> Response:
        """Draw a page, or only the part of it that changes."""
        part = "live" if "fragment" in request.query_params else "page"
        template = self._templates.get_template(
            f"_{name}.html" if part == "live" else f"{name}.html"
        )
        html = template.render(world=self.world, name=name, path=request.url.path, **shown)
        etag = f'"{hashlib.sha256(html.encode()).hexdigest()[:32]}"'
        headers = {**SAFETY, "ETag": etag, "Cache-Control": "no-cache"}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return HTMLResponse(html, headers=headers)

    def _repository(self, request: Request) -> Repository:
        name = f"{request.path_params['owner']}/{request.path_params['repo']}"
        repository = self.world.repositories.get(name)
        if repository is None:
            raise HTTPException(404)
        return repository

    def _pull(self, request: Request) -> tuple[Repository, Pull]:
        repository = self._repository(request)
        pull = repository.pulls.get(request.path_params["number"])
        if pull is None:
            raise HTTPException(404)
        return repository, pull

    def _tracked(self, request: Request) -> tuple[Repository, Issue]:
        repository = self._repository(request)
        try:
            return repository, repository.tracked(request.path_params["number"])
        except KeyError:
            raise HTTPException(404) from None

    def _run(self, request: Request) -> tuple[Repository, Run]:
        repository = self._repository(request)
        run = repository.runs.get(request.path_params["run_id"])
        if run is None:
            raise HTTPException(404)
        return repository, run


async def _form(request: Request) -> dict[str, str]:
    """Read a form that was sent from one of our own pages."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "This form belongs to another page.")
    fields = parse_qs((await request.body()).decode(errors="replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def _people(repository: Repository, *, least: str = "read") -> list[tuple[str, str]]:
    """Return who may act here and their permission, first those who may write: a visitor is one of them at first."""
    floor = PERMISSIONS.index(least)
    found = [
        (login, permission)
        for login, permission in sorted(repository.permissions.items())
        if PERMISSIONS.index(permission) >= floor
    ]
    return sorted(found, key=lambda person: person[1] != "write")


def _checks(repository: Repository, pull: Pull) -> list[ShownCheck]:
    lines = [_line(run, job) for run, job in repository.latest_jobs(pull.head_sha)]
    lines += [
        ShownCheck(
            name=status.context,
            state={"pending": "in_progress", "error": "failure"}.get(status.state, status.state),
            address=status.target_url or "#checks",
            took="",
        )
        for status in repository.statuses.get(pull.head_sha, [])
    ]
    order = {"bad": 0, "busy": 1, "good": 2, "quiet": 3}
    return sorted(lines, key=lambda line: (order[line.mood], line.name))


def _tally(checks: list[ShownCheck]) -> dict[str, int]:
    words = {"bad": "failing", "busy": "in progress", "good": "successful", "quiet": "other"}
    counts = {word: sum(1 for c in checks if c.mood == mood) for mood, word in words.items()}
    return {word: count for word, count in counts.items() if count}


def _line(run: Run, job: Job) -> ShownCheck:
    end = job.completed_at
    ran = job.status == "completed" and end is not None and job.conclusion != "skipped"
    return ShownCheck(
        name=f"{run.workflow.name} / {job.name}",
        state=job.conclusion or job.status,
        address=f"/{run.repository}/actions/runs/{run.id}#job-{job.id}",
        took=_span((end - job.started_at).total_seconds()) if ran and end else "",
        note="carried over" if job.is_carried_over else "",
    )


def _line_of_run(run: Run) -> ShownCheck:
    return _line_of_attempt(run, run.latest)


def _line_of_attempt(run: Run, attempt: Attempt) -> ShownCheck:
    seconds = (attempt.updated_at - attempt.started_at).total_seconds()
    return ShownCheck(
        name=f"{run.workflow.name} #{run.number}",
        state=attempt.conclusion or attempt.status,
        address=f"/{run.repository}/actions/runs/{run.id}",
        took=_span(seconds) if attempt.status == "completed" else "",
        note=f"attempt {attempt.number}" if attempt.number > 1 else "",
    )


def _span(seconds: float) -> str:
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _moment(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"
