"""Hands out pictures of nights to those who fetch them by an address that says what they show, as Slack does."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from chatops.views.drawn import PLACE, strip_png

KEPT = "public, max-age=31536000, immutable"


class Drawing:
    """Draws what an address says: it reads no table, so there is nothing that not everybody may see."""

    def routes(self) -> Sequence[Route]:
        """Return the address."""
        return (Route(f"/{PLACE}/{{marks}}.png", self.show),)

    async def show(self, request: Request) -> Response:
        """Draw a strip."""
        drawn = strip_png(request.path_params["marks"])
        if drawn is None:
            return PlainTextResponse("There is no such picture.", status_code=HTTPStatus.NOT_FOUND)
        return Response(drawn, media_type="image/png", headers={"Cache-Control": KEPT})
