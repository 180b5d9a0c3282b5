"""A community whose people give everything the worst names that GitHub lets them give, and some that it does not."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chatops.config import Community, Gate, GatekeeperFile, NightlyWorkflow, Owner, OwnerGroup
from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.events.conversation import CommandAccepted, CommandReceived, CommandRefused
from chatops.events.gate import CheckSet, RequiredChecksChanged
from chatops.events.mutes import JobsMuted
from chatops.names import CommandId, PullNumber, Repo
from tests.deliveries import Delivery, Json, comment, job, pull, run, status
from tests.surfaces.doors import Doors, open_doors

REPO = Repo("acme/rocket")
TAG = "x-evil"
"""No page of ours has an element or an attribute that is called so."""
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
NAMES = (
    f"<{TAG} onmouseover=document.title='owned'>",
    f"\"'><{TAG}>",
    f"</title></script></textarea><{TAG}>",
    f"&lt;{TAG}&gt; &amp; <!--who--><!--token-->",
    "a\u202egpj.exe",
    "\u2067isolate\u2066 and \u200fmark",
    "one\ntwo\r\nthree\u2028four\tfive",
    "long" * 1_000,
    '=HYPERLINK("https://evil.example")',
    "@SUM(1)",
    "+1 / -1 / =1",
    "{{ 7 * 7 }} {% raw %}",
    "](javascript:alert(1)) `code` **bold** <https://evil.example>",
    "../../prs%00%2F..?q=#nowhere",
    "\N{PILE OF POO}\u0301\u0301\u0301 \u05d0\u05d1\u05d2",
)
COMMUNITY = Community(
    key="acme",
    title=NAMES[1] + NAMES[4],
    slash_command="/acme",
    repositories=(REPO,),
    nightly=(NightlyWorkflow(name="Nightly", file="nightly.yaml"),),
    gate=Gate(workflow="Gatekeeper", checks=GatekeeperFile(path="ci/required.yaml")),
    maintainers=tuple(
        OwnerGroup(regex=regex, group=name, owners=(Owner(github=name, fullname=name, email=name),))
        for regex, name in zip(("evil", "long", "HYPER"), NAMES, strict=False)
    ),
)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NIGHTS = 4
SENDERS = 8
FIRST_NIGHT, FIRST_RUN, FIRST_JOB = 2_000, 5_000, 100_000


@contextmanager
def hostile_doors(folder: Path) -> Iterator[Doors]:
    """Serve such a community, over real HTTP and once all that was told is on its pages."""
    now = datetime.now(UTC).replace(microsecond=0)
    where = f"sqlite:///{folder / 'hostile.db'}"
    with open_doors(where, community=COMMUNITY) as doors:
        with ThreadPoolExecutor(SENDERS) as senders:
            list(senders.map(lambda one: one.send(doors), (*_nights(now), *_pulls(now))))
        facts = [
            Fact(
                event=event,
                source="github",
                actor=_name(place),
                correlation_id=getattr(event, "command", "delivery/1"),
            )
            for place, event in enumerate(_facts(now))
        ]
        doors.service.writer.append(Batch(facts=facts))
        while doors.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)
        yield doors


def _name(place: int) -> str:
    return NAMES[place % len(NAMES)]


def _nights(now: datetime) -> Iterator[Delivery]:
    """Yield nights in which each test fails in some, and passes when it is run again in others."""
    for ago in range(NIGHTS):
        run_id, began = FIRST_NIGHT + NIGHTS - ago, now - ago * DAY - 2 * HOUR
        named: Json = {
            "head_branch": _name(ago),
            "display_title": _name(ago),
            "head_sha": f"{ago:040x}",
        }
        yield run(run_id, began, **named)
        yield run(run_id, began, attempt=2, run_started_at=_later(began), **named)
        for place, name in enumerate(NAMES):
            conclusion = "failure" if (place + ago) % 3 == 0 else "success"
            tried: Json = {
                "steps": [{"name": name, "conclusion": conclusion}], "labels": [name], "runner_name": name,
                "head_sha": f"{ago:040x}",
            }  # fmt: skip
            job_id = FIRST_JOB + ago * 1_000 + place
            yield job(job_id, run_id, name, began, conclusion=conclusion, **tried)
            if conclusion == "failure" and place % 2:
                yield job(job_id + 500, run_id, name, began + HOUR, attempt=2, **tried)


def _pulls(now: datetime) -> Iterator[Delivery]:
    """Yield a pull request of each name, with a run that failed and one that was run again, and what people said."""
    for place, name in enumerate(NAMES):
        number, began = place + 1, now - (place + 2) * HOUR
        sha = f"{number:040x}"
        head = {"sha": sha, "ref": name, "repo": {"full_name": f"{name}/rocket"}}
        label, login = {"name": name}, {"login": name[:39]}
        yield pull(number, began, title=name, head=head, user=login, labels=[label])
        ran: Json = {"head_sha": sha, "head_branch": name}
        about: Json = {
            "name": f"CI {name[:60]}", "event": "pull_request", "display_title": name, "actor": login,
            "path": ".github/workflows/ci.yaml", "pull_requests": [{"number": number}],
        }  # fmt: skip
        yield run(FIRST_RUN + number, began, **about, **ran, conclusion="failure")
        yield run(
            FIRST_RUN + number, began, attempt=2, **about, **ran, run_started_at=_later(began)
        )
        for place_of_job, other in enumerate(NAMES[:5]):
            ended: Json = {**ran, "workflow_name": about["name"], "steps": [{"name": other}]}
            job_id = 2 * FIRST_JOB + number * 100 + place_of_job
            yield job(job_id, FIRST_RUN + number, other, began, conclusion="failure", **ended)
            if place_of_job % 2:
                yield job(job_id + 50, FIRST_RUN + number, other, began + HOUR, attempt=2, **ended)
        yield status(number, name, began, sha=sha, description=name, state="failure")
        yield comment(number, number, f"/retest {name}", began, by=name[:39])


def _later(began: datetime) -> str:
    return f"{began + HOUR:%Y-%m-%dT%H:%M:%SZ}"


def _facts(now: datetime) -> Iterator[Event]:
    """Yield what would come of people and of GitHub's answers: commands decided, jobs muted, a list of checks."""
    jobs = tuple(f"Nightly / {name}" for name in NAMES)
    for version, names in enumerate((jobs[:3], jobs[:9])):
        yield RequiredChecksChanged(
            repo=REPO, branch="main", origin="ci/required.yaml", fingerprint=str(version),
            follows=str(version - 1) if version else "", names=names,
            sets=(CheckSet(name=NAMES[0], names=jobs[9:], labels=(NAMES[1],)),),
            seen_at=now - (3 - version) * DAY,
        )  # fmt: skip
    for place, name in enumerate(NAMES):
        command = CommandId(f"command/cli/{place}")
        yield CommandReceived(
            command=command, community="acme", surface="cli", verb="mute", words=(name,), said=name,
            by=name, repo=REPO, number=PullNumber(place + 1), said_at=now - HOUR,
        )  # fmt: skip
        if place % 2:
            yield CommandRefused(command=command, reason=name, text=name)
        else:
            yield CommandAccepted(command=command, role=name)
            yield JobsMuted(
                command=command, community="acme", jobs=(jobs[place],), by=name, reason=name,
                at=now - HOUR, until=now + DAY,
            )  # fmt: skip
