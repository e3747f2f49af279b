"""What a person reads when a key does not open the door. One sentence that says why, one that says what to do."""

from __future__ import annotations

from typing import Final, Literal

from gateway.errors import GatewayError

Refusal = Literal["fehlt", "unvollstaendig", "unbekannt", "widerrufen", "abgelaufen", "ausgeschieden"]

_REASONS: Final[dict[str, str]] = {
    "fehlt": "Es wurde kein Schlüssel mitgeschickt. Bitte tragen Sie Ihren persönlichen Schlüssel in Ihrem Programm "
             "ein; er beginnt mit „kip_“.",
    "unvollstaendig": "Das ist kein vollständiger Schlüssel. Ein Schlüssel beginnt mit „kip_“ und hat 56 Zeichen. "
                      "Bitte kopieren Sie ihn noch einmal vollständig, ohne Leerzeichen und Anführungszeichen.",
    "unbekannt": "Dieser Schlüssel ist nicht bekannt. Bitte prüfen Sie, ob Sie den neuesten eingetragen haben, oder "
                 "lassen Sie sich einen neuen geben.",
    "widerrufen": "Dieser Schlüssel wurde widerrufen. Bitte lassen Sie sich einen neuen geben und tragen Sie ihn ein.",
    "abgelaufen": "Dieser Schlüssel ist abgelaufen. Bitte lassen Sie sich einen neuen geben und tragen Sie ihn ein.",
    "ausgeschieden": "Ihr Zugang ist nicht mehr aktiv. Bitte wenden Sie sich an die KI-Pass-Stelle Ihres Hauses.",
}


def invalid(reason: Refusal, keys_page: str) -> GatewayError:
    """Return the 401 for this reason; `keys_page` is the address that says how people get a key."""
    text = _REASONS[reason]
    if keys_page and reason != "ausgeschieden":
        text += f" Woher Sie Schlüssel bekommen, steht hier: {keys_page}"
    return GatewayError("schluessel_ungueltig", text, hint=f"key refused: {reason}")


def unavailable(hint: str) -> GatewayError:
    """Return the 503 for "nobody can say at the moment whose key this is"."""
    return GatewayError(
        "pruefung_nicht_verfuegbar",
        "Ihr Schlüssel und Ihr KI-Pass können gerade nicht geprüft werden. Es wurde nichts gesendet. "
        "Bitte versuchen Sie es in einer Minute noch einmal; bleibt es dabei, melden Sie es der IT.",
        hint=f"people database: {hint}", retry_after=60)
