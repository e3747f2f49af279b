"""What is missing in the model register, and what runs out: one list for ``model check``, `doctor` and ``/readyz``.

Schema and `check` refuse what may not be switched on at all; here stands what a head of IT has to know beyond that,
and (for a model that is still off) what is to be done before it is switched on. A finding is serious where requests
are refused because of it, now or as soon as the model is switched on, or where a budget does not count.

Not known here: what lies outside the files. Which keys of providers are there is told by who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from gateway.model.limits import Limit
from gateway.model.register import RegisteredModel
from gateway.policy.demands import lacks
from gateway.policy.policyset import PolicySet
from gateway.policy.vocabulary import REQUIREMENTS

DAYS: Final = 60
"""How long before its end something is announced."""
_PLAIN: Final = frozenset({"public", "internal"})
KeyState = Literal["da", "fehlt", "offen"]
"""Of a provider's key: there, missing or unusable, readable for others on this host."""


@dataclass(frozen=True, slots=True)
class RegisterFinding:
    """One thing about one model, in words for people."""

    model: str
    what: str
    """The field of the register that it is about."""
    serious: bool
    text: str
    until: date | None = None
    """The last day of what runs out."""


def examined(policies: PolicySet, today: date, models: Iterable[RegisteredModel] | None = None,
             key: Callable[[str], KeyState] | None = None) -> list[RegisterFinding]:
    """Return what is to be said about `models` (None: all that are in service); `key` knows the keys of providers."""
    chosen = [m for m in policies.models.values() if m.enabled] if models is None else models
    return [finding for model in chosen for finding in _all(policies, model, today, key)]


def pressing(policies: PolicySet, today: date) -> list[RegisterFinding]:
    """Return what cannot wait with models in service: what is serious, runs out or has run out, in this order of days.
    """
    found = [f for f in examined(policies, today) if f.serious or f.until is not None]
    return sorted(found, key=lambda f: (f.until or today, f.model))


def _all(policies: PolicySet, model: RegisteredModel, today: date,
         key: Callable[[str], KeyState] | None) -> Iterator[RegisterFinding]:
    if not model.in_house:
        yield from _agreement(model, today)
        yield from _attest(policies, model, today)
        yield from _outside(model)
        yield from _demanded(policies, model)
    yield from _duties(model)
    yield from _prices(policies, model)
    if key is not None:
        yield from _key(model, key)


def _agreement(model: RegisteredModel, today: date) -> Iterator[RegisterFinding]:
    """Art. 28 GDPR."""
    avv = model.avv
    if avv is None:
        yield _serious(model, "avv", "Es ist keine Vereinbarung zur Auftragsverarbeitung (AVV) eingetragen. Ohne sie "
                                     "lässt sich das Modell nicht einschalten.")
    elif avv.concluded > today:
        yield _serious(model, "avv", f"Die AVV gilt erst ab {avv.concluded:%d.%m.%Y}; bis dahin ist das Modell "
                                     "gesperrt.")
    elif avv.until is not None and avv.until < today:
        yield RegisterFinding(model.id, "avv", True, f"Die AVV endete am {avv.until:%d.%m.%Y}. Das Modell ist seitdem "
                              "gesperrt. Tragen Sie die neue Vereinbarung ein.", avv.until)
    elif avv.until is not None and (avv.until - today).days <= DAYS:
        yield RegisterFinding(model.id, "avv", False, f"Die AVV endet am {avv.until:%d.%m.%Y}. Danach ist das Modell "
                              "gesperrt, bis eine neue eingetragen ist.", avv.until)
    if not model.training_excluded:
        yield _serious(model, "training_excluded", "Der Anbieter darf mit den Eingaben trainieren. Vereinbaren Sie den "
                       "Ausschluss; vorher lässt sich das Modell nicht einschalten.")


def _attest(policies: PolicySet, model: RegisteredModel, today: date) -> Iterator[RegisterFinding]:
    """The C5 report: blocks where a policy demands it, and is a gap where more than internal texts may stay readable.
    """
    c5 = model.c5
    demanded = any(model.id in d.models and d.models[model.id].attested_until for d in policies.departments.values())
    if c5 is None:
        if model.data_classes - _PLAIN and not {"c5", "c5_type_2"} & {*policies.organisation.models.require}:
            yield _notice(model, "c5", "Es ist kein C5-Testat des BSI eingetragen, obwohl mehr als interne Texte "
                                       "dorthin dürfen. Fragen Sie den Anbieter danach.")
        return
    if c5.until < today:
        follows = "Wo es verlangt ist, ist das Modell seitdem gesperrt." if demanded else \
            "Lassen Sie sich das neue geben."
        yield RegisterFinding(model.id, "c5", demanded, f"Das C5-Testat galt bis {c5.until:%d.%m.%Y}. {follows}",
                              c5.until)
    elif (c5.until - today).days <= DAYS:
        follows = " Wo es verlangt ist, ist das Modell danach gesperrt." if demanded else ""
        yield RegisterFinding(model.id, "c5", False, f"Das C5-Testat gilt bis {c5.until:%d.%m.%Y}.{follows} Lassen Sie "
                              "sich das neue geben.", c5.until)


def _outside(model: RegisteredModel) -> Iterator[RegisterFinding]:
    if model.sub_processors is None:
        yield _notice(model, "sub_processors", "Wer für den Anbieter arbeitet, ist nicht eingetragen. Die Liste der "
                      "Unterauftragnehmer gehört zur AVV („sub_processors“, leer: []).")
    if model.retention_days is None:
        yield _notice(model, "retention_days", "Wie lange der Anbieter Anfragen speichert, ist nicht eingetragen "
                      "(„retention_days“, 0: gar nicht).")
    if "social" in model.data_classes:
        if model.zone == "drittland":
            yield _serious(model, "zone", "Für Sozialdaten ist das Modell freigegeben, läuft aber in einem Drittland. "
                                          "Das lässt § 80 SGB X nicht zu.")
        if model.social_notice is None:
            yield _serious(model, "social_notice", "Für Sozialdaten fehlt der Tag der Anzeige bei der Aufsichtsbehörde "
                                                   "nach § 80 SGB X („social_notice“).")
    if {"professional", "tax"} & model.data_classes and model.secrecy is None:
        yield _serious(model, "secrecy", "Für Daten unter Berufs- oder Steuergeheimnis fehlt der Tag, an dem der "
                                         "Anbieter zur Verschwiegenheit verpflichtet wurde („secrecy“).")


def _demanded(policies: PolicySet, model: RegisteredModel) -> Iterator[RegisterFinding]:
    """What the organisation demands of every model. (Where a department demands more, that model is not for it.)"""
    for demand in policies.organisation.models.require:
        if lacks(model, demand):
            yield _serious(model, "require", f"Verlangt wird {REQUIREMENTS[demand]}; vorher lässt sich das Modell "
                                             "nicht einschalten.")


def _duties(model: RegisteredModel) -> Iterator[RegisterFinding]:
    if model.risk_class == "hoch" and model.high_risk is None:
        yield _serious(model, "high_risk", "Für ein Modell mit hohem Risiko fehlt, was vorher zu tun ist: Beteiligung "
                       "des Personalrats, Folgenabschätzung, Registrierung (KI-Verordnung Art. 26, 27, 49).")


def _prices(policies: PolicySet, model: RegisteredModel) -> Iterator[RegisterFinding]:
    if model.in_house or model.prices is not None:  # nobody sends the house a bill for its own machine
        return
    if any(_in_euros(limit) for limit in _limits(policies, model)):
        yield _serious(model, "prices", "Für dieses Modell gilt ein Budget in Euro, aber es hat keine Preise. Seine "
                       "Kosten werden nicht gezählt, das Budget wirkt hier nicht. Ergänzen Sie „prices“.")


def _limits(policies: PolicySet, model: RegisteredModel) -> Iterator[Limit]:
    """Yield every limit that counts for a model, or would if it were switched on."""
    for department in policies.departments.values():
        if model.id in department.models:
            yield from department.models[model.id].limits.values()
        elif not model.enabled:  # all models have the same, but for what is written at the model itself
            other = next(iter(department.models.values()), None)
            yield from (limit for by, limit in (other.limits if other else {}).items() if by != "model")
    yield model.limit


def _in_euros(limit: Limit) -> bool:
    return limit.micro_euro_per_day is not None or limit.micro_euro_per_month is not None


def _key(model: RegisteredModel, key: Callable[[str], KeyState]) -> Iterator[RegisterFinding]:
    name = model.api_key_env
    if name is None:
        return
    state = key(name)
    if state == "fehlt":
        yield _serious(model, "api_key_env", f"Der Schlüssel des Anbieters fehlt. Setzen Sie {name} in der Umgebung "
                       f"der KI-Pforte, oder schreiben Sie ihn in die Datei secrets/{name} in HOME.")
    elif state == "offen":
        yield _serious(model, "api_key_env", f"Andere auf diesem Rechner können secrets/{name} lesen. Setzen Sie die "
                                             "Rechte der Datei auf 0600.")


def _serious(model: RegisteredModel, what: str, text: str) -> RegisterFinding:
    return RegisterFinding(model.id, what, True, text)


def _notice(model: RegisteredModel, what: str, text: str) -> RegisterFinding:
    return RegisterFinding(model.id, what, False, text)
