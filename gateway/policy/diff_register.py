"""What is different in the register of models, in names that stand for models, in the KI-Pass and in the recognition.

These hold for the whole house. Which department may use a model stands in `diff_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from gateway.model.kipass import Document, KiPassConfig
from gateway.model.municipality import Municipality
from gateway.model.register import ZONES, Prices, RegisteredModel
from gateway.policy.change import Said, gained_and_lost, number, plain, shown
from gateway.policy.diff_rules import limits
from gateway.policy.policyset import ModelAlias
from gateway.policy.vocabulary import DATA_CLASSES

_PLAIN: Final = {
    "name": "Name", "provider": "Anbieter", "operator": "Betreiber", "region": "Ort", "adapter": "Anschluss",
    "target": "Name beim Anbieter", "base_url": "Adresse", "api_key_env": "Name des Schlüssels",
    "transfer_basis": "Grundlage der Übermittlung", "retention": "Speicherung beim Anbieter",
    "risk_class": "Risikoklasse", "ai_role": "Rolle nach der KI-Verordnung", "overseer": "Aufsicht",
    "context_length": "Länge des Kontexts", "timeout_seconds": "Längste Wartezeit", "description": "Beschreibung"}
"""Fields whose change is neither looser nor stricter by itself."""
_PROOFS: Final = {
    "avv": "Vereinbarung zur Auftragsverarbeitung", "c5": "C5-Testat", "social_notice": "Anzeige nach § 80 SGB X",
    "secrecy": "Verpflichtung auf das Berufs- oder Steuergeheimnis", "high_risk": "Pflichten bei hohem Risiko",
    "sub_processors": "Unterauftragnehmer"}
"""What is on record about a model; looser where it goes, since a policy may demand it."""
_OWN_WORDS: Final = {"id", "enabled", "in_house", "zone", "data_classes", "dialects", "training_excluded",
                     "retention_days", "prices", "limit", "pass_scopes", "quickstart"}
_BLIND: Final = {"offices": "eigene Stellen", "places": "öffentliche Orte", "addresses": "eigene Anschriften",
                 "mailboxes": "eigene Postfächer", "phones": "eigene Telefonnummern",
                 "creditor_ids": "eigene Gläubiger-Kennungen", "office_holders": "Amtsträger"}
"""What the recognition passes over: more of it finds less."""
_SEEN: Final = {"case_numbers": "Muster für Aktenzeichen", "cash_numbers": "Muster für Kassenzeichen"}


def compared_fields() -> frozenset[str]:
    """Return the fields of a model that are looked at."""
    return frozenset((*_PLAIN, *_PROOFS, *_OWN_WORDS))


def register(old: Mapping[str, RegisteredModel], new: Mapping[str, RegisteredModel]) -> Iterator[Said]:
    """Yield what is different in the register of models."""
    for key in (k for k in new if k not in old):
        state = "eingeschaltet" if new[key].enabled else "ausgeschaltet"
        yield Said("register", f"Modell „{new[key].name}“ steht neu im Register ({state})", new[key].enabled or None)
    for key in (k for k in old if k not in new):
        yield Said("register", f"Modell „{old[key].name}“ steht nicht mehr im Register", False)
    for key in (k for k in new if k in old):
        for said in _model(old[key], new[key]):
            yield Said(said.about, f"Modell „{new[key].name}“: {said.text}", said.looser)


def _model(old: RegisteredModel, new: RegisteredModel) -> Iterator[Said]:
    if old.enabled != new.enabled:
        yield Said("register", "eingeschaltet" if new.enabled else "ausgeschaltet", new.enabled)
    if old.zone != new.zone:
        yield Said("register", f"läuft in: {old.zone} → {new.zone}", ZONES.index(new.zone) > ZONES.index(old.zone))
    elif old.in_house != new.in_house:
        yield from plain("register", "im Haus", old.in_house, new.in_house, not new.in_house)
    yield from gained_and_lost("register", _classes(old), _classes(new), "freigegeben für {}",
                               "nicht mehr freigegeben für {}")
    yield from gained_and_lost("ki_pass", old.pass_scopes, new.pass_scopes, "verlangt den KI-Pass „{}“",
                               "verlangt den KI-Pass „{}“ nicht mehr", gain_loosens=False)
    yield from gained_and_lost("register", sorted(old.dialects), sorted(new.dialects), "spricht „{}“",
                               "spricht „{}“ nicht mehr", gain_loosens=None)
    yield from plain("register", "Training ausgeschlossen", old.training_excluded, new.training_excluded,
                     not new.training_excluded)
    yield from number("register", "Anbieter speichert", old.retention_days, new.retention_days,
                      lambda days: f"{days} Tage" if days else "nicht", "unbekannt lange")
    for name, words in _PROOFS.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield Said("register", f"{words}: {_proof(before)} → {_proof(after)}", after is None or None)
    for name, words in _PLAIN.items():
        yield from plain("register", words, getattr(old, name), getattr(new, name))
    yield from plain("register", "Preise je Million Tokens", _prices(old.prices), _prices(new.prices))
    yield from limits({"model": old.limit}, {"model": new.limit})


def _classes(model: RegisteredModel) -> list[str]:
    return [words for key, words in DATA_CLASSES.items() if key in model.data_classes]


def _proof(value: object) -> str:
    if hasattr(value, "__dataclass_fields__"):
        return ", ".join(f"{one.name} {shown(getattr(value, one.name))}" for one in fields(value)  # type: ignore[arg-type]
                         if one.name != "sha256" and getattr(value, one.name) is not None) + _hash(value)
    return "unbekannt" if value is None else "keine" if value == () else shown(value)


def _hash(value: object) -> str:
    sha256 = getattr(value, "sha256", "")
    return f", Datei {sha256[:8]}…" if sha256 else ""


def _prices(prices: Prices | None) -> str:
    if prices is None:
        return "unbekannt"
    return "/".join(f"{n / 1_000_000:.2f}".replace(".", ",") for n in (prices.input, prices.output)) + " Euro"


def aliases(old: Mapping[str, ModelAlias], new: Mapping[str, ModelAlias]) -> Iterator[Said]:
    """Yield what is different in the names that stand for models."""
    yield from gained_and_lost("aliases", old, new, "Name „{}“ für Modelle kommt hinzu",
                               "Name „{}“ für Modelle fällt weg", gain_loosens=None)
    for key in (k for k in new if k in old):
        yield from plain("aliases", f"Name „{key}“ steht für", old[key].models, new[key].models)
        yield from plain("aliases", f"Zweck hinter dem Namen „{key}“", old[key].purpose, new[key].purpose)
        yield from plain("aliases", f"Bezeichnung von „{key}“", old[key].name, new[key].name)


def kipass(old: KiPassConfig, new: KiPassConfig) -> Iterator[Said]:
    """Yield what is different in what a KI-Pass takes."""
    yield from gained_and_lost("ki_pass", old.scopes, new.scopes, "KI-Pass „{}“ gibt es neu",
                               "KI-Pass „{}“ gibt es nicht mehr", gain_loosens=None)
    for key in (k for k in new.scopes if k in old.scopes):
        yield from gained_and_lost("ki_pass", old.scopes[key].modules, new.scopes[key].modules,
                                   f"KI-Pass „{key}“ braucht das Modul „{{}}“",
                                   f"KI-Pass „{key}“ braucht das Modul „{{}}“ nicht mehr", gain_loosens=False)
        yield from plain("ki_pass", f"Name des KI-Passes „{key}“", old.scopes[key].name, new.scopes[key].name)
    for key in (k for k in new.modules if k in old.modules):
        before, after = old.modules[key], new.modules[key]
        yield from number("ki_pass", f"Modul „{after.title}“ gilt", before.valid_months, after.valid_months,
                          lambda months: f"{months} Monate", "ohne Ende")
        for name, words in (("title", "Titel"), ("kind", "Art"), ("minutes", "Dauer in Minuten"),
                            ("document", "Dokument"), ("course", "Kurs")):
            yield from plain("ki_pass", f"Modul „{key}“, {words}", getattr(before, name), getattr(after, name))
    for kind in dict.fromkeys((*old.documents, *new.documents)):
        yield from _versions(kind, old.documents.get(kind, ()), new.documents.get(kind, ()))
    for key in dict.fromkeys((*old.courses, *new.courses)):
        yield from _versions(f"Kurs „{key}“", old.courses.get(key, ()), new.courses.get(key, ()))


def _versions(what: str, old: tuple[Document, ...], new: tuple[Document, ...]) -> Iterator[Said]:
    earlier, later = ({d.version: d for d in versions} for versions in (old, new))
    yield from gained_and_lost("documents", earlier, later, f"{what}: Fassung {{}} kommt hinzu",
                               f"{what}: Fassung {{}} fällt weg", gain_loosens=None)
    for version in (v for v in later if v in earlier and later[v] != earlier[v]):
        yield Said("documents", f"{what}: Angaben zur Fassung {version} sind geändert")


def recognition(old: Municipality, new: Municipality) -> Iterator[Said]:
    """Yield what is different in what the recognition knows of the town."""
    for names, blind in ((_BLIND, True), (_SEEN, False)):
        for name, words in names.items():
            before, after = getattr(old, name), getattr(new, name)
            for change, count in (("mehr", len(set(after) - set(before))), ("weniger", len(set(before) - set(after)))):
                if count:
                    yield Said("recognition", f"erkennung.yaml: {count} × {words} {change}",
                               blind == (change == "mehr"))
