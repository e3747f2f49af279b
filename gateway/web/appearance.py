"""How pages look to somebody: language and density of tables; chosen by a link, remembered in a cookie only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.web import i18n
from gateway.web.targets import on_this_server

if TYPE_CHECKING:
    from gateway.web.gate import Desk, Visit

COOKIE: Final = "ki_pforte_ansicht"
PATH: Final = "/ansicht"
COMPACT: Final = "kompakt"
ROOMY: Final = "weit"
_YEAR: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Appearance:
    """What somebody chose; ``language`` empty: nothing, the browser says it."""

    language: str = ""
    compact: bool = False

    @classmethod
    def of(cls, request: Request) -> Appearance:
        """Read the cookie; what it does not know is not chosen."""
        language, _dot, density = request.cookies.get(COOKIE, "").partition(".")
        return cls(language if language in i18n.NAMES else "", density == COMPACT)

    def __str__(self) -> str:
        return f"{self.language}.{COMPACT if self.compact else ROOMY}"


async def choose(desk: Desk, visit: Visit) -> Response:
    """Remember a choice and go back to the page it was made on."""
    return remembered(visit.request)


def remembered(request: Request) -> Response:
    """Return the way back to the page that a choice was made on, with the cookie that remembers it."""
    asked, chosen = request.query_params, Appearance.of(request)
    language = asked.get("sprache", "")
    chosen = Appearance(language if language in i18n.NAMES else chosen.language,
                        asked["dichte"] == COMPACT if "dichte" in asked else chosen.compact)
    response = RedirectResponse(on_this_server(asked.get("weiter", "")), 303)
    response.set_cookie(COOKIE, str(chosen), max_age=_YEAR, httponly=True, samesite="lax", path="/",
                        secure=request.url.scheme == "https")
    return response
