"""The questions of the first set-up, in six steps: pure, for pages and the terminal alike.

A question knows when it is asked (``when``: another answer is one of these) and what is wrong with an answer, in a
sentence for the person. Nothing here touches a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePath
from typing import Final, Literal
from urllib.parse import urlsplit

Kind = Literal["text", "lines", "choice", "several", "secret", "date"]
Answers = Mapping[str, str]
"""What was typed, by question; several chosen things stand on lines of their own."""

_DOMAIN: Final = re.compile(r"(?=.{4,100}\Z)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_MAIL: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,190}\.[a-zA-Z]{2,}")
_SHA: Final = re.compile(r"[0-9a-f]{64}")
_PRICES: Final = re.compile(r"(\d{1,4}(?:[.,]\d{1,4})?)\s*/\s*(\d{1,4}(?:[.,]\d{1,4})?)")
OUTSIDE: Final = ("eu-cloud", "mistral-large", "gpt-azure-eu", "gpt-openai", "claude")
WITH_ADDRESS: Final = ("vllm-haus", "ollama-lokal", "eu-cloud", "gpt-azure-eu")


def _domain(text: str) -> str:
    return "" if _DOMAIN.fullmatch(text.lower()) else "Bitte geben Sie eine Domain an, zum Beispiel musterstadt.de."


def _address(text: str) -> str:
    parts = urlsplit(text)
    return "" if parts.scheme in ("http", "https") and parts.hostname else (
        "Bitte geben Sie eine Adresse an, die mit https:// oder http:// beginnt.")


def _mail(text: str) -> str:
    return "" if _MAIL.fullmatch(text) else "Bitte geben Sie eine E-Mail-Adresse an."


def _sha256(text: str) -> str:
    return "" if _SHA.fullmatch(text.lower()) else (
        "Eine Prüfsumme hat 64 Ziffern und Buchstaben von a bis f. Der Befehl „sha256sum avv.pdf“ nennt sie.")


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        return "Bitte geben Sie einen Tag an, zum Beispiel 2026-03-01."
    return ""


def _absolute(text: str) -> str:
    return "" if PurePath(text).is_absolute() else "Bitte geben Sie einen vollständigen Pfad an, der mit / beginnt."


def _days(text: str) -> str:
    return "" if text.isascii() and text.isdigit() and len(text) <= 4 else (
        "Bitte geben Sie eine ganze Zahl an; 0 heißt: gar nicht.")


def prices(text: str) -> tuple[float, float] | None:
    """Return the two prices of ``0,60 / 0,80``; None: that is not two prices."""
    found = _PRICES.fullmatch(text.strip())
    return None if found is None else (float(found[1].replace(",", ".")), float(found[2].replace(",", ".")))


def _two_prices(text: str) -> str:
    return "" if prices(text) else "Bitte geben Sie zwei Preise an, zum Beispiel 0,60 / 0,80."


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
    when: tuple[str, tuple[str, ...]] | None = None
    check: Callable[[str], str] | None = None
    longest: int = 200

    def asked(self, answers: Answers) -> bool:
        """Whether this is a question at all, after what was answered so far."""
        return self.when is None or answers.get(self.when[0], "") in self.when[1]

    def problem(self, answers: Answers) -> str:
        """Return what is wrong with the answer; empty: nothing."""
        text = answers.get(self.key, "").strip()
        if not self.asked(answers) or (not text and self.optional):
            return ""
        if not text:
            return "Bitte wählen Sie etwas aus." if self.options else "Bitte füllen Sie dieses Feld aus."
        if len(text) > self.longest * (40 if self.kind == "lines" else 1):
            return f"Bitte kürzen Sie das auf {self.longest} Zeichen."
        if any(ord(c) < 32 and c not in "\r\n" for c in text) or (self.kind != "lines" and self.kind != "several"
                                                                   and "\n" in text):
            return "Hier stehen Zeichen, die nicht möglich sind."
        if self.options and any(one not in self.options for one in text.split()):
            return "Das steht hier nicht zur Auswahl."
        return self.check(text) if self.check else ""


@dataclass(frozen=True, slots=True)
class Step:
    """One page of questions."""

    key: str
    title: str
    lead: str
    questions: tuple[Question, ...]

    def problems(self, answers: Answers) -> dict[str, str]:
        """Return what is wrong, by question."""
        return {q.key: text for q in self.questions if (text := q.problem(answers))}


def steps(departments: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the steps; ``departments`` are the ready-made ones: key -> name."""
    return (
        Step("organisation", "Ihre Verwaltung", "Wie Sie heißen, und wen Beschäftigte fragen können.", (
            Question("name", "Name", "Zum Beispiel: Stadt Musterstadt. So steht er auf jeder Seite.", longest=120),
            Question("domain", "Domain", "Danach heißt Ihr Protokoll. Sie lässt sich später nicht mehr ändern.",
                     check=_domain, longest=100),
            Question("address", "Adresse der KI-Pforte", "Unter dieser Adresse öffnen Beschäftigte die Seiten.",
                     check=_address),
            Question("size", "Wie groß sind Sie?", "Danach richten sich Grenzen und Vorgaben. Sie können alles ändern.",
                     "choice", {"gemeinde-klein": "bis etwa 50 Beschäftigte",
                                "gemeinde-mittel": "einige hundert", "gemeinde-gross": "tausend und mehr"},
                     default="gemeinde-klein"),
            Question("contact_it", "Wen fragt man bei technischen Fragen?", "Name oder Stelle, und Telefon. Leer: die "
                     "Person aus der IT, die Sie unter „Die ersten Personen“ nennen.", optional=True),
            Question("contact_dpo", "Wen fragt man zum Datenschutz?", "Leer: die Person aus dem Datenschutz.",
                     optional=True),
            Question("contact_pass", "Wen fragt man zum KI-Pass?", "Leer: die Person aus der IT.", optional=True),
            Question("contact_council", "Wie erreicht man den Personalrat?", optional=True),
        )),
        Step("aemter", "Ihre Ämter", "Jedes Amt hat eigene Regeln. Für diese gibt es fertige Vorschläge.", (
            Question("departments", "Fertige Vorschläge", "", "several", departments, optional=True, longest=1000),
            Question("more", "Weitere Ämter", "Eines je Zeile. Für sie gilt zunächst, was für das ganze Haus gilt.",
                     "lines", optional=True, longest=80),
        )),
        Step("modell", "Ihr Sprachmodell", "Eines genügt für den Anfang. Weitere kommen später in models.yaml.", (
            Question("model", "Woher kommen die Antworten?", "", "choice", {
                "demo": "Nur die eingebaute Demo: zeigt, was ein Anbieter sähe",
                "ollama-lokal": "Ollama auf einem Rechner im Haus", "vllm-haus": "vLLM auf eigenen Servern",
                "eu-cloud": "Ein Anbieter in Deutschland oder der EU mit OpenAI-Schnittstelle",
                "mistral-large": "Mistral AI (Frankreich)", "gpt-azure-eu": "Azure OpenAI (EU)",
                "gpt-openai": "OpenAI (USA), nur öffentliche Texte",
                "claude": "Anthropic (USA), nur öffentliche Texte"}, default="demo"),
            Question("model_address", "Adresse des Anbieters", "Zum Beispiel http://127.0.0.1:11434 für Ollama oder "
                     "http://rechner:8000/v1 für vLLM.", when=("model", WITH_ADDRESS), check=_address),
            Question("model_target", "Name des Modells dort", "Zum Beispiel llama3.1:8b.",
                     when=("model", WITH_ADDRESS), longest=120),
            Question("model_provider", "Name des Anbieters", "So steht er im öffentlichen Register.",
                     when=("model", ("eu-cloud",)), longest=120),
            Question("model_zone", "Wo verarbeitet der Anbieter die Texte?", "So steht es im Vertrag.", "choice",
                     {"DE": "in Deutschland", "EU": "in der EU oder im EWR"}, default="DE",
                     when=("model", ("eu-cloud",))),
            Question("model_key", "Zugangsschlüssel", "Liegt danach in einer Datei, die nur die KI-Pforte liest.",
                     "secret", optional=True, when=("model", ("vllm-haus", *OUTSIDE)), longest=500),
            Question("avv_day", "Tag der Unterschrift unter die Vereinbarung zur Auftragsverarbeitung",
                     "Ohne sie geht außer Haus nichts hinaus (Art. 28 DSGVO).", "date", when=("model", OUTSIDE),
                     check=_day),
            Question("avv_sha256", "Prüfsumme der unterschriebenen Datei", "Der Befehl „sha256sum avv.pdf“ nennt sie.",
                     when=("model", OUTSIDE), check=_sha256),
            Question("model_training", "Darf der Anbieter mit Ihren Eingaben trainieren?", "Der Vertrag muss es "
                     "ausschließen.", "choice", {"nein": "Nein, das schließt der Vertrag aus",
                                                 "ja": "Ja, oder es steht nicht fest"}, when=("model", OUTSIDE)),
            Question("model_retention", "Wie viele Tage speichert der Anbieter Anfragen?", "0 heißt: gar nicht. Leer: "
                     "was der Vorschlag für diesen Anbieter sagt.", optional=True, when=("model", OUTSIDE),
                     check=_days),
            Question("model_prices", "Preise in Euro für eine Million Token, Anfrage / Antwort", "Zum Beispiel 0,60 / "
                     "0,80. Danach richten sich Budgets. Leer: was der Vorschlag sagt.", optional=True,
                     when=("model", OUTSIDE), check=_two_prices),
        )),
        Step("anmeldung", "Anmeldung", "Wie Beschäftigte sich auf den Seiten anmelden.", (
            Question("sign_in", "Womit?", "", "choice", {
                "kennwort": "E-Mail-Adresse und Kennwort, in der KI-Pforte gewählt",
                "oidc": "Anmeldedienst der Verwaltung (Keycloak, Entra ID, anderer mit OpenID Connect)"},
                default="kennwort"),
            Question("oidc_preset", "Welcher Dienst?", "", "choice",
                     {"keycloak": "Keycloak", "entra": "Entra ID", "none": "ein anderer"}, default="keycloak",
                     when=("sign_in", ("oidc",))),
            Question("oidc_issuer", "Adresse des Dienstes", "Genau wie sie in seinen Tokens als „iss“ steht.",
                     when=("sign_in", ("oidc",)), check=_address),
            Question("oidc_client_id", "Name der KI-Pforte beim Dienst (Client ID)", when=("sign_in", ("oidc",))),
            Question("oidc_client_secret", "Geheimnis (Client secret)", "", "secret", when=("sign_in", ("oidc",)),
                     longest=500),
        )),
        Step("personen", "Die ersten Personen", "Alle weiteren tragen diese ein, einzeln oder aus einer Datei.", (
            Question("it_name", "IT: Name"), Question("it_email", "IT: E-Mail-Adresse", check=_mail),
            Question("dpo_name", "Datenschutz: Name"),
            Question("dpo_email", "Datenschutz: E-Mail-Adresse", "Eine andere Person als die IT.", check=_mail),
            Question("council_name", "Personalrat: Name", optional=True),
            Question("council_email", "Personalrat: E-Mail-Adresse", optional=True, check=_mail),
        )),
        Step("anker", "Anker des Protokolls", "Damit eine Kürzung des Protokolls auffällt, liegt täglich eine kurze "
             "Notiz an einer zweiten Stelle, am besten dort, wo die IT nichts ändern kann.", (
                 Question("anchor_file", "Datei auf einem anderen Laufwerk oder Rechner",
                          "Vollständiger Pfad, zum Beispiel /mnt/anker/notizen.txt.", optional=True, check=_absolute),
                 Question("smtp_host", "Mailserver", "Mit ihm gehen die Notiz und Erinnerungen auch per E-Mail an den "
                          "Datenschutz.", optional=True),
                 Question("smtp_from", "Absender dieser E-Mails", optional=True, check=_mail),
             )),
    )


def together(answers: Answers) -> dict[str, str]:
    """Return what does not fit together, by question."""
    found = {}
    mails = [answers.get(key, "").strip().lower() for key in ("it_email", "dpo_email", "council_email")]
    if mails[0] and mails[0] == mails[1]:
        found["dpo_email"] = "Bitte nennen Sie eine andere Person als die IT: Wer das Protokoll prüft, soll " \
                             "nicht der Betrieb sein."
    if mails[2] and mails[2] in mails[:2]:
        found["council_email"] = "Bitte nennen Sie für den Personalrat eine andere Person."
    for of in ("council_name", "council_email"):
        other = "council_email" if of == "council_name" else "council_name"
        if answers.get(other, "").strip() and not answers.get(of, "").strip():
            found[of] = "Bitte füllen Sie beide Felder zum Personalrat aus, oder keines."
    if not answers.get("departments", "").strip() and not answers.get("more", "").strip():
        found["departments"] = "Bitte wählen Sie mindestens ein Amt, oder schreiben Sie eines auf."
    if answers.get("model") in OUTSIDE and answers.get("model_address", "https://").strip().startswith("http://") \
            and answers.get("model") in WITH_ADDRESS:
        found["model_address"] = "Außer Haus geht nichts unverschlüsselt. Bitte geben Sie eine Adresse mit https:// an."
    if answers.get("model") in OUTSIDE and answers.get("model_training") == "ja":
        found["model_training"] = "Dann darf nichts dorthin. Bitte vereinbaren Sie den Ausschluss, oder wählen Sie " \
                                  "vorerst die Demo oder ein Modell im Haus."
    if bool(answers.get("smtp_host", "").strip()) != bool(answers.get("smtp_from", "").strip()):
        found["smtp_from"] = "Mailserver und Absender gehören zusammen. Bitte füllen Sie beide aus, oder keines."
    return found


def completed(steps_: tuple[Step, ...], answers: Answers) -> dict[str, str]:
    """Return the answers with everything filled in that follows from the others: defaults, and who is asked."""
    said = {q.key: q.default for step in steps_ for q in step.questions} | dict(answers)
    for key, prefix in (("contact_it", "it"), ("contact_dpo", "dpo"), ("contact_pass", "it"),
                        ("contact_council", "council")):
        name, mail = (said.get(f"{prefix}_{what}", "").strip() for what in ("name", "email"))
        if not said.get(key, "").strip() and mail:
            said[key] = f"{name}, {mail}"
    return said
