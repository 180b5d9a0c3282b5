"""What a browser sends with a form of ours: read within a limit, and only if it says that it is one."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qs

from starlette.requests import Request

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 50


class NotRead(Exception):
    """A form that is not read: with which status to answer, and why."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


async def fields_of(request: Request, limit: int) -> Mapping[str, str]:
    """Return the fields of a form, of one that is there twice the last."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise NotRead(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"This takes a form: {FORM}.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise NotRead(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"That is too long: at most {limit} bytes can be sent.",
            )
    try:
        found = parse_qs(
            body.decode(errors="replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError as problem:
        raise NotRead(HTTPStatus.BAD_REQUEST, "That has more fields than our forms.") from problem
    return {name: values[-1] for name, values in found.items()}
