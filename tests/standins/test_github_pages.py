"""The pages of the pretend GitHub: what a visitor sees and can do."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

from chatops.standins.github import GitHubStandIn, serve_in_thread
from chatops.standins.github.markdown import render
from chatops.standins.github.world import Happening, Repository
from tests.browser import axe
from tests.standins import rocket

REPLY = """<!-- marker:1 -->
### Rerun
Running **2** failed jobs again, see [the run](https://example.org/run?a=1&b=2) for @hubot.

| job | state |
| --- | --- |
| `engine / test (a|b)` | failed |

- one `<b>`
- two

<details><summary>More</summary>

```
<script>alert(1)</script>
```
</details>
"""
PATHS = (
    "/",
    *(f"/{rocket.NAME}/{page}" for page in ("pulls", "pull/7", "issues", "issues/12", "actions")),
)
ALLOWED = {
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "details",
    "div",
    "em",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "summary",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}


class Elements(HTMLParser):
    """Collects what a browser would take for elements."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


@pytest.fixture(scope="module")
def hub() -> Iterator[GitHubStandIn]:
    world, repository, clock = rocket.rocket()
    repository.gatekeeper(rocket.REQUIRED)
    rocket.open_pull(repository)
    rocket.let_pass(world, clock)
    rocket.let_pass(world, clock)
    repository.status(repository.pulls[7].head_sha, "license", "success")
    app = world.register_app()
    comment = repository.comment(7, author="hubot", body="/retest")
    repository.react(comment, login=app.login, content="eyes")
    repository.comment(7, author=app.login, body=REPLY, by_app=True)
    live_on_issues(repository)
    with serve_in_thread(world) as served:
        yield served


def live_on_issues(repository: Repository) -> None:
    """Let there be an issue, and all that a page can show of what people changed."""
    repository.issue(number=12, author="hubot", title="It <leaks>", body="A **lot**")
    repository.comment(12, author="mona", body="/assign")
    repository.milestone("Lift-off")
    repository.teams.add("pilots")
    for number in (7, 12):
        repository.assign(number, "mona", actor="mona")
        repository.set_milestone(number, 1, actor="mona")
    for who in ("tritri", "pilots"):
        repository.request_review(7, who, actor="mona")
    repository.close(12, actor="mona", reason="not_planned")


@pytest.fixture
def visitor(hub: GitHubStandIn) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=hub.url, trust_env=False) as client:
        yield client


def address_of_run(hub: GitHubStandIn) -> str:
    repository = hub.world.repositories[rocket.NAME]
    run = next(r for r in repository.runs_newest_first() if r.workflow.name == "CI")
    return f"/{rocket.NAME}/actions/runs/{run.id}"


def test_a_comment_is_shown_as_markup_and_never_as_the_authors_html() -> None:
    html = render(REPLY)

    assert "marker" not in html
    assert '<a href="https://example.org/run?a=1&amp;b=2" rel="nofollow">the run</a>' in html
    assert '<th scope="col">job</th>' in html
    assert "<li>one <code>&lt;b&gt;</code></li>" in html
    assert "<details><summary>More</summary>" in html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        '[x](https://e.org/"onmouseover="alert(1))',
        "<img src=x onerror=alert(1)>",
        '<details ontoggle="alert(1)">',
        "`<script>`\n```\n</code></pre><script>\n",
        "\x00" + "0\x00 `a`",
        "![x](https://e.org/`<b>`)",
    ],
)
def test_a_hostile_comment_stays_text(text: str) -> None:
    found = Elements()

    found.feed(render(text))

    assert set(found.tags) <= ALLOWED
    assert {name for name, _ in found.attributes} <= {"href", "rel", "class", "tabindex", "scope"}
    assert not any("javascript:" in (v or "") for n, v in found.attributes if n == "href")


@given(
    st.text(alphabet=st.sampled_from(list("<>&\"'`*_[]()|-#@/: \nahtps\x00.1!")) | st.characters())
)
def test_no_comment_brings_its_own_elements(text: str) -> None:
    found = Elements()

    found.feed(render(text))

    assert set(found.tags) <= ALLOWED
    assert {name for name, _ in found.attributes} <= {
        "href",
        "rel",
        "class",
        "tabindex",
        "scope",
        "open",
    }


def test_every_page_answers_and_says_that_it_is_pretended(
    hub: GitHubStandIn, visitor: httpx.Client
) -> None:
    for path in (*PATHS, address_of_run(hub)):
        response = visitor.get(path)
        assert response.status_code == 200
        assert "Pretend GitHub" in response.text
        assert "script-src 'self'" in response.headers["content-security-policy"]
        fragment = visitor.get(path, params={"fragment": "1"})
        assert fragment.text.strip() in response.text
        assert "<html" not in fragment.text


def test_what_people_changed_is_shown(visitor: httpx.Client) -> None:
    pull = visitor.get(f"/{rocket.NAME}/pull/7").text
    issue = visitor.get(f"/{rocket.NAME}/issues/12").text

    assert "Asked for a review: tritri, pilots" in pull
    for page in (pull, issue):
        assert "Assigned: mona" in page
        assert "Milestone: Lift-off" in page
    assert "closed as not planned" in issue
    assert "It &lt;leaks&gt;" in issue
    assert visitor.get(f"/{rocket.NAME}/issues/7").status_code == 404


def test_an_issue_is_spoken_on_from_its_page(hub: GitHubStandIn, visitor: httpx.Client) -> None:
    said = visitor.post(f"/{rocket.NAME}/issues/12/comments", data={"as": "mona", "body": "/close"})

    assert said.status_code == 303
    assert said.headers["location"].startswith(f"/{rocket.NAME}/issues/12?as=mona#")
    issue = hub.world.repositories[rocket.NAME].issues[12]
    assert [comment.body for comment in issue.comments] == ["/assign", "/close"]


def test_links_to_a_job_and_a_repository_lead_somewhere(
    hub: GitHubStandIn, visitor: httpx.Client
) -> None:
    run = address_of_run(hub)

    job = visitor.get(f"{run}/job/5")
    repository = visitor.get(f"/{rocket.NAME}")

    assert job.headers["location"] == f"{run}#job-5"
    assert repository.headers["location"] == f"/{rocket.NAME}/pulls"
    assert visitor.get(f"/{rocket.NAME}/pull/404").status_code == 404
    assert visitor.get("/_standin/static/..%2Fpages.py").status_code == 404
    assert visitor.get("/_standin/static/hub.css").headers["content-type"].startswith("text/css")
    assert "svg" in visitor.get("/_standin/avatars/mona.svg").headers["content-type"]


def test_an_unchanged_page_is_not_sent_again(visitor: httpx.Client) -> None:
    path = f"/{rocket.NAME}/pull/7?fragment=1"
    first = visitor.get(path)

    again = visitor.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304


def test_a_comment_from_the_form_is_heard_with_who_said_it(
    hub: GitHubStandIn, visitor: httpx.Client
) -> None:
    heard: list[Happening] = []
    hub.world.listeners.append(heard.append)
    path = f"/{rocket.NAME}/pull/7/comments"

    response = visitor.post(path, data={"as": "mona", "body": "/retest"})
    hub.world.listeners.remove(heard.append)

    assert response.status_code == 303
    assert re.search(r"\?as=mona#issuecomment-\d+$", response.headers["location"])
    (said,) = heard
    assert (said.event, said.action, said.sender) == ("issue_comment", "created", "mona")
    assert said.comment is not None
    assert said.comment.body == "/retest"


def test_nobody_speaks_from_another_page_or_as_a_stranger(visitor: httpx.Client) -> None:
    path = f"/{rocket.NAME}/pull/7/comments"

    foreign = visitor.post(
        path, data={"as": "mona", "body": "x"}, headers={"Origin": "http://evil.example"}
    )
    stranger = visitor.post(path, data={"as": "nobody", "body": "x"})

    assert (foreign.status_code, stranger.status_code) == (403, 422)


def test_only_writers_run_it_again_from_its_page(hub: GitHubStandIn, visitor: httpx.Client) -> None:
    repository = hub.world.repositories[rocket.NAME]
    run = repository.run(workflow="Docs", jobs=[rocket.BUILD])
    hub.world.ci.cancel(run)
    path = f"/{rocket.NAME}/actions/runs/{run.id}/rerun"

    reader = visitor.post(path, data={"as": "hubot", "what": "all"})
    writer = visitor.post(path, data={"as": "mona", "what": "failed"})
    too_soon = visitor.post(path, data={"as": "mona", "what": "failed"})

    assert reader.status_code == 403
    assert writer.status_code == 303
    assert run.latest.number == 2
    assert "already%20running" in too_soon.headers["location"]


def test_axe_finds_nothing_on_any_page(hub: GitHubStandIn, page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for path in (*PATHS, address_of_run(hub)):
            page.goto(hub.url + path)
            assert axe(page) == [], (scheme, path)


def test_a_visitor_comments_with_the_keyboard_and_sees_the_answer_come(
    hub: GitHubStandIn, page: Page
) -> None:
    page.goto(f"{hub.url}/{rocket.NAME}/pull/7")
    page.get_by_label("Speak as").select_option("mona")
    page.get_by_label("Comment", exact=True).focus()
    page.keyboard.type("/retest please")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Comment by mona").get_by_text("/retest please")).to_be_visible()

    page.get_by_label("Comment", exact=True).fill("half a thought")
    hub.world.repositories[rocket.NAME].comment(7, author="chatops[bot]", body="On it.")

    expect(page.get_by_text("On it.")).to_be_visible()
    expect(page.get_by_label("Comment", exact=True)).to_have_value("half a thought")
    expect(page.get_by_label("Speak as")).to_have_value("mona")
