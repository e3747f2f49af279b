"""Writes ``tests/golden/audit``: what every verifier of the ledger must agree on. `python -m tests.support.audit_vectors`.

Keys, salts, ids and times are made from numbers, archives are stored uncompressed, so two runs give the same bytes.
The expected verdicts are those of audit/verify.py; `test_audit_vectors` says in plain words what each must be.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import canonical, record
from audit.bundle import FORMAT, Line, dump_line, verify_bundle
from audit.checkpoint import Checkpoint, Vkey, b64
from audit.merkle import CompactRange, inclusion_proof, leaf_hash
from audit.proof import verify_proof, write_proof
from audit.signing import Signer
from audit.verify import Trust

HOME = Path(__file__).parents[1] / "golden" / "audit"
LOG = "musterstadt.example/ki-pforte/1"
START = 1_790_000_000_000_000
Lines = list[Line]


def number(*what: object) -> bytes:
    """32 bytes that look random and are always the same."""
    return hashlib.sha256(repr(what).encode()).digest()


def signer(n: int) -> Signer:
    return Signer(LOG, Ed25519PrivateKey.from_private_bytes(number("key", n)))


def ident(n: int) -> str:
    text = f"{START // 1000 + n:012x}7{number('id', n).hex()[:3]}9{number('id', n).hex()[3:18]}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def line(n: int, type_: str, meta: Any, *, ref: str = "", subject: bool = False, wseq: int | None = None) -> Line:
    """One record of the example log."""
    parts = {"meta": (number("meta", n), canonical.dumps(meta), "meta-standard")}
    if subject:
        body = canonical.dumps({"epoch": "2026Q4", "pseudonym": "P-ABCDEFGHIJKLMNOP"})
        parts["subject"] = (number("subject", n), body, "subject")
    raw = record.build_envelope(
        commitments={name: record.commitment(name, salt, body) for name, (salt, body, _) in parts.items()},
        record_id=ident(n), log=LOG, wseq=n if wseq is None else wseq, ref=ref, t_us=START + n * 1_000_001,
        type_=type_, writer="w-1")
    return Line(n, raw, parts)


def tree_of(lines: Sequence[Line], start: CompactRange | None = None) -> CompactRange:
    tree = CompactRange(start.size, start.peaks) if start else CompactRange()
    for one in lines:
        tree.append(leaf_hash(one.envelope))
    return tree


def note(key: Signer, lines: Sequence[Line], start: CompactRange | None = None) -> str:
    tree = tree_of(lines, start)
    return key.sign(Checkpoint(LOG, tree.size, tree.root()))


@dataclass
class Case:
    """A bundle, what the reader brings, and the files of the archive as they are to be written."""

    lines: Lines
    notes: list[str]
    vkeys: list[Vkey]
    pins: list[str] = field(default_factory=list)
    trust: list[Vkey] = field(default_factory=list)
    start: CompactRange = field(default_factory=CompactRange)
    require_pin: bool = False
    unsequenced: int = 0
    files: Callable[[dict[str, bytes]], dict[str, bytes]] = lambda files: files
    zip: Callable[[bytes], bytes] = lambda raw: raw

    def archive(self) -> bytes:
        manifest = {"format": FORMAT, "log": LOG, "size": self.start.size + len(self.lines), "first": self.start.size,
                    "pruned_peaks": [b64(peak) for peak in self.start.peaks], "unsequenced": self.unsequenced,
                    "created": START // 1_000_000}
        files = self.files({"manifest.json": canonical.dumps(manifest),
                            "records.jsonl": b"".join(map(dump_line, self.lines)),
                            "checkpoints.txt": "".join(self.notes).encode(),
                            "vkeys.txt": "".join(f"{key}\n" for key in self.vkeys).encode()})
        raw = io.BytesIO()
        with zipfile.ZipFile(raw, "w") as archive:
            for name, data in files.items():
                archive.writestr(zipfile.ZipInfo(name, (2026, 11, 22, 0, 0, 0)), data)
        return self.zip(raw.getvalue())


def base() -> Lines:
    lines = [line(0, "writer.start", {"version": "1"})]
    for n in (1, 3, 5):
        lines.append(line(n, "intent", {"vorgang": f"V-{n}", "pii": {"person": 2}, "wort": "Grüße 🏛"}, subject=True))
        lines.append(line(n + 1, "outcome", {"vorgang": f"V-{n}", "status": 200}, ref=ident(n), subject=True))
    return [*lines, line(7, "writer.stop", {"next": 8})]


def rotated(*, covered: bool) -> Case:
    """The log announces a second key after four records; `covered`: the first key signed beyond that."""
    first, second = signer(1), signer(2)
    lines = [*base()[:4], line(4, "key.rotate", {"vkey": str(second.vkey)}), line(5, "heartbeat", {}),
             line(6, "heartbeat", {})]
    second_both = Signer(LOG, second._private, first)
    turn = note(second_both if covered else second, lines[:5])
    return Case(lines, [note(first, lines[:3]), turn, note(second, lines)], [first.vkey, second.vkey],
                pins=[note(second, lines)], trust=[first.vkey])


def pruned(**changes: Any) -> Case:
    """The first four records are gone and a record says so; `changes` to what it says."""
    key, all_ = signer(1), base()
    start = tree_of(all_[:4])
    said = {"to": 4, "records": 4, "root": start.root().hex(), "peaks": [peak.hex() for peak in start.peaks],
            "policy": "", "writers": {"w-1": 4}, "open": [ident(3)], **changes}
    lines = [*all_[:7], line(7, "prune", said), line(8, "heartbeat", {})]
    return Case(lines[4:], [note(key, lines[:4]), note(key, lines[:6]), note(key, lines)], [key.vkey],
                pins=[note(key, lines[:4]), note(key, lines)], trust=[key.vkey], start=start)


def plain(lines: Lines | None = None, **more: Any) -> Case:
    """The untouched log, or other lines under its checkpoints and pinned note."""
    key, good = signer(1), base()
    given: dict[str, Any] = {"pins": [note(key, good)], "trust": [key.vkey], **more}
    return Case(good if lines is None else lines, [note(key, good[:4]), note(key, good)], [key.vkey], **given)


def swap_byte(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def with_part(lines: Lines, n: int, change: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> Lines:
    salt, body, kind = lines[n].parts["meta"]
    return [*lines[:n], Line(n, lines[n].envelope, {**lines[n].parts, "meta": (*change(salt, body), kind)}),
            *lines[n + 1 :]]


def renumbered(lines: Lines) -> Lines:
    return [Line(n, one.envelope, one.parts) for n, one in enumerate(lines)]


def in_file(name: str, change: Callable[[bytes], bytes]) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: {**files, name: change(files[name])}


def rewritten(key: Signer) -> Case:
    """The last records written again and signed again; the note that was kept knows better."""
    good = base()
    lines = [*good[:6], line(6, "outcome", {"status": 500}, ref=ident(5)), good[7]]
    return Case(lines, [note(key, good[:4]), note(key, lines)], [key.vkey], pins=[note(signer(1), good)],
                trust=[signer(1).vkey])


def cases() -> dict[str, Case]:
    """Every case by name."""
    good, key, other = base(), signer(1), signer(9)
    flip: Callable[[int, int], Lines] = lambda n, at: [
        *good[:n], Line(n, swap_byte(good[n].envelope, at), good[n].parts), *good[n + 1 :]]
    shorter = Case(good[:6], [note(key, good[:4])], [key.vkey], pins=[note(key, good)], trust=[key.vkey])
    gap = [*good[:4], line(4, "heartbeat", {}, wseq=6)]
    found = {
        "unchanged": plain(), "no_pin": plain(pins=[], trust=[]), "pin_required": plain(pins=[], require_pin=True),
        "parts_deleted": plain([Line(one.idx, one.envelope, {}) for one in good]),
        "unsequenced": plain(unsequenced=2), "end_not_signed": plain([*good, line(8, "heartbeat", {})]),
        "pin_in_a_mail": plain(pins=["\ufeffGuten Tag\r\n\r\n" + note(key, good).replace("\n", "\r\n") + "\r\nGrüße\r\n"]),
        "envelope_byte": plain(flip(3, 30)), "envelope_form": plain(flip(3, 0)),
        "body_byte": plain(with_part(good, 3, lambda salt, body: (salt, swap_byte(body, 3)))),
        "salt_byte": plain(with_part(good, 3, lambda salt, body: (swap_byte(salt, 3), body))),
        "swapped": plain(renumbered([*good[:2], good[3], good[2], *good[4:]])),
        "swapped_numbers": plain([*good[:2], good[3], good[2], *good[4:]]),
        "middle_missing": plain(renumbered([*good[:3], *good[4:]])), "doubled": plain(renumbered([*good[:5], *good[4:]])),
        "end_missing": plain(good[:6]), "shortened": shorter, "all_missing": plain([]),
        "shortened_unnoticed": Case(good[:4], [note(key, good[:4])], [key.vkey], trust=[key.vkey]),
        "rewritten_and_signed": rewritten(key), "rewritten_by_stranger": rewritten(other),
        "restored": Case(good[:4], [note(key, good[:4])], [key.vkey], pins=[note(key, good)]),
        "writer_gap": Case(gap, [note(key, gap)], [key.vkey], pins=[note(key, gap)]),
        "checkpoint_edited": plain(files=in_file("checkpoints.txt", lambda raw: raw.replace(b"\n8\n", b"\n9\n"))),
        "checkpoint_garbage": plain(files=in_file("checkpoints.txt", lambda raw: b"garbage\n" + raw)),
        "pin_of_another_log": plain(pins=[Signer("other.example/1", key._private).sign(Checkpoint("other.example/1", 1,
                                                                                                number(1)))]),
        "pin_unreadable": plain(pins=["keine Notiz"]), "pin_of_a_stranger": plain(pins=[note(other, good)]),
        "line_spelled_otherwise": plain(files=in_file("records.jsonl", lambda raw: raw.replace(b'"idx":3,', b'"idx": 3,'))),
        "last_line_cut": plain(files=in_file("records.jsonl", lambda raw: raw[:-1])),
        "manifest_spelled_otherwise": plain(files=in_file("manifest.json", lambda raw: raw.replace(b":", b": "))),
        "manifest_missing": plain(files=lambda files: {name: files[name] for name in sorted(files)[2:]}),
        "archive_cut": plain(zip=lambda raw: raw[:-10]), "archive_prefixed": plain(zip=lambda raw: b"#!x" + raw),
        "archive_damaged": plain(zip=lambda raw: swap_byte(raw, raw.index(b"records.jsonl") + 200)),
        "archive_encrypted": plain(zip=lambda raw: raw.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")),
        "archive_count": plain(zip=lambda raw: raw[:-12] + struct.pack("<H", 3) + raw[-10:]),
        "rotated": rotated(covered=True), "rotated_not_covered": rotated(covered=False),
        "pruned": pruned(), "pruned_wrong_peaks": pruned(peaks=["00" * 32]), "pruned_wrong_counter": pruned(writers={"w-1": 2}),
        "pruned_elsewhere": pruned(to=2), "pruned_wrong_kind": pruned(open="x"),
    }
    no_record = pruned()
    no_record.lines[3] = Line(7, no_record.lines[3].envelope, {})
    edited = pruned()
    forged = tree_of([*good[:3], line(3, "intent", {"vorgang": "anders"})])
    edited.start = CompactRange(4, forged.peaks)
    unsigned = pruned()
    unsigned.notes, unsigned.pins = unsigned.notes[1:], unsigned.pins[1:]
    late = pruned()
    late.pins = late.pins[1:]
    return {**found, "pruned_without_record": no_record, "pruned_over_an_edit": edited, "pruned_unsigned": unsigned,
            "pruned_pin_too_late": late}


def proofs() -> list[dict[str, Any]]:
    """Proofs of one record, good and bad."""
    key, good = signer(1), base()
    path = inclusion_proof([leaf_hash(one.envelope) for one in good], 3)
    text = write_proof(good[3], path, note(key, good))
    texts = {"good": text, "part_deleted": write_proof(Line(3, good[3].envelope, {}), path, note(key, good)),
             "another_record": write_proof(Line(3, good[4].envelope, good[4].parts), path, note(key, good)),
             "another_place": write_proof(Line(4, good[3].envelope, good[3].parts), path, note(key, good)),
             "stranger": write_proof(good[3], path, note(signer(9), good)), "cut": text[:-20],
             "body": write_proof(with_part(good, 3, lambda salt, body: (salt, swap_byte(body, 3)))[3], path, note(key, good))}
    return [{"name": name, "proof": each, "vkeys": [str(key.vkey)], "expect": verify_proof(each, [key.vkey])}
            for name, each in texts.items()]


def basics() -> dict[str, Any]:
    """Single values: canonical bytes, envelopes, commitments, trees, notes."""
    good = base()
    raw = [b'{"a":1,"b":["x"]}', b'{"b":1,"a":1}', b"1.0", b"-0", b"1e3", b"true", b"null", b'"\\u0061"', b'"\xff"',
           '"\u2028é🏛"'.encode(), b'"\\u001f\\n"', b'{"a":1,"a":1}', b"9007199254740991", b"9007199254740992", b"[ ]",
           '{"\ue000":1,"🏛":2}'.encode(), '{"🏛":2,"\ue000":1}'.encode(), b"[" * 64 + b"]" * 64, b"[" * 65 + b"]" * 65,
           b"\xef\xbb\xbf1", b'{"10":1,"9":2}', b'{"__proto__":1}']
    return {
        "canonical": [{"bytes": b64(each), "good": _reads(canonical.loads, each)} for each in raw],
        "envelopes": [{"bytes": b64(each), "good": _reads(record.parse_envelope, each), "leaf": leaf_hash(each).hex()}
                      for each in [one.envelope for one in good[:3]] + [good[1].envelope + b"\n", good[1].envelope.replace(
                          b'"v":1', b'"v":2'), good[1].envelope.replace(b'"n":1', b'"n":01'), b""]],
        "commitments": [{"name": name, "salt": salt.hex(), "body": b64(body), "hex": record.commitment(name, salt, body)}
                        for one in good[:2] for name, (salt, body, _) in one.parts.items()],
        "roots": [tree_of(good[:n]).root().hex() for n in range(len(good) + 1)],
        "vkey": str(signer(1).vkey), "note": note(signer(1), good),
    }


def _reads(read: Callable[[bytes], Any], raw: bytes) -> bool:
    from audit.errors import FormatError
    try:
        read(raw)
    except FormatError:
        return False
    return True


def expected(case: Case, raw: bytes) -> dict[str, Any]:
    """What the Python verifier says."""
    from audit.bundle import pinned_notes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.zip"
        path.write_bytes(raw)
        pins = [found for text in case.pins for found in pinned_notes(text)]
        return verify_bundle(path, Trust(tuple(pins), tuple(case.trust), case.require_pin)).as_json()


def make() -> dict[str, bytes]:
    """Return every file of the folder."""
    files, listed = {}, []
    for name, case in cases().items():
        raw = case.archive()
        files[f"{name}.zip"] = raw
        listed.append({"name": name, "pins": case.pins, "vkeys": [str(key) for key in case.trust],
                       "require_pin": case.require_pin, "expect": expected(case, raw)})
    whole = {"basics": basics(), "bundles": listed, "proofs": proofs()}
    files["vectors.json"] = (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()
    return files


def main() -> int:
    """Write the folder anew."""
    HOME.mkdir(parents=True, exist_ok=True)
    for old in HOME.iterdir():
        old.unlink()
    for name, data in make().items():
        (HOME / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
