"""Labels of numbers that a municipality gives to people and their cases: one list for running text and for headers.

What it keeps true: a label here tells by itself that the number behind it is somebody's. Words that mean ordinary
things too ("Wohngeld 2025") are listed where a further word such as "Nr." is asked for (`recognizers.numbers`).
"""

from __future__ import annotations

from itertools import product
from typing import Final

_ENDINGS: Final = ("nummer", "nr", "nummern", "zeichen", "kennzeichen")


def _with(stems: str, endings: tuple[str, ...] = _ENDINGS[:2]) -> str:
    return " ".join(map("".join, product(stems.split(), endings)))


CASE: Final = " ".join((
    "az aktenzeichen aktenzeichens gz geschäftszeichen geschäftszeichens geschz gesz zeichen reg akte aktennr azr "
    "vorgang vorgangszeichen fallakte ticket ticketid vorgangsid fallid aktenz application reference ref referenz "
    "registernr urkundenverzeichnis ausländerakte jugendamtsakte bußgeldaktenzeichen fallkennung vorgangskennung "
    "bearbeitungszeichen ordnungsmerkmal einbürgerungsakte caseid casenumber fileref filenumber aktenkennzeichen "
    "js registerblatt rollenr urnr",
    _with("akten vorgangs fall antrags ticket meldungs tagebuch urkunden register azr geschäfts verfahrens "
          "vorgang anzeigen einsatz rollen urkundenrollen petitions beschwerde widerspruchs bauantrags "
          "beihilfe strafanzeigen ordnungswidrigkeiten bearbeitungs anfrage incident ausländer ausländerakten "
          "einbürgerungs leistungsfall mündel pflegschafts vormundschafts betreuungs sorgerechts fallakten "
          "standesamts geburtseintrags eheeintrags sterbeeintrags genehmigungs bewilligungs case"),
))
"""File, register, court and police numbers."""

CASH: Final = " ".join((
    "kassenzeichen kassenzeichens kassenz kz kd bg wg mandatsreferenz mandatsref mandat buchungszeichen personenkonto "
    "debitor debitoren kreditor steuermarke hundemarke hundesteuermarke leserausweis bibliotheksausweis vertragskonto "
    "kundenkonto wohngeld abgabenkonto bürgerkonto kundennumer customer customerid kassenkonto pk pknr kundenkennung "
    "zahlungsreferenz verwendungszweck sepamandat mandats hundesteuernr einzugsermächtigung kundenid "
    "mitarbeiterid personenkennzeichen personenid bürgerid servicekontonummer buchungskonto zahlungszeichen "
    "gebührenkonto steuerkonto grundsteuernr pers kassenzeich chipnummer transpondernummer teilnehmerid "
    "personalnrn bundid servicekonto",
    _with("kunden personal pers bg wohngeld kindergeld mitglieds leserausweis leser ausweisleser vertragskonto "
          "zähler rechnungs bescheid beitrags personenkonto personenkonten debitoren debitor kreditoren objekt "
          "bürger schüler matrikel teilnehmer abnehmer abfallbehälter behälter tonnen gebühren marken "
          "hundemarken steuermarken mandats hundesteuer steuerkonto bürgerkonto abgaben abgabenkonto buchungs "
          "kassen vertrags kundenkonto forderungs bedarfsgemeinschafts bewohner parkausweis "
          "bewohnerparkausweis anwohner bibliotheksausweis ausweiskarten pk liefer patienten fahrkarten abo "
          "jahreskarten garten pacht mieter mietvertrags stellplatz grab grabstellen wasserzähler stromzähler "
          "gaszähler verbrauchsstellen anschluss police versicherungsschein schaden schadens policen gewerbe "
          "gewerbesteuer grundsteuer zahlungs customer bankkunden wohnberechtigungs familienkassen einwohner "
          "wähler person personen spender stamm mitarbeiter dienst lohn"),
    "zähler-nr",
))
"""Cash office, customer, benefit, personnel, meter, tag and mandate numbers."""
