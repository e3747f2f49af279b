"""Provider keys by name: from the environment, else from a file below ``HOME/secrets``.

Keeps true: a key is never in a YAML file, a database, a log or an error; a changed file counts from the next
request on; a key that is missing is an error that names the variable and the file to write.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from gateway.errors import GatewayError
from gateway.upstream import failures

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Secrets:
    """Looks a key up by the name that the model register gives (``api_key_env``)."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._environment = os.environ if environment is None else environment
        self._read: dict[str, tuple[tuple[int, int], str]] = {}

    def get(self, name: str | None) -> str:
        """Return the key, or an empty text for a provider without one. Raises ``anbieter_fehler`` if it is missing."""
        if name is None:
            return ""
        if not _NAME.match(name):  # also keeps the name from being a path
            raise failures.misconfigured("api_key_env is not a variable name: letters, digits and _ only")
        value = self._environment.get(name, "").strip() or self._from_file(name)
        if not value:
            raise self._missing(name)
        if not value.isascii() or not value.isprintable():
            raise failures.misconfigured(f"secret {name} holds characters that no header can carry")
        return value

    def find(self, name: str) -> str:
        """Return the secret with this name, empty if none can be used; for those who say so themselves."""
        try:
            return self.get(name)
        except GatewayError:
            return ""

    def state(self, name: str) -> Literal["da", "fehlt", "offen"]:
        """Return whether a key is there and can be used, or its file is readable for others on this host."""
        return "fehlt" if not self.find(name) else "offen" if self.open_files([name]) else "da"

    def open_files(self, names: list[str]) -> list[str]:
        """Return those of `names` whose file others on this host may read: 0600 is what they should have."""
        found = []
        for name in names:
            path = self._folder / name
            if _NAME.match(name) and path.is_file() and path.stat().st_mode & 0o077:
                found.append(name)
        return found

    def _from_file(self, name: str) -> str:
        path = self._folder / name
        try:
            stat = path.stat()
            version = (stat.st_mtime_ns, stat.st_ino)
            known = self._read.get(name)
            if known is None or known[0] != version:
                known = self._read[name] = (version, path.read_text("utf-8").strip())
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise failures.misconfigured(f"secret {name}: {type(error).__name__}") from None
        return known[1]

    @staticmethod
    def _missing(name: str) -> GatewayError:
        remedy = f"set {name} in the environment or write it to secrets/{name} in HOME"
        return failures.misconfigured(f"no provider key: {remedy}")
