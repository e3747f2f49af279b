"""Labels of numbers that a municipality gives to people and their cases: one list for running text and for headers.

A *label* tells by itself that the number behind it is somebody's. A *stem* is an ordinary word ("Kunden", "Fall"):
it makes a label only together with "-Nr.", "-Nummer", "-ID" and the like, written as one word or as two.
"""

from __future__ import annotations

from typing import Final

CASE_STEMS: Final = """akten vorgangs vorgang fall antrags ticket meldungs tagebuch urkunden urkunde register azr
    geschäfts verfahrens anzeigen anzeige einsatz rollen urkundenrollen petitions beschwerde widerspruchs bauantrags
    bauantrag beihilfe strafanzeigen strafanzeige ordnungswidrigkeiten bearbeitungs anfrage incident ausländer
    ausländerakten einbürgerungs leistungsfall mündel pflegschafts vormundschafts betreuungs sorgerechts fallakten
    standesamts geburtseintrags eheeintrags sterbeeintrags genehmigungs bewilligungs case widerspruch bescheid
    feststellungsbescheid geburtenregister eheregister sterberegister bafög elterngeld unterhaltsvorschuss
    schwerbehinderten schwerbehindertenausweis ausländerzentralregister akn bamf ur förderungs
    personenkenn beistandschafts erlaubnis dienstaufsichtsbeschwerde request service"""
CASH_STEMS: Final = """kunden kunde kd personal pers bg wohngeld wg kindergeld mitglieds mitglied leserausweis
    leseausweis leser vertragskonto zähler rechnungs beitrags personenkonto personenkonten debitoren debitor kreditoren
    objekt bürger schüler schülerin matrikel teilnehmer abnehmer abfallbehälter behälter tonnen tonne
    gebühren marken hundemarke hundemarken steuermarke steuermarken hundesteuermarken mandats hundesteuer steuerkonto
    bürgerkonto abgaben abgabenkonto buchungs kassen vertrags kundenkonto forderungs bedarfsgemeinschafts
    bedarfsgemeinschaft bewohner bewohnerparkausweis parkausweis anwohnerparkausweis bibliotheksausweis pk liefer
    patienten abo jahreskarten jahreskarte garten pacht mieter mietvertrags grab grabstellen grabstelle wasserzähler
    stromzähler gaszähler verbrauchsstellen anschluss police policen versicherungsschein schaden schadens gewerbe
    gewerbesteuer grundsteuer zahlungs customer wohnberechtigungs familienkassen einwohner wähler person personen
    spender stamm mitarbeiter dienstausweis dienst lohn lohnsteuer betriebs kita kind bibliothek bibliotheks bücherei
    leserkarte lanr bsnr kundenkarte ehrenamtskarte familienpass sozialpass seniorenpass fischereischein jagdschein
    waffenbesitzkarte gewerbeschein jobcenter chip transponder kassenzeichen mandat chipkarten ausweiskarten arzt
    betriebsstätten wählerverzeichnis beitragskonto grundsicherungs grusi debitorenkonto debitorkonto kreditoren
    kreditor kreditorenkonto kreditorkonto büchereiausweis leserkarten hof höfe alg bürgergeld sozialhilfe asylblg
    elternbeitrags essensgeld hausgeld kassenkonto gebührenkonto geschäftspartner gp familien familienkarte
    schwimmausweis jugendherbergs spielausweis parkberechtigungs anlieger deichverbands verbands heimvertrags"""


def _joined(stems: str) -> str:
    return " ".join(stem + ending for stem in stems.split() for ending in ("nummer", "nr", "nummern") if stem.isalpha())


CASE: Final = """az aktenzeichen aktenzeichens gz geschäftszeichen geschäftszeichens geschz zeichen reg akte aktenz azr
    vorgang vorgangszeichen fallakte ticket ticketid vorgangsid fallid application reference ref referenz ausländerakte
    jugendamtsakte bußgeldaktenzeichen fallkennung vorgangskennung bearbeitungszeichen ordnungsmerkmal fileref
    einbürgerungsakte caseid casenumber filenumber -aktenzeichen personenkennziffer personenkennzahl strafanzeige
    bußgeldverfahren handakte sozialakte """ + _joined(CASE_STEMS)
"""File, register, court and police numbers."""
CASH: Final = """kassenzeichen kassenzeichens kassenz kz kd bg wg mandatsreferenz mandatsref mandat buchungszeichen
    personenkonto debitor kreditor steuermarke hundemarke hundesteuermarke leserausweis leseausweis bibliotheksausweis
    vertragskonto kundenkonto wohngeld abgabenkonto bürgerkonto kundennumer customer customerid kassenkonto
    kundenkennung zahlungsreferenz verwendungszweck sepamandat kundenid mitarbeiterid personenid bürgerid
    beitragskonto debitorenkonto debitorkonto kreditorenkonto kreditorkonto büchereiausweis -leserausweis
    -bibliotheksausweis -ausweisnummer -ausweisnr -mitgliedsnummer -kundennummer -debitornummer -debitorennummer
    -beitragsnummer -personalnummer -kundennr -mitgliedsnr -personalnr
    zahlungszeichen gebührenkonto steuerkonto servicekonto bundid -kassenzeichen """ + _joined(CASH_STEMS)
"""Cash office, customer, benefit, personnel, meter, tag and mandate numbers."""
