"""Every way in which a request can fail, with the words that the person reads.

One class; the table `CODES` fixes status and type of each stable code (the contract), so that no two places can
disagree about them. ``message`` is German and says what to do; ``hint`` is for the operator's log and holds no
content of the request either. The Vorgangsnummer is added where the answer is written, so that it is always there.
"""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[int, str]]] = {
    "schluessel_ungueltig": (401, "authentication_error"),
    "ki_pass_fehlt": (403, "permission_error"),
    "ki_pass_abgelaufen": (403, "permission_error"),
    "ki_pass_dv_neu": (403, "permission_error"),
    "ki_pass_gesperrt": (403, "permission_error"),
    "modell_nicht_erlaubt": (403, "permission_error"),
    "zweck_nicht_erlaubt": (403, "permission_error"),
    "zeit_nicht_erlaubt": (403, "permission_error"),
    "avv_abgelaufen": (403, "permission_error"),
    "modell_gestoppt": (403, "permission_error"),
    "inhalt_gesperrt": (400, "policy_error"),
    "anfrage_ungueltig": (400, "invalid_request_error"),
    "nicht_pruefbar": (400, "invalid_request_error"),
    "modell_unbekannt": (404, "not_found_error"),
    "pfad_unbekannt": (404, "not_found_error"),
    "gespraech_unbekannt": (404, "not_found_error"),
    "methode_unbekannt": (405, "invalid_request_error"),
    "zu_gross": (413, "invalid_request_error"),
    "limit_erreicht": (429, "rate_limit_error"),
    "budget_erschoepft": (429, "rate_limit_error"),
    "intern": (500, "server_error"),
    "anbieter_fehler": (502, "server_error"),
    "anbieter_zeit": (504, "server_error"),
    "protokoll_nicht_verfuegbar": (503, "server_error"),
    "pruefung_nicht_verfuegbar": (503, "server_error"),
}
"""Stable code -> (HTTP status, error type)."""


class GatewayError(Exception):
    """A request that does not go through. ``str()`` gives the code only: exceptions are logged, messages may not be."""

    def __init__(self, code: str, message: str, *, param: str | None = None, hint: str = "",
                 retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status, self.type = CODES[code]
        self.message = message
        self.param = param
        self.hint = hint
        self.retry_after = retry_after


def closing() -> GatewayError:
    """Return the error for a request that the server gives up because it stops."""
    return GatewayError("intern", "Die KI-Pforte wird gerade neu gestartet; die Antwort ist nicht vollständig. Bitte "
                        "stellen Sie Ihre Frage in einer Minute noch einmal.", hint="the server stops", retry_after=60)


def internal() -> GatewayError:
    """Return the error for a fault of our own."""
    return GatewayError("intern", "In der KI-Pforte ist ein Fehler aufgetreten; Ihre Anfrage wurde nicht beantwortet. "
                        "Bitte versuchen Sie es noch einmal und nennen Sie der IT sonst die Vorgangsnummer.")
