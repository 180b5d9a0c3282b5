"""What exists in the pretend GitHub: people, repositories, pull requests, comments, runs.

Tests and the demo build a world with the methods of `World` and `Repository`, and look at it
afterwards. Whoever wants to know of changes (the webhooks) listens to `Happening`s.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Unpack

from chatops.standins.github.actions import (
    Attempt,
    Clock,
    Job,
    Json,
    Numbers,
    PlannedJob,
    PretendCi,
    Run,
    SystemClock,
    Workflow,
)
from chatops.standins.github.git_data import GitData, GitRepository
from chatops.standins.github.reviewing import Merging, Review, ReviewingRepository
from chatops.standins.github.things import (
    APP_EVENTS,
    APP_PERMISSIONS,
    PERMISSIONS,
    App,
    ChangedFile,
    Comment,
    CommitStatus,
    Identity,
    Issue,
    Label,
    Milestone,
    Pull,
    Push,
    Reaction,
    User,
)
from chatops.standins.github.tracking import Details, Tracker

SHAPE = 3
"""Raised whenever what is kept on the disk changes its shape: an older copy is then not taken for a newer one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A change that GitHub would send a webhook for, with the things it is about."""

    event: str
    action: str | None
    sender: str
    repository: Repository | None = None
    run: Run | None = None
    job: Job | None = None
    pull: Pull | None = None
    comment: Comment | None = None
    label: Label | None = None
    push: Push | None = None
    before: str | None = None
    issue: Issue | None = None
    assignee: str | None = None
    reviewer: str | None = None
    team: str | None = None
    milestone: Milestone | None = None
    changes: Json | None = None
    status: CommitStatus | None = None
    sha: str = ""
    review: Review | None = None


Listener = Callable[[Happening], None]


class World:
    """Everything there is, and the clock it lives by."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self.users: dict[str, User] = {}
        self.repositories: dict[str, Repository] = {}
        self.tokens: dict[str, Identity] = {}
        self.app: App | None = None
        self.numbers: defaultdict[str, Numbers] = defaultdict(partial(Numbers, 1_000))
        self.numbers["run"] = Numbers(19_000_000_000)
        self.numbers["job"] = Numbers(56_000_000_000)
        self.listeners: list[Listener] = []
        self.changes = 0
        self.ci = self._new_ci()

    def __getstate__(self) -> dict[str, Any]:
        """Tell what a copy on the disk needs: neither who listens nor the App, its key and its tokens."""
        left_out = {"ci", "listeners", "app", "changes"}
        kept = {name: value for name, value in vars(self).items() if name not in left_out}
        tokens = {token: who for token, who in self.tokens.items() if who.app is None}
        return {**kept, "tokens": tokens, "active": self.ci.active, "shape": SHAPE}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Go on where the copy was made; the App has to be registered again."""
        active, shape = state.pop("active"), state.pop("shape")
        if shape != SHAPE:
            text = f"The copy has shape {shape}, not {SHAPE}."
            raise ValueError(text)
        vars(self).update(state)
        self.app = None
        self.listeners = []
        self.changes = 0
        self.ci = self._new_ci()
        self.ci.active = active

    def now(self) -> datetime:
        """Tell the world's time."""
        return self.clock.now()

    def account(self, login: str, *, kind: str = "User") -> User:
        """Find a user, or let one sign up."""
        if login not in self.users:
            number = self.numbers["user"].take()
            self.users[login] = User(id=number, login=login, kind=kind)
        return self.users[login]

    def repo(
        self,
        full_name: str,
        *,
        default_branch: str = "main",
        description: str = "",
        private: bool = False,
    ) -> Repository:
        """Find a repository, or create it."""
        if full_name not in self.repositories:
            owner, name = full_name.split("/")
            self.account(owner, kind="Organization")
            self.repositories[full_name] = Repository(
                world=self,
                id=self.numbers["repository"].take(),
                owner=owner,
                name=name,
                default_branch=default_branch,
                description=description,
                private=private,
            )
        return self.repositories[full_name]

    def register_app(
        self,
        *,
        slug: str = "chatops",
        app_id: int = 4242,
        installation_id: int = 7007,
        public_key_pem: str | None = None,
        permissions: dict[str, str] | None = None,
    ) -> App:
        """Create the GitHub App and install it everywhere."""
        self.app = App(
            id=app_id,
            slug=slug,
            installation_id=installation_id,
            public_key_pem=public_key_pem,
            permissions=permissions or dict(APP_PERMISSIONS),
            events=APP_EVENTS,
        )
        self.account(self.app.login, kind="Bot")
        self.emit(Happening(event="installation", action="created", sender=self.app.login))
        return self.app

    def token(self, login: str) -> str:
        """Give a person a personal access token."""
        self.account(login)
        token = f"ghp_{hashlib.sha256(login.encode()).hexdigest()[:36]}"
        self.tokens[token] = Identity(login=login)
        return token

    def emit(self, happening: Happening) -> None:
        """Tell everyone who listens."""
        self.changes += 1
        for listener in self.listeners:
            listener(happening)

    def tick(self) -> int:
        """Let everything happen in the pretend CI that is due by now."""
        return self.ci.tick()

    def start_nightly(self, full_name: str, workflow: str) -> Run:
        """Start a scheduled workflow, as its cron line would."""
        return self.repositories[full_name].start_nightly(workflow)

    def _new_ci(self) -> PretendCi:
        return PretendCi(
            clock=self.clock,
            tell=self._run_changed,
            standings=lambda run: self.repositories[run.repository].standings(run.head_sha),
            job_numbers=self.numbers["job"],
        )

    def _run_changed(self, event: str, action: str, run: Run, job: Job | None) -> None:
        repository = self.repositories[run.repository]
        if (event, action) == ("workflow_run", "requested"):
            repository.index(run, run.latest.jobs)
        sender = run.latest.triggered_by if run.attempts else run.actor
        self.emit(
            Happening(
                event=event,
                action=action,
                sender=sender,
                repository=repository,
                run=run,
                job=job,
            )
        )
        repository.let_merge()


class Repository(ReviewingRepository, GitRepository, Tracker):
    """One repository and what happens in it.

    `required_checks` are required by a ruleset, `classic_checks` by branch protection of the old kind. `members` are in
    the organization whatever else they may do here.
    """

    classic_checks: Sequence[str] = ()
    members: AbstractSet[str] = frozenset()

    def __init__(
        self,
        *,
        world: World,
        id: int,  # noqa: A002 - GitHub's word
        owner: str,
        name: str,
        default_branch: str,
        description: str,
        private: bool,
    ) -> None:
        self.world = world
        self.id = id
        self.owner = owner
        self.name = name
        self.default_branch = default_branch
        self.description = description
        self.private = private
        self.created_at = self.updated_at = world.now()
        self.permissions: dict[str, str] = {}
        self.labels: dict[str, Label] = {}
        self.pulls: dict[int, Pull] = {}
        self.issues: dict[int, Issue] = {}
        self.milestones: dict[int, Milestone] = {}
        self.teams: set[str] = set()
        self.comments: dict[int, Comment] = {}
        self.workflows: dict[str, Workflow] = {}
        self.runs: dict[int, Run] = {}
        self.statuses: defaultdict[str, list[CommitStatus]] = defaultdict(list)
        self.required_checks: list[str] = []
        self.merging = Merging()
        self.git = GitData()
        self.contents: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.branches: dict[str, str] = {default_branch: made_up_sha(f"{owner}/{name}")}
        self._jobs: dict[int, tuple[Run, Job]] = {}
        self._runs_of_sha: defaultdict[str, list[Run]] = defaultdict(list)
        self._newest_first: list[Run] | None = None

    @cached_property
    def full_name(self) -> str:
        """Owner and name, as GitHub writes them."""
        return f"{self.owner}/{self.name}"

    def user(self, login: str, *, permission: str = "read") -> User:
        """Let someone have a permission here."""
        if permission not in PERMISSIONS:
            text = f"{permission} is not one of {', '.join(PERMISSIONS)}"
            raise ValueError(text)
        self.permissions[login] = permission
        return self.world.account(login)

    def show(self, *, private: bool, actor: str) -> None:
        """Make it private, or public."""
        self.private, self.updated_at = private, self.world.now()
        self._emit("repository", "privatized" if private else "publicized", actor)

    def permission(self, login: str) -> str:
        """Tell what someone may do here; everyone may read what is public."""
        return self.permissions.get(login, "none" if self.private else "read")

    def may_push(self, login: str) -> bool:
        """Whether someone may change branches here."""
        return PERMISSIONS.index(self.permission(login)) >= PERMISSIONS.index("write")

    def is_member(self, login: str) -> bool:
        """Whether someone is in the organization that the repository belongs to."""
        rank = PERMISSIONS.index(self.permission(login))
        return login in self.members or rank >= PERMISSIONS.index("maintain")

    def association(self, login: str) -> str:
        """Tell how GitHub describes the author of a comment."""
        rank = PERMISSIONS.index(self.permission(login))
        if self.is_member(login):
            return "MEMBER"
        if rank >= PERMISSIONS.index("triage"):
            return "COLLABORATOR"
        authored = any(p.author == login and p.merged_at for p in self.pulls.values())
        return "CONTRIBUTOR" if authored else "NONE"

    def label(self, name: str) -> Label:
        """Find a label, however its letters are written, or create it."""
        name = next((known for known in self.labels if known.lower() == name.lower()), name)
        if name not in self.labels:
            number = self.world.numbers["label"].take()
            color = hashlib.sha256(name.encode()).hexdigest()[:6]
            self.labels[name] = Label(id=number, name=name, color=color)
            self._emit("label", "created", self.owner, label=self.labels[name])
        return self.labels[name]

    # Pull requests and their conversation

    def pull(
        self,
        *,
        number: int | None = None,
        author: str = "mona",
        title: str = "Make it better",
        body: str = "",
        fork: bool = False,
        labels: Iterable[str] = (),
        files: Iterable[str | ChangedFile] = ("README.md",),
        head_sha: str | None = None,
        head_branch: str = "topic",
        base_branch: str | None = None,
        draft: bool = False,
    ) -> Pull:
        """Open a pull request."""
        now = self.world.now()
        number = number or self.next_number()
        self.world.account(author)
        pull = Pull(
            id=self.world.numbers["pull"].take(),
            number=number,
            title=title,
            body=body,
            author=author,
            head_sha=head_sha or made_up_sha(f"{self.full_name}#{number}"),
            head_branch=head_branch,
            base_branch=base_branch or self.default_branch,
            created_at=now,
            updated_at=now,
            from_fork=fork,
            is_draft=draft,
            labels=[self.label(name).name for name in labels],
            files=[_changed(file) for file in files],
        )
        self.pulls[number] = pull
        self._emit("pull_request", "opened", author, about=pull)
        self._trigger(pull, "opened", author)
        return pull

    def push_to_pull(
        self,
        number: int,
        *,
        sha: str | None = None,
        files: Iterable[str | ChangedFile] = (),
        amends: bool = False,
    ) -> Pull:
        """Let the author push another commit; one that `amends` the head words it anew, and changes no file."""
        pull = self.pulls[number]
        before = pull.head_sha
        commit = self.commit_at(before)
        pull.head_sha = sha or made_up_sha(before)
        if amends:
            said = f"{commit.message}, in other words"
            self.keep(replace(commit, sha=pull.head_sha, message=said, at=self.moment()))
        pull.updated_at = self.world.now()
        known = {file.path for file in pull.files}
        pull.files += [f for f in map(_changed, files) if f.path not in known]
        self._emit("pull_request", "synchronize", pull.author, about=pull, before=before)
        self._trigger(pull, "synchronize", pull.author)
        return pull

    def close_pull(self, number: int, *, actor: str, merge: bool = False) -> Pull:
        """Close or merge a pull request."""
        pull = self.pulls[number]
        pull.state, pull.closed_by = "closed", actor
        pull.closed_at = pull.updated_at = self.world.now()
        pull.merged_at = pull.closed_at if merge else None
        self._emit("pull_request", "closed", actor, about=pull)
        if merge:
            push = self.push(pull.base_branch, message=pull.title, actor=actor)
            self.note_merge(pull, push.before, push.after)
        return pull

    def add_label(self, number: int, name: str, *, actor: str) -> None:
        """Label an issue or pull request; workflows that run on `labeled` start over, for any label."""
        about, label = self.tracked(number), self.label(name)
        if label.name in about.labels:
            return
        about.labels.append(label.name)
        self._tell(about, "labeled", actor, label=label)

    def remove_label(self, number: int, name: str, *, actor: str) -> None:
        """Take a label away; KeyError when it is not there."""
        about = self.tracked(number)
        name = next((known for known in about.labels if known.lower() == name.lower()), name)
        if name not in about.labels:
            raise KeyError(name)
        about.labels.remove(name)
        self._tell(about, "unlabeled", actor, label=self.label(name))

    def comment(self, number: int, *, author: str, body: str, by_app: bool = False) -> Comment:
        """Say something in the conversation of an issue or pull request."""
        now = self.world.now()
        comment = Comment(
            id=self.world.numbers["comment"].take(),
            number=number,
            author=self.world.account(author).login,
            body=body,
            created_at=now,
            updated_at=now,
            by_app=by_app,
        )
        about = self.tracked(number)
        about.comments.append(comment)
        about.updated_at = now
        self.comments[comment.id] = comment
        self._emit("issue_comment", "created", author, about=about, comment=comment)
        return comment

    def edit_comment(self, comment: Comment, *, body: str, actor: str) -> None:
        """Change what a comment says."""
        before = comment.body
        comment.body = body
        comment.updated_at = self.world.now()
        about = self.tracked(comment.number)
        self._emit("issue_comment", "edited", actor, about=about, comment=comment, before=before)

    def react(self, comment: Comment, *, login: str, content: str) -> tuple[Reaction, bool]:
        """Put an emoji under a comment; the second value tells whether it is new."""
        for reaction in comment.reactions:
            if (reaction.user, reaction.content) == (login, content):
                return reaction, False
        reaction = Reaction(
            id=self.world.numbers["reaction"].take(),
            user=login,
            content=content,
            created_at=self.world.now(),
        )
        comment.reactions.append(reaction)
        return reaction, True

    # Branches, files, statuses

    def write_file(self, path: str, text: str, *, ref: str | None = None) -> None:
        """Put a file on a branch or at a commit, without telling anyone."""
        self.contents[ref or self.default_branch][path] = text

    def read_file(self, path: str, *, ref: str | None = None) -> str | None:
        """Read a file; a ref that holds nothing of its own shows the default branch."""
        own = self.contents[ref] if ref is not None and ref in self.contents else {}
        return own.get(path, self.contents[self.default_branch].get(path))

    def paths(self, *, ref: str | None = None) -> set[str]:
        """List the files of a branch or commit, as `read_file` finds them."""
        own = self.contents[ref] if ref is not None and ref in self.contents else {}
        return {*own, *self.contents[self.default_branch]}

    def knows_ref(self, ref: str) -> bool:
        """Whether this is a branch or a commit of the repository."""
        heads = {pull.head_sha for pull in self.pulls.values()}
        shas = heads.union(self.branches.values(), self._runs_of_sha)
        return ref in self.branches or ref in self.contents or ref in shas

    def push(
        self,
        branch: str | None = None,
        *,
        actor: str = "mona",
        message: str = "Improve",
        files: dict[str, str] | None = None,
    ) -> Push:
        """Push a commit to a branch and tell the world."""
        branch = branch or self.default_branch
        before = self.branches.get(branch, "0" * 40)
        after = made_up_sha(f"{before}{message}")
        for path, text in (files or {}).items():
            self.write_file(path, text, ref=branch)
        self.branches[branch] = after
        paths = tuple(files or {})
        push = Push(branch=branch, before=before, after=after, message=message, paths=paths)
        self.world.account(actor)
        self._emit("push", None, actor, push=push)
        return push

    def status(
        self,
        sha: str,
        context: str,
        state: str,
        *,
        description: str = "",
        target_url: str | None = None,
        actor: str | None = None,
    ) -> CommitStatus:
        """Set a commit status in the old style; the newest of a context counts."""
        status = CommitStatus(
            id=self.world.numbers["status"].take(),
            context=context,
            state=state,
            description=description,
            target_url=target_url,
            created_at=self.world.now(),
            creator=actor or self.owner,
        )
        kept = [one for one in self.statuses[sha] if one.context != context]
        self.statuses[sha] = [*kept, status]
        self.world.emit(
            Happening(
                event="status",
                action=None,
                sender=status.creator,
                repository=self,
                status=status,
                sha=sha,
            )
        )
        self.let_merge()
        return status

    # Workflows and runs

    def workflow(
        self,
        name: str,
        *,
        path: str | None = None,
        event: str = "pull_request",
        triggers: Iterable[str] = (),
        gate_label: str | None = None,
        jobs: Iterable[PlannedJob] = (),
    ) -> Workflow:
        """Add a workflow file; `triggers` are pull request actions that start it."""
        slug = "-".join(name.lower().split())
        workflow = Workflow(
            id=self.world.numbers["workflow"].take(),
            name=name,
            path=path or f".github/workflows/{slug}.yaml",
            event=event,
            triggers=frozenset(triggers),
            gate_label=gate_label,
            jobs=tuple(jobs),
        )
        self.workflows[name] = workflow
        return workflow

    def gatekeeper(
        self, required: Iterable[str], *, name: str = "Gatekeeper", job: str = "gatekeeper"
    ) -> Workflow:
        """Add a workflow whose one job watches other checks, named `<workflow> / <job>`."""
        watching = PlannedJob(job, required=tuple(required), failed_step="Wait for required")
        return self.workflow(
            name,
            event="pull_request_target",
            triggers={"opened", "synchronize", "reopened", "edited", "labeled", "unlabeled"},
            jobs=[watching],
        )

    def run(
        self,
        *,
        workflow: str | Workflow = "CI",
        head_sha: str | None = None,
        jobs: Iterable[PlannedJob] | None = None,
        pull: Pull | None = None,
        event: str | None = None,
        head_branch: str | None = None,
        actor: str | None = None,
        title: str | None = None,
        created_at: datetime | None = None,
        held: bool = False,
    ) -> Run:
        """Start a run; of a pull request when its head commit is given. One that is held waits for an approval."""
        if isinstance(workflow, str):
            workflow = self.workflows.get(workflow) or self.workflow(workflow)
        if pull is None and head_sha is not None:
            pull = next((p for p in self.pulls.values() if p.head_sha == head_sha), None)
        sha = head_sha or (pull.head_sha if pull else self.branches[self.default_branch])
        run = Run(
            id=self.world.numbers["run"].take(),
            number=1 + sum(1 for r in self.runs.values() if r.workflow.id == workflow.id),
            suite_id=self.world.numbers["suite"].take(),
            repository=self.full_name,
            workflow=workflow,
            event=event or workflow.event,
            head_sha=sha,
            head_branch=head_branch or (pull.head_branch if pull else self.default_branch),
            title=title or (pull.title if pull else workflow.name),
            actor=actor or (pull.author if pull else self.owner),
            created_at=created_at or self.world.now(),
            pull_number=pull.number if pull else None,
            from_fork=bool(pull and pull.from_fork),
        )
        self.world.account(run.actor)
        self._remember(run)
        start = self.world.ci.hold if held else self.world.ci.begin
        start(run, workflow.jobs if jobs is None else jobs)
        return run

    def start_nightly(self, workflow: str) -> Run:
        """Start a scheduled workflow on the default branch."""
        return self.run(workflow=workflow, event="schedule", head_branch=self.default_branch)

    def runs_newest_first(self) -> list[Run]:
        """List all runs as GitHub does."""
        if self._newest_first is None:
            self._newest_first = sorted(
                self.runs.values(), key=lambda run: (run.created_at, run.id), reverse=True
            )
        return self._newest_first

    def runs_of(self, head_sha: str) -> list[Run]:
        """List the runs of a commit, newest first."""
        runs = self._runs_of_sha.get(head_sha, [])
        return sorted(runs, key=lambda run: (run.created_at, run.id), reverse=True)

    def job(self, number: int) -> tuple[Run, Job] | None:
        """Find a job of any attempt, with its run."""
        return self._jobs.get(number)

    def index(self, run: Run, jobs: Iterable[Job]) -> None:
        """Make jobs easy to find."""
        for job in jobs:
            self._jobs[job.id] = (run, job)

    def latest_jobs(self, head_sha: str) -> Iterator[tuple[Run, Job]]:
        """List the jobs of the latest attempt of every run of a commit."""
        for run in self.runs_of(head_sha):
            for job in run.latest.jobs:
                yield run, job

    def standings(self, head_sha: str) -> dict[str, tuple[str, str | None]]:
        """Tell status and conclusion of each check of a commit, by `<workflow> / <job>`."""
        # Newest run first, so that its word is the one that stays.
        checks: dict[str, tuple[str, str | None]] = {}
        for run, job in self.latest_jobs(head_sha):
            checks.setdefault(f"{run.workflow.name} / {job.name}", (job.status, job.conclusion))
        return checks

    def load_runs(self, run_objects: Iterable[Json]) -> None:
        """Take over runs as GitHub's REST API describes them; load them before their jobs."""
        for described in run_objects:
            workflow = self._loaded_workflow(described)
            actor = (described.get("actor") or {}).get("login") or self.owner
            self.world.account(actor)
            created = parse_time(described["created_at"])
            attempt = Attempt(
                number=described.get("run_attempt", 1),
                triggered_by=(described.get("triggering_actor") or {}).get("login") or actor,
                started_at=parse_time(described.get("run_started_at") or described["created_at"]),
                updated_at=parse_time(described["updated_at"]),
                status=described["status"],
                conclusion=described["conclusion"],
            )
            self.world.account(attempt.triggered_by)
            known = self.runs.get(described["id"])
            run = known or Run(
                id=described["id"],
                number=described.get("run_number", 1),
                suite_id=described.get("check_suite_id") or self.world.numbers["suite"].take(),
                repository=self.full_name,
                workflow=workflow,
                event=described["event"],
                head_sha=described["head_sha"],
                head_branch=described.get("head_branch") or self.default_branch,
                title=described.get("display_title") or workflow.name,
                actor=actor,
                created_at=created,
                from_fork=_is_from_fork(described),
            )
            run.attempts = [a for a in run.attempts if a.number != attempt.number] + [attempt]
            run.attempts.sort(key=lambda one: one.number)
            self.world.numbers["run"].seen(run.id)
            if known is None:
                self._remember(run)
            if not run.is_completed:
                self.world.ci.active[run.id] = run

    def load_jobs(self, job_objects: Iterable[Json]) -> None:
        """Take over jobs as GitHub's REST API describes them, into runs loaded before."""
        for described in job_objects:
            run = self.runs[int(described["run_id"])]
            number = described.get("run_attempt", 1)
            attempt = run.attempt(number)
            if attempt is None:
                attempt = _earlier_attempt(run, number)
            job = _loaded_job(described, number)
            attempt.jobs.append(job)
            self.world.numbers["job"].seen(job.id)
            self.index(run, [job])

    def _loaded_workflow(self, described: Json) -> Workflow:
        name = described.get("name") or "CI"
        if name not in self.workflows:
            path = (described.get("path") or "").partition("@")[0] or None
            made = self.workflow(name, path=path, event=described["event"])
            self.workflows[name] = replace(made, id=described.get("workflow_id") or made.id)
        return self.workflows[name]

    def _remember(self, run: Run) -> None:
        self.runs[run.id] = run
        self._runs_of_sha[run.head_sha].append(run)
        self._newest_first = None

    def _trigger(self, pull: Pull, action: str, actor: str) -> None:
        """Start the workflows that listen to this, cancelling what they had running."""
        for workflow in self.workflows.values():
            if action not in workflow.triggers:
                continue
            for run in list(self.world.ci.active.values()):
                same = (run.repository, run.workflow.id) == (self.full_name, workflow.id)
                if same and run.pull_number == pull.number:
                    self.world.ci.cancel(run)
            closed_gate = workflow.gate_label and workflow.gate_label not in pull.labels
            jobs = _skipped(workflow.jobs) if closed_gate else workflow.jobs
            self.run(workflow=workflow, pull=pull, jobs=jobs, actor=actor)

    def now(self) -> datetime:
        """Tell the world's time."""
        return self.world.now()

    def number_of(self, kind: str) -> int:
        """Take the next number of a kind of thing."""
        return self.world.numbers[kind].take()

    def account(self, login: str) -> User:
        """Find a user, or let one sign up."""
        return self.world.account(login)

    def changed(self, about: Issue, action: str, actor: str, **details: Unpack[Details]) -> None:
        """Tell everyone that an issue or pull request is not as it was."""
        event = "pull_request" if isinstance(about, Pull) else "issues"
        self._emit(event, action, actor, about=about, **details)

    def set_off(self, pull: Pull, action: str, actor: str) -> None:
        """Start the workflows that listen to a change of a pull request."""
        self._trigger(pull, action, actor)

    def next_review(self) -> int:
        """Return the id of the next review."""
        return self.world.numbers["review"].take()

    def moment(self) -> datetime:
        """Tell the time."""
        return self.world.now()

    def tell(self, event: str, action: str, sender: str, pull: Pull, review: Review | None) -> None:
        """Tell the world of something that happened to a pull request."""
        self.world.account(sender)
        self.world.emit(
            Happening(
                event=event,
                action=action,
                sender=sender,
                repository=self,
                pull=pull,
                review=review,
            )
        )

    def _emit(
        self,
        event: str,
        action: str | None,
        sender: str,
        *,
        about: Issue | None = None,
        **details: Unpack[Details],
    ) -> None:
        pull = about if isinstance(about, Pull) else None
        self.world.emit(
            Happening(
                event=event,
                action=action,
                sender=sender,
                repository=self,
                pull=pull,
                issue=None if pull else about,
                **details,
            )
        )


def made_up_sha(seed: str) -> str:
    """Make a commit hash that stays the same for the same seed."""
    return hashlib.sha256(seed.encode()).hexdigest()[:40]


def parse_time(text: str) -> datetime:
    """Read a time as GitHub writes it."""
    return datetime.fromisoformat(text)


def _changed(file: str | ChangedFile) -> ChangedFile:
    return ChangedFile(path=file) if isinstance(file, str) else file


def _skipped(jobs: Sequence[PlannedJob]) -> list[PlannedJob]:
    """Say what a workflow shows whose first condition is false: its top level, skipped."""
    tops = dict.fromkeys(job.name.split(" / ")[0] for job in jobs)
    return [PlannedJob(name, outcomes=("skipped",)) for name in tops]


def _is_from_fork(described: Json) -> bool:
    head = (described.get("head_repository") or {}).get("full_name")
    base = (described.get("repository") or {}).get("full_name")
    return bool(head and base and head != base)


def _earlier_attempt(run: Run, number: int) -> Attempt:
    """Make room for an attempt that only its jobs tell of."""
    attempt = Attempt(
        number=number,
        triggered_by=run.actor,
        started_at=run.created_at,
        updated_at=run.created_at,
        status="completed",
        conclusion="failure",
    )
    run.attempts = sorted([*run.attempts, attempt], key=lambda one: one.number)
    return attempt


def _loaded_job(described: Json, attempt: int) -> Job:
    created = parse_time(described.get("created_at") or described["started_at"])
    started = parse_time(described.get("started_at") or described["created_at"])
    completed = parse_time(described["completed_at"]) if described.get("completed_at") else None
    labels = tuple(described.get("labels") or ())
    conclusion = described.get("conclusion")
    # What is loaded has happened already; run again, it passes.
    plan = PlannedJob(
        described["name"],
        seconds=max(1.0, (completed - started).total_seconds()) if completed else 60.0,
        runner=labels[0] if labels else "ubuntu-24.04",
    )
    return Job(
        id=described["id"],
        run_id=int(described["run_id"]),
        attempt=attempt,
        plan=plan,
        name=described["name"],
        created_at=created,
        started_at=started,
        status=described.get("status", "completed"),
        conclusion=conclusion,
        completed_at=completed,
        runner_name=described.get("runner_name"),
        labels=labels,
        steps=described.get("steps") or [],
    )
