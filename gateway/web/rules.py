"""Rule ids of the policy in words: what the ledger holds as ``departments/bauamt:models``, the officer reads in German.

A rule that the policies of today do not know any more (a department or a model is gone) keeps its id in the sentence;
one whose form is unknown here is shown as it is.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.model.entities import ENTITIES
from gateway.policy import PolicySet
from gateway.policy.vocabulary import DATA_CLASSES, FORBIDDEN_PURPOSES

_SIDES: Final = {"in_house": "Modelle im Haus", "outside": "Modelle außer Haus"}
_DEPARTMENT: Final = {"models": "Auswahl der Modelle", "models.allow": "Auswahl der Modelle",
                      "models.deny": "ausgeschlossene Modelle", "purposes": "Auswahl der Zwecke"}
_FINDING: Final = re.compile(r"content\.(?P<side>in_house|outside)\.(?:findings\.(?P<kind>\w+)|(?P<opaque>opaque))")


def in_words(rule: str, policies: PolicySet) -> str:
    """Return what a rule is about."""
    where, _, what = rule.partition(":")
    if where == "ki-pass":
        scope = policies.kipass.scopes.get(what)
        return f"KI-Pass, Bereich „{scope.name if scope else what}“"
    if where == "default":
        return f"Vorgabe der KI-Pforte: {_kind(what)}"
    if where == "models":
        return _model(what, policies)
    if where == "organisation":
        return _organisation(what, policies) or rule
    if where == "departments":
        return "Für das Amt hat noch niemand Regeln geschrieben"
    if where.startswith("departments/"):
        return _department(where.removeprefix("departments/"), what, policies) or rule
    return rule


def _model(what: str, policies: PolicySet) -> str:
    key, _, about = what.rpartition(".")
    model = policies.models.get(key)
    name = model.name if model else key
    if about == "avv":
        return f"Vertrag zur Auftragsverarbeitung für „{name}“"
    if about == "data_classes":
        return f"Datenarten, für die „{name}“ freigegeben ist"
    return "Register der Modelle"


def _organisation(what: str, policies: PolicySet) -> str:
    who = policies.organisation.name
    if what == "models.allow":
        return f"{who}: freigegebene Modelle"
    if what.startswith("purposes.allow."):
        key = what.removeprefix("purposes.allow.")
        purpose = policies.organisation.purposes.allow.get(key)
        return f"{who}: vorgesehener Zweck „{purpose.title if purpose else key}“"
    if what.startswith("purposes.forbid."):
        key = what.removeprefix("purposes.forbid.")
        title = FORBIDDEN_PURPOSES.get(key) or policies.organisation.purposes.forbid.get(key, key)
        return f"Verbotener Zweck: {title}"
    return _content(who, what)


def _department(key: str, what: str, policies: PolicySet) -> str:
    rules = policies.departments.get(key)
    who = rules.name if rules else key
    if what in _DEPARTMENT:
        return f"{who}: {_DEPARTMENT[what]}"
    if what.startswith("handles."):
        data = what.removeprefix("handles.")
        words = dict[str, str](DATA_CLASSES).get(data, data)
        return f"{who} arbeitet mit: {words}"
    return _content(who, what)


def _content(who: str, what: str) -> str:
    found = _FINDING.fullmatch(what)
    if found is None:
        return ""
    kind = "Bilder, Tonaufnahmen, Dateien und Werkzeuge beim Anbieter" if found["opaque"] else _kind(found["kind"])
    return f"{who}, {_SIDES[found['side']]}: {kind}"


def _kind(key: str) -> str:
    return ENTITIES[key].name if key in ENTITIES else key
