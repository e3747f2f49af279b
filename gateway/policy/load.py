"""Reads a policy folder into a `PolicySet`, or says everything that is wrong with it.

``load_policies(folder)`` is the only door: `serve`, `policy check` and tests go through it. All files are read and
checked before anything is reported; a check that needs a file which could not be read is left out rather than
producing follow-up errors. Nothing is loaded in part: one problem anywhere, and there is no policy set.

The digest is SHA-256 over the canonical JSON of what the files *say* (comments, order of keys and layout do not
count); the documents are in it by their hashes. A setting that adds to the policies (`with_quickstart`) changes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar, get_args

from pydantic import BaseModel

from gateway.model.kipass import DocumentKind, KiPassConfig
from gateway.model.register import Attest, Avv, HighRisk, Prices, RegisteredModel
from gateway.policy import check, check_passes, contradictions, documents
from gateway.policy.compile import limit, micro, reworked, work_out
from gateway.policy.policyset import ModelAlias, PolicySet
from gateway.policy.problems import PolicyErrors, PolicyProblem
from gateway.policy.recognition import FILE as RECOGNITION
from gateway.policy.recognition import Recognition, municipality
from gateway.policy.schema import Department, Group, Organisation, Profile, Rules
from gateway.policy.schema_pass import KiPass
from gateway.policy.schema_register import Model, Register
from gateway.policy.source import Source, Value, read
from gateway.policy.translate import validate
from gateway.policy.vocabulary import DATA_CLASSES

M = TypeVar("M", bound=BaseModel)
L = TypeVar("L", bound=Rules)

LANGUAGE: Final = "kipforte/policy/v1"
"""Goes into the digest: the same files under another version of the language are another policy."""


@dataclass(slots=True)
class _Reading:
    """One pass over a folder."""

    folder: Path
    problems: list[PolicyProblem] = field(default_factory=list)
    said: dict[str, Value] = field(default_factory=dict)

    def file(self, name: str, schema: type[M]) -> tuple[Source, M] | None:
        """Read and validate one file; None when it is not usable (the problems are noted)."""
        path, said = self.folder / name, f"{self.folder.name}/{name}"
        if not path.resolve().is_relative_to(self.folder):
            self.problems.append(PolicyProblem(said, 1, "", "Hier liegt ein Verweis auf eine Stelle außerhalb dieses "
                                               "Ordners", "legen Sie die Datei selbst in den Ordner"))
            return None
        source, problems = read(path, said)
        self.problems += problems
        if source is None:
            return None
        self.said[name] = source.data
        content, mistakes = validate(schema, source)
        self.problems += mistakes
        return None if content is None else (source, content)


def load_policies(folder: Path) -> PolicySet:
    """Return the policies of a folder. Raises `PolicyErrors` with every problem there is."""
    if not folder.is_dir():
        raise PolicyErrors([PolicyProblem(str(folder), 0, "", "Diesen Ordner mit Richtlinien gibt es nicht",
                                          "nennen Sie in KI_PFORTE_POLICIES den richtigen, oder richten Sie ihn im "
                                          "Browser ein: ki-pforte serve --setup")])
    reading = _Reading(folder.resolve())
    models = reading.file("models.yaml", Register)
    passes = reading.file("ki-pass.yaml", KiPass)
    organisation = reading.file("organisation.yaml", Organisation)
    profiles, groups = (_layers(reading, "profiles", Profile), _layers(reading, "groups", Group))
    departments = _layers(reading, "departments", Department)
    there = (reading.folder / RECOGNITION).exists()
    recognition = reading.file(RECOGNITION, Recognition) if there else None
    problems = reading.problems
    if models:
        problems += check.register(*models)
        problems += check_passes.register(*models, passes[1].scopes) if passes else ()
    papers: Mapping[str, bytes] = {}
    if passes:
        problems += check.ki_pass(*passes)
        read_ = documents.read(*passes, folder=reading.folder)
        papers, problems[:] = read_.texts, [*problems, *read_.problems]
    if organisation:
        around = check.Around(organisation[1], models and models[1], passes and passes[1], profiles.keys(),
                              departments.keys(), groups.keys())
        problems += check.organisation(organisation[0], around)
        for source, content in (*profiles.values(), *departments.values(), *groups.values()):
            problems += check.layer(source, content, around)
    if problems or not (models and passes and organisation):
        raise PolicyErrors(problems)
    register = models[1]
    policies = work_out(_digest({"language": LANGUAGE, "files": reading.said}), organisation[1], _contents(departments),
                    {key: registered_model(key, m) for key, m in register.models.items()},
                    _kipass(passes[1], organisation[1], papers), municipality(recognition and recognition[1]),
                    profiles=_contents(profiles), groups=_contents(groups), model_groups=register.groups,
                    aliases={key: ModelAlias(key, a.name, a.models, a.purpose) for key, a in register.aliases.items()},
                    said=reading.said)
    if problems := [*contradictions.check(policies, {key: source for key, (source, _) in departments.items()})]:
        raise PolicyErrors(problems)
    return policies


def with_quickstart(policies: PolicySet, *, base_url: str, model: str, dialects: Iterable[str],
                    api_key_env: str | None = None) -> PolicySet:
    """Return the policies with the model ``schnellstart``: one's own provider, for trying out.

    It counts as a model in the house: cleared for every data class, allowed for every department, every tool trusted.
    The passes, purposes and actions of the policies hold for it as for any other model in the house.
    """
    added = RegisteredModel(
        id=check.RESERVED, name=f"Schnellstart ({model})", adapter="openai", target=model, base_url=base_url,
        api_key_env=api_key_env, dialects=frozenset(dialects), enabled=True, in_house=True,
        provider="selbst eingestellt (KI_PFORTE_OPENAI_BASE_URL)", operator=policies.organisation.name,
        region="zum Ausprobieren, nicht geprüft", transfer_basis="nicht geprüft", data_classes=frozenset(DATA_CLASSES),
        retention="nicht geprüft", risk_class="begrenzt", overseer=policies.organisation.contact.it,
        description="Eigener Anbieter zum Ausprobieren, über Einstellungen hinzugefügt; gilt als Modell im Haus.",
        zone="haus", quickstart=True)
    digest = _digest({"language": LANGUAGE, "policies": policies.digest, "schnellstart": {
        "target": model, "base_url": base_url, "dialects": sorted(added.dialects), "api_key_env": api_key_env}})
    return reworked(policies, digest, models={**policies.models, added.id: added})


def with_base_url(policies: PolicySet, base_url: str) -> PolicySet:
    """Return the policies with the address under which this server is reached, for links in messages.

    The digest stays: where the pages are is no rule.
    """
    organisation = policies.organisation.model_copy(update={"base_url": base_url})
    return replace(policies, organisation=organisation, kipass=replace(policies.kipass, link=_pass_page(base_url)))


_WHAT: Final[dict[str, tuple[str, str, str]]] = {
    "departments": ("eine Abteilung", "Es gibt keine Abteilung", "sozialamt.yaml"),
    "groups": ("eine Gruppe", "", "auszubildende.yaml"), "profiles": ("ein Profil", "", "nur-oeffentlich.yaml")}


def _layers(reading: _Reading, kind: str, schema: type[L]) -> dict[str, tuple[Source, L]]:
    """Read the files of one folder of rules; only departments must be there."""
    folder: Path = reading.folder / kind
    paths = sorted((*folder.glob("*.yaml"), *folder.glob("*.yml")))
    what, missing, example = _WHAT[kind]
    if not paths and missing:
        reading.problems.append(PolicyProblem(f"{reading.folder.name}/{kind}", 1, "", missing,
                                              f"legen Sie eine Datei wie {example} an"))
    found: dict[str, tuple[Source, L]] = {}
    for path in paths:
        name = f"{kind}/{path.name}"
        if path.suffix != ".yaml" or not check.DEPARTMENT_KEY.fullmatch(path.stem):
            reading.problems.append(PolicyProblem(
                f"{reading.folder.name}/{name}", 1, "", f"Der Dateiname ist kein Kürzel für {what}",
                f"verwenden Sie Kleinbuchstaben, Ziffern und „-“, am Ende „.yaml“, zum Beispiel {example}"))
        elif (read_ := reading.file(name, schema)) is not None:
            found[path.stem] = read_
    return found


def _contents(files: Mapping[str, tuple[Source, L]]) -> dict[str, L]:
    return {key: content for key, (_, content) in files.items()}


def registered_model(key: str, entry: Model) -> RegisteredModel:
    """Return a register entry as the value that the rest of the house works with."""
    plain = entry.model_dump(exclude={"avv", "dialects", "data_classes", "zone", "c5", "high_risk", "prices", "limits"})
    avv, c5, duties, prices = entry.avv, entry.c5, entry.high_risk, entry.prices
    return RegisteredModel(
        id=key, avv=None if avv is None else Avv(avv.concluded, avv.sha256, avv.until),
        dialects=frozenset(entry.dialects),
        data_classes=frozenset(entry.data_classes), zone=entry.zone or ("haus" if entry.in_house else "drittland"),
        c5=None if c5 is None else Attest(c5.type, c5.sha256, c5.until),
        high_risk=None if duties is None else HighRisk(
            duties.works_council_informed, duties.impact_assessment, duties.registered),
        prices=None if prices is None else Prices(micro(prices.input) or 0, micro(prices.output) or 0),
        limit=limit(entry.limits), **plain)


def _kipass(content: KiPass, organisation: Organisation, texts: Mapping[str, bytes]) -> KiPassConfig:
    kinds: tuple[DocumentKind, ...] = get_args(DocumentKind)
    return KiPassConfig(
        modules=MappingProxyType({k: documents.module(k, m) for k, m in content.modules.items()}),
        scopes=MappingProxyType({k: documents.scope(k, s) for k, s in content.scopes.items()}),
        documents=MappingProxyType({kind: tuple(documents.document(kind, d) for d in getattr(content.documents, kind))
                                    for kind in kinds}),
        courses=MappingProxyType({key: tuple(documents.document("kurs", v, key) for v in versions)
                                  for key, versions in content.courses.items()}),
        texts=MappingProxyType(dict(texts)),
        link=_pass_page(organisation.base_url), contact=organisation.contact.ki_pass_stelle)


def _pass_page(base_url: str) -> str:
    return base_url.rstrip("/") + "/pass"


def _digest(content: Mapping[str, object]) -> str:
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
