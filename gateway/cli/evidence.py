"""Which evidence a module takes: for modules that rest on a document, the hash of the version that applies today."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from gateway.kipass.calendar import day_of
from gateway.model.kipass import Document, DocumentKind, Evidence, KiPassConfig, Module


def in_force(rules: KiPassConfig, kind: DocumentKind, now: datetime) -> Document | None:
    """Return the newest version of a document that applies at `now`."""
    begun = [d for d in rules.documents.get(kind, ()) if d.valid_from <= day_of(now)]
    return begun[-1] if begun else None


def evidence_for(rules: KiPassConfig, modules: Iterable[str], completed_at: datetime) -> list[Evidence]:
    """Return what somebody can show who completed these modules at `completed_at`, with the versions of that day."""
    return [Evidence(key, completed_at, _hash(rules, rules.modules[key], completed_at)) for key in modules]


def _hash(rules: KiPassConfig, module: Module, at: datetime) -> str | None:
    kind: DocumentKind | None = "dienstvereinbarung" if module.kind == "kenntnisnahme_dv" else module.document
    document = in_force(rules, kind, at) if kind else None
    return document.sha256 if document else None
