"""REST endpoints about repositories, their people, files and branches, and about Apps."""

from __future__ import annotations

import base64
from datetime import timedelta

import msgspec

from chatops.standins.github.actions import Json, stamp
from chatops.standins.github.answers import Answer, Call, WrongError, invalid, not_found
from chatops.standins.github.things import App, Identity
from chatops.standins.github.webhooks import Delivery
from chatops.standins.github.world import Repository, made_up_sha

TOKEN_LIFETIME = timedelta(hours=1)
STATES = frozenset({"error", "failure", "pending", "success"})
LONGEST_DESCRIPTION = 140
REDELIVERABLE = timedelta(days=3)


def get_repository(call: Call) -> Answer:
    """Show a repository."""
    return Answer(body=call.shapes.repository(call.repository()))


def get_permission(call: Call) -> Answer:
    """Tell what someone may do in a repository."""
    repository = call.repository()
    login = call.parameters["login"]
    if not call.who.login:
        raise WrongError(401, "Requires authentication")
    call.must_push(repository)
    if login not in call.world.users:
        raise not_found()
    role = repository.permission(login)
    # `permission` knows only the four old names; `role_name` is exact.
    old_name = {"maintain": "write", "triage": "read"}.get(role, role)
    user = {
        **call.shapes.user(login),
        "role_name": role,
        "permissions": {
            "admin": role == "admin",
            "maintain": role in {"admin", "maintain"},
            "push": role in {"admin", "maintain", "write"},
            "triage": role in {"admin", "maintain", "write", "triage"},
            "pull": role != "none",
        },
    }
    return Answer(body={"permission": old_name, "role_name": role, "user": user})


def check_collaborator(call: Call) -> Answer:
    """Tell whether someone was given a role in a repository, without a word."""
    repository = call.repository()
    call.must_push(repository)
    if repository.association(call.parameters["login"]) not in {"MEMBER", "COLLABORATOR"}:
        raise not_found()
    return Answer(status=204)


def get_content(call: Call) -> Answer:
    """Show a file, as JSON or as it is."""
    repository = call.repository()
    ref = call.query.get("ref", repository.default_branch)
    path = call.parameters["path"].strip("/")
    if not repository.knows_ref(ref):
        raise not_found()
    text = repository.read_file(path, ref=ref)
    if text is None:
        return Answer(body=_folder(call, repository, path, ref))
    if "raw" in call.accept:
        return Answer(text=text)
    return Answer(body=call.shapes.content(repository, path, text, ref))


def _folder(call: Call, repository: Repository, path: str, ref: str) -> list[Json]:
    """List what lies in a folder, whatever media type was asked for."""
    within = f"{path}/" if path else ""
    names = {
        name.removeprefix(within).partition("/")[0]: name.removeprefix(within).partition("/")[1]
        for name in repository.paths(ref=ref)
        if name.startswith(within)
    }
    if not names:
        raise not_found()
    return [
        call.shapes.entry(repository, within + name, ref, is_folder=bool(rest))
        for name, rest in sorted(names.items())
    ]


def get_rules(call: Call) -> Answer:
    """List the rules of a branch: which checks have to pass."""
    repository = call.repository()
    if not repository.required_checks:
        return Answer(body=[])
    rule: Json = {
        "type": "required_status_checks",
        "ruleset_source_type": "Repository",
        "ruleset_source": repository.full_name,
        "ruleset_id": repository.id,
        "parameters": {
            "strict_required_status_checks_policy": False,
            "do_not_enforce_on_create": False,
            "required_status_checks": [{"context": name} for name in repository.required_checks],
        },
    }
    return Answer(body=[rule])


def get_branch(call: Call) -> Answer:
    """Show a branch."""
    repository = call.repository()
    if call.parameters["branch"] not in repository.branches:
        raise WrongError(404, "Branch not found")
    return Answer(body=call.shapes.branch(repository, call.parameters["branch"]))


def get_status(call: Call) -> Answer:
    """Sum up the old-style statuses of a commit."""
    repository = call.repository()
    ref = call.parameters["ref"]
    if not repository.knows_ref(ref):
        raise not_found()
    return Answer(body=call.shapes.combined_status(repository, repository.branches.get(ref, ref)))


def create_status(call: Call) -> Answer:
    """Set a commit status."""
    repository = call.repository()
    call.must_hold("statuses", needs="write", repository=repository)
    sha, state = call.parameters["sha"], call.text("state", "Status")
    if not repository.knows_ref(sha):
        raise invalid("Status", "sha")
    if state not in STATES:
        raise invalid("Status", "state")
    description = str(call.body.get("description") or "")
    if len(description) > LONGEST_DESCRIPTION:
        raise invalid("Status", "description", "too_long")
    status = repository.status(
        sha,
        str(call.body.get("context") or "default"),
        state,
        description=description,
        target_url=call.body.get("target_url"),
        actor=call.who.login,
    )
    return Answer(status=201, body=call.shapes.created_status(repository, sha, status))


def get_user(call: Call) -> Answer:
    """Tell whose token this is."""
    if not call.who.login:
        raise WrongError(401, "Requires authentication")
    return Answer(body=call.shapes.public_user(call.who.login))


def get_app(call: Call) -> Answer:
    """Show the App itself."""
    return Answer(body=call.shapes.app(call.app()))


def get_installation(call: Call) -> Answer:
    """Show the App's installation on a repository."""
    app = call.app()
    if call.repository().full_name in app.left_out:
        raise not_found()
    return Answer(body=call.shapes.installation(app))


def list_installations(call: Call) -> Answer:
    """List where the App is installed."""
    return call.paged([call.app()], lambda app: _listed_installation(call, app))


def create_token(call: Call) -> Answer:
    """Give the App a token for its installation: long, and with dots in it."""
    app = call.app()
    if call.number("installation_id") != app.installation_id:
        raise not_found()
    number = call.world.numbers["token"].take()
    expires_at = call.world.now() + TOKEN_LIFETIME
    token = _installation_token(app.id, app.installation_id, number)
    call.world.tokens[token] = Identity(login=app.login, app=app, expires_at=expires_at)
    return Answer(
        status=201,
        body={
            "token": token,
            "expires_at": stamp(expires_at),
            "permissions": app.permissions,
            "repository_selection": "all",
        },
    )


def list_deliveries(call: Call) -> Answer:
    """List what was sent to the App's webhook, newest first, by cursor."""
    call.app()
    per_page = min(int(call.query.get("per_page", "30")), 100)
    cursor = call.query.get("cursor", "").removeprefix("v1_")
    before = int(cursor) if cursor.isdecimal() else None
    since = call.world.now() - REDELIVERABLE
    sent = [
        delivery
        for delivery in reversed(call.hooks.deliveries)
        if delivery.delivered_at is not None
        and delivery.delivered_at >= since
        and (before is None or delivery.id < before)
        and _has_status(delivery, call.query.get("status"))
    ]
    headers = {}
    if len(sent) > per_page:
        address = f"{call.shapes.base}{call.path}?per_page={per_page}"
        headers["Link"] = f'<{address}&cursor=v1_{sent[per_page - 1].id}>; rel="next"'
    return Answer(body=[_delivery(one) for one in sent[:per_page]], headers=headers)


def redeliver(call: Call) -> Answer:
    """Send a delivery once more."""
    call.app()
    if not call.hooks.redeliver(call.number("delivery_id")):
        raise not_found()
    return Answer(status=202, body={})


def _listed_installation(call: Call, app: App) -> Json:
    """Add what the description of the list asks of an account: to be an enterprise as well."""
    drawn = call.shapes.installation(app)
    login = drawn["account"]["login"]
    times = {"created_at": drawn["created_at"], "updated_at": drawn["updated_at"]}
    return {**drawn, "account": {**drawn["account"], "name": login, "slug": login, **times}}


def _has_status(delivery: Delivery, wanted: str | None) -> bool:
    match wanted:
        case "success":
            return 200 <= delivery.status_code < 400  # noqa: PLR2004 - HTTP's own ranges
        case "failure":
            return 400 <= delivery.status_code < 600  # noqa: PLR2004 - HTTP's own ranges
        case _:
            return True


def _delivery(delivery: Delivery) -> Json:
    return {
        "id": delivery.id,
        "guid": delivery.guid,
        "delivered_at": stamp(delivery.delivered_at) if delivery.delivered_at else None,
        "redelivery": delivery.redelivery,
        "duration": delivery.duration,
        "status": delivery.status,
        "status_code": delivery.status_code,
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation_id,
        "repository_id": delivery.repository_id,
        "throttled_at": None,
    }


def _installation_token(app_id: int, installation_id: int, number: int) -> str:
    def part(content: object) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")

    head = part({"alg": "ES256", "typ": "JWT"})
    claims = part({"iss": "standin", "sub": installation_id, "jti": number})
    tail = made_up_sha(f"token {number}") + made_up_sha(f"signature {number}")
    return f"ghs_{app_id}_{head}.{claims}.{tail}"
