"""Who may open what: every address of the house, once, written by hand. The handbook shows it, a test walks it."""

from __future__ import annotations

from typing import Final

from gateway.model.people import ROLES

ALL: Final = "alle"
SIGNED_IN: Final = "angemeldet"
KEY: Final = "Schlüssel"
PASS_OFFICE: Final = "ki-pass-stelle"
REPORTED_TO: Final = "ki-pass-stelle leitung dpo personalrat"
BOTH_SIDES: Final = "dpo personalrat"
WATCHERS: Final = "dpo personalrat"
TOKEN: Final = "Kennwort für Metriken, wenn eines gesetzt ist"
DIRECTORY: Final = "Kennwort des Verzeichnisdienstes (nur mit `KI_PFORTE_SCIM_TOKEN`)"
WITNESSES: Final = "Unterschrift eines Nachbarn aus der Liste (nur als Zeuge)"

MATRIX: Final[dict[tuple[str, str], str]] = {
    ("GET", "/"): ALL, ("GET", "/anmelden"): ALL, ("POST", "/anmelden"): ALL, ("POST", "/abmelden"): ALL,
    ("POST", "/anmelden/kennwort"): ALL, ("GET", "/anmelden/vergessen"): ALL,
    ("GET", "/anmelden/sso"): ALL, ("GET", "/anmelden/zurueck"): ALL, ("GET", "/anmelden/abmelden"): ALL,
    ("POST", "/anmelden/abmelden-oidc"): ALL,
    ("GET", "/einladung/{code}"): ALL, ("POST", "/einladung/{code}"): ALL,
    ("GET", "/help"): ALL, ("GET", "/transparency"): ALL, ("GET", "/transparency.json"): ALL,
    ("GET", "/transparency.csv"): ALL,
    ("GET", "/review/berichte"): REPORTED_TO, ("GET", "/review/berichte/{kind}"): REPORTED_TO,
    ("POST", "/review/berichte/{kind}"): REPORTED_TO,
    ("GET", "/review/unterlagen"): "dpo", ("GET", "/review/unterlagen/{kind}"): "dpo",
    ("POST", "/review/unterlagen/{kind}"): "dpo", ("POST", "/review/unterlagen/{kind}/freigabe/{id}"): "dpo",
    ("GET", "/datenschutz"): ALL, ("GET", "/barrierefreiheit"): ALL, ("GET", "/impressum"): ALL,
    ("GET", "/static/{name}"): ALL, ("GET", "/ansicht"): ALL,
    ("GET", "/konto"): SIGNED_IN, ("POST", "/konto/abmelden"): SIGNED_IN, ("POST", "/konto/kennwort"): SIGNED_IN,
    ("GET", "/pass/pruefen"): ALL, ("POST", "/pass/pruefen"): ALL, ("GET", "/pass/pruefen/{id}"): ALL,
    ("GET", "/.well-known/ki-pass.json"): ALL, ("GET", "/.well-known/did.json"): ALL,
    ("GET", "/pass/nachweis"): SIGNED_IN, ("POST", "/pass/nachweis"): SIGNED_IN,
    ("GET", "/pass/nachweis.jws"): SIGNED_IN, ("GET", "/pass/open-badge.jwt"): SIGNED_IN,
    ("GET", "/pass/geschafft"): SIGNED_IN, ("GET", "/pass/dokumente"): SIGNED_IN,
    ("GET", "/pass/dokumente/{sha256}"): SIGNED_IN, ("GET", "/pass/dokumente/{sha256}/lesen"): SIGNED_IN,
    ("GET", "/pass/schritt/{module}"): SIGNED_IN, ("POST", "/pass/schritt/{module}"): SIGNED_IN,
    ("GET", "/pass/schritt/{module}/{section}"): SIGNED_IN, ("POST", "/pass/schritt/{module}/{section}"): SIGNED_IN,
    ("GET", "/pass"): SIGNED_IN, ("GET", "/usage"): SIGNED_IN, ("GET", "/usage/alles.{form}"): SIGNED_IN,
    ("GET", "/usage/{vorgang}"): SIGNED_IN, ("GET", "/usage/{vorgang}/nachweis"): SIGNED_IN,
    ("GET", "/preview"): SIGNED_IN, ("POST", "/preview"): SIGNED_IN,
    ("GET", "/keys"): SIGNED_IN, ("POST", "/keys"): SIGNED_IN,
    ("GET", "/keys/widerrufen/{id}"): SIGNED_IN, ("POST", "/keys/widerrufen/{id}"): SIGNED_IN,
    ("GET", "/keys/dienste"): "it", ("POST", "/keys/dienste"): "it",
    ("GET", "/keys/dienste/{id}"): "it", ("POST", "/keys/dienste/{id}"): "it",
    ("POST", "/keys/dienste/{id}/widerrufen"): "it",
    ("GET", "/it"): "it", ("POST", "/it"): "it", ("POST", "/it/zulassen"): "it",
    ("GET", "/it/modelle/{id}"): "it", ("POST", "/it/modelle/{id}"): "it",
    ("GET", "/office"): PASS_OFFICE, ("GET", "/office/people"): PASS_OFFICE,
    ("GET", "/office/people.csv"): PASS_OFFICE,
    ("GET", "/office/people/{id}"): PASS_OFFICE, ("POST", "/office/people/{id}"): PASS_OFFICE,
    ("GET", "/office/documents"): PASS_OFFICE,
    ("GET", "/office/documents/neu"): PASS_OFFICE, ("POST", "/office/documents/neu"): PASS_OFFICE,
    ("GET", "/office/import"): PASS_OFFICE, ("POST", "/office/import"): PASS_OFFICE,
    ("POST", "/office/import/pruefen"): PASS_OFFICE, ("POST", "/office/import/ausfuehren"): PASS_OFFICE,
    ("GET", "/office/import/{name}"): PASS_OFFICE,
    ("GET", "/office/reminders"): "ki-pass-stelle", ("POST", "/office/reminders"): "ki-pass-stelle",
    ("GET", "/review"): "dpo", ("GET", "/review/protokoll"): "dpo", ("POST", "/review/protokoll"): "dpo",
    ("GET", "/review/protokoll/{id}"): "dpo", ("GET", "/review/protokoll/{id}/nachweis"): "dpo",
    ("GET", "/review/ansichten"): "dpo", ("POST", "/review/ansichten"): "dpo",
    ("GET", "/review/stichprobe"): "dpo", ("POST", "/review/stichprobe"): "dpo",
    ("GET", "/review/zugriffe"): WATCHERS, ("GET", "/review/dateien"): "dpo", ("GET", "/review/dateien/{name}"): "dpo",
    ("GET", "/review/pruefung"): "dpo", ("POST", "/review/pruefung"): "dpo",
    ("POST", "/review/pruefung/buendel"): "dpo",
    ("GET", "/review/pruefung/pruefer.pyz"): WATCHERS, ("GET", "/review/pruefung/pruefer.html"): WATCHERS,
    ("GET", "/review/befunde"): "dpo", ("GET", "/review/befunde/{id}"): "dpo", ("POST", "/review/befunde/{id}"): "dpo",
    ("GET", "/review/vorfaelle"): "dpo", ("POST", "/review/vorfaelle"): "dpo",
    ("GET", "/review/vorfaelle/{id}"): "dpo", ("POST", "/review/vorfaelle/{id}"): "dpo",
    ("POST", "/review/vorfaelle/{id}/datei"): "dpo",
    ("GET", "/review/anfragen"): "dpo", ("POST", "/review/anfragen"): "dpo", ("GET", "/review/anfragen/neu"): "dpo",
    ("GET", "/review/anfragen/{id}"): "dpo", ("POST", "/review/anfragen/{id}"): "dpo",
    ("POST", "/review/anfragen/{id}/auskunft"): "dpo", ("GET", "/review/anfragen/{id}/brief"): "dpo",
    ("GET", "/usage/rueckmeldung"): SIGNED_IN, ("POST", "/usage/rueckmeldung"): SIGNED_IN,
    ("GET", "/transparency/ruege"): ALL, ("POST", "/transparency/ruege"): ALL,
    ("GET", "/review/person"): BOTH_SIDES, ("GET", "/review/person/neu"): "dpo", ("POST", "/review/person/neu"): "dpo",
    ("GET", "/review/person/schluessel"): BOTH_SIDES, ("POST", "/review/person/schluessel"): BOTH_SIDES,
    ("GET", "/review/person/verloren"): BOTH_SIDES,
    ("GET", "/review/person/{id}"): BOTH_SIDES, ("POST", "/review/person/{id}"): BOTH_SIDES,
    ("GET", "/review/person/{id}/ergebnis"): BOTH_SIDES, ("GET", "/review/person/{id}/brief"): BOTH_SIDES,
    ("GET", "/review/personalrat"): BOTH_SIDES, ("POST", "/review/personalrat"): "personalrat",
}
"""Pages: method and address -> who. Roles mean these, and no others."""

AT_PROVIDER: Final = {("GET", "/anmelden/sso"), ("GET", "/anmelden/zurueck"), ("GET", "/anmelden/abmelden"),
                      ("POST", "/anmelden/abmelden-oidc")}
"""Those that are there only in a house with an OpenID provider."""

ENDPOINTS: Final[dict[str, str]] = {
    "/scim/v2{path:path}": DIRECTORY, "/witness/add-checkpoint": WITNESSES,
    "/healthz": ALL, "/healthz/stream": ALL, "/readyz": ALL, "/metrics": TOKEN,
    "/v1/chat/completions": KEY, "/v1/completions": KEY, "/v1/responses": KEY, "/v1/messages": KEY,
    "/v1/embeddings": KEY, "/v1/audio/transcriptions": KEY, "/v1/audio/translations": KEY,
    "/v1/messages/count_tokens": KEY, "/v1/models": KEY, "/v1/models/{model:path}": KEY,
    "/v1/conversations": KEY, "/v1/conversations/{conversation}": KEY,
    "/v1/conversations/{conversation}/items": KEY, "/v1/conversations/{conversation}/items/{item}": KEY,
}
"""Interfaces, all methods; also without ``/v1`` and with a slash at the end."""


def may(who: str, role: str | None) -> bool:
    """Whether somebody with this role (None: nobody) opens a page."""
    return who == ALL or (role is not None and (who == SIGNED_IN or role in who.split()))


def page_content() -> str:
    """Return the tables of ``docs/rollen.md``."""
    lines = ["| Seite | | ohne Anmeldung | " + " | ".join(f"`{role}`" for role in ROLES) + " |",
             "|---" * (3 + len(ROLES)) + "|"]
    for (method, path), who in sorted(MATRIX.items(), key=lambda item: (item[0][1], item[0][0])):
        cells = ["ja" if may(who, role) else "–" for role in (None, *ROLES)]
        lines.append(f"| `{path}` | {'ansehen' if method == 'GET' else 'absenden'} | {' | '.join(cells)} |")
    lines += ["", "| Schnittstelle | Wer |", "|---|---|"]
    lines += [f"| `{path}` | {who} |" for path, who in sorted(ENDPOINTS.items())]
    return "\n".join(lines)
