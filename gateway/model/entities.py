"""The kinds of personal data that KI-Pforte knows, and what staff and models call them.

The keys are those of the evaluation and of every policy file; a placeholder carries `Entity.label`
(``[PERSON1]``, ``[ADRESSE2]``): upper-case ASCII letters only, so that it survives Markdown, JSON and HTML.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of finding: its key, its placeholder label, its name for staff, and which data class it belongs to."""

    key: str
    label: str
    name: str
    data_class: str = "personal"
    """``personal``, ``special`` (Art. 9 GDPR), ``criminal`` (Art. 10 GDPR), ``financial``, ``classified`` or
    ``technical``."""


_ALL = (
    Entity("PERSON", "PERSON", "Name"),
    Entity("ADDRESS", "ADRESSE", "Anschrift"),
    Entity("PHONE", "TELEFON", "Telefonnummer"),
    Entity("EMAIL", "EMAIL", "E-Mail-Adresse"),
    Entity("BIRTHDATE", "GEBURTSDATUM", "Geburtsdatum"),
    Entity("DATE_SENSITIVE", "DATUM", "Persönliches Datum"),
    Entity("CASE_NUMBER", "AKTENZEICHEN", "Aktenzeichen"),
    Entity("CASH_NUMBER", "KASSENZEICHEN", "Kassenzeichen oder Kundennummer"),
    Entity("IBAN", "IBAN", "IBAN"),
    Entity("CARD", "KARTE", "Kartennummer"),
    Entity("TAX_ID", "STEUERID", "Steuer-Identifikationsnummer"),
    Entity("TAX_NUMBER", "STEUERNUMMER", "Steuernummer"),
    Entity("SOCIAL_SECURITY", "SVNUMMER", "Sozialversicherungsnummer"),
    Entity("HEALTH_INSURANCE", "KVNUMMER", "Krankenversichertennummer"),
    Entity("ID_CARD", "AUSWEIS", "Personalausweisnummer"),
    Entity("PASSPORT", "REISEPASS", "Reisepassnummer"),
    Entity("RESIDENCE_PERMIT", "AUFENTHALTSTITEL", "Nummer des Aufenthaltstitels"),
    Entity("DRIVER_LICENCE", "FUEHRERSCHEIN", "Führerscheinnummer"),
    Entity("PLATE", "KENNZEICHEN", "Kfz-Kennzeichen"),
    Entity("PARCEL", "FLURSTUECK", "Flurstück oder Grundbuchblatt"),
    Entity("IP", "IPADRESSE", "IP-Adresse"),
    Entity("USERNAME", "BENUTZER", "Benutzername"),
    Entity("URL", "URL", "Internetadresse mit persönlichen Angaben"),
    Entity("HEALTH", "GESUNDHEIT", "Gesundheitsangabe", "special"),
    Entity("RELIGION", "RELIGION", "Religion", "special"),
    Entity("ORIGIN", "HERKUNFT", "Herkunft", "special"),
    Entity("CRIME", "STRAFSACHE", "Angabe zu einer Straftat", "criminal"),
    Entity("ART9", "MERKMAL", "Gewerkschaft, politische Meinung oder sexuelle Orientierung", "special"),
    Entity("FINANCE", "FINANZEN", "Einkommen, Schulden oder Vermögen", "financial"),
    Entity("CLASSIFIED", "VERSCHLUSSSACHE", "Verschlusssachen-Kennzeichnung", "classified"),
    Entity("ADDRESS_BLOCK", "AUSKUNFTSSPERRE", "Auskunftssperre", "classified"),
    Entity("LITERAL", "TEXT", "Text, der wie ein Platzhalter aussieht", "technical"),
)

TOPICS: frozenset[str] = frozenset(e.key for e in _ALL if e.data_class not in ("personal", "technical"))
"""What a text speaks about, rather than whom it names: words that stand in texts about nobody as well."""
ENTITIES: dict[str, Entity] = {e.key: e for e in _ALL}
"""Every kind, by key. `LITERAL` is text that looked like a placeholder before anything was replaced."""
