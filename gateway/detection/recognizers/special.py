"""What policy wants to know about but what stays in the text: Art. 9 and 10 GDPR, money, VS marks,
Auskunftssperren.

A word like "Epilepsie" says nothing about anybody in a question about a statute. It counts only where a person is
spoken of near it. Marks of classification and an Auskunftssperre always count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.data import words
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_GRADE: Final = re.compile(r"(?:GdB|GdS|Pflegegrad|Pflegestufe|Merkzeichen|MdE)[ ]?(?:von[ ])?(?:\d{1,3}|[aA]?G|H|"
    r"Bl|Gl|RF|TBl|B)(?!\w)")
_ICD: Final = re.compile(r"(?:ICD(?:-10)?(?:-GM)?|Diagnosen?)[ :]{1,3}([A-TV-Z]\d{2}(?:\.\d{1,2})?[GVAZ]?)(?!\w)")
_VS: Final = re.compile(r"\bVS[ ]?[-–][ ]?(?:NfD|NUR FÜR DEN DIENSTGEBRAUCH|Nur für den Dienstgebrauch|Vertraulich|"
    r"VERTRAULICH)\b"
                        r"|\bGEHEIM(?:HALTUNGSGRAD)?\b|\bSTRENG GEHEIM\b|\bNUR FÜR DEN DIENSTGEBRAUCH\b")
_CHURCH: Final = re.compile(r"(?:aus der|der) Kirche (?:aus|bei)getreten")
_WEEK: Final = re.compile(r"\d{1,2}\.[ ](?:SSW|Schwangerschaftswoche)|in der[ ]\d{1,2}\.[ ]Woche")
_NATION: Final = re.compile(r"""["'”)]{0,2}[ ]?[:=]?[ ]{0,2}["'„]?([A-Za-zÄÖÜäöüß-]{3,25})""")
_NO_NATION: Final = words("der des und oder ist wird besitzt nach durch kann")
_PLACE: Final = re.compile(r"[^\n;]{0,40}?\b(?:in|zu|aus|:)[ ]([A-ZÄÖÜ][\w-]{2,30}(?:,[ ][A-ZÄÖÜ]\w{2,20})?)")
_NEAR: Final = 220


def _words(sheet: Sheet, kind: str) -> Iterator[Finding]:
    for start, end in sheet.hits(kind):
        if sheet.near("SUBJECT", start, _NEAR, _NEAR):
            yield Finding(start, end, kind, 0.6, "kontext", certain=False, noted=True)


def _marks(sheet: Sheet, pattern: re.Pattern[str], entity: str, group: int = 0) -> Iterator[Finding]:
    for match in sheet.scan(pattern):
        yield Finding(*match.span(group), entity, 0.8, "format", certain=False, noted=True)


def _find(sheet: Sheet) -> Iterator[Finding]:
    for kind in ("HEALTH", "RELIGION", "ORIGIN", "ART9", "CRIME", "FINANCE"):
        yield from _words(sheet, kind)
    if sheet.hits("SUBJECT"):
        for pattern, entity, group in (
                (_GRADE, "HEALTH", 0), (_ICD, "HEALTH", 1), (_WEEK, "HEALTH", 0), (_CHURCH, "RELIGION", 0)):
            if pattern is not _CHURCH or sheet.has("Kirche"):
                yield from _marks(sheet, pattern, entity, group)
    for _, end in sheet.hits("NATIONALITY"):
        match = _NATION.match(sheet.text, end)
        if match and match[1].lower() not in _NO_NATION:
            yield Finding(*match.span(1), "ORIGIN", 0.7, "kontext", certain=False, noted=True)
    for _, end in sheet.hits("BORN_IN"):
        match = _PLACE.match(sheet.text, end)
        if match:
            yield Finding(*match.span(1), "ORIGIN", 0.6, "kontext", certain=False, noted=True)
    for _ in sheet.hits("VS")[:1]:
        yield from _marks(sheet, _VS, "CLASSIFIED")
    for start, end in sheet.hits("BLOCK"):
        yield Finding(start, end, "ADDRESS_BLOCK", 0.9, "format", certain=False, noted=True)


RULE: Final = Rule("SPECIAL", ("HEALTH", "RELIGION", "ORIGIN", "ART9", "CRIME", "FINANCE", "CLASSIFIED",
                               "ADDRESS_BLOCK"), _find, {
    "SUBJECT": "herr herrn frau familie fam ich mein meine meiner meinem sohn tochter mutter vater ehemann ehefrau "
    "mann geb geboren bruder"
               " schwester oma opa patient patientin er vorname nachname name antragsteller antragstellerin kollege "
               "kollegin klient"
               " klientin bewohner bewohnerin mieter mieterin she he my mr mrs ms kind",
    "HEALTH": "parkinson epilepsie krebs krebskrank tumor depression depressionen depressiv diabetes diabetiker "
    "diabetikerin zöliakie"
              " autismus autist autistisch demenz dement alzheimer schizophrenie schizophren psychose bipolar adhs "
              "hiv aids hepatitis"
              " schlaganfall herzinfarkt chemotherapie dialyse blind gehörlos taub querschnittsgelähmt "
              "rollstuhl suizid"
              " suizidal suizidversuch alkoholiker alkoholikerin alkoholkrank alkoholisiert alkoholabhängig "
              "drogenabhängig suchtkrank"
              " substituiert methadon schwanger schwangerschaft fehlgeburt risikoschwangerschaft krank "
              "krankgeschrieben arbeitsunfähig"
              " bettlägerig bettlägrig pflegebedürftig schwerbehindert schwerbehinderung gehbehindert behindert "
              "burnout grippe"
              " corona asthma rheuma arthrose bandscheibenvorfall magersucht bulimie essstörung borderline "
              "trauma ptbs psychiatrie"
              " psychotherapie krebserkrankung herzkrank nierenkrank insulin amputation amputiert medikamente "
              "operiert reha"
              " kopfverletzung fraktur pregnant surgery maternity disability cancer sterilisation abtreibung",
    "RELIGION": "evangelisch katholisch jüdisch muslimisch moslem muslim muslima christlich orthodox alevitisch "
    "jesidisch ezidisch"
                " buddhistisch hinduistisch konfessionslos atheist kirchenaustritt konfession baptist kath "
                "rk evang",
    "ORIGIN": "syrisch syrer syrerin türkisch türke türkin kurdisch kurde kurdin afghanisch afghane afghanin "
    "ukrainisch ukrainer ukrainerin"
              " russisch russe russin polnisch pole polin rumänisch rumäne rumänin bulgarisch bulgare bulgarin "
              "serbisch serbe serbin"
              " kroatisch albanisch kosovarisch irakisch iraker irakerin iranisch iraner iranerin eritreisch "
              "eritreer somalisch"
              " nigerianisch ghanaisch marokkanisch tunesisch vietnamesisch chinesisch italienisch griechisch "
              "spanisch portugiesisch"
              " syrien türkei afghanistan ukraine russland polen rumänien bulgarien serbien kosovo albanien irak iran"
              " eritrea somalia nigeria ghana marokko tunesien vietnam äthiopien libanon gambia georgien"
              " moldau sudan ägypten"
              " staatenlos flüchtling geflüchtete geflüchteter asylbewerber asylbewerberin "
              "migrationshintergrund",
    "ART9": "gewerkschaft gewerkschaftsmitglied gewerkschafterin verdi parteimitglied parteimitgliedschaft homosexuell "
    "lesbisch schwul bisexuell transsexuell transgeschlechtlich intergeschlechtlich nichtbinär",
    "FINANCE": "schufa schulden überschuldet verschuldet privatinsolvenz insolvenz pfändung lohnpfändung gepfändet "
    "einkommen nettoeinkommen bruttoeinkommen gehalt lohn rente vermögen erspartes mietschulden mahnbescheid unterhalt "
    "vollstreckung kontopfändung",
    "BORN_IN": "geb geboren geburtsort stammt herkunft",
    "CRIME": "vorbestraft straftat straftaten führungszeugnis ermittlungsverfahren haftstrafe freiheitsstrafe "
    "bewährung bewährungsstrafe"
             " jva untersuchungshaft verurteilt vorstrafen vorstrafe strafbefehl strafanzeige körperverletzung "
             "diebstahl betrug"
             " sexualstraftat anklage beschuldigter beschuldigte inhaftiert haft drogenhandel",
    "NATIONALITY": "staatsangehörigkeit staatsangehoerigkeit nationalität nationality herkunftsland geburtsland",
    "VS": "vs geheim streng dienstgebrauch",
    "BLOCK": "auskunftssperre auskunftssperren sperrvermerk sperrvermerke melderegistersperre übermittlungssperre "
             "offenbarungsverbot offenbarungsverbots inkognitoadoption"})
