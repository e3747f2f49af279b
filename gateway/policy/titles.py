"""Rule ids in words: what decisions and records hold as ``departments/bauamt:models``, people read in German.

A rule that the policies of today do not know any more (a department or a model is gone) keeps its id in the sentence;
one whose form is unknown here is shown as it is. Which ids there are stands in `rule_ids`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.model.entities import ENTITIES
from gateway.policy.policyset import PolicySet
from gateway.policy.schema import Department, Group, Profile
from gateway.policy.vocabulary import DATA_CLASSES, FORBIDDEN_PURPOSES, FOUND_CLASSES

_SIDES: Final = {"in_house": "Modelle im Haus", "outside": "Modelle außer Haus"}
_LAYER: Final = {"models": "Auswahl der Modelle", "models.allow": "Auswahl der Modelle",
                 "models.deny": "ausgeschlossene Modelle", "models.zones": "Orte, an denen Modelle laufen dürfen",
                 "purposes.allow": "Auswahl der Zwecke", "purposes.deny": "ausgeschlossene Zwecke",
                 "purposes": "Auswahl der Zwecke", "hours": "Zeiten, zu denen Modelle freigegeben sind",
                 "routing.in_house": "Modelle im Haus für Angaben, die nicht hinaus dürfen"}
_MODEL: Final = {"avv": "Vertrag zur Auftragsverarbeitung für „{}“", "stopped": "„{}“ ist angehalten",
                 "c5": "C5-Testat für „{}“",
                 "data_classes": "Datenarten, für die „{}“ freigegeben ist",
                 "pass_scopes": "KI-Pass, den „{}“ verlangt",
          "dialects": "Schnittstellen, die „{}“ spricht"}
_NOT_TEXT: Final = {"image": "Bilder", "audio": "Tonaufnahmen", "file": "Dateien",
                    "provider_tool": "Werkzeuge beim Anbieter"}
_FINDING: Final = re.compile(
    r"content\.(?P<side>in_house|outside)\.(?:findings\.(?P<kind>\w+)|opaque(?:\.(?P<opaque>\w+))?"
    r"|pass_scopes\.(?P<sent>\w+))")
_FOLDERS: Final = ("departments", "profiles", "groups")


def in_words(rule: str, policies: PolicySet) -> str:
    """Return what a rule is about."""
    where, _, what = rule.partition(":")
    if where == "ki-pass":
        scope = policies.kipass.scopes.get(what)
        return f"KI-Pass, Bereich „{scope.name if scope else what}“"
    if where == "default":
        return f"Vorgabe der KI-Pforte: {_default(what)}"
    if where == "models":
        return _model(what, policies)
    if where == "organisation":
        return _organisation(what, policies) or rule
    if where == "departments":
        return "Für das Amt hat noch niemand Regeln geschrieben"
    folder, _, key = where.partition("/")
    return (_layer(folder, key, what, policies) or rule) if folder in _FOLDERS else rule


def _model(what: str, policies: PolicySet) -> str:
    key, _, about = what.rpartition(".")
    model = policies.models.get(key)
    return _MODEL[about].format(model.name if model else key) if about in _MODEL else "Register der Modelle"


def _organisation(what: str, policies: PolicySet) -> str:
    who = policies.organisation.name
    if what == "models.allow":
        return f"{who}: freigegebene Modelle"
    if what == "purposes.allow":
        return f"{who}: vorgesehene Zwecke"
    if what.startswith("purposes.allow."):
        key, _, clear_text = what.removeprefix("purposes.allow.").partition(".")
        purpose = policies.organisation.purposes.allow.get(key)
        readable = ": wer Angaben lesbar lassen darf" if clear_text else ""
        return f"{who}: vorgesehener Zweck „{purpose.title if purpose else key}“{readable}"
    if what.startswith("purposes.forbid."):
        key = what.removeprefix("purposes.forbid.")
        title = FORBIDDEN_PURPOSES.get(key) or policies.organisation.purposes.forbid.get(key, key)
        return f"Verbotener Zweck: {title}"
    return _common(who, what)


def _layer(folder: str, key: str, what: str, policies: PolicySet) -> str:
    layers: dict[str, tuple[str, Mapping[str, Department | Profile | Group]]] = {
        "departments": ("", policies.files), "profiles": ("Profil ", policies.profiles),
        "groups": ("Gruppe ", policies.groups)}
    kind, known = layers[folder]
    who = f"{kind}{known[key].name if key in known else key}"
    if what.startswith("handles."):
        return f"{who} arbeitet mit: {_data_class(what.removeprefix('handles.'))}"
    if what.startswith("ki_pass.models."):
        return f"{who}: KI-Pass für „{_models(what.removeprefix('ki_pass.models.'), policies)}“"
    return _common(who, what)


def _models(name: str, policies: PolicySet) -> str:
    model = policies.models.get(name)
    return model.name if model else name


def _common(who: str, what: str) -> str:
    """Return the words for what every layer can say."""
    if what in _LAYER:
        return f"{who}: {_LAYER[what]}"
    if what.startswith("models.require."):
        return f"{who}: was von Modellen außer Haus verlangt wird"
    found = _FINDING.fullmatch(what)
    if found is None:
        return ""
    if (sent := found["sent"]) is not None:
        asked = FOUND_CLASSES[sent].name if sent in FOUND_CLASSES else _kind(sent)
        return f"{who}, {_SIDES[found['side']]}: KI-Pass für {asked}"
    kind = _kind(found["kind"]) if found["kind"] else _NOT_TEXT.get(
        found["opaque"] or "", "Bilder, Tonaufnahmen, Dateien und Werkzeuge beim Anbieter")
    return f"{who}, {_SIDES[found['side']]}: {kind}"


def _default(what: str) -> str:
    kind, _, opaque = what.partition(".")
    return _NOT_TEXT.get(opaque, "Inhalte, die kein Text sind") if kind == "opaque" else _kind(kind)


def _data_class(key: str) -> str:
    return dict[str, str](DATA_CLASSES).get(key, key)


def _kind(key: str) -> str:
    return ENTITIES[key].name if key in ENTITIES else key
