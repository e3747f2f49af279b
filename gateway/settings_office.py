"""The settings of two offices: of the pass office (SCIM, with which the directory of the house says who comes and
leaves, and e-mail), and of the data protection officer (deadlines, and how long case files are kept).

A part of `gateway.settings.Settings`, which reads them.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from gateway.model.people import ROLES

KINDS: Final = ("rolle", "amt", "gruppe")
"""What a name of the directory may stand for here."""
SHORTEST_TOKEN: Final = 32


class OfficeSettings(BaseSettings):
    """Where the books about people come from."""

    scim_token: SecretStr | None = Field(None, description="Kennwort (Bearer), mit dem der Verzeichnisdienst "
                                                           "über SCIM 2.0 Personen einträgt, ändert und abschaltet, "
                                                           "mindestens 32 Zeichen; leer: kein SCIM")
    scim_department: str = Field("", description="Amt für Personen, bei denen der Verzeichnisdienst keines nennt; "
                                                 "leer: solche Personen werden abgelehnt")
    scim_map: str = Field("", description="Was Ämter und Gruppen des Verzeichnisdienstes bei SCIM hier bedeuten, mit "
                                          "Komma (oder Semikolon) dazwischen: Bauverwaltung=amt:bauamt,"
                                          "Azubis=gruppe:auszubildende,KI-DSB=rolle:dpo; leer: Ämter nur mit Kürzel "
                                          "oder Namen, keine Gruppen, keine Rollen")

    smtp_host: str = Field("", description="Mailserver für Erinnerungen und Einladungen; leer: es werden keine E-Mails "
                                           "verschickt")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port des Mailservers (587 mit starttls, 465 mit tls)")
    smtp_security: Literal["starttls", "tls", "off"] = Field(
        "starttls", description="Verschlüsselung zum Mailserver: nach dem Verbinden (starttls), von Anfang an (tls) "
                                "oder keine (off, nur im eigenen Netz)")
    smtp_user: str = Field("", description="Benutzername beim Mailserver; leer: ohne Anmeldung")
    smtp_password: SecretStr | None = Field(None, description="Kennwort beim Mailserver")
    smtp_from: str = Field("", description="Absender der E-Mails, zum Beispiel ki-pass@musterstadt.example")
    remind_days: str = Field("60,14", description="Wie viele Tage vor dem Ende eines KI-Passes erinnert wird, mit "
                                                  "Komma dazwischen")
    remind_daily: Literal["off", "on"] = Field("off", description="Ob täglich ab 8 Uhr von selbst erinnert wird")

    breach_hours: int = Field(72, ge=24, le=168, description="Stunden, in denen ein Vorfall der Aufsichtsbehörde zu "
                                                             "melden ist, von da an, wo er bekannt wurde (Art. 33 "
                                                             "DSGVO: 72)")
    complaint_days: int = Field(30, ge=1, le=365, description="Tage, in denen eine KI-Rüge zu beantworten ist")
    case_keep_days: int = Field(1095, ge=30, le=3650, description="Tage, die ein abgeschlossener Befund, Vorfall oder "
                                                                  "Antrag mit allem, was darin steht, aufbewahrt wird")
    content_mode_days: int = Field(7, ge=1, le=14, description="Tage, nach denen ein eingeschalteter Inhaltsmodus ein "
                                                               "Befund für die oder den Datenschutzbeauftragten wird")

    @field_validator("remind_days")
    @classmethod
    def _days(cls, value: str) -> str:
        days = [part.strip() for part in value.split(",") if part.strip()]
        if not days or not all(day.isascii() and day.isdigit() and 1 <= int(day) <= 365 for day in days):
            raise ValueError("ganze Zahlen von 1 bis 365 mit Komma dazwischen, zum Beispiel 60,14")
        return ",".join(days)

    @field_validator("smtp_from", "smtp_host")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("eine Zeile ohne Steuerzeichen")
        return value.strip()

    @model_validator(mode="after")
    def _whole_mail_server(self) -> OfficeSettings:
        if self.smtp_host and "@" not in self.smtp_from:
            raise ValueError("Für den Mailserver fehlt KI_PFORTE_SMTP_FROM, der Absender der E-Mails")
        if self.smtp_user and not self.smtp_password:
            raise ValueError("Für KI_PFORTE_SMTP_USER fehlt KI_PFORTE_SMTP_PASSWORD")
        if self.smtp_user and self.smtp_security == "off":
            raise ValueError("Mit KI_PFORTE_SMTP_SECURITY=off ginge das Kennwort offen über das Netz. Bitte wählen Sie "
                             "starttls oder tls, oder lassen Sie KI_PFORTE_SMTP_USER weg")
        if self.remind_daily == "on" and not self.smtp_host:
            raise ValueError("Für KI_PFORTE_REMIND_DAILY=on fehlt KI_PFORTE_SMTP_HOST, der Mailserver")
        return self

    @property
    def remind_stages(self) -> tuple[int, ...]:
        """How many days before the end of a pass its holder is reminded."""
        return tuple(int(day) for day in self.remind_days.split(","))

    @field_validator("scim_token")
    @classmethod
    def _long_token(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else ""
        if not text:
            return None
        if len(text) < SHORTEST_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError(f"ein Kennwort aus mindestens {SHORTEST_TOKEN} Zeichen ohne Leerzeichen und Umlaute, zum "
                             "Beispiel das Ergebnis von „openssl rand -hex 32“")
        return value

    @field_validator("scim_map")
    @classmethod
    def _known_scim_meanings(cls, value: str) -> str:
        found = scim_meanings(value)
        for name, kind, ours in found:
            if not name or kind not in KINDS or not ours or (kind == "rolle" and ours not in ROLES[1:]):
                raise ValueError("eine Aufzählung NAME=amt:KÜRZEL, NAME=gruppe:KÜRZEL oder NAME=rolle:NAME mit Komma "
                                 f"dazwischen; Rollen sind {', '.join(ROLES[1:])}")
        targets = [meant for _, *meant in found if meant[0] != "amt"]
        if len({name.casefold() for name, *_ in found}) != len(found) or any(targets.count(t) > 1 for t in targets):
            raise ValueError("eine Aufzählung, in der jeder Name, jede Gruppe und jede Rolle nur einmal vorkommt")
        return value

    @model_validator(mode="after")
    def _scim_with_a_token(self) -> OfficeSettings:
        if not self.scim_token and (self.scim_department or self.scim_map):
            raise ValueError("Für SCIM fehlt KI_PFORTE_SCIM_TOKEN, das Kennwort des Verzeichnisdienstes. Bitte geben "
                             "Sie es an, oder lassen Sie die anderen KI_PFORTE_SCIM_… weg")
        return self


def scim_meanings(text: str) -> list[tuple[str, str, str]]:
    """Read ``NAME=rolle:dpo,…`` as name, kind and word; with a semicolon in it, commas belong to the names."""
    found = []
    for part in filter(str.strip, text.split(";" if ";" in text else ",")):
        name, _, meant = part.rpartition("=")
        kind, _, ours = meant.partition(":")
        found.append((name.strip(), kind.strip().lower(), ours.strip()))
    return found
