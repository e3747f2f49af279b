"""What lies in HOME and is opened by the server and by commands alike: secrets of this installation, the ledger."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from audit import Ledger, LedgerConfig
from gateway import __version__
from gateway.settings import Settings


def own_secret(home: Path, name: str) -> bytes:
    """Return a random secret of this installation, made at first use and readable for its owner only."""
    folder = home / "keys"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name
    with suppress(FileExistsError), open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secrets.token_bytes(32))
    return path.read_bytes()


def provider_environment(settings: Settings) -> dict[str, str]:
    """Return where keys of providers are looked up by name: the environment, and the quick start's from the settings.
    """
    key = settings.openai_api_key
    return {**os.environ, **({"KI_PFORTE_OPENAI_API_KEY": key.get_secret_value()} if key else {})}


def known_log_name(home: Path) -> str | None:
    """Return how the ledger in HOME is called, by its public keys; None: there is none yet."""
    with suppress(OSError):
        return (home / "keys" / "protokoll" / "vkeys.txt").read_text("utf-8").partition("+")[0].strip() or None
    return None


def open_ledger(settings: Settings, log_name: str, policy: str = "") -> Ledger:
    """Open the ledger. Raises `audit.LedgerError`."""
    return Ledger(LedgerConfig(settings.audit_database, log_name, settings.home / "keys" / "protokoll",
                               about={"version": __version__, "policy": policy}))
