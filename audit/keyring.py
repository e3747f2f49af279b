"""Whose public keys identities are sealed to: text files in the ledger's key folder, and what changes them.

``trustees.txt`` lists every key that ever was in force, the newest of a role last; earlier ones stay, because older
identities are sealed to them. A key that is to come waits in ``trustees-new.txt`` until the Personalrat agrees: whom
identities are sealed to decides who can watch whom. Both steps are records. Which keys are in force also stands in
every ``writer.start``, so a file that somebody changed by hand shows in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from audit.errors import FormatError, LedgerConfigError
from audit.sealing import DPO, PERSONALRAT, THIRD, TRUSTEES, TrusteeKey
from audit.signing import file_lock, private_folder, write_private

IN_FORCE: Final = "trustees.txt"
WAITING: Final = "trustees-new.txt"
KEY_SET: Final = "reid.key_set"
KEY_APPROVED: Final = "reid.key_approved"
NAMES: Final = {DPO: "Datenschutz", PERSONALRAT: "Personalrat", THIRD: "Treuhand"}
Write = Callable[[str, dict[str, Any], str], object]
"""Makes a record durable: type, facts, opaque id of who did it."""


class Keyring:
    """The public keys of the trustees."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)

    def every(self) -> list[TrusteeKey]:
        """Return all keys that ever were in force, the oldest first."""
        return self._read(IN_FORCE)

    def waiting(self) -> list[TrusteeKey]:
        """Return the keys that the Personalrat has not yet agreed to."""
        return self._read(WAITING)

    def in_force(self) -> dict[str, TrusteeKey]:
        """Return the key of each role that has one."""
        return {key.role: key for key in self.every()}

    def find(self, key_id: str) -> TrusteeKey | None:
        """Return a key by its id, also an earlier one."""
        return next((key for key in self.every() if key.id == key_id), None)

    def sealing(self) -> tuple[TrusteeKey, list[TrusteeKey]] | None:
        """Return whom to seal to: the outer key and the inner ones; None: not both roles have a key."""
        keys = self.in_force()
        if DPO not in keys or PERSONALRAT not in keys:
            return None
        return keys[DPO], [keys[role] for role in (PERSONALRAT, THIRD) if role in keys]

    def missing(self) -> list[str]:
        """Return which of the two trustees have no key, in German."""
        return [NAMES[role] for role in (DPO, PERSONALRAT) if role not in self.in_force()]

    def problem(self) -> str:
        """Return in German what keeps identities from being kept, or nothing."""
        missing = self.missing()
        if not missing:
            return ""
        return (f"Ohne die Schlüssel beider Vertrauenspersonen (es fehlt: {', '.join(missing)}) wird zu keinem "
                "Pseudonym eine Identität aufbewahrt; eine Re-Identifizierung ist dann nicht möglich.")

    def propose(self, text: str, by: str, write: Write) -> TrusteeKey:
        """Let a key wait for the agreement of the Personalrat. Raises `LedgerConfigError`."""
        try:
            key = TrusteeKey.parse(text)
        except FormatError:
            raise LedgerConfigError("Das ist kein öffentlicher Schlüssel einer Vertrauensperson.") from None
        with self._lock():
            if key.role not in TRUSTEES or any(k.public == key.public and k.role != key.role for k in self.every()):
                raise LedgerConfigError("Dieser Schlüssel gehört schon zu einer anderen Rolle. Jede Person macht "
                                        "ihren eigenen.")
            if self.find(key.id) is not None:
                raise LedgerConfigError("Dieser Schlüssel ist oder war schon in Kraft. Bitte machen Sie einen neuen.")
            write(KEY_SET, {"role": key.role, "key": key.id}, by)
            self._write(WAITING, [*(k for k in self.waiting() if k.role != key.role), key])
        return key

    def approve(self, role: str, by: str, write: Write) -> TrusteeKey:
        """Put the waiting key of a role in force; `by` is somebody of the Personalrat. Raises `LedgerConfigError`."""
        with self._lock():
            waiting = self.waiting()
            key = next((k for k in waiting if k.role == role), None)
            if key is None:
                raise LedgerConfigError("Für diese Rolle wartet kein Schlüssel auf Zustimmung.")
            if any(k.public == key.public for k in self.every()):
                raise LedgerConfigError("Dieser Schlüssel gehört schon zu einer anderen Rolle. Jede Person macht "
                                        "ihren eigenen.")
            write(KEY_APPROVED, {"role": key.role, "key": key.id}, by)
            self._write(IN_FORCE, [*self.every(), key])
            self._write(WAITING, [k for k in waiting if k is not key])
        return key

    def _lock(self) -> AbstractContextManager[None]:
        return file_lock(self._folder / ".trustees.lock")

    def _read(self, name: str) -> list[TrusteeKey]:
        try:
            lines = (self._folder / name).read_text("ascii", "replace").splitlines()
        except FileNotFoundError:
            return []
        try:
            return [TrusteeKey.parse(line) for line in lines if line.strip()]
        except FormatError:
            raise LedgerConfigError(f"Die Datei {name} im Schlüsselordner enthält eine Zeile, die kein öffentlicher "
                                    "Schlüssel ist.") from None

    def _write(self, name: str, keys: list[TrusteeKey]) -> None:
        write_private(self._folder / name, "".join(f"{key}\n" for key in keys).encode(), replace=True)
