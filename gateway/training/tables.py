"""Tables, forms, JSON, XML and logs with and without people, for the generator."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from gateway.training.markup import Cast, Writer, expand

Value = Callable[[str], tuple[str, int]]
Maker = Callable[[Cast, Writer, Value, random.Random], None]

_COLUMNS: Final = (
    ("Name", "<N>"),
    ("Name, Vorname", "<Nl>"),
    ("Nachname", "<Ns>"),
    ("Vorname", "<Ng>"),
    ("Bearbeiter", "<Ms>"),
    ("Ansprechpartner", "<M>"),
    ("Eltern", "<N> / <Nb>"),
    ("Kind", "<Mg>"),
    ("Mutter", "<N>"),
    ("Antragsteller", "<Nl>"),
    ("Mitarbeiter", "<Ni>"),
    ("Sachb.", "<Mk>"),
    ("Geburtsname", "<Nx>"),
    ("Name (Druckschrift)", "<NA>"),
    ("Kontakt", "<N>, {tel}"),
    ("Halter", "<N>"),
    ("NACHNAME", "<NU>"),
    ("Kunde", "<Nj>"),
    ("Erziehungsber.", "<Ns>, <Ng> (Mutter)"),
)
_OTHERS: Final = (
    ("Ort", "{ort}"),
    ("Straße", "{str} {hnr}"),
    ("geb.", "{datum}"),
    ("Datum", "{datum}"),
    ("Betrag", "{betrag}"),
    ("Status", "[offen|erledigt|in Prüfung|abgelehnt]"),
    ("PLZ", "{plz}"),
    ("Amt", "{amt}"),
    ("Tel.", "{tel}"),
    ("Nr.", "{n}"),
    ("Az.", "{az}"),
    ("Bemerkung", "[|krank|Umzug|Unterlagen fehlen|{nomen}|ok|entschuldigt|Rückruf]"),
    ("Zimmer", "{n}"),
    ("Uhrzeit", "{uhr}"),
    ("IBAN", "{iban}"),
    ("Kennzeichen", "{kfz}"),
    ("Hund", "{hund}, {tiername}"),
    ("Einrichtung", "{einrichtung}"),
    ("Produkt", "{produkt}"),
    ("Thema", "{nomen}"),
    ("Funktion", "[Beisitzer|Vorsitz|Schriftführung|stv.]"),
    ("Geschlecht", "[m|w|d]"),
    ("Staatsangehörigkeit", "{land}"),
    ("Firma", "{firma}"),
    ("Diagnose", "{krankheit}"),
    ("Leistung", "{gesetz}"),
)


def _pick(rng: random.Random, *, people: bool) -> list[tuple[str, str]]:
    columns = rng.sample(_OTHERS, rng.randint(1, 4))
    if people:
        for column in rng.sample(_COLUMNS, rng.choice((1, 1, 1, 2, 2, 3))):
            columns.insert(rng.randint(0, min(2, len(columns))), column)
    return columns


def _cell(template: str, row: int, cast: Cast, value: Value, writer: Writer) -> None:
    expand(template.replace("<N", f"<{row % 10}").replace("<M", f"<{(row + 7) % 10}"), cast, value, writer)


def _grid(people: bool) -> Maker:
    def make(cast: Cast, writer: Writer, value: Value, rng: random.Random) -> None:
        columns = _pick(rng, people=people)
        sign, edge = rng.choice(
            ((";", ""), (",", ""), ("\t", ""), ("\t", ""), (" | ", "| "), ("|", ""), ("; ", ""), ("  ", ""))
        )
        quote = '"' if sign in ";," and rng.random() < 0.3 else ""
        if rng.random() < 0.8:
            writer.add(edge + sign.join(quote + head + quote for head, _ in columns) + (edge.strip() and " |") + "\n")
            if edge:
                writer.add("|" + "---|" * len(columns) + "\n")
        for row in range(rng.randint(2, 7)):
            writer.add(edge)
            for i, (_, template) in enumerate(columns):
                writer.add((sign if i else "") + quote)
                _cell(template, row, cast, value, writer)
                writer.add(quote)
            writer.add((edge.strip() and " |") + "\n")

    return make


def _form(people: bool) -> Maker:
    def make(cast: Cast, writer: Writer, value: Value, rng: random.Random) -> None:
        sign = rng.choice((": ", ":\n", ":\t", " = ", ": "))
        for row, (head, template) in enumerate(_pick(rng, people=people) + _pick(rng, people=people)):
            writer.add(head + sign)
            _cell(template, row % 2, cast, value, writer)
            writer.add("\n")

    return make


_KEYS: Final = (
    "name",
    "nachname",
    "vorname",
    "antragsteller",
    "bearbeiter",
    "kind",
    "mutter",
    "vater",
    "eigentuemer",
    "familienname",
    "lastName",
    "firstName",
    "fullName",
    "customer",
    "sachbearbeiter",
    "vertreter",
    "halter",
    "kontoinhaber",
    "displayName",
    "betreuer",
)
_KEY_FORMS: Final = {
    "nachname": "s",
    "vorname": "g",
    "familienname": "s",
    "lastName": "s",
    "firstName": "g",
    "kind": "g",
    "bearbeiter": "s",
    "sachbearbeiter": "s",
}
_OTHER_KEYS: Final = (
    ("ort", "{ort}"),
    ("strasse", "{str} {hnr}"),
    ("geburtsdatum", "{datum}"),
    ("betrag", "{betrag}"),
    ("status", "offen"),
    ("amt", "{amt}"),
    ("az", "{az}"),
    ("telefon", "{tel}"),
    ("staat", "{land}"),
    ("art", "{nomen}"),
    ("firma", "{firma}"),
    ("bemerkung", "{nomen} fehlt"),
    ("dokument", "<1f>.pdf"),
    ("notiz", "<2h> ruft zurück"),
)


def _json(cast: Cast, writer: Writer, value: Value, rng: random.Random) -> None:
    pretty = rng.random() < 0.6
    people = rng.random() < 0.75
    writer.add("[" if (many := rng.random() < 0.4) else "")
    for row in range(rng.randint(2, 4) if many else 1):
        writer.add((", " if row else "") + ("{\n" if pretty else "{"))
        keys = (
            [
                (k, f"<{row}{_KEY_FORMS.get(k, rng.choice(('', '', 'l')))}>")
                for k in rng.sample(_KEYS, rng.randint(1, 3))
            ]
            if people
            else []
        )
        keys += [k for k in rng.sample(_OTHER_KEYS, rng.randint(2, 4)) if people or "<" not in k[1]]
        rng.shuffle(keys)
        for i, (key, template) in enumerate(keys):
            writer.add((("," + ("\n" if pretty else " ")) if i else "") + ("  " if pretty else "") + f'"{key}": "')
            expand(template, cast, value, writer)
            writer.add('"')
        writer.add("\n}" if pretty else "}")
    writer.add("]" if many else "")


def _xml(cast: Cast, writer: Writer, value: Value, rng: random.Random) -> None:
    people = rng.random() < 0.75
    writer.add("<vorgang>\n")
    keys = [(k, f"<1{_KEY_FORMS.get(k, '')}>") for k in rng.sample(_KEYS, rng.randint(1, 3))] if people else []
    for key, template in keys + [k for k in rng.sample(_OTHER_KEYS, 3) if people or "<" not in k[1]]:
        writer.add(f"  <{key}>")
        expand(template, cast, value, writer)
        writer.add(f"</{key}>\n")
    writer.add("</vorgang>")


_LOGS: Final = (
    "{datum} {uhr} INFO login user=<1e> ip=10.0.{n}.{n}",
    "{datum} {uhr} ERROR Datei <1f>.pdf nicht gefunden",
    "{datum}T{uhr}:12Z WARN Session expired (<1>)",
    "{datum} {uhr} INFO Antrag {az} gespeichert von <1>",
    "{datum} {uhr} DEBUG SELECT * FROM person WHERE name = '<1s>'",
    "[{uhr}] <1g>: {nomen}?",
    "[{uhr}] <2g>: ok",
    "INFO  [main] Vorgang {nn} an <2s> übergeben",
    "mail from=<<1e>@stadt.example> status=sent",
    "{datum} {uhr} Druckauftrag <1l> Seite {n}",
    "{datum} {uhr} INFO Server gestartet auf Port {nn}",
    "{datum} {uhr} WARN Speicher knapp ({n} %)",
    "{datum} {uhr} ERROR Timeout bei {produkt}",
    "java.io.IOException: Broken pipe",
    "{datum} {uhr} INFO {produkt} {n}.{n} geladen",
    "at org.springframework.web.servlet.DispatcherServlet.doDispatch",
    "{uhr} - <1>: {nomen} liegt bei <2h>",
    "<1>, {uhr}\n{nomen} ist da",
)


def _log(cast: Cast, writer: Writer, value: Value, rng: random.Random) -> None:
    for _ in range(rng.randint(2, 7)):
        expand(rng.choice(_LOGS), cast, value, writer)
        writer.add("\n")


TABLES: Final[tuple[Maker, ...]] = (
    _grid(True),
    _grid(True),
    _grid(True),
    _grid(False),
    _form(True),
    _form(True),
    _form(False),
    _json,
    _json,
    _xml,
    _log,
    _log,
)
