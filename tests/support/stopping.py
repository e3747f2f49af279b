"""How long whoever stops a process must leave it: what the settings promise, and some seconds to close the ledger."""

from __future__ import annotations

from gateway.settings import Settings

_DEFAULTS = {name: Settings.model_fields[name].default for name in ("drain_seconds", "grace_seconds")}
DRAIN_SECONDS: int = _DEFAULTS["drain_seconds"]
STOP_SECONDS: int = DRAIN_SECONDS + _DEFAULTS["grace_seconds"] + 10
