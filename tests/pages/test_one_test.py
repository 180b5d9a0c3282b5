import html
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from msgspec.structs import replace

from chatops.config import Community, Owner, OwnerGroup
from chatops.engine.command import Knowledge
from chatops.engine.log import Batch
from chatops.events import Event, Fact
from chatops.events.conversation import CommandReceived
from chatops.events.mutes import JobsMuted
from chatops.events.renames import JobRenamed
from chatops.names import CommandId, PullNumber, Repo, Sha
from chatops.pages.one_test import one_test_json, render_one_test
from chatops.views.addresses import Place, slug
from tests.answers.test_one_test import NAME, in_pull, nights
from tests.builders import (
    CANCELLED,
    FAIL,
    MORNING,
    PASS,
    REPO,
    SCHEDULE,
    SKIPPED,
    NightOf,
    night,
    nights_database,
    reported,
    required,
)
from tests.projections.test_merges import merged
from tests.surfaces.doors import open_doors

MAIL = "mona" + "@" + "rockets.example"
MONA = Owner(
    github="mona", fullname="Mona", slack="mona.o", slackurl="https://acme.example/team/U1", email=MAIL
)  # fmt: skip
ACME = Community(
    key="acme", title="Acme Rockets", repositories=(REPO,), nightly=(SCHEDULE,),
    maintainers=(OwnerGroup(regex="launch", group="Launch crew", owners=(MONA,)),),
)  # fmt: skip
HOSTILE = (
    "<script>alert(1)</script>",
    '" onmouseover="x',
    "\u202egnp.exe \u2066\u2069",
    "two\nlines\tand\ra tab",
    "long " * 800,
    "a / b%2F..%2Fc?d#e",
    "..",
)


@contextmanager
def known(
    folder: Path, facts: list[Event], *, later: timedelta = timedelta()
) -> Iterator[Knowledge]:
    with nights_database(folder, facts) as db:
        yield Knowledge(
            db=db, community=ACME, now=MORNING + later, github_url="https://github.example"
        )


def query_of(name: str = NAME, workflow: str = "Nightly", **more: str) -> Mapping[str, str]:
    return {"slug": slug(Place(repo=REPO, workflow=workflow, name=name), REPO), **more}


def page_of(folder: Path, facts: list[Event], **query: str) -> str:
    with known(folder, facts) as knowledge:
        page = render_one_test(knowledge, query_of(**query))
    assert page is not None
    return page


def text_of(page: str) -> str:
    shown = re.sub(r"<title>.*?</title>", " ", page)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", shown)).split())


def test_it_begins_with_its_name_and_how_it_is(tmp_path: Path) -> None:
    text = text_of(page_of(tmp_path, nights(FAIL, FAIL, PASS)).partition('tabindex="-1">')[2])

    assert text.startswith(
        f"Test {NAME} It has been failing for 2 nights in a row, since Fri 21 Aug"
    )


def test_where_it_broke_leads_to_what_changed(tmp_path: Path) -> None:
    facts = [
        *NightOf(ago=1, attempts=[{NAME: PASS}]).facts(),
        *NightOf(ago=0, attempts=[{NAME: FAIL}]).facts(),
    ]
    same = text_of(page_of(tmp_path, facts))

    assert "Last good Fri 21 Aug (aaaaaaaaa), first bad Sat 22 Aug (aaaaaaaaa)." in same
    assert "Both ran the same commit" in same


def test_what_was_merged_before_it_broke_is_named(tmp_path: Path) -> None:
    facts = [
        *NightOf(ago=1, attempts=[{NAME: PASS}]).facts(),
        *(
            replace(fact, sha=Sha("b" * 40))
            for fact in NightOf(ago=0, attempts=[{NAME: FAIL}]).facts()
        ),
        *(
            replace(merged(number, 0), repo=REPO, merged_at=MORNING - timedelta(hours=9))
            for number in range(12)
        ),
    ]

    with known(tmp_path, facts) as knowledge:
        page = render_one_test(knowledge, query_of()) or ""
        told = json.loads(one_test_json(knowledge, query_of()) or "")

    assert "Merged between #11 Change 11 , #10 Change 10 ," in text_of(page)
    assert "#2 Change 2 and 2 more" in text_of(page)
    assert f'<a href="https://github.example/{REPO}/pull/11">#11</a>' in page
    broke = told["nightly"]["broke"]
    assert (broke["merged_count"], len(broke["merged"])) == (12, 10)
    assert broke["merged"][0] == {
        "number": 11, "title": "Change 11", "at": "2026-08-21T23:00:00Z",
        "url": f"https://github.example/{REPO}/pull/11",
    }  # fmt: skip


def test_where_commits_are_not_known_nothing_is_compared(tmp_path: Path) -> None:
    facts = [*reported(1, {NAME: "Pass"}), *reported(2, {NAME: "Fail"})]
    page = page_of(tmp_path, facts)

    assert "Their commits are not known." in page
    assert "/compare/" not in page


def test_every_night_and_every_attempt_is_a_line(tmp_path: Path) -> None:
    text = text_of(
        page_of(tmp_path, [*night(0, {NAME: FAIL}, {NAME: PASS}), *night(1, {NAME: SKIPPED})])
    )

    assert re.search(
        r"Sat 22 Aug 2 passed 20 min job Sat 22 Aug 1 failed Run tests 20 min job Fri 21 Aug 1 skipped", text
    )  # fmt: skip


def test_older_nights_are_folded_and_not_left_out(tmp_path: Path) -> None:
    facts = [fact for ago in range(40) for fact in night(ago, {NAME: PASS})]
    page = page_of(tmp_path, facts)

    assert "10 older nights" in page
    assert page.count('<span class="tag p">') == 40


def test_it_looks_back_as_far_as_the_address_says(tmp_path: Path) -> None:
    facts = [fact for ago in range(40) for fact in night(ago, {NAME: PASS})]
    page = page_of(tmp_path, facts, n="30")

    assert page.count('<span class="tag p">') == 30
    assert '<a href="?n=30" aria-current="true">30</a>' in page
    assert '.json?n=30"' in page


def test_its_maintainers_are_named_without_an_address_for_mail(tmp_path: Path) -> None:
    with known(tmp_path, nights(PASS)) as knowledge:
        page = render_one_test(knowledge, query_of()) or ""
        told = one_test_json(knowledge, query_of()) or ""

    assert "Launch crew Mona ( mona.o )" in text_of(page)
    assert MAIL not in page + told
    assert json.loads(told)["owners"] == [{"group": "Launch crew", "people": ["Mona"]}]


def test_a_test_nobody_looks_after_says_so(tmp_path: Path) -> None:
    assert "nobody is named for it" in page_of(tmp_path, night(0, {"a": PASS}), name="a")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ([], "To merge not known"),
        (required(f"CI / {NAME}"), "To merge required, as in every list since Sat 22 Aug 2026"),
        (required("CI / other"), "To merge not required, as in every list since Sat 22 Aug 2026"),
    ],
)
def test_whether_it_is_required_is_told_as_far_as_it_is_known(
    tmp_path: Path, facts: list[Event], words: str
) -> None:
    assert words in text_of(page_of(tmp_path, [*nights(PASS), *facts]))


def test_results_in_pull_requests_lead_to_them(tmp_path: Path) -> None:
    page = page_of(tmp_path, [*nights(PASS), *in_pull(7, "failure", "Run tests")])

    assert '<a href="https://github.example/acme/rocket/pull/7">#7</a>' in page
    assert '<a href="../runs/40000000007">' in page


def test_a_test_without_a_result_draws_no_chart_and_says_so(tmp_path: Path) -> None:
    page = page_of(tmp_path, nights(CANCELLED, SKIPPED))

    assert "so there is no verdict" in page
    assert "<svg" not in page


def test_charts_are_drawings_with_a_name_and_need_no_style_of_their_own(tmp_path: Path) -> None:
    page = page_of(tmp_path, nights(FAIL, PASS, PASS))
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)

    assert len(drawings) == 3
    for drawing in drawings:
        element = ET.fromstring(drawing)  # noqa: S314 - our own page
        assert element.get("role") == "img"
        assert element.findtext("title")
        assert "style=" not in drawing
    assert len(set(re.findall(r' id="([^"]+)"', page))) == len(re.findall(r' id="([^"]+)"', page))


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: name[:12])
def test_a_hostile_name_stays_text_and_keeps_its_page(tmp_path: Path, name: str) -> None:
    with known(tmp_path, night(0, {name: FAIL})) as knowledge:
        page = render_one_test(knowledge, query_of(name))
        told = one_test_json(knowledge, query_of(name))

    assert page is not None
    assert told is not None
    assert "<script>alert" not in page
    assert 'onmouseover="x' not in page
    assert json.loads(told)["name"] == name
    assert f"<bdi>{html.escape(name, quote=False)}" in page.replace("&#34;", '"').replace(
        "&#39;", "'"
    )


@pytest.mark.parametrize(
    "address", ["", "x", "Nightly~~nobody", "Nightly~~~00", "x~2Fy~~Nightly~~a", "Nightly~~a.b"]
)
def test_what_is_not_there_is_nothing(tmp_path: Path, address: str) -> None:
    with known(tmp_path, night(0, {"a": PASS})) as knowledge:
        assert render_one_test(knowledge, {"slug": address}) is None
        assert one_test_json(knowledge, {"slug": address}) is None


def test_another_repository_has_its_place_in_the_address(tmp_path: Path) -> None:
    moon = Repo("acme/moon")
    both = Community(
        key="acme", title="Acme", repositories=(REPO, moon),
        nightly=(SCHEDULE, type(SCHEDULE)(name="Moon", file="moon.yaml", repository=moon)),
    )  # fmt: skip
    facts = NightOf(ago=0, attempts=[{"a": FAIL}], workflow="Moon", repo=moon).facts()
    with nights_database(tmp_path, facts) as db:
        knowledge = Knowledge(db=db, community=both, now=MORNING)
        address = slug(Place(repo=moon, workflow="Moon", name="a"), REPO)

        assert "It is failing" in (render_one_test(knowledge, {"slug": address}) or "")


def test_old_data_is_marked_as_old(tmp_path: Path) -> None:
    with known(tmp_path, nights(PASS), later=timedelta(hours=40)) as knowledge:
        page = render_one_test(knowledge, query_of())

    assert page is not None
    assert "Nothing has been heard from GitHub for 40 h" in page


def test_programs_are_told_the_same(tmp_path: Path) -> None:
    facts = [*nights(FAIL, FAIL, CANCELLED, PASS), *in_pull(7), *required(f"CI / {NAME}")]
    with known(tmp_path, facts) as knowledge:
        page = text_of(render_one_test(knowledge, query_of()) or "")
        told = json.loads(one_test_json(knowledge, query_of()) or "")

    nightly = told["nightly"]
    assert told["verdict"] in page
    assert told["pull_requests"]["verdict"] in page
    assert (nightly["fails"], nightly["runs"], nightly["streak"]) == (2, 3, 2)
    assert nightly["broke"]["last_good"] == "2026-08-19"
    assert nightly["broke"]["nights_between"] == 1
    assert [one["state"] for one in nightly["nights"]] == [
        "failed",
        "failed",
        "cancelled",
        "passed",
    ]
    assert told["pull_requests"]["results"][0]["numbers"] == [7]
    assert told["required"]["is_required"]
    for one in nightly["nights"]:
        for execution in one["executions"]:
            assert f"{execution['seconds'] // 60} min" in page


@pytest.mark.parametrize(("surface", "is_told"), [("github", True), ("slack", False)])
def test_why_it_is_muted_stays_in_slack_if_it_was_said_there(
    tmp_path: Path, surface: str, *, is_told: bool
) -> None:
    command = CommandId("command/1")
    asked = CommandReceived(
        command=command, community="acme", surface=surface, verb="mute", by="U1", repo=REPO,
        words=("my plan",), number=PullNumber(0), comment_id=1, said_at=MORNING,
    )  # fmt: skip
    muted = JobsMuted(
        command=command, community="acme", jobs=(f"Nightly / {NAME}",), by="mona", reason="my plan",
        at=MORNING, until=MORNING + timedelta(days=1),
    )  # fmt: skip
    with known(tmp_path, [*nights(FAIL), asked, muted]) as knowledge:
        page = render_one_test(knowledge, query_of()) or ""
        told = one_test_json(knowledge, query_of()) or ""

    assert "Muted until" in page
    assert json.loads(told)["muted"]["by"] == "mona"
    assert ("my plan" in page, "my plan" in told) == (is_told, is_told)


def renamed(old: str) -> JobRenamed:
    return JobRenamed(
        command=CommandId("command/github/comment/5"), repo=REPO, old=old, new=NAME, by="mona", at=MORNING
    )  # fmt: skip


def test_by_which_names_it_went_is_told(tmp_path: Path) -> None:
    facts = [*nights(PASS), *night(1, {"<old>": FAIL}), renamed("<old>")]
    with known(tmp_path, facts) as knowledge:
        page = render_one_test(knowledge, query_of()) or ""
        told = json.loads(one_test_json(knowledge, query_of()) or "")

    assert "Renamed from <old> on 22 Aug, 08:00 UTC , as mona says" in text_of(page)
    assert "../audit/command/github/comment/5" in page
    assert [(one["name"], one["by"]) for one in told["renamed_from"]] == [("<old>", "mona")]
    assert [night["state"] for night in told["nightly"]["nights"]] == ["passed", "failed"]


def test_one_that_is_gone_says_how_to_go_on(tmp_path: Path) -> None:
    text = text_of(page_of(tmp_path, nights(None, None, None, PASS)))

    assert f"/renamed {NAME} -> NEW NAME" in text


def test_the_address_of_an_old_name_leads_to_the_new_one(tmp_path: Path) -> None:
    with open_doors(f"sqlite:///{tmp_path / 'doors.db'}") as doors:
        facts = [*nights(PASS), *night(1, {"old / a": FAIL}), renamed("old / a")]
        known = [Fact(event=one, source="github", correlation_id="") for one in facts]
        doors.service.writer.append(Batch(facts=known))
        while doors.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)
        old = query_of("old / a")["slug"]
        answers = [
            httpx.get(f"http://127.0.0.1:{doors.port}/acme/tests/{address}")
            for address in (old, f"{old}.json?n=30")
        ]
        followed = httpx.get(
            f"http://127.0.0.1:{doors.port}/acme/tests/{old}", follow_redirects=True
        )

    assert [answer.status_code for answer in answers] == [301, 301]
    new = query_of()["slug"]
    assert [answer.headers["location"] for answer in answers] == [new, f"{new}.json?n=30"]
    assert followed.status_code == 200
    assert html.escape(NAME) in followed.text


def test_what_is_perhaps_its_new_name_is_offered_on_the_pages_of_both(tmp_path: Path) -> None:
    new = f"{NAME} <new>"
    facts = [*night(0, {new: PASS}), *night(1, {NAME: FAIL}), *night(2, {NAME: PASS})]
    with open_doors(f"sqlite:///{tmp_path / 'doors.db'}") as doors:
        doors.service.writer.append(
            Batch(facts=[Fact(event=one, source="github", correlation_id="") for one in facts])
        )
        while doors.service.readiness().facts["projection_lag"]:
            time.sleep(0.01)
        base = f"http://127.0.0.1:{doors.port}/acme/tests"
        pages = [httpx.get(f"{base}/{query_of(name)['slug']}") for name in (NAME, new)]
        told = [
            httpx.get(f"{base}/{query_of(name)['slug']}.json").json()["perhaps_the_same"]
            for name in (NAME, new)
        ]

    say = f'/renamed "{NAME}" -> "{new}"'
    texts = [text_of(page.text) for page in pages]
    assert [say in text for text in texts] == [True, True]
    assert f"{new} ? It ran first in the night after this one was last seen" in texts[0]
    assert f"{NAME} ? It ran last in the night before this one began" in texts[1]
    assert "4 of the 5 words of both names are the same" in texts[1]
    assert [(one["name"], one["is_newer"], one["say"]) for one in told] == [
        (new, True, say),
        (NAME, False, say),
    ]
