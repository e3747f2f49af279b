"""Hostile values in every field that can reach a page."""

from __future__ import annotations

from dataclasses import fields, replace
from types import MappingProxyType

from gateway.policy import PolicySet
from tests.support.web_house import House

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}\'`</title><!--'
KINDS = {
    "markup": EVIL,
    "address": "javascript:alert(1)//data:text/html,<script>alert(2)</script>",
    "template": "{{ 7*7 }}{% import 'os' %}${7*7}#{7*7}%(x)s{0.__class__}",
    "direction": "\u202eecilA\u2066 gnol\u200b\u0301\u0301\u0301\ufeff",
    "long": "Donaudampfschifffahrtsgesellschaft" * 12,
}


def poisoned(policies: PolicySet, evil: str = EVIL) -> PolicySet:
    """The same policies with a hostile value in every text."""
    organisation = policies.organisation
    contact = organisation.contact.model_copy(update=dict.fromkeys(type(organisation.contact).model_fields, evil))
    purposes = organisation.purposes.model_copy(update={
        "allow": {key: p.model_copy(update={"title": evil}) for key, p in organisation.purposes.allow.items()}})
    text = {f.name for f in fields(next(iter(policies.models.values()))) if f.type == "str"} - {"id", "adapter"}
    models = {key: replace(model, **dict.fromkeys(text, evil)) for key, model in policies.models.items()}
    departments = {
        key: replace(rules, name=evil, models=MappingProxyType({
            id_: replace(r, model=models[id_]) for id_, r in rules.models.items()}))
        for key, rules in policies.departments.items()}
    kipass = replace(policies.kipass, modules={
        key: replace(m, title=evil) for key, m in policies.kipass.modules.items()}, scopes={
        key: replace(s, name=evil) for key, s in policies.kipass.scopes.items()})
    return replace(policies, digest=evil, models=models, departments=departments, kipass=kipass,
                   organisation=organisation.model_copy(update={
                       "name": evil, "legal_basis": evil, "contact": contact, "purposes": purposes,
                       "base_url": f"https://x.example/{evil}"}))


def hostile_records(house: House, evil: str = EVIL) -> list[str]:
    """Records in which every field that a writer could fill says something hostile."""
    names = ("vorgang", "department", "model", "provider", "region", "purpose", "policy", "pass", "api", "dv_sha256",
             "status", "code", "decision", evil)
    facts = dict.fromkeys(names, evil) | {"rules": [evil, evil], "found": {evil: 2},
                                              "replaced": {f"{evil}:{evil}": 3, "PERSON:placeholder": 1}}
    return [house.write(kind, facts, subject=evil) for kind in ("intent", "denied", "outcome", "verify.result", "view")]
