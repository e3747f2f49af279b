"""The bundle: a ZIP that holds the whole log, for checking on another machine.

``manifest.json`` (format, log, size; where the beginning was deleted ``first`` and ``pruned_peaks``),
``records.jsonl`` (one record a line: ``idx``, ``envelope``, per part ``salt``, ``body``, ``class``; bytes in base64),
``checkpoints.txt`` (notes one after the other), ``vkeys.txt``.
Reading and writing are streams; nothing but one record is held in memory. Standard library and cryptography only.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from audit.checkpoint import Vkey, b64, unb64
from audit.errors import FormatError, LedgerError
from audit.merkle import CompactRange
from audit.verify import Entry, PartBytes, Source

FORMAT: Final = "ki-pforte-bundle/1"
_SIGNATURES: Final = re.compile("\n\n(?:\u2014 [^\n]+\n)+")
_SHORT: Final = 1 << 20
"""Bytes of a manifest or of all keys."""
_LINE: Final = 64 << 20
"""Bytes of one record; more would only fill the memory of whoever checks."""


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
            archive.writestr("manifest.json", json.dumps({"format": FORMAT, **manifest}, indent=1))
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
    """Return a record as a line of ``records.jsonl``."""
    parts = {
        name: {"salt": b64(salt), "body": b64(body), "class": kind} for name, (salt, body, kind) in line.parts.items()
    }
    return (
        json.dumps({"idx": line.idx, "envelope": b64(line.envelope), "parts": parts}, separators=(",", ":")).encode()
        + b"\n"
    )


class Bundle:
    """A bundle open for checking. Raises `LedgerError` when the file as such cannot be read."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
            names = self._archive.namelist()
            if len(set(names)) != len(names):
                raise FormatError("a file occurs twice: another program would read another log")
            self.manifest = self._manifest()
            self._pruned = CompactRange(self.manifest.get("first", 0),
                                        [unb64(peak) for peak in self.manifest.get("pruned_peaks", [])])
            self._notes = self._archive.read("checkpoints.txt").decode()
            self._vkeys = [Vkey.parse(line) for line in self._text("vkeys.txt").splitlines() if line.strip()]
        except (OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, RecursionError, RuntimeError,
                NotImplementedError, TypeError, AttributeError, FormatError) as error:
            raise LedgerError("Die Datei ist kein lesbares Bündel des Protokolls.") from error

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

    def _manifest(self) -> dict[str, Any]:
        value = json.loads(self._text("manifest.json"))
        if not (isinstance(value, dict) and value.get("format") == FORMAT and type(value.get("log")) is str
                and type(value.get("unsequenced", 0)) is int and type(value.get("first", 0)) is int):
            raise FormatError("unknown format of the bundle")
        return value

    def _text(self, name: str) -> str:
        if self._archive.getinfo(name).file_size > _SHORT:
            raise FormatError(f"{name} is too long")
        return self._archive.read(name).decode()

    def _entries(self) -> Iterator[Entry]:
        try:
            with self._archive.open("records.jsonl") as raw:
                while line := raw.readline(_LINE):
                    yield _load(line)
        except (OSError, zipfile.BadZipFile, zlib.error, KeyError, RuntimeError, NotImplementedError) as error:
            raise FormatError("records are not readable") from error


def _load(line: bytes) -> Entry:
    try:
        value = json.loads(line)
        parts = {name: PartBytes(unb64(part["salt"]), unb64(part["body"])) for name, part in value["parts"].items()}
        if type(value["idx"]) is not int:
            raise FormatError("not a line of a bundle")
        return Entry(value["idx"], unb64(value["envelope"]), parts)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError("not a line of a bundle") from error


def split_notes(text: str) -> list[str]:
    """Split notes that stand one after the other. What is not a note is returned as one, so that it gets noticed."""
    notes, at = [], 0
    for signatures in _SIGNATURES.finditer(text):
        blank = text.rfind("\n\n", at, signatures.start())
        block = at if blank < 0 else blank + 2
        lines = text[block : signatures.start()].split("\n")
        first = next((i for i in range(len(lines) - 2) if lines[i] and lines[i + 1].isdecimal()), -1)
        if first < 0 or not lines[-1]:
            continue
        start = block + sum(len(line) + 1 for line in lines[:first])
        if text[at:start].strip():
            notes.append(text[at:start])
        notes.append(text[start : signatures.end()])
        at = signatures.end()
    if text[at:].strip():
        notes.append(text[at:])
    return notes
