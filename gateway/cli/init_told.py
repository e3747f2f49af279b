"""What ``init`` says when a house is made: how everything is set, and what comes next, in the order of doing it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.output import emit, say
from gateway.settings import PREFIX

if TYPE_CHECKING:
    from gateway.founding.founding import Founded

_WIDTH = 112


def tell(done: Founded, json: bool) -> None:
    """Say it, to a person or to a script."""
    if json:
        return emit({"name": done.name, "address": done.address, "key": done.key, "model": done.model,
                     "waiting": done.waiting, "place": done.place, "vkeys": list(done.vkeys),
                     "settled": [{"what": one.what, "how": one.how, "where": one.where} for one in done.settled],
                     "people": [{"what": what, "name": name, "link": link} for what, name, link in done.links]})
    say(f"\nDie KI-Pforte von {done.name} ist eingerichtet.\n\nSo ist es eingestellt; in Klammern, womit "
        "Sie es ändern:\n")
    width = max(len(one.what) for one in done.settled) + 2
    for one in done.settled:
        text = one.how + (f" ({one.where})" if one.where else "")
        say(textwrap.fill(text, _WIDTH, initial_indent=f"  {one.what.ljust(width)}", break_long_words=False,
                          subsequent_indent=" " * (width + 2), break_on_hyphens=False))
    say("\nDie Richtlinien liegen in {}, pforte.yaml in {}.".format(*done.folders))
    for number, lines in enumerate(_next(done), 1):
        say(f"\n{number}. " + "\n".join(f"   {line}".rstrip() for line in lines).lstrip())
    return None


def _next(done: Founded) -> Iterator[list[str]]:
    program = called()
    yield ["Starten. Läuft sie schon, starten Sie sie neu:", "", f"{program} serve"]
    links = [line for what, name, link in done.links for line in (f"{what}: {name}", *([f"  {link}"] if link else []))]
    yield [f"Seiten öffnen: {done.address}", "Mit diesen Links wählen die ersten Personen ein Kennwort; bitte geben "
           "Sie jeden nur dieser Person:" if any(link for _, _, link in done.links) else
           "Die ersten Personen melden sich beim Anmeldedienst an:", *links]
    yield ["Der erste Chat. Der Schlüssel gehört der IT; ihr KI-Pass ist schon eingetragen. Er wird nur jetzt gezeigt:",
           "", f"curl {done.local}/v1/chat/completions -H 'Authorization: Bearer {done.key}' "
           "-H 'Content-Type: application/json' "
           f"-d '{{\"model\":\"{done.model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Guten Tag\"}}]}}'"]
    invited = [f"{program} person invite ADRESSE"] if any(link for _, _, link in done.links) else []
    yield ["Der erste KI-Pass: Person eintragen" + (" und ihr den Link geben" if invited else "") + "; unter „KI-Pass“ "
           "sieht sie dann ihre Schritte.", "",
           f"{program} person add ADRESSE --name \"VORNAME NACHNAME\" --department verwaltung", *invited]
    yield ["Prüfschlüssel des Protokolls; bitte geben Sie ihn der oder dem Datenschutzbeauftragten:",
           *(f"  {vkey}" for vkey in done.vkeys)]
    yield ["Nachsehen, was noch fehlt (Anker, Sicherung), und weiterlesen in docs/handbuch/it.md:", "",
           f"{program} doctor"]


def called() -> str:
    """Return how the program is called from this shell, so that what is told can be copied."""
    place = Path(sys.argv[0])
    name = "ki-pforte" if shutil.which("ki-pforte") or place.name != "ki-pforte" else shlex.quote(sys.argv[0])
    home = os.environ.get(f"{PREFIX}HOME")
    return f"{PREFIX}HOME={shlex.quote(home)} {name}" if home else name
