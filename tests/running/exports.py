"""A service that exports, and that processes which help find again: it is as the environment says."""

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chatops.app import Service
from chatops.config import read_configuration
from chatops.engine.clock import SystemClock
from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.settings import read_settings
from tests.builders import CARRIED, FAIL, MORNING, PASS, night
from tests.pulls import HOSTILE, RULES, opened, ran
from tests.scene import REPO

LAUNCH = "suite / launch (big, red)"
FACTS = [
    *night(0, {LAUNCH: FAIL, "suite / land": PASS, "fuel": PASS}),
    *night(
        1,
        {LAUNCH: FAIL, "suite / land": PASS, "fuel": FAIL},
        {LAUNCH: FAIL, "suite / land": CARRIED, "fuel": PASS},
    ),
    *night(2, {LAUNCH: PASS, "suite / land": FAIL, "fuel": PASS, **dict.fromkeys(HOSTILE, FAIL)}),
    RULES,
    opened(1),
    opened(2, author="octo"),
    *ran(1, {"test (a)": "failure:Run tests", "build": "success"}),
]  # fmt: skip
CONFIGURATION = f"""\
communities:
  acme:
    title: Acme
    slash_command: /acme
    repositories: [{REPO}]
    nightly: [{{name: Nightly, file: nightly.yaml}}]
    gate: {{workflow: Gatekeeper}}
"""


class Standing(SystemClock):
    """A clock that stands still, so that two exports are of the same moment."""

    def now(self) -> datetime:
        return MORNING + timedelta(days=3)


def of_environment(monkeypatch: pytest.MonkeyPatch, database_url: str, folder: Path) -> Service:
    """Return the service that the environment describes from now on."""
    (folder / "chatops.yaml").write_text(CONFIGURATION)
    monkeypatch.setenv("CHATOPS_CONFIG", str(folder / "chatops.yaml"))
    monkeypatch.setenv("CHATOPS_DATABASE_URL", database_url)
    settings = read_settings(os.environ)
    made = Service(settings, read_configuration(settings.config), role="web", clock=Standing())
    made.open_database()
    learn(made, FACTS)
    return made


def learn(service: Service, facts: Iterable[Event]) -> None:
    """Let a service know some facts."""
    told = [Fact(event=one, source="github", correlation_id="delivery/1") for one in facts]
    service.log.append([Batch(facts=told)])
    service.projector.catch_up()
