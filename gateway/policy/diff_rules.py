"""What is different for the people of one department, between its rules in two policy sets.

Compares what was worked out, not what was written: a line that moved from the department to the organisation is no
difference. Names of models and purposes are those of the newer set, where it has them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Final

from gateway.model.decision import Action, Answers
from gateway.model.entities import ENTITIES, TOPICS
from gateway.model.limits import LIMITED_BY, NO_LIMIT, Limit, LimitedBy
from gateway.policy.change import Said, gained_and_lost, ladder, number, plain, shown
from gateway.policy.policyset import DID, DepartmentRules, ModelRules, OfficeHours
from gateway.policy.schema import ClearText, Purpose
from gateway.policy.vocabulary import ANSWERS, BACKGROUND, OPAQUE_STRICTNESS, STRICTNESS, WEEKDAYS, OpaqueAction

_OUT: Final = {True: "Modelle im Haus", False: "Modelle außer Haus"}
_OPAQUE: Final = {"image": "Bilder", "audio": "Tonaufnahmen", "file": "Dateien",
                  "provider_tool": "Werkzeuge beim Anbieter"}
_LET: Final[dict[OpaqueAction, str]] = {
    "pass": "gehen hinaus, wie sie sind", "inspect": "werden gelesen, und ihr Text wird geprüft gesendet",
    "strip": "werden herausgenommen", "refuse": "werden nicht gesendet"}
_ANSWERS: Final = {"show": "werden gezeigt", "flag": "werden gezeigt und gezählt", "mask": "werden ausgeblendet"}
_BACKGROUND: Final = {"same": "wie eine Frage", "model": "an das genannte Modell", "local": "ohne Modell im Haus"}
_WHOSE: Final[dict[LimitedBy, str]] = {"person": "je Person", "department": "des Amtes", "model": "des Modells",
                                       "organisation": "des ganzen Hauses"}
_UNITS: Final = {"requests_per_minute": "Anfragen je Minute", "requests_per_day": "Anfragen je Tag",
                 "tokens_per_day": "Tokens je Tag", "tokens_per_month": "Tokens je Monat",
                 "concurrent": "Anfragen gleichzeitig", "micro_euro_per_day": "Euro je Tag",
                 "micro_euro_per_month": "Euro je Monat"}
_NUMBERS: Final = str.maketrans(",.", ".,")


def department(old: DepartmentRules, new: DepartmentRules) -> Iterator[Said]:
    """Yield every difference."""
    yield from plain("name", "Name der Abteilung", old.name, new.name)
    yield from _models(old, new)
    yield from _purposes(old, new)
    yield from gained_and_lost("ki_pass", old.scopes, new.scopes, "KI-Pass „{}“ wird verlangt",
                               "KI-Pass „{}“ wird nicht mehr verlangt", gain_loosens=False)
    yield from _hours(old.hours, new.hours)
    yield from number("conversations", "Gespräche werden aufbewahrt", old.keep_hours, new.keep_hours,
                      lambda hours: f"{hours} Stunden" if hours else "nicht")
    if old.refuses_unknown_fields != new.refuses_unknown_fields:
        refused = new.refuses_unknown_fields
        yield Said("unknown_fields", "Unbekannte Felder einer Anfrage: sie wird " + (
            "abgelehnt" if refused else "ohne sie gesendet"), not refused)
    yield from ladder("background", "Was Chat-Programme von sich aus fragen", old.background.answer,
                      new.background.answer, BACKGROUND, lambda answer: _BACKGROUND[answer])
    yield from plain("background", "Modell für das, was Chat-Programme von sich aus fragen", old.background.model,
                     new.background.model)
    yield from gained_and_lost("notice", old.notices, new.notices, "Neuer Hinweis: „{}“", "Ohne den Hinweis „{}“",
                               gain_loosens=None)
    yield from gained_and_lost("label", old.labels, new.labels, "Jede Antwort endet mit „{}“",
                               "Antworten enden nicht mehr mit „{}“", gain_loosens=False)
    if old.allows_clear_text != new.allows_clear_text:
        yield Said("clear_text", "Klartext auf Antrag: " + ("möglich" if new.allows_clear_text else "nicht möglich"),
                   new.allows_clear_text)
    yield from plain("routing", "Modelle im Haus für Angaben, die nicht hinaus dürfen", old.in_house, new.in_house)
    for model in dict.fromkeys((*old.fallback, *new.fallback)):
        if model in old.models and model in new.models:
            yield from plain("routing", f"Vertretung für „{_name(old, new, model)}“", old.fallback.get(model, ()),
                             new.fallback.get(model, ()))


def _name(old: DepartmentRules, new: DepartmentRules, model: str) -> str:
    rules = new.models.get(model) or old.models[model]
    return rules.model.name


def _models(old: DepartmentRules, new: DepartmentRules) -> Iterator[Said]:
    for key in (k for k in new.models if k not in old.models):
        model = new.models[key].model
        yield Said("models", f"Modell „{model.name}“ kommt hinzu ({_place(new.models[key])})", True)
    for key in (k for k in old.models if k not in new.models):
        closed = new.closed.get(key)
        why = f": {closed.message}" if closed else ""
        yield Said("models", f"Modell „{old.models[key].model.name}“ fällt weg{why}", False)
    both = [key for key in new.models if key in old.models]
    yield from _merged(old, new, both, _one_model)


def _place(rules: ModelRules) -> str:
    return {"haus": "im Haus", "DE": "Deutschland", "EU": "EU und EWR", "drittland": "Drittland"}[rules.model.zone]


def _merged(old: DepartmentRules, new: DepartmentRules, models: list[str],
            compare: Callable[[ModelRules, ModelRules], Iterator[Said]]) -> Iterator[Said]:
    """Yield what is different per model; what is different in the same way for all of one side, once."""
    sides: dict[bool, list[str]] = defaultdict(list)
    found: dict[tuple[bool, Said], list[str]] = defaultdict(list)
    for key in models:
        side = new.models[key].model.in_house
        sides[side].append(key)
        for said in compare(old.models[key], new.models[key]):
            found[side, said].append(key)
    for (side, said), keys in found.items():
        where = _OUT[side] if len(keys) == len(sides[side]) else ", ".join(
            f"„{new.models[key].model.name}“" for key in keys)
        yield Said(said.about, f"{where}: {said.text}", said.looser)


def _one_model(old: ModelRules, new: ModelRules) -> Iterator[Said]:
    for kind, entity in ENTITIES.items():
        yield from ladder("findings", entity.name, old.actions[kind], new.actions[kind], STRICTNESS, _did)
    for what in old.opaque:
        yield from ladder("opaque", _OPAQUE.get(what, what), old.opaque[what].action, new.opaque[what].action,
                          OPAQUE_STRICTNESS, lambda let: _LET[let])
    yield from _answers(old.answers, new.answers)
    yield from _passes(old, new)
    yield from gained_and_lost("tools", sorted(old.untrusted_tools), sorted(new.untrusted_tools),
                               "Werkzeug „{}“ erhält nur noch Platzhalter",
                               "Werkzeug „{}“ erhält Angaben im Klartext zurück", gain_loosens=False)
    if old.trusts_undeclared != new.trusts_undeclared:
        yield Said("tools", "Werkzeuge, die niemand angemeldet hat, erhalten " + (
            "Angaben im Klartext zurück" if new.trusts_undeclared else "nur noch Platzhalter"), new.trusts_undeclared)
    yield from limits(old.limits, new.limits)
    yield from plain("register", "Das verlangte C5-Testat gilt bis", old.attested_until, new.attested_until)


def _answers(old: Mapping[str, Answers], new: Mapping[str, Answers]) -> Iterator[Said]:
    """Yield what is different in what answers show: said at once for all kinds that name somebody, or kind by kind."""
    steps: dict[tuple[Answers, Answers], list[str]] = defaultdict(list)
    for kind in ENTITIES:
        steps[old.get(kind, "show"), new.get(kind, "show")].append(kind)
    for (before, after), kinds in steps.items():
        all_named = ENTITIES.keys() - TOPICS <= set(kinds)
        what = ", ".join([*(["Personenbezogenes"] if all_named else []),
                          *(ENTITIES[kind].name for kind in kinds if kind in TOPICS or not all_named)])
        yield from ladder("answers", f"{what} in Antworten, wenn niemand es gesendet hat", before, after, ANSWERS,
                          lambda answers: _ANSWERS[answers])


def _passes(old: ModelRules, new: ModelRules) -> Iterator[Said]:
    """Yield what is different in the KI-Pass that it takes: for the model (unless the register says it), for kinds."""
    before, after = ([d.scope for d in rules.demands if d.scope not in rules.model.pass_scopes] for rules in (old, new))
    yield from gained_and_lost("ki_pass", [s for s in before if s not in new.model.pass_scopes],
                               [s for s in after if s not in old.model.pass_scopes], "KI-Pass „{}“ wird verlangt",
                               "KI-Pass „{}“ wird nicht mehr verlangt", gain_loosens=False)
    yield from gained_and_lost("ki_pass", list(_kinds(old)), list(_kinds(new)), "{} wird verlangt",
                               "{} wird nicht mehr verlangt", gain_loosens=False)


def _kinds(rules: ModelRules) -> Iterator[str]:
    """Yield which KI-Pass it takes to send which kind."""
    for kind, entity in ENTITIES.items():
        for demand in rules.kind_demands:
            if kind in demand.kinds:
                yield f"{entity.name}: KI-Pass „{demand.scope}“"


def _did(action: Action) -> str:
    return DID[action]


def limits(old: Mapping[LimitedBy, Limit], new: Mapping[LimitedBy, Limit]) -> Iterator[Said]:
    """Yield what is different between what may be used."""
    for by in LIMITED_BY:
        before, after = old.get(by, NO_LIMIT), new.get(by, NO_LIMIT)
        for one in fields(Limit):
            yield from number("limits", f"Grenze {_WHOSE[by]}", getattr(before, one.name), getattr(after, one.name),
                              lambda most, name=one.name: amount(name, most))  # type: ignore[misc]


def amount(what: str, most: int) -> str:
    """Return a limit as people write it."""
    text = f"{most / 1_000_000:,.2f}" if what.startswith("micro_euro") else f"{most:,}"
    return f"{text.translate(_NUMBERS)} {_UNITS[what]}"


def _purposes(old: DepartmentRules, new: DepartmentRules) -> Iterator[Said]:
    titles = {key: f"{p.title}“ ({key})" for key, p in (*old.purposes.items(), *new.purposes.items())}
    yield from gained_and_lost("purposes", [titles[k] for k in old.purposes if k not in new.purposes],
                               [titles[k] for k in new.purposes if k not in old.purposes],
                               "Zweck „{} kommt hinzu", "Zweck „{} fällt weg")
    yield from gained_and_lost("purposes", old.forbidden, new.forbidden, "Zweck „{}“ ist jetzt ausdrücklich verboten",
                               "Zweck „{}“ ist nicht mehr ausdrücklich verboten", gain_loosens=False)
    for key in (k for k in new.purposes if k in old.purposes):
        for said in _purpose(old.purposes[key], new.purposes[key]):
            yield Said(said.about, f"Zweck „{new.purposes[key].title}“: {said.text}", said.looser)


def _purpose(old: Purpose, new: Purpose) -> Iterator[Said]:
    yield from plain("purposes", "Bezeichnung", old.title, new.title)
    yield from gained_and_lost("ki_pass", old.pass_scopes, new.pass_scopes, "KI-Pass „{}“ wird verlangt",
                               "KI-Pass „{}“ wird nicht mehr verlangt", gain_loosens=False)
    yield from plain("notice", "Hinweis", old.notice, new.notice)
    yield from plain("label", "Kennzeichnung am Ende der Antwort", old.label, new.label, new.label is None)
    if old.clear_text != new.clear_text:
        yield from _clear_text(old.clear_text, new.clear_text)


def _clear_text(old: ClearText | None, new: ClearText | None) -> Iterator[Said]:
    if old is None or new is None:
        granted = new if new is not None else old
        assert granted is not None, "one of two different values is there"
        kinds = ", ".join(ENTITIES[k].name for k in granted.entities if k in ENTITIES)
        yield Said("clear_text", f"Klartext auf Antrag {'möglich' if new else 'nicht mehr möglich'} ({kinds})",
                   new is not None)
        return
    yield from gained_and_lost("clear_text", old.entities, new.entities, "Klartext auch für {}",
                               "kein Klartext mehr für {}")
    yield from gained_and_lost("clear_text", old.reasons, new.reasons, "Klartext auch aus dem Grund „{}“",
                               "Klartext nicht mehr aus dem Grund „{}“")
    for key in (k for k in new.reasons if k in old.reasons):
        yield from plain("clear_text", f"Wortlaut des Grundes „{key}“", old.reasons[key], new.reasons[key])
    for name, word in (("departments", "Abteilungen"), ("roles", "Rollen"), ("groups", "Gruppen")):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            wider = not after or (bool(before) and set(after) > set(before))
            yield Said("clear_text", f"Klartext für {word}: {shown(before) if before else 'alle'} → "
                       f"{shown(after) if after else 'alle'}", wider)


def _hours(old: tuple[OfficeHours, ...], new: tuple[OfficeHours, ...]) -> Iterator[Said]:
    before, after = _open(old), _open(new)
    if before != after:
        wider = any(after[day][0] < before[day][0] or after[day][1] > before[day][1]
                    for day in WEEKDAYS if after[day] != _SHUT)
        yield Said("hours", f"Zeiten: {_week(before)} → {_week(after)}", wider)


_SHUT: Final = (1440, 0)


def _open(hours: tuple[OfficeHours, ...]) -> dict[str, tuple[int, int]]:
    """Return the minutes of each day in which all say yes."""
    found: dict[str, tuple[int, int]] = {}
    for day in WEEKDAYS:
        begin = max((h.hours.begin if day in h.hours.days else 1440 for h in hours), default=0)
        end = min((h.hours.end if day in h.hours.days else 0 for h in hours), default=1440)
        found[day] = (begin, end) if begin < end else _SHUT
    return found


def _week(days: Mapping[str, tuple[int, int]]) -> str:
    if set(days.values()) == {(0, 1440)}:
        return "immer"
    grouped: dict[tuple[int, int], list[str]] = defaultdict(list)
    for day, when in days.items():
        if when != _SHUT:
            grouped[when].append(day)
    return "; ".join(f"{' '.join(names)} {begin // 60:02}:{begin % 60:02}–{end // 60:02}:{end % 60:02}"
                     for (begin, end), names in grouped.items()) or "nie"
