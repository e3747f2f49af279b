"""``init``: sets the house up, by questions, by a file of answers, or with the example town.

One way through for all: `gateway.founding`. A house that is set up already is left as it is; only its databases are
brought to the newest form.
"""

from __future__ import annotations

import getpass
import shutil
import sys
import textwrap
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.cli.context import CliContext, context
from gateway.cli.init_told import tell
from gateway.cli.output import CliError, Exit, cannot_run, emit, note, say, table
from gateway.settings import Settings, load

if TYPE_CHECKING:
    from gateway.founding.founding import Founded
    from gateway.model.first_setup import Step

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
    if template:
        from gateway.founding.answers import template as empty
        from gateway.founding.founding import all_steps
        return say(empty(all_steps()).rstrip())
    if not demo and (done := _founded(answers, settings)) is not None:
        return tell(done, json)
    return set_up(context(ctx), settings, demo=demo, json=json)


def _founded(answers: Path | None, settings: Settings) -> Founded | None:
    """Make the house that somebody describes; None: it is made already, or by hand."""
    from gateway.founding import founding
    from gateway.founding.answers import read_answers
    from gateway.home import refuse_half_restored
    refuse_half_restored(settings.home)  # before anybody is asked
    if founding.inhabited(settings):
        note("Diese KI-Pforte ist schon eingerichtet. An Richtlinien, Einstellungen und Personen wird nichts geändert.")
        return None
    if answers is not None:
        return founding.found(read_answers(answers, founding.all_steps()), settings)
    return _asked(settings) if _asks(settings) else None


def _asks(settings: Settings) -> bool:
    """Whether there is a house to be made and somebody to ask."""
    from gateway.founding import founding
    if (settings.home / "pforte.yaml").exists():
        return False  # somebody wrote the settings by hand
    if sys.stdin.isatty():
        if problem := founding.in_the_way(settings):
            raise CliError(problem, Exit.CANNOT_RUN)
        return True
    if founding.needed(settings):
        raise CliError("Es gibt noch keine Richtlinien, und hier ist kein Terminal, an dem jemand Fragen beantworten "
                       "kann. Bitte nennen Sie eine Datei mit Antworten (--answers DATEI; --template zeigt eine), oder "
                       "richten Sie im Browser ein („ki-pforte serve --setup“).", Exit.CANNOT_RUN)
    return False


def _asked(settings: Settings) -> Founded:
    from gateway.founding import founding
    _note("Fünf Fragen richten die KI-Pforte ein; alles andere erhält eine sichere Vorgabe, die am Ende genannt wird. "
         "Die Eingabetaste allein nimmt den Vorschlag in eckigen Klammern. Nichts wird geschrieben, bevor Sie "
         "zustimmen; Strg+C bricht ab.")
    try:
        given = _answers(founding.all_steps(), {"address": settings.address})
    except (EOFError, KeyboardInterrupt):
        raise CliError("\nAbgebrochen. Es wurde nichts geändert.", Exit.FOUND) from None
    note("Die KI-Pforte wird eingerichtet …")
    return founding.found(given, settings)


def _answers(asked: tuple[Step, ...], suggestions: Mapping[str, str]) -> dict[str, str]:
    from gateway.cli.asking import ask_all, ask_one, overview
    from gateway.model.first_setup import completed
    given = ask_all(asked, suggestions, _ask, getpass.getpass, _note)
    while True:
        note("\nIhre Antworten:\n" + "\n".join(overview(asked, given)))
        note(f"Ihr Protokoll heißt danach {completed(asked, given)['domain']}/ki-pforte/1; das bleibt so.")
        typed = _ask(f"\nSo einrichten? Eine Nummer von 1 bis {len(asked)} ändert die Antwort. (ja/nein) [ja]: ")
        word = typed.strip().lower()
        if word in ("", "j", "ja"):
            return given
        if word in ("n", "nein"):
            raise CliError("Es wurde nichts geändert.", Exit.FOUND)
        if word.isascii() and word.isdigit() and 0 < int(word) <= len(asked):
            ask_one(asked, int(word) - 1, suggestions, given, _ask, getpass.getpass, _note)


def _note(text: str) -> None:
    """Say something, folded between words to the width of the terminal."""
    width = min(shutil.get_terminal_size().columns, 100) - 1
    for line in text.split("\n"):
        margin = " " * (len(line) - len(line.lstrip()))
        note(textwrap.fill(line, width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False))


def _ask(line: str) -> str:
    if sys.stdin.isatty() and sys.stdout.isatty():
        with suppress(ImportError):
            import readline  # noqa: F401  (arrow keys and umlauts then work while typing)
        return input(line)
    sys.stderr.write(line)  # standard output belongs to the result
    sys.stderr.flush()
    return input()


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


