"""``ki-pforte model``: the register of models, what is missing in it, and the switch that stops a model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

import typer

from gateway.cli.context import CliContext, context, person_id
from gateway.cli.output import CliError, Exit, emit, note, say, speaks, table
from gateway.cli.views import moment
from gateway.model.register import RegisteredModel
from gateway.model.stops import ModelStop, StopKind, names
from gateway.policy import PolicyErrors, PolicySet
from gateway.policy.policyset import office_day
from gateway.policy.problems import did_you_mean
from gateway.policy.register_check import RegisterFinding, examined
from gateway.policy.stopped import covered
from gateway.registry import switching
from gateway.registry.books import COMMAND_LINE
from gateway.store import StoreError, people, stops

model_app = typer.Typer(name="model", help="Modelle im Register ansehen, prüfen, anhalten und wieder zulassen.",
                        no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
Which = Annotated[str, typer.Argument(help="Kennung des Modells (aus „model list“).")]
Provider = Annotated[str, typer.Option("--provider", help="Alle Modelle dieses Anbieters oder Betreibers, so "
                                                          "geschrieben wie im Register.")]
Everything = Annotated[bool, typer.Option("--all", help="Alle Modelle.")]
By = Annotated[str, typer.Option("--as", help="E-Mail-Adresse der Person, die das veranlasst; sie braucht die Rolle "
                                              "it, leitung oder dpo.")]
SECONDS = 5


@model_app.command("list")
@speaks
def list_(ctx: typer.Context, json: Json = False) -> None:
    """Zeigt das Modellregister, und welche Modelle angehalten sind."""
    own = context(ctx)
    models = list(own.policy_set.models.values())
    stopped, by = _stopped(own, models)
    if json:
        return emit({"models": [{**model_json(m), "stopped": _stop_json(stopped.get(m.id), by)} for m in models]})
    table(("Modell", "Name", "Anbieter", "Ort", "Region", "Stand"), [
        (m.id, m.name, m.provider, m.zone, m.region, _state(m, m.id in stopped)) for m in models])
    for stop in dict.fromkeys(stopped.values()):
        who = by.get(stop.by, "jemandem, der nicht mehr eingetragen ist")
        say(f"Angehalten: {_words(stop.kind, stop.name)}, seit {moment(stop.at)}, von {who}: {stop.reason}")
    return None


@model_app.command()
@speaks
def check(
    ctx: typer.Context,
    model: Annotated[str, typer.Argument(help="Nur dieses Modell, auch wenn es noch ausgeschaltet ist; ohne Angabe "
                                              "alle eingeschalteten.")] = "",
    online: Annotated[bool, typer.Option("--online", help="Auch nachsehen, ob die Anbieter erreichbar sind.")] = False,
    json: Json = False,
) -> None:
    """Nennt alles, was im Modellregister fehlt oder bald abläuft: Rückgabewert 1, wenn es etwas gibt."""
    from gateway.home import provider_environment
    from gateway.settings import load
    from gateway.upstream.secrets import Secrets
    own = context(ctx)
    policies = own.policy_set
    if model:
        _known(policies, model)
    chosen = [policies.models[model]] if model else [m for m in policies.models.values() if m.enabled]
    settings = load()
    secrets = Secrets(settings.home / "secrets", provider_environment(settings))
    found = examined(policies, office_day(own.now()), chosen, secrets.state)
    if online:
        found += asyncio.run(_reached(chosen, secrets))
    if json:
        emit({"checked": [m.id for m in chosen], "findings": [
            {"model": f.model, "what": f.what, "state": "Fehler" if f.serious else "Hinweis", "text": f.text,
             "until": f.until and f.until.isoformat()} for f in found]})
    elif found:
        table(("Modell", "Stand", ""), [(f.model, "Fehler" if f.serious else "Hinweis", f.text) for f in found])
    else:
        note(f"In Ordnung: {len(chosen)} Modelle geprüft." if len(chosen) != 1 else "In Ordnung: 1 Modell geprüft.")
    if found:
        raise typer.Exit(Exit.FOUND)


@model_app.command()
@speaks
def stop(
    ctx: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="Warum; steht im Protokoll. Bitte keine Namen.")],
    by: By,
    model: Which = "",
    provider: Provider = "",
    everything: Everything = False,
    json: Json = False,
) -> None:
    """Hält ein Modell an, alle eines Anbieters oder alle: spätestens nach 5 Sekunden geht von keiner Instanz mehr eine
    Anfrage hinaus. Antworten, die schon laufen, werden noch zu Ende gebracht.
    """
    own = context(ctx)
    kind, name = _meant(model, provider, everything)
    covers = _covered_now(own, kind, name)
    if not reason.strip():
        raise CliError("Bitte nennen Sie mit --reason einen Grund.", Exit.MISUSE)
    changed = switching.stop(own.books, COMMAND_LINE, person_id(own, by), kind, name, reason, covers)
    if json:
        return emit({"what": kind, "name": name, "models": sorted(covers), "stopped": True, "changed": changed})
    return note(f"{_words(kind, name)} {'ist' if kind == 'model' else 'sind'} angehalten. Das wirkt innerhalb von "
                f"{SECONDS} Sekunden auf allen Instanzen; laufende Antworten enden von selbst."
                if changed else f"{_words(kind, name)}: war schon angehalten. Es bleibt beim ersten Grund.")


@model_app.command()
@speaks
def start(
    ctx: typer.Context,
    by: By,
    model: Which = "",
    provider: Provider = "",
    everything: Everything = False,
    json: Json = False,
) -> None:
    """Nimmt zurück, was mit „model stop“ in derselben Form angehalten wurde; andere Sperren bleiben bestehen."""
    own = context(ctx)
    kind, name = _meant(model, provider, everything)
    changed, left = switching.start(own.books, COMMAND_LINE, person_id(own, by), kind, name)
    if json:
        return emit({"what": kind, "name": name, "changed": changed,
                     "still_stopped": [{"what": s.kind, "name": s.name} for s in left]})
    if not changed:
        note(f"{_words(kind, name)}: so war nichts angehalten. „ki-pforte model list“ zeigt, was angehalten ist.")
    else:
        note(f"{_words(kind, name)}: wieder zugelassen.")
    for one in left:
        note(f"Weiter angehalten: {_words(one.kind, one.name)} (model start {_option(one)})")
    return None


def _meant(model: str, provider: str, everything: bool) -> tuple[StopKind, str]:
    if bool(model) + bool(provider) + everything != 1:
        raise CliError("Bitte geben Sie genau eines an: die Kennung eines Modells, --provider NAME oder --all.",
                       Exit.MISUSE)
    return ("model", model) if model else ("provider", provider.strip()) if provider else ("all", "")


def _covered_now(own: CliContext, kind: StopKind, name: str) -> frozenset[str]:
    """Return the models that are meant. While the policies cannot be read, the word of the person counts."""
    try:
        policies = own.policy_set
    except PolicyErrors:
        if kind == "provider":
            raise CliError("Die Richtlinien sind gerade nicht verwendbar, darum ist nicht bekannt, welche Modelle zu "
                           "diesem Anbieter gehören. Halten Sie die Modelle einzeln an, oder alle mit --all.",
                           Exit.CANNOT_RUN) from None
        note("Die Richtlinien sind gerade nicht verwendbar; ob es dieses Modell gibt, wurde nicht geprüft.")
        return frozenset({name} if kind == "model" else ())
    if kind == "model":
        _known(policies, name)
        return frozenset({name})
    found = frozenset(m.id for m in policies.models.values() if kind == "all" or names(m, name))
    if kind == "provider" and not found:
        possible = sorted({n for m in policies.models.values() for n in (m.provider, m.operator)})
        raise CliError(f"Den Anbieter „{name[:60]}“ nennt das Register nicht; {did_you_mean(name, possible)}",
                       Exit.MISUSE)
    return found


def _known(policies: PolicySet, model: str) -> None:
    if model in policies.models:
        return
    alias = policies.aliases.get(model)
    if alias is not None:
        raise CliError(f"„{model}“ steht für mehrere Modelle: {', '.join(alias.models)}. Bitte nennen Sie eines davon.",
                       Exit.MISUSE)
    raise CliError(f"Das Modell „{model[:60]}“ gibt es nicht; {did_you_mean(model, policies.models)}", Exit.MISUSE)


def _stopped(own: CliContext, models: Iterable[RegisteredModel]) -> tuple[dict[str, ModelStop], dict[str, str]]:
    """Return what is stopped, by model, and who did it, by subject."""
    try:
        with own.reading() as connection:
            known = stops.every(connection)
            found = {stop.by: people.by_id(connection, stop.by) for stop in known}
    except (StoreError, CliError) as error:
        note(f"Ob Modelle angehalten sind, ist nicht bekannt: {error}")
        return {}, {}
    return {m.id: s for m, s in covered(known, models)}, {id_: p.email for id_, p in found.items() if p is not None}


async def _reached(models: Iterable[RegisteredModel], secrets: Any) -> list[RegisterFinding]:
    from gateway.upstream.probe import unreachable
    asked = [m for m in models if m.adapter != "demo"]
    answers = await asyncio.gather(*(unreachable(m, secrets) for m in asked))
    return [RegisterFinding(m.id, "base_url", True, text) for m, text in zip(asked, answers, strict=True) if text]


def model_json(m: RegisteredModel) -> dict[str, Any]:
    """Return a model for scripts."""
    return {
        "id": m.id, "name": m.name, "enabled": m.enabled, "in_house": m.in_house, "zone": m.zone,
        "provider": m.provider, "operator": m.operator, "region": m.region, "data_classes": sorted(m.data_classes),
        "avv_until": m.avv and m.avv.until and m.avv.until.isoformat(),
        "sub_processors": None if m.sub_processors is None else list(m.sub_processors),
        "retention_days": m.retention_days,
        "c5": m.c5 and {"type": m.c5.type, "until": m.c5.until.isoformat()},
        "social_notice": m.social_notice and m.social_notice.isoformat(),
        "secrecy": m.secrecy and m.secrecy.isoformat(), "ai_role": m.ai_role, "risk_class": m.risk_class,
        "prices": m.prices and {"input": _euros(m.prices.input), "output": _euros(m.prices.output)}}


def _euros(millionths: int) -> str:
    return f"{(Decimal(millionths) / 1_000_000).normalize():f}"


def _stop_json(stop: ModelStop | None, by: dict[str, str]) -> dict[str, Any] | None:
    return None if stop is None else {"since": stop.at.isoformat(), "reason": stop.reason, "by": by.get(stop.by),
                                      "what": stop.kind, "name": stop.name}


def _state(model: RegisteredModel, stopped: bool) -> str:
    if not model.enabled:
        return "aus, angehalten" if stopped else "aus"
    return "angehalten" if stopped else "eingeschaltet"


def _words(kind: StopKind, name: str) -> str:
    return {"model": f"Das Modell „{name}“", "provider": f"Die Modelle von „{name}“", "all": "Alle Modelle"}[kind]


def _option(stop: ModelStop) -> str:
    return {"model": stop.name, "provider": f"--provider „{stop.name}“", "all": "--all"}[stop.kind]

