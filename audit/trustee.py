"""``python -m audit trustee``: what the two trustees do on their own machines. The house never sees a private key.

``new FILE`` makes a key pair: the private key goes into FILE, encrypted under a password (scrypt, AES-256-GCM); the
public key is printed for the house. ``show FILE`` prints it again. ``open --key FILE PIECE`` opens one layer of a piece
from the house and prints the next piece. What is opened is told on standard error first, so that a person can compare
it with what was agreed. Needs no database and no network.
"""

from __future__ import annotations

import argparse
import getpass
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit import canonical, pieces
from audit.checkpoint import b64, unb64
from audit.errors import FormatError, LedgerConfigError
from audit.sealing import DPO, TRUSTEES, TrusteeKey
from audit.visible import visible

KEY: Final = "SCHLUESSEL"
COST: Final = 1 << 16
"""Work of one try at a password: 64 MiB and about a fifth of a second."""
_MOST_COST: Final = 1 << 20
LEAST_PASSWORD: Final = 12
Ask = Callable[[str], str]


def add_to(commands: Any) -> None:
    """Add the commands to those of ``python -m audit``."""
    top = commands.add_parser("trustee", help="Schlüssel der beiden Vertrauenspersonen, auf deren eigenem Rechner")
    steps = top.add_subparsers(dest="step", required=True)
    new = steps.add_parser("new", help="ein Schlüsselpaar erzeugen; zeigt den öffentlichen Schlüssel")
    new.add_argument("file", type=Path, help="hier kommt der geheime Schlüssel hin, mit Kennwort verschlüsselt")
    new.add_argument("--role", required=True, choices=TRUSTEES)
    show = steps.add_parser("show", help="den öffentlichen Schlüssel und seinen Fingerabdruck zeigen")
    show.add_argument("file", type=Path)
    opening = steps.add_parser("open", help="eine Hülle öffnen; gibt das nächste Stück aus")
    opening.add_argument("piece", type=Path, help="das Stück, das Sie erhalten haben (Textdatei)")
    opening.add_argument("--key", required=True, type=Path, help="Ihr geheimer Schlüssel")
    opening.add_argument("--yes", action="store_true", help="nicht nachfragen")
    for step in (new, show, opening):
        step.add_argument("--password-file", type=Path, help="Datei mit dem Kennwort; sonst wird danach gefragt")


def run(options: argparse.Namespace, ask: Ask = getpass.getpass, confirm: Ask = input) -> int:
    """Carry out one command. Raises `LedgerConfigError`."""
    try:
        if options.step == "new":
            _new(options, ask)
        elif options.step == "show":
            _tell(TrusteeKey.of(*_open_file(options, ask)))
        else:
            return _open(options, ask, confirm)
    except (OSError, UnicodeDecodeError) as error:
        raise LedgerConfigError(f"Die Datei {getattr(error, 'filename', None) or ''} ist nicht lesbar oder schon da."
                                ) from error
    return 0


def lock(role: str, private: X25519PrivateKey, password: str, cost: int = COST) -> str:
    """Return the private key as the text of a key file."""
    salt, head = os.urandom(16), {"cost": cost, "public": str(TrusteeKey.of(role, private)), "role": role, "v": 1}
    nonce = os.urandom(12)
    sealed = AESGCM(_stretch(password, salt, cost)).encrypt(nonce, private.private_bytes_raw(), canonical.dumps(head))
    return pieces.armor(KEY, {**head, "salt": b64(salt), "secret": b64(nonce + sealed)})


def unlock(text: str, password: str) -> tuple[str, X25519PrivateKey]:
    """Return role and private key of a key file. Raises `FormatError`; a wrong password is one."""
    kind, value = pieces.unarmor(text)
    cost = value.get("cost")
    if kind != KEY or type(cost) is not int or not 2 <= cost <= _MOST_COST or cost & (cost - 1):
        raise FormatError("not a key file")
    head = {name: value.get(name) for name in ("cost", "public", "role", "v")}
    raw, salt = unb64(str(value.get("secret", ""))), unb64(str(value.get("salt", "")))
    try:
        plain = AESGCM(_stretch(password, salt, cost)).decrypt(raw[:12], raw[12:], canonical.dumps(head))
    except (InvalidTag, ValueError):
        raise FormatError("wrong password, or the key file is damaged") from None
    return str(head["role"]), X25519PrivateKey.from_private_bytes(plain)


def _stretch(password: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=8, p=1, maxmem=cost * 8 * 128 + (1 << 20), dklen=32)


def _new(options: argparse.Namespace, ask: Ask) -> None:
    password = _password(options, ask, "Neues Kennwort für den Schlüssel: ")
    if len(password) < LEAST_PASSWORD:
        raise LedgerConfigError(f"Bitte wählen Sie ein Kennwort mit mindestens {LEAST_PASSWORD} Zeichen.")
    if options.password_file is None and ask("Noch einmal: ") != password:
        raise LedgerConfigError("Die beiden Eingaben sind verschieden. Es wurde nichts geschrieben.")
    private = X25519PrivateKey.generate()
    handle = os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(lock(options.role, private, password))
        file.flush()
        os.fsync(file.fileno())
    _tell(TrusteeKey.of(options.role, private))
    _note("Geben Sie diese Zeile der IT. Den Schlüssel und sein Kennwort geben Sie niemandem; bewahren Sie eine Kopie "
          "der Datei an einem zweiten Ort auf.")


def _open(options: argparse.Namespace, ask: Ask, confirm: Ask) -> int:
    kind, value = _read(options.piece)
    role, private = _open_file(options, ask)
    order = pieces.order_of(value)
    _note(f"Fall {order['case']}, Grund „{order['reason']}“\n{_what(order)}\nAntrag {order['request']}")
    if not options.yes and confirm("Stimmt das mit dem überein, dem Sie zugestimmt haben? (ja/nein) ").strip() != "ja":
        _note("Es wurde nichts geöffnet.")
        return 1
    wanted = pieces.ORDER if role == DPO else pieces.ENVELOPE
    if kind != wanted:
        raise LedgerConfigError(f"Mit diesem Schlüssel wird ein Stück „{wanted}“ geöffnet; dies ist „{kind}“.")
    try:
        text = pieces.open_outer(private, value) if role == DPO else pieces.open_inner(private, role, value)
    except FormatError:
        raise LedgerConfigError("Dieses Stück lässt sich mit Ihrem Schlüssel nicht öffnen. Es ist für einen anderen "
                                "Schlüssel bestimmt oder verändert worden.") from None
    sys.stdout.write(visible(text) if sys.stdout.isatty() else text)  # what a terminal would obey is spelt out there
    return 0


def _what(order: dict[str, str]) -> str:
    if "exchange" in order:
        return f"Inhalt des Vorgangs {order['vorgang']}"
    return f"Pseudonym {order['pseudonym']} ({order['epoch']})"


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        return pieces.unarmor(path.read_text("ascii", "replace"))
    except FormatError:
        raise LedgerConfigError(f"{path} enthält kein unversehrtes Stück der KI-Pforte.") from None


def _open_file(options: argparse.Namespace, ask: Ask) -> tuple[str, X25519PrivateKey]:
    path: Path = options.key if options.step == "open" else options.file
    text = path.read_text("ascii", "replace")
    try:
        return unlock(text, _password(options, ask, "Kennwort des Schlüssels: "))
    except FormatError:
        raise LedgerConfigError("Das Kennwort stimmt nicht, oder die Schlüsseldatei ist beschädigt.") from None


def _password(options: argparse.Namespace, ask: Ask, question: str) -> str:
    if options.password_file is not None:
        return str(options.password_file.read_text("utf-8").rstrip("\r\n"))
    return ask(question)


def _tell(key: TrusteeKey) -> None:
    sys.stdout.write(f"{key}\n")
    _note(f"Fingerabdruck: {key.fingerprint}")


def _note(text: str) -> None:
    sys.stderr.write(visible(text) + "\n")
