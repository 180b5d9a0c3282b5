"""What the load consists of: the webhook of a job that completed, as the GitHub stand-in draws it, signed."""

import hashlib
import hmac
from functools import cache

import msgspec

from chatops.standins.github import HandClock, PlannedJob, World
from chatops.standins.github.shapes import Shapes
from chatops.standins.github.webhooks import payload
from chatops.standins.github.world import Happening

SECRET = "bench"  # noqa: S105 - made up for the loopback
REPO = "acme/rocket"
WORKFLOW = "Nightly"
JOBS_OF_A_RUN = 240
FIRST_RUN = 20_000_000_000
FIRST_JOB = 60_000_000_000
"""Beyond the numbers of any log that a part of the bench has filled; each has as many digits as the stand-in's."""
OUR_PATH = "/github/webhooks"

_JOB_NAME = "run-tests / test (000)"


@cache
def drawn() -> tuple[bytes, bytes, bytes]:
    """Return the body of such a webhook, with the ids of its run and of its job as they are written in it."""
    world = World(clock=(clock := HandClock()))
    shapes = Shapes(world, "https://github.example")
    bodies: list[tuple[bytes, bytes, bytes]] = []

    def hear(happening: Happening) -> None:
        if (happening.event, happening.action) == ("workflow_job", "completed"):
            assert happening.run is not None
            assert happening.job is not None
            body = msgspec.json.encode(payload(shapes, happening))
            bodies.append((body, b"%d" % happening.run.id, b"%d" % happening.job.id))

    world.listeners.append(hear)
    world.repo(REPO).run(workflow=WORKFLOW, event="schedule", jobs=[PlannedJob(_JOB_NAME)])
    clock.advance(3_600)
    world.tick()
    return bodies[0]


def request(number: int, path: str = OUR_PATH, *, of_run: int | None = None) -> bytes:
    """Return the bytes of one HTTP request; another number is another job, and so a new fact.

    `of_run` is the run of the job, if it is none of the load's own.
    """
    body, run_id, job_id = drawn()
    body = body.replace(run_id, b"%d" % (of_run or FIRST_RUN + number // JOBS_OF_A_RUN))
    body = body.replace(job_id, b"%d" % (FIRST_JOB + number))
    body = body.replace(_JOB_NAME.encode(), b"run-tests / test (%03d)" % (number % JOBS_OF_A_RUN))
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
        "User-Agent: GitHub-Hookshot/bench\r\nContent-Type: application/json\r\n"
        f"X-GitHub-Event: workflow_job\r\nX-GitHub-Delivery: bench-{number}\r\n"
        f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def requests(count: int, *, start: int, path: str = OUR_PATH, repeat: int = 1) -> list[bytes]:
    """Return requests from a number on; with `repeat`, each delivery comes so many times in a row."""
    distinct = [request(start + number, path) for number in range(-(-count // repeat))]
    return [one for one in distinct for _ in range(repeat)][:count]
