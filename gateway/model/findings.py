"""What is worth a finding, and the words for it: what happened, why it matters, what to do. Pure.

A rule counts (`Rule.least`: from how many on it is worth telling) or watches a condition that holds or does not. Its
words speak of departments, models and numbers, never of a person; a department of fewer than five people is told as
`OTHERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from gateway.model.casework import Severity
from gateway.model.deadlines import BERLIN

Period = Literal["day", "week", "month", "once"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that the house tells the data protection officer by itself."""

    key: str
    title: str
    severity: Severity
    what: str
    """What happened; ``{wo}`` stands for the place, ``{zahl}`` for how often."""
    why: str
    todo: str
    least: int = 1
    period: Period = "once"
    standing: bool = False
    """A condition: it lasts, and ends by itself when it is mended."""


RULES: Final[dict[str, Rule]] = {rule.key: rule for rule in (
    Rule("antwort_angaben", "Angaben zu Personen in einer Antwort", "mittel",
         "Antworten von KI-Modellen enthielten Angaben zu Personen, die so niemand gesendet hatte, oder ersetzte "
         "Angaben, die der Anbieter trotzdem nannte ({wo}; Antworten: {zahl}).",
         "Solche Angaben können erfunden sein, oder das Modell kennt sie aus anderer Quelle. Beides kann Menschen "
         "schaden, wenn es in einen Bescheid oder Vermerk gelangt.",
         "Sehen Sie im Protokoll nach, welches Modell und welcher Zweck es war. Erinnern Sie den Bereich daran, "
         "Antworten zu prüfen. Wenn der Anbieter ersetzte Angaben kannte, prüfen Sie, ob ein Vorfall vorliegt.",
         period="week"),
    Rule("besondere_daten", "Abgelehnt: besondere oder soziale Daten", "niedrig",
         "Anfragen mit Gesundheitsangaben, anderen Angaben nach Art. 9 DSGVO oder Sozialdaten wurden abgelehnt "
         "({wo}; Anfragen: {zahl}). Es wurde nichts gesendet.",
         "Die Regeln haben gewirkt. Viele solcher Ablehnungen zeigen, dass ein Bereich für seine Arbeit ein Modell "
         "braucht, das diese Daten erhalten darf, oder dass die Regeln nicht bekannt sind.",
         "Sprechen Sie mit der Leitung des Bereichs: Gibt es ein Modell im Haus dafür? Fehlt eine Schulung?",
         least=5, period="month"),
    Rule("viele_ablehnungen", "Viele Ablehnungen in einem Bereich", "niedrig",
         "In einer Woche wurde mehr als ein Viertel der Anfragen abgelehnt ({wo}; Ablehnungen: {zahl}).",
         "Wer oft abgelehnt wird, weicht auf andere Werkzeuge aus, über die niemand wacht.",
         "Sehen Sie im Protokoll nach den Gründen. Meist hilft ein passendes Modell, eine Schulung oder ein KI-Pass.",
         least=30, period="week"),
    Rule("ergebnis_fehlt", "Vorgänge ohne Ergebnis", "mittel",
         "Anfragen wurden gesendet, aber wie sie endeten, ist nicht bekannt ({wo}; Vorgänge: {zahl}).",
         "Ein Prozess ist abgebrochen, oder die Datenbank war nicht erreichbar. Ob eine Antwort ankam, weiß niemand.",
         "Fragen Sie die IT, was zu dieser Zeit geschah. Wiederholt es sich, ist der Betrieb gestört.",
         period="day"),
    Rule("luecke", "Lücke im Protokoll", "hoch",
         "Im Protokoll fehlen Einträge, die ein Prozess geschrieben haben muss (Lücken: {zahl}).",
         "Was fehlt, lässt sich nicht mehr nachweisen. Ursache kann ein Absturz sein oder ein Eingriff.",
         "Lassen Sie das Protokoll prüfen und die Datenbank sichern. Fragen Sie die IT nach Abstürzen und "
         "Wiederherstellungen an diesem Tag.", period="day"),
    Rule("pruefung_fehlgeschlagen", "Prüfung des Protokolls fehlgeschlagen", "hoch",
         "Der Prüfer hat das Protokoll als verändert, gekürzt oder lückenhaft gemeldet.",
         "Das Protokoll ist der Nachweis gegenüber Bürgerinnen und Bürgern, Personalrat und Aufsicht. Eine "
         "Veränderung ist ein Eingriff oder ein schwerer Fehler.",
         "Ändern Sie nichts. Lassen Sie die Datenbank sichern, prüfen Sie mit der Notiz aus Ihrem Postfach auf einem "
         "anderen Rechner und sprechen Sie mit der Leitung.", period="day"),
    Rule("verloren", "Einträge konnten nicht geschrieben werden", "hoch",
         "Einträge des Protokolls sind verloren gegangen, weil die Datenbank und der Zwischenspeicher nicht schrieben "
         "(Meldungen: {zahl}).",
         "Zu diesen Vorgängen fehlt das Ergebnis. Gesendet wird ohne Eintrag nichts; ein Abschluss kann aber fehlen.",
         "Fragen Sie die IT nach vollen Datenträgern und Ausfällen der Datenbank.", period="day"),
    Rule("uhr", "Eine Uhr geht falsch", "mittel",
         "Einträge tragen eine Zeit, die in der Zukunft liegt oder deutlich abweicht (Einträge: {zahl}).",
         "Zeiten sind Teil des Nachweises, und Fristen hängen daran.",
         "Bitten Sie die IT, den Zeitabgleich (NTP) aller Rechner zu prüfen.", period="day"),
    Rule("untergeschoben", "Untergeschobener Eintrag im Protokoll", "hoch",
         "In der Datenbank des Protokolls stand etwas, das nicht von der KI-Pforte stammt (Meldungen: {zahl}).",
         "So etwas schreibt nur, wer an der KI-Pforte vorbei Zugriff auf diese Datenbank hat. Ihm wird nicht "
         "geglaubt, und nichts wurde seinetwegen gelöscht.",
         "Lassen Sie die Datenbank und Ihre Notizen sichern. Lassen Sie die IT klären, wer in die Datenbank schreiben "
         "konnte, und sprechen Sie mit der Leitung.", period="day"),
    Rule("nicht_geloescht", "Angekündigte Löschung nicht ausgeführt", "mittel",
         "Der Anfang des Protokolls sollte gelöscht werden, aber etwas spricht dagegen (Meldungen: {zahl}).",
         "Zum Beispiel wird inzwischen ein Eintrag für einen Fall aufbewahrt, oder die Einträge sind nicht mehr die, "
         "die unterschrieben wurden. Es bleibt alles, wie es ist.",
         "Lassen Sie die IT „ki-pforte audit prune --yes“ aufrufen: Der Befehl nennt den Grund.", period="day"),
    Rule("nachfolger", "Neues Protokoll eröffnet", "hoch",
         "Die Datenbank des Protokolls war zurückgesetzt worden, oder sein Schlüssel war verloren; die IT hat ein "
         "neues Protokoll eröffnet.",
         "Einträge nach dem letzten aufbewahrten Prüfpunkt des alten Protokolls fehlen womöglich.",
         "Lassen Sie sich erklären, was wiederhergestellt wurde. Bewahren Sie die letzte Notiz des alten Protokolls "
         "und den neuen Prüfschlüssel auf."),
    Rule("rueckfall", "Protokoll auf einen älteren Stand zurückgefallen", "hoch",
         "Die Datenbank des Protokolls ist älter als der letzte unterschriebene Prüfpunkt.",
         "Jemand hat eine alte Sicherung eingespielt oder Einträge entfernt. Es wird nichts mehr unterschrieben.",
         "Lassen Sie die IT die Ursache klären und die aktuelle Datenbank zurückholen. Gelingt das nicht, hilft „ki-"
         "pforte audit successor“ mit Ihrer aufbewahrten Notiz.", standing=True),
    Rule("anker_fehlt", "Anker fehlt", "mittel",
         "Prüfpunkte des Protokolls kommen an einem Ort außerhalb nicht an ({wo}).",
         "Ohne Notiz außerhalb lässt sich ein gekürztes Protokoll nicht erkennen.",
         "Bitten Sie die IT, die Verbindung zu prüfen. „ki-pforte audit anchor“ schickt den Prüfpunkt sofort.",
         standing=True),
    Rule("inhalt_lang", "Inhalte werden lange aufbewahrt", "mittel",
         "Die Aufbewahrung von Inhalten ist länger eingeschaltet als vorgesehen ({wo}).",
         "Sie ist eine Ausnahme mit Anlass und Ende. Je länger sie läuft, desto mehr wird gespeichert.",
         "Fragen Sie, ob der Anlass noch besteht. Wenn nicht, lassen Sie sie ausschalten.", standing=True),
    Rule("modell_avv", "Vertrag oder Nachweis eines Modells", "mittel",
         "Einem Modell fehlt ein Vertrag oder Nachweis, oder er läuft bald ab ({wo}).",
         "Ohne gültige Vereinbarung nach Art. 28 DSGVO darf nichts an den Anbieter gehen. Die KI-Pforte sperrt das "
         "Modell dann.",
         "Veranlassen Sie die Verlängerung, oder lassen Sie das Modell aus dem Register nehmen.", standing=True),
    Rule("modell_region", "Ein Modell läuft jetzt woanders", "mittel",
         "Ort oder Anbieter eines Modells im Register hat sich geändert ({wo}).",
         "Damit ändern sich Empfänger und vielleicht Drittland. Informationen nach Art. 13 und 14 DSGVO, Verzeichnis "
         "und Folgenabschätzung nennen ihn.",
         "Prüfen Sie Vertrag und Rechtsgrundlage der Übermittlung, und passen Sie die Unterlagen an."),
    Rule("rueckmeldung", "Rückmeldung aus dem Haus", "niedrig",
         "Eine Kollegin oder ein Kollege hat ein Problem gemeldet.",
         "Wer täglich damit arbeitet, sieht Fehler zuerst.",
         "Sehen Sie sich die Angaben an und geben Sie sie an die zuständige Stelle weiter."),
    Rule("ki_ruege", "Eine KI-Rüge ist eingegangen", "mittel",
         "Jemand hat den Einsatz von KI in einer eigenen Angelegenheit gerügt ({wo}).",
         "Eine Rüge muss in der Frist beantwortet werden.",
         "Öffnen Sie die Rüge unter Anfragen und Rügen und antworten Sie dort. Dieser Befund endet mit ihr."),
)}

RuleTitle = Callable[[str], str]


def title_of(key: str) -> str:
    """Return what a rule is called; a rule of an older version keeps its id."""
    return RULES[key].title if key in RULES else key


def told(key: str, place: str, count: int) -> tuple[str, str, str]:
    """Return what happened, why it matters and what to do, for people."""
    rule = RULES.get(key)
    if rule is None:
        return key, "", ""
    number = f"{count:,}".replace(",", ".")
    return rule.what.format(wo=place or "im ganzen Haus", zahl=number), rule.why, rule.todo


def period_of(rule: Rule, moment: datetime, once: str = "") -> str:
    """Return the period that a moment belongs to, as it stands in a cause; `once` names a single event."""
    day = moment.astimezone(BERLIN).date()
    if rule.period == "day":
        return day.isoformat()
    if rule.period == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    return f"{day:%Y-%m}" if rule.period == "month" else once


def cause_of(rule: Rule, scope: str, period: str) -> str:
    """Return what raises one finding: the rule, the place, the period."""
    return f"{rule.key}:{scope}:{period}"[:190]
