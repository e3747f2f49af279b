"""Dashboards and alarms: each asks for what exists, is tried with Prometheus' own tool, and leads to a page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
from ruamel.yaml import YAML

from gateway.errors import CODES
from gateway.model.principal import PassState
from gateway.telemetry.metrics import STAGES, PrometheusMetrics
from tests.support import dashboards

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
NAME = re.compile(r"\bki_pforte_[a-z0-9_]+\b")
SELECTOR = re.compile(r"(ki_pforte_[a-z0-9_]+)\s*\{([^}]*)\}")
OF_PROMETHEUS = {"job", "instance"}


def samples() -> dict[str, set[str]]:
    """Every sample that ``/metrics`` can show, with its labels: of everything once."""
    metrics = PrometheusMetrics("0", str)
    metrics.exchange("chat", "bauamt", "demo", "allowed")
    metrics.refusal("inhalt_gesperrt")
    metrics.redactions({("PERSON", "placeholder"): 1})
    metrics.stage("inspect", 0.1)
    metrics.tokens("demo", 1, 1)
    metrics.cost("demo", 1)
    metrics.limit_refused("person", "requests_per_day")
    metrics.limit_near("person", "requests_per_day")
    metrics.budgets({("", "tokens_per_day"): (1, 2)})
    metrics.stream(1)
    metrics.dropped_fields("chat", 1)
    metrics.stripped_tools("chat", 1)
    metrics.strangers({"PERSON": 1})
    metrics.unresolved(1)
    metrics.ledger(1, 1, 1.0)
    metrics.kept_back(disk=1, memory=1, lost=1)
    metrics.anchor("datei", 1.0)
    metrics.passes({"gueltig": 1})
    metrics.detector(1, 1, 1)
    metrics.stopped(["demo"])
    metrics.shadow("allowed", "denied", "refused")
    metrics.policy("0")
    families = list(metrics.registry.collect())
    assert all(family.samples for family in families), "of everything once"
    return {sample.name: set(sample.labels) for family in families for sample in family.samples}


def board(name: str) -> dict[str, Any]:
    return dict(json.loads((DEPLOY / "grafana" / name).read_text(encoding="utf-8")))


BOARDS = sorted(path.name for path in (DEPLOY / "grafana").glob("*.json"))


def rules() -> list[dict[str, Any]]:
    text = (DEPLOY / "prometheus/ki-pforte.rules.yml").read_text(encoding="utf-8")
    return [rule for group in YAML(typ="safe", pure=True).load(text)["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    drawn = [target["expr"] for name in BOARDS for panel in board(name)["panels"] for target in panel["targets"]]
    return sorted({*drawn, *(rule["expr"] for rule in rules())})


@pytest.mark.parametrize("expression", expressions())
def test_every_expression_asks_for_metrics_and_labels_that_exist(expression: str) -> None:
    known = samples()
    names = NAME.findall(expression)
    assert names or expression.startswith("up")
    for name in names:
        assert name in known, name
    for name, selector in SELECTOR.findall(expression):
        for label in re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector):
            assert label in known[name] | OF_PROMETHEUS, (name, label)
    grouped = {label for group in re.findall(r"\bby\s*\(([^)]*)\)", expression) for label in re.findall(r"\w+", group)}
    assert grouped <= set().union(*(known[name] for name in names)) if names else not grouped


@pytest.mark.parametrize("expression", expressions())
def test_every_code_stage_and_state_in_an_expression_exists(expression: str) -> None:
    for label, known in (("code", set(CODES)), ("stage", set(STAGES)), ("state", set(get_args(PassState)))):
        for pattern in re.findall(rf'\b{label}(?:=~|!~|=)"([^"]+)"', expression):
            for word in pattern.split("|"):
                assert any(re.fullmatch(word, one) for one in known), word
    assert expression.count("(") == expression.count(")")


def test_the_dashboards_are_those_of_the_list() -> None:
    written = {name: (DEPLOY / "grafana" / name).read_text(encoding="utf-8") for name in BOARDS}
    assert written == dashboards.boards(), "python -m tests.support.dashboards"


def test_the_dashboards_show_every_metric_there_is() -> None:
    together = {name for expression in expressions() for name in NAME.findall(expression)}
    shown = {name.removesuffix("_bucket") for name in together}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in samples()} <= shown


@pytest.mark.parametrize("name", BOARDS)
def test_no_two_panels_lie_on_each_other_and_each_has_a_title_of_its_own(name: str) -> None:
    panels = board(name)["panels"]
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in panels):
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken
        assert place["x"] + place["w"] <= 24
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["title"], panel["type"]) for panel in panels}) == len(panels)


def test_every_alert_says_how_urgent_it_is_what_to_do_and_where_to_read_on() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
        file, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        headings = re.findall(r"^## (\S+)$", (ROOT / file).read_text(encoding="utf-8"), re.M)
        assert anchor in {heading.lower() for heading in headings}, anchor
    headings = re.findall(r"^## (\S+)$", (ROOT / "docs/alarme.md").read_text(encoding="utf-8"), re.M)
    assert set(headings) == set(names), "the page explains what there is, and nothing else"


def test_every_command_and_setting_on_the_page_of_alarms_exists() -> None:
    text = (ROOT / "docs/alarme.md").read_text(encoding="utf-8")
    commands = (ROOT / "docs/befehle.md").read_text(encoding="utf-8")
    settings = (ROOT / "docs/einstellungen.md").read_text(encoding="utf-8")
    for command in re.findall(r"`ki-pforte ([a-z]+(?: [a-z]+)?)", text):
        assert f"## `ki-pforte {command}" in commands, command
    for name in re.findall(r"KI_PFORTE_[A-Z_]+", text):
        assert f"`{name}`" in settings, name


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool fehlt (Paket prometheus)")
def test_prometheus_itself_understands_the_rules_and_each_alert_does_as_it_should() -> None:
    for words in (("check", "config", "prometheus.yml"), ("test", "rules", "ki-pforte.rules.test.yml")):
        done = subprocess.run(["promtool", *words], cwd=DEPLOY / "prometheus", capture_output=True, text=True,
                              timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried() -> None:
    tried = (DEPLOY / "prometheus/ki-pforte.rules.test.yml").read_text(encoding="utf-8")
    for rule in rules():
        assert f'alertname="{rule["alert"]}", severity="{rule["labels"]["severity"]}"' in tried, rule["alert"]


def test_prometheus_reads_the_rules_that_are_there() -> None:
    config = YAML(typ="safe", pure=True).load((DEPLOY / "prometheus/prometheus.yml").read_text(encoding="utf-8"))
    assert all((DEPLOY / "prometheus" / name).is_file() for name in config["rule_files"])
    assert config["scrape_configs"][0]["job_name"] == "ki-pforte"
