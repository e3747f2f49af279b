"""The bundle: a ZIP that holds the whole log, for checking on another machine.

``manifest.json`` (format, log, size; where the beginning was deleted ``first`` and ``pruned_peaks``),
``records.jsonl`` (one record a line: ``idx``, ``envelope``, per part ``salt``, ``body``, ``class``; bytes in base64),
``checkpoints.txt`` (notes one after the other), ``vkeys.txt``.
Everything has exactly one spelling (``docs/audit-format.md``): manifest and lines are read only as they are written
here, so that two programs never read two different logs out of one file.
Reading and writing are streams; nothing but one record is held in memory. Standard library and cryptography only.
"""

from __future__ import annotations

import contextlib
import re
import zipfile
import zlib
from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from audit import canonical
from audit.checkpoint import Checkpoint, Note, Vkey, unb64
from audit.errors import FormatError, LedgerError
from audit.merkle import CompactRange
from audit.record import check_log
from audit.verdict import Verdict
from audit.verify import Entry, PartBytes, Source, Trust, verify

FORMAT: Final = "ki-pforte-bundle/1"
UNREADABLE: Final = "Die Datei ist kein lesbares Bündel des Protokolls."
FILES: Final = ("manifest.json", "records.jsonl", "checkpoints.txt", "vkeys.txt")
_NOTE: Final = re.compile("(?<![^\n])[^\n]+\n[0-9]{1,15}\n[^\n]+\n\n(?:\u2014 [^\n]+\n)+")
_PLAIN: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
"""Names of parts and classes: what needs no escaping."""
_MAX_INDEX: Final = 10**15
_SHORT: Final = 1 << 20
"""Bytes of a manifest or of all keys."""
_KEYS: Final = 100
"""More would only keep whoever checks busy: each signature is looked up among all of them."""
_NOTES: Final = 256 << 20
_LINE: Final = 64 << 20
"""Bytes of one record; more would only fill the memory of whoever checks."""
_PARTS: Final = 64
"""Of one record."""
_CHUNK: Final = 256 << 10
_DAMAGED: Final = (OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError, EOFError)


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a bundle; ``parts`` maps names to (salt, body, class)."""

    idx: int
    envelope: bytes = field(repr=False)
    parts: Mapping[str, tuple[bytes, bytes, str]] = field(repr=False)


def write_bundle(
    path: Path, manifest: Mapping[str, Any], lines: Iterable[Line], notes: Sequence[str], vkeys: Sequence[Vkey],
    before: Callable[[], None] = lambda: None,
) -> None:
    """Write a bundle. The file appears when it is complete, and after `before` has returned."""
    draft = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("manifest.json", canonical.dumps({"format": FORMAT, **manifest}))
            with archive.open("records.jsonl", "w", force_zip64=True) as records:
                for line in lines:
                    records.write(dump_line(line))
            archive.writestr("checkpoints.txt", "".join(notes))
            archive.writestr("vkeys.txt", "".join(f"{key}\n" for key in vkeys))
        before()
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def dump_line(line: Line) -> bytes:
    """Return a record as it stands in ``records.jsonl``: this one spelling and no other."""
    return _SPELT % (b"%d" % line.idx, b2a_base64(line.envelope, newline=False), b",".join([
        _PART % (name.encode(), b2a_base64(salt, newline=False), b2a_base64(body, newline=False), kind.encode())
        for name, (salt, body, kind) in line.parts.items()]))


_SPELT: Final = b'{"idx":%b,"envelope":"%b","parts":{%b}}\n'
_PART: Final = b'"%b":{"salt":"%b","body":"%b","class":"%b"}'


def load_line(line: bytes) -> Entry:
    """Read one record strictly. Raises `FormatError` for any other spelling than that of `dump_line`."""
    if line.count(b'"') > 8 + 14 * _PARTS:  # before it is taken apart: each piece costs many times its bytes
        raise FormatError("not a line of a bundle")
    words = line.split(b'"')
    parts: dict[str, PartBytes] = {}
    spelt: list[bytes] = []
    try:
        idx, envelope = words[2][1:-1], a2b_base64(words[5])
        for at in range(9, len(words) - 13, 14):
            name, kind = words[at], words[at + 12]
            salt, body = a2b_base64(words[at + 4]), a2b_base64(words[at + 8])
            parts[_plain(name, kind)] = PartBytes(salt, body)
            spelt.append(_PART % (name, b2a_base64(salt, newline=False), b2a_base64(body, newline=False), kind))
        number = int(idx)
    except (IndexError, Base64Error, ValueError) as error:
        raise FormatError("not a line of a bundle") from error
    again = _SPELT % (b"%d" % number, b2a_base64(envelope, newline=False), b",".join(spelt))
    if again != line or len(parts) != len(spelt) or not 0 <= number < _MAX_INDEX:
        raise FormatError("not a line of a bundle")
    return Entry(number, envelope, parts)


@lru_cache(maxsize=1024)
def _plain(name: bytes, kind: bytes) -> str:
    """Return the name of a part. Raises `FormatError` unless it and its class need no escaping."""
    if _PLAIN.fullmatch(name) is None or _PLAIN.fullmatch(kind) is None:
        raise FormatError("not a name of a part or a class")
    return name.decode("ascii")


class Bundle:
    """A bundle open for checking. Raises `LedgerError` when the file as such cannot be read."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
            self._check_archive()
            self.manifest = self._manifest()
            self._pruned = CompactRange(self.manifest.get("first", 0),
                                        [unb64(peak) for peak in self.manifest.get("pruned_peaks", [])])
            self._notes = self._text("checkpoints.txt", _NOTES)
            self._vkeys = [Vkey.parse(line) for line in self._text("vkeys.txt", _SHORT).split("\n") if line]
            if len(self._vkeys) > _KEYS:
                raise FormatError("more keys than a log can have had")
        except (*_DAMAGED, TypeError, AttributeError, FormatError) as error:
            raise LedgerError(UNREADABLE) from error

    def source(self) -> Source:
        """Return what the verifier reads."""
        return Source(
            log=self.manifest["log"],
            entries=self._entries(),
            notes=split_notes(self._notes),
            vkeys=self._vkeys,
            unsequenced=self.manifest.get("unsequenced", 0),
            pruned=self._pruned,
        )

    def _check_archive(self) -> None:
        found = self._archive.infolist()
        if len({one.filename for one in found}) != len(found):
            raise FormatError("a file occurs twice: another program would read another log")
        if any("\0" in one.orig_filename for one in found):
            raise FormatError("a name that not everybody reads alike")
        if min(one.header_offset for one in found) != 0:
            raise FormatError("something stands before the first file")
        for name in FILES:
            one = self._archive.getinfo(name)
            if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or one.flag_bits & 0x2061:
                raise FormatError("packed in a way that not everybody reads")

    def _manifest(self) -> dict[str, Any]:
        value = canonical.loads(self._text("manifest.json", _SHORT).encode())
        if not (isinstance(value, dict) and value.get("format") == FORMAT and type(value.get("log")) is str
                and type(value.get("unsequenced", 0)) is int and value.get("unsequenced", 0) >= 0
                and type(value.get("first", 0)) is int and type(value.get("pruned_peaks", [])) is list
                and type(value.get("size", 0)) is int):
            raise FormatError("unknown format of the bundle")
        check_log(value["log"])  # it is printed: no line ends, no words for the terminal
        return value

    def _text(self, name: str, limit: int) -> str:
        if self._archive.getinfo(name).file_size > limit:
            raise FormatError(f"{name} is too long")
        return self._archive.read(name).decode()

    def _entries(self) -> Iterator[Entry]:
        rest: list[bytes] = []
        length = 0
        for chunk in self._chunks():
            lines = chunk.split(b"\n")
            if len(lines) > 1:
                rest.append(lines[0])
                yield load_line(b"".join(rest) + b"\n")
                for at in range(1, len(lines) - 1):
                    yield load_line(lines[at] + b"\n")
                rest, length = [], 0
            rest.append(lines[-1])
            length += len(lines[-1])
            if length > _LINE:
                raise FormatError("an endless line")
        if length:
            raise FormatError("the last line has no end")

    def _chunks(self) -> Iterator[bytes]:
        """Yield the records' bytes. A damaged file is no changed log: raises `LedgerError`."""
        try:
            with self._archive.open("records.jsonl") as raw:
                while chunk := raw.read(_CHUNK):
                    yield chunk
        except _DAMAGED as error:
            raise LedgerError(UNREADABLE) from error


def verify_bundle(
    path: Path, trust: Trust | None = None, progress: Callable[[int, int], None] | None = None
) -> Verdict:
    """Check a bundle. Never raises for what is wrong with it; `progress` hears records read and records promised."""
    try:
        bundle = Bundle(path)
        total = bundle.manifest.get("size", 0)
        return verify(bundle.source(), trust, None if progress is None else lambda count: progress(count, total))
    except LedgerError:
        unread = Verdict(own_keys=False, pin_given=True)
        unread.problem(UNREADABLE)
        return unread


def split_notes(text: str) -> list[str]:
    """Split notes that stand one after the other. What is not a note is returned as one, so that it gets noticed.

    A note here is three lines, an empty one, and lines of signatures: checkpoints without extensions.
    """
    notes, at = [], 0
    for found in _NOTE.finditer(text):
        if text[at : found.start()].strip("\n"):
            notes.append(text[at : found.start()])
        notes.append(found[0])
        at = found.end()
    if text[at:].strip("\n"):
        notes.append(text[at:])
    return notes


def pinned_notes(text: str) -> list[str]:
    """Return the notes in a text that somebody kept: a file, or the e-mail that brought one. Nothing else counts."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    return _NOTE.findall(plain) or [text]


def newest_note(text: str, log: str) -> str:
    """Return the note of this log that knows most, of those that somebody kept (an anchor's file); else the text as is.

    Whether it is signed is not asked here: who uses it checks, and refuses what is spoiled instead of an older one.
    """
    found: list[tuple[int, str]] = []
    for raw in pinned_notes(text):
        with contextlib.suppress(FormatError):
            kept = Checkpoint.parse(Note.parse(raw).text)
            found += [(kept.size, raw)] if kept.origin == log else []
    return max(found)[1] if found else text
