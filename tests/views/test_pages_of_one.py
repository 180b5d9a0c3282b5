"""The pages of one test and of one run in a real browser: both themes, three widths, with and without scripts."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.events.conversation import CommandAccepted, CommandReceived
from chatops.events.mutes import JobsMuted
from chatops.events.reruns import RerunRequested
from chatops.events.runs import JobCompleted, RunCompleted
from chatops.names import CommandId, JobId, Login, PullNumber, RunId, Sha
from chatops.views.addresses import Place, slug
from tests.browser import faults_for_anybody
from tests.builders import (
    CANCELLED,
    CARRIED,
    FAIL,
    PASS,
    REPO,
    SETUP,
    SKIPPED,
    TODAY,
    NightOf,
    Ran,
    required,
)
from tests.scene import pull
from tests.surfaces.doors import Doors, open_doors

NAME = (
    "kata-containers-ci-on-push / run-k8s-tests-on-tdx / "
    "run-k8s-tests (qemu-tdx-runtime-rs, kubeadm, nydus, guest-pull, a-long-matrix-value, small)"
)
EVIL = "suite / <img src=x onerror=document.title='owned'> \u202eback\n" + "long" * 1000
ODD = "suite / a / b%2F?c#d (e, f) / v1.2_x -- y..."
TONIGHT = NightOf(ago=0).run_id
PULL_RUN = RunId(TONIGHT + 77)
ASKED = CommandId("command/github/comment/9")


def address(name: str, workflow: str = "Nightly") -> str:
    return f"tests/{slug(Place(repo=REPO, workflow=workflow, name=name), REPO)}"


def _nights() -> Iterator[Event]:
    strewn = {0: FAIL, 1: FAIL, 2: CANCELLED, 3: FAIL, 9: FAIL, 14: SETUP, 22: SKIPPED, 30: FAIL}
    for ago in range(45):
        ran = strewn.get(ago, Ran(minutes=15 + ago * 7 % 11))
        jobs = {NAME: ran, "other": PASS, EVIL: FAIL if ago < 2 else PASS, ODD: PASS}
        again = (
            [{NAME: PASS, **dict.fromkeys(("other", EVIL, ODD), CARRIED)}] if ago in {9, 30} else []
        )
        facts = NightOf(ago=ago, attempts=[jobs, *again]).facts()
        for fact in facts:
            sha = Sha(f"{ago + 1:040x}")
            yield _with(fact, sha=sha) if isinstance(fact, RunCompleted) else fact


def _with(event: Event, **changes: object) -> Event:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return type(event)(**{**fields, **changes})


def _pulls() -> Iterator[Event]:
    for number in range(1, 30):
        sha, run_id = Sha(f"{number:039x}f"), RunId(PULL_RUN + number - 1)
        began = TODAY - timedelta(hours=30 - number)
        yield pull(repo=REPO, number=PullNumber(13_700 + number), sha=sha, author=Login("mona"))
        attempts = (
            ("failure", "success")
            if number == 1
            else ("failure",)
            if number % 9 == 0
            else ("success",)
        )
        for attempt, conclusion in enumerate(attempts, start=1):
            yield RunCompleted(
                repo=REPO, run_id=run_id, attempt=attempt, workflow="CI", trigger="pull_request",
                number=900 + number, sha=sha, branch="fins", conclusion=conclusion,
                created_at=began, started_at=began, completed_at=began + timedelta(hours=attempt),
            )  # fmt: skip
            for place, (name, how) in enumerate(
                ((NAME, conclusion), ("build (amd64)", "success"), ("build (s390x)", "success"))
            ):
                is_carried = attempt > 1 and place > 0
                waited = timedelta(minutes=4 + place * 30)
                yield JobCompleted(
                    repo=REPO, run_id=run_id, attempt=attempt, name=name, workflow="CI", sha=sha,
                    job_id=JobId(run_id * 10 + attempt * 3 + place), conclusion=how,
                    labels=("self-hosted", "s390x") if "s390x" in name else ("ubuntu-24.04",),
                    created_at=began + timedelta(minutes=attempt),
                    started_at=began if is_carried else began + waited,
                    completed_at=began + timedelta(minutes=50),
                    failed_step="Run tests" if how == "failure" else "",
                )  # fmt: skip


def _commands() -> Iterator[Event]:
    yield CommandReceived(
        command=ASKED, community="acme", surface="github", verb="retest", by="mona", repo=REPO,
        number=PullNumber(13_701), comment_id=9, said_at=TODAY,
    )  # fmt: skip
    yield CommandAccepted(command=ASKED, role="permission write")
    yield RerunRequested(
        command=ASKED, repo=REPO, sha=Sha("c" * 40), run_id=PULL_RUN, attempt=1, workflow="CI",
        scope="failed",
    )  # fmt: skip
    yield JobsMuted(
        command=ASKED, community="acme", jobs=(f"Nightly / {NAME}",), by="mona", reason="known since March",
        at=TODAY, until=TODAY + timedelta(days=9_000),
    )  # fmt: skip


def facts() -> list[Event]:
    """Return a community's nights and pull requests, with what is hard to show."""
    return [*_nights(), *_pulls(), *_commands(), *required(f"CI / {NAME}", "CI / build (amd64)")]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder = tmp_path_factory.mktemp("pages")
    with open_doors(f"sqlite:///{folder / 'doors.db'}") as opened:
        known = [
            Fact(event=one, source="github", correlation_id=getattr(one, "command", ""))
            for one in facts()
        ]
        opened.service.writer.append(Batch(facts=known))
        while opened.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)
        yield opened


PAGES = (
    address(NAME),
    address(EVIL),
    address("build (s390x)", "CI"),
    f"runs/{TONIGHT}",
    f"acme/runs/{PULL_RUN}/1",
)


def at(doors: Doors, path: str) -> str:
    return f"http://127.0.0.1:{doors.port}/{path}"


@pytest.mark.parametrize("path", PAGES)
def test_everybody_can_read_it_at_every_width(doors: Doors, page: Page, path: str) -> None:
    page.goto(at(doors, path))

    assert faults_for_anybody(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_it_scrolls_sideways_at_no_width(doors: Doors, page: Page, path: str) -> None:
    page.goto(at(doors, path))
    for width in (375, 560, 600, 820, 901, 1024, 1100, 1280):
        page.set_viewport_size({"width": width, "height": 800})

        assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


@pytest.mark.parametrize("name", [NAME, EVIL, ODD])
def test_a_test_of_the_nightly_page_leads_to_its_own_page(
    doors: Doors, chromium: Browser, name: str
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(at(doors, "acme/nightly?s=name"))

    page.locator(f"a[title={_quoted(name)}]").click()
    page.get_by_role("link", name="All about it").click()

    expect(page.locator("h1 bdi")).to_have_text(name)
    assert page.title() != "owned"
    context.close()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\a ")
    return f'"{escaped}"'


def test_a_failed_job_leads_from_its_run_to_its_test_and_back(doors: Doors, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(at(doors, f"acme/runs/{TONIGHT}"))

    page.get_by_role("link", name=NAME, exact=True).click()
    expect(page.get_by_text("It has been failing for 3 nights in a row")).to_be_visible()
    page.get_by_role("link", name="Wed 19 Aug", exact=True).click()

    expect(page.get_by_role("heading", name="Nightly #997")).to_be_visible()
    assert complaints == []


def test_each_attempt_of_a_run_has_its_page(doors: Doors, page: Page) -> None:
    page.goto(at(doors, f"runs/{PULL_RUN}"))

    page.get_by_role("link", name="Attempt 1", exact=True).click()

    expect(page).to_have_url(at(doors, f"runs/{PULL_RUN}/1"))
    expect(page.get_by_text("This is how it was after attempt 1.")).to_be_visible()
    page.get_by_role("link", name="The newest is attempt 2").click()
    expect(page.get_by_text("All 3 jobs passed, 1 of them only on a rerun.")).to_be_visible()
