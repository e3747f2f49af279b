"""What the verifier found, as one object: exit code, German sentences, JSON.

Exit codes: 0 unchanged, 1 changed, shortened or with a gap, 3 could not be checked (2, misuse, is the command's own).
Records that are not yet sequenced or not yet under a checkpoint, open intents, deleted parts and clock steps are
counted and named, and do not change the code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from audit.checkpoint import Vkey

UNCHANGED: Final = 0
TAMPERED: Final = 1
MISUSE: Final = 2
UNCHECKED: Final = 3
_UNSEALED: Final = (
    "Der Stand des Protokolls in der Datenbank trägt nicht das Siegel der KI-Pforte. Jemand hat ihn an ihr vorbei "
    "geändert. Was oben steht, ist an den Einträgen selbst geprüft."
)
_SET_BACK: Final = (
    "Die Datenbank setzt nicht fort, was diese KI-Pforte zuletzt unterschrieben hat (Stand {size}, head.json neben den "
    "Schlüsseln). Wurde eine Sicherung eingespielt? Dann spielen Sie den neueren Stand wieder ein, oder eröffnen Sie "
    "nach Rücksprache mit der oder dem Datenschutzbeauftragten ein neues Protokoll: „ki-pforte audit successor --note "
    "DATEI“."
)


@dataclass(slots=True)
class Verdict:
    """Collected by `audit.verify`; read by people through `text`, by programs through `as_json`."""

    log: str = ""
    size: int = 0
    root: bytes = b""
    covered: int = 0
    """Largest size whose root a good checkpoint confirms."""
    pinned: int | None = None
    """Largest size that a pinned note confirms."""
    unsequenced: int = 0
    own_keys: bool = True
    """The keys came with the records, not from the reader."""
    changed: list[tuple[int, str]] = field(default_factory=list)
    changed_count: int = 0
    gaps: list[tuple[str, int, int]] = field(default_factory=list)
    gap_count: int = 0
    bad_roots: list[int] = field(default_factory=list)
    bad_notes: int = 0
    pin_given: bool = False
    """The reader brought a note. When nothing bears it out (`pinned` is None), the findings say why."""
    foreign_pin: bool = False
    missing_from: int | None = None
    missing_to: int = 0
    pin_missing: bool = False
    problems: list[str] = field(default_factory=list)
    deleted_parts: int = 0
    unaccounted: int = 0
    """Of these, so many that no record of a deletion accounts for (`audit.accounts`)."""
    open_intents: int = 0
    surplus_ends: int = 0
    pruned: int = 0
    """So many records at the beginning were deleted, and a record proves it."""
    prune_record: int = 0
    pin_before_pruning: bool = False
    """A pinned note from before the deletion bears out that the beginning had not been changed until then."""
    earlier_pin: bool = False
    """A pinned note speaks of a beginning that was deleted since."""
    clock_steps: int = 0
    learnt: list[tuple[int, Vkey]] = field(default_factory=list)
    """Keys that the log announced and the reader did not bring, with the number of the record."""
    remembered: int | None = None
    """In place only: how many records were signed, as the file beside the keys has it."""
    set_back: bool = False
    """The database does not go on from there."""
    unsealed: bool = False
    """In place only: somebody else wrote the state of the log (`audit.seal`)."""
    refused: int = 0
    """In place only: so many rows that somebody else put there are kept apart, and none of them is in the log."""

    def problem(self, text: str) -> None:
        """Something that keeps us from checking."""
        self.problems.append(text)

    def add_gap(self, writer: str, first: int, last: int) -> None:
        """Records of a writer that are not there."""
        self.gap_count += last - first + 1
        if len(self.gaps) < 20:
            self.gaps.append((writer, first, last))

    @property
    def exit_code(self) -> int:
        """0, 1 or 3. What is proved wrong weighs more than what could not be checked."""
        if (self.changed_count or self.gap_count or self.bad_roots or self.bad_notes or self.missing_from is not None
                or self.unsealed):
            return TAMPERED
        return UNCHECKED if self.problems else UNCHANGED

    @property
    def verdict(self) -> str:
        """The verdict in a few German words."""
        if self.changed_count:
            return f"verändert bei Nr. {self.changed[0][0]}"
        if self.missing_from is not None:
            return "gekürzt"
        if self.bad_roots:
            return f"verändert vor Nr. {min(self.bad_roots)}"
        if self.gap_count:
            return "lückenhaft"
        if self.bad_notes:
            return "Prüfpunkt verändert"
        if self.unsealed:
            return "Stand verändert"
        if self.problems:
            return "nicht prüfbar"
        return "unverändert, Anfang gelöscht mit gültigem Nachweis" if self.pruned else "unverändert"

    def findings(self) -> list[str]:
        """Return what is wrong, one German sentence each."""
        found = [f"Nr. {index}: {what}" for index, what in self.changed]
        if self.changed_count > len(self.changed):
            found.append(f"Dazu {self.changed_count - len(self.changed)} weitere Stellen.")
        if self.missing_from is not None:
            source = ("eine hinterlegte Notiz" if self.pin_missing else
                      "die Merkdatei neben den Schlüsseln" if self.set_back else "ein Prüfpunkt")
            found.append(f"Das Protokoll endet nach {self.missing_from} Einträgen; {source} belegt {self.missing_to}.")
        found += [
            f"Die ersten {size} Einträge sind nicht die, die unterschrieben wurden." for size in self.bad_roots[:20]
        ]
        found += [
            f"Es fehlen Einträge des Schreibers {writer}: Zähler {first} bis {last}."
            for writer, first, last in self.gaps
        ]
        if self.bad_notes:
            found.append(f"{self.bad_notes} Prüfpunkte sind nicht lesbar oder nicht von uns unterschrieben.")
        if self.set_back:
            found.append(_SET_BACK.format(size=self.remembered))
        if self.unsealed:
            found.append(_UNSEALED)
        return found + self.problems

    def warnings(self) -> list[str]:
        """Return what the reader should know and what does not change the verdict."""
        notes = []
        if self.pinned is None and not self.pin_given:
            notes.append(
                "Ende nicht prüfbar: Es wurde keine hinterlegte Notiz angegeben. Ob am Ende Einträge fehlen, "
                "lässt sich nur mit einer Notiz sagen, die außerhalb des Hauses aufbewahrt wird."
            )
        if self.foreign_pin:
            notes.append("Die hinterlegte Notiz ist mit keinem der bekannten Schlüssel unterschrieben.")
        if self.own_keys:
            notes.append(
                "Die Prüfschlüssel stammen aus dem Protokoll selbst. Mehr beweist ein Schlüssel, den Sie bei "
                "der Einrichtung erhalten haben (--vkey)."
            )
        notes += [f"Nr. {index} hat diesen Prüfschlüssel angekündigt, unterschrieben mit dem bisherigen: {key}"
                  for index, key in self.learnt]
        if self.earlier_pin:
            notes.append("Eine hinterlegte Notiz spricht über einen Anfang, der inzwischen gelöscht ist. Für das "
                         "heutige Protokoll beweist sie nichts.")
        if self.pruned:
            notes.append(f"Die ersten {self.pruned} Einträge wurden nach ihrer Frist gelöscht; Nr. {self.prune_record} "
                         "belegt es." + ("" if self.pin_before_pruning else
                         " Dass bis dahin nichts an ihnen verändert war, zeigt nur eine Notiz von vor diesem Eintrag; "
                         "es wurde keine angegeben."))
        if self.size > self.covered:
            rest = self.size - self.covered
            notes.append(f"{rest} {'Eintrag liegt' if rest == 1 else 'Einträge liegen'} "
                         "noch nicht unter einem Prüfpunkt.")
        if self.unsequenced:
            notes.append(f"{self.unsequenced} {'Eintrag ist' if self.unsequenced == 1 else 'Einträge sind'} "
                         "noch nicht eingeordnet.")
        if self.unaccounted:
            notes.append(f"Gelöschte Teile, die kein Eintrag über eine Löschung erklärt: {self.unaccounted}. "
                         "Bitte klären Sie, wer sie vor ihrer Frist entfernt hat.")
        if self.surplus_ends:
            notes.append(f"{self.surplus_ends} Abschlüsse gehören zu keinem offenen Vorgang.")
        if self.refused:
            notes.append(f"Zeilen der Datenbank, die nicht von der KI-Pforte stammen und keinen Platz bekamen: "
                         f"{self.refused}. Bitte klären Sie, wer in die Datenbank schreiben konnte.")
        return notes

    def text(self) -> str:
        """Return the verdict for people, in German."""
        covered = max(0, self.covered - self.pruned)
        lines = [
            f"Protokoll {self.log}: {self.verdict}",
            f"  {self.size - self.pruned} Einträge geprüft, {covered} davon unter einem Prüfpunkt"
            + (f", {self.pinned} durch eine hinterlegte Notiz belegt." if self.pinned is not None else "."),
            f"  Gelöschte Teile: {self.deleted_parts}. Vorgänge ohne Abschluss: {self.open_intents}. "
            f"Zeitsprünge: {self.clock_steps}.",
        ]
        lines += [f"  FEHLER: {line}" for line in self.findings()]
        lines += [f"  Hinweis: {line}" for line in self.warnings()]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Return the verdict for programs. What only a check in place can know stands there only then."""
        in_place: dict[str, Any] = {} if self.remembered is None else {
            "remembered": self.remembered, "set_back": self.set_back, "unsealed": self.unsealed,
            "refused": self.refused}
        return {
            **in_place,
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "log": self.log,
            "size": self.size,
            "root": self.root.hex(),
            "covered": self.covered,
            "pinned": self.pinned,
            "not_under_checkpoint": self.size - self.covered,
            "unsequenced": self.unsequenced,
            "changed": [{"idx": index, "what": what} for index, what in self.changed],
            "changed_count": self.changed_count,
            "gaps": [{"writer": writer, "first": first, "last": last} for writer, first, last in self.gaps],
            "missing_records": self.gap_count,
            "pruned": self.pruned,
            "prune_record": self.prune_record,
            "pin_before_pruning": self.pin_before_pruning,
            "deleted_parts": self.deleted_parts,
            "unaccounted_parts": self.unaccounted,
            "intents_without_end": self.open_intents,
            "surplus_ends": self.surplus_ends,
            "clock_steps": self.clock_steps,
            "learnt_keys": [{"idx": index, "vkey": str(key)} for index, key in self.learnt],
            "findings": self.findings(),
            "warnings": self.warnings(),
        }
