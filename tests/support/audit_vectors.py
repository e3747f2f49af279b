"""Writes ``tests/golden/audit``, on which every verifier must agree. `python -m tests.support.audit_vectors`.

Keys, salts, ids and times are made from numbers, archives are stored uncompressed, so two runs give the same bytes.
The expected verdicts are those of audit/verify.py; `test_audit_vectors` says in plain words what each must be.
"""

from __future__ import annotations

import json
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit import announcement, canonical, record
from audit.bundle import Line, pinned_notes, verify_bundle
from audit.checkpoint import Checkpoint, b64
from audit.errors import FormatError
from audit.merkle import CompactRange, inclusion_proof, leaf_hash
from audit.proof import verify_proof, write_proof
from audit.signing import Signer
from audit.verify import Trust
from tests.support.audit_example import (
    LOG,
    Case,
    Lines,
    announced,
    base,
    change,
    ident,
    line,
    note,
    number,
    plain,
    pruned,
    rotated,
    signer,
    slipped_in,
    tree_of,
)

HOME = Path(__file__).parents[1] / "golden" / "audit"


def swap_byte(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def with_part(lines: Lines, n: int, change: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> Lines:
    salt, body, kind = lines[n].parts["meta"]
    return [
        *lines[:n],
        Line(n, lines[n].envelope, {**lines[n].parts, "meta": (*change(salt, body), kind)}),
        *lines[n + 1 :],
    ]


def renumbered(lines: Lines) -> Lines:
    return [Line(n, one.envelope, one.parts) for n, one in enumerate(lines)]


def in_file(name: str, change: Callable[[bytes], bytes]) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda files: {**files, name: change(files[name])}


def rewritten(key: Signer) -> Case:
    """The last records written again and signed again; the note that was kept knows better."""
    good = base()
    lines = [*good[:6], line(6, "outcome", {"status": 500}, ref=ident(5)), good[7]]
    return Case(
        lines, [note(key, good[:4]), note(key, lines)], [key.vkey], pins=[note(signer(1), good)], trust=[signer(1).vkey]
    )


def let_go(told: Line) -> Case:
    """The parts of the first six records are gone, and the last record tells of it."""
    signed, key = note(signer(1), [*base(), told]), signer(1).vkey
    lines = [*(Line(one.idx, one.envelope, {}) for one in base()[:6]), *base()[6:], told]
    return Case(lines, [signed], [key], pins=[signed], trust=[key])


def cases() -> dict[str, Case]:
    """Every case by name."""
    good, key, other = base(), signer(1), signer(9)

    def flip(n: int, at: int) -> Lines:
        return [*good[:n], Line(n, swap_byte(good[n].envelope, at), good[n].parts), *good[n + 1 :]]

    shorter = Case(good[:6], [note(key, good[:4])], [key.vkey], pins=[note(key, good)], trust=[key.vkey])
    gap = [*good[:4], line(4, "heartbeat", {}, wseq=6)]
    found = {
        "unchanged": plain(),
        "no_pin": plain(pins=[], trust=[]),
        "pin_required": plain(pins=[], require_pin=True),
        "parts_deleted": plain([Line(one.idx, one.envelope, {}) for one in good]),
        "parts_deleted_in_time": let_go(line(8, "retention.delete", {"through": {"meta": 5, "subject": 7}})),
        "parts_deleted_too_early": let_go(line(8, "retention.delete", {"until": 1, "through": {"meta": 3}})),
        "parts_erased": let_go(line(8, "erasure", {"parts": {"meta": 4, "subject": 9, "x": -1}})),
        "parts_deleted_long_ago": let_go(Line(8, line(8, "retention.delete", {"through": {"meta": 5}}).envelope, {})),
        "parts_deleted_and_told_nonsense": let_go(
            line(8, "retention.delete", {"through": {"meta": "7", "subject": -1}})),
        "unsequenced": plain(unsequenced=2),
        "end_not_signed": plain([*good, line(8, "heartbeat", {})]),
        "pin_in_a_mail": plain(
            pins=["\ufeffGuten Tag\r\n\r\n" + note(key, good).replace("\n", "\r\n") + "\r\nGrüße\r\n"]
        ),
        "envelope_byte": plain(flip(3, 30)),
        "envelope_form": plain(flip(3, 0)),
        "body_byte": plain(with_part(good, 3, lambda salt, body: (salt, swap_byte(body, 3)))),
        "salt_byte": plain(with_part(good, 3, lambda salt, body: (swap_byte(salt, 3), body))),
        "swapped": plain(renumbered([*good[:2], good[3], good[2], *good[4:]])),
        "swapped_numbers": plain([*good[:2], good[3], good[2], *good[4:]]),
        "middle_missing": plain(renumbered([*good[:3], *good[4:]])),
        "doubled": plain(renumbered([*good[:5], *good[4:]])),
        "end_missing": plain(good[:6]),
        "shortened": shorter,
        "all_missing": plain([]),
        "shortened_unnoticed": Case(good[:4], [note(key, good[:4])], [key.vkey], trust=[key.vkey]),
        "no_checkpoint": Case(good, [], [key.vkey]),
        "nothing_at_all": Case([], [], [key.vkey]),
        "rewritten_and_signed": rewritten(key),
        "rewritten_by_stranger": rewritten(other),
        "restored": Case(good[:4], [note(key, good[:4])], [key.vkey], pins=[note(key, good)]),
        "writer_gap": Case(gap, [note(key, gap)], [key.vkey], pins=[note(key, gap)]),
        "checkpoint_edited": plain(files=in_file("checkpoints.txt", lambda raw: raw.replace(b"\n8\n", b"\n9\n"))),
        "checkpoint_garbage": plain(files=in_file("checkpoints.txt", lambda raw: b"garbage\n" + raw)),
        "pin_of_another_log": plain(
            pins=[Signer("other.example/1", key._private).sign(Checkpoint("other.example/1", 1, number(1)))]
        ),
        "pin_unreadable": plain(pins=["keine Notiz"]),
        "pin_of_a_stranger": plain(pins=[note(other, good)]),
        "line_spelled_otherwise": plain(
            files=in_file("records.jsonl", lambda raw: raw.replace(b'"idx":3,', b'"idx": 3,'))
        ),
        "last_line_cut": plain(files=in_file("records.jsonl", lambda raw: raw[:-1])),
        "manifest_spelled_otherwise": plain(files=in_file("manifest.json", lambda raw: raw.replace(b":", b": "))),
        "manifest_speaks": plain(files=in_file("manifest.json", lambda raw: raw.replace(
            b'/ki-pforte/1"', b'/ki-pforte/1: unver\\u001b[1Kndert"'))),
        "too_many_keys": plain(files=in_file("vkeys.txt", lambda raw: raw * 101)),
        "manifest_missing": plain(files=lambda files: {name: files[name] for name in sorted(files)[2:]}),
        "archive_cut": plain(zip=lambda raw: raw[:-10]),
        "archive_prefixed": plain(zip=lambda raw: b"#!x" + raw),
        "archive_damaged": plain(zip=lambda raw: swap_byte(raw, raw.index(b"records.jsonl") + 200)),
        "archive_encrypted": plain(
            zip=lambda raw: raw.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")
        ),
        "archive_name": plain(files=lambda files: {**files, "more": b"x"},
                              zip=lambda raw: raw.replace(b"more", b"m\0re")),
        "archive_count": plain(zip=lambda raw: raw[:-12] + struct.pack("<H", 3) + raw[-10:]),
        "rotated": rotated(covered=True),
        "rotated_not_covered": rotated(covered=False),
        **announcements(),
        "pruned": pruned(),
        "pruned_wrong_peaks": pruned(peaks=["00" * 32]),
        "pruned_wrong_counter": pruned(writers={"w-1": 2}),
        "pruned_elsewhere": pruned(to=2),
        "pruned_wrong_kind": pruned(open="x"),
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
    uncovered = pruned()
    uncovered.notes, uncovered.pins = uncovered.notes[:2], uncovered.pins[:1]
    twice = pruned()
    twice.lines += [announced(9, "prune", {"to": 4, "peaks": [peak.hex() for peak in twice.start.peaks], "writers": {},
                                           "open": []}, key)]
    old_pin = pruned()
    old_pin.pins, old_pin.require_pin = [note(signer(1), base()[:2])], True
    return {
        **found,
        "pruned_without_record": no_record,
        "pruned_over_an_edit": edited,
        "pruned_unsigned": unsigned,
        "pruned_pin_too_late": late,
        "pruned_not_covered": uncovered,
        "pruned_said_twice": twice,
        "pruned_pin_required_and_older": old_pin,
    }


def announcements() -> dict[str, Case]:
    """Records that others act on: by whom and for what they were signed, and who slipped one in."""
    first, second, thief = signer(1), signer(2), signer(9)
    said, own = change(first, second), change(first, thief)
    other, right = "other.example/ki-pforte/1", [line(5, "heartbeat", {}), line(6, "heartbeat", {})]
    retired = rotated()
    retired.notes = [*retired.notes[:2], note(first, retired.lines)]
    retired.pins = []
    found = {
        "rotated_unsigned": rotated(said=line(4, "key.rotate", said)),
        "rotated_unsigned_as_once": rotated(said=line(4, "key.rotate", {"vkey": str(second.vkey)})),
        "rotated_signed_by_the_new_key_alone": rotated(said=announced(4, "key.rotate", said, second)),
        "rotated_signed_by_a_stranger": rotated(said=announced(4, "key.rotate", said, thief, second)),
        "rotated_signed_for_another_log": rotated(said=announced(4, "key.rotate", said, first, second, log=other)),
        "rotated_signed_for_another_record": rotated(said=announced(4, "key.rotate", said, first, of=ident(2))),
        "rotated_signed_for_a_longer_log": rotated(said=announced(4, "key.rotate", {**said, "size": 5}, first)),
        "rotated_to_itself": rotated(said=announced(4, "key.rotate", change(first, first), first)),
        "rotated_with_more_facts": rotated(said=announced(4, "key.rotate", {
            **said, "\u20ac": ["\u2028", 1], "10": 1, "9": 2, "__proto__": {"a": "\n"}}, first)),
        "rotated_said_twice": rotated(after=[announced(5, "key.rotate", said, first, second), right[1]]),
        "rotated_then_replayed": rotated(after=[
            right[0], line(6, "key.rotate", {**said, "signatures": _signatures(first, said, ident(4))})]),
        "rotated_by_a_retired_key": rotated(after=[right[0], announced(6, "key.rotate", own, first)]),
        "retired_key_signs_on": retired,
        "slipped_in_unsigned": slipped_in(line(4, "key.rotate", {"vkey": str(thief.vkey)})),
        "slipped_in_signed_by_itself": slipped_in(announced(4, "key.rotate", own, thief)),
        "slipped_in_a_pruning": plain([*base(), line(8, "prune", {"to": 4, "peaks": []})]),
        "pruned_by_nobody": pruned(signed_by=[]),
        "pruned_by_a_stranger": pruned(signed_by=[thief]),
        "pruned_for_another_log": pruned(log=other),
        "pruned_for_another_record": pruned(of=ident(6)),
        "pruned_while_the_key_changes": pruned(signed_by=[first, second]),
    }
    both = rotated()
    both.trust = [second.vkey]
    both.notes = both.notes[1:]
    return {**found, "rotated_and_only_the_new_key_given": both}


def _signatures(key: Signer, facts: dict[str, Any], record_id: str) -> list[str]:
    return [b64(key.vkey.id + key._private.sign(announcement.text(LOG, "key.rotate", record_id, facts)))]


def proofs() -> list[dict[str, Any]]:
    """Proofs of one record, good and bad."""
    key, good = signer(1), base()
    path = inclusion_proof([leaf_hash(one.envelope) for one in good], 3)
    text = write_proof(good[3], path, note(key, good))
    texts = {
        "good": text,
        "part_deleted": write_proof(Line(3, good[3].envelope, {}), path, note(key, good)),
        "another_record": write_proof(Line(3, good[4].envelope, good[4].parts), path, note(key, good)),
        "another_place": write_proof(Line(4, good[3].envelope, good[3].parts), path, note(key, good)),
        "stranger": write_proof(good[3], path, note(signer(9), good)),
        "cut": text[:-20],
        "body": write_proof(
            with_part(good, 3, lambda salt, body: (salt, swap_byte(body, 3)))[3], path, note(key, good)
        ),
    }
    return [
        {"name": name, "proof": each, "vkeys": [str(key.vkey)], "expect": verify_proof(each, [key.vkey])}
        for name, each in texts.items()
    ]


def basics() -> dict[str, Any]:
    """Single values: canonical bytes, envelopes, commitments, trees, notes."""
    good = base()
    raw = [
        b'{"a":1,"b":["x"]}',
        b'{"b":1,"a":1}',
        b"1.0",
        b"-0",
        b"1e3",
        b"true",
        b"null",
        b'"\\u0061"',
        b'"\xff"',
        '"\u2028é🏛"'.encode(),
        b'"\\u001f\\n"',
        b'{"a":1,"a":1}',
        b"9007199254740991",
        b"9007199254740992",
        b"[ ]",
        '{"\ue000":1,"🏛":2}'.encode(),
        '{"🏛":2,"\ue000":1}'.encode(),
        b"[" * 64 + b"]" * 64,
        b"[" * 65 + b"]" * 65,
        b"\xef\xbb\xbf1",
        b'{"10":1,"9":2}',
        b'{"__proto__":1}',
    ]
    return {
        "canonical": [{"bytes": b64(each), "good": _reads(canonical.loads, each)} for each in raw],
        "envelopes": [
            {"bytes": b64(each), "good": _reads(record.parse_envelope, each), "leaf": leaf_hash(each).hex()}
            for each in [one.envelope for one in good[:3]]
            + [
                good[1].envelope + b"\n",
                good[1].envelope.replace(b'"v":1', b'"v":2'),
                good[1].envelope.replace(b'"n":1', b'"n":01'),
                b"",
            ]
        ],
        "commitments": [
            {"name": name, "salt": salt.hex(), "body": b64(body), "hex": record.commitment(name, salt, body)}
            for one in good[:2]
            for name, (salt, body, _) in one.parts.items()
        ],
        "roots": [tree_of(good[:n]).root().hex() for n in range(len(good) + 1)],
        "vkey": str(signer(1).vkey),
        "note": note(signer(1), good),
    }


def _reads(read: Callable[[bytes], Any], raw: bytes) -> bool:
    try:
        read(raw)
    except FormatError:
        return False
    return True


def expected(case: Case, raw: bytes) -> dict[str, Any]:
    """What the Python verifier says."""
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
        listed.append(
            {
                "name": name,
                "pins": case.pins,
                "vkeys": [str(key) for key in case.trust],
                "require_pin": case.require_pin,
                "expect": expected(case, raw),
            }
        )
    whole = {"basics": basics(), "bundles": listed, "proofs": proofs()}
    files["vectors.json"] = (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()
    return files


def main() -> int:
    """Write the folder anew."""
    HOME.mkdir(parents=True, exist_ok=True)
    for old in HOME.glob("*.zip"):
        old.unlink()
    for name, data in make().items():
        (HOME / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
