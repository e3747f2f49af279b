"""Adds one version of a document or course to a policy folder: its file, and its entry in ``ki-pass.yaml``.

The YAML is changed as text, by inserting the entry behind the last one of its kind: every other byte, with comments and
alignment, stays as people wrote it. Where the file is not laid out like that (a list in brackets), nothing is guessed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.model.kipass import Document
from gateway.store import StoreError

RULES = "ki-pass.yaml"


class FolderError(StoreError):
    """The policy folder cannot be changed from here; the text says what to do instead."""


@dataclass(frozen=True, slots=True)
class Publication:
    """A version that is to be added, and the bytes of its file."""

    entry: Document
    content: bytes = field(repr=False)


def try_out(new: Publication, policies: Path, load: Callable[[Path], object]) -> None:
    """Apply the change to a copy of the folder and load it; raises what is wrong with the result."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / policies.name
        shutil.copytree(policies, copy)
        apply(new, copy)
        load(copy)


def apply(new: Publication, policies: Path) -> None:
    """Write the file, then the rules that name it, each as a whole."""
    try:
        rules = policies / RULES
        changed = inserted(rules.read_text(encoding="utf-8"), new.entry)
        (policies / "documents").mkdir(exist_ok=True)
        _write(policies / new.entry.file, new.content)
        _write(rules, changed.encode())
    except OSError as error:
        raise FolderError(f"Der Ordner der Richtlinien lässt sich nicht ändern ({error.strerror}). Bitte geben Sie "
                          "diesem Konto das Recht dazu, oder tragen Sie die Fassung dort ein, wo die Richtlinien "
                          "gepflegt werden.") from None


def inserted(text: str, entry: Document) -> str:
    """Return the YAML text with the entry behind the last one of its kind."""
    lines = text.splitlines(keepends=True)
    block, kind = ("courses", entry.course) if entry.course else ("documents", entry.kind)
    if block == "courses" and not any(line.startswith("courses:") for line in lines):
        lines += ["" if not lines or lines[-1].endswith("\n") else "\n", "courses:\n"]  # the first course of a town
        return "".join([*lines, f"  {kind}:\n", *_entry(entry, 4)])
    top = _find(lines, 0, len(lines), rf"{block}:\s*(#.*)?$", indent=0)
    end = _block_end(lines, top, 0)
    found = next((i for i in range(top + 1, end) if re.match(rf"\s+{kind}:", lines[i])), None)
    if found is None:
        indent = _indent(lines[top + 1])
        return "".join([*lines[:end], f"{' ' * indent}{kind}:\n", *_entry(entry, indent + 2), *lines[end:]])
    if not re.match(rf"\s+{kind}:\s*(#.*)?$", lines[found]):
        raise _unusual()
    kind_indent = _indent(lines[found])
    items = [i for i in range(found + 1, len(lines)) if lines[i].strip() and not lines[i].lstrip().startswith("#")]
    if not items or not lines[items[0]].lstrip().startswith("- "):
        raise _unusual()
    item_indent = _indent(lines[items[0]])
    last = found
    for i in items:
        starts_item = _indent(lines[i]) == item_indent and lines[i].lstrip().startswith("- ")
        if not starts_item and _indent(lines[i]) <= max(kind_indent, item_indent):
            break
        last = i
    if not lines[last].endswith("\n"):
        lines[last] += "\n"
    return "".join([*lines[:last + 1], *_entry(entry, item_indent), *lines[last + 1:]])


def _entry(entry: Document, indent: int) -> list[str]:
    # A JSON string is a YAML string, whatever is in it.
    pairs = [("version", json.dumps(entry.version)), ("title", json.dumps(entry.title, ensure_ascii=False)),
             ("file", entry.file), ("sha256", entry.sha256), ("valid_from", entry.valid_from.isoformat()),
             ("change", entry.change)]
    if not entry.course:
        pairs.append(("grace_days", str(entry.grace_days)))
    if entry.supersedes is not None:
        pairs.append(("supersedes", json.dumps(entry.supersedes)))
    return [f"{' ' * indent}{'- ' if i == 0 else '  '}{key}: {value}\n" for i, (key, value) in enumerate(pairs)]


def _find(lines: list[str], start: int, end: int, pattern: str, *, indent: int) -> int:
    for i in range(start, end):
        if _indent(lines[i]) == indent and re.match(pattern, lines[i].strip()):
            return i
    raise _unusual()


def _block_end(lines: list[str], top: int, indent: int) -> int:
    """Return the line after the last one that belongs to the block that `top` opens."""
    end = top + 1
    for i in range(top + 1, len(lines)):
        if lines[i].strip() and not lines[i].lstrip().startswith("#"):
            if _indent(lines[i]) <= indent:
                break
            end = i + 1
    return end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _unusual() -> FolderError:
    return FolderError("In „ki-pass.yaml“ sind die Fassungen nicht Zeile für Zeile aufgeführt. Bitte tragen Sie die "
                       "neue Fassung dort von Hand ein.")


def _write(path: Path, content: bytes) -> None:
    """Replace a file as a whole: a reader sees the old or the new one."""
    temporary = path.with_name(f".{path.name}.neu")
    temporary.write_bytes(content)
    if path.exists():
        shutil.copymode(path, temporary)
    os.replace(temporary, path)
