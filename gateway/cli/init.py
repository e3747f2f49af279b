"""``init``: sets the house up, by questions, by a file of answers, or with the example town.

One way through for all: `gateway.founding`. A house that is set up already is left as it is; only its databases are
brought to the newest form.
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.context import CliContext, context
from gateway.cli.output import CliError, Exit, cannot_run, emit, note, say, table
from gateway.settings import Settings, load

if TYPE_CHECKING:
    from gateway.founding.founding import Founded

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


@cannot_run
def init(
    ctx: typer.Context,
    demo: Annotated[bool, typer.Option("--demo", help="Mit der Beispielstadt Musterstadt.")] = False,
    answers: Annotated[Path | None, typer.Option("--answers", exists=True, dir_okay=False, help="Nicht fragen: Die "
                                                 "Antworten stehen in dieser Datei (YAML).")] = None,
    template: Annotated[bool, typer.Option("--template", help="Zeigt eine solche Datei zum Ausfüllen und ändert "
                                                              "nichts.")] = False,
    json: Json = False,
) -> None:
    """Richtet die KI-Pforte ein: fragt am Terminal, liest Antworten aus einer Datei, oder legt Musterstadt an."""
    if demo and answers is not None:
        raise CliError("--demo und --answers gehen nicht zusammen.", Exit.MISUSE)
    settings = load()
    if template or answers is not None:
        from gateway.founding import founding
        from gateway.founding.answers import read_answers
        from gateway.founding.answers import template as empty
        if template:
            return say(empty(founding.all_steps()).rstrip())
        if founding.inhabited(settings):
            note("Diese KI-Pforte ist schon eingerichtet. Die Antworten wurden nicht noch einmal angewendet.")
        else:
            assert answers is not None
            return _tell(founding.found(read_answers(answers, founding.all_steps()), settings), json)
    elif not demo and _asks(settings):
        return _tell(_asked(settings), json)
    return set_up(context(ctx), settings, demo=demo, json=json)


def _asks(settings: Settings) -> bool:
    """Whether there is a house to be made and somebody to ask."""
    from gateway.founding import founding
    if (settings.home / "pforte.yaml").exists() or founding.inhabited(settings):
        return False
    if sys.stdin.isatty():
        return True
    if founding.needed(settings):
        raise CliError("Es gibt noch keine Richtlinien, und hier ist kein Terminal, an dem jemand Fragen beantworten "
                       "kann. Bitte nennen Sie eine Datei mit Antworten (--answers DATEI; --template zeigt eine), oder "
                       "richten Sie im Browser ein („ki-pforte serve --setup“).", Exit.CANNOT_RUN)
    return False


def _asked(settings: Settings) -> Founded:
    from gateway.cli.asking import ask_all
    from gateway.founding import founding
    note("Diese Fragen richten die KI-Pforte ein. Eingabe allein nimmt den Vorschlag in eckigen Klammern. "
         "Nichts wird geschrieben, bevor Sie am Ende zustimmen; Strg+C bricht ab.")
    given = ask_all(founding.all_steps(), {"address": settings.address}, _ask, getpass.getpass, note)
    if _ask("\nSo einrichten? [ja]: ").strip().lower() not in ("", "j", "ja"):
        raise CliError("Es wurde nichts geändert.", Exit.FOUND)
    return founding.found(given, settings)


def _ask(line: str) -> str:
    sys.stderr.write(line)  # standard output belongs to the result
    sys.stderr.flush()
    return input()


def _tell(done: Founded, json: bool) -> None:
    if json:
        return emit({"name": done.name, "address": done.address, "key": done.key, "model": done.model,
                     "place": done.place, "vkeys": list(done.vkeys),
                     "people": [{"what": what, "name": name, "link": link} for what, name, link in done.links]})
    say(f"Die KI-Pforte von {done.name} ist eingerichtet.\n")
    say("Die ersten Personen" + (" wählen mit diesen Links ein Kennwort; bitte geben Sie jeden nur dieser Person:"
                                 if any(link for _, _, link in done.links) else " melden sich beim Anmeldedienst an:"))
    for what, name, link in done.links:
        say(f"  {what}: {name}" + (f"\n    {link}" if link else ""))
    say(f"\nModell „{done.model}“: {done.place}")
    say("\nPrüfschlüssel des Protokolls; bitte geben Sie ihn der oder dem Datenschutzbeauftragten:")
    for vkey in done.vkeys:
        say(f"  {vkey}")
    say(f"\nDer erste Chat, sobald „ki-pforte serve“ läuft (Schlüssel der IT):\n\n"
        f"curl {done.address}/v1/chat/completions -H 'Authorization: Bearer {done.key}' "
        "-H 'Content-Type: application/json' "
        f"-d '{{\"model\":\"{done.model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Guten Tag\"}}]}}'\n")
    return note("„ki-pforte doctor“ sagt, was noch fehlt.")


def set_up(own: CliContext, settings: Settings, *, demo: bool, json: bool = False) -> None:
    """Make what is missing: databases, keys, the ledger; with `demo` the example people as well."""
    from gateway.home import open_ledger, own_secret
    from gateway.store import migrate, open_engine
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    migrate(open_engine(settings.database))
    own_secret(settings.home, "hash.key")
    with open_ledger(settings, own.policy_set.organisation.id) as ledger:
        vkeys = [str(key) for key in ledger.vkeys()]
    people: dict[str, Any] = {"people": []}
    if demo:
        from gateway.cli.demo import reset_demo
        people = reset_demo(own)
    if json:
        emit(people)
        return
    say(f"Eingerichtet in {settings.home.resolve()}.")
    say("Prüfschlüssel des Protokolls; bitte geben Sie ihn der oder dem Datenschutzbeauftragten:")
    for key in vkeys:
        say(f"  {key}")
    _show_demo(settings, people) if demo else _show_next()


def _show_demo(settings: Settings, people: dict[str, Any]) -> None:
    first = next(p for p in people["people"] if p["pass"] == "gueltig")  # noqa: S105  (the KI-Pass)
    say("")
    table(("Person", "Abteilung", "Rollen", "KI-Pass"),
          [(p["email"], p["department"], ", ".join(p["roles"]), p["pass"]) for p in people["people"]])
    model = "schnellstart" if settings.openai_base_url else "demo"
    text = ("Bitte schreiben Sie eine Antwort an Frau Sabine Krüger, sabine.krueger@example.org, "
            "IBAN DE89 3704 0044 0532 0130 00.")
    body = f'{{"model":"{model}","stream":true,"messages":[{{"role":"user","content":"{text}"}}]}}'
    say(f"\nSchlüssel von {first['name']} (KI-Pass gültig): {first['key']}")
    say("\nProbieren Sie es aus, sobald die KI-Pforte läuft:\n")
    say(f"curl -N {settings.address}/v1/chat/completions -H 'Authorization: Bearer {first['key']}' "
        f"-H 'Content-Type: application/json' -d '{body}'\n")


def _show_next() -> None:
    say("Als Nächstes:")
    say("  ki-pforte person add …   Personen eintragen")
    say("  ki-pforte pass grant …   Nachweise für den KI-Pass eintragen")
    say("  ki-pforte key create …   Schlüssel ausgeben")
    say("  ki-pforte serve          starten")


