import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from playwright.sync_api import Page, expect

from chatops.standins.slack import (
    Message,
    ServedSlack,
    Shortcut,
    SlackStandIn,
    View,
    serve_in_thread,
)
from tests.browser import axe


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


NIGHTLY: list[dict[str, Any]] = [
    {"type": "header", "text": plain("Nightly: red")},
    {"type": "section", "text": mrkdwn("*3* failed on <https://example.org|run 8>")},
    {"type": "section", "fields": [mrkdwn("*Passed*\n28"), mrkdwn("*Failed*\n3")]},
    {
        "type": "data_table",
        "caption": "Nights",
        "rows": [[{"type": "raw_text", "text": "night"}], [{"type": "raw_text", "text": "23"}]],
    },
    {
        "type": "actions",
        "block_id": "more",
        "elements": [
            {"type": "button", "action_id": "quiet", "text": plain("Quiet"), "value": "q"},
            {
                "type": "button",
                "action_id": "rerun",
                "style": "primary",
                "text": plain("Rerun"),
                "confirm": {"title": plain("Rerun?"), "text": mrkdwn("3 jobs")},
            },
            {
                "type": "static_select",
                "action_id": "night",
                "placeholder": plain("Another night"),
                "options": [
                    {"text": plain("22"), "value": "night-22"},
                    {"text": plain("21"), "value": "night-21"},
                ],
            },
        ],
    },
    {"type": "context", "elements": [mrkdwn("as of 06:14 UTC")]},
]


class App(BaseHTTPRequestHandler):
    """An app that takes everything; `heard` keeps the bodies, and `says` is what it says to a form."""

    heard: list[str]
    says: list[bytes]

    def do_POST(self) -> None:
        self.heard.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(self.says[-1] if self.says else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.fixture
def says() -> list[bytes]:
    return []


@pytest.fixture
def served(heard: list[str], says: list[bytes]) -> Iterator[ServedSlack]:
    handler = type("RecordingApp", (App,), {"heard": heard, "says": says})
    app = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=app.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{app.server_port}/slack/events"
    shortcuts = (
        Shortcut(callback_id="on_message", name="About this", on_messages=True),
        Shortcut(callback_id="anywhere", name="Anything"),
    )
    slack = SlackStandIn(app_url=url, commands=("/ci status nightly",), shortcuts=shortcuts)
    with serve_in_thread(slack) as served:
        yield served
    app.shutdown()
    thread.join()
    app.server_close()


def get(served: ServedSlack, path: str) -> httpx.Response:
    return httpx.get(served.slack.url + path, follow_redirects=True)


def send(served: ServedSlack, path: str, **fields: str) -> httpx.Response:
    form = {"user": "U0MONA", "channel": "C0CI", **fields}
    return httpx.post(served.slack.url + path, data=form)


def report(served: ServedSlack, **more: Any) -> Message:  # noqa: ANN401 - the parts of a message
    return served.slack.workspace.post("C0CI", "Nightly: red", blocks=NIGHTLY, **more)


def test_a_typed_command_reaches_the_app_without_scripts(
    served: ServedSlack, heard: list[str]
) -> None:
    answer = send(served, "/say", text="/ci status nightly")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/channels/C0CI?user=U0MONA#latest"
    assert parse_qs(heard[0])["text"] == ["status nightly"]
    assert "/ci status nightly" in get(served, "/channels/C0CI?user=U0MONA").text


def test_a_pressed_button_reaches_the_app_with_its_value(
    served: ServedSlack, heard: list[str]
) -> None:
    message = report(served)
    html = get(served, "/").text
    values = re.findall(r'name="press" value="([^"]+)"', html)

    answer = send(served, "/press", ts=message.ts, press=values[0])

    assert values == ["more/quiet", "more/rerun", "more/night"]
    assert answer.status_code == 303
    assert '"value": "q"' in parse_qs(heard[0])["payload"][0]


def test_a_choice_reaches_the_app(served: ServedSlack, heard: list[str]) -> None:
    message = report(served)
    chosen = {"press": "more/night", "choice:more/night": "night-21"}

    send(served, "/press", ts=message.ts, **chosen)

    assert '"value": "night-21"' in parse_qs(heard[0])["payload"][0]


def test_a_button_that_is_gone_cannot_be_pressed(served: ServedSlack, heard: list[str]) -> None:
    message = report(served)

    answer = send(served, "/press", ts=message.ts, press="more/explode")

    assert answer.status_code == 409
    assert heard == []


def test_a_call_for_the_app_becomes_an_event(served: ServedSlack, heard: list[str]) -> None:
    send(served, "/say", text="@chatops hello")
    served.run(served.slack.wait_for_message(lambda message: "hello" in message.text))
    served.run(served.slack.open_home("mona"))

    assert '"app_mention"' in "".join(heard)
    assert "@chatops</span> hello" in get(served, "/").text


def test_in_a_thread_the_app_is_called_and_there_are_no_commands(
    served: ServedSlack, heard: list[str]
) -> None:
    first = report(served)

    send(served, "/say", text="@chatops hello", thread_ts=first.ts)
    send(served, "/say", text="/ci status", thread_ts=first.ts)

    served.run(served.slack.wait_for_message(lambda message: "hello" in message.text))
    served.run(served.slack.open_home("mona"))
    assert f'"thread_ts":"{first.ts}"' in "".join(heard).replace(" ", "")
    assert "/ci is not supported in threads" in get(served, "/").text
    assert "command=" not in "".join(heard)


def test_to_the_app_alone_nothing_can_be_written(served: ServedSlack, heard: list[str]) -> None:
    place = served.slack.workspace.direct_channel("U0MONA").id

    send(served, "/say", text="hello", channel=place)
    html = get(served, f"/channels/{place}?user=U0MONA").text

    assert "turned off" in html
    assert 'id="line"' not in html
    assert heard == []


def test_a_shortcut_on_a_message_takes_the_message_along(
    served: ServedSlack, heard: list[str]
) -> None:
    message = report(served)

    answer = send(served, "/shortcut", ts=message.ts, shortcut="on_message")

    [payload] = parse_qs(heard[0])["payload"]
    assert answer.status_code == 303
    assert '"type": "message_action"' in payload
    assert '"callback_id": "on_message"' in payload
    assert "Nightly: red" in payload


def test_a_shortcut_that_is_offered_everywhere_is_chosen(
    served: ServedSlack, heard: list[str]
) -> None:
    assert "Anything" in get(served, "/").text

    send(served, "/shortcut", shortcut="anywhere")

    [payload] = parse_qs(heard[0])["payload"]
    assert '"type": "shortcut"' in payload


def form_of(served: ServedSlack) -> str:
    """Let the app open a form for mona; return its id."""
    workspace = served.slack.workspace
    field = {"type": "plain_text_input", "action_id": "said", "initial_value": "a guess"}
    content: dict[str, Any] = {
        "type": "modal",
        "title": plain("Which one?"),
        "submit": plain("Ask"),
        "blocks": [{"type": "input", "block_id": "said", "label": plain("Name"), "element": field}],
    }
    view = View(id=workspace.next_id("V"), user="U0MONA", type="modal", hash="1", content=content)
    return workspace.keep_view(view).id


def test_a_form_is_seen_by_whom_it_asks_and_sent_with_what_they_wrote(
    served: ServedSlack, heard: list[str]
) -> None:
    view = form_of(served)
    mine, other = (
        get(served, f"/channels/C0CI?user={who}").text for who in ("U0MONA", "U0OCTAVIA")
    )

    send(served, "/send", view=view, do="send", **{"input:said/said": "that one"})

    assert "Which one?" in mine
    assert 'value="a guess"' in mine
    assert "Which one?" not in other
    [payload] = parse_qs(heard[0])["payload"]
    assert '"value": "that one"' in payload
    assert "Which one?" not in get(served, "/channels/C0CI?user=U0MONA").text


def test_what_is_wrong_with_a_field_is_said_at_the_field(
    served: ServedSlack, says: list[bytes]
) -> None:
    view = served.slack.workspace.modals[form_of(served)]
    first = {**view.content["blocks"][0], "block_id": "first", "label": plain("First")}
    served.slack.workspace.keep_view(
        replace(view, content={**view.content, "blocks": [first, *view.content["blocks"]]})
    )

    shown = []
    for errors in ({"first": "Not <this>."}, {"said": "Nor that."}, {"gone": "Nowhere."}):
        says.append(json.dumps({"response_action": "errors", "errors": errors}).encode())
        send(served, "/send", view=view.id, do="send", **{"input:said/said": "that one"})
        shown.append(get(served, "/channels/C0CI?user=U0MONA").text)

    first_field, second_field = ("<span>First</span>", "<span>Name</span>")
    text, place = shown[0], shown[0].index("Not &lt;this&gt;.")
    assert text.index(first_field) < place < text.index(second_field)
    assert 'role="alert"' in text
    assert shown[1].index("Nor that.") > shown[1].index(second_field)
    assert "Not &lt;this&gt;." not in shown[1]
    assert "Nowhere." not in shown[2]
    assert "We had some trouble connecting." in shown[2]


def test_a_form_that_comes_back_has_what_was_written_and_so_has_one_with_the_same_field(
    served: ServedSlack, says: list[bytes]
) -> None:
    view = served.slack.workspace.modals[form_of(served)]
    fields = [*view.content["blocks"], *CHOOSING]
    served.slack.workspace.keep_view(replace(view, content={**view.content, "blocks": fields}))
    filled = {"input:said/said": "that one", "input:jobs/jobs": "b", "input:where/where": "all"}

    says.append(b'{"response_action": "errors", "errors": {"said": "No."}}')
    send(served, "/send", view=view.id, do="send", **filled)
    back = get(served, "/channels/C0CI?user=U0MONA").text
    other = {**fields[0], "block_id": "other"}
    next_one = {**view.content, "title": plain("And now?"), "blocks": [fields[0], other]}
    says.append(json.dumps({"response_action": "update", "view": next_one}).encode())
    send(served, "/send", view=view.id, do="send", **filled)
    after = get(served, "/channels/C0CI?user=U0MONA").text

    assert 'value="that one"' in back
    assert '<option value="b" selected>' in back
    assert '<option value="a" selected>' not in back
    assert 'value="all" checked' in back
    assert 'value="me" checked' not in back
    assert "And now?" in after
    assert re.findall(r'name="input:(\w+)/said" value="([^"]*)"', after) == [
        ("said", "that one"),
        ("other", "a guess"),
    ]


def test_a_form_can_be_closed_and_is_then_gone(served: ServedSlack, heard: list[str]) -> None:
    view = form_of(served)

    send(served, "/send", view=view, do="close")
    again = send(served, "/send", view=view, do="send")

    assert again.status_code == 409
    assert heard == []


def test_nobody_sends_the_form_of_somebody_else(served: ServedSlack, heard: list[str]) -> None:
    answer = send(served, "/send", view=form_of(served), do="send", user="U0OCTAVIA")

    assert answer.status_code == 409
    assert heard == []


CHOOSING: list[dict[str, Any]] = [
    {
        "type": "input",
        "block_id": "jobs",
        "label": plain("Which"),
        "optional": True,
        "element": {
            "type": "multi_static_select",
            "action_id": "jobs",
            "option_groups": [
                {
                    "label": plain("CI"),
                    "options": [{"text": plain(name), "value": name} for name in ("a", "b", "c")],
                }
            ],
        },
    },
    {
        "type": "input",
        "block_id": "where",
        "label": plain("Whom"),
        "element": {
            "type": "radio_buttons",
            "action_id": "where",
            "initial_option": {"text": plain("me"), "value": "me"},
            "options": [{"text": plain(name), "value": name} for name in ("me", "all")],
        },
    },
]


def test_several_things_are_chosen_in_a_form(served: ServedSlack, heard: list[str]) -> None:
    workspace = served.slack.workspace
    content = {"type": "modal", "title": plain("Choose"), "blocks": CHOOSING}
    view = workspace.keep_view(
        View(id="V1", user="U0MONA", type="modal", hash="1", content=content)
    )
    html = get(served, "/channels/C0CI?user=U0MONA").text
    chosen = {"input:jobs/jobs": ["a", "c", "z"], "input:where/where": "all"}
    form = {"user": "U0MONA", "channel": "C0CI", "view": view.id, "do": "send", **chosen}

    httpx.post(f"{served.slack.url}/send", data=form)

    assert '<optgroup label="CI">' in html
    assert 'value="me" checked' in html
    [payload] = parse_qs(heard[0])["payload"]
    values = json.loads(payload)["view"]["state"]["values"]
    assert [one["value"] for one in values["jobs"]["jobs"]["selected_options"]] == ["a", "c"]
    assert values["where"]["where"]["selected_option"]["value"] == "all"


def test_the_home_tab_tells_the_app_that_it_is_looked_at_and_its_buttons_are_pressed(
    served: ServedSlack, heard: list[str]
) -> None:
    empty = get(served, "/home?user=U0MONA").text
    button = {"type": "button", "action_id": "again", "text": plain("Look again"), "value": "x"}
    blocks = [{"type": "actions", "elements": [button]}]
    content = {"type": "home", "blocks": blocks}
    served.slack.workspace.keep_view(
        View(id="V2", user="U0MONA", type="home", hash="1", content=content)
    )
    html = get(served, "/home/messages?user=U0MONA").text
    [press] = re.findall(r'name="press" value="([^"]+)"', html)

    answer = send(served, "/press", view="home", press=press)

    assert "has not shown anything here yet" in empty
    assert answer.headers["location"] == "/home?user=U0MONA"
    [pressed] = [body for body in heard if "payload" in body]
    assert '"action_id": "again"' in parse_qs(pressed)["payload"][0]
    assert "Look again" not in get(served, "/home/messages?user=U0OCTAVIA").text


def test_what_is_behind_an_address_stands_under_the_message(served: ServedSlack) -> None:
    workspace = served.slack.workspace
    message = workspace.post("C0CI", "see https://ci.example/nightly", user="U0MONA")
    text = {"type": "section", "text": mrkdwn("3 jobs failed")}

    workspace.unfurl(message, {"https://ci.example/nightly": [text]})

    assert '<div class="unfurl">' in get(served, "/").text
    assert "3 jobs failed" in get(served, "/").text


def test_only_the_right_person_sees_an_ephemeral_message(served: ServedSlack) -> None:
    report(served, ephemeral_to="U0MONA")

    assert "Only visible to you" in get(served, "/channels/C0CI?user=U0MONA").text
    assert "Nightly: red" not in get(served, "/channels/C0CI?user=U0OCTAVIA").text


def test_replies_stand_under_their_message_and_edits_are_marked(served: ServedSlack) -> None:
    first = report(served)
    served.slack.workspace.post("C0CI", "a reply", thread_ts=first.ts)
    served.slack.workspace.edit(first, text="changed", blocks=[])

    html = get(served, "/").text

    assert "1 reply" in html
    assert html.index("changed") < html.index("(edited)") < html.index("a reply")


def test_the_messages_are_sent_again_only_when_something_changed(served: ServedSlack) -> None:
    source = "/channels/C0CI/messages?user=U0MONA"
    first = get(served, source)
    same = get(served, f"{source}&since={first.headers['x-revision']}")
    report(served)
    changed = get(served, f"{source}&since={first.headers['x-revision']}")

    assert same.status_code == 204
    assert "Nightly: red" in changed.text


def test_text_from_outside_stays_text_and_a_live_mention_is_loud(served: ServedSlack) -> None:
    served.slack.workspace.post("C0CI", "<script>alert(1)</script> <!channel>")

    html = get(served, "/").text

    assert "<script>alert" not in html
    assert '<strong class="mention loud">@channel</strong>' in html


def test_nothing_is_loaded_from_elsewhere(served: ServedSlack) -> None:
    answer = get(served, "/")
    policy = answer.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert re.findall(r'(?:src|href)="(http[^"]*)"', answer.text) == []
    for path in ("/assets/slack.css", "/assets/slack.js"):
        assert get(served, path).status_code == 200
    assert get(served, "/assets/page.html").status_code == 404


def test_another_site_cannot_type_here(served: ServedSlack, heard: list[str]) -> None:
    answer = httpx.post(
        f"{served.slack.url}/say",
        data={"user": "U0MONA", "channel": "C0CI", "text": "/ci rerun"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403
    assert heard == []


def test_an_unknown_channel_or_person_is_not_found(served: ServedSlack) -> None:
    assert get(served, "/channels/C0ELSE").status_code == 404
    assert get(served, "/?user=U0ELSE").status_code == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(served: ServedSlack, page: Page, scheme: Any) -> None:  # noqa: ANN401
    first = report(served, ephemeral_to="U0MONA")
    served.slack.workspace.post("C0CI", "hi <!here> <@U0OCTAVIA> `code`\n&gt; said")
    served.slack.workspace.post("C0CI", "a reply", thread_ts=first.ts)
    served.run(served.slack.slash("/ci", "status nightly"))
    form_of(served)
    page.emulate_media(color_scheme=scheme)
    page.goto(served.slack.url)

    assert axe(page) == []


def test_one_types_sees_answers_and_presses_without_leaving_the_page(
    served: ServedSlack, page: Page, heard: list[str]
) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.goto(served.slack.url)
    line = page.get_by_label("Message #ci as mona")
    line.fill("/ci status nightly")
    line.press("Enter")
    expect(page.get_by_text("/ci status nightly", exact=True)).to_be_visible()
    expect(line).to_have_value("")

    report(served, ephemeral_to="U0MONA")
    expect(page.get_by_role("heading", name="Nightly: red")).to_be_visible()
    page.get_by_text("Rerun", exact=True).click()
    page.get_by_role("button", name="Yes").click()
    expect(line).to_be_focused()

    assert problems == []
    assert page.url.startswith(served.slack.url)
    assert "status+nightly" in heard[0]
    assert len(heard) == 2


def test_the_page_waits_no_longer_than_slack_would(served: ServedSlack) -> None:
    outcome = served.run(served.slack.slash("/ci", "status"))

    assert outcome.latency < timedelta(seconds=3)
