"""Containers: each file is what Compose understands, names files that exist, and is as closed as it can be."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gateway.settings import Settings
from tests.support import sbom
from tests.support.nginx import MISSING, PROGRAM, Nginx

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCHEMA = json.loads((ROOT / "tests/support/schemas/compose-spec.json").read_text(encoding="utf-8"))
FILES = ["compose.yaml", "compose.stadt.yaml", "open-webui/compose.yaml"]


def _compose() -> list[str]:
    """Return how Compose is called here, if it is new enough for files that may be missing."""
    for words in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(words[0]):
            done = subprocess.run([*words, "version", "--short"], text=True, capture_output=True, timeout=60,
                                  check=False)
            found = re.match(r"v?(\d+)\.(\d+)", done.stdout)
            if done.returncode == 0 and found and (int(found[1]), int(found[2])) >= (2, 24):
                return words
    return []


COMPOSE = _compose()


def load(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((DEPLOY / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FILES)
def test_compose_understands_the_file(name: str) -> None:
    found = load(name)
    assert [f"{list(e.path)}: {e.message}" for e in Draft202012Validator(SCHEMA).iter_errors(found)] == []
    volumes, networks = set(found.get("volumes") or {}), set(found.get("networks") or {})
    for service in found["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DEPLOY / source).exists() or source == "./stadt/tls", source
            else:
                assert source in volumes, source
        assert set(service.get("networks", [])) <= networks
        assert set(service.get("depends_on", [])) <= set(found["services"])


@pytest.mark.skipif(not COMPOSE, reason="docker compose (2.24 oder neuer) fehlt; geprüft wird mit seinem Schema")
@pytest.mark.parametrize("names", [["compose.yaml"], ["compose.stadt.yaml"],
                                   ["compose.yaml", "open-webui/compose.yaml"]], ids=" ".join)
def test_compose_itself_understands_the_files(names: list[str], tmp_path: Path) -> None:
    deploy = tmp_path / "deploy"
    shutil.copytree(DEPLOY, deploy, ignore=shutil.ignore_patterns("grafana", "helm", ".env"))
    (deploy / "open-webui/geheim.env").write_text("WEBUI_SECRET_KEY=x\n")
    wanted = set(re.findall(r"\$\{(\w+):\?", "".join((deploy / name).read_text(encoding="utf-8") for name in names)))
    files = [word for name in names for word in ("-f", str(deploy / name))]

    def config(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*COMPOSE, *files, "config"], text=True, timeout=120, capture_output=True, check=False,
                              env={**os.environ, **environment})
    done = config(dict.fromkeys(wanted, "x"))
    assert done.returncode == 0, done.stderr
    assert set(YAML(typ="safe", pure=True).load(done.stdout)["services"]) == {
        service for name in names for service in load(name)["services"]}
    for missing in wanted:
        refused = config(dict.fromkeys(wanted - {missing}, "x"))
        assert refused.returncode != 0, missing
        assert missing in refused.stderr


def test_the_town_is_complete_and_nothing_but_nginx_is_open_to_the_network() -> None:
    services = load("compose.stadt.yaml")["services"]
    assert set(services) == {"pforte-1", "pforte-2", "nginx", "postgres", "valkey", "keycloak", "open-webui",
                             "prometheus", "grafana"}
    for name, service in services.items():
        for port in service.get("ports", []):
            assert name == "nginx" or port.startswith("127.0.0.1:"), name
        assert "no-new-privileges:true" in service["security_opt"]
        assert "privileged" not in service
    for name in ("pforte-1", "pforte-2"):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert {key for key in service["environment"] if key.startswith("KI_PFORTE_")} <= {
            f"KI_PFORTE_{field.upper()}" for field in Settings.model_fields}
    assert services["pforte-1"]["environment"] == services["pforte-2"]["environment"]
    assert services["pforte-1"]["volumes"] == services["pforte-2"]["volumes"], "they share their keys"


def test_no_secret_of_the_town_stands_in_the_file_and_each_that_is_needed_is_asked_for() -> None:
    text = (DEPLOY / "compose.stadt.yaml").read_text(encoding="utf-8")
    for name in set(re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|NAME))\b", text)):
        assert not re.search(rf"\$\{{{name}:-", text), "a secret has no default"
        assert f"{name}=" in (DEPLOY / "README.md").read_text(encoding="utf-8"), name


def test_prometheus_of_the_town_asks_every_gateway_and_reads_the_rules() -> None:
    services = load("compose.stadt.yaml")["services"]
    config = load("stadt/prometheus.yml")
    job, = config["scrape_configs"]
    assert job["job_name"] == "ki-pforte"
    port = services["pforte-1"]["environment"]["KI_PFORTE_METRICS_PORT"]
    assert job["static_configs"][0]["targets"] == [f"pforte-1:{port}", f"pforte-2:{port}"]
    mounted = " ".join(services["prometheus"]["volumes"])
    assert all(f"/etc/prometheus/{name}" in mounted for name in config["rule_files"])


def test_nginx_of_the_town_finds_in_the_shipped_file_what_it_replaces() -> None:
    command = " ".join(load("compose.stadt.yaml")["services"]["nginx"]["command"])
    shipped = (DEPLOY / "nginx/ki-pforte.conf").read_text(encoding="utf-8")
    beside = (DEPLOY / "stadt/nebenan.conf").read_text(encoding="utf-8")
    for old in re.findall(r"s/([^/]+)/", command):
        assert old in shipped + beside, old


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_nginx_itself_understands_what_stands_beside_the_gateway(tmp_path: Path) -> None:
    front = Nginx(tmp_path, 8080, 8081)
    assert front.check() == ""
    assert PROGRAM is not None
    text = (DEPLOY / "stadt/nebenan.conf").read_text(encoding="utf-8")
    for old, new in (("listen 443", "listen 127.0.0.1:1"), ("/etc/ssl/ki-pforte", str(tmp_path)),
                     ("http://keycloak:8080", "http://127.0.0.1:2"), ("http://open-webui:8080", "http://127.0.0.1:3")):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "ki-pforte.conf").write_text(text, encoding="utf-8")
    assert front.check() == ""


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy fehlt (Paket caddy)")
def test_caddy_itself_understands_its_file(tmp_path: Path) -> None:
    done = subprocess.run(["caddy", "validate", "--config", str(DEPLOY / "caddy/Caddyfile"), "--adapter", "caddyfile"],
                          env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(tmp_path)}, text=True, timeout=120,
                          capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_caddy_passes_every_piece_on_at_once_and_shows_no_figures() -> None:
    text = re.sub(r"(?m)^\s*#.*$", "", (DEPLOY / "caddy/Caddyfile").read_text(encoding="utf-8"))
    for line in ("respond /metrics 404", "read_timeout 600s", "header_up X-Forwarded-For"):
        assert line in text, line
    assert "encode" not in text
    assert "flush_interval" not in text, "it would keep a provider at work for nobody"
    assert not re.search(r"^\s*log\b", text, re.M)


def test_the_bill_of_materials_has_every_locked_package_and_no_address() -> None:
    made = sbom.bill()
    locked = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", (ROOT / "requirements.lock").read_text(), re.M))
    assert {(part["name"], part["version"]) for part in made["components"]} == locked
    assert made["bomFormat"] == "CycloneDX"
    for part in made["components"]:
        assert not any("://" in each["url"] for each in part["externalReferences"])
        assert any(each.get("hashes") for each in part["externalReferences"]), part["name"]


def test_the_town_keeps_its_databases_apart_and_no_secret_stands_in_a_command_line() -> None:
    town = load("compose.stadt.yaml")
    services = town["services"]
    assert town["networks"]["daten"]["internal"] is True
    assert {name for name, service in services.items() if "daten" in service["networks"]} == {
        "pforte-1", "pforte-2", "postgres", "valkey", "keycloak"}
    assert services["postgres"]["networks"] == services["valkey"]["networks"] == ["daten"]
    assert services["keycloak"]["environment"]["KC_DB_USERNAME"] != "pforte"
    assert "POSTGRES_USER" not in services["postgres"]["environment"], "the house is not the owner of the server"
    for name, service in services.items():
        said = [*service.get("command", []), *service.get("healthcheck", {}).get("test", [])]
        lines = [line.partition("<<")[0] for line in "\n".join(said).split("\n") if not line.startswith("requirepass ")]
        assert not [line for line in lines if "PASSWORD" in line or "SECRET" in line], name
