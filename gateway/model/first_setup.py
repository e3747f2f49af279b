"""What the first set-up asks: five questions, and more for who wants to say more. Pure, for pages and terminal alike.

A question knows when it is asked (``when``: another answer is one of these; ``after``: another answer is given) and
what is wrong with an answer, in a sentence for the person. What is marked ``more`` has a safe default: it stands folded
away on the page and in a file of answers, and nobody is asked for it at a terminal. Nothing here touches a file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from gateway.model.first_checks import domain, key_of

Kind = Literal["text", "lines", "choice", "several", "secret", "date", "digest"]
"""``digest``: the SHA-256 of a file; terminal and file of answers also take the path and work it out."""
Answers = Mapping[str, str]
"""What was typed, by question; several chosen things stand on lines of their own."""

_MAIL_PROVIDERS: Final = frozenset({
    "arcor.de", "freenet.de", "gmail.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "icloud.com",
    "live.de", "mailbox.org", "outlook.com", "outlook.de", "posteo.de", "t-online.de", "web.de", "yahoo.com",
    "yahoo.de"})
"""Whose domain says nothing about the town hall behind an address."""

_MOST_LINES: Final = 200
IN_HOUSE: Final = ("demo", "ollama-lokal", "vllm-haus")
OUTSIDE: Final = ("eu-cloud", "mistral-large", "gpt-azure-eu", "gpt-openai", "claude")
ABROAD: Final = ("gpt-openai", "claude")
"""In a third country: nobody is let there who did not choose it."""
WITH_ADDRESS: Final = ("vllm-haus", "ollama-lokal", "eu-cloud", "gpt-azure-eu")
USUAL: Final = ("bauamt", "buergerbuero", "kaemmerei", "personalamt", "standesamt")
"""The departments that nearly every municipality has."""
NOT_POSSIBLE: Final = "Hier stehen Zeichen, die nicht möglich sind."
EMPTY: Final = "Bitte füllen Sie dieses Feld aus."
NOT_CHOSEN: Final = "Bitte wählen Sie etwas aus."
NOT_OFFERED: Final = "Das steht hier nicht zur Auswahl."
TOO_LONG: Final = "Bitte kürzen Sie das auf {count} Zeichen."


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask."""

    key: str
    label: str
    hint: str = ""
    kind: Kind = "text"
    options: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False
    default: str = ""
    suggestions: Mapping[str, str] = field(default_factory=dict)
    """What to suggest, by the answer that ``when`` looks at."""
    when: tuple[str, tuple[str, ...]] | None = None
    after: str = ""
    check: Callable[[str], str] | None = None
    longest: int = 200
    more: bool = False

    def shown(self, answers: Answers) -> bool:
        """Whether it has a place on the page, after what was answered so far."""
        return self.when is None or answers.get(self.when[0], "") in self.when[1]

    def asked(self, answers: Answers) -> bool:
        """Whether this is a question at all, after what was answered so far."""
        return self.shown(answers) and (not self.after or bool(answers.get(self.after, "").strip()))

    def suggestion(self, answers: Answers) -> str:
        """Return what is taken when nothing is typed."""
        return self.suggestions.get(answers.get(self.when[0], ""), "") if self.when and self.suggestions else \
            self.default

    def problem(self, answers: Answers) -> str:
        """Return what is wrong with the answer; empty: nothing."""
        text = answers.get(self.key, "").strip()
        if not self.asked(answers) or (not text and self.optional):
            return ""
        if not text:
            return NOT_CHOSEN if self.options else EMPTY
        lines = text.replace("\r\n", "\n").split("\n") if self.kind in ("lines", "several") else [text]
        if len(text if self.kind == "several" else max(lines, key=len)) > self.longest or len(lines) > _MOST_LINES:
            return TOO_LONG.format(count=self.longest)
        if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for line in lines for c in line):
            return NOT_POSSIBLE  # control characters; a byte that is no UTF-8 arrives as half a pair
        if self.options and any(one not in self.options for one in text.split()):
            return NOT_OFFERED
        return self.check(text) if self.check else ""


@dataclass(frozen=True, slots=True)
class Step:
    """One of the five questions, with what belongs to it."""

    key: str
    title: str
    lead: str
    questions: tuple[Question, ...]

    def problems(self, answers: Answers) -> dict[str, str]:
        """Return what is wrong, by question."""
        return {q.key: text for q in self.questions if (text := q.problem(answers))}


def together(answers: Answers) -> dict[str, str]:
    """Return what does not fit together, by question."""
    said = {key: text.strip() for key, text in answers.items()}
    return dict(_about_people(said)) | dict(_about_the_model(said)) | (
        {"smtp_from": "Mailserver und Absender gehören zusammen. Bitte füllen Sie beide aus, oder keines."}
        if bool(said.get("smtp_host")) != bool(said.get("smtp_from")) else {})


def _about_people(said: Answers) -> Iterator[tuple[str, str]]:
    it, dpo, council = (said.get(key, "").lower() for key in ("it_email", "dpo_email", "council_email"))
    if it and it == dpo:
        yield "dpo_email", ("Bitte nennen Sie eine andere Person als die IT: Wer das Protokoll prüft, soll nicht der "
                            "Betrieb sein.")
    if council and council in (it, dpo):
        yield "council_email", "Bitte nennen Sie für den Personalrat eine andere Person."
    for of, other in (("council_name", "council_email"), ("council_email", "council_name")):
        if said.get(other) and not said.get(of):
            yield of, "Bitte füllen Sie beide Felder zum Personalrat aus, oder keines."


def _about_the_model(said: Answers) -> Iterator[tuple[str, str]]:
    model = said.get("model", "")
    if model in OUTSIDE and model in WITH_ADDRESS and said.get("model_address", "").startswith("http://"):
        yield "model_address", "Außer Haus geht nichts unverschlüsselt. Bitte geben Sie eine Adresse mit https:// an."
    if model in OUTSIDE and said.get("avv_day") and said.get("model_training") == "ja":
        yield "model_training", ("Dann darf nichts dorthin. Bitte vereinbaren Sie den Ausschluss, oder wählen Sie "
                                 "vorerst die Demo oder ein Modell im Haus.")
    if model in OUTSIDE and said.get("avv_sha256") and not said.get("avv_day"):
        yield "avv_day", "Tag und Prüfsumme gehören zusammen. Bitte füllen Sie beide aus, oder keines."


def ready(answers: Answers) -> bool:
    """Whether the chosen model may be switched on: in the house, or with a contract. Until then the demo answers."""
    return answers.get("model", "") in IN_HOUSE or bool(answers.get("avv_day", "").strip())


def completed(steps_: tuple[Step, ...], answers: Answers) -> dict[str, str]:
    """Return the answers with everything filled in that follows from the others: defaults, and who is asked."""
    said = {q.key: q.default for step in steps_ for q in step.questions} | dict(answers)
    for step in steps_:
        for q in step.questions:
            if q.suggestions and q.asked(said) and not said[q.key].strip():
                said[q.key] = q.suggestion(said)
    if not said.get("domain", "").strip():
        said["domain"] = domain_of(said)
    for key, prefix in (("contact_it", "it"), ("contact_dpo", "dpo"), ("contact_pass", "it"),
                        ("contact_council", "council")):
        name, mail = (said.get(f"{prefix}_{what}", "").strip() for what in ("name", "email"))
        if not said.get(key, "").strip() and mail:
            room = next((q.longest for step in steps_ for q in step.questions if q.key == key), 200)
            said[key] = next((text for text in (f"{name}, {mail}", mail, name) if 3 <= len(text) <= room), mail[:room])
    return said


def domain_of(answers: Answers) -> str:
    """Return the domain that names the ledger: that of the IT's address, unless it is that of a mail provider."""
    found = answers.get("it_email", "").strip().lower().rpartition("@")[2]
    try:
        found = found.encode("idna").decode() if found else ""
    except UnicodeError:
        found = ""
    if found in _MAIL_PROVIDERS or domain(found):
        return f"{key_of(answers.get('name', '')) or 'verwaltung'}.internal"
    return found
