"""The report about AI literacy (Art. 4 AI Act) as a paper: evidence of measures, never of a person.

What the numbers are, and what is withheld, is decided where they are counted (`gateway.registry.literacy`).
"""

from __future__ import annotations

import re
from typing import Final

from gateway.model.literacy import STANDINGS
from gateway.model.literacy import Report as Counted
from gateway.paper.report import Block, Check, Column, Report, Section, Table, Text
from gateway.reports.parts import late
from gateway.reports.situation import InForce
from gateway.reports.wording import STANDING_WORDS, STATES
from gateway.web import words

KIND: Final = "literacy"
TITLE: Final = "Maßnahmen zur KI-Kompetenz"


def paper(house: InForce, counted: Counted, waiting: int) -> Report:
    """Return the report; `waiting`: of how many people the state is just being worked out anew."""
    lead = (f"Wie viele Personen den KI-Pass haben, nach Ämtern und ohne Namen: "
            f"{words.many(counted.people, 'Person', 'Personen')}.{late(waiting)}")
    if not counted.lines:
        sections = [Section("KI-Pässe", (Text("Es sind weniger als fünf Personen eingetragen. Damit niemand zu "
                                              "erkennen ist, werden keine Zahlen angegeben."),))]
    else:
        sections = [*(_scope(counted, scope) for scope in counted.scopes), _contents(counted), _quarters(counted)]
    return house.paper(KIND, TITLE, lead, (*sections, _meaning()))


def _scope(counted: Counted, scope: str) -> Section:
    name = counted.scopes[scope]
    columns = (Column("Amt"), Column("Personen", "bar"), *(Column(STANDING_WORDS[s], "number") for s in STANDINGS))
    rows = tuple((line.department or "Weitere Ämter", line.people, *(line.told[scope][s] for s in STANDINGS))
                 for line in counted.lines)
    states = tuple((" oder ".join(STATES.get(s, s) for s in key.split("+")), number)
                   for key, number in sorted(counted.states[scope].items(), key=lambda pair: (-pair[1], pair[0])))
    return Section(name, (
        Table(f"amt-{scope}", f"KI-Pass „{name}“ nach Amt: Personen", columns, rows),
        Table(f"stand-{scope}", f"KI-Pass „{name}“ im ganzen Haus", (Column("Stand"), Column("Personen", "bar")),
              states, "Keine Angaben.")))


def _contents(counted: Counted) -> Section:
    rows = tuple((content.title, content.version.strip("+").replace("+", ", ") or "ohne Angabe", content.people)
                 for content in counted.contents)
    blocks: list[Block] = [Table("inhalte", "Auf welchen Fassungen die Nachweise beruhen, die heute gelten", (
        Column("Schritt"), Column("Fassung"), Column("Personen", "number")), rows, "Es gibt noch keine Nachweise.")]
    return Section("Inhalte", (*blocks, Text("Wer zwei Fassungen nachgewiesen hat, zählt bei beiden.")))


def _quarters(counted: Counted) -> Section:
    rows = tuple((re.sub(r"(\d{4})-Q(\d)", r"\2. Quartal \1", period), number) for period, number in counted.quarters)
    return Section("Zeiträume", (Table("zeitraum", "Abgeschlossene Schritte nach Vierteljahr", (
        Column("Vierteljahr"), Column("Schritte", "bar")), rows, "Es gibt noch keine abgeschlossenen Schritte."),))


def _meaning() -> Section:
    return Section("Was die Zahlen sagen und was nicht", (
        Text("Artikel 4 der Verordnung (EU) 2024/1689 (KI-VO) verlangt Maßnahmen, die die KI-Kompetenz des Personals "
             "fördern. Dieser Bericht belegt Maßnahmen: wie viele Personen die vorgesehenen Schritte abgeschlossen "
             "haben, mit welchen Fassungen und wann. Er misst nicht, was jemand kann."),
        Check("Wortlaut und Fundstelle von Artikel 4 nach dem Digital Omnibus."),
        Text("Er nennt keine Person. Ämter mit weniger als fünf Personen stehen zusammen. Ein Strich steht, wo eine "
             "Zahl auf weniger als fünf Personen schließen ließe, auch durch Abziehen von den Summen.")))
