"""What policy files say about each other: names that must exist, and models that have what the organisation demands.

That a department, a group or a profile is nowhere looser than the organisation is checked in `loosening`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from gateway.model.decision import DEFAULT_PURPOSE
from gateway.model.entities import ENTITIES
from gateway.model.kipass import BASIS
from gateway.model.people import ROLES
from gateway.model.register import LITELLM_DIALECTS, RECORDED, ZONES
from gateway.policy import check_passes
from gateway.policy.demands import lacks
from gateway.policy.loosening import loosened
from gateway.policy.names import Problems, expanded, known, model_names, unknown
from gateway.policy.problems import did_you_mean, listed
from gateway.policy.schema import DEFAULT_KIND, Department, Organisation, Profile, Purpose, Rules, Side
from gateway.policy.schema_pass import KiPass, PassModule
from gateway.policy.schema_register import Model, Register
from gateway.policy.source import Path_, Source
from gateway.policy.vocabulary import DATA_CLASSES, FIXED, FORBIDDEN_PURPOSES, REQUIREMENTS, opaque_actions

DEPARTMENT_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
"""What a department file may be called, without ``.yaml``."""
RESERVED: Final = "schnellstart"
"""The model id of the quick start, which settings add and no file may take."""
SIDES: tuple[Literal["in_house", "outside"], ...] = ("in_house", "outside")


@dataclass(frozen=True, slots=True)
class Around:
    """What a file is checked against; None for a file that could not be read."""

    organisation: Organisation
    models: Register | None
    passes: KiPass | None
    profiles: Collection[str]
    departments: Collection[str]
    groups: Collection[str]


def register(source: Source, models: Register) -> Problems:
    """Check the register of models: names that are taken, groups and aliases of models that exist."""
    for where in (models.models, models.aliases):
        if RESERVED in where:
            yield source.problem(("models" if where is models.models else "aliases", RESERVED),
                                 f"Der Name „{RESERVED}“ ist für den Schnellstart vorgesehen",
                                 "geben Sie dem Modell einen anderen Namen")
    for key, model in models.models.items():
        yield from _dialects(source, key, model)
    for key, names in models.groups.items():
        yield from known(source, ("groups", key), names, models.models, "Das Modell")
    for key, alias in models.aliases.items():
        if key in models.models:
            yield source.problem(("aliases", key), f"„{key}“ heißt schon ein Modell", "wählen Sie einen anderen Namen")
        yield from known(source, ("aliases", key, "models"), alias.models, models.models, "Das Modell")
        yield from _never_further(source, key, [m for m in alias.models if m in models.models], models)


def _never_further(source: Source, key: str, names: Sequence[str], models: Register) -> Problems:
    """Of the models behind a name, none runs further away than the one before it."""
    for before, name in pairwise(names):
        if _distance(models.models[name]) > _distance(models.models[before]):
            yield source.problem(("aliases", key, "models"), f"„{name}“ läuft weiter entfernt als „{before}“ davor",
                                 "nennen Sie die entfernteren Modelle zuerst: Was dorthin nicht darf, soll näher am "
                                 "Haus bleiben")


def _dialects(source: Source, key: str, model: Model) -> Problems:
    """A model names only wire APIs that its adapter serves and that may leave the house."""
    for i, dialect in enumerate(model.dialects if model.adapter == "litellm" else ()):
        if dialect not in LITELLM_DIALECTS:
            yield source.problem(("models", key, "dialects", i), f"„adapter: litellm“ spricht „{dialect}“ nicht",
                                 "schreiben Sie „dialects: [chat]“, dann übersetzt die KI-Pforte Responses und "
                                 "Messages selbst; oder „adapter: openai“ mit „base_url“, wenn der Anbieter diese "
                                 "Schnittstelle selbst hat")
    for i, dialect in enumerate(() if model.in_house else model.dialects):
        if dialect in RECORDED:
            yield source.problem(("models", key, "dialects", i), f"„{dialect}“ gibt es nur bei Modellen im Haus: "
                                 "Tonaufnahmen lassen sich nicht prüfen und gehen nicht nach draußen",
                                 "streichen Sie es hier")


def ki_pass(source: Source, content: KiPass) -> Problems:
    """Check the rules of the KI-Pass."""
    if BASIS not in content.scopes:
        yield source.problem(("scopes",), "Der Bereich „basis“ fehlt, den alle brauchen",
                             "ergänzen Sie „basis:“ mit „name“ und „modules“")
    for key, module in content.modules.items():
        if module.document is not None and not getattr(content.documents, module.document):
            yield source.problem(("modules", key, "document"), f"Zu „{module.document}“ gibt es kein Dokument",
                                 f"ergänzen Sie es unter „documents: {module.document}:“")
        yield from _course(source, key, module, content)
    for key, scope in content.scopes.items():
        yield from known(source, ("scopes", key, "modules"), scope.modules, content.modules, "Das Modul")
        kinds = {content.modules[m].kind for m in scope.modules if m in content.modules}
        if key == BASIS and "kenntnisnahme_dv" not in kinds:
            yield source.problem(("scopes", BASIS, "modules"), "Die Kenntnisnahme der Dienstvereinbarung fehlt",
                                 "nehmen Sie ein Modul mit „kind: kenntnisnahme_dv“ auf")


def _course(source: Source, key: str, module: PassModule, content: KiPass) -> Problems:
    """A course exists, belongs to a training, and is all that this training rests on."""
    path = ("modules", key, "course")
    if module.course is None:
        return
    if module.course not in content.courses:
        yield unknown(source, path, module.course, content.courses, "Den Kurs")
    if module.kind != "schulung":
        yield source.problem(path, "Einen Kurs hat nur eine Schulung", "schreiben Sie „kind: schulung“ oder streichen "
                             "Sie „course“")
    if module.document is not None:
        yield source.problem(path, "Ein Schritt hat entweder ein Dokument oder einen Kurs", "streichen Sie eines von "
                             "beiden; der Nachweis nennt die Fassung")


def organisation(source: Source, around: Around) -> Problems:
    """Check what the organisation says against register, KI-Pass and profiles."""
    content, models, passes = around.organisation, around.models, around.passes
    forbidden = FORBIDDEN_PURPOSES.keys() | content.purposes.forbid.keys()
    for key in content.purposes.allow:
        if key in forbidden:
            law = "nach Art. 5 der KI-Verordnung " if key in FORBIDDEN_PURPOSES else ""
            yield source.problem(("purposes", "allow", key), f"Der Zweck „{key}“ ist {law}verboten",
                                 "streichen Sie ihn aus „allow“")
    if DEFAULT_PURPOSE not in content.purposes.allow:
        yield source.problem(("purposes", "allow"), f"Der Zweck „{DEFAULT_PURPOSE}“ fehlt; er gilt, wenn keiner "
                             "genannt wird", f"ergänzen Sie „{DEFAULT_PURPOSE}: {{title: Allgemeine Büroarbeit}}“")
    if BASIS not in content.ki_pass.required:
        yield source.problem(("ki_pass", "required"), "Der KI-Pass „basis“ fehlt, den alle brauchen",
                             "schreiben Sie „required: [basis]“")
    yield from known(source, ("profiles",), content.profiles, around.profiles, "Das Profil")
    yield from check_passes.written(source, content, models, None if passes is None else passes.scopes)
    for key, purpose in content.purposes.allow.items():
        yield from _clear_text(source, key, purpose, around)
    if models is not None:
        yield from _organisation_models(source, content, models)
    yield from _finding_names(source, content)
    yield from _opaque(source, content)


def _organisation_models(source: Source, content: Organisation, models: Register) -> Problems:
    """Names that exist."""
    yield from model_names(source, ("models", "allow"), content.models.allow, models)
    if content.background.model is not None:
        yield from _one(source, ("background", "model"), content.background.model, models)
    for alias in models.aliases.values():
        if alias.purpose is not None and alias.purpose not in content.purposes.allow:
            yield source.problem(("purposes", "allow"), f"Den Zweck „{alias.purpose}“, den der Name „{alias.name}“ in "
                                 "models.yaml nennt, gibt es nicht",
                                 did_you_mean(alias.purpose, content.purposes.allow))
    yield from _demanded(source, content, models)
    yield from _routing(source, content, models)


def _one(source: Source, path: Path_, name: str, models: Register) -> Problems:
    if name not in models.models:
        yield unknown(source, path, name, models.models, "Das Modell")


def _demanded(source: Source, content: Organisation, models: Register) -> Problems:
    """What is switched on has what the organisation demands of every model."""
    for key in sorted(expanded(content.models.allow, models) & models.models.keys()):
        model = models.models[key]
        missing = [REQUIREMENTS[d] for d in content.models.require if lacks(model, d)]
        if model.enabled and missing:
            yield source.problem(("models", "require"), f"Das Modell „{key}“ ist eingeschaltet, aber in models.yaml "
                                 f"fehlt: {listed(missing)}",
                                 "ergänzen Sie es dort oder schreiben Sie „enabled: false“")


def _routing(source: Source, content: Organisation, models: Register) -> Problems:
    """Models that stand in exist, and none runs further away than the one that it stands in for."""
    yield from known(source, ("routing", "in_house"), content.routing.in_house, models.models, "Das Modell")
    for i, key in enumerate(content.routing.in_house):
        if key in models.models and not models.models[key].in_house:
            yield source.problem(("routing", "in_house", i), f"Das Modell „{key}“ läuft nicht im Haus",
                                 "nennen Sie hier nur Modelle mit „in_house: true“")
    for key, others in content.routing.fallback.items():
        path = ("routing", "fallback", key)
        yield from known(source, ("routing", "fallback"), [key] if key not in models.models else [], models.models,
                         "Das Modell")
        yield from known(source, path, others, models.models, "Das Modell")
        for i, other in enumerate(others):
            if key in models.models and other in models.models and _distance(models.models[other]) > _distance(
                    models.models[key]):
                yield source.problem((*path, i), f"„{other}“ läuft weiter entfernt als „{key}“ und kann es nicht "
                                     "vertreten", "streichen Sie es; aus einem Modell in der EU wird nie eines in "
                                     "einem Drittland")
            elif other == key:
                yield source.problem((*path, i), f"„{key}“ kann sich nicht selbst vertreten", "streichen Sie es")


def _distance(model: Model) -> int:
    return ZONES.index(model.zone or ("haus" if model.in_house else "drittland"))


def _clear_text(source: Source, key: str, purpose: Purpose, around: Around) -> Problems:
    """Whom and what a purpose may have readable: departments, roles, groups and kinds that exist."""
    granted, path = purpose.clear_text, ("purposes", "allow", key, "clear_text")
    if granted is None:
        return
    yield from known(source, (*path, "entities"), granted.entities, ENTITIES.keys() - FIXED, "Die Art von Angabe")
    yield from known(source, (*path, "departments"), granted.departments, around.departments, "Die Abteilung")
    yield from known(source, (*path, "roles"), granted.roles, ROLES, "Die Rolle")
    yield from known(source, (*path, "groups"), granted.groups, around.groups, "Die Gruppe")


def layer(source: Source, content: Rules, around: Around) -> Problems:
    """Check a department, group or profile: every name exists, and nothing is looser than what it inherits."""
    inherited, models, passes = around.organisation, around.models, around.passes
    if models is not None:
        yield from _models(source, content, inherited, models)
    if isinstance(content, Department):
        yield from known(source, ("profiles",), content.profiles, around.profiles, "Das Profil")
    yield from _purposes(source, content, inherited)
    yield from check_passes.written(source, content, models, None if passes is None else passes.scopes)
    yield from _finding_names(source, content)
    yield from _opaque(source, content)
    if not isinstance(content, Profile):  # for many organisations: where theirs are stricter, they hold
        yield from loosened(source, content, inherited)
    if models is not None and content.background is not None and content.background.model is not None:
        yield from _one(source, ("background", "model"), content.background.model, models)


def _models(source: Source, content: Rules, inherited: Organisation, models: Register) -> Problems:
    yield from model_names(source, ("models", "deny"), content.models.deny, models)
    for i, name in enumerate(content.models.allow or ()):
        path = ("models", "allow", i)
        if name.startswith("@"):
            yield from model_names(source, path[:-1], [name], models)
        elif name not in models.models:
            yield unknown(source, path, name, models.models, "Das Modell")
        elif name not in expanded(inherited.models.allow, models):
            yield source.problem(path, f"Das Modell „{name}“ ist in der Organisation nicht erlaubt, und eine Abteilung "
                                 "darf nur strenger sein", "streichen Sie es hier oder erlauben Sie es zuerst in "
                                 "organisation.yaml unter „models: allow“")
        elif missing := [c for c in content.handles if c not in models.models[name].data_classes]:
            yield source.problem(path, f"Das Modell „{name}“ ist nicht freigegeben für: {_classes(missing)}",
                                 "streichen Sie das Modell; oder geben Sie es in models.yaml unter „data_classes“ frei")
        if name in content.models.deny:
            yield source.problem(path, f"Das Modell „{name}“ steht unter „allow“ und unter „deny“",
                                 "behalten Sie eines von beiden; es gilt sonst das Verbot")


def _classes(keys: Iterable[str]) -> str:
    return listed([DATA_CLASSES[k] for k in keys])


def _purposes(source: Source, content: Rules, inherited: Organisation) -> Problems:
    allowed, banned = inherited.purposes.allow, FORBIDDEN_PURPOSES.keys() | inherited.purposes.forbid.keys()
    for i, name in enumerate(content.purposes.allow or ()):
        path = ("purposes", "allow", i)
        if name in banned:
            yield source.problem(path, f"Der Zweck „{name}“ ist verboten, und eine Abteilung kann ihn nicht erlauben",
                                 "streichen Sie ihn")
        elif name not in allowed:
            yield source.problem(path, f"Den Zweck „{name}“ kennt die Organisation nicht, und eine Abteilung darf "
                                 "nur strenger sein", did_you_mean(name, allowed))
        if name in content.purposes.deny:
            yield source.problem(path, f"Der Zweck „{name}“ steht unter „allow“ und unter „deny“",
                                 "behalten Sie eines von beiden; es gilt sonst das Verbot")
    yield from known(source, ("purposes", "deny"), content.purposes.deny, allowed.keys() | banned, "Den Zweck")


def _opaque(source: Source, content: Organisation | Rules) -> Problems:
    for side in SIDES:
        for kind, let in getattr(content.content, side).opaque.items():
            possible = opaque_actions(kind, side == "in_house")
            if let not in possible:
                yield source.problem(("content", side, "opaque", kind), f"„{let}“ gibt es für „{kind}“ hier nicht",
                                     f"möglich sind: {listed(possible)}")


def _finding_names(source: Source, content: Organisation | Rules) -> Problems:
    for side in SIDES:
        own: Side = getattr(content.content, side)
        for what, key in (*(("findings", k) for k in own.findings), *(("answers", k) for k in own.answers)):
            path = ("content", side, what, key)
            if key in FIXED:
                yield source.problem(path, f"Über „{key}“ entscheidet die KI-Pforte selbst", "streichen Sie die Zeile")
            elif key not in ENTITIES and (what, key) != ("answers", DEFAULT_KIND):
                yield source.problem(path, f"Die Art von Angabe „{key}“ gibt es nicht",
                                     did_you_mean(key, ENTITIES.keys() - FIXED))
            elif (what, side) == ("findings", "in_house") and own.findings[key] == "in_house":
                yield source.problem(path, "„in_house“ gibt es nur unter „outside“: Im Haus ist die Anfrage schon",
                                     "schreiben Sie zum Beispiel „placeholder“ oder „refuse“")
