"""Saved views: filters with a name, one's own or shared, and twelve that come with the house.

A view is an address: whoever opens it sees what there is then, as far as they may. That somebody changed a shared one
is a record, because it changes what others look at.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.model.review import SavedView
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit
from gateway.web.heard import said
from gateway.web.i18n import N_
from gateway.web.review import filters

PREDEFINED: Final = (
    (N_("Sozialdaten-Ablehnungen"), N_("Anfragen mit einer Sozialversicherungsnummer, die nicht gesendet wurden."),
     "entscheidung=denied&angabe=SOCIAL_SECURITY"),
    (N_("Gesundheitsangaben abgelehnt"), N_("Anfragen mit Gesundheitsangaben, die nicht gesendet wurden."),
     "entscheidung=denied&angabe=HEALTH"),
    (N_("Inhalt nicht erlaubt"), N_("Alles, was die Regeln wegen seines Inhalts zurückgehalten haben."),
     "grund=inhalt_gesperrt"),
    (N_("Nicht prüfbare Inhalte"), N_("Bilder, Dateien und anderes, das sich nicht lesen ließ."),
     "grund=nicht_pruefbar"),
    (N_("KI-Pass fehlt oder gilt nicht mehr"), N_("Ablehnungen, weil noch kein KI-Pass da war."),
     "grund=ki_pass_fehlt"),
    (N_("Neue Dienstvereinbarung offen"), N_("Ablehnungen, bis die neue Fassung gelesen ist."), "grund=ki_pass_dv_neu"),
    (N_("Zweck nicht erlaubt"), N_("Anfragen mit einem Zweck, den die Regeln nicht vorsehen."),
     "grund=zweck_nicht_erlaubt"),
    (N_("Vertrag zur Auftragsverarbeitung abgelaufen"),
     N_("Ablehnungen, weil die Vereinbarung mit dem Anbieter endete."),
     "grund=avv_abgelaufen"),
    (N_("Ohne Ergebnis"), N_("Gesendete Anfragen, deren Ende nicht bekannt ist."), "ergebnis=unknown"),
    (N_("Fehlgeschlagen beim Anbieter"), N_("Gesendete Anfragen ohne brauchbare Antwort."), "ergebnis=failed"),
    (N_("Änderungen an Regeln und Modellen"), N_("Was im Betrieb geändert, gelöscht oder angehalten wurde."),
     "art=betrieb"),
    (N_("Einsichten und Exporte"), N_("Wer etwas geöffnet, geprüft oder mitgenommen hat."), "art=einsichten"),
)
"""Name, what it shows, the filter."""


async def page(desk: Desk, visit: Visit, problem: str = "", typed: str = "") -> Response:
    """List all views."""
    person = visit.somebody.person.id
    every = await do(desk.context.review.desk.views, person)
    query = (visit.form or visit.request.query_params).get("filter", "")
    return desk.page(visit, "review/views.html", 422 if problem else 200, own=[v for v in every if not v.shared],
                     shared=[v for v in every if v.shared], predefined=PREDEFINED, problem=problem, typed=typed,
                     query=_clean(query), href=href, chips=_chips(desk, query))


async def change(desk: Desk, visit: Visit) -> Response:
    """Keep a view or remove one."""
    person, form = visit.somebody.person.id, visit.form
    if form.get("entfernen"):
        await do(desk.context.review.desk.drop_view, person, "dpo", form["entfernen"])
        return RedirectResponse("/review/ansichten", 303)
    name = form.get("name", "")
    try:
        await do(desk.context.review.desk.save_view, person, "dpo", name, _clean(form.get("filter", "")),
                 shared=form.get("geteilt") == "ja")
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return await page(desk, visit, said(error.message), name)
    return RedirectResponse("/review/ansichten", 303)


def href(view: SavedView | str) -> str:
    """Return where a view leads."""
    return f"{filters.PATH}?{view if isinstance(view, str) else view.query}"


def keep_link(wanted: filters.ListFilter) -> str:
    """Return the address at which this filter can be kept; nothing where there is no filter."""
    query = wanted.query()
    return f"/review/ansichten?filter={quote(query, safe='')}#neu" if query else ""


def _clean(query: str) -> str:
    return filters.read_query(query).query()


def _chips(desk: Desk, query: str) -> list[filters.Chip]:
    from gateway.web.review.protocol import names_of
    return filters.read_query(query).chips(names_of(desk.context.policies()))
