"""The shipped policies with a short course of our own, so that tests of learning do not depend on what is taught."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import yaml

POLICIES = Path(__file__).parents[2] / "policies"
COURSE = """# Sprachmodelle bei der Arbeit

Vier kurze Abschnitte. Lesen Sie in Ihrem Tempo.

## Was ein Sprachmodell ist (3 Minuten) {#was}

Ein Sprachmodell setzt Texte fort. Es berechnet, welches Wort **wahrscheinlich** folgt. Es weiß nichts, es rechnet nicht
sicher, und es kennt unsere Akten nicht. Was es schreibt, klingt auch dann überzeugend, wenn es falsch ist.

- Es hilft beim Formulieren, Kürzen und Übersetzen.
- Es ersetzt kein Nachschlagen.

### Frage: Woher nimmt ein Sprachmodell seine Antworten?

- [ ] Es schlägt in einer Datenbank nach.
  > Es gibt keine Datenbank, in der es nachschlägt.
- [x] Es berechnet, welches Wort wahrscheinlich folgt.
  > Deshalb klingt auch Falsches richtig.

## Was nie hineingehört (4 Minuten) {#nie}

Verschlusssachen und Angaben, für die eine Auskunftssperre besteht, verlassen das Haus nicht.

### Frage: Welche Angaben geben Sie nicht ein?

- [x] die Anschrift einer Person mit Auskunftssperre
  > Sie ist besonders geschützt.
- [x] einen Vermerk, der als Verschlusssache eingestuft ist
  > Auch nicht an ein Modell im Haus.
- [ ] den Wortlaut eines Gesetzes
  > Gesetze sind öffentlich.

### Frage: Wer entscheidet, was an welches Modell darf?

- [ ] das Modell
  > Es kennt unsere Regeln nicht.
- [x] das Verzeichnis der Modelle
  > Sie finden es auf der Startseite.

## Zum Nachlesen (1 Minute) {#lesen}

Die Leitlinien und die Dienstvereinbarung stehen unter „Unterlagen“.

## Verantwortung (2 Minuten) {#verantwortung}

Wer einen Text verwendet, steht für ihn ein.

### Frage: Ein Bescheid enthält eine erfundene Vorschrift. Wer verantwortet das?

- [ ] der Anbieter des Modells
  > Nach außen handelt die Stadt.
- [x] wer den Bescheid verwendet
  > Darum wird jedes Ergebnis geprüft.
"""


def learning_policies(folder: Path, source: Path = POLICIES) -> Path:
    """Copy the policies of `source` to `folder`; its training becomes a course of four sections."""
    shutil.copytree(source, folder)
    rules = read_rules(folder)
    rules["modules"]["schulung"] |= {"course": "probe", "minutes": 10}
    rules.setdefault("courses", {})["probe"] = []
    write_rules(folder, rules)
    publish(folder, "kurs", "1.0", COURSE, course="probe")
    return folder


def publish(folder: Path, kind: str, version: str, text: str | bytes, *, valid_from: str = "2025-01-01",
            change: str = "wesentlich", grace_days: int | None = None, course: str = "", suffix: str = "md") -> str:
    """Add a version of a document or course; return its hash."""
    content = text.encode() if isinstance(text, str) else text
    file = f"documents/{course or kind}-probe-{version}.{suffix}"
    (folder / file).write_bytes(content)
    rules = read_rules(folder)
    versions = rules["courses"][course] if course else rules["documents"][kind]
    entry = {"version": version, "title": versions[-1]["title"] if versions else "Sprachmodelle bei der Arbeit",
             "file": file, "sha256": hashlib.sha256(content).hexdigest(), "valid_from": valid_from, "change": change}
    if grace_days is not None:
        entry["grace_days"] = grace_days
    if versions:
        entry["supersedes"] = versions[-1]["version"]
    versions.append(entry)
    write_rules(folder, rules)
    return str(entry["sha256"])


def read_rules(folder: Path) -> Any:
    """Return ``ki-pass.yaml``; dates as they are written."""
    return yaml.load((folder / "ki-pass.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)


def write_rules(folder: Path, rules: Any) -> None:
    """Write ``ki-pass.yaml``."""
    (folder / "ki-pass.yaml").write_text(yaml.safe_dump(rules, allow_unicode=True, sort_keys=False), encoding="utf-8")
