"""What ``ki-pforte doctor`` looks at: each part of the house, its state in words, and what to do."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

from audit import LedgerError, anchor_warnings
from gateway.census import identity_warnings
from gateway.cli.context import CliContext
from gateway.cli.doctor_finding import FAULT as FAULT
from gateway.cli.doctor_finding import GOOD as GOOD
from gateway.cli.doctor_finding import NOTICE as NOTICE
from gateway.cli.doctor_finding import Finding as Finding
from gateway.cli.doctor_machine import machine
from gateway.cli.doctor_outside import outside
from gateway.cli.output import CliError
from gateway.cli.views import moment, works
from gateway.condition import LEAST_FREE
from gateway.detection import DetectorOptions, build_detector
from gateway.errors import GatewayError
from gateway.files.reader import FileReader
from gateway.home import open_ledger, own_secret, provider_environment
from gateway.identity.keys import LEAST_SECRET
from gateway.kipass import BASIS, passes
from gateway.policy import PolicyErrors, PolicySet
from gateway.policy.policyset import office_day
from gateway.policy.register_check import examined
from gateway.policy.stopped import covered
from gateway.registry.keys import SOON
from gateway.settings import Settings
from gateway.store import StoreError, accounts, clients, keys, missing_file, people, stops
from gateway.store import passes as proofs
from gateway.upstream.secrets import Secrets


def examine(own: CliContext, settings: Settings, *, offline: bool = False) -> list[Finding]:
    """Look at everything; a part that fails does not keep the others from being looked at.

    `offline`: nobody outside is asked (providers, the identity provider, the address that staff know).
    """
    try:
        policies = own.policy_set
    except PolicyErrors as errors:
        return [*(Finding("Richtlinien", FAULT, str(problem)) for problem in errors.problems), *_limits(settings),
                *_disk(settings), *machine(settings)]
    beyond = [] if offline else [*_sign_in(settings), *outside(settings, policies)]
    return [*_policies(policies), *_models(policies, settings), *_people(own, policies), *_ways_in(own, settings),
            *beyond, *_clients(own, settings), *_ledger(settings, policies), *_detector(settings, policies),
            *_files(settings), *_limits(settings), *_disk(settings), *machine(settings)]


def _policies(policies: PolicySet) -> Iterator[Finding]:
    yield Finding("Richtlinien", GOOD, f"{len(policies.departments)} Abteilungen, Stand {policies.digest[:16]}")


def _models(policies: PolicySet, settings: Settings) -> Iterator[Finding]:
    enabled = [model for model in policies.models.values() if model.enabled]
    if not enabled:
        yield Finding("Modelle", FAULT, "Kein Modell ist eingeschaltet. Setzen Sie in models.yaml „enabled: true“.")
    today = office_day(datetime.now(UTC))
    keys = Secrets(settings.home / "secrets", provider_environment(settings))
    for found in examined(policies, today, key=keys.state):
        yield Finding("Modelle", FAULT if found.serious else NOTICE,
                      f"{policies.models[found.model].name}: {found.text}")
    if any(model.adapter == "demo" for model in enabled):
        yield Finding("Modelle", NOTICE, "Die eingebaute Demo ist eingeschaltet. Für den Betrieb setzen Sie sie in "
                                         "models.yaml auf „enabled: false“.")


def _people(own: CliContext, policies: PolicySet) -> Iterator[Finding]:
    try:
        with own.reading() as connection:
            active = [p for p in people.every(connection).values() if p.active]
            shown = proofs.of_many(connection, [p.id for p in active])
            stopped = stops.every(connection)
    except (StoreError, CliError) as error:
        yield Finding("Datenbank", FAULT, str(error))
        return
    for model, stop in covered(stopped, [m for m in policies.models.values() if m.enabled]):
        yield Finding("Modelle", NOTICE, f"„{model.name}“ ist angehalten seit {moment(stop.at)}. "
                      "Wieder zulassen: ki-pforte model start.")
    now = datetime.now(UTC)
    holders = sum(passes(p.evidence, p.events, policies.kipass, now)[BASIS].admits for p in shown.values())
    yield Finding("Datenbank", GOOD, f"{len(active)} Personen, {holders} mit gültigem KI-Pass")
    unknown = {p.department for p in active} - set(policies.departments)
    if unknown:
        yield Finding("Personen", FAULT, f"Ohne Richtlinie ist: {', '.join(sorted(unknown))}. Legen Sie die Datei in "
                                         "policies/departments an oder tragen Sie die Personen um.")
    alone = {g for p in active for g in p.groups} - set(policies.groups)
    if alone:
        yield Finding("Personen", FAULT, f"Diese Gruppen gibt es nicht: {', '.join(sorted(alone))}. Für Mitglieder "
                                         "gilt nichts Besonderes. Legen Sie die Datei in policies/groups an oder "
                                         "nehmen Sie die Personen heraus (ki-pforte person group remove).")


def _ways_in(own: CliContext, settings: Settings) -> Iterator[Finding]:
    ways = [word for word, is_open in (("Anmeldedienst", settings.pages_use_oidc), ("Adresse und Kennwort",
            settings.with_password), ("Schlüssel", settings.key_sign_in == "on")) if is_open]
    yield Finding("Anmeldung", GOOD, f"Auf den Seiten: {', '.join(ways)}.")
    now = own.now()
    try:
        with own.reading() as connection:
            people_here = [p for p in people.every(connection).values() if p.active]
            inside = accounts.holders(connection) | accounts.invited(connection, now) if settings.with_password else \
                frozenset()
            if settings.key_sign_in == "on":
                inside |= {k.person_id for k in keys.search(connection, active=True, now=now, limit=1_000_000)
                           if k.service is None}
            services = keys.services(connection)
    except (StoreError, CliError):
        return  # said above
    if not settings.pages_use_oidc:
        outside = sorted(p.email for p in people_here if p.roles - {"staff"} and p.id not in inside)
        if outside:
            how = "person invite" if settings.with_password else "key create"
            yield Finding("Anmeldung", NOTICE, f"Mit besonderer Rolle, aber ohne Zugang: {', '.join(outside)}. "
                                               f"Einen Weg herein gibt „ki-pforte {how}“.")
    here = {p.id for p in people_here}
    for key in services:
        if key.person_id not in here:
            yield Finding("Dienste", FAULT, f"„{key.name}“ ({key.id}) arbeitet nicht: Die verantwortliche Person ist "
                                            "nicht mehr da. Übergeben Sie ihn auf der Seite /keys/dienste.")
        elif key.expires_at and key.expires_at <= now + SOON:
            over = key.expires_at <= now
            yield Finding("Dienste", FAULT if over else NOTICE, f"Der Schlüssel von „{key.name}“ ({key.id}) "
                          f"{'ist abgelaufen' if over else 'läuft bald ab'}: {moment(key.expires_at)}.")


def _clients(own: CliContext, settings: Settings) -> Iterator[Finding]:
    try:
        with own.reading() as connection:
            trusted = [client for client in clients.every(connection) if works(client, own.now())]
    except (StoreError, CliError):
        return  # said above
    secrets = Secrets(settings.home / "secrets")
    needed = {client.name: client.secret_name for client in trusted if client.identity == "openwebui-jwt"}
    for name, secret in needed.items():
        length = len(secrets.find(secret))
        if length < LEAST_SECRET:
            lack = "ist zu kurz" if length else "fehlt"
            yield Finding("Anwendungen", FAULT, f"Das Geheimnis von „{name}“ {lack}. Setzen Sie {secret} in der "
                          f"Umgebung oder schreiben Sie es in secrets/{secret} in HOME, mindestens {LEAST_SECRET} "
                          "Zeichen. Bis dahin wird die Anwendung abgewiesen.")
    for secret in secrets.open_files(sorted(set(needed.values()))):
        yield Finding("Anwendungen", FAULT, f"Andere auf diesem Rechner können secrets/{secret} lesen. Bitte setzen "
                                            "Sie die Rechte der Datei auf 0600.")
    if trusted:
        yield Finding("Anwendungen", GOOD, f"{len(trusted)} zugelassen")


def _ledger(settings: Settings, policies: PolicySet) -> Iterator[Finding]:
    if missing_file(settings.audit_database):  # opening it would make a new log, and new keys
        yield Finding("Protokoll", FAULT, "Ein Protokoll gibt es hier nicht. Ein neues Haus: „ki-pforte init“. War "
                                          "hier schon eines, spielen Sie die Sicherung ein (docs/notfall.md).")
        return
    try:
        with open_ledger(settings, policies.organisation.id) as ledger:
            ledger.check_key()
            status, broken = ledger.status(), ledger.continues()
            identities = [] if broken else identity_warnings(ledger)
            anchored = [] if broken else anchor_warnings(ledger.anchors())
    except LedgerError as error:
        yield Finding("Protokoll", FAULT, str(error))
        return
    if broken or status.problem:
        yield Finding("Protokoll", FAULT, broken or status.problem)
    yield Finding("Protokoll", GOOD, f"{status.size} Einträge, {status.unsequenced} noch einzureihen. "
                                     "„ki-pforte audit verify“ prüft sie.")
    for text in anchored:
        yield Finding("Anker", NOTICE, text)
    for text in identities:
        yield Finding("Pseudonyme", NOTICE, text)


def _detector(settings: Settings, policies: PolicySet) -> Iterator[Finding]:
    try:
        build_detector(DetectorOptions.of(settings, policies.municipality))
    except GatewayError as error:
        yield Finding("Prüfung", FAULT, error.message)
        return
    yield Finding("Prüfung", GOOD, "Die Suche nach personenbezogenen Angaben arbeitet.")


def _files(settings: Settings) -> Iterator[Finding]:
    reader = FileReader.of(settings)
    error = asyncio.run(reader.try_out())
    if error is not None:
        yield Finding("Dateien", FAULT, "Angehängte Dateien lassen sich nicht lesen und werden abgelehnt. Das Lesen "
                                        f"braucht einen eigenen Prozess mit {settings.file_memory_mb} MiB Speicher.")
        return
    yield Finding("Dateien", GOOD, "Text aus angehängten Dateien wird gelesen und geprüft.")
    if reader.ocr is None:
        yield Finding("Dateien", NOTICE, "Bilder und eingescannte Seiten werden abgelehnt: "
                      + ("Die Texterkennung ist ausgeschaltet (KI_PFORTE_OCR=off)." if settings.ocr == "off" else
                         "Tesseract fehlt (Pakete tesseract-ocr, tesseract-ocr-deu, poppler-utils)."))
    elif reader.ocr.pdftoppm is None:
        yield Finding("Dateien", NOTICE, "Bilder werden gelesen, eingescannte Seiten nicht: pdftoppm fehlt (Paket "
                                         "poppler-utils).")
    else:
        yield Finding("Dateien", GOOD, "Auch Text in Bildern und eingescannten Seiten wird gelesen (Tesseract).")


def _sign_in(settings: Settings) -> Iterator[Finding]:
    if not settings.oidc_issuer:
        return
    from gateway.identity.fetch import fetch  # libraries that no other command needs
    from gateway.identity.issuer import Endpoints, IssuerKeys

    async def asked() -> Endpoints:
        keys = IssuerKeys(settings.oidc_issuer, fetch)
        try:
            return await keys.endpoints()
        finally:
            await keys.close()

    try:
        found = asyncio.run(asked())
    except GatewayError:
        yield Finding("Anmeldung", FAULT, "Der Anmeldedienst antwortet nicht, oder er nennt sich anders als "
                                          "KI_PFORTE_OIDC_ISSUER (auf den Buchstaben genau).")
        return
    if settings.pages_use_oidc and not (found.authorization and found.token):
        yield Finding("Anmeldung", FAULT, "Der Anmeldedienst nennt keine Adresse, an der man sich anmelden kann.")
    else:
        yield Finding("Anmeldung", GOOD, "Der Anmeldedienst antwortet.")
    for warning in settings.sign_in_warnings():
        yield Finding("Anmeldung", NOTICE, warning)


def _limits(settings: Settings) -> Iterator[Finding]:
    if not settings.redis_url:
        yield Finding("Grenzen", GOOD, "Gezählt wird im Speicher, für einen Server; ein Neustart vergisst nichts.")
        return
    from gateway.limits.room import reached  # the library for Redis costs every other command half a second
    answers = asyncio.run(reached(settings.redis_url, own_secret(settings.home, "limits.key")))
    text = {True: "Redis oder Valkey antwortet.",
            False: "Eine andere Instanz zählt dort mit einem anderen keys/limits.key; die Grenzen gelten je Instanz.",
            None: "Redis oder Valkey antwortet nicht. Bitte prüfen Sie KI_PFORTE_REDIS_URL."}[answers]
    yield Finding("Grenzen", GOOD if answers else FAULT, text)


def _disk(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.home).free
    state = GOOD if free >= LEAST_FREE else FAULT
    yield Finding("Platz", state, f"{free / (1 << 30):.1f} GB frei in {settings.home}".replace(".", ",", 1))
