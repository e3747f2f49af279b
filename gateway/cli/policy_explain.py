"""``policy explain``: this caller, this model, this text: every rule that takes part, and what would leave."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, get_args

import typer

from gateway.cli.context import CliContext, context, person_or_fail
from gateway.cli.looking import LazyLens
from gateway.cli.output import CliError, Exit, cannot_run, emit, say, table
from gateway.kipass import passes
from gateway.model.principal import PassState, PassStatus, Principal
from gateway.policy.coverage import Places
from gateway.policy.decide import AdmitFacts
from gateway.policy.explain import Explanation, explain
from gateway.policy.policyset import BERLIN, PolicySet
from gateway.policy.problems import did_you_mean, listed
from gateway.policy.stopped import covered
from gateway.policy.trial import Lens, Trial, attempt, counted
from gateway.store import passes as proofs
from gateway.store import stops

_STATES: Final = get_args(PassState)


@cannot_run
def explain_decision(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="Der Text; „-“ liest von der Standardeingabe, ohne Angabe wird nur "
                                             "gefragt, ob das Modell genutzt werden darf.")] = "",
    file: Annotated[Path | None, typer.Option("--file", help="Datei mit dem Text.")] = None,
    email: Annotated[str, typer.Option("--as", help="E-Mail-Adresse der Person, für die gefragt wird.")] = "",
    department: Annotated[str, typer.Option("--department", help="Abteilung, wenn keine Person genannt ist.")] = "",
    groups: Annotated[list[str] | None, typer.Option("--group", help="Gruppe der Person; auch mehrmals.")] = None,
    roles: Annotated[list[str] | None, typer.Option("--role", help="Rolle der Person; auch mehrmals.")] = None,
    held: Annotated[list[str] | None, typer.Option("--pass", help="KI-Pass und sein Stand (personenbezogen=gueltig); "
                                                                  "auch mehrmals. Ohne Angabe „basis“.")] = None,
    model: Annotated[str, typer.Option("--model", help="Modell; ohne Angabe das erste, das freigegeben ist.")] = "",
    purpose: Annotated[str | None, typer.Option("--purpose", help="Zweck.")] = None,
    clear_text: Annotated[str | None, typer.Option("--clear-text", help="Grund, aus dem Angaben lesbar bleiben "
                                                                        "sollen.")] = None,
    at: Annotated[str, typer.Option("--at", help="Zeitpunkt im Amt, zum Beispiel „2026-11-23 10:00“.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")] = False,
) -> None:
    """Erklärt, was die Richtlinien zu einer Anfrage sagen: jede Regel, das Modell, und was hinausginge.

    Nichts davon wird gesendet oder gespeichert.
    """
    own = context(ctx)
    policies, now = own.policy_set, _moment(at) if at else own.now()
    content = _content(text, file)
    if bool(email) == bool(department):
        raise CliError("Bitte nennen Sie mit --as eine Person oder mit --department eine Abteilung.", Exit.MISUSE)
    caller, stopped = _person(own, email, now) if email else (Principal("explain", department), frozenset[str]())
    _known(policies, caller.department, groups or [])
    passes_ = _passes(policies, held or ([] if email else ["basis"]))
    caller = replace(caller, groups=caller.groups | set(groups or ()), roles=caller.roles | set(roles or ()),
                     passes={**caller.passes, **passes_})
    lens = LazyLens(policies.municipality)
    facts = AdmitFacts(caller, model or _first_model(policies, caller), purpose, "chat", now, clear_text,
                       stopped, speaks=lens.speaks("chat"))
    trial, left = _try(policies, facts, content, lens)
    explanation = explain(policies, trial, Places(own.policies.resolve(), policies))
    if json:
        pairs = ("caller", "asked", "obligations")
        emit(asdict(explanation) | {name: dict(getattr(explanation, name)) for name in pairs} | {"leaves": left})
    else:
        _show(explanation, left)
    if not explanation.allowed:
        raise typer.Exit(Exit.FOUND)


def _try(policies: PolicySet, facts: AdmitFacts, content: str, lens: Lens) -> tuple[Trial, str | None]:
    """Return the decision, and the text as it would leave."""
    findings = lens.find(content) if content else ()
    trial = attempt(policies, facts, counted(findings))
    if trial.denial is not None or trial.release is None or not content:
        return trial, None
    return trial, lens.leaves(content, findings, trial.release.actions)


def _content(text: str, file: Path | None) -> str:
    if text and file is not None:
        raise CliError("Bitte nennen Sie den Text oder eine Datei, nicht beides.", Exit.MISUSE)
    try:
        if file is not None:
            return file.read_text(encoding="utf-8")
        return sys.stdin.read() if text == "-" else text
    except UnicodeDecodeError:
        raise CliError("Die Eingabe ist kein Text in UTF-8. Bitte speichern Sie den Inhalt als reinen Text mit der "
                       "Kodierung UTF-8.", Exit.MISUSE) from None


def _person(own: CliContext, email: str, now: datetime) -> tuple[Principal, frozenset[str]]:
    """Return the person as the server knows them, and the models that are stopped now."""
    with own.reading() as connection:
        person = person_or_fail(connection, email)
        proof, known = proofs.of(connection, person.id), stops.every(connection)
    stopped = frozenset(model.id for model, _ in covered(known, own.policy_set.models.values()))
    return Principal(person.id, person.department, person.roles, groups=person.groups,
                     passes=passes(proof.evidence, proof.events, own.rules, now)), stopped


def _known(policies: PolicySet, department: str, groups: Sequence[str]) -> None:
    for names, possible, what in (([department], policies.files, "Die Abteilung"),
                                  (groups, policies.groups, "Die Gruppe")):
        for name in names:
            if name not in possible:
                raise CliError(f"{what} „{name}“ gibt es nicht; {did_you_mean(name, possible)}", Exit.MISUSE)


def _passes(policies: PolicySet, written: Sequence[str]) -> dict[str, PassStatus]:
    found: dict[str, PassStatus] = {}
    for one in written:
        scope, _, state = one.partition("=")
        if scope not in policies.kipass.scopes:
            raise CliError(f"Den KI-Pass „{scope}“ gibt es nicht; {did_you_mean(scope, policies.kipass.scopes)}",
                           Exit.MISUSE)
        known = next((s for s in _STATES if s == (state or "gueltig")), None)
        if known is None:
            raise CliError(f"Den Stand „{state}“ gibt es nicht; möglich sind: {listed(_STATES)}", Exit.MISUSE)
        found[scope] = PassStatus(known)
    return found


def _first_model(policies: PolicySet, caller: Principal) -> str:
    department = policies.department(caller.department, caller.groups)
    return next(iter(department.models), "") if department else ""


def _moment(text: str) -> datetime:
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise CliError("Der Zeitpunkt ist nicht lesbar. Bitte schreiben Sie zum Beispiel „2026-11-23 10:00“.",
                       Exit.MISUSE) from None
    return said if said.tzinfo else said.replace(tzinfo=BERLIN)


def _show(explanation: Explanation, left: str | None) -> None:
    for title, pairs in (("Wer fragt", explanation.caller), ("Was gefragt wird", explanation.asked)):
        say(title)
        for label, value in pairs:
            say(f"    {label}: {value}")
        say("")
    say("Beteiligte Regeln")
    for number, step in enumerate(explanation.steps, 1):
        say(f"{number:>4}. {step.effect_in_words}: {step.title}\n          {step.text}")
        say(f"          {step.rule}{f' ({step.place})' if step.place else ''}")
    say(f"\nErgebnis\n    {explanation.verdict}{f' ({explanation.code})' if explanation.code else ''}")
    if explanation.handled:
        say("\nGefundene Angaben")
        table(("Art", "Anzahl", "Was damit geschieht"),
              [(h.name, h.count, h.what or "nichts: Es wird nicht gesendet") for h in explanation.handled])
    _show_pairs("Was dabei gilt", [*explanation.obligations, *(("Grenze", said) for said in explanation.limits)])
    if left is not None:
        say(f"\nWas hinausginge\n{left.rstrip()}")


def _show_pairs(title: str, pairs: Sequence[tuple[str, Any]]) -> None:
    if pairs:
        say(f"\n{title}")
        for label, value in pairs:
            say(f"    {label}: {value}")
