"""A decision in words: who asked, every rule that took part, where it would go, what holds on the way.

Takes a `Trial` apart for the command line and for pages; decides nothing and asks nothing again. Sentences about rules
are those of the decision itself; titles come from `titles`. Holds no content: a text and what is left of it are shown
beside it by whoever has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, Literal

from gateway.model.decision import Answers
from gateway.model.entities import ENTITIES, TOPICS
from gateway.model.limits import LIMITED_BY, Limit, LimitedBy, Limits
from gateway.model.principal import PassState, Principal
from gateway.policy.policyset import BERLIN, DID, ModelRules, PolicySet
from gateway.policy.titles import in_words
from gateway.policy.trial import Trial
from gateway.policy.vocabulary import ANSWERS

EFFECTS: Final = {"allow": "erlaubt", "deny": "verbietet", "note": "gilt"}
STATES: Final[dict[PassState, str]] = {
    "gueltig": "gültig", "kulanz": "gültig in der Kulanzzeit", "abgelaufen": "abgelaufen",
    "dv_neu": "neue Dienstvereinbarung nicht bestätigt", "gesperrt": "gesperrt", "fehlt": "fehlt"}
_ANSWERS: Final = {"show": "werden gezeigt", "flag": "werden gezeigt und gezählt", "mask": "werden ausgeblendet"}
_SHARED: Final[dict[LimitedBy, str]] = {"person": "je Person", "department": "für die Abteilung",
                                        "model": "für das Modell", "organisation": "für alle zusammen"}
_COUNTED: Final = {
    "requests_per_minute": "{} Anfragen je Minute", "requests_per_day": "{} Anfragen am Tag",
    "tokens_per_day": "{} Token am Tag", "tokens_per_month": "{} Token im Monat",
    "concurrent": "{} Anfragen zugleich", "micro_euro_per_day": "{} Euro am Tag",
    "micro_euro_per_month": "{} Euro im Monat"}


@dataclass(frozen=True, slots=True)
class Step:
    """One rule that took part."""

    rule: str
    title: str
    effect: Literal["allow", "deny", "note"]
    text: str
    place: str = ""
    """Where it is written, if anybody looked."""

    @property
    def effect_in_words(self) -> str:
        """What the rule did."""
        return EFFECTS[self.effect]


@dataclass(frozen=True, slots=True)
class Handled:
    """What happens to one kind of finding."""

    kind: str
    name: str
    count: int
    action: str
    what: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that can be said about a decision without its content."""

    caller: tuple[tuple[str, str], ...]
    asked: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    allowed: bool
    verdict: str
    code: str
    model: str
    """Registered id of the model that it would go to; empty when it goes nowhere."""
    handled: tuple[Handled, ...]
    obligations: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    policy: str


def explain(policies: PolicySet, trial: Trial, place: Callable[[str], str] = lambda rule: "") -> Explanation:
    """Put a decision into words; `place` says where a rule is written."""
    facts, denial, model = trial.facts, trial.denial, trial.model
    steps = tuple(Step(r.rule, in_words(r.rule, policies), r.effect, r.text, place(r.rule)) for r in trial.reasons)
    department = policies.department(facts.principal.department, facts.principal.groups)
    rules = department.models.get(model.id) if department is not None and model is not None else None
    verdict = denial.message if denial is not None else f"Die Anfrage darf an „{model.name}“ gehen." if model else ""
    return Explanation(
        tuple(_caller(policies, facts.principal)), tuple(_asked(policies, trial)), steps, denial is None, verdict,
        denial.code if denial else "", model.id if model else "", tuple(_handled(trial)),
        tuple(_obligations(trial, rules)), tuple(limits_in_words(rules.limits if rules else {})),
        trial.admission.policy)


def _caller(policies: PolicySet, principal: Principal) -> Iterator[tuple[str, str]]:
    department = policies.files.get(principal.department)
    yield "Abteilung", department.name if department else principal.department
    if principal.groups:
        yield "Gruppen", ", ".join(policies.groups[g].name if g in policies.groups else g
                                   for g in sorted(principal.groups))
    yield "Rollen", ", ".join(sorted(principal.roles)) or "keine"
    for scope, status in principal.passes.items():
        if status.state != "fehlt":
            known = policies.kipass.scopes.get(scope)
            yield f"KI-Pass „{known.name if known else scope}“", STATES[status.state]


def _asked(policies: PolicySet, trial: Trial) -> Iterator[tuple[str, str]]:
    facts = trial.facts
    alias = policies.aliases.get(facts.model)
    yield "Modell", facts.model
    if alias is not None:
        yield "Steht für", ", ".join(alias.models)
    purpose = policies.organisation.purposes.allow.get(trial.admission.purpose)
    yield "Zweck", f"{purpose.title} ({trial.admission.purpose})" if purpose else trial.admission.purpose
    if facts.clear_text:
        yield "Angaben lesbar lassen", facts.clear_text
    yield "Schnittstelle", facts.dialect
    yield "Zeitpunkt", _moment(facts.now)


def _handled(trial: Trial) -> Iterator[Handled]:
    actions: Mapping[str, str] = trial.release.actions if trial.release else {}
    for kind, count in trial.counts.items():
        if count:
            action = actions.get(kind, "")
            what = next((said for known, said in DID.items() if known == action), "")
            yield Handled(kind, ENTITIES[kind].name, count, action, what)


def _obligations(trial: Trial, rules: ModelRules | None) -> Iterator[tuple[str, str]]:
    decision, model = trial.release, trial.model
    if trial.admission.notice:
        yield "Hinweis", trial.admission.notice
    if decision is None or model is None or rules is None:
        return
    yield from (("Hinweis", notice) for notice in decision.notices if notice not in trial.admission.notice)
    yield "Modell", f"{model.name} ({model.id}), {model.operator}, {model.region}"
    if decision.fallbacks:
        yield "Vertretung bei Ausfall", ", ".join(f"{m.name} ({m.id})" for m in decision.fallbacks)
    if decision.held:
        kinds = ", ".join(ENTITIES[kind].name for kind in sorted(decision.held))
        yield "Bindung", f"Wegen „{kinds}“ gehen auch spätere Fragen dieses Gesprächs nur an dafür zugelassene Modelle."
    if decision.label:
        yield "Kennzeichnung", decision.label.replace("\n", " | ")
    yield "Fremde Angaben in der Antwort", _answers(decision.answers)
    if decision.untrusted_tools:
        yield "Werkzeuge, die nur Platzhalter erhalten", ", ".join(sorted(decision.untrusted_tools))


def _answers(by_kind: Mapping[str, Answers]) -> str:
    """Return what holds for most kinds, and for which another word does."""
    named = [by_kind.get(kind, "show") for kind in ENTITIES if kind not in TOPICS]
    rest = max(ANSWERS, key=named.count)
    others = [f"{entity.name}: {_ANSWERS[word]}" for key, entity in ENTITIES.items()
              if (word := by_kind.get(key, "show")) != ("show" if key in TOPICS else rest)]
    return "; ".join([*others, f"andere: {_ANSWERS[rest]}"] if others else [_ANSWERS[rest]])


def limits_in_words(limits: Limits) -> Iterator[str]:
    """Yield what holds, one sentence per number."""
    for by in LIMITED_BY:
        if by in limits:
            for one in fields(Limit):
                number = getattr(limits[by], one.name)
                if number is not None:
                    yield f"{_COUNTED[one.name].format(_number(one.name, number))} {_SHARED[by]}"


def _number(name: str, value: int) -> str:
    if name.startswith("micro_euro"):
        return f"{value / 1_000_000:,.2f}".translate(str.maketrans(",.", ".,"))
    return f"{value:,}".replace(",", ".")


def _moment(now: datetime) -> str:
    return f"{now.astimezone(BERLIN):%d.%m.%Y, %H:%M} Uhr"
