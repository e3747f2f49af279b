"""``ki-pforte document``: the versions of Dienstvereinbarung, Leitlinien, checklist, information, and of courses.

They are policy and stand in ``policies/ki-pass.yaml``, reviewed like code; publishing adds one entry there and leaves
every other line as it is. The changed folder is checked as a whole in a copy before anything real is touched.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from gateway.cli.context import CliContext, context
from gateway.cli.document_entry import Publication, apply, try_out
from gateway.cli.output import CliError, Exit, emit, note, speaks, table
from gateway.kipass.calendar import day_of
from gateway.kipass.documents import in_force
from gateway.model.kipass import Change, Document, DocumentKind, KiPassConfig

document_app = typer.Typer(name="document", help="Dienstvereinbarung, Leitlinien, Kurse und weitere Papiere in "
                                                 "Fassungen.",
                           no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


@document_app.command("list")
@speaks
def list_(ctx: typer.Context, json: Json = False) -> None:
    """Zeigt alle Fassungen und welche davon gilt."""
    own = context(ctx)
    found = [(d, d == in_force(versions, own.now())) for versions in _all(own.rules).values() for d in versions]
    if json:
        return emit({"documents": [_json(d, applies) for d, applies in found]})
    return table(("Art", "Fassung", "Titel", "gilt ab", "Änderung", "Frist", "Prüfsumme", "Stand"), [
        (d.name, d.version, d.title, f"{d.valid_from:%d.%m.%Y}", d.change, f"{d.grace_days} Tage", d.sha256[:12],
         "gilt" if applies else "") for d, applies in found])


@document_app.command()
@speaks
def publish(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help=f"Art: {', '.join(get_args(DocumentKind))}, oder ein Kurs: "
                                               "kurs:NAME, zum Beispiel kurs:grundlagen.")],
    file: Annotated[Path, typer.Argument(help="Die Datei, wie sie gelesen werden soll.")],
    version: Annotated[str, typer.Option("--version", help="Fassung, zum Beispiel „2.1“.")],
    change: Annotated[str, typer.Option("--change", help="„redaktionell“ oder „wesentlich“. Eine wesentliche Änderung "
                                                         "der Dienstvereinbarung ist neu zur Kenntnis zu nehmen.")],
    title: Annotated[str, typer.Option("--title", help="Titel; ohne Angabe der bisherige.")] = "",
    grace_days: Annotated[int, typer.Option("--grace-days", min=0, max=3660,
                                            help="So viele Tage gilt die vorige Fassung weiter; nicht bei Kursen.")
                          ] = 28,
    valid_from: Annotated[str, typer.Option("--valid-from", help="Erster Tag, JJJJ-MM-TT; ohne Angabe heute.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Nur prüfen und zeigen, was geschähe.")] = False,
    json: Json = False,
) -> None:
    """Veröffentlicht eine neue Fassung und trägt sie in „ki-pass.yaml“ ein."""
    own = context(ctx)
    new = _publication(own, kind, file, version, change, title, grace_days, valid_from)
    try_out(new, own.policies, own.load_policies)
    if not dry_run:
        with own.writing():
            # Recorded first: a version that nobody can find in the ledger must not come into force.
            own.record("policy.change", {"document": new.entry.name, "version": new.entry.version,
                                         "sha256": new.entry.sha256, "change": new.entry.change,
                                         "grace_days": new.entry.grace_days, "via": "cli"}, None)
            apply(new, own.policies)
    if json:
        return emit({"published": not dry_run, **_json(new.entry, new.entry.valid_from <= day_of(own.now()))})
    note(f"{new.entry.title}, Fassung {new.entry.version}, gilt ab {new.entry.valid_from:%d.%m.%Y}. "
         f"Prüfsumme: {new.entry.sha256}")
    return note("Probelauf: es wurde nichts geändert." if dry_run else "Eingetragen in „ki-pass.yaml“.")


def _publication(own: CliContext, kind: str, file: Path, version: str, change: str, title: str, grace_days: int,
                 valid_from: str) -> Publication:
    empty, known = _kind(kind), _all(own.rules).get(kind, ())
    how: Change = _one_of(change, get_args(Change), "Die Änderung")
    last = known[-1] if known else None
    try:
        start = date.fromisoformat(valid_from) if valid_from else day_of(own.now())
        content = file.read_bytes()
    except ValueError:
        raise CliError("Bitte schreiben Sie den ersten Tag in der Form JJJJ-MM-TT.", Exit.MISUSE) from None
    except OSError as error:
        raise CliError(f"Die Datei {file} lässt sich nicht lesen ({error.strerror}).", Exit.MISUSE) from None
    if any(d.version == version for d in known):
        raise CliError(f"Die Fassung {version} gibt es schon. Bitte zählen Sie weiter.", Exit.MISUSE)
    if last is not None and start <= last.valid_from:
        raise CliError(f"Die Fassung {last.version} gilt ab {last.valid_from:%d.%m.%Y}. Eine neue kann erst danach "
                       "gelten; bitte nennen Sie mit --valid-from einen späteren Tag.", Exit.MISUSE)
    heading = title or (last.title if last else "")
    if not heading:
        raise CliError("Bitte geben Sie mit --title den Titel an.", Exit.MISUSE)
    digest = sha256(content).hexdigest()
    if any(d.sha256 == digest for d in known):
        raise CliError("Genau diese Datei ist schon als Fassung eingetragen.", Exit.MISUSE)
    return Publication(replace(
        empty, version=version, title=heading, sha256=digest, valid_from=start, change=how,
        grace_days=0 if empty.course else grace_days, supersedes=last.version if last else None,
        file=f"documents/{kind.replace(':', '-')}-{version}{file.suffix.lower() or '.md'}"), content)


def _all(rules: KiPassConfig) -> dict[str, tuple[Document, ...]]:
    """Return every version of everything, by the name that commands take."""
    return {**{kind: rules.documents.get(kind, ()) for kind in get_args(DocumentKind)},
            **{f"kurs:{key}": versions for key, versions in rules.courses.items()}}


def _kind(word: str) -> Document:
    """Return what is to be published, with nothing in it yet."""
    kind, _, course = word.partition(":")
    if kind == "kurs" and re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,47}", course):
        return Document("kurs", "", "", "", date.min, course=course)
    if kind == "kurs":
        raise CliError("Bitte nennen Sie den Kurs mit einem Namen aus Kleinbuchstaben, Ziffern und „-“, zum Beispiel "
                       "kurs:grundlagen.", Exit.MISUSE)
    checked: DocumentKind = _one_of(word, get_args(DocumentKind), "Die Art")
    return Document(checked, "", "", "", date.min)


def _one_of(word: str, known: tuple[Any, ...], what: str) -> Any:
    if word not in known:
        raise CliError(f"{what} „{word}“ gibt es nicht. Möglich sind: {', '.join(known)}.", Exit.MISUSE)
    return word


def _json(document: Document, applies: bool) -> dict[str, Any]:
    return {"kind": document.name, "version": document.version, "title": document.title, "sha256": document.sha256,
            "valid_from": document.valid_from.isoformat(), "change": document.change,
            "grace_days": document.grace_days, "supersedes": document.supersedes, "file": document.file,
            "in_force": applies}
