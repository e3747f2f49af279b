"""Builds ``pruefer.pyz``: the verifier as one file, for a machine that has Python and `cryptography` and nothing of us.

It holds copies of the files that `python -m audit verify BUNDLE` and `verify-proof` load, and no others; two builds of
the same files are the same bytes, so that anybody can compare one with the source.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Final

FILES: Final = ("__init__", "accounts", "announcement", "beginning", "bundle", "canonical", "checkpoint", "cli",
                "errors", "keychain", "merkle", "pieces", "proof", "record", "sealing", "trustee", "verdict", "verify",
                "visible")
_MAIN: Final = """# Der Prüfer der KI-Pforte. Aufruf: python pruefer.pyz verify BÜNDEL --pin NOTIZ --vkey SCHLÜSSEL
import sys

try:
    import cryptography  # noqa: F401
except ImportError:
    sys.exit("Bitte richten Sie zuerst das Paket cryptography ein: python -m pip install cryptography")

from audit.cli import main

sys.exit(main(prog="pruefer.pyz"))
"""
_SHEBANG: Final = b"#!/usr/bin/env python3\n"


def content() -> bytes:
    """Return the verifier."""
    home = Path(__file__).parent
    files = {"__main__.py": _MAIN.encode()}
    files |= {f"audit/{name}.py": (home / f"{name}.py").read_bytes() for name in FILES}
    raw = io.BytesIO()
    raw.write(_SHEBANG)
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, data)
    return raw.getvalue()


def build(path: Path) -> None:
    """Write the verifier to `path`."""
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_bytes(content())
        draft.chmod(0o755)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
