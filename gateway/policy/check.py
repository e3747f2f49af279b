"""What policy files say about each other: names that must exist, and departments that may only tighten.

A department has no words with which to take away a requirement of the organisation (lists of required passes,
forbidden purposes and untrusted tools only grow), so loosening is possible in three places: a model or a purpose that
the organisation does not allow, an action less strict than the inherited one, and opaque content let through. Each is
an error here; `compile` would ignore them all the same, since it takes the stricter of both.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, Literal

from gateway.model.decision import DEFAULT_PURPOSE
from gateway.model.entities import ENTITIES
from gateway.model.kipass import BASIS
from gateway.model.register import LITELLM_DIALECTS, RECORDED
from gateway.policy.problems import PolicyProblem, did_you_mean, listed, shown
from gateway.policy.schema import Department, KiPass, Organisation, Register
from gateway.policy.source import Path_, Source
from gateway.policy.vocabulary import (
    ANSWERS,
    BACKGROUND,
    DATA_CLASSES,
    DEFAULTS_IN_HOUSE,
    DEFAULTS_OUTSIDE,
    FIXED,
    FORBIDDEN_PURPOSES,
    OPAQUE_STRICTNESS,
    STRICTNESS,
    at_least,
    opaque_actions,
)

DEPARTMENT_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
"""What a department file may be called, without ``.yaml``."""
RESERVED: Final = "schnellstart"
"""The model id of the quick start, which settings add and no file may take."""
SIDES: tuple[Literal["in_house", "outside"], ...] = ("in_house", "outside")

Problems = Iterator[PolicyProblem]


def known(source: Source, path: Path_, names: Iterable[str], possible: Collection[str], what: str) -> Problems:
    """Yield a problem for every name that is not among the possible ones."""
    for i, name in enumerate(names):
        if name not in possible:
            yield unknown(source, (*path, i), name, possible, what)


def unknown(source: Source, path: Path_, name: str, possible: Collection[str], what: str) -> PolicyProblem:
    """Return the problem of a name that does not exist."""
    return source.problem(path, f"{what} {shown(name)} gibt es nicht", did_you_mean(name, possible))


def register(source: Source, models: Register) -> Problems:
    """Check the register of models."""
    if RESERVED in models.models:
        yield source.problem(("models", RESERVED), f"Der Name „{RESERVED}“ ist für den Schnellstart vorgesehen",
                             "geben Sie dem Modell einen anderen Namen")
    for key, model in models.models.items():
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
    for key, scope in content.scopes.items():
        yield from known(source, ("scopes", key, "modules"), scope.modules, content.modules, "Das Modul")
        kinds = {content.modules[m].kind for m in scope.modules if m in content.modules}
        if key == BASIS and "kenntnisnahme_dv" not in kinds:
            yield source.problem(("scopes", BASIS, "modules"), "Die Kenntnisnahme der Dienstvereinbarung fehlt",
                                 "nehmen Sie ein Modul mit „kind: kenntnisnahme_dv“ auf")


def organisation(source: Source, content: Organisation, models: Register | None, passes: KiPass | None) -> Problems:
    """Check what the organisation says against register and KI-Pass."""
    if models is not None:
        yield from known(source, ("models", "allow"), content.models.allow, models.models, "Das Modell")
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
    if passes is not None:
        yield from known(source, ("ki_pass", "required"), content.ki_pass.required, passes.scopes, "Den KI-Pass")
        for key, purpose in content.purposes.allow.items():
            path = ("purposes", "allow", key, "pass_scopes")
            yield from known(source, path, purpose.pass_scopes, passes.scopes, "Den KI-Pass")
    if models is not None and content.background.model is not None:
        yield from known(source, ("background", "model"), [content.background.model], models.models, "Das Modell")
    yield from _finding_names(source, content)
    yield from _opaque(source, content)


def department(source: Source, content: Department, inherited: Organisation, models: Register | None,
               passes: KiPass | None) -> Problems:
    """Check a department: every name exists, and nothing is looser than what it inherits."""
    if models is not None:
        yield from _models(source, content, inherited, models)
    yield from _purposes(source, content, inherited)
    if passes is not None:
        yield from known(source, ("ki_pass", "required"), content.ki_pass.required, passes.scopes, "Den KI-Pass")
    yield from _finding_names(source, content)
    yield from _opaque(source, content)
    yield from _actions(source, content, inherited)
    yield from _background(source, content, inherited)
    if models is not None and content.background is not None and content.background.model is not None:
        yield from known(source, ("background", "model"), [content.background.model], models.models, "Das Modell")


def _models(source: Source, content: Department, inherited: Organisation, models: Register) -> Problems:
    yield from known(source, ("models", "deny"), content.models.deny, models.models, "Das Modell")
    for i, name in enumerate(content.models.allow or ()):
        path = ("models", "allow", i)
        if name not in models.models:
            yield unknown(source, path, name, models.models, "Das Modell")
        elif name not in inherited.models.allow:
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


def _purposes(source: Source, content: Department, inherited: Organisation) -> Problems:
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


def _opaque(source: Source, content: Organisation | Department) -> Problems:
    for side in SIDES:
        for kind, let in getattr(content.content, side).opaque.items():
            possible = opaque_actions(kind, side == "in_house")
            if let not in possible:
                yield source.problem(("content", side, "opaque", kind), f"„{let}“ gibt es für „{kind}“ hier nicht",
                                     f"möglich sind: {listed(possible)}")


def _finding_names(source: Source, content: Organisation | Department) -> Problems:
    for side in SIDES:
        for key in getattr(content.content, side).findings:
            path = ("content", side, "findings", key)
            if key in FIXED:
                yield source.problem(path, f"Über „{key}“ entscheidet die KI-Pforte selbst", "streichen Sie die Zeile")
            elif key not in ENTITIES:
                yield source.problem(path, f"Die Art von Angabe „{key}“ gibt es nicht",
                                     did_you_mean(key, ENTITIES.keys() - FIXED))


def _background(source: Source, content: Department, inherited: Organisation) -> Problems:
    own, least = content.background, inherited.background.answer
    if own is not None and BACKGROUND.index(own.answer) < BACKGROUND.index(least):
        yield source.problem(("background", "answer"), f"„{own.answer}“ ist weniger streng als „{least}“, das die "
                             "Organisation vorgibt",
                             f"möglich sind: {listed(BACKGROUND[BACKGROUND.index(least):])}")


def _actions(source: Source, content: Department, inherited: Organisation) -> Problems:
    hours = inherited.conversations.keep_hours
    if content.conversations is not None and content.conversations.keep_hours > hours:
        yield source.problem(("conversations", "keep_hours"), f"Die Organisation bewahrt Gespräche höchstens {hours} "
                             "Stunden auf, und eine Abteilung darf nur strenger sein",
                             f"schreiben Sie eine Zahl bis {hours} oder streichen Sie die Zeile")
    if content.unknown_fields == "drop" and inherited.unknown_fields == "refuse":
        yield source.problem(("unknown_fields",), "„drop“ ist weniger streng als „refuse“, das die Organisation "
                             "vorgibt", "schreiben Sie „refuse“ oder streichen Sie die Zeile")
    for side in SIDES:
        above = getattr(inherited.content, side)
        defaults: Mapping[str, str] = DEFAULTS_IN_HOUSE if side == "in_house" else DEFAULTS_OUTSIDE
        for key, action in getattr(content.content, side).findings.items():
            least = above.findings.get(key, defaults.get(key, "keep"))
            if STRICTNESS.index(action) < STRICTNESS.index(least):
                yield source.problem(("content", side, "findings", key),
                                     f"„{action}“ ist weniger streng als „{least}“, das die Organisation vorgibt",
                                     f"möglich sind: {listed(at_least(least))}")
        answers, least_answers = getattr(content.content, side).answers, above.answers or "show"
        if answers and ANSWERS.index(answers) < ANSWERS.index(least_answers):
            yield source.problem(("content", side, "answers"),
                                 f"„{answers}“ ist weniger streng als „{least_answers}“, das die Organisation vorgibt",
                                 f"möglich sind: {listed(ANSWERS[ANSWERS.index(least_answers):])}")
        for kind, let in getattr(content.content, side).opaque.items():
            least_let = above.opaque.get(kind, "refuse")
            if OPAQUE_STRICTNESS.index(let) < OPAQUE_STRICTNESS.index(least_let):
                yield source.problem(("content", side, "opaque", kind),
                                     f"„{let}“ ist weniger streng als „{least_let}“, das die Organisation vorgibt",
                                     f"schreiben Sie „{least_let}“ oder streichen Sie die Zeile")
