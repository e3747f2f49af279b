"""One table of everything that can fail, the models with their switch, the processes with their policies.

Computes nothing about the house: `gateway.condition` does. Shows no person: who stopped a model stands in the ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import RedirectResponse, Response

from gateway.errors import GatewayError
from gateway.model.condition import Condition, Line, Process
from gateway.model.register import RegisteredModel
from gateway.model.stops import LONGEST_REASON, STOP_KINDS, ModelStop
from gateway.policy import PolicySet
from gateway.policy.stopped import covered
from gateway.web import words
from gateway.web.asking import do
from gateway.web.gate import Desk, Visit
from gateway.web.heard import said
from gateway.web.i18n import N_, Words, _, ngettext

HERE: Final = "/it"
_MARKS: Final = {"ok": "ok", "warn": "stop", "no": "no"}
_WORDS: Final = Words({"ok": N_("in Ordnung"), "warn": N_("ansehen"), "no": N_("gestört")})
DONE: Final = Words({
    "angehalten": N_("Das Modell ist angehalten. Das wirkt innerhalb von fünf Sekunden auf allen Instanzen."),
    "war": N_("Das Modell war schon angehalten. Es bleibt beim ersten Grund."),
    "zugelassen": N_("Das ist wieder zugelassen."), "nichts": N_("So war nichts angehalten.")})


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model as IT sees it."""

    model: RegisteredModel
    mark: str
    state: str
    detail: str
    stop: ModelStop | None
    found: str
    """What asking its address just now found; empty: nobody asked."""


async def page(desk: Desk, visit: Visit) -> Response:
    """Show how everything stands."""
    return await _page(desk, visit)


async def ask_providers(desk: Desk, visit: Visit) -> Response:
    """Ask every provider now, and show what came of it."""
    return await _page(desk, visit, await desk.context.engineering.ask_providers())


async def _page(desk: Desk, visit: Visit, found: Mapping[str, str] | None = None) -> Response:
    office, policies = desk.context.engineering, desk.context.policies()
    now, stops = await office.condition(), await do(office.stopped)
    wrong = [part for part in now.parts if part.standing != "ok"]
    return desk.page(
        visit, "it/state.html", parts=[*wrong, *(part for part in now.parts if part.standing == "ok")],
        marks=_MARKS, states=_WORDS, sentence=_sentence(now), models=_models(policies, now, stops, found), asked=found,
        stops=stops, kinds=dict(zip(STOP_KINDS, (_("Modell"), _("Anbieter"), _("alle Modelle")), strict=True)),
        processes=[_process(one, now) for one in now.processes], condition=now,
        done=DONE.get(visit.request.query_params.get("erledigt", ""), ""))


def _sentence(now: Condition) -> str:
    states = Counter(part.standing for part in now.parts)
    if states["no"]:
        return ngettext("{number} Teil ist gestört. Anfragen werden abgelehnt, nichts verlässt das Haus.",
                        "{number} Teile sind gestört. Anfragen werden abgelehnt, nichts verlässt das Haus.",
                        states["no"]).format(number=words.number(states["no"]))
    if states["warn"]:
        return ngettext("Die KI-Pforte arbeitet. {number} Punkt braucht Ihren Blick.",
                        "Die KI-Pforte arbeitet. {number} Punkte brauchen Ihren Blick.",
                        states["warn"]).format(number=words.number(states["warn"]))
    return _("Alles in Ordnung. Hier ist nichts zu tun.")


def _models(policies: PolicySet, now: Condition, stops: tuple[ModelStop, ...],
            found: Mapping[str, str] | None) -> list[ModelRow]:
    enabled = [model for model in policies.models.values() if model.enabled]
    stopped = {model.id: stop for model, stop in covered(stops, enabled)}
    return [_model(model, now.lines.get(model.id), stopped.get(model.id), found) for model in enabled]


def _model(model: RegisteredModel, line: Line | None, stop: ModelStop | None,
           found: Mapping[str, str] | None) -> ModelRow:
    asked = "" if found is None else found.get(model.id,
        N_("Antwortet.") if model.base_url else N_("Hat keine Adresse."))
    if stop is not None:
        return ModelRow(model, "stop", _("angehalten"), _("seit {when}: {reason}").format(
            when=words.moment(stop.at), reason=stop.reason), stop, asked)
    if line is None:
        return ModelRow(model, "note", _("noch nicht gefragt"), _("seit diesem Start"), None, asked)
    if line.failures:
        assert line.failed is not None
        return ModelRow(model, "no", _("antwortet nicht"), ngettext(
            "{what}, zuletzt {when}, {number} Fehler", "{what}, zuletzt {when}, {number} Fehler in Folge",
            line.failures).format(what=words.CODES.get(line.code, line.code), when=words.moment(line.failed),
                                  number=words.number(line.failures)), None, asked)
    assert line.answered is not None
    return ModelRow(model, "ok", _("antwortet"), _("zuletzt {when}").format(when=words.moment(line.answered)), None,
        asked)


def _process(one: Process, now: Condition) -> tuple[str, str, bool, str]:
    """Return name, policies, whether they are ours, when it was seen last."""
    return one.id, one.digest, one.digest == now.digest, words.time(one.seen)


async def ask_stop(desk: Desk, visit: Visit) -> Response:
    """Ask for a reason, and say what will happen."""
    return _form(desk, visit)


def _form(desk: Desk, visit: Visit, problem: str = "") -> Response:
    model = desk.context.policies().models.get(visit.request.path_params["id"])
    if model is None:
        return desk.error(visit, 404, text=N_("Dieses Modell gibt es nicht."), way=(HERE, _("Zum Betrieb")))
    departments = [rules.name for rules in desk.context.policies().departments.values() if model.id in rules.models]
    return desk.page(visit, "it/stop.html", 422 if problem else 200, model=model, departments=departments,
                     problem=problem, longest=LONGEST_REASON, reason=visit.form.get("grund", ""))


async def stop(desk: Desk, visit: Visit) -> Response:
    """Stop a model."""
    id_, reason = visit.request.path_params["id"], visit.form.get("grund", "")
    try:
        done = await do(desk.context.engineering.stop, visit.somebody.person.id, id_, reason)
    except GatewayError as error:
        if error.code != "anfrage_ungueltig":
            raise
        return _form(desk, visit, said(error.message))
    return RedirectResponse(f"{HERE}?erledigt={'angehalten' if done else 'war'}", 303)


async def start(desk: Desk, visit: Visit) -> Response:
    """Take a stop back."""
    kind, name = visit.form.get("was", ""), visit.form.get("name", "")
    if kind not in STOP_KINDS:
        raise GatewayError("anfrage_ungueltig", N_("So lässt sich nichts zulassen. Es wurde nichts geändert."))
    done = await do(desk.context.engineering.start, visit.somebody.person.id, kind, name)
    return RedirectResponse(f"{HERE}?erledigt={'zugelassen' if done else 'nichts'}", 303)
