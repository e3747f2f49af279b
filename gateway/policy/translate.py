"""Turns what pydantic says into what the author of a policy file can use: German, with line and remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.policy.problems import PolicyProblem, did_you_mean, listed, shown
from gateway.policy.schema import Organisation, Rules
from gateway.policy.shapes import REMEDIES, SECRET_FIELDS
from gateway.policy.source import Path_, Source

M = TypeVar("M", bound=BaseModel)

_KINDS: Final[dict[str, tuple[str, str]]] = {
    "model_type": ("Hier stehen keine eingerückten Angaben", "schreiben Sie darunter eingerückt „schlüssel: wert“"),
    "dict_type": ("Hier stehen keine eingerückten Angaben", "schreiben Sie darunter eingerückt „schlüssel: wert“"),
    "tuple_type": ("Hier steht keine Liste", "schreiben Sie eine Liste: [eins, zwei] oder Zeilen mit „- “"),
    "string_type": ("Hier steht kein Text", "schreiben Sie genau einen Text"),
    "bool_type": ("Hier steht weder true noch false", "schreiben Sie true (ja) oder false (nein)"),
    "int_type": ("Hier steht keine ganze Zahl", "schreiben Sie eine ganze Zahl, zum Beispiel 12"),
    "float_type": ("Hier steht keine Zahl", "schreiben Sie eine Zahl, zum Beispiel 300"),
    "decimal_whole_digits": ("Die Zahl hat zu viele Stellen", "schreiben Sie eine kleinere oder kürzere"),
    "decimal_max_digits": ("Die Zahl hat zu viele Stellen", "schreiben Sie eine kleinere oder kürzere"),
    "decimal_max_places": ("Die Zahl hat zu viele Stellen", "schreiben Sie eine kleinere oder kürzere"),
    "date_type": ("Hier steht kein Datum", "schreiben Sie Jahr-Monat-Tag, zum Beispiel 2026-06-01"),
    "too_short": ("Die Liste ist leer", "nennen Sie mindestens einen Eintrag"),
    "string_too_short": ("Der Text fehlt oder ist zu kurz", "ergänzen Sie ihn"),
}
_INHERITANCE: Final = frozenset({"inherits", "inherit", "extends", "extend", "include", "includes", "import", "parent",
                                 "base", "erbt", "vererbt"})


def validate(schema: type[M], source: Source) -> tuple[M | None, list[PolicyProblem]]:
    """Return the content of a file as `schema`, or everything that is wrong with it."""
    try:
        return schema.model_validate(source.data), []
    except ValidationError as error:
        found = error.errors(include_url=False)
        return None, [_problem(schema, source, e) for e in found if not _follows(e, found)]


def _follows(error: ErrorDetails, all_: Sequence[ErrorDetails]) -> bool:
    """Whether a list is called empty only because what stands in it is wrong."""
    path = error["loc"]
    return error["type"] == "too_short" and any(
        len(e["loc"]) > len(path) and e["loc"][:len(path)] == path for e in all_)


def _problem(schema: type[BaseModel], source: Source, error: ErrorDetails) -> PolicyProblem:
    path = tuple(p for p in error["loc"] if p != "[key]")
    what, remedy = _said(schema, path, error)
    return source.problem(path, what, remedy)


def _said(schema: type[BaseModel], path: Path_, error: ErrorDetails) -> tuple[str, str]:
    """Return what is wrong and what would be right."""
    kind, context = error["type"], error.get("ctx", {})
    name = str(path[-1]) if path else ""
    if kind == "value_error":
        what, _, remedy = str(context["error"]).partition("|")
        return what, REMEDIES.get(name, remedy)
    if kind == "extra_forbidden":
        if (known := _misunderstood(name, error["input"], path)) is not None:
            return known
        if len(path) == 1 and issubclass(schema, Rules) and name in Organisation.model_fields:
            return (f"{shown(name)} legt nur die Organisation fest, für alle",
                    "streichen Sie die Angabe hier; sie gehört in organisation.yaml")
        return f"Die Angabe {shown(name)} ist hier unbekannt", did_you_mean(name, _fields(schema, path[:-1]))
    if kind == "missing":
        return "Die Angabe fehlt", REMEDIES.get(name, f"ergänzen Sie eine Zeile „{name}: …“")
    if kind == "literal_error":
        allowed = re.findall(r"'([^']+)'", str(context["expected"]))
        if isinstance(error["input"], list | dict):
            return "Hier steht mehr als ein Wort", f"schreiben Sie eines davon: {listed(allowed)}"
        return f"{_quoted(error, name)} gibt es hier nicht", did_you_mean(str(error["input"]), allowed)
    return _shape(kind, context, name, error)


def _misunderstood(name: str, value: object, path: Path_) -> tuple[str, str] | None:
    """Return the words for keys that show what somebody thought the language could do."""
    if name.isdigit() and value is None:
        return ("In geschweiften Klammern trennt ein Komma die Angaben", "schreiben Sie Zahlen mit Punkt, zum Beispiel "
                "12.50")
    if name == "":
        return "Hier fehlt vor dem Doppelpunkt, was angegeben wird", "schreiben Sie „schlüssel: wert“"
    if name == "<<":
        return "Das Einfügen mit „<<“ gibt es hier nicht", "schreiben Sie die Angaben aus"
    if name == "profiles":
        return ("Profile und Gruppen bauen nicht auf Profilen auf", "nennen Sie Profile in organisation.yaml oder in "
                "der Datei der Abteilung")
    if path == ("ki_pass", "models"):
        return ("Was ein Modell von allen verlangt, steht im Register", "schreiben Sie in models.yaml bei dem Modell "
                "„pass_scopes: […]“; je Abteilung, Gruppe oder Profil geht es hier")
    if len(path) == 1 and name in _INHERITANCE:
        return ("Keine Datei nennt, woraus sie erbt: Alles erbt von organisation.yaml", "streichen Sie die Zeile; für "
                "gemeinsame Regeln gibt es „profiles“")
    return None


def _shape(kind: str, context: Mapping[str, Any], name: str, error: ErrorDetails) -> tuple[str, str]:
    """Return the words for a value of the wrong shape or size."""
    remedy = REMEDIES.get(name)
    if kind == "string_pattern_mismatch":
        return (f"{_quoted(error, name)} ist hier nicht zulässig",
                remedy or "verwenden Sie Kleinbuchstaben, Ziffern, „-“ und „_“, ohne Umlaute und Leerzeichen")
    if kind == "string_too_long":
        return f"Der Text ist länger als {context['max_length']} Zeichen", "kürzen Sie ihn"
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        bound = next(iter(context.values()))
        word = {"greater_than": "größer als", "greater_than_equal": "mindestens",
                "less_than": "kleiner als", "less_than_equal": "höchstens"}[kind]
        return f"{_quoted(error, name)} liegt außerhalb des Erlaubten", remedy or f"erlaubt ist {word} {bound}"
    family = re.sub(r"_(parsing|from_date.*|from_float|from_datetime.*|parsing_size)$", "_type", kind)
    what, usual = _KINDS.get(family, ("Die Angabe ist nicht zulässig", "vergleichen Sie sie mit dem Beispiel"))
    return what, remedy or usual


def _quoted(error: ErrorDetails, name: str) -> str:
    if error["input"] is None:
        return "Eine leere Angabe"
    return "Der Wert" if name in SECRET_FIELDS else shown(error["input"])


def _fields(schema: type[BaseModel], path: Path_) -> list[str]:
    """Return the names that the schema knows at `path`."""
    here: Any = schema
    for part in path:
        here = _inner(here, part)
    models = [m for m in (here, *get_args(here)) if isinstance(m, type) and issubclass(m, BaseModel)]
    return list(models[0].model_fields) if models else []


def _inner(annotation: Any, part: str | int) -> Any:
    """Return the type of one part of a value of type `annotation`."""
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(a for a in get_args(annotation) if a is not type(None))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_fields[str(part)].annotation
    arguments = get_args(annotation)
    return arguments[1] if get_origin(annotation) is dict else arguments[0]


def names(values: list[str]) -> str:
    """Return names in quotes for reading."""
    return listed([shown(v) for v in values])
