"""Short texts that we hand out and know again: signed for one purpose, and readable by whoever holds them."""

import base64
import hmac
from typing import TypeVar

import msgspec

Content = TypeVar("Content", bound=msgspec.Struct)


class Seal:
    """Signs and reads with one secret; what was signed for one purpose is nothing for another."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def write(self, purpose: str, content: msgspec.Struct) -> str:
        """Return a content as text that fits into an address or a cookie."""
        body = _text(msgspec.json.encode(content))
        return f"{body}.{self._mark(purpose, body)}"

    def read(self, purpose: str, text: str, kind: type[Content]) -> Content | None:
        """Return what we once wrote, or nothing if we did not."""
        body, _, mark = text.partition(".")
        if not mark.isascii() or not hmac.compare_digest(mark, self._mark(purpose, body)):
            return None
        try:
            return msgspec.json.decode(
                base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=kind
            )
        except (msgspec.DecodeError, ValueError):
            return None

    def _mark(self, purpose: str, body: str) -> str:
        signed = f"{purpose}\n{body}".encode(errors="replace")
        return _text(hmac.digest(self._secret, signed, "sha256"))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
