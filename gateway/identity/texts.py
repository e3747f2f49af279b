"""What a person reads when the door stays shut. One sentence that says why, one that says what to do.

The reason in the log is one of these words, never what was sent.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from gateway.errors import GatewayError

Refusal = Literal[
    "fehlt", "unvollstaendig", "unbekannt", "widerrufen", "abgelaufen", "ausgeschieden", "anderer_name",
    "verantwortlich", "anwendung_widerrufen", "anwendung_abgelaufen", "ohne_person", "doppelt", "platzhalter",
    "unlesbar", "unterschrift", "unterschrift_abgelaufen", "person_unbekannt", "widerspruch", "anmeldung",
    "anmeldung_abgelaufen", "anmeldung_gruppen", "anmeldung_verloren", "anmeldung_abgebrochen", "ohne_amt"]
REFUSALS: Final[tuple[str, ...]] = get_args(Refusal)

_IT: Final = "Bitte wenden Sie sich an die IT Ihres Hauses."
_STILL_IT: Final = "Bleibt es dabei, wenden Sie sich bitte an die IT Ihres Hauses."
_REASONS: Final[dict[Refusal, str]] = {
    "fehlt": "Es wurde kein Schlüssel mitgeschickt. Bitte tragen Sie Ihren persönlichen Schlüssel in Ihrem Programm "
             "ein; er beginnt mit „kip_“.",
    "unvollstaendig": "Das ist kein vollständiger Schlüssel. Ein Schlüssel beginnt mit „kip_“ und hat 56 Zeichen. "
                      "Bitte kopieren Sie ihn noch einmal vollständig, ohne Leerzeichen und Anführungszeichen.",
    "unbekannt": "Dieser Schlüssel ist nicht bekannt. Bitte prüfen Sie, ob Sie den neuesten eingetragen haben, oder "
                 "lassen Sie sich einen neuen geben.",
    "widerrufen": "Dieser Schlüssel wurde widerrufen. Bitte lassen Sie sich einen neuen geben und tragen Sie ihn ein.",
    "abgelaufen": "Dieser Schlüssel ist abgelaufen. Bitte lassen Sie sich einen neuen geben und tragen Sie ihn ein.",
    "ausgeschieden": "Ihr Zugang ist nicht mehr aktiv. Bitte wenden Sie sich an die KI-Pass-Stelle Ihres Hauses.",
    "anderer_name": "Der Benutzername gehört nicht zu diesem Schlüssel. Bitte tragen Sie als Benutzernamen die eigene "
                    "E-Mail-Adresse und als Kennwort den eigenen Schlüssel ein.",
    "verantwortlich": "Die Person, die für diesen Dienst verantwortlich ist, arbeitet nicht mehr hier. Bitte lassen "
                      "Sie einen neuen Schlüssel anlegen, für den jemand anderes verantwortlich ist.",
    "anwendung_widerrufen": f"Diese Anwendung ist nicht mehr zugelassen. {_IT}",
    "anwendung_abgelaufen": f"Die Zulassung dieser Anwendung ist abgelaufen. {_IT}",
    "ohne_person": "Diese Anwendung hat nicht mitgeteilt, wer fragt. Ihr Schlüssel gilt nur zusammen mit einer "
                   "angemeldeten Person. Bitte melden Sie sich an; sind Sie angemeldet, sagen Sie bitte der IT "
                   "Bescheid.",
    "doppelt": f"Diese Anwendung nennt auf zwei Arten, wer fragt; das gilt nicht. {_IT}",
    "platzhalter": "Statt Ihrer Person kam ein Platzhalter in doppelten geschweiften Klammern an: Die Anwendung hat "
                   f"ihn nicht ersetzt. Bitte melden Sie sich dort neu an. {_STILL_IT}",
    "unlesbar": f"Die Angabe der Anwendung, wer fragt, enthält unzulässige Zeichen oder ist zu lang. {_IT}",
    "unterschrift": f"Die Angabe der Anwendung, wer fragt, ist nicht gültig unterschrieben. {_IT}",
    "unterschrift_abgelaufen": "Die Angabe der Anwendung, wer fragt, ist abgelaufen. Bitte stellen Sie die Frage noch "
                               "einmal. Bleibt es dabei, prüft die IT bitte die Uhren beider Rechner.",
    "person_unbekannt": "Ihre Adresse ist bei der KI-Pforte nicht eingetragen. Bitte wenden Sie sich an die "
                        "KI-Pass-Stelle Ihres Hauses; sie trägt Sie ein.",
    "widerspruch": "Adresse und Kennung gehören bei der KI-Pforte nicht zur selben Person. Bitte wenden Sie sich an "
                   "die KI-Pass-Stelle Ihres Hauses; sie berichtigt den Eintrag.",
    "anmeldung": f"Ihre Anmeldung ist für die KI-Pforte nicht gültig. Bitte melden Sie sich neu an. {_STILL_IT}",
    "anmeldung_abgelaufen": "Ihre Anmeldung ist abgelaufen. Bitte melden Sie sich in Ihrem Programm neu an.",
    "anmeldung_gruppen": "Der Anmeldedienst hat nicht alle Ihre Gruppen genannt, weil es zu viele sind. Bitte wenden "
                         "Sie sich an die IT Ihres Hauses; sie beschränkt die Gruppen auf die der KI-Pforte.",
    "anmeldung_verloren": "Diese Anmeldung wurde nicht in diesem Browser begonnen, ist schon benutzt oder älter als "
                          "zehn Minuten. Bitte melden Sie sich noch einmal an.",
    "anmeldung_abgebrochen": "Sie haben die Anmeldung abgebrochen, oder der Anmeldedienst hat Ihnen den Zugang nicht "
                             f"erlaubt. Es ist nichts geschehen. {_STILL_IT}",
    "ohne_amt": "Der Anmeldedienst nennt kein Amt für Sie, das die KI-Pforte kennt. Bitte wenden Sie sich an die IT "
                "Ihres Hauses; sie trägt es ein.",
}
_ABOUT_KEYS: Final[frozenset[Refusal]] = frozenset({"fehlt", "unvollstaendig", "unbekannt", "widerrufen", "abgelaufen"})


def invalid(reason: Refusal, keys_page: str = "") -> GatewayError:
    """Return the 401 for this reason; `keys_page` is the address that says how people get a key."""
    text = _REASONS[reason]
    if keys_page and reason in _ABOUT_KEYS:
        text += f" Woher Sie Schlüssel bekommen, steht hier: {keys_page}"
    return GatewayError("schluessel_ungueltig", text, hint=f"credentials refused: {reason}")


def unavailable(hint: str) -> GatewayError:
    """Return the 503 for "nobody can say at the moment whose key this is"."""
    return GatewayError(
        "pruefung_nicht_verfuegbar",
        "Ihr Schlüssel und Ihr KI-Pass können gerade nicht geprüft werden. Es wurde nichts gesendet. "
        "Bitte versuchen Sie es in einer Minute noch einmal; bleibt es dabei, melden Sie es der IT.",
        hint=f"people database: {hint}", retry_after=60)


def sign_in_unavailable(hint: str) -> GatewayError:
    """Return the 503 for "nobody can say at the moment whether this sign-in is real"."""
    return GatewayError(
        "pruefung_nicht_verfuegbar",
        "Ihre Anmeldung kann gerade nicht geprüft werden. Es wurde nichts gesendet. Bitte versuchen Sie es in einer "
        "Minute noch einmal; bleibt es dabei, melden Sie es der IT.", hint=hint, retry_after=60)


def provider_unavailable(hint: str) -> GatewayError:
    """Return the 503 for "nobody can sign in to the pages at the provider at the moment"."""
    return GatewayError(
        "pruefung_nicht_verfuegbar",
        "Der Anmeldedienst Ihres Hauses antwortet gerade nicht oder ist falsch eingerichtet. Bitte versuchen Sie es in "
        "einer Minute noch einmal; bleibt es dabei, melden Sie es der IT.", hint=hint, retry_after=60)
