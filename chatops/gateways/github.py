"""GitHub, as our port wants it: each method is one of GitHub's REST calls, in our words."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Protocol, Self

from chatops.errors import Refused, Transient
from chatops.gateways.github_access import (
    Account,
    Accounts,
    Api,
    AppAccounts,
    Cache,
    GitHubTime,
    GivenToken,
    Limit,
    OneAccount,
    Value,
    readable,
)
from chatops.gateways.github_cache import BoundedCache
from chatops.gateways.github_git import GitCalls
from chatops.gateways.github_hooks import HookCalls
from chatops.gateways.github_issues import IssueCalls
from chatops.gateways.github_reviews import Reviews
from chatops.gateways.github_statuses import StatusCalls
from chatops.gateways.net import CONNECT, READ, Client
from chatops.names import JobId, Login, PullNumber, Repo, RunId, Sha
from chatops.ports import Json, Permission, RunState

API = "https://api.github.com"
WRITE_GAP = timedelta(seconds=1)
PER_PAGE = 100
ACTIONS_LOGIN = "github-actions[bot]"


class Revealed(Protocol):
    """A secret that says itself only when asked to."""

    def reveal(self) -> str:
        """Return the text."""
        ...


class GitHubSettings(Protocol):
    """What the operator says of GitHub."""

    @property
    def github_api_url(self) -> str:
        """The REST API's address."""
        ...

    @property
    def github_app_id(self) -> str:
        """The App's id, or empty."""
        ...

    @property
    def github_private_key(self) -> Revealed | None:
        """The App's key."""
        ...

    @property
    def github_write_gap_ms(self) -> int:
        """Least pause between two calls that change something, in milliseconds."""
        ...

    @property
    def github_token(self) -> Revealed | None:
        """A token instead of an App."""
        ...


class GitHubGateway(IssueCalls, StatusCalls, Reviews, GitCalls, HookCalls):
    """Calls GitHub as an App, with a token, or as nobody (which may read what is public, slowly)."""

    def __init__(
        self,
        *,
        api_url: str = API,
        app_id: str = "",
        private_key: str = "",
        token: str = "",
        new_cache: Callable[[], Cache | None] = BoundedCache,
        write_gap: timedelta = WRITE_GAP,
        connect: timedelta = CONNECT,
        read: timedelta = READ,
    ) -> None:
        self._client = Client("GitHub", connect=connect, read=read, follows=True)
        self._app_id = app_id
        self._is_anonymous = not (app_id or token)
        clock = GitHubTime()
        self._accounts: Accounts
        self._itself: Api
        if app_id:
            accounts = AppAccounts(
                self._client,
                clock,
                api_url=api_url,
                app_id=app_id,
                private_key=private_key,
                new_cache=new_cache,
                write_gap=write_gap,
            )
            self._accounts, self._itself = accounts, accounts.app
        else:
            account = Account(
                "token" if token else "nobody",
                self._client,
                clock,
                GivenToken(token),
                api_url=api_url,
                cache=new_cache(),
                write_gap=write_gap,
            )
            self._accounts, self._itself = OneAccount(account), account.fresh
        self._our_login = ""

    @classmethod
    def from_settings(cls, settings: GitHubSettings) -> Self:
        """Return the gateway that the operator's settings describe."""
        key, token = settings.github_private_key, settings.github_token
        return cls(
            api_url=settings.github_api_url,
            app_id=settings.github_app_id,
            private_key=key.reveal() if key else "",
            token=token.reveal() if token else "",
            write_gap=timedelta(milliseconds=settings.github_write_gap_ms),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_problem: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    @property
    def limits(self) -> Mapping[str, Limit]:
        """Return what each account may still ask in this hour, as far as GitHub has said."""
        return {
            account.name: account.limit
            for account in self._accounts.all()
            if account.limit is not None
        }

    async def spare(self, repo: Repo, keep: int) -> None:
        """Raise `Transient` while fewer than `keep` calls of this hour are left: work that can wait asks first."""
        (await self._accounts.of(repo)).spare(keep)

    # People

    async def permission(self, repo: Repo, login: Login, *, account: int = 0) -> Permission:
        """Return the role of a person in a repository; with an account's number, only if the login is still its."""
        api = await self._fresh(repo)
        url = _in_repository("/collaborators/{login}/permission")
        try:
            found = await api.item(url, repo=_parts(repo), login=login)
        except Refused as refusal:
            if refusal.reason == "not_found":
                return Permission.NONE
            if refusal.reason == "not_permitted":
                return Permission.UNKNOWN
            raise
        if account and (found.get("user") or {}).get("id") != account:
            return Permission.UNKNOWN
        # An organization's own roles have own names; the old field has what they amount to.
        for name in (found.get("role_name"), found.get("permission")):
            if isinstance(name, str) and name in {role.value for role in Permission}:
                return Permission(name)
        return Permission.UNKNOWN

    async def is_ours(self, comment: Json) -> bool:
        """Return whether we wrote a comment: our App, or the account our token belongs to."""
        if self._app_id:
            app = comment.get("performed_via_github_app") or {}
            if str(app.get("id", "")) == self._app_id:
                return True
        author = str((comment.get("user") or {}).get("login") or "")
        return bool(author) and author.lower() == (await self._login()).lower()

    async def _login(self) -> str:
        if not self._our_login and not self._is_anonymous:
            self._our_login = await self._asked_login()
        return self._our_login

    async def _asked_login(self) -> str:
        try:
            found = await self._itself.item("/app" if self._app_id else "/user")
        except Refused as refusal:
            # The token that a workflow of GitHub Actions is given belongs to an App and may not ask this.
            if refusal.reason == "not_permitted" and not self._app_id:
                return ACTIONS_LOGIN
            raise
        with readable():
            return f"{found['slug']}[bot]" if self._app_id else str(found["login"])

    # Pull requests and their conversations

    async def pull(self, repo: Repo, number: PullNumber) -> Json:
        """Return a pull request."""
        api = await self._remembering(repo)
        return await api.item(_in_repository("/pulls/{number}"), repo=_parts(repo), number=number)

    async def pull_files(self, repo: Repo, number: PullNumber) -> Sequence[str]:
        """Return the paths a pull request changes; a renamed file has two."""
        url = _in_repository("/pulls/{number}/files{?per_page}")
        paths: dict[str, None] = {}
        async for file in self._items(repo, url, number=number):
            for path in (file.get("previous_filename"), file.get("filename")):
                if path:
                    paths[str(path)] = None
        return list(paths)

    def pulls(self, repo: Repo) -> AsyncIterator[Json]:
        """Yield the open pull requests, the newest first."""
        return self._items(repo, _in_repository("/pulls{?state,per_page}"), state="open")

    def comments(
        self, repo: Repo, number: PullNumber, *, since: datetime | None = None
    ) -> AsyncIterator[Json]:
        """Yield the comments of a pull request or issue, oldest first; with `since` those written or edited then."""
        url = _in_repository("/issues/{number}/comments{?since,per_page}")
        stamp = f"{since:%Y-%m-%dT%H:%M:%SZ}" if since else None
        return self._items(repo, url, number=number, since=stamp, fresh=True)

    async def comment(self, repo: Repo, number: PullNumber, body: str) -> int:
        """Write a comment and return its id."""
        url = _in_repository("/issues/{number}/comments")
        written = await self._write("POST", repo, url, {"body": body}, number=number)
        try:
            return int(written["id"])
        except (LookupError, TypeError, ValueError) as problem:
            raise Transient("GitHub took the comment and did not say its id.") from problem

    async def edit_comment(self, repo: Repo, comment_id: int, body: str) -> None:
        """Replace the text of one of our comments."""
        url = _in_repository("/issues/comments/{comment}")
        await self._write("PATCH", repo, url, {"body": body}, comment=comment_id)

    async def react(self, repo: Repo, comment_id: int, reaction: str) -> None:
        """Put a reaction on a comment; a second time changes nothing."""
        url = _in_repository("/issues/comments/{comment}/reactions")
        await self._write("POST", repo, url, {"content": reaction}, comment=comment_id)

    # Labels

    async def labels(self, repo: Repo, number: PullNumber) -> Sequence[str]:
        """Return the labels of a pull request or issue as they are now, never from a cache."""
        url = _in_repository("/issues/{number}/labels{?per_page}")
        found = self._items(repo, url, number=number, fresh=True)
        return [str(label.get("name") or "") async for label in found]

    async def has_label(self, repo: Repo, name: str) -> bool:
        """Return whether a repository has such a label to give."""
        api = await self._remembering(repo)
        try:
            await api.item(_in_repository("/labels/{name}"), repo=_parts(repo), name=name)
        except Refused as refusal:
            if refusal.reason == "not_found":
                return False
            raise
        return True

    async def add_labels(self, repo: Repo, number: PullNumber, names: Sequence[str]) -> None:
        """Put labels on a pull request or issue; those it has stay."""
        url = _in_repository("/issues/{number}/labels")
        await self._change("POST", repo, url, {"labels": list(names)}, number=number)

    async def remove_label(self, repo: Repo, number: PullNumber, name: str) -> None:
        """Take a label off a pull request or issue; one that is not there changes nothing."""
        url = _in_repository("/issues/{number}/labels/{name}")
        try:
            await self._change("DELETE", repo, url, {}, number=number, name=name)
        except Refused as refusal:
            if refusal.reason != "not_found":
                raise

    # Runs and jobs

    def runs_of_commit(self, repo: Repo, sha: Sha) -> AsyncIterator[Json]:
        """Yield every workflow run of a head commit, newest first, each in its newest attempt."""
        url = _in_repository("/actions/runs{?head_sha,per_page}")
        return self._items(repo, url, "workflow_runs", head_sha=sha)

    async def runs_of_workflow(
        self, repo: Repo, workflow: str, *, since: datetime | None = None, status: str | None = None
    ) -> AsyncIterator[Json]:
        """Yield the runs of a workflow (its file's name), newest first, each in its newest attempt.

        With a `status` only those that have it, and of these the newest 1,000. Those before `since` are left out
        here: GitHub's own filter would end after 1,000 runs, and make the list another one with each new `since`.
        """
        url = _in_repository("/actions/workflows/{workflow}/runs{?status,per_page}")
        listed = self._items(repo, url, "workflow_runs", workflow=workflow, status=status)
        async with aclosing(listed) as runs:
            async for run in runs:
                if since is not None and _created_at(run) < since:
                    return
                yield run

    async def run(self, repo: Repo, run_id: RunId, attempt: int | None = None) -> Json:
        """Return a run, in one attempt or its newest."""
        api = await self._remembering(repo)
        url = _in_repository("/actions/runs/{run}{/attempts*}")
        return await api.item(url, repo=_parts(repo), run=run_id, attempts=_attempts(attempt))

    def jobs(self, repo: Repo, run_id: RunId, attempt: int | None = None) -> AsyncIterator[Json]:
        """Yield the jobs of a run: of one attempt, or of all."""
        url = _in_repository("/actions/runs/{run}{/attempts*}/jobs{?filter,per_page}")
        chosen = "all" if attempt is None else None
        return self._items(
            repo, url, "jobs", run=run_id, attempts=_attempts(attempt), filter=chosen
        )

    async def run_state(self, repo: Repo, run_id: RunId) -> RunState:
        """Return where a run is now, never from a cache."""
        api = await self._fresh(repo)
        url = _in_repository("/actions/runs/{run}")
        found = await api.item(url, repo=_parts(repo), run=run_id)
        with readable():
            return RunState(
                run_id=run_id,
                attempt=int(found.get("run_attempt") or 1),
                status=str(found.get("status") or ""),
                conclusion=str(found.get("conclusion") or ""),
            )

    async def rerun(self, repo: Repo, run_id: RunId) -> None:
        """Run all jobs of a run again."""
        await self._write("POST", repo, _in_repository("/actions/runs/{run}/rerun"), {}, run=run_id)

    async def rerun_failed(self, repo: Repo, run_id: RunId) -> None:
        """Run the failed and cancelled jobs of a run, and what depends on them, again."""
        url = _in_repository("/actions/runs/{run}/rerun-failed-jobs")
        await self._write("POST", repo, url, {}, run=run_id)

    async def rerun_job(self, repo: Repo, job_id: JobId) -> None:
        """Run one job, and what depends on it, again."""
        await self._write("POST", repo, _in_repository("/actions/jobs/{job}/rerun"), {}, job=job_id)

    async def cancel_run(self, repo: Repo, run_id: RunId) -> None:
        """Stop a run; GitHub says no if it has ended."""
        await self._change(
            "POST", repo, _in_repository("/actions/runs/{run}/cancel"), {}, run=run_id
        )

    async def approve_run(self, repo: Repo, run_id: RunId) -> None:
        """Let a run from a fork begin that waits for somebody's approval; GitHub says no if it does not."""
        await self._change(
            "POST", repo, _in_repository("/actions/runs/{run}/approve"), {}, run=run_id
        )

    # The repository

    async def file(self, repo: Repo, path: str, ref: str) -> str:
        """Return a text file of a repository."""
        api = await self._remembering(repo)
        parts = _parts(path.strip("/"))
        url = _in_repository("/contents{/path*}{?ref}")
        found = await api.text(url, repo=_parts(repo), path=parts, ref=ref)
        if found is None:
            raise Refused(f"{path} in {repo} is not a file.", reason="not_a_file")
        return found

    async def required_checks(self, repo: Repo, branch: str) -> Sequence[str]:
        """Return the check names that the rules of a branch require: by rulesets, and by classic protection."""
        parts = _parts(branch)
        names: dict[str, None] = {}
        rules = _in_repository("/rules/branches{/branch*}{?per_page}")
        async for rule in self._items(repo, rules, branch=parts):
            if rule.get("type") == "required_status_checks":
                with readable():
                    checks = (rule.get("parameters") or {}).get("required_status_checks") or ()
                    names.update((str(check["context"]), None) for check in checks)
        api = await self._remembering(repo)
        # Whoever may read the branch may read this much of its protection; the full account needs an admin.
        found = await api.item(
            _in_repository("/branches{/branch*}"), repo=_parts(repo), branch=parts
        )
        with readable():
            classic = (found.get("protection") or {}).get("required_status_checks") or {}
            names.update((str(name), None) for name in classic.get("contexts") or ())
        return list(names)

    # How a call is made

    def _as_app(self) -> Api:
        if not self._app_id:
            raise Refused(
                "Only a GitHub App is told what was delivered to it, and the bot has none.",
                reason="no_app",
            )
        return self._itself

    async def _remembering(self, repo: Repo) -> Api:
        return (await self._accounts.of(repo)).remembering

    async def _fresh(self, repo: Repo) -> Api:
        return (await self._accounts.of(repo)).fresh

    async def _read(self, repo: Repo, url: str, **values: Value) -> Json:
        return await (await self._fresh(repo)).item(url, repo=_parts(repo), **values)

    async def _items(
        self, repo: Repo, url: str, key: str | None = None, *, fresh: bool = False, **values: Value
    ) -> AsyncGenerator[Json, None]:
        api = await (self._fresh(repo) if fresh else self._remembering(repo))
        listed = api.items(url, key, repo=_parts(repo), per_page=PER_PAGE, **values)
        async with aclosing(listed) as items:
            async for found in items:
                yield found

    async def _change(
        self, method: str, repo: Repo, url: str, content: Json, **values: Value
    ) -> None:
        api = await self._fresh(repo)
        await api.change(method, url, content, repo=_parts(repo), **values)

    async def _write(
        self, method: str, repo: Repo, url: str, content: Json, **values: Value
    ) -> Json:
        api = await self._fresh(repo)
        return await api.write(method, url, content, repo=_parts(repo), **values)


def _in_repository(rest: str) -> str:
    return "/repos{/repo*}" + rest


def _parts(name: str) -> list[str]:
    """Return the parts of a name with slashes in it one by one, so that it cannot become another address."""
    parts = name.split("/")
    if {".", ".."} & set(parts):
        raise Refused(f"{name} is not a name.", reason="bad_address")
    return parts


def _created_at(run: Json) -> datetime:
    with readable():
        return datetime.fromisoformat(str(run["created_at"])).astimezone(UTC)


def _attempts(attempt: int | None) -> list[str]:
    return [] if attempt is None else ["attempts", str(attempt)]
