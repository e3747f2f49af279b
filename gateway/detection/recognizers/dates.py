"""Dates of death, marriage, divorce and illness. Other dates say nothing about a person.

A trigger word and a date belong together when they stand in one sentence, close by, and nothing between them says that
the date is about something else (an application, a letter, a statute). What is found here is never looked for
elsewhere: the same day may be the day of a meeting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.detection.dates import ALONE, DATE, SHORT, TO, WHEN, WHEN_RE, ends
from gateway.detection.sheet import Rule, Sheet
from gateway.model.finding import Finding

_STAR: Final = re.compile(rf"(?:†|✝)[ ]?(?:am[ ]|im[ ])?({WHEN})", re.I)
_SMALL: Final = (
    r"(?:am|an|seit|dem|den|der|im|in|zum|vom|von|ab|bis|um|kurz|vor|nach|ca\.|circa|etwa|wurde|wurden|ist|war|sind|waren|"
    r"einschl(?:ießlich|\.)|voraussichtlich|inkl\.|Jahr|Jahre|since|on|until|from|was|in|erst|bereits|schon|noch|"
    r"durch|mit|rechtskräftig|leben|lebt|lebe|lebend|Wirkung|Datum|Tag|haben|hat|wir|sie|er|ich|bin|sich|zu|"
    r"zunächst|erneut|wieder|länger|weiterhin|also|the|Dauer|Zeitraum|Zeit|leider|plötzlich|standesamtlich|kirchlich|aufgefunden|gestellt|errechnet|errechneter|Termin)")
_NEAR: Final = re.compile(
    rf"""\.?(?!-\d)(?:[ ,;:=|()"'„“”*>–-]|\n(?=[ \t]*\S)|\t){{1,5}}(?:{_SMALL}[ ,:(]{{1,3}}){{0,6}}
    (?P<date>{WHEN})(?![^\W_])""",
    re.I | re.X)
"""Only small words between label and date: any kind of date counts."""
_FAR: Final = re.compile(
    rf"(?P<between>(?:[^\n;§\d.!?]|\b(?:einschl|ca|inkl|St|Dr|vorauss|v|d|z|geb)\.){{1,48}}?)"
    rf"(?:(?<![\d.,/])(?P<date>(?:{DATE}|{SHORT})(?:{TO}(?:{DATE}|{SHORT}))?)|"
    rf"\b(?:im|am|seit|in)[ ](?P<spoken>{WHEN}))(?![^\W_])", re.I)
"""Other words between them: a date with day and month, or any with a word that announces it."""
_LEFT: Final = re.compile(
    rf"""(?:[ ,]+(?:{_SMALL}[ ,]+){{0,5}}(?:[^\n.;:§\d]{{1,32}}[ ,])?|[ ,]?[^\n.;:§\d]{{0,34}}[ ,(])\Z""", re.I | re.X)
_OTHER: Final = re.compile(
    r"(?:antrag|anträge|beantragt|gestellt|bescheid|schreiben|brief|mail|termin|frist|rechnung|sitzung|vorlage|eingang|"
    r"eingegangen|eingereicht|vorzulegen|vorgelegt|ausgestellt|gesetz|verordnung|satzung|fassung|vertrag|kündig|"
    r"zahlung|gezahlt|überw|miete|uhr\b|anhörung|gespräch|angerufen|telefon|vorsprache|vorgesprochen|mitgeteilt|"
    r"bearbeit|geltend|auszahl|bewillig|umzug|umgezogen|einzug|auszug|gemeldet|vermerk|unterschr|öffnungszeit|"
    r"findet statt|gilt|gelten|urkunde vom)", re.I)
_MARITAL_REACH: Final = 110
_LEFT_REACH: Final = 75
_RIGHT_REACH: Final = 100
_DIGIT: Final = re.compile(r"\d")


def _find(sheet: Sheet) -> Iterator[Finding]:
    text = sheet.text
    if sheet.has("†") or sheet.has("✝"):
        for match in sheet.scan(_STAR):
            yield Finding(*match.span(1), "DATE_SENSITIVE", 0.9, "kontext", certain=False)
    for kind, reach in _KINDS.items():
        for start, end in sheet.hits(kind):
            spans = _spans(sheet, kind, reach, start, end)
            for part in (part for span in spans for part in ends(text, *span)):
                yield Finding(*part, "DATE_SENSITIVE", 0.6, "kontext", certain=False)
            if kind in ("LIFE", "SICK", "SOFT") and not spans and sheet.near("WHO", start, 80, 60):
                yield from _months(sheet, start, end)
    yield from _hours(sheet)
    yield from _jubilees(sheet)


def _spans(sheet: Sheet, kind: str, reach: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the dates that belong to the word ``[start, end)``."""
    if not _DIGIT.search(sheet.text, max(sheet.begin, start - _LEFT_REACH), end + _RIGHT_REACH):
        return []
    if kind == "MARITAL_END" and not sheet.near("MARITAL", start, _MARITAL_REACH, 40):
        return []  # "aufgelöst": an association, or a marriage?
    told = reach == "told" or (reach == "who" and sheet.near("WHO", start, 160, 120))
    if not told and kind == "PLACE":
        return []
    return list(_around(sheet, start, end, far=kind == "LIFE", near=not told))


def _hours(sheet: Sheet) -> Iterator[Finding]:
    """The hour of a death, behind its date."""
    for _, end in sheet.hits("DEATH"):
        match = _HOUR.match(sheet.text, end)
        if match:
            yield Finding(*match.span("hour"), "DATE_SENSITIVE", 0.6, "kontext", certain=False)


def _jubilees(sheet: Sheet) -> Iterator[Finding]:
    """ "Goldene Hochzeit: Eheleute Petersen, 14.06." and the day before it."""
    text = sheet.text
    for start, end in sheet.hits("JUBILEE"):
        if not (_JUBILEE.search(text, max(sheet.begin, start - 24), start) or text.startswith("tag", end - 3)):
            continue
        begin = text.rfind("\n", max(sheet.begin, start - 40), start) + 1 or max(sheet.begin, start - 40)
        for match in _DAY.finditer(text, begin, end + 80):
            between = text[min(match.end(), end):max(match.start(), start)]
            if "\n" not in between and ";" not in between:
                yield Finding(*match.span(), "DATE_SENSITIVE", 0.6, "kontext", certain=False)
                if match.start() > end:
                    break


_HOUR: Final = re.compile(
    rf"[:]?[ ](?:ist[ ]|war[ ])?(?:am[ ]|vom[ ])?(?:{DATE})[ ]?,?[ ](?:um[ ]|gegen[ ]|ca\.[ ]|etwa[ ]){{0,2}}"
    r"(?P<hour>\d{1,2}[:.]\d{2}(?:[ ]?(?:Uhr|h))?(?!\w))", re.I)
_JUBILEE: Final = re.compile(
    r"(?:[Gg]olden|[Ss]ilbern|[Dd]iamanten|[Ee]isern|[Gg]naden|[Rr]ubin|[Pp]latin|[Pp]erlen|[Ss]teinern)"
    r"(?:e[nrms]?)?[ -]?\Z|"
    r"\d{2}\.?(?:[ ]|-?jährige[ns]?[ ])\Z")
_DAY: Final = re.compile(rf"(?<![\w.])(?:{DATE}|{SHORT})", re.I)


def _months(sheet: Sheet, start: int, end: int) -> Iterator[Finding]:
    """ "seit Februar getrennt", "krank seit März": where no other date stands near."""
    behind = _MONTH_BEHIND.match(sheet.text, end)
    match = behind or _MONTH_BEFORE.search(sheet.text, max(sheet.begin, start - 40), start)
    if match:
        yield Finding(*match.span(1), "DATE_SENSITIVE", 0.5, "kontext", certain=False)


_ANNOUNCED: Final = (
    r"[Ss]eit|[Ii]m|[Aa]b|[Bb]is|[Aa]n|[Zz]u|[Üü]ber|[Nn]ach|[Vv]or|[Ll]etzten|[Vv]origen|[Vv]ergangenen|[Dd]iesen|"
    r"[Vv]orletzten|[Ll]etztes|[Vv]origes|[Ss]eit[ ](?:dem|letztem|letzten)")
_MONTH_BEHIND: Final = re.compile(
    rf"[ ,(]{{1,2}}(?:\w{{2,12}}[ ]){{0,2}}?(?:{_ANNOUNCED})[ ](?:Anfang[ ]|Mitte[ ]|Ende[ ])?({ALONE})")
_MONTH_BEFORE: Final = re.compile(
    rf"\b(?:{_ANNOUNCED})[ ](?:Anfang[ ]|Mitte[ ]|Ende[ ])?({ALONE})(?:,?[ ][a-zäöüß]{{2,14}}){{0,3}}[ ]\Z")
_KINDS: Final = {"LIFE": "told", "MARITAL_END": "told", "SICK": "told", "SOFT": "who", "PLACE": "who"}
"""Which words tell by themselves that the date is a person's, and which need somebody who is spoken of."""


def _around(sheet: Sheet, start: int, end: int, *, far: bool, near: bool) -> Iterator[tuple[int, int]]:
    """The date behind the word, and the one in front of it; `near`: only right behind it, and told to be its date."""
    text = sheet.text
    match = _NEAR.match(text, end)
    if near:
        if match and _TOLD.search(text, end, match.start("date")) and not _YEAR_ONLY.fullmatch(match["date"]):
            yield match.span("date")
        return
    if match is None:
        match = _FAR.match(text, end)
        if match and (_OTHER.search(match["between"]) or not (far or _is_said(match))):
            match = None
    if match:
        yield match.span("date" if match["date"] else "spoken")
    for before in WHEN_RE.finditer(text, max(sheet.begin, start - _LEFT_REACH), start):
        between = text[before.end():start]
        other = _OTHER.search(between) or _OTHER.search(sheet.left(before.start(), 24))
        if _LEFT.fullmatch(between) and not other:
            yield before.span()


def _is_said(match: re.Match[str]) -> bool:
    """Whether a word such as "seit" announces the date; a year alone is not enough here."""
    spoken: str | None = match["spoken"]
    return _SINCE.search(match["between"]) is not None if spoken is None else not _YEAR_ONLY.fullmatch(spoken)


_TOLD: Final = re.compile(r"[:=>(]|\b(?:seit|am|vom|bis|ab|im|on|since|until|from)\b", re.I)
_YEAR_ONLY: Final = re.compile(r"\d{4}")
_SINCE: Final = re.compile(r"\b(?:seit|bis|ab|vom|am|since|until|from)\b[^,]{0,24}\Z", re.I)

RULE: Final = Rule("DATES", ("DATE_SENSITIVE",), _find, {
    "LIFE": "gestorben verstorben verst sterbedatum todestag todesdatum sterbetag verheiratet geheiratet todes "
    "todesfall ableben entschlafen beerdigt beerdigung beigesetzt beisetzung bestattet bestattung trauerfeier "
    "verstorbenen verstorbene verstorbener todeszeitpunkt sterbezeitpunkt sterbefall erbfall todeseintritt versterben "
    "sterbe sterben beerdigungstermin bestattungstermin beisetzungstermin urnenbeisetzung geburtstermin "
    "eheschließung heirat heiraten heirate heiratet heiratete trauung getraut geschieden scheidung ehescheidung "
    "geschiedene geschiedenen geschiedener trautermin eheschließungstermin eheschließungsdatum ehescheidungsdatum "
    "getrennt getrenntlebend verpartnert verehelicht heiratsdatum hochzeitstag scheidungsurteil scheidungsdatum "
    "scheidungsbeschluss trennungsdatum trennungszeitpunkt trennungstag trennungsjahr rechtskraftdatum "
    "entbindungstermin entbindung heimgegangen verwitwet verschieden dahingeschieden krankmeldung au "
    "scheiden arbeitsunfähig arbeitsunfähigkeit krankgeschrieben entbunden krankheitsbedingt starb verstarb "
    "verunglückt "
    "erkrankt operiert fehlgeburt totgeburt schlaganfall herzinfarkt krankheitsbeginn erkrankungsbeginn unfalltag "
    "unfalldatum unfallzeitpunkt mutterschutzfrist mutterschutzbeginn krankmeldungen dienstunfall arbeitsunfall "
    "wegeunfall krankheitszeitraum krankheitszeiten fehlzeit verlobt verlobung "
    "married divorced died deceased separated wedding widowed hospitalised",
    "MARITAL_END": "aufgelöst aufgehoben geschlossen eingetragen rechtskräftig anerkannt begründet",
    "MARITAL": "ehe vorehe ehen eheschließung scheidung partnerschaft lebenspartnerschaft ehescheidung verheiratet "
    "scheidungsbeschluss scheidungsurteil lebenspartnerschaften zweitehe",
    "SICK": "op operation reha chemotherapie mutterschutz krankschreibung krank verh gesch verw gest getr "
    "krankenstand stationär stationäre stationären stationärer diagnostiziert eingeliefert pflegebedürftig "
    "klinikaufenthalt krankenhausaufenthalt rehamaßnahme rehaaufenthalt wiedereingliederung schwanger diagnosestellung "
    "bettlägerig dienstunfähig dienstunfähigkeit erwerbsunfähig erwerbsgemindert langzeiterkrankt "
    "geburtstermin schwangerschaft arbeitsunfähigkeitsbescheinigung",
    "SOFT": "tod tot trennung hochzeit grippe corona covid unfall depression burnout elternzeit diagnose "
    "trennten trennte erlitt erlitten leidet litt verletzt "
    "bandscheibenvorfall attest sick ill surgery erkrankung krankheit et",
    "DEATH": "gestorben verstorben verst todeszeitpunkt sterbezeitpunkt verstarb starb todeseintritt tod sterbezeit "
    "todeszeit todesdatum sterbedatum",
    "JUBILEE": "hochzeit hochzeitstag ehejubiläum ehejubiläums",
    "PLACE": "krankenhaus klinik kur psychiatrie hospital leave",
    "WHO": "herr herrn frau ich mein meine meiner meinem meines er sie mich mir ihr ihre sohn tochter mutter vater "
    "mann ehemann ehefrau kollege kollegin kind bin he she my i mitarbeiter mitarbeiterin patient patientin "
    "bruder schwester oma opa eheleute eheleuten ehepaar ehepaars familie sich witwe witwer"})
