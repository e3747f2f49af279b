"""CPU time of detection, whole and per recognizer: ``python -m tests.bench.detection_bench`` or run the file.

Texts differ from run to run in their numbers, so that no cache helps; medians of many rounds.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.detection import build_detector
from gateway.detection.recognizers import all_rules
from gateway.detection.sheet import Sheet, lexicon
from gateway.detection.table import cells
from gateway.model.finding import Passage

CHAT = ("Bitte formuliere eine freundliche Antwort an Frau Sabine Lindqvist, Kassenzeichen 7734.0{n:03d}.2. "
        "Sie hat die Mahnung vom 3. März nicht verstanden und fragt, ob sie in zwei Raten zahlen darf. Danke.")
MAIL = """Von: Kerstin Hollmann, Wohngeldstelle
Betreff: Ihr Antrag auf Wohngeld, Az. 50.2-WG-2025/00{n:04d}

Sehr geehrte Frau Dr. Arslan, sehr geehrter Herr Arslan,

vielen Dank für Ihren Antrag vom 14. Oktober 2025, der am 16. Oktober bei uns eingegangen ist. Nach § 19 WoGG
beträgt die Miete, die wir
berücksichtigen dürfen, für einen Haushalt mit vier Personen höchstens 1.024,00 Euro. Ihre Angaben haben wir
geprüft: Die Wohnung in der
Friedrich-Ebert-Straße 117a, 33330 Gütersloh ist 92 Quadratmeter groß und wird mit Gas beheizt. Als Einkommen haben
Sie 2.345,50 Euro im
Monat angegeben; die Verdienstbescheinigung Ihres Arbeitgebers nennt 2.412,80 Euro.

Bitte reichen Sie bis zum 30. November folgende Unterlagen nach:
1. die Geburtsurkunde Ihres Sohnes Emir, geboren am 07.11.2019,
2. den Nachweis der Krankenkasse (Versichertennummer A000500015),
3. die letzten drei Kontoauszüge des Kontos DE89 3704 0044 0532 0130 00,
4. Ihre Steuer-Identifikationsnummer; in unseren Akten steht 86 095 742 719.

Wenn Ihnen die Unterlagen fehlen, rufen Sie uns bitte an. Sie erreichen mich montags bis donnerstags unter 05241 /
98 7{n:04d} oder per
E-Mail an kerstin.hollmann@stadt-musterstadt.example. Allgemeine Fragen beantwortet auch die Behördennummer 115.
Unsere Sprechzeiten
finden Sie auf der Seite der Stadt. Das Rathaus ist barrierefrei erreichbar, der Aufzug befindet sich neben dem
Haupteingang.

Sollten wir bis zum genannten Tag nichts von Ihnen hören, müssten wir über den Antrag nach Lage der Akten
entscheiden; das kann zu einer
Ablehnung nach § 66 SGB I führen. Das möchten wir gern vermeiden. Eine Verlängerung der Frist ist möglich, wenn Sie
uns kurz schreiben,
warum Sie mehr Zeit brauchen. Wohngeld wird ab dem Ersten des Monats gezahlt, in dem der Antrag gestellt worden ist.
Die Auszahlung
erfolgt jeweils zum Monatsende auf das angegebene Konto. Eine Änderung der Bankverbindung teilen Sie uns bitte
schriftlich mit.

Mit freundlichen Grüßen
Im Auftrag

Kerstin Hollmann
"""


def _median(work: Callable[[int], object], rounds: int) -> float:
    times = []
    for n in range(rounds):
        begin = time.process_time_ns()
        work(n)
        times.append(time.process_time_ns() - begin)
    return statistics.median(times) / 1e6


def main() -> None:
    detector = build_detector()
    rules = all_rules()
    words = lexicon(rules)
    long = "\n".join(MAIL.format(n=n) for n in range(100))[:200_000]
    print("characters: chat", len(CHAT.format(n=1)), "mail", len(MAIL.format(n=1)))
    for name, template, rounds in (("chat", CHAT, 400), ("mail", MAIL, 200)):
        took = _median(lambda n, t=template: detector.find(Passage(t.format(n=n))), rounds)
        print(f"{name:6} {took:7.3f} ms, findings",
              len(detector.find(Passage(template.format(n=1)))))
    print(f"50 k   {_median(lambda n: detector.find(Passage(str(n) + long[:50_000])), 5):7.1f} ms")
    print(f"200 k  {_median(lambda n: detector.find(Passage(str(n) + long)), 2):7.1f} ms")

    async def hops() -> None:
        begin, count = time.process_time_ns(), 300
        for n in range(count):
            await detector.inspect([Passage(CHAT.format(n=n))])
        print(f"chat through inspect(), new   {(time.process_time_ns() - begin) / count / 1e6:7.3f} ms")
        begin = time.process_time_ns()
        for n in range(count):
            await detector.inspect([Passage(CHAT.format(n=n))])
        print(f"chat through inspect(), known {(time.process_time_ns() - begin) / count / 1e6:7.3f} ms")

    asyncio.run(hops())
    mail = MAIL.format(n=4711)
    sheet = Sheet(mail, words, cells(mail))
    print(f"index of words {_median(lambda n: Sheet(mail, words).hits('X'), 300):7.3f} ms")
    sheet.hits("X")
    for rule in rules:
        print(f"  {rule.name:14} {_median(lambda n, r=rule: list(r.find(sheet)), 200):7.3f} ms")


if __name__ == "__main__":
    main()
