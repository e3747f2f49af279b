"""The five questions of the first set-up, in their order, with everything else that can be said beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.model import first_checks as check
from gateway.model.first_setup import OUTSIDE, USUAL, WITH_ADDRESS, Question, Step

SIZES: Final = {"gemeinde-klein": "bis etwa 50 Beschäftigte", "gemeinde-mittel": "einige hundert",
                "gemeinde-gross": "tausend und mehr"}
PROVIDERS: Final = {
    "demo": "Nur die eingebaute Demo: zeigt, was ein Anbieter sähe",
    "ollama-lokal": "Ollama auf einem Rechner im Haus", "vllm-haus": "vLLM auf eigenen Servern",
    "eu-cloud": "Ein Anbieter in Deutschland oder der EU mit OpenAI-Schnittstelle",
    "mistral-large": "Mistral AI (Frankreich)", "gpt-azure-eu": "Azure OpenAI (EU)",
    "gpt-openai": "OpenAI (USA), nur öffentliche Texte", "claude": "Anthropic (USA), nur öffentliche Texte"}
_USA: Final = (
    "Drittland: Die Texte gehen in die USA, auf Grundlage von Standardvertragsklauseln. Freigegeben ist das Modell nur "
    "für öffentliche Texte und nur für Personen mit der Schulung zum Datenschutz. Sie brauchen einen Zugangsschlüssel "
    "und die Vereinbarung zur Auftragsverarbeitung (AVV, dort DPA).")
GUIDES: Final[Mapping[str, str]] = {
    "demo":
        "Nichts verlässt das Haus. Die Demo ist kein Sprachmodell: Sie zeigt, was ein Anbieter erhalten "
        "hätte. Einen Anbieter tragen Sie danach in models.yaml ein.",
    "ollama-lokal":
        "Ollama läuft auf einem Rechner im Haus, das Modell ist dort schon geladen („ollama pull "
        "llama3.1:8b“). Die Texte bleiben im Haus; ein Vertrag und ein Zugangsschlüssel sind nicht nötig.",
    "vllm-haus":
        "vLLM läuft auf einem Server, den Sie selbst betreiben. Die Texte bleiben im Haus; ein Vertrag ist "
        "nicht nötig. Betreibt ihn ein Rechenzentrum für Sie, wählen Sie bitte den Anbieter in Deutschland "
        "oder der EU.",
    "eu-cloud":
        "Zum Beispiel ein kommunales Rechenzentrum oder ein Cloud-Anbieter. Sie brauchen von dort die Adresse "
        "der OpenAI-Schnittstelle, den Namen des Modells, einen Zugangsschlüssel und die Vereinbarung zur "
        "Auftragsverarbeitung (AVV). Freigegeben ist das Modell für öffentliche und interne Texte.",
    "mistral-large":
        "Sie brauchen einen Zugangsschlüssel aus der Verwaltung Ihres Kontos bei Mistral und die Vereinbarung "
        "zur Auftragsverarbeitung (AVV). Der Anbieter sitzt in Paris; wer für ihn wo arbeitet, steht in der Anlage "
        "zur AVV. Freigegeben ist das Modell für öffentliche und interne Texte.",
    "gpt-azure-eu":
        "Sie brauchen den Endpunkt Ihrer Azure-Ressource in einer Region der EU, den Namen der Bereitstellung "
        "(Deployment), einen Schlüssel und die Vereinbarung zur Auftragsverarbeitung (AVV). Der Mutterkonzern "
        "sitzt in den USA; die Grundlage dafür steht im Register. Freigegeben ist das Modell für öffentliche "
        "und interne Texte.",
    "gpt-openai": _USA, "claude": _USA,
}
"""What each provider needs and what the choice means, shown where it is chosen."""


def steps(departments: Mapping[str, str]) -> tuple[Step, ...]:
    """Return the five questions; ``departments`` are the ready-made ones: key -> name."""
    return (_municipality(departments), _way_in(), _technicians(), _data_protection(), _model())


def told() -> Iterator[str]:
    """Yield every sentence of the questions that whoever reads another language reads in it."""
    for step in steps({}):
        yield from (step.title, step.lead)
        for question in step.questions:
            yield from (question.label, question.hint, *question.options.values())
    yield from GUIDES.values()


def _municipality(departments: Mapping[str, str]) -> Step:
    usual = "\n".join(key for key in USUAL if key in departments)
    return Step("verwaltung", "Ihre Verwaltung", "Wie heißt sie? So steht sie auf jeder Seite.", (
        Question("name", "Name der Verwaltung", "Zum Beispiel: Gemeinde Neudorf.", longest=80),
        Question("size", "Wie groß sind Sie?", "Danach richten sich Grenzen und Vorgaben.", "choice", SIZES,
                 default="gemeinde-klein", more=True),
        Question("departments", "Ämter mit fertigen Regeln", "„Allgemeine Verwaltung“ gibt es immer.", "several",
                 departments, optional=True, default=usual, longest=1000, more=True),
        Question("more", "Weitere Ämter", "Eines je Zeile. Für sie gilt zunächst, was für das ganze Haus gilt.",
                 "lines", optional=True, longest=60, more=True),
        Question("domain", "Domain", "Danach heißt Ihr Protokoll, und das bleibt so. Leer: die Domain aus der "
                 "E-Mail-Adresse der IT.", optional=True, check=check.domain, longest=88, more=True),
    ))


def _way_in() -> Step:
    oidc = ("sign_in", ("oidc",))
    return Step("adresse", "Die Adresse", "Unter welcher Adresse öffnen Beschäftigte die Seiten?", (
        Question("address", "Adresse der KI-Pforte", "Mit einem Webserver davor zum Beispiel "
                 "https://ki.neudorf.example. Der Vorschlag gilt nur auf diesem Rechner; später ändern Sie ihn in "
                 "pforte.yaml und organisation.yaml.", check=check.address, longest=54),
        Question("sign_in", "Womit melden sich Beschäftigte an?", "", "choice", {
            "kennwort": "E-Mail-Adresse und Kennwort, in der KI-Pforte gewählt",
            "oidc": "Anmeldedienst der Verwaltung (Keycloak, Entra ID, anderer mit OpenID Connect)"},
            default="kennwort", more=True),
        Question("oidc_preset", "Welcher Dienst?", "", "choice",
                 {"keycloak": "Keycloak", "entra": "Entra ID", "none": "ein anderer"}, default="keycloak", when=oidc,
                 more=True),
        Question("oidc_issuer", "Adresse des Dienstes", "Genau wie sie in seinen Tokens als „iss“ steht.", when=oidc,
                 check=check.address, more=True),
        Question("oidc_client_id", "Name der KI-Pforte beim Dienst (Client ID)", when=oidc, more=True),
        Question("oidc_client_secret", "Geheimnis (Client secret)", "", "secret", when=oidc, longest=500, more=True),
    ))


def _technicians() -> Step:
    return Step("it", "Die IT", "Wer betreut die KI-Pforte? Diese Person trägt danach alle anderen ein.", (
        Question("it_name", "Name", "Zum Beispiel: Ida Technik.", longest=120),
        Question("it_email", "E-Mail-Adresse", check=check.mail),
        Question("contact_it", "Wen fragt man bei technischen Fragen?", "Name oder Stelle, und Telefon. Leer: diese "
                 "Person.", optional=True, more=True),
        Question("contact_pass", "Wen fragt man zum KI-Pass?", "Leer: diese Person.", optional=True, longest=50,
                 more=True),
    ))


def _data_protection() -> Step:
    return Step("datenschutz", "Der Datenschutz", "Wer prüft das Protokoll? Eine andere Person als die IT.", (
        Question("dpo_name", "Name", "Die oder der Datenschutzbeauftragte, auch extern.", longest=120),
        Question("dpo_email", "E-Mail-Adresse", check=check.mail),
        Question("contact_dpo", "Wen fragt man zum Datenschutz?", "Leer: diese Person.", optional=True, more=True),
        Question("council_name", "Personalrat: Name", optional=True, longest=120, more=True),
        Question("council_email", "Personalrat: E-Mail-Adresse", optional=True, check=check.mail, more=True),
        Question("contact_council", "Wie erreicht man den Personalrat?", "Leer: diese Person.", optional=True,
                 more=True),
        Question("anchor_file", "Anker des Protokolls: Datei auf einem anderen Laufwerk oder Rechner",
                 "Täglich eine kurze Notiz, damit eine Kürzung auffällt. Vollständiger Pfad, zum Beispiel "
                 "/mnt/anker/notizen.txt.", optional=True, check=check.absolute, more=True),
        Question("smtp_host", "Mailserver", "Mit ihm gehen die Notiz und Erinnerungen auch per E-Mail an den "
                 "Datenschutz.", optional=True, more=True),
        Question("smtp_from", "Absender dieser E-Mails", optional=True, check=check.mail, more=True),
    ))


def _model() -> Step:
    outside = ("model", OUTSIDE)
    return Step("modell", "Das Sprachmodell", "Woher kommen die Antworten? Eines genügt für den Anfang.", (
        Question("model", "Anbieter", "", "choice", PROVIDERS, default="demo"),
        Question("model_address", "Adresse des Anbieters", "Bei Azure der Endpunkt, zum Beispiel "
                 "https://neudorf.openai.azure.com; sonst die Adresse der Schnittstelle.",
                 suggestions={"ollama-lokal": "http://127.0.0.1:11434", "vllm-haus": "http://127.0.0.1:8000/v1"},
                 when=("model", WITH_ADDRESS), check=check.address),
        Question("model_target", "Name des Modells dort", "Genau so, wie es dort heißt; bei Azure der Name der "
                 "Bereitstellung.", suggestions={"ollama-lokal": "llama3.1:8b"}, when=("model", WITH_ADDRESS),
                 longest=120),
        Question("model_provider", "Name des Anbieters", "So steht er im öffentlichen Register.",
                 when=("model", ("eu-cloud",)), longest=120),
        Question("model_zone", "Wo verarbeitet der Anbieter die Texte?", "So steht es im Vertrag.", "choice",
                 {"DE": "in Deutschland", "EU": "in der EU oder im EWR"}, default="DE",
                 when=("model", ("eu-cloud",))),
        Question("model_key", "Zugangsschlüssel", "Liegt danach in einer Datei, die nur die KI-Pforte liest. "
                 "Fehlt er noch, lassen Sie das leer: „ki-pforte doctor“ sagt, wohin er gehört.", "secret",
                 optional=True, when=("model", ("vllm-haus", *OUTSIDE)), longest=500),
        Question("avv_day", "Tag der Unterschrift unter die AVV", "Vereinbarung zur Auftragsverarbeitung (Art. 28 "
                 "DSGVO). Haben Sie noch keine, lassen Sie das leer: Das Modell wird eingetragen und bleibt "
                 "ausgeschaltet, bis dahin antwortet die Demo.", "date", optional=True, when=outside, check=check.day),
        Question("avv_sha256", "Prüfsumme der unterschriebenen Datei", "Der Befehl „sha256sum avv.pdf“ nennt sie, "
                 "unter Windows „certutil -hashfile avv.pdf SHA256“.", "digest", when=outside, after="avv_day",
                 check=check.sha256),
        Question("model_training", "Darf der Anbieter mit Ihren Eingaben trainieren?", "Der Vertrag muss es "
                 "ausschließen.", "choice", {"nein": "Nein, das schließt der Vertrag aus",
                                             "ja": "Ja, oder es steht nicht fest"}, when=outside, after="avv_day"),
        Question("model_retention", "Wie viele Tage speichert der Anbieter Anfragen?", "0 heißt: gar nicht. Leer: "
                 "was der Vorschlag für diesen Anbieter sagt.", optional=True, when=outside, check=check.days,
                 more=True),
        Question("model_prices", "Preise in Euro für eine Million Token, Anfrage / Antwort", "Zum Beispiel 0,60 / "
                 "0,80. Danach richten sich Budgets. Leer: was der Vorschlag sagt.", optional=True, when=outside,
                 check=check.two_prices, more=True),
    ))
