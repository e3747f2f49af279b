"""The pages of the handbook that are made from the code: settings, commands, metrics, errors.

``python -m tests.support.handbook`` writes them; ``tests/house`` compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import typer

from gateway.cli import app
from gateway.errors import CODES
from gateway.settings import PREFIX, Settings
from gateway.telemetry.logs import FIELDS
from gateway.telemetry.metrics import PrometheusMetrics
from tests.support import field_matrix, licences, role_matrix

DOCS = Path(__file__).parents[2] / "docs"
_KINDS = {int: "Zahl", float: "Zahl", str: "Text", Path: "Pfad"}
_FROM_CODE = "<!-- Diese Seite entsteht aus dem Programm: python -m tests.support.handbook -->"


def settings_page() -> str:
    """Return ``docs/einstellungen.md``."""
    names = sorted(Settings.model_fields, key=lambda name: name not in Settings.__annotations__)
    rows = [f"| `{PREFIX}{name.upper()}` | {_kind(field.annotation)} | {_default(field.default)} "
            f"| {field.description} |" for name in names for field in [Settings.model_fields[name]]]
    return _page("Einstellungen", """\
Jede Einstellung lässt sich auf zwei Wegen setzen: als Umgebungsvariable mit dem Namen aus der Tabelle, oder in der
Datei `pforte.yaml` im Ordner aus `KI_PFORTE_HOME`, dort klein und ohne `KI_PFORTE_`:

```yaml
port: 8443
log_level: warning
```

Steht beides da, gilt die Umgebungsvariable. `KI_PFORTE_HOME` selbst gibt es nur als Umgebungsvariable. Ein Pfad, der
nicht mit `/` beginnt, zählt in der Datei ab deren Ordner, sonst ab dem Ordner, in dem Sie den Befehl rufen. Eine falsch
geschriebene oder widersprüchliche Einstellung hält den Start an; die Meldung sagt, was zu schreiben ist.

Schlüssel von Anbietern gehören weder in diese Datei noch in die Richtlinien: Das Modellregister nennt unter
`api_key_env` eine Umgebungsvariable oder eine Datei unter `secrets/` in HOME.
""", "| Name | Wert | ohne Angabe | Bedeutung |\n|---|---|---|---|\n" + "\n".join(rows))


def _kind(annotation: Any) -> str:
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(part for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(annotation))
    return _KINDS.get(annotation, "Geheimnis")


def _default(value: Any) -> str:
    return "leer" if value in ("", None) else f"`{value}`"


def commands_page() -> str:
    """Return ``docs/befehle.md``."""
    sections = [_command(path, command) for path, command in commands()]
    return _page("Befehle", """\
`ki-pforte BEFEHL --help` zeigt dasselbe im Terminal. Alle Befehle arbeiten auf dem Ordner aus `KI_PFORTE_HOME`, auch
während die KI-Pforte läuft. Mit `--json` steht auf der Standardausgabe nur das JSON.

Rückgabewert: 0 in Ordnung, 1 etwas gefunden, 2 falscher Aufruf, 3 kann nicht arbeiten.
""", "\n\n".join(sections))


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command with its full name."""
    yield from _below("ki-pforte", typer.main.get_command(app))


def _below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    for name, child in sorted(getattr(command, "commands", {}).items()):
        if getattr(child, "commands", None):
            yield from _below(f"{path} {name}", child)
        else:
            yield f"{path} {name}", child


def _command(path: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    words = " ".join(p.name.upper() if p.required else f"[{p.name.upper()}]" for p in arguments)
    lines = [f"## `{f'{path} {words}'.strip()}`", "", command.help.strip()]
    rows = [f"- `{p.name.upper()}`: {p.help}" for p in arguments]
    rows += [f"- `{', '.join(p.opts)}`{' (nötig)' if p.required else ''}: {p.help}" for p in options]
    return "\n".join([*lines, "", *rows] if rows else lines)


def metrics_page() -> str:
    """Return ``docs/metriken.md``."""
    rows = []
    for family in PrometheusMetrics("0", str).registry.collect():
        name = {"counter": f"{family.name}_total", "info": f"{family.name}_info"}.get(family.type, family.name)
        rows.append(f"| `{name}` | {family.type} | {family.documentation} |")
    return _page("Metriken", """\
`/metrics` gibt sie im Format von Prometheus aus, unter dem Port der KI-Pforte oder einem eigenen
(`KI_PFORTE_METRICS_PORT`), auf Wunsch mit Kennwort (`KI_PFORTE_METRICS_TOKEN`).

Keine Metrik nennt eine Person. Abteilungen mit weniger als fünf Personen werden als `andere` gezählt. Namen von
Modellen, Abteilungen, Angaben und Gründen kommen aus den Richtlinien und dem Programm, nie aus einer Anfrage: Die Zahl
der Reihen ist begrenzt.

Mit **mehreren Prozessen** (`KI_PFORTE_WORKERS`) genügt ein Abruf: Wer gefragt wird, antwortet für alle, und jede Zahl
trägt ein `worker` (0, 1, …). Was die anderen gezählt haben, ist dabei höchstens zwei Sekunden alt. Zählerstände
addieren Sie (`sum`, nach `rate`). Angaben über das ganze Haus (Protokoll, KI-Pässe, Budgets) nennt jeder Prozess
gleich: Nehmen Sie `max`. Mit **mehreren Servern** holt Prometheus jeden einzeln ab und unterscheidet sie an
`instance`.

**Ablaufspuren** (OpenTelemetry) sendet die KI-Pforte nur, wenn `KI_PFORTE_TRACES_URL` ein Ziel nennt: je Anfrage, wie
lange jeder Schritt dauerte, das Modell, die Tokens, das Ende und die Vorgangsnummer, mit den Namen der Konventionen für
generative KI (`gen_ai.…`). Kein Inhalt, keine Person, keine Abteilung, keine Adresse. Ist das Ziel nicht da, gehen
Spuren verloren, nie Anfragen. Kopfzeilen für das Ziel, etwa ein Kennwort, liest das Programm aus
`OTEL_EXPORTER_OTLP_HEADERS`.

Die Übersichten für Grafana und die Alarme für Prometheus liegen in `deploy/`, die Hilfe zu jedem Alarm steht in
[alarme.md](alarme.md).
""", "| Name | Art | Bedeutung |\n|---|---|---|\n" + "\n".join(rows))


def log_page() -> str:
    """Return ``docs/betriebsmeldungen.md``."""
    rows = [f"| `{name}` | {meaning} |" for name, meaning in FIELDS.items()]
    return _page("Betriebsmeldungen", """\
Was die IT von der KI-Pforte hört: Start und Ende, übernommene oder abgewiesene Richtlinien, ausgefallene Anbieter,
Datenbanken und Anker, abgelehnte Schlüssel und Fehler im Programm. Sie gehen auf die Standardfehlerausgabe
(`journalctl -u ki-pforte`, `docker compose logs`), je Meldung eine Zeile JSON. Was gelungen ist und was eine Richtlinie
abgelehnt hat, steht im Protokoll und in den Metriken; mit `KI_PFORTE_LOG_LEVEL=debug` auch hier.

**Kein Inhalt, keine Person, keine Abteilung, keine Netzadresse.** Von den Meldungen der Bibliotheken bleibt nur, was
wörtlich in deren Programm steht, sonst Datei und Zeile; von Fehlern Art und Stelle; von Warnungen und `print` nur die
Stelle. Netzadressen kennt Ihr Webserver.

**Die Vorgangsnummer** (`request_id`) steht in jeder Zeile, die beim Bearbeiten einer Anfrage entsteht, auch in denen
der Bibliotheken. Keine hat, was für viele zugleich geschieht, etwa das gemeinsame Schreiben ins Protokoll.

**Syslog:** `KI_PFORTE_LOG_SYSLOG` sendet dieselben Zeilen auch an den Syslog des Hauses, nach RFC 5424, mit der
Vorgangsnummer als strukturiertem Feld (`[kiPforte@32473 request_id="…"]`) und dem JSON als Text:

| Wert | Weg |
|---|---|
| `udp://log.musterstadt.example:514` | UDP; ob etwas ankommt, weiß niemand |
| `tcp://log.musterstadt.example:601` | TCP mit Längenangabe (RFC 6587) |
| `tls://log.musterstadt.example:6514` | TLS (RFC 5425); dieser Rechner muss dem Zertifikat trauen (eigene \
Stelle: `SSL_CERT_FILE`) |
| `unix:///dev/log` | Syslog dieses Rechners |

Ist er nicht da, wartet keine Anfrage: 10.000 Zeilen je Prozess warten auf ihn, was darüber hinausgeht, zählt
`ki_pforte_syslog_lost_total`. Dass er fehlt und wiederkommt, steht auf der Standardfehlerausgabe.

Das Protokoll selbst (wer wann was durfte) holt sich ein SIEM mit `ki-pforte audit export --format ocsf`.
""", "## Felder einer Zeile\n\n| Feld | Bedeutung |\n|---|---|\n" + "\n".join(rows))


_WHEN = {
    "schluessel_ungueltig": "Der Schlüssel fehlt, ist falsch, abgelaufen oder widerrufen.",
    "ki_pass_fehlt": "Es fehlen Module des KI-Passes; die Meldung nennt sie und die Adresse.",
    "ki_pass_abgelaufen": "Ein Modul des KI-Passes ist zu erneuern.",
    "ki_pass_dv_neu": "Eine neue Dienstvereinbarung gilt und ist noch nicht gelesen.",
    "ki_pass_gesperrt": "Die KI-Pass-Stelle hat den KI-Pass gesperrt.",
    "modell_nicht_erlaubt": "Die Abteilung darf dieses Modell nicht nutzen.",
    "zeit_nicht_erlaubt": "Modelle sind nur zu bestimmten Zeiten freigegeben (`hours` in den Richtlinien).",
    "zweck_nicht_erlaubt": "Der genannte Zweck ist verboten oder nicht vorgesehen.",
    "avv_abgelaufen": "Der Vertrag zur Auftragsverarbeitung deckt den heutigen Tag nicht.",
    "modell_gestoppt": "Das Modell ist vorübergehend angehalten.",
    "inhalt_gesperrt": "Die Richtlinie lässt diesen Inhalt nicht zu diesem Modell.",
    "anfrage_ungueltig": "Die Anfrage hat nicht die Form der Schnittstelle.",
    "nicht_pruefbar": "Die Anfrage enthält Ton, ein Bild oder eine Datei, die sich nicht lesen lassen.",
    "modell_unbekannt": "Dieses Modell gibt es hier nicht.",
    "pfad_unbekannt": "Diese Adresse gibt es nicht.",
    "gespraech_unbekannt": "Das Gespräch (`conversation`) oder der Eintrag darin ist gelöscht, abgelaufen oder nicht \
das eigene.",
    "methode_unbekannt": "Die Adresse nimmt solche Aufrufe nicht an.",
    "zu_gross": "Die Anfrage ist zu groß, oder der Text zu lang für das Modell.",
    "limit_erreicht": "Zu viele Anfragen in einer Minute, an einem Tag oder zur gleichen Zeit; `Retry-After` sagt, "
                      "wann es weitergeht.",
    "budget_erschoepft": "Tokens oder Euro für den Tag oder Monat reichen nicht mehr; wie lange, sagt `Retry-After`.",
    "intern": "Ein Fehler der KI-Pforte selbst.",
    "anbieter_fehler": "Der Anbieter antwortet nicht, falsch oder unvollständig.",
    "anbieter_zeit": "Der Anbieter hat nicht rechtzeitig geantwortet.",
    "protokoll_nicht_verfuegbar": "Das Protokoll kann nicht geschrieben werden; ohne Protokoll wird nichts gesendet.",
    "pruefung_nicht_verfuegbar": "Die Suche nach personenbezogenen Angaben antwortet nicht; es wurde nichts gesendet.",
}


def errors_page() -> str:
    """Return ``docs/fehler.md``. A code without an explanation is a KeyError."""
    rows = [f"| {status} | `{code}` | {_WHEN[code]} |" for code, (status, _) in CODES.items()]
    assert _WHEN.keys() == CODES.keys()
    return _page("Fehler", """\
Jeder Fehler hat die Form `{"error": {"message", "type", "code", "param"}}`. Die Meldung ist deutsch, sagt, was zu tun
ist, und endet mit der Vorgangsnummer, die auch in der Kopfzeile `x-request-id` und im Protokoll steht.
""", "| Status | Kennung | Wann |\n|---|---|---|\n" + "\n".join(rows))


def fields_page() -> str:
    """Return ``docs/felder.md``."""
    return _page("Felder der Schnittstellen", field_matrix.INTRODUCTION, field_matrix.page_content())


def roles_page() -> str:
    """Return ``docs/rollen.md``."""
    return _page("Rollen", """\
Wer welche Seite öffnen darf, steht im Programm an einer Stelle; ein Test geht jede Seite und jede Schnittstelle mit
jeder Rolle durch und vergleicht mit dieser Tabelle. `staff` hat jede Person. Rollen vergeben `ki-pforte person add
--role`, der Import oder der Anmeldedienst.

Auf den Seiten gilt nur eine Anmeldung im Browser, an den Schnittstellen nur ein Schlüssel oder Token. Schlüssel von
Diensten öffnen keine Seite. Was einer anderen Person gehört, gibt es für niemanden sonst (404). Nennt
`KI_PFORTE_STRONG_ROLES` eine Rolle, gilt sie erst nach einer Anmeldung mit zweitem Faktor.
""", role_matrix.page_content())


def _page(title: str, introduction: str, content: str) -> str:
    return f"# {title}\n\n{_FROM_CODE}\n\n{introduction}\n{content}\n"


def licences_page() -> str:
    """Return ``docs/lizenzen.md``."""
    return _page("Lizenzen", *licences.table())


PAGES: dict[str, Callable[[], str]] = {
    "einstellungen.md": settings_page, "befehle.md": commands_page, "metriken.md": metrics_page,
    "betriebsmeldungen.md": log_page,
    "fehler.md": errors_page, "felder.md": fields_page, "rollen.md": roles_page, "lizenzen.md": licences_page}

if __name__ == "__main__":
    for file, page in PAGES.items():
        (DOCS / file).write_text(page(), encoding="utf-8")
