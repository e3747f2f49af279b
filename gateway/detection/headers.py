"""What the header of a column says about the cells below it: one word of the header is enough.

The labels of numbers that stand in running text are the same ones: see `gateway.detection.recognizers.labels`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.detection.data import words
from gateway.detection.labels import CASE, CASH

_HEADERS: Final = {
    "BIRTHDATE": "geb geburtsdatum gebdatum geboren gebdat geburtstag birthdate dob birth born dateofbirth jahrgang jg "
    "geburtsjahr gebtag birthday gebjahr bday geburts geburtsdat gebd",
    "DATE_SENSITIVE": "sterbedatum sterbetag todestag eheschließung eheschließungsdatum heirat verstorben verst gest "
    "gestorben scheidung scheidungsdatum heiratsdatum hochzeit hochzeitsdatum trennung trennungsdatum todesdatum "
    "sterbefall krank krankmeldung krankmeldungen au entbindung entbindungstermin unfalltag unfalldatum beisetzung "
    "bestattung beerdigung arbeitsunfähig arbeitsunfähigkeit trauung trautermin todeszeitpunkt fehlzeit krankheit",
    "PERSON": "name vorname nachname familienname kind eltern mutter vater ansprechpartner kontoinhaber antragsteller "
    "mieter bewohner person teilnehmer mitarbeiter mitarbeiterin sachbearbeiter zuname geburtsname bearbeiter "
    "vertreter vermieter halter eigentümer bewerber schüler ansprechperson lastname firstname name1 names kunde bürger "
    "erziehungsberechtigte betreuer empfänger sorgeberechtigte",
    "PHONE": "telefon tel mobil handy rufnummer fax telefonnummer phone festnetz mobilnummer handynummer mobile fon "
    "durchwahl dw nebenstelle apparat rufnr telefonnr",
    "ADDRESS": "anschrift adresse straße strasse plz wohnort hausnr hausnummer wohnanschrift postleitzahl address str "
    "wohnadresse meldeadresse street zip",
    "CASH_NUMBER": CASH + " ausweis karte card cardno cardnumber kartennr leserkarte büchereikarte kred deb debnr "
    "krednr debitorenkonto kreditorenkonto debitorkonto kreditorkonto debitorenkto kreditorenkto gpart vkont "
    "geschäftspartner gpnr personalid persid staffid employeeid memberid",
    "CASE_NUMBER": CASE,
    "USERNAME": "benutzername username login account kennung user benutzer loginname",
    "PARCEL": "flurstück flurstücke flst flurstücksnummer flurstücksnr grundbuchblatt",
    "TAX_ID": "steuerid idnr steueridnr tin steueridentifikationsnummer",
    "HEALTH_INSURANCE": "kvnr versichertennummer versichertennr krankenversichertennummer",
    "SOCIAL_SECURITY": "rvnr svnr vsnr sozialversicherungsnummer rentenversicherungsnummer versicherungsnummer",
    "PASSPORT": "passnummer passnr reisepass reisepassnummer passport",
    "ID_CARD": "ausweisnummer ausweisnr personalausweis personalausweisnummer",
    "RESIDENCE_PERMIT": "aufenthaltstitel",
    "PLATE": "kennzeichen kfz plate fin",
    "IBAN": "iban kontonummer",
}
_SHORT: Final = words("az gz kz bg wg kd ref reg akte vorgang mandat wohngeld kunde fin pers kita zeichen js pk ticket "
                      "reference customer")
"""Labels that mean something else in a header unless they stand there alone."""
_KIND: Final = {word: kind for kind, listed in reversed(_HEADERS.items()) for word in listed.split()}
_SIGNS: Final = {"*": "BIRTHDATE", "†": "DATE_SENSITIVE", "☎": "PHONE", "✝": "DATE_SENSITIVE"}
_TOWN: Final = words("ort stadt gemeinde town city ortsteil")
_HEAD_WORD: Final = re.compile(r"[^\W\d_]+")
_LONGEST: Final = 40


def kind_of(title: str) -> str:
    """Return what stands below this header, or an empty string."""
    if len(title) > _LONGEST:
        return ""
    parts = _HEAD_WORD.findall(title.lower())
    if not parts:
        return _SIGNS.get(title.strip(), "")
    joined = "".join(parts)
    if joined in _KIND:
        return _KIND[joined]
    return next((_KIND[word] for word in parts if word in _KIND and word not in _SHORT), "")


def kinds_of(titles: Sequence[str]) -> list[str]:
    """Return what stands below each of these headers: a town is part of an address beside postal code or street."""
    kinds = [kind_of(title) for title in titles]
    if "ADDRESS" in kinds:
        kinds = [kind or ("ADDRESS" if title.strip().lower() in _TOWN else "")
                 for kind, title in zip(kinds, titles, strict=True)]
    return kinds
