"""The dashboards for Grafana, written from a short list: ``python -m tests.support.dashboards``; a test compares.

A panel is a title, a kind, a unit and what it asks, each with its legend. Places follow from the order: four small
ones or two large ones in a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana"
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH = {"stat": 6, "timeseries": 12}
_HEIGHT = {"stat": 4, "timeseries": 8}


@dataclass(frozen=True)
class Panel:
    """One picture; an expression is written without ``job`` and gets it everywhere."""

    title: str
    kind: str
    unit: str
    asks: tuple[tuple[str, str], ...]
    about: str = ""
    stacked: bool = False


def now(title: str, unit: str, ask: str, about: str = "", legend: str = "") -> Panel:
    """One number."""
    return Panel(title, "stat", unit, ((ask, legend),), about)


def course(title: str, unit: str, *asks: tuple[str, str], about: str = "", stacked: bool = False) -> Panel:
    """Something over time."""
    return Panel(title, "timeseries", unit, asks, about, stacked)


def _quantile(part: float, by: str, selector: str) -> str:
    labels = "le, " + by if by else "le"
    return (f"histogram_quantile({part}, sum by ({labels}) "
            f"(rate(ki_pforte_stage_duration_seconds_bucket{{{selector}}}[$__rate_interval])))")


_FIRST = 'stage="upstream_first_byte"'
OVERVIEW = (
    now("Anfragen je Minute", "short", "60 * sum(rate(ki_pforte_requests_total{}[5m]))"),
    now("Abgelehnt", "percentunit", 'sum(rate(ki_pforte_requests_total{decision="denied"}[1h])) '
        "/ sum(rate(ki_pforte_requests_total{}[1h]))", "Anteil der letzten Stunde."),
    now("Laufende Streams", "short", "sum(ki_pforte_streams{})"),
    now("Prozesse", "short", "count(ki_pforte_build_info{})"),
    course("Anfragen nach Entscheidung", "reqps",
           ("sum by (decision) (rate(ki_pforte_requests_total{}[$__rate_interval]))", "{{decision}}"), stacked=True),
    course("Ablehnungen nach Grund", "reqps",
           ("sum by (code) (rate(ki_pforte_refusals_total{}[$__rate_interval]))", "{{code}}"), stacked=True,
           about="Was die Kennungen bedeuten, steht in docs/fehler.md."),
    course("Anfragen nach Abteilung", "reqps",
           ("sum by (department) (rate(ki_pforte_requests_total{}[$__rate_interval]))", "{{department}}"), stacked=True,
           about="Abteilungen unter fünf Personen stehen zusammen unter „andere“."),
    course("Dauer je Abschnitt, 95 von 100 Anfragen", "s",
           (_quantile(0.95, "stage", 'stage!~"upstream_first_byte|relay"'), "{{stage}}"),
           about="Was die KI-Pforte selbst braucht, ohne den Anbieter."),
    course("Prüfung: wartende Texte", "short", ("sum(ki_pforte_detector_queue{})", "wartende Texte")),
    course("Prüfung: Texte je Sekunde", "ops",
           ("sum by (cache) (rate(ki_pforte_detector_texts_total{}[$__rate_interval]))", "{{cache}}"),
           about="hit: schon einmal geprüft, miss: neu."),
    now("Version", "short", "max by (version) (ki_pforte_build_info{})", legend="{{version}}"),
    now("Richtlinien", "short", "max by (digest) (ki_pforte_policy_info{})", legend="{{digest}}"),
    now("Richtlinien gelten wie im Ordner", "short", "1 - max(ki_pforte_policy_problem{})", "1: ja, 0: nein."),
    now("Verschiedene Richtlinien zugleich", "short", "max(ki_pforte_policy_digests{})",
        "Mehr als 1 nur während einer Übernahme."),
    now("Meldungen, die der Syslog nicht hat, 24 Stunden", "short",
        "sum(increase(ki_pforte_syslog_lost_total{}[24h]))"),
    course("Neue Richtlinien", "short", ("sum by (result) (increase(ki_pforte_policy_reloads_total{}[1h]))",
                                         "{{result}}")),
    course("Schatten-Richtlinien: Unterschiede je Stunde", "short",
           ('sum by (live, shadow) (increase(ki_pforte_shadow_decisions_total{difference!="none"}[1h]))',
            "{{live}} statt {{shadow}}")),
)
PROVIDERS = (
    now("Anbieterfehler", "percentunit",
        'sum(rate(ki_pforte_refusals_total{code=~"anbieter_fehler|anbieter_zeit"}[1h])) '
        "/ sum(rate(ki_pforte_requests_total{}[1h]))", "Anteil der letzten Stunde."),
    now("Erstes Zeichen, Mitte", "s", _quantile(0.5, "", _FIRST).replace("$__rate_interval", "1h")),
    now("Kosten heute bisher", "currencyEUR", "sum(increase(ki_pforte_cost_euros_total{}[24h]))", "Letzte 24 Stunden."),
    now("Angehaltene Modelle", "short", "count(max by (model) (ki_pforte_model_stopped{})) or vector(0)"),
    course("Anfragen nach Modell", "reqps",
           ("sum by (model) (rate(ki_pforte_requests_total{}[$__rate_interval]))", "{{model}}"), stacked=True),
    course("Anfragen nach Schnittstelle", "reqps",
           ("sum by (api) (rate(ki_pforte_requests_total{}[$__rate_interval]))", "{{api}}"), stacked=True),
    course("Zeit bis zum ersten Zeichen", "s", (_quantile(0.5, "", _FIRST), "Mitte"),
           (_quantile(0.95, "", _FIRST), "95 von 100"), (_quantile(0.99, "", _FIRST), "99 von 100")),
    course("Dauer der Antworten, 95 von 100", "s", (_quantile(0.95, "", 'stage="relay"'), "bis zum letzten Zeichen")),
    course("Gescheitert beim Anbieter", "reqps", (
        'sum by (code) (rate(ki_pforte_refusals_total{code=~"anbieter_fehler|anbieter_zeit"}[$__rate_interval]))',
        "{{code}}")),
    course("Tokens je Stunde", "short",
           ("3600 * sum by (model, direction) (rate(ki_pforte_tokens_total{}[$__rate_interval]))",
            "{{model}} {{direction}}")),
    course("Kosten je Stunde", "currencyEUR",
           ("3600 * sum by (model) (rate(ki_pforte_cost_euros_total{}[$__rate_interval]))", "{{model}}"), stacked=True,
           about="Nach den Preisen im Modellverzeichnis, nicht nach der Rechnung des Anbieters."),
    course("Verbrauchter Anteil der Grenzen", "percentunit",
           ("max by (department, limit) (ki_pforte_budget_used_ratio{})", "{{department}} {{limit}}"),
           about="Ohne Amt: das ganze Haus."),
    course("Anfragen über einer Grenze, je Stunde", "short",
           ("sum by (by, limit) (increase(ki_pforte_limit_refusals_total{}[1h]))", "{{by}} {{limit}}")),
    course("Hinweise ab 80 %, je Stunde", "short",
           ("sum by (by, limit) (increase(ki_pforte_limit_warnings_total{}[1h]))", "{{by}} {{limit}}")),
)
REDACTION = (
    now("Ersetzte Angaben je Minute", "short", "60 * sum(rate(ki_pforte_redactions_total{}[5m]))"),
    now("Gesperrte Inhalte, 24 Stunden", "short",
        'sum(increase(ki_pforte_refusals_total{code="inhalt_gesperrt"}[24h]))'),
    now("Alarme: Ersetztes in Antworten, 24 Stunden", "short", "sum(increase(ki_pforte_leak_alarms_total{}[24h]))",
        "Jeder einzelne gehört zur oder zum Datenschutzbeauftragten."),
    now("Ämter im Inhaltsmodus", "short", "max(ki_pforte_content_modes{})"),
    course("Ersetzte Angaben nach Art", "ops",
           ("sum by (entity) (rate(ki_pforte_redactions_total{}[$__rate_interval]))", "{{entity}}"), stacked=True),
    course("Ersetzte Angaben nach Verfahren", "ops",
           ("sum by (action) (rate(ki_pforte_redactions_total{}[$__rate_interval]))", "{{action}}"), stacked=True),
    course("Dauer der Prüfung", "s", (_quantile(0.5, "", 'stage="inspect"'), "Mitte"),
           (_quantile(0.95, "", 'stage="inspect"'), "95 von 100")),
    course("Dauer des Ersetzens", "s", (_quantile(0.95, "", 'stage="redact"'), "95 von 100")),
    course("Nicht geprüft, nicht gesendet", "reqps", (
        'sum by (code) (rate(ki_pforte_refusals_total{code=~"nicht_pruefbar|pruefung_nicht_verfuegbar"}'
        "[$__rate_interval]))", "{{code}}")),
    course("Erfundene Platzhalter je Stunde", "short",
           ("sum(increase(ki_pforte_unresolved_placeholders_total{}[1h]))", "in Antworten, nie vergeben")),
    course("Personenbezogenes in Antworten, das niemand gesendet hat, je Stunde", "short",
           ("sum by (entity) (increase(ki_pforte_answer_findings_total{}[1h]))", "{{entity}}")),
    course("Nicht weitergegebene Felder und Werkzeuge je Stunde", "short",
           ("sum by (api) (increase(ki_pforte_dropped_fields_total{}[1h]))", "Felder, {{api}}"),
           ("sum by (api) (increase(ki_pforte_stripped_tools_total{}[1h]))", "Werkzeuge, {{api}}")),
)
LEDGER = (
    now("Einträge", "short", "max(ki_pforte_ledger_records{})"),
    now("Noch nicht eingereiht", "short", "max(ki_pforte_ledger_unsequenced{})"),
    now("Alter des letzten Prüfpunkts", "s", "max(ki_pforte_ledger_checkpoint_age_seconds{})"),
    now("Ältester Anker", "s", "max(ki_pforte_ledger_anchor_age_seconds{})",
        "Der älteste unter den Orten außerhalb; jeder hat sein eigenes Bild."),
    course("Neue Einträge je Minute", "short", ("60 * max(deriv(ki_pforte_ledger_records{}[5m]))", "neue Einträge")),
    course("Nicht eingereiht", "short", ("max(ki_pforte_ledger_unsequenced{})", "Einträge")),
    course("Alter des letzten Prüfpunkts", "s", ("max(ki_pforte_ledger_checkpoint_age_seconds{})", "Prüfpunkt")),
    course("Alter der Anker", "s", ("max by (sink) (ki_pforte_ledger_anchor_age_seconds{})", "{{sink}}")),
    course("Wartet auf die Datenbank", "short", ("sum by (where) (ki_pforte_ledger_kept_back{})", "{{where}}"),
           about="disk: liegt auf der Platte; memory: nur im Arbeitsspeicher; lost: verloren."),
    course("Dauer des Schreibens, 95 von 100", "s", (_quantile(0.95, "", 'stage="record"'), "vor dem Senden")),
    course("Abgelehnt, weil das Protokoll fehlt", "reqps", (
        'sum(rate(ki_pforte_refusals_total{code="protokoll_nicht_verfuegbar"}[$__rate_interval]))', "Anfragen")),
)
PASSES = (
    now("Gültig oder in Kulanz", "percentunit", 'sum(max by (state) (ki_pforte_passes{state=~"gueltig|kulanz"})) '
        "/ sum(max by (state) (ki_pforte_passes{}))", "Anteil der Personen."),
    now("Läuft in Kulanz", "short", 'max(ki_pforte_passes{state="kulanz"})'),
    now("Ohne KI-Pass abgelehnt, 24 Stunden", "short",
        'sum(increase(ki_pforte_refusals_total{code=~"ki_pass_.*"}[24h]))'),
    now("Neue Dienstvereinbarung nicht gelesen", "short", 'max(ki_pforte_passes{state="dv_neu"})'),
    course("Personen nach Stand ihres KI-Passes", "short", ("max by (state) (ki_pforte_passes{})", "{{state}}"),
           stacked=True),
    course("Ablehnungen wegen des KI-Passes", "reqps",
           ('sum by (code) (rate(ki_pforte_refusals_total{code=~"ki_pass_.*"}[$__rate_interval]))', "{{code}}"),
           stacked=True),
)
BOARDS = {"ki-pforte": ("KI-Pforte: Übersicht", OVERVIEW),
          "ki-pforte-anbieter": ("KI-Pforte: Anbieter und Kosten", PROVIDERS),
          "ki-pforte-ersetzung": ("KI-Pforte: Ersetzung", REDACTION),
          "ki-pforte-protokoll": ("KI-Pforte: Protokoll", LEDGER),
          "ki-pforte-ki-pass": ("KI-Pforte: KI-Pass", PASSES)}


def _of_the_job(ask: str) -> str:
    """Ask for one service only: every selector gets its ``job``."""
    return ask.replace("{}", '{job="$job"}').replace("{code", '{job="$job", code').replace(
        "{stage", '{job="$job", stage').replace("{state", '{job="$job", state').replace(
        "{decision=", '{job="$job", decision=').replace("{difference", '{job="$job", difference')


def _drawn(number: int, panel: Panel, x: int, y: int) -> dict[str, Any]:
    custom = {"custom": {"stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 30, "lineWidth": 1}}
    options = ({"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value", "graphMode": "none",
                "textMode": "name" if panel.asks[0][1] else "auto"} if panel.kind == "stat" else
               {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}})
    return {"id": number, "title": panel.title, "type": panel.kind, "description": panel.about, "datasource": _SOURCE,
            "gridPos": {"x": x, "y": y, "w": _WIDTH[panel.kind], "h": _HEIGHT[panel.kind]},
            "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, **(custom if panel.stacked else {})},
                            "overrides": []}, "options": options,
            "targets": [{"refId": "ABCDEF"[at], "datasource": _SOURCE, "expr": _of_the_job(ask), "legendFormat": legend}
                        for at, (ask, legend) in enumerate(panel.asks)]}


def _placed(panels: tuple[Panel, ...]) -> Iterator[dict[str, Any]]:
    x = y = height = 0
    for number, panel in enumerate(panels, 1):
        if x + _WIDTH[panel.kind] > 24 or (height and _HEIGHT[panel.kind] != height):
            x, y = 0, y + height
        height = _HEIGHT[panel.kind]
        yield _drawn(number, panel, x, y)
        x += _WIDTH[panel.kind]


def boards() -> dict[str, str]:
    """Return every file and what belongs into it."""
    return {f"{uid}.json": json.dumps(_board(uid, title, panels), indent=1, ensure_ascii=False) + "\n"
            for uid, (title, panels) in BOARDS.items()}


def _board(uid: str, title: str, panels: tuple[Panel, ...]) -> dict[str, Any]:
    return {"uid": uid, "title": title, "tags": ["ki-pforte"], "timezone": "Europe/Berlin", "schemaVersion": 39,
            "version": 1, "editable": True, "refresh": "30s", "time": {"from": "now-6h", "to": "now"},
            "graphTooltip": 1,
            "links": [{"type": "dashboards", "title": "KI-Pforte", "tags": ["ki-pforte"], "asDropdown": True}],
            "templating": {"list": [
                {"name": "datasource", "label": "Datenquelle", "type": "datasource", "query": "prometheus"},
                {"name": "job", "label": "Dienst", "type": "query", "datasource": _SOURCE, "refresh": 1,
                 "query": "label_values(ki_pforte_build_info, job)"}]},
            "annotations": {"list": []}, "panels": list(_placed(panels))}


if __name__ == "__main__":
    for name, text in boards().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
