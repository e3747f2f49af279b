"""What people type into their program: one sheet per program, with address, key and model filled in.

The texts stand in ``einrichten/*.txt``, with the words of the handbook's example (``docs/anbindung.md`` shows the same;
a test compares), and are filled in here. Nothing is computed about the programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from gateway.model.people import BlockStyle
from gateway.web.i18n import N_

ADDRESS: Final = "https://ki.musterstadt.example"
KEY: Final = "kip_…"
MODEL: Final = "vllm-haus"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that can be connected."""

    id: str
    name: str
    where: str
    """Where its settings are, in a sentence."""
    block_style: BlockStyle = "error"
    """How it shows a refusal best."""
    service: bool = False
    """Whether it asks for a service rather than for a person."""


PROGRAMS: Final = (
    Program("allgemein", N_("Anderes Programm"), N_("Tragen Sie diese drei Angaben dort ein, wo das Programm nach "
            "einem OpenAI-kompatiblen Anbieter fragt.")),
    Program("open-webui", N_("Open WebUI, eigene Installation"), N_("In der Umgebung, mit der Open WebUI startet."),
            "message"),
    Program("librechat", N_("LibreChat, eigene Installation"), N_("In der Datei .env den Schlüssel, in librechat.yaml "
            "den Rest."), "message"),
    Program("nextcloud", "Nextcloud", N_("In Nextcloud unter Persönliche Einstellungen, Künstliche Intelligenz."),
            "message"),
    Program("chatbox", "Chatbox", N_("Unter Einstellungen, Anbieter, Hinzufügen, OpenAI-kompatibel.")),
    Program("vscode", "VS Code", N_("In der Datei chatLanguageModels.json: Chat: Manage Language Models, Custom "
            "Endpoint.")),
    Program("continue", "Continue", N_("In der Datei ~/.continue/config.yaml.")),
    Program("python", "Python (OpenAI-SDK)", N_("In Ihrem Programm.")),
    Program("curl", N_("Befehlszeile (curl)"), N_("Zum Ausprobieren in einem Terminal.")),
    Program("n8n", "n8n", N_("Zugangsdaten vom Typ OpenAI."), service=True),
    Program("anythingllm", "AnythingLLM", N_("In der Umgebung, mit der AnythingLLM startet."), service=True),
)
BY_ID: Final = {program.id: program for program in PROGRAMS}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The settings of one program, ready to copy."""

    program: Program
    text: str


def sheets(address: str, key: str, model: str, *, service: bool = False) -> list[Sheet]:
    """Return the settings of all programs for people (or for services)."""
    return [Sheet(program, filled(program, address, key, model)) for program in PROGRAMS
            if program.service == service or (service and program.id in ("allgemein", "python", "curl"))]


def filled(program: Program, address: str, key: str, model: str) -> str:
    """Return the settings of one program with these three values in their places."""
    text = template(program.id)
    for placeholder, value in ((ADDRESS, address), (KEY, key), (MODEL, model)):
        text = text.replace(placeholder, value)
    return text


@cache
def template(id_: str) -> str:
    """Return the settings of a program as the handbook has them."""
    return (files("gateway.web") / "einrichten" / f"{id_}.txt").read_text("utf-8").rstrip("\n")
