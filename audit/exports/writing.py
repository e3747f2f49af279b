"""Writing an export: draft file, record, name. In this order, so that no file is there of which the log knows nothing.

A crash after the record leaves a record of an export that nobody got, and a hidden draft at most.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from audit.bundle import Line
from audit.checkpoint import unb64
from audit.errors import FormatError, LedgerConfigError
from audit.exports import forms
from audit.exports.source import Exported, records
from audit.reader import Filters
from audit.store.store import Store

EXPORT: Final = "export"
FORMATS: Final = ("bundle", "jsonl", "csv", "ocsf", "syslog")
Form = Callable[[Iterable[Exported]], Iterator[str]]
_FORMS: Final[dict[str, Form]] = {"jsonl": forms.jsonl, "csv": forms.csv, "ocsf": forms.ocsf, "syslog": forms.syslog}


def form_of(name: str) -> Form:
    """Return how a format writes records. Raises `LedgerConfigError`."""
    if name not in _FORMS:
        raise LedgerConfigError(f"Das Format „{name[:40]}“ gibt es nicht. Möglich sind: {', '.join(FORMATS)}.")
    return _FORMS[name]


def write(store: Store, path: Path, form: Form, filters: Filters, announce: Callable[[int], None]) -> int:
    """Write what the filter finds; `announce` is told the number of records before the file gets its name."""
    draft = path.with_name(f".{path.name}.part")
    count = 0

    def counted(found: Iterable[Exported]) -> Iterator[Exported]:
        nonlocal count
        for record in found:
            count += 1
            yield record

    try:
        with store.read() as connection, draft.open("w", encoding="utf-8", newline="") as file:
            draft.chmod(0o600)
            file.writelines(form(counted(records(store, connection, filters))))
        announce(count)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return count


def said(filters: Filters) -> dict[str, Any]:
    """Return a filter as the record of the export names it: without whom it asked for."""
    found: dict[str, Any] = {}
    for field in fields(filters):
        value = getattr(filters, field.name)
        if value in (None, "", ()):
            continue
        if field.name in ("subject", "reference"):
            found[field.name] = "gesetzt"
        else:
            found[field.name] = list(value) if field.name == "types" else value
    return found


def read_jsonl(path: Path) -> Iterator[Line]:
    """Yield the records of a JSON Lines export, byte for byte as they were. Raises `FormatError`."""
    with path.open(encoding="utf-8") as file:
        for text in file:
            try:
                value = json.loads(text)
                yield Line(value["idx"], unb64(value["envelope"]), {
                    name: (unb64(part["salt"]), unb64(part["body"]), part["class"])
                    for name, part in value["parts"].items()})
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise FormatError("not a line of an export") from error
