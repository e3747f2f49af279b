"""The preview: what would a provider see of this text, and which rules say so? For staff, with their own KI-Pass.

The same detector, the same two questions, the same redaction as a request. Nothing is sent, recorded or kept: the text
lives in the answer to this one form.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from starlette.responses import Response

from gateway.model.decision import Action
from gateway.model.finding import Finding, Passage
from gateway.model.principal import Principal
from gateway.model.reasons import in_words
from gateway.policy.decide import AdmitFacts
from gateway.policy.explain import Explanation, explain
from gateway.policy.policyset import DID, PolicySet
from gateway.policy.trial import Trial, attempt, counted
from gateway.redaction.explain import Explained
from gateway.redaction.explain import explain as redacted
from gateway.redaction.redact import Operate
from gateway.web import words
from gateway.web.gate import Desk, Visit
from gateway.web.i18n import _
from gateway.wire.bridges import spoken

LONGEST: Final = 20_000
"""Characters of a preview: some eight pages."""
FORM: Final = 400_000
"""Bytes of the form that carries them."""
MOST: Final = 60
"""Previews of one person in a quarter of an hour: looking at a text is work for the machine."""
_DIALECT: Final = "chat"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of what a provider would see: plain, or put in place of something (then with its kind)."""

    text: str
    kind: str = ""
    noted: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """One kind of finding: how often, what happens to it, how it was recognised."""

    name: str
    count: int
    what: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Whether the same text might go to another model."""

    name: str
    allowed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything that the page says about one text."""

    explanation: Explanation
    pieces: tuple[Piece, ...]
    found: tuple[Found, ...]
    elsewhere: tuple[Elsewhere, ...]
    unsafe: bool
    """Not everything could be replaced safely: such a request is refused."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a selection."""

    key: str
    name: str


async def form(desk: Desk, visit: Visit) -> Response:
    """Show the empty form."""
    return _page(desk, visit)


async def look(desk: Desk, visit: Visit) -> Response:
    """Show what would become of the text in the form."""
    text = _text(visit)
    if not text.strip():
        return _page(desk, visit, problem=_("Bitte geben Sie einen Text ein."))
    if len(text) > LONGEST:
        return _page(desk, visit, problem=_(
            "Der Text hat {count} Zeichen; hier gehen höchstens {most}. Bitte kürzen Sie ihn.").format(
                count=words.number(len(text)), most=words.number(LONGEST)))
    limits = {f"preview {visit.somebody.principal.subject}": MOST}
    if (wait := await desk.context.guesses.wait(limits, desk.context.now())) > 0:
        response = _page(desk, visit, status=429, problem=_(
            "Das waren {count} Texte in einer Viertelstunde. Bitte versuchen Sie es in {minutes} noch einmal.").format(
                count=MOST, minutes=words.minutes(-(-wait // 60))))
        response.headers["retry-after"] = str(wait)
        return response
    await desk.context.guesses.count(limits, desk.context.now())
    [findings] = await desk.context.detector.inspect([Passage(text)])
    shown = await asyncio.to_thread(_shown, desk, visit, text, findings)
    return _page(desk, visit, shown=shown)


def _page(desk: Desk, visit: Visit, shown: Shown | None = None, problem: str = "", status: int = 400) -> Response:
    policies, principal = desk.context.policies(), visit.somebody.principal
    models, purposes = list(_models(policies, principal)), list(_purposes(policies, principal))
    model = visit.form.get("modell") or (models[0].key if models else "")
    return desk.page(visit, "preview.html", http_status=status if problem else 200, text=_text(visit),
                     models=models, purposes=purposes, model=model, purpose=visit.form.get("zweck") or "allgemein",
                     shown=shown, problem=problem, longest=LONGEST)


def _text(visit: Visit) -> str:
    """Return the text as it was typed; browsers send every line end as two characters."""
    return visit.form.get("text", "").replace("\r\n", "\n")


def _models(policies: PolicySet, principal: Principal) -> Iterator[Choice]:
    """Yield the models of a person's department, and the names that stand for some of them."""
    department = policies.department(principal.department, principal.groups)
    open_ = department.models if department else {}
    for key, rules in open_.items():
        yield Choice(key, f"{rules.model.name} ({_('im Haus') if rules.model.in_house else _('außer Haus')})")
    for alias in policies.aliases.values():
        if any(model in open_ for model in alias.models):
            yield Choice(alias.key, alias.name)


def _purposes(policies: PolicySet, principal: Principal) -> Iterator[Choice]:
    department = policies.department(principal.department, principal.groups)
    for key, purpose in (department.purposes if department else {}).items():
        yield Choice(key, purpose.title)


def _shown(desk: Desk, visit: Visit, text: str, findings: Sequence[Finding]) -> Shown:
    context = desk.context
    policies, principal = context.policies(), visit.somebody.principal
    facts = AdmitFacts(principal, visit.form.get("modell", ""), visit.form.get("zweck") or None, _DIALECT,
                       context.now(), stopped=context.stopped(), speaks=spoken(_DIALECT))
    counts = counted(findings)
    trial = attempt(policies, facts, counts)
    pieces: tuple[Piece, ...] = ()
    unsafe = False
    if trial.release is not None and trial.denial is None:
        left = redacted(text, findings, trial.release.actions, context.operators.apply)
        unsafe = left.residue > 0
        pieces = () if unsafe else tuple(_pieces(context.operators.apply, text, left))
    return Shown(explain(policies, trial), pieces, tuple(_found(trial, counts, findings)),
                 tuple(_elsewhere(policies, facts, counts)), unsafe)


def _pieces(operate: Operate, text: str, left: Explained) -> Iterator[Piece]:
    """Cut what would leave into plain stretches and those that stand for something, or were noted."""
    cuts = [e for e in left.entries if not e.noted]
    position = 0
    for entry in left.entries:
        if entry.start < position or (entry.noted and any(c.start < entry.end and entry.start < c.end for c in cuts)):
            continue  # inside something that is replaced: the placeholder says more
        if entry.start > position:
            yield Piece(text[position:entry.start])
        kept = text[entry.start:entry.end]
        stands = kept if entry.noted else entry.issued or operate(entry.action, entry.entity, kept)
        yield Piece(stands, words.entity(entry.entity), entry.noted)
        position = entry.end
    yield Piece(text[position:])


def _found(trial: Trial, counts: Mapping[str, int], findings: Sequence[Finding]) -> Iterator[Found]:
    actions: Mapping[str, Action] = trial.release.actions if trial.release and trial.denial is None else {}
    for kind, count in Counter(counts).most_common():
        reasons = dict.fromkeys(_(in_words(f.reason)) for f in findings if f.entity == kind)
        yield Found(words.entity(kind), count, _(DID[actions[kind]]) if kind in actions else "", tuple(reasons))


def _elsewhere(policies: PolicySet, facts: AdmitFacts, counts: Mapping[str, int]) -> Iterator[Elsewhere]:
    """Yield what would be said of the other models of this department."""
    department = policies.department(facts.principal.department, facts.principal.groups)
    for key, rules in (department.models if department else {}).items():
        if key != facts.model:
            trial = attempt(policies, replace(facts, model=key), counts)
            if trial.model is None:
                yield Elsewhere(rules.model.name, False, next(r.text for r in trial.reasons if r.effect == "deny"))
            else:
                same = trial.model.id == key
                yield Elsewhere(rules.model.name, same, "" if same else _(
                    "Stattdessen antwortet „{model}“.").format(model=trial.model.name))
