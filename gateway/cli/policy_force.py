"""``policy shadow|promote|approve|status``: how a policy set comes into force, and which one is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.context import CliContext, context
from gateway.cli.looking import LazyLens
from gateway.cli.output import CliError, Exit, cannot_run, emit, in_german, note, say, table
from gateway.cli.policy_change import DIFFERENCES, Json, Since, grouped, in_log, say_changes, shown_departments
from gateway.cli.views import moment
from gateway.generation.approval import agree, standing_of
from gateway.generation.promotion import Staged
from gateway.generation.proving import Rejected, prove
from gateway.model.people import Person
from gateway.pipeline.shadow import SHORT
from gateway.policy import PolicyErrors, PolicySet
from gateway.policy.diff import differences
from gateway.store import people, replicas
from gateway.store.replicas import Seen

_OPEN = "Folgendes betrifft die Überwachung von Beschäftigten und wartet auf die Zustimmung des Personalrats:"


def _shadow_folder() -> Path:
    from gateway.settings import load
    folder = load().shadow_policies
    if folder is None:
        raise CliError("Es ist kein Ordner für Schatten-Richtlinien eingestellt (KI_PFORTE_SHADOW_POLICIES).",
                       Exit.CANNOT_RUN)
    return folder


@cannot_run
def shadow(ctx: typer.Context, since: Since = 30, json: Json = False) -> None:
    """Zeigt, was die Schatten-Richtlinien anders entschieden hätten, seit sie in dieser Fassung mitlaufen."""
    own = context(ctx)
    digest = own.load_policies(_shadow_folder()).digest
    name, compared, found = shown_departments(own), 0, []
    for kind, _, meta in in_log(own, since):
        said = meta.get("shadow")
        if not isinstance(said, dict) or said.get("policy") != digest[:SHORT]:
            continue
        compared += 1
        if "difference" in said:
            before = " ".join(w for w in ("allowed" if kind == "intent" else kind,
                                          meta.get("model", "") if kind == "intent" else "", meta.get("code", "")) if w)
            after = "; ".join(said.get("treatment", ())) or " ".join(
                w for w in (said.get("said", ""), said.get("model", ""), said.get("code", "")) if w)
            found.append((name(str(meta.get("department", ""))), str(said["difference"]), before, after,
                          str(said.get("rule", ""))))
    groups = grouped(found)
    if json:
        emit({"policy": digest, "days": since, "compared": compared, "different": len(found), "groups": groups})
    else:
        if groups:
            table(("Abteilung", "Unterschied", "geltend", "Schatten", "Regel", "Anfragen"), [
                (g["department"], DIFFERENCES.get(g["difference"], g["difference"]), g["before"], g["after"],
                 g["rule"], g["count"]) for g in groups])
        note(f"Stand {digest[:12]}: {compared} Anfragen verglichen, {len(found)} hätten die Schatten-Richtlinien "
             "anders beantwortet.")
    if found:
        raise typer.Exit(Exit.FOUND)


@cannot_run
def promote(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Prüft und zeigt alles, ändert nichts.")] = False,
    json: Json = False,
) -> None:
    """Setzt die Schatten-Richtlinien in Kraft: prüft sie, zeigt die Änderungen und tauscht die Ordner in einem Schritt.

    Der bisherige Stand bleibt daneben liegen. Laufende Prozesse übernehmen den neuen innerhalb weniger Sekunden.
    """
    own = context(ctx)
    source, before = _shadow_folder(), own.policy_set
    try:
        staged = Staged(source, own.policies, own.now())
    except OSError as error:
        raise CliError(f"Die Richtlinien lassen sich nicht vorbereiten: {error.filename or own.policies} "
                       f"{in_german(error)} Geändert ist nichts.", Exit.CANNOT_RUN) from None
    with staged:
        after = own.load_policies(staged.folder)  # what was copied is proven, not what may change meanwhile
        changes = differences(before, after)
        _prove(own, staged.folder, after)
        if not json:
            say_changes(changes)
        if not changes:
            note("Die Schatten-Richtlinien gelten schon.")
            kept = None
        elif dry_run:
            note("Alles in Ordnung. Geändert ist nichts (--dry-run).")
            kept = None
        else:
            kept = _exchange(own, staged, before, after, len(changes))
            note(f"Die Schatten-Richtlinien gelten (Stand {after.digest[:12]}). Der bisherige Stand liegt in {kept}.")
    if json:
        emit({"old": before.digest, "new": after.digest, "promoted": kept is not None, "backup": kept and str(kept),
              "changes": [{"whom": c.whom, "about": c.about, "text": c.text, "looser": c.looser} for c in changes]})


def _prove(own: CliContext, folder: Path, policies: PolicySet) -> None:
    """Run the tests and ask for the approval: what a server would not take over is not promoted."""
    try:
        prove(folder, policies, LazyLens(policies.municipality))
    except Rejected as why:
        raise CliError("Die Schatten-Richtlinien bestehen ihre eigenen Prüfungen nicht; geändert ist nichts:\n  "
                       + "\n  ".join(why.details), Exit.FOUND) from None
    with own.reading() as connection:
        points = standing_of(connection, policies).open_points
    if points:
        raise CliError(f"{_OPEN}\n  - " + "\n  - ".join(points) + f"\nGeändert ist nichts. Nach seinem Beschluss trägt "
                       f"die Zustimmung ein: ki-pforte policy approve {_shadow_folder()} --as ADRESSE", Exit.FOUND)


def _exchange(own: CliContext, staged: Staged, before: PolicySet, after: PolicySet, changes: int) -> Path:
    meta = {"old": before.digest, "policy": after.digest, "changes": changes, "via": "cli"}
    own.record("policy.promoted", meta, None)  # first: without the ledger nothing changes
    try:
        return staged.exchange()
    except OSError as error:
        own.record("policy.promotion_failed", meta, None)
        raise CliError(f"Der Ordner {own.policies} ließ sich nicht austauschen: Er {in_german(error)} Geändert ist "
                       "nichts. Ist er eingehängt (Container), tauschen Sie ihn dort aus, wo er herkommt.",
                       Exit.CANNOT_RUN) from None


@cannot_run
def approve(
    ctx: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Ordner mit den Richtlinien, um die es geht; ohne Angabe der "
                                                       "eingestellte.")] = None,
    email: Annotated[str, typer.Option("--as", help="E-Mail-Adresse der Person aus dem Personalrat; nötig, wenn es "
                                                    "mehrere sind.")] = "",
    json: Json = False,
) -> None:
    """Trägt die Zustimmung des Personalrats zu dem ein, was die Überwachung von Beschäftigten betrifft.

    Wer am Terminal sitzt, prüft der Befehl nicht; das Protokoll sagt, dass die Zustimmung von dort kam. Angemeldet
    stimmt der Personalrat auf der Seite /review/personalrat zu.
    """
    own = context(ctx)
    policies = own.load_policies(folder or own.policies)
    with own.writing() as connection:
        person = _from_the_council(people.every(connection).values(), email)
        standing = agree(connection, policies, person.id, "cli", own.record, own.now())
    if json:
        return emit({"monitoring": standing.digest, "approved": list(standing.open_points)})
    if standing.kind == "zustimmung":
        return note("Die Zustimmung ist schon eingetragen.")
    if not standing.open_points:
        return note("Diese Richtlinien brauchen keine Zustimmung: Sie zählen und speichern über niemanden mehr als "
                    "vereinbart.")
    for point in standing.open_points:
        say(f"  - {point}")
    return note(f"Die Zustimmung ist eingetragen ({person.name}). Sie gilt genau für diese Punkte; laufende Prozesse "
                "übernehmen die Richtlinien innerhalb weniger Sekunden.")


def _from_the_council(everybody: Iterable[Person], email: str) -> Person:
    members = [p for p in everybody if p.active and "personalrat" in p.roles]
    if email:
        members = [p for p in members if p.email == email.strip().lower()]
    if len(members) == 1:
        return members[0]
    if not members:
        raise CliError(f"„{email}“ hat die Rolle „personalrat“ nicht." if email else "Niemand hat die Rolle "
                       "„personalrat“. Tragen Sie zuerst jemanden ein: ki-pforte person add … --role personalrat",
                       Exit.MISUSE)
    raise CliError("Mehrere Personen haben die Rolle „personalrat“. Bitte nennen Sie mit --as, wer zustimmt.",
                   Exit.MISUSE)


@cannot_run
def status(ctx: typer.Context, json: Json = False) -> None:
    """Zeigt, welche Richtlinien im Ordner stehen, mit welchen die Prozesse arbeiten und worauf gewartet wird."""
    own = context(ctx)
    with own.reading() as connection:
        running = replicas.there(connection, own.now())
        try:
            policies = own.policy_set
        except PolicyErrors:
            if not json:  # what is in force is asked for most of all while the folder is broken
                _say_running(running)
            raise
        standing = standing_of(connection, policies)
    problems = list(_problems(policies, running, standing.open_points))
    if json:
        emit({"digest": policies.digest, "monitoring": standing.digest, "awaiting": list(standing.open_points),
              "processes": [{"id": r.id, "digest": r.digest, "seen_at": r.seen_at.isoformat()} for r in running],
              "problems": problems})
    else:
        say(f"Im Ordner {own.policies}: Stand {policies.digest}")
        _say_running(running)
        for line in problems:
            say(line)
    if problems:
        raise typer.Exit(Exit.FOUND)


def _say_running(running: tuple[Seen, ...]) -> None:
    if running:
        table(("Prozess", "Stand", "zuletzt"), [(r.id, r.digest[:12], moment(r.seen_at)) for r in running])
    else:
        say("Zurzeit läuft kein Prozess der KI-Pforte.")


def _problems(policies: PolicySet, running: tuple[Seen, ...], points: tuple[str, ...]) -> Iterator[str]:
    if points:
        yield _OPEN + "".join(f"\n  - {point}" for point in points)
    digests = {one.digest for one in running}
    if len(digests) > 1:
        yield "Die Prozesse arbeiten mit verschiedenen Richtlinien; das darf nur einige Sekunden dauern."
    elif running and policies.digest not in digests:
        yield ("Die Prozesse arbeiten nicht mit dem, was im Ordner steht. Dauert das länger als einige Sekunden, nennt "
               "/readyz den Grund.")
