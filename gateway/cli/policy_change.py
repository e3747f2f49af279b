"""``policy diff`` and ``policy simulate``: what another policy set changes, in words and against the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.context import CliContext, context
from gateway.cli.output import Exit, cannot_run, emit, note, say, table
from gateway.model.small_groups import OTHERS, merging
from gateway.policy import PolicySet
from gateway.policy.diff import Change, differences
from gateway.policy.simulate import WHY_NOT, Simulation
from gateway.policy.simulate import simulate as replay
from gateway.store import people

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
Since = Annotated[int, typer.Option("--since", min=1, max=3650, help="So viele Tage zurück.")]
DIFFERENCES = {"decision": "andere Entscheidung", "model": "anderes Modell", "treatment": "andere Behandlung",
               "reason": "anderer Grund"}
REPLAYED = ("intent", "denied", "local")


@cannot_run
def diff(
    ctx: typer.Context,
    old: Annotated[Path, typer.Argument(help="Ordner mit dem alten Stand.")],
    new: Annotated[Path, typer.Argument(help="Ordner mit dem neuen Stand.")],
    json: Json = False,
) -> None:
    """Sagt in Worten, was sich zwischen zwei Ständen der Richtlinien für wen ändert (1: etwas ändert sich)."""
    own = context(ctx)
    before, after = own.load_policies(old), own.load_policies(new)
    changes = differences(before, after)
    if json:
        emit({"old": before.digest, "new": after.digest, "changes": [
            {"whom": c.whom, "about": c.about, "text": c.text, "looser": c.looser} for c in changes]})
    else:
        say_changes(changes)
    if changes:
        raise typer.Exit(Exit.FOUND)


def say_changes(changes: tuple[Change, ...]) -> None:
    """Print changes under whom they are for, the looser ones marked."""
    for whom, group in groupby(changes, key=lambda c: c.whom):
        say(whom)
        for change in group:
            say(f"  - {change}")
        say("")
    looser = sum(change.looser is True for change in changes)
    note(f"{counted(len(changes), 'Änderung', 'Änderungen')}, davon {looser} lockerer." if changes else
         "Keine Unterschiede.")


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many}"


@cannot_run
def simulate(
    ctx: typer.Context,
    new: Annotated[Path, typer.Argument(help="Ordner mit den Richtlinien, die probiert werden.")],
    since: Since = 30,
    json: Json = False,
) -> None:
    """Fragt andere Richtlinien nach den Anfragen im Protokoll und zeigt, was anders entschieden würde.

    Das Protokoll enthält keine Inhalte; was sich daraus nicht nachspielen lässt, wird gezählt. Grenzen und Regeln für
    Gruppen von Personen werden nicht nachgespielt. Gezählt wird je Abteilung, nie je Person.
    """
    from gateway.wire.bridges import spoken
    own = context(ctx)
    policies = own.load_policies(new)
    result = replay(policies, in_log(own, since), spoken, shown_departments(own))
    if json:
        emit(_as_json(policies, result, since))
    else:
        _say(own.policy_set, result, since, has_groups=bool(policies.groups))
    if result.different:
        raise typer.Exit(Exit.FOUND)


def in_log(own: CliContext, days: int) -> Iterator[tuple[str, datetime, Mapping[str, Any]]]:
    """Yield what the log says of requests in the last days."""
    from gateway.home import open_ledger
    from gateway.settings import load
    begin = int((own.now() - timedelta(days=days)).timestamp() * 1_000_000)
    with open_ledger(load(), own.policy_set.organisation.id) as ledger:
        for kind, t_us, meta in ledger.reader.facts(begin, REPLAYED):
            yield kind, datetime.fromtimestamp(t_us / 1e6, UTC), meta


def shown_departments(own: CliContext) -> Any:
    """Return under which name each department may be counted: small ones stand together."""
    with own.reading() as connection:
        sizes = Counter(p.department for p in people.every(connection).values() if p.active)
    return merging({**dict.fromkeys(own.departments, 0), **sizes})


def _say(policies: PolicySet, result: Simulation, since: int, *, has_groups: bool) -> None:
    names = {key: rules.name for key, rules in policies.departments.items()}
    if result.groups:
        table(("Abteilung", "Unterschied", "bisher", "neu", "Regel", "Anfragen"), [
            (OTHERS if g.department == OTHERS else names.get(g.department, g.department), DIFFERENCES[g.difference],
             g.before, g.after, g.rule, g.count) for g in result.groups])
        say("")
    if result.skipped:
        say("Nicht nachgespielt:")
        for why, count in sorted(result.skipped.items(), key=lambda pair: -pair[1]):
            say(f"  {count} × {WHY_NOT[why]}")
    if has_groups:
        note("Regeln für Gruppen von Personen sind nicht nachgespielt: Wer zu einer Gruppe gehört, steht in keinem "
             "Eintrag.")
    note(f"Die letzten {since} Tage: {result.compared} Anfragen nachgespielt, {result.different} würden anders "
         "beantwortet. Grenzen sind nicht nachgespielt.")


def _as_json(policies: PolicySet, result: Simulation, since: int) -> dict[str, Any]:
    return {"policy": policies.digest, "days": since, "compared": result.compared, "same": result.same,
            "different": result.different,
            "groups": [{"department": g.department, "difference": g.difference, "before": g.before, "after": g.after,
                        "rule": g.rule, "count": g.count} for g in result.groups],
            "not_replayed": dict(result.skipped), "groups_of_people": "not replayed", "limits": "not replayed"}


def grouped(found: Iterable[tuple[str, str, str, str, str]]) -> list[dict[str, Any]]:
    """Return equal differences once, with their number, the most frequent first."""
    keys = ("department", "difference", "before", "after", "rule")
    return [{**dict(zip(keys, key, strict=True)), "count": count}
            for key, count in sorted(Counter(found).items(), key=lambda pair: (-pair[1], pair[0]))]
