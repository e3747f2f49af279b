"""An example log from numbers: the same keys, salts, ids and times each time. For the shared vectors."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import announcement, canonical, record
from audit.bundle import FORMAT, Line, dump_line
from audit.checkpoint import Checkpoint, Vkey, b64
from audit.merkle import CompactRange, leaf_hash
from audit.signing import Signer

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
        record_id=ident(n),
        log=LOG,
        wseq=n if wseq is None else wseq,
        ref=ref,
        t_us=START + n * 1_000_001,
        type_=type_,
        writer="w-1",
    )
    return Line(n, raw, parts)


def announced(n: int, type_: str, facts: Any, *keys: Signer, log: str = LOG, of: str = "") -> Line:
    """A record that others act on, signed by these keys: for this record, or for another log or record `of`."""
    message = announcement.text(log, type_, of or ident(n), facts)
    signatures = [b64(key.vkey.id + key._private.sign(message)) for key in keys]
    return line(n, type_, {**facts, "signatures": signatures} if keys else facts)


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
        manifest = {
            "format": FORMAT,
            "log": LOG,
            "size": self.start.size + len(self.lines),
            "first": self.start.size,
            "pruned_peaks": [b64(peak) for peak in self.start.peaks],
            "unsequenced": self.unsequenced,
            "created": START // 1_000_000,
        }
        files = self.files(
            {
                "manifest.json": canonical.dumps(manifest),
                "records.jsonl": b"".join(map(dump_line, self.lines)),
                "checkpoints.txt": "".join(self.notes).encode(),
                "vkeys.txt": "".join(f"{key}\n" for key in self.vkeys).encode(),
            }
        )
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


def change(before: Signer, key: Signer, size: int = 3) -> dict[str, Any]:
    """What a record says about a new key."""
    return {"before": str(before.vkey), "size": size, "vkey": str(key.vkey)}


def rotated(*, covered: bool = True, said: Line | None = None, after: Lines | None = None) -> Case:
    """The log announces a second key after four records; `covered`: the first key signed beyond that.

    `said`: by another record than the right one; `after`: with other records after it.
    """
    first, second = signer(1), signer(2)
    lines = [
        *base()[:4],
        said or announced(4, "key.rotate", change(first, second), first, second),
        *(after or [line(5, "heartbeat", {}), line(6, "heartbeat", {})]),
    ]
    second_both = Signer(LOG, second._private, first)
    turn = note(second_both if covered else second, lines[:5])
    return Case(
        lines,
        [note(first, lines[:3]), turn, note(second, lines)],
        [first.vkey, second.vkey],
        pins=[note(second, lines)],
        trust=[first.vkey],
    )


def slipped_in(said: Line) -> Case:
    """Who may write to the database puts a key of his own into the log; the house signs over it, and he goes on."""
    house, stranger = signer(1), signer(9)
    lines = [*base()[:4], said, line(5, "heartbeat", {}), line(6, "heartbeat", {})]
    return Case(lines, [note(house, lines[:3]), note(house, lines[:6]), note(stranger, lines)],
                [house.vkey], trust=[house.vkey])


def pruned(*, signed_by: Sequence[Signer] | None = None, of: str = "", log: str = LOG, **changes: Any) -> Case:
    """The first four records are gone and a record says so; `changes` to what it says, and who signed it for what."""
    key, all_ = signer(1), base()
    start = tree_of(all_[:4])
    said = {
        "to": 4,
        "records": 4,
        "root": start.root().hex(),
        "peaks": [peak.hex() for peak in start.peaks],
        "policy": "",
        "writers": {"w-1": 4},
        "open": [ident(3)],
        **changes,
    }
    signers = [key] if signed_by is None else signed_by
    lines = [*all_[:7], announced(7, "prune", said, *signers, of=of, log=log), line(8, "heartbeat", {})]
    return Case(
        lines[4:],
        [note(key, lines[:4]), note(key, lines[:6]), note(key, lines)],
        [key.vkey],
        pins=[note(key, lines[:4]), note(key, lines)],
        trust=[key.vkey],
        start=start,
    )


def plain(lines: Lines | None = None, **more: Any) -> Case:
    """The untouched log, or other lines under its checkpoints and pinned note."""
    key, good = signer(1), base()
    given: dict[str, Any] = {"pins": [note(key, good)], "trust": [key.vkey], **more}
    return Case(good if lines is None else lines, [note(key, good[:4]), note(key, good)], [key.vkey], **given)
