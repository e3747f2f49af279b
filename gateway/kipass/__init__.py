"""The KI-Pass: a pure function of evidence, events, the current rules and the time.

`status` answers for one scope, `passes` for all of them. Nothing here is stored, awaits, or reads a clock.
"""

from gateway.kipass.calendar import last_day
from gateway.kipass.status import passes, status
from gateway.model.kipass import BASIS, Document, Evidence, KiPassConfig, Module, PassEvent, Scope

__all__ = ["BASIS", "Document", "Evidence", "KiPassConfig", "Module", "PassEvent", "Scope", "last_day", "passes",
           "status"]
