"""The verifier: reads records one after the other and says what it can prove. Standard library and cryptography only.

It trusts nothing that lies beside the records: it computes every leaf from the envelope's bytes, every commitment from
salt and body, every root from the leaves, and compares the roots with signed checkpoints. What it can *not* see
without help: that records at the end are missing. That needs a pinned note, kept outside the house; without one the
verdict says "Ende nicht prüfbar". A key that comes from the bundle itself proves less than one that was handed over
at installation (``--vkey``); the verdict says so.

A key that the log itself announced (``key.rotate``) counts if the key before it signed the announcement, from the first
checkpoint on that a believed key signed beyond that record (`audit.keychain`): so a reader who was given one key at
installation can follow every change, and nobody who can only write to the database can add one.

A beginning that was deleted (`audit.beginning`) is good when a record says so that a key in force signed, its peaks
give every later root, and a signed checkpoint has their root. That nothing had been changed in it *before* it was
deleted shows only a note from before that record; the verdict says whether there was one.

Not judged here: whether what a record says was true when it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from audit import canonical, record
from audit.accounts import DELETIONS, Accounts
from audit.beginning import Beginning
from audit.checkpoint import Checkpoint, Note, Vkey
from audit.errors import FormatError
from audit.keychain import Keychain
from audit.merkle import CompactRange, leaf_hash
from audit.verdict import UNCHANGED, Verdict

_REPORT: Final = 10_000
_MAX_NAMED: Final = 20
"""How many findings of one kind are named; all are counted."""


@dataclass(slots=True)  # not frozen: millions are made, and that would take longer than a hash
class PartBytes:
    """A part as it is stored."""

    salt: bytes = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Entry:
    """One sequenced record as it is stored, with everything that claims to belong to it."""

    idx: int
    envelope: bytes = field(repr=False)
    parts: Mapping[str, PartBytes] = field(default_factory=dict, repr=False)
    columns: Mapping[str, str | int] | None = None
    """Copies beside the envelope (in place only): they must say the same."""
    leaf: bytes | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What is to be checked."""

    log: str
    entries: Iterable[Entry]
    notes: Sequence[str]
    vkeys: Sequence[Vkey]
    """Keys that come with the records."""
    unsequenced: int = 0
    state: CompactRange | None = None
    """What the database says about itself (in place only)."""
    damaged: bool = False
    """It says something about itself that cannot be."""
    pruned: CompactRange = field(default_factory=CompactRange)
    """The tree of the deleted beginning, as the source claims it (`audit.pruning`); empty: nothing was deleted."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the reader brings along, from outside."""

    pins: Sequence[str] = ()
    vkeys: Sequence[Vkey] = ()
    require_pin: bool = False


def verify(source: Source, trust: Trust | None = None, progress: Callable[[int], None] | None = None) -> Verdict:
    """Check everything and return the verdict. Never raises for what is wrong with the records.

    `progress` is told now and then how many records were read.
    """
    return _Check(source, trust or Trust()).run(progress)


class _UnknownKeyError(FormatError):
    """No key that is known (yet) signed this."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A checkpoint that waits for the record before it."""

    point: Checkpoint
    note: Note
    pinned: bool
    signers: Sequence[Vkey]
    """Believed keys that signed it, as far as they were known when it was read."""


class _Check:
    def __init__(self, source: Source, trust: Trust) -> None:
        self.source = source
        self.trust = trust
        self.chain = Keychain(source.log, trust.vkeys or source.vkeys)
        self.verdict = Verdict(log=source.log, unsequenced=source.unsequenced, own_keys=not trust.vkeys,
                               pin_given=bool(trust.pins))
        self.start = source.pruned
        self.tree = CompactRange(self.start.size, self.start.peaks)
        self.leaves: list[bytes] = []
        """Leaves that are not in the tree yet: they go there when somebody asks for a root."""
        self.size = self.start.size
        """Records read, and those of the deleted beginning."""
        self.beginning = Beginning(self.start)
        self.wanted: dict[int, list[_Wanted]] = {}
        """Size -> checkpoints to compare there."""
        self.undecided: list[tuple[str, bool]] = []
        """Notes that no known key signed, and whether pinned: the log may yet say that the key was changed."""
        self.last = self.start.size - 1
        self.next: dict[str, int] = {}
        self.times: dict[str, str] = {}
        self.open: set[str] = set()
        self.accounts = Accounts()

    def run(self, progress: Callable[[int], None] | None) -> Verdict:
        verdict = self.verdict
        self._take_notes()
        self._compare()
        try:
            for entry in self.source.entries:
                self._entry(entry)
                if not self.size % _REPORT:
                    self._grow()
                    if progress is not None:
                        progress(self.size)
        except FormatError:
            self._changed(self.size, "Ab hier ist das Protokoll nicht mehr lesbar.")
        self._grow()
        for found in self.beginning.judge(verdict):
            self._changed(*found)
        self._end()
        verdict.size = self.tree.size
        verdict.root = self.tree.root()
        verdict.open_intents = len(self.open)
        verdict.unaccounted = self.accounts.unaccounted()
        verdict.learnt = self.chain.learnt
        return verdict

    # ---- checkpoints ---------------------------------------------------------------------------------------------

    def _take_notes(self) -> None:
        for raw in self.source.notes:
            try:
                self._want(raw, pinned=False)
            except _UnknownKeyError:
                self.undecided.append((raw, False))
            except FormatError:
                self.verdict.bad_notes += 1
        for raw in self.trust.pins:
            try:
                self._want(raw, pinned=True)
            except FormatError:
                self.verdict.problem("Die hinterlegte Notiz ist nicht lesbar oder ihre Unterschrift stimmt nicht.")
        if self.trust.require_pin and not self.trust.pins:
            self.verdict.problem("Es wurde keine hinterlegte Notiz angegeben; verlangt ist eine.")

    def _want(self, raw: str, *, pinned: bool) -> None:
        note = Note.parse(raw)
        point = Checkpoint.parse(note.text)
        if point.origin != self.source.log:
            if not pinned:
                raise FormatError("another log")
            self.verdict.problem(f"Die hinterlegte Notiz gehört zu einem anderen Protokoll ({point.origin}).")
            return
        signers = note.signed_by(self.chain.keys)
        if not signers and not pinned:
            raise _UnknownKeyError("signed by nobody we know")
        if pinned and not signers:
            # A pin is trusted because its owner kept it; that no known key signed it is worth knowing all the same:
            # somebody may have put another key beside the records.
            self.undecided.append((raw, True))
        if point.size < self.start.size:
            self.verdict.earlier_pin = self.verdict.earlier_pin or pinned
            return  # a note about what was deleted since: nothing is left that it could be compared with
        self.wanted.setdefault(point.size, []).append(_Wanted(point, note, pinned, signers))

    def _compare(self) -> None:
        """Compare the root at this size with every checkpoint that speaks of it."""
        if self.size not in self.wanted:
            return
        self._grow()
        signed_here = False
        for wanted in self.wanted.pop(self.size):
            point, pinned = wanted.point, wanted.pinned
            if point.root != self.tree.root():
                self.verdict.bad_roots.append(point.size)
                continue
            signed = self._in_force(wanted)
            if not signed and not pinned:
                self.verdict.bad_notes += 1  # by a key that had been changed: whoever has it now is somebody else
                continue
            self.verdict.covered = max(self.verdict.covered, point.size)
            signed_here = signed_here or signed
            self.beginning.confirmed = self.beginning.confirmed or point.size == self.start.size
            if pinned:
                self.beginning.pinned_at.append(point.size)
                self.verdict.pinned = max(self.verdict.pinned or 0, point.size)
        if signed_here and self.chain.take(self.tree.size):
            self._look_again()

    def _in_force(self, wanted: _Wanted) -> bool:
        """Whether a key that is in force now signed a note; since it was read we may have learnt another."""
        if self.chain.in_force(wanted.signers):
            return True
        try:
            return self.chain.in_force(wanted.note.signed_by(self.chain.keys))
        except FormatError:
            return False

    def _look_again(self) -> None:
        """Take the notes that a key signed which was learnt just now."""
        again, self.undecided = self.undecided, []
        for raw, pinned in again:
            note = Note.parse(raw)
            try:
                known = bool(note.signed_by(self.chain.keys))
            except FormatError:
                known = False
            if not known or pinned:  # a pinned note is compared in any case
                self.undecided += [] if known else [(raw, pinned)]
            elif Checkpoint.parse(note.text).size <= self.tree.size:
                self.verdict.bad_notes += 1  # signed with a key before the log knew it
            else:
                self._want(raw, pinned=False)

    def _grow(self) -> None:
        self.tree.extend(self.leaves)
        self.leaves.clear()

    # ---- records -------------------------------------------------------------------------------------------------

    def _entry(self, entry: Entry) -> None:
        index = self.size
        leaf = leaf_hash(entry.envelope)
        if entry.idx != self.last + 1:
            self._changed(self.last + 1, f"An dieser Stelle steht Nr. {entry.idx}.")
        self.last = entry.idx
        if entry.leaf is not None and entry.leaf != leaf:
            self._changed(index, "Der Eintrag passt nicht zu seinem Platz im Protokoll.")
        self.leaves.append(leaf)
        self.size = index + 1
        self._look(index, entry)
        self._compare()  # last: a checkpoint of this size speaks of this record, too

    def _look(self, index: int, entry: Entry) -> None:
        """Judge one record by itself, and in the row of its writer."""
        try:
            envelope = record.parse_envelope(entry.envelope)
        except FormatError:
            self._changed(index, "Der Eintrag hat nicht die Form eines Eintrags.")
            return
        if envelope.log != self.source.log:
            self._changed(index, "Der Eintrag gehört zu einem anderen Protokoll.")
        if entry.columns is not None and dict(entry.columns) != _columns(envelope):
            self._changed(index, "Angaben neben dem Eintrag sagen etwas anderes als der Eintrag.")
        self._parts(index, entry, envelope)
        if envelope.type in record.ANNOUNCED:
            self._announced(index, entry, envelope)
        elif envelope.type in DELETIONS:
            try:
                self.accounts.said(envelope.type, self._meta(entry, envelope))
            except FormatError:
                self.accounts.silent(index)
        self._counter(index, envelope)
        self._ends(envelope)

    def _parts(self, index: int, entry: Entry, envelope: record.Envelope) -> None:
        promised, commitment = envelope.commitments, record.commitment
        kept = 0
        for name, part in entry.parts.items():
            kept += name in promised
            if len(part.salt) != record.SALT_SIZE or commitment(name, part.salt, part.body) != promised.get(name):
                self._changed(index, f"Was der Eintrag sagt, wurde verändert (Teil {name}).")
        if kept < len(promised):
            self.verdict.deleted_parts += len(promised) - kept
            for name in promised:
                if name not in entry.parts:
                    self.accounts.gone(name, index)

    def _counter(self, index: int, envelope: record.Envelope) -> None:
        want = self.next.get(envelope.writer)
        if want is None and self.start.size:
            want = self.beginning.counters[envelope.writer] = envelope.wseq  # judged at the end
        want = want or 0
        if envelope.wseq > want:
            self.verdict.add_gap(envelope.writer, want, envelope.wseq - 1)
        elif envelope.wseq < want:
            self._changed(index, "Der Eintrag kommt doppelt oder an falscher Stelle vor.")
        self.next[envelope.writer] = max(want, envelope.wseq + 1)
        if envelope.t < self.times.get(envelope.writer, ""):
            self.verdict.clock_steps += 1
        self.times[envelope.writer] = envelope.t

    def _ends(self, envelope: record.Envelope) -> None:
        if envelope.type == record.INTENT:
            self.open.add(envelope.id)
        elif envelope.type in record.ENDS:
            if envelope.ref in self.open:
                self.open.remove(envelope.ref)
            else:
                self.beginning.surplus[envelope.ref] = self.beginning.surplus.get(envelope.ref, 0) + 1

    def _announced(self, index: int, entry: Entry, envelope: record.Envelope) -> None:
        """Judge a record that others act on. What nobody in charge signed, somebody slipped in."""
        try:
            facts = self._meta(entry, envelope)
        except FormatError:
            return  # deleted after its time, or changed and named as that; it proves nothing
        if envelope.type == record.KEY_ROTATE:
            if not self.chain.announced(index, envelope, facts):
                self._changed(index, "Der Wechsel des Schlüssels ist nicht mit dem bisherigen Schlüssel für diesen "
                                     "Eintrag unterschrieben. Ihm wird nicht geglaubt.")
        elif not self.chain.vouched(envelope, facts):
            self._changed(index, "Die Ankündigung, den Anfang zu löschen, ist nicht mit einem geltenden Schlüssel für "
                                 "diesen Eintrag unterschrieben. Ihr wird nicht geglaubt.")
        elif self.start.size:
            self.beginning.said(index, facts)

    def _meta(self, entry: Entry, envelope: record.Envelope) -> Any:
        """Return what a record says, if it says what it said when it was written. Raises `FormatError`."""
        part = entry.parts.get(record.META)
        if part is None or not bound(record.META, part, envelope):
            raise FormatError("the part is gone or was changed")
        return canonical.loads(part.body)

    # ---- the end -------------------------------------------------------------------------------------------------

    def _end(self) -> None:
        self.verdict.bad_notes += sum(not pinned for _, pinned in self.undecided)
        self.verdict.foreign_pin = any(pinned for _, pinned in self.undecided)
        if self.trust.require_pin and self.verdict.earlier_pin and self.verdict.pinned is None:
            self.verdict.problem("Verlangt ist eine hinterlegte Notiz, die über das spricht, was noch da ist.")
        for size, points in self.wanted.items():
            self.verdict.missing_from = min(self.tree.size, self.verdict.missing_from or self.tree.size)
            self.verdict.missing_to = max(size, self.verdict.missing_to)
            self.verdict.pin_missing = self.verdict.pin_missing or any(wanted.pinned for wanted in points)
        if self.source.damaged:
            self._changed(self.tree.size, "Der gespeicherte Stand ist beschädigt.")
        state = self.source.state
        if state is not None and (state.size, state.peaks) != (self.tree.size, self.tree.peaks):
            if state.size > self.tree.size:
                self.verdict.missing_to = max(state.size, self.verdict.missing_to)
                self.verdict.missing_from = self.tree.size
            else:
                self._changed(self.tree.size, "Der gespeicherte Stand passt nicht zu den Einträgen.")
        if not self.verdict.covered and self.verdict.exit_code == UNCHANGED:
            self.verdict.problem("Kein Prüfpunkt belegt die Einträge. Ohne Prüfpunkt lässt sich nicht sagen, ob etwas "
                                 "verändert wurde.")

    def _changed(self, index: int, what: str) -> None:
        self.verdict.changed_count += 1
        if len(self.verdict.changed) < _MAX_NAMED:
            self.verdict.changed.append((index, what))


def bound(name: str, part: PartBytes, envelope: record.Envelope) -> bool:
    """Tell whether the envelope binds this part. A salt that a zero byte lengthens would give the same HMAC."""
    return (len(part.salt) == record.SALT_SIZE
            and record.commitment(name, part.salt, part.body) == envelope.commitments.get(name))


def _columns(envelope: record.Envelope) -> dict[str, str | int]:
    return {
        "id": envelope.id,
        "writer": envelope.writer,
        "wseq": envelope.wseq,
        "type": envelope.type,
        "ref": envelope.ref,
    }
