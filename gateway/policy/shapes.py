"""What all policy files are made of: strict objects, keys, dates, addresses, and the remedies that belong to them.

Every word arrives as text (`gateway.policy.source`) and becomes here what it is meant to be. The German remedies belong
to the types: `translate` prints ``REMEDIES[field]`` behind a mistake.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,47}$")]
ModelId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._:-]{0,63}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$")]
EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{2,63}$")]
ToolName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/-]{1,64}$")]


def _iso(value: object) -> object:
    """Let only the one spelling of a date through; a bare number would otherwise be seconds since 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("Hier steht kein Datum|schreiben Sie Jahr-Monat-Tag, zum Beispiel 2026-06-01")
    return value


def _time_of_day(value: object) -> object:
    if isinstance(value, str):
        if not (found := re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)|24:00", value)):
            raise ValueError("Hier steht keine Uhrzeit|schreiben Sie Stunde und Minute mit je zwei Ziffern, zum "
                             "Beispiel 06:00 oder 24:00")
        return 24 * 60 if found[1] is None else int(found[1]) * 60 + int(found[2])
    return value


def _whole(value: object) -> object:
    """Let only the one spelling of a whole number through: elsewhere ``1.000`` is a thousand, or one."""
    if isinstance(value, str) and not re.fullmatch(r"-?(0|[1-9]\d{0,30})", value):
        raise ValueError("Hier steht keine ganze Zahl|schreiben Sie nur Ziffern, ohne Punkt, Komma und Null davor, zum "
                         "Beispiel 1000")
    return value


def _decimal(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"-?(0|[1-9]\d{0,30})(\.\d{1,6})?", value):
        raise ValueError("Hier steht kein Betrag in Euro|schreiben Sie Ziffern und vor den Cent einen Punkt, zum "
                         "Beispiel 12.50 oder 1000")
    return value


def _cents(value: object) -> object:
    if isinstance(_decimal(value), str) and re.fullmatch(r".*\.\d{3,}", str(value)):
        raise ValueError("Der Betrag hat mehr als zwei Stellen nach dem Punkt|schreiben Sie zum Beispiel 12.50; "
                         "Tausender ohne Punkt: 1000")
    return value


Whole = BeforeValidator(_whole)
"""Only digits: what looks like a thousand must not be one."""
Money = BeforeValidator(_decimal)
Cents = BeforeValidator(_cents)
Day = Annotated[date, BeforeValidator(_iso)]
_Clock = Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
TimeOfDay = Annotated[int, BeforeValidator(_time_of_day, json_schema_input_type=_Clock)]
"""Minutes since midnight; written ``06:00``."""
Version = Annotated[int, Whole, Field(ge=1, le=1)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=40)]

SECRET_FIELDS: Final = frozenset({"api_key_env"})
"""Fields in which somebody might write a secret by mistake: their value is never repeated in a message."""

REMEDIES: Final[dict[str, str]] = {
    "version": "diese Fassung der KI-Pforte versteht „version: 1“",
    "sha256": "schreiben Sie die 64 Zeichen der Prüfsumme in Kleinbuchstaben (Befehl: sha256sum DATEI)",
    "base_url": "schreiben Sie eine ganze Adresse, zum Beispiel https://ki.musterstadt.example",
    "api_key_env": "schreiben Sie den Namen der Umgebungsvariable, zum Beispiel MISTRAL_API_KEY; "
                   "der Schlüssel selbst gehört nie in diese Datei",
    "label": "schreiben Sie einen Satz ohne „*“ und ohne Zeilenumbruch",
    "answers": "schreiben Sie show, flag oder mask, oder je Art: {default: flag, HEALTH: mask}",
    "id": "schreiben Sie Domain, Namen und Nummer, zum Beispiel musterstadt.example/ki-pforte/1",
}
"""What would be right, by field name, where the kind of mistake alone does not say it."""


class StrictFile(BaseModel):
    """A part of a policy file: no unknown keys, nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
