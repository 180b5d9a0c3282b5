"""The ceiling: a raw ASGI app that verifies the signature, decodes narrowly, answers 202 and forgets.

It reads the body with one loop, checks the HMAC over the raw bytes, and lets msgspec look for one field and skip the
rest, which is the cheapest way there is to know that a body is JSON. Nothing is translated and nothing is kept.
"""

import hashlib
import hmac

import msgspec

from bench.deliveries import SECRET
from chatops.surfaces.web import Receive, Scope, Send

KEY = SECRET.encode()
TEXT = [(b"content-type", b"text/plain; charset=utf-8")]


class Sent(msgspec.Struct):
    """As much of a delivery as is looked at."""

    action: str = ""


DECODER = msgspec.json.Decoder(Sent)


async def forget(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request."""
    if scope["method"] != "POST":
        await _answer(send, 200)
        return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    expected = b"sha256=" + hmac.new(KEY, body, hashlib.sha256).hexdigest().encode()
    given = dict(scope["headers"]).get(b"x-hub-signature-256", b"")
    if not hmac.compare_digest(expected, given):
        await _answer(send, 401)
        return
    DECODER.decode(body)
    await _answer(send, 202)


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": TEXT})
    await send({"type": "http.response.body", "body": b"forgotten"})
