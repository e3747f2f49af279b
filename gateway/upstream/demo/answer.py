"""What the demo says: a pure function of what it received.

Keeps true: the answer uses the placeholders it saw (so that a reader sees them turned back into names) and quotes
the message with the same placeholders spelt ``‹PERSON·1›`` for ``[PERSON1]``. That spelling is for people:
restoration looks for square brackets around label and number, in any case, with spaces, escaped or full-width; single
guillemets and a middle dot are none of these in any Unicode normalisation, so the quotation stays as the provider
saw it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

DEMO = "Dies ist die eingebaute Demo, kein Sprachmodell."
QUOTE_LIMIT = 20_000
"""Characters that are quoted; the answer says how many it left out."""

PLACEHOLDER = re.compile(r"\[([A-Z]{2,24})([0-9]{1,7}(?:[A-Z]{1,2}[0-9]{0,7})?)\]")


class MalformedError(Exception):
    """A request that is not of the API's form; its argument names the field, never the content."""


@dataclass(slots=True)
class Received:
    """What reached the demo, whichever API it came by."""

    text: str = ""
    """The newest message of the person."""
    tool_result: str | None = None
    """The result of a tool, when that came last."""
    earlier: int = 0
    """Further messages before it."""
    instructions: int = 0
    """System and developer messages."""
    tools: list[dict[str, Any]] = field(default_factory=list)
    """``{"name", "description", "parameters"}`` each."""
    tool_choice: str = "auto"
    """``auto``, ``none``, ``required`` or the name of one tool."""


def placeholders(text: str) -> list[str]:
    """Return the placeholders in `text`, each once, in order."""
    return list(dict.fromkeys(match.group() for match in PLACEHOLDER.finditer(text)))


def quoted(text: str) -> str:
    """Return `text` as a Markdown quotation whose placeholders restoration leaves alone."""
    shown = PLACEHOLDER.sub(lambda m: f"‹{m[1]}·{m[2]}›", text[:QUOTE_LIMIT])
    lines = "\n".join(f"> {line}" if line else ">" for line in shown.split("\n"))
    left_out = len(text) - QUOTE_LIMIT
    if left_out > 0:
        lines += f"\n\n(Zitiert sind die ersten {QUOTE_LIMIT} Zeichen; {left_out} weitere sind angekommen.)"
    return lines


def compose(received: Received, variant: int = 0) -> str:
    """Return the answer; `variant` numbers the further choices that a request may ask for."""
    seen = placeholders(received.text)
    names = [name for name in seen if name.startswith("[PERSON")]
    parts = [f"Guten Tag {names[0]}," if names else "Guten Tag,"]
    about = f"{DEMO} Ihre Nachricht ist angekommen ({len(received.text)} Zeichen{_company(received)})."
    parts.append(about if variant == 0 else f"{about} Das ist Vorschlag {variant + 1}.")
    if received.tool_result is not None:
        parts.append(f"Das Werkzeug hat geantwortet: {received.tool_result}")
        parts.append(f"So kam das Ergebnis des Werkzeugs beim Anbieter an:\n\n{quoted(received.tool_result)}")
    if seen:
        parts.append("Ein Anbieter kennt Ihre Angaben nur als Platzhalter. "
                     f"KI-Pforte setzt sie in der Antwort wieder ein: {', '.join(seen)}.")
    parts.append(f"So kam Ihre Nachricht beim Anbieter an:\n\n{quoted(received.text)}")
    return "\n\n".join(parts)


def pieces(text: str) -> list[str]:
    """Cut `text` into small pieces of changing length, so that placeholders are cut in every way."""
    lengths = (7, 3, 11, 5, 2, 9, 4, 1, 8)
    found, start, turn = [], 0, 0
    while start < len(text):
        length = lengths[turn % len(lengths)]
        found.append(text[start:start + length])
        start, turn = start + length, turn + 1
    return found


def tokens(text: str) -> int:
    """Return a rough count of tokens: four characters each."""
    return (len(text) + 3) // 4


def _company(received: Received) -> str:
    counts = ((received.instructions, "Systemanweisung", "Systemanweisungen"),
              (received.earlier, "frühere Nachricht", "frühere Nachrichten"),
              (len(received.tools), "Werkzeug", "Werkzeuge"))
    return "".join(f", {count} {one if count == 1 else many}" for count, one, many in counts if count)
