"""``backup`` and ``restore``: the whole house in one encrypted file, and back."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.output import CliError, Exit, cannot_run, emit, note, say
from gateway.settings import load

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]
Phrase = Annotated[Path | None, typer.Option("--passphrase-file", exists=True, dir_okay=False, help="Datei mit dem "
                                             "Kennwort; ohne Angabe wird am Terminal gefragt.")]
_LEAST = 12


@cannot_run
def backup(
    file: Annotated[Path, typer.Argument(help="Datei, die geschrieben wird; mit --new-key die Datei für den geheimen "
                                              "Schlüssel.")],
    to: Annotated[str, typer.Option("--to", help="Öffentlicher Schlüssel, für den verschlüsselt wird (oder eine Datei "
                                                 "damit); dann kann dieser Rechner die Sicherung selbst nicht lesen."
                                    )] = "",
    passphrase_file: Phrase = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="Keine Sicherung: ein neues Schlüsselpaar; der geheime "
                                          "Teil gehört an einen sicheren Ort außerhalb dieses Rechners.")] = False,
    json: Json = False,
) -> None:
    """Sichert die ganze KI-Pforte in eine verschlüsselte Datei, während sie läuft."""
    from gateway.backup.making import make_backup
    from gateway.backup.sealing import new_pair
    if new_key:
        private, public = new_pair()
        _write_private(file, private + "\n")
        return emit({"public": public}) if json else say(public)
    public = Path(to).read_text("ascii").strip() if to and Path(to).is_file() else to
    phrase = "" if public else _passphrase(passphrase_file, twice=True)
    done = make_backup(load(), file, passphrase=phrase, public=public)
    if json:
        return emit({"file": str(file), **done})
    say(f"Gesichert in {file}: {done['entries']} Teile.")
    return note("Ob sie sich öffnen lässt, zeigt „ki-pforte restore --verify“. Schlüssel oder Kennwort gehören nicht "
                "auf diesen Rechner.")


@cannot_run
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Die Sicherung.")],
    verify: Annotated[bool, typer.Option("--verify", help="Nur ganz lesen und prüfen, nichts einspielen.")] = False,
    key: Annotated[Path | None, typer.Option("--key", exists=True, dir_okay=False, help="Datei mit dem geheimen "
                                             "Schlüssel, wenn für einen verschlüsselt wurde.")] = None,
    passphrase_file: Phrase = None,
    replace: Annotated[bool, typer.Option("--replace", help="Was in HOME liegt, beiseite legen.")] = False,
    kept: Annotated[Path | None, typer.Option("--note", exists=True, dir_okay=False, help="Letzte Notiz des "
                                              "Protokolls, die außerhalb aufbewahrt wurde.")] = None,
    without_note: Annotated[bool, typer.Option("--without-note", help="Es gibt keine solche Notiz.")] = False,
    erasures: Annotated[Path | None, typer.Option("--erasures", exists=True, dir_okay=False, help="Neuere Liste der "
                        "Löschungen (keys/protokoll/erased.txt), wenn sie außerhalb aufbewahrt wurde.")] = None,
    json: Json = False,
) -> None:
    """Spielt eine Sicherung ein. Die KI-Pforte muss dazu beendet sein."""
    from gateway.backup.restoring import inspect_backup
    from gateway.backup.restoring import restore as carry_out
    from gateway.backup.sealing import asks_for
    with file.open("rb") as opened:
        opens: dict[str, str] = {}
        if asks_for(opened) == "key":
            if key is None:
                raise CliError("Diese Sicherung ist für einen Schlüssel geschrieben. Bitte nennen Sie die Datei mit "
                               "seinem geheimen Teil (--key).", Exit.MISUSE)
            opens["private"] = key.read_text("ascii").strip()
        else:
            opens["passphrase"] = _passphrase(passphrase_file, twice=False)
        if verify:
            about = inspect_backup(opened, **opens)
            return emit(about) if json else say(f"Die Sicherung vom {about.get('at')} ist vollständig und unverändert "
                                                f"({about['entries']} Teile, Version {about.get('version')}).\n"
                                                + _signed(about["signed_by"]))
        done = carry_out(load(), opened, **opens, replace=replace, note=kept.read_text("utf-8") if kept else "",
                         alone=without_note, erasures=erasures.read_text("ascii").splitlines() if erasures else ())
    _tell(done, json)
    if done.missing:
        raise typer.Exit(int(Exit.FOUND))
    return None


def _tell(done: Any, json: bool) -> None:
    if json:
        return emit({"made": done.made, "version": done.version, "records": done.records, "missing": done.missing,
                     "erased": done.erased, "aside": str(done.aside) if done.aside else None,
                     "signed_by": list(done.signed)})
    say(f"Eingespielt ist der Stand vom {done.made}: {done.records} Einträge im Protokoll.")
    say(_signed(done.signed))
    if done.erased:
        say(f"{done.erased} Löschungen, die danach verlangt wurden, sind noch einmal ausgeführt.")
    if done.aside:
        say(f"Was vorher da war, liegt in {done.aside}.")
    if done.missing:
        say(f"Nach der Sicherung sind {done.missing} Einträge bezeugt worden, die jetzt fehlen. Das Protokoll wird so "
            "nicht fortgesetzt. Bitte eröffnen Sie mit der oder dem Datenschutzbeauftragten ein neues: „ki-pforte "
            "audit successor --note DATEI“.")
    return note("„ki-pforte doctor“ sagt, was noch zu tun ist. Löschanträge und Sperren aus der Zeit nach der "
                "Sicherung führen Sie bitte noch einmal aus.")


def _signed(keys: Sequence[str]) -> str:
    if not keys:
        return ("Niemand hat die Sicherung unterschrieben: Sie kann von jedem stammen, der den öffentlichen Schlüssel "
                "oder das Kennwort kennt.")
    return f"Unterschrieben ist die Sicherung mit dem Prüfschlüssel {', '.join(keys)}."


def _passphrase(path: Path | None, *, twice: bool) -> str:
    if path is not None:
        text = path.read_text("utf-8").strip()
    elif sys.stdin.isatty():
        text = getpass.getpass("Kennwort der Sicherung: ")
        if twice and getpass.getpass("Noch einmal: ") != text:
            raise CliError("Die beiden Eingaben sind verschieden. Es wurde nichts geschrieben.", Exit.MISUSE)
    else:
        raise CliError("Hier ist kein Terminal. Bitte nennen Sie eine Datei mit dem Kennwort (--passphrase-file) oder "
                       "beim Sichern einen Schlüssel (--to).", Exit.MISUSE)
    if twice and len(text) < _LEAST:
        raise CliError(f"Das Kennwort ist zu kurz. Bitte nehmen Sie mindestens {_LEAST} Zeichen.", Exit.MISUSE)
    return text


def _write_private(path: Path, text: str) -> None:
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write(text)
    except FileExistsError:
        raise CliError(f"Die Datei {path} gibt es schon. Sie wird nicht überschrieben.", Exit.MISUSE) from None
