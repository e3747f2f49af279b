"""No text makes a recognizer explode: hostile texts of 50,000 characters, and work in proportion to the length.

A pattern that backtracks without end cannot be counted from inside, so all texts go through one child process whose
CPU time is limited far above what they need: a net, not a benchmark. What reads the whole text (normalisation, tables,
templates) reads all of it; the recognizers get the first or the last window, since no window costs more than another.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from gateway.detection.reading import windows
from gateway.detection.sheet import MARGIN

ROOT = Path(__file__).parents[2]
SECONDS = 90
"""All texts together need a few seconds; one quadratic pattern over a whole text alone needs half a minute."""

CHILD = r"""
import sys
from gateway.detection.own import template
from gateway.detection.recognizers import all_rules
from gateway.detection.reading import windows
from gateway.detection.sheet import Sheet, lexicon
from gateway.detection.table import cells
from gateway.redaction.normalise import normalise
from tests.property.test_detection_work import hostile

rules = all_rules()
words = lexicon(rules)
for number, text in enumerate(hostile()):
    text = normalise(text).text
    table = cells(text)
    lo, hi = windows(text)[-(number % 2)]
    sheet = Sheet(text, words, table, lo, hi)
    for rule in rules:
        for finding in rule.find(sheet):
            assert 0 <= finding.start < finding.end <= len(text), (rule.name, finding)
    template("@+#+-@+#+/#+").search(text[:50_000])
"""

UNITS = (
    "1", "1 ", "1.", "1-", "1/", "12.3.", "12. ", "1 2", "a", "a ", "A", "A ", "Aa ", "Aa-", "Aa.", "a@", "@", "a.",
    "a.b@", "0", "00", "0/", "+49 ", "(0", "DE", "DE1", "DE12 ", "A1", "A<", "<", "Y1Z2", "AB-C 1", "::", "1:",
    "a:", "é", "ß", "*", "* ", "*1", "†", "geb. ", "geb. am ", "geboren in Bonn ", "verstorben ", "verstorben am ",
    "krank ich ", "seit dem ", "2012 ", "2012, ", "Mai ", "1. Mai ", "1. Mai bis ", "Advent ", "Kinder: ",
    "Kinder Emma ", "Anna Alt, ", "Anna „A“ Alt ", "Frau ", "Herr von der ", "Dr. ", "Dr. med. ", "von der ",
    "Name: ", "Name: Alt, ", "Eheleute A und ", "Mutter ", "Az. ", "Az. A 1-", "Nr. ", "Schüler-Nr. ",
    "Kassenzeichen ", "Flurstück 1, ", "Gemarkung A ", "Blatt 1 ", "Grundbuch ", "Str. 1 ", "Am Alten ", "An der ",
    "Am A 1 ", "12345 ", "12345 Bad ", "Postfach 12 ", "Anschrift: A ", "c/o A, ", "IBAN ", "IBAN DE1 ", "Kto. 1 ",
    "Tel. ", "Tel. 0", "Tel. 0-", "Durchwahl -", "account ", "/home/a", "\\", "x\\A", "Herr\n", "\n", "\n\n", "\t",
    "|", "| ", ";", "a,", "a,b,c\n", "Name,Name,geb\n", "Name\t", "Name|geb|\n", '"', '",', '"a",', "Hallo ",
    "Grüße\n", "Grüße\n\n", "gez. ", "(at) ", "[", "[at]", "_", "§", "VS-", "GdB ", "Staatsangehörigkeit: ",
    "\u00a0", "\u200b", "a\u0301", "А", "aА", "ZZZ", "DE12ZZZ", "WVW", "1FK", "123456_", "12 Js ", "A 2025/",
    "1.1.", "Kopf ", "kann nicht laufen ", "aus Syrien ", "Frau Krug krank ", "evangelischen ", "Diagnose: ",
    "GEHEIM\n", "er trinkt ", "stammt in ", "GdB 50 ", "wegen verurteilt ", "Kopf am Herz ", "ich ", "krank. ",
    "Straße der A ", "-\n", "A-\n", "Am Alten Markt 3 ", "alter weg 3, ", "wohnt A 1, ", "a 1 ", "Anna Alt, 1",
    "Alt, Anna, 1.1.1980, ", "Alt, Anna\n", "(1.1.80) ", "1980 (", "Name   ", "Name   geb.   ", "a  b  1\n",
    "INSERT INTO t (name, geb) VALUES (", "('", "', '", "('a', 1), ", "Az. (", "1 1 1 (", "A1 = ", "Kunden-Nr. ",
    "Gesch.-Z. ", "u. Z. ", "Flur 1 ", "Gem. A Fl. 1 ", "Flst. 1/1, ", "Bl. 1 ", "Pass, Nr. ", "Pass A ", "St.-ID ",
    "a @ b.de ", "@\n", " AT ", "a AT b DOT ", "1.I.", "12. V. ", "1980-01-01T00:00", "TO_DATE('", '{"geburt": {',
    "geb. des Kindes ", "G 1/2000 ", "ST/1", "krank seit ", "Tel. intern ", "AU vom 1.1. bis ",
)


def hostile() -> list[str]:
    """Texts that repeat one unit, that never end what they begin, and that alternate units."""
    size = 50_000
    texts = [(unit * (size // len(unit) + 1))[:size] for unit in UNITS]
    pairs = zip(UNITS, UNITS[7:] + UNITS[:7], strict=True)
    texts.append("a" + "\u0301\u0323" * (size // 2))
    return texts + [((a + b) * (size // len(a + b) + 1))[:size] + "!" for a, b in list(pairs)[::2]]


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))


def test_no_hostile_text_makes_a_recognizer_explode() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], cwd=ROOT, preexec_fn=limit, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_windows_bound_the_work_of_a_long_text() -> None:
    """What the recognizers read of a text: each character at most as often as windows and their margins overlap."""
    for size in (50_000, 200_000):
        for unit in ("a", "a ", "Antrag\n", "Satz. \n\n"):
            text = (unit * size)[:size]
            read = sum(min(size, hi + MARGIN) - max(0, lo - MARGIN) for lo, hi in windows(text))
            assert read <= 2 * size
