"""A made-up town for measuring policies: 40 departments, 60 models, 500 rules, profiles, groups and aliases, as files.

Written as a person would write it, YAML with comments, because reading it is part of what is measured. KI-Pass and
documents are the shipped ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "policies"
DEPARTMENTS, MODELS, GROUPS, PROFILES = 40, 60, 6, 4
KINDS = ("PERSON", "IBAN", "HEALTH", "CRIME", "BIRTHDATE", "EMAIL", "PHONE", "ADDRESS", "RELIGION", "ORIGIN")
ACTIONS = ("mask", "in_house", "refuse")
_ZONES = ("haus", "DE", "EU", "drittland")
_CLASSES = "public, internal, personal, special, criminal"


def write(folder: Path) -> Path:
    """Write the policy folder and return it."""
    shutil.copytree(SHIPPED / "documents", folder / "documents")
    for name in ("ki-pass.yaml", "erkennung.yaml"):
        shutil.copy(SHIPPED / name, folder / name)
    files = {"organisation.yaml": _organisation(), "models.yaml": _register()}
    files |= {f"departments/amt-{n}.yaml": _department(n) for n in range(DEPARTMENTS)}
    files |= {f"profiles/profil-{n}.yaml": _profile(n) for n in range(PROFILES)}
    files |= {f"groups/gruppe-{n}.yaml": _group(n) for n in range(GROUPS)}
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _organisation() -> str:
    allow = "\n".join(f"    - modell-{n}" for n in range(MODELS))
    purposes = "\n".join(f"    zweck-{n}: {{title: Zweck {n}, pass_scopes: [personenbezogen]}}" for n in range(20))
    findings = "\n".join(f"      {kind}: placeholder" for kind in KINDS)
    fallback = "\n".join(f"    modell-{n}: [modell-{n - 4}, modell-{n - 8}]" for n in range(8, MODELS))
    return f"""# Was für die ganze Stadtverwaltung gilt.
version: 1
name: Stadt Messdorf
id: messdorf.example/ki-pforte/1
base_url: https://ki.messdorf.example
legal_basis: Art. 6 Abs. 1 Buchst. e DSGVO
contact:
  ki_pass_stelle: KI-Pass-Stelle, Tel. 06000 12-345
  datenschutz: Datenschutzbeauftragte
  it: IT-Service
profiles: [profil-0]
models:
  allow:
{allow}
  require: [avv, training_excluded]
purposes:
  allow:
    allgemein: {{title: Allgemeine Büroarbeit}}
{purposes}
ki_pass:
  required: [basis]
content:
  in_house:
    opaque: {{image: inspect, audio: refuse, file: inspect}}
  # Außer Haus wird ersetzt, was auf Menschen zeigt.
  outside:
    findings:
{findings}
    pass_scopes: {{personal: [personenbezogen], special: [fachverfahren]}}
    opaque: {{image: inspect, file: inspect}}
routing:
  in_house: [modell-0, modell-4]
  fallback:
{fallback}
limits:
  person: {{requests_per_minute: 30, tokens_per_day: 200000}}
  organisation: {{euro_per_month: 5000}}
hours: {{begin: 06:00, end: 22:00}}
conversations: {{keep_hours: 24}}
"""


def _register() -> str:
    models = "".join(_model(n, _ZONES[n % 4]) for n in range(MODELS))
    near = ", ".join(f"modell-{n}" for n in range(0, MODELS, 4))
    aliases = "".join(f"  name-{n}: {{name: N {n}, models: [modell-{3 + 4 * n}, modell-{2 + 4 * n}, modell-{4 * n}]}}\n"
                      for n in range(10))
    return f"version: 1\nmodels:\n{models}groups:\n  nah: [{near}]\naliases:\n{aliases}"


def _model(n: int, zone: str) -> str:
    agreement = "" if zone == "haus" else f"""    pass_scopes: [{"bild" if zone == "drittland" else ""}]
    # Unterschrieben liegt die Vereinbarung bei der Vergabestelle.
    avv:
      concluded: 2026-03-01
      sha256: {n:064x}
      until: 2028-02-29
    retention_days: 30
    sub_processors: [Rechenzentrum Nord GmbH]
    prices: {{input: 0.40, output: 1.20}}
"""
    return f"""  # Modell Nummer {n}: wofür es da ist und wer es betreut.
  modell-{n}:
    name: Modell {n}
    description: Sprachmodell für Texte aller Art, beschafft über den Rahmenvertrag.
    adapter: openai
    target: anbieter/modell-{n}
    base_url: https://llm-{n}.example/v1
    api_key_env: MODELL_{n}_KEY
    dialects: [chat, responses, messages, embeddings]
    enabled: true
    in_house: {"true" if zone == "haus" else "false"}
    zone: {zone}
    provider: Anbieter {n}
    operator: Betreiber {n}
    region: {zone}
    transfer_basis: keine Übermittlung
    data_classes: [{_CLASSES}]
{agreement}    training_excluded: true
    retention: 30 Tage
    risk_class: begrenzt
    overseer: IT-Leitung
    context_length: 131072
"""


def _findings(n: int, count: int) -> str:
    return "\n".join(f"      {KINDS[(n + i) % len(KINDS)]}: {ACTIONS[(n + i) % 3]}" for i in range(count))


def _rules(n: int) -> str:
    return f"""models:
  deny: [modell-{n % MODELS}, modell-{(n + 17) % MODELS}]
purposes:
  deny: [zweck-{n % 20}]
ki_pass:
  models: {{modell-{n % 4}: [bild], "@nah": [personenbezogen]}}
content:
  outside:
    findings:
{_findings(n, 6)}
"""


def _department(n: int) -> str:
    return f"""# Abteilung {n}
version: 1
name: Abteilung {n}
legal_basis: § {n + 1} der Hauptsatzung
profiles: [profil-{1 + n % (PROFILES - 1)}]
{_rules(n)}    answers: flag
limits:
  person: {{requests_per_minute: 20}}
  department: {{tokens_per_day: 2000000}}
hours: {{days: [mo, di, mi, do, fr], begin: 06:30, end: 20:00}}
untrusted_tools: [search_web, fetch_url]
"""


def _profile(n: int) -> str:
    return f"version: 1\nname: Profil {n}\ndescription: Ein Satz Regeln zum Weiterverwenden.\n{_rules(n)}"


def _group(n: int) -> str:
    return f"version: 1\nname: Gruppe {n}\n{_rules(n)}clear_text: refuse\n"


def facts_of_people() -> Iterator[tuple[str, frozenset[str], str]]:
    """Yield department, groups and model of requests that together touch everything."""
    for n in range(DEPARTMENTS):
        for m in range(n % 7, MODELS, 7):
            groups = frozenset({f"gruppe-{n % GROUPS}"}) if m % 3 == 0 else frozenset[str]()
            yield f"amt-{n}", groups, f"modell-{m}" if m % 5 else f"name-{m % 10}"
