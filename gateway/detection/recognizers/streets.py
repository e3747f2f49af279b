"""How a street with its house number is written, read from the number backwards.

"Am Alten Markt 3", "Carl-von-Ossietzky-Straße 19 b", "Straße der Einheit 12", "hafenstr. 7", "Kiebitzhörn 2". The
last word before the number decides: an ending that only streets have is enough; an ending that other words have as
well ("-platz", "-feld"), a place behind a preposition ("An der Au"), or a word that is none ("Rosenhag") need more:
that it is no ordinary word, or that somebody is said to live there (`Proof`).

What it keeps true: work per number is bounded, so a text costs in proportion to its numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from gateway.detection.data import words
from gateway.detection.names import is_ordinary

NUMBER: Final = (
    r"\d{1,4}(?:[ ]?[a-zA-Z](?![^\W_]))?(?:[ ]?[-–/+][ ]?\d{1,4}(?:[ ]?[a-zA-Z](?!\w))?)?(?![\w]|[.,:]\d|[ ]?[%°€])")
FLAT: Final = (
    r"(?:,?[ ](?:\(?\d{1,2}\.[ ]?(?:OG|UG|Stock|Etage|Obergeschoss|Obergeschoß)(?!\w)|(?:Whg|Wohnung|App|Apartment|"
    r"Appartement|Zi|Zimmer)\.?[ ](?:Nr\.?[ ])?\d{1,4}[a-z]?(?!\w)|(?:EG|DG|Hinterhaus|Vorderhaus|HH|VH|Souterrain)"
    r"(?!\w))(?:[ ](?:links|rechts|mitte|li|re|Mitte)(?!\w)\.?)?\)?){0,3}")
MAYBE_HOUSE: Final = re.compile(r"(?<=[ .a-zßA-Z\n])(?:(?:Nr|Hausnr|No)\.?[ ]?)?\d{1,4}(?![\d_])")
HOUSE: Final = re.compile(rf"(?:(?:Nr|Hausnr|No)\.?[ ]?)?({NUMBER})({FLAT})")
"""A house number, and what says which door."""

_UNIT: Final = re.compile(
    r"[ ](?:km|m|cm|mm|qm|m²|ha|kg|g|t|l|h|min|Min|Std|Uhr|Euro|EUR|Jahren?|Tagen?|Wochen?|Monaten?|Mal|Prozent|Stück|"
    r"Personen|Kindern?|Einwohner|Stunden|Minuten|Meter|Kilometer|Millionen|Mio|Mrd|Stimmen|Anträge|Fälle|Plätze)\b")
_DIGITS: Final = re.compile(r"\d{1,4}")
_WORD_REACH: Final = 60

_SURE: Final = (
    "straße", "strasse", "str.", "str", "gasse", "gässchen", "gäßchen", "gäßle", "gässle", "allee", "chaussee",
    "promenade", "twiete", "redder", "weg", "ring", "damm", "ufer", "kamp", "stieg", "pfad", "graben", "brink",
    "koppel",
    "koog", "hörn", "deich", "diek", "wall", "anger", "steig", "siedlung", "heide", "platz", "straat", "esplanade")
_LIKELY: Final = (
    "markt", "winkel", "reihe", "zeile", "bogen", "hof", "berg", "park", "leite", "feld", "grund", "garten", "gärten",
    "blick", "eck", "wiese", "wiesen", "terrasse", "brücke", "tor", "hang", "höhe", "kai", "aue", "horst", "tal",
    "born", "hain", "hag", "lohe", "wisch", "busch", "bruch", "moor", "acker", "äcker", "kuhle", "mühle", "bach",
    "teich", "see", "wehr", "rain", "halde", "bühl", "büchel", "staffel", "steg", "quelle", "burg", "dorf", "hafen",
    "fleet", "siel", "warft", "kate", "hufe", "gang", "brunnen", "linden", "eichen", "tannen", "buchen", "birken",
    "weiden", "rott", "holz", "wald", "stein", "kirche", "bahnhof", "kanal", "schloss", "schloß", "kloster", "hügel",
    "weinberg", "turm", "ziegelei", "schleuse", "insel", "strand", "düne", "dünen", "sand", "werder", "riede", "plan",
    "markte", "tore", "berge", "hofe", "walde", "felde", "bache", "rathaus", "schule", "au", "esch", "geest",
    "kirchhof", "furt", "linde", "eiche", "buche", "freiheit", "bleiche", "schanze", "bastion", "rondell", "corso",
    "carree")
"""Endings that ordinary words have as well."""
_NO_STREET: Final = re.compile(
    r"(?:ungs|ktions|ions)(?:weg|platz|feld|grund|bogen|höhe|ring|plan|park|burg|stein|gang)$|"
    r"(?:an|zusammen|vor|um|über|ab)hang$|(?:quar|kapi|por|digi|hospi|mone)tal$|(?:a|k|i|u|s|p)tor$|"
    r"(?:frage|melde|antrags|prüf|bewerber|beiblatt|bestell|erfassungs|regen|druck)bogen$|"
    r"(?:stell|park|arbeits|kita|krippen|sitz|studien|listen|tabellen|steh|heim|pflege|liege|schul|ausbildungs|"
    r"spiel|sport|fest|camping|rast|fahrrad|lade|halte|kinder|tages|praktikums|therapie|deutschkurs)platz$|"
    r"(?:rechts|dienst|post|instanzen|um|aus|rück|ver|hin|durch|unter|be|verwaltungs|nachrichten|haupt|bildungs|"
    r"über|an|ab|zu|rad|geh|fuß)weg$|"
    r"(?:an|aus|ein|auf|um|ab|bahn|be)(?:stieg|steig)$|(?:arbeits|wochen|weihnachts|bau|super|floh|wohnungs|finanz|"
    r"energie|strom|woh?nungs|jahr|stellen)markt$|(?:fire)wall$|(?:über|rück|aus|ein|augen|durch|seiten)blick$|"
    r"(?:bundes|landes|kreis|gemeinde|land|stadt|staats|ein\w*bahn)stra(?:ß|ss)e$|zweck$|"
    r"(?:eingabe|pflicht|spiel|text|tätigkeits|such|arbeits|themen|daten|um|vor|minen|auswahl)feld$|"
    r"(?:hinter|vorder|beweg|rechts|unter|ab|versagungs|haupt|härte)grund$|(?:fuhr|wind|solar|maschinen|geräte)park$|"
    r"(?:bau|fried|bahn|betriebs|wertstoff|recycling|gerichts|schul|innen|hinter|betriebs)hof$|"
    r"(?:bau|bebauungs|teil|haushalts|stellen|finanz|dienst|lage|zeit|hilfe|wirtschafts|flächennutzungs|aktions|"
    r"maßnahmen|master|produkt|stunden|förder|arbeits|lehr)plan$|(?:lehr|vor|aus|ein|zu|um|jahr|durch|studien|"
    r"bildungs|rund|über|zivil|waffen)gang$|(?:neu|bau|ab|aus|alt|um|tage|ober|unter|hoch|tief|straßen|wohnungs)bau$|"
    r"(?:grund|ober|gesamt|real|volkshoch|hoch|förder|berufs|musik|haupt|fach|sprach|tanz|fahr)schule$|"
    r"(?:meilen|bau|grund|rand)stein$|(?:kopf|betreff|tabellen|befehls)zeile$|(?:buch|vortrags|test|zahlen|"
    r"schriften|veranstaltungs)reihe$|(?:beitrags|gebühren|miet|leistungs|schadens|gesamt)höhe$|"
    r"(?:mitarbeiter|wechsel|netz|an)steg$|(?:ermittlungs|such|aus)ring$|(?:infra|ver)stra", re.I)
_WHERE: Final = ("straße", "strasse", "str.", "str", "gasse", "allee", "chaussee", "promenade")
_ALONE: Final = words("straße strasse str. str weg platz allee gasse ring damm ufer chaussee steig pfad stieg "
                      "promenade wall kamp graben deich siedlung anger koppel twiete")
_GENERIC: Final = _ALONE | words("landstraße heerstraße heerstr. landstr. dorfstraße hauptstraße tor markt berg")
"""Street words that take a name before them: "Bremer Straße", "Neuer Wall"; alone they are not enough."""
_ADJECTIVE: Final = re.compile(
    r"(?:alt|neu|groß|klein|lang|kurz|hoh|ober|unter|mittler|inner|äußer|vorder|hinter|breit|eng|krumm|schmal|grün|rot|"
    r"weiß|schwarz|erst|zweit|dritt|östlich|westlich|nördlich|südlich|heilig|deutsch|schön|tief|steil|kalt|warm|still|"
    r"recht|link|golden|hoch|lütt|ol|lüb|holländisch|polnisch)(?:e|er|en|es|em)?$|"
    r"(?:zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|st\.|sankt|dr\.|prof\.|bgm\.|pastor|graf|kaiser|könig)$",
    re.I)
_PREPOSITIONS: Final = words("am an im in auf hinter hinterm unter unterm zum zur zu vor vorm beim bei op achtern "
                             "twischen oppe neben ober")
_ARTICLES: Final = words("der den dem de des die das")
_LEAD_OUT: Final = words("die der das ein eine frau herr herrn ich sie er in nach anschrift adresse wohnung haus miete "
                         "objekt grundstück bauvorhaben familie fam eheleute straße strasse")
_NO_PLACE: Final = words("""zimmer raum haus gebäude absatz abs satz jahr jahre mai juni juli märz april august
    september oktober november dezember januar februar ende anfang mitte montag dienstag mittwoch donnerstag freitag
    samstag sonntag alter anhang teil kapitel schnitt durchschnitt stand tag monat quartal artikel paragraf vorjahr
    zeitraum block gleis abschnitt fall umfang rahmen nr nummer hausnummer hausnr fassung stufe phase version auflage
    klasse gruppe folge liste anlage etage garage punkt seite top ziffer stelle team modul titel agenda frage objekt
    stunde stunden uhr woche wochen bis von und mit oder als etwa circa rund über unter vor nach seit ab je pro plus
    minus mal euro eur kreis rest halle tor linie bus blatt band heft bild abbildung tabelle feld variante option
    position produkt konto kinder kind personen hund hunde zeit wert faktor zeichen typ art kategorie index tarif
    rang tier los
    """)
_NO_PLACE_ENDS: Final = (
    "gruppe", "klasse", "stufe", "gebiet", "zimmer", "raum", "nummer", "seite", "punkt", "teil", "jahr", "jahrgang",
    "monat", "woche", "block", "etage", "garage", "abschnitt", "phase", "version", "kapitel", "absatz", "ziffer",
    "linie", "vorlage", "sitzung", "anlage", "ergebnis", "kreis", "jahrgängen", "bezirk", "bereich", "paragraf",
    "artikel", "modul", "zeichen", "grad", "graden", "haus", "paket", "projekt", "titel", "lauf", "termin", "antrag",
    "bericht", "protokoll")


class Proof(IntEnum):
    """How much else says that this is where somebody lives."""

    NONE = 0
    PERSON = 1
    """A person or a word such as "wohnt" stands before it, or it is a line of an address."""
    CERTAIN = 2
    """Postal code and town follow, or a label says so."""


def is_candidate(text: str, position: int, number: str) -> bool:
    """Whether a word that a street may end with stands before `number` at `position`: most numbers follow none, and
    most that follow a word are years."""
    before = text[max(0, position - 24):position].rstrip(" ")
    last = before[-1:]
    if last == ".":
        return before.lower().endswith("str.")
    if not last.isalpha():
        return False
    if len(number) == 4 and number > "0999" and not before.lower().endswith(_LONG):
        return False
    word = before[max(before.rfind(" "), before.rfind("\n"), before.rfind("-")) + 1:]
    return word[:1].isupper() or len(word) > 3


_LONG: Final = ("straße", "strasse", "str.", "str")
"""Only these have more than 999 houses."""


@dataclass(frozen=True, slots=True)
class Street:
    """A street with house number: where it begins and ends, and whether its name alone tells."""

    start: int
    end: int
    sure: bool


def token_before(text: str, position: int) -> tuple[int, str]:
    """Return where the word before `position` begins and the word, or ``(position, "")``.

    Hyphens join, also over the end of a line; what begins with a digit is no word.
    """
    end = position
    while end > 0 and text[end - 1] == " " and position - end < 2:
        end -= 1
    start, least = end, max(0, end - _WORD_REACH)
    while start > least:
        sign = text[start - 1]
        wrapped = sign == "\n" and start < end and text[start - 2:start - 1] == "-" and text[start].isalpha()
        if not (wrapped or sign.isalnum() or sign in ".'’-"):
            break
        start -= 1
    while start < end and not text[start].isalpha():
        start += 1
    return (start, text[start:end]) if start < end else (position, "")


def read_street(text: str, number: re.Match[str], proof: Proof) -> Street | None:
    """Return the street whose house number is `number`, or None when it is none."""
    begin = number.start()
    start, last = token_before(text, begin)
    if not last or _UNIT.match(text, number.end()) or (text[begin - 1:begin].isalpha() and not number[0][0].isupper()):
        return None
    low = last.lower().replace("\n", "")
    digits = _DIGITS.match(number[1])
    value = int(digits[0]) if digits else 0
    if _is_hopeless(last, low, value, proof):
        return None
    named = _named_after(text, start, low)
    if named is not None:
        return Street(named, number.end(), sure=True)
    head, placed = _lead(text, start, low, last[0].isupper())
    if not _accepts(low, last, value, placed, head < start, proof):
        return None
    return Street(head, number.end(), sure=proof > Proof.NONE or low.endswith(_SURE))


def _is_hopeless(last: str, low: str, value: int, proof: Proof) -> bool:
    """Most numbers are years ("April 2016") or follow small words ("seit 35"): told before looking any further."""
    if value > 999 and not low.endswith(_LONG):
        return True
    return proof is Proof.NONE and not last[0].isupper() and not low.endswith(_SURE)


def _accepts(low: str, last: str, value: int, placed: bool, led: bool, proof: Proof) -> bool:
    """Whether these words before a number are a street, given what else is known."""
    if (low.rstrip(".") in _NO_PLACE and not (led and proof is Proof.CERTAIN)) or low.endswith(_NO_PLACE_ENDS):
        return False
    sure = low.endswith(_SURE)
    if not (proof is Proof.CERTAIN or placed) and (sure or low.endswith(_LIKELY)) and _NO_STREET.search(low):
        return False
    alone = low in _ALONE or low in _LIKELY
    upper = last[0].isupper()
    if proof is Proof.CERTAIN:
        return upper or sure or placed
    if sure and len(low) > 2:
        if not upper:
            return len(low) > 5 and (low.endswith(("straße", "strasse", "str.")) or (proof > 0 and not alone))
        return not alone or led or placed or proof > Proof.NONE
    if not (upper or (placed and proof)):
        return False
    if low.endswith(_LIKELY):
        if low == "au" or (low.endswith("au") and not low.endswith(("aue", "kau"))):
            return placed or proof > Proof.NONE
        plain = not alone and not is_ordinary(last) and value < 400
        return plain or placed or (led and alone) or proof > Proof.NONE
    if is_ordinary(last):
        return placed and proof > Proof.NONE
    return value < 400 and len(low) > 3 and ((placed and led) or proof > Proof.NONE)


_STREET_WORDS: Final = ("traße", "trasse", "latz", "llee", "eg ", "ing ", "rücke", "fer ")
_NAMED_AFTER: Final = re.compile(
    r"(?:(?<=\s)|(?<=^)|(?<=[(,;:>\"'|]))(?:[^\W\d_][\w'’-]*)?(?:Straße|Strasse|Platz|Allee|Weg|Ring|Brücke|Ufer)[ ]"
    r"(?:der|des|dem|zum|zur|am|an[ ]der|vom|von|nach|im)[ ](?:(?:\d{1,2}\.|[^\W\d_a-zäöü][\w-]*)[ ]){0,2}\Z")


def _named_after(text: str, start: int, low: str) -> int | None:
    """ "Straße der Einheit 12", "Platz des 4. Juli 3"."""
    if not text[start:start + 1].isupper() or text[max(0, start - 5):start].rpartition(" ")[0][-1:].isdigit():
        return None
    if not any(text.find(word, max(0, start - 40), start) >= 0 for word in _STREET_WORDS):
        return None
    match = _NAMED_AFTER.search(text, max(0, start - 40), start)
    return match.start() if match else None


def _lead(text: str, start: int, low: str, upper: bool) -> tuple[int, bool]:
    """Return where the street begins, over what leads to its last word, and whether a preposition placed it."""
    at, generic = start, low in _GENERIC
    for _ in range(4):
        before, word = token_before(text, at)
        if not word or text[before + len(word):at] != " ":
            break
        low_word = word.lower()
        if low_word in _PREPOSITIONS and (word[0].isupper() or not upper):
            if low_word in ("in", "im", "auf", "unter") and low.endswith(_LIKELY) and _NO_STREET.search(low):
                return at, False  # "Im Anhang 3"
            return (at, False) if low_word == "in" and not upper else (before, True)
        if low_word in _ARTICLES:
            further, preposition = token_before(text, before)
            if low_word in ("der", "die") and low.endswith(_WHERE) and at == start:
                return at, False  # "In der Kiefernstr. 9" says where, it is no name
            if preposition.lower() in _PREPOSITIONS and text[further + len(preposition):before] == " ":
                inside = preposition[0].isupper() or (not upper and preposition != "in")
                return (further, True) if inside else (at, upper)
            break
        if not (word[0].isupper() or not upper) or not _belongs(low_word, word, generic, at == start):
            break
        at = before
    if at != start or upper:
        _, placing = token_before(text, at)
        if placing.lower() in ("am", "im", "zum", "zur", "beim"):
            return at, at != start
    return at, False


def _belongs(low: str, word: str, generic: bool, next_to: bool) -> bool:
    """Whether the word before is part of the street's name: "Alter", "Bremer" before "Straße", "Rosa" before it."""
    if _ADJECTIVE.match(low):
        return True
    if not generic or not word[0].isupper() or word[-1] == "." or low in _LEAD_OUT or low in _NO_PLACE:
        return False
    return low.endswith("er") or (next_to and not is_ordinary(word)) or (next_to and len(low) > 3)
