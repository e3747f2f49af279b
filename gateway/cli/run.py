"""``serve``, ``train`` and ``doctor``."""

from __future__ import annotations

import errno
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.context import context
from gateway.cli.init import set_up
from gateway.cli.output import CliError, Exit, cannot_run, emit, entries, note
from gateway.settings import Settings, load

WORKER_SECONDS = 20
"""How long a process may be silent before it is replaced; it is silent while it starts, and on a busy machine that
takes longer than uvicorn's five seconds."""
_LISTEN = {
    errno.EADDRINUSE: "Dort läuft schon ein Programm, vielleicht eine andere KI-Pforte.",
    errno.EACCES: "Für diesen Port fehlt das Recht.",
    errno.EADDRNOTAVAIL: "Diese Adresse hat der Rechner nicht.",
}
Json = Annotated[bool, typer.Option("--json", help="Ausgabe als JSON.")]


@cannot_run
def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option("--host", help="Adresse, auf der die KI-Pforte hört.")] = "",
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port; ohne Angabe die Einstellung.")
                    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, max=64, help="Zahl der Prozesse.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Vorher die Beispielstadt Musterstadt einrichten.")] = False,
    setup: Annotated[bool, typer.Option("--setup", help="Vorher im Browser einrichten (/setup).")] = False,
) -> None:
    """Startet die KI-Pforte."""
    given = {"KI_PFORTE_HOST": host or None, "KI_PFORTE_PORT": port, "KI_PFORTE_WORKERS": workers}
    # Worker processes read it there.
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    settings = load()
    import uvicorn

    from gateway.cli.serving import Server
    from gateway.http.door import Door
    from gateway.telemetry import logs
    from gateway.telemetry.guard import guarded
    logs.configure(settings.log_level, settings.log_format, settings.log_syslog)
    trusted = settings.trusted_proxies
    options: dict[str, Any] = {"loop": "auto", "http": Door, "ws": "none", "log_config": None,
                               "access_log": False, "server_header": False,
                               "timeout_graceful_shutdown": settings.grace_seconds,
                               "timeout_keep_alive": 75, "backlog": 2048, "proxy_headers": bool(trusted),
                               "forwarded_allow_ips": trusted}
    listening = _listen(settings)  # first: whether the port is free is known at once, and nothing has changed yet
    if demo:
        set_up(context(ctx), settings, demo=True)
    elif setup:
        from gateway.cli.setting_up import set_up_in_browser
        settings = set_up_in_browser(settings, listening, options)
    if settings.workers > 1:
        _serve_with_workers(settings, listening, options)
    else:
        from gateway.app import application
        from gateway.house import House
        house = House(settings)
        _greet(settings, listening.getsockname()[1])
        end = guarded()
        try:
            Server(uvicorn.Config(application(house), **options), settings.drain_seconds).run(sockets=[listening])
        finally:
            end()
    note("Die KI-Pforte ist beendet.")


def _serve_with_workers(settings: Settings, listening: socket.socket, options: dict[str, Any]) -> None:
    """Serve with several processes. What none of them could open is said here, once, before they begin."""
    import uvicorn
    from uvicorn.config import STARTUP_FAILURE

    from gateway.cli.serving import Supervisor
    from gateway.generation import Generation
    from gateway.generation.approval import MonitoringGate
    from gateway.home import open_ledger
    from gateway.store import migrate, open_engine
    from gateway.telemetry.workers import FOLDER
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    policies = Generation(settings)
    engine = open_engine(settings.database)
    migrate(engine)
    with open_ledger(settings, policies().organisation.id) as ledger:
        ledger.check_key()
        policies.first(MonitoringGate(engine, lambda kind, meta, subject: ledger.append_wait(
            ledger.draft(kind, meta, subject=subject))))
    engine.dispose()
    _greet(settings, listening.getsockname()[1])
    config = uvicorn.Config("gateway.cli.run:worker", factory=True, workers=settings.workers,
                            timeout_worker_healthcheck=WORKER_SECONDS, **options)
    supervisor = Supervisor(config, listening, settings.drain_seconds)
    with tempfile.TemporaryDirectory(prefix="ki-pforte-") as folder:
        os.environ[FOLDER] = folder  # counts per process, read by whichever of them Prometheus reaches
        supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise typer.Exit(Exit.CANNOT_RUN)


def worker() -> Any:
    """Return the application for one of several processes, or end it with a sentence."""
    from gateway.telemetry.guard import guarded
    made: list[Any] = []

    @cannot_run
    def make() -> None:
        from gateway.app import create_app
        made.append(create_app())
    try:
        make()
    except typer.Exit as ended:
        sys.exit(ended.exit_code)
    guarded()
    return made[0]


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        why = _LISTEN.get(error.errno or 0, f"({error.strerror})")
        raise CliError(f"Die KI-Pforte kann auf {settings.host}:{settings.port} nicht hören: {why} Einen anderen Port "
                       "wählen Sie mit KI_PFORTE_PORT oder --port.", Exit.CANNOT_RUN) from None
    listening.set_inheritable(True)
    return listening


def _greet(settings: Settings, port: int) -> None:
    note(f"KI-Pforte: http://{settings.host}:{port} (beenden mit Strg+C; laufende Antworten haben dann noch bis zu "
         f"{settings.grace_seconds} Sekunden)")
    if settings.openai_base_url:
        note("Schnellstart: Das Modell „schnellstart“ führt zu Ihrem eigenen Anbieter. Das ist zum Ausprobieren "
             "gedacht; tragen Sie ihn für den Betrieb in policies/models.yaml ein.")
    if settings.workers > 1 and not settings.redis_url:
        note("Mehrere Prozesse gleichen Grenzen ohne Redis oder Valkey erst nach zwei Sekunden ab; genau werden sie "
             "mit KI_PFORTE_REDIS_URL.")


@cannot_run
def train(
    corpora: Annotated[Path, typer.Argument(help="Ordner mit den Korpora.", exists=True, file_okay=False)],
    output: Annotated[Path | None, typer.Option("--output", help="Datei für das Modell; ohne Angabe das "
                                                                 "mitgelieferte.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Startwert; derselbe gibt dasselbe Modell.")] = None,
) -> None:
    """Trainiert das Namensmodell neu."""
    try:
        from gateway.detection.ner.recognizer import DEFAULT
        from gateway.training.train import SEED
        from gateway.training.train import train as learn
        learn(corpora, output or DEFAULT, seed=SEED if seed is None else seed, log=note)
    except ModuleNotFoundError as error:
        raise CliError(f"Zum Trainieren fehlt {error.name}. „make train CORPORA=ORDNER“ installiert, was nötig ist.",
                       Exit.CANNOT_RUN) from None
    except (KeyError, ValueError) as error:
        raise CliError(f"Die Dateien in {corpora} sind keine Korpora, die das Training lesen kann "
                       f"({type(error).__name__}). docs/modellkarte.md nennt, was erwartet wird.",
                       Exit.MISUSE) from None


@cannot_run
def doctor(
    ctx: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Nur dieser Rechner: Anbieter, Anmeldedienst und Webserver "
                                                            "werden nicht gefragt.")] = False,
    json: Json = False,
) -> None:
    """Prüft die Einrichtung und sagt, was zu tun ist. Gesendet wird dabei kein Inhalt.

    Rückgabewert: 0 alles in Ordnung, 1 mindestens ein Hinweis oder Fehler, 3 die Prüfung selbst ist nicht möglich.
    """
    from gateway.cli.doctor import examine
    from gateway.cli.doctor_finding import FAULT, GOOD, NOTICE
    findings = examine(context(ctx), load(), offline=offline)
    faults, notices = (sum(f.state == state for f in findings) for state in (FAULT, NOTICE))
    if json:
        emit({"faults": faults, "notices": notices,
              "findings": [{"what": f.what, "state": f.state, "text": f.text} for f in findings]})
    else:
        entries([(f.what, f.state, f.text) for f in findings])
        note(f"\nFehler: {faults}. Hinweise: {notices}. In Ordnung: {sum(f.state == GOOD for f in findings)}.")
    if faults or notices:
        raise typer.Exit(Exit.FOUND)
