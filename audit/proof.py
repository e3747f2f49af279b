"""One record with its proof, as a C2SP ``.tlog-proof`` file: for an incident file or a court, without the whole log.

::

    c2sp.org/tlog-proof@v1
    extra base64(a line of records.jsonl)     the record: envelope, and the parts that are still there
    index 4711
    base64(hash)                              inclusion proof, one hash a line
                                              (blank line)
    checkpoint as a signed note

The extra data is not trusted: the envelope in it must give the leaf that the proof proves, and each part must be the
one that the envelope binds. A proof says that this record stood in the log at that checkpoint; it says nothing about
other records. Reading and checking only; standard library and cryptography.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from audit import canonical, record
from audit.bundle import Line, dump_line, load_line
from audit.checkpoint import Checkpoint, Note, Vkey, b64, unb64
from audit.errors import FormatError
from audit.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from audit.verify import PartBytes, bound

HEAD: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile("index (0|[1-9][0-9]{0,14})")
_LONGEST: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof, taken apart."""

    index: int
    path: Sequence[bytes]
    note: str
    envelope: bytes = field(repr=False)
    parts: Mapping[str, PartBytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Proof:
        """Read a proof with its record. Raises `FormatError`."""
        head, blank, note = text.partition("\n\n")
        lines = head.split("\n")
        found = _INDEX.fullmatch(lines[2]) if len(lines) > 2 else None
        if (len(text) > _LONGEST or not blank or lines[0] != HEAD or found is None
                or not lines[1].startswith("extra ")):
            raise FormatError("not a proof with its record")
        path = [unb64(line) for line in lines[3:]]
        if len(path) > 63 or any(len(step) != HASH_SIZE for step in path):
            raise FormatError("not an inclusion proof")
        entry = load_line(unb64(lines[1].removeprefix("extra ")))
        if entry.idx != int(found[1]):
            raise FormatError("the record has another number than the proof")
        return cls(entry.idx, path, note, entry.envelope, entry.parts)


def write_proof(line: Line, path: Sequence[bytes], note: str) -> str:
    """Return the text of a proof."""
    steps = "".join(f"{b64(step)}\n" for step in path)
    return f"{HEAD}\nextra {b64(dump_line(line))}\nindex {line.idx}\n{steps}\n{note}"


def verify_proof(text: str, vkeys: Sequence[Vkey]) -> dict[str, Any]:
    """Say what a proof proves: ``exit_code`` 0 it holds, 1 it does not, 3 it cannot be read or checked."""
    said: dict[str, Any] = {"verdict": "nicht prüfbar", "exit_code": 3, "log": "", "index": 0, "size": 0, "t": "",
                            "type": "", "id": "", "parts": {}, "deleted_parts": [], "findings": []}
    try:
        proof = Proof.parse(text)
        point = Checkpoint.parse(Note.parse(proof.note).text)
        envelope = record.parse_envelope(proof.envelope)
    except FormatError:
        return {**said, "findings": ["Die Datei ist kein lesbarer Nachweis."]}
    said |= {"log": point.origin, "index": proof.index, "size": point.size, "t": envelope.t, "type": envelope.type,
             "id": envelope.id, "deleted_parts": sorted(envelope.commitments.keys() - proof.parts.keys())}
    wrong = _wrong(proof, point, envelope, vkeys)
    if wrong:
        return {**said, "verdict": "gilt nicht", "exit_code": 1, "findings": wrong}
    return {**said, "verdict": "gilt", "exit_code": 0,
            "parts": {name: _readable(part.body) for name, part in proof.parts.items()}}


def _wrong(proof: Proof, point: Checkpoint, envelope: record.Envelope, vkeys: Sequence[Vkey]) -> list[str]:
    found = []
    try:
        if not Note.parse(proof.note).signed_by([key for key in vkeys if key.name == point.origin]):
            found.append("Der Prüfpunkt ist mit keinem der angegebenen Schlüssel unterschrieben.")
    except FormatError:
        found.append("Die Unterschrift des Prüfpunkts stimmt nicht.")
    if envelope.log != point.origin:
        found.append("Der Eintrag gehört zu einem anderen Protokoll.")
    if not verify_inclusion(leaf_hash(proof.envelope), proof.index, point.size, proof.path, point.root):
        found.append("Der Eintrag steht nicht an dieser Stelle des unterschriebenen Protokolls.")
    found += [f"Was der Eintrag sagt, wurde verändert (Teil {name})." for name, part in proof.parts.items()
              if not bound(name, part, envelope)]
    return found


def _readable(body: bytes) -> Any:
    try:
        return canonical.loads(body)
    except FormatError:
        return b64(body)


def text_of(said: Mapping[str, Any]) -> str:
    """Return the result for people, in German."""
    lines = [f"Nachweis {said['verdict']}."]
    if said["log"]:
        lines.append(f"  Protokoll {said['log']}, Eintrag Nr. {said['index']} von {said['size']}, "
                     f"{said['type']} am {said['t']}.")
    lines += [f"  {name}: {canonical.dumps(value).decode()}" for name, value in said["parts"].items()]
    if said["deleted_parts"]:
        lines.append(f"  Gelöschte Teile: {', '.join(said['deleted_parts'])}.")
    return "\n".join([*lines, *(f"  FEHLER: {line}" for line in said["findings"])])
