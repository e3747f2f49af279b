"""German municipal text for the load generator: seeded, endless, never the same twice.

A benchmark that repeats its texts measures caches. Every text here is composed anew from parts, and the parts vary
inside the sentence (compound nouns, numbers, names, dates), so that neither a whole text nor, as a rule, a sentence
comes back. The same seed gives the same texts. It does not imitate a person's style; it has the length, the
vocabulary spread and the density of personal data of a real mail. Nobody in it exists; check digits are right,
because a detector that validates them would otherwise do less work than in life.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

SHORT = 200
MAIL = 2_000
TURNS = 20
TURN = 940
CONVERSATION = 20_000
FIRST_TURN = CONVERSATION - (TURNS - 1) * TURN
ANSWER = 640
"""Of the 940 characters of a further turn: the model's last answer; the rest is the next question."""

Message = dict[str, str]


def _list(words: str) -> list[str]:
    return words.split()


_FORE = _list("""
Abfall Abwasser Anlieger Anwohner Ausländer Bau Bebauungs Bestattungs Betreuungs Bewohner
Bildungs Brandschutz Bürger Denkmal Eingliederungs Elternbeitrags Energie Erschließungs Fahrerlaubnis
Feuerwehr Flächen Friedhofs Gaststätten Gebäude Gehweg Gewerbe Gleichstellungs Grundsteuer Grünflächen Haushalts
Hunde Jugend Katastrophenschutz Kinder Klima
Kultur Landschafts Lärmschutz Markt Melde Musikschul Nachtrags Naturschutz Obdachlosen Ordnungs Park Pflege Planungs
Rats Reinigungs Sanierungs Schul Senioren Sondernutzungs Sozial Spielplatz Sport Stadt Straßen Tagespflege Tiefbau
Umwelt Unterhalts Verkehrs Vergabe Versammlungs Verwaltungs Volkshochschul Wahl Wasser Wohngeld Zuwendungs""")
_HEAD_F = _list("""
planung satzung verordnung abteilung beratung behörde gebühr genehmigung prüfung förderung vorlage ordnung
anhörung stelle beteiligung untersuchung abrechnung richtlinie erklärung vereinbarung""")
_HEAD_M = _list("""ausschuss antrag bescheid beitrag plan bericht vermerk vertrag entwurf beschluss nachweis bedarf
dienst
termin zuschuss haushalt rückstand""")
_HEAD_N = _list("""amt konzept verfahren gutachten gesetz programm angebot vorhaben protokoll register formular budget
projekt verzeichnis gebiet schreiben""")
_VERB = _list("""prüfen überarbeiten erläutern veröffentlichen vorbereiten zusammenfassen ergänzen abstimmen anpassen
begründen ablehnen bewilligen verlängern zurückstellen weiterleiten einarbeiten bewerten ausschreiben""")
_ADJ = _list("""
zuständige aktuelle neue vorläufige geänderte überfällige schriftliche interne öffentliche ergänzende
befristete einheitliche verbindliche strittige vollständige rechtzeitige barrierefreie gemeinsame""")
_MONTH = _list("Januar Februar März April Mai Juni Juli August September Oktober November Dezember")
_GIVEN_F = _list("""
Sabine Petra Ayşe Katarzyna Heike Ingrid Nadja Svetlana Birgit Leonie Fatma Hannelore Magdalena Ruth
Yvonne Karin Elif Ursula Jasmin Dorothea Mira Anke""")
_GIVEN_M = _list("""
Jürgen Mehmet Thomas Piotr Wolfgang Stefan Ahmed Dieter Lukas Rainer Dimitri Holger Emre Matthias Bernd
Nguyen Karl-Heinz Florian Achim Tarek Uwe Sebastian""")
_GIVEN = _GIVEN_F + _GIVEN_M
_SUR_A = _list("""Acker Berg Brandt Dorn Eber Feld Fried Grün Hart Hecken Hoff Kirch Kramp Kleff Lauter Linden Mühl
Neu Ober
Rosen Sand Schön Stein Thal Wester Wies Wolf Zander""")
_SUR_B = _list("bauer berger hagen haus hoff kamp lein mann meier müller rath scheid schmidt stein wald weg")
_SUR_PLAIN = _list("""Yılmaz Kowalski Nguyễn Özdemir Petrov Schulz Krüger Hoffmann Weiß Vogt Jansen Kaya Lehmann Groß
Ivanova""")
_TREE = _list("Linden Eichen Buchen Ahorn Kastanien Birken Rosen Garten Mühlen Schul Kirch Bahnhof Brunnen Schloss")
_WAY = _list("straße weg allee gasse ring platz")
_TOWN = _list("Musterstadt Neuenfeld Altenbrück Rotheim Sankt-Veit Birkenau Oberlauter Kleinhagen")
_HOST = _list("posteo.example t-mail.example post.example webmail.example musterstadt.example")
_LETTER = "ABCEFHKLMNPRSTX"
_PLATE = _list("MU NE AL RO BI OL")

_PLAIN = (
    "Bitte lassen Sie {df} {adj} {cf} bis zur {n}. Kalenderwoche {v} und nennen Sie {n2} offene Punkte.",
    "Im {cm2} vom {mon} steht, dass {df} {cf} um {n} Prozent steigt; {dn} {cn} nennt dagegen nur {n2} Prozent.",
    "Für {dm} {cm} fehlen noch {n} Unterlagen, darunter {df} {adj} {cf} und {dn} {cn}.",
    "Wie lässt sich {dn} {cn} in höchstens {n} Sätzen {v}, ohne dass {df} {cf} unerwähnt bleibt?",
    "Nach § {n} Absatz {d} ist {df} {cf} innerhalb von {n2} Tagen zu {v}.",
    "Der {cm} hat {dn} {adj} {cn} im {mon} vertagt, weil {df} {cf} nicht vorlag.",
    "{dn_} {cn} kostet rund {n}{n2}0 Euro; {df} {cf} trägt davon {d} Fünftel.",
    "Formulieren Sie {df} {adj} {cf} so, dass auch Menschen ohne Vorwissen {dm} {cm} verstehen.",
    "In der Sitzung ging es um {df} {cf}, {dm} {cm} sowie in {n} Minuten um {dn} {cn}.",
    "Die {cf} soll {dn} {cn} {v}, sobald {df} {adj} {cf2} nach {n} Wochen abgeschlossen ist.",
    "Ob {df} {cf} für {n} Haushalte gilt, muss {dn} {cn} im {mon} noch {v}.",
    "Erstellen Sie bitte eine Liste mit {n} Punkten, die {dm} {cm} und {df} {cf} gegenüberstellt.",
    "Rückfragen zur {cf} hat {dn} {cn} bislang {n}-mal beantwortet, zuletzt im {mon}.",
)
_PERSONAL = (
    "{herr} {name} wohnt seit {mon} in der {street}, {zip} {town}, und ist unter {phone} erreichbar.",
    "Die Rückzahlung soll auf das Konto {iban} erfolgen, Kontoinhaber ist {full}.",
    "{full}, geboren am {birth}, hat {dm} {cm} persönlich abgegeben.",
    "Die Steuer-Identifikationsnummer {tax} von {herr} {name} liegt der {cf} vor.",
    "Bitte antworten Sie {herr2} {name} an {mail} und setzen Sie {dn} {cn} in Kopie.",
    "Auf dem Gehweg parkt wiederholt das Fahrzeug {plate}, Halter laut {cm} ist {full}.",
    "Das Aktenzeichen lautet {case}; zuständig ist {herr} {name}, Durchwahl {phone}.",
    "{full} bittet um Rückruf unter {phone}, weil {df} {cf} an die {street} ging.",
)

_SIGNATURE = "\n\nMit freundlichen Grüßen\n{full}\n{street}\n{zip} {town}\nTelefon {phone}\nE-Mail {mail}"
_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i", "ş": "s", "ễ": "e"})


class Texts:
    """An endless source of different texts; one seed, one sequence."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def short(self) -> str:
        """Return a chat question of 200 characters without personal data."""
        return self._fill(SHORT, _PLAIN)

    def short_personal(self) -> str:
        """Return a chat question of 200 characters that begins with a person and a telephone number."""
        head = self._sentence("Frau {name}, Telefon {phone}, fragt nach. ")
        return head + self._fill(SHORT - len(head), _PLAIN)

    def mail(self) -> str:
        """Return a mail of 2,000 characters: salutation, prose, every third sentence personal, signature."""
        head = self._sentence("Sehr geehrte Frau {name},\n\n")
        tail = self._sentence(_SIGNATURE)
        return head + self._fill(MAIL - len(head) - len(tail), _PLAIN, _PERSONAL) + tail

    def conversation(self) -> list[Message]:
        """Return the 40 messages of a whole conversation of 20 turns and 20,000 characters; see `turn`."""
        system = "Sie unterstützen die Verwaltung der Stadt. " + self._fill(600, _PLAIN)
        messages = [{"role": "system", "content": system},
                    {"role": "user", "content": self._fill(FIRST_TURN - len(system), _PLAIN, _PERSONAL)}]
        for _ in range(TURNS - 1):
            messages.append({"role": "assistant", "content": self._fill(ANSWER, _PLAIN, _PERSONAL)})
            messages.append({"role": "user", "content": self._fill(TURN - ANSWER, _PLAIN, _PERSONAL)})
        return messages

    def _fill(self, length: int, plain: tuple[str, ...], personal: tuple[str, ...] = ()) -> str:
        parts: list[str] = []
        total = -1
        while total < length:
            templates = personal if personal and len(parts) % 3 == 1 else plain
            parts.append(self._sentence(self.pick(templates)))
            total += len(parts[-1]) + 1
        return " ".join(parts)[:length - 1] + "."

    def _sentence(self, template: str) -> str:
        return _SLOT.sub(lambda match: _FILLERS[match[1]](self), template)

    def pick(self, words: Sequence[str]) -> str:
        """Return one of the words."""
        return words[int(self._random.random() * len(words))]

    def number(self, low: int, high: int) -> int:
        """Return a number from `low` to `high`, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def surname(self) -> str:
        """Return a family name: most are composed, so that there are some hundreds."""
        return self.pick(_SUR_PLAIN) if self._random.random() < 0.2 else self.pick(_SUR_A) + self.pick(_SUR_B)

    def full(self) -> str:
        """Return a first and a family name."""
        return f"{self.pick(_GIVEN)} {self.surname()}"

    def address(self) -> str:
        """Return an e-mail address."""
        name = self.full().lower().translate(_FOLD).replace(" ", ".")
        return f"{name}{self.number(1, 99)}@{self.pick(_HOST)}"

    def iban(self) -> str:
        """Return a German IBAN in groups of four, with the right check digits."""
        account = f"{self.number(10**17, 10**18 - 1)}"
        check = 98 - int(account + "131400") % 97
        raw = f"DE{check:02}{account}"
        return " ".join(raw[i:i + 4] for i in range(0, len(raw), 4))

    def tax_id(self) -> str:
        """Eleven digits: one digit of the first ten stands twice, one is missing; ISO 7064 MOD 11,10 at the end."""
        digits = self._random.sample(range(10), 9)
        if digits[0] == 0:
            digits[0], digits[1] = digits[1], digits[0]
        digits.insert(self.number(2, 9), digits[0])
        product = 10
        for digit in digits:
            total = (digit + product) % 10 or 10
            product = total * 2 % 11
        return "".join(map(str, digits)) + str((11 - product) % 10)


def turn(messages: list[Message], number: int) -> list[Message]:
    """Return what a client sends in turn `number` (1 to 20): everything so far, with the newest question last."""
    return messages[:2 * number]


_SLOT = re.compile(r"\{(\w+)\}")
_FILLERS: dict[str, Callable[[Texts], str]] = {
    "df": lambda _: "die",
    "dm": lambda _: "den",
    "dn": lambda _: "das",
    "dn_": lambda _: "Das",
    "v": lambda t: t.pick(_VERB),
    "adj": lambda t: t.pick(_ADJ),
    "mon": lambda t: f"{t.pick(_MONTH)} {t.number(2019, 2026)}",
    "n": lambda t: str(t.number(2, 99)),
    "n2": lambda t: str(t.number(2, 99)),
    "d": lambda t: str(t.number(1, 4)),
    "cf": lambda t: t.pick(_FORE) + t.pick(_HEAD_F),
    "cf2": lambda t: t.pick(_FORE) + t.pick(_HEAD_F),
    "cm": lambda t: t.pick(_FORE) + t.pick(_HEAD_M),
    "cm2": lambda t: t.pick(_FORE) + t.pick(_HEAD_M),
    "cn": lambda t: t.pick(_FORE) + t.pick(_HEAD_N),
    "herr": lambda t: t.pick(("Herr", "Frau")),
    "herr2": lambda t: t.pick(("Herrn", "Frau")),
    "name": lambda t: t.surname(),
    "full": lambda t: t.full(),
    "street": lambda t: f"{t.pick(_TREE)}{t.pick(_WAY)} {t.number(1, 180)}",
    "zip": lambda t: f"{t.number(1_067, 99_998):05}",
    "town": lambda t: t.pick(_TOWN),
    "phone": lambda t: f"0{t.number(2, 9)}{t.number(10, 99)}{t.number(1, 9)} {t.number(10_000, 9_999_999)}",
    "birth": lambda t: f"{t.number(1, 28):02}.{t.number(1, 12):02}.{t.number(1938, 2008)}",
    "plate": lambda t: f"{t.pick(_PLATE)}-{t.pick(_LETTER)}{t.pick(_LETTER)} {t.number(10, 9999)}",
    "case": lambda t: f"{t.number(10, 69)}-{t.number(100, 999)}/{t.number(2019, 2026)}-{t.number(1, 9999):04}",
    "mail": lambda t: t.address(),
    "iban": lambda t: t.iban(),
    "tax": lambda t: t.tax_id(),
}
