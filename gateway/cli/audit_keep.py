"""``ki-pforte audit prune|delete|hold|release|erase|move|anchor|witness``: what stays, what goes, who else knows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from audit import Filters, anchor_warnings
from audit.anchors.sinks import Timestamp
from audit.errors import PruningRefused
from audit.successor import succeed
from gateway.cli.audit import Json, ledger_errors, open_one
from gateway.cli.context import context, person_id
from gateway.cli.output import CliError, Exit, cannot_run, emit, in_german, note, say
from gateway.cli.views import moment
from gateway.home import open_witness
from gateway.settings import load

Case = Annotated[str, typer.Argument(help="Nummer des Falls, zum Beispiel „V-2026-3“.")]
Really = Annotated[bool, typer.Option("--yes", help="Wirklich; ohne diese Angabe wird nur gezeigt, was geschähe.")]


@ledger_errors
def prune(
    ctx: typer.Context,
    to: Annotated[int | None, typer.Option("--to", min=1, help="Bis vor diese Nummer; sie ist die Größe eines "
                                                               "verankerten Prüfpunkts. Ohne Angabe: so weit es "
                                                               "geht.")] = None,
    yes: Really = False,
    json: Json = False,
) -> None:
    """Löscht den Anfang des Protokolls mit einem Nachweis, in zwei Schritten: ankündigen, und nach dem nächsten
    verankerten Prüfpunkt löschen (dazu den Befehl wiederholen; der laufende Dienst tut es sonst von selbst)."""
    own = context(ctx)
    with open_one(ctx) as ledger:
        deleted = announced = 0
        if yes:
            try:
                deleted = ledger.carry_out_pruning()
            except PruningRefused as error:  # a new announcement, not so far, may take the place of this one
                note(str(error))
        possible = ledger.prunable()
        if yes and not deleted and (possible or to):
            announced = ledger.announce_pruning(to, own.policy_set.digest)
            ledger.checkpoint()
    if json:
        return emit({"deleted": deleted, "announced": announced, "possible": possible})
    if deleted:
        return note(f"{deleted} Einträge am Anfang sind gelöscht. „ki-pforte audit verify“ zeigt den Nachweis.")
    if announced:
        return note(f"Angekündigt: Die ersten {announced} Einträge werden gelöscht, sobald ein verankerter Prüfpunkt "
                    "diese Ankündigung enthält.")
    return note(f"Möglich ist es bis Nr. {possible}. Mit --yes wird es angekündigt." if possible else
                "Es gibt nichts zu löschen: Vor jedem verankerten Prüfpunkt liegen noch Teile, deren Frist läuft.")


@ledger_errors
def delete(ctx: typer.Context, json: Json = False) -> None:
    """Löscht jetzt, was seine Frist hinter sich hat (der laufende Dienst tut es alle sechs Stunden)."""
    with open_one(ctx) as ledger:
        counts = ledger.delete_due()
    if json:
        return emit({"deleted": counts})
    said = ", ".join(f"{count} × {kind}" for kind, count in sorted(counts.items()))
    return note(f"Gelöscht: {said}." if said else "Es ist nichts fällig.")


@ledger_errors
def hold(ctx: typer.Context, case: Case,
         vorgang: Annotated[list[str], typer.Option("--vorgang", help="Vorgangsnummer; mehrfach möglich.")],
         json: Json = False) -> None:
    """Bewahrt die Einträge eines Vorgangs für einen Fall auf, auch über ihre Frist hinaus."""
    with open_one(ctx) as ledger:
        ledger.sequence()
        found = [view.id for name in vorgang for view in ledger.reader.vorgang(name)]
        if not found:
            raise CliError("Unter dieser Vorgangsnummer gibt es keine Einträge.", Exit.MISUSE)
        fresh = ledger.hold(case, found)
    return emit({"case": case, "held": fresh}) if json else note(f"{fresh} Einträge werden für {case} aufbewahrt.")


@ledger_errors
def release(ctx: typer.Context, case: Case, json: Json = False) -> None:
    """Beendet die Aufbewahrung für einen Fall; was fällig ist, wird danach gelöscht."""
    with open_one(ctx) as ledger:
        count = ledger.release(case)
    return emit({"case": case, "released": count}) if json else note(f"{count} Einträge sind wieder frei.")


@ledger_errors
def erase(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(help="E-Mail-Adresse der Person, deren Bezug gelöscht wird (Art. 17 DSGVO).")],
    case: Annotated[str, typer.Option("--case", help="Nummer des Antrags.")] = "",
    yes: Really = False,
    json: Json = False,
) -> None:
    """Löscht aus allen Einträgen einer Person den Bezug zu ihr. Die Einträge bleiben, und der Nachweis auch."""
    subject = person_id(context(ctx), email)
    with open_one(ctx) as ledger:
        if not yes:
            ledger.sequence()
            count = sum(len(ledger.reader.page(Filters(subject=name), limit=1000).rows)
                        for name in ledger.pseudonyms(subject))
            return emit({"records": count}) if json else note(f"Betroffen sind {count} Einträge. Mit --yes wird der "
                                                              "Bezug endgültig gelöscht.")
        erased, held = ledger.erase_subject(subject, "antrag", case)
    if json:
        return emit({"erased": erased, "held": held})
    return note(f"{erased} Einträge nennen die Person nicht mehr."
                + (f" {held} werden für einen Fall aufbewahrt und bleiben." if held else ""))


@ledger_errors
def move(ctx: typer.Context,
         to: Annotated[str, typer.Argument(help="Leere Datenbank, zum Beispiel postgresql+psycopg://…")],
         json: Json = False) -> None:
    """Kopiert das Protokoll in eine andere Datenbank und prüft die Kopie. Die KI-Pforte muss dazu beendet sein."""
    with open_one(ctx) as ledger:
        said = ledger.move_to(to)
    emit(said.as_json()) if json else note(said.text())
    if not json and said.exit_code == 0:
        note("Bitte tragen Sie die neue Adresse als KI_PFORTE_AUDIT_DATABASE_URL ein. Das bisherige Protokoll liegt "
             "noch dort; löschen Sie es erst, wenn die KI-Pforte mit dem neuen läuft.")
    raise typer.Exit(said.exit_code)


@ledger_errors
def anchor(
    ctx: typer.Context,
    timestamps: Annotated[Path | None, typer.Option("--timestamps", file_okay=False, help="Nichts schicken, sondern "
                                                    "die Zeitstempel (RFC 3161) mit ihren Notizen in diesen Ordner "
                                                    "schreiben, zum Prüfen mit OpenSSL.")] = None,
    json: Json = False,
) -> None:
    """Schickt den neuesten Prüfpunkt jetzt an alle Orte außerhalb (KI_PFORTE_ANCHORS) und zeigt, was daraus wurde."""
    with open_one(ctx) as ledger:
        if timestamps is not None:
            return _timestamps(ledger.timestamps(), timestamps, json)
        states = ledger.anchor()
    if json:
        emit({"anchors": [{"sink": s.sink, "size": s.size, "age": s.age, "problem": s.problem} for s in states]})
    else:
        for state in states:
            say(f"{state.sink}: " + (state.problem or f"hat den Prüfpunkt bei {state.size} Einträgen."))
        for text in anchor_warnings(states):
            note(text)
    if any(state.problem for state in states):
        raise typer.Exit(int(Exit.FOUND))
    return None


def _timestamps(found: list[Timestamp], folder: Path, json: bool) -> None:
    """Write each note and the answer about it side by side."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in found:
            (folder / f"pruefpunkt-{one.size}.txt").write_text(one.note, encoding="utf-8", newline="")
            (folder / f"pruefpunkt-{one.size}.tsr").write_bytes(one.answer)
    except OSError as error:
        raise CliError(f"{error.filename or folder} {in_german(error)}", Exit.CANNOT_RUN) from None
    if json:
        return emit({"timestamps": [{"size": one.size, "at": one.at and one.at.isoformat()} for one in found]})
    for one in found:
        say(f"pruefpunkt-{one.size}: " + (moment(one.at) if one.at else "kein lesbarer Zeitstempel über diese Notiz"))
    return note("Prüfen: openssl ts -verify -data pruefpunkt-GRÖSSE.txt -in pruefpunkt-GRÖSSE.tsr -CAfile WURZELN.pem"
                if found else "Es gibt noch keinen Zeitstempel.")


@cannot_run
def witness(json: Json = False) -> None:
    """Zeigt, womit Nachbarn diese KI-Pforte als Zeugen eintragen (KI_PFORTE_WITNESS_NAME)."""
    settings = load()
    own = open_witness(settings)
    if own is None:
        raise CliError("Diese KI-Pforte ist kein Zeuge. Bitte setzen Sie KI_PFORTE_WITNESS_NAME, zum Beispiel "
                       "„musterstadt.de/zeuge“.", Exit.MISUSE)
    logs = settings.home / "keys" / "zeuge" / "logs.txt"
    address = f"witness+{settings.address}/witness#{own.key}"
    if json:
        return emit({"key": str(own.key), "anchor": address, "logs": str(logs)})
    note("Die andere Verwaltung trägt bei sich in KI_PFORTE_ANCHORS ein:")
    say(address)
    return note("Hier gehört deren Prüfschlüssel („ki-pforte audit status“ zeigt ihn dort) als eigene Zeile in "
                f"{logs}.")


@ledger_errors
def rotate_key(ctx: typer.Context, json: Json = False) -> None:
    """Wechselt den Schlüssel, der Prüfpunkte unterschreibt. Der bisherige Prüfschlüssel genügt weiter zum Prüfen."""
    with open_one(ctx) as ledger:
        key = str(ledger.rotate_key())
    if json:
        return emit({"vkey": key})
    note("Der neue Prüfschlüssel; bitte geben Sie ihn der oder dem Datenschutzbeauftragten:")
    return say(key)


@ledger_errors
def successor(
    ctx: typer.Context,
    kept: Annotated[Path, typer.Option("--note", exists=True, dir_okay=False, help="Datei mit der letzten Notiz, die "
                                       "außerhalb aufbewahrt wurde.")],
    old_database: Annotated[str, typer.Option("--old-database", help="Adresse der bisherigen Datenbank, wenn die "
                                              "eingestellte eine neue ist (PostgreSQL).")] = "",
    lost_key: Annotated[bool, typer.Option("--lost-key", help="Der Schlüssel, mit dem das Protokoll unterschrieben "
                                           "wird, ist verloren oder in fremden Händen.")] = False,
    json: Json = False,
) -> None:
    """Eröffnet ein neues Protokoll, wenn die Datenbank hinter das zurückgefallen ist, was unterschrieben wurde, oder
    wenn der Schlüssel verloren ist."""
    settings = load()
    name = context(ctx).policy_set.organisation.id
    done = succeed(settings.audit_database, settings.home / "keys" / "protokoll", name, kept.read_text("utf-8"),
                   old_database, key_lost=lost_key)
    with open_one(ctx) as ledger:
        key = str(ledger.vkeys()[-1])
    if json:
        return emit({"old": done.old, "log": done.new, "keys": str(done.keys), "vkey": key})
    note(f"Das Protokoll heißt jetzt {done.new}. Sein erster Eintrag nennt {done.old} und Ihre Notiz.")
    note(f"Die Schlüssel des bisherigen Protokolls liegen in {done.keys}; seine Datenbank bleibt, wie sie ist. Bitte "
         "bewahren Sie beide auf.")
    note("Der neue Prüfschlüssel; bitte geben Sie ihn der oder dem Datenschutzbeauftragten:")
    return say(key)
