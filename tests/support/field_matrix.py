"""The page ``docs/felder.md``: what happens to each field of a request, read off the descriptions themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gateway.wire import chat_completions, completions, embeddings, messages, responses
from gateway.wire.chat_completions import ChatCompletions
from gateway.wire.completions import Completions
from gateway.wire.embeddings import Embeddings
from gateway.wire.messages import Messages
from gateway.wire.nodes import Each, Free, JsonText, Node, Obj, Opaque, Schema, Structural, Tagged, Text
from gateway.wire.parts import CIPHER, MEDIA
from gateway.wire.responses import Responses
from gateway.wire.shapes import is_flag, is_name, is_number
from gateway.wire.transcriptions import (
    TRANSCRIPTION,
    TRANSLATION,
    Transcriptions,
    Translations,
    is_language,
    is_written_number,
)
from gateway.wire.withheld import SECRETS, Dropped, Only, ProviderTool

REQUESTS: dict[str, Mapping[str, Node]] = {
    "chat": chat_completions.REQUEST, "completions": completions.REQUEST, "responses": responses.REQUEST,
    "embeddings": embeddings.REQUEST, "messages": messages.REQUEST}
FORMS: dict[str, Mapping[str, Node]] = {"transcriptions": TRANSCRIPTION, "translations": TRANSLATION}
"""Those that come as a form."""
_APIS = {ChatCompletions: "Chat Completions", Completions: "Completions", Responses: "Responses",
         Embeddings: "Embeddings", Messages: "Messages (Anthropic)", Transcriptions: "Mitschriften (Formular)",
         Translations: "Mitschriften auf Englisch (Formular)"}
_KINDS = {"image": "Bild", "audio": "Ton", "video": "Film", "file": "Datei",
          "provider_state": "Daten beim Anbieter"}
_WHY = {"caller": "nennt die Person oder das Programm", "house": "ist für die KI-Pforte bestimmt",
        "secret": "Zugangsdaten Dritter", "choice": "Wahl, die der Betrieb trifft"}
_SCOPES = {"system": "Anweisung", "user": "Frage", "history": "Verlauf", "tool_input": "Aufruf eines Werkzeugs",
           "tool_output": "Ergebnis eines Werkzeugs", "schema": "Beschreibung", "other": "", None: ""}

_TOGETHER: tuple[tuple[Mapping[str, Node], tuple[str, str, str]], ...] = (
    (MEDIA, ("(Bilder, Ton, Filme, Dateien)", "Bild, Ton, Film, Datei", "je nach Art, wie oben beschrieben")),)
"""Groups of fields that stand in many places, and the line for them."""

Row = tuple[str, str, str]


class _Walk:
    """One walk over a request. A part that stands in several places is described once."""

    def __init__(self) -> None:
        self._described: dict[int, str] = {}

    def rows(self, node: Any, path: str) -> Iterator[Row]:
        """Yield (path, class, what happens) for each place below `node`."""
        inside = getattr(node, "inside", None)
        if isinstance(node, Tagged) or (isinstance(node, (Obj, Only)) and len(node.fields) > 4):
            if id(node) in self._described:
                yield path, f"wie `{self._described[id(node)]}`", ""
                return
            self._described[id(node)] = path
        if isinstance(node, Obj):
            yield from self.fields(node.fields, path + ".")
        elif isinstance(node, Only):
            yield from self.fields(node.fields, path + ".")
            yield path + ".(jedes andere Feld)", "weggelassen", "wird gezählt"
        elif isinstance(node, Each):
            yield from self.rows(node.node, path + "[]")
        elif isinstance(node, Tagged):
            for names, one in _grouped({**node.kinds, "andere": node.other}):
                yield from self.rows(one, f"{path}<{names}>")
        elif inside is not None:
            for one in inside if isinstance(inside, tuple) else (inside,):
                yield from self.rows(one, path)
        else:
            yield (path, *_leaf(node))

    def fields(self, fields: Mapping[str, Node], before: str) -> Iterator[Row]:
        """Fields to which the same happens share a line."""
        for all_of, row in _TOGETHER:
            if all_of.items() <= fields.items():
                yield before + row[0], row[1], row[2]
                fields = {name: node for name, node in fields.items() if name not in all_of}
        for names, node in _grouped(fields):
            yield from self.rows(node, before + names)


def _grouped(fields: Mapping[str, Node]) -> list[tuple[str, Node]]:
    groups: list[tuple[list[str], Node]] = []
    for name, node in fields.items():
        same = next((names for names, other in groups if other == node), None)
        if same is None:
            groups.append(([name], node))
        else:
            same.append(name)
    return [(", ".join(names), node) for names, node in groups]


def _leaf(node: Any) -> tuple[str, str]:
    if isinstance(node, Structural):
        shape = ("verschlüsselt oder unterschrieben vom Anbieter" if node is CIPHER else
                 {is_name: "Kennung", is_number: "kurze Zahl", is_written_number: "kurze Zahl", is_flag: "ja oder nein",
                  is_language: "Sprache nach ISO 639"}.get(node.check)
                 or ", ".join(node.words) or "feste Form")
        return f"Struktur ({shape})", "bleibt; jeder andere Inhalt wird geprüft"
    if isinstance(node, Dropped):
        return "weggelassen", _WHY[node.why]
    if isinstance(node, ProviderTool):
        return "Werkzeug beim Anbieter", "nach Richtlinie abgelehnt oder herausgenommen; im Haus geprüft und ersetzt"
    if isinstance(node, Opaque):
        kind = _KINDS[node.kind]
        if node.kind == "provider_state":
            return kind, "abgelehnt"
        if node.kind == "audio":
            return kind, "abgelehnt; bei Modellen im Haus nach Richtlinie durchgelassen"
        return kind, "nach Richtlinie abgelehnt oder als Text gelesen" if kind in ("Bild", "Datei") else "abgelehnt"
    words = {Text: "Text", JsonText: "JSON-Text", Free: "freies JSON", Schema: "JSON-Schema"}[type(node)]
    what = {Text: "geprüft und ersetzt", JsonText: "zerlegt, Werte und Schlüssel geprüft und ersetzt",
            Free: "alle Werte, Zahlen und Schlüssel geprüft und ersetzt",
            Schema: "Beschreibungen, Beispiele und Aufzählungen geprüft und ersetzt"}[type(node)]
    scope = _SCOPES["schema" if isinstance(node, Schema) else node.scope]
    return f"{words} ({scope})" if scope else words, what


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


INTRODUCTION = f"""\
Was mit jedem Feld einer Anfrage geschieht, bevor sie das Haus verlässt. Grundsatz: Alles ist Text und wird geprüft,
außer was hier als Struktur steht und auch so aussieht. Ein Name, der im Feld für eine Rolle oder Kennung steht, sieht
nicht so aus und wird geprüft. Für jede Stelle der veröffentlichten Schemas, an der ein Text stehen kann, setzt ein Test
einen Namen ein und sieht nach, dass er nicht hinausgeht.

| Klasse | was geschieht |
|---|---|
| Struktur | Bleibt, solange der Wert die Form in der Klammer hat; sonst wird er wie Text geprüft. |
| Text | Wird geprüft; Gefundenes wird nach der Richtlinie ersetzt. |
| JSON-Text | Ein Text, der JSON enthält: wird zerlegt, jeder Wert, jede Zahl und jeder Schlüssel geprüft. |
| freies JSON | Jeder Wert, jede Zahl und jeder Schlüssel wird geprüft. |
| JSON-Schema | Beschreibungen, Beispiele, Vorgaben und Aufzählungen werden geprüft; Typen und Feldnamen bleiben. |
| Bild, Datei | Nach der Richtlinie (`opaque`) abgelehnt, oder der Text darin wird gelesen, geprüft und statt ihrer \
gesendet. |
| Ton, Film | Nicht lesbar. Film wird immer abgelehnt, Ton auch, außer die Richtlinie lässt ihn zu Modellen im Haus \
durch. |
| Werkzeug beim Anbieter | Nach der Richtlinie (`opaque`, dort `provider_tool`) abgelehnt oder herausgenommen; nur bei \
Modellen im Haus kann es bleiben, dann wird jeder Wert darin wie freies JSON geprüft. |
| Daten beim Anbieter | Immer abgelehnt: Was dort liegt, lässt sich nicht prüfen. |
| weggelassen | Erhält kein Anbieter; wird gezählt. |

In der Spalte „Feld“ steht `[]` für jeden Eintrag einer Liste und `<art>` für die Art eines Objekts (`type`). Felder,
die ein Objekt sonst noch hat, sind freies JSON, ihr Name eingeschlossen. Felder für Bilder, Ton, Filme und Dateien:
{_quoted(MEDIA)}. Zugangsdaten Dritter an einem Werkzeug beim Anbieter,
die immer weggelassen werden: {_quoted(SECRETS)}.
"""


def page_content() -> str:
    """Return the tables, one for each API."""
    return "\n\n".join(_table(dialect(), name) for dialect, name in _APIS.items())


def _table(dialect: Any, title: str) -> str:
    fields = {**REQUESTS, **FORMS}[dialect.name]
    echoed = responses.ECHOED if dialect.name == "responses" else ()
    found = _Walk().fields(fields, "")
    lines = [f"| `{path}` | {kind} | {what} |" for path, kind, what in found]
    lines.append("| jedes andere Feld | unbekannt | weggelassen und gezählt, oder nach Richtlinie abgelehnt |")
    repeated = ("\n\nDie Antwort wiederholt " + _quoted(echoed) + ": Das Programm erhält dort, was es "
                "geschrieben hat.") if echoed else ""
    paths = " ".join(f"`/v1{path}`" for path in dialect.paths)
    return f"## {title} ({paths})\n\n| Feld | Klasse | was geschieht |\n|---|---|---|\n" + "\n".join(lines) + repeated
