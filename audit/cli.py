"""``python -m audit``: the ledger without the gateway. Checking a bundle needs no database and no SQLAlchemy.

Exit codes of ``verify``: 0 unchanged, 1 changed, shortened or with a gap, 2 misuse, 3 could not be checked.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audit import trustee
from audit.bundle import pinned_notes, verify_bundle
from audit.checkpoint import Vkey
from audit.errors import FormatError, LedgerConfigError, LedgerError
from audit.proof import HEAD, text_of, verify_proof
from audit.verdict import MISUSE, UNCHECKED, Verdict
from audit.verify import Trust
from audit.visible import visible

if TYPE_CHECKING:
    from audit.ledger import Ledger


def parser(prog: str = "python -m audit") -> argparse.ArgumentParser:
    """Return the commands and their options."""
    top = argparse.ArgumentParser(prog=prog, description="Das Protokoll prüfen, ohne das Gateway.")
    commands = top.add_subparsers(dest="command", required=True)
    check = commands.add_parser("verify", help="ein Bündel oder die Datenbank prüfen")
    check.add_argument("bundle", nargs="?", type=Path, help="ZIP-Datei aus dem Export")
    check.add_argument(
        "--pin",
        action="append",
        default=[],
        type=Path,
        metavar="NOTIZ",
        help="Datei mit einer aufbewahrten Notiz; mehrfach möglich",
    )
    check.add_argument("--vkey", action="append", default=[], help="Prüfschlüssel oder Datei damit; mehrfach möglich")
    check.add_argument("--require-pin", action="store_true", help="ohne Notiz nicht prüfen")
    check.add_argument("--json", action="store_true", help="Ergebnis als JSON")
    check.add_argument("--progress", action="store_true", help="Fortschritt zeigen (auf der Fehlerausgabe)")
    proof = commands.add_parser("verify-proof", help="den Nachweis über einen Eintrag prüfen (.tlog-proof)")
    proof.add_argument("file", type=Path, help="Datei aus „audit proof“")
    proof.add_argument("--vkey", action="append", required=True, help="Prüfschlüssel oder Datei damit; mehrfach")
    proof.add_argument("--json", action="store_true", help="Ergebnis als JSON")
    zipapp = commands.add_parser("zipapp", help="den Prüfer als eine Datei schreiben")
    zipapp.add_argument("file", type=Path, help="zum Beispiel pruefer.pyz")
    export = commands.add_parser("export", help="das ganze Protokoll als Bündel schreiben")
    export.add_argument("bundle", type=Path)
    for command in (check, export, commands.add_parser("vkey", help="die Prüfschlüssel zeigen")):
        command.add_argument("--database", help="Adresse der Datenbank, z. B. sqlite:////pfad/audit.sqlite")
        command.add_argument("--log", help="Name des Protokolls, z. B. musterstadt.de/ki-pforte/1")
        command.add_argument("--folder", type=Path, help="Ordner der Schlüssel")
    trustee.add_to(commands)
    return top


def main(arguments: Sequence[str] | None = None, prog: str = "python -m audit") -> int:
    """Run one command; return its exit code."""
    try:
        options = parser(prog).parse_args(arguments)
    except SystemExit as stop:
        return MISUSE if stop.code else 0
    try:
        if options.command == "verify":
            return _verify(options)
        if options.command == "verify-proof":
            return check_proof(options.file, options.vkey, as_json=options.json)
        if options.command == "zipapp":
            return _zipapp(options.file)
        if options.command == "trustee":
            return trustee.run(options)
        with _ledger(options) as ledger:
            if options.command == "export":
                _say(f"{ledger.export_bundle(options.bundle)} Einträge geschrieben: {options.bundle}")
            else:
                _say("\n".join(str(key) for key in ledger.vkeys()))
    except LedgerConfigError as error:
        return _fail(str(error), MISUSE)
    except (LedgerError, OSError) as error:
        return _fail(str(error), UNCHECKED)
    return 0


def read_trust(pins: Sequence[Path], vkeys: Sequence[str], *, require_pin: bool) -> Trust:
    """Read what the caller brings along: note files, and keys as text or as files. Raises `LedgerConfigError`."""
    notes = []
    for path in pins:
        try:
            notes += pinned_notes(path.read_bytes().decode())
        except (OSError, UnicodeDecodeError) as error:
            raise LedgerConfigError(f"Die Notiz {path} ist nicht lesbar.") from error
    keys = []
    for text in vkeys:
        try:
            lines = Path(text).read_text(encoding="utf-8").splitlines() if "+" not in text else [text]
            keys += [Vkey.parse(line) for line in lines if line.strip()]
        except (OSError, UnicodeDecodeError, FormatError) as error:
            raise LedgerConfigError(f"{text} ist kein Prüfschlüssel und keine Datei mit Prüfschlüsseln.") from error
    return Trust(tuple(notes), tuple(keys), require_pin)


def _verify(options: argparse.Namespace) -> int:
    trust = read_trust(options.pin, options.vkey, require_pin=options.require_pin)
    if options.bundle is not None:
        if not options.bundle.is_file():
            raise LedgerConfigError(f"Die Datei {options.bundle} gibt es nicht.")
        if is_proof(options.bundle):
            return check_proof(options.bundle, options.vkey, as_json=options.json)
        verdict = verify_bundle(options.bundle, trust, _progress if options.progress else None)
    else:
        with _ledger(options) as ledger:
            verdict = ledger.verify(pins=trust.pins, vkeys=trust.vkeys, require_pin=trust.require_pin)
    show(verdict, as_json=options.json)
    return verdict.exit_code


def is_proof(path: Path) -> bool:
    """Whether a file is the proof of one record rather than a bundle."""
    with path.open("rb") as file:
        return file.read(len(HEAD)) == HEAD.encode()


def check_proof(path: Path, vkeys: Sequence[str], *, as_json: bool) -> int:
    """Check the proof of one record and print the result; return the exit code."""
    trust = read_trust([], vkeys, require_pin=False)
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise LedgerConfigError(f"Die Datei {path} ist nicht lesbar.") from error
    except UnicodeDecodeError:
        text = ""
    said = verify_proof(text, trust.vkeys)
    _say(json.dumps(said, ensure_ascii=False, indent=2) if as_json else text_of(said))
    return int(said["exit_code"])


def _zipapp(path: Path) -> int:
    from audit.zipapp import build  # not part of what it builds

    build(path)
    _say(f"Geschrieben: {path}")
    return 0


def show(verdict: Verdict, *, as_json: bool) -> None:
    """Print a verdict."""
    _say(json.dumps(verdict.as_json(), ensure_ascii=False, indent=2) if as_json else verdict.text())


def _ledger(options: argparse.Namespace) -> Ledger:
    from audit.ledger import Ledger, LedgerConfig  # needs SQLAlchemy; checking a bundle does not

    if not (options.database and options.log and options.folder):
        raise LedgerConfigError("Bitte geben Sie ein Bündel an, oder --database, --log und --folder.")
    return Ledger(LedgerConfig(options.database, options.log, options.folder))


def _progress(count: int, total: int) -> None:
    sys.stderr.write(f"{count} von {total} Einträgen gelesen\n")
    sys.stderr.flush()


def _say(text: str) -> None:
    sys.stdout.write(visible(text) + "\n")


def _fail(text: str, code: int) -> int:
    sys.stderr.write(visible(text) + "\n")
    return code
