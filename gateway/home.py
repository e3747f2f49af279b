"""What lies in HOME and is opened by the server and by commands alike: secrets of this installation, the ledger.

A key of certificates (``keys/ki-pass``) is never overwritten in place, and its private part is gone once another one
signs. Who believes that a key was stolen deletes its file: what it signed then no longer checks.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from joserfc.jwk import ECKey

from audit import Ledger, LedgerConfig, LedgerConfigError, MailServer, Sink, Witness, sink_of
from gateway import __version__
from gateway.settings import Settings

STAGE: Final = ".wiederherstellung"
"""In HOME: where a backup is unpacked."""
BEGUN: Final = f"{STAGE}/begonnen"
"""There from the first step that changes the house until the last one."""


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


def refuse_half_restored(home: Path) -> None:
    """Raise `audit.LedgerConfigError` while a restore has begun to put things in place and is not through."""
    if (home / BEGUN).exists():
        raise LedgerConfigError(f"In {home} ist eine Sicherung erst zum Teil eingespielt. Läuft „ki-pforte restore“ "
                                "nicht mehr, rufen Sie es bitte noch einmal auf, mit denselben Angaben und --replace.")


def open_ledger(settings: Settings, log_name: str, policy: str = "") -> Ledger:
    """Open the ledger. Raises `audit.LedgerError`."""
    refuse_half_restored(settings.home)
    return _ledger(settings, log_name, policy)


def open_restored_ledger(settings: Settings, log_name: str) -> Ledger:
    """Open the ledger for whoever is restoring it."""
    return _ledger(settings, log_name, "")


def _ledger(settings: Settings, log_name: str, policy: str) -> Ledger:
    return Ledger(LedgerConfig(settings.audit_database, log_name, settings.home / "keys" / "protokoll",
                               about={"version": __version__, "policy": policy}, anchors=anchors(settings)))


def anchors(settings: Settings) -> tuple[Sink, ...]:
    """Return the places where notes of the ledger are kept outside. Raises `audit.LedgerConfigError`."""
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
    mail = MailServer(settings.smtp_host, settings.smtp_port, settings.smtp_security, settings.smtp_user, password,
                      settings.smtp_from) if settings.smtp_host else None
    return tuple(sink_of(address, mail) for address in settings.anchors.split(",") if address.strip())


def open_witness(settings: Settings) -> Witness | None:
    """Return who countersigns for neighbours, if this house does."""
    name = settings.witness_name.strip()
    return Witness(settings.home / "keys" / "zeuge", name) if name else None


@dataclass(frozen=True, slots=True)
class PassKeys:
    """The keys under certificates of the KI-Pass: the one that signs, and all that ever did."""

    signing: ECKey
    published: tuple[ECKey, ...]
    """The public ones, the one that signs first."""


def pass_keys(home: Path) -> PassKeys:
    """Return the keys of certificates; the first one is made when it is first needed."""
    folder = home / "keys" / "ki-pass"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / _SIGNS
    if not path.exists():
        fresh = _written(folder)
        with suppress(FileExistsError):  # another process was faster: its key counts
            os.link(fresh, path)
        fresh.unlink()
    signing = ECKey.import_key(json.loads(path.read_bytes()))
    earlier = [ECKey.import_key(json.loads(file.read_bytes())) for file in sorted(folder.glob(f"*{_CHECKS}"))]
    return PassKeys(signing, (signing, *(key for key in earlier if key.thumbprint() != signing.thumbprint())))


def rotate_pass_keys(home: Path) -> PassKeys:
    """Make a new key that signs from now on. Of the one before only the public part stays, so that it still checks."""
    before, folder = pass_keys(home), home / "keys" / "ki-pass"
    kept = folder / f"{before.signing.thumbprint()}{_CHECKS}"
    kept.write_text(json.dumps(before.signing.as_dict(private=False)), "ascii")
    _written(folder).replace(folder / _SIGNS)
    return pass_keys(home)


_SIGNS: Final = "aktuell.json"
_CHECKS: Final = ".frueher.json"


def _written(folder: Path) -> Path:
    """Return a file with a new private key, whole before anybody sees it under its name."""
    path = folder / f".{secrets.token_hex(8)}.neu"
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        json.dump(ECKey.generate_key("P-256").as_dict(private=True), file)
        file.flush()
        os.fsync(file.fileno())
    return path
