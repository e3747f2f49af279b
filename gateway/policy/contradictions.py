"""What is right line by line and leaves nothing together: a department without any model, purpose or hour.

Asked of what was worked out, so that organisation, profiles and department count as they will. Models that are only
switched off count as there: that a town begins with none is no mistake. Who wants to keep a department away from AI
says so: ``models: {allow: []}``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.model.register import RegisteredModel
from gateway.policy.compile import reworked
from gateway.policy.names import Problems
from gateway.policy.policyset import OfficeHours, PolicySet
from gateway.policy.source import Source
from gateway.policy.vocabulary import WEEKDAYS

_TOGETHER: Final = "Zusammen mit der Organisation und den Profilen bleibt der Abteilung"
_NO_AI: Final = "soll die Abteilung keine KI nutzen, schreiben Sie „models: {allow: []}“"


def check(policies: PolicySet, sources: Mapping[str, Source]) -> Problems:
    """Yield every department to which nothing is left, at the place in its file that comes nearest."""
    switched_on: PolicySet | None = None
    for key, rules in policies.departments.items():
        source, written = sources[key], policies.files[key]
        if written.models.allow == ():
            continue
        if not rules.models and switched_on is None:
            switched_on = reworked(policies, policies.digest, models={k: _on(m) for k, m in policies.models.items()})
        if not rules.models and switched_on is not None and not switched_on.departments[key].models:
            yield source.problem(("models",), f"{_TOGETHER} kein Modell", f"lassen Sie eines zu; {_NO_AI}")
        if not rules.purposes:
            yield source.problem(("purposes",), f"{_TOGETHER} kein Zweck", f"lassen Sie einen zu; {_NO_AI}")
        if rules.hours and not _ever_open(rules.hours):
            where = ", ".join(sorted(hours.rule.partition(":")[0] for hours in rules.hours))
            yield source.problem(("hours",), f"Die Zeiten überschneiden sich nie ({where}); die Abteilung könnte KI zu "
                                 "keiner Zeit nutzen", f"gleichen Sie Tage und Uhrzeiten an; {_NO_AI}")


def _on(model: RegisteredModel) -> RegisteredModel:
    return replace(model, enabled=True)


def _ever_open(hours: Sequence[OfficeHours]) -> bool:
    begin, end = max(h.hours.begin for h in hours), min(h.hours.end for h in hours)
    return begin < end and any(all(day in h.hours.days for h in hours) for day in WEEKDAYS)
