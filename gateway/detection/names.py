"""How a personal name is written: where it ends, and which capitalised words are never part of one.

What it is: the grammar that the name rules share. Given a place where a name must begin (after "Frau", after
"Name:"), `read_name` returns how far it goes: nobility particles, double names, hyphens, initials, nicknames in
    quotation
marks.

What it keeps true: it never eats an ordinary word: German nouns are capitalised too, so the second word of a name
must not be one ("Frau Müller Wohngeld beantragt"), unless the first is a known given name ("Anna Richter").

What it does not know: names in lower case, and names that nothing announces; those are the recogniser's task.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.detection.data import lines, words

_NOUNS: Final = frozenset(word.lower() for word in lines("nouns.txt"))
_GIVEN: Final = frozenset(word.lower() for word in lines("given_names.txt"))
_THINGS: Final = _NOUNS | {
    word.lower() for line in lines("things.txt") if not line.startswith("[") for word in line.split()}
_NOUN_ENDINGS: Final = (
    "ung", "ungen", "heit", "heiten", "keit", "keiten", "schaft", "schaften", "tion", "tionen", "nummer", "zeichen",
    "gesetz", "antrag",
    "bescheid", "geld", "steuer", "gebühr", "gebühren", "verfahren", "behörde", "amt", "ämter", "amtes", "tät",
    "ismus", "beirat",
    "stelle", "vermerk", "schreiben", "ordnung", "kosten", "nachweis", "urkunde", "versicherung", "ausschuss",
    "meldung",
    "gmbh", "verein", "hilfe", "zahlung", "einrichtung", "leistung", "leiter", "leiterin", "inspektor",
    "inspektorin", "sekretär",
    "sekretärin", "minister", "ministerin", "präsident", "präsidentin", "direktor", "direktorin", "beauftragte",
    "beauftragter",
    "vorsitzende", "vorsitzender", "berater", "beraterin", "beamter", "beamtin", "straße", "strasse", "platz", "haus")

_SURNAMES_TOO: Final = frozenset(
    word.lower() for line in lines("things.txt") if not line.startswith("[") for word in line.split()) - words("""
    antrag bescheid termin anfang abend morgen tag rest fall vertrag brief siegel stempel gesetz amt geld recht ende
    kind volk bild buch wort haus land dorf straße gasse weg pfad markt platz hof turm brücke tor schloss mauer wache
    kirche kapelle messe kunde gast nachbar freund rat bote mond grund garten ufer tal insel""")
"""Ordinary words that are surnames as well, without those that name a place, a matter or a stranger."""

PARTICLES: Final = words("""von vom van der den dem de del della di da du dos das zu zum zur auf ter ten la le el al
    ibn bin bint ben
    ben und-und af av do e y ap""")
_LEADING: Final = words("von van de del della di da du dos la le el al zu ter ten ibn bin bint ben "
    "af av")
"""Particles that may open a name; "der" and "und" may only stand inside one."""
_NOBLE: Final = words("von van de del della di da du al")
_TITLES: Final = re.compile(
    r"(?:(?:Dr|Prof|Mag|Dipl|Ing|Univ|med|jur|phil|rer|nat|Priv|Doz|PD|MdB|MdL|StR|OStR|StRin|OStRin|"
    r"StD|StDin|OStD|OStDin|RA|RAin|RiAG|RinAG|RiLG|RinLG|VRiLG|POK|POKin|PHK|PHKin|KHK|KHKin|KOK|KOKin|PHM|POM)"
    r"(?:\.|(?=[ -]))[ -]?(?:(?:Ing|Kfm|Kffr|Päd|Soz|Psych|Verw|Inf|Jur|Kauf|Betriebsw|FH|TU|med|jur|phil|rer|nat|"
    r"pol|h|c|mult|oec|dent|vet|Wirt)\.?"
    r"[ -]?(?:\([A-Z]{2,3}\)[ ]?)?){0,3}){1,4}")
_OFFICES: Final = re.compile(
    r"(?:(?:stv\.|stellv\.|stellvertretende[rn]?|Erste[rn]?|Ersten|Technische[rn]?|Leitende[rn]?)[ ])?(?:(?:Ober|"
    r"Alt|Bezirks|Amts|Fachbereichs|Sachgebiets|Abteilungs|Referats|"
    r"Schul|Kita|Polizei|Kriminal|Verwaltungs|Stadt|Kreis|Gemeinde|Regierungs|Rechts|Staats|Justiz|Haupt|Landes|"
    r"Bundes|Pflege|Kranken|Dipl\.-|Hof|Gerichts|"
    r"Betriebs|Bau|Brand|Steuer|Sozial|Familien|Verfahrens|Vize|General|Geschäfts|Vor)*[-]?(?:[bB]ürgermeister|"
    r"[lL]andrat|[lL]andrätin|[kK]ollege|[kK]ollegin|[kK]ollegen|[pP]farrer|[pP]astor|[dD]oktor|"
    r"[pP]rofessor|[dD]irektor|[pP]räsident|[mM]inister|[sS]ekretär|[iI]nspektor|[iI]nspektorin|[aA]ntmann|"
    r"[aA]mtmann|[aA]mtfrau|[aA]mtsrat|[aA]mtsrätin|"
    r"[dD]ezernent|[bB]eigeordnete[rn]?|[kK]ämmerer|[kK]ämmerin|[lL]eiter|[lL]eiterin|[rR]ektor|[aA]nwalt|"
    r"[aA]nwältin|[kK]ommissar|[hH]auptmann|[oO]berst|"
    r"[mM]eister(?=in)|[rR]at(?=[ ])|[rR]ätin|[aA]bgeordnete[rn]?|[vV]orsitzende[rn]?|[bB]eauftragte[rn]?|"
    r"[sS]enator|[sS]taatssekretär|[iI]ngenieur|"
    r"[mM]edizinalrat|[bB]eamter|[bB]eamtin|[vV]ormund|[pP]fleger(?=[ ])|[bB]etreuer|[rR]ichter(?=[ ][A-ZÄÖÜ])|"
    r"[nN]otar|[kK]aplan|[sS]chwester|[bB]ischof|"
    r"Diakon|Freiherr|Freifrau|Graf|Gräfin|Baron|Baronin|Prinz|Prinzessin|Fürst|Fürstin)(?:in|s|en|"
    r"n)?[ ](?:a\.D\.[ ])?(?=[A-ZÄÖÜ(]))")
_TOKEN: Final = re.compile(r"[^\W\d_]+(?:['’ʼ`´][^\W\d_]+)*(?:-[^\W\d_]+(?:['’][^\W\d_]+)*){0,3}")
_NICK: Final = re.compile(r"[ ][„“\"‚‘»«(]{1,2}[^\W\d_]{2,20}[“”\"‘’«»)]{1,2}(?=[ ][^\W\d_])")
_DIVIDED: Final = re.compile(r"-\n[ \t>]{0,4}(?!(?:und|oder|sowie|bzw)\b)[a-zäöüß]{2,14}\b")
"""The second half of a name that was divided at the end of the line."""
_GAPS: Final = re.compile(r"[ ]{1,2}")


def is_ordinary(word: str) -> bool:
    """Whether a capitalised word is an ordinary German word (or compound) rather than a name."""
    low = word.lower()
    if low in _NOUNS:
        return True
    if "-" in low:
        return low.rsplit("-", 1)[1] in _NOUNS
    return len(low) > 5 and low.endswith(_NOUN_ENDINGS)


def ordinary_words(name: str) -> tuple[int, ...]:
    """Return which words of a name (numbered from 0, commas count as spaces) are German words as well."""
    return tuple(i for i, word in enumerate(name.replace(",", " ").split()) if word.lower() in _THINGS)


def is_surname_too(word: str) -> bool:
    """Whether an ordinary word is a surname as well ("Zimmer", "Sonntag")."""
    return word.lower() in _SURNAMES_TOO


def is_given(word: str) -> bool:
    """Whether `word` is a common given name, or a double one."""
    return all(part in _GIVEN for part in word.lower().split("-"))


def skip_titles(text: str, position: int) -> int:
    """Return the place behind academic titles, offices and noble ranks at `position`: they are no part of the name."""
    for _ in range(5):
        match = _TITLES.match(text, position) or _OFFICES.match(text, position)
        if match is None or match.end() == position:
            return position
        if match[0][-1].isalpha() and text[match.end():match.end() + 1] not in ("", " "):
            return position
        position = match.end()
        while text[position:position + 1] == " ":
            position += 1
    return position


def read_name(text: str, position: int, *, words: int = 4, trust_first: bool = True) -> int | None:
    """Return where the name that begins at `position` ends, or None when no name begins there.

    `trust_first`: what stands there is a name because of what came before ("Herr Bäcker"), unless its ending forbids.
    """
    end: int | None = None
    count = 0
    first = ""
    at = position
    lead = 0
    while count < words and lead < 5:
        token = _TOKEN.match(text, at)
        if token is None:
            break
        word = token[0]
        if word[0].isupper():
            initial = len(word) <= 2 and text[token.end():token.end() + 1] == "."
            if initial and word in ("Nr", "Bl", "Zi", "Az"):
                break
            if not initial and not _continues(word, first, count, trust_first):
                break
            if len(word) == 1 and not initial and count == 0:
                break
            first = first or word
            count += 1
            end = token.end() + initial
            divided = _DIVIDED.match(text, end)
            if divided and len(word) > 2:
                return divided.end()
        elif word.lower() not in (PARTICLES if first else _LEADING) or not _upper_follows(text, token.end()) or (
                first and word.lower() in _FROM and _is_origin(text, token.end())):
            break
        else:
            trust_first = trust_first and (bool(first) or word.lower() in _NOBLE)
            first = first or word
            lead += 1
            at = _step(text, token.end())
            continue
        nick = _NICK.match(text, end) if count < words else None
        at = _step(text, nick.end() if nick else end)
        if at < 0:
            break
    return end


def _continues(word: str, first: str, count: int, trust_first: bool) -> bool:
    if count and word.isupper() and word.lower() in _SHOUTED:
        return False
    ordinary = is_ordinary(word)
    if not ordinary:
        return not (word.isupper() and len(word) == 2 and count > 0 and word in ("AG", "KG", "EU", "OB"))
    if count == 0 and trust_first and "-" in word and is_surname_too(word.rsplit("-", 1)[1]):
        return True
    if count == 0:
        return (trust_first and len(word) < 10 and word.lower() not in _OFFICE_ALONE
                and not word.lower().endswith(_NOUN_ENDINGS[:12]))
    return count == 1 and is_given(first) and not word.lower().endswith(_NOUN_ENDINGS[:30]) and not is_hard(word)


def is_hard(word: str) -> bool:
    """Words that never end a name, not even after a given name."""
    return word.lower() in _HARD


_OFFICE_ALONE: Final = words("""landrat landrätin minister ministerin präsident präsidentin direktor direktorin doktor
    professor professorin kollege kollegin kollegen bürgermeister vorsitzende vorsitzender abgeordnete abgeordneter
    rektor rektorin inspektor notar pastor pastorin pfarrer pfarrerin ratsherr stadtrat dezernent kämmerer senator""")
"""After "Herr" or "Frau" these address an office ("sehr geehrter Herr Landrat,"), unless a name follows."""
_HARD: Final = words("""antrag bescheid widerspruch termin wohngeld kindergeld und oder der die das den dem des ein
    eine ich sie er wir ihr
    bitte danke mit von vom zu zur zum im in am an auf für bei betreff hallo liebe lieber sehr tel telefon fax email
    mail straße weg
    name vorname nachname geburtsdatum anschrift adresse kind kinder mutter vater eltern sohn tochter amt stadt
    gemeinde""")


_SHOUTED: Final = words("""
    hat habe haben hatte ist sind war waren wird werden wurde wurden kann können konnte muss müssen soll
    sollen will wollen darf dürfen bittet bitten beantragt meldet möchte braucht fehlt kommt geht gibt
    zahlt wohnt ruft schreibt fragt sagt klagt legt stellt zieht hatten seit mit ohne nicht und oder der
    die das den dem des ein eine im in am an auf aus bei bis durch für gegen nach über um unter vom von
    vor wegen zum zur zu als auch noch nur sehr wie wir sie er es ihr ihre sein seine kein keine aber
    dass wenn weil sowie erneut bereits""")
"""Words that go on with the sentence where everything stands in capitals."""
_FROM: Final = words("von vom zum zur")
_COUNTRIES: Final = words("""
    ukraine syrien türkei polen russland rumänien bulgarien serbien kosovo albanien afghanistan irak
    iran eritrea somalia nigeria ghana marokko tunesien algerien ägypten indien pakistan vietnam china
    italien spanien griechenland kroatien bosnien deutschland österreich frankreich""")


def _is_origin(text: str, position: int) -> bool:
    """Whether what follows "von" or "vom" says where somebody belongs ("Beata vom Pflegedienst") and ends the name."""
    at = _step(text, position)
    token = _TOKEN.match(text, at) if at >= 0 else None
    if token is None:
        return False
    most = 6 if text[position - 2:position].lower() == "on" else 7  # "von" Grafenstein, but hardly "vom"
    return token[0].lower() in _COUNTRIES or (len(token[0]) > most and (most == 7 or is_ordinary(token[0])))


def _upper_follows(text: str, position: int) -> bool:
    """Whether a capitalised word follows, over at most two further particles."""
    for _ in range(3):
        at = _step(text, position)
        token = _TOKEN.match(text, at) if at >= 0 else None
        if token is None:
            return False
        if token[0][0].isupper():
            return True
        if token[0].lower() not in PARTICLES:
            return False
        position = token.end()
    return False


def _step(text: str, position: int) -> int:
    """Return the place behind one or two spaces, or -1 when none stands there."""
    gap = _GAPS.match(text, position)
    if gap:
        return gap.end()
    return position if text[position - 1:position] == "." and text[position:position + 1].isalpha() else -1


def without_genitive(text: str, start: int, end: int) -> int:
    """Return `end` without a genitive s, when the same name without it stands near ("Krügers" and "Krüger")."""
    if text[end - 1] != "s" or text[end - 2:end - 1] in ("s", "'", "’") or end - start < 4:
        return end
    begin = max(text.rfind(" ", start, end), text.rfind("-", start, end)) + 1 or start
    base = re.escape(text[max(begin, start):end - 1])
    around = text[max(0, start - 2000):end + 2000]
    return end - 1 if re.search(rf"(?<!\w){base}(?!\w)", around) else end
