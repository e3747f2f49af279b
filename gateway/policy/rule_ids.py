"""Every rule of a policy set: its id, and where it is written. The one list for explanations, coverage and records.

A decision names rules by ids; whatever id `decide` can yield for a policy set is in `every_rule` of that set (a
property test holds it to that). What can never take part, because something stricter stands before it in every
department or because no model is in service that it speaks of, is in `every_rule` all the same, but not in `in_effect`.

Does not know: what a test touches (`coverage`), and the numbers of limits, which no decision is made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.model.entities import ENTITIES
from gateway.policy.policyset import DepartmentRules, PolicySet
from gateway.policy.schema import Content, ModelSelection, Organisation, OrganisationModels, Rules
from gateway.policy.source import Path_
from gateway.policy.vocabulary import FORBIDDEN_PURPOSES, OPAQUE_KINDS

DEFAULT_OPAQUE = "default:opaque"
"""For content that is no text and that no policy can speak about."""


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """One rule: its id, and the place in a file where it is written; no file: it stands in the program."""

    id: str
    file: str = ""
    path: Path_ = ()


def every_rule(policies: PolicySet) -> Mapping[str, WrittenRule]:
    """Return every rule there is, by id, in the order of the files."""
    return {rule.id: rule for rule in (
        *_organisation(policies.organisation), *_in_program(policies.organisation), *_register(policies),
        *(_rule("ki-pass", "ki-pass.yaml", s, "scopes", s) for s in policies.kipass.scopes),
        *_layers("profiles", policies.profiles), *_layers("departments", policies.files),
        *_layers("groups", policies.groups))}


def _rule(where: str, file: str, id_: str, *path: str) -> WrittenRule:
    return WrittenRule(f"{where}:{id_}", file, path or tuple(id_.split(".")))


def _organisation(content: Organisation) -> Iterator[WrittenRule]:
    where, file = "organisation", "organisation.yaml"
    yield _rule(where, file, "models.allow")
    yield from _models(where, file, content.models)
    yield _rule(where, file, "purposes.allow")
    for key, purpose in content.purposes.allow.items():
        yield _rule(where, file, f"purposes.allow.{key}")
        if purpose.clear_text is not None:
            yield _rule(where, file, f"purposes.allow.{key}.clear_text")
    for key in content.purposes.forbid:
        yield _rule(where, file, f"purposes.forbid.{key}")
    if content.hours is not None:
        yield _rule(where, file, "hours")
    yield from _content(where, file, content.content)
    if content.routing.in_house:
        yield _rule(where, file, "routing.in_house")


def _in_program(content: Organisation) -> Iterator[WrittenRule]:
    """What holds without being written in a file."""
    yield from (WrittenRule("departments"), WrittenRule("models"), WrittenRule(DEFAULT_OPAQUE))
    yield from (WrittenRule(f"organisation:purposes.forbid.{key}") for key in FORBIDDEN_PURPOSES
                if key not in content.purposes.forbid)
    yield from (WrittenRule(f"organisation:purposes.allow.{key}.clear_text")
                for key, purpose in content.purposes.allow.items() if purpose.clear_text is None)
    yield from (WrittenRule(f"default:{key}") for key in ENTITIES)
    yield from (WrittenRule(f"default:opaque.{kind}") for kind in OPAQUE_KINDS)


def _register(policies: PolicySet) -> Iterator[WrittenRule]:
    for key, model in policies.models.items():
        file = "" if model.quickstart else "models.yaml"
        if not model.in_house:
            yield WrittenRule(f"models:{key}.avv", file, ("models", key, "avv"))
            yield WrittenRule(f"models:{key}.c5", file if model.c5 else "", ("models", key, "c5"))
        yield WrittenRule(f"models:{key}.data_classes", file, ("models", key, "data_classes"))
        if model.pass_scopes:
            yield WrittenRule(f"models:{key}.pass_scopes", file, ("models", key, "pass_scopes"))
        yield WrittenRule(f"models:{key}.stopped")
        yield WrittenRule(f"models:{key}.dialects")


def _layers(folder: str, layers: Mapping[str, Rules]) -> Iterator[WrittenRule]:
    for key, content in layers.items():
        where, file = f"{folder}/{key}", f"{folder}/{key}.yaml"
        if folder == "departments":
            yield _rule(where, file, "models")
        for selection in ("models", "purposes"):
            chosen = getattr(content, selection)
            if chosen.allow is not None:
                yield _rule(where, file, f"{selection}.allow")
            if chosen.deny:
                yield _rule(where, file, f"{selection}.deny")
        yield from _models(where, file, content.models)
        for i, data_class in enumerate(content.handles):
            yield WrittenRule(f"{where}:handles.{data_class}", file, ("handles", i))
        for name in content.ki_pass.models:
            yield WrittenRule(f"{where}:ki_pass.models.{name}", file, ("ki_pass", "models", name))
        if content.hours is not None:
            yield _rule(where, file, "hours")
        yield from _content(where, file, content.content)


def _models(where: str, file: str, chosen: OrganisationModels | ModelSelection) -> Iterator[WrittenRule]:
    if chosen.zones is not None:
        yield _rule(where, file, "models.zones")
    for i, demand in enumerate(chosen.require):
        yield WrittenRule(f"{where}:models.require.{demand}", file, ("models", "require", i))


def _content(where: str, file: str, content: Content) -> Iterator[WrittenRule]:
    for name in ("in_house", "outside"):
        side = getattr(content, name)
        for what in ("findings", "opaque", "pass_scopes"):
            yield from (_rule(where, file, f"content.{name}.{what}.{key}") for key in getattr(side, what))


def in_effect(policies: PolicySet) -> frozenset[str]:
    """Return the ids of written rules that can take part in some decision, for people in one group at most."""
    found: set[str] = {f"organisation:purposes.forbid.{key}" for key in policies.organisation.purposes.forbid}
    found.add("organisation:purposes.allow")
    for key in policies.departments:
        for groups in (frozenset[str](), *(frozenset({g}) for g in policies.groups)):
            department = policies.department(key, groups)
            assert department is not None
            found.update(_of_department(policies, department))
    return frozenset(found)


def _of_department(policies: PolicySet, department: DepartmentRules) -> Iterator[str]:
    yield from (f"ki-pass:{scope}" for scope in department.scopes)
    yield from (hours.rule for hours in department.hours)
    yield from (denial.rule for denial in department.closed.values())
    yield from department.closed_purposes.values()
    for key, purpose in department.purposes.items():
        yield f"organisation:purposes.allow.{key}"
        yield from (f"ki-pass:{scope}" for scope in purpose.pass_scopes)
        if purpose.clear_text is not None:
            yield f"organisation:purposes.allow.{key}.clear_text"
    if department.models:
        yield f"departments/{department.key}:models"
    rerouted = False
    for rules in department.models.values():
        yield from (rule.rule for rule in rules.findings.values())
        yield from (rule.rule for rule in rules.opaque.values())
        for demand in (*rules.demands, *rules.kind_demands):
            yield from (demand.rule, f"ki-pass:{demand.scope}")
        rerouted = rerouted or bool(rules.rerouted)
        if not rules.model.in_house:
            yield f"models:{rules.model.id}.avv"
        if rules.attested_until is not None:
            yield f"models:{rules.model.id}.c5"
    if rerouted and department.in_house:
        yield "organisation:routing.in_house"
