"""A label at the end of an answer's text: "Entwurf, von einem Menschen zu prüfen", in every wire API.

Stands between an `Answer` and the client: what comes through was restored and hidden already, and what is recorded,
counted or kept of the answer does not know that a label follows. One file per dialect.

Kept true: each run of texts in an answer (what no call of a tool interrupts) ends with the label, in a stream and in a
complete answer alike; nothing else changes, and events in which nothing changes pass as they are. An answer without
text has none (only calls of tools), nor has one that programs read as JSON, one that ends as a refusal, with an error,
or that was broken off. One that reached its length has it: it is read like any other.

A client sends the label back as if the model had said it; `without_labels` takes it away before anybody looks. Not
recognised is a label whose words policy has changed since, or that a client shows in another form.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, Final

from gateway.wire.dialect import Answer
from gateway.wire.document import Document
from gateway.wire.labels.chat import LabelledChat, LabelledCompletion
from gateway.wire.labels.common import Labelled
from gateway.wire.labels.messages import LabelledMessage
from gateway.wire.labels.responses import LabelledResponse

_FORMS: Final[Mapping[str, type[Labelled]]] = MappingProxyType({
    "chat": LabelledChat, "completions": LabelledCompletion, "responses": LabelledResponse,
    "messages": LabelledMessage})
"""The wire APIs whose answers a person reads."""


def labelled(dialect: str, answer: Answer, label: str, request: Mapping[str, Any]) -> Answer:
    """Return the answer with the label (lines) at its end, where `request` is one for a text to be read."""
    form = _FORMS.get(dialect)
    return answer if not label or form is None or is_structured(request) else form(answer, in_italics(label))


def is_structured(request: Mapping[str, Any]) -> bool:
    """Whether the answer is wanted in a form that programs read."""
    text, config = request.get("text"), request.get("output_config")
    wanted = (request.get("response_format"), text.get("format") if isinstance(text, dict) else None,
              config.get("format") if isinstance(config, dict) else None)
    return any(form.get("type") != "text" if isinstance(form, dict) else form is not None for form in wanted)


def in_italics(label: str) -> str:
    """Return what is added to a text: a blank line, and each line in Markdown."""
    return "\n\n" + "\n".join(f"*{line}*" for line in label.split("\n"))


def without_labels(document: Document, labels: Collection[str]) -> None:
    """Take labels off the ends of what the model is said to have said earlier. What is nothing else stays."""
    endings = tuple(f"\n*{label}*" for label in labels)
    for slot in document.slots:
        if slot.scope != "history" or slot.kind != "text" or not (text := slot.text.rstrip()).endswith(endings):
            continue
        while ending := next((e for e in endings if text.endswith(e)), ""):
            text = text.removesuffix(ending).rstrip()
        if text:
            slot.text = slot.holder[slot.key] = text
