"""Whether an ordinary word that is somebody's surname as well is meant as the name where it stands.

"Frau Zimmer" must not make a name of every "Zimmer" in the request. Only single words are asked about, and only where
propagation found them: what the recogniser finds in its own place is replaced without a question.

What speaks for the name, whatever else stands there: a salutation, title, initial or known name beside it, a line or
cell of its own, a place inside a file name. What speaks against it: an article, number word or adjective before it, a
preposition that a thing needs, a number or a hyphen behind it, a small letter. Where neither does, a word at the
beginning of a sentence, behind another noun ("Akte Zimmer"), behind a preposition that people have ("laut", "von")
or behind a verb of telling is the name: a German noun in the singular hardly stands there without its article.

What it does not know: the plural that looks like the singular ("Zimmer frei"), and materials ("mit Stein").
"""

from __future__ import annotations

import re
from collections.abc import Container

from gateway.redaction.normalise import normalise

_REACH = 48
_WORD_BEFORE = re.compile(r"([^\W\d_]+(?:[-'’][^\W\d_]+)*)(\.?)([ ,\t]{1,3}|[ ]?\n)\Z")
_WORD_BEHIND = re.compile(r"([ ]|,[ ]|-)([^\W\d_]+)")
_TITLE = re.compile(
    r"(?:\b(?:herrn?|frau|hr|fr|familien?|fam|eheleuten?|ehepaar|geschwister|dr|prof|med|jur|phil|ing|mag|dipl|mr|mrs|ms|"
    r"geb|geborene[rn]?|verh|verw|gesch|genannt|gez|i\.[ ]?[av]|im[ ]auftrag|kolleg(?:e|en|in))\.?[,]?|\b[a-zäöü]\.)"
    r"[ \n]{1,3}\Z", re.IGNORECASE)
_BORN = re.compile(r"[ ]?[(,][ ]?(?:geb|\*|verh|gesch|verw)|,[ ][A-ZÄÖÜ]\.")
_EDGE_LEFT = re.compile(r"(?:\A|[\n|;\t\"„“»>])[ \t*_>#•·–-]*\Z")
_EDGE_RIGHT = re.compile(r"[ \t*_]*[.!,]?[ \t]*(?:\Z|[\n|;\t\"“”«<])")
_NUMBERED = re.compile(r"[ ](?:Nr\.?[ ]?)?\d|-[^\W_]|[ ]?:[ \t]*(?:\d|\n|\Z)")
_COUNTED = re.compile(r"\d[ ](?:[a-zäöüß]+e[ ])?\Z")
_SENTENCE = re.compile(r"(?:\A|[.!?:\n>•(–-])[ \t\"„“»*]*\Z")
_FILE = re.compile(r"[_\\@]|\.[a-z]{2,4}\b(?!\.)")
_ARTICLES_WORDS = """
    der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner keines mein meine
    meinen meinem meiner dein deine sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer unser unsere
    unseren unserem unserer euer eure dieser diese dieses diesen diesem jener jene jenes jenen jenem jeder jede
    jedes jeden jedem welcher welche welches welchen welchem solcher solche solches solch mancher manche manches
    alle allen aller alles beide beiden viele vielen mehrere mehreren einige einigen wenige wenigen etliche
    manch viel wenig mehr weniger etwas genug nur kaum halb anderthalb dutzend zwei drei vier fünf sechs sieben
    acht neun zehn elf zwölf im am zum zur beim vom ins ans aufs fürs ums übers in auf aus unter hinter neben
    ohne pro je per statt als wie zwischen vor nach über um bis ab seit anzahl stück größe art sorte arten paar
    erster erste ersten zweite zweiten dritte dritten nächste nächsten letzte letzten the a an his her their"""
_ARTICLES = frozenset(_ARTICLES_WORDS.split())
"""Articles, number words and prepositions: what stands behind them is a thing."""
_PEOPLE_WORDS = """
    von mit bei an für durch gegen laut lt gemäß zu seitens gegenüber wegen samt betr betreffend betrifft bzgl
    bezüglich re dass ob weil wenn da denn aber falls sobald nachdem bevor während sei hat hatte habe hätte ist
    war wäre wird wurde würde werde soll sollte will wollte kann könne konnte muss müsse musste darf dürfe
    durfte möchte bat bittet sagt sagte erklärt erklärte meint meinte fragt fragte gibt gab teilt teilte
    berichtet berichtete schreibt schrieb ruft rief nennt nannte bestätigt bestätigte bestreitet bestritt
    behauptet behauptete kommt kam lässt ließ verlangt verlangte fordert forderte gez so also jetzt heute
    gestern morgen dann dort daher daraufhin dabei damit deshalb hier danach anschließend zuletzt by with for
    from to"""
_PEOPLE = frozenset(_PEOPLE_WORDS.split())
"""Behind these words a person needs no article, and a thing mostly does."""
_AND = frozenset({"und", "oder", "sowie", "bzw", "u"})
_INFLECTED = re.compile(r"[a-zäöüß]{2,}(?:e|er|es|em|en)\Z")
_TELLS = re.compile(r"[a-zäöüß]{2,}te\Z")


def is_name_here(text: str, start: int, end: int, known: Container[str]) -> bool:
    """Whether the ordinary word ``text[start:end]`` is a person's name; `known` are single names in lower case."""
    left, right = normalise(text[max(0, start - _REACH):start]).text, normalise(text[end:end + _REACH]).text
    if left[-1:].isalnum() or _FILE.match(right) or left[-1:] in ("_", "\\"):
        return True
    before, behind = _WORD_BEFORE.search(left), _WORD_BEHIND.match(right)
    if _TITLE.search(left) or _BORN.match(right) or _beside_a_name(left, before, behind, known):
        return True
    if not text[start].isupper() or left[-1:] in ("-", "/") or _NUMBERED.match(right) or _COUNTED.search(left):
        return False
    if _EDGE_LEFT.search(left) and _EDGE_RIGHT.match(right):
        return True
    return _SENTENCE.search(left) is not None or before is None or _leads_to_a_name(left, before, behind)


def _beside_a_name(left: str, before: re.Match[str] | None, behind: re.Match[str] | None,
                   known: Container[str]) -> bool:
    """ "Anna Zimmer", "Zimmer, Anna", "Krause und Zimmer"; the other name with a capital letter as well."""
    if behind is not None and behind[2][0].isupper() and behind[2].lower() in known:
        return True
    if before is not None and before[1].lower() in _AND:
        before = _WORD_BEFORE.search(left, 0, before.start())
    return before is not None and before[1][0].isupper() and before[1].lower() in known


def _leads_to_a_name(left: str, before: re.Match[str], behind: re.Match[str] | None) -> bool:
    word, low = before[1], before[1].lower()
    if "," in before[3]:  # a clause begins ("..., Zimmer habe"), or a list goes on
        return behind is not None and behind[1] == " " and behind[2][0].islower() and behind[2] not in _AND
    if low in _PEOPLE:
        return True
    if low in _ARTICLES or low in _AND or before[2]:
        return False
    if word[0].isupper():
        return True
    further = _WORD_BEFORE.search(left, 0, before.start())
    if further is not None and further[1].lower() in _ARTICLES:
        return False  # "das helle Zimmer", "drei möblierte Zimmer"
    return _TELLS.match(word) is not None or not _INFLECTED.match(word)
