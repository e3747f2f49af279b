"""Every address of the pages and who may see it; and the two things that `gateway.app` calls.

An area of several pages is a package of its own with a table like this one (``gateway/web/<area>/site.py``), its
templates below ``templates/<area>/``. What it needs of the house it declares as one Protocol (``<area>/ports.py``) and
one keyword-only field of `WebContext`, which `gateway.desks` fills.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.model.people import Role
from gateway.web import (
    account,
    appearance,
    certificate,
    course,
    i18n,
    keys,
    local,
    mypass,
    office,
    office_documents,
    office_import,
    office_person,
    papers,
    preview,
    public,
    reminders,
    services,
    signin,
    sso,
    styleguide,
    verification,
)
from gateway.web.casework import site as casework_site
from gateway.web.context import WebContext
from gateway.web.council import site as council_site
from gateway.web.gate import Desk, Gate, Page
from gateway.web.it import site as it_site
from gateway.web.reid import site as reid_site
from gateway.web.reports import site as reports_site
from gateway.web.review import site as review_site
from gateway.web.staff import site as staff_site
from gateway.web.staff import start

SIGNED_IN: Final[frozenset[Role]] = frozenset()
PASS_OFFICE: Final[frozenset[Role]] = frozenset({"ki-pass-stelle"})
IT: Final[frozenset[Role]] = frozenset({"it"})


def pages(context: WebContext) -> tuple[Page, ...]:
    """Return the table of pages."""
    checks = verification.Verification()
    return (
        # For everybody: what this is, and what the public is told.
        Page("/", start.start, english=True),
        Page("/help", public.help_page, english=True),
        Page("/datenschutz", public.privacy, english=True),
        Page("/barrierefreiheit", public.accessibility, english=True),
        Page("/impressum", public.imprint, english=True),
        Page(appearance.PATH, appearance.choose),
        # Signing in, and one's own account.
        Page("/anmelden", signin.form, english=True),
        Page("/anmelden", signin.sign_in, "POST", english=True),
        Page("/abmelden", signin.sign_out, "POST"),
        *(sso.pages(context.sso) if context.sso else ()),
        Page("/anmelden/kennwort", local.sign_in, "POST", english=True),
        Page("/anmelden/vergessen", local.forgot, english=True),
        Page("/einladung/{code}", local.invitation, english=True),
        Page("/einladung/{code}", local.redeem, "POST", english=True),
        Page("/konto", account.page, roles=SIGNED_IN, english=True),
        Page("/konto/abmelden", account.sign_out_everywhere, "POST", SIGNED_IN),
        Page("/konto/kennwort", account.change_password, "POST", SIGNED_IN, english=True),
        # One's own KI-Pass, step by step.
        Page("/pass", mypass.overview, roles=SIGNED_IN, english=True),
        Page("/pass/geschafft", mypass.all_done, roles=SIGNED_IN, english=True),
        Page("/pass/dokumente", papers.every, roles=SIGNED_IN, english=True),
        Page("/pass/dokumente/{sha256}", papers.download, roles=SIGNED_IN),
        Page("/pass/dokumente/{sha256}/lesen", papers.read, roles=SIGNED_IN, english=True),
        Page("/pass/schritt/{module}", mypass.step, roles=SIGNED_IN, english=True),
        Page("/pass/schritt/{module}", mypass.finish, "POST", SIGNED_IN, english=True),
        Page("/pass/schritt/{module}/{section}", course.section, roles=SIGNED_IN, english=True),
        Page("/pass/schritt/{module}/{section}", course.answer, "POST", SIGNED_IN, english=True),
        # The certificate, and how anybody checks one.
        Page("/pass/nachweis", certificate.show, roles=SIGNED_IN, english=True),
        Page("/pass/nachweis", certificate.change, "POST", SIGNED_IN, english=True),
        Page("/pass/nachweis.jws", certificate.as_file, roles=SIGNED_IN),
        Page("/pass/open-badge.jwt", certificate.as_badge, roles=SIGNED_IN),
        Page("/pass/pruefen", checks.form, english=True),
        Page("/pass/pruefen", checks.by_form, "POST", form=verification.FORM, english=True),
        Page("/pass/pruefen/{id}", checks.by_number, english=True),
        Page("/.well-known/ki-pass.json", verification.issuer_keys),
        Page("/.well-known/did.json", verification.issuer_did),
        # Daily work: keys, a look at what a provider would see, one's own usage.
        Page("/keys", keys.page, roles=SIGNED_IN, english=True),
        Page("/keys", keys.create, "POST", SIGNED_IN, english=True),
        Page("/keys/widerrufen/{id}", keys.ask_revoke, roles=SIGNED_IN, english=True),
        Page("/keys/widerrufen/{id}", keys.revoke, "POST", SIGNED_IN, english=True),
        Page("/preview", preview.form, roles=SIGNED_IN, english=True),
        Page("/preview", preview.look, "POST", SIGNED_IN, preview.FORM, english=True),
        # Keys of services.
        Page("/keys/dienste", services.page, roles=IT, english=True),
        Page("/keys/dienste", services.create, "POST", IT, english=True),
        Page("/keys/dienste/{id}", services.one, roles=IT, english=True),
        Page("/keys/dienste/{id}", services.hand_over, "POST", IT, english=True),
        Page("/keys/dienste/{id}/widerrufen", services.revoke, "POST", IT, english=True),
        # The pass office.
        Page("/office", office.overview, roles=PASS_OFFICE, english=True),
        Page("/office/people", office.people, roles=PASS_OFFICE, english=True),
        Page("/office/people.csv", office.export, roles=PASS_OFFICE),
        Page("/office/people/{id}", office_person.show, roles=PASS_OFFICE, english=True),
        Page("/office/people/{id}", office_person.change, "POST", PASS_OFFICE, english=True),
        Page("/office/documents", office_documents.versions, roles=PASS_OFFICE, english=True),
        Page("/office/documents/neu", office_documents.edit, roles=PASS_OFFICE, english=True),
        Page("/office/documents/neu", office_documents.change, "POST", PASS_OFFICE, office_documents.FORM,
             english=True),
        Page("/office/import", office_import.choose, roles=PASS_OFFICE, english=True),
        Page("/office/import", office_import.hand_in, "POST", PASS_OFFICE, office_import.FORM, english=True),
        Page("/office/import/pruefen", office_import.look, "POST", PASS_OFFICE, english=True),
        Page("/office/import/ausfuehren", office_import.carry_out, "POST", PASS_OFFICE, english=True),
        Page("/office/import/{name}", office_import.progress, roles=PASS_OFFICE, english=True),
        Page("/office/reminders", reminders.show, roles=PASS_OFFICE, english=True),
        Page("/office/reminders", reminders.send, "POST", PASS_OFFICE, english=True),
        # Areas of their own.
        *review_site.pages(context),
        *casework_site.pages(context),
        *reid_site.pages(context),
        *council_site.pages(context),
        *reports_site.pages(context),
        *((Page("/styleguide", styleguide.page),) if context.development else ()),
        *it_site.pages(),
        *staff_site.pages(),  # last: a Vorgang can have any name
    )


def build_web(context: WebContext) -> APIRouter:
    """Return the routes of all pages, with their style sheet and icon."""
    desk = Desk(context)
    gate, router = Gate(desk), APIRouter()
    for page in pages(context):
        router.add_route(page.path, gate.endpoint(page), methods=[page.method], include_in_schema=False)
    router.add_route("/static/{name}", desk.assets.serve, methods=["GET"], include_in_schema=False)
    return router


def build_error_page(context: WebContext) -> Callable[[Request, int, str], Response]:
    """Return what renders an error for a person: request, status, Vorgangsnummer.

    The page does not look who is signed in, so it works when the database does not.
    """
    desk = Desk(context)
    gate = Gate(desk)

    def render(request: Request, status: int, vorgang: str) -> Response:
        visit = gate.stranger(request)
        with i18n.reading(visit.language):
            page = desk.error(visit, status, vorgang=vorgang if status >= 500 else "")
        return gate.finish(visit, page, personal=True)

    return render
