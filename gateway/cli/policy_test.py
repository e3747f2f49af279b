"""``policy test`` and ``policy schema``: the policies hold what their suites say, and editors know their words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.context import context
from gateway.cli.looking import LazyLens
from gateway.cli.output import CliError, Exit, cannot_run, emit, note, say
from gateway.policy.check_suite import FOLDER, load_suites
from gateway.policy.coverage import Coverage, Places, coverage
from gateway.policy.json_schema import schemas
from gateway.policy.rule_ids import WrittenRule
from gateway.policy.suite import Mismatch, Report, Result, run
from gateway.policy.titles import in_words

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


@cannot_run
def run_suites(
    ctx: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="Ordner mit Richtlinien; ohne Angabe der eingestellte.")] = None,
    wanted: Annotated[str, typer.Option("--filter", help="Nur Prüfungen, in deren Datei, Name oder Person das "
                                                         "vorkommt.")] = "",
    shown: Annotated[bool, typer.Option("--coverage", help="Zeigt auch, welche Regeln keine Prüfung berührt.")] = False,
    least: Annotated[int, typer.Option("--require-coverage", min=0, max=100, help="So viele von hundert Regeln müssen "
                                                                                  "berührt sein.")] = 0,
    json: Json = False,
) -> None:
    """Prüft, ob die Richtlinien tun, was in ihrem Ordner tests/ steht. Nichts davon wird gesendet oder gespeichert."""
    own = context(ctx)
    where = folder or own.policies
    policies = own.load_policies(where)
    suites = load_suites(where / FOLDER, policies)
    report = run(policies, suites, LazyLens(policies.municipality), wanted)
    if not report.results:
        raise CliError(f"Zu „{wanted}“ gibt es keine Prüfung." if wanted and suites else
                       f"Im Ordner {where.name}/{FOLDER} steht keine Prüfung. docs/richtlinien-testen.md sagt, wie man "
                       "eine schreibt.", Exit.MISUSE if wanted and suites else Exit.CANNOT_RUN)
    covered, places = coverage(policies, report), Places(where.resolve(), policies)
    enough = covered.percent >= least
    if json:
        emit(_as_json(report, covered, places))
    else:
        _say_failures(report, places)
        if shown:
            _say_rules("Keine Prüfung berührt", covered.untouched, places, lambda r: in_words(r, policies))
            _say_rules("Wirkt zurzeit nirgends (Strengeres steht davor, oder kein Modell ist eingeschaltet)",
                       covered.without_effect, places, lambda r: in_words(r, policies))
        note(_summary(report, covered))
        if not enough:
            note(f"Verlangt sind {least} % der Regeln. „--coverage“ nennt die fehlenden.")
    if report.failed or not enough:
        raise typer.Exit(Exit.FOUND)


def _say_failures(report: Report, places: Places) -> None:
    for result in report.failed:
        say(f"{result.file}:{result.line}: {result.name} (als {result.caller})")
        for found in result.mismatches:
            say("\n".join(f"    {line}" for line in _mismatch(found, places)))
        say("")


def _mismatch(found: Mismatch, places: Places) -> Iterator[str]:
    yield f"{found.what}"
    yield f"    erwartet: {found.expected}"
    yield f"    ist:      {found.got}"
    if found.rule:
        at = places(found.rule)
        yield f"    weil:     {found.because}"
        yield f"              Regel {found.rule}{f' ({at})' if at else ''}"


def _say_rules(title: str, rules: Iterable[WrittenRule], places: Places, words: Any) -> None:
    rules = list(rules)
    if rules:
        say(f"{title}: {len(rules)}")
        for rule in rules:
            say(f"    {places(rule.id)}: {words(rule.id)}\n        {rule.id}")
        say("")


def _summary(report: Report, covered: Coverage) -> str:
    every, failed = len(report.results), len(report.failed)
    checks = "Prüfung" if every == 1 else "Prüfungen"
    said = f"In Ordnung: {every} {checks}." if not failed else f"{failed} von {every} Prüfungen nicht bestanden."
    rules = len(covered.touched) + len(covered.untouched)
    return f"{said} Berührt sind {len(covered.touched)} von {rules} Regeln ({covered.percent} %)."


def _as_json(report: Report, covered: Coverage, places: Places) -> dict[str, Any]:
    def listed(rules: Iterable[WrittenRule]) -> list[dict[str, str]]:
        return [{"rule": rule.id, "place": places(rule.id)} for rule in rules]
    return {"passed": len(report.results) - len(report.failed), "failed": len(report.failed),
            "tests": [_result(result) for result in report.results],
            "coverage": {"percent": covered.percent, "touched": [rule.id for rule in covered.touched],
                         "untouched": listed(covered.untouched), "without_effect": listed(covered.without_effect)}}


def _result(result: Result) -> dict[str, Any]:
    return {"file": result.file, "line": result.line, "name": result.name, "caller": result.caller,
            "passed": result.passed, "rules": sorted(result.touched),
            "mismatches": [{"what": m.what, "expected": m.expected, "got": m.got, "rule": m.rule, "because": m.because}
                           for m in result.mismatches]}


@cannot_run
def schema(
    ctx: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", help="Ordner; ohne Angabe „schema“ bei den Richtlinien.")] = None,
) -> None:
    """Schreibt die JSON-Schemas der Richtlinien, mit denen Editoren sie vervollständigen und prüfen."""
    folder = out or context(ctx).policies / "schema"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")
    note(f"{len(schemas())} Schemas geschrieben: {folder}")
