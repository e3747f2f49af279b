"""The gate in front of every page: who is it, may they, is the form ours; and what every answer carries.

Kept true: a page with roles is rendered only for somebody who has one of them *now*; a form is read only with its
token; every answer, also an error, carries the security headers; a page that shows a person is not kept by any cache.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from markupsafe import escape
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.model.people import Role
from gateway.model.signin import in_force
from gateway.web import i18n, multipart, navigation, words
from gateway.web.appearance import Appearance
from gateway.web.context import Member, WebContext
from gateway.web.headers import secure
from gateway.web.i18n import N_, _
from gateway.web.render import Assets, Renderer
from gateway.web.sessions import COOKIE, FORM_COOKIE, IDLE, Session, Sessions, minutes_until_warning, named
from gateway.web.throttle import Throttle

_log = logging.getLogger(__name__)
FORM_LIMIT: Final = 16_384
FORM_SECONDS: Final = 30.0
MOST_FIELDS: Final = 250
"""A long checklist has a hundred."""


@dataclass(slots=True)
class Visit:
    """One request for a page: who asks, what they sent, and which cookies go back."""

    request: Request
    member: Member | None
    session: Session | None
    nonce: str
    """What form tokens of this browser are bound to."""
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    cookie: str | None = None
    """The session cookie to set; empty: delete it."""
    new_nonce: bool = False
    resting: frozenset[str] = frozenset()
    """Roles of this person that do not count in this session, because no second factor was shown."""
    appearance: Appearance = field(default_factory=Appearance)
    language: str = i18n.GERMAN
    """The language this person reads, on pages that speak it."""
    back: str = "/"
    """Where a link that changes how the page looks comes back to."""
    asked: bool = False
    """Whether anybody looked who this is: an error page of the outer house does not."""

    @property
    def path(self) -> str:
        """The path with its query, as it can be linked to."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    @property
    def somebody(self) -> Member:
        """Who is signed in, on pages that ask for it."""
        assert self.member is not None, "the gate lets nobody else in"
        return self.member


class Desk:
    """What the pages share: the context, rendering, sessions."""

    def __init__(self, context: WebContext) -> None:
        self.context = context
        self.assets = Assets()
        self.renderer = Renderer(self.assets)
        self.sessions = Sessions(context.secret)
        self.throttle = Throttle()

    def let_in(self, visit: Visit, member: Member) -> None:
        """Note who it is, with the roles that count in this session."""
        roles = in_force(member.principal.roles, self.context.guarded, strong=member.sign_in.strong)
        visit.resting = member.principal.roles - roles
        visit.member = replace(member, principal=replace(member.principal, roles=roles))

    async def look_again(self, visit: Visit) -> None:
        """Read anew what is on file about whoever is signed in: this visit has changed it."""
        member = await self.context.members.find(visit.session.id) if visit.session else None
        if member is not None:
            self.let_in(visit, member)

    def page(self, visit: Visit, template: str, http_status: int = 200, **values: Any) -> Response:
        """Render a page in its frame."""
        policies = self.context.policies()
        member = visit.member
        roles = member.principal.roles if member else frozenset[str]()
        frame = {
            "organisation": policies.organisation, "digest": policies.digest, "version": self.context.version,
            "member": member, "asked": visit.asked, "roles": roles,
            "path": visit.request.url.path, "now": self.context.now(),
            "language": i18n.language(), "wanted_language": visit.language, "languages": i18n.NAMES,
            "compact": visit.appearance.compact,
            "back": quote(visit.back if http_status < 400 else visit.request.url.path, safe="/"),
            "links": (links := navigation.links(roles, signed_in=member is not None)),
            "here": navigation.entry(visit.request.url.path, links), "acting": navigation.acting(roles),
            "sections": (sections := navigation.sections(visit.request.url.path, roles)),
            "section": navigation.current(visit.request.url.path, sections),
            "warn_in": minutes_until_warning(visit.session, self.context.now()),
            "form_token": self.sessions.form_token(visit.nonce),
            "resting": words.listed([words.ROLES[role] for role in sorted(visit.resting)]),
        }
        return Response(self.renderer.html(template, frame | values), http_status, media_type="text/html")

    def error(self, visit: Visit, status: int, *, vorgang: str = "", text: str = "", extra: str = "",
              heading: str = "", way: tuple[str, str] | None = None) -> Response:
        """Render what a person sees when there is no such page, or they may not see it, or it failed."""
        title, what, then = ERRORS.get(status, ERRORS[500] if status >= 500 else ERRORS[400])
        return self.page(visit, "error.html", status, title=_(heading or title), what=text or what, then=extra or then,
                         vorgang=vorgang, way=way or ("/", _("Zur Startseite")),
                         back="/")  # an address may hold what a provider of sign-ins wrote into it


ERRORS: Final = {
    400: (N_("Das hat nicht geklappt"), N_("Die KI-Pforte versteht diese Anfrage nicht."),
          N_("Bitte gehen Sie zurück und versuchen Sie es noch einmal.")),
    403: (N_("Diese Seite ist für andere bestimmt"), N_("Mit Ihrer Rolle können Sie diese Seite nicht öffnen."),
          N_("Wenn Sie sie für Ihre Arbeit brauchen, wenden Sie sich bitte an die IT.")),
    404: (N_("Diese Seite gibt es nicht"), N_("Unter dieser Adresse liegt nichts."),
          N_("Bitte prüfen Sie die Adresse oder gehen Sie zur Startseite.")),
    405: (N_("Das geht hier nicht"), N_("Diese Adresse nimmt solche Aufrufe nicht an."),
          N_("Bitte öffnen Sie die Seite über einen Link der KI-Pforte.")),
    413: (N_("Das war zu viel auf einmal"), N_("Das Formular war zu groß."),
          N_("Bitte gehen Sie zurück und kürzen Sie es.")),
    500: (N_("Hier ist etwas schiefgegangen"), N_("In der KI-Pforte ist ein Fehler aufgetreten."),
          N_("Bitte versuchen Sie es noch einmal. Bleibt es dabei, nennen Sie der IT die Vorgangsnummer.")),
    503: (N_("Gerade nicht erreichbar"), N_("Ein Teil der KI-Pforte antwortet gerade nicht."),
          N_("Bitte versuchen Sie es in einer Minute noch einmal. Bleibt es dabei, melden Sie es bitte der IT.")),
}
"""Title, what happened, what to do."""
RESTING: Final = N_("Für diese Seite genügt Ihre jetzige Anmeldung nicht: Ihre Rolle gilt nur, wenn Sie sich mit einem "
                    "zweiten Faktor angemeldet haben.")
MORE: Final = N_("Bitte melden Sie sich noch einmal an und bestätigen Sie dabei den zweiten Faktor.")

Handler = Callable[[Desk, Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One address: what answers, and who may see it. ``roles`` None: everybody; empty: everybody who signed in."""

    path: str
    handler: Handler
    method: str = "GET"
    roles: frozenset[Role] | None = None
    form: int = FORM_LIMIT
    """How many bytes its form may have."""
    english: bool = False
    """Whether it answers in the language of the reader (`gateway.web.i18n`), or is the same for everybody: a file."""
    ours: bool = True
    """Whether its form counts only from a page of ours; a notice of the OpenID provider proves itself."""


class Gate:
    """Serves pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._read: set[str] = set()
        """The addresses that can be opened, and not only sent to."""

    def endpoint(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """Return what the router calls for a page."""
        if page.method == "GET":
            self._read.add(page.path)

        async def serve(request: Request) -> Response:
            visit = self.stranger(request)
            visit.back = visit.path if page.method == "GET" else request.url.path if page.path in self._read else "/"
            with i18n.reading(visit.language if page.english else i18n.GERMAN):
                try:
                    await self._recognise(visit)
                    response = await self._through(page, visit)
                except GatewayError as error:
                    _log.log(logging.WARNING if error.status >= 500 else logging.INFO, "page %s refused", page.path,
                             extra={"facts": {"code": error.code, "status": error.status, "hint": error.hint}})
                    response = self._desk.error(visit, error.status, text=error.message)
            return self.finish(visit, response, personal=page.roles is not None or visit.member is not None
                               or page.method == "POST" or visit.new_nonce)
        return serve

    def stranger(self, request: Request) -> Visit:
        """Return a visit of somebody whom nobody has asked who they are."""
        appearance = Appearance.of(request)
        return Visit(request, None, None, request.cookies.get(_name(request, FORM_COOKIE), ""), appearance=appearance,
                     language=i18n.preferred(appearance.language, request.headers.get("accept-language", "")))

    def finish(self, visit: Visit, response: Response, *, personal: bool) -> Response:
        """Add cookies and headers."""
        https = visit.request.url.scheme == "https"
        session = _name(visit.request, COOKIE)
        if visit.cookie:
            response.set_cookie(session, visit.cookie, httponly=True, samesite="lax", secure=https, path="/")
        elif visit.cookie is not None:
            response.delete_cookie(session, httponly=True, samesite="lax", secure=https, path="/")
        if visit.new_nonce:
            response.set_cookie(_name(visit.request, FORM_COOKIE), visit.nonce, httponly=True, samesite="strict",
                                secure=https, path="/", max_age=IDLE)
        return secure(response, https=https, personal=personal)

    async def _recognise(self, visit: Visit) -> None:
        desk, cookie = self._desk, visit.request.cookies.get(_name(visit.request, COOKIE))
        visit.asked = True
        if not cookie:
            return
        now = desk.context.now()
        session = desk.sessions.read(cookie, now)
        member = await desk.context.members.find(session.id) if session else None
        if session is None or member is None:
            visit.cookie = ""
            return
        desk.let_in(visit, member)
        visit.session, visit.nonce = session, session.id
        if (renewed := desk.sessions.renewed(session, now)) is not None:
            visit.cookie = desk.sessions.write(renewed)

    async def _through(self, page: Page, visit: Visit) -> Response:
        desk = self._desk
        if page.roles is not None and visit.member is None:
            # A form that was sent after the session ended: its page is there again, the form is not sent by itself.
            return RedirectResponse(f"/anmelden?weiter={quote(visit.back, safe='/')}", 303)
        if page.roles and not page.roles & visit.somebody.principal.roles:
            if page.roles & visit.resting:
                return desk.error(visit, 403, heading=N_("Hier ist ein zweiter Faktor nötig"), text=RESTING, extra=MORE,
                                  way=(f"/anmelden/sso?stark=1&weiter={quote(visit.path, safe='/')}"
                                       if page.method == "GET" else "/anmelden/sso?stark=1",
                                       _("Mit zweitem Faktor anmelden")))
            who = words.listed([words.ROLES[role] for role in sorted(page.roles)])
            return desk.error(visit, 403, text=escape(_(
                "Diese Seite ist nur für die Rolle „{who}“ bestimmt. Ihre Rolle gehört nicht dazu.").format(who=who)))
        if page.method == "POST":
            found = await _form(visit.request, page.form)
            if found is None:
                return desk.error(visit, 413)
            form, files = found
            if page.ours and not desk.sessions.form_is_ours(visit.nonce, form.get("formular", "")):
                return desk.error(visit, 403, heading=N_("Dieses Formular gilt nicht mehr"),
                                  text=N_("Das Formular ist nicht mehr gültig. Es wurde nichts geändert."),
                                  extra=N_("Bitte öffnen Sie die Seite neu und senden Sie das Formular noch einmal "
                                           "ab."))
            visit.form, visit.files = form, files
        return await page.handler(desk, visit)


def _name(request: Request, cookie: str) -> str:
    return named(cookie, https=request.url.scheme == "https")


def open_form(visit: Visit) -> None:
    """Prepare a page with a form for somebody who is not signed in: the browser gets something to bind it to."""
    if not visit.nonce:
        visit.nonce, visit.new_nonce = secrets.token_urlsafe(18), True


async def _form(request: Request, limit: int) -> tuple[Mapping[str, str], Mapping[str, bytes]] | None:
    """Return the fields of a form and its files; None when it is larger than ours."""
    body = bytearray()
    try:
        async with asyncio.timeout(FORM_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    return None
    except (TimeoutError, ClientDisconnect):
        raise GatewayError("anfrage_ungueltig", "Das Formular ist nicht vollständig angekommen.") from None
    if (boundary := multipart.boundary_of(request.headers.get("content-type", ""))) is not None:
        return await asyncio.to_thread(multipart.parse, bytes(body), boundary)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)), {}
    except ValueError:
        return {}, {}
